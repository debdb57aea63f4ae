"""Decisions about opportunities: which steps are open, what they are worth, how long a win took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.sell import models, rules
from headwater.sell.rules import LOST, WON, Origin, Probability, Refusal

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
HUNDRED = Decimal("100.00")


def test_rules_and_records_know_the_same_outcomes():
    assert models.Outcome.values == [WON, LOST]


def test_an_opportunity_closes_once():
    assert rules.why_not_win("") is None
    assert rules.why_not_win(WON) == Refusal.ALREADY_WON
    assert rules.why_not_win(LOST) == Refusal.ALREADY_LOST
    assert rules.why_not_lose("", reason="PRICE") is None
    assert rules.why_not_lose("", reason=" ") == Refusal.NEEDS_REASON
    assert rules.why_not_lose(WON, reason="PRICE") == Refusal.ALREADY_WON
    assert Refusal.ALREADY_WON.code == "already_won"


def test_what_is_closed_can_be_reopened():
    assert rules.why_not_reopen(WON) is None
    assert rules.why_not_reopen(LOST) is None
    assert rules.why_not_reopen("") == Refusal.STILL_OPEN


def test_an_opportunity_moves_forward_freely_and_back_with_a_reason():
    assert rules.why_not_move("", from_position=1, to_position=4) is None
    assert rules.why_not_move("", from_position=4, to_position=1) == Refusal.NEEDS_REASON
    assert rules.why_not_move("", from_position=4, to_position=1, reason="Budget cut") is None
    assert rules.why_not_move("", from_position=2, to_position=2) == Refusal.ALREADY_THERE
    assert rules.why_not_move(LOST, from_position=1, to_position=2) == Refusal.ALREADY_LOST
    refusal = rules.why_not_move("", from_position=1, to_position=2, same_pipeline=False)
    assert refusal == Refusal.OTHER_PIPELINE


def test_a_probability_says_where_it_comes_from():
    assert rules.probability("", percent=40, stage_percent=40) == Probability(40, Origin.BY_STAGE)
    assert rules.probability("", percent=55, stage_percent=40) == Probability(55, Origin.BY_HAND)
    assert rules.probability(WON, percent=55, stage_percent=40) == Probability(100, Origin.CLOSED)
    assert rules.probability(LOST, percent=55, stage_percent=40) == Probability(0, Origin.CLOSED)


def test_a_reopened_opportunity_lowers_its_probability_at_once():
    assert rules.percent_after_reopening(100, stage_percent=80) == 80
    assert rules.percent_after_reopening(95, stage_percent=80) == 80
    assert rules.percent_after_reopening(10, stage_percent=80) == 10
    reopened = rules.probability("", percent=rules.percent_after_reopening(100, stage_percent=80), stage_percent=80)
    assert rules.weighted(HUNDRED, reopened) == Decimal("80.00")


def test_a_lost_opportunity_adds_nothing_and_an_unknown_amount_stays_unknown():
    def worth(outcome: str, amount: Decimal | None) -> Decimal | None:
        return rules.weighted(amount, rules.probability(outcome, percent=60, stage_percent=60))

    assert (worth("", HUNDRED), worth(WON, HUNDRED), worth(LOST, HUNDRED)) == (60, 100, 0)
    assert (worth("", None), worth(WON, None), worth(LOST, None)) == (None, None, 0)


def test_a_margin_needs_revenue_and_cost():
    assert rules.margin(HUNDRED, Decimal(76)) == Decimal(24)
    assert rules.margin(HUNDRED, None) is None
    assert rules.margin(None, HUNDRED) is None
    assert rules.margin_share(HUNDRED, Decimal(76)) == Decimal("0.24")
    assert rules.margin_share(Decimal(0), Decimal(5)) is None
    assert rules.margin_share(HUNDRED, None) is None


@pytest.mark.parametrize(
    ("arrived", "ordered", "days"),
    [
        ("2018-02-01 00:05", "2018-02-01 23:55", 0),
        ("2018-02-01 23:59", "2018-02-02 00:01", 1),
        ("2018-02-03 12:00", "2018-02-01 13:00", -2),
        ("2018-02-16 12:00", "2018-02-19 12:00", 3),  # summer time ends in between
    ],
)
def test_days_to_win_are_whole_calendar_days_and_negative_ones_are_kept(arrived: str, ordered: str, days: int):
    moments = [datetime.fromisoformat(text).replace(tzinfo=SAO_PAULO) for text in (arrived, ordered)]
    assert rules.days_to_win(moments[0], moments[1], SAO_PAULO) == days
    assert rules.days_to_win(moments[0].astimezone(UTC), moments[1].astimezone(UTC), SAO_PAULO) == days


def test_days_to_win_need_both_days():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert rules.days_to_win(None, now, SAO_PAULO) is None
    assert rules.days_to_win(now, None, SAO_PAULO) is None


@given(
    st.datetimes(datetime(2016, 1, 1), datetime(2019, 1, 1), timezones=st.just(UTC)),
    st.integers(-(10**7), 10**7),
)
def test_days_to_win_turn_round_with_their_ends(arrived: datetime, seconds: int):
    ordered = arrived + timedelta(seconds=seconds)
    days = rules.days_to_win(arrived, ordered, SAO_PAULO)
    assert days is not None
    assert days == -(rules.days_to_win(ordered, arrived, SAO_PAULO) or 0)
    assert abs(days - seconds / 86400) < 1.1
