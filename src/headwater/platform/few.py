"""Rows that are alike in a column, found by its index before a list is read in its order.

A list that is narrowed down is read in its order until a page is full: soon, where many rows meet the filter. Where
hardly any does, all of it would be read, and no database knows beforehand: it takes every value for as frequent as
others. So the index of the column is asked first, for no more rows than can be put in order at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from django.db import connection
from django.db.models import Max, Model, Q, QuerySet
from django.db.models.expressions import Col
from django.db.models.fields.related import ForeignKey
from django.db.models.lookups import Exact, In
from django.db.models.sql.where import WhereNode

from headwater.platform.among import spread_over
from headwater.platform.lots import index_columns, lots_of, values_of
from headwater.platform.search.finding import narrowed
from headwater.platform.search.store import one_of, opaque

if TYPE_CHECKING:
    from headwater.platform.resource import Resource

FEW = 5_000  # rows: more of a million fill a page soon when the list is read in its order
RARE = 20_000  # rows: as many can be collected, or asked one by one
LONG = 20_000  # rows: what is shorter is soon read, whatever is looked for
SAMPLE = 1_000  # rows all over a table, to see whether a list has many of them:
COMMON = 10
MOST_VALUES = 2_000  # of a column whose values are looked through, instead of its rows

Where = Mapping[str, Any]
Like = Literal["iexact", "icontains", "istartswith"]
_LIKE: Mapping[str, Like] = {
    "is": "iexact", "not": "iexact", "contains": "icontains", "lacks": "icontains", "starts": "istartswith",
}  # fmt: skip
NEGATED = ("not", "not_in", "lacks")


@dataclass(frozen=True)
class Comparison:
    """A column compared with some values. ``condition`` says so of a path, or nothing where that is another noun's.

    ``operator`` is one of filters, or ``known``: not empty. ``is_optional``: rows may have no value at all.
    """

    operator: str
    values: Sequence[Any]
    condition: Callable[[str], Q]
    is_text: bool
    is_optional: bool

    @property
    def is_of_known(self) -> bool:
        """Whether all rows that meet it have a value."""
        return not self.is_optional or self.operator not in ("empty", *NEGATED)


def few(rows: QuerySet[Any], conditions: Sequence[Q], *, most: int | None = None) -> list[int] | None:
    """The rows that meet one of the conditions, each of which an index serves; None where they are more than a few.

    ``most`` says how many those are, where they are not put in order.
    """
    most = FEW if most is None else most
    found: set[int] = set()
    for condition in conditions:
        found.update(rows.filter(condition).values_list("pk", flat=True)[: most + 1])
        if len(found) > most:
            return None
    return sorted(found)


def by_reach(
    rows: QuerySet[Any], reach: Sequence[Q], *, sample: Sequence[int], wanted: int, along: str = ""
) -> QuerySet[Any]:
    """The same rows, by their ids where they are few of what somebody sees: all that meets one of the conditions.

    For lists that are mostly out of sight, with their ``sample`` (``mostly_out_of_sight``): many may meet a filter, and
    many be in reach, yet none both, and in order a list would be read to its end for a page. ``along`` is the column
    that all rows of the list have and are in order by, where an index has it.
    """
    held = in_sample(rows, sample, COMMON)
    if held == COMMON:
        return rows
    read = wanted * SAMPLE // held if held else _length(rows, along)
    if read is not None and (read <= FEW or _is_more_in_reach(rows.model, reach, read)):
        return rows
    alike = _alike(rows)
    near = [each for each in reach if not all(_excludes(lot, alike) for lot in lots_of([each]))]
    ids = few(rows.order_by(), [_side_by_side(rows, each) for each in near])
    return rows if ids is None else unconditional(rows).filter(pk__among=ids)


def _alike(rows: QuerySet[Any]) -> Mapping[str, Collection[Any]]:
    """The columns of which all rows of a list have one of a few values, with these."""
    alike: dict[str, set[Any]] = {}
    for leaf in _met_by_all(rows.query.where):
        column = getattr(leaf, "lhs", None)
        if not isinstance(column, Col) or column.alias != rows.model._meta.db_table:
            continue
        if isinstance(leaf, (Exact, In)) and leaf.rhs_is_direct_value():
            values = set(leaf.rhs) if isinstance(leaf, In) else {leaf.rhs}
            alike[column.target.name] = alike.get(column.target.name, values) & values
    return alike


def _met_by_all(where: WhereNode) -> Iterator[Any]:
    """The conditions that every row of a list meets.

    Where one of several suffices, none of them has to be met, unless all others are of no ids: those no row meets.
    """
    told = [each for each in where.children if not _is_of_no_ids(each)]
    if where.negated or (where.connector == Q.OR and len(told) > 1):
        return
    for each in told if where.connector == Q.OR else where.children:
        if isinstance(each, WhereNode):
            yield from _met_by_all(each)
        else:
            yield each


def _is_of_no_ids(leaf: Any) -> bool:
    return isinstance(leaf, In) and leaf.rhs_is_direct_value() and not leaf.rhs


def _excludes(lot: Q, alike: Mapping[str, Collection[Any]]) -> bool:
    """Whether no row of a lot is alike: somebody else's are none of one's own."""
    return any(value not in alike.get(name, (value,)) for name, value in values_of(lot))


def _is_more_in_reach(model: type[Model], reach: Sequence[Q], than: int) -> bool:
    every = model._base_manager.order_by().values("pk")
    return sum(every.filter(each)[: than + 1].count() for each in reach) > than


def _length(rows: QuerySet[Any], along: str) -> int | None:
    """How many rows a list is read through to its end, if its index has hardly any; None where that is not known."""
    if not along:
        return None
    known = unconditional(rows).filter(**{f"{along}__isnull": False}).order_by()
    length = known.values("pk")[: RARE + 1].count()
    return length if length <= RARE else None


def _side_by_side(rows: QuerySet[Any], condition: Q) -> Q:
    """The condition in the form in which most rows that meet it are soonest compared with others.

    In the order of an index each of them stands somewhere else in the table, and SQLite goes there one by one; those of
    ids it fetches in their order. It then begins with them, whatever else the list is told to be among.
    """
    is_among = any(isinstance(leaf, In) and not leaf.rhs_is_direct_value() for leaf in rows.query.where.leaves())
    if connection.vendor != "sqlite" or is_among:
        return condition
    return Q(pk__in=rows.model._base_manager.filter(condition).values("pk"))


def spread(model: type[Model]) -> Sequence[int]:
    """Ids all over a long table; of a short one none."""
    newest = newest_id(model)
    return spread_over(1, newest, SAMPLE) if newest >= LONG else []


def mostly_out_of_sight(rows: QuerySet[Any], reach: Sequence[Q]) -> Sequence[int]:
    """Ids all over the long table that a list in its order leads through, of which somebody sees a part; else none.

    Who sees all has no reach.
    """
    return spread(rows.model) if reach and not _begins_elsewhere(rows) else []


def in_sample(rows: QuerySet[Any], ids: Sequence[int], most: int) -> int:
    """How many of some ids from all over the table are in a list; where many are, ``most`` tell."""
    return len(rows.filter(pk__in=one_of(ids)).order_by().values_list("pk")[:most])


def newest_id(model: type[Model]) -> int:
    """The highest id of a table; 0 where it has none. Put in order, SQLite may read a smaller index whole for it."""
    return model._base_manager.aggregate(newest=Max("pk"))["newest"] or 0


def _begins_elsewhere(rows: QuerySet[Any]) -> bool:
    """Whether a database has something better to begin with: ids that are told, or a condition on another table.

    Of no ids at all nothing gets to the database: they stand beside what else may be met.
    """
    own = rows.model._meta.db_table
    leaves = rows.query.where.leaves()
    told = [leaf for leaf in leaves if not _is_of_no_ids(leaf)]
    sides = [getattr(leaf, "lhs", None) for leaf in told]
    columns = [side for side in sides if isinstance(side, Col)]
    return any(column.alias != own or column.target.primary_key for column in columns)


def unconditional(rows: QuerySet[Any]) -> QuerySet[Any]:
    """All rows of the table, with what is reckoned and shown of some of them."""
    every = rows.all()
    every.query.where = WhereNode()
    return every


def few_of(noun: Resource, path: str, asked: Comparison) -> list[int] | None:
    """The rows of a noun that meet a comparison, if an index of the column tells that they are few."""
    key, _, beyond = path.partition("__")
    model, where = noun.searched.model, noun.searched.where
    rows = model._base_manager.filter(**where)
    if not beyond:
        conditions = _served(model, where, path, asked)
        return few(_along(rows, path), conditions) if conditions else None
    field = model._meta.get_field(key)
    if "__" in beyond or not isinstance(field, ForeignKey):
        return None
    is_pointless = field.null and asked.operator == "empty"
    if asked.operator in NEGATED or not has_index(model, where, key, is_known=not is_pointless):
        return None
    found = _few_pointing(noun, key, beyond, asked)
    if found is None or not is_pointless:
        return found
    pointless = few(_along(rows, key), [Q(**{f"{key}__isnull": True})])
    return None if pointless is None or len(found) + len(pointless) > FEW else sorted([*found, *pointless])


def _along(rows: QuerySet[Any], path: str) -> QuerySet[Any]:
    """The rows in the order of a column's index: PostgreSQL would else read the table in the hope of early hits."""
    return rows.order_by(path) if connection.vendor == "postgresql" else rows


def _few_pointing(noun: Resource, key: str, name: str, asked: Comparison) -> list[int] | None:
    """The rows of a noun that point at rows which meet a comparison, whichever of their table's nouns those are.

    Of a noun many of whose rows meet it, all that point at it are asked, if those are rare.
    """
    from headwater.platform.resource import REGISTRY  # which needs this to narrow lists down

    rows = noun.searched.model._base_manager.filter(**noun.searched.where)
    model = noun.searched.model._meta.get_field(key).related_model
    nouns = [each for each in REGISTRY.values() if each.searched.model is model]
    conditions: list[Q] = []
    targets: list[int] = []
    for there in nouns:
        if asked.operator == "empty" and name in there.searched.name:
            continue  # everything is called something
        ids = _few_there(there, name, asked)
        if ids is not None:
            targets += ids
            continue
        pointing = noun.pointing.get((key, there.key))
        if pointing is None or _along(rows.filter(pointing), key).values("pk")[: RARE + 1].count() > RARE:
            return None
        conditions.append(pointing & opaque(asked.condition(f"{key}__{name}")))  # begin with those that point
    if not nouns or len(targets) > FEW:
        return None
    return few(rows, [Q(**{f"{key}__in": one_of(targets)}), *conditions])


def _few_there(noun: Resource, name: str, asked: Comparison) -> list[int] | None:
    """The rows of a noun that meet a comparison, by the words they hold or an index of the column."""
    ids = _few_by_words(noun, name, asked)
    return few_of(noun, name, asked) if ids is None else ids


def _few_by_words(noun: Resource, name: str, asked: Comparison) -> list[int] | None:
    if not asked.is_text or asked.operator not in ("is", "contains", "starts"):
        return None
    held = narrowed(noun, name, asked.values[0])
    rows = noun.searched.model._base_manager.filter(**noun.searched.where)
    return few(rows, [held & asked.condition(name)]) if held else None


def _served(model: type[Model], where: Where, name: str, asked: Comparison) -> list[Q]:
    """The comparison as one or several that an index of the column serves; none where there is no index."""
    if not has_index(model, where, name, is_known=asked.is_of_known):
        return []
    unknown = [Q(**{f"{name}__isnull": True})] if asked.is_optional else []
    if asked.operator == "empty":
        # As a stretch: PostgreSQL takes an equal value for as frequent among people as among companies.
        is_just_blank = asked.is_text and not asked.is_optional
        return [Q(**{f"{name}__gte": "", f"{name}__lte": ""}) if is_just_blank else asked.condition(name)]
    if asked.operator == "known":
        return [Q(**{f"{name}__gt": ""}) if asked.is_text else Q(**{f"{name}__isnull": False})]
    if asked.is_text:
        found = _values_like(model, where, name, asked)
        if found is None:
            return []
        like, others = found
        return [Q(**{f"{name}__in": others}), *unknown] if asked.operator in NEGATED else [Q(**{f"{name}__in": like})]
    if asked.operator in NEGATED:
        return [*_other_than(name, asked.values), *unknown] if asked.values else []
    return [asked.condition(name)]


def has_index(model: type[Model], where: Where, name: str, *, is_known: bool) -> bool:
    """Whether an index finds rows by a column: rows without a value, too, unless the value ``is_known``."""
    indexed = _indexed(model, tuple(where))
    name = name.removesuffix("_id")
    return (name, False) in indexed or (is_known and (name, True) in indexed)


def has_no_order(noun: Resource, path: str) -> bool:
    """Whether indexes find rows by a column of the noun in no order of its lists: good for few of them only."""
    model, among = noun.searched.model, tuple(noun.searched.where)
    name = path.removesuffix("_id")
    after = [names[len(among) + 1 :] for _, names in index_columns(model) if names[: len(among) + 1] == (*among, name)]
    orders = {noun.by_key[key].order_path for key in noun.indexed_orders}
    return bool(after) and name not in orders and not any(orders & set(rest[:1]) for rest in after)


@lru_cache
def _indexed(model: type[Model], among: tuple[str, ...]) -> frozenset[tuple[str, bool]]:
    """Each column that an index begins with, and whether only rows that have a value are in it.

    ``among`` are the columns that tell a noun's rows from others of the table: in the index they stand before it.
    """
    found: set[tuple[str, bool]] = set()
    for index, names in index_columns(model):
        if names[: len(among)] == among and len(names) > len(among):
            name = names[len(among)]
            if index.condition in (None, Q(**{f"{name}__isnull": False})):
                found.add((name, index.condition is not None))
    keys: list[Any] = [] if among else [f for f in model._meta.concrete_fields if isinstance(f, ForeignKey)]
    return frozenset(found | {(key.name, False) for key in keys if key.db_index})


def _other_than(name: str, values: Sequence[Any]) -> list[Q]:
    """Every value but these, as stretches of an index."""
    ranked = sorted(values)
    between = [Q(**{f"{name}__gt": low, f"{name}__lt": high}) for low, high in pairwise(ranked)]
    return [Q(**{f"{name}__lt": ranked[0]}), *between, Q(**{f"{name}__gt": ranked[-1]})]


def _values_like(model: type[Model], where: Where, name: str, asked: Comparison) -> tuple[list[str], list[str]] | None:
    """The values of an indexed column: those that are like the text, and the others; None where it has too many.

    The index leads from each value to the next, so that values are compared and not rows.
    """
    like = _LIKE.get(asked.operator)
    if like is None or len(asked.values) != 1:
        return None
    quote, operators = connection.ops.quote_name, connection.operators  # type: ignore[attr-defined]
    table, column = quote(model._meta.db_table), quote(name)
    within = " AND ".join([f"{quote(key)} = %s" for key in where] or ["1 = 1"])
    is_like = f"{connection.ops.lookup_cast(like) % 'value'} {operators[like]}"
    sql = (
        f"WITH RECURSIVE held(value, n) AS (SELECT min({column}), 1 FROM {table} WHERE {within}"  # noqa: S608
        f" UNION ALL SELECT (SELECT min({column}) FROM {table} WHERE {within} AND {column} > held.value), n + 1"
        f" FROM held WHERE value IS NOT NULL AND n <= {MOST_VALUES})"
        f" SELECT value, {is_like} FROM held WHERE value IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*where.values(), *where.values(), _pattern(like, str(asked.values[0]))])
        found = cursor.fetchall()
    if len(found) > MOST_VALUES:
        return None
    return [value for value, holds in found if holds], [value for value, holds in found if not holds]


def _pattern(like: Like, text: str) -> str:
    if like == "iexact":
        return str(connection.ops.prep_for_iexact_query(text))
    escaped = connection.ops.prep_for_like_query(text)
    return f"%{escaped}%" if like == "icontains" else f"{escaped}%"
