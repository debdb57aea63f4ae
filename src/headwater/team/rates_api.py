"""Exchange rates through the API: what other currencies are worth in the company's, day by day."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from headwater.api import problems
from headwater.api.shapes import Schema
from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.platform.rates import Quote
from headwater.platform.translated import grouped
from headwater.team.actions.rates import set_rates
from headwater.team.models import ExchangeRate
from headwater.team.queries.rates import newest_rates

SEE = "team.rate.see"
MOST_READ, MOST_SENT = 1_000, 10_000
CODE: Schema = {"type": "string", "pattern": "^[A-Z]{3}$"}
DAY: Schema = {"type": "string", "format": "date"}
AMOUNT: Schema = {"type": "string", "description": "A decimal number above zero."}


def add_rates(api: NinjaAPI) -> None:
    """Add the endpoints to the API."""
    api.api_operation(
        ["GET"], "/rates", operation_id="rates_list", summary="Exchange rates, newest day first", tags=["Money"],
        openapi_extra=_list_doc(),
    )(list_rates)  # fmt: skip
    api.api_operation(
        ["PUT"], "/rates", operation_id="rates_set", summary="Set exchange rates, as of their days", tags=["Money"],
        openapi_extra=_set_doc(),
    )(put_rates)  # fmt: skip


def list_rates(request: Any) -> HttpResponse:
    """The newest rates, of one currency or up to a day if that is asked."""
    request.actor.require(SEE)
    until = request.GET.get("until", "")
    rows = newest_rates(request.GET.get("currency", ""))
    if until:
        rows = rows.filter(day__lte=_day(until, "until"))
    return JsonResponse({"items": [_json(row) for row in rows[:MOST_READ]]})


def put_rates(request: Any) -> HttpResponse:
    """Set rates; those of the same currency and day are replaced."""
    items = _items(request)
    quotes = [_quote(item, at) for at, item in enumerate(items)]
    event = set_rates(quotes=quotes, source="API", by=request.actor, at=now())
    return JsonResponse({"count": event.data["count"] if event is not None else 0})


def _items(request: Any) -> list[Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Invalid({"body": [_("The body must be a JSON object.")]}) from error
    items = body.get("items") if isinstance(body, dict) and set(body) == {"items"} else None
    if not isinstance(items, list) or not 0 < len(items) <= MOST_SENT:
        raise Invalid({"items": [_("A list of 1 to %(most)s rates is needed.") % {"most": grouped(MOST_SENT)}]})
    return items


def _quote(item: Any, at: int) -> Quote:
    place = f"items.{at}"
    if not isinstance(item, dict) or set(item) != {"currency", "day", "rate"}:
        raise Invalid({place: [_("Each has a currency, a day and a rate.")]})
    currency, day, rate = item["currency"], item["day"], item["rate"]
    if not isinstance(currency, str) or not isinstance(day, str) or not isinstance(rate, str):
        raise Invalid({place: [_("Each has a currency, a day and a rate, all as text.")]})
    try:
        return Quote(currency, _day(day, f"{place}.day"), Decimal(rate))
    except InvalidOperation as error:
        raise Invalid({f"{place}.rate": [_("A rate is a decimal number, such as 0.94858661.")]}) from error


def _day(text: str, name: str) -> date:
    try:
        if len(text) != 10:
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid({name: [_("A day is written as 2026-12-31.")]}) from error


def _json(row: ExchangeRate) -> dict[str, Any]:
    return {"currency": row.currency, "day": row.day.isoformat(), "rate": f"{row.rate:f}", "source": row.source}


def _list_doc() -> Schema:
    shown = _listed({"currency": CODE, "day": DAY, "rate": AMOUNT, "source": {"type": "string"}})
    asked = [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in (("currency", CODE), ("until", DAY))
    ]
    answer = {"description": "At most 1,000 rates", "content": {"application/json": {"schema": shown}}}
    return {"parameters": asked, "responses": {200: answer, **problems.documented(401, 403, 422)}}


def _set_doc() -> Schema:
    sent = _listed({"currency": CODE, "day": DAY, "rate": AMOUNT}, most=MOST_SENT)
    told = {"type": "object", "required": ["count"], "properties": {"count": {"type": "integer"}}}
    answer = {"description": "How many were new or other", "content": {"application/json": {"schema": told}}}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": sent}}},
        "responses": {200: answer, **problems.documented(401, 403, 422)},
    }


def _listed(fields: dict[str, Schema], *, most: int | None = None) -> Schema:
    item = {"type": "object", "required": list(fields), "properties": fields, "additionalProperties": False}
    limits = {} if most is None else {"minItems": 1, "maxItems": most}
    items = {"type": "array", "items": item, **limits}
    return {"type": "object", "required": ["items"], "properties": {"items": items}, "additionalProperties": False}
