"""Files that named two records of one person or company say nothing new when they come again after a merge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from headwater.parties import actions
from headwater.parties.models import MatchProposal, Party
from headwater.platform.actor import job_actor
from headwater.platform.importer import Batch, CleanRow
from headwater.team.models import Company

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
BY = job_actor("tests")


@pytest.fixture(autouse=True)
def company(db):
    return Company.objects.create(pk=1, name="Kestrel Office IT", currency="EUR", country="NL", time_zone="UTC")


def bring(action, rows, batch_id=1):
    batch = Batch(id=batch_id, system="erp", zone="UTC", currency="EUR", region="NL")
    clean = [CleanRow(line, dict(values), extra={"Colour": str(line)}) for line, values in enumerate(rows, 2)]
    return [str(result.outcome) for result in action(clean, batch=batch, by=BY, at=AT + timedelta(hours=batch_id))]


def merge_all(kind):
    first, *others = Party.objects.filter(kind=kind).order_by("pk").values_list("pk", flat=True)
    actions.merge_parties(keep_id=first, merge_ids=others, by=BY, at=AT)
    return Party.objects.get(pk=first)


PEOPLE = [
    {"external_id": "1", "name": "Catherine Smith", "email": "c.smith@pike.example", "job_title": "Buyer"},
    {"external_id": "2", "name": "Kate Smyth", "email": "kate@home.example", "phone": "020 794 1234",
     "job_title": "Head of buying", "city": "Cork"},
]  # fmt: skip


def test_people_with_ids(company):
    assert bring(actions.import_people, PEOPLE) == ["CREATED", "CREATED"]
    kept = merge_all("PERSON")
    assert bring(actions.import_people, PEOPLE, 2) == ["UNCHANGED", "UNCHANGED"]
    kept.refresh_from_db()
    assert (kept.name, kept.email, kept.job_title, kept.city) == (
        "Catherine Smith", "c.smith@pike.example", "Buyer", "Cork",
    )  # fmt: skip


def test_what_a_file_says_anew_is_still_heard(company):
    bring(actions.import_people, PEOPLE)
    kept = merge_all("PERSON")
    moved = [PEOPLE[0], {**PEOPLE[1], "city": "Dublin"}]
    assert "UPDATED" in bring(actions.import_people, moved, 2)
    kept.refresh_from_db()
    assert kept.city == "Dublin"


def test_people_without_ids(company):
    rows = [{key: value for key, value in row.items() if key != "external_id"} for row in PEOPLE]
    bring(actions.import_people, rows)
    merge_all("PERSON")
    assert bring(actions.import_people, rows, 2) == ["UNCHANGED", "UNCHANGED"]
    assert Party.objects.filter(merged_into=None).count() == 1 and not MatchProposal.objects.exists()


def test_an_address_that_was_left_behind_still_says_who_it_is(company):
    rows = [{key: value for key, value in row.items() if key != "external_id"} for row in PEOPLE]
    bring(actions.import_people, rows)
    first, second = Party.objects.order_by("pk")
    actions.merge_parties(keep_id=first.pk, merge_ids=[second.pk], only=["email", "phone"], by=BY, at=AT)
    assert bring(actions.import_people, rows, 2) == ["UNCHANGED", "UNCHANGED"]
    assert Party.objects.filter(merged_into=None).count() == 1


def test_companies_by_id_and_by_name(company):
    rows = [{"external_id": "1", "name": "Müller GmbH"}, {"external_id": "2", "name": "Müller Holding", "city": "Ulm"}]
    bring(actions.import_organisations, rows)
    kept = merge_all("ORGANISATION")
    assert bring(actions.import_organisations, rows, 2) == ["UNCHANGED", "UNCHANGED"]
    named = [{"name": "Müller Holding AG"}]
    assert bring(actions.import_organisations, named, 3) == ["UNCHANGED"]
    person = actions.add_person(by=BY, at=AT, name="Rui Tavares", employer_name="Müller Holding")
    assert person.employer_id == kept.pk


def test_undoing_an_import_leaves_what_was_merged_and_says_so(company):
    bring(actions.import_people, PEOPLE)
    kept = merge_all("PERSON")
    found = actions.undo_party_import(batch_id=1, by=BY, at=AT)
    assert found.removed == 0 and {one.object_id for one in found.kept} == {kept.pk}
    assert any("merged" in one.reason for one in found.kept)
