"""The flow picture of a report: its streams as nodes and links, each of which opens its leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from headwater.measure import wording
from headwater.measure.metrics.behind import LEFT_BLANK, Step
from headwater.measure.metrics.flow import Fate, Stream
from headwater.measure.queries import Flow
from headwater.measure.rules.sankey import LOST, MIXED, Column, Figure, Frame, Link, Node, Picture, layout
from headwater.measure.state import PageState, step_params
from headwater.web.channels import channel_look

MOST: Final = 14  # sources or campaigns that find room; the smallest of more stand together

_QUALIFIED: Final = {
    "qualified": (gettext_lazy("Qualified"), "sk-kept"),
    "in_work": (gettext_lazy("In work"), MIXED),
    "not_qualified": (gettext_lazy("Not qualified"), MIXED),
}
_OUTCOMES: Final = {
    "won": (gettext_lazy("Won"), "sk-won"),
    "open": (gettext_lazy("Open"), MIXED),
    "lost": (gettext_lazy("Lost"), MIXED),
}
_NOW: Final = {
    "ACTIVE_PAYING": gettext_lazy("Active paying"),
    "ACTIVE_NON_PAYING": gettext_lazy("Active non-paying"),
    "NON_ACTIVE": gettext_lazy("Non-active"),
    "LOST": gettext_lazy("Lost customer"),
    "UNDEFINED": gettext_lazy("Order day not known"),
}


_Words = str | Promise


@dataclass(frozen=True)
class _Group:
    """Sources or campaigns that share one node."""

    key: str
    label: str
    ids: tuple[int, ...]
    css: str


class _Drawing:
    """Nodes and links as they add up. Their addresses are written last: there are far fewer of them than streams."""

    def __init__(self) -> None:
        self.widths: defaultdict[Hashable, Figure] = defaultdict(int)
        self.nodes: dict[str, tuple[int, _Words, str, Step, bool]] = {}
        self.links: dict[tuple[str, str, str], tuple[str, Step]] = {}

    def pass_by(
        self, key: str, column: int, label: _Words, width: Figure, css: str, *, loss: bool = False, **step: Any
    ) -> None:
        """Make a node wider; ``step`` says which leads it opens."""
        self.widths[key] += width
        if key not in self.nodes:
            self.nodes[key] = (column, label, css, Step(**step), loss)

    def flow_on(self, source: str, target: str, width: Figure, css: str, lane: str, **step: Any) -> None:
        """Make a link wider; ``step`` says which leads it opens."""
        key = (source, target, css)
        self.widths[key] += width
        if key not in self.links:
            self.links[key] = (lane, Step(**step))

    def finished(self, state: PageState) -> tuple[dict[str, Node], list[Link]]:
        """The parts of the picture, each with the address of its leads."""
        nodes = {
            key: Node(key, column, str(label), self.widths[key], css, state.rows_url(**step_params(step)), loss)
            for key, (column, label, css, step, loss) in self.nodes.items()
        }
        links = [
            Link(source, target, self.widths[source, target, css], css, lane, state.rows_url(**step_params(step)))
            for (source, target, css), (lane, step) in self.links.items()
        ]
        return nodes, links


def picture_of(flow: Flow, state: PageState, *, currency: str) -> Picture | None:
    """The picture of the report's leads; none if nothing flows."""
    by_value = state.by_value
    streams = [stream for stream in flow.streams if (stream.value if by_value else stream.leads) > 0]
    if not streams:
        return None
    sources = _grouped(streams, state, "source_id", flow.sources)
    has_campaigns = any(stream.campaign_id for stream in streams)
    campaigns = _grouped(streams, state, "campaign_id", {k: (v, "") for k, v in flow.campaigns.items()})
    lanes = _lanes(streams)
    drawing = _Drawing()
    folded: defaultdict[tuple[str, str, str, Fate], Figure] = defaultdict(int)
    for stream in streams:
        source, campaign = sources[stream.source_id or 0], campaigns[stream.campaign_id or 0]
        folded[source.key, campaign.key, stream.channel, stream.fate] += stream.value if by_value else stream.leads
    by_source = {group.key: group for group in sources.values()}
    by_campaign = {group.key: group for group in campaigns.values()} if has_campaigns else {}
    for (source_key, campaign_key, channel, fate), width in folded.items():
        _draw(drawing, by_source[source_key], by_campaign.get(campaign_key), lanes[channel], fate, width)
    nodes, links = drawing.finished(state)
    columns = [
        Column(gettext("Source")),
        *([Column(gettext("Campaign"))] if has_campaigns else []),
        Column(gettext("Qualified?"), keep_order=True),
        Column(gettext("Outcome"), keep_order=True),
        Column(gettext("Now they are"), keep_order=True),
    ]
    return layout(
        columns,
        _in_order(nodes),
        links,
        format_value=(lambda value: wording.money(Decimal(value), currency)) if state.by_value else wording.number,
        frame=Frame(left=214, right=190, height=_height(len(sources), len(campaigns) if has_campaigns else 0)),
        most_nodes=MOST + 2,
    )


def _draw(drawing: _Drawing, source: _Group, campaign: _Group | None, lane: _Lane, fate: Fate, width: Figure) -> None:
    """Let one stream pass through the picture, from its source as far as it got."""
    first = 1 if campaign is None else 2
    drawing.pass_by(source.key, 0, source.label, width, source.css, source_ids=source.ids)
    here: str = source.key
    came: dict[str, Any] = {"source_ids": source.ids}
    if campaign is not None:
        drawing.pass_by(campaign.key, 1, campaign.label, width, campaign.css, campaign_ids=campaign.ids)
        both = {"source_ids": source.ids, "campaign_ids": campaign.ids, "channels": lane.channels}
        drawing.flow_on(source.key, campaign.key, width, lane.css, lane.label, **both)
        here, came = campaign.key, {"campaign_ids": campaign.ids}
    # Grey streams hold all lanes at once.
    is_kept, is_won = fate.qualified == "qualified", fate.outcome == "won"
    label, css = _QUALIFIED[fate.qualified]
    is_loss = fate.qualified == "not_qualified"
    drawing.pass_by(f"q:{fate.qualified}", first, label, width, css, loss=is_loss, qualified=fate.qualified)
    css, name, channels = (lane.css, lane.label, lane.channels) if is_kept else (LOST, "", None)
    drawing.flow_on(here, f"q:{fate.qualified}", width, css, name, **came, qualified=fate.qualified, channels=channels)
    if not is_kept:
        return
    label, css = _OUTCOMES[fate.outcome]
    is_loss = fate.outcome == "lost"
    drawing.pass_by(f"o:{fate.outcome}", first + 1, label, width, css, loss=is_loss, outcome=fate.outcome)
    css, name, channels = (lane.css, lane.label, lane.channels) if is_won else (LOST, "", None)
    drawing.flow_on(
        "q:qualified", f"o:{fate.outcome}", width, css, name,
        channels=channels, qualified=fate.qualified, outcome=fate.outcome,
    )  # fmt: skip
    if not is_won:
        return
    is_loss, key = fate.category == "LOST", f"n:{fate.category}"
    drawing.pass_by(key, first + 2, _NOW[fate.category], width, "", loss=is_loss, category=fate.category)
    drawing.flow_on(
        "o:won", key, width, lane.css, lane.label, channels=lane.channels, outcome="won", category=fate.category
    )


@dataclass(frozen=True)
class _Lane:
    """The channels that share a colour."""

    css: str
    label: str
    channels: tuple[str, ...]


def _lanes(streams: Iterable[Stream]) -> dict[str, _Lane]:
    """The lane of each channel: channels of one colour flow together, so together they open their leads."""
    by_colour: defaultdict[str, list[str]] = defaultdict(list)
    for channel in sorted({stream.channel for stream in streams}):
        by_colour[channel_look(channel).css].append(channel)
    return {
        channel: _Lane(
            css,
            ", ".join(str(channel_look(one).label) for one in channels),
            tuple(one or LEFT_BLANK for one in channels),
        )
        for css, channels in by_colour.items()
        for channel in channels
    }


def _grouped(
    streams: Sequence[Stream], state: PageState, field: str, names: Mapping[int, tuple[str, str]]
) -> dict[int, _Group]:
    """The node of each source or campaign; the smallest of many share one, what was left blank has its own."""
    kind = field[0]
    totals: defaultdict[int, Figure] = defaultdict(int)
    channels: defaultdict[int, set[str]] = defaultdict(set)
    by_value, key_of = state.by_value, attrgetter(field)
    for stream in streams:
        key = key_of(stream) or 0
        totals[key] += stream.value if by_value else stream.leads
        channels[key].add(stream.channel)
    colours = {key: {channel_look(channel).css for channel in found} for key, found in channels.items()}
    blank = gettext("Left blank") if kind == "s" else gettext("No campaign")
    ranked = sorted((key for key in totals if key), key=lambda key: (-totals[key], key))
    single, rest = (ranked, []) if len(ranked) <= MOST else (ranked[: MOST - 1], ranked[MOST - 1 :])
    found = {key: _Group(f"{kind}:{key}", names.get(key, ("?", ""))[0], (key,), _one(colours[key])) for key in single}
    if 0 in totals:
        found[0] = _Group(f"{kind}:0", blank, (0,), "ch-none" if kind == "s" else MIXED)
    if rest:
        label = gettext("%(n)s more") % {"n": len(rest)}
        other = _Group(f"{kind}:rest", label, tuple(rest), _one(set().union(*(colours[key] for key in rest))))
        found |= dict.fromkeys(rest, other)
    return found


def _one(colours: set[str]) -> str:
    return next(iter(colours)) if len(colours) == 1 else MIXED


def _in_order(nodes: Mapping[str, Node]) -> list[Node]:
    wanted = [f"q:{key}" for key in _QUALIFIED] + [f"o:{key}" for key in _OUTCOMES] + [f"n:{key}" for key in _NOW]
    fixed = [nodes[key] for key in wanted if key in nodes]
    return [*(node for key, node in nodes.items() if key not in wanted), *fixed]


def _height(sources: int, campaigns: int) -> float:
    return 300 + 17 * max(0, min(max(sources, campaigns, 5), MOST + 2) - 5)
