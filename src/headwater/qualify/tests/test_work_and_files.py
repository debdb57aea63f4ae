"""What people did with leads and their people is worth more than what a file, or its undo, says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headwater.parties.actions import remove_contact_point
from headwater.parties.models import ContactPoint, Party
from headwater.platform.actor import Actor
from headwater.platform.importer import Batch, CleanRow, Outcome, RowResult
from headwater.qualify import actions, imports
from headwater.qualify.models import Lead

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
PEOPLE = ("Orla Keane", "Tom Pike", "Ida Berg", "Ben Harrow")


def row(line: int, name: str, **values: Any) -> CleanRow:
    first = name.split()[0].lower()
    common = {"external_id": first, "name": name, "email": f"{first}@pike.example", "source": "Fair", "arrived_at": AT}
    return CleanRow(line, {**common, **values}, {})


def run(by: Actor, number: int = 1, **values: Any) -> list[RowResult]:
    rows = [row(line, name, **values) for line, name in enumerate(PEOPLE, 2)]
    return list(imports.LEADS.apply(rows, batch=Batch(number, "crm", "UTC", "EUR", "NL"), by=by, at=AT))


def undo(by: Actor, number: int = 1) -> Any:
    return imports.LEADS.undo(batch_id=number, by=by, at=AT + timedelta(hours=2))


@pytest.fixture
def leads(by_head: Actor) -> list[Lead]:
    run(by_head)
    return list(Lead.objects.order_by("pk"))


def test_an_undo_keeps_leads_with_whose_people_somebody_worked(by_head: Actor, leads: list[Lead]) -> None:
    later = AT + timedelta(hours=1)
    planned, noted, called, untouched = leads
    actions.plan_next_step(lead_id=planned.pk, subject="Send the offer", due_at=later, by=by_head, at=later)
    actions.log_response(lead_id=noted.pk, kind="NOTE", subject="Wants two", by=by_head, at=later)
    actions.log_response(lead_id=called.pk, kind="CALL", subject="Rang us", is_outbound=False, by=by_head, at=later)
    result = undo(by_head)
    reasons = {kept.title: kept.reason for kept in result.kept}
    assert {"Orla Keane", "Tom Pike", "Ida Berg"} <= reasons.keys() and "Ben Harrow" not in reasons
    assert "person or company behind it" in reasons["Orla Keane"]
    assert list(Lead.objects.filter(deleted_at=None).order_by("pk")) == [planned, noted, called]
    untouched.refresh_from_db()
    assert untouched.deleted_at is not None


def test_a_lead_deleted_by_hand_stays_deleted_when_the_file_comes_again(by_head: Actor, leads: list[Lead]) -> None:
    actions.delete_lead(lead_id=leads[0].pk, by=by_head, at=AT)
    results = run(by_head, 2)
    assert [result.outcome for result in results] == [Outcome.UNCHANGED] * 4
    assert "deleted by hand" in results[0].reasons[0]
    leads[0].refresh_from_db()
    assert leads[0].deleted_at is not None
    actions.restore_lead(lead_id=leads[0].pk, by=by_head, at=AT)
    undo(by_head)
    assert [result.outcome for result in run(by_head, 3)][1:] == [Outcome.CREATED] * 3, "an undo is not by hand"


def test_an_address_taken_off_by_hand_stays_off_when_the_file_comes_again(by_head: Actor, leads: list[Lead]) -> None:
    point = ContactPoint.objects.get(normalised="orla@pike.example")
    remove_contact_point(contact_point_id=point.pk, by=by_head, at=AT)
    results = run(by_head, 2)
    assert [result.outcome for result in results] == [Outcome.UNCHANGED] * 4
    assert "taken off the record by hand" in results[0].reasons[0]
    point.refresh_from_db()
    assert point.deleted_at is not None and Party.objects.get(pk=point.party_id).email == ""


def test_a_number_taken_off_by_hand_can_be_written_down_again_by_hand_only(by_head: Actor) -> None:
    lead = actions.capture_lead(name="Orla Keane", email="orla@pike.example", phone="+31201234567", by=by_head, at=AT)
    point = ContactPoint.objects.get(party_id=lead.party_id, kind="PHONE")
    remove_contact_point(contact_point_id=point.pk, by=by_head, at=AT)
    [result, *_] = run(by_head, 2, phone="+31201234567")
    point.refresh_from_db()
    assert result.outcome is Outcome.CREATED and point.deleted_at is not None
    assert any("taken off the record by hand" in reason for reason in result.reasons)
    actions.capture_lead(name="Orla Keane", email="orla@pike.example", phone="+31201234567", by=by_head, at=AT)
    point.refresh_from_db()
    assert point.deleted_at is None and Party.objects.get(pk=lead.party_id).phone == "+31201234567"
