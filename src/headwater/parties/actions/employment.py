"""Who works where: the *works for* relationship and the employer repeated on the person."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import F
from django.db.models.functions import Coalesce

from headwater.parties import rules
from headwater.parties.events import OrganisationAdded
from headwater.parties.models import Party, PartyKind, Relationship, RelationshipKind
from headwater.platform.actor import Actor
from headwater.platform.events import record
from headwater.platform.turns import take_turns
from headwater.team import queries as team


def find_or_add_employer(name: str, *, by: Actor, at: datetime) -> int:
    """The company of exactly this name, legal form aside; a new one where there is none."""
    called = " ".join(name.split())
    key = rules.company_key(called)
    take_turns("party", [key])
    known = (
        Party.objects.filter(kind=PartyKind.ORGANISATION, name_key=key, deleted_at=None)
        # One that became part of another is that other one, unless a company of its own has the name.
        .order_by(F("merged_into_id").asc(nulls_first=True), "pk")
        .values_list(Coalesce("merged_into_id", "pk"), flat=True)
        .first()
        if key
        else None
    )
    if known is not None:
        return int(known)
    company = Party.objects.create(
        kind=PartyKind.ORGANISATION, name=called, name_key=key, created_at=at, batch_id=by.batch_id
    )
    record(OrganisationAdded(party_id=company.pk, organisation_id=company.pk, company_id=company.pk), by=by, at=at)
    return company.pk


def follow_employer(person: Party, former_id: int | None, new_id: int | None, *, at: datetime) -> None:
    """Keep the relationships in step with ``Party.employer``: the former one ends today, the new one starts."""
    today = company_day(at)
    jobs = Relationship.objects.filter(from_party=person, kind=RelationshipKind.WORKS_FOR, deleted_at=None)
    if former_id is not None:
        current = jobs.filter(to_party_id=former_id, until_date=None)
        current.filter(from_date=today).update(deleted_at=at)  # it never held for a day: a slip, not a job
        current.update(until_date=today)
    if new_id is None:
        return
    if jobs.filter(to_party_id=new_id, until_date=None).exists():
        return
    if jobs.filter(to_party_id=new_id, until_date=today).update(until_date=None):
        return  # ended today by the edit that is being corrected
    Relationship.objects.create(
        from_party=person,
        to_party_id=new_id,
        kind=RelationshipKind.WORKS_FOR,
        from_date=today if former_id is not None else None,
        created_at=at,
    )


def company_day(at: datetime) -> date:
    """The calendar day of ``at`` where our company is."""
    return at.astimezone(team.company().zone).date()
