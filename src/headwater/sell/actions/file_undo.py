"""Taking back what a file did to opportunities and orders, except what people have worked on since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from headwater.parties.actions.bulk_access import replace_access
from headwater.parties.actions.file_undo import undo_party_import
from headwater.parties.queries.visible import names_of
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import worked_on_since
from headwater.platform.bulk import in_parts
from headwater.platform.changes import old_values
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Changed, Fact, record_bulk
from headwater.platform.importer import Kept, UndoResult
from headwater.platform.models import Event
from headwater.qualify.actions.conversion import take_back_conversions
from headwater.sell.actions.order_lines import line_changes, restore_lines
from headwater.sell.actions.sales_rows import RowChange, change_opportunities, change_orders
from headwater.sell.actions.steps import ORDER_ROW, ROW, grant_reason, parties_of
from headwater.sell.events import OpportunityDeleted, OpportunityStepTakenBack, OrderDeleted
from headwater.sell.models import Opportunity, Order

STEPS = ("sell.opportunity_won", "sell.opportunity_lost", "sell.opportunity_moved", "platform.changed")
REASONS = {
    "sell.opportunity_moved": "it was moved to another stage since",
    "sell.opportunity_won": "it was won since",
    "sell.opportunity_lost": "it was lost since",
    "sell.opportunity_reopened": "it was reopened since",
    "sell.opportunity_assigned": "it was given to somebody since",
    "sell.opportunity_lines_changed": "its products were changed since",
    "sell.order_placed": "an order was placed since",
    "sell.order_lines_changed": "a later file changed its lines",
    "platform.changed": "its details were changed since",
}
OTHERWISE = "somebody has worked on it since"
WITH_ORDER = "its order was changed since"
WITH_WIN = "the opportunity it belongs to stays"


@action
def undo_opportunity_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Take back the opportunities a batch added, their orders, and the changes it made.

    Raises:
        NotAllowed: the actor may not import, hence not undo an import of, opportunities.
    """
    by.require("sell.opportunity.import")
    return _undo(batch_id, by=by.in_batch(batch_id), at=at)


@action
def undo_order_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Take back the orders a batch added and the wins that came of them; the leads are open again.

    Raises:
        NotAllowed: the actor may not import, hence not undo an import of, orders.
    """
    by.require("sell.order.import")
    return _undo(batch_id, by=by.in_batch(batch_id), at=at)


def _undo(batch_id: int, *, by: Actor, at: datetime) -> UndoResult:
    # What an undo does is part of the batch's story, not work on its rows: every fact names the batch.
    opportunities = _batch_rows(Opportunity, batch_id)
    orders = _batch_rows(Order, batch_id)
    staying = _staying(opportunities, orders, batch_id)
    going = [row for row in opportunities if row.pk not in staying]
    going_ids = {row.pk for row in going}
    restored, kept = _restore_opportunities(batch_id, except_ids=going_ids, by=by, at=at)
    touched = worked_on_since(ORDER_ROW, [order.pk for order in orders], batch_id)
    open_again = going_ids | restored
    falling = [
        order
        for order in orders
        if order.pk not in touched and (order.opportunity_id is None or order.opportunity_id in open_again)
    ]
    _remove(going, falling, by=by, at=at)
    restored_orders, kept_orders = _restore_orders(batch_id, except_ids={o.pk for o in falling}, by=by, at=at)
    _open_leads_again(going, falling, batch_id, by=by, at=at)
    if by.may("parties.person.import"):
        undo_party_import(batch_id=batch_id, by=by, at=at)
    kept += [Kept(row.pk, _title(row), staying[row.pk]) for row in opportunities if row.pk in staying]
    fell = {order.pk for order in falling}
    stay = [order for order in orders if order.pk not in fell and order.opportunity_id not in staying]
    names = names_of(order.party_id for order in stay if order.party_id is not None)
    kept += [
        Kept(o.pk, o.number or names.get(o.party_id or 0, str(o)), REASONS.get(touched.get(o.pk, ""), WITH_WIN))
        for o in stay
    ]
    alone = [order for order in falling if order.opportunity_id not in going_ids]
    return UndoResult(
        removed=len(going) + len(alone), restored=len(restored) + restored_orders, kept=(*kept, *kept_orders)
    )


def _batch_rows(model: Any, batch_id: int) -> list[Any]:
    return list(model.objects.select_for_update().filter(batch_id=batch_id, deleted_at=None).order_by("pk"))


def _staying(opportunities: Sequence[Opportunity], orders: Sequence[Order], batch_id: int) -> dict[int, str]:
    """The opportunities of the batch that stay, with the reason."""
    ids = [row.pk for row in opportunities]
    staying = {pk: REASONS.get(verb, OTHERWISE) for pk, verb in worked_on_since(ROW, ids, batch_id).items()}
    changed = worked_on_since(ORDER_ROW, [order.pk for order in orders], batch_id)
    for order in orders:
        if order.pk in changed and order.opportunity_id is not None:
            staying.setdefault(order.opportunity_id, WITH_ORDER)
    for part in in_parts(ids):
        others = Order.objects.filter(opportunity_id__in=part, deleted_at=None).exclude(batch_id=batch_id)
        for opportunity_id in others.values_list("opportunity_id", flat=True):
            staying.setdefault(opportunity_id or 0, REASONS["sell.order_placed"])
    return {pk: reason for pk, reason in staying.items() if pk in set(ids)} if staying else {}


def _remove(going: Sequence[Opportunity], falling: Sequence[Order], *, by: Actor, at: datetime) -> None:
    for part in in_parts([row.pk for row in going]):
        Opportunity.objects.filter(pk__in=part).update(deleted_at=at)
    for part in in_parts([order.pk for order in falling]):
        Order.objects.filter(pk__in=part).update(deleted_at=at)
    ended = [(party_id, grant_reason(row.pk)) for row in going if row.owner_id for party_id in parties_of(row)]
    if ended:
        replace_access(ended=ended, given=[], by=by)
    of: dict[int, list[int]] = {}
    for order in falling:
        if order.opportunity_id is not None:
            of.setdefault(order.opportunity_id, []).append(order.pk)
    facts: list[Fact] = [
        OpportunityDeleted(
            opportunity_id=row.pk, order_ids=of.get(row.pk), party_id=row.party_id,
            organisation_id=row.organisation_id,
        )
        for row in going
    ]  # fmt: skip
    facts += [
        OrderDeleted(order_id=order.pk, party_id=order.party_id, organisation_id=order.organisation_id)
        for order in falling
    ]
    record_bulk(facts, by=by, at=[at] * len(facts))


def _open_leads_again(
    going: Sequence[Opportunity], falling: Sequence[Order], batch_id: int, *, by: Actor, at: datetime
) -> None:
    leads = {row.lead_id for row in going if row.lead_id is not None}
    leads |= {order.lead_id for order in falling if order.lead_id is not None}
    if not leads:
        return
    live = Opportunity.objects.filter(lead_id__in=leads, deleted_at=None).values_list("lead_id", flat=True)
    bought = Order.objects.filter(lead_id__in=leads, deleted_at=None).values_list("lead_id", flat=True)
    alone = sorted(leads - set(live) - set(bought))
    take_back_conversions(lead_ids=alone, batch_id=batch_id, by=by, at=at)


def _restore_opportunities(
    batch_id: int, *, except_ids: set[int], by: Actor, at: datetime
) -> tuple[set[int], list[Kept]]:
    """Give the opportunities that the batch changed their old values back, where nobody changed them since."""
    edits = [(event, edit) for event, edit in _edits(ROW, batch_id) if event.subject_id not in except_ids]
    rows = _in_bulk(Opportunity, {event.subject_id for event, _ in edits})
    touched = worked_on_since(ROW, list(rows), batch_id)
    changes: dict[int, RowChange] = {}
    kept: dict[int, str] = {pk: REASONS.get(verb, OTHERWISE) for pk, verb in touched.items()}
    for event, edit in edits:
        row = rows.get(event.subject_id)
        if row is None or row.pk in kept:
            continue
        try:
            values = old_values(row, edit)
        except NotUndoable as refusal:  # asked before anything was written
            kept[row.pk] = str(refusal.params["reason"])
            continue
        told = {"event_id": event.pk, "what": "the import"}
        change = changes.setdefault(row.pk, RowChange(row, {}, OpportunityStepTakenBack, told))
        _take_over(row, values, change.changed)
    change_opportunities([c for pk, c in changes.items() if c.changed and pk not in kept], by=by, at=at)
    told_kept = [Kept(pk, _title(rows[pk]), reason) for pk, reason in kept.items() if rows[pk].batch_id != batch_id]
    return set(changes) - kept.keys(), told_kept


def _restore_orders(batch_id: int, *, except_ids: set[int], by: Actor, at: datetime) -> tuple[int, list[Kept]]:
    edits = [(event, edit) for event, edit in _edits(ORDER_ROW, batch_id) if event.subject_id not in except_ids]
    of_lines = {order_id for order_id, _ in line_changes(batch_id) if order_id not in except_ids}
    rows = _in_bulk(Order, {event.subject_id for event, _ in edits} | of_lines)
    touched = worked_on_since(ORDER_ROW, list(rows), batch_id)
    changes: dict[int, tuple[Order, dict[str, list[Any]]]] = {}
    kept: dict[int, str] = {pk: REASONS.get(verb, OTHERWISE) for pk, verb in touched.items()}
    for event, edit in edits:
        row = rows.get(event.subject_id)
        if row is None or row.pk in kept:
            continue
        try:
            values = old_values(row, edit)
        except NotUndoable as refusal:  # asked before anything was written
            kept[row.pk] = str(refusal.params["reason"])
            continue
        _take_over(row, values, changes.setdefault(row.pk, (row, {}))[1])
    going = [change for pk, change in changes.items() if change[1] and pk not in kept]
    change_orders(going, by=by, at=at)
    with_lines = restore_lines(batch_id, [pk for pk in of_lines & rows.keys() if pk not in kept], by=by, at=at)
    told = [Kept(pk, str(rows[pk]), reason) for pk, reason in kept.items() if rows[pk].batch_id != batch_id]
    return len({order.pk for order, _ in going} | with_lines), told


def _take_over(row: Any, values: dict[str, Any], changed: dict[str, list[Any]]) -> None:
    for name, old in values.items():
        pair = changed.setdefault(name, [getattr(row, name), old])
        pair[1] = old
        setattr(row, name, old)


def _edits(row_type: str, batch_id: int) -> Iterator[tuple[Event, Changed]]:
    """What the batch changed on rows, newest first; facts of rows that came in closed changed nothing."""
    events = Event.objects.filter(batch_id=batch_id, verb__in=STEPS, subject_type=row_type)
    for event in events.select_related("personal").order_by("-pk").iterator(chunk_size=2_000):
        personal = event.personal.data if hasattr(event, "personal") else {}
        fields, private = event.data.get("fields") or {}, personal.get("personal_fields") or {}
        if fields or private:
            yield (
                event,
                Changed(row_type=row_type, row_id=event.subject_id, names="", fields=fields, personal_fields=private),
            )


def _in_bulk(model: Any, ids: Iterable[int]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for part in in_parts(ids):
        found |= model.objects.select_for_update().filter(deleted_at=None).in_bulk(part)
    return found


def _title(row: Opportunity) -> str:
    return row.name
