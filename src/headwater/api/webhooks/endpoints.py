"""Webhooks through the API: ``/webhooks`` does what the page of settings does, by the same actions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from django.http import HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from ninja import NinjaAPI

from headwater.api import problems
from headwater.api.endpoint import sent_object
from headwater.api.extension import register_extension
from headwater.api.jobs import NUMBER, TEXT, answer_of, object_of
from headwater.api.models import Webhook, WebhookDelivery
from headwater.api.shapes import Schema, json_of, limit_of, query_parameter
from headwater.api.webhooks import actions
from headwater.api.webhooks.queries import deliveries_of, visible_webhooks, webhook_of
from headwater.api.webhooks.rules import MOST_EVENTS
from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.platform.values import LARGEST_ID, is_storable

PAGE, LARGEST_PAGE = 50, 200
FIELDS: Final = ("url", "events", "label")


def add_webhooks(api: NinjaAPI) -> None:
    """Add the endpoints to the API."""

    def add(method: str, path: str, key: str, view: Any, summary: str, doc: Schema) -> None:
        api.api_operation(
            [method], f"/webhooks{path}", operation_id=f"webhook_{key}", summary=summary, tags=["Webhooks"],
            openapi_extra=doc,
        )(view)  # fmt: skip

    one = "/{int:pk}"
    add("GET", "", "list", list_webhooks, "Who is told what happens", _doc(200, _items(_WEBHOOK)))
    add("POST", "", "create", create, "Tell another program", _write_doc(201))
    add("GET", one, "show", show, "One webhook", _doc(200, _WEBHOOK, 404))
    add("PATCH", one, "change", change, "Change address, events or label, or switch it", _write_doc(200))
    add("DELETE", one, "delete", delete, "Tell it nothing any more", _gone_doc())
    add("POST", f"{one}/secret", "renew", renew, "A new secret in place of the old one", _doc(200, _NEW, 404))
    add("POST", f"{one}/test", "test", test, "Send a message that says nothing", _doc(202, _DELIVERY, 404))
    add("POST", f"{one}/replay", "replay", replay, "Send everything since a moment again", _replay_doc())
    add("GET", f"{one}/deliveries", "deliveries", list_deliveries, "What it was sent", _deliveries_doc())
    again = f"{one}/deliveries/{{int:delivery_id}}/replay"
    add("POST", again, "replay_one", replay_one, "Send one message again", _doc(202, _DELIVERY, 404))


def list_webhooks(request: Any) -> JsonResponse:
    """The webhooks the caller may see."""
    return JsonResponse({"items": [_shown(row) for row in visible_webhooks(request.actor)]})


def create(request: Any) -> JsonResponse:
    """A new one, told what happens from now on. Its `secret` is in this answer and nowhere else."""
    body = _body(request, FIELDS)
    if not isinstance(body.get("url"), str):
        raise Invalid({"url": [gettext("An address is needed.")]})
    made, secret = actions.add_webhook(**body, by=request.actor, at=now())
    response = JsonResponse({**_shown(made), "secret": secret}, status=201)
    response["Location"] = f"/api/v1/webhooks/{made.pk}"
    return response


def show(request: Any, pk: int) -> JsonResponse:
    """One of those the caller may see."""
    return JsonResponse(_shown(webhook_of(request.actor, pk)))


def change(request: Any, pk: int) -> JsonResponse:
    """Change it; what is not sent stays. `is_active` switches it off, or on from where it was."""
    webhook_of(request.actor, pk)
    body = _body(request, (*FIELDS, "is_active"))
    is_active = body.pop("is_active", None)
    if body:
        actions.change_webhook(webhook_id=pk, by=request.actor, at=now(), **body)
    if is_active is True:
        actions.switch_on(webhook_id=pk, by=request.actor, at=now())
    elif is_active is False:
        actions.switch_off(webhook_id=pk, by=request.actor, at=now())
    return JsonResponse(_shown(webhook_of(request.actor, pk)))


def delete(request: Any, pk: int) -> HttpResponse:
    """Tell it nothing any more, and forget what it was sent."""
    actions.delete_webhook(webhook_id=pk, by=request.actor, at=now())
    return HttpResponse(status=204)


def renew(request: Any, pk: int) -> JsonResponse:
    """A new secret, in this answer and nowhere else; messages are signed with the old one as well for a day."""
    found, secret = actions.renew_secret(webhook_id=pk, by=request.actor, at=now())
    return JsonResponse({**_shown(found), "secret": secret})


def test(request: Any, pk: int) -> JsonResponse:
    """The worker sends a message of the type `webhook.test`, once, also to one that is switched off."""
    return JsonResponse(_sent(actions.send_test(webhook_id=pk, by=request.actor, at=now())), status=202)


def replay(request: Any, pk: int) -> JsonResponse:
    """The worker sends everything again that was recorded since `since`, in order, each under its own id."""
    webhook_of(request.actor, pk)
    said = _body(request, ("since",)).get("since")
    try:
        since = parse_datetime(said) if isinstance(said, str) else None
    except ValueError:
        since = None
    if since is None or since.year < 1900:
        raise Invalid({"since": [gettext("A moment such as 2026-11-12T09:20:00Z is needed.")]})
    since = since if since.tzinfo is not None else since.replace(tzinfo=UTC)
    found = actions.send_all_since(webhook_id=pk, since=since.astimezone(UTC), by=request.actor, at=now())
    return JsonResponse(_shown(found), status=202)


def list_deliveries(request: Any, pk: int) -> JsonResponse:
    """The messages of the last 30 days, those last sent first; `before` takes the `next` of the page before."""
    params = request.GET.dict()
    if unknown := [name for name in params if name not in ("before", "limit")]:
        raise Invalid({name: [gettext("There is no parameter “{name}” here.").format(name=name)] for name in unknown})
    limit = limit_of(params.get("limit", ""), usual=PAGE, most=LARGEST_PAGE)
    rows = deliveries_of(webhook_of(request.actor, pk))
    if before := params.get("before", ""):
        moment, number = _place(before)
        rows = rows.filter(last_at__lte=moment).exclude(last_at=moment, pk__gte=number)
    found = list(rows[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    following = f"{last.last_at.timestamp():.6f}-{last.pk}" if last is not None else None
    return JsonResponse({"items": [_sent(row) for row in found[:limit]], "next": following})


def replay_one(request: Any, pk: int, delivery_id: int) -> JsonResponse:
    """The worker sends this message again, once."""
    return JsonResponse(
        _sent(actions.send_again(webhook_id=pk, delivery_id=delivery_id, by=request.actor, at=now())), status=202
    )


def _body(request: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    body = sent_object(request)
    wrong = {name: [gettext("There is no such field.")] for name in body if name not in fields}
    for name, value in body.items():
        fits = {
            "events": isinstance(value, list) and all(isinstance(each, str) for each in value),
            "is_active": isinstance(value, bool),
        }.get(name, isinstance(value, str) and is_storable(value))
        if name not in wrong and not fits:
            kinds = {"events": gettext("A list of texts is needed."), "is_active": gettext("Say true or false.")}
            wrong[name] = [kinds.get(name, "A text is needed.")]
    if wrong:
        raise Invalid(wrong)
    return body


def _place(text: str) -> tuple[datetime, int]:
    seconds, _, pk = text.partition("-")
    try:
        place = datetime.fromtimestamp(float(seconds), UTC), int(pk)
    except (ValueError, OverflowError, OSError):
        place = None
    if place is None or not 0 < place[1] <= LARGEST_ID or not text.isascii():
        raise Invalid({"before": [gettext("Send back what `next` said.")]})
    return place


def _shown(row: Webhook) -> dict[str, Any]:
    return {
        "id": row.pk, "url": row.url, "events": row.events, "label": row.label, "is_active": row.is_active,
        "off_reason": row.off_reason, "position": str(row.position), "failing_since": json_of(row.failing_since),
        "retry_at": json_of(row.retry_at), "created_at": json_of(row.created_at),
        "user": {"id": row.user_id, "name": row.user.name} if row.user is not None else None,
    }  # fmt: skip


def _sent(row: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": row.pk, "message": row.message, "event": row.event_id, "verb": row.verb, "state": row.state,
        "attempts": row.attempts, "status": row.status, "milliseconds": row.milliseconds, "answer": row.said,
        "created_at": json_of(row.created_at), "last_at": json_of(row.last_at),
    }  # fmt: skip


# ---------------------------------------------------------------- as the document says it

_OR_NONE: Schema = {"type": ["integer", "null"]}
_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
_WRITTEN: Schema = {
    "url": {**TEXT, "format": "uri", "maxLength": 500, "minLength": 1, "description": "Where to: https."},
    "events": {
        "type": "array", "maxItems": MOST_EVENTS, "items": TEXT,
        "description": "Nouns (`leads`) and verbs (`qualify.lead_moved`); none means everything.",
    },
    "label": {**TEXT, "maxLength": 80},
}  # fmt: skip
_WEBHOOK: Schema = object_of(
    {
        "id": NUMBER, **_WRITTEN, "is_active": {"type": "boolean"}, "off_reason": TEXT, "position": TEXT,
        "failing_since": _MOMENT, "retry_at": _MOMENT, "created_at": _MOMENT,
        "user": {"type": ["object", "null"], "properties": {"id": NUMBER, "name": TEXT}},
    }
)  # fmt: skip
_NEW: Schema = {**_WEBHOOK, "properties": {**_WEBHOOK["properties"], "secret": TEXT}}
_DELIVERY: Schema = object_of(
    {
        "id": NUMBER, "message": TEXT, "event": _OR_NONE, "verb": TEXT,
        "state": {**TEXT, "enum": list(WebhookDelivery.State.values)}, "attempts": NUMBER, "status": _OR_NONE,
        "milliseconds": _OR_NONE, "answer": TEXT, "created_at": _MOMENT, "last_at": _MOMENT,
    }
)  # fmt: skip


def _items(schema: Schema) -> Schema:
    return object_of({"items": {"type": "array", "items": schema}})


def _doc(status: int, schema: Schema, *refusals: int) -> Schema:
    return {"responses": {status: answer_of(schema, "The answer"), **problems.documented(401, 403, *refusals)}}


def _write_doc(status: int) -> Schema:
    is_new = status == 201
    fields = _WRITTEN if is_new else {**_WRITTEN, "is_active": {"type": "boolean"}}
    body: Schema = {"type": "object", "additionalProperties": False, "properties": fields}
    if is_new:
        body["required"] = ["url"]
    sent = {"required": is_new, "content": {"application/json": {"schema": body}}}
    return {"requestBody": sent, **_doc(status, _NEW if is_new else _WEBHOOK, 404, 409, 422)}


def _replay_doc() -> Schema:
    since = {**TEXT, "format": "date-time"}
    body = {"type": "object", "additionalProperties": False, "required": ["since"], "properties": {"since": since}}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        **_doc(202, _WEBHOOK, 404, 422),
    }


def _deliveries_doc() -> Schema:
    page = object_of({"items": {"type": "array", "items": _DELIVERY}, "next": {"type": ["string", "null"]}})
    limit = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE}
    parameters = [
        query_parameter("before", "`next` of the page before."),
        query_parameter("limit", "Rows a page.", limit),
    ]
    return {"parameters": parameters, **_doc(200, page, 404, 422)}


def _gone_doc() -> Schema:
    return {"responses": {204: {"description": "It is gone"}, **problems.documented(401, 403, 404)}}


register_extension(add_webhooks)
