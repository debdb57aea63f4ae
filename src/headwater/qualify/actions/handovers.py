"""Marketing gives a qualified lead to sales; sales accepts it or sends it back with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid
from headwater.platform.translated import gettext
from headwater.qualify import queries, rules
from headwater.qualify.actions.bulk_steps import Change, take_steps
from headwater.qualify.actions.steps import (
    NO_HANDOVER,
    locked,
    locked_leads,
    refuse,
    require,
    require_answer,
    stage_values,
    take_step,
)
from headwater.qualify.events import LeadAccepted, LeadHandedOver, LeadSentBack
from headwater.qualify.models import Lead, SendBackReason, Stage
from headwater.team import queries as team


@action
def hand_over_lead(*, lead_id: int, to_id: int, by: Actor, at: datetime) -> Lead:
    """Give an MQL to a colleague in sales, who answers inside the agreed office hours.

    Until then the lead stays with its owner; a lead of the pool becomes the giver's.

    Raises:
        NotAllowed: the actor may not hand over this lead.
        StepRefused: it is not an MQL, or waits for an answer already.
        Invalid: the colleague cannot take leads over, or is the giver, though others could.
    """
    lead = locked(lead_id)
    require(by, "hand_over", lead)
    refuse(rules.why_not_hand_over(lead.stage, lead.exit, is_waiting=lead.handed_over_at is not None))
    takers = {pk for pk, _ in queries.handover_choices(by)}
    if str(to_id) not in takers:
        whom = (
            gettext("another colleague; you have it already")
            if to_id == by.user_id
            else gettext("a colleague who takes leads over")
        )
        raise Invalid({"to_id": [gettext("Choose {whom}.").format(whom=whom)]})
    company = team.company()
    due = rules.answer_due(at, queries.office_hours(company), minutes=60 * company.handover_hours)
    values = {
        "handed_over_at": at,
        "handed_by_id": by.user_id,
        "handed_to_id": to_id,
        "handover_due_at": due,
        "sent_back_reason": "",
        "sent_back_note": "",
    }
    if lead.owner_id is None and by.user_id is not None:
        giver = team.users_by_ids([by.user_id]).get(by.user_id)
        values |= {"owner_id": by.user_id, "team_id": giver.team_id if giver else None}
    told = {"handed_to_id": to_id, "due_at": due.isoformat()}
    take_step(lead, values, LeadHandedOver, by=by, at=at, **told)
    return lead


@action
def redirect_handover(*, lead_id: int, owner_id: int, by: Actor, at: datetime) -> Lead:
    """Ask another colleague to answer a handover that waits, such as when the one who was asked is away or has left.

    Raises:
        NotAllowed: the actor may not hand over this lead.
        StepRefused: no handover of this lead waits for an answer.
        Invalid: the colleague cannot take leads over.
    """
    redirect_handovers(ids=[lead_id], owner_id=owner_id, by=by, at=at)
    return locked(lead_id)


@action
def redirect_handovers(*, ids: Sequence[int], owner_id: int, by: Actor, at: datetime) -> int:
    """As :func:`redirect_handover` for many; how many are with somebody else now. All or none.

    Raises:
        SomeRefused: some wait for no answer, or are not the actor's to hand over.
    """

    def check(lead: Lead) -> None:
        require(by, "hand_over", lead)
        refuse(rules.why_not_accept(lead.stage, lead.exit, is_waiting=lead.handed_over_at is not None))

    by.require("qualify.lead.hand_over")
    leads = locked_leads(ids, check)
    if str(owner_id) not in {pk for pk, _ in queries.handover_choices(by)}:
        raise Invalid({"owner_id": [gettext("Choose a colleague who takes leads over.")]})
    told = [
        Change(lead, {"handed_to_id": owner_id}, told={"handed_to_id": owner_id, "due_at": _due(lead)})
        for lead in leads
    ]
    return take_steps(told, LeadHandedOver, by=by, at=at)


def _due(lead: Lead) -> str:
    return lead.handover_due_at.isoformat() if lead.handover_due_at is not None else ""


@action
def accept_lead(*, lead_id: int, by: Actor, at: datetime) -> Lead:
    """Take a handed-over lead: it is sales accepted (SAL) and belongs to the colleague it was given to.

    Raises:
        NotAllowed: the handover was given to somebody else.
        StepRefused: no handover of this lead waits for an answer.
    """
    lead = locked(lead_id)
    require_answer(by, "accept", lead)
    refuse(rules.why_not_accept(lead.stage, lead.exit, is_waiting=lead.handed_over_at is not None))
    owner_id = lead.handed_to_id or by.user_id
    owner = team.users_by_ids([owner_id]).get(owner_id) if owner_id else None
    values = stage_values(Stage.SAL, at=at) | NO_HANDOVER
    values |= {"owner_id": owner_id, "team_id": owner.team_id if owner else None}
    take_step(lead, values, LeadAccepted, by=by, at=at, owner_id=owner_id)
    return lead


@action
def send_back_lead(*, lead_id: int, reason: str, by: Actor, at: datetime, note: str = "") -> Lead:
    """Refuse a handed-over lead with a reason; it goes on with whom it was before, as an MQL to complete.

    Raises:
        NotAllowed: the handover was given to somebody else.
        StepRefused: no handover of this lead waits for an answer.
        Invalid: no reason, or one that does not exist.
    """
    lead = locked(lead_id)
    require_answer(by, "send_back", lead)
    is_waiting = lead.handed_over_at is not None
    refuse(rules.why_not_send_back(lead.stage, lead.exit, is_waiting=is_waiting, reason=reason))
    if reason not in SendBackReason.values:
        raise Invalid({"reason": [gettext("Choose one of the reasons.")]})
    values = NO_HANDOVER | {"sent_back_reason": reason, "sent_back_note": note.strip()[:300]}
    take_step(lead, values, LeadSentBack, by=by, at=at, reason=reason, note=note.strip())
    return lead
