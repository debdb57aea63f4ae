"""Taking leads in by hand, correcting, deleting and restoring them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from headwater.acquire.actions import add_source
from headwater.acquire.models import Touchpoint
from headwater.parties import actions as parties
from headwater.parties.models import Activity, Grant, Party
from headwater.platform.actor import Actor, job_actor
from headwater.platform.errors import Conflict, Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.models import Span
from headwater.platform.testing import last_event, query_budget, undo_last
from headwater.platform.undo import undo_event
from headwater.qualify import actions, queries
from headwater.qualify.forms import CaptureForm
from headwater.qualify.models import Lead
from headwater.team.actions.holidays import add_holiday
from headwater.team.models import Company, User

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
ORLA = {"name": "Orla Keane", "email": "orla@harrowpike.example", "company": "Harrow & Pike Architects"}


def test_a_captured_lead_has_its_person_company_touchpoint_clock_and_spans(
    by_marta: Actor, marta: User, by_head: Actor
) -> None:
    source = add_source(name="Site form", channel="WEB_FORM", by=by_head, at=AT)

    lead = actions.capture_lead(
        by=by_marta, at=AT, interest="QUOTE_REQUEST", title="2 large-format printers", amount=Decimal("34000"),
        source_id=source.pk, owner_id=marta.pk, **ORLA,
    )  # fmt: skip

    lead.refresh_from_db()
    assert lead.party.name == "Orla Keane"
    assert lead.organisation.name == "Harrow & Pike Architects"
    assert (lead.stage, lead.owner_id, lead.team_id, lead.currency) == ("NEW", marta.pk, marta.team_id, "EUR")
    assert lead.answer_due_at == AT + timedelta(minutes=30)
    touch = Touchpoint.objects.get()
    assert (touch.kind, touch.source_id, touch.occurred_at) == ("QUOTE_REQUEST", source.pk, AT)
    assert touch.is_outbound is False
    spans = dict(Span.objects.filter(subject_type="qualify.lead").values_list("kind", "value"))
    assert spans == {"stage": "NEW", "owner": str(marta.pk)}
    assert Grant.objects.filter(reason=f"lead:{lead.pk}", user=marta).count() == 2
    event = last_event("qualify.lead_captured")
    assert (event.party_id, event.organisation_id) == (lead.party_id, lead.organisation_id)
    assert event.data["source_name"] == "Site form"


def test_the_answer_clock_starts_when_the_office_opens_again(by_marta: Actor) -> None:
    friday_evening = datetime(2026, 11, 13, 18, 0, tzinfo=UTC)
    lead = actions.capture_lead(by=by_marta, at=friday_evening, **ORLA)
    assert lead.answer_due_at == datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def test_who_asks_again_is_found_and_not_added_twice(by_marta: Actor) -> None:
    first = actions.capture_lead(by=by_marta, at=AT, **ORLA)
    again = actions.capture_lead(by=by_marta, at=AT, name="Orla Keane", email="ORLA@harrowpike.example")
    assert again.party_id == first.party_id
    assert Party.objects.filter(kind="PERSON").count() == 1
    assert Lead.objects.count() == 2


def test_a_lead_may_be_about_a_party_that_is_known(by_marta: Actor) -> None:
    first = actions.capture_lead(by=by_marta, at=AT, **ORLA)
    again = actions.capture_lead(by=by_marta, at=AT, party_id=first.party_id)
    assert (again.party_id, again.organisation_id) == (first.party_id, first.organisation_id)


def test_who_is_known_already_is_named_in_the_form_and_not_asked_for(by_marta: Actor) -> None:
    known = actions.capture_lead(by=by_marta, at=AT, **ORLA).party
    asked = CaptureForm(actor=by_marta, initial={"party_id": str(known.pk)})
    assert asked["name"].value() == "Orla Keane" and asked.fields["name"].disabled
    assert not {"company", "email", "phone", "job_title"} & asked.fields.keys()
    sent = CaptureForm({"party_id": str(known.pk), "interest": "ENQUIRY", "name": "x"}, actor=by_marta)
    assert sent.is_valid(), sent.errors
    lead = actions.capture_lead(by=by_marta, at=AT, **sent.cleaned_data)
    assert (lead.party_id, lead.party.name) == (known.pk, "Orla Keane")


def test_who_is_known_by_what_looks_like_a_whole_line_can_ask_again(by_marta: Actor) -> None:
    known = parties.add_person(name="Keane, Orla (orla@harrow.example)", by=by_marta, at=AT)
    assert CaptureForm({"party_id": str(known.pk), "interest": "ENQUIRY"}, actor=by_marta).is_valid()


def test_a_phone_number_that_cannot_be_called_comes_back_to_be_corrected(by_marta: Actor, company: Company) -> None:
    form = CaptureForm({"name": "Orla Keane", "phone": "12", "interest": "ENQUIRY"}, actor=by_marta)
    assert list(form.errors) == ["phone"]


def test_the_job_title_of_somebody_known_is_kept_in_the_note(by_marta: Actor) -> None:
    first = actions.capture_lead(by=by_marta, at=AT, job_title="Buyer", **ORLA)
    assert not Activity.objects.exists()
    again = actions.capture_lead(by=by_marta, at=AT, job_title="Head of buying", note="Call back", **ORLA)
    assert again.party_id == first.party_id
    assert Activity.objects.get().body == "Call back\nJob title: Head of buying"


def test_a_lead_of_nobody_is_refused_with_the_field(by_marta: Actor) -> None:
    with pytest.raises(Invalid) as refusal:
        actions.capture_lead(by=by_marta, at=AT, title="Something")
    assert "name" in refusal.value.fields


def test_a_lead_cannot_arrive_in_the_future(by_marta: Actor) -> None:
    with pytest.raises(Invalid) as refusal:
        actions.capture_lead(by=by_marta, at=AT, arrived_at=AT + timedelta(hours=1), **ORLA)
    assert "arrived_at" in refusal.value.fields


def test_capturing_takes_the_right(by_reader: Actor) -> None:
    with pytest.raises(NotAllowed):
        actions.capture_lead(by=by_reader, at=AT, **ORLA)
    assert not Lead.objects.exists()
    assert not Party.objects.exists()


def test_giving_a_captured_lead_to_a_colleague_takes_the_right_to_assign(
    by_marta: Actor, by_head: Actor, tom: User
) -> None:
    with pytest.raises(NotAllowed):
        actions.capture_lead(by=by_marta, at=AT, owner_id=tom.pk, **ORLA)
    assert actions.capture_lead(by=by_head, at=AT, owner_id=tom.pk, **ORLA).owner_id == tom.pk


def test_an_unknown_source_is_refused(by_marta: Actor) -> None:
    with pytest.raises(NotFound):
        actions.capture_lead(by=by_marta, at=AT, source_id=999, **ORLA)


def test_details_are_changed_with_old_and_new_values_in_the_log(by_marta: Actor) -> None:
    lead = actions.capture_lead(by=by_marta, at=AT, **ORLA)
    actions.change_lead(lead_id=lead.pk, by=by_marta, at=AT, amount=Decimal("100"), title="Printers for Orla")
    lead.refresh_from_db()
    assert (lead.amount, lead.currency, lead.title) == (Decimal("100"), "EUR", "Printers for Orla")
    event = last_event("platform.changed")
    assert event.data["fields"]["amount"] == [None, "100"]
    assert "title" not in event.data["fields"]
    assert event.personal.data["personal_fields"]["title"] == ["", "Printers for Orla"]

    undo_event(event_id=event.pk, by=by_marta, at=AT)
    lead.refresh_from_db()
    assert (lead.amount, lead.title) == (None, "")


def test_a_change_is_not_undone_over_a_later_one(by_marta: Actor) -> None:
    lead = actions.capture_lead(by=by_marta, at=AT, **ORLA)
    actions.change_lead(lead_id=lead.pk, by=by_marta, at=AT, title="One")
    event = last_event("platform.changed")
    actions.change_lead(lead_id=lead.pk, by=by_marta, at=AT, title="Two")
    with pytest.raises(NotUndoable):
        undo_event(event_id=event.pk, by=by_marta, at=AT)


def test_changing_takes_the_right(by_marta: Actor, by_reader: Actor) -> None:
    lead = actions.capture_lead(by=by_marta, at=AT, **ORLA)
    with pytest.raises(NotAllowed):
        actions.change_lead(lead_id=lead.pk, by=by_reader, at=AT, title="No")


def test_a_deleted_lead_leaves_the_lists_and_can_be_restored(by_marta: Actor, by_head: Actor, marta: User) -> None:
    lead = actions.capture_lead(by=by_marta, at=AT, owner_id=marta.pk, **ORLA)
    with pytest.raises(NotAllowed):
        actions.delete_lead(lead_id=lead.pk, by=by_marta, at=AT)

    actions.delete_lead(lead_id=lead.pk, by=by_head, at=AT)
    assert not Grant.objects.exists()
    with pytest.raises(NotFound):
        actions.move_lead(lead_id=lead.pk, stage="WORKING", by=by_head, at=AT)

    undo_last("qualify.lead_deleted", by=by_head, at=AT)
    lead.refresh_from_db()
    assert lead.deleted_at is None
    assert Grant.objects.count() == 4  # Marta and her team, for the person and the company


def test_who_typed_a_lead_in_can_take_it_out_again_until_it_is_worked_on(by_marta: Actor, marta: User) -> None:
    lead = actions.capture_lead(by=by_marta, at=AT, owner_id=marta.pk, **ORLA)
    undo_last("qualify.lead_captured", by=by_marta, at=AT)
    lead.refresh_from_db()
    assert lead.deleted_at == AT

    other = actions.capture_lead(by=by_marta, at=AT, owner_id=marta.pk, **ORLA)
    actions.move_lead(lead_id=other.pk, stage="WORKING", by=by_marta, at=AT)
    with pytest.raises(NotUndoable):
        undo_last("qualify.lead_captured", by=by_marta, at=AT)


def test_a_converted_lead_is_not_deleted(by_head: Actor, system: Actor) -> None:
    lead = actions.capture_lead(by=by_head, at=AT, **ORLA)
    actions.convert_leads({lead.pk: AT}, by=system, at=AT)
    with pytest.raises(Conflict):
        actions.delete_lead(lead_id=lead.pk, by=by_head, at=AT)


def test_a_lead_on_the_evening_before_a_holiday_is_answered_after_it(company: Company, by_marta: Actor) -> None:
    add_holiday(day=date(2026, 12, 25), name="Christmas Day", by=job_actor("test"), at=AT)  # a Friday
    evening = datetime(2026, 12, 24, 17, 20, tzinfo=UTC)  # ten minutes before the office closes
    lead = actions.capture_lead(by=by_marta, at=evening, name="Late Caller")
    assert lead.answer_due_at == datetime(2026, 12, 28, 8, 50, tzinfo=UTC)  # on Monday, twenty minutes after it opens
    clock = queries.clock_of(lead, Company.objects.get(), at=datetime(2026, 12, 25, 12, 0, tzinfo=UTC))
    assert clock is not None and clock.clock.seconds_left == 20 * 60


def test_a_program_that_names_no_source_and_no_owner_has_none_of_them_looked_up(by_head: Actor) -> None:
    with query_budget(0):
        assert CaptureForm({"name": "Orla Keane", "interest": "ENQUIRY"}, actor=by_head).is_valid()
    assert "source_id" in CaptureForm({"interest": "ENQUIRY", "source_id": "99"}, actor=by_head).errors
