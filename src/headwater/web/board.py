"""A list as a board: its rows as cards in a column for each stage, moved through the noun's own step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.column import Column
from headwater.platform.errors import Conflict, NotFound
from headwater.platform.lists.cut import Cut
from headwater.platform.lists.groups import NONE, OTHER, Group, groups_of
from headwater.platform.lists.totals import summed_columns
from headwater.platform.paging import COUNT_LIMIT
from headwater.platform.resource import Command, Resource, Rows
from headwater.platform.undo import newest_event
from headwater.web.form import undo_url
from headwater.web.format import money_short
from headwater.web.http import Request, answer, came_from, is_htmx, page_or_part, render, resource_of, row_of, toast
from headwater.web.listing import bar_context, bulk_commands
from headwater.web.liststate import ListState, address, state_of
from headwater.web.totals import Sum, spoken_count, sums_of_each

CARDS = 30  # in a column


@dataclass(frozen=True)
class Stack:
    """A column of the board; ``url`` is the list that holds all of it, ``part`` the same as a query of the board.

    ``total`` is counted to the limit.
    """

    key: str
    label: str
    place: int
    count: str
    sums: Sequence[Sum]
    cards: Sequence[Any]
    has_more: bool
    total: int
    part: str
    url: str

    @property
    def more(self) -> int | None:
        """How many rows have no card; None where nobody counted them all."""
        return max(self.total - CARDS, 0) if self.total <= COUNT_LIMIT else None


def board(request: Request, slug: str) -> HttpResponse:
    """The board of a noun with stages, narrowed down as its list is by the same address."""
    resource = resource_of(slug, request)
    column, step = _stages(resource)
    state = state_of(resource, request.GET.dict(), f"/{slug}/board", request.actor)
    stacks = _stacks(request, state, column)
    context = {
        **_frame(request, state, column, step),
        "stacks": stacks,
        "matching": spoken_count(sum(stack.total for stack in stacks)),
        "is_whole": not any(stack.has_more for stack in stacks),
        **bar_context(state, leaves_out=() if column.key in state.conditions else (column.key,)),
        "table_url": address(f"/{slug}", state.params() or {"view": "all"}),
        "may_create": resource.create is not None and request.actor.may(resource.create.verb),
    }
    return page_or_part(request, "web/board.html", context)


@require_POST
def move(request: Request, slug: str, pk: int) -> HttpResponse:
    """A card was put on another column. The answer is the card anew and the heads; a refusal says why it went back."""
    resource = resource_of(slug, request)
    column, step = _stages(resource)
    request.actor.require(step.verb)
    row = row_of(resource, request, pk)
    stage = request.POST.get(column.key, "")
    if stage not in dict(column.choices_for(request.actor)):
        raise NotFound(_("There is no such stage."))
    if not step.offered(row):
        raise Conflict(_("“%(command)s” is not possible here any more.") % {"command": step.label})
    since = newest_event()
    told = {column.key: stage, "reason": request.POST.get("reason", "")}
    step.run(**{step.id_name: pk}, by=request.actor, at=now(), **told)
    undo = undo_url(request, resource, since)
    if not is_htmx(request):
        return answer(request, came_from(request, f"/{slug}/board"), step.done, undo_url=undo)
    state = state_of(resource, request.GET.dict(), f"/{slug}/board", request.actor)
    moved = resource.rows(request.actor).filter(pk=pk).first()
    context = {
        **_frame(request, state, column, step),
        "stacks": _stacks(request, state, column, with_cards=False),
        "row": moved,
    }
    return toast(render(request, "web/board.html#moved", context), step.done, undo_url=undo)


def _stages(resource: Resource) -> tuple[Column, Command]:
    """The column that says a row's stage, and the step that changes it.

    Raises:
        NotFound: the noun has no board.
    """
    column, step = resource.by_key.get(resource.stages), resource.command("move")
    if column is None or step is None:
        raise NotFound(_("There is no board of these."))
    return column, step


def _frame(request: Request, state: ListState, column: Column, step: Command) -> dict[str, Any]:
    """What every card needs: the columns it shows beside its name."""
    resource, params = state.resource, state.params()
    by_place = {c.place: c for c in resource.columns if c.shown and c is not column}
    return {
        "resource": resource,
        "state": state,
        "stage_column": column,
        "second": by_place.get("second"),
        "extra": by_place.get("extra"),
        "feet": [by_place[place] for place in ("source", "action") if place in by_place],
        "move_query": urlencode(params),
        "record_query": urlencode({"in": state.query}),
        "may_move": request.actor.may(step.verb),
        "bulk": bulk_commands(request, resource),
        "now": now(),
    }


def _stacks(request: Request, state: ListState, column: Column, *, with_cards: bool = True) -> list[Stack]:
    """The columns in the order of the stages, empty ones too. As many queries for two stages as for nine."""
    rows: Rows = state.rows(request)
    today = timezone.localtime(now()).date()
    groups: list[Group] = [
        group
        for group in groups_of(column, rows, request.actor, request.company.zone, today)
        if group.key not in (NONE, OTHER)
    ]
    cut = Cut(state.resource, request.actor, rows, [group.condition for group in groups])
    summed = summed_columns([c for c in state.resource.columns if c.kind is c.kind.MONEY][:1])
    totals = cut.totals(summed, limit=COUNT_LIMIT + 1)
    sums = sums_of_each(request, state.resource, summed, cut.parts, totals, written=money_short)
    none: list[tuple[list[Any], str | None]] = [([], None) for _group in groups]
    firsts = cut.firsts(range(len(groups)), totals, sort=state.order, size=CARDS) if with_cards else none
    return [
        Stack(
            key=group.key,
            label=group.label,
            place=place,
            count=spoken_count(total.count),
            sums=told,
            cards=cards,
            has_more=cursor is not None,
            total=total.count,
            part=f"{state.query}&{urlencode(group.params)}",
            url=address(f"/{state.resource.slug}", {**state.params(), **group.params}),
        )
        for place, (group, total, told, (cards, cursor)) in enumerate(zip(groups, totals, sums, firsts, strict=True), 1)
    ]
