"""What opportunities and orders are about: their lines, and deciding which product a file's text means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.bulk import in_parts
from headwater.platform.errors import Invalid, NotFound, NotUndoable
from headwater.platform.events import json_value, record
from headwater.platform.money import in_cents
from headwater.platform.translated import gettext as _
from headwater.platform.undo import is_own, undoes
from headwater.sell.actions.steps import locked
from headwater.sell.events import OpportunityLinesChanged, ProductDecided, ProductDecisionTakenBack
from headwater.sell.models import Opportunity, OpportunityLine, OrderLine, Product
from headwater.sell.queries.visible import visible_opportunities, visible_orders, visible_products

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from headwater.platform.models import Event


@dataclass(frozen=True)
class LineDraft:
    """One line as it is given: a product of the catalogue or a text, how many, at what price and cost each."""

    product_id: int | None = None
    product_text: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None


def check_lines(lines: Sequence[LineDraft], by: Actor) -> None:
    """Refuse lines that cannot be right.

    Raises:
        Invalid: a line without product or text, a quantity that is not positive, a negative price.
        NotFound: there is no such product.
    """
    for line in lines:
        if line.product_id is None and not line.product_text.strip():
            raise Invalid({"product_id": [_("Choose a product.")]})
        if line.quantity <= 0:
            raise Invalid({"quantity": [_("The quantity is more than zero.")]})
        if line.unit_price is not None and line.unit_price < 0:
            raise Invalid({"unit_price": [_("A price is not below zero.")]})
    wanted = {line.product_id for line in lines if line.product_id is not None}
    if wanted and visible_products(by).filter(pk__in=wanted).count() < len(wanted):
        raise NotFound()


def sum_of(lines: Sequence[LineDraft]) -> Decimal | None:
    """What the lines come to; unknown if one has no price, or there are none."""
    if not lines or any(line.unit_price is None for line in lines):
        return None
    return in_cents(sum(((line.unit_price or 0) * line.quantity for line in lines), start=Decimal(0)))


def lines_of(row: Opportunity) -> list[LineDraft]:
    """The lines an opportunity has now."""
    return [_as_draft(line) for line in row.lines.order_by("pk")]


def write_lines(row: Opportunity, lines: Sequence[LineDraft]) -> None:
    """Store the lines of an opportunity that has none."""
    OpportunityLine.objects.bulk_create(
        OpportunityLine(
            opportunity=row, product_id=line.product_id, product_text=line.product_text.strip()[:160],
            quantity=line.quantity, unit_price=line.unit_price,
        )
        for line in lines
    )  # fmt: skip


@action
def add_line(
    *,
    opportunity_id: int,
    product_id: int,
    by: Actor,
    at: datetime,
    quantity: Decimal = Decimal(1),
    unit_price: Decimal | None = None,
) -> Opportunity:
    """Say what else an opportunity is about; without a price the catalogue's counts.

    The amount follows the lines, as long as nobody has set another one by hand.

    Raises:
        NotAllowed: the actor may not change this opportunity.
        NotFound: there is no such product.
        Invalid: a quantity or price that cannot be right.
    """
    row = locked(opportunity_id, by=by, verb="change")
    product = visible_products(by).filter(pk=product_id).first()
    if product is None:
        raise NotFound()
    if unit_price is None and product.currency == row.currency:
        unit_price = product.list_price
    before = lines_of(row)
    line = LineDraft(product_id, "", quantity, unit_price)
    check_lines([line], by)
    _replace(row, before, [*before, line], f"{product.name} added", by=by, at=at)
    return row


@action
def remove_line(*, opportunity_id: int, line_id: int, by: Actor, at: datetime) -> Opportunity:
    """Take a product off an opportunity.

    Raises:
        NotAllowed: the actor may not change this opportunity.
        NotFound: it has no such line.
    """
    row = locked(opportunity_id, by=by, verb="change")
    lines = list(row.lines.select_related("product").order_by("pk"))
    gone = next((line for line in lines if line.pk == line_id), None)
    if gone is None:
        raise NotFound()
    before = [_as_draft(line) for line in lines]
    after = [_as_draft(line) for line in lines if line.pk != line_id]
    _replace(row, before, after, f"{gone.label} removed", by=by, at=at)
    return row


@undoes(OpportunityLinesChanged)
@action
def take_back_lines(fact: OpportunityLinesChanged, *, event: Event, by: Actor, at: datetime) -> None:
    """Give an opportunity its former lines back.

    Raises:
        NotUndoable: they changed again since.
    """
    row = locked(fact.opportunity_id, by=by, verb="change")
    now = lines_of(row)
    if _as_values(now) != (fact.after or []):
        raise NotUndoable(reason=_("the products changed again since"))
    _replace(row, now, [_from_values(values) for values in fact.before or []], "taken back", by=by, at=at)


@action
def decide_product(
    *,
    line_id: int,
    of: Literal["opportunity", "order"],
    product_id: int,
    by: Actor,
    at: datetime,
    all_lines: bool = False,
) -> int:
    """Say which product of the catalogue a file's text means; how many lines carry it from now on.

    ``all_lines`` decides every line with the same text that the actor may see, in opportunities and orders.

    Raises:
        NotAllowed: the actor may not change opportunities.
        NotFound: there is no such line or product.
        Invalid: the line is decided already.
    """
    by.require("sell.opportunity.change")
    product = visible_products(by).filter(pk=product_id).first()
    of_opportunities = OpportunityLine.objects.filter(opportunity__in=visible_opportunities(by).values("pk"))
    of_orders = OrderLine.objects.filter(order__in=visible_orders(by).values("pk"))
    line = (of_opportunities if of == "opportunity" else of_orders).filter(pk=line_id).first()
    if product is None or line is None:
        raise NotFound()
    if not line.is_to_decide:
        raise Invalid({"product_id": [_("This line names a product of the catalogue already.")]})
    text = line.product_text
    same: dict[str, Any] = {"product": None, "product_text": text}
    if not all_lines:
        same["pk"] = line_id
    opportunity_ids = list(of_opportunities.filter(**same).values_list("pk", flat=True))
    order_ids = list(of_orders.filter(**same).values_list("pk", flat=True))
    if not all_lines:
        opportunity_ids, order_ids = (opportunity_ids, []) if of == "opportunity" else ([], order_ids)
    _point_lines(OpportunityLine, opportunity_ids, product.pk)
    _point_lines(OrderLine, order_ids, product.pk)
    fact = ProductDecided(
        product_id=product.pk, name=product.name, text=text,
        opportunity_line_ids=opportunity_ids, order_line_ids=order_ids,
    )  # fmt: skip
    record(fact, by=by, at=at)
    return len(opportunity_ids) + len(order_ids)


@undoes(ProductDecided)
@action
def take_back_decision(fact: ProductDecided, *, event: Event, by: Actor, at: datetime) -> None:
    """Let the lines of a decision carry the file's text again.

    Raises:
        NotAllowed: somebody else decided it, and the actor may not delete opportunities.
        NotFound: the actor does not see all the lines it was about.
    """
    by.require("sell.opportunity.change" if is_own(event, by) else "sell.opportunity.delete")
    opportunity_lines, order_lines = fact.opportunity_line_ids or [], fact.order_line_ids or []
    _require_sight(OpportunityLine, opportunity_lines, visible_opportunities(by))
    _require_sight(OrderLine, order_lines, visible_orders(by))
    _point_lines(OpportunityLine, opportunity_lines, None, was=fact.product_id)
    _point_lines(OrderLine, order_lines, None, was=fact.product_id)
    record(ProductDecisionTakenBack(product_id=fact.product_id, text=fact.text, event_id=event.pk), by=by, at=at)


def _require_sight(model: type[OpportunityLine] | type[OrderLine], ids: Sequence[int], seen: QuerySet[Any]) -> None:
    """Refuse if one of the lines that are still there belongs to something the actor does not see."""
    parent = "opportunity" if model is OpportunityLine else "order"
    for part in in_parts(ids):
        lines = model._default_manager.filter(pk__in=part)
        if lines.exclude(**{f"{parent}__in": seen.values("pk")}).filter(**{f"{parent}__deleted_at": None}).exists():
            raise NotFound()


def _point_lines(
    model: type[OpportunityLine] | type[OrderLine],
    ids: Sequence[int],
    product_id: int | None,
    *,
    was: int | None = None,
) -> None:
    for part in in_parts(ids):
        lines = model.objects.filter(pk__in=part)
        lines = lines.filter(product=None) if was is None else lines.filter(product_id=was)
        lines.update(product_id=product_id)


def _replace(
    row: Opportunity, before: Sequence[LineDraft], after: Sequence[LineDraft], words: str, *, by: Actor, at: datetime
) -> None:
    row.lines.all().delete()
    write_lines(row, after)
    amount = row.amount
    if row.amount is None or row.amount == sum_of(before):
        row.amount = sum_of(after)
        row.save(update_fields=["amount"])
    fact = OpportunityLinesChanged(
        opportunity_id=row.pk, words=words, before=_as_values(before), after=_as_values(after),
        amount_before=None if amount is None else str(amount),
        amount_after=None if row.amount is None else str(row.amount),
        party_id=row.party_id, organisation_id=row.organisation_id,
    )  # fmt: skip
    record(fact, by=by, at=at)


def _as_draft(line: OpportunityLine) -> LineDraft:
    return LineDraft(line.product_id, line.product_text, line.quantity, line.unit_price)


def _as_values(lines: Sequence[LineDraft]) -> list[dict[str, Any]]:
    return [
        json_value(
            {"product_id": x.product_id, "text": x.product_text, "quantity": x.quantity, "unit_price": x.unit_price}
        )
        for x in lines
    ]


def _from_values(values: dict[str, Any]) -> LineDraft:
    price = values["unit_price"]
    return LineDraft(
        values["product_id"], values["text"], Decimal(values["quantity"]), None if price is None else Decimal(price)
    )


def costs_of(product_ids: Sequence[int]) -> dict[int, Decimal | None]:
    """What one piece of each product costs us."""
    return dict(Product.objects.filter(pk__in=product_ids).values_list("pk", "cost"))
