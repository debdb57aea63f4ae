"""Lists in their order and page by page: as fast at row 900,000 as at row 1, and stable while rows are added."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connection
from django.db.models import Case, CharField, ExpressionWrapper, F, Model, Q, TextField, When
from django.db.models.expressions import OrderBy
from django.db.models.sql.where import OR, WhereNode

from headwater.platform.actor import Actor
from headwater.platform.among import VALUES, Collected, spread_over
from headwater.platform.column import Column
from headwater.platform.custom.values import compares, field_at, held_at, is_custom, read_in_order
from headwater.platform.errors import Invalid
from headwater.platform.few import (
    COMMON,
    by_reach,
    few,
    has_index,
    in_sample,
    mostly_out_of_sight,
    newest_id,
    spread,
    unconditional,
)
from headwater.platform.lots import are_in_order, is_in_lots, is_in_order, lots_of
from headwater.platform.order import Order, beyond, order_by_step, order_of, ordering
from headwater.platform.resource import Resource, Rows
from headwater.platform.search.store import one_of, opaque
from headwater.platform.translated import gettext
from headwater.platform.values import as_held
from headwater.platform.written import Given, written

PAGE_SIZE = 50
MAX_PAGE_SIZE = 500
COUNT_LIMIT = 10_000
SAMPLE = 500  # rows all over the table, to see whether many are in a list:
COMMON_SHARE = 50  # one in so many
MANY = 2_000  # rows that were collected: the next of them are first looked for among so many of the whole list:
NEAR = 10_000


@dataclass(frozen=True)
class Page:
    """A stretch of a list, with the cursors of the pages beside it (None where there is none)."""

    rows: list[Any]
    next: str | None = None
    previous: str | None = None
    sort: str = ""


def page_of(
    rows: Rows,
    resource: Resource,
    *,
    sort: str = "",
    cursor: str = "",
    size: int = PAGE_SIZE,
    by: Actor | None = None,
    reach: Sequence[Q] = (),
    columns: Sequence[Column] = (),
) -> Page:
    """One page by keyset. ``by`` says for whom, where the rows are the noun's own, shown as for everybody who asks;
    with ``columns`` as these show them alone: what other rows say is fetched where one of them gathers it.

    ``reach`` is by what whoever asks sees rows of the noun (``Resource.reach``): nothing where they see all.
    ``sort`` is a column key, ``-key`` for descending, or several with commas between. ``cursor`` comes from another
    page.

    Raises:
        Invalid: a sort or cursor that is not of this list.
    """
    order = order_of(resource, sort)
    backwards, position = _read_cursor(cursor, order, rows)
    size = max(1, min(size, MAX_PAGE_SIZE))
    ids = _next_ids(rows, _Walk(resource, order, position, backwards, reach), size + 1)
    if by is None:
        shown = _shown(rows, ids)
    else:
        told = _shown_alone if columns and not any(column.gathered for column in columns) else _shown_to
        shown = {row.pk: row for row in told(resource.rows, by, ids=ids)}
    found = [shown[pk] for pk in ids if pk in shown]
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next, has_previous = (position is not None, more) if backwards else (more, position is not None)
    return Page(
        rows=found,
        next=_cursor(order, found[-1], backwards=False) if found and has_next else None,
        previous=_cursor(order, found[0], backwards=True) if found and has_previous else None,
        sort=sort or resource.default_order,
    )


def first_ids(rows: Rows, resource: Resource, *, reach: Sequence[Q], count: int) -> list[int]:
    """The ids of the first rows of a list as it is shown if nobody says otherwise."""
    return _next_ids(rows, _Walk(resource, order_of(resource), None, False, reach), count)


def first_of_each(
    parts: Sequence[Rows], rows: Rows, resource: Resource, *, few: Collection[int] = (), sort: str = "", size: int
) -> list[tuple[list[Any], str | None]]:
    """The first rows of each part of ``rows``, and the cursor to go on with where there are more. Two queries.

    ``few`` are the places of parts that are sooner put in order than met in a list that is read in its order.

    Raises:
        Invalid: a sort that is not of this list.
    """
    order = order_of(resource, sort)
    selects: list[str] = []
    params: list[Any] = []
    for at, part in enumerate(parts):
        for piece in _in_pieces(part, order, is_walked=at not in few):
            try:
                sql, values = piece.values_list("pk")[: size + 1].query.sql_with_params()
            except EmptyResultSet:
                continue
            # Rows are numbered as they come: a union promises no order of its own.
            number = len(selects)
            selects.append(
                f"SELECT {at}, {number}, ROW_NUMBER() OVER (), first_{number}.* FROM ({sql}) AS first_{number}"  # noqa: S608
            )
            params += values
    ids: list[list[int]] = [[] for _ in parts]
    if selects:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(selects), params)
            for at, _piece, _place, pk in sorted(cursor.fetchall()):
                ids[at].append(pk)
    return firsts_shown([of_one[: size + 1] for of_one in ids], rows, resource, sort=sort, size=size)


def _in_pieces(rows: Rows, order: Order, *, is_walked: bool) -> Iterator[Rows]:
    """The rows in their order, those that have its first column and those that have not apart: see ``_next_ids``.

    SQLite reads no index where it is told of the unknown, of which there are none, that they stand where it has them
    not. PostgreSQL has them there, and knows itself how many rows a value has.
    """
    (path, is_falling, known_among, _), further = order[0], order[1:]
    following = [order_by_step(step, backwards=False) for step in further]
    is_optional = any(field.null for field in _fields(rows, path))
    known = rows.filter(known_among, **{f"{path}__isnull": False}) if is_optional else rows
    told: dict[str, Any] = {} if is_walked else {"nulls_first": True} if is_falling else {"nulls_last": True}
    yield known.order_by(OrderBy(F(path), descending=is_falling, **told), *following)
    if is_optional:
        yield from _in_pieces(rows.filter(**{f"{path}__isnull": True}), further, is_walked=is_walked)


def firsts_shown(
    ids: Sequence[Sequence[int]], rows: Rows, resource: Resource, *, sort: str, size: int
) -> list[tuple[list[Any], str | None]]:
    """The first rows of parts, of each of which up to one more than is shown was found. One query."""
    order = order_of(resource, sort)
    found = _shown(rows, [pk for of_one in ids for pk in of_one])
    firsts: list[tuple[list[Any], str | None]] = []
    for of_one in ids:
        shown = [found[pk] for pk in of_one[:size] if pk in found]
        more = len(of_one) > size and bool(shown)
        firsts.append((shown, _cursor(order, shown[-1], backwards=False) if more else None))
    return firsts


def in_order(rows: Rows, resource: Resource, *, sort: str = "") -> Rows:
    """All rows in the order the list shows them, for exports.

    Raises:
        Invalid: a sort that is not of this list.
    """
    return rows.order_by(*ordering(resource, sort))


def neighbours(
    rows: Rows, resource: Resource, row: Model, *, sort: str = "", reach: Sequence[Q] = ()
) -> tuple[int | None, int | None]:
    """The ids before and after ``row`` in this list, for going through it record by record. Two small queries."""
    order = order_of(resource, sort)
    position = [held_at(row, step.path) for step in order]
    walk = _Walk(resource, order, position, True, reach)
    before, after = (_next_ids(rows, replace(walk, backwards=backwards), 1) for backwards in (True, False))
    return (before[0] if before else None), (after[0] if after else None)


def count_up_to(rows: Rows, limit: int = COUNT_LIMIT) -> int:
    """How many rows there are, never counting beyond ``limit`` + 1: that value means *more than*."""
    return rows.order_by().values("pk")[: limit + 1].count()


def _shown(rows: Rows, ids: Sequence[int]) -> dict[int, Any]:
    """Some of ``rows`` with what lists show of them: nothing is fetched for those that only take part in sorting."""
    return {row.pk: row for row in unconditional(rows).filter(pk__in=ids)} if ids else {}


@written
def _shown_to(rows: Callable[[Actor], Rows], actor: Actor) -> Rows:
    # That they are among them is known: the conditions are not asked again, as some of them hold thousands of ids.
    return unconditional(rows(actor)).filter(pk__among=Given("ids", VALUES))


@written
def _shown_alone(rows: Callable[[Actor], Rows], actor: Actor) -> Rows:
    """The same without what other rows say of them."""
    return unconditional(rows(actor)).prefetch_related(None).filter(pk__among=Given("ids", VALUES))


@dataclass(frozen=True)
class _Walk:
    """How a list is read on: in which order, from after which position (None: from its end), to which side, and for
    whom.
    """

    resource: Resource
    order: Order
    position: Sequence[Any] | None
    backwards: bool
    reach: Sequence[Q]


def _every(walk: _Walk) -> Rows | None:
    """Every row of the noun that has the first column, where an index has them in this order."""
    resource, path, searched = walk.resource, walk.order[0].path, walk.resource.searched
    indexed = {resource.by_key[key].order_path for key in resource.indexed_orders}
    if len(walk.order) > 2 or path not in indexed:
        return None
    return searched.model._base_manager.filter(**searched.where, **{f"{path}__isnull": False})


def _next_ids(rows: Rows, walk: _Walk, count: int) -> list[int]:
    """The ids of the next rows. Those that have the first column and those that do not are read apart.

    Each part is then in an order that an index has, on either database; no index puts the unknown last.
    """
    first, path, position = walk.order[0], walk.order[0].path, walk.position
    if not any(field.null for field in _fields(rows, path)):
        return _known_ids(rows, walk, count)
    parts = [False, True] if walk.backwards else [True, False]
    if position is not None and (position[0] is not None) is not parts[0]:
        parts = parts[1:]
    ids: list[int] = []
    for is_known in parts:
        left = count - len(ids)
        if left and is_known:
            part = rows.filter(first.known_among, **{f"{path}__isnull": False})
            ids += _known_ids(part, replace(walk, position=position), left)
        elif left:
            part = rows.filter(_unknown(rows, path) if len(walk.order) > 2 else Q(**{f"{path}__isnull": True}))
            ids += _next_ids(part, replace(walk, order=walk.order[1:], position=position and position[1:]), left)
        position = None
    return ids


def _unknown(rows: Rows, path: str) -> Q:
    """What rows without a value meet, for a list that has them in order by a further column.

    SQLite takes what is not there for as rare as any value: it would collect it all by an index and put it in order.
    """
    unknown = Q(**{f"{path}__isnull": True})
    sample = spread(rows.model) if connection.vendor == "sqlite" else []
    is_common = bool(sample) and in_sample(rows.filter(unknown), sample, COMMON) == COMMON
    return opaque(unknown) if is_common else unknown


def _known_ids(rows: Rows, walk: _Walk, count: int) -> list[int]:
    """The same of rows that all have the first column."""
    if sample := mostly_out_of_sight(rows, walk.reach):
        if (ids := _in_lots(rows, walk, count)) is not None:
            return ids
        first = walk.order[0]
        is_indexed = first.has_index or has_index(rows.model, {}, first.path, is_known=True)
        rows = by_reach(rows, walk.reach, sample=sample, wanted=count, along=first.path if is_indexed else "")
    if (ids := _of_collected(rows, walk, count)) is not None:
        return ids
    found = _onwards(rows, walk)[:count]
    if not _is_read_in_order(rows, walk.order[0].path):
        return list(found)
    with read_in_order():
        return list(found)


def _in_lots(rows: Rows, walk: _Walk, count: int) -> list[int] | None:
    """The same, lot by lot of what somebody sees; None where that is not how such a list is read."""
    is_read_so = len(walk.order) == 2 and is_in_lots(walk.resource, walk.reach, walk.order[0].path)
    parts = _lots(rows, walk, apart=True) if is_read_so else None
    return None if parts is None else _merged(parts, walk, count)


def _lots(rows: Rows, walk: _Walk, *, apart: bool) -> list[Rows] | None:
    """The rows in lots, each in the list's order; None where some would have to be put in it and are too many.

    ``apart``: what is in several lots is only in the first of them. That takes more of each row than an index has.
    """
    earlier = Q(pk__in=())
    parts: list[Rows] = []
    for lot in lots_of(walk.reach):
        part = rows.filter(lot).exclude(earlier)
        if not is_in_order(walk.resource, lot, walk.order[0].path):
            ids = few(part.order_by(), [Q()])
            if ids is None:
                return None
            part = unconditional(rows).filter(pk__among=ids)
        else:
            part = _asked_row_by_row(part)
        parts.append(_onwards(part, walk))
        earlier |= lot if apart else Q()
    return parts


def _asked_row_by_row(rows: Rows) -> Rows:
    """The same rows, with conditions of which one suffices hidden in a CASE, so that PostgreSQL walks the lot in order.

    What somebody sees is such a condition, and every row of a lot meets it. PostgreSQL multiplies the shares of both as
    if one said nothing of the other, expects less than a page, and would read all of the lot and sort it.
    """
    where = rows.query.where
    ways: list[Any] = [part for part in where.children if isinstance(part, WhereNode) and part.connector == OR]
    if where.connector == OR or not ways:
        return rows
    plain = rows.all()
    plain.query.where.children = [part for part in where.children if part not in ways]
    return plain.filter(Case(When(WhereNode(ways), then=True), default=False))


def _merged(parts: Sequence[Rows], walk: _Walk, count: int) -> list[int]:
    """The next of several parts, each in the list's order: as one question each is read only as far as it has them."""
    (path, is_falling, *_), pk = walk.order
    by = [OrderBy(F("at"), descending=is_falling != walk.backwards), order_by_step(pk, backwards=walk.backwards)]
    at = ExpressionWrapper(F(path), output_field=TextField())  # it puts them in order, and nobody reads it
    parts = [part.annotate(at=at).values_list("pk", "at") for part in parts]
    # SQLite reads no part further than it has to, and takes none that is cut short or put in order by itself.
    first, *others = [part.order_by() if connection.vendor == "sqlite" else part[:count] for part in parts]
    return [found for found, _ in first.union(*others, all=True).order_by(*by)[:count]]


def _of_collected(rows: Rows, walk: _Walk, count: int) -> list[int] | None:
    """The next of thousands of rows that were collected; None where they were not, or are as well asked for at once."""
    where = rows.query.where
    parts = [part for part in where.children if isinstance(part, Collected)] if where.connector == Q.AND else []
    collected = max(parts, key=lambda part: len(part.rhs), default=None)
    if collected is None or len(collected.rhs) < MANY:
        return None
    others = [part for part in where.children if part is not collected]
    if connection.vendor == "sqlite":
        return _near(rows, collected, others, walk, count)
    return _in_order_first(rows, collected, others, walk, count)


def _near(rows: Rows, collected: Collected, others: list[Any], walk: _Walk, count: int) -> list[int] | None:
    """The same on SQLite, if they are among the next ones of all in sight, or of the whole list.

    It goes along the index of an order sooner than it fetches thousands of rows to put them in order.
    """
    every = _every(walk)
    if every is None:
        return None
    lots = _lots(every, walk, apart=False) if are_in_order(walk.resource, walk.reach, walk.order[0].path) else None
    ahead = _onwards(every, walk)[:NEAR] if lots is None else _merged(lots, walk, NEAR)
    near = set(ahead).intersection(collected.rhs)
    rest = rows.all()
    rest.query.where.children = others
    found = list(_onwards(rest.filter(pk__in=one_of([*near])), walk)[:count])
    return found if len(found) == count else None


def _in_order_first(rows: Rows, collected: Collected, others: list[Any], walk: _Walk, count: int) -> list[int]:
    """The same on PostgreSQL: they are put in order, and then asked one by one whether they are in the list.

    Most questions of a list are about other rows, such as whose a touchpoint's person is, and would be asked of each
    of the thousands: what takes long is worked out after sorting, of as many as are read.
    """
    every = unconditional(rows).filter(pk__collected=collected.rhs, **{f"{walk.order[0].path}__isnull": False})
    is_in_list = Case(When(WhereNode(others), then=True), default=False)
    ordered = _onwards(every, walk).annotate(is_in_list=is_in_list)[: len(collected.rhs)]
    try:
        sql, params = ordered.query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pk FROM ({sql}) AS ordered WHERE is_in_list LIMIT %s", [*params, count])  # noqa: S608
        return [pk for (pk,) in cursor.fetchall()]


def _onwards(rows: Rows, walk: _Walk) -> Rows:
    """The ids of all rows from a position on, in the order of a list."""
    (path, is_falling, *_), further = walk.order[0], walk.order[1:]
    is_falling = is_falling != walk.backwards
    fields = _fields(rows, path)
    is_name = connection.vendor == "sqlite" and len(fields) > 1 and isinstance(fields[-1], CharField)
    is_walked = not is_name or _is_common(rows)
    if walk.position is not None:
        value, rest = walk.position[0], walk.position[1:]
        later = Q(**{f"{path}__{'lt' if is_falling else 'gt'}": value})
        rows = rows.filter(later | Q(**{path: value}) & beyond(further, rest, walk.backwards) if further else later)
        if is_walked:  # repeats what that implies; without it the database reads the list from its beginning
            rows = rows.filter(**{f"{path}__{'lte' if is_falling else 'gte'}": value})
    elif is_name and is_walked:
        rows = rows.filter(**{f"{path}__gte": ""})
    by = [OrderBy(F(path), descending=is_falling), *(order_by_step(step, backwards=walk.backwards) for step in further)]
    return rows.order_by(*by).values_list("pk", flat=True)


def _is_read_in_order(rows: Rows, path: str) -> bool:
    """Whether a list that fields of the company's own narrow is read in its order: where many rows are in it."""
    if connection.vendor != "sqlite" or is_custom(path):
        return False
    return any(compares(leaf) for leaf in rows.query.where.leaves()) and _is_common(rows)


def _is_common(rows: Rows) -> bool:
    """Whether many of all rows there are are in this list.

    Then it is read along the names of what they point at, in their order. Few rows are rather collected and sorted:
    SQLite does the one where the names have a bound, even one that all are beyond, and the other where they have none.
    """
    sample = spread_over(1, newest_id(rows.model), SAMPLE)
    wanted = len(sample) // COMMON_SHARE + 1
    return in_sample(rows, sample, wanted) == wanted


def _fields(rows: Rows, path: str) -> list[Any]:
    """The fields on the way to what is sorted by; what the query reckons is one that may be empty."""
    if path in rows.query.annotations:
        return [CharField(null=True)]
    return field_at(rows.model, path)


def _cursor(order: Order, row: Model, *, backwards: bool) -> str:
    values: list[Any] = []
    for step in order:
        value = held_at(row, step.path)
        values.append(value.isoformat() if isinstance(value, (date, datetime)) else value)
    text = json.dumps([int(backwards), *values], default=str, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, order: Order, rows: Rows) -> tuple[bool, list[Any] | None]:
    if not cursor:
        return False, None
    try:
        raw = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(raw, list) or len(raw) != len(order) + 1:
            raise ValueError
        position = [as_held(rows, step.path, value) for step, value in zip(order, raw[1:], strict=True)]
    except (ValueError, TypeError, ArithmeticError, RecursionError, ValidationError) as error:
        raise Invalid(
            {"cursor": [gettext("This page link does not fit the list any more; start from its first page.")]}
        ) from error
    return bool(raw[0]), position
