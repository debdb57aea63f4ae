"""Adding, changing, deleting and restoring people and companies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from headwater.parties import rules
from headwater.parties.actions.contact_points import REPEATED, drop_primary, normalised, put_primary
from headwater.parties.actions.employment import find_or_add_employer, follow_employer
from headwater.parties.actions.reach import locked_party, organisation_of
from headwater.parties.events import (
    OrganisationAdded,
    OrganisationDeleted,
    OrganisationRestored,
    PersonAdded,
    PersonDeleted,
    PersonRestored,
)
from headwater.parties.models import ContactPoint, ContactPointKind, Party, PartyKind
from headwater.parties.pointing import open_work
from headwater.parties.queries.visible import reachable_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import Conflict, Invalid, NotFound, NotUndoable
from headwater.platform.events import Changed, Fact, record
from headwater.platform.models import Event
from headwater.platform.translated import gettext as _
from headwater.platform.undo import is_own, undoes, undoes_changes_of
from headwater.team import queries as team

LONGEST_NAME = 200
PERSONAL = frozenset(
    {
        "name", "first_name", "last_name", "email", "phone", "job_title", "street", "postcode", "city", "vat_number",
        "extra",
    }
)  # fmt: skip


class PartyValues(TypedDict, total=False):
    """What can be changed of a party; what is not named stays. A website is stored as a contact point.

    ``employer_name`` finds the company by its exact name, or adds it; empty, the person works for nobody we know.
    """

    name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    website: str
    job_title: str
    employer_id: int | None
    employer_name: str
    sector: str
    employees: int | None
    registration_number: str
    vat_number: str
    street: str
    postcode: str
    city: str
    country: str
    owner_id: int | None
    team_id: int | None
    is_employee: bool
    is_influence: bool


@action
def add_person(
    *,
    by: Actor,
    at: datetime,
    name: str = "",
    first_name: str = "",
    last_name: str = "",
    email: str = "",
    phone: str = "",
    job_title: str = "",
    employer_id: int | None = None,
    employer_name: str = "",
    street: str = "",
    postcode: str = "",
    city: str = "",
    country: str = "",
    owner_id: int | None = None,
    team_id: int | None = None,
    is_employee: bool = False,
    is_influence: bool = False,
    note: str = "",
) -> Party:
    """Write down a person. ``employer_name`` finds the company by its exact name, or adds it.

    Without a name the e-mail address or number stands for it.

    Raises:
        NotAllowed: the actor may not add people.
        Invalid: neither name nor e-mail nor phone, or one that cannot be right.
    """
    by.require("parties.person.create")
    address = normalised(ContactPointKind.EMAIL, email, field="email") if email.strip() else ""
    number = normalised(ContactPointKind.PHONE, phone, field="phone") if phone.strip() else ""
    names = _person_names(name, first_name, last_name)
    if not names["name"]:
        names["name"] = address or number
    if not names["name"]:
        raise Invalid({"name": [_("Give a name, an e-mail address or a phone number.")]})
    _check_length(names)
    if employer_id is None and employer_name.strip():
        employer_id = find_or_add_employer(employer_name, by=by, at=at)
    elif employer_id is not None:
        _require_employer(employer_id)
    party = Party.objects.create(
        kind=PartyKind.PERSON, **names, name_key=rules.name_key(names["name"]), job_title=job_title.strip(),
        employer_id=employer_id, email=address, phone=number, street=street, postcode=postcode, city=city,
        country=country, owner_id=owner_id, team_id=_team(owner_id, team_id), is_employee=is_employee,
        is_influence=is_influence, created_at=at, batch_id=by.batch_id,
    )  # fmt: skip
    _first_points(party, {ContactPointKind.EMAIL: (email, address), ContactPointKind.PHONE: (phone, number)}, at=at)
    if employer_id is not None:
        follow_employer(party, None, employer_id, at=at)
    record(PersonAdded(party_id=party.pk, organisation_id=employer_id, person_id=party.pk), by=by, at=at)
    _first_note(party, note, by=by, at=at)
    return party


@action
def add_organisation(
    *,
    by: Actor,
    at: datetime,
    name: str,
    email: str = "",
    phone: str = "",
    website: str = "",
    sector: str = "",
    employees: int | None = None,
    registration_number: str = "",
    vat_number: str = "",
    street: str = "",
    postcode: str = "",
    city: str = "",
    country: str = "",
    owner_id: int | None = None,
    team_id: int | None = None,
    note: str = "",
) -> Party:
    """Write down a company or other organisation.

    Raises:
        NotAllowed: the actor may not add companies.
        Invalid: no name, or an address or number that cannot be right.
    """
    by.require("parties.organisation.create")
    called = " ".join(name.split())
    if not called:
        raise Invalid({"name": [_("Give the company's name.")]})
    points = {
        kind: (value, normalised(kind, value, field=field) if value.strip() else "")
        for kind, field, value in (
            (ContactPointKind.EMAIL, "email", email),
            (ContactPointKind.PHONE, "phone", phone),
            (ContactPointKind.WEBSITE, "website", website),
        )
    }
    party = Party.objects.create(
        kind=PartyKind.ORGANISATION, name=called, name_key=rules.company_key(called), sector=sector.strip(),
        employees=employees, registration_number=registration_number, vat_number=vat_number,
        email=points[ContactPointKind.EMAIL][1], phone=points[ContactPointKind.PHONE][1], street=street,
        postcode=postcode, city=city, country=country, owner_id=owner_id, team_id=_team(owner_id, team_id),
        created_at=at, batch_id=by.batch_id,
    )  # fmt: skip
    _first_points(party, points, at=at)
    record(OrganisationAdded(party_id=party.pk, organisation_id=party.pk, company_id=party.pk), by=by, at=at)
    _first_note(party, note, by=by, at=at)
    return party


@action
def change_party(*, party_id: int, by: Actor, at: datetime, **values: Unpack[PartyValues]) -> Party:
    """Correct or complete what is known of a person or company.

    A new primary e-mail or phone leaves the others on the record; another employer ends the work for the former
    one on that day. The team follows the owner unless it is given too.

    Raises:
        NotFound: there is no such party, or the actor may not see it.
        NotAllowed: the actor may not change it.
        Invalid: a value that cannot be right.
    """
    party = locked_party(party_id, "change", by=by)
    _change(party, dict(values), by=by, at=at)
    return party


@undoes_changes_of("parties.person")
@undoes_changes_of("parties.organisation")
@action
def take_back_change(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`change_party`: the old values again, if nobody changed them since."""
    party = locked_party(fact.row_id, "change", by=by)
    before = old_values(party, fact)
    # What this very edit brought in goes again; addresses that were there before stay.
    for kind, column in REPEATED.items():
        if column in before:
            ContactPoint.objects.filter(
                party=party, kind=kind, normalised=getattr(party, column), created_at=event.occurred_at
            ).update(deleted_at=at, is_primary=False)
    _change(party, before, by=by, at=at)


@action
def delete_party(*, party_id: int, by: Actor, at: datetime) -> Party:
    """Take a person or company off the lists of people and companies. Nothing is erased; undo brings it back.

    What was done with them stays in leads, opportunities, orders and numbers.

    Raises:
        Conflict: a lead or opportunity about them is open.
    """
    party = locked_party(party_id, "delete", by=by)
    refuse_open_work(party, open_work([party.pk]))
    _delete(party, by=by, at=at)
    return party


def refuse_open_work(party: Party, work: Mapping[int, Sequence[str]]) -> None:
    """Refuse to delete whom open leads or opportunities are about."""
    if party.pk in work:
        words = ", ".join(work[party.pk])
        raise Conflict(
            _("There is open work about {name}: {words}. Close it first, then delete.").format(
                name=party.name, words=words
            )
        )


@action
def restore_party(*, party_id: int, by: Actor, at: datetime) -> Party:
    """Bring a deleted person or company back on the lists.

    Raises:
        NotFound: there is no such party, or the actor may not see it.
        NotAllowed: the actor may not delete, hence not restore it.
        NotUndoable: it is not deleted.
    """
    return _restore(party_id, "delete", by=by, at=at)


def _restore(party_id: int, verb: str, *, by: Actor, at: datetime) -> Party:
    party = reachable_parties(by).select_for_update().filter(pk=party_id).first()
    if party is None:
        raise NotFound()
    by.require(f"{party.noun}.{verb}")
    if party.deleted_at is None:
        raise NotUndoable(reason=_("it is back already"))
    party.deleted_at = None
    party.save(update_fields=["deleted_at"])
    record(about(party, PersonRestored, OrganisationRestored), by=by, at=at)
    return party


@undoes(PersonDeleted, OrganisationDeleted)
@action
def bring_back(fact: PersonDeleted | OrganisationDeleted, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of :func:`delete_party`; whoever deleted it themselves needs no more than the right to work on it."""
    _restore(event.subject_id, "change" if is_own(event, by) else "delete", by=by, at=at)


@undoes(PersonAdded, OrganisationAdded, PersonRestored, OrganisationRestored)
@action
def take_back_party(fact: Fact, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of adding a party: it is deleted again, unless something happened with it since.

    Raises:
        NotAllowed: somebody else added it, and the actor may not delete such records.
        NotUndoable: somebody worked on it since.
    """
    added_it = isinstance(fact, (PersonAdded, OrganisationAdded)) and is_own(event, by)
    party = locked_party(event.subject_id, "create" if added_it else "delete", by=by)
    later = Event.objects.filter(party_id=party.pk, pk__gt=event.pk).exclude(request_id=event.request_id)
    if later.exists():
        raise NotUndoable(reason=_("something happened with this record since; delete it instead"))
    _delete(party, by=by, at=at)


def _delete(party: Party, *, by: Actor, at: datetime) -> None:
    party.deleted_at = at
    party.save(update_fields=["deleted_at"])
    record(about(party, PersonDeleted, OrganisationDeleted), by=by, at=at)


def about(
    party: Party,
    person: type[PersonDeleted] | type[PersonRestored],
    company: type[OrganisationDeleted] | type[OrganisationRestored],
) -> Fact:
    """The fact about a person or a company, whichever it is."""
    if party.kind == PartyKind.PERSON:
        return person(party_id=party.pk, organisation_id=party.employer_id, person_id=party.pk)
    return company(party_id=party.pk, organisation_id=party.pk, company_id=party.pk)


def _change(party: Party, values: dict[str, Any], *, by: Actor, at: datetime) -> None:
    _tidy_names(party, values)
    _name_employer(party, values, by=by, at=at)
    _check_employer(party, values)
    if "owner_id" in values and "team_id" not in values:
        values["team_id"] = _team(values["owner_id"], None)
    _change_points(party, values, by=by, at=at)
    former = party.employer_id
    change_row(
        party, values, row_type=party.noun, by=by, at=at, personal=PERSONAL,
        party_id=party.pk, organisation_id=organisation_of(party),
    )  # fmt: skip
    if party.employer_id != former:
        follow_employer(party, former, party.employer_id, at=at)
    key = rules.name_key(party.name) if party.is_person else rules.company_key(party.name)
    if key != party.name_key:
        party.name_key = key
        party.save(update_fields=["name_key"])


def _tidy_names(party: Party, values: dict[str, Any]) -> None:
    for field in ("name", "first_name", "last_name"):
        if field in values:
            values[field] = " ".join(str(values[field]).split())
    if party.is_person and {"first_name", "last_name"} & set(values) and "name" not in values:
        first, last = values.get("first_name", party.first_name), values.get("last_name", party.last_name)
        # The whole name may hold more than its parts, such as a title: it stays while the parts do.
        if (first or last) and (first, last) != (party.first_name, party.last_name):
            values["name"] = f"{first} {last}".strip()
    elif party.is_person and values.get("name", party.name) != party.name and "last_name" not in values:
        parts = rules.split_name(values["name"])
        values["first_name"], values["last_name"] = parts.first, parts.last
    _check_length(values)
    if values.get("name", party.name) == "":
        raise Invalid({"name": [_("A name is needed to find the record again.")]})


def _name_employer(party: Party, values: dict[str, Any], *, by: Actor, at: datetime) -> None:
    if "employer_name" not in values:
        return
    name = " ".join(str(values.pop("employer_name")).split())
    if not name:
        values["employer_id"] = None
    elif party.employer is None or party.employer.name != name:
        values["employer_id"] = find_or_add_employer(name, by=by, at=at)


def _check_employer(party: Party, values: dict[str, Any]) -> None:
    employer_id = values.get("employer_id")
    if employer_id is None:
        return
    if not party.is_person:
        raise Invalid({"employer_id": [_("A company works for nobody; connect it as part of its parent instead.")]})
    if employer_id != party.employer_id:
        _require_employer(employer_id)


def _require_employer(employer_id: int) -> None:
    if not Party.objects.filter(pk=employer_id, kind=PartyKind.ORGANISATION, deleted_at=None).exists():
        raise Invalid({"employer_id": [_("There is no such company.")]})


def _change_points(party: Party, values: dict[str, Any], *, by: Actor, at: datetime) -> None:
    """Store new primary contact points; replaces the values by their normalised form for the row."""
    website = values.pop("website", None)
    for kind, column in REPEATED.items():
        if column not in values:
            continue
        value = str(values[column]).strip()
        if not value:
            drop_primary(party, kind, by=by, at=at)
            values[column] = ""
            continue
        found = normalised(kind, value, field=column)
        if found != getattr(party, column):
            put_quietly(party, kind, value, found, at=at)
        values[column] = found
    if website is not None:
        if website.strip():
            found = normalised(ContactPointKind.WEBSITE, website, field="website")
            put_primary(party, ContactPointKind.WEBSITE, website, found, by=by, at=at)
        else:
            drop_primary(party, ContactPointKind.WEBSITE, by=by, at=at)


def put_quietly(party: Party, kind: str, value: str, found: str, *, at: datetime) -> None:
    """Make a contact point primary without a fact of its own: the change of the party's column tells it."""
    ContactPoint.objects.filter(party=party, kind=kind, is_primary=True).update(is_primary=False)
    updated = ContactPoint.objects.filter(party=party, kind=kind, normalised=found).update(
        is_primary=True, deleted_at=None
    )
    if not updated:
        ContactPoint.objects.create(
            party=party, kind=kind, value=value, normalised=found, is_primary=True, created_at=at
        )


def _first_points(party: Party, points: dict[ContactPointKind, tuple[str, str]], *, at: datetime) -> None:
    ContactPoint.objects.bulk_create(
        [
            ContactPoint(party=party, kind=kind, value=value.strip(), normalised=found, is_primary=True, created_at=at)
            for kind, (value, found) in points.items()
            if found
        ]
    )


def _person_names(name: str, first: str, last: str) -> dict[str, str]:
    first, last, called = " ".join(first.split()), " ".join(last.split()), " ".join(name.split())
    if not called:
        return {"name": f"{first} {last}".strip(), "first_name": first, "last_name": last}
    if not first and not last:
        parts = rules.split_name(called)
        first, last = parts.first, parts.last
    return {"name": called, "first_name": first, "last_name": last}


def _check_length(values: Mapping[str, Any]) -> None:
    if len(values.get("name", "")) > LONGEST_NAME:
        raise Invalid(
            {
                "last_name": [
                    _("First and last name together have at most {longest_name} characters.").format(
                        longest_name=LONGEST_NAME
                    )
                ]
            }
        )


def _team(owner_id: int | None, team_id: int | None) -> int | None:
    if team_id is not None or owner_id is None:
        return team_id
    owner = team.users_by_ids([owner_id]).get(owner_id)
    return owner.team_id if owner is not None else None


def _first_note(party: Party, note: str, *, by: Actor, at: datetime) -> None:
    if note.strip():
        from headwater.parties.actions.activities import log_activity

        log_activity(party_id=party.pk, kind="NOTE", subject=note.strip()[:200], body=note.strip(), by=by, at=at)
