"""Matching the rows of a file with the people and companies we know."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from headwater.parties.actions import (
    PartyDraft,
    add_organisation,
    add_person,
    delete_party,
    match_parties,
    undo_party_import,
)
from headwater.parties.actions.matching import PartyMatch
from headwater.parties.models import ContactPoint, MatchProposal, Party, Relationship
from headwater.platform.actor import job_actor
from headwater.platform.importer import Batch
from headwater.platform.models import Event
from headwater.platform.testing import count_queries

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BY = job_actor("test")


def batch(number: int = 1) -> Batch:
    return Batch(id=number, system="olist", zone="UTC", currency="EUR", region="DE")


def match(*drafts: PartyDraft, number: int = 1, kind_key: str = "qualify.lead") -> list[PartyMatch]:
    return match_parties(drafts, batch=batch(number), kind_key=kind_key, by=BY, at=AT)


def test_a_new_person_and_company_are_added_and_connected() -> None:
    (found,) = match(PartyDraft(name="Orla Quinn", email="Orla@Pike.example", phone="030 901820", company="Pike GmbH"))

    person = Party.objects.get(pk=found.person_id)
    assert (person.name, person.first_name, person.last_name) == ("Orla Quinn", "Orla", "Quinn")
    assert (person.email, person.phone) == ("orla@pike.example", "+4930901820")
    assert person.employer_id == found.organisation_id
    assert person.batch_id == 1
    assert Relationship.objects.get().to_party_id == found.organisation_id
    assert set(ContactPoint.objects.values_list("normalised", "is_primary")) == {
        ("orla@pike.example", True),
        ("+4930901820", True),
    }
    assert set(Event.objects.values_list("verb", "batch_id")) == {
        ("parties.person_added", 1),
        ("parties.organisation_added", 1),
    }


def test_a_known_address_with_an_agreeing_name_attaches() -> None:
    known = add_person(by=BY, at=AT, name="Orla Quinn", email="orla@pike.example")
    (found,) = match(PartyDraft(name="Quinn, Orla", email="ORLA@pike.example"))
    assert (found.person_id, found.created_person) == (known.pk, False)


def test_a_known_address_with_another_name_is_proposed_and_not_attached() -> None:
    known = add_person(by=BY, at=AT, name="Orla Quinn", email="office@pike.example")
    (found,) = match(PartyDraft(name="Jonas Weber", email="office@pike.example"))
    assert found.created_person
    proposal = MatchProposal.objects.get()
    assert (proposal.party_id, proposal.other_id) == (found.person_id, known.pk)
    assert "Same e-mail" in proposal.reason


def test_an_address_without_a_name_attaches_to_who_has_it() -> None:
    known = add_person(by=BY, at=AT, name="Orla Quinn", email="orla@pike.example")
    (found,) = match(PartyDraft(email="orla@pike.example"))
    assert found.person_id == known.pk


def test_a_number_alone_attaches_only_with_an_agreeing_name() -> None:
    known = add_person(by=BY, at=AT, name="Orla Quinn", phone="+49 30 901820")
    same, other, nobody = match(
        PartyDraft(name="Orla Quinn", phone="030/901820"),
        PartyDraft(name="Jonas Weber", phone="030 901820"),
        PartyDraft(phone="030 901820"),
    )
    assert same.person_id == known.pk
    assert other.created_person
    assert other.person_id != known.pk
    assert nobody.created_person


def test_part_of_a_name_never_attaches_anybody() -> None:
    add_organisation(by=BY, at=AT, name="Pike Architects")
    add_person(by=BY, at=AT, name="Orla Quinn")
    found = match(
        PartyDraft(name="Orla", email="orla@one.example", company="Pike"),
        PartyDraft(name="Orla"),
        PartyDraft(name="Orla Quinn-Byrne"),
    )
    assert all(row.created_person for row in found)
    assert found[0].created_organisation


def test_companies_match_by_exact_name_whatever_the_legal_form() -> None:
    known = add_organisation(by=BY, at=AT, name="Müller GmbH")
    one, two = match(PartyDraft(company="MÜLLER"), PartyDraft(company="Müller GmbH & Co. KG"))
    assert {one.organisation_id, two.organisation_id} == {known.pk}
    assert one.person_id is None


def test_rows_of_one_chunk_find_each_other() -> None:
    one, two, three = match(
        PartyDraft(name="Orla Quinn", email="orla@pike.example", company="Pike"),
        PartyDraft(name="O. Quinn", email="orla@pike.example", phone="030 901820", company="Pike Ltd"),
        PartyDraft(name="Orla Quinn", phone="030 901820"),
    )
    assert one.person_id == two.person_id == three.person_id
    assert one.organisation_id == two.organisation_id
    assert Party.objects.get(pk=one.person_id).phone == "+4930901820"


def test_a_row_with_nothing_but_an_id_becomes_nameless() -> None:
    (found,) = match(PartyDraft(external_id="dac32acd4db4c29c230538b72f8dd87d"))
    assert Party.objects.get(pk=found.person_id).name == "Unnamed, olist dac32a"


def test_a_row_that_names_nobody_says_so() -> None:
    (found,) = match(PartyDraft())
    assert found.party_id is None
    assert found.errors


def test_a_bad_address_is_an_error_of_its_row_alone() -> None:
    bad, good = match(PartyDraft(name="A B", email="not an address"), PartyDraft(name="C D", email="c@d.example"))
    assert bad.errors and bad.person_id is None
    assert good.created_person


def test_a_number_that_cannot_be_read_is_kept_as_text() -> None:
    (found,) = match(PartyDraft(name="Orla Quinn", phone="ask at desk"))
    assert Party.objects.get(pk=found.person_id).extra == {"phone": "ask at desk"}
    assert found.reasons


def test_a_known_person_gains_a_number_and_keeps_what_was_there() -> None:
    known = add_person(by=BY, at=AT, name="Orla Quinn", email="orla@pike.example", phone="+4930901821")
    match(PartyDraft(name="Orla Quinn", email="orla@pike.example", phone="030 901820"))
    known.refresh_from_db()
    assert known.phone == "+4930901821"
    assert ContactPoint.objects.filter(party=known, kind="PHONE").count() == 2


def test_somebody_an_import_added_is_revived_by_importing_again() -> None:
    (first,) = match(PartyDraft(name="Orla Quinn", email="orla@pike.example"))
    assert first.person_id is not None
    undo_party_import(batch_id=1, by=BY, at=AT)
    (again,) = match(PartyDraft(name="Orla Quinn", email="orla@pike.example"), number=2)
    person = Party.objects.get(pk=first.person_id)
    assert again.person_id == first.person_id
    assert (person.deleted_at, person.batch_id) == (None, 2)


@pytest.mark.parametrize("is_from_file", [True, False])
def test_somebody_whom_people_deleted_is_not_revived_and_nobody_is_added(is_from_file: bool) -> None:
    if is_from_file:
        match(PartyDraft(name="Orla Quinn", email="orla@pike.example"))
    else:
        add_person(by=BY, at=AT, name="Orla Quinn", email="orla@pike.example")
    person = Party.objects.get()
    delete_party(party_id=person.pk, by=BY, at=AT)
    (again,) = match(PartyDraft(name="Orla Quinn", email="orla@pike.example", company="New Ltd"), number=2)
    assert (again.party_id, again.deleted_id) == (None, person.pk)
    assert "deleted by hand" in again.errors[0] and Party.objects.get().deleted_at is not None


def test_matching_again_adds_nothing() -> None:
    drafts = [
        PartyDraft(name="Orla Quinn", company="Pike"),
        PartyDraft(name="Jonas Weber", phone="030 901820"),
        PartyDraft(name="Ada Byron"),
        PartyDraft(email="x@y.example"),
    ]
    first = match(*drafts)
    again = match(*drafts, number=2)
    assert [row.person_id for row in again] == [row.person_id for row in first]
    assert not any(row.created_person or row.created_organisation for row in again)


def test_queries_do_not_grow_with_the_chunk() -> None:
    def drafts(count: int, offset: int) -> list[PartyDraft]:
        return [
            PartyDraft(
                name=f"Person {n} Quinn",
                email=f"p{n}@x{n}.example",
                phone=f"030 90{n:04d}",
                company=f"Company {n % 300}",
            )
            for n in range(offset, offset + count)
        ]

    with count_queries() as few:
        match(*drafts(10, 0))
    with count_queries() as many:
        match(*drafts(1000, 5000))
    assert len(many) <= len(few)
    assert len(many) <= 24
