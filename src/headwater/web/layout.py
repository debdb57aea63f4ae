"""How somebody sees a list: which columns in which order, how wide, how dense. Kept on the server, for each person.

A private view keeps its columns and widths itself; those of any other view are the reader's own until they save it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.platform.lists.actions import ROW, change_view
from headwater.platform.lists.kept import KeptView
from headwater.platform.lists.layout import keep_layout
from headwater.platform.resource import Column
from headwater.platform.undo import newest_event, to_undo
from headwater.web.http import Request, answer, resource_of
from headwater.web.liststate import ListState, state_of

STEP = 8  # pixels: the style sheet has a class for each width, so that a list comes at its widths and never jumps


@dataclass(frozen=True)
class Offered:
    """One line of the column chooser."""

    key: str
    label: str
    is_shown: bool


def shown_columns(state: ListState) -> list[Column]:
    """The columns of this list: those of the address, else the view's, else those this person chose, else the usual."""
    by_key = state.resource.by_key
    wanted = state.columns.split(",") if state.columns else (state.view and state.view.columns) or state.layout.columns
    chosen = [by_key[key] for key in dict.fromkeys(wanted) if key in by_key]
    return chosen or [column for column in state.resource.columns if column.shown]


def offered_columns(state: ListState, shown: list[Column]) -> tuple[Offered, ...]:
    """Every column for the chooser: the shown ones in their order, then the others."""
    keys = {column.key for column in shown}
    every = [*shown, *(column for column in state.resource.columns if column.key not in keys)]
    return tuple(Offered(column.key, column.label, column.key in keys) for column in every)


def widths_of(state: ListState) -> dict[str, int]:
    """How wide this list's columns are, in pixels; none for a list that finds its widths by itself."""
    view = state.view.widths if isinstance(state.view, KeptView) else {}
    return {**state.layout.widths, **view} if _keeps_itself(state) else {**view, **state.layout.widths}


def steps_of(widths: Mapping[str, int], columns: list[Column]) -> list[int]:
    """The class of each column's width, 0 for none; among columns with widths, others are of a middling one."""
    return [round(widths.get(column.key, 144) / STEP) if widths else 0 for column in columns]


@require_POST
def layout(request: Request, slug: str) -> HttpResponse:
    """Which columns are shown, in the order they were sent, and how dense; ``up`` and ``down`` move one; or reset."""
    resource = resource_of(slug, request)
    state = _state(request, slug)
    here = state.url(cols="")
    if request.POST.get("reset"):
        keep_layout(resource=resource, by=request.actor, columns=[], widths={}, is_compact=False)
        return answer(request, here, _("The list looks as it did at first"))
    keys = [key for key in dict.fromkeys(request.POST.getlist("cols")) if key in resource.by_key]
    for direction, by in (("up", -1), ("down", 1)):
        if request.POST.get(direction) in keys:
            at = keys.index(request.POST[direction])
            keys.insert(max(0, at + by), keys.pop(at))
    if not keys:
        raise Invalid({"cols": [_("Show one column at least.")]})
    keep_layout(resource=resource, by=request.actor, is_compact=request.POST.get("density") == "compact")
    since = newest_event()
    if _keeps_itself(state):
        change_view(view_id=int(state.key), by=request.actor, at=now(), columns=keys)
    elif isinstance(state.view, KeptView):
        here = state.url(cols="" if keys == list(state.view.columns) else ",".join(keys))
    else:
        keep_layout(resource=resource, by=request.actor, columns=keys)
    event = to_undo(since=since, by=request.actor, subject_type=ROW)
    return answer(request, here, _("Columns kept"), undo_url=f"/undo/{event.pk}" if event else "")


@require_POST
def widths(request: Request, slug: str) -> HttpResponse:
    """How wide columns are now: ``width-stage=144`` for each."""
    resource = resource_of(slug, request)
    state = _state(request, slug)
    told = {name.removeprefix("width-"): str(text) for name, text in request.POST.items() if name.startswith("width-")}
    if not all(text.isascii() and text.isdecimal() and len(text) < 5 for text in told.values()):
        raise Invalid({"widths": [_("A width is a number of pixels.")]})
    wanted = {**widths_of(state), **{key: int(text) for key, text in told.items()}}
    if _keeps_itself(state):
        change_view(view_id=int(state.key), by=request.actor, at=now(), widths=wanted)
    else:
        keep_layout(resource=resource, by=request.actor, widths=wanted)
    return HttpResponse(status=204)


def _keeps_itself(state: ListState) -> bool:
    view = state.view
    return isinstance(view, KeptView) and view.is_own and not view.is_shared and view.may_change


def _state(request: Request, slug: str) -> ListState:
    resource = resource_of(slug, request)
    return state_of(resource, QueryDict(request.POST.get("query", "")).dict(), f"/{slug}", request.actor)
