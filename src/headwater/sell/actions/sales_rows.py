"""Opportunities and orders written many at a time: their rows, lines, spans, grants and facts, a statement each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from headwater.parties.actions.bulk_access import GrantDraft, replace_access
from headwater.platform.actor import Actor
from headwater.platform.bulk import insert_rows, reserve_ids, update_rows
from headwater.platform.changes import split_changes
from headwater.platform.events import Changed, Fact, record_bulk
from headwater.platform.money import in_cents
from headwater.platform.spans import SpanRow, insert_spans, set_spans
from headwater.sell.actions.file_cells import price_each
from headwater.sell.actions.lines import costs_of
from headwater.sell.actions.steps import OPEN, ORDER_PERSONAL, ORDER_ROW, ROW, as_fields, grant_reason, parties_of
from headwater.sell.events import OpportunityOpened, OpportunityWon, OrderPlaced
from headwater.sell.models import Opportunity, OpportunityLine, Order, OrderLine
from headwater.sell.rules import line_total

ORDER_COLUMNS = (
    "id", "number", "party_id", "organisation_id", "lead_id", "opportunity_id", "ordered_at", "amount", "cost",
    "currency", "owner_id", "team_id", "note", "extra", "head", "created_at", "deleted_at", "batch_id",
)  # fmt: skip
LINE_COLUMNS = (
    "order_id", "product_id", "product_text", "quantity", "unit_price", "unit_cost", "discount", "amount", "extra",
    "read_batch_id",
)  # fmt: skip
OPPORTUNITY_COLUMNS = (
    "id", "name", "lead_id", "party_id", "organisation_id", "stage_id", "stage_since", "outcome", "amount", "currency",
    "probability", "forecast_category", "close_date", "next_step", "competitor", "lost_reason", "lost_note",
    "opened_at", "closed_at", "owner_id", "team_id", "extra", "created_at", "deleted_at", "batch_id",
)  # fmt: skip


@dataclass(frozen=True)
class Bought:
    """What a row of a file says was bought: one product or text, how many, at what price and cost each.

    ``amount`` is the line's value where the file gives it; ``extra`` what the row says beyond its order.
    """

    product_id: int | None
    text: str
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    discount: Decimal | None = None
    amount: Decimal | None = None
    extra: dict[str, str] | None = None

    @property
    def total(self) -> Decimal | None:
        """What it comes to; unknown without a price."""
        return self.amount if self.amount is not None else line_total(self.quantity, self.unit_price, self.discount)


def sum_known(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of values that are all known; nothing, if one is not or there are none."""
    found = list(values)
    known = [value for value in found if value is not None]
    return in_cents(sum(known, start=Decimal(0))) if found and len(known) == len(found) else None


def insert_opportunities(
    rows: Sequence[Opportunity], bought: Sequence[Sequence[Bought]], *, by: Actor, at: datetime
) -> None:
    """Write opportunities that are new, with ids of their own, their lines, spans, grants and first facts.

    A closed one has no stage span: what stages it went through is not known.
    """
    for row, pk in zip(rows, reserve_ids(Opportunity, len(rows)), strict=True):
        row.pk = pk
    insert_rows(
        Opportunity, OPPORTUNITY_COLUMNS, [[getattr(row, name) for name in OPPORTUNITY_COLUMNS] for row in rows]
    )
    insert_rows(
        OpportunityLine,
        ("opportunity_id", "product_id", "product_text", "quantity", "unit_price"),
        [
            (row.pk, what.product_id, what.text, what.quantity, what.unit_price)
            for row, found in zip(rows, bought, strict=True)
            for what in found
        ],
    )
    insert_spans([span for row in rows for span in _first_spans(row, at)])
    give_access_to([row for row in rows if row.owner_id is not None], by=by)
    facts: list[Fact] = [
        OpportunityOpened(
            opportunity_id=row.pk, stage=row.stage.name, lead_id=row.lead_id, amount=_text(row.amount),
            currency=row.currency, owner_id=row.owner_id, party_id=row.party_id, organisation_id=row.organisation_id,
        )
        for row in rows
    ]  # fmt: skip
    record_bulk(facts, by=by, at=[row.opened_at or row.closed_at or at for row in rows])


def give_access_to(rows: Sequence[Opportunity], *, by: Actor) -> None:
    """Let the owners of opportunities see the people and companies behind them."""
    drafts = [
        GrantDraft(party_id, grant_reason(row.pk), user_id, team_id)
        for row in rows
        for party_id in dict.fromkeys(parties_of(row))
        for user_id, team_id in ((row.owner_id, None), (None, row.team_id))
        if user_id is not None or team_id is not None
    ]
    ended = [(party_id, grant_reason(row.pk)) for row in rows for party_id in parties_of(row)]
    if drafts or ended:
        replace_access(ended=ended, given=drafts, by=by)


def place_orders_of_wins(
    rows: Sequence[Opportunity], bought: Sequence[Sequence[Bought]], *, by: Actor, at: datetime
) -> dict[int, int]:
    """Place the order of each won opportunity; the orders by opportunity. Call it after their rows are written."""
    orders = [
        Order(
            party_id=row.party_id, organisation_id=row.organisation_id, lead_id=row.lead_id, opportunity_id=row.pk,
            ordered_at=row.closed_at, amount=row.amount, currency=row.currency, owner_id=row.owner_id,
            team_id=row.team_id, batch_id=by.batch_id, created_at=at,
        )
        for row in rows
    ]  # fmt: skip
    insert_orders(orders, bought, by=by, at=at)
    return {order.opportunity_id: order.pk for order in orders if order.opportunity_id is not None}


def insert_orders(orders: Sequence[Order], bought: Sequence[Sequence[Bought]], *, by: Actor, at: datetime) -> None:
    """Write orders that are new with their lines, and record them; value and cost follow the lines if not given."""
    costs = costs_of(sorted({what.product_id for found in bought for what in found if what.product_id is not None}))
    lines: list[Sequence[Any]] = []
    for order, found, pk in zip(orders, bought, reserve_ids(Order, len(orders)), strict=True):
        order.pk = pk
        whole = order.amount if len(found) == 1 and found[0].discount is None else None
        found = [priced(what, costs, whole) for what in found]
        if order.amount is None:
            order.amount = sum_known(what.total for what in found)
        if order.cost is None:
            order.cost = sum_known(line_total(what.quantity, what.unit_cost) for what in found)
        lines += [line_values(pk, what, by.batch_id) for what in found]
    insert_rows(Order, ORDER_COLUMNS, [[getattr(order, name) for name in ORDER_COLUMNS] for order in orders])
    insert_rows(OrderLine, LINE_COLUMNS, lines)
    facts: list[Fact] = [
        OrderPlaced(
            order_id=order.pk, amount=_text(order.amount),
            currency=order.currency if order.amount is not None else None,
            opportunity_id=order.opportunity_id, lead_id=order.lead_id, is_dated=order.ordered_at is not None,
            party_id=order.party_id, organisation_id=order.organisation_id,
        )
        for order in orders
    ]  # fmt: skip
    record_bulk(facts, by=by, at=[order.ordered_at or at for order in orders])


def priced(what: Bought, costs: Mapping[int, Decimal | None], whole: Decimal | None = None) -> Bought:
    """The same with what it cost us, and with its price, if it is the ``whole`` of an order of that value."""
    cost, price = what.unit_cost, what.unit_price
    if cost is None and what.product_id is not None:
        cost = costs.get(what.product_id)
    if price is None:
        price = price_each(what.amount if what.amount is not None else whole, what.quantity)
    return replace(what, unit_cost=cost, unit_price=price)


def line_values(order_id: int, what: Bought, batch_id: int | None) -> Sequence[Any]:
    """The row of one line, in the order of ``LINE_COLUMNS``."""
    return (
        order_id, what.product_id, what.text, what.quantity, what.unit_price, what.unit_cost, what.discount,
        what.amount, what.extra or None, batch_id,
    )  # fmt: skip


def record_wins(rows: Sequence[Opportunity], orders: dict[int, int], *, by: Actor, at: datetime) -> None:
    """Record the wins of opportunities that came in won."""
    facts: list[Fact] = [
        OpportunityWon(
            opportunity_id=row.pk, fields={}, order_id=orders.get(row.pk), lead_id=row.lead_id,
            amount=_text(row.amount), currency=row.currency if row.amount is not None else None,
            party_id=row.party_id, organisation_id=row.organisation_id,
        )
        for row in rows
    ]  # fmt: skip
    record_bulk(facts, by=by, at=[row.closed_at or at for row in rows])


@dataclass(frozen=True)
class RowChange:
    """What a file changes on an opportunity that is here, and the fact that says so (none: a plain edit)."""

    row: Opportunity
    changed: dict[str, list[Any]]
    step: type[Fact] | None = None
    told: dict[str, Any] | None = None


def change_opportunities(changes: Sequence[RowChange], *, by: Actor, at: datetime) -> None:
    """Store changes that were made to rows in memory, keep their spans, and record one fact each."""
    if not changes:
        return
    update_rows(Opportunity, {c.row.pk: {name: getattr(c.row, name) for name in c.changed} for c in changes})
    _move_spans(changes, at=at)
    give_access_to([change.row for change in changes if "owner_id" in change.changed], by=by)
    facts = [_fact_of(change) for change in changes]
    moments = [change.row.closed_at or at if "outcome" in change.changed else at for change in changes]
    record_bulk(facts, by=by, at=moments)


def _fact_of(change: RowChange) -> Fact:
    row = change.row
    plain, personal = as_fields(change.changed)
    about = {"party_id": row.party_id, "organisation_id": row.organisation_id}
    if change.step is not None:
        return change.step(
            opportunity_id=row.pk, fields=plain, personal_fields=personal or None, **about, **(change.told or {})
        )  # type: ignore[call-arg]
    return Changed(
        row_type=ROW, row_id=row.pk, names=_spoken(change.changed), fields=plain, personal_fields=personal, **about
    )


def change_orders(changes: Sequence[tuple[Order, dict[str, list[Any]]]], *, by: Actor, at: datetime) -> None:
    """Store changes that were made to orders in memory, and record a plain edit each."""
    if not changes:
        return
    update_rows(Order, {order.pk: {name: getattr(order, name) for name in changed} for order, changed in changes})
    facts: list[Fact] = []
    for order, changed in changes:
        plain, private = split_changes(changed, ORDER_PERSONAL)
        facts.append(
            Changed(
                row_type=ORDER_ROW, row_id=order.pk, names=_spoken(changed), fields=plain, personal_fields=private,
                party_id=order.party_id, organisation_id=order.organisation_id,
            )
        )  # fmt: skip
    record_bulk(facts, by=by, at=[at] * len(facts))


def _first_spans(row: Opportunity, at: datetime) -> list[SpanRow]:
    spans: list[SpanRow] = []
    if not row.outcome:
        spans.append((ROW, row.pk, "stage", str(row.stage_id), row.opened_at, None, at))
        spans.append((ROW, row.pk, "outcome", OPEN, row.opened_at, None, at))
    else:
        if row.closed_at is not None and (row.opened_at is None or row.opened_at <= row.closed_at):
            spans.append((ROW, row.pk, "outcome", OPEN, row.opened_at, row.closed_at, at))
        spans.append((ROW, row.pk, "outcome", row.outcome, row.closed_at, None, at))
    if row.owner_id is not None:
        spans.append((ROW, row.pk, "owner", str(row.owner_id), row.opened_at, None, at))
    return spans


def _move_spans(changes: Sequence[RowChange], *, at: datetime) -> None:
    """Spans change at the day the file gives, day by day, so that each day costs a few statements."""
    outcomes: dict[datetime, dict[int, str]] = defaultdict(dict)
    stages: dict[datetime, dict[int, str]] = defaultdict(dict)
    owners: dict[int, str] = {}
    for change in changes:
        row = change.row
        moment = row.closed_at or at
        if "outcome" in change.changed:
            outcomes[moment if row.outcome else at][row.pk] = row.outcome or OPEN
        if {"outcome", "stage_id"} & change.changed.keys():
            stages[moment if row.outcome else at][row.pk] = "" if row.outcome else str(row.stage_id)
        if "owner_id" in change.changed:
            owners[row.pk] = str(row.owner_id or "")
    for moment, values in outcomes.items():
        set_spans(ROW, "outcome", values, at=moment)
    for moment, values in stages.items():
        set_spans(ROW, "stage", values, at=moment)
    if owners:
        set_spans(ROW, "owner", owners, at=at)


def _spoken(changed: dict[str, list[Any]]) -> str:
    return ", ".join(name.removesuffix("_id").replace("_", " ") for name in changed)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
