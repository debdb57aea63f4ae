"""Lists of who does not see all, read lot by lot: what each condition shows them, in the list's order, put together.

In the whole list's order most rows are out of sight, and each is read to see that. An index that has the rows of a
lot in the order of the list has nothing else, so a page takes them as long as it takes somebody who sees all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import F, Index, Model, Q

if TYPE_CHECKING:
    from headwater.platform.resource import Resource

MOST = 12  # lots, each a question of its own


def lots_of(reach: Sequence[Q]) -> list[Q]:
    """The conditions, any of which suffices, one for each of the values that a column may have."""
    return [lot for condition in reach for lot in _one_by_one(condition)]


def path_of(resource: Resource, sort: str) -> str:
    """The column that a list is sorted by, or nothing where it is sorted by several."""
    column = resource.by_key.get((sort or resource.default_order).removeprefix("-"))
    return column.order_path if column is not None else ""


def is_in_lots(resource: Resource, reach: Sequence[Q], path: str) -> bool:
    """Whether a list in the order of a column is read lot by lot.

    PostgreSQL does so. SQLite would read a lot that has nothing of the list to its end before it gives the first row of
    another, and so collects what it does not find at once.
    """
    return connection.vendor == "postgresql" and are_in_order(resource, reach, path)


def are_in_order(resource: Resource, reach: Sequence[Q], path: str) -> bool:
    """Whether indexes have what somebody sees lot by lot in the order of a column."""
    lots = lots_of(reach)
    return 0 < len(lots) <= MOST and any(is_in_order(resource, lot, path) for lot in lots)


def is_in_order(resource: Resource, lot: Q, path: str) -> bool:
    """Whether an index has the rows of a lot in the order of a column, as far as the database sees that it does.

    Values are parameters, which SQLite does not know while it looks for an index of some rows, and PostgreSQL does not
    see that rows without a value are alike.
    """
    alike = set(values_of(lot))
    known = {name for name, value in alike if value is not None}
    told = alike | {(f"{name}__isnull", False) for name in known}
    if connection.vendor == "sqlite":
        told = {(name, value) for name, value in told if value is None or name.endswith("__isnull")}
        known = {name for name, _ in alike}
    for index, names in index_columns(resource.searched.model):
        before = names[: names.index(path)] if path in names else names
        some = _compared(index.condition) if index.condition is not None else []
        is_of_lot = known.issuperset(before) and told.issuperset(some)
        is_narrow = len(before) + len(some) > len(resource.searched.where)
        if is_of_lot and is_narrow and names[len(before) :][:2] == (path, "id"):
            return True
    return False


@lru_cache
def index_columns(model: type[Model]) -> Sequence[tuple[Index, tuple[str, ...]]]:
    """Each index and its columns."""
    return [
        (index, tuple(_name_of(part) for part in index.expressions if isinstance(part, F)) or tuple(index.fields))
        for index in model._meta.indexes
    ]


def _name_of(part: Any) -> str:
    return str(part.name)


def _one_by_one(condition: Q) -> Iterator[Q]:
    """One condition for each value of a list in it: rows of several values stand in no order of an index."""
    parts = _compared(condition)
    several = next((part for part in parts if part[0].endswith("__in") and isinstance(part[1], list)), None)
    if several is None:
        yield condition
        return
    others = [part for part in parts if part is not several]
    for value in several[1]:
        yield Q(*others, (several[0].removesuffix("__in"), value))


def values_of(lot: Q) -> list[tuple[str, Any]]:
    """The columns that all rows of a lot have alike, and their values."""
    return [(name.removesuffix("_id"), value) for name, value in _compared(lot)]


def _compared(condition: Q) -> list[tuple[str, Any]]:
    """The columns of a condition and their values, all of which have to hold."""
    is_all = condition.connector == Q.AND and not condition.negated
    return [part for part in condition.children if isinstance(part, tuple)] if is_all else []
