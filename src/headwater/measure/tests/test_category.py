"""The seven categories: the first rule that holds wins, and every day has exactly one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.measure.rules.category import Category, Reason, Thresholds, categorise, label

TODAY = date(2026, 11, 12)


@pytest.mark.parametrize(
    ("days", "category"),
    [
        (0, Category.ACTIVE_PAYING),
        (90, Category.ACTIVE_PAYING),
        (91, Category.ACTIVE_NON_PAYING),
        (365, Category.ACTIVE_NON_PAYING),
        (366, Category.NON_ACTIVE),
        (730, Category.NON_ACTIVE),
        (731, Category.LOST),
        (4000, Category.LOST),
    ],
)
def test_days_since_the_last_order_decide(days: int, category: Category):
    verdict = categorise(as_of=TODAY, last_order_date=TODAY - timedelta(days=days))
    assert (verdict.category, verdict.reason) == (category, Reason.LAST_ORDER)


def test_who_buys_elsewhere_since_the_last_order_is_lost_however_fresh_the_order():
    ordered, told = TODAY - timedelta(days=20), TODAY - timedelta(days=5)
    verdict = categorise(as_of=TODAY, last_order_date=ordered, buys_elsewhere_since=told)
    assert (verdict.category, verdict.reason, verdict.since) == (Category.LOST, Reason.BUYS_ELSEWHERE, told)
    came_back = categorise(as_of=TODAY, last_order_date=told, buys_elsewhere_since=ordered)
    assert came_back.category is Category.ACTIVE_PAYING
    same_day = categorise(as_of=TODAY, last_order_date=told, buys_elsewhere_since=told)
    assert same_day.category is Category.ACTIVE_PAYING
    not_known_then = categorise(as_of=ordered, last_order_date=ordered, buys_elsewhere_since=told)
    assert not_known_then.category is Category.ACTIVE_PAYING


def test_buying_elsewhere_loses_nobody_who_never_bought():
    assert categorise(as_of=TODAY, buys_elsewhere_since=TODAY).category is Category.UNDEFINED
    assert categorise(as_of=TODAY, bought_before=True, buys_elsewhere_since=TODAY).category is Category.LOST


def test_orders_go_before_influence_and_influence_before_referral():
    influence = categorise(as_of=TODAY, is_influence=True, referred_leads=2)
    assert (influence.category, influence.reason) == (
        Category.CENTRE_OF_INFLUENCE,
        Reason.MARKED_AS_INFLUENCE,
    )
    introducer = categorise(as_of=TODAY, introduced_count=3, referred_leads=2)
    assert (introducer.category, introducer.reason) == (
        Category.CENTRE_OF_INFLUENCE,
        Reason.INTRODUCED_OTHERS,
    )
    assert categorise(as_of=TODAY, introduced_count=2, referred_leads=1).category is Category.DIRECT_REFERRAL
    customer = categorise(as_of=TODAY, last_order_date=TODAY, is_influence=True, referred_leads=9)
    assert customer.category is Category.ACTIVE_PAYING


def test_who_bought_on_an_unknown_day_is_undefined_but_not_a_stranger():
    verdict = categorise(as_of=TODAY, bought_before=True, is_influence=True)
    assert (verdict.category, verdict.reason) == (Category.UNDEFINED, Reason.ORDER_DATE_UNKNOWN)
    assert label(verdict, has_open_lead=True) == "Undefined"


def test_an_open_lead_that_never_bought_is_not_a_customer_yet():
    verdict = categorise(as_of=TODAY)
    assert label(verdict, has_open_lead=True) == "Not a customer yet"
    assert label(verdict, has_open_lead=False) == "Undefined"
    paying = categorise(as_of=TODAY, last_order_date=TODAY)
    assert label(paying, has_open_lead=True) == "Active paying"


def test_a_company_may_set_its_own_thresholds():
    own = Thresholds(paying_days=30, non_paying_days=60, non_active_days=90, introductions=1, referred_leads=2)
    ordered = TODAY - timedelta(days=31)
    assert categorise(as_of=TODAY, last_order_date=ordered, thresholds=own).category is Category.ACTIVE_NON_PAYING
    assert categorise(as_of=TODAY, introduced_count=1, thresholds=own).category is Category.CENTRE_OF_INFLUENCE
    assert categorise(as_of=TODAY, referred_leads=1, thresholds=own).category is Category.UNDEFINED


@given(st.integers(0, 1500))
def test_time_alone_changes_the_category_on_the_day_that_is_announced(days: int):
    ordered = TODAY - timedelta(days=days)
    now = categorise(as_of=TODAY, last_order_date=ordered)
    if now.changes_on is None:
        assert now.category is Category.LOST
        return
    eve = categorise(as_of=now.changes_on - timedelta(days=1), last_order_date=ordered)
    after = categorise(as_of=now.changes_on, last_order_date=ordered)
    assert eve == now
    assert after.category is not now.category
    assert after.since == now.changes_on
