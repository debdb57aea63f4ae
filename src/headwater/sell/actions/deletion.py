"""Deleting opportunities, restoring them, and taking back what was done to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from headwater.parties.actions.access import withdraw_access
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import NotFound, NotUndoable
from headwater.platform.events import Changed, record
from headwater.platform.models import Event as EventRow
from headwater.platform.translated import gettext as _
from headwater.platform.translated import noted
from headwater.platform.undo import undoes, undoes_changes_of
from headwater.qualify.actions import convert_lead, unconvert_lead
from headwater.qualify.queries import by_ids as leads_by_ids
from headwater.sell.actions.orders import bring_back_orders, remove_orders
from headwater.sell.actions.steps import (
    ORDER_ROW,
    PERSONAL,
    ROW,
    give_access,
    grant_reason,
    locked,
    parties_of,
    require,
    take_step,
    values_before,
)
from headwater.sell.events import (
    OpportunityAssigned,
    OpportunityDeleted,
    OpportunityLost,
    OpportunityMoved,
    OpportunityOpened,
    OpportunityReopened,
    OpportunityRestored,
    OpportunityStepTakenBack,
    OpportunityWon,
    OrderDeleted,
    OrderRestored,
    Step,
)
from headwater.sell.models import Opportunity, Order

if TYPE_CHECKING:
    from headwater.platform.models import Event

VERBS = {
    OpportunityMoved: "move",
    OpportunityWon: "win",
    OpportunityLost: "lose",
    OpportunityReopened: "reopen",
    OpportunityAssigned: "assign",
}
WORDS = {
    OpportunityMoved: noted("the move to another stage"),
    OpportunityWon: noted("the win"),
    OpportunityLost: noted("the loss"),
    OpportunityReopened: noted("the reopening"),
    OpportunityAssigned: noted("the assignment"),
}


@action
def delete_opportunity(*, opportunity_id: int, by: Actor, at: datetime) -> Opportunity:
    """Take an opportunity off the board and out of the numbers, with its orders; it can be restored.

    The lead it came from stays converted, until somebody takes the opening back.

    Raises:
        NotAllowed: the actor may not delete this opportunity.
    """
    row = locked(opportunity_id, by=by, verb="delete")
    remove_opportunity(row, by=by, at=at)
    return row


@action
def restore_opportunity(*, opportunity_id: int, by: Actor, at: datetime) -> Opportunity:
    """Bring a deleted opportunity back where it was, with the orders that fell with it; its lead is converted again.

    Raises:
        NotAllowed: the actor may not delete, hence not restore, this opportunity.
    """
    row = Opportunity.objects.select_for_update().filter(pk=opportunity_id).first()
    if row is None:
        raise NotFound()
    require(by, "sell.opportunity.delete", row)
    if row.deleted_at is not None:
        fell = Order.objects.filter(opportunity=row, deleted_at=row.deleted_at).order_by("pk")
        _bring_back(row, list(fell.values_list("pk", flat=True)), by=by, at=at)
    return row


def remove_opportunity(row: Opportunity, *, by: Actor, at: datetime) -> None:
    """Delete an opportunity whose right to be deleted was checked, and its orders."""
    orders = Order.objects.select_for_update().filter(opportunity=row, deleted_at=None).order_by("pk")
    gone = remove_orders(list(orders), by=by, at=at)
    row.deleted_at = at
    row.save(update_fields=["deleted_at"])
    withdraw_access(party_ids=parties_of(row), reason=grant_reason(row.pk), by=by, at=at)
    fact = OpportunityDeleted(
        opportunity_id=row.pk, order_ids=gone or None, party_id=row.party_id, organisation_id=row.organisation_id
    )
    record(fact, by=by, at=at)


def _bring_back(row: Opportunity, order_ids: list[int], *, by: Actor, at: datetime) -> None:
    """Restore an opportunity whose right to be restored was checked; a lead opened again meanwhile is converted."""
    row.deleted_at = None
    row.save(update_fields=["deleted_at"])
    give_access(row, by=by, at=at)
    back = bring_back_orders(order_ids, by=by, at=at)
    fact = OpportunityRestored(
        opportunity_id=row.pk, order_ids=back or None, party_id=row.party_id, organisation_id=row.organisation_id
    )
    record(fact, by=by, at=at)
    if row.lead_id is not None:
        lead = leads_by_ids(by, [row.lead_id]).first()
        if lead is not None and lead.is_open and lead.stage == "SQL":
            convert_lead(lead_id=row.lead_id, by=by, at=at)


@undoes(*VERBS)
@action
def take_back_opportunity_step(fact: Step, *, event: Event, by: Actor, at: datetime) -> None:
    """Put an opportunity back to where it was before a step; the order of a win that is taken back falls with it.

    Raises:
        NotAllowed: the actor may not take such steps with this opportunity.
        NotUndoable: one of the fields changed again since, or the order that came with a win did.
    """
    row = locked(fact.opportunity_id, by=by, verb=VERBS[type(fact)])
    values = values_before(row, fact)
    if isinstance(fact, OpportunityWon):
        orders = list(Order.objects.select_for_update().filter(pk=fact.order_id or 0, deleted_at=None))
        _refuse_if_changed_since(orders, event)
        remove_orders(orders, by=by, at=at)
    if isinstance(fact, OpportunityReopened):
        bring_back_orders(fact.order_ids or [], by=by, at=at)
    take_step(row, values, OpportunityStepTakenBack, by=by, at=at, event_id=event.pk, what=WORDS[type(fact)])


def _refuse_if_changed_since(orders: Sequence[Order], event: Event) -> None:
    about = EventRow.objects.filter(subject_type=ORDER_ROW, subject_id__in=[order.pk for order in orders])
    # It falls and comes back with its opportunity.
    about = about.exclude(verb__in=(OrderDeleted.verb, OrderRestored.verb))
    if about.filter(pk__gt=event.pk).exclude(request_id=event.request_id).exists():
        raise NotUndoable(reason=_("its order was corrected since; reopen the opportunity instead"))


@undoes(OpportunityOpened)
@action
def take_back_opening(fact: OpportunityOpened, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo the opening of an opportunity; the lead it came from is an open SQL again.

    Raises:
        NotUndoable: it was won or lost since, or another opportunity came of the lead.
    """
    row = locked(fact.opportunity_id, by=by, verb="create" if event.user_id == by.user_id else "delete")
    if row.outcome:
        raise NotUndoable(reason=_("it was {row} since").format(row=row.get_outcome_display().lower()))
    remove_opportunity(row, by=by, at=at)
    if row.lead_id is not None:
        if Opportunity.objects.filter(lead_id=row.lead_id, deleted_at=None).exists():
            raise NotUndoable(reason=_("another opportunity came of the lead"))
        unconvert_lead(lead_id=row.lead_id, by=by, at=at)


@undoes(OpportunityDeleted)
@action
def take_back_opportunity_deletion(fact: OpportunityDeleted, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo the deletion of an opportunity."""
    row = Opportunity.objects.select_for_update().filter(pk=fact.opportunity_id, deleted_at__isnull=False).first()
    if row is None:
        raise NotUndoable(reason=_("it is there again"))
    require(by, "sell.opportunity.delete", row)
    _bring_back(row, fact.order_ids or [], by=by, at=at)


@undoes(OpportunityRestored)
@action
def take_back_restoring(fact: OpportunityRestored, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo the restoring of an opportunity by deleting it again."""
    delete_opportunity(opportunity_id=fact.opportunity_id, by=by, at=at)


@undoes_changes_of(ROW)
@action
def take_back_opportunity_change(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Give an opportunity its old details back.

    Raises:
        NotUndoable: one of them changed again since.
    """
    row = locked(fact.row_id, by=by, verb="change")
    change_row(
        row, old_values(row, fact), row_type=ROW, by=by, at=at, personal=PERSONAL,
        party_id=row.party_id, organisation_id=row.organisation_id,
    )  # fmt: skip
