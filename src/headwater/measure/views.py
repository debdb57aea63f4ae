"""The page "Where our sales come from", the rows behind its numbers, and its file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast, get_args

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from headwater.measure import claims, mirror, queries, sheet, tasks, wording
from headwater.measure.metrics.behind import Metric
from headwater.measure.picture import picture_of
from headwater.measure.queries import FunnelReport, PageData, RowsBehind
from headwater.measure.rules import curve
from headwater.measure.rules.lifetable import LifeTable
from headwater.measure.rules.periods import CHOICES, By
from headwater.measure.state import PAGE, PageState, page_state, read_step
from headwater.measure.table import HEADS, sorted_rows, table_of
from headwater.platform.clock import now
from headwater.platform.errors import NotFound
from headwater.platform.paging import page_of
from headwater.platform.resource import REGISTRY
from headwater.platform.values import row_id
from headwater.web.channels import channel_look
from headwater.web.http import Request, answer, came_from, is_htmx, render

NOUNS = {"leads": "qualify.lead", "orders": "sell.order", "spend": "acquire.spend"}
METRICS: Final = get_args(Metric)
FUNNEL: Final = {"NEW": "leads", "WORKING": "working", "MQL": "mql", "SAL": "sal", "SQL": "sql", "WON": "bought"}


@require_safe
def sources(request: Request) -> HttpResponse:
    """The page; for htmx the part that changes with what is asked."""
    request.actor.require("measure.report.see")
    state = _state(request)
    try:
        data = queries.page_data(request.actor, state.request, at=now(), with_value=state.by_value)
    except mirror.MirrorMissing:
        if not request.actor.seen_as:  # who only looks asks for nothing, and the worker begins by itself
            tasks.ask_for_refresh(at=now())
        return render(request, "measure/preparing.html", {"address": request.get_full_path()})
    if not is_htmx(request):
        return render(request, "measure/sources.html", _context(data, state, request))
    response = render(request, "measure/sources.html#report", _context(data, state, request))
    response["HX-Push-Url"] = state.url()  # without the fields of the form that were left empty
    return response


@require_safe
def rows(request: Request) -> HttpResponse:
    """The list of what a number or a piece of the picture was counted from."""
    request.actor.require("measure.report.see")
    state, at = _state(request), now()
    params = request.GET.dict()
    key, unknown, metric = params.get("key"), params.get("unknown", ""), params.get("metric", "")
    if metric and metric not in METRICS:
        raise NotFound(_("There is no such number."))
    if metric:
        found = queries.rows_behind(
            request.actor,
            state.request,
            metric=cast(Metric, metric),
            key=None if unknown else key,
            unknown=unknown,
            every=params.get("every") == "1",
            at=at,
        )
    else:
        found = queries.leads_behind(request.actor, state.request, read_step(params), at=at)
    return render(request, "measure/rows.html", _rows_context(request, state, found))


@require_safe
def as_file(request: Request, kind: str) -> HttpResponseBase:
    """The report as a file, CSV or XLSX, with the numbers of the page in its order."""
    request.actor.require("measure.report.see")
    state = _state(request)
    report = queries.page_data(request.actor, state.request, at=now()).report
    report = replace(report, rows=sorted_rows(report, state))
    response: HttpResponseBase
    if kind == "xlsx":
        response = HttpResponse(sheet.workbook(report), content_type=sheet.XLSX)
    else:
        response = StreamingHttpResponse(sheet.csv_lines(report), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="sales-by-{state.request.by.value}.{kind}"'
    return response


@require_POST
def refresh(request: Request) -> HttpResponse:
    """Bring the numbers up to now: the worker does it, the page looks until it is done."""
    request.actor.require("measure.report.see")
    tasks.ask_for_refresh(at=now())
    if not is_htmx(request):
        return answer(request, came_from(request, PAGE), _("The numbers are being refreshed. Look again soon."))
    return render(request, "measure/freshness.html", {"waiting": True, "position": request.POST.get("position", "0")})


@require_safe
def freshness(request: Request) -> HttpResponse:
    """Whether newer numbers are there than those the reader sees; then the whole page is asked for again."""
    request.actor.require("measure.report.see")
    position = request.GET.get("position", "")  # the id of an event
    known, shown = mirror.known(), row_id(position)
    if known is None or shown is None or known.position <= shown:
        if known is not None and known.behind == 0:
            return render(request, "measure/freshness.html", {"fresh": known})
        return render(request, "measure/freshness.html", {"waiting": True, "position": position})
    response = HttpResponse(status=204)
    response["HX-Refresh"] = "true"
    return response


def _state(request: Request) -> PageState:
    today = now().astimezone(request.company.zone).date()
    return page_state(request.GET.dict(), today=today)


def _context(data: PageData, state: PageState, request: Request) -> dict[str, Any]:
    report = data.report
    return {
        "state": state,
        "report": report,
        "currency": report.currency,
        "fresh": report.freshness,
        "here": request.get_full_path(),
        "answer": claims.answer(report, period=state.period_phrase),
        "notes": claims.notes(report),
        "unknowns": [
            {"row": row, "text": text, "url": _unknown_url(row, state)} for row, text in claims.unknowns(report)
        ],
        "picture": picture_of(data.flow, state, currency=report.currency),
        "foreign_url": state.rows_url(metric="foreign", every="1"),
        "unvalued": sum(stream.leads - stream.valued for stream in data.flow.streams) if state.by_value else 0,
        "table": table_of(data, state),
        "funnel": _funnel(data.funnel, state),
        "curves": _curves(data, state),
        "is_empty": not (report.total.figures.leads or report.total.figures.orders or report.total.figures.spend),
        "is_all_time": state.request.period.is_all_time and state.request.as_of is None,
        **_choices(state),
    }


def _choices(state: PageState) -> dict[str, Any]:
    """The switches of the page: each choice with its address and whether it holds."""
    asked = state.request

    def among(name: str, options: dict[str, str], chosen: str) -> list[dict[str, Any]]:
        return [
            {"label": label, "url": state.url(**{name: key}), "on": key == chosen} for key, label in options.items()
        ]

    period = state.params.get("period", "all" if asked.period.is_all_time else "")
    return {
        "models": among("model", {"first": _("First touch"), "last": _("Last touch")}, asked.model),
        "bases": among("basis", {"arrived": _("Arrival"), "closed": _("Closing day")}, asked.basis.value),
        "widths": among("width", {"leads": _("Leads"), "value": _("Value")}, "value" if state.by_value else "leads"),
        "bys": among("by", {by.value: str(label) for by, label in HEADS.items()}, asked.by.value),
        "periods": among("period", {key: str(label) for key, label in CHOICES.items()}, period),
    }


def _unknown_url(row: queries.SourceRow, state: PageState) -> str:
    metric = "leads" if row.figures.leads else "revenue"
    return state.rows_url(metric=metric, unknown=row.unknown)


def _funnel(report: FunnelReport, state: PageState) -> list[dict[str, Any]]:
    first = report.steps[0].leads if report.steps else 0
    found = []
    before = None
    for step in report.steps:
        found.append(
            {
                "step": step,
                "url": state.rows_url(metric=FUNNEL[step.key], every="1") if step.leads else "",
                "share": step.leads / first if first else 0,
                "passed": step.leads / before if before else None,
            }
        )
        before = step.leads
    return found


def _curves(data: PageData, state: PageState) -> dict[str, Any] | None:
    """The life-table picture: all leads, and the chosen row beside them."""
    report = data.report
    chosen = report.row(state.curve, "") if state.curve else None
    tables = [report.curve, *([LifeTable(chosen.figures.ages)] if chosen else [])]
    until = max(table.settled() for table in tables)
    points = [table.every(max(1, until // 120), until=until) for table in tables]
    drawn = curve.draw(points, level=report.curve.raw_share)
    if drawn is None or not points[0]:
        return None
    by_source = report.request.by in (By.SOURCE, By.CHANNEL, By.CAMPAIGN)
    judged = [row for row in report.rows if not row.unknown and not row.too_few][:8] if by_source else []
    return {
        "drawn": drawn,
        "css": ["", channel_look(chosen.channel).css if chosen and chosen.channel else "ch-other"],
        "names": [_("All"), chosen.label if chosen else ""],
        "last": [found[-1] for found in points if found],
        "raw": report.curve.raw_share,
        "table": [*points[0][:: max(1, len(points[0]) // 8)], points[0][-1]],
        "chosen": chosen,
        "options": [
            {"label": row.label, "url": state.url(curve=row.key or ""), "on": row is chosen, "row": row}
            for row in judged
        ],
        "all_url": state.url(curve=""),
    }


def _rows_context(request: Request, state: PageState, found: RowsBehind) -> dict[str, Any]:
    resource = REGISTRY[NOUNS[found.noun]].for_actor(request.actor)
    visible = resource.rows(request.actor).filter(pk__in=list(found.ids))
    count = visible.count() if found.ids else 0
    page = page_of(visible, resource, cursor=request.GET.get("cursor", ""))
    columns = [column for column in resource.columns if column.shown]

    def address(cursor: str | None) -> str:
        if not cursor:
            return ""
        params = request.GET.copy()
        params["cursor"] = cursor
        return f"{PAGE}/rows?{params.urlencode()}"

    return {
        "state": state,
        "resource": resource,
        "page": page,
        "columns": columns,
        "previous_url": address(page.previous),
        "next_url": address(page.next),
        "title": _title(request, state, found),
        "total": len(found.ids),
        "visible": count,
        "hidden": len(found.ids) - count,
        "is_cut": found.is_cut,
        "back": state.url(),
        "fresh": found.freshness,
        "summary": _("%(count)s rows") % {"count": wording.number(count)},
        "now": now(),
    }


def _title(request: Request, state: PageState, found: RowsBehind) -> str:
    """What the list holds, e.g. "Won: Referral"."""
    metric = {
        "leads": _("Leads"), "working": _("Working"), "mql": _("MQL"), "sal": _("SAL"), "sql": _("SQL"),
        "bought": _("Won"), "won": _("Won"), "revenue": _("Orders"),
        "foreign": _("Orders without an exchange rate"),
        "spend": _("Spend"), "": _("Leads"),
    }[request.GET.get("metric", "")]  # fmt: skip
    about = ""
    if request.GET.get("metric") and request.GET.get("every") != "1":
        report = queries.page_data(request.actor, state.request, at=now()).report
        unknown = request.GET.get("unknown", "")
        row = report.row(None if unknown else request.GET.get("key"), unknown)
        about = row.label if row else ""
    return f"{metric}: {about}" if about else str(metric)
