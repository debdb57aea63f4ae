"""Saved views through the API: ``/views`` holds what the tabs above the lists hold, by the same rights."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from headwater.api import problems
from headwater.api.endpoint import sent_object
from headwater.api.extension import register_extension
from headwater.api.shapes import query_parameter
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.lists.actions import change_view, delete_view, save_view
from headwater.platform.lists.kept import NOT_HERE, as_told, visible_views
from headwater.platform.models import ListView
from headwater.platform.resource import REGISTRY, by_slug

Schema = dict[str, Any]
FIELDS = ("name", "params", "sort", "columns", "widths", "scope", "opens_for")


def add_views(api: NinjaAPI) -> None:
    """Add the endpoints to the API."""

    def add(method: str, path: str, key: str, view: Any, summary: str, doc: Schema) -> None:
        named = f"view_{key}"
        api.api_operation([method], path, operation_id=named, summary=summary, tags=["Views"], openapi_extra=doc)(view)

    add("GET", "/views", "list", list_views, "Saved views of lists", _list_doc())
    add("POST", "/views", "create", create_view, "Save a view", _write_doc(201))
    add("GET", "/views/{int:pk}", "show", show_view, "One saved view", _answer_doc(200, 404))
    add("PATCH", "/views/{int:pk}", "change", patch_view, "Rename, share or change a view", _write_doc(200))
    add("DELETE", "/views/{int:pk}", "delete", remove_view, "Delete a view", _gone_doc())


def list_views(request: HttpRequest) -> JsonResponse:
    """The caller's own views and those shared with them; ``noun`` narrows to one list."""
    params = request.GET.dict()
    unknown = [name for name in params if name != "noun"]
    if unknown:
        raise Invalid({name: [_("Views have no parameter “{name}”.").format(name=name)] for name in unknown})
    slug = params.get("noun", "")
    if slug and by_slug(slug) is None:
        raise Invalid({"noun": [_("There are no lists of “{slug}”.").format(slug=slug)]})
    nouns = [r.key for r in REGISTRY.values() if (not slug or r.slug == slug) and _actor(request).may(r.verb("see"))]
    rows = visible_views(_actor(request)).filter(noun__in=nouns).order_by("pk")[:1000]
    return JsonResponse({"items": [_shown(row, request) for row in rows]})


def show_view(request: HttpRequest, pk: int) -> JsonResponse:
    """One of the views the caller may see."""
    return JsonResponse(_shown(_view(request, pk), request))


def create_view(request: HttpRequest) -> JsonResponse:
    """A new view of the caller's own; ``params`` are those of a list, such as ``{"stage": "NEW"}``."""
    body = _body(request, ("noun", *FIELDS))
    resource = by_slug(str(body.pop("noun", "")))
    missing = {} if resource else {"noun": ["The name of a list is needed, such as “leads”."]}
    missing |= {} if "name" in body else {"name": ["A view needs a name of at most 80 characters."]}
    if resource is None or missing:
        raise Invalid(missing)
    row = save_view(noun=resource.key, by=_actor(request), at=now(), **{"params": {}, **body})
    response = JsonResponse(_shown(row, request), status=201)
    response["Location"] = f"/api/v1/views/{row.pk}"
    return response


def patch_view(request: HttpRequest, pk: int) -> JsonResponse:
    """Change a view; what is not sent stays."""
    _view(request, pk)
    row = change_view(view_id=pk, by=_actor(request), at=now(), **_body(request, FIELDS))
    return JsonResponse(_shown(row, request))


def remove_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a view, for everybody who sees it."""
    _view(request, pk)
    delete_view(view_id=pk, by=_actor(request), at=now())
    return HttpResponse(status=204)


def _actor(request: HttpRequest) -> Any:
    return request.actor  # type: ignore[attr-defined]


def _view(request: HttpRequest, pk: int) -> ListView:
    row = visible_views(_actor(request)).filter(pk=pk).first()
    resource = REGISTRY.get(row.noun) if row is not None else None
    if row is None or resource is None or not _actor(request).may(resource.verb("see")):
        raise NotFound(NOT_HERE)
    return row


def _body(request: HttpRequest, fields: tuple[str, ...]) -> dict[str, Any]:
    body = sent_object(request)
    unknown = [name for name in body if name not in fields]
    if unknown:
        raise Invalid({name: [_("There is no such field.")] for name in unknown})
    return body


def _shown(row: ListView, request: HttpRequest) -> dict[str, Any]:
    told = as_told(row, _actor(request))
    return {
        "id": row.pk, "noun": REGISTRY[row.noun].slug, "is_own": told.is_own, "name": row.name,
        **{name: getattr(told, name) for name in FIELDS if name != "name"},
    }  # fmt: skip


_TEXT: Schema = {"type": "string"}
_KEYS: Schema = {"type": "array", "items": _TEXT}
_WRITTEN: Schema = {
    "name": {**_TEXT, "maxLength": 80},
    "params": {
        "type": "object",
        "additionalProperties": _TEXT,
        "description": 'Parameters of the list: `{"stage": "NEW", "q": "print"}`, or a tree as text under `filter`.',
    },
    "sort": {**_TEXT, "description": "As the list takes it, such as `-arrived_at`."},
    "columns": {**_KEYS, "description": "Keys of columns in their order; none means the usual ones."},
    "widths": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "Pixels by column."},
    "scope": {**_TEXT, "enum": list(ListView.Scope.values)},
    "opens_for": {**_KEYS, "description": "Roles whose people begin with this view."},
}
_VIEW: Schema = {
    "type": "object",
    "required": ["id", "noun", "is_own", *_WRITTEN],
    "properties": {"id": {"type": "integer"}, "noun": _TEXT, "is_own": {"type": "boolean"}, **_WRITTEN},
}


def _refused(*statuses: int) -> dict[int, Any]:
    return dict(problems.documented(401, 403, *statuses))


def _answer_doc(status: int, *refusals: int, schema: Schema | None = None) -> Schema:
    answer = {"description": "The view", "content": {"application/json": {"schema": schema or _VIEW}}}
    return {"responses": {status: answer, **_refused(*refusals)}}


def _list_doc() -> Schema:
    items = {"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": _VIEW}}}
    noun = query_parameter("noun", "Of one list.")
    return {"parameters": [noun], **_answer_doc(200, 422, schema=items)}


def _write_doc(status: int) -> Schema:
    is_new = status == 201
    fields = {"noun": {**_TEXT, "description": "The list, such as `leads`."}, **_WRITTEN} if is_new else _WRITTEN
    body = {"type": "object", "additionalProperties": False, "properties": fields}
    body |= {"required": ["noun", "name"]} if is_new else {}
    sent = {"required": is_new, "content": {"application/json": {"schema": body}}}
    return {"requestBody": sent, **_answer_doc(status, 400, 409, 422, *([] if is_new else [404]))}


def _gone_doc() -> Schema:
    return {"responses": {204: {"description": "It is gone"}, **_refused(404)}}


register_extension(add_views)
