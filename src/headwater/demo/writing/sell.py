"""The catalogue, opportunities with every step they took, and orders with lines and cost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from headwater.acquire.rules import fold_name
from headwater.demo import company
from headwater.demo.records import Deal, History, Line
from headwater.demo.words import words
from headwater.demo.writing.book import Book
from headwater.demo.writing.qualify import Periods
from headwater.parties.models import Grant
from headwater.platform.bulk import insert_rows, reserve_ids
from headwater.platform.events import Changed
from headwater.platform.money import in_cents
from headwater.platform.spans import SpanRow, insert_spans
from headwater.sell import events
from headwater.sell.actions.steps import OPEN, ROW, as_fields, grant_reason
from headwater.sell.models import (
    Opportunity,
    OpportunityLine,
    Order,
    OrderLine,
    Pipeline,
    PipelineStage,
    Product,
)

START: dict[str, Any] = {
    "stage_id": None, "stage_since": None, "outcome": "", "amount": None, "probability": 0,
    "forecast_category": "PIPELINE", "close_date": None, "next_step": "",
    "competitor": "", "lost_reason": "", "lost_note": "", "closed_at": None,
    "owner_id": None, "team_id": None,
}  # fmt: skip
FIRST_NUMBER = 1001


def write_sell(book: Book, history: History, *, start: datetime) -> None:
    """Everything with a price, from ``start`` on."""
    stages = PipelineStage.objects.filter(pipeline__in=Pipeline.objects.filter(is_default=True)).order_by("position")
    named = list(stages)
    book.stages = [stage.pk for stage in named]
    _products(book, start)
    orders = dict(zip((sale.number for sale in history.sales), reserve_ids(Order, len(history.sales)), strict=True))
    _opportunities(book, history, named, orders)
    _orders(book, history, orders)


def _products(book: Book, start: datetime) -> None:
    entries = words("needs")["products"]
    book.products = reserve_ids(Product, len(entries))
    rows: list[tuple[Any, ...]] = []
    for pk, (name, family, price, share) in zip(book.products, entries, strict=True):
        cost = in_cents(Decimal(price) * Decimal(str(share)))
        listed = in_cents(Decimal(price))
        rows.append((pk, name, fold_name(name), family, listed, cost, company.CURRENCY, start, {}))
        book.tell(start, 1, events.ProductAdded(product_id=pk, name=name))
    columns = ("id", "name", "name_key", "family", "list_price", "cost", "currency", "created_at", "extra")
    insert_rows(Product, columns, rows)


def _opportunities(book: Book, history: History, stages: list[PipelineStage], orders: dict[int, int]) -> None:
    book.deals = reserve_ids(Opportunity, len(history.deals))
    order_of = {sale.deal: orders[sale.number] for sale in history.sales if sale.deal}
    rows: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    spans: list[SpanRow] = []
    grants: list[tuple[Any, ...]] = []
    for pk, deal in zip(book.deals, history.deals, strict=True):
        final = _walk(book, pk, deal, stages[0], order_of.get(deal.number), spans)
        party, organisation = book.party(deal.party), book.party(deal.organisation)
        rows.append(
            (pk, deal.name, book.lead(deal.lead), party, organisation, company.CURRENCY, deal.opened_at, {},
             deal.opened_at, *final.values())
        )  # fmt: skip
        lines.extend((pk, book.products[line.product - 1], "", line.quantity, line.price) for line in deal.lines)
        for one in dict.fromkeys((party, organisation)):
            grants.append((one, final["owner_id"], None, grant_reason(pk)))
            if final["team_id"] is not None:
                grants.append((one, None, final["team_id"], grant_reason(pk)))
    columns = (
        "id", "name", "lead_id", "party_id", "organisation_id", "currency", "opened_at", "extra", "created_at", *START,
    )  # fmt: skip
    insert_rows(Opportunity, columns, rows)
    insert_rows(OpportunityLine, ("opportunity_id", "product_id", "product_text", "quantity", "unit_price"), lines)
    insert_spans(spans)
    insert_rows(Grant, ("party_id", "user_id", "team_id", "reason"), grants)


def _walk(
    book: Book, pk: int, deal: Deal, first: PipelineStage, order_id: int | None, spans: list[SpanRow]
) -> dict[str, Any]:
    """Take every step, with the facts and spans that go with it; what it comes to."""
    owner = book.user(deal.owner)
    now = {
        **START, "stage_id": first.pk, "stage_since": deal.opened_at, "amount": in_cents(deal.amount),
        "probability": first.probability, "close_date": deal.close_date, "next_step": deal.next_step, "owner_id": owner,
        "team_id": book.team_of(deal.owner),
    }  # fmt: skip
    about: dict[str, Any] = {"party_id": book.party(deal.party), "organisation_id": book.party(deal.organisation)}
    worth: dict[str, Any] = {"amount": str(now["amount"]), "currency": company.CURRENCY}
    opened = events.OpportunityOpened(
        opportunity_id=pk, stage=first.name, lead_id=book.lead(deal.lead), owner_id=owner, **worth, **about
    )
    book.tell(deal.opened_at, deal.owner, opened)
    periods = Periods(ROW, pk, spans)
    periods.begin("stage", str(first.pk), deal.opened_at)
    periods.begin("outcome", OPEN, deal.opened_at)
    periods.begin("owner", str(owner), deal.opened_at)
    for step in deal.steps:
        values = book.values(step.values)
        changed = {name: [now[name], value] for name, value in values.items() if now[name] != value}
        now.update(values)
        plain, personal = as_fields(changed)
        if step.fact == "Changed":
            names = ", ".join(name.removesuffix("_id").replace("_", " ") for name in changed)
            book.tell(step.at, step.by, Changed(row_type=ROW, row_id=pk, names=names, fields=plain,
                                                personal_fields=personal, **about))  # fmt: skip
            continue
        told = dict(step.told)
        if step.fact == "OpportunityWon":
            told = {"order_id": order_id, "lead_id": book.lead(deal.lead), **worth}
        elif step.fact == "OpportunityLost":
            told["words"] = step.told["reason"].replace("_", " ").lower()
        kind = getattr(events, step.fact)
        fact = kind(opportunity_id=pk, fields=plain, personal_fields=personal or None, **about, **told)
        book.tell(step.at, step.by, fact)
        if {"stage_id", "outcome"} & changed.keys():
            periods.begin("stage", "" if now["outcome"] else str(now["stage_id"]), step.at)
        if "outcome" in changed:
            periods.begin("outcome", now["outcome"], step.at)
    periods.close()
    return now


def _orders(book: Book, history: History, orders: dict[int, int]) -> None:
    rows: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    for sale in history.sales:
        pk, deal = orders[sale.number], book.deal(sale.deal)
        amount = in_cents(sale.amount)
        rows.append(
            (pk, f"KO-{FIRST_NUMBER + sale.number}", book.party(sale.party), book.party(sale.organisation),
             book.lead(sale.lead), deal, sale.at, amount, in_cents(sale.cost), company.CURRENCY,
             book.user(sale.owner), book.team_of(sale.owner), "", {}, sale.at)
        )  # fmt: skip
        lines.extend(_line(book, pk, line) for line in sale.lines)
        placed = events.OrderPlaced(
            order_id=pk, amount=str(amount), currency=company.CURRENCY, opportunity_id=deal,
            lead_id=book.lead(sale.lead), is_dated=True, party_id=book.party(sale.party),
            organisation_id=book.party(sale.organisation),
        )  # fmt: skip
        book.tell(sale.at, sale.owner, placed)
    columns = (
        "id", "number", "party_id", "organisation_id", "lead_id", "opportunity_id", "ordered_at", "amount", "cost",
        "currency", "owner_id", "team_id", "note", "extra", "created_at",
    )  # fmt: skip
    insert_rows(Order, columns, rows)
    insert_rows(OrderLine, ("order_id", "product_id", "product_text", "quantity", "unit_price", "unit_cost"), lines)


def _line(book: Book, order_id: int, line: Line) -> tuple[Any, ...]:
    return order_id, book.products[line.product - 1], "", line.quantity, line.price, line.cost
