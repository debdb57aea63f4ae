"""Rows on their way out of the house: cells that no spreadsheet runs, and a fact that says who took what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.events import Fact, record
from headwater.platform.models import Event
from headwater.platform.resource import Column, Kind, Resource

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class RowsExported(
    Fact,
    verb="platform.rows_exported",
    subject="team.user:user_id",
    sentence="Exported {rows} {noun}",
    icon="download",
):
    """Somebody took rows of a noun out as a file; ``columns`` and ``conditions`` say which part of it."""

    user_id: int
    noun: str
    rows: int
    format: str
    columns: list[str]
    conditions: str


@action
def record_export(
    *, resource: Resource, rows: int, format: str, columns: Sequence[Column], conditions: str, by: Actor, at: datetime
) -> Event:
    """Note that rows leave the house, before the first one does.

    Raises:
        NotAllowed: the actor may not export this noun.
    """
    by.require(resource.verb("export"))
    fact = RowsExported(
        user_id=by.user_id or 0,
        noun=resource.key,
        rows=rows,
        format=format,
        columns=[column.key for column in columns],
        conditions=conditions[:500],
    )
    return record(fact, by=by, at=at)


def cell_value(column: Column, row: Any) -> Any:
    """What a file holds for ``row``: the label of a choice, numbers and dates as themselves, else text."""
    value = column.of(row)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, (int, float, Decimal, date)):
        return value
    return column.text(row) if column.kind is Kind.CHOICE else str(value)


def cell_text(value: Any) -> str:
    """A cell of a text file. Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
