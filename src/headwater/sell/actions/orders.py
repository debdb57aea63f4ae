"""Orders: what was bought, placed with a win or on its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from headwater.parties.queries.visible import visible_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import Conflict, Invalid, NotFound, NotUndoable
from headwater.platform.events import Changed, record
from headwater.platform.money import UnknownCurrency, in_cents
from headwater.platform.translated import gettext
from headwater.platform.undo import undoes, undoes_changes_of
from headwater.sell.actions.lines import LineDraft, check_lines, costs_of, sum_of
from headwater.sell.actions.steps import (
    ORDER_PERSONAL,
    ORDER_ROW,
    owner_values,
    require,
    require_cost,
    require_cost_currency,
)
from headwater.sell.events import OrderDeleted, OrderPlaced, OrderRestored
from headwater.sell.models import Opportunity, Order, OrderLine
from headwater.team import queries as team

if TYPE_CHECKING:
    from headwater.platform.models import Event


class OrderValues(TypedDict, total=False):
    """What can be corrected on an order."""

    number: str
    amount: Decimal | None
    currency: str
    cost: Decimal | None
    ordered_at: datetime | None
    note: str


@action
def place_order(
    *,
    party_id: int,
    by: Actor,
    at: datetime,
    lines: Sequence[LineDraft] = (),
    amount: Decimal | None = None,
    cost: Decimal | None = None,
    currency: str = "",
    ordered_at: datetime | None = None,
    number: str = "",
    note: str = "",
    owner_id: int | None = None,
) -> Order:
    """Write down what a party bought without an opportunity, such as a repeat order; it was bought now, unless said.

    Raises:
        NotAllowed: the actor may not place orders.
        NotFound: there is no such party or product.
        Invalid: a value that cannot be right.
    """
    by.require("sell.order.create")
    require_cost(by, cost)
    check_lines(lines, by)
    buyer = visible_parties(by).filter(pk=party_id).first()
    if buyer is None:
        raise NotFound()
    if amount is None and sum_of(lines) is None:
        raise Invalid({"amount": [gettext("Say for how much.")]})
    values = _checked({"amount": amount, "currency": currency, "cost": cost, "ordered_at": ordered_at or at}, at=at)
    held_by, _ = owner_values(owner_id or by.user_id, by)
    organisation = buyer.employer_id if buyer.is_person else buyer.pk
    return write_order(
        Order(
            party_id=buyer.pk, organisation_id=organisation, number=number.strip()[:60],
            note=note.strip()[:300], **held_by, **values,
        ),
        lines,
        by=by,
        at=at,
    )  # fmt: skip


def write_order(order: Order, lines: Sequence[LineDraft], *, by: Actor, at: datetime) -> Order:
    """Store an order with its lines and record it; its amount and cost are those of the lines where not given."""
    costs = costs_of([line.product_id for line in lines if line.product_id is not None])
    lines = [_priced(line, costs, order, only=len(lines) == 1) for line in lines]
    if order.amount is None:
        order.amount = sum_of(lines)
    if order.cost is None and lines and all(line.unit_cost is not None for line in lines):
        order.cost = in_cents(sum(((x.unit_cost or 0) * x.quantity for x in lines), start=Decimal(0)))
    order.created_at, order.batch_id = at, by.batch_id
    order.save(force_insert=True)
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order, product_id=line.product_id, product_text=line.product_text, quantity=line.quantity,
            unit_price=line.unit_price, unit_cost=line.unit_cost,
        )
        for line in lines
    )  # fmt: skip
    record(placed(order), by=by, at=order.ordered_at or at)
    return order


def placed(order: Order) -> OrderPlaced:
    """The fact that an order was placed."""
    return OrderPlaced(
        order_id=order.pk, amount=None if order.amount is None else str(order.amount),
        currency=order.currency if order.amount is not None else None, opportunity_id=order.opportunity_id,
        lead_id=order.lead_id, is_dated=order.ordered_at is not None,
        party_id=order.party_id, organisation_id=order.organisation_id,
    )  # fmt: skip


def order_of_win(
    row: Opportunity, lines: Sequence[LineDraft], *, amount: Decimal | None, cost: Decimal | None,
    ordered_at: datetime | None, number: str, by: Actor, at: datetime,
) -> Order:  # fmt: skip
    """The order that comes with a win: of the same buyer, lead and owner, about the same products."""
    order = Order(
        number=number, party_id=row.party_id, organisation_id=row.organisation_id, lead_id=row.lead_id,
        opportunity=row, ordered_at=ordered_at, amount=amount, cost=cost, currency=row.currency,
        owner_id=row.owner_id, team_id=row.team_id,
    )  # fmt: skip
    return write_order(order, lines, by=by, at=at)


@action
def change_order(*, order_id: int, by: Actor, at: datetime, **values: Unpack[OrderValues]) -> Order:
    """Correct an order's number, day, amount, cost, their currency or its note.

    Raises:
        NotAllowed: the actor may not change this order.
        Invalid: a value that cannot be right.
    """
    order = locked_order(order_id)
    require(by, "sell.order.change", order)
    require_cost(by, "cost" if "cost" in values else None)  # emptying it counts, too
    new = _checked(dict(values), at=at)
    require_cost_currency(by, order, new)
    change_row(
        order, new, row_type=ORDER_ROW, by=by, at=at, personal=ORDER_PERSONAL,
        party_id=order.party_id, organisation_id=order.organisation_id,
    )  # fmt: skip
    return order


@action
def delete_order(*, order_id: int, by: Actor, at: datetime) -> Order:
    """Take an order out of the numbers; it can be restored.

    Raises:
        NotAllowed: the actor may not delete this order.
        Conflict: it came with the win of an opportunity, which has to be reopened instead.
    """
    order = locked_order(order_id)
    require(by, "sell.order.delete", order)
    if order.opportunity is not None and order.opportunity.outcome and order.opportunity.deleted_at is None:
        raise Conflict(
            gettext("This order came with the win of an opportunity. Reopen that, and the order falls with it.")
        )
    remove_orders([order], by=by, at=at)
    return order


@action
def restore_order(*, order_id: int, by: Actor, at: datetime) -> Order:
    """Bring a deleted order back into the numbers.

    Raises:
        NotAllowed: the actor may not delete, hence not restore, this order.
    """
    order = Order.objects.select_for_update().filter(pk=order_id).first()
    if order is None:
        raise NotFound()
    require(by, "sell.order.delete", order)
    bring_back_orders([order.pk], by=by, at=at)
    order.refresh_from_db()
    return order


def remove_orders(orders: Sequence[Order], *, by: Actor, at: datetime) -> list[int]:
    """Delete orders whose right to be deleted was checked; which ones those were."""
    gone = [order for order in orders if order.deleted_at is None]
    for order in gone:
        order.deleted_at = at
        order.save(update_fields=["deleted_at"])
        fact = OrderDeleted(order_id=order.pk, party_id=order.party_id, organisation_id=order.organisation_id)
        record(fact, by=by, at=at)
    return [order.pk for order in gone]


def bring_back_orders(ids: Sequence[int], *, by: Actor, at: datetime) -> list[int]:
    """Restore deleted orders; which ones those were."""
    back = list(Order.objects.select_for_update().filter(pk__in=list(ids), deleted_at__isnull=False).order_by("pk"))
    for order in back:
        order.deleted_at = None
        order.save(update_fields=["deleted_at"])
        fact = OrderRestored(order_id=order.pk, party_id=order.party_id, organisation_id=order.organisation_id)
        record(fact, by=by, at=at)
    return [order.pk for order in back]


@undoes(OrderPlaced, OrderRestored)
@action
def take_back_order(fact: OrderPlaced | OrderRestored, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo the placing of an order by deleting it; whoever placed it may.

    Raises:
        NotUndoable: it came with a win, which is what has to be undone.
    """
    order = locked_order(fact.order_id)
    if order.opportunity_id is not None:
        raise NotUndoable(reason=gettext("the order came with a win; undo that, or reopen the opportunity"))
    mine = isinstance(fact, OrderPlaced) and event.user_id is not None and event.user_id == by.user_id
    require(by, "sell.order.create" if mine else "sell.order.delete", order)
    remove_orders([order], by=by, at=at)


@undoes(OrderDeleted)
@action
def take_back_order_deletion(fact: OrderDeleted, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo the deletion of an order, unless it fell with a reopened or deleted opportunity."""
    order = Order.objects.select_related("opportunity").filter(pk=fact.order_id).first()
    if order is not None and order.opportunity is not None:
        raise NotUndoable(reason=gettext("it fell with its opportunity; undo what was done to that"))
    restore_order(order_id=fact.order_id, by=by, at=at)


@undoes_changes_of(ORDER_ROW)
@action
def take_back_order_change(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Give an order its old values back.

    Raises:
        NotUndoable: one of them changed again since.
    """
    order = locked_order(fact.row_id)
    require(by, "sell.order.change", order)
    change_row(
        order, old_values(order, fact), row_type=ORDER_ROW, by=by, at=at, personal=ORDER_PERSONAL,
        party_id=order.party_id, organisation_id=order.organisation_id,
    )  # fmt: skip


def locked_order(order_id: int) -> Order:
    """The order, held against everybody else until the action is over.

    Raises:
        NotFound: there is no such order, or it was deleted.
    """
    order = Order.objects.select_for_update(of=("self",)).select_related("opportunity")
    found = order.filter(pk=order_id, deleted_at=None).first()
    if found is None:
        raise NotFound()
    return found


def _priced(line: LineDraft, costs: dict[int, Decimal | None], order: Order, *, only: bool) -> LineDraft:
    """The line with what it cost us, and, where it is the only one, with the price the order's amount gives it."""
    price = line.unit_price
    if only and order.amount is not None:
        each = in_cents(order.amount / line.quantity)
        price = each if each * line.quantity == order.amount else None
    cost = line.unit_cost
    if cost is None and line.product_id is not None:
        cost = costs.get(line.product_id)
    return LineDraft(line.product_id, line.product_text, line.quantity, price, cost)


def _checked(values: dict[str, Any], *, at: datetime) -> dict[str, Any]:
    wrong: dict[str, list[str]] = {}
    for key in ("amount", "cost"):
        if values.get(key) is not None and values[key] < 0:
            wrong[key] = [gettext("An amount is not below zero.")]
    if values.get("ordered_at") is not None and values["ordered_at"] > at:
        wrong["ordered_at"] = [gettext("An order cannot be placed in the future.")]
    for key, longest in (("number", 60), ("note", 300)):
        if key in values:
            values[key] = str(values[key]).strip()[:longest]
    if "currency" in values:
        try:
            values["currency"] = team.currency_meant(values["currency"])
        except UnknownCurrency as error:
            wrong["currency"] = [str(error)]
    if wrong:
        raise Invalid(wrong)
    return values
