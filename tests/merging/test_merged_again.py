"""Taking apart is taken back as well: the records are one again, with what was chosen when they were merged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from headwater.parties import actions
from headwater.parties.models import ContactPoint, Party
from headwater.platform.actor import job_actor
from headwater.platform.errors import NotAllowed, NotUndoable
from headwater.platform.models import Event
from headwater.platform.testing import make_actor
from headwater.platform.undo import undo_event
from headwater.team.models import Company, Role, User

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
BY = job_actor("tests")
COLUMNS = ("name", "email", "phone", "city", "job_title", "extra", "merged_into_id")


@pytest.fixture
def two(db):
    Company.objects.create(pk=1, name="Kestrel Office IT", currency="EUR", country="NL", time_zone="UTC")
    add = actions.add_person
    orla = add(by=BY, at=AT, name="Orla Keane", email="orla@x.example", city="Cork", job_title="Owner")
    other = add(by=BY, at=AT, name="O. Keane", email="ok@x.example", phone="+31207941234", city="Delft")
    Party.objects.filter(pk=orla.pk).update(extra={"Colour": "red"})
    Party.objects.filter(pk=other.pk).update(extra={"Colour": "blue"})
    return orla, other


def newest(verb):
    return Event.objects.filter(verb=verb).latest("pk").pk


def take_back(verb, by=BY):
    undo_event(event_id=newest(verb), by=by, at=AT + timedelta(hours=1))


def said():
    """What both records say, and whose each address is and which is used first."""
    points = ContactPoint.objects.order_by("pk").values_list("pk", "party_id", "is_primary", "deleted_at")
    gone = [(pk, party, first, when is not None) for pk, party, first, when in points]
    return list(Party.objects.order_by("pk").values(*COLUMNS)), gone


@pytest.mark.parametrize("only", [(), ("email",)], ids=["all addresses", "one address alone"])
@pytest.mark.parametrize("taken", ["name", "email", "address", "extra:Colour"])
def test_merged_again_they_say_what_was_chosen_then(two, taken, only):
    orla, other = two
    choices = {taken: other.pk}
    actions.merge_parties(keep_id=orla.pk, merge_ids=[other.pk], choices=choices, only=only, by=BY, at=AT)
    as_merged = said()
    take_back("parties.merged")
    assert said() != as_merged
    take_back("parties.unmerged")
    assert said() == as_merged
    take_back("parties.merged")
    assert Party.objects.get(pk=other.pk).merged_into_id is None, "and apart again"


def test_what_changed_since_they_stood_apart_is_not_put_back(two):
    orla, other = two
    actions.merge_parties(keep_id=orla.pk, merge_ids=[other.pk], choices={"address": other.pk}, by=BY, at=AT)
    take_back("parties.merged")
    actions.change_party(party_id=other.pk, city="Utrecht", by=BY, at=AT)
    take_back("parties.unmerged")
    assert Party.objects.get(pk=orla.pk).city == "Cork", "nobody says Delft any more"


def test_once_and_only_by_who_may_merge(two):
    orla, other = two
    actions.merge_parties(keep_id=orla.pk, merge_ids=[other.pk], by=BY, at=AT)
    take_back("parties.merged")
    user = User.objects.create(email="r@x.example", name="Rep", role=Role.READ_ONLY, created_at=AT)
    with pytest.raises(NotAllowed):
        take_back("parties.unmerged", by=make_actor("parties.person.see", user_id=user.pk))
    assert Party.objects.get(pk=other.pk).merged_into_id is None
    event = newest("parties.unmerged")
    undo_event(event_id=event, by=BY, at=AT)
    with pytest.raises(NotUndoable):
        undo_event(event_id=event, by=BY, at=AT)
