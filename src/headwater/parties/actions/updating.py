"""Bringing what a file says to people and companies we know: many at once, every old value recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from headwater.parties import rules
from headwater.parties.actions.employment import company_day
from headwater.parties.actions.parties import PERSONAL
from headwater.parties.actions.reach import organisation_of
from headwater.parties.actions.writing import LINK_COLUMNS, POINT_COLUMNS, POINT_ROW, WORKS_FOR
from headwater.parties.events import ContactPointAdded, ContactPointRemoved
from headwater.parties.models import ContactPoint, ContactPointKind, Party, Relationship, RelationshipKind
from headwater.platform.actor import Actor
from headwater.platform.batch import gone_by_undo
from headwater.platform.bulk import in_parts, insert_rows, reserve_ids, update_rows
from headwater.platform.changes import split_changes
from headwater.platform.events import Changed, Fact, record_bulk
from headwater.platform.translated import gettext

EMAIL, PHONE, WEBSITE = (
    str(kind) for kind in (ContactPointKind.EMAIL, ContactPointKind.PHONE, ContactPointKind.WEBSITE)
)
REPEATED = {EMAIL: "email", PHONE: "phone"}


@dataclass(slots=True)
class Wanted:
    """What a file says about one party we know; blanks say nothing. ``points`` are new primary contact points.

    ``is_new``: the same file added it, so completing it is no change worth a fact. ``left_out`` is told to whoever
    imports it: what was not stored, and why.
    """

    values: dict[str, Any] = field(default_factory=dict)
    points: dict[str, tuple[str, str]] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    is_new: bool = False
    left_out: list[str] = field(default_factory=list)


def update_parties(wanted: Mapping[int, Wanted], *, by: Actor, at: datetime) -> set[int]:
    """Store what differs and record it with the old values; the parties that changed.

    Other addresses and numbers of a party stay, only another one becomes the primary one.
    """
    changed: set[int] = set()
    facts: list[Fact] = []
    for ids in in_parts(wanted):
        rows = Party.objects.select_for_update().in_bulk(ids)
        _forget_what_was_decided(rows, wanted)
        _leave_what_was_removed(rows, wanted)
        points = _new_points(rows, wanted)
        facts.extend(_store_points(points, by=by, at=at))
        changed |= {party.pk for party, *_ in points}
        altered: set[str] = set()
        moved: list[tuple[Party, int | None]] = []
        for pk, party in rows.items():
            differing = _differing(party, wanted[pk])
            if not differing:
                continue
            changed.add(pk)
            altered |= differing.keys()
            if "employer_id" in differing:
                moved.append((party, party.employer_id))
            if not wanted[pk].is_new:
                facts.append(changed_fact(party, differing))
            for name, new in differing.items():
                setattr(party, name, new)
            party.name_key = (rules.name_key if party.is_person else rules.company_key)(party.name)[:200]
        _write(rows.values(), altered)
        _follow_employers(moved, at=at)
        mark_primary_points([pk for pk in rows if pk in changed])
    record_bulk(facts, by=by, at=[at] * len(facts))
    return changed


def _forget_what_was_decided(rows: Mapping[int, Party], wanted: Mapping[int, Wanted]) -> None:
    """What a record said before it became part of another is no news: somebody chose between the two values then."""
    for was in Party.objects.filter(merged_into__in=list(rows)):
        now = wanted[was.merged_into_id or 0]
        for name in [name for name, value in now.values.items() if getattr(was, name) == value]:
            del now.values[name]
        for kind, column in REPEATED.items():
            if kind in now.points and now.points[kind][1] == getattr(was, column):
                del now.points[kind]
        for key in [key for key, value in now.extra.items() if key in was.extra and was.extra[key] == value]:
            del now.extra[key]


def _leave_what_was_removed(rows: Mapping[int, Party], wanted: Mapping[int, Wanted]) -> None:
    """An address or number that somebody took off the record stays off; what the undo of an import took off is back."""
    removed = ContactPoint.objects.filter(party_id__in=list(rows)).exclude(deleted_at=None)
    named = [p for p in removed if wanted[p.party_id].points.get(p.kind, ("", ""))[1] == p.normalised]
    if not named:
        return
    coming_back = gone_by_undo(POINT_ROW, [point.pk for point in named], ContactPointRemoved.verb)
    for point in named:
        if point.pk not in coming_back:
            value, _ = wanted[point.party_id].points.pop(point.kind)
            wanted[point.party_id].left_out.append(
                gettext("“{value}” was taken off the record by hand and stays off.").format(value=value)
            )


def _differing(party: Party, wanted: Wanted) -> dict[str, Any]:
    values = dict(wanted.values)
    for kind, (_, normalised) in wanted.points.items():
        if kind in REPEATED:
            values[REPEATED[kind]] = normalised
    if wanted.extra:
        values["extra"] = {**party.extra, **wanted.extra}
    return {name: new for name, new in values.items() if getattr(party, name) != new}


def changed_fact(party: Party, differing: Mapping[str, Any]) -> Changed:
    """The fact of an edit, taken before the new values are put on the row."""
    plain, private = split_changes({name: [getattr(party, name), new] for name, new in differing.items()}, PERSONAL)
    spoken = {"extra": gettext("further details")}
    return Changed(
        row_type=party.noun,
        row_id=party.pk,
        names=", ".join(spoken.get(name, name.removesuffix("_id").replace("_", " ")) for name in differing),
        fields=plain,
        personal_fields=private,
        party_id=party.pk,
        organisation_id=organisation_of(party),
    )


def _write(rows: Iterable[Party], altered: set[str]) -> None:
    if altered:
        names = sorted(altered | ({"name_key"} if "name" in altered else set()))
        update_rows(Party, {party.pk: {name: getattr(party, name) for name in names} for party in rows})


# -- contact points

NewPoint = tuple[Party, str, str, str]


def _new_points(rows: Mapping[int, Party], wanted: Mapping[int, Wanted]) -> list[NewPoint]:
    """The contact points of the file that stand on no record yet, or were taken off."""
    asked = [
        (party, kind, value, normalised)
        for pk, party in rows.items()
        for kind, (value, normalised) in wanted[pk].points.items()
    ]
    if not asked:
        return []
    held = set(
        ContactPoint.objects.filter(party_id__in=[party.pk for party, *_ in asked], deleted_at=None).values_list(
            "party_id", "kind", "normalised"
        )
    )
    return [point for point in asked if (point[0].pk, point[1], point[3]) not in held]


def _store_points(points: Sequence[NewPoint], *, by: Actor, at: datetime) -> list[Fact]:
    if not points:
        return []
    removed = {
        (point.party_id, point.kind, point.normalised): point.pk
        for point in ContactPoint.objects.filter(party_id__in=[party.pk for party, *_ in points]).exclude(
            deleted_at=None
        )
    }
    ids = {point: removed.get((point[0].pk, point[1], point[3])) for point in points}
    ContactPoint.objects.filter(pk__in=[pk for pk in ids.values() if pk is not None]).update(deleted_at=None)
    fresh = [point for point in points if ids[point] is None]
    ids.update(zip(fresh, reserve_ids(ContactPoint, len(fresh)), strict=True))
    insert_rows(
        ContactPoint,
        POINT_COLUMNS,
        [
            (ids[point], party.pk, kind, value[:254], normalised, kind == WEBSITE, False, False, False, at, None)
            for point in fresh
            for party, kind, value, normalised in (point,)
        ],
    )
    return [
        ContactPointAdded(
            party_id=party.pk, organisation_id=organisation_of(party), contact_point_id=pk, kind=kind, value=value
        )
        for (party, kind, value, _), pk in ids.items()
        if pk is not None
    ]


def mark_primary_points(party_ids: Sequence[int]) -> None:
    """Make the primary contact points those that stand in the columns of the parties. Three statements."""
    points = ContactPoint.objects.filter(
        party_id__in=party_ids, kind__in=list(REPEATED), deleted_at=None
    ).select_related("party")
    wrong = [p for p in points if p.is_primary != (p.normalised == getattr(p.party, REPEATED[p.kind]))]
    for is_primary in (False, True):
        ids = [point.pk for point in wrong if point.is_primary != is_primary]
        if ids:
            ContactPoint.objects.filter(pk__in=ids).update(is_primary=is_primary)


# -- employers


def _follow_employers(moved: Sequence[tuple[Party, int | None]], *, at: datetime) -> None:
    """End the former jobs on this day and start the new ones; four statements however many people move."""
    if not moved:
        return
    today = company_day(at)
    jobs = Relationship.objects.filter(
        kind=RelationshipKind.WORKS_FOR, from_party__in=[p.pk for p, _ in moved], until_date=None, deleted_at=None
    )
    employers = {party.pk: party.employer_id for party, _ in moved}
    over = [job.pk for job in jobs if job.to_party_id != employers[job.from_party_id]]
    Relationship.objects.filter(pk__in=over).update(until_date=today)
    held = set(jobs.values_list("from_party_id", "to_party_id"))
    begun = [p for p, _ in moved if p.employer_id is not None and (p.pk, p.employer_id) not in held]
    insert_rows(
        Relationship,
        LINK_COLUMNS,
        [
            (pk, party.pk, party.employer_id, WORKS_FOR, "", today, None, "", at, None)
            for pk, party in zip(reserve_ids(Relationship, len(begun)), begun, strict=True)
        ],
    )
