"""Files of people and of companies: in, in again, changed, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from headwater.parties.actions import (
    add_organisation,
    add_person,
    import_organisations,
    import_people,
    log_activity,
    undo_party_import,
)
from headwater.parties.models import ContactPoint, Party, PartyTag, Relationship
from headwater.platform.actor import job_actor
from headwater.platform.importer import Batch, CleanRow, Outcome, RowResult
from headwater.platform.models import Event, ExternalId
from headwater.platform.testing import count_queries, make_actor

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 4, 2, 9, 0, tzinfo=UTC)
BY = job_actor("test")
SOMEBODY = make_actor("parties.*")


def batch(number: int = 1) -> Batch:
    return Batch(id=number, system="maven", zone="UTC", currency="EUR", region="DE")


def clean(rows: Sequence[dict[str, Any]]) -> list[CleanRow]:
    return [CleanRow(line, dict(row), dict(row.pop("extra", {}))) for line, row in enumerate(map(dict, rows), 2)]


def people(*rows: dict[str, Any], number: int = 1, at: datetime = AT) -> list[RowResult]:
    return list(import_people(clean(rows), batch=batch(number), by=BY, at=at))


def companies(*rows: dict[str, Any], number: int = 1, at: datetime = AT) -> list[RowResult]:
    return list(import_organisations(clean(rows), batch=batch(number), by=BY, at=at))


def outcomes(results: Sequence[RowResult]) -> list[str]:
    return [str(row.outcome) for row in results]


TEAM = (
    {"external_id": "Anna Snelling", "name": "Anna Snelling", "manager": "Dustin Brinkmann", "is_employee": True},
    {"external_id": "Moses Frase", "name": "Moses Frase", "manager": "Anna Snelling", "is_employee": True},
)
CARD = {
    "external_id": "p1",
    "name": "Orla Quinn",
    "email": "Orla@Pike.example",
    "phone": "030 901820",
    "company": "Pike GmbH",
    "job_title": "Head of IT",
    "city": "Berlin",
    "tag": "printers; vip",
    "note": "met at the fair",
}
ACCOUNTS = (
    {"external_id": "Zencorp", "name": "Zencorp", "parent": "Acme Corporation", "employees": 12},
    {"external_id": "Acme Corporation", "name": "Acme Corporation", "sector": "technology", "email": "hi@acme.example"},
    {"external_id": "Lost", "name": "Lost", "parent": "Nobody Inc"},
)


def test_people_come_in_with_everything_the_file_says() -> None:
    (result,) = people(CARD)
    person = Party.objects.get(pk=result.object_id)
    assert result.outcome is Outcome.CREATED
    assert (person.email, person.phone, person.city) == ("orla@pike.example", "+4930901820", "Berlin")
    assert person.employer is not None and person.employer.name == "Pike GmbH"
    assert person.extra == {"note": "met at the fair"}
    assert set(PartyTag.objects.values_list("tag__name", flat=True)) == {"printers", "vip"}
    assert ExternalId.objects.get().object_id == person.pk


def test_importing_people_twice_changes_nothing() -> None:
    people(CARD, *TEAM)
    before = Event.objects.count()
    assert outcomes(people(CARD, *TEAM, number=2)) == ["UNCHANGED"] * 3
    assert Event.objects.count() == before


def test_a_changed_file_overwrites_and_keeps_the_other_addresses() -> None:
    people(CARD)
    (result,) = people({**CARD, "email": "orla@new.example", "job_title": "CIO", "city": ""}, number=2, at=LATER)
    person = Party.objects.get(pk=result.object_id)
    assert result.outcome is Outcome.UPDATED
    assert (person.email, person.job_title, person.city) == ("orla@new.example", "CIO", "Berlin")
    assert set(ContactPoint.objects.filter(kind="EMAIL").values_list("normalised", "is_primary")) == {
        ("orla@pike.example", False),
        ("orla@new.example", True),
    }
    changed = Event.objects.get(verb="platform.changed")
    assert changed.personal.data["personal_fields"]["email"] == ["orla@pike.example", "orla@new.example"]
    assert changed.personal.data["personal_fields"]["job_title"] == ["Head of IT", "CIO"]


def test_undo_restores_what_an_update_changed() -> None:
    people(CARD)
    person = Party.objects.get(email="orla@pike.example")
    people({**CARD, "email": "orla@new.example", "company": "Other AG", "job_title": "CIO"}, number=2, at=LATER)
    person.refresh_from_db()
    assert person.employer is not None and person.employer.name == "Other AG"

    done = undo_party_import(batch_id=2, by=BY, at=LATER)
    person.refresh_from_db()
    assert (person.email, person.job_title, person.employer.name) == ("orla@pike.example", "Head of IT", "Pike GmbH")
    assert list(ContactPoint.objects.filter(kind="EMAIL", deleted_at=None).values_list("normalised", "is_primary")) == [
        ("orla@pike.example", True)
    ]
    jobs = Relationship.objects.filter(kind="WORKS_FOR", deleted_at=None, until_date=None)
    assert [job.to_party.name for job in jobs] == ["Pike GmbH"]
    assert (done.removed, done.restored, list(done.kept)) == (1, 1, [])
    assert Party.objects.get(name="Other AG").deleted_at is not None


def test_undo_takes_new_people_back_and_importing_again_revives_them() -> None:
    (first,) = people(CARD)
    done = undo_party_import(batch_id=1, by=BY, at=LATER)
    assert done.removed == 2
    assert not Party.objects.filter(deleted_at=None).exists()
    (again,) = people(CARD, number=2)
    assert (again.outcome, again.object_id) == (Outcome.CREATED, first.object_id)
    assert Party.objects.filter(deleted_at=None, batch_id=2).count() == 2


def test_undo_leaves_what_somebody_worked_on_and_says_why() -> None:
    one, _ = people(CARD, {"name": "Jonas Weber", "email": "jonas@x.example"})
    assert one.object_id is not None
    log_activity(party_id=one.object_id, kind="CALL", subject="Asked for the list", by=SOMEBODY, at=LATER)
    done = undo_party_import(batch_id=1, by=BY, at=LATER)
    assert done.removed == 1
    assert {kept.title for kept in done.kept} == {"Orla Quinn", "Pike GmbH"}
    assert all("since" in kept.reason or "stays" in kept.reason for kept in done.kept)


def test_undo_takes_a_number_back_from_somebody_known_before() -> None:
    known = add_person(by=BY, at=AT, name="Orla Quinn", email="orla@pike.example")
    people(CARD, number=2)
    known.refresh_from_db()
    assert known.phone == "+4930901820"
    undo_party_import(batch_id=2, by=BY, at=LATER)
    known.refresh_from_db()
    assert (known.phone, known.employer_id, known.deleted_at) == ("", None, None)
    assert not ContactPoint.objects.filter(kind="PHONE", deleted_at=None).exists()


def test_a_manager_is_connected_when_known_and_kept_as_text_when_not() -> None:
    anna, moses = people(*TEAM)
    link = Relationship.objects.get(kind="REPORTS_TO")
    assert (link.from_party_id, link.to_party_id) == (moses.object_id, anna.object_id)
    assert Party.objects.get(pk=anna.object_id).extra == {"manager": "Dustin Brinkmann"}
    assert Party.objects.get(pk=anna.object_id).is_employee


def test_a_bad_address_rejects_its_row_alone() -> None:
    results = people({"name": "A B", "email": "nonsense"}, {"name": "C D"}, {})
    assert outcomes(results) == ["REJECTED", "CREATED", "REJECTED"]
    assert "nonsense" in results[0].reasons[0]


def test_rows_about_one_person_in_one_file_settle_on_the_last() -> None:
    rows = (CARD, {**CARD, "external_id": "p2", "job_title": "CIO"})
    people(*rows)
    assert Party.objects.get(kind="PERSON").job_title == "CIO"
    assert outcomes(people(*rows, number=2)) == ["UNCHANGED", "UNCHANGED"]


def test_companies_come_in_and_parents_may_come_later() -> None:
    results = companies(*ACCOUNTS)
    assert outcomes(results) == ["CREATED"] * 3
    link = Relationship.objects.get(kind="PARENT_OF")
    assert (link.from_party.name, link.to_party.name) == ("Acme Corporation", "Zencorp")
    assert Party.objects.get(name="Lost").extra == {"parent": "Nobody Inc"}
    assert Party.objects.get(name="Acme Corporation").email == "hi@acme.example"
    assert outcomes(companies(*ACCOUNTS, number=2)) == ["UNCHANGED"] * 3


def test_a_parent_that_comes_with_a_later_file_is_connected_then() -> None:
    companies(*ACCOUNTS)
    companies({"external_id": "n", "name": "Nobody Inc."}, number=2)
    assert Relationship.objects.filter(kind="PARENT_OF", to_party__name="Lost").exists()
    assert Party.objects.get(name="Lost").extra == {}
    undo_party_import(batch_id=2, by=BY, at=LATER)
    assert Party.objects.get(name="Lost").extra == {"parent": "Nobody Inc"}
    assert not Relationship.objects.filter(to_party__name="Lost", deleted_at=None).exists()


def test_parents_never_close_to_a_ring() -> None:
    companies({"name": "One", "parent": "Two"}, {"name": "Two", "parent": "One"}, {"name": "Self", "parent": "Self"})
    assert Relationship.objects.filter(kind="PARENT_OF").count() == 1


def test_namesakes_with_different_ids_stay_two_companies() -> None:
    companies({"external_id": "1", "name": "Acme"}, {"external_id": "2", "name": "Acme"})
    assert Party.objects.filter(name="Acme").count() == 2
    assert outcomes(
        companies({"external_id": "2", "name": "Acme"}, {"external_id": "1", "name": "Acme"}, number=2)
    ) == ["UNCHANGED", "UNCHANGED"]


def test_a_company_written_down_by_hand_takes_the_id_of_the_file() -> None:
    known = add_organisation(by=BY, at=AT, name="Acme Corp")
    (result,) = companies({"external_id": "1", "name": "Acme Corporation", "sector": "tech"}, number=2)
    assert (result.object_id, result.outcome) == (known.pk, Outcome.UPDATED)
    (again,) = companies({"external_id": "1", "name": "Renamed", "sector": "tech"}, number=3)
    assert again.object_id == known.pk
    assert Party.objects.get().name == "Renamed"


def test_what_cannot_be_read_is_kept_as_text() -> None:
    (result,) = companies({"name": "Acme", "website": "not a site", "phone": "12", "owner": "Who Knows"})
    assert Party.objects.get().extra == {"website": "not a site", "phone": "12", "owner": "Who Knows"}
    assert len(result.reasons) == 3


def test_queries_of_an_import_do_not_grow_with_its_rows() -> None:
    def rows(start: int, count: int) -> list[dict[str, Any]]:
        return [
            {**CARD, "external_id": f"p{n}", "name": f"Person {n} Quinn", "email": f"p{n}@x.example", "phone": ""}
            for n in range(start, start + count)
        ]

    with count_queries() as few:
        people(*rows(0, 5))
    with count_queries() as many:
        people(*rows(1000, 900))
    with count_queries() as again:
        people(*rows(1000, 900), number=2)
    assert len(many) <= len(few) + 2
    assert len(again) <= len(few) + 2


def test_a_number_without_a_prefix_is_one_of_the_country_its_row_names() -> None:
    people(
        {"external_id": "p1", "name": "Vera Smit", "phone": "020 794 1234", "country": "Niederlande"},
        {"external_id": "p2", "name": "Ute Ernst", "phone": "030 123456"},
        {"external_id": "p3", "name": "Ann Lee", "phone": "030 123456", "country": "Atlantis"},
    )
    companies({"external_id": "c1", "name": "Harrow & Pike", "phone": "020 7946 0100", "country": "United Kingdom"})
    assert set(ContactPoint.objects.filter(kind="PHONE").values_list("party__name", "normalised")) == {
        ("Vera Smit", "+31207941234"),
        ("Ute Ernst", "+4930123456"),
        ("Ann Lee", "+4930123456"),
        ("Harrow & Pike", "+442079460100"),
    }
    before = Event.objects.count()
    again = people(
        {"external_id": "p1", "name": "Vera Smit", "phone": "020 794 1234", "country": "Niederlande"}, number=2
    )
    assert outcomes(again) == ["UNCHANGED"] and Event.objects.count() == before
