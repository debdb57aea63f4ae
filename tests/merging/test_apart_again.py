"""Merges taken apart in another order than they were made: nobody keeps an address that went back with another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from headwater.parties import actions
from headwater.parties.models import ContactPoint, MatchProposal, Party
from headwater.platform.actor import job_actor
from headwater.platform.models import Event
from headwater.platform.undo import undo_event
from headwater.team.models import Company

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
BY = job_actor("tests")


@pytest.fixture
def three(db):
    """Anna, Bea and Cora, each with an address of her own."""
    Company.objects.create(pk=1, name="Kestrel Office IT", currency="EUR", country="NL")
    return [
        actions.add_person(by=BY, at=AT, name=name, email=f"{name.lower()}@x.example")
        for name in ("Anna", "Bea", "Cora")
    ]


def merge(kept, other):
    """Make them one, which writes to the other's address; the event that says so."""
    actions.merge_parties(keep_id=kept.pk, merge_ids=[other.pk], choices={"email": other.pk}, by=BY, at=AT)
    return Event.objects.filter(verb="parties.merged").latest("pk").pk


def apart(event):
    undo_event(event_id=event, by=BY, at=AT + timedelta(hours=1))


def addresses(party):
    """The address that stands on the record, those of its contact points, and which of them is used first."""
    points = ContactPoint.objects.filter(party=party, kind="EMAIL", deleted_at=None)
    first = [point.normalised for point in points if point.is_primary]
    return Party.objects.get(pk=party.pk).email, {point.normalised for point in points}, first


@pytest.mark.parametrize("is_first_first", [True, False], ids=["the older merge first", "the younger merge first"])
def test_each_has_her_own_address_again(three, is_first_first):
    anna, bea, cora = three
    events = [merge(anna, bea), merge(anna, cora)]
    for event in events if is_first_first else reversed(events):
        apart(event)
    for party in three:
        own = f"{party.name.lower()}@x.example"
        assert addresses(party) == (own, {own}, [own])


def test_an_address_no_contact_point_stands_behind_stays_as_it_is(three):
    anna, bea, _ = three
    ContactPoint.objects.filter(party=anna).delete()
    apart(merge(anna, bea))
    assert addresses(anna) == ("anna@x.example", set(), [])


def test_what_the_record_has_again_by_now_stays_with_the_kept_one(three):
    anna, bea, cora = three
    told = {"other": cora, "reason": "Same phone", "created_at": AT}
    moved = MatchProposal.objects.create(party=bea, **told)
    event = merge(anna, bea)
    moved.refresh_from_db()
    assert moved.party_id == anna.pk
    again = MatchProposal.objects.create(party=bea, **told)
    apart(event)
    assert set(MatchProposal.objects.values_list("pk", "party_id")) == {(moved.pk, anna.pk), (again.pk, bea.pk)}
