"""Ways to reach a party: normalised, one primary of each kind, and none ever lost by setting another."""

from __future__ import annotations

from datetime import datetime

from headwater.parties import rules
from headwater.parties.actions.reach import locked_party, organisation_of
from headwater.parties.events import ContactPointAdded, ContactPointRemoved
from headwater.parties.models import ContactPoint, ContactPointKind, Party
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row
from headwater.platform.errors import Invalid, NotFound, NotUndoable
from headwater.platform.events import record
from headwater.platform.models import Event
from headwater.platform.undo import undoes
from headwater.team import queries as team

# Kinds whose primary one is repeated in a column of the party, because every list shows it.
REPEATED = {ContactPointKind.EMAIL: "email", ContactPointKind.PHONE: "phone"}


def normalised(kind: str, value: str, *, field: str) -> str:
    """The form of a contact point to compare: lower-case address, E.164 number read in our own country.

    Raises:
        Invalid: it cannot be one; told beside ``field``.
    """
    try:
        match kind:
            case ContactPointKind.EMAIL:
                return rules.normalise_email(value)
            case ContactPointKind.PHONE:
                return rules.normalise_phone(value, team.company().country or None)
            case ContactPointKind.WEBSITE:
                return rules.normalise_website(value)
            case _:
                return value.strip().casefold()
    except rules.BadContact as error:
        raise Invalid({field: [str(error)]}) from None


@action
def add_contact_point(
    *, party_id: int, kind: str, value: str, by: Actor, at: datetime, is_primary: bool = False
) -> ContactPoint:
    """Write down one more way to reach a party; the first of its kind is the primary one.

    Raises:
        Invalid: not a value of that kind.
    """
    party = locked_party(party_id, "change", by=by)
    found = normalised(kind, value, field="value")
    first = not ContactPoint.objects.filter(party=party, kind=kind, deleted_at=None).exists()
    if is_primary or first:
        column = REPEATED.get(ContactPointKind(kind))
        point, _ = put_primary(party, kind, value, found, by=by, at=at)
        if column:
            _repeat(party, column, found, by=by, at=at)
        return point
    point, created = _put(party, kind, value, found, is_primary=False, at=at)
    if created:
        _record_added(party, point, by=by, at=at)
    return point


@action
def make_primary(*, contact_point_id: int, by: Actor, at: datetime, party_id: int | None = None) -> ContactPoint:
    """Use this one of a party's addresses or numbers first; the others stay."""
    point = _point(contact_point_id, party_id)
    party = locked_party(point.party_id, "change", by=by)
    ContactPoint.objects.filter(party=party, kind=point.kind, is_primary=True).update(is_primary=False)
    point.is_primary = True
    point.save(update_fields=["is_primary"])
    column = REPEATED.get(ContactPointKind(point.kind))
    if column:
        _repeat(party, column, point.normalised, by=by, at=at)
    else:
        _record_added(party, point, by=by, at=at)
    return point


@action
def remove_contact_point(
    *, contact_point_id: int, by: Actor, at: datetime, party_id: int | None = None
) -> ContactPoint:
    """Take an address or number off a party's record; if it was the primary one, the oldest left takes its place."""
    point = _point(contact_point_id, party_id)
    party = locked_party(point.party_id, "change", by=by)
    was_primary = point.is_primary
    point.deleted_at, point.is_primary = at, False
    point.save(update_fields=["deleted_at", "is_primary"])
    record(
        ContactPointRemoved(
            party_id=party.pk,
            organisation_id=organisation_of(party),
            contact_point_id=point.pk,
            kind=point.kind,
            value=point.value,
            was_primary=was_primary,
        ),
        by=by,
        at=at,
    )
    if was_primary:
        _promote_next(party, point.kind)
    return point


@undoes(ContactPointAdded)
@action
def take_back_contact_point(fact: ContactPointAdded, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`add_contact_point`."""
    remove_contact_point(contact_point_id=fact.contact_point_id, by=by, at=at)


@undoes(ContactPointRemoved)
@action
def put_back_contact_point(fact: ContactPointRemoved, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`remove_contact_point`."""
    point = ContactPoint.objects.filter(pk=fact.contact_point_id).first()
    if point is None or point.deleted_at is None:
        raise NotUndoable(reason="it is on the record again already")
    party = locked_party(point.party_id, "change", by=by)
    if fact.was_primary:
        put_primary(party, point.kind, point.value, point.normalised, by=by, at=at)
        column = REPEATED.get(ContactPointKind(point.kind))
        if column:
            _store_repeated(party, column, point.normalised)
    else:
        point.deleted_at = None
        point.save(update_fields=["deleted_at"])
        _record_added(party, point, by=by, at=at)


def put_primary(
    party: Party, kind: str, value: str, found: str, *, by: Actor, at: datetime
) -> tuple[ContactPoint, bool]:
    """Make ``value`` the primary one of its kind; whether it is new to the party. The others stay."""
    ContactPoint.objects.filter(party=party, kind=kind, is_primary=True).exclude(normalised=found).update(
        is_primary=False
    )
    point, created = _put(party, kind, value, found, is_primary=True, at=at)
    if created:
        _record_added(party, point, by=by, at=at)
    return point, created


def drop_primary(party: Party, kind: str, *, at: datetime) -> None:
    """The party has no primary one of this kind any more: somebody emptied the field."""
    ContactPoint.objects.filter(party=party, kind=kind, is_primary=True, deleted_at=None).update(
        is_primary=False, deleted_at=at
    )


def _put(
    party: Party, kind: str, value: str, found: str, *, is_primary: bool, at: datetime
) -> tuple[ContactPoint, bool]:
    point = ContactPoint.objects.filter(party=party, kind=kind, normalised=found).first()
    if point is None:
        return (
            ContactPoint.objects.create(
                party=party, kind=kind, value=value.strip(), normalised=found, is_primary=is_primary, created_at=at
            ),
            True,
        )
    revived = point.deleted_at is not None
    point.deleted_at, point.is_primary = None, point.is_primary or is_primary
    point.save(update_fields=["deleted_at", "is_primary"])
    return point, revived


def _promote_next(party: Party, kind: str) -> None:
    point = ContactPoint.objects.filter(party=party, kind=kind, deleted_at=None).order_by("pk").first()
    if point is not None:
        point.is_primary = True
        point.save(update_fields=["is_primary"])
    column = REPEATED.get(ContactPointKind(kind))
    if column:
        _store_repeated(party, column, point.normalised if point is not None else "")


def _store_repeated(party: Party, column: str, value: str) -> None:
    setattr(party, column, value)
    party.save(update_fields=[column])


def _repeat(party: Party, column: str, value: str, *, by: Actor, at: datetime) -> None:
    row_type = "parties.person" if party.is_person else "parties.organisation"
    change_row(
        party, {column: value}, row_type=row_type, by=by, at=at, personal=(column,),
        party_id=party.pk, organisation_id=organisation_of(party),
    )  # fmt: skip


def _record_added(party: Party, point: ContactPoint, *, by: Actor, at: datetime) -> None:
    record(
        ContactPointAdded(
            party_id=party.pk,
            organisation_id=organisation_of(party),
            contact_point_id=point.pk,
            kind=point.kind,
            value=point.value,
        ),
        by=by,
        at=at,
    )


def _point(contact_point_id: int, party_id: int | None) -> ContactPoint:
    point = ContactPoint.objects.filter(pk=contact_point_id, deleted_at=None).first()
    if point is None or party_id not in (None, point.party_id):
        raise NotFound()
    return point
