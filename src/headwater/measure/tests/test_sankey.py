"""The flow picture: everything has its place, nothing covers a label, and the same flow looks the same."""

from __future__ import annotations

import random
import re
import xml.etree.ElementTree as ET
from decimal import Decimal
from itertools import pairwise

import pytest
from django.template.loader import render_to_string
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.measure.rules.sankey import (
    LABEL_PITCH,
    LOST,
    MIXED,
    Box,
    Column,
    Frame,
    Link,
    Node,
    Picture,
    layout,
)

COLUMNS = (Column("Source"), Column("Campaign"), Column("Qualified?", keep_order=True))
FRAME = Frame()


def funnel(values: list[tuple[str, int, int]]) -> tuple[list[Node], list[Link]]:
    """Sources with one campaign each: (channel, qualified, not qualified)."""
    nodes = [
        Node("yes", 2, "Qualified", sum(yes for _, yes, _ in values), "sk-kept"),
        Node("no", 2, "Not qualified", sum(no for _, _, no in values), "ch-other", is_loss=True),
    ]
    links = []
    for number, (channel, yes, no) in enumerate(values):
        source, campaign, css = f"s{number}", f"c{number}", f"ch-{channel}"
        nodes += [
            Node(source, 0, f"Source {number}", yes + no, css),
            Node(campaign, 1, f"Campaign {number}", yes + no, css),
        ]
        links += [
            Link(source, campaign, yes + no, css, channel),
            Link(campaign, "yes", yes, css, channel),
            Link(campaign, "no", no, LOST, channel),
        ]
    return nodes, links


def columns_of(picture: Picture) -> list[list[Box]]:
    xs = sorted({box.x for box in picture.boxes})
    return [sorted((box for box in picture.boxes if box.x == x), key=lambda box: box.y) for x in xs]


def test_lanes_keep_together_and_losses_lie_at_the_bottom():
    nodes, links = funnel([("fair", 10, 30), ("referral", 50, 5), ("fair", 20, 15), ("list", 1, 40)])
    picture = layout(COLUMNS, nodes, links)
    first, second, third = columns_of(picture)
    assert [box.key for box in first] == ["s0", "s2", "s1", "s3"]
    assert [box.key for box in second] == ["c0", "c2", "c1", "c3"]
    assert [box.label for box in third] == ["Qualified", "Not qualified"]
    assert [ribbon.css == LOST for ribbon in picture.ribbons] == [True] * 4 + [False] * 8


def test_steps_with_an_order_of_their_own_keep_it_except_for_losses():
    columns = (Column("Outcome", keep_order=True),)
    nodes = [
        Node("lost", 0, "Lost", 90, is_loss=True),
        Node("won", 0, "Won", 1),
        Node("open", 0, "Open", 50),
    ]
    assert [box.key for box in layout(columns, nodes, []).boxes] == ["won", "open", "lost"]


def test_heights_and_ribbons_are_in_proportion():
    nodes, links = funnel([("fair", 60, 40), ("referral", 150, 50)])
    picture = layout(COLUMNS, nodes, links)
    heights = {box.key: box.height for box in picture.boxes}
    assert heights["s1"] == pytest.approx(2 * heights["s0"], abs=0.2)
    assert heights["yes"] == pytest.approx(2.1 * heights["s0"], abs=0.2)
    assert max(sum(box.height for box in column) for column in columns_of(picture)) > 400


def test_links_of_one_lane_between_the_same_nodes_are_drawn_once():
    nodes = [Node("a", 0, "A", 9), Node("b", 1, "B", 9)]
    links = [Link("a", "b", 4, "ch-fair", "Fair"), Link("a", "b", 3, "ch-fair", "Fair"), Link("a", "b", 2, LOST)]
    picture = layout((Column("1"), Column("2")), nodes, links)
    assert [ribbon.title for ribbon in picture.ribbons] == ["A → B: 2", "Fair, A → B: 7"]


def test_small_nodes_are_folded_into_one_that_opens_their_rows():
    nodes = [Node(f"n{value}", 0, f"Node {value}", value, "ch-paid") for value in range(1, 31)]
    nodes.append(Node("end", 1, "End", 465))
    links = [Link(node.key, "end", node.value, node.css) for node in nodes[:-1]]
    picture = layout(
        (Column("1"), Column("2")), nodes, links, most_nodes=10, other_url=lambda rest: f"?nodes={len(rest)}"
    )
    first, _ = columns_of(picture)
    assert len(first) == 10
    other = first[-1]
    assert (other.label, other.value_label, other.css, other.url) == ("Other (21)", "231", "ch-paid", "?nodes=21")
    assert len(picture.ribbons) == 10
    mixed = [Node("x", 0, "X", 1, "ch-list"), *nodes[:2], nodes[-1]]
    assert columns_of(layout((Column("1"), Column("2")), mixed, [], most_nodes=2))[0][-1].css == MIXED


def test_what_is_not_above_zero_is_left_out():
    nodes = [Node("a", 0, "A", 5), Node("b", 1, "B", 0), Node("c", 1, "C", 5), Node("d", 1, "D", -1)]
    picture = layout((Column("1"), Column("2")), nodes, [Link("a", "b", 0), Link("a", "c", 5), Link("a", "d", -1)])
    assert [box.key for box in picture.boxes] == ["a", "c"]
    assert len(picture.ribbons) == 1
    nothing = layout(COLUMNS, [], [])
    assert (nothing.boxes, nothing.ribbons, nothing.summary) == ((), (), "")


def test_links_that_cannot_be_drawn_are_refused():
    nodes = [Node("a", 0, "A", 5), Node("b", 1, "B", 5)]
    for wrong in (Link("b", "a", 1), Link("a", "a", 1), Link("a", "moon", 1)):
        with pytest.raises(ValueError, match="link"):
            layout((Column("1"), Column("2")), nodes, [wrong])


def test_a_label_that_is_too_long_is_cut_and_whole_in_the_title():
    name = "End-of-warranty calls to the whole installed base of 2019"
    picture = layout((Column("1"), Column("2")), [Node("a", 0, name, 1), Node("b", 1, name, 1)], [])
    for box in picture.boxes:
        assert box.label.endswith("…") and len(box.label) < 30
        assert name in box.title
    assert name in picture.summary


def test_the_picture_says_its_figures_in_words():
    nodes, links = funnel([("fair", 60, 40)])
    picture = layout(COLUMNS, nodes, links, format_value=lambda value: f"€{value}k")
    assert picture.summary == (
        "Source: Source 0 €100k. Campaign: Campaign 0 €100k. Qualified?: Qualified €60k, Not qualified €40k."
    )


amounts = st.integers(0, 3) | st.integers(0, 10**6)
channels = st.sampled_from(["fair", "referral", "paid", "list", "organic", "other"])


@settings(max_examples=60)
@given(st.lists(st.tuples(channels, amounts, amounts), max_size=40), st.randoms(use_true_random=False))
def test_nothing_overlaps_and_the_order_of_links_does_not_matter(
    values: list[tuple[str, int, int]], shuffler: random.Random
):
    nodes, links = funnel(values)
    picture = layout(COLUMNS, nodes, links)
    shuffled = links.copy()
    shuffler.shuffle(shuffled)
    assert layout(COLUMNS, nodes, shuffled) == picture
    for column in columns_of(picture):
        assert len(column) <= 14
        for above, below in pairwise(column):
            assert above.y + above.height < below.y
            assert below.label_y - above.label_y >= LABEL_PITCH - 0.2
        assert column[0].y == FRAME.top
        assert column[-1].y + column[-1].height <= FRAME.height - FRAME.bottom + 0.2
    assert sum(Decimal(box.value_label) for box in picture.boxes if box.x == FRAME.left) == sum(
        yes + no for _, yes, no in values
    )
    places = {box.key: box for box in picture.boxes}
    for ribbon in picture.ribbons:
        numbers = [float(number) for number in re.findall(r"[\d.]+", ribbon.path)]
        source, target = places[ribbon.source], places[ribbon.target]
        assert numbers[0] == source.x + source.width and numbers[6] == target.x
        assert source.y - 0.3 <= numbers[1] and numbers[-1] <= source.y + source.height + 0.8
        assert target.y - 0.3 <= numbers[7] <= target.y + target.height + 0.8


def drawn(picture: Picture) -> ET.Element:
    with override_settings(LANGUAGE_CODE="de", USE_THOUSAND_SEPARATOR=True):
        return ET.fromstring(
            render_to_string("measure/sankey.html", {"picture": picture, "title": "Flow of 100 leads", "id": "flow"})
        )


def test_the_drawing_has_words_links_and_no_inline_style():
    nodes, links = funnel([("fair", 1060, 40)])
    opened = [Node(node.key, node.column, node.label, node.value, node.css, f"?a=1&n={node.key}") for node in nodes]
    svg = drawn(layout(COLUMNS, opened, links))
    assert svg.get("role") == "group"
    assert svg.get("viewBox") == "0 0 1180 480"
    assert [title.text for title in svg.findall("title")] == ["Flow of 100 leads"]
    assert svg.find("desc") is not None
    nodes_drawn = [link.get("href") for link in svg.findall("a")]
    assert nodes_drawn == ["?a=1&n=s0", "?a=1&n=c0", "?a=1&n=yes", "?a=1&n=no"]
    named = [*svg.iter("a"), *svg.findall("rect"), *svg.findall("path")]
    assert all(shape.find("title") is not None for shape in named), "what opens its rows is named by its link"
    everything = ET.tostring(svg, encoding="unicode")
    assert "style" not in everything and "<script" not in everything
    assert not re.search(r'(?:x|y|width|height)="[^"]*,', everything)


def test_a_drawing_without_links_is_one_image():
    svg = drawn(layout(COLUMNS, *funnel([("fair", 60, 40)])))
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "flow-title flow-words"
    assert svg.findall(".//a") == []
