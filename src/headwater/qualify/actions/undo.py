"""Taking back what was done to a lead, as long as nothing that followed would be lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Changed
from headwater.platform.translated import gettext as _
from headwater.platform.translated import noted
from headwater.platform.undo import each_of, is_own, told_by_event, undoes, undoes_changes_of, undoes_many
from headwater.qualify.actions.bulk_steps import Change, take_steps
from headwater.qualify.actions.capture import remove, restore_lead
from headwater.qualify.actions.steps import PERSONAL, ROW, as_change, locked, locked_leads, require, take_step
from headwater.qualify.events import (
    LeadAccepted,
    LeadAnswered,
    LeadAssigned,
    LeadCaptured,
    LeadClaimed,
    LeadDeleted,
    LeadDisqualified,
    LeadHandedOver,
    LeadMoved,
    LeadPooled,
    LeadRecycled,
    LeadReopened,
    LeadRestored,
    LeadSentBack,
    LeadStepTakenBack,
    LeadWokenUp,
    Step,
)

if TYPE_CHECKING:
    from headwater.platform.models import Event
    from headwater.qualify.models import Lead

# The right it takes to take a step back: the right to take it. A move or assignment of the system needs one too.
# What somebody else did and what changes whose lead it is takes the right to give leads away.
VERBS = {
    LeadMoved: "move",
    LeadAnswered: "respond",
    LeadDisqualified: "disqualify",
    LeadRecycled: "recycle",
    LeadWokenUp: "recycle",
    LeadReopened: "reopen",
    LeadHandedOver: "hand_over",
    LeadAccepted: "accept",
    LeadSentBack: "send_back",
    LeadAssigned: "assign",
    LeadPooled: "assign",
    LeadClaimed: "claim",
}
WORDS = {
    LeadMoved: noted("the move to another stage"),
    LeadAnswered: noted("the first answer"),
    LeadDisqualified: noted("the disqualification"),
    LeadRecycled: noted("the return to nurture"),
    LeadWokenUp: noted("the wake-up"),
    LeadReopened: noted("the reopening"),
    LeadHandedOver: noted("the handover"),
    LeadAccepted: noted("the acceptance"),
    LeadSentBack: noted("the sending back"),
    LeadAssigned: noted("the assignment"),
    LeadPooled: noted("the return to the pool"),
    LeadClaimed: noted("the claim"),
}


@undoes(*VERBS)
@action
def take_back_step(fact: Step, *, event: Event, by: Actor, at: datetime) -> None:
    """Put a lead back to where it was before a step.

    Raises:
        NotAllowed: the actor may not take such steps with this lead.
        NotUndoable: one of the fields changed again since.
    """
    lead = locked(fact.lead_id)
    values = _values_before(lead, fact, event, by)
    take_step(lead, values, LeadStepTakenBack, by=by, at=at, event_id=event.pk, what=WORDS[type(fact)])


@undoes_many(*VERBS)
@action
def take_back_steps(found: Sequence[tuple[Step, Event]], *, by: Actor, at: datetime) -> None:
    """Put many leads back to where they were before a step.

    Raises:
        SomeRefused: the actor may not take such steps with some of them, or they changed again since.
    """
    about = {event.pk: fact.lead_id for fact, event in found}
    with told_by_event(about):
        leads = {lead.pk: lead for lead in locked_leads(list(about.values()), lambda lead: None)}

    def back(fact: Step, event: Event) -> Change:
        lead = leads[fact.lead_id]
        told = {"event_id": event.pk, "what": WORDS[type(fact)]}
        return Change(lead, _values_before(lead, fact, event, by), told=told)

    take_steps(each_of(found, back), LeadStepTakenBack, by=by, at=at)


def _values_before(lead: Lead, fact: Step, event: Event, by: Actor) -> dict[str, Any]:
    verb = VERBS[type(fact)] if is_own(event, by) or "owner_id" not in (fact.fields or {}) else "assign"
    require(by, verb, lead)
    return old_values(lead, as_change(fact))


@undoes(LeadCaptured, LeadRestored)
@action
def take_back_capture(fact: LeadCaptured | LeadRestored, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo a capture by deleting the lead, unless somebody has worked on it.

    Raises:
        NotUndoable: the lead was moved on or answered since.
    """
    lead = locked(fact.lead_id)
    if isinstance(fact, LeadCaptured) and (lead.answered_at or lead.exit or lead.stage != "NEW"):
        raise NotUndoable(reason=_("somebody has worked on the lead since"))
    if isinstance(fact, LeadCaptured) and is_own(event, by):
        require(by, "create", lead)  # whoever typed a lead in may take it out again
    else:
        require(by, "delete", lead)
    remove(lead, by=by, at=at)


@undoes(LeadDeleted)
@action
def take_back_deletion(fact: LeadDeleted, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo the deletion of a lead."""
    restore_lead(lead_id=fact.lead_id, by=by, at=at)


@undoes_changes_of(ROW)
@action
def take_back_change(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Give a lead its old details back.

    Raises:
        NotUndoable: one of them changed again since.
    """
    lead = locked(fact.row_id)
    require(by, "change", lead)
    values = old_values(lead, fact)
    change_row(
        lead, values, row_type=ROW, by=by, at=at, personal=PERSONAL,
        party_id=lead.party_id, organisation_id=lead.organisation_id,
    )  # fmt: skip
