"""Small random worlds: merging and taking it back gives the same world, whatever hangs on whom."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from test_merging import AT, LATER, world

from headwater.acquire.models import Touchpoint
from headwater.parties import actions, pointing
from headwater.parties.models import (
    Activity,
    ContactPoint,
    Grant,
    MatchProposal,
    Party,
    PartyTag,
    Relationship,
    Tag,
)
from headwater.platform.actor import job_actor
from headwater.platform.models import Event, ExternalId
from headwater.platform.undo import undo_event
from headwater.qualify.models import Lead
from headwater.sell.models import Opportunity, Order, Pipeline, PipelineStage
from headwater.team.models import Company, User

BY = job_actor("tests")
EMAILS = ["a@x.example", "b@x.example", "c@x.example"]
who = st.integers(0, 3)
link = st.tuples(who, who, st.sampled_from(["REFERRED", "PARTNER_OF", "SUPPLIES"]), st.booleans())
WORLD = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["PERSON", "ORGANISATION"]),
        "emails": st.lists(st.tuples(who, st.sampled_from(EMAILS), st.booleans(), st.booleans()), max_size=8),
        "sites": st.lists(st.tuples(who, st.sampled_from(["x.example", "y.example"])), max_size=4),
        "links": st.lists(link, max_size=6),
        "tags": st.lists(st.tuples(who, st.integers(0, 2)), max_size=6),
        "proposals": st.lists(st.tuples(who, who, st.sampled_from(["", "DIFFERENT"])), max_size=4),
        "grants": st.lists(st.tuples(who, st.sampled_from(["lead:1", "lead:2"])), max_size=4),
        "rows": st.lists(st.tuples(who, st.integers(0, 6)), max_size=10),
        "titles": st.lists(st.sampled_from(["", "Buyer", "Head"]), min_size=4, max_size=4),
        "extras": st.lists(st.dictionaries(st.sampled_from("xyz"), st.sampled_from(["", "1", "2"])), min_size=4,
                           max_size=4),
        "deleted": st.booleans(),
    }
)  # fmt: skip
MERGE = st.tuples(st.permutations(range(4)), st.integers(1, 3), st.booleans(), st.booleans())


def build(told):
    Company.objects.update_or_create(pk=1, defaults={"name": "K", "currency": "EUR", "country": "NL"})
    user = User.objects.create(email="u@k.example", name="U", created_at=AT)
    stage = PipelineStage.objects.create(
        pipeline=Pipeline.objects.create(name="P"), name="S", position=1, probability=20
    )
    add = actions.add_person if told["kind"] == "PERSON" else actions.add_organisation
    parties = [add(by=BY, at=AT, name=f"Name {n}") for n in range(4)]
    for party, title, extra in zip(parties, told["titles"], told["extras"], strict=True):
        Party.objects.filter(pk=party.pk).update(job_title=title, sector=title, extra=extra)
    for n, address, first, stop in told["emails"]:
        point = actions.add_contact_point(
            party_id=parties[n].pk, kind="EMAIL", value=address, is_primary=first, by=BY, at=AT
        )
        if stop:
            ContactPoint.objects.filter(pk=point.pk).update(do_not_contact=True)
    for n, site in told["sites"]:
        actions.add_contact_point(party_id=parties[n].pk, kind="WEBSITE", value=site, by=BY, at=AT)
    if told["deleted"] and told["emails"]:
        n = told["emails"][0][0]
        point = ContactPoint.objects.filter(party=parties[n], kind="EMAIL").first()
        actions.remove_contact_point(contact_point_id=point.pk, by=BY, at=AT)
    for one, other, kind, ended in told["links"]:
        if one != other:
            Relationship.objects.create(
                from_party=parties[one], to_party=parties[other], kind=kind, created_at=AT,
                until_date=AT.date() if ended else None,
            )  # fmt: skip
    tags = [Tag.objects.get_or_create(name=f"T{n}")[0] for n in range(3)]
    for n, tag in told["tags"]:
        PartyTag.objects.get_or_create(party=parties[n], tag=tags[tag])
    for one, other, decision in told["proposals"]:
        if one != other:
            MatchProposal.objects.get_or_create(
                party=parties[one], other=parties[other],
                defaults={
                    "reason": "r", "created_at": AT, "decision": decision, "decided_at": AT if decision else None,
                },
            )  # fmt: skip
    for n, reason in told["grants"]:
        Grant.objects.get_or_create(party=parties[n], user=user, reason=reason)
    for n, kind in told["rows"]:
        one, money = {"party": parties[n], "created_at": AT}, {"currency": "EUR"}
        match kind:
            case 0:
                Lead.objects.create(**one, referrer=parties[-1])
            case 1:
                Opportunity.objects.create(**one, **money, name="O", stage=stage, probability=20)
            case 2:
                Order.objects.create(**one, **money, deleted_at=AT)
            case 3:
                Touchpoint.objects.create(**one, kind="VISIT")
            case 4:
                Activity.objects.create(**one, kind="NOTE", subject="S")
            case 5 if told["kind"] == "ORGANISATION":
                actions.add_person(by=BY, at=AT, name="Somebody", employer_id=parties[n].pk)
            case _:
                key = "parties.person" if told["kind"] == "PERSON" else "parties.organisation"
                number = ExternalId.objects.count()
                ExternalId.objects.create(system="erp", kind=key, external_id=str(number), object_id=parties[n].pk)
    return parties


def merge(parties, told):
    order, number, swap, alone = told
    live = [parties[n].pk for n in order if Party.objects.get(pk=parties[n].pk).merged_into_id is None]
    ids = live[: number + 1]
    if len(ids) < 2:
        return None
    choices = {"name": ids[-1], "email": ids[-1]} if swap else {}
    actions.merge_parties(
        keep_id=ids[0], merge_ids=ids[1:], choices=choices, only=["email"] if alone else [], by=BY, at=LATER
    )
    whole()
    return Event.objects.filter(verb="parties.merged").latest("pk").pk


def whole():
    """No row is with a record that nobody sees, save those that only repeat what the kept one has."""
    merged = set(Party.objects.exclude(merged_into=None).values_list("pk", flat=True))
    for pointer in pointing.POINTERS.values():
        if not pointer.may_stay:
            assert not pointer.rows(merged).exists(), pointer.key
    for model in {pointer.model for pointer in pointing.POINTERS.values()}:
        for row in model._default_manager.all():
            row.validate_constraints()
    for party in Party.objects.filter(merged_into=None):
        first = ContactPoint.objects.filter(party=party, kind="EMAIL", is_primary=True, deleted_at=None)
        assert [point.normalised for point in first] == ([party.email] if party.email else [])
    assert not Party.objects.filter(merged_into__merged_into__isnull=False).exists()


@pytest.mark.slow
class Worlds(TestCase):
    """hypothesis runs each example in a transaction of its own."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(WORLD, st.lists(MERGE, min_size=1, max_size=3), st.randoms(use_true_random=False))
    def test_merging_and_taking_it_back_gives_the_same_world(self, told, merges, random):
        parties = build(told)
        before, done = world(), []
        for one in merges:
            done.append((merge(parties, one), world()))
        for event, _after in reversed([one for one in done if one[0]]):
            undo_event(event_id=event, by=BY, at=LATER)
            whole()
        assert world() == before

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(WORLD, st.lists(MERGE, min_size=2, max_size=3), st.randoms(use_true_random=False))
    def test_taken_apart_in_any_order_everything_is_somewhere_and_whole(self, told, merges, random):
        parties = build(told)
        before = world()
        events = [event for one in merges if (event := merge(parties, one))]
        random.shuffle(events)
        for event in events:
            undo_event(event_id=event, by=BY, at=LATER)
            whole()
        after = world()
        assert not Party.objects.exclude(merged_into=None).exists()
        assert {label: [row["id"] for row in rows] for label, rows in after.items()} == {
            label: [row["id"] for row in rows] for label, rows in before.items()
        }
        for label in ("qualify.Lead", "sell.Opportunity", "sell.Order", "acquire.Touchpoint", "parties.Activity"):
            assert after[label] == before[label], label


pytestmark = pytest.mark.django_db
