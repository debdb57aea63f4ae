"""Rows on their way out of the house: cells that no spreadsheet runs, and a fact that says who took what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.events import Fact, record
from headwater.platform.installation import installation
from headwater.platform.models import Event
from headwater.platform.resource import Column, Kind, Resource

ID = Column("id", _("Id"), Kind.NUMBER, path="pk", nullable=False)  # stands before the others in files for programs
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class RowsExported(
    Fact,
    verb="platform.rows_exported",
    subject="team.user:user_id",
    sentence=_("Exported {rows} {noun}"),
    personal=("conditions",),
    icon="download",
):
    """Somebody took rows of a noun out as a file; ``columns`` and ``conditions`` say which part of it.

    The conditions hold what somebody searched for: a name or an address as often as not.
    """

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


def exported_columns(resource: Resource, keys: Iterable[str] = ()) -> list[Column]:
    """The columns a file has: those named, in that order, each with what its cell shows besides, or all there are.

    An amount always brings its currency.
    """
    shown = [resource.by_key[key] for key in keys if key in resource.by_key] or list(resource.columns)
    own = {column.key for column in shown}
    found: dict[str, Column] = {}
    for column in shown:
        besides = (*column.with_columns, *(["currency"] if column.kind is Kind.MONEY else []))
        found |= {column.key: column} if column.exported else {}
        found |= {k: resource.by_key[k] for k in besides if k in resource.by_key and k not in own and k not in found}
    return list(found.values())


def heading(column: Column, zone: ZoneInfo | None = None) -> str:
    """What a column is called in a file for people; with a ``zone`` moments say on which clock they stand."""
    label = column.file_label or column.label
    return f"{label} ({zone.key})" if zone is not None and column.kind is Kind.DATETIME else label


def headings(columns: Iterable[Column], zone: ZoneInfo) -> list[str]:
    """The first line of a file. Only another clock than the company's is named."""
    named = zone if zone.key != installation().time_zone else None
    return [heading(column, named) for column in columns]


def cell_value(column: Column, row: Any) -> Any:
    """What a file holds for ``row``: the label of a choice, numbers and dates as themselves, else text."""
    value = column.of(row)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, (int, float, Decimal, date)):
        return value
    return column.told(value) if column.kind is Kind.CHOICE else str(value)


def local_time(value: datetime, zone: ZoneInfo) -> datetime:
    """A moment as spreadsheets know it: on the clock of ``zone``, which it does not name, to the second."""
    return value.astimezone(zone).replace(tzinfo=None, microsecond=0)


def cell_text(value: Any, zone: ZoneInfo | None = None) -> str:
    """A cell of a text file. Text that a spreadsheet would run as a formula gets an apostrophe in front.

    With ``zone`` moments stand as a spreadsheet reads them (``2026-11-22 10:08``), else as programs do, in UTC.
    """
    if value is None:
        return ""
    if isinstance(value, datetime) and zone is not None:
        moment = local_time(value, zone)
        return moment.isoformat(" ", timespec="seconds" if moment.second else "minutes")
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
