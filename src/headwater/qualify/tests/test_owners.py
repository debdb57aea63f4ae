"""Whose leads they are: handed over to sales, given away, put into the pool, claimed, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from headwater.parties.models import Grant
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid, NotAllowed, SomeRefused
from headwater.platform.testing import last_event, query_budget, undo_last, values_held
from headwater.platform.undo import undo_events
from headwater.qualify import actions, queries
from headwater.qualify.actions import AlreadyClaimed, PoolIsEmpty, StepRefused
from headwater.qualify.models import Lead
from headwater.team.models import Company, Role, User

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)

MakeLead = Callable[..., Lead]


def spans(lead: Lead, kind: str = "stage") -> list[str]:
    return [value for value, _from_at, _until_at in values_held("qualify.lead", lead.pk, kind)]


# --- handover ---------------------------------------------------------------------------------------------


def test_a_handover_is_accepted_and_the_lead_changes_hands(
    make_lead: MakeLead, by_marta: Actor, marta: User, by_priya: Actor, priya: User, by_tom: Actor
) -> None:
    lead = make_lead(marta, stage="MQL")
    actions.hand_over_lead(lead_id=lead.pk, to_id=priya.pk, by=by_marta, at=AT)
    lead.refresh_from_db()
    assert (lead.owner_id, lead.handed_to_id, lead.handed_by_id) == (marta.pk, priya.pk, marta.pk)
    assert lead.handover_due_at == datetime(2026, 11, 13, 9, 0, tzinfo=UTC)  # 7.5 office hours today, half tomorrow
    assert queries.handovers_to_accept(by_priya, 2) == [lead]
    assert lead in queries.visible_leads(by_priya)
    with pytest.raises(StepRefused):
        actions.hand_over_lead(lead_id=lead.pk, to_id=priya.pk, by=by_marta, at=AT)
    with pytest.raises(NotAllowed):
        actions.accept_lead(lead_id=lead.pk, by=by_tom, at=AT)

    actions.accept_lead(lead_id=lead.pk, by=by_priya, at=LATER)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id, lead.team_id, lead.handed_to_id) == ("SAL", priya.pk, priya.team_id, None)
    assert spans(lead, "owner") == [str(marta.pk), str(priya.pk)]
    holders = set(Grant.objects.filter(reason=f"lead:{lead.pk}").values_list("user_id", "team_id"))
    assert holders == {(priya.pk, None), (None, priya.team_id)}

    undo_last("qualify.lead_accepted", by=by_priya, at=LATER)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id, lead.handed_to_id) == ("MQL", marta.pk, priya.pk)


def test_a_handover_is_sent_back_with_a_reason(
    make_lead: MakeLead, by_marta: Actor, marta: User, by_priya: Actor, priya: User
) -> None:
    lead = make_lead(marta, stage="MQL")
    actions.hand_over_lead(lead_id=lead.pk, to_id=priya.pk, by=by_marta, at=AT)
    with pytest.raises(Invalid):
        actions.send_back_lead(lead_id=lead.pk, reason="", by=by_priya, at=LATER)
    actions.send_back_lead(lead_id=lead.pk, reason="NOT_ENOUGH", note="Device list?", by=by_priya, at=LATER)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id, lead.handed_to_id) == ("MQL", marta.pk, None)
    assert (lead.sent_back_reason, lead.sent_back_note) == ("NOT_ENOUGH", "Device list?")
    assert lead not in queries.visible_leads(by_priya)

    actions.hand_over_lead(lead_id=lead.pk, to_id=priya.pk, by=by_marta, at=LATER)
    lead.refresh_from_db()
    assert (lead.sent_back_reason, lead.sent_back_note) == ("", "")


def test_a_lead_is_handed_over_only_to_who_takes_leads(
    make_lead: MakeLead, by_marta: Actor, marta: User, reader: User
) -> None:
    lead = make_lead(marta, stage="MQL")
    with pytest.raises(Invalid):
        actions.hand_over_lead(lead_id=lead.pk, to_id=reader.pk, by=by_marta, at=AT)
    assert (str(reader.pk), "Rea Only") not in queries.handover_choices(by_marta)


def test_nobody_hands_a_lead_over_to_themselves_while_there_are_others(
    make_lead: MakeLead, by_marta: Actor, marta: User, priya: User
) -> None:
    lead = make_lead(marta, stage="MQL")
    assert [name for _, name in queries.handover_choices(by_marta)] == ["Hanna Berg", "Priya Nair"]
    with pytest.raises(Invalid, match="Choose another colleague"):
        actions.hand_over_lead(lead_id=lead.pk, to_id=marta.pk, by=by_marta, at=AT)


def test_in_a_company_of_one_the_way_to_a_sale_does_not_end_at_the_handover(
    make_lead: MakeLead, by_marta: Actor, marta: User
) -> None:
    lead = make_lead(marta, stage="MQL")
    User.objects.exclude(pk=marta.pk).update(is_active=False)
    actions.hand_over_lead(lead_id=lead.pk, to_id=marta.pk, by=by_marta, at=AT)
    assert actions.accept_lead(lead_id=lead.pk, by=by_marta, at=AT).stage == "SAL"


def test_whom_a_lead_can_be_handed_to_costs_the_same_for_many(by_marta: Actor, company: Company) -> None:
    for number in range(5):
        email = f"rep{number}@kestrel.example"
        User.objects.create(email=email, name=f"Rep {number}", role=Role.FIELD_REP, created_at=AT)
    with query_budget(2):
        assert len(queries.handover_choices(by_marta)) == 5


def test_leads_are_given_only_to_those_who_work_on_leads(
    make_lead: MakeLead, by_head: Actor, marta: User, reader: User
) -> None:
    lead = make_lead(marta)
    assert str(reader.pk) not in dict(queries.owner_choices(by_head))
    for give in (
        partial(actions.assign_lead, lead_id=lead.pk),
        partial(actions.assign_leads, ids=[lead.pk]),
        partial(actions.capture_lead, name="Bas de Wit"),
    ):
        with pytest.raises(Invalid, match="works on leads"):
            give(owner_id=reader.pk, by=by_head, at=AT)


# --- pool and owners --------------------------------------------------------------------------------------


def test_the_second_to_claim_is_told_who_was_first(
    make_lead: MakeLead, by_marta: Actor, by_tom: Actor, marta: User
) -> None:
    lead = make_lead()
    actions.claim_lead(lead_id=lead.pk, by=by_marta, at=AT)
    lead.refresh_from_db()
    assert (lead.owner_id, lead.team_id) == (marta.pk, marta.team_id)
    with pytest.raises(AlreadyClaimed, match="Marta Kowalska"):
        actions.claim_lead(lead_id=lead.pk, by=by_tom, at=AT)
    assert actions.claim_lead(lead_id=lead.pk, by=by_marta, at=AT).owner_id == marta.pk

    undo_last("qualify.lead_claimed", by=by_marta, at=LATER)
    lead.refresh_from_db()
    assert (lead.owner_id, lead.team_id) == (None, None)
    assert not Grant.objects.filter(reason=f"lead:{lead.pk}").exists()


def test_claim_next_takes_the_most_urgent_and_says_when_there_is_none(make_lead: MakeLead, by_marta: Actor) -> None:
    make_lead(at=AT - timedelta(minutes=5))
    urgent = make_lead(at=AT - timedelta(minutes=20))
    assert actions.claim_next(by=by_marta, at=AT).pk == urgent.pk
    actions.claim_next(by=by_marta, at=AT)
    with pytest.raises(PoolIsEmpty):
        actions.claim_next(by=by_marta, at=AT)


def test_the_system_itself_claims_nothing(make_lead: MakeLead, system: Actor) -> None:
    with pytest.raises(NotAllowed):
        actions.claim_lead(lead_id=make_lead().pk, by=system, at=AT)


def test_many_leads_change_hands_at_once_with_a_fixed_number_of_queries(
    make_lead: MakeLead, by_head: Actor, marta: User, tom: User
) -> None:
    leads = [make_lead(marta) for _ in range(12)]
    with query_budget(22):
        assert actions.assign_leads(ids=[lead.pk for lead in leads], owner_id=tom.pk, by=by_head, at=LATER) == 12
    assert set(Lead.objects.values_list("owner_id", flat=True)) == {tom.pk}
    assert spans(leads[3], "owner") == [str(marta.pk), str(tom.pk)]
    assert set(Grant.objects.filter(user__isnull=False).values_list("user_id", flat=True)) == {tom.pk}
    assert actions.assign_leads(ids=[lead.pk for lead in leads], owner_id=tom.pk, by=by_head, at=LATER) == 0

    undo_last("qualify.lead_assigned", by=by_head, at=LATER)
    assert Lead.objects.get(pk=last_event("qualify.lead_assigned").subject_id).owner_id == marta.pk


def test_leads_go_back_into_the_pool(make_lead: MakeLead, by_head: Actor, marta: User) -> None:
    lead = make_lead(marta)
    actions.assign_leads(ids=[lead.pk], owner_id=None, by=by_head, at=LATER)
    lead.refresh_from_db()
    assert lead.in_pool
    assert last_event("qualify.lead_pooled").data["before_id"] == marta.pk
    undo_last("qualify.lead_pooled", by=by_head, at=LATER)
    lead.refresh_from_db()
    assert lead.owner_id == marta.pk


def test_assigning_refuses_strangers_and_unknown_leads_as_a_whole(
    make_lead: MakeLead, by_head: Actor, marta: User
) -> None:
    lead = make_lead(marta)
    with pytest.raises(Invalid):
        actions.assign_lead(lead_id=lead.pk, owner_id=999, by=by_head, at=AT)
    with pytest.raises(SomeRefused, match="1 of 2 rows"):
        actions.assign_leads(ids=[lead.pk, 999], owner_id=None, by=by_head, at=AT)
    lead.refresh_from_db()
    assert lead.owner_id == marta.pk


def test_a_lead_of_which_a_step_took_two_things_gets_both_back(
    make_lead: MakeLead, by_head: Actor, marta: User, tom: User
) -> None:
    lead = make_lead(marta, stage="MQL")
    actions.hand_over_lead(lead_id=lead.pk, to_id=marta.pk, by=by_head, at=AT)
    actions.assign_leads(ids=[lead.pk], owner_id=tom.pk, by=by_head, at=AT)
    actions.redirect_handovers(ids=[lead.pk], owner_id=tom.pk, by=by_head, at=AT)
    both = [last_event("qualify.lead_assigned").pk, last_event("qualify.lead_handed_over").pk]
    undo_events(event_ids=both, by=by_head, at=LATER)
    lead.refresh_from_db()
    assert (lead.owner_id, lead.handed_to_id) == (marta.pk, marta.pk)
