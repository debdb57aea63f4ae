"""The column that holds a row's custom values, and how a database compares one of them.

``custom__number_cf_floor`` is a path like any other: what stands before the key says as what the value is compared.
The text of its SQL is that of the field's index, so both databases find rows by it as fast as by a column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Field, Transform
from django.db.models.lookups import Exact, In

HELD = "custom"
PREFIX = "cf_"
KEY = re.compile(r"cf_[a-z0-9_]{1,40}")


class IsoDate(models.DateField):  # type: ignore[type-arg]
    """A day kept as ``2026-01-31``: text that sorts as days do, which every database can index."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The day as text."""
        day = self.to_python(value)
        return day.isoformat() if isinstance(day, date) else day

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> date | None:
        """Text as the day; SQLite has turned it already."""
        return date.fromisoformat(value) if isinstance(value, str) else value


_in_order: ContextVar[bool] = ContextVar("in_order", default=False)


@contextmanager
def read_in_order() -> Iterator[None]:
    """Read what is asked inside in its order and look at each value, instead of collecting by an index and sorting:
    faster on SQLite where many rows have the value. PostgreSQL knows that by itself."""
    token = _in_order.set(True)
    try:
        yield
    finally:
        _in_order.reset(token)


def compares(condition: Any) -> bool:
    """Whether a condition compares a custom value."""
    return isinstance(getattr(condition, "lhs", None), _Value)


class ChosenField(models.TextField):  # type: ignore[type-arg]
    """Several choices, as the JSON list of their codes; it is what it holds one of."""


class _Holds:
    """Whether the list holds a value: by PostgreSQL's own index on such lists. SQLite goes through the different lists
    that there are along the field's index, of which there are few, and finds the rows of those that hold it."""

    lhs: Any
    rhs: Any

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The condition, once for each code."""
        found, params = compiler.compile(self.lhs)
        codes = [str(code) for code in (self.rhs if isinstance(self.rhs, list | tuple | set) else [self.rhs])]
        if connection.vendor == "postgresql":
            return f"({found} ?| %s)", [*params, codes]
        marks = ", ".join(["%s"] * len(codes))
        table, column = (connection.ops.quote_name(name) for name in (self.lhs.model._meta.db_table, HELD))
        value = value_sql(column, self.lhs.key, self.lhs.compared, vendor=connection.vendor)
        lists = (
            f"SELECT held FROM (SELECT DISTINCT {value} AS held FROM {table} WHERE {value} IS NOT NULL) "  # noqa: S608
            f"WHERE EXISTS (SELECT 1 FROM json_each(held) WHERE value IN ({marks}))"
        )
        # Who has none does not have it either: a list that leaves it out shows them.
        return f"({found} IS NOT NULL AND {found} IN ({lists}))", [*params, *params, *codes]


@ChosenField.register_lookup
class HoldsOne(_Holds, Exact):  # type: ignore[misc]
    """It holds this code."""


@ChosenField.register_lookup
class HoldsAny(_Holds, In):  # type: ignore[misc]
    """It holds one of these codes."""


# As what a value is compared: the field whose comparisons apply, and the type PostgreSQL is told of.
COMPARED: dict[str, tuple[Callable[[], Field[Any, Any]], str]] = {
    "text": (lambda: models.TextField(null=True), ""),
    "number": (lambda: models.DecimalField(max_digits=21, decimal_places=6, null=True), "numeric"),
    "money": (lambda: models.DecimalField(max_digits=15, decimal_places=2, null=True), "numeric"),
    "day": (lambda: IsoDate(null=True), ""),
    "id": (lambda: models.BigIntegerField(null=True), "bigint"),
    "chosen": (lambda: ChosenField(null=True), "list"),
    "flag": (lambda: models.BooleanField(null=True), "boolean"),
}
_PATH = re.compile(rf"({'|'.join(COMPARED)})_({KEY.pattern})")


class _Value(Transform):
    """One value out of the column, as the database compares it."""

    model: type[models.Model]  # whose column it is out of
    conditional = False  # yes or no is compared like any other value, as its index needs it

    def __init__(self, lhs: Any, *, key: str, compared: str) -> None:
        super().__init__(lhs)
        self.key, self.compared, self.model = key, compared, lhs.target.model
        self.output_field = COMPARED[compared][0]()

    @property
    def identity(self) -> tuple[Any, ...]:
        """Two values are the same if they are of the same key."""
        return (type(self), self.source_expressions[0], self.key, self.compared)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Value) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash((self.key, self.compared))

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """The same text as in the field's index."""
        found, params = compiler.compile(self.lhs)
        value = value_sql(found, self.key, self.compared, vendor=connection.vendor)
        if _in_order.get() and connection.vendor == "sqlite":  # no index has it in these words, and it compares alike
            value = value.replace("json_extract(", "+json_extract(")
        return value, list(params)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """The same: Django would put another cast around numbers, and the index would not be found by it."""
        return self.as_sql(compiler, connection)


def value_sql(column: str, key: str, compared: str, *, vendor: str) -> str:
    """How a database takes a value out of ``column``. Numbers are kept as text, for no figure of them to be lost;
    no cast depends on settings, as an index needs it."""
    assert KEY.fullmatch(key)
    kind = COMPARED[compared][1]
    if vendor != "postgresql":
        value = f"json_extract({column}, '$.{key}')"
        return f"CAST({value} AS NUMERIC)" if kind == "numeric" else value
    if kind == "list":
        return f"({column} -> '{key}')"
    value = f"({column} ->> '{key}')"
    return f"({value}::{kind})" if kind else value


class CustomValues(models.JSONField):
    """A row's custom values by the key of their field, each in its plain form; what is not filled in is not there.

    Rows without any hold nothing at all: that way the column came to tables of a million rows in no time.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "null": True})

    def get_transform(self, lookup_name: str) -> Any:
        """The value of ``number_cf_floor``; nothing else can be reached by an address."""
        found = _PATH.fullmatch(lookup_name)
        if found is None:
            return super().get_transform(lookup_name)
        compared, key = found.groups()
        return lambda lhs, *_args, **_options: _Value(lhs, key=key, compared=compared)


def path_of(key: str, compared: str) -> str:
    """The path of a value for the ORM."""
    return f"{HELD}__{compared}_{key}"


def is_custom(path: str) -> bool:
    """Whether the path leads to a custom value of the row itself."""
    return path.startswith(f"{HELD}__")


def key_of(path: str) -> str:
    """The key of the field at a path of a custom value; empty if it is none."""
    found = _PATH.fullmatch(path.removeprefix(f"{HELD}__"))
    return found[2] if found is not None else ""


def field_at(model: type[models.Model], path: str) -> list[Any]:
    """The fields on the way of an ORM path; a custom value ends it with the field it is compared as.

    Raises:
        FieldDoesNotExist: the path leads nowhere.
    """
    found: list[Any] = []
    of: Any = model
    for part in path.split("__"):
        if found and isinstance(found[-1], CustomValues):
            match = _PATH.fullmatch(part)
            if match is None:
                raise FieldDoesNotExist(path)
            return [COMPARED[match.group(1)][0]()]
        found.append(of._meta.pk if part == "pk" else of._meta.get_field(part))
        of = found[-1].related_model
    return found


def held_at(row: Any, path: str) -> Any:
    """What a row has at an ORM path, as :func:`field_at` would read it."""
    first, _, rest = path.partition("__")
    if first == HELD and rest and (match := _PATH.fullmatch(rest)):
        return COMPARED[match.group(1)][0]().to_python((row.custom or {}).get(match.group(2)))
    for part in path.split("__"):
        row = getattr(row, part) if row is not None else None
    return row


def changed_keys(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> set[str]:
    """The fields in which two states of a row's custom values differ."""
    before, after = old or {}, new or {}
    return {key for key in {*before, *after} if before.get(key) != after.get(key)}


def custom_before(
    present: Mapping[str, Any] | None, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> tuple[dict[str, Any], list[str]]:
    """A row's custom values with those of an edit taken back, and which of them changed again since."""
    kept, keys = dict(present or {}), changed_keys(old, new)
    moved = sorted(key for key in keys if kept.get(key) != (new or {}).get(key))
    before = {key: (old or {}).get(key) for key in keys}
    return {key: value for key, value in {**kept, **before}.items() if value is not None}, moved
