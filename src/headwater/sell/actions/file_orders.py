"""The rows of a file gathered by the order they are about, and what they must agree on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from headwater.platform.importer import Batch, CleanRow
from headwater.platform.money import in_cents
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.sell.actions.file_cells import FileRow, is_blank, own_id
from headwater.sell.models import Order

# What all rows of an order must agree on, and what screens call it.
HEAD = {
    "lead": lazy("Lead"), "opportunity": lazy("Opportunity"), "organisation": lazy("Company"),
    "person": lazy("Person"), "email": "E-mail",
    "number": lazy("Order number"), "ordered_at": lazy("Ordered on"), "currency": lazy("Currency"),
    "amount": lazy("Value"), "cost": lazy("Cost"),
}  # fmt: skip
BUYER = ("lead", "opportunity", "organisation", "person", "email")
OF_THE_LINE = {"amount": lazy("Value of the line"), "cost": lazy("Cost each")}


def order_key(row: CleanRow) -> str:
    """What an order is called: its id or number in the system, else who bought when, and what if it is all of it."""
    if row.values.get("number") and not row.values.get("external_id"):
        return f"number:{row.values['number']}"
    return own_id(row, *BUYER[:1], *BUYER[2:], *(() if _is_line(row) else ("product",)), "ordered_at", "amount")


def _is_line(row: CleanRow) -> bool:
    """Whether a row without an id is one line of an order: dated, and without the value of a whole order."""
    has_line = row.values.get("unit_price") is not None or row.values.get("line_amount") is not None
    return has_line and row.values.get("ordered_at") is not None and row.values.get("amount") is None


@dataclass
class FileOrder:
    """The rows of a chunk that are about one order, in the order of the file, without those that are left out.

    ``said`` is what the rows of this import said of its head so far, in earlier chunks too. ``speaker`` is the row
    that names the buyer.
    """

    key: str
    rows: list[FileRow]
    said: dict[str, str]
    is_continued: bool
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def speaker(self) -> FileRow:
        """The row that says who buys."""
        return next((row for row in self.rows if any(row.text(name) for name in BUYER)), self.rows[0])

    @property
    def takes_lines(self) -> bool:
        """Whether each row is a line of its own; rows that are known by all they say only repeat themselves."""
        return not self.key.startswith("row:") or _is_line(self.rows[0].row)

    def get(self, name: str) -> Any:
        """What the first row that knows it says of the whole order."""
        return self.values.get(name)

    def text(self, name: str) -> str:
        """The same as text; blank is empty."""
        return str(self.values.get(name) or "").strip()

    def head(self, batch_id: int) -> dict[str, Any]:
        """What was said of it so far, to be kept with the order for its rows further down in the file."""
        return {"batch": batch_id, "said": self.said}


def gathered(rows: Sequence[FileRow], known: Mapping[str, Order], batch: Batch) -> list[FileOrder]:
    """The rows by the order they are about; those that contradict its first row are left out.

    A first row without a currency means the company's, or that of the order which is here.
    """
    found: dict[str, FileOrder] = {}
    for row in rows:
        if not row.ok:
            continue
        about = found.get(row.external_id)
        if about is None:
            there = known.get(row.external_id)
            head = _head_so_far(there, batch.id)
            about = FileOrder(row.external_id, [], dict(head or {}), head is not None)
            if not row.text("currency"):
                about.said.setdefault("currency", there.currency if there is not None else batch.currency)
        says = _says(row, batch.id)
        row.errors.extend(
            _contradiction(name, value, about.said[name], batch)
            for name, value in says.items()
            if about.said.get(name, value) != value
        )
        if row.ok:
            found.setdefault(row.external_id, about)
            about.rows.append(row)
            about.said = {**says, **about.said}
            about.values = {**{n: v for n, v in row.row.values.items() if not is_blank(v)}, **about.values}
    return list(found.values())


def _head_so_far(order: Order | None, batch_id: int) -> dict[str, str] | None:
    head = order.head if order is not None else None
    return head["said"] if head and head["batch"] == batch_id else None


def _says(row: FileRow, batch_id: int) -> dict[str, str]:
    """What a row says of its order, comparable; who bought is only kept as a fingerprint."""
    says: dict[str, str] = {}
    for name in HEAD:
        value = row.get(name)
        if is_blank(value):
            continue
        if name in BUYER:
            words = f"{batch_id}:{name}:{str(value).strip().casefold()}"
            says[name] = hashlib.sha256(words.encode()).hexdigest()[:16]
        elif isinstance(value, datetime):
            says[name] = value.isoformat()
        elif isinstance(value, Decimal):
            says[name] = str(in_cents(value))
        else:
            says[name] = str(value).strip()
    return says


def _contradiction(name: str, value: str, first: str, batch: Batch) -> str:
    if name in BUYER:
        return _("{head}: the first row of this order names another.").format(head=HEAD[name])
    if name == "ordered_at":  # as people write it, in their own time
        zone = ZoneInfo(batch.zone)
        value, first = (f"{datetime.fromisoformat(t).astimezone(zone):%Y-%m-%d %H:%M}" for t in (value, first))
    text = _("{head}: {value} here, {first} in the first row of this order.").format(
        head=HEAD[name], value=value, first=first
    )
    return (
        _("{text} Map the column to “{of_the_line}” if it is about the line.").format(
            text=text, of_the_line=OF_THE_LINE[name]
        )
        if name in OF_THE_LINE
        else text
    )
