"""Conversion by age of lead: fair to the young, silent beyond what was seen."""

from __future__ import annotations

import csv
import gzip
import os
from datetime import date
from math import prod
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.measure.rules import lifetable
from headwater.measure.rules.lifetable import Group, life_table

groups = st.lists(
    st.builds(
        Group,
        st.none() | st.integers(-3, 60),
        st.integers(-3, 60),
        st.integers(1, 50),
    ),
    max_size=40,
)


def test_the_curve_is_the_textbook_one():
    # Freireich's leukaemia trial, treated group: the example of every text on the product-limit estimate.
    fate = [(6, 3), (7, 1), (10, 1), (13, 1), (16, 1), (22, 1), (23, 1)]
    watched = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    table = life_table([*(Group(age, 99, n) for age, n in fate), *(Group(None, age) for age in watched)])
    assert [round(1 - (table.share_at(age) or 0), 3) for age in (5, 6, 7, 10, 13, 16, 22, 35)] == [
        1.0, 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448
    ]  # fmt: skip
    assert [table.points[age].at_risk for age in (6, 7, 10, 13)] == [21, 17, 15, 12]
    # 95% on the log(-log) scale at 10, as the packages give it: 0.503 to 0.889.
    wide = life_table([*(Group(age, 99, n) for age, n in fate), *(Group(None, age) for age in watched)], level=0.95).at(
        10
    )
    assert wide is not None
    assert (round(1 - wide.high, 3), round(1 - wide.low, 3)) == (0.503, 0.889)


def test_young_leads_do_not_pull_the_curve_down():
    table = life_table([Group(10, 100, 50), Group(None, 100, 50), Group(None, 5, 900)])
    assert table.raw_share == 0.05
    assert table.share_at(10) == 0.5


def test_a_disqualified_lead_stays_at_risk_and_a_negative_age_counts_as_zero():
    table = life_table([Group(-2, 30, 1), Group(None, 30, 3)])
    assert table.share_at(0) == 0.25
    assert table.at(30) == lifetable.Point(30, 3, 0, 0.25, table.points[0].low, table.points[0].high)


def test_a_win_after_the_as_of_day_has_not_happened_and_a_later_arrival_is_left_out():
    table = life_table([Group(20, 10, 4), Group(None, -1, 7), Group(-3, -1, 1)])
    assert (table.leads, table.won, table.share_at(10), table.share_at(11)) == (4, 0, 0.0, None)


def test_the_curve_is_never_extended_beyond_what_was_seen():
    table = life_table([Group(3, 50, 5), Group(None, 20, 30), Group(None, 50, 10)])
    assert table.share_at(50) is not None
    assert table.share_at(51) is None
    assert table.share_at(-1) is None
    reach = table.reach()
    assert reach is not None and (reach.age_days, reach.at_risk) == (20, 40)
    assert table.reach(enough=41) == table.at(3)
    assert table.reach(enough=99) is None
    assert [point.age_days for point in table.every(7)] == [0, 7, 14, 20]
    assert table.every(7, enough=99) == []


def test_no_leads_make_an_empty_table():
    table = life_table([])
    assert (table.points, table.leads, table.raw_share, table.reach()) == ((), 0, None, None)


def test_before_the_first_win_the_share_is_zero_up_to_what_may_be():
    point = life_table([Group(None, 9, 100)]).at(9)
    assert point is not None
    assert (point.share, point.low) == (0.0, 0.0)
    assert 0.01 < point.high < 0.02


def test_when_all_have_won_the_share_is_one():
    once = life_table([Group(2, 9, 30)]).at(2)
    assert once is not None
    assert (once.share, once.high) == (1.0, 1.0) and 0.9 < once.low < 1
    twice = life_table([Group(2, 9, 15), Group(4, 9, 15)])
    assert twice.share_at(4) == 1.0
    assert twice.points[4].low == twice.points[2].low > 0


def test_leads_older_than_the_record_of_wins_are_watched_from_the_age_they_had():
    # 100 old leads whose early days nobody wrote down, 100 young ones of which half win on day 3.
    young = [Group(3, 10, 50), Group(None, 10, 50)]
    blind = life_table([*young, Group(None, 400, 100)])
    aware = life_table([*young, Group(None, 400, 100, watched_from_age_days=390)])
    assert blind.share_at(10) == 0.25
    assert aware.share_at(10) == aware.share_at(400) == 0.5
    assert aware.points[3].at_risk == 100 and aware.points[11].at_risk == 0
    assert life_table([Group(3, 10, 1, watched_from_age_days=4)]).leads == 0


@given(groups)
def test_the_curve_is_the_product_of_what_each_age_left_over(fates: list[Group]):
    table = life_table(fates)
    seen = [group for group in fates if group.age_at_censoring_days >= 0]
    assert table.leads == sum(group.count for group in seen)
    left = []
    before = 0.0
    for point in table.points:
        age = point.age_days
        ends = [
            (min(max(g.age_at_win_days, 0), g.age_at_censoring_days + 1), g.count)
            if g.age_at_win_days is not None and g.age_at_win_days <= g.age_at_censoring_days
            else (g.age_at_censoring_days, g.count)
            for g in seen
        ]
        assert point.at_risk == sum(count for end, count in ends if end >= age)
        left.append(1 - point.won / point.at_risk if point.at_risk else 1.0)
        assert point.share == pytest.approx(1 - prod(left))
        assert 0 <= point.low <= point.share + 1e-12 and point.share <= point.high + 1e-12 <= 1 + 1e-9
        assert point.share >= before
        before = point.share


@given(groups)
def test_with_everybody_watched_to_the_end_the_curve_ends_at_the_raw_share(fates: list[Group]):
    table = life_table(Group(group.age_at_win_days, 60, group.count) for group in fates)
    if table.leads:
        assert table.share_at(60) is None or table.share_at(60) == pytest.approx(table.raw_share)
        assert table.points[-1].share == pytest.approx(table.raw_share)


def test_of_the_real_funnel_the_rate_so_far_understates_what_leads_come_to():
    home = os.environ.get("HEADWATER_DATA")
    if not home:
        pytest.skip("HEADWATER_DATA is not set: the real lead funnel is not here.")
    folder = Path(home) / "olist-funnel"
    with gzip.open(folder / "closed_deals.csv.gz", "rt") as deals:
        won = {row["mql_id"]: date.fromisoformat(row["won_date"][:10]) for row in csv.DictReader(deals)}
    as_of, first_win = date(2018, 3, 31), min(won.values())
    plain, aware = [], []
    with gzip.open(folder / "marketing_qualified_leads.csv.gz", "rt") as leads:
        for row in csv.DictReader(leads):
            arrived = date.fromisoformat(row["first_contact_date"])
            won_on = won.get(row["mql_id"])
            ages = ((won_on - arrived).days if won_on else None, (as_of - arrived).days)
            plain.append(Group(*ages))
            aware.append(Group(*ages, watched_from_age_days=(first_win - arrived).days))
    table = life_table(plain)
    assert (table.leads, table.won) == (5345, 336)
    assert table.raw_share == pytest.approx(0.0629, abs=1e-4)
    assert table.share_at(120) == pytest.approx(0.0713, abs=1e-4)
    # No win is on record before December 2017; read so, the curve reaches the end rate known today: 10.5%.
    reach = life_table(aware).reach()
    assert reach is not None
    assert reach.low < 0.105 < reach.high
