"""People and companies entered by hand: whoever is known already is pointed out before anybody is added twice."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, Unpack

from headwater.parties.actions.known import KnownParties, KnownParty
from headwater.parties.actions.matching import PartyDraft, Reading, read_draft, same_person
from headwater.parties.actions.parties import add_organisation, add_person
from headwater.parties.events import MatchProposed
from headwater.parties.models import MatchProposal, Party
from headwater.parties.queries.visible import visible_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import KnownAlready
from headwater.platform.events import record
from headwater.platform.translated import gettext as _
from headwater.team import queries as team


class PersonEntry(TypedDict, total=False):
    """What is entered of a person, as :func:`add_person` takes it."""

    name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    job_title: str
    employer_name: str
    street: str
    postcode: str
    city: str
    country: str
    owner_id: int | None
    is_employee: bool
    is_influence: bool
    note: str


class CompanyEntry(TypedDict, total=False):
    """What is entered of a company besides its name, as :func:`add_organisation` takes it."""

    email: str
    phone: str
    website: str
    sector: str
    employees: int | None
    registration_number: str
    vat_number: str
    street: str
    postcode: str
    city: str
    country: str
    owner_id: int | None
    note: str


@action
def enter_person(*, by: Actor, at: datetime, add_anyway: bool = False, **entry: Unpack[PersonEntry]) -> Party:
    """Add a person by hand, unless the rules of identity say who it is: then the actor decides.

    With ``add_anyway`` it is another person, and the pair waits among the possible duplicates. So does a pair with
    one address and two names, without a question.

    Raises:
        NotAllowed: the actor may not add people.
        Invalid: neither name nor e-mail nor phone, or one that cannot be right.
        KnownAlready: it is somebody we know.
    """
    by.require("parties.person.create")
    reading = _read(
        PartyDraft(
            name=entry.get("name", ""),
            first_name=entry.get("first_name", ""),
            last_name=entry.get("last_name", ""),
            email=entry.get("email", "").strip(),
            phone=entry.get("phone", "").strip(),
            company=entry.get("employer_name", "").strip(),
        )
    )
    known = KnownParties.load([reading], system="", kind_key="")
    company = known.company(reading.company_key, "")
    found, other, reason = same_person(known, reading, company)
    if found is not None and not found.is_deleted:
        if not add_anyway:
            raise _known_already(found, by)
        other, reason = found, _("Known already, added anyway")
    person = add_person(by=by, at=at, **entry)
    _propose(person, other, reason, by=by, at=at)
    return person


@action
def enter_organisation(
    *, by: Actor, at: datetime, name: str, add_anyway: bool = False, **entry: Unpack[CompanyEntry]
) -> Party:
    """Add a company by hand, unless one of this name, legal form aside, is known: then the actor decides.

    With ``add_anyway`` it is another company, and the pair waits among the possible duplicates.

    Raises:
        NotAllowed: the actor may not add companies.
        Invalid: no name, or an address or number that cannot be right.
        KnownAlready: it is a company we know.
    """
    by.require("parties.organisation.create")
    reading = _read(PartyDraft(company=name.strip()))
    found = KnownParties.load([reading], system="", kind_key="").company(reading.company_key, "")
    if found is not None and found.is_deleted:
        found = None
    if found is not None and not add_anyway:
        raise _known_already(found, by)
    company = add_organisation(by=by, at=at, name=name, **entry)
    _propose(company, found, "Same name, added anyway", by=by, at=at)
    return company


def _read(draft: PartyDraft) -> Reading:
    return read_draft(draft, region=team.company().country)


def _known_already(found: KnownParty, by: Actor) -> KnownAlready:
    """Which record it is; of one out of the actor's sight only whom to ask."""
    party = visible_parties(by).filter(pk=found.id).select_related("employer").first()
    if party is not None:
        title = f"{party.name}, {party.employer.name}" if party.employer is not None else party.name
        slug = "people" if party.is_person else "organisations"
        return KnownAlready(_("Known already: {title}.").format(title=title), slug=slug, pk=party.pk, title=title)
    hidden = Party.objects.select_related("owner", "team").get(pk=found.id)
    whom = hidden.owner or hidden.team
    return KnownAlready(
        _("Known already, but not open to you. Ask {name}.").format(name=whom.name if whom is not None else "your head")
    )


def _propose(party: Party, other: KnownParty | None, reason: str, *, by: Actor, at: datetime) -> None:
    """Let somebody look at the two later, and join them if they are one."""
    if other is None or other.is_deleted:
        return
    MatchProposal.objects.create(party=party, other_id=other.id, reason=reason, created_at=at)
    record(MatchProposed(party_id=party.pk, other_id=other.id, reason=reason), by=by, at=at)
