"""Ways to reach a party: normalised, one primary of each kind, and none ever lost by setting another."""

from __future__ import annotations

from datetime import datetime

from headwater.parties import rules
from headwater.parties.actions.reach import locked_party, organisation_of
from headwater.parties.events import ContactPointAdded, ContactPointPreferred, ContactPointRemoved
from headwater.parties.models import ContactPoint, ContactPointKind, Party
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row
from headwater.platform.errors import Invalid, NotFound, NotUndoable
from headwater.platform.events import record
from headwater.platform.models import Event
from headwater.platform.translated import gettext
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
    put_primary(party, point.kind, point.value, point.normalised, by=by, at=at)
    column = REPEATED.get(ContactPointKind(point.kind))
    if column:
        _repeat(party, column, point.normalised, by=by, at=at)
    point.refresh_from_db()
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


@undoes(ContactPointPreferred)
@action
def take_back_preference(fact: ContactPointPreferred, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`make_primary`: the one that was used first before is again.

    Raises:
        NotUndoable: one of them was removed since, or another one is used first.
    """
    point = ContactPoint.objects.filter(pk=fact.contact_point_id, deleted_at=None, is_primary=True).first()
    if point is None:
        raise NotUndoable(reason=gettext("it is not the one that is used first any more"))
    party = locked_party(point.party_id, "change", by=by)
    if fact.former_id is not None:
        former = ContactPoint.objects.filter(pk=fact.former_id, party=party, deleted_at=None).first()
        if former is None:
            raise NotUndoable(reason=gettext("the one that was used first before was removed since"))
        make_primary(contact_point_id=former.pk, by=by, at=at)
        return
    point.is_primary = False
    point.save(update_fields=["is_primary"])
    record(_preferred(party, point, None), by=by, at=at)


@undoes(ContactPointRemoved)
@action
def put_back_contact_point(fact: ContactPointRemoved, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`remove_contact_point`."""
    point = ContactPoint.objects.filter(pk=fact.contact_point_id).first()
    if point is None or point.deleted_at is None:
        raise NotUndoable(reason=gettext("it is on the record again already"))
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
    first = ContactPoint.objects.filter(party=party, kind=kind, is_primary=True, deleted_at=None).first()
    ContactPoint.objects.filter(party=party, kind=kind, is_primary=True).exclude(normalised=found).update(
        is_primary=False
    )
    point, created = _put(party, kind, value, found, is_primary=True, at=at)
    if created:
        _record_added(party, point, by=by, at=at)
    elif kind not in REPEATED and (first is None or first.pk != point.pk):  # of the others the party's column tells it
        record(_preferred(party, point, first.pk if first is not None else None), by=by, at=at)
    return point, created


def drop_primary(party: Party, kind: str, *, by: Actor, at: datetime) -> None:
    """The party has no primary one of this kind any more: somebody emptied the field."""
    point = ContactPoint.objects.filter(party=party, kind=kind, is_primary=True, deleted_at=None).first()
    if point is None:
        return
    point.is_primary, point.deleted_at = False, at
    point.save(update_fields=["is_primary", "deleted_at"])
    if kind not in REPEATED:  # of the others the change of the party's column tells it
        fact = ContactPointRemoved(
            party_id=party.pk, organisation_id=organisation_of(party), contact_point_id=point.pk, kind=point.kind,
            value=point.value, was_primary=True,
        )  # fmt: skip
        record(fact, by=by, at=at)


def _preferred(party: Party, point: ContactPoint, former_id: int | None) -> ContactPointPreferred:
    return ContactPointPreferred(
        party_id=party.pk, organisation_id=organisation_of(party), contact_point_id=point.pk, kind=point.kind,
        value=point.value, former_id=former_id,
    )  # fmt: skip


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
    change_row(
        party, {column: value}, row_type=party.noun, by=by, at=at, personal=(column,),
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
