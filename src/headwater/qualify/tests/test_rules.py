"""Which steps are open to a lead."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from headwater.qualify import models, rules
from headwater.qualify.rules import CONVERTED, DISQUALIFIED, EXITS, FUNNEL, RECYCLED, Refusal

TODAY = date(2026, 11, 12)


def test_rules_and_records_know_the_same_stages_and_exits():
    assert list(FUNNEL) == models.Stage.values
    assert list(EXITS) == models.Exit.values


@pytest.mark.parametrize(
    ("stage", "target", "refusal"),
    [
        ("NEW", "WORKING", None),
        ("NEW", "MQL", None),
        ("NEW", "SAL", Refusal.NEEDS_HANDOVER),
        ("NEW", "SQL", Refusal.NEEDS_ACCEPTANCE),
        ("MQL", "SAL", Refusal.NEEDS_HANDOVER),
        ("MQL", "SQL", Refusal.NEEDS_ACCEPTANCE),
        ("SAL", "SQL", None),
        ("SAL", "SAL", Refusal.ALREADY_THERE),
        ("SQL", "SAL", Refusal.NEEDS_REASON),
        ("SQL", "NEW", Refusal.NEEDS_REASON),
        ("NEW", "CONVERTED", Refusal.NOT_A_STAGE),
        ("NEW", "moon", Refusal.NOT_A_STAGE),
    ],
)
def test_a_lead_goes_forward_to_mql_freely_and_further_by_acceptance(stage: str, target: str, refusal: Refusal | None):
    assert rules.why_not_move(stage, "", target=target) == refusal


def test_a_lead_goes_back_only_with_a_reason():
    assert rules.why_not_move("SQL", "", target="WORKING", reason="Budget is gone") is None
    assert rules.why_not_move("SQL", "", target="WORKING", reason="  ") == Refusal.NEEDS_REASON
    assert rules.is_back("SQL", "WORKING") and not rules.is_back("NEW", "WORKING")


@pytest.mark.parametrize("exit_code", EXITS)
def test_a_lead_that_has_left_takes_no_step_before_it_is_reopened(exit_code: str):
    assert rules.why_not_move("MQL", exit_code, target="NEW", reason="x") == Refusal.HAS_LEFT
    assert rules.moves("MQL", exit_code) == []
    assert rules.why_not_hand_over("MQL", exit_code, is_waiting=False) == Refusal.HAS_LEFT
    assert rules.why_not_accept("MQL", exit_code, is_waiting=True) == Refusal.HAS_LEFT
    assert rules.why_not_send_back("MQL", exit_code, is_waiting=True, reason="x") == Refusal.HAS_LEFT
    assert rules.why_not_recycle(exit_code, wake_up_on=TODAY + timedelta(1), today=TODAY) == Refusal.HAS_LEFT
    assert rules.why_not_convert("SQL", exit_code) == Refusal.HAS_LEFT


def test_the_moves_on_offer_are_those_that_would_be_taken():
    assert rules.moves("NEW", "") == ["WORKING", "MQL"]
    assert rules.moves("MQL", "") == ["NEW", "WORKING"]
    assert rules.moves("SAL", "") == ["NEW", "WORKING", "MQL", "SQL"]


def test_marketing_hands_over_an_mql_once():
    assert rules.why_not_hand_over("MQL", "", is_waiting=False) is None
    assert rules.why_not_hand_over("MQL", "", is_waiting=True) == Refusal.ALREADY_HANDED_OVER
    assert rules.why_not_hand_over("WORKING", "", is_waiting=False) == Refusal.NOT_AN_MQL


def test_sales_accepts_or_sends_back_what_was_handed_over():
    assert rules.why_not_accept("MQL", "", is_waiting=True) is None
    assert rules.why_not_accept("MQL", "", is_waiting=False) == Refusal.NOT_HANDED_OVER
    assert rules.why_not_send_back("MQL", "", is_waiting=True, reason="NOT_READY") is None
    assert rules.why_not_send_back("MQL", "", is_waiting=True, reason="") == Refusal.NEEDS_REASON
    assert rules.why_not_send_back("SAL", "", is_waiting=True, reason="x") == Refusal.NOT_HANDED_OVER


def test_a_lead_is_given_up_with_a_reason_also_out_of_nurture():
    assert rules.why_not_disqualify("", reason="SPAM") is None
    assert rules.why_not_disqualify(RECYCLED, reason="SPAM") is None
    assert rules.why_not_disqualify("", reason="") == Refusal.NEEDS_REASON
    assert rules.why_not_disqualify(CONVERTED, reason="SPAM") == Refusal.HAS_LEFT


def test_a_recycled_lead_wakes_up_on_a_day_to_come():
    assert rules.why_not_recycle("", wake_up_on=TODAY + timedelta(days=1), today=TODAY) is None
    for day in (None, TODAY, TODAY - timedelta(days=1)):
        assert rules.why_not_recycle("", wake_up_on=day, today=TODAY) == Refusal.NEEDS_WAKE_UP


def test_only_an_sql_becomes_an_opportunity():
    assert [stage for stage in FUNNEL if rules.why_not_convert(stage, "") is None] == ["SQL"]
    assert rules.why_not_convert("SAL", "") == Refusal.NOT_AN_SQL


def test_disqualified_and_recycled_leads_come_back_and_sales_accepts_them_afresh():
    assert [code for code in ("", *EXITS) if rules.why_not_reopen(code) is None] == [DISQUALIFIED, RECYCLED]
    assert rules.why_not_reopen("") == Refusal.STILL_OPEN
    assert rules.why_not_reopen(CONVERTED) == Refusal.STAYS_CONVERTED
    assert [rules.reopened_stage(stage) for stage in FUNNEL] == ["WORKING", "WORKING", "MQL", "MQL", "MQL"]


def test_refusals_have_a_stable_code_and_a_sentence():
    assert Refusal.NEEDS_HANDOVER.code == "needs_handover"
    assert all(refusal.endswith(".") for refusal in Refusal)
