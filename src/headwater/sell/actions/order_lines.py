"""The lines that rows of a file bring to orders: which line a row means, and what it says differently about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from headwater.platform.actor import Actor
from headwater.platform.bulk import in_parts, insert_rows, reserve_ids
from headwater.platform.changes import put_values
from headwater.platform.events import Fact, facts_of, json_value, record_bulk
from headwater.platform.importer import Batch
from headwater.platform.models import Event
from headwater.platform.money import in_cents
from headwater.sell.actions.file_cells import FileRow
from headwater.sell.actions.lines import costs_of
from headwater.sell.actions.sales_rows import LINE_COLUMNS, Bought, line_values, priced, sum_known
from headwater.sell.actions.steps import ORDER_ROW
from headwater.sell.events import OrderLinesChanged
from headwater.sell.models import Opportunity, OpportunityLine, Order, OrderLine, Outcome
from headwater.sell.rules import fold_name, line_total

STATED = ("quantity", "unit_price", "unit_cost", "discount", "line_amount")
FIELDS = ("product_id", "quantity", "unit_price", "unit_cost", "discount", "amount", "extra")


def bought_of(row: FileRow, *, beyond: dict[str, str] | None = None) -> Bought | None:
    """The line a row brings; none, if it names neither a product nor a price. ``beyond`` is what only it says."""
    text = row.text("product")
    if not text and row.get("unit_price") is None and row.get("line_amount") is None:
        return None
    quantity, price, amount = row.get("quantity") or Decimal(1), row.get("unit_price"), row.get("line_amount")
    if price is not None and price != in_cents(price):
        # Tenths of a cent are no price we keep, but what the line comes to stays right.
        amount = amount if amount is not None else line_total(quantity, price, row.get("discount"))
        price = in_cents(price)
    return Bought(
        row.product_id, text[:160], quantity, price, unit_cost=row.get("unit_cost"), discount=row.get("discount"),
        amount=amount, extra=beyond or None,
    )  # fmt: skip


@dataclass
class OrderLines:
    """The rows of a chunk about one order that is here, on their way to its lines.

    With ``each_its_own``, every row of an import finds a line that no other row of it found; so the same product
    may stand there twice. Otherwise a row that repeats itself means the same line again.
    """

    order: Order
    rows: Sequence[tuple[FileRow, Bought]]
    each_its_own: bool = True
    lines: list[OrderLine] = field(default_factory=list)
    added: list[tuple[FileRow, Bought]] = field(default_factory=list)
    found: dict[int, OrderLine] = field(default_factory=dict)
    changed: dict[int, dict[str, list[Any]]] = field(default_factory=dict)
    total_before: Decimal | None = None
    cost_before: Decimal | None = None

    @property
    def total(self) -> Decimal | None:
        """What the lines come to; unknown if one has no price."""
        return sum_known([*(line.total for line in self.lines), *(what.total for _, what in self.added)])

    @property
    def cost(self) -> Decimal | None:
        """What the lines cost us; unknown for one, unknown for all."""
        new = (line_total(what.quantity, what.unit_cost) for _, what in self.added)
        return sum_known([*(line_total(line.quantity, line.unit_cost) for line in self.lines), *new])


def find_lines(orders: Sequence[OrderLines], *, batch: Batch) -> None:
    """Say for each row which line of its order it means, and take over what it corrects; the others are new."""
    by_order: dict[int, list[OrderLine]] = {about.order.pk: about.lines for about in orders}
    for part in in_parts(by_order):
        for line in OrderLine.objects.filter(order_id__in=part).order_by("pk"):
            by_order[line.order_id].append(line)
    for about in orders:
        about.total_before, about.cost_before = about.total, about.cost
        _match(about, batch.id)
    new = [what for about in orders for _, what in about.added]
    costs = costs_of(sorted({what.product_id for what in new if what.product_id is not None}))
    for about in orders:
        about.added = [(row, priced(what, costs)) for row, what in about.added]


def write_lines(orders: Sequence[OrderLines], *, by: Actor, at: datetime) -> None:
    """Store new and corrected lines, remember who read them, and record one fact for each order that differs."""
    _correct(orders)
    new = _add(orders, by=by)
    read = [line.pk for about in orders for line in about.found.values()]
    for part in in_parts(read):
        OrderLine.objects.filter(pk__in=part).update(read_batch_id=by.batch_id)
    facts: list[Fact] = []
    for about in orders:
        if not about.added and not about.changed:
            continue
        added = new.get(about.order.pk, [])
        words = [f"{len(added)} added"] if added else []
        words += [f"{len(about.changed)} corrected"] if about.changed else []
        facts.append(
            OrderLinesChanged(
                order_id=about.order.pk, words=", ".join(words), added=added or None,
                changed={str(pk): json_value(values) for pk, values in about.changed.items()} or None,
                party_id=about.order.party_id, organisation_id=about.order.organisation_id,
            )
        )  # fmt: skip
    record_bulk(facts, by=by, at=[at] * len(facts))


def restore_lines(batch_id: int, order_ids: Sequence[int], *, by: Actor, at: datetime) -> set[int]:
    """Take back what a batch did to the lines of orders; which orders had any of it.

    What was changed again since is left as it is.
    """
    facts = [fact for _, fact in line_changes(batch_id, order_ids)]
    added = {pk for fact in facts for pk in fact.added or []}
    corrected = {int(pk) for fact in facts for pk in fact.changed or {}} - added
    for part in in_parts(added):
        OrderLine.objects.filter(pk__in=part, order_id__in=order_ids).delete()
    lines: dict[int, OrderLine] = {}
    for part in in_parts(corrected):
        lines |= OrderLine.objects.filter(order_id__in=order_ids).in_bulk(part)
    for fact in facts:
        for pk, values in (fact.changed or {}).items():
            if (line := lines.get(int(pk))) is not None:
                for name, (old, new) in values.items():
                    if _typed(line, name, new) == getattr(line, name):
                        setattr(line, name, _typed(line, name, old))
    OrderLine.objects.bulk_update(lines.values(), [name.removesuffix("_id") for name in FIELDS], batch_size=200)
    told = [
        OrderLinesChanged(
            order_id=fact.order_id, words="taken back with the import", party_id=fact.party_id,
            organisation_id=fact.organisation_id,
        )
        for fact in facts
    ]  # fmt: skip
    record_bulk(told, by=by, at=[at] * len(told))
    return {fact.order_id for fact in facts}


def line_changes(batch_id: int, order_ids: Sequence[int]) -> list[tuple[int, OrderLinesChanged]]:
    """What a batch did to the lines of these orders, newest first."""
    found: list[tuple[int, OrderLinesChanged]] = []
    for part in in_parts(order_ids):
        events = Event.objects.filter(
            batch_id=batch_id, verb=OrderLinesChanged.verb, subject_type=ORDER_ROW, subject_id__in=part
        ).order_by("-pk")
        facts = facts_of(list(events))
        found += [(cast(OrderLinesChanged, fact).order_id, cast(OrderLinesChanged, fact)) for fact in facts]
    return found


# ---------------------------------------------------------------- inside


def _match(about: OrderLines, batch_id: int) -> None:
    free = [line for line in about.lines if not (about.each_its_own and line.read_batch_id == batch_id)]
    waiting = list(about.rows)
    for is_meant in (_is_same, _is_same_product, _is_decided_now):
        rest = []
        for row, what in waiting:
            line = next((line for line in free if is_meant(line, row, what)), None)
            if line is None:
                rest.append((row, what))
                continue
            about.found[row.row.line] = line
            if about.each_its_own:
                free.remove(line)
            if changed := _differences(line, row, what):
                about.changed[line.pk] = changed
        waiting = rest
    about.added = waiting


def _names_same(line: OrderLine, what: Bought) -> bool:
    if what.product_id is not None and line.product_id == what.product_id:
        return True
    return fold_name(line.product_text) == fold_name(what.text)


def _has_same_values(line: OrderLine, row: FileRow, what: Bought) -> bool:
    said = {key: getattr(what, "amount" if key == "line_amount" else key) for key in STATED if row.get(key) is not None}
    return all(getattr(line, "amount" if key == "line_amount" else key) == value for key, value in said.items())


def _is_same(line: OrderLine, row: FileRow, what: Bought) -> bool:
    return _names_same(line, what) and _has_same_values(line, row, what)


def _is_same_product(line: OrderLine, row: FileRow, what: Bought) -> bool:
    return _names_same(line, what)


def _is_decided_now(line: OrderLine, row: FileRow, what: Bought) -> bool:
    return line.is_to_decide and what.product_id is not None and _has_same_values(line, row, what)


def _differences(line: OrderLine, row: FileRow, what: Bought) -> dict[str, list[Any]]:
    wanted: dict[str, Any] = {key: getattr(what, key) for key in STATED[:4] if row.get(key) is not None}
    if what.amount is not None:
        wanted["amount"] = what.amount
    if line.product_id is None and what.product_id is not None:
        wanted["product_id"] = what.product_id
    if what.extra and (extra := {**(line.extra or {}), **what.extra}) != line.extra:
        wanted["extra"] = extra
    return put_values(line, wanted)


def _correct(orders: Sequence[OrderLines]) -> None:
    corrected = [line for about in orders for line in about.found.values() if line.pk in about.changed]
    if corrected:
        columns = [name.removesuffix("_id") for name in FIELDS]
        OrderLine.objects.bulk_update(corrected, columns, batch_size=200)


def _add(orders: Sequence[OrderLines], *, by: Actor) -> dict[int, list[int]]:
    new = [(about, what) for about in orders for _, what in about.added]
    ids = reserve_ids(OrderLine, len(new))
    rows = [(pk, *line_values(about.order.pk, what, by.batch_id)) for (about, what), pk in zip(new, ids, strict=True)]
    insert_rows(OrderLine, ("id", *LINE_COLUMNS), rows)
    _add_to_wins(new, by.batch_id)
    added: dict[int, list[int]] = {}
    for (about, _), pk in zip(new, ids, strict=True):
        added.setdefault(about.order.pk, []).append(pk)
    return added


def _add_to_wins(new: Sequence[tuple[OrderLines, Bought]], batch_id: int | None) -> None:
    """A win that this very import made of an order is about the same products, also those that come late."""
    ids = {about.order.opportunity_id for about, _ in new if about.order.opportunity_id is not None}
    if not ids:
        return
    made = Opportunity.objects.filter(pk__in=ids, batch_id=batch_id, outcome=Outcome.WON)
    mine = set(made.values_list("pk", flat=True))
    insert_rows(
        OpportunityLine,
        ("opportunity_id", "product_id", "product_text", "quantity", "unit_price"),
        [
            (about.order.opportunity_id, what.product_id, what.text, what.quantity, what.unit_price)
            for about, what in new
            if about.order.opportunity_id in mine
        ],
    )


def _typed(line: OrderLine, name: str, value: Any) -> Any:
    return next(f for f in line._meta.concrete_fields if f.attname == name).to_python(value)
