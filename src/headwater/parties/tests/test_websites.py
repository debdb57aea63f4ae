"""Websites are told and taken back like every other change; what is personal stays out of the plain log."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from headwater.parties import actions
from headwater.parties.models import ContactPoint, Party
from headwater.platform.actor import job_actor
from headwater.platform.models import Event
from headwater.platform.undo import newest_event, to_undo, undo_event

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BY = job_actor("test")


@pytest.fixture
def company() -> Party:
    return actions.add_organisation(name="ACME", website="https://a.example", by=BY, at=AT)


def sites(company: Party) -> dict[str, bool]:
    points = ContactPoint.objects.filter(party=company, deleted_at=None)
    return {point.value.removeprefix("https://").rstrip("/"): point.is_primary for point in points}


def undo_since(since: int) -> None:
    event = to_undo(since=since, by=BY, subject_type="parties.organisation")
    assert event is not None
    undo_event(event_id=event.pk, by=BY, at=AT)


def test_using_another_website_first_is_taken_back_and_removes_nothing(company: Party) -> None:
    other = actions.add_contact_point(party_id=company.pk, kind="WEBSITE", value="https://b.example", by=BY, at=AT)
    since = newest_event()
    actions.make_primary(contact_point_id=other.pk, by=BY, at=AT)
    assert sites(company) == {"a.example": False, "b.example": True}
    undo_since(since)
    assert sites(company) == {"a.example": True, "b.example": False}


def test_emptying_the_website_is_told_and_taken_back(company: Party) -> None:
    since = newest_event()
    actions.change_party(party_id=company.pk, website="", by=BY, at=AT)
    assert sites(company) == {}
    assert Event.objects.filter(pk__gt=since).count() == 1
    undo_since(since)
    assert sites(company) == {"a.example": True}


def test_going_back_to_a_known_website_is_told_and_taken_back(company: Party) -> None:
    actions.change_party(party_id=company.pk, website="https://b.example", by=BY, at=AT)
    since = newest_event()
    actions.change_party(party_id=company.pk, website="https://a.example", by=BY, at=AT)
    assert sites(company) == {"a.example": True, "b.example": False}
    assert Event.objects.filter(pk__gt=since).count() == 1
    undo_since(since)
    assert sites(company) == {"a.example": False, "b.example": True}


def test_what_is_personal_of_an_edit_stays_out_of_the_plain_log(company: Party) -> None:
    person = actions.add_person(name="Pia Lux", by=BY, at=AT)
    actions.change_party(party_id=person.pk, job_title="Chief", city="Cork", sector="Print", by=BY, at=AT)
    event = Event.objects.filter(verb="platform.changed").order_by("-pk")[0]
    assert set(event.data["fields"]) == {"sector"}
    assert set(event.personal.data["personal_fields"]) == {"job_title", "city"}
