"""Moving leads, closing, recycling and converting them, answering, and taking all of it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.parties.actions import log_activity
from headwater.parties.models import Activity
from headwater.platform.actor import Actor
from headwater.platform.delivery import deliver
from headwater.platform.errors import Invalid, NotAllowed, NotUndoable, SomeRefused
from headwater.platform.models import Event
from headwater.platform.testing import last_event, undo_last, values_held
from headwater.platform.undo import undo_event
from headwater.qualify import actions, queries, rules
from headwater.qualify.actions import StepRefused
from headwater.qualify.models import Lead
from headwater.qualify.tasks import wake_up
from headwater.team.models import User

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)

MakeLead = Callable[..., Lead]


def spans(lead: Lead, kind: str = "stage") -> list[str]:
    return [value for value, _from_at, _until_at in values_held("qualify.lead", lead.pk, kind)]


# --- every step takes its right ---------------------------------------------------------------------------

STEPS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (actions.move_lead, {"stage": "WORKING"}),
    (actions.disqualify_lead, {"reason": "SPAM"}),
    (actions.recycle_lead, {"wake_up_on": date(2026, 12, 1)}),
    (actions.reopen_lead, {}),
    (actions.hand_over_lead, {"to_id": 1}),
    (actions.accept_lead, {}),
    (actions.send_back_lead, {"reason": "NOT_READY"}),
    (actions.assign_lead, {"owner_id": None}),
    (actions.claim_lead, {}),
    (actions.log_response, {"kind": "CALL"}),
    (actions.plan_next_step, {"subject": "Call", "due_at": LATER}),
    (actions.convert_lead, {}),
    (actions.unconvert_lead, {}),
    (actions.delete_lead, {}),
    (actions.restore_lead, {}),
]


@pytest.mark.parametrize(("step", "values"), STEPS, ids=[step.__name__ for step, _ in STEPS])
def test_a_reader_may_not_take_this_step(
    make_lead: MakeLead, by_reader: Actor, step: Callable[..., Any], values: dict[str, Any]
) -> None:
    lead = make_lead()
    with pytest.raises(NotAllowed):
        step(lead_id=lead.pk, by=by_reader, at=AT, **values)


@pytest.mark.parametrize(
    "many", [actions.assign_leads, actions.move_leads, actions.disqualify_leads], ids=lambda fn: fn.__name__
)
def test_a_reader_may_not_do_it_to_many(make_lead: MakeLead, by_reader: Actor, many: Callable[..., Any]) -> None:
    values = {"assign_leads": {}, "move_leads": {"stage": "WORKING"}, "disqualify_leads": {"reason": "SPAM"}}
    with pytest.raises(NotAllowed):
        many(ids=[make_lead().pk], by=by_reader, at=AT, **values[many.__name__])


def test_of_many_who_is_in_the_stage_already_stays_as_it_is(make_lead: MakeLead, by_marta: Actor, marta: User) -> None:
    ahead, there = make_lead(marta), make_lead(marta, stage="MQL")
    since = there.stage_since
    assert actions.move_leads(ids=[ahead.pk, there.pk], stage="MQL", by=by_marta, at=LATER) == 1
    ahead.refresh_from_db()
    there.refresh_from_db()
    assert (ahead.stage, there.stage_since) == ("MQL", since)
    assert not Event.objects.filter(verb="qualify.lead_moved", subject_id=there.pk).exists()


def test_of_many_who_has_left_the_funnel_in_that_stage_is_refused(
    make_lead: MakeLead, by_marta: Actor, marta: User
) -> None:
    gone = make_lead(marta, stage="MQL")
    actions.disqualify_lead(lead_id=gone.pk, reason="SPAM", by=by_marta, at=AT)
    with pytest.raises(SomeRefused):
        actions.move_leads(ids=[gone.pk], stage="MQL", by=by_marta, at=LATER)


def test_a_lead_of_another_team_is_out_of_reach(make_lead: MakeLead, by_priya: Actor, marta: User) -> None:
    with pytest.raises(NotAllowed):
        actions.move_lead(lead_id=make_lead(marta).pk, stage="WORKING", by=by_priya, at=AT)


def test_a_colleague_of_the_team_may_step_in(make_lead: MakeLead, by_tom: Actor, marta: User) -> None:
    assert actions.move_lead(lead_id=make_lead(marta).pk, stage="WORKING", by=by_tom, at=AT).stage == "WORKING"


# --- stages and exits -------------------------------------------------------------------------------------


def test_a_move_keeps_the_history_of_stages(make_lead: MakeLead, by_marta: Actor, marta: User) -> None:
    lead = make_lead(marta)
    actions.move_lead(lead_id=lead.pk, stage="MQL", by=by_marta, at=LATER)
    lead.refresh_from_db()
    assert (lead.stage, lead.stage_since) == ("MQL", LATER)
    assert spans(lead) == ["NEW", "MQL"]
    assert last_event("qualify.lead_moved").data["to_stage"] == "MQL"


def test_a_step_back_says_why(make_lead: MakeLead, by_marta: Actor, marta: User) -> None:
    lead = make_lead(marta, stage="MQL")
    with pytest.raises(Invalid) as refusal:
        actions.move_lead(lead_id=lead.pk, stage="WORKING", by=by_marta, at=AT)
    assert "reason" in refusal.value.fields
    actions.move_lead(lead_id=lead.pk, stage="WORKING", reason="Budget is gone", by=by_marta, at=AT)
    event = last_event("qualify.lead_moved")
    assert "note" not in event.data
    assert event.personal.data["note"] == "Budget is gone"


@pytest.mark.parametrize("stage", ["SAL", "SQL", "CONVERTED"])
def test_sales_stages_are_not_reached_by_a_move(make_lead: MakeLead, by_marta: Actor, marta: User, stage: str) -> None:
    with pytest.raises(StepRefused):
        actions.move_lead(lead_id=make_lead(marta).pk, stage=stage, by=by_marta, at=AT)


def test_a_move_is_undone_until_somebody_moves_on(make_lead: MakeLead, by_marta: Actor, marta: User) -> None:
    lead = make_lead(marta)
    actions.move_lead(lead_id=lead.pk, stage="WORKING", by=by_marta, at=AT)
    first = last_event("qualify.lead_moved")
    actions.move_lead(lead_id=lead.pk, stage="MQL", by=by_marta, at=AT)
    with pytest.raises(NotUndoable):
        undo_event(event_id=first.pk, by=by_marta, at=LATER)
    undo_last("qualify.lead_moved", by=by_marta, at=LATER)
    lead.refresh_from_db()
    assert lead.stage == "WORKING"
    assert spans(lead)[-1] == "WORKING"


def test_a_disqualified_lead_is_closed_until_it_is_reopened(make_lead: MakeLead, by_marta: Actor, marta: User) -> None:
    lead = make_lead(marta, stage="SAL")
    with pytest.raises(Invalid):
        actions.disqualify_lead(lead_id=lead.pk, reason="BECAUSE", by=by_marta, at=AT)
    actions.disqualify_lead(lead_id=lead.pk, reason="NO_BUDGET", note="Next year", by=by_marta, at=AT)
    lead.refresh_from_db()
    assert (lead.exit, lead.exit_reason, lead.exit_note, lead.exited_at) == (
        "DISQUALIFIED", "NO_BUDGET", "Next year", AT,
    )  # fmt: skip
    assert spans(lead)[-1] == "DISQUALIFIED"
    with pytest.raises(StepRefused):
        actions.move_lead(lead_id=lead.pk, stage="MQL", by=by_marta, at=AT)

    actions.reopen_lead(lead_id=lead.pk, by=by_marta, at=LATER)
    lead.refresh_from_db()
    assert (lead.exit, lead.exit_reason, lead.exited_at, lead.stage) == ("", "", None, "MQL")
    undo_last("qualify.lead_reopened", by=by_marta, at=LATER)
    lead.refresh_from_db()
    assert (lead.exit, lead.exit_note, lead.stage) == ("DISQUALIFIED", "Next year", "SAL")
    undo_last("qualify.lead_disqualified", by=by_marta, at=LATER)
    lead.refresh_from_db()
    assert (lead.exit, lead.stage) == ("", "SAL")


def test_a_recycled_lead_wakes_up_by_itself_on_its_day(make_lead: MakeLead, by_marta: Actor, marta: User) -> None:
    lead = make_lead(marta, stage="WORKING")
    with pytest.raises(Invalid) as refusal:
        actions.recycle_lead(lead_id=lead.pk, wake_up_on=AT.date(), by=by_marta, at=AT)
    assert "wake_up_on" in refusal.value.fields
    actions.recycle_lead(lead_id=lead.pk, wake_up_on=date(2026, 11, 16), by=by_marta, at=AT)
    lead.refresh_from_db()
    assert lead.exit == "RECYCLED"

    wake_up(datetime(2026, 11, 15, 23, 0, tzinfo=UTC))
    lead.refresh_from_db()
    assert lead.exit == "RECYCLED"

    morning = datetime(2026, 11, 16, 0, 10, tzinfo=UTC)
    wake_up(morning)
    lead.refresh_from_db()
    assert (lead.exit, lead.stage, lead.owner_id, lead.wake_up_on) == ("", "NEW", marta.pk, None)
    assert lead.answer_due_at == datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
    assert spans(lead)[-2:] == ["RECYCLED", "NEW"]
    assert last_event("qualify.lead_woken_up").actor.startswith("job:")

    called = datetime(2026, 11, 16, 8, 45, tzinfo=UTC)
    actions.log_response(lead_id=lead.pk, kind="CALL", by=by_marta, at=called)
    told = last_event("qualify.lead_answered").data
    assert told["is_late"] is False and told["office_seconds"] < 3600, "counted from when it woke up"


def test_a_lead_is_converted_only_from_sql_and_opened_again(make_lead: MakeLead, by_head: Actor) -> None:
    lead = make_lead(stage="SAL")
    with pytest.raises(StepRefused):
        actions.convert_lead(lead_id=lead.pk, by=by_head, at=AT)
    actions.move_lead(lead_id=lead.pk, stage="SQL", by=by_head, at=AT)
    actions.convert_lead(lead_id=lead.pk, by=by_head, at=AT)
    lead.refresh_from_db()
    assert (lead.exit, lead.stage) == ("CONVERTED", "SQL")
    with pytest.raises(StepRefused):
        actions.reopen_lead(lead_id=lead.pk, by=by_head, at=AT)
    actions.unconvert_lead(lead_id=lead.pk, by=by_head, at=AT)
    lead.refresh_from_db()
    assert (lead.exit, lead.stage) == ("", "SQL")


def test_deals_of_a_file_convert_leads_wherever_they_stand(make_lead: MakeLead, by_head: Actor) -> None:
    won = datetime(2026, 10, 1, tzinfo=UTC)
    fresh, gone = make_lead(at=won - timedelta(days=5)), make_lead()
    actions.disqualify_lead(lead_id=gone.pk, reason="SPAM", by=by_head, at=AT)
    batch = by_head.in_batch(7)
    assert sorted(actions.convert_leads({fresh.pk: won, gone.pk: None}, by=batch, at=AT)) == [fresh.pk, gone.pk]
    fresh.refresh_from_db()
    assert (fresh.stage, fresh.exit, fresh.exited_at) == ("SQL", "CONVERTED", won)
    assert actions.convert_leads({fresh.pk: won}, by=batch, at=AT) == []

    ids = [fresh.pk, gone.pk]
    assert actions.take_back_conversions(batch_id=7, lead_ids=ids, by=by_head, at=LATER) == 2
    fresh.refresh_from_db()
    gone.refresh_from_db()
    assert (fresh.stage, fresh.exit) == ("NEW", "")
    assert (gone.exit, gone.exit_reason) == ("DISQUALIFIED", "SPAM")


# --- the first answer -------------------------------------------------------------------------------------


def test_the_first_call_stops_the_clock_and_starts_the_work(make_lead: MakeLead, by_marta: Actor, marta: User) -> None:
    lead = make_lead(marta)
    assert list(queries.waiting_for_answer(by_marta)) == [lead]
    called = AT + timedelta(minutes=12)
    actions.log_response(lead_id=lead.pk, kind="CALL", subject="Asked for the device list", by=by_marta, at=called)
    lead.refresh_from_db()
    assert (lead.answered_at, lead.stage) == (called, "WORKING")
    assert last_event("qualify.lead_answered").data["office_seconds"] == 12 * 60
    assert Activity.objects.get().party_id == lead.party_id
    assert not queries.waiting_for_answer(by_marta).exists()

    deliver(at=LATER)  # the handler hears of the same call and changes nothing
    assert Event.objects.filter(verb="qualify.lead_answered").count() == 1
    actions.log_response(lead_id=lead.pk, kind="EMAIL", by=by_marta, at=LATER)
    lead.refresh_from_db()
    assert lead.answered_at == called


def test_what_they_say_to_us_and_notes_stop_nothing(make_lead: MakeLead, by_marta: Actor, marta: User) -> None:
    lead = make_lead(marta)
    actions.log_response(lead_id=lead.pk, kind="CALL", is_outbound=False, by=by_marta, at=LATER)
    actions.log_response(lead_id=lead.pk, kind="NOTE", by=by_marta, at=LATER)
    lead.refresh_from_db()
    assert (lead.answered_at, lead.stage) == (None, "NEW")


def test_a_call_logged_on_the_person_stops_the_clock_too(make_lead: MakeLead, by_marta: Actor, marta: User) -> None:
    lead, later = make_lead(marta), AT + timedelta(minutes=40)
    log_activity(party_id=lead.party_id, kind="CALL", subject="Call", by=by_marta, at=later)
    deliver(at=LATER)
    deliver(at=LATER)
    lead.refresh_from_db()
    assert (lead.answered_at, lead.stage) == (later, "WORKING")
    assert last_event("qualify.lead_answered").data["is_late"] is True


def test_an_answer_from_before_the_lead_does_not_count(make_lead: MakeLead, by_marta: Actor, marta: User) -> None:
    lead = make_lead(marta)
    log_activity(
        party_id=lead.party_id, kind="CALL", subject="Call", occurred_at=AT - timedelta(days=1), by=by_marta, at=AT
    )
    deliver(at=LATER)
    lead.refresh_from_db()
    assert lead.answered_at is None


def test_the_next_step_is_a_todo_of_the_party_and_shown_in_the_list(
    make_lead: MakeLead, by_marta: Actor, marta: User
) -> None:
    lead = make_lead(marta)
    with pytest.raises(Invalid):
        actions.plan_next_step(lead_id=lead.pk, subject="Call", due_at=AT, by=by_marta, at=LATER)
    actions.plan_next_step(lead_id=lead.pk, subject="Later", due_at=LATER + timedelta(days=3), by=by_marta, at=AT)
    actions.plan_next_step(lead_id=lead.pk, subject="Send samples", due_at=LATER, by=by_marta, at=AT)
    shown = queries.listed_leads(by_marta).get(pk=lead.pk)
    assert (shown.next_step, shown.next_step_due_at) == ("Send samples", LATER)


# --- who sees what ----------------------------------------------------------------------------------------


def test_people_see_their_own_their_teams_the_pool_and_what_is_handed_to_them(
    make_lead: MakeLead, by_marta: Actor, by_priya: Actor, by_head: Actor, by_reader: Actor, marta: User, tom: User,
    priya: User,
) -> None:  # fmt: skip
    mine, toms, priyas, pool = make_lead(marta), make_lead(tom), make_lead(priya), make_lead()
    assert set(queries.visible_leads(by_marta)) == {mine, toms, pool}
    assert set(queries.visible_leads(by_priya)) == {priyas, pool}
    assert set(queries.visible_leads(by_head)) == set(queries.visible_leads(by_reader)) == {mine, toms, priyas, pool}
    assert set(queries.by_ids(by_priya, [mine.pk, priyas.pk])) == {priyas}
    nobody = Actor(kind=by_marta.kind, name="nobody")
    assert not queries.visible_leads(nobody).exists()


# --- the next best step -----------------------------------------------------------------------------------


@given(
    stage=st.sampled_from(rules.FUNNEL),
    flags=st.tuples(*[st.booleans()] * 5),
    due=st.sampled_from([None, AT - timedelta(hours=1), AT + timedelta(hours=1)]),
)
def test_every_open_lead_has_a_next_best_step(stage: str, flags: tuple[bool, ...], due: datetime | None) -> None:
    in_pool, answered, handed, to_me, back = flags
    situation = rules.Situation(stage, "", AT, in_pool, answered, handed, to_me, back, due)
    assert rules.next_best_step(situation) is not None
    assert rules.next_best_step(rules.Situation(stage, "DISQUALIFIED", AT)) is None


def test_who_waits_comes_before_what_was_planned() -> None:
    waiting = rules.Situation("NEW", "", AT, next_step_due_at=AT - timedelta(hours=1))
    assert rules.next_best_step(waiting) is rules.Advice.ANSWER
    handed = rules.Situation("MQL", "", AT, is_handed_over=True, is_handed_to_me=True)
    assert rules.next_best_step(handed) is rules.Advice.ANSWER_HANDOVER
