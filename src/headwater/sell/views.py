"""Pages of the sell room that the generic ones cannot be: the pipeline board, and deciding products."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.acquire.queries import source_choices
from headwater.platform.actor import Visibility
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed, NotFound
from headwater.platform.resource import REGISTRY
from headwater.platform.undo import newest_event
from headwater.sell import actions
from headwater.sell.forms import DecideForm
from headwater.sell.models import ForecastCategory
from headwater.sell.queries.board import BoardFilter, board, card_of, choices_of_close, column_sums
from headwater.sell.queries.visible import visible_opportunities
from headwater.team import queries as team
from headwater.web.form import undo_url
from headwater.web.format import day as day_words
from headwater.web.http import Request, answer, came_from, is_htmx, render, toast
from headwater.web.notation import counted, here

WON = "WON"


def pipeline(request: Request) -> HttpResponse:
    """The open opportunities as a board by stage, and what was won this month."""
    if not request.actor.may("sell.opportunity.see"):
        raise NotAllowed()
    moment = now()
    wanted = _filter(request)
    found = board(request.actor, wanted, company=request.company, at=moment)
    context = {
        "board": found,
        "filters": _chips(request, wanted, found.stuck, found.no_next_step),
        "query": urlencode(_params(wanted)),
        "wanted": wanted,
        "kept": {key: value for key, value in _params(wanted).items() if key != "q"},
        "table_url": f"/opportunities?{urlencode({'view': 'open', **_table_params(wanted)})}",
        "export_query": urlencode({"outcome__empty": "true", **_table_params(wanted)}),
        "may_export": request.actor.may("sell.opportunity.export") and not wanted.is_of_the_board_alone,
        "may_create": request.actor.may("sell.opportunity.create"),
        "may_move": request.actor.may("sell.opportunity.move"),
        "may_win": request.actor.may("sell.opportunity.win"),
        "moment": moment,
    }
    return render(request, "sell/pipeline.html#region" if is_htmx(request) else "sell/pipeline.html", context)


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
    elif stage.isdecimal() and len(stage) < 19:
        row = actions.move_opportunity(
            opportunity_id=pk, stage_id=int(stage), reason=request.POST.get("reason", ""), by=request.actor, at=moment
        )
        words = _("Moved to %(stage)s") % {"stage": row.stage.name}
    else:
        raise NotFound(_("There is no such stage."))
    undo = undo_url(request, REGISTRY["sell.opportunity"], since)
    if not is_htmx(request) or "board" not in request.GET:
        return answer(request, came_from(request, reverse("pipeline")), words, undo_url=undo)
    wanted = _filter(request)
    context = {
        "card": card_of(request.actor, pk, company=request.company, at=moment),
        "board": column_sums(request.actor, wanted, company=request.company, at=moment),
        "is_won": stage == WON,
        "query": urlencode(_params(wanted)),
        "may_move": True,
        "may_win": request.actor.may("sell.opportunity.win"),
        "neighbours": True,
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


# ---------------------------------------------------------------- filters


def _filter(request: Request) -> BoardFilter:
    """What the address narrows the board to; values that make no sense are left out."""
    told = request.GET
    try:
        close_by = date.fromisoformat(told["close_by"]) if told.get("close_by") else None
    except ValueError:
        close_by = None
    category = told.get("category", "")
    return BoardFilter(
        mine=told.get("mine") == "1",
        team_id=_number(told.get("team", "")),
        close_by=close_by,
        category=category if category in ForecastCategory.values else "",
        stuck=told.get("stuck") == "1",
        no_next_step=told.get("no_next_step") == "1",
        source_id=_number(told.get("source", "")),
        words=told.get("q", "").strip(),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _params(wanted: BoardFilter) -> dict[str, str]:
    said = {
        "mine": "1" if wanted.mine else "",
        "team": str(wanted.team_id or ""),
        "close_by": wanted.close_by.isoformat() if wanted.close_by else "",
        "category": wanted.category,
        "stuck": "1" if wanted.stuck else "",
        "no_next_step": "1" if wanted.no_next_step else "",
        "source": str(wanted.source_id or ""),
        "q": wanted.words,
    }
    return {key: value for key, value in said.items() if value}


def _table_params(wanted: BoardFilter) -> dict[str, str]:
    """The same narrowing as conditions of the list."""
    said = {
        "owner": "me" if wanted.mine else "",
        "close_date__lte": wanted.close_by.isoformat() if wanted.close_by else "",
        "forecast_category": wanted.category,
        "next_step__empty": "true" if wanted.no_next_step else "",
        "source": str(wanted.source_id or ""),
        "q": wanted.words,
    }
    return {key: value for key, value in said.items() if value}


def _chips(request: Request, wanted: BoardFilter, stuck: int, no_next_step: int) -> list[dict[str, Any]]:
    """The filter chips: each a link to the same board with one thing different."""
    present, actor = _params(wanted), request.actor
    locale, today = here(), now().astimezone(request.company.zone).date()

    def url(**changes: str) -> str:
        params = {key: value for key, value in {**present, **changes}.items() if value}
        return f"{request.path}?{urlencode(params)}" if params else request.path

    def switch(key: str, label: str, is_on: bool, value: str = "1", count: int | None = None) -> dict[str, Any]:
        return {"label": label, "is_on": is_on, "url": url(**{key: "" if is_on else value}), "count": count}

    def menu(key: str, label: str, any_label: str, options: list[tuple[str, str]]) -> dict[str, Any]:
        chosen = present.get(key, "")
        name = next((words for value, words in options if value == chosen), any_label)
        return {
            "label": f"{label} {name}", "is_on": bool(chosen),
            "options": [("", any_label, url(**{key: ""}), not chosen)]
            + [(value, words, url(**{key: value}), value == chosen) for value, words in options],
        }  # fmt: skip

    closing = [(value, day_words(day, locale, today=today)) for value, day in choices_of_close(today)]
    chips = []
    if actor.visibility is not Visibility.OWN:
        chips.append(switch("mine", _("Mine"), wanted.mine))
        teams = [(str(pk), name) for pk, name in team.teams().values_list("pk", "name")]
        teams = [each for each in teams if actor.reaches(owner_id=None, team_id=int(each[0]))]
        if len(teams) > 1:
            chips.append(menu("team", _("Team:"), _("any"), teams))
    chips.append(menu("close_by", _("Closes by"), _("any day"), closing))
    chips.append(switch("category", _("Commit"), wanted.category == "COMMIT", "COMMIT"))
    chips.append(switch("stuck", _("Stuck"), wanted.stuck, count=stuck))
    chips.append(switch("no_next_step", _("No next step"), wanted.no_next_step, count=no_next_step))
    if sources := source_choices(actor):
        chips.append(menu("source", _("Source:"), _("any"), sources))
    return chips
