"""Pages of the sell room that the generic ones cannot be: the pipeline board, and deciding products."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.resource import REGISTRY
from headwater.platform.undo import newest_event
from headwater.platform.values import row_id
from headwater.sell import actions
from headwater.sell.forms import DecideForm
from headwater.sell.models import Opportunity
from headwater.sell.queries.board import Board, WonColumn, board, card_of, column_sums
from headwater.sell.queries.visible import visible_opportunities
from headwater.sell.resources import OPEN
from headwater.web.form import undo_url
from headwater.web.http import Request, answer, came_from, is_htmx, page_or_part, render, resource_of, toast
from headwater.web.listing import bar_context, bulk_commands
from headwater.web.liststate import ListState, address, state_of
from headwater.web.notation import counted

WON = "WON"
TOLD_BY_THE_BOARD = ("stage", "outcome", "stage_since", "to_decide")  # by its columns, its cards and its tabs


def pipeline(request: Request) -> HttpResponse:
    """The open opportunities as a board by stage, and what was won this month, narrowed as their list is."""
    moment, state = now(), _state(request)
    found = board(request.actor, _rows(request, state), stuck_only=_is_stuck(state), company=request.company, at=moment)
    context = {
        "resource": state.resource,
        "state": state,
        "board": found,
        **bar_context(state, leaves_out=[key for key in TOLD_BY_THE_BOARD if key not in state.own]),
        **_around_cards(request, state, found),
        "switches": [_stuck_chip(state, found.stuck)],
        "is_narrowed": _is_narrowed(state),
        "table_url": address("/opportunities", _table_params(state)),
        "matching": counted(found.count),
        "is_whole": not any(column.more for column in found.stages),
        "may_create": request.actor.may("sell.opportunity.create"),
        "moment": moment,
    }
    return page_or_part(request, "sell/pipeline.html", context)


@require_POST
def move(request: Request, pk: int) -> HttpResponse:
    """A card was dropped on another column, or moved there by a key; on *won* it is won for its value.

    The answer is the card anew and the sums of all columns. A refusal says why, and the card goes back.
    """
    moment = now()
    stage, since = request.POST.get("stage", ""), newest_event()
    if stage == WON:
        row = visible_opportunities(request.actor).filter(pk=pk).first()
        if row is None:
            raise NotFound()
        if row.amount is None:
            raise Invalid({"amount": [_("Its value is not known. Open it and say for how much it was won.")]})
        row, _order = actions.win_opportunity(opportunity_id=pk, by=request.actor, at=moment)
        words = _("Won. The order is placed.")
    elif (stage_id := row_id(stage)) is not None:
        row = actions.move_opportunity(
            opportunity_id=pk, stage_id=stage_id, reason=request.POST.get("reason", ""), by=request.actor, at=moment
        )
        words = _("Moved to %(stage)s") % {"stage": row.stage.name}
    else:
        raise NotFound(_("There is no such stage."))
    undo = undo_url(request, REGISTRY["sell.opportunity"], since)
    if not is_htmx(request) or "board" not in request.GET:
        return answer(request, came_from(request, reverse("pipeline")), words, undo_url=undo)
    state, card = _state(request), card_of(request.actor, pk, company=request.company, at=moment)
    found = column_sums(
        request.actor, _rows(request, state), stuck_only=_is_stuck(state), company=request.company, at=moment
    )
    context = {
        "cards": [card] if card is not None else [],
        "board": found,
        "is_won": stage == WON,
        **_around_cards(request, state, found),
    }
    return toast(render(request, "sell/pipeline.html#moved", context), words, undo_url=undo)


@require_POST
def step(request: Request, pk: int, stage_id: int) -> HttpResponse:
    """Put an opportunity into a stage from its record's path."""
    since = newest_event()
    row = actions.move_opportunity(opportunity_id=pk, stage_id=stage_id, by=request.actor, at=now())
    undo = undo_url(request, REGISTRY["sell.opportunity"], since)
    return answer(request, f"/opportunities/{pk}", _("Moved to %(stage)s") % {"stage": row.stage.name}, undo_url=undo)


@require_POST
def decide(request: Request, of: Literal["opportunity", "order"], line_id: int) -> HttpResponse:
    """Say which product a file's text means, here or wherever it stands."""
    form = DecideForm(request.POST, actor=request.actor)
    if not form.is_valid():
        raise Invalid({"product_id": [_("Choose the product that is meant.")]})
    since = newest_event()
    count = actions.decide_product(
        line_id=line_id, of=of, product_id=form.cleaned_data["product_id"], all_lines=form.cleaned_data["all_lines"],
        by=request.actor, at=now(),
    )  # fmt: skip
    undo = undo_url(request, REGISTRY["sell.product"], since)
    return answer(
        request, came_from(request, "/opportunities"), _("Decided on %(count)s lines") % {"count": counted(count)},
        undo_url=undo,
    )  # fmt: skip


@require_POST
def remove_line(request: Request, pk: int, line_id: int) -> HttpResponse:
    """Take a product off an opportunity."""
    since = newest_event()
    actions.remove_line(opportunity_id=pk, line_id=line_id, by=request.actor, at=now())
    undo = undo_url(request, REGISTRY["sell.opportunity"], since)
    return answer(request, f"/opportunities/{pk}", _("Product removed"), undo_url=undo)


# ---------------------------------------------------------------- what the board shows


def _state(request: Request) -> ListState:
    """What the address narrows the board to, as it would the list."""
    resource = resource_of("opportunities", request)
    return state_of(resource, request.GET.dict(), resource.board_path, request.actor)


def _rows(request: Request, state: ListState) -> QuerySet[Opportunity]:
    """The opportunities the board is made of. That they are open is said by its columns: what was won has one too."""
    conditions = {key: value for key, value in state.conditions.items() if (key, value) not in OPEN.items()}
    return replace(state, view=None, own=conditions, path="").rows(request)


def _around_cards(request: Request, state: ListState, found: Board) -> dict[str, Any]:
    """What cards and heads of columns need besides: what may be done, and where they lead."""
    return {
        "query": state.query,
        "move_query": urlencode(state.params()),
        "record_query": urlencode({"in": state.query}),
        "won_query": _won_query(state, found.won),
        "bulk": bulk_commands(request, state.resource),
        "may_move": request.actor.may("sell.opportunity.move"),
        "may_win": request.actor.may("sell.opportunity.win"),
    }


def _won_query(state: ListState, won: WonColumn) -> str:
    """The list of what was won this month, narrowed as the board is."""
    asked = {key: value for key, value in state.conditions.items() if key not in OPEN}
    words = {"q": state.search} if state.search else {}
    return urlencode({"view": "won", **asked, **words, "closed_at__gte": won.since.date().isoformat()})


def _is_stuck(state: ListState) -> bool:
    return state.besides.get("stuck") == "1"


def _stuck_chip(state: ListState, count: int) -> dict[str, Any]:
    is_on = _is_stuck(state)
    return {
        "key": "stuck",
        "label": _("Stuck"),
        "is_on": is_on,
        "count": count,
        "url": state.url(stuck="" if is_on else "1"),
    }


def _is_narrowed(state: ListState) -> bool:
    """Whether anything is left out that the board would show by itself."""
    return bool(state.conditions.keys() - OPEN.keys() or state.search or any(state.besides.values()))


def _table_params(state: ListState) -> dict[str, str]:
    """The same as parameters of the list, which knows nothing of what only the board tells."""
    params = {key: value for key, value in state.params().items() if key not in state.besides}
    return {"view": state.key, **params}
