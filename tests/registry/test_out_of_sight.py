"""A record that is shared opens nothing of others: names, steps and amounts of what one does not see stay unsaid."""

from datetime import timedelta
from decimal import Decimal

import pytest
from makers import AT

from headwater.parties import actions as parties
from headwater.parties.queries import connections_of, tag_choices, timeline
from headwater.platform.actor import job_actor
from headwater.platform.errors import Conflict
from headwater.platform.testing import count_queries
from headwater.qualify import actions as qualify
from headwater.qualify.models import Lead
from headwater.sell import actions as sell
from headwater.team.actions.accounts import deactivate_user
from headwater.team.queries import actor_of

SYSTEM = job_actor("test")


@pytest.fixture
def rep(people):
    return actor_of(people["INDEPENDENT_REP"])


@pytest.fixture
def shared(people, rep):
    """The rep's own customer, to whom the head of sales sells too."""
    person = parties.add_person(name="Pia Lux", owner_id=rep.user_id, by=SYSTEM, at=AT)
    head = actor_of(people["HEAD_OF_SALES"])
    row = sell.open_opportunity(by=head, at=AT, party_id=person.pk, name="Refresh", amount=Decimal(34000))
    sell.win_opportunity(opportunity_id=row.pk, by=head, at=AT)
    qualify.capture_lead(by=head, at=AT, party_id=person.pk, title="Secret racks", owner_id=head.user_id)
    qualify.capture_lead(by=rep, at=AT, party_id=person.pk, title="My printers", owner_id=rep.user_id)
    return person


def test_a_shared_timeline_tells_only_of_rows_in_sight(shared, rep, people):
    mine = timeline(rep, shared.pk)
    assert [entry.verb for entry in mine if entry.verb.startswith("sell.")] == []
    assert len([entry for entry in mine if entry.verb == "qualify.lead_captured"]) == 1
    head = timeline(actor_of(people["HEAD_OF_SALES"]), shared.pk)
    assert {"sell.opportunity_won", "sell.opportunity_opened"} <= {entry.verb for entry in head}
    assert len([entry for entry in head if entry.verb == "qualify.lead_captured"]) == 2


def test_a_timeline_costs_the_same_however_much_stands_on_it(shared, rep):
    with count_queries() as few:
        timeline(rep, shared.pk)
    for n in range(10):
        qualify.capture_lead(by=rep, at=AT + timedelta(minutes=n), party_id=shared.pk, owner_id=rep.user_id)
    with count_queries() as many:
        timeline(rep, shared.pk)
    assert len(many) == len(few)


def test_connections_and_timelines_name_nobody_out_of_sight(rep, people):
    mine = parties.add_person(name="Pia Lux", owner_id=rep.user_id, by=SYSTEM, at=AT)
    secret = parties.add_person(name="Per Secret", owner_id=people["HEAD_OF_SALES"].pk, by=SYSTEM, at=AT)
    parties.relate(party_id=mine.pk, to_party_id=secret.pk, kind="REFERRED", by=SYSTEM, at=AT)
    [link] = connections_of(rep, mine)
    assert link.other.name == "somebody you may not see"
    assert not any("Secret" in entry.sentence for entry in timeline(rep, mine.pk))
    [link] = connections_of(actor_of(people["HEAD_OF_SALES"]), mine)
    assert link.other.name == "Per Secret"
    parties.delete_party(party_id=secret.pk, by=SYSTEM, at=AT)
    assert connections_of(SYSTEM, mine) == [], "who was deleted is on no list"


def test_a_filter_offers_only_the_tags_of_those_one_sees(rep, people):
    mine = parties.add_person(name="Pia Lux", owner_id=rep.user_id, by=SYSTEM, at=AT)
    secret = parties.add_person(name="Per Secret", owner_id=people["HEAD_OF_SALES"].pk, by=SYSTEM, at=AT)
    parties.tag_party(party_id=mine.pk, tag="fair", by=SYSTEM, at=AT)
    parties.tag_party(party_id=secret.pk, tag="takeover", by=SYSTEM, at=AT)
    assert [name for _, name in tag_choices(rep)] == ["fair"]
    assert [name for _, name in tag_choices(SYSTEM)] == ["fair", "takeover"]


def test_whoever_has_open_work_is_not_deleted(rep):
    person = parties.add_person(name="Pia Lux", by=SYSTEM, at=AT)
    lead = qualify.capture_lead(by=SYSTEM, at=AT, party_id=person.pk)
    with pytest.raises(Conflict, match="open work about Pia Lux: leads"):
        parties.delete_party(party_id=person.pk, by=SYSTEM, at=AT)
    qualify.disqualify_lead(lead_id=lead.pk, reason="NO_NEED", by=SYSTEM, at=AT)
    row = sell.open_opportunity(by=SYSTEM, at=AT, party_id=person.pk, name="Refresh")
    with pytest.raises(Conflict, match="opportunities"):
        parties.delete_party(party_id=person.pk, by=SYSTEM, at=AT)
    sell.lose_opportunity(opportunity_id=row.pk, reason="PRICE", by=SYSTEM, at=AT)
    assert parties.delete_party(party_id=person.pk, by=SYSTEM, at=AT).deleted_at is not None


def test_a_lead_whose_owner_has_left_wakes_up_in_the_pool(people):
    mate = people["FIELD_REP"]
    lead = qualify.capture_lead(name="Joe Wake", by=SYSTEM, at=AT, owner_id=mate.pk)
    qualify.recycle_lead(lead_id=lead.pk, wake_up_on=AT.date() + timedelta(days=2), by=SYSTEM, at=AT)
    deactivate_user(user_id=mate.pk, by=SYSTEM, at=AT)
    qualify.wake_up_leads(by=SYSTEM, at=AT + timedelta(days=3))
    lead = Lead.objects.get(pk=lead.pk)
    assert lead.exit == "" and (lead.owner_id, lead.team_id) == (None, None)
