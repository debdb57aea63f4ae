"""Taking back what a file did to opportunities and orders, except what people have worked on since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from headwater.parties.actions.bulk_access import replace_access
from headwater.parties.actions.file_undo import UNDO_PARTIES, dealt_with_since
from headwater.parties.queries.visible import names_of
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import happened_to, worked_on_since
from headwater.platform.changes import old_values
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Changed, Fact, record_bulk
from headwater.platform.importer import Kept, UndoResult, UndoStep, undo_at_once
from headwater.platform.models import Event
from headwater.platform.translated import gettext_lazy, noted
from headwater.qualify.actions.conversion import (
    converted_by,
    leads_worked_on_since,
    take_back_conversions,
)
from headwater.sell.actions.order_lines import line_changes, restore_lines
from headwater.sell.actions.sales_rows import RowChange, change_opportunities, change_orders
from headwater.sell.actions.steps import ORDER_ROW, ROW, grant_reason, parties_of
from headwater.sell.events import (
    OpportunityDeleted,
    OpportunityLost,
    OpportunityMoved,
    OpportunityStepTakenBack,
    OpportunityWon,
    OrderDeleted,
    OrderLinesChanged,
)
from headwater.sell.models import Opportunity, Order

STEPS = (OpportunityWon.verb, OpportunityLost.verb, OpportunityMoved.verb, Changed.verb)
REASONS = {
    "sell.opportunity_moved": gettext_lazy("it was moved to another stage since"),
    "sell.opportunity_won": gettext_lazy("it was won since"),
    "sell.opportunity_lost": gettext_lazy("it was lost since"),
    "sell.opportunity_reopened": gettext_lazy("it was reopened since"),
    "sell.opportunity_assigned": gettext_lazy("it was given to somebody since"),
    "sell.opportunity_lines_changed": gettext_lazy("its products were changed since"),
    "sell.order_placed": gettext_lazy("an order was placed since"),
    "sell.order_lines_changed": gettext_lazy("a later file changed its lines"),
    "platform.changed": gettext_lazy("its details were changed since"),
}
OTHERWISE = gettext_lazy("somebody has worked on it since")
WITH_ORDER = gettext_lazy("its order was changed since")
WITH_WIN = gettext_lazy("the opportunity it belongs to stays")
WITH_LEAD = gettext_lazy("somebody has worked on its lead since")
WITH_PARTY = gettext_lazy("something was done with the person or company behind it since")


@action
def undo_opportunity_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Take back the opportunities a batch added, their orders, and the changes it made.

    Raises:
        NotAllowed: the actor may not import, hence not undo an import of, opportunities.
    """
    # What an undo does is part of the batch's story, not work on its rows: every fact names the batch.
    return undo_at_once(UNDO_OPPORTUNITIES, batch_id=batch_id, by=by.in_batch(batch_id), at=at)


@action
def undo_order_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Take back the orders a batch added and the wins that came of them; the leads are open again.

    Raises:
        NotAllowed: the actor may not import, hence not undo an import of, orders.
    """
    return undo_at_once(UNDO_ORDERS, batch_id=batch_id, by=by.in_batch(batch_id), at=at)


# ---------------------------------------------------------------- opportunities the batch added, with their orders


def _added(model: Any, batch_id: int) -> list[int]:
    rows = model.objects.filter(batch_id=batch_id, deleted_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _take_opportunities(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Delete those of the opportunities that nobody worked on since, and the orders that came with them."""
    rows = _locked(Opportunity, pk__in=ids, batch_id=batch_id)
    orders = _locked(Order, opportunity_id__in=ids, batch_id=batch_id)
    staying = _staying(rows, orders, batch_id)
    going = {row.pk: row for row in rows if row.pk not in staying}
    _remove(list(going.values()), [order for order in orders if order.opportunity_id in going], by=by, at=at)
    kept = [Kept(row.pk, row.name, staying[row.pk], kind="opportunities") for row in rows if row.pk in staying]
    return UndoResult(removed=len(going), kept=kept)


def _staying(rows: Sequence[Opportunity], orders: Sequence[Order], batch_id: int) -> dict[int, str]:
    """The opportunities of the batch that stay, with the reason."""
    ids = [row.pk for row in rows]
    staying = _worked_on(ids, orders, batch_id)
    others = Order.objects.filter(opportunity_id__in=ids, deleted_at=None).exclude(batch_id=batch_id)
    for opportunity_id in others.values_list("opportunity_id", flat=True):
        staying.setdefault(opportunity_id or 0, str(REASONS["sell.order_placed"]))
    leads = leads_worked_on_since(sorted({row.lead_id for row in rows if row.lead_id is not None}), batch_id)
    # A call, a note and a to-do are facts of whom it is about.
    behind = _parties_dealt_with(rows, batch_id)
    for row in rows:
        if row.lead_id in leads:
            staying.setdefault(row.pk, str(WITH_LEAD))
        elif row.party_id in behind:
            staying.setdefault(row.pk, str(WITH_PARTY))
    return staying


def _worked_on(ids: Sequence[int], orders: Sequence[Order], batch_id: int) -> dict[int, str]:
    """The opportunities somebody worked on since the batch, or on one of these orders of theirs, with the reason."""
    found = _reasons(ROW, ids, batch_id)
    changed = worked_on_since(ORDER_ROW, [order.pk for order in orders], batch_id)
    for order in orders:
        if order.pk in changed and order.opportunity_id is not None:
            found.setdefault(order.opportunity_id, str(WITH_ORDER))
    return found


def _reasons(row_type: str, ids: Sequence[int], batch_id: int) -> dict[int, str]:
    """The rows somebody worked on since the batch, with the reason they stay."""
    return {pk: str(REASONS.get(verb, OTHERWISE)) for pk, verb in worked_on_since(row_type, ids, batch_id).items()}


def _parties_dealt_with(rows: Sequence[Opportunity | Order], batch_id: int) -> set[int]:
    return dealt_with_since(sorted({row.party_id for row in rows if row.party_id is not None}), batch_id)


def _remove(going: Sequence[Opportunity], falling: Sequence[Order], *, by: Actor, at: datetime) -> None:
    Opportunity.objects.filter(pk__in=[row.pk for row in going]).update(deleted_at=at)
    Order.objects.filter(pk__in=[order.pk for order in falling]).update(deleted_at=at)
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


# ---------------------------------------------------------------- opportunities that were here before


def _changed_opportunities(batch_id: int) -> list[int]:
    """The opportunities a batch changed, without those that it added or brought back."""
    own = set(Opportunity.objects.filter(batch_id=batch_id).values_list("pk", flat=True))
    return [pk for pk in happened_to(ROW, batch_id, *STEPS) if pk not in own]


def _restore_opportunities(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Give opportunities that the batch changed their old values back, where nobody changed them since.

    The orders of wins that are taken back fall with them.
    """
    edits = list(_edits(ROW, batch_id, ids))
    rows = {row.pk: row for row in _locked(Opportunity, pk__in=[event.subject_id for event, _ in edits])}
    won = {event.subject_id for event, _ in edits if event.verb == OpportunityWon.verb}
    orders = _locked(Order, opportunity_id__in=won & rows.keys(), batch_id=batch_id)
    kept = _worked_on(list(rows), orders, batch_id)
    changes: dict[int, RowChange] = {}
    for event, values in _back(edits, rows, kept):
        row, told = rows[event.subject_id], {"event_id": event.pk, "what": noted("the import")}
        change = changes.setdefault(row.pk, RowChange(row, {}, OpportunityStepTakenBack, told))
        _take_over(row, values, change.changed)
    change_opportunities([c for pk, c in changes.items() if c.changed and pk not in kept], by=by, at=at)
    restored = changes.keys() - kept.keys()
    falling = [order for order in orders if order.opportunity_id in restored]
    _remove([], falling, by=by, at=at)
    told_kept = [Kept(pk, rows[pk].name, reason, kind="opportunities") for pk, reason in kept.items()]
    return UndoResult(removed=len(falling), restored=len(restored), kept=told_kept)


# ---------------------------------------------------------------- orders


def _take_orders(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Delete those of the other orders the batch added that nobody worked on since."""
    orders = _locked(Order, pk__in=ids, batch_id=batch_id)
    reasons = _reasons(ORDER_ROW, [order.pk for order in orders], batch_id)
    wins = _wins_that_stay([order.opportunity_id for order in orders if order.opportunity_id is not None], batch_id)
    behind = _parties_dealt_with(orders, batch_id)
    for order in orders:
        if order.opportunity_id in wins:
            reasons.setdefault(order.pk, str(WITH_WIN))
        elif order.party_id in behind:
            reasons.setdefault(order.pk, str(WITH_PARTY))
    going = [order for order in orders if order.pk not in reasons]
    _remove([], going, by=by, at=at)
    # An opportunity of the batch that stays is told already.
    stay = [order for order in orders if order.pk in reasons and wins.get(order.opportunity_id or 0) != batch_id]
    names = names_of(order.party_id for order in stay if order.party_id is not None)
    kept = [Kept(o.pk, o.number or names.get(o.party_id or 0, str(o)), reasons[o.pk], kind="orders") for o in stay]
    return UndoResult(removed=len(going), kept=kept)


def _wins_that_stay(ids: Sequence[int], batch_id: int) -> Mapping[int, int | None]:
    """Those of the opportunities that the batch won and that still are, with the batch that added them."""
    rows = Opportunity.objects.filter(pk__in=ids, deleted_at=None).exclude(outcome="")
    events = Event.objects.filter(batch_id=batch_id, verb=OpportunityWon.verb, subject_type=ROW, subject_id__in=ids)
    won = set(events.values_list("subject_id", flat=True))
    return {pk: added for pk, added in rows.values_list("pk", "batch_id") if pk in won}


def _changed_orders(batch_id: int) -> list[int]:
    """The orders a batch changed, or whose lines, without those that it added or brought back."""
    own = set(Order.objects.filter(batch_id=batch_id).values_list("pk", flat=True))
    return [pk for pk in happened_to(ORDER_ROW, batch_id, Changed.verb, OrderLinesChanged.verb) if pk not in own]


def _restore_orders(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Give orders that the batch changed their old values and lines back, where nobody changed them since."""
    edits = list(_edits(ORDER_ROW, batch_id, ids))
    rows = {order.pk: order for order in _locked(Order, pk__in=ids)}
    kept = _reasons(ORDER_ROW, list(rows), batch_id)
    changes: dict[int, tuple[Order, dict[str, list[Any]]]] = {}
    for event, values in _back(edits, rows, kept):
        order = rows[event.subject_id]
        _take_over(order, values, changes.setdefault(order.pk, (order, {}))[1])
    going = [change for pk, change in changes.items() if change[1] and pk not in kept]
    change_orders(going, by=by, at=at)
    of_lines = {order_id for order_id, _ in line_changes(batch_id, ids)}
    with_lines = restore_lines(batch_id, [pk for pk in of_lines & rows.keys() if pk not in kept], by=by, at=at)
    told = [Kept(pk, str(rows[pk]), reason, kind="orders") for pk, reason in kept.items()]
    return UndoResult(restored=len({order.pk for order, _ in going} | with_lines), kept=told)


# ---------------------------------------------------------------- leads


def _open_leads_again(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Open leads that the batch converted and of which nothing came that stays."""
    live = set(Opportunity.objects.filter(lead_id__in=ids, deleted_at=None).values_list("lead_id", flat=True))
    live |= set(Order.objects.filter(lead_id__in=ids, deleted_at=None).values_list("lead_id", flat=True))
    take_back_conversions(lead_ids=[pk for pk in ids if pk not in live], batch_id=batch_id, by=by, at=at)
    return UndoResult()


# ---------------------------------------------------------------- what both need


def _locked(model: Any, **which: Any) -> list[Any]:
    return list(model.objects.select_for_update().filter(deleted_at=None, **which).order_by("pk"))


def _edits(row_type: str, batch_id: int, ids: Sequence[int]) -> Iterator[tuple[Event, Changed]]:
    """What the batch changed on rows, newest first; facts of rows that came in closed changed nothing."""
    events = Event.objects.filter(batch_id=batch_id, verb__in=STEPS, subject_type=row_type, subject_id__in=ids)
    for event in events.select_related("personal").order_by("-pk"):
        personal = event.personal.data if hasattr(event, "personal") else {}
        fields, private = event.data.get("fields") or {}, personal.get("personal_fields") or {}
        if fields or private:
            yield (
                event,
                Changed(row_type=row_type, row_id=event.subject_id, names="", fields=fields, personal_fields=private),
            )


def _back(
    edits: Sequence[tuple[Event, Changed]], rows: Mapping[int, Any], kept: dict[int, str]
) -> Iterator[tuple[Event, dict[str, Any]]]:
    """The old values of each edit, for the caller to put on its row; why one cannot come back goes to ``kept``."""
    for event, edit in edits:
        row = rows.get(event.subject_id)
        if row is None or row.pk in kept:
            continue
        try:
            values = old_values(row, edit)
        except NotUndoable as refusal:  # asked before anything was written
            kept[row.pk] = str(refusal.params["reason"])
            continue
        yield event, values


def _take_over(row: Any, values: Mapping[str, Any], changed: dict[str, list[Any]]) -> None:
    for name, old in values.items():
        pair = changed.setdefault(name, [getattr(row, name), old])
        pair[1] = old
        setattr(row, name, old)


def _steps(verb: str) -> tuple[UndoStep, ...]:
    return (
        UndoStep(verb, lambda batch_id: _added(Opportunity, batch_id), _take_opportunities),
        UndoStep(verb, _changed_opportunities, _restore_opportunities),
        UndoStep(verb, lambda batch_id: _added(Order, batch_id), _take_orders),
        UndoStep(verb, _changed_orders, _restore_orders),
        UndoStep("qualify.lead.convert", converted_by, _open_leads_again),
        *(replace(step, is_told=False) for step in UNDO_PARTIES),
    )


UNDO_OPPORTUNITIES = _steps("sell.opportunity.import")
UNDO_ORDERS = _steps("sell.order.import")
