"""Writing many rows at once: reserved ids and one statement per table, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from django.db import connection, models
from pydantic_core import to_json

from headwater.platform.action import current_unit
from headwater.platform.errors import DomainError, NotFound, SomeRefused

Row = Sequence[Any]
M = TypeVar("M", bound=models.Model)
T = TypeVar("T")

PART = 5_000  # so many values one statement names: both databases take them, and nobody waits long for it
FEW_GROUPS = 20


def reserve_ids(model: type[models.Model], count: int) -> range | list[int]:
    """``count`` fresh primary keys of ``model``, so that rows of several tables can refer to each other.

    On SQLite the open write transaction holds everybody else off; on PostgreSQL the sequence is advanced.
    """
    current_unit()
    if count == 0:
        return range(0)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [model._meta.db_table, _pk(model).column, count],
            )
            return [row[0] for row in cursor.fetchall()]
    with connection.cursor() as cursor:
        # AUTOINCREMENT remembers the highest id there ever was, whether it was given out by SQLite or by us.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
        found = cursor.fetchone()
    top = found[0] if found else 0
    return range(top + 1, top + 1 + count)


def check_each(rows: Iterable[M], check: Callable[[M], None], *, ids: Sequence[int]) -> None:
    """Ask for every row whether the step is possible, before it is taken for any.

    Raises:
        SomeRefused: it is not for some of them, or some of ``ids`` are not among the rows.
    """
    refusals: dict[int, DomainError] = {}
    wanted = set(ids)
    for row in rows:
        wanted.discard(int(row.pk))
        try:
            check(row)
        except DomainError as refusal:
            refusals[int(row.pk)] = refusal
    refusals |= {pk: NotFound() for pk in sorted(wanted)}
    if refusals:
        raise SomeRefused(refusals, of=len(set(ids)))


def update_rows(model: type[models.Model], values: Mapping[int, Mapping[str, Any]]) -> None:
    """Store new values (by field attname) by row id; rows that get the same ones share a statement."""
    current_unit()
    groups: dict[str, tuple[Mapping[str, Any], list[int]]] = {}
    for pk, new in values.items():
        groups.setdefault(repr(sorted(new.items())), (new, []))[1].append(pk)
    if len(groups) <= FEW_GROUPS:
        for new, ids in groups.values():
            if new:
                model._default_manager.filter(pk__in=ids).update(**new)
        return
    by_columns: dict[tuple[str, ...], list[Row]] = {}
    for pk, new in values.items():
        by_columns.setdefault(tuple(sorted(new)), []).append((*(new[name] for name in sorted(new)), pk))
    fields = {f.attname: f for f in model._meta.concrete_fields}
    quote = connection.ops.quote_name
    for names, rows in by_columns.items():
        if not names:
            continue
        wanted = ", ".join(f"{quote(str(fields[name].column))} = %s" for name in names)
        where = quote(str(_pk(model).column))
        prepared = list(_prepared(rows, [*(_converter(fields[name]) for name in names), None]))
        with connection.cursor() as cursor:
            table = quote(model._meta.db_table)
            cursor.executemany(f"UPDATE {table} SET {wanted} WHERE {where} = %s", prepared)  # noqa: S608


def in_parts(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in their order, in parts that one statement can name."""
    rest = iter(values)
    while part := list(islice(rest, PART)):
        yield part


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert ``rows`` (values in the order of ``columns``, which are field attnames) in one go.

    Values are Python values; JSON fields take anything ``json.dumps`` takes. Columns not named get the default of
    their field, or nothing. COPY on PostgreSQL, executemany on SQLite.
    """
    current_unit()
    if not rows:
        return
    fields = {f.attname: f for f in model._meta.concrete_fields}
    given = set(columns)
    if left := [f for name, f in fields.items() if name not in given and f.has_default() and not f.has_db_default()]:
        columns = [*columns, *(f.attname for f in left)]
        rows = [(*row, *(f.get_default() for f in left)) for row in rows]
    names = [str(fields[name].column) for name in columns]
    prepared: Any = _prepared(rows, [_converter(fields[name]) for name in columns])
    quote = connection.ops.quote_name
    target = f"{quote(model._meta.db_table)} ({', '.join(quote(n) for n in names)})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {target} FROM STDIN") as copy:
                for row in prepared:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(names))
            cursor.executemany(f"INSERT INTO {target} VALUES ({marks})", prepared)  # noqa: S608


def _pk(model: type[models.Model]) -> models.Field[Any, Any]:
    pk = model._meta.pk
    assert pk is not None
    return pk


def _prepared(rows: Sequence[Row], converters: Sequence[Callable[[Any], Any] | None]) -> Iterable[Row]:
    """The rows with their values as the database takes them, turned column by column: that is twice as fast."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for i, convert in enumerate(converters):
        if convert is not None:
            columns[i] = [None if value is None else convert(value) for value in columns[i]]
    return zip(*columns, strict=True)


def _converter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    if isinstance(field, models.JSONField):
        return _json_text
    if connection.vendor == "postgresql":
        return None
    if isinstance(field, models.DateTimeField):
        return _sqlite_datetime
    if isinstance(field, models.DateField):
        return str
    if isinstance(field, models.DecimalField):
        return str
    return None


def _json_text(value: Any) -> str:
    return "{}" if value == {} else str(to_json(value), "utf-8")  # in a third of the time that json takes


@lru_cache(maxsize=4096)  # a chunk repeats the moment it is written at in every row
def _sqlite_datetime(value: datetime) -> str:
    moment = value.astimezone(UTC) if value.tzinfo is not UTC else value
    # Django's own form of a UTC moment: no zone, microseconds only when there are some.
    return moment.isoformat(sep=" ")[: -len("+00:00")]
