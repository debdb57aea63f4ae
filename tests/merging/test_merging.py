"""Records that turned out to be one: everything moves, nothing is lost, and all of it can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.apps import apps

from headwater.acquire import actions as acquire
from headwater.acquire.models import Touchpoint
from headwater.parties import actions, pointing, queries
from headwater.parties.actions.merging import MergedMeanwhile
from headwater.parties.models import (
    Activity,
    ContactPoint,
    Grant,
    MatchProposal,
    Party,
    PartyTag,
    Relationship,
)
from headwater.platform.actor import Visibility
from headwater.platform.errors import Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.models import Event, ExternalId
from headwater.platform.testing import make_actor
from headwater.platform.undo import undo_event
from headwater.qualify import actions as qualify
from headwater.qualify.models import Lead
from headwater.sell import actions as sell
from headwater.sell.models import Opportunity, Order
from headwater.team.models import Company, Role, User
from headwater.team.queries import actor_of

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
LATER = AT + timedelta(days=2)


@pytest.fixture
def by(db):
    Company.objects.create(pk=1, name="Kestrel Office IT", currency="EUR", country="NL", time_zone="UTC")
    head = User.objects.create(email="h@kestrel.example", name="Hanna Berg", role=Role.HEAD_OF_SALES, created_at=AT)
    return actor_of(head)


@pytest.fixture
def orla(by):
    return actions.add_person(
        by=by, at=AT, name="Orla Keane", email="orla@pike.example", employer_name="Harrow & Pike", city="Cork"
    )


@pytest.fixture
def o_keane(by):
    return actions.add_person(
        by=by, at=LATER, name="O. Keane", email="o.keane@home.example", phone="020 794 1234", job_title="Office manager"
    )


def world():
    """Every row that a merge may touch, as it is."""
    models = [pointer.model for pointer in pointing.POINTERS.values()] + [ExternalId]
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in sorted(set(models), key=lambda model: model._meta.label)
    }


def undo_merge(by, at=LATER):
    event = Event.objects.filter(verb="parties.merged", undone=None).latest("pk")
    undo_event(event_id=event.pk, by=by, at=at)
    return Event.objects.filter(verb="parties.unmerged").latest("pk")


def emails(party):
    points = ContactPoint.objects.filter(party=party, kind="EMAIL", deleted_at=None)
    return dict(points.values_list("normalised", "is_primary"))


def hang_everything_on(party, by):
    source = acquire.add_source(name=f"Fair {party.pk}", channel="TRADE_SHOW", by=by, at=AT)
    lead = qualify.capture_lead(by=by, at=AT, party_id=party.pk, source_id=source.pk, title="Printers")
    opportunity = sell.open_opportunity(by=by, at=AT, party_id=party.pk, name="Refresh", amount=Decimal("9000"))
    sell.place_order(by=by, at=AT, party_id=party.pk, amount=Decimal("420"))
    actions.log_activity(party_id=party.pk, kind="CALL", subject="Asked for a quote", by=by, at=AT)
    actions.tag_party(party_id=party.pk, tag=f"Tag {party.pk}", by=by, at=AT)
    actions.tag_party(party_id=party.pk, tag="Shared", by=by, at=AT)
    actions.grant_access(party_ids=[party.pk], reason=f"test:{party.pk}", user_id=by.user_id, by=by, at=AT)
    ExternalId.objects.create(
        system="erp", kind=f"parties.{'person' if party.is_person else 'organisation'}", external_id=str(party.pk),
        object_id=party.pk,
    )  # fmt: skip
    return lead, opportunity


def test_everything_of_the_merged_record_moves_to_the_kept_one(by, orla, o_keane):
    _lead, opportunity = hang_everything_on(o_keane, by)
    hang_everything_on(orla, by)
    referred = qualify.capture_lead(by=by, at=AT, name="Rui Tavares", referrer_id=o_keane.pk)
    kept = actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=by, at=LATER)
    o_keane.refresh_from_db()
    assert o_keane.merged_into_id == orla.pk
    for model in (Lead, Opportunity, Order, Activity, Touchpoint):
        assert not model.objects.filter(party=o_keane).exists(), model
    assert Lead.objects.filter(party=orla).count() == 2 and Opportunity.objects.get(pk=opportunity.pk).party == kept
    assert Lead.objects.get(pk=referred.pk).referrer_id == orla.pk, "referral credit survives"
    assert set(PartyTag.objects.filter(party=orla).values_list("tag__name", flat=True)) == {
        f"Tag {orla.pk}", f"Tag {o_keane.pk}", "Shared",
    }  # fmt: skip
    assert Grant.objects.filter(party=orla, reason=f"test:{o_keane.pk}").exists()
    assert set(ExternalId.objects.filter(system="erp").values_list("object_id", flat=True)) == {orla.pk}
    assert emails(orla) == {"orla@pike.example": True, "o.keane@home.example": False}
    assert (kept.name, kept.email, kept.job_title) == ("Orla Keane", "orla@pike.example", "Office manager")
    assert kept.phone == "+31207941234", "what the kept record did not know is filled in"
    assert set(queries.visible_people(by)) == {orla, Lead.objects.get(pk=referred.pk).party}
    assert [entry.verb for entry in queries.timeline(by, orla.pk, limit=100)].count("parties.activity_logged") == 2


def test_the_values_are_those_that_were_chosen(by, orla, o_keane):
    choices = {"name": o_keane.pk, "email": o_keane.pk, "address": orla.pk}
    kept = actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], choices=choices, by=by, at=LATER)
    assert (kept.name, kept.last_name, kept.name_key) == ("O. Keane", "Keane", "o keane")
    assert kept.email == "o.keane@home.example" and kept.city == "Cork"
    assert emails(kept) == {"orla@pike.example": False, "o.keane@home.example": True}


def test_of_addresses_only_the_chosen_one_may_come_along(by, orla, o_keane):
    kept = actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], only=["email"], by=by, at=LATER)
    assert emails(kept) == {"orla@pike.example": True}
    undo_merge(by)
    assert emails(o_keane) == {"o.keane@home.example": True}


def test_a_warning_on_either_address_holds_for_the_kept_one(by, orla, o_keane):
    actions.add_contact_point(party_id=o_keane.pk, kind="EMAIL", value="orla@pike.example", by=by, at=AT)
    ContactPoint.objects.filter(party=o_keane, normalised="orla@pike.example").update(do_not_contact=True)
    before = world()
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=by, at=LATER)
    assert ContactPoint.objects.get(party=orla, normalised="orla@pike.example").do_not_contact
    undo_merge(by)
    assert world() == before


def test_connections_among_them_go_and_none_is_doubled(by, orla, o_keane):
    jonas = actions.add_person(by=by, at=AT, name="Jonas Weber")
    for one in (orla, o_keane):
        actions.relate(party_id=one.pk, to_party_id=jonas.pk, kind="REFERRED", by=by, at=AT)
    actions.relate(party_id=o_keane.pk, to_party_id=orla.pk, kind="PARTNER_OF", by=by, at=AT)
    before = world()
    kept = actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=by, at=LATER)
    shown = [(one.words, one.other.name) for one in queries.connections_of(by, kept) if one.words != "works for"]
    assert shown == [("referred", "Jonas Weber")]
    undo_merge(by)
    assert world() == before


def test_companies_bring_their_people(by, orla):
    twin = actions.add_organisation(by=by, at=LATER, name="Harrow and Pike International")
    rui = actions.add_person(by=by, at=AT, name="Rui Tavares", employer_id=twin.pk)
    lead, _ = hang_everything_on(rui, by)
    before = world()
    actions.merge_parties(keep_id=orla.employer_id, merge_ids=[twin.pk], by=by, at=LATER)
    rui.refresh_from_db()
    assert rui.employer_id == orla.employer_id
    assert Lead.objects.get(pk=lead.pk).organisation_id == orla.employer_id
    undo_merge(by)
    assert world() == before


def test_un_merge_restores_what_still_belongs_and_says_what_it_left(by, orla, o_keane):
    lead, _ = hang_everything_on(o_keane, by)
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=by, at=LATER)
    Lead.objects.filter(pk=lead.pk).update(party=actions.add_person(by=by, at=AT, name="Somebody Else"))
    actions.change_party(party_id=orla.pk, job_title="Managing director", by=by, at=LATER)
    new = qualify.capture_lead(by=by, at=LATER, party_id=orla.pk, title="After the merge")
    undone = undo_merge(by)
    assert "1 lead," in undone.data["left"] and "job title" in undone.data["left"]
    orla.refresh_from_db(), o_keane.refresh_from_db()
    assert (orla.job_title, o_keane.job_title, o_keane.merged_into_id) == ("Managing director", "Office manager", None)
    assert Lead.objects.get(pk=new.pk).party_id == orla.pk, "what came after the merge is the kept record's"
    assert Order.objects.get().party_id == o_keane.pk
    with pytest.raises(NotUndoable):
        undo_event(event_id=Event.objects.get(verb="parties.merged").pk, by=by, at=LATER)


def test_merges_of_merges_lead_to_the_last_and_come_apart_in_any_order(by, orla, o_keane):
    third = actions.add_person(by=by, at=LATER, name="Orla K", email="ok@pike.example", city="Dublin")
    for one in (orla, o_keane, third):
        hang_everything_on(one, by)
    before = world()
    actions.merge_parties(keep_id=o_keane.pk, merge_ids=[third.pk], choices={"name": third.pk}, by=by, at=LATER)
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], choices={"address": o_keane.pk}, by=by, at=LATER)
    assert set(Party.objects.filter(merged_into=orla)) == {o_keane, third}, "nobody has to walk a chain"
    assert Lead.objects.filter(party=orla).count() == 3
    first, second = Event.objects.filter(verb="parties.merged").order_by("pk")
    undo_event(event_id=first.pk, by=by, at=LATER)
    assert Lead.objects.filter(party=third).count() == 1 and Lead.objects.filter(party=orla).count() == 2
    undo_event(event_id=second.pk, by=by, at=LATER)
    assert world() == before


def test_several_are_merged_in_one_step(by, orla, o_keane):
    third = actions.add_person(by=by, at=LATER, name="Orla K", email="ok@pike.example")
    before = world()
    kept = actions.merge_chosen(ids=[third.pk, o_keane.pk, orla.pk], by=by, at=LATER)
    assert kept.pk == orla.pk, "the one known longest stays"
    assert Event.objects.get(verb="parties.merged").data["merged_ids"] == [o_keane.pk, third.pk]
    assert "and 1 more" in queries.timeline(by, orla.pk)[0].sentence
    undo_merge(by)
    assert world() == before


def test_what_makes_no_sense_is_refused(by, orla, o_keane):
    def merge(keep, *others, **choices):
        actions.merge_parties(keep_id=keep, merge_ids=others, by=by, at=LATER, **choices)

    for wrong in ((orla.pk,), (orla.pk, orla.pk), (orla.pk, orla.employer_id), (orla.pk, *range(9000, 9005))):
        with pytest.raises(Invalid):
            merge(*wrong)
    for choices in ({"shoe size": orla.pk}, {"name": orla.employer_id}):
        with pytest.raises(Invalid):
            merge(orla.pk, o_keane.pk, choices=choices)
    with pytest.raises(Invalid):
        merge(orla.pk, o_keane.pk, only=["name"])
    with pytest.raises(NotFound):
        merge(orla.pk, 4711)
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=by, at=LATER)
    for pair in ((orla.pk, o_keane.pk), (o_keane.pk, orla.pk)):
        with pytest.raises(MergedMeanwhile):
            merge(*pair)


def test_merging_takes_its_right_and_both_records_in_sight(by, orla, o_keane):
    may_see = make_actor("parties.*.see", "parties.*.change")
    with pytest.raises(NotAllowed):
        actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=may_see, at=LATER)
    actions.change_party(party_id=o_keane.pk, owner_id=by.user_id, by=by, at=AT)
    rep = make_actor("parties.*", visibility=Visibility.OWN, user_id=999)
    with pytest.raises(NotFound):
        actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=rep, at=LATER)
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=by, at=LATER)
    event = Event.objects.get(verb="parties.merged")
    with pytest.raises(NotAllowed):
        undo_event(event_id=event.pk, by=may_see, at=LATER)


def test_no_personal_data_is_in_the_fact(by, orla, o_keane):
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], choices={"name": o_keane.pk}, by=by, at=LATER)
    for event in Event.objects.filter(occurred_at=LATER).exclude(verb="parties.person_added"):
        text = str(event.data)
        assert not any(word in text for word in ("Orla", "Keane", "pike", "home.example", "794")), event


def test_proposals_are_settled_and_open_again(by, orla, o_keane):
    MatchProposal.objects.create(party=o_keane, other=orla, reason="Same name", created_at=AT)
    jonas = actions.add_person(by=by, at=AT, name="Jonas Weber")
    MatchProposal.objects.create(party=jonas, other=orla, reason="Same phone", created_at=AT)
    MatchProposal.objects.create(party=o_keane, other=jonas, reason="Same phone", created_at=AT)
    before = world()
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=by, at=LATER)
    assert [proposal.other for proposal in queries.visible_proposals(by)] == [orla], "one pair is proposed once"
    undo_merge(by)
    assert world() == before


def test_what_was_written_in_the_moment_of_a_merge_follows(by, orla, o_keane):
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=by, at=LATER)
    note = Activity.objects.create(party=o_keane, kind="NOTE", subject="At the same moment", created_at=LATER)
    assert actions.follow_merges(by=by, at=LATER) == 1
    note.refresh_from_db()
    assert note.party_id == orla.pk
    assert actions.follow_merges(by=by, at=LATER) == 0


def test_relationships_keep_their_constraints(by, orla, o_keane):
    """Rows of every table are still whole: no connection with oneself, no pair twice."""
    hang_everything_on(orla, by), hang_everything_on(o_keane, by)
    actions.merge_parties(keep_id=orla.pk, merge_ids=[o_keane.pk], by=by, at=LATER)
    assert not [link for link in Relationship.objects.all() if link.from_party_id == link.to_party_id]
    for model in apps.get_models():
        if model.__module__.startswith("headwater."):
            for row in model._default_manager.all()[:50]:
                row.validate_constraints()
