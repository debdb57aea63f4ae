"""The reports as endpoints: ``/reports/sources`` and ``/reports/funnel``, with the JSON of the command line."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from headwater.api.problems import documented
from headwater.measure.rules.credit import MODELS
from headwater.measure.rules.periods import CHOICES, Basis, By, ReportRequest, read_request
from headwater.platform.clock import now
from headwater.platform.errors import Invalid

Schema = dict[str, Any]

_NUMBER: Final[Schema] = {"type": ["number", "null"]}
_WHOLE: Final[Schema] = {"type": "integer"}
_TEXT: Final[Schema] = {"type": ["string", "null"]}
_DAY: Final[Schema] = {"type": ["string", "null"], "format": "date"}


def add_reports(api: NinjaAPI) -> None:
    """Add the reports to the API."""
    for name, view, summary, extra in (
        ("sources", sources, "Where sales come from", _sources_doc()),
        ("funnel", funnel, "How far leads come", _funnel_doc()),
    ):
        api.api_operation(
            ["GET"], f"/reports/{name}", operation_id=f"report_{name}", summary=summary, tags=["Reports"],
            openapi_extra=extra,
        )(view)  # fmt: skip


def sources(request: HttpRequest) -> JsonResponse:
    """Leads, wins, revenue, spend, conversion and return by way in or by time, as ``docs/reports.md`` says."""
    from headwater.measure import queries, schema

    asked = _asked(request, ("by", "basis", "model", "period", "from", "to", "as_of"))
    return JsonResponse(schema.sources_json(queries.fresh_sources_report(_actor(request), asked, at=now())))


def funnel(request: HttpRequest) -> JsonResponse:
    """How many of the period's leads reached each stage, and how many days it took them."""
    from headwater.measure import queries, schema

    asked = _asked(request, ("period", "from", "to", "as_of"))
    return JsonResponse(schema.funnel_json(queries.fresh_funnel_report(_actor(request), asked, at=now())))


def _actor(request: HttpRequest) -> Any:
    return request.actor  # type: ignore[attr-defined]


def _asked(request: HttpRequest, known: tuple[str, ...]) -> ReportRequest:
    params = request.GET.dict()
    unknown = [name for name in params if name not in known]
    if unknown:  # a period with a typing error must not answer with all time
        raise Invalid({name: [_("This report has no parameter “{name}”.").format(name=name)] for name in unknown})
    zone = request.company.zone  # type: ignore[attr-defined]
    named = {"from_" if name == "from" else name: text for name, text in params.items()}
    return read_request(today=now().astimezone(zone).date(), **named)


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _range(*, value: str, level: bool = False) -> Schema:
    ends = {value: _NUMBER, "low": _NUMBER, "high": _NUMBER}
    return _object(**ends, level={"type": "number"}) if level else _object(**ends)


def _row() -> Schema:
    share = _range(value="share", level=True)
    by_age = {**share, "properties": {**share["properties"], "days": {"type": ["integer", "null"]}}}
    return _object(
        source=_TEXT, key=_TEXT, label={"type": "string"}, by={"type": "string"}, channel={"type": "string"},
        unknown={"type": "string", "enum": ["", "blank", "no_touchpoint"]},
        leads=_WHOLE, mql=_WHOLE, sql=_WHOLE, won=_WHOLE, orders=_WHOLE, orders_other_currency=_WHOLE,
        revenue=_NUMBER, spend=_NUMBER, margin=_NUMBER, conversion=share, conversion_by_age=by_age,
        average_sale=_NUMBER,
        days_to_win=_object(median=_NUMBER, mean=_NUMBER, known=_WHOLE, negative=_WHOLE),
        cost_per_lead=_NUMBER, cost_per_customer=_range(value="value"), too_few={"type": "boolean"},
        **{"return": _range(value="value")},
    )  # fmt: skip


def _freshness() -> Schema:
    return _object(as_of={"type": "string", "format": "date-time"}, position=_WHOLE, changes_since=_WHOLE)


def _sources_doc() -> Schema:
    report = _object(
        report={"type": "string"}, by={"type": "string"}, basis={"type": "string"}, model={"type": "string"},
        to=_DAY, as_of=_DAY, currency={"type": "string"}, level={"type": "number"}, company_wide={"type": "boolean"},
        freshness=_freshness(), rows={"type": "array", "items": _row()}, total=_row(), **{"from": _DAY},
    )  # fmt: skip
    parameters = [
        _parameter("by", "What a row is.", [by.value for by in By], "source"),
        _parameter("basis", "A period means arrival or closing day.", [basis.value for basis in Basis], "arrived"),
        _parameter("model", "Which touchpoint gets the revenue.", list(MODELS), "first"),
        *_period(),
    ]
    return {"parameters": parameters, "responses": _responses(report)}


def _funnel_doc() -> Schema:
    step = _object(
        key={"type": "string"}, label={"type": "string"}, leads=_WHOLE, pass_rate=_NUMBER, median_days=_NUMBER
    )
    report = _object(
        report={"type": "string"}, to=_DAY, as_of=_DAY, company_wide={"type": "boolean"}, freshness=_freshness(),
        steps={"type": "array", "items": step}, **{"from": _DAY},
    )  # fmt: skip
    return {"parameters": _period(), "responses": _responses(report)}


def _period() -> list[Schema]:
    return [
        _parameter("period", f"A named period ({', '.join(CHOICES)}) or 2017, 2017-Q1, 2017-03; without it all time."),
        _parameter("from", "First day of the period, instead of a named one."),
        _parameter("to", "Last day of the period."),
        _parameter("as_of", "The day whose state is shown; without it today."),
    ]


def _parameter(name: str, words: str, among: list[str] | None = None, default: str = "") -> Schema:
    schema: Schema = {"type": "string", **({"enum": among, "default": default} if among else {})}
    return {"in": "query", "name": name, "required": False, "description": words, "schema": schema}


def _responses(report: Schema) -> dict[int, Any]:
    shown = {"description": "The report", "content": {"application/json": {"schema": report}}}
    return {200: shown, **documented(401, 403, 422)}
