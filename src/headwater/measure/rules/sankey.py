"""Where the rectangles and ribbons of a flow picture go: from the source of leads to what the customers are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

Figure = int | Decimal  # leads, or money

LOST = "lost"  # the class of a ribbon that leads to a loss: grey, under the others
MIXED = "ch-other"  # the class of what was folded together from several channels

FOLDED = "folded:"  # begins the key of a node made of several

NODE_WIDTH = 10.0
NODE_MIN_HEIGHT = 3.0
NODE_GAP = 9.0
LABEL_PITCH = 17.0  # labels of 12 px, one under the other
LETTER_WIDTH = 6.6  # of the label's font, generously
LABEL_OFFSET = 7.0


@dataclass(frozen=True, slots=True)
class Column:
    """One step of the flow. Steps with an order of their own (won, open, lost) keep it."""

    title: str
    keep_order: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """What passes one point of a step; ``css`` carries its colour, losses go to the bottom."""

    key: str
    column: int
    label: str
    value: Figure
    css: str = ""
    url: str = ""
    is_loss: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """What flows from one node to a later one in one lane; ``css`` is the lane's channel, or ``LOST``."""

    source: str
    target: str
    value: Figure
    css: str = ""
    lane: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of the picture, and the room it leaves for labels beside the first and the last column."""

    width: float = 1180
    height: float = 480
    left: float = 180
    right: float = 178
    top: float = 34
    bottom: float = 12


USUAL = Frame()


@dataclass(frozen=True, slots=True)
class Head:
    """The title above a column."""

    title: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A node as it is drawn, and where its label stands."""

    key: str
    x: float
    y: float
    width: float
    height: float
    css: str
    url: str
    title: str
    label: str
    value_label: str
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A link as it is drawn: the outline of a band as an SVG path."""

    source: str
    target: str
    path: str
    css: str
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A flow ready to be drawn, and in words for those who do not see it."""

    width: float
    height: float
    heads: tuple[Head, ...]
    boxes: tuple[Box, ...]
    ribbons: tuple[Ribbon, ...]
    summary: str

    @property
    def has_links(self) -> bool:
        """Whether anything in the picture opens its rows."""
        return any(box.url for box in self.boxes) or any(ribbon.url for ribbon in self.ribbons)


def layout(
    columns: Sequence[Column],
    nodes: Sequence[Node],
    links: Sequence[Link],
    *,
    format_value: Callable[[Figure], str] = str,
    frame: Frame = USUAL,
    most_nodes: int = 14,
    other_label: str = "Other",
    other_url: Callable[[Sequence[Node]], str] | None = None,
) -> Picture:
    """Lay out a flow so that lanes keep together, losses lie at the bottom and no label covers another.

    What is not above zero is left out. The smallest nodes of a column with more than ``most_nodes`` are folded
    into one, whose rows ``other_url`` opens. The same flow always gives the same picture.

    Raises:
        ValueError: a link leads backwards or to a node that is not there.
    """
    fitting = int((frame.height - frame.top - frame.bottom) // max(LABEL_PITCH, NODE_MIN_HEIGHT + NODE_GAP))
    shown, replaced = _folded(nodes, min(most_nodes, max(fitting, 2)), other_label, other_url)
    flows = _merged(links, {node.key: node for node in shown}, replaced)
    order = _ordered(columns, shown, flows)
    lanes = _lane_ranks(order)
    sizes = _sizes(shown, flows)
    scale = _scale(order, sizes, frame.height - frame.top - frame.bottom)
    boxes = _boxes(columns, order, sizes, scale, frame, format_value)
    ribbons = _ribbons(flows, boxes, {node.key: node for node in shown}, sizes, scale, lanes, format_value)
    heads = [
        Head(column.title, _x(number, len(columns), frame), frame.top - 16) for number, column in enumerate(columns)
    ]
    summary = " ".join(
        f"{column.title}: {', '.join(f'{node.label} {format_value(node.value)}' for node in order[number])}."
        for number, column in enumerate(columns)
        if order[number]
    )
    return Picture(frame.width, frame.height, tuple(heads), tuple(boxes.values()), tuple(ribbons), summary)


def _folded(
    nodes: Sequence[Node], most: int, label: str, url: Callable[[Sequence[Node]], str] | None
) -> tuple[list[Node], dict[str, str]]:
    """The nodes to show, and which of the others stands in for each that is folded away."""
    shown: list[Node] = []
    replaced: dict[str, str] = {}
    by_column: defaultdict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        if node.value > 0:
            by_column[node.column].append(node)
    for column, there in sorted(by_column.items()):
        if len(there) <= most:
            shown += there
            continue
        largest = sorted(there, key=lambda node: (not node.is_loss, -node.value, node.key))[: most - 1]
        rest = [node for node in there if node not in largest]
        colours = {node.css for node in rest}
        other = Node(
            key=f"{FOLDED}{column}",
            column=column,
            label=f"{label} ({len(rest)})",
            value=sum(node.value for node in rest),
            css=colours.pop() if len(colours) == 1 else MIXED,
            url=url(rest) if url else "",
        )
        replaced |= {node.key: other.key for node in rest}
        shown += [*(node for node in there if node in largest), other]
    return shown, replaced


def _merged(links: Sequence[Link], nodes: Mapping[str, Node], replaced: Mapping[str, str]) -> list[Link]:
    """The links between the nodes shown: one for each pair and lane."""
    flows: dict[tuple[str, str, str], Link] = {}
    for link in links:
        if link.value <= 0:
            continue
        source, target = replaced.get(link.source, link.source), replaced.get(link.target, link.target)
        if source not in nodes or target not in nodes:
            raise ValueError(f"The link {link.source} → {link.target} has no node at one end.")
        if nodes[source].column >= nodes[target].column:
            raise ValueError(f"The link {link.source} → {link.target} does not lead to a later column.")
        merged = replace(link, source=source, target=target)
        if before := flows.get((source, target, link.css)):
            merged = replace(
                before,
                value=before.value + link.value,
                lane=before.lane if before.lane == link.lane else "",
                url=before.url if before.url == link.url else "",
            )
        flows[source, target, link.css] = merged
    return list(flows.values())


def _ordered(columns: Sequence[Column], nodes: Sequence[Node], flows: Sequence[Link]) -> list[list[Node]]:
    """The nodes of each column from top to bottom: each near where its inflow comes from."""
    places: dict[str, float] = {}
    into: defaultdict[str, list[Link]] = defaultdict(list)
    for link in flows:
        into[link.target].append(link)
    lane_totals: defaultdict[tuple[int, str], Figure] = defaultdict(int)
    for node in nodes:
        lane_totals[node.column, node.css] += node.value

    def by_lane(node: Node) -> tuple[Figure, str, Figure, str]:
        return (-lane_totals[node.column, node.css], node.css, -node.value, node.key)

    def by_inflow(node: Node) -> tuple[float, Figure, str]:
        weights = [(float(link.value), places[link.source]) for link in into[node.key]]
        centre = sum(weight * place for weight, place in weights) / (sum(weight for weight, _ in weights) or 1.0)
        return (centre, -node.value, node.key)

    order: list[list[Node]] = []
    for number, column in enumerate(columns):
        there = [node for node in nodes if node.column == number]
        if not column.keep_order:
            there.sort(key=by_inflow if number else by_lane)
            there.sort(key=lambda node: node.key.startswith(FOLDED))
        there.sort(key=lambda node: node.is_loss)  # sorting keeps the order of equals
        places.update({node.key: (at + 0.5) / len(there) for at, node in enumerate(there)})
        order.append(there)
    return order


def _lane_ranks(order: Sequence[Sequence[Node]]) -> dict[str, int]:
    """The lanes from top to bottom, as the first columns show them; a loss comes last."""
    ranks: dict[str, int] = {}
    for column in order:
        for node in column:
            ranks.setdefault(node.css, len(ranks))
    return ranks | {LOST: len(ranks)}


def _sizes(nodes: Sequence[Node], flows: Sequence[Link]) -> dict[str, float]:
    """How much each node has to have room for, also where its links do not add up to it."""
    into: defaultdict[str, float] = defaultdict(float)
    out: defaultdict[str, float] = defaultdict(float)
    for link in flows:
        out[link.source] += float(link.value)
        into[link.target] += float(link.value)
    return {node.key: max(float(node.value), into[node.key], out[node.key]) for node in nodes}


def _heights(column: Sequence[Node], sizes: Mapping[str, float], scale: float) -> list[float]:
    return [max(NODE_MIN_HEIGHT, sizes[node.key] * scale) for node in column]


def _gap(above: float, below: float) -> float:
    """The gap between two nodes of these heights that keeps their labels apart."""
    return max(NODE_GAP, LABEL_PITCH - (above + below) / 2)


def _scale(order: Sequence[Sequence[Node]], sizes: Mapping[str, float], room: float) -> float:
    """How many pixels a unit gets, so that the fullest column just fits."""
    most = max((sum(sizes[node.key] for node in column) for column in order), default=0.0)
    if not most:
        return 0.0
    low, high = 0.0, room / most
    for _ in range(50):
        middle = (low + high) / 2
        fits = all(_column_height(_heights(column, sizes, middle)) <= room for column in order)
        low, high = (middle, high) if fits else (low, middle)
    return low


def _column_height(heights: Sequence[float]) -> float:
    gaps = (_gap(above, below) for above, below in pairwise(heights))
    return sum(heights) + sum(gaps)


def _x(column: int, columns: int, frame: Frame) -> float:
    return frame.left + column * (frame.width - frame.left - frame.right - NODE_WIDTH) / max(columns - 1, 1)


def _boxes(
    columns: Sequence[Column],
    order: Sequence[Sequence[Node]],
    sizes: Mapping[str, float],
    scale: float,
    frame: Frame,
    format_value: Callable[[Figure], str],
) -> dict[str, Box]:
    boxes: dict[str, Box] = {}
    between = _x(1, len(columns), frame) - frame.left - NODE_WIDTH
    for number, column in enumerate(order):
        x, y = _x(number, len(columns), frame), frame.top
        heights = _heights(column, sizes, scale)
        is_first, is_last = number == 0, number == len(columns) - 1
        room = frame.left if is_first else frame.right if is_last else between
        for node, height, below in zip(column, heights, [*heights, 0.0][1:], strict=True):
            value = format_value(node.value)
            boxes[node.key] = Box(
                key=node.key,
                x=round(x, 1),
                y=round(y, 1),
                width=NODE_WIDTH,
                height=round(height, 1),
                css=node.css,
                url=node.url,
                title=f"{node.label}: {value}",
                label=_fitted(node.label, room - 2 * LABEL_OFFSET - (len(value) + 1) * LETTER_WIDTH),
                value_label=value,
                label_x=round(x - LABEL_OFFSET if is_first else x + NODE_WIDTH + LABEL_OFFSET, 1),
                label_y=round(y + height / 2, 1),
                anchor="end" if is_first else "start",
            )
            y += height + _gap(height, below)
    return boxes


def _fitted(label: str, room: float) -> str:
    """The label, cut short if it is wider than its room; the whole of it stands in the title."""
    letters = max(int(room / LETTER_WIDTH), 4)
    return label if len(label) <= letters else f"{label[: letters - 1].rstrip()}…"


def _ribbons(
    flows: Sequence[Link],
    boxes: Mapping[str, Box],
    nodes: Mapping[str, Node],
    sizes: Mapping[str, float],
    scale: float,
    lanes: Mapping[str, int],
    format_value: Callable[[Figure], str],
) -> list[Ribbon]:
    def rank(link: Link) -> tuple[int, str]:
        return (lanes.get(link.css, len(lanes)), link.css)

    # A node that was made higher to be seen has its ribbons in its middle.
    start = {key: box.y + max(0.0, (box.height - sizes[key] * scale) / 2) for key, box in boxes.items()}
    leaves, arrives = dict(start), dict(start)
    tops: dict[Link, tuple[float, float]] = {}
    by_target = sorted(flows, key=lambda link: (boxes[link.target].y, boxes[link.target].x, rank(link)))
    for link in by_target:
        tops[link] = (leaves[link.source], 0.0)
        leaves[link.source] += float(link.value) * scale
    by_source = sorted(flows, key=lambda link: (boxes[link.source].y, boxes[link.source].x, rank(link)))
    for link in by_source:
        tops[link] = (tops[link][0], arrives[link.target])
        arrives[link.target] += float(link.value) * scale

    def drawn(link: Link) -> Ribbon:
        source, target = nodes[link.source], nodes[link.target]
        flow = f"{source.label} → {target.label}: {format_value(link.value)}"
        return Ribbon(
            source=link.source,
            target=link.target,
            path=_band(
                boxes[link.source].x + NODE_WIDTH,
                boxes[link.target].x,
                *tops[link],
                width=max(float(link.value) * scale, 0.5),
            ),
            css=link.css,
            url=link.url,
            title=f"{link.lane}, {flow}" if link.lane else flow,
        )

    # Losses are drawn first, so that no grey covers a colour.
    painted = sorted(by_source, key=lambda link: link.css != LOST)
    return [drawn(link) for link in painted]


def _band(from_x: float, to_x: float, from_y: float, to_y: float, *, width: float) -> str:
    """The outline of a band that leaves and arrives level, as an SVG path."""
    middle = (from_x + to_x) / 2
    left, turn, right = (f"{x:.1f}" for x in (from_x, middle, to_x))
    upper = f"M{left} {from_y:.1f}C{turn} {from_y:.1f} {turn} {to_y:.1f} {right} {to_y:.1f}"
    lower = f"C{turn} {to_y + width:.1f} {turn} {from_y + width:.1f} {left} {from_y + width:.1f}Z"
    return f"{upper}V{to_y + width:.1f}{lower}"
