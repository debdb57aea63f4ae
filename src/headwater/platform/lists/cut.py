"""A list cut into parts that share no row: how many rows each has, what their amounts come to, which come first.

Each part is asked for by itself and stops at a limit. Of who sees little of a long table each would read most of its
rows in vain: there all parts are asked for at once, of the rows in sight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, Sum, Value, When, Window
from django.db.models.functions import RowNumber

from headwater.platform.actor import Actor
from headwater.platform.column import Column
from headwater.platform.few import few, spread, unconditional
from headwater.platform.lists.totals import Total, currency_of, total_of, totals_of
from headwater.platform.order import ordering
from headwater.platform.paging import COUNT_LIMIT, first_of_each, firsts_shown
from headwater.platform.resource import Resource, Rows
from headwater.platform.search.store import one_of, opaque

COLLECTING = 3  # so much longer a row takes that is collected than one that is read with its neighbours
MOST = 250_000  # rows that are collected


@dataclass(frozen=True)
class Cut:
    """Rows of a noun and the conditions of their parts, for whom."""

    resource: Resource
    actor: Actor
    rows: Rows
    conditions: Sequence[Q]

    @cached_property
    def parts(self) -> list[Rows]:
        """The rows of each part."""
        return [self.rows.filter(condition).order_by() for condition in self.conditions]

    def totals(self, columns: Sequence[Column], *, limit: int | None) -> list[Total]:
        """The total of each part, in one query; where it is asked for by itself, of no more than ``limit`` rows."""
        if self._in_sight is None:
            return totals_of(self.parts, self.resource, columns, limit=limit)
        sums = {f"total_{at}": Sum(F(column.orm_path)) for at, column in enumerate(columns)}
        counted = (
            self._numbered(self._in_sight, self.conditions)
            .annotate(total_currency=currency_of(self.resource, columns)).order_by()
            .values("part", "total_currency").annotate(total_count=Count("pk"), **sums)
            .values_list("part", "total_currency", "total_count", *sums)
        )  # fmt: skip
        found: dict[int, list[Sequence[Any]]] = {}
        for at, *told in counted:
            found.setdefault(at, []).append(told)
        return [total_of(found.get(at, ()), columns) for at in range(len(self.conditions))]

    def firsts(
        self, places: Sequence[int], totals: Sequence[Total], *, sort: str, size: int
    ) -> list[tuple[list[Any], str | None]]:
        """The first rows of some parts, and the cursor to go on with where there are more. Two queries.

        What the ``totals`` say many rows are in is read in the list's order, what few are in is found and put in order.

        Raises:
            Invalid: a sort that is not of this list.
        """
        if self._in_sight is None or not places:
            parts = [self._first_part(at, totals[at].count) for at in places]
            rare = [place for place, at in enumerate(places) if totals[at].count <= COUNT_LIMIT]
            return first_of_each(parts, self.rows, self.resource, few=rare, sort=sort, size=size)
        wanted = [self.conditions[at] for at in places]
        place = Window(RowNumber(), partition_by=[F("part")], order_by=ordering(self.resource, sort))
        first = (
            self._numbered(self._in_sight.filter(reduce(or_, wanted)), wanted).annotate(place=place)
            .filter(place__lte=size + 1).order_by("part", "place").values_list("part", "pk")
        )  # fmt: skip
        ids: list[list[int]] = [[] for _ in places]
        for at, pk in first:
            ids[at].append(pk)
        return firsts_shown(ids, self.rows, self.resource, sort=sort, size=size)

    def _first_part(self, at: int, count: int) -> Rows:
        if count > COUNT_LIMIT:
            return self.rows.filter(opaque(self.conditions[at]))
        return self.parts[at] if count else self.rows.none()

    @cached_property
    def _in_sight(self) -> Rows | None:
        """The rows by their ids, where collecting what is in sight takes less than reading part by part."""
        reach = self.resource.reach(self.actor)
        ids = spread(self.rows.model) if reach else []
        if not ids or not self.conditions:
            return None
        seen = self.resource.in_sight(self.actor).filter(pk__in=one_of(ids)).order_by().count()
        sample = self._numbered(self.rows.filter(pk__in=one_of(ids)), self.conditions).order_by()
        held = sample.values_list("part", flat=True)
        read_by_part = len(set(held)) * COUNT_LIMIT * len(ids) // len(held) if held else ids[-1]
        collected = ids[-1] * seen // len(ids)
        if COLLECTING * collected > min(read_by_part, ids[-1]):
            return None
        found = few(self.rows.order_by(), reach, most=MOST)
        return None if found is None else unconditional(self.rows).filter(pk__among=found)

    def _numbered(self, rows: Rows, conditions: Sequence[Q]) -> Rows:
        whens = [When(condition, then=Value(at)) for at, condition in enumerate(conditions)]
        numbered: Rows = rows.annotate(part=Case(*whens, output_field=IntegerField()))
        return numbered.filter(part__isnull=False)
