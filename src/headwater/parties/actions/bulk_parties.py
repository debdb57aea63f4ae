"""The same step for many people or companies at once: a handful of statements, however many they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from headwater.parties.actions.parties import PERSONAL, about, refuse_open_work, take_back_change
from headwater.parties.actions.reach import locked_parties, organisation_of
from headwater.parties.actions.relationships import tag_of
from headwater.parties.events import (
    OrganisationDeleted,
    OrganisationRestored,
    PersonDeleted,
    PersonRestored,
    Tagged,
    Untagged,
)
from headwater.parties.models import Party, PartyTag
from headwater.parties.pointing import open_work
from headwater.parties.queries.visible import reachable_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.bulk import check_each, insert_rows
from headwater.platform.changes import Edit, change_rows, old_values
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Changed, record_bulk
from headwater.platform.translated import gettext
from headwater.platform.undo import each_of, is_own, told_by_event, undoes_many, undoes_many_changes_of
from headwater.team import queries as team

if TYPE_CHECKING:
    from headwater.platform.models import Event

HOLDERS = frozenset({"owner_id", "team_id"})


@action
def assign_parties(*, ids: Sequence[int], owner_id: int | None, by: Actor, at: datetime) -> int:
    """Give several people or companies to a colleague; their team goes with them. How many changed hands.

    Raises:
        NotAllowed: the actor may not change such records.
        SomeRefused: some are not there, or the actor may not see them.
    """
    parties = locked_parties(ids, "change", by=by)
    owner = team.users_by_ids([owner_id]).get(owner_id) if owner_id is not None else None
    values = {"owner_id": owner_id, "team_id": owner.team_id if owner is not None else None}
    edits = [Edit(party, values, party.noun, party.pk, organisation_of(party)) for party in parties]
    return change_rows(edits, by=by, at=at, personal=PERSONAL)


@undoes_many_changes_of("parties.person", "parties.organisation")
@action
def take_back_changes(found: Sequence[tuple[Changed, Event]], *, by: Actor, at: datetime) -> None:
    """Undo of :func:`assign_parties`; edits of anything else are taken back one by one.

    Raises:
        SomeRefused: some changed again since, by the ids of their events.
    """
    handed_on = {event.pk: fact.row_id for fact, event in found if _is_hand_over(fact)}
    with told_by_event(handed_on):
        parties = {p.pk: p for p in locked_parties(list(handed_on.values()), "change", by=by)}

    def back(fact: Changed, event: Event) -> Edit | None:
        if event.pk not in handed_on:
            take_back_change(fact, event=event, by=by, at=at)
            return None
        party = parties[fact.row_id]
        return Edit(party, old_values(party, fact), party.noun, party.pk, organisation_of(party))

    edits = [edit for edit in each_of(found, back) if edit is not None]
    change_rows(edits, by=by, at=at, personal=PERSONAL)


@action
def tag_parties(*, ids: Sequence[int], tag: str, by: Actor, at: datetime) -> int:
    """Put one word on several parties; how many did not carry it before.

    Raises:
        NotAllowed: the actor may not tag such records.
        SomeRefused: some are not there, or the actor may not see them.
    """
    parties = locked_parties(ids, "tag", by=by)
    word = tag_of(tag)
    held = set(PartyTag.objects.filter(party_id__in=list(ids), tag=word).values_list("party_id", flat=True))
    fresh = [party for party in parties if party.pk not in held]
    insert_rows(PartyTag, ("party_id", "tag_id"), [(party.pk, word.pk) for party in fresh])
    facts = [
        Tagged(party_id=party.pk, organisation_id=organisation_of(party), tag_id=word.pk, tag=word.name)
        for party in fresh
    ]
    record_bulk(facts, by=by, at=[at] * len(facts))
    return len(fresh)


@undoes_many(Tagged)
@action
def take_back_tags(found: Sequence[tuple[Tagged, Event]], *, by: Actor, at: datetime) -> None:
    """Undo of :func:`tag_parties`: the words come off again, where they are still on.

    Raises:
        SomeRefused: some of the parties are out of the actor's sight, by the ids of the events.
    """
    tagged = {event.pk: event.party_id or 0 for _, event in found}
    with told_by_event(tagged):
        parties = {p.pk: p for p in locked_parties(list(tagged.values()), "tag", by=by)}
    tags = {fact.tag_id: fact.tag for fact, _ in found}
    links = PartyTag.objects.filter(tag_id__in=list(tags), party_id__in=list(parties))
    on = {(party_id, tag_id): pk for pk, party_id, tag_id in links.values_list("pk", "party_id", "tag_id")}
    off = {pair: on[pair] for pair in {(tagged[event.pk], fact.tag_id) for fact, event in found} if pair in on}
    PartyTag.objects.filter(pk__in=list(off.values())).delete()
    facts = [
        Untagged(
            party_id=party_id, organisation_id=organisation_of(parties[party_id]), tag_id=tag_id, tag=tags[tag_id]
        )
        for party_id, tag_id in sorted(off)
    ]  # fmt: skip
    record_bulk(facts, by=by, at=[at] * len(facts))


@action
def delete_parties(*, ids: Sequence[int], by: Actor, at: datetime) -> int:
    """Take several people or companies off the lists, all or none; how many.

    Raises:
        NotAllowed: the actor may not delete such records.
        SomeRefused: open work is about some of them, or the actor may not see them.
    """
    parties = locked_parties(ids, "delete", by=by)
    work = open_work([party.pk for party in parties])
    check_each(parties, lambda party: refuse_open_work(party, work), ids=ids)
    Party.objects.filter(pk__in=[party.pk for party in parties]).update(deleted_at=at)
    facts = [about(party, PersonDeleted, OrganisationDeleted) for party in parties]
    record_bulk(facts, by=by, at=[at] * len(facts))
    return len(parties)


@undoes_many(PersonDeleted, OrganisationDeleted)
@action
def bring_back_many(
    found: Sequence[tuple[PersonDeleted | OrganisationDeleted, Event]], *, by: Actor, at: datetime
) -> None:
    """Undo of :func:`delete_parties`; whoever deleted them needs no more than the right to work on them.

    Raises:
        SomeRefused: some are back already, or out of the actor's sight, by the ids of their events.
    """
    events = {event.subject_id: event for _, event in found}
    parties = list(reachable_parties(by).select_for_update().filter(pk__in=list(events)).order_by("pk"))

    def check(party: Party) -> None:
        by.require(f"{party.noun}.{'change' if is_own(events[party.pk], by) else 'delete'}")
        if party.deleted_at is None:
            raise NotUndoable(reason=gettext("it is back already"))

    with told_by_event({event.pk: event.subject_id for _, event in found}):
        check_each(parties, check, ids=list(events))
    Party.objects.filter(pk__in=[party.pk for party in parties]).update(deleted_at=None)
    facts = [about(party, PersonRestored, OrganisationRestored) for party in parties]
    record_bulk(facts, by=by, at=[at] * len(facts))


def _is_hand_over(fact: Changed) -> bool:
    return set(fact.fields or {}) <= HOLDERS and not fact.personal_fields
