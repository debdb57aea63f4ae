"""Naming somebody else's customer in a new lead is no way to their record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.test import Client

from headwater.parties import actions as parties
from headwater.parties.models import Grant, Party
from headwater.parties.queries.visible import out_of_sight, visible_parties
from headwater.platform.actor import Actor
from headwater.qualify import actions
from headwater.qualify.forms import CaptureForm
from headwater.qualify.models import Lead
from headwater.qualify.queries import visible_leads
from headwater.team.actions.accounts import deactivate_user
from headwater.team.models import Company, Role, Team, User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def rep(company: Company) -> User:
    return User.objects.create(email="indy@kestrel.example", name="Indy", role=Role.INDEPENDENT_REP, created_at=AT)


@pytest.fixture
def big(by_head: Actor, priya: User) -> Party:
    return parties.add_organisation(name="Big Customer", owner_id=priya.pk, by=by_head, at=AT)


@pytest.fixture
def person(by_head: Actor, priya: User, big: Party) -> Party:
    return parties.add_person(
        name="Per Secret", email="per@big.example", employer_id=big.pk, owner_id=priya.pk, by=by_head, at=AT
    )


@pytest.mark.parametrize("who", [{"company": "Big Customer"}, {"email": "per@big.example"},
                                 {"name": "Per Secret", "email": "per@big.example"},
                                 {"name": "Somebody New", "company": "Big Customer"}])  # fmt: skip
@pytest.mark.parametrize("to", ["me", "pool"])
def test_the_lead_goes_to_who_looks_after_the_customer(
    who: dict[str, str], to: str, rep: User, priya: User, person: Party, big: Party
) -> None:
    by = actor_of(rep)
    lead = actions.capture_lead(**who, owner_id=rep.pk if to == "me" else None, note="Two racks", by=by, at=AT)
    assert lead.owner == priya and (lead.party_id == person.pk or lead.organisation_id == big.pk)
    assert not visible_leads(by).filter(pk=lead.pk).exists()
    assert not visible_parties(by).filter(pk__in=[person.pk, big.pk]).exists()
    assert not Grant.objects.filter(user=rep).exists()


def test_whose_owner_has_left_it_goes_to_a_head_of_sales(
    rep: User, priya: User, person: Party, system: Actor, head: User
) -> None:
    deactivate_user(user_id=priya.pk, by=system, at=AT)
    lead = actions.capture_lead(email="per@big.example", owner_id=rep.pk, by=actor_of(rep), at=AT)
    assert lead.owner == head


def test_the_rep_is_told_whom_to_ask(rep: User, priya: User, person: Party) -> None:
    client = Client()
    client.force_login(rep)
    answer = client.post(
        "/leads/new", {"email": "per@big.example", "interest": "ENQUIRY", "owner_id": rep.pk}, follow=True
    )
    assert answer.redirect_chain == [("/leads", 302)]
    assert "Priya Nair looks after this customer" in answer.content.decode()
    assert Lead.objects.get().owner == priya


def test_ones_own_customer_stays_ones_own_and_their_company_closed(rep: User, big: Party, by_head: Actor) -> None:
    by = actor_of(rep)
    mine = parties.add_person(
        name="My Own", email="own@big.example", owner_id=rep.pk, employer_id=big.pk, by=by_head, at=AT
    )
    for who in ({"party_id": mine.pk}, {"name": "My Own", "email": "own@big.example"}):
        lead = actions.capture_lead(**who, owner_id=rep.pk, by=by, at=AT)  # type: ignore[arg-type]
        assert lead.owner == rep and visible_leads(by).filter(pk=lead.pk).exists()
        assert not visible_parties(by).filter(pk=big.pk).exists()


def test_what_one_takes_up_oneself_opens_nobodys_company(rep: User, big: Party, by_head: Actor) -> None:
    by = actor_of(rep)
    mine = parties.add_person(name="My Own", owner_id=rep.pk, employer_name="Big Customer", by=by, at=AT)
    lead = actions.capture_lead(party_id=mine.pk, by=by, at=AT)
    actions.claim_lead(lead_id=lead.pk, by=by, at=AT)
    assert not visible_parties(by).filter(pk=big.pk).exists()
    actions.assign_lead(lead_id=lead.pk, owner_id=None, by=by_head, at=AT)
    actions.assign_lead(lead_id=lead.pk, owner_id=rep.pk, by=by_head, at=AT)
    assert visible_parties(by).filter(pk=big.pk).exists(), "who gives it away sees the company, and opens it"


def test_handing_over_opens_no_company_to_who_hands_over(
    colleague: Callable[..., User], desk: Team, tom: User, big: Party, by_head: Actor
) -> None:
    giver = colleague("Ines Maas", Role.INSIDE_SALES, desk)
    by = actor_of(giver)
    mine = parties.add_person(name="My Own", owner_id=giver.pk, employer_name="Big Customer", by=by, at=AT)
    for redirect in (False, True):
        lead = actions.capture_lead(party_id=mine.pk, owner_id=giver.pk, by=by, at=AT)
        actions.move_lead(lead_id=lead.pk, stage="MQL", by=by, at=AT)
        actions.hand_over_lead(lead_id=lead.pk, to_id=tom.pk, by=by, at=AT)
        if redirect:
            actions.redirect_handover(lead_id=lead.pk, owner_id=tom.pk, by=by, at=AT)
        assert not visible_parties(by).filter(pk=big.pk).exists()
        assert visible_parties(actor_of(tom)).filter(pk=big.pk).exists()


def test_somebody_new_or_of_nobody_stays_with_who_takes_them_in(rep: User, by_head: Actor) -> None:
    parties.add_organisation(name="Nobody's Own", by=by_head, at=AT)
    by = actor_of(rep)
    for who in ({"name": "Ann New", "email": "ann@new.example", "company": "New"}, {"company": "Nobody's Own"}):
        lead = actions.capture_lead(**who, owner_id=rep.pk, by=by, at=AT)
        assert lead.owner == rep and visible_parties(by).filter(pk=lead.party_id).exists()


def test_a_form_about_somebody_out_of_sight_tells_no_name(rep: User, person: Party) -> None:
    form = CaptureForm(actor=actor_of(rep), initial={"party_id": str(person.pk)})
    assert not form["name"].value() and not form.fields["name"].disabled


def test_who_sees_everything_but_no_companies_holds_no_lead_of_one(by_head: Actor, priya: User, big: Party) -> None:
    by = replace(by_head, verbs=frozenset({"qualify.*", "acquire.*", "parties.person.*"}))
    assert out_of_sight(by_head, [big.pk]) == set() and out_of_sight(by, [big.pk]) == {big.pk}
    assert actions.capture_lead(company="Big Customer", by=by, at=AT).owner == priya
