"""What one was told, and how one wants to be told, for programs that act for a person."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from headwater.api import problems
from headwater.api.endpoint import sent_object
from headwater.api.jobs import answer_of, object_of
from headwater.api.shapes import Schema, json_of, limit_of
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.resource import REGISTRY
from headwater.tell.actions import news as actions
from headwater.tell.actions.choices import choose_ways
from headwater.tell.actions.digests import choose_digest
from headwater.tell.queries.digests import digest_of
from headwater.tell.queries.news import Said, said, visible_news, ways_of
from headwater.tell.words import NewsKind, NewsWay

USUAL, MOST, MOST_IDS = 50, 200, 1_000
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
MOMENT: Schema = {"type": "string", "format": "date-time"}


def add_news(api: NinjaAPI) -> None:
    """Add the endpoints to the API."""
    for method, path, key, view, summary, extra in (
        ("GET", "", "notifications_list", list_news, "What one was told", _list_doc()),
        ("POST", "/read", "notifications_read", mark_read, "Mark as read", _mark_doc()),
        ("POST", "/unread", "notifications_unread", mark_unread, "Mark as unread", _mark_doc()),
        ("GET", "/ways", "notification_ways", show_ways, "How one is told of what", _ways_doc()),
        ("PATCH", "/ways", "notification_ways_change", change_ways, "Be told otherwise", _change_doc()),
        ("GET", "/digest", "notification_digest", show_digest, "When one gets the daily digest", _digest_doc()),
        ("PUT", "/digest", "notification_digest_set", put_digest, "Get the digest at another hour", _put_digest_doc()),
    ):
        api.api_operation(
            [method], f"/notifications{path}", operation_id=key, summary=summary, tags=["Notifications"],
            openapi_extra=extra,
        )(view)  # fmt: skip


def list_news(request: Any) -> HttpResponse:
    """The news of the person, the last first; those whose record they may no longer see are left out."""
    _person(request)
    limit = limit_of(request.GET.get("limit", ""), usual=USUAL, most=MOST)
    unread = request.GET.get("unread", "")
    if unread not in ("", "true", "false"):
        raise Invalid({"unread": [_("true or false is needed.")]})
    found = visible_news(request.actor)
    if unread == "true":
        found = found.filter(read_at=None)
    return JsonResponse({"items": [_json(one) for one in said(request.actor, list(found[:limit]))]})


def mark_read(request: Any) -> HttpResponse:
    """Mark some as read, or without ids all of them."""
    _person(request)
    return JsonResponse({"marked": actions.mark_read(actor=request.actor, at=now(), ids=_ids(request))})


def mark_unread(request: Any) -> HttpResponse:
    """Mark some as unread."""
    _person(request)
    return JsonResponse({"marked": actions.mark_unread(actor=request.actor, ids=_ids(request) or ())})


def show_ways(request: Any) -> HttpResponse:
    """How the person is told of each kind."""
    return JsonResponse({kind: way for (_user, kind), way in ways_of([_person(request)]).items()})


def change_ways(request: Any) -> HttpResponse:
    """Be told otherwise of the kinds that are named."""
    ways = sent_object(request)
    wrong = {kind: [_("A way of being told is needed.")] for kind, way in ways.items() if not isinstance(way, str)}
    if wrong:
        raise Invalid(wrong)
    choose_ways(ways=ways, by=request.actor, at=now())
    return show_ways(request)


def show_digest(request: Any) -> HttpResponse:
    """From which hour on the person gets one mail a day; null: none."""
    digest = digest_of(_person(request))
    return JsonResponse({"hour": digest.hour if digest is not None else None})


def put_digest(request: Any) -> HttpResponse:
    """Get the digest from another hour on, or none."""
    body = sent_object(request)
    hour = body.get("hour")
    if set(body) != {"hour"} or not (hour is None or type(hour) is int):
        raise Invalid({"hour": [_("An hour from 0 to 23 is needed, or null for no digest.")]})
    choose_digest(hour=hour, by=request.actor, at=now())
    return show_digest(request)


def _person(request: Any) -> int:
    user_id = request.actor.user_id
    if user_id is None or request.actor.seen_as:
        raise NotAllowed()
    return int(user_id)


def _ids(request: Any) -> list[int] | None:
    body = sent_object(request)
    ids = body.pop("ids", None)
    right = ids is None or (
        isinstance(ids, list) and len(ids) <= MOST_IDS and all(type(pk) is int and 0 < pk < 2**63 for pk in ids)
    )
    if body or not right:
        raise Invalid({"ids": [_("A list of ids is needed, or nothing for all.")]})
    return list(ids) if ids is not None else None


def _json(one: Said) -> dict[str, Any]:
    news = one.news
    resource = REGISTRY.get(news.noun)
    return {
        "id": news.pk, "kind": news.kind, "text": one.text, "path": one.path, "count": news.count,
        "noun": resource.slug if resource is not None else None, "row_id": news.row_id,
        "at": json_of(news.at), "read_at": json_of(news.read_at),
    }  # fmt: skip


def _list_doc() -> Schema:
    or_none = {"type": ["string", "null"]}
    one = object_of(
        {
            "id": NUMBER, "kind": {**TEXT, "enum": NewsKind.values}, "text": TEXT, "path": TEXT, "count": NUMBER,
            "noun": or_none, "row_id": {"type": ["integer", "null"]}, "at": MOMENT,
            "read_at": {**or_none, "format": "date-time"},
        }
    )  # fmt: skip
    items = object_of({"items": {"type": "array", "items": one}})
    parameters = [
        {"name": "unread", "in": "query", "schema": {"type": "boolean"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": MOST}},
    ]
    responses = {200: answer_of(items, "The last ones"), **problems.documented(401, 403, 422)}
    return {"parameters": parameters, "responses": responses}


def _mark_doc() -> Schema:
    ids = {"type": "array", "maxItems": MOST_IDS, "items": {"type": "integer", "minimum": 1}}
    schema = {"type": "object", "properties": {"ids": ids}, "additionalProperties": False}
    marked = answer_of(object_of({"marked": NUMBER}), "How many were marked")
    return {"requestBody": _sent(schema), "responses": {200: marked, **problems.documented(401, 403, 422)}}


def _ways() -> dict[str, Schema]:
    return {kind: {**TEXT, "enum": NewsWay.values} for kind in NewsKind.values}


def _ways_doc() -> Schema:
    return {"responses": {200: answer_of(object_of(_ways()), "By kind"), **problems.documented(401, 403)}}


def _change_doc() -> Schema:
    schema = {"type": "object", "properties": _ways(), "additionalProperties": False}
    return {**_ways_doc(), "requestBody": _sent(schema), "responses": {
        200: answer_of(object_of(_ways()), "By kind"), **problems.documented(401, 403, 422),
    }}  # fmt: skip


def _digest() -> Schema:
    return object_of({"hour": {"type": ["integer", "null"], "minimum": 0, "maximum": 23}})


def _digest_doc() -> Schema:
    return {"responses": {200: answer_of(_digest(), "By the clock of the person"), **problems.documented(401, 403)}}


def _put_digest_doc() -> Schema:
    wanted = {**_digest(), "additionalProperties": False}
    told = {200: answer_of(_digest(), "By the clock of the person"), **problems.documented(401, 403, 422)}
    return {"requestBody": _sent(wanted), "responses": told}


def _sent(schema: Schema) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": schema}}}
