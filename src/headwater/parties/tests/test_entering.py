"""People and companies entered by hand that are known already."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from headwater.parties import actions
from headwater.parties.models import MatchProposal, Party
from headwater.platform.actor import Actor
from headwater.platform.errors import KnownAlready
from headwater.team.models import User
from headwater.team.queries import actor_of

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
DUPLA = {"first_name": "Dupla", "last_name": "Same", "email": "dupla@x.example", "employer_name": "Dupco"}


@pytest.fixture
def dupla(by: Actor) -> Party:
    return actions.enter_person(by=by, at=AT, **DUPLA)


@pytest.mark.parametrize(
    "typed",
    [
        {**DUPLA, "email": " Dupla@X.example "},
        {"first_name": "D.", "last_name": "Same", "email": "dupla@x.example"},
        {"email": "dupla@x.example"},
    ],
)
def test_a_person_known_by_address_and_name_is_not_added_twice(by: Actor, dupla: Party, typed: Any) -> None:
    with pytest.raises(KnownAlready, match="Known already: Dupla Same, Dupco") as refused:
        actions.enter_person(by=by, at=AT, **typed)
    assert (refused.value.slug, refused.value.pk) == ("people", dupla.pk)
    assert Party.objects.filter(kind="PERSON").count() == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"name": "Jo March", "phone": "020 794 1234"}, {"name": "March, Jo", "phone": "+31 20 794 1234"}),
        ({"name": "Jo March", "employer_name": "Orchard GmbH"}, {"name": "jo march", "employer_name": "Orchard"}),
        ({"email": "info@x.example"}, {"email": "INFO@x.example"}),
    ],
)
def test_the_rules_of_files_hold_by_hand(by: Actor, first: Any, second: Any) -> None:
    actions.enter_person(by=by, at=AT, **first)
    with pytest.raises(KnownAlready):
        actions.enter_person(by=by, at=AT, **second)


def test_who_is_another_person_is_added_anyway_and_the_pair_waits_for_a_look(by: Actor, dupla: Party) -> None:
    other = actions.enter_person(by=by, at=AT, add_anyway=True, **DUPLA)
    proposal = MatchProposal.objects.get()
    assert (proposal.party_id, proposal.other_id) == (other.pk, dupla.pk)


def test_one_address_and_two_names_are_two_people_and_a_pair_to_look_at(by: Actor, dupla: Party) -> None:
    other = actions.enter_person(by=by, at=AT, first_name="Karl", last_name="Else", email="dupla@x.example")
    assert MatchProposal.objects.get().party_id == other.pk


def test_a_company_of_the_same_name_is_known_already(by: Actor) -> None:
    first = actions.enter_organisation(by=by, at=AT, name="Orgdup GmbH")
    with pytest.raises(KnownAlready, match="Orgdup GmbH") as refused:
        actions.enter_organisation(by=by, at=AT, name="Orgdup")
    assert (refused.value.slug, refused.value.pk) == ("organisations", first.pk)
    second = actions.enter_organisation(by=by, at=AT, name="Orgdup", add_anyway=True)
    assert MatchProposal.objects.get().party_id == second.pk


def test_deleted_people_are_not_known(by: Actor, dupla: Party) -> None:
    actions.delete_party(party_id=dupla.pk, by=by, at=AT)
    assert actions.enter_person(by=by, at=AT, **DUPLA).pk != dupla.pk


def test_of_a_record_out_of_sight_it_is_only_said_whom_to_ask(by: Actor, marta: User, ira: User) -> None:
    actions.enter_person(by=by, at=AT, owner_id=marta.pk, **DUPLA)
    with pytest.raises(KnownAlready) as refused:
        actions.enter_person(by=actor_of(ira), at=AT, **DUPLA)
    assert refused.value.pk is None
    assert refused.value.text == "Known already, but not open to you. Ask Marta Kowalska."


def test_the_form_shows_who_is_known_and_offers_to_add_anyway(client: Client, head: User, dupla: Party) -> None:
    client.force_login(head)
    for headers in ({}, {"HTTP_HX_REQUEST": "true"}):
        answer = client.post("/people/new", DUPLA, **headers)
        page = answer.content.decode()
        assert answer.status_code == 409
        assert f'<a href="/people/{dupla.pk}">Dupla Same, Dupco</a>' in page
        assert 'value="dupla@x.example"' in page
        # the hidden field comes before the button, whose value therefore counts
        assert page.index('type="hidden" name="add_anyway"') < page.index('name="add_anyway" value="1"')
    assert client.post("/people/new", {**DUPLA, "add_anyway": ["", "1"]}).status_code == 302
    assert Party.objects.filter(kind="PERSON").count() == 2


def test_the_api_names_the_known_record_until_told_to_add_anyway(client: Client, head: User, dupla: Party) -> None:
    client.force_login(head)
    body = {"first_name": "Dupla", "last_name": "Same", "email": "dupla@x.example"}
    refused = client.post("/api/v1/people", body, content_type="application/json")
    assert refused.status_code == 409
    assert (refused.json()["code"], refused.json()["known_id"]) == ("known_already", dupla.pk)
    added = client.post("/api/v1/people", {**body, "add_anyway": True}, content_type="application/json")
    assert added.status_code == 201
    company = client.post("/api/v1/organisations", {"name": "DUPCO"}, content_type="application/json")
    assert (company.status_code, company.json()["known_id"]) == (409, dupla.employer_id)
