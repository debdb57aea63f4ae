"""A list in groups: heads with counts and sums, the first rows of the first groups, more of each on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from headwater.platform.clock import now
from headwater.platform.column import Column
from headwater.platform.errors import NotFound
from headwater.platform.lists import groups
from headwater.platform.lists.cut import Cut
from headwater.platform.lists.groups import Group, grouped_by, groups_of
from headwater.platform.lists.totals import summed_columns
from headwater.platform.paging import COUNT_LIMIT, page_of
from headwater.platform.resource import Rows
from headwater.web import format as words
from headwater.web.http import Request
from headwater.web.layout import shown_columns
from headwater.web.liststate import ListState, address
from headwater.web.notation import counted, here, reading_zone
from headwater.web.totals import Sum, counts_exactly, spoken_count, sums_of_each

FIRST_ROWS = 10  # of a group that stands open
MORE_ROWS = 50
OPEN_GROUPS = 6
CLOSED = "folded"  # of the address: the groups the reader has closed; lists.js keeps it there


@dataclass(frozen=True)
class Shown:
    """A group of a list. ``url`` is the list that holds it alone, ``more_url`` brings its next rows."""

    key: str
    label: str
    count: str
    sums: Sequence[Sum]
    rows: Sequence[Any]
    is_open: bool
    url: str
    more_url: str


def column_of(state: ListState) -> Column | None:
    """The column this list is grouped by, if it is.

    Raises:
        Invalid: there is no such column.
    """
    return grouped_by(state.resource, state.group) if state.group else None


def menu(state: ListState) -> tuple[tuple[str, str, bool], ...]:
    """The columns a list can be grouped by, each with the address of that list and whether it is this one."""
    return tuple(
        (column.label, state.url(group="" if column.key == state.group else column.key), column.key == state.group)
        for column in state.resource.columns
        if column.groupable
    )


def groups_shown(request: Request, state: ListState, column: Column) -> list[Shown]:
    """The groups that hold rows, the first of them open if nobody closed them. As many queries for two as for sixty."""
    resource = state.resource
    rows = state.rows(request)
    summed = summed_columns(shown_columns(state))
    every = _groups(request, state, column, rows)
    cut = Cut(resource, request.actor, rows, [group.condition for group in every])
    is_exact = counts_exactly(request)
    totals = cut.totals(summed, limit=None if is_exact else COUNT_LIMIT + 1)
    held = [at for at, total in enumerate(totals) if total.count]
    closed = request.GET.get(CLOSED, "").split(",")
    opened = [at for at in held[:OPEN_GROUPS] if every[at].key not in closed]
    firsts = dict(zip(opened, cut.firsts(opened, totals, sort=state.order, size=FIRST_ROWS), strict=True))
    sums = sums_of_each(request, resource, summed, [cut.parts[at] for at in held], [totals[at] for at in held])
    return [
        _shown(
            state,
            every[at],
            counted(totals[at].count) if is_exact else spoken_count(totals[at].count),
            told,
            *firsts.get(at, ([], "")),
        )
        for at, told in zip(held, sums, strict=True)
    ]


def exact_counts(request: Request, state: ListState, column: Column) -> dict[str, str]:
    """How many rows each group holds, all of them counted."""
    rows = state.rows(request)
    every = _groups(request, state, column, rows)
    cut = Cut(state.resource, request.actor, rows, [group.condition for group in every])
    totals = cut.totals((), limit=None)
    return {group.key: counted(total.count) for group, total in zip(every, totals, strict=True) if total.count}


def more_of(request: Request, state: ListState, column: Column) -> dict[str, Any]:
    """The next rows of one group, and where those after them come from.

    Raises:
        NotFound: the list has no such group.
        Invalid: the cursor is not of this list.
    """
    rows = state.rows(request)
    key = request.GET.get("of", "")
    group = next((group for group in _groups(request, state, column, rows) if group.key == key), None)
    if group is None:
        raise NotFound(_("This group does not exist any more."))
    page = page_of(
        rows.filter(group.condition),
        state.resource,
        sort=state.order,
        cursor=state.cursor,
        size=MORE_ROWS if state.cursor else FIRST_ROWS,
        reach=state.resource.reach(request.actor),
    )
    return {"rows": page.rows, "more_url": _more_url(state, key, page.next) if page.next else ""}


def _groups(request: Request, state: ListState, column: Column, rows: Rows) -> list[Group]:
    today = timezone.localtime(now()).date()
    return groups_of(column, rows, request.actor, reading_zone(), today)


def _shown(
    state: ListState,
    group: Group,
    count: str,
    sums: Sequence[Sum],
    rows: Sequence[Any],
    cursor: str | None,
) -> Shown:
    return Shown(
        key=group.key,
        label=_label(group),
        count=count,
        sums=sums,
        rows=rows,
        is_open=bool(rows),
        url=state.url(group="", **group.params) if group.params else "",
        more_url=_more_url(state, group.key, cursor) if cursor is not None else "",
    )


def _more_url(state: ListState, key: str, cursor: str) -> str:
    return address(f"{state.path}/group", {**state.params(cursor=cursor), "group": state.group, "of": key})


def _label(group: Group) -> str:
    if group.month is not None:
        return words.month(group.month, here())
    if group.label:
        return group.label
    return {groups.NONE: _("None"), groups.OTHER: _("Other"), groups.EARLIER: _("Earlier"), groups.LATER: _("Later")}[
        group.key
    ]
