"""Undo is no way around rights: everybody can name any event, the reversal asks who they are and what they see."""

import pytest
from makers import AT

from headwater.acquire import actions as acquire
from headwater.acquire.models import Touchpoint
from headwater.parties import actions as parties
from headwater.parties.models import Party
from headwater.platform.actor import job_actor
from headwater.platform.errors import NotAllowed, NotFound
from headwater.platform.models import Event
from headwater.platform.undo import undo_alike, undo_event
from headwater.qualify import actions as qualify
from headwater.qualify.models import Lead
from headwater.sell import actions as sell
from headwater.sell.models import OpportunityLine
from headwater.team.queries import actor_of

SYSTEM = job_actor("test")


@pytest.fixture
def of(people):
    return lambda role: actor_of(people[role])


def last(verb):
    return Event.objects.filter(verb=verb).order_by("-pk").first().pk


def test_a_deleted_person_out_of_sight_is_not_brought_back(of, people):
    person = parties.add_person(name="Secret Person", owner_id=people["HEAD_OF_SALES"].pk, by=SYSTEM, at=AT)
    parties.delete_party(party_id=person.pk, by=SYSTEM, at=AT)
    with pytest.raises(NotFound):
        undo_event(event_id=last("parties.person_deleted"), by=of("INDEPENDENT_REP"), at=AT)
    with pytest.raises(NotAllowed):  # sees everybody, and may not delete
        undo_event(event_id=last("parties.person_deleted"), by=of("SERVICE"), at=AT)
    undo_event(event_id=last("parties.person_deleted"), by=of("HEAD_OF_SALES"), at=AT)
    assert Party.objects.get(pk=person.pk).deleted_at is None


def test_nobody_deletes_people_by_taking_back_that_others_added_them(of):
    parties.add_person(name="Imported Person", by=SYSTEM, at=AT)
    for undo in (undo_event, undo_alike):
        with pytest.raises(NotAllowed):
            undo(event_id=last("parties.person_added"), by=of("INDEPENDENT_REP"), at=AT)


def test_whoever_added_a_person_takes_it_back_and_forth(of, people):
    rep = of("INDEPENDENT_REP")
    person = parties.add_person(name="Typed Twice", owner_id=rep.user_id, by=rep, at=AT)
    undo_event(event_id=last("parties.person_added"), by=rep, at=AT)
    assert Party.objects.get(pk=person.pk).deleted_at is not None
    undo_event(event_id=last("parties.person_deleted"), by=rep, at=AT)
    assert Party.objects.get(pk=person.pk).deleted_at is None


def test_a_decision_on_products_stays_where_one_does_not_see_the_lines(of, people):
    head, rep = of("HEAD_OF_SALES"), of("INDEPENDENT_REP")
    product = sell.add_product(by=SYSTEM, at=AT, name="Server X")
    person = parties.add_person(name="Pia Lux", by=SYSTEM, at=AT)
    row = sell.open_opportunity(by=head, at=AT, party_id=person.pk, name="Refresh")
    OpportunityLine.objects.create(opportunity=row, product_text="Srv X", quantity=1)
    line = OpportunityLine.objects.get()
    sell.decide_product(line_id=line.pk, of="opportunity", product_id=product.pk, by=head, at=AT)
    with pytest.raises(NotAllowed):
        undo_event(event_id=last("sell.product_decided"), by=rep, at=AT)
    line.refresh_from_db()
    assert line.product_id == product.pk
    # Even one's own decision stays, once the opportunity is somebody else's.
    undo_event(event_id=last("sell.product_decided"), by=head, at=AT)
    sell.assign_opportunity(opportunity_id=row.pk, owner_id=rep.user_id, by=head, at=AT)
    sell.decide_product(line_id=line.pk, of="opportunity", product_id=product.pk, by=rep, at=AT)
    sell.assign_opportunity(opportunity_id=row.pk, owner_id=head.user_id, by=head, at=AT)
    with pytest.raises(NotFound):
        undo_event(event_id=last("sell.product_decided"), by=rep, at=AT)


def test_a_touchpoint_of_somebody_elses_customer_stays_in_the_credit(of, people):
    person = parties.add_person(name="Pia Lux", owner_id=people["HEAD_OF_SALES"].pk, by=SYSTEM, at=AT)
    touchpoint = acquire.record_touchpoint(party_id=person.pk, kind="VISIT", by=of("HEAD_OF_SALES"), at=AT)
    for role in ("INDEPENDENT_REP", "FIELD_REP"):
        with pytest.raises((NotFound, NotAllowed)):
            undo_event(event_id=last("acquire.touchpoint_recorded"), by=of(role), at=AT)
    assert Touchpoint.objects.get(pk=touchpoint.pk).deleted_at is None
    undo_event(event_id=last("acquire.touchpoint_recorded"), by=of("MARKETER"), at=AT)


def test_a_claimed_lead_is_not_taken_from_a_colleague(of, people):
    mate, colleague = of("INSIDE_SALES"), of("FIELD_REP")
    lead = qualify.capture_lead(name="Joe Pool", by=SYSTEM, at=AT)
    qualify.claim_lead(lead_id=lead.pk, by=colleague, at=AT)
    assert mate.team_ids == colleague.team_ids
    with pytest.raises(NotAllowed):
        undo_event(event_id=last("qualify.lead_claimed"), by=mate, at=AT)
    assert Lead.objects.get(pk=lead.pk).owner_id == colleague.user_id
    undo_event(event_id=last("qualify.lead_claimed"), by=colleague, at=AT)
    assert Lead.objects.get(pk=lead.pk).owner_id is None
