"""Picking who is meant: suggestions while one types, and plain words where one just types on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django import forms
from django.http import QueryDict
from django.test import Client

from headwater.parties import actions
from headwater.parties.models import Party
from headwater.parties.picking import PartyField, party_meant
from headwater.platform.actor import Actor
from headwater.platform.resource import ActorForm
from headwater.team.models import User
from headwater.team.queries import actor_of

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


class WhoForm(ActorForm):
    """Any form that asks who."""

    party_id = PartyField(label="Who")
    note = forms.CharField(required=False)

    def clean_party_id(self) -> int:
        return party_meant(self, self.cleaned_data["party_id"])


@pytest.fixture
def twins(by: Actor, head: User) -> list[Party]:
    """Two people of one name, both the head's."""
    return [
        actions.add_person(name="Ida Fuchs", email=f"{letter}@x.example", owner_id=head.pk, by=by, at=AT)
        for letter in ("a", "b")
    ]


def test_what_was_picked_is_meant_whatever_else_the_name_fits(twins: list[Party], by: Actor) -> None:
    form = WhoForm({"party_id": "Ida Fuchs", "party_id_chosen": str(twins[1].pk)}, actor=by)
    assert form.is_valid() and form.cleaned_data["party_id"] == twins[1].pk


def test_words_that_fit_several_name_them(twins: list[Party], by: Actor) -> None:
    form = WhoForm({"party_id": "Ida Fuchs", "party_id_chosen": ""}, actor=by)
    assert not form.is_valid()
    assert "Ida Fuchs, Ida Fuchs. Pick one" in form.errors["party_id"][0]
    assert WhoForm({"party_id": "b@x.example"}, actor=by).is_valid()


def test_the_number_of_a_record_out_of_sight_is_nobody_elses_phone(ira: User, by: Actor) -> None:
    """A program that named such a record was given somebody whose phone number holds the same digits."""
    hidden = "734812"
    mine = actions.add_person(name="Bo Lund", phone=f"+3185{hidden}9", owner_id=ira.pk, by=by, at=AT)
    me = actor_of(ira)
    for told in ({"party_id": hidden}, QueryDict(f"party_id=Ida&party_id_chosen={hidden}")):
        form = WhoForm(told, actor=me)
        assert not form.is_valid() and "no such record" in form.errors["party_id"][0]
    typed = WhoForm(QueryDict(f"party_id={hidden}&party_id_chosen="), actor=me)
    assert typed.is_valid() and typed.cleaned_data["party_id"] == mine.pk, "whoever types it may mean a phone"


def test_digits_that_somebody_types_are_no_number_of_a_record(twins: list[Party], by: Actor) -> None:
    number = str(twins[0].pk)
    assert WhoForm({"party_id": number}, actor=by).is_valid(), "programs name it"
    assert WhoForm(QueryDict(f"party_id=Ida&party_id_chosen={number}"), actor=by).is_valid(), "so does who picks"
    typed = WhoForm(QueryDict(f"party_id={number}&party_id_chosen="), actor=by)
    assert not typed.is_valid() and "Nobody of this name" in typed.errors["party_id"][0]


def test_a_form_that_comes_back_shows_the_name_and_keeps_the_pick(twins: list[Party], by: Actor) -> None:
    shown = str(WhoForm({"party_id": "whatever", "party_id_chosen": str(twins[0].pk)}, actor=by)["party_id"])
    assert 'value="Ida Fuchs"' in shown
    assert f'name="party_id_chosen" value="{twins[0].pk}"' in shown


def test_the_number_of_somebody_out_of_sight_tells_no_name(twins: list[Party], ira: User) -> None:
    actor = actor_of(ira)
    assert "Fuchs" not in str(WhoForm(initial={"party_id": twins[0].pk}, actor=actor)["party_id"])
    assert not WhoForm({"party_id": "", "party_id_chosen": str(twins[0].pk)}, actor=actor).is_valid()


@pytest.mark.parametrize("words", ["²", "٣", "9" * 250, "-1"])
def test_odd_numbers_are_only_words(by: Actor, words: str) -> None:
    assert not WhoForm({"party_id": words}, actor=by).is_valid()


def test_suggestions_are_those_one_may_see(client: Client, twins: list[Party], head: User, ira: User) -> None:
    address = "/parties/suggest?field=party_id&party_id=ida"
    assert client.get(address).status_code == 302
    client.force_login(head)
    shown = client.get(address).content.decode()
    assert [f'data-id="{twin.pk}"' in shown for twin in twins] == [True, True]
    assert client.get("/parties/suggest?field=no&no=").content.decode().strip() == ""
    client.force_login(ira)
    shown = client.get(address).content.decode()
    assert "Fuchs" not in shown and "is known" in shown


def test_a_contact_is_written_down_for_whom_one_names(client: Client, twins: list[Party], head: User) -> None:
    client.force_login(head)
    assert "With whom" in client.get("/touchpoints/new").content.decode()
    answer = client.post("/touchpoints/new", {"party_id": "b@x.example", "kind": "FORM"})
    assert answer.status_code == 302, answer.content.decode()
    assert "Ida Fuchs" in client.get("/touchpoints").content.decode()
