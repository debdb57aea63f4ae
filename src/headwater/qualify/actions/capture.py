"""Taking a lead in by hand, correcting its details, deleting and restoring it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, cast

from headwater.acquire import queries as acquire
from headwater.acquire.actions import TouchpointDraft, record_touchpoints
from headwater.acquire.rules import arrival_kind
from headwater.parties.actions.access import withdraw_access
from headwater.parties.actions.activities import log_activity
from headwater.parties.actions.matching import PartyDraft, match_parties
from headwater.parties.queries.visible import out_of_sight, owners_of, visible_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row
from headwater.platform.errors import Conflict, Invalid, NotFound
from headwater.platform.events import record
from headwater.platform.importer import Batch
from headwater.platform.spans import begin_span
from headwater.platform.translated import gettext as _
from headwater.qualify import queries, rules
from headwater.qualify.actions.steps import (
    PERSONAL,
    ROW,
    grant_reason,
    keep_in_line,
    locked,
    parties_of,
    require,
)
from headwater.qualify.events import LeadCaptured, LeadDeleted, LeadRestored
from headwater.qualify.models import Exit, Interest, Lead, Stage
from headwater.team import queries as team

if TYPE_CHECKING:
    from headwater.team.models import Company


class LeadValues(TypedDict, total=False):
    """What can be corrected on a lead; what is not named stays."""

    title: str
    interest: str
    amount: Decimal | None
    currency: str
    source_id: int | None
    campaign_id: int | None
    referrer_id: int | None
    arrived_at: datetime | None


class WhoAsks(TypedDict, total=False):
    """Who asks, where it is not a party that is known already."""

    name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    job_title: str
    company: str
    city: str
    country: str


@action
def capture_lead(
    *,
    by: Actor,
    at: datetime,
    party_id: int | None = None,
    interest: str = Interest.ENQUIRY,
    title: str = "",
    amount: Decimal | None = None,
    currency: str = "",
    source_id: int | None = None,
    campaign_id: int | None = None,
    referrer_id: int | None = None,
    owner_id: int | None = None,
    arrived_at: datetime | None = None,
    note: str = "",
    **who: Unpack[WhoAsks],
) -> Lead:
    """Take in a lead: who asks is found among those we know or added, and the answer clock starts.

    Without ``party_id`` the person and company are found by the rules of identity. Without an owner the lead
    waits in the pool. It arrived now, unless said otherwise. A lead about a customer whom the actor does not see
    goes to whoever looks after that customer, and opens nothing: naming somebody is no way to their record.

    Raises:
        NotAllowed: the actor may not add leads, or not give them to this colleague.
        Invalid: nobody is named, or a value that cannot be right.
        NotFound: the actor does not see such a party, source or campaign.
    """
    by.require("qualify.lead.create")
    moment = arrived_at or at
    _check(interest=interest, arrived_at=moment, amount=amount, at=at)
    channel = _check_source(source_id, campaign_id, by)
    _check_referrer(referrer_id, by)
    owner_values = _owner(owner_id, by)
    company = team.company()
    person_id, organisation_id, may_hold = _who(party_id, who, company, by=by, at=at)
    if not may_hold:
        owner_values = _caretaker([person_id, organisation_id])
    due = rules.answer_due(moment, queries.office_hours(company), minutes=company.answer_minutes)
    lead = Lead.objects.create(
        party_id=person_id, organisation_id=organisation_id, referrer_id=referrer_id, source_id=source_id,
        campaign_id=campaign_id, title=title.strip(), interest=interest, amount=amount,
        currency=rules.currency_kept(currency, own=company.currency, amount=amount), stage=Stage.NEW,
        stage_since=moment, arrived_at=moment, answer_due_at=due, created_at=at, batch_id=by.batch_id,
    )  # fmt: skip
    begin_span(ROW, lead.pk, "stage", Stage.NEW, at=moment)
    _give(lead, owner_values, by=by, at=at)
    touch = TouchpointDraft(
        lead.party_id, organisation_id, arrival_kind(interest, channel), source_id, campaign_id, False, moment,
        note=lead.title,
    )  # fmt: skip
    record_touchpoints([touch], by=by, at=at)
    record(_captured(lead), by=by, at=moment)
    words = "\n".join(filter(None, [note.strip(), _left_over(lead, who)]))
    if words:
        # What somebody says about their lead is kept, whoever's customer it turned out to be.
        teller = by.seeing_all()
        log_activity(party_id=lead.party_id, kind="NOTE", subject=lead.title or "Note", body=words, by=teller, at=at)
    return lead


@action
def change_lead(*, lead_id: int, by: Actor, at: datetime, **values: Unpack[LeadValues]) -> Lead:
    """Correct or complete a lead's details; its stage, owner and exit have actions of their own.

    Raises:
        NotAllowed: the actor may not change this lead.
        Invalid: a value that cannot be right.
        NotFound: there is no such source, campaign or referrer.
    """
    lead = locked(lead_id)
    require(by, "change", lead)
    new: dict[str, Any] = dict(values)
    if "title" in new:
        new["title"] = str(new["title"]).strip()
    amount = new.get("amount", lead.amount)
    _check(
        interest=new.get("interest", lead.interest),
        arrived_at=new.get("arrived_at", lead.arrived_at),
        amount=amount,
        at=at,
    )
    _check_source(new.get("source_id"), new.get("campaign_id"), by)
    _check_referrer(new.get("referrer_id"), by)
    if {"amount", "currency"} & new.keys():
        said = new.get("currency") or lead.currency
        new["currency"] = rules.currency_kept(said, own=team.company().currency, amount=amount)
    change_row(
        lead, new, row_type=ROW, by=by, at=at, personal=PERSONAL,
        party_id=lead.party_id, organisation_id=lead.organisation_id,
    )  # fmt: skip
    return lead


@action
def delete_lead(*, lead_id: int, by: Actor, at: datetime) -> Lead:
    """Take a lead off the lists and out of the numbers; it can be restored.

    Raises:
        NotAllowed: the actor may not delete this lead.
        Conflict: an opportunity came of it.
    """
    lead = locked(lead_id)
    require(by, "delete", lead)
    remove(lead, by=by, at=at)
    return lead


@action
def restore_lead(*, lead_id: int, by: Actor, at: datetime) -> Lead:
    """Bring a deleted lead back where it was.

    Raises:
        NotAllowed: the actor may not delete, hence not restore, this lead.
    """
    lead = Lead.objects.select_for_update().filter(pk=lead_id).first()
    if lead is None:
        raise NotFound()
    require(by, "delete", lead)
    if lead.deleted_at is not None:
        lead.deleted_at = None
        lead.save(update_fields=["deleted_at"])
        keep_in_line(lead, {"owner_id": [None, lead.owner_id]}, by=by, at=at)
        fact = LeadRestored(lead_id=lead.pk, party_id=lead.party_id, organisation_id=lead.organisation_id)
        record(fact, by=by, at=at)
    return lead


def remove(lead: Lead, *, by: Actor, at: datetime) -> None:
    """Delete a lead whose right to be deleted was checked."""
    if lead.exit == Exit.CONVERTED:
        raise Conflict(_("An opportunity came of this lead. Take that back first."))
    lead.deleted_at = at
    lead.save(update_fields=["deleted_at"])
    withdraw_access(party_ids=parties_of(lead), reason=grant_reason(lead.pk), by=by, at=at)
    fact = LeadDeleted(lead_id=lead.pk, party_id=lead.party_id, organisation_id=lead.organisation_id)
    record(fact, by=by, at=at)


def _who(
    party_id: int | None, who: WhoAsks, company: Company, *, by: Actor, at: datetime
) -> tuple[int, int | None, bool]:
    """The person and company that ask, and whether the actor may hold a lead about them.

    Whoever asks has to be in the actor's sight. Somebody who is new belongs to their company: where that is out of
    sight, so is the lead.
    """
    if party_id is not None:
        party = visible_parties(by).filter(pk=party_id).first()
        if party is None:
            raise NotFound()
        return party.pk, party.employer_id if party.is_person else party.pk, True
    # A capture by hand belongs to no batch; the rules of identity are the same as for a file.
    batch = Batch(
        id=cast(int, by.batch_id), system="", zone=company.time_zone, currency=company.currency, region=company.country
    )
    match = match_parties([PartyDraft(**who)], batch=batch, kind_key=ROW, by=by, at=at)[0]
    if match.party_id is None:
        field = "email" if who.get("email") else "name"
        raise Invalid(
            {field: match.errors or [_("Say who asks: a name, an e-mail address, a phone number or a company.")]}
        )
    asked = [match.party_id, match.organisation_id] if match.created_person else [match.party_id]
    return match.party_id, match.organisation_id, not out_of_sight(by, asked)


def _left_over(lead: Lead, who: WhoAsks) -> str:
    """What was said of who asks and found no place: somebody known keeps the job title they have."""
    job_title = who.get("job_title", "").strip()
    if not job_title or job_title == lead.party.job_title:
        return ""
    return ": ".join((_("Job title"), job_title))


def _caretaker(party_ids: Sequence[int | None]) -> dict[str, Any]:
    """Whose lead it is when it is about a customer out of sight: their owner's, or else a head of sales'."""
    owners = owners_of(pk for pk in party_ids if pk is not None)
    keeper = team.who_answers_for([owners[pk] for pk in party_ids if pk in owners])
    return {"owner_id": keeper.pk, "team_id": keeper.team_id} if keeper else {"owner_id": None, "team_id": None}


def _owner(owner_id: int | None, by: Actor) -> dict[str, Any]:
    if owner_id is None:
        return {"owner_id": None, "team_id": None}
    if owner_id != by.user_id:
        by.require("qualify.lead.assign")
        if not team.assignable_users(by, who_may=queries.WORKS_LEADS).filter(pk=owner_id).exists():
            raise Invalid({"owner_id": [_("Choose a colleague who works on leads and to whom you may give work.")]})
    return {"owner_id": owner_id, "team_id": team.users_by_ids([owner_id])[owner_id].team_id}


def _give(lead: Lead, values: dict[str, Any], *, by: Actor, at: datetime) -> None:
    changed = {name: [None, new] for name, new in values.items() if new is not None}
    if changed:
        for name, new in values.items():
            setattr(lead, name, new)
        lead.save(update_fields=list(values))
        keep_in_line(lead, changed, by=by, at=at)


def _captured(lead: Lead) -> LeadCaptured:
    source = lead.source
    return LeadCaptured(
        lead_id=lead.pk,
        interest=lead.interest,
        source_id=lead.source_id,
        source_name=source.name if source else None,
        channel=source.channel if source else None,
        campaign_id=lead.campaign_id,
        owner_id=lead.owner_id,
        answer_due_at=lead.answer_due_at.isoformat() if lead.answer_due_at else None,
        party_id=lead.party_id,
        organisation_id=lead.organisation_id,
    )


def _check(*, interest: str, arrived_at: datetime | None, amount: Decimal | None, at: datetime) -> None:
    wrong: dict[str, list[str]] = {}
    if interest not in Interest.values:
        wrong["interest"] = [_("Choose enquiry or quote request.")]
    if arrived_at is not None and arrived_at > at:
        wrong["arrived_at"] = [_("A lead cannot arrive in the future.")]
    if amount is not None and amount < 0:
        wrong["amount"] = [_("An amount is not below zero.")]
    if wrong:
        raise Invalid(wrong)


def _check_source(source_id: int | None, campaign_id: int | None, by: Actor) -> str:
    """The channel of the source, if one is named."""
    source = acquire.source_by_id(source_id) if source_id is not None else None
    if source_id is not None and source is None:
        raise NotFound()
    if campaign_id is not None and not acquire.visible_campaigns(by).filter(pk=campaign_id).exists():
        raise NotFound()
    return source.channel if source else ""


def _check_referrer(referrer_id: int | None, by: Actor) -> None:
    if referrer_id is not None and not visible_parties(by).filter(pk=referrer_id).exists():
        raise NotFound()
