"""Intervals: right at the ends, never outside, and as often right as they say."""

from __future__ import annotations

from decimal import Decimal
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.measure.rules import intervals


def test_the_wilson_interval_is_the_textbook_one():
    # 10 of 100 at 95%: 0.0552 to 0.1744 (Newcombe 1998 and every statistics package).
    known = intervals.wilson(10, 100, level=0.95)
    assert known is not None
    assert (round(known.low, 4), round(known.high, 4), known.level) == (0.0552, 0.1744, 0.95)
    usual = intervals.wilson(10, 100)
    assert usual is not None
    assert (round(usual.low, 4), round(usual.high, 4), usual.level) == (0.0678, 0.1451, 0.8)


def test_no_leads_give_no_interval_and_the_ends_are_exact():
    assert intervals.wilson(0, 0) is None
    none, every = intervals.wilson(0, 33), intervals.wilson(33, 33)
    assert none is not None and every is not None
    assert none.low == 0.0 < none.high < 0.06
    assert every.high == 1.0 > every.low > 0.94


@pytest.mark.parametrize(("wins", "of"), [(-1, 5), (6, 5), (1, 0)])
def test_what_is_not_a_share_is_refused(wins: int, of: int):
    with pytest.raises(ValueError, match="is not a share"):
        intervals.wilson(wins, of)


@given(st.integers(1, 10**7).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_of_a_share_holds_it_and_stays_between_0_and_1(share: tuple[int, int]):
    wins, of = share
    interval = intervals.wilson(wins, of)
    assert interval is not None
    assert 0 <= interval.low <= wins / of <= interval.high <= 1


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.3, 0.5])
def test_the_interval_is_right_about_8_times_out_of_10(rate: float):
    of, right = 200, 0.0
    for wins in range(of + 1):
        interval = intervals.wilson(wins, of)
        if interval and interval.low <= rate <= interval.high:
            right += comb(of, wins) * rate**wins * (1 - rate) ** (of - wins)
    assert right == pytest.approx(0.80, abs=0.06)  # it swings, as wins are whole numbers


def test_under_five_wins_are_too_few_for_a_verdict():
    assert [intervals.too_few(wins) for wins in (0, 4, 5, 99)] == [True, True, False, False]


def test_the_cost_of_a_customer_is_dearest_when_fewest_win():
    cost = intervals.cost_per_customer(Decimal("6200"), wins=26, leads=84)
    assert cost is not None
    assert cost.low < 6200 / 26 < cost.high
    assert (round(cost.low), round(cost.high)) == (196, 296)
    assert intervals.cost_per_customer(Decimal("6200"), wins=0, leads=84) is None
    assert intervals.cost_per_customer(Decimal("6200"), wins=0, leads=0) is None


def test_the_return_runs_over_the_likely_numbers_of_wins():
    interval = intervals.return_on_spend(Decimal(90_000), Decimal(48_500), wins=19, leads=216)
    assert interval is not None
    assert interval.low < (90_000 - 48_500) / 48_500 < interval.high
    losing = intervals.return_on_spend(Decimal(-900), Decimal(100), wins=5, leads=10)
    assert losing is not None and losing.low < -10 < losing.high
    assert intervals.return_on_spend(Decimal(0), Decimal(0), wins=5, leads=10) is None
    assert intervals.return_on_spend(Decimal(9), Decimal(9), wins=0, leads=10) is None


def test_the_interval_of_a_median_needs_four_values():
    assert intervals.median([]) is None
    assert intervals.median([3, 1, 2]) is None
    assert intervals.median([4, 1, 2, 3]) == intervals.Interval(1, 4)
    assert intervals.median(range(100)) == intervals.Interval(43, 56)


@given(st.lists(st.integers(-5, 400), min_size=4, max_size=300))
def test_the_interval_of_a_median_holds_the_middle(values: list[int]):
    interval = intervals.median(values)
    assert interval is not None
    ordered = sorted(values)
    assert interval.low <= ordered[(len(values) - 1) // 2] <= ordered[len(values) // 2] <= interval.high
