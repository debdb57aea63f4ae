"""Taking back what a file did to people and companies, except what somebody has worked on since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Max, Min, Q

from headwater.parties import rules
from headwater.parties.actions.employment import company_day
from headwater.parties.actions.updating import REPEATED, changed_fact, mark_primary_points
from headwater.parties.events import (
    AccessGranted,
    AccessWithdrawn,
    ContactPointRemoved,
    OrganisationDeleted,
    PersonDeleted,
    RelationshipEnded,
    Tagged,
    Untagged,
)
from headwater.parties.models import ContactPoint, Party, PartyKind, PartyTag, Relationship, RelationshipKind, Tag
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import by_people_since, taken_back
from headwater.platform.bulk import in_parts
from headwater.platform.changes import old_values
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Changed, Fact, record_bulk
from headwater.platform.importer import Kept, UndoResult, UndoStep, undo_at_once
from headwater.platform.models import Event
from headwater.platform.translated import gettext, gettext_lazy

VERB = "parties.person.import"
NOUNS = ("parties.person", "parties.organisation")
WORKED_ON = gettext_lazy("somebody has worked on it since")
MERGED = gettext_lazy("it was merged with another record since")
STILL_NEEDED = gettext_lazy("a person who works there stays")
ACCESS = (AccessGranted.verb, AccessWithdrawn.verb)


@action
def undo_party_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Take back the people and companies a batch added, and what it changed of others.

    What something happened to since stays, and is listed with the reason; what the system did by itself does not
    count. Importing the file again brings back what goes now. Also called for the batches of opportunities and
    orders, after their own undo.

    Raises:
        NotAllowed: the actor may not import, hence not undo an import of, people.
    """
    # What an undo does is part of the batch's story, not work on its parties.
    return undo_at_once(UNDO_PARTIES, batch_id=batch_id, by=by.in_batch(batch_id), at=at)


def _of_batch(batch_id: int, kind: PartyKind) -> list[int]:
    rows = Party.objects.filter(batch_id=batch_id, kind=kind, deleted_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _take(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Delete those of the parties that nobody worked on since and nobody who stays works for."""
    rows = Party.objects.select_for_update().filter(pk__in=ids, batch_id=batch_id, deleted_at=None).order_by("pk")
    worked_on = worked_on_since(ids, batch_id)
    worked_on.update(Party.objects.filter(merged_into__in=ids).values_list("merged_into_id", flat=True))
    needed = set(Party.objects.filter(employer_id__in=ids, deleted_at=None).values_list("employer_id", flat=True))
    going: list[Party] = []
    kept: list[Kept] = []
    for party in rows:
        if party.merged_into_id is not None:
            kept.append(Kept(party.merged_into_id, party.name, MERGED))
        elif party.pk in worked_on or party.pk in needed:
            kept.append(Kept(party.pk, party.name, WORKED_ON if party.pk in worked_on else STILL_NEEDED))
        else:
            going.append(party)
    _delete(going, by=by, at=at)
    return UndoResult(removed=len(going), kept=kept)


def worked_on_since(party_ids: Sequence[int], batch_id: int) -> set[int]:
    """Those of the parties that something happened to after the batch first touched them, other than by itself."""
    found: set[int] = set()
    outside = ~Q(batch_id__in=taken_back() | {batch_id}) | Q(batch_id=None)
    by_itself = Q(actor__startswith="job:", batch_id=None)
    for column in ("party_id", "organisation_id"):
        events = Event.objects.filter(**{f"{column}__in": party_ids})
        since = dict(
            events.filter(batch_id=batch_id).values_list(column).annotate(first=Min("pk")).values_list(column, "first")
        )
        latest = events.filter(outside).exclude(by_itself).values_list(column).annotate(last=Max("pk"))
        found.update(pk for pk, last in latest.values_list(column, "last") if pk in since and last > since[pk])
    return found


def dealt_with_since(party_ids: Sequence[int], batch_id: int, *, nouns: Sequence[str] = ()) -> set[int]:
    """Those of the people and companies with whom somebody dealt since the batch began: a call, a to-do, an edit.

    What happened to leads, opportunities and orders of theirs is no dealing with them; what happened to ``nouns`` is.
    """
    dealings = by_people_since(batch_id).exclude(verb__in=ACCESS)
    dealings = dealings.filter(Q(subject_type__startswith="parties.") | Q(subject_type__in=nouns))
    found: set[int] = set()
    for column in ("party_id", "organisation_id"):
        for part in in_parts(party_ids):
            about = dealings.filter(**{f"{column}__in": part})
            found.update(about.values_list(column, flat=True).distinct())
    return found


def _delete(parties: Sequence[Party], *, by: Actor, at: datetime) -> None:
    Party.objects.filter(pk__in=[party.pk for party in parties]).update(deleted_at=at)
    facts = [
        PersonDeleted(party_id=party.pk, organisation_id=party.employer_id, person_id=party.pk)
        if party.is_person
        else OrganisationDeleted(party_id=party.pk, organisation_id=party.pk, company_id=party.pk)
        for party in parties
    ]
    record_bulk(facts, by=by, at=[at] * len(facts))


def _subjects(batch_id: int, *verbs: str) -> list[int]:
    events = Event.objects.filter(batch_id=batch_id, verb__in=verbs)
    return list(events.order_by("subject_id").values_list("subject_id", flat=True).distinct())


def _remove_links(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Connections the batch made with parties that were here before go again."""
    rows = Relationship.objects.filter(pk__in=ids, until_date=None, deleted_at=None)
    links = [
        link
        for link in rows.select_related("from_party", "to_party")
        if batch_id not in (link.from_party.batch_id, link.to_party.batch_id)
        or link.from_party.batch_id != link.to_party.batch_id
    ]
    Relationship.objects.filter(pk__in=[link.pk for link in links]).update(deleted_at=at)
    unemployed = [
        link.from_party
        for link in links
        if link.kind == RelationshipKind.WORKS_FOR and link.from_party.employer_id == link.to_party_id
    ]
    Party.objects.filter(pk__in=[party.pk for party in unemployed]).update(employer=None)
    facts = [
        RelationshipEnded(
            party_id=link.from_party_id, relationship_id=link.pk, other_id=link.to_party_id, kind=link.kind,
            until_date=company_day(at).isoformat(),
        )
        for link in links
    ]  # fmt: skip
    record_bulk(facts, by=by, at=[at] * len(facts))
    return UndoResult()


def _resume_links(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Connections the batch ended hold again."""
    ended = Relationship.objects.filter(pk__in=ids, deleted_at=None)
    ended.exclude(until_date=None).update(until_date=None)
    return UndoResult()


def _remove_points(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Addresses and numbers the batch added to parties that were here before go again."""
    rows = ContactPoint.objects.filter(pk__in=ids, deleted_at=None).select_related("party")
    points = [point for point in rows if point.party.batch_id != batch_id]
    for kind, column in REPEATED.items():
        # Where it was the first of its kind, no change of the column was recorded.
        first = [p.party_id for p in points if p.kind == kind and p.is_primary]
        told = {pk for pk, fact in _changes(batch_id, first) if column in fact.personal_fields}
        Party.objects.filter(pk__in=[pk for pk in first if pk not in told]).update(**{column: ""})
    ContactPoint.objects.filter(pk__in=[point.pk for point in points]).update(deleted_at=at, is_primary=False)
    facts = [
        ContactPointRemoved(
            party_id=point.party_id, contact_point_id=point.pk, kind=point.kind, value=point.value,
            was_primary=point.is_primary,
        )
        for point in points
    ]  # fmt: skip
    record_bulk(facts, by=by, at=[at] * len(facts))
    return UndoResult()


def _changed(batch_id: int) -> list[int]:
    events = Event.objects.filter(batch_id=batch_id, verb=Changed.verb, subject_type__in=NOUNS)
    return list(events.order_by("subject_id").values_list("subject_id", flat=True).distinct())


def _changes(batch_id: int, ids: Sequence[int]) -> Iterator[tuple[int, Changed]]:
    """The edits the batch made to these people and companies, the newest first."""
    events = Event.objects.filter(
        batch_id=batch_id, verb=Changed.verb, subject_type__in=NOUNS, subject_id__in=list(ids)
    )
    for event in events.select_related("personal").order_by("-pk"):
        personal = event.personal.data if hasattr(event, "personal") else {}
        yield (
            event.subject_id,
            Changed(
                row_type=event.subject_type,
                row_id=event.subject_id,
                names=event.data.get("names", ""),
                fields=event.data.get("fields", {}),
                personal_fields=personal.get("personal_fields", {}),
            ),
        )


def _restore(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Give parties that were here before their old values back, the newest change first."""
    edits = list(_changes(batch_id, ids))
    rows = Party.objects.select_for_update().filter(deleted_at=None).in_bulk({pk for pk, _ in edits})
    restored: dict[int, Party] = {}
    kept: dict[int, Kept] = {}
    altered: set[str] = set()
    facts: list[Fact] = []
    for pk, fact in edits:
        party = rows.get(pk)
        if party is None or party.batch_id == batch_id or pk in kept:
            continue
        try:
            values = old_values(party, fact)
        except NotUndoable as refusal:  # asked before anything was written, so nothing has to be rolled back
            kept[pk] = Kept(pk, party.name, str(refusal.params["reason"]))
            continue
        facts.append(changed_fact(party, values))
        if "employer_id" in values:
            _back_to(party, values["employer_id"], at=at)
        for name, value in values.items():
            setattr(party, name, value)
        party.name_key = (rules.name_key if party.is_person else rules.company_key)(party.name)[:200]
        altered |= values.keys()
        restored[pk] = party
    names = sorted({name.removesuffix("_id") for name in altered} | {"name_key"})
    Party.objects.bulk_update(restored.values(), names, batch_size=200)
    mark_primary_points(sorted(restored))
    record_bulk(facts, by=by, at=[at] * len(facts))
    return UndoResult(restored=len(restored.keys() - kept.keys()), kept=list(kept.values()))


def _back_to(party: Party, employer_id: int | None, *, at: datetime) -> None:
    """Forget the job the batch brought, and let the former one go on."""
    jobs = Relationship.objects.filter(from_party=party, kind=RelationshipKind.WORKS_FOR, deleted_at=None)
    brought = jobs.filter(to_party_id=party.employer_id, until_date=None).order_by("-pk").first()
    if brought is None:
        return
    jobs.filter(pk=brought.pk).update(deleted_at=at)
    if employer_id is not None:
        jobs.filter(to_party_id=employer_id, until_date=brought.from_date).update(until_date=None)


def _tags_put(batch_id: int) -> list[int]:
    """The tags on parties that the batch put there, as far as they are still on."""
    events = Event.objects.filter(batch_id=batch_id, verb=Tagged.verb)
    put = set(events.values_list("party_id", "subject_id"))
    on = PartyTag.objects.filter(tag_id__in={tag_id for _, tag_id in put}).values_list("pk", "party_id", "tag_id")
    return [pk for pk, *pair in on if tuple(pair) in put]


def _take_tags_off(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Tags the batch put on parties come off, except from those that it added and that stay."""
    held = PartyTag.objects.filter(pk__in=ids).exclude(party__batch_id=batch_id, party__deleted_at=None)
    off = list(held.select_related("tag"))
    PartyTag.objects.filter(pk__in=[each.pk for each in off]).delete()
    facts = [Untagged(party_id=each.party_id, tag_id=each.tag_id, tag=each.tag.name) for each in off]
    record_bulk(facts, by=by, at=[at] * len(facts))
    return UndoResult()


def _forget_tags(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Words that are on nobody any more are no tags."""
    unused = Tag.objects.filter(pk__in=ids).exclude(pk__in=PartyTag.objects.filter(tag_id__in=ids).values("tag_id"))
    names = list(unused.order_by("name").values_list("name", flat=True))
    unused.delete()
    return UndoResult(also=[gettext("Tag “{name}”").format(name=name) for name in names])


UNDO_PARTIES = (
    UndoStep(VERB, lambda batch_id: _of_batch(batch_id, PartyKind.PERSON), _take),
    UndoStep(VERB, lambda batch_id: _subjects(batch_id, "parties.related"), _remove_links),
    UndoStep(VERB, lambda batch_id: _subjects(batch_id, "parties.relationship_ended"), _resume_links),
    UndoStep(VERB, lambda batch_id: _subjects(batch_id, "parties.contact_point_added"), _remove_points),
    UndoStep(VERB, _changed, _restore),
    # A company stays while somebody who works there does.
    UndoStep(VERB, lambda batch_id: _of_batch(batch_id, PartyKind.ORGANISATION), _take),
    UndoStep(VERB, _tags_put, _take_tags_off),
    UndoStep(VERB, lambda batch_id: _subjects(batch_id, Tagged.verb), _forget_tags),
)
