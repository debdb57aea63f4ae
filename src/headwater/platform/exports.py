"""Rows on their way out of the house: cells that no spreadsheet runs, and a fact that says who took what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.events import Fact, record
from headwater.platform.installation import installation
from headwater.platform.models import Event
from headwater.platform.resource import Column, Kind, Resource, Rows
from headwater.platform.search.store import one_of
from headwater.platform.translated import gettext_lazy as _

ID = Column("id", _("Id"), Kind.NUMBER, path="pk", nullable=False)  # stands before the others in files for programs
PORTION = 2_000  # rows that are read at a time
_FORMULA = frozenset("=+-@\t\r")
_AS_THEY_ARE = frozenset({type(None), str, int, float, Decimal, date, datetime})


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


def shown_values(rows: Rows, columns: Sequence[Column]) -> Iterator[list[Sequence[Any]]]:
    """What the columns show of the rows, some thousand rows at a time: for each column its values, in their order.

    Only what is shown is read, and nothing is made of it but values: a row with all it points at takes ten times as
    long. What other rows say of these is fetched for all of a portion together.
    """
    paths = list(
        dict.fromkeys(["pk", *(path for column in columns for path in column.read_paths if not column.gathered)])
    )
    places = {path: at for at, path in enumerate(paths)}
    values = rows.prefetch_related(None).values_list(*paths)
    for portion in _in_portions(values):
        read = list(zip(*portion, strict=True))
        gathered = _gathered(rows, read[0]) if any(column.gathered for column in columns) else []
        yield [
            [column.of(row) for row in gathered]
            if column.gathered
            else _made(column, [read[places[path]] for path in column.read_paths])
            for column in columns
        ]


def _in_portions(values: QuerySet[Any, Any]) -> Iterator[list[Any]]:
    """The rows some thousand at a time. SQLite puts them in order in a file, where it has to, and not in memory."""
    sorts_in_memory = connection.vendor == "sqlite" and not connection.in_atomic_block
    if sorts_in_memory:
        _sort_in("FILE")
    try:
        found = values.iterator(chunk_size=PORTION)
        while portion := list(islice(found, PORTION)):
            yield portion
    finally:
        if sorts_in_memory:
            _sort_in("MEMORY")


def _sort_in(place: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA temp_store={place}")


def _made(column: Column, read: Sequence[Sequence[Any]]) -> Sequence[Any]:
    return read[0] if column.made is None else [column.made(*each) for each in zip(*read, strict=True)]


def _gathered(rows: Rows, ids: Sequence[int]) -> list[Any]:
    """Rows that know nothing but their id and what points at them."""
    besides = rows._prefetch_related_lookups  # type: ignore[attr-defined]  # nothing public tells of them
    bare = rows.model._base_manager.only("pk").prefetch_related(*besides)
    found = {row.pk: row for row in bare.filter(pk__in=one_of(ids))}
    return [found[pk] for pk in ids]


def in_file(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    """What a file holds for values of the column: labels of choices, numbers and dates as themselves, else text."""
    if column.kind is Kind.CHOICE and not column.several:
        labels = {value: column.told(value) for value in set(values) - {None}}
        return [labels.get(value) for value in values]
    return [value if type(value) in _AS_THEY_ARE else in_words(column, value) for value in values]


def in_words(column: Column, value: Any) -> str:
    """A value as the text of a cell; several choices with `;`, as imports take them: a label may hold a comma. One that
    holds a `;` itself is told by its code."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(str(each) if ";" in (label := column.told(each)) else label for each in value)
    return column.told(value) if column.kind is Kind.CHOICE else str(value)


def cell_texts(values: Sequence[Any], zone: ZoneInfo | None = None) -> list[str]:
    """The same as :func:`cell_text` says of each; most are text that no spreadsheet minds."""
    return [value if type(value) is str and value[:1] not in _FORMULA else cell_text(value, zone) for value in values]


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
    return f"'{text}" if text[:1] in _FORMULA else text
