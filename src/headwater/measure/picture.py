"""The flow picture of a report: its streams as nodes and links, each of which opens its leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext, gettext_lazy

from headwater.measure import wording
from headwater.measure.metrics.behind import LEFT_BLANK, Step
from headwater.measure.metrics.flow import Stream
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


@dataclass(frozen=True)
class _Group:
    """Sources or campaigns that share one node."""

    key: str
    label: str
    ids: tuple[int, ...]
    css: str


def picture_of(flow: Flow, state: PageState, *, currency: str) -> Picture | None:
    """The picture of the report's leads; none if nothing flows."""
    streams = [stream for stream in flow.streams if _width(stream, state) > 0]
    if not streams:
        return None
    sources = _grouped(streams, state, "source_id", flow.sources)
    has_campaigns = any(stream.campaign_id for stream in streams)
    campaigns = _grouped(streams, state, "campaign_id", {k: (v, "") for k, v in flow.campaigns.items()})
    lanes = _lanes(streams)
    first = 2 if has_campaigns else 1
    nodes: dict[str, Node] = {}
    links: dict[tuple[str, str, str], Link] = {}

    def pass_by(key: str, column: int, label: str, value: Figure, css: str, step: Step, *, loss: bool = False) -> None:
        before = nodes[key].value if key in nodes else 0
        nodes[key] = Node(key, column, label, before + value, css, state.rows_url(**step_params(step)), loss)

    def flow_on(source: str, target: str, value: Figure, css: str, lane: str, step: Step) -> None:
        before = links.get((source, target, css))
        total = value + (before.value if before else 0)
        links[source, target, css] = Link(source, target, total, css, lane, state.rows_url(**step_params(step)))

    for stream in streams:
        value = _width(stream, state)
        source, campaign = sources[stream.source_id or 0], campaigns[stream.campaign_id or 0]
        lane = lanes[stream.channel]
        keep = lane.css
        pass_by(source.key, 0, source.label, value, source.css, Step(source_ids=source.ids))
        here = source.key
        if has_campaigns:
            pass_by(campaign.key, 1, campaign.label, value, campaign.css, Step(campaign_ids=campaign.ids))
            both = Step(source_ids=source.ids, campaign_ids=campaign.ids, channels=lane.channels)
            flow_on(source.key, campaign.key, value, keep, lane.label, both)
            here = campaign.key
        qualified, css = _QUALIFIED[stream.qualified]
        step = Step(qualified=stream.qualified)
        pass_by(
            f"q:{stream.qualified}", first, str(qualified), value, css, step, loss=stream.qualified == "not_qualified"
        )
        came = Step(
            source_ids=None if has_campaigns else source.ids,
            campaign_ids=campaign.ids if has_campaigns else None,
            channels=lane.channels,
            qualified=stream.qualified,
        )
        is_kept = stream.qualified == "qualified"
        flow_on(
            here,
            f"q:{stream.qualified}",
            value,
            keep if is_kept else LOST,
            lane.label if is_kept else "",
            came if is_kept else _open(came),
        )
        if not stream.outcome:
            continue
        outcome, css = _OUTCOMES[stream.outcome]
        step = Step(outcome=stream.outcome)
        pass_by(f"o:{stream.outcome}", first + 1, str(outcome), value, css, step, loss=stream.outcome == "lost")
        is_won = stream.outcome == "won"
        onward = Step(channels=lane.channels if is_won else None, qualified=stream.qualified, outcome=stream.outcome)
        flow_on(
            f"q:{stream.qualified}",
            f"o:{stream.outcome}",
            value,
            keep if is_won else LOST,
            lane.label if is_won else "",
            onward,
        )
        if not stream.category:
            continue
        pass_by(
            f"n:{stream.category}", first + 2, str(_NOW[stream.category]), value, "", Step(category=stream.category),
            loss=stream.category == "LOST",
        )  # fmt: skip
        arrived = Step(channels=lane.channels, outcome="won", category=stream.category)
        flow_on("o:won", f"n:{stream.category}", value, keep, lane.label, arrived)

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
        list(links.values()),
        format_value=(lambda value: wording.money(Decimal(value), currency)) if state.by_value else wording.number,
        frame=Frame(left=214, right=190, height=_height(len(sources), len(campaigns) if has_campaigns else 0)),
        most_nodes=MOST + 2,
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
    colours: defaultdict[int, set[str]] = defaultdict(set)
    for stream in streams:
        key = getattr(stream, field) or 0
        totals[key] += _width(stream, state)
        colours[key].add(channel_look(stream.channel).css)
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


def _open(step: Step) -> Step:
    """Grey streams hold all lanes at once."""
    return Step(source_ids=step.source_ids, campaign_ids=step.campaign_ids, qualified=step.qualified)


def _in_order(nodes: Mapping[str, Node]) -> list[Node]:
    wanted = [f"q:{key}" for key in _QUALIFIED] + [f"o:{key}" for key in _OUTCOMES] + [f"n:{key}" for key in _NOW]
    fixed = [nodes[key] for key in wanted if key in nodes]
    return [*(node for key, node in nodes.items() if key not in wanted), *fixed]


def _width(stream: Stream, state: PageState) -> Figure:
    return stream.value if state.by_value else stream.leads


def _height(sources: int, campaigns: int) -> float:
    return 300 + 17 * max(0, min(max(sources, campaigns, 5), MOST + 2) - 5)
