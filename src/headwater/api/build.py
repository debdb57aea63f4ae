"""The API object: for every noun of the registry its endpoints and their description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from headwater import __version__
from headwater.api import bulk, endpoint, history, problems, upsert
from headwater.api.auth import BearerToken, Session, why_not
from headwater.api.bulk_doc import bulk_doc, many_doc
from headwater.api.extension import EXTENSIONS
from headwater.api.fields import known_to, with_custom
from headwater.api.filters import filter_parameters, tree_schema
from headwater.api.jobs import MOST_ROWS
from headwater.api.repeated import KEY_PARAMETER, answered_once
from headwater.api.shapes import (
    IF_MATCH,
    IF_NONE_MATCH,
    Schema,
    form_schema,
    query_parameter,
    record_schema,
    row_schema,
    versioned,
)
from headwater.platform.actor import Actor
from headwater.platform.busy import as_busy
from headwater.platform.errors import DomainError
from headwater.platform.files_out import CSV, FORMATS
from headwater.platform.language import speaking
from headwater.platform.many import AT_ONCE
from headwater.platform.paging import COUNT_LIMIT, MAX_PAGE_SIZE, PAGE_SIZE
from headwater.platform.resource import REGISTRY, Command, Resource

log = structlog.get_logger()

DESCRIPTION = """Everything the lists and records of Headwater know and do.

Sign in with a token (`Authorization: Bearer hw_…`, made under Settings). A token of the scope `read` cannot write.
Amounts and other decimals are strings, moments are UTC, unknown values are `null`. Lists come in pages: follow `next`.
Any column filters: `stage=NEW,WORKING`, `amount__between=1000,5000`, `arrived_at=last_30_days`; `filter=` takes a tree.
Records carry an `ETag`; send it back as `If-Match` with a change, and it is refused (412) if somebody else was faster.
Send an `Idempotency-Key` with what you write: sent twice, it is carried out once. `/changes` tells what changed since.
`RateLimit-Remaining` says how many requests are left in this minute; after that 429 says when to go on.
Every error is a problem document (`application/problem+json`)."""

UNAUTHENTICATED = "Sign in with a token (Authorization: Bearer …) or a session."


class Api(NinjaAPI):
    """The API, each of whose writes is carried out once for a key that comes with it."""

    def api_operation(self, methods: list[str], path: str, **about: Any) -> Callable[..., Any]:
        """Add an operation; those of rooms come this way as well."""
        if methods == ["GET"]:
            return super().api_operation(methods, path, **about)
        extra = about.pop("openapi_extra", {})
        extra = {
            **extra,
            "parameters": [*extra.get("parameters", ()), KEY_PARAMETER],
            "responses": {**problems.documented(409, 422), **extra.get("responses", {})},
        }
        add = super().api_operation(methods, path, openapi_extra=extra, **about)
        return lambda view: add(answered_once(view))


def build_api() -> NinjaAPI:
    """The API over the registry as it is now; called once, when the addresses are loaded."""
    with speaking("en"):  # whoever's request loads the addresses
        return _built()


def _built() -> NinjaAPI:
    api = Api(
        title="Headwater",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        openapi_url=None,
        auth=[BearerToken(), Session()],
        urls_namespace="api",
    )
    _speak_problems(api)
    for resource in REGISTRY.values():
        _add_noun(api, resource)
    for extend in EXTENSIONS:
        extend(api)
    return api


def openapi(api: NinjaAPI, caller: Actor) -> dict[str, Any]:
    """The OpenAPI document as a caller may know it, with the shapes of all nouns among its components."""
    with speaking("en"):  # as everything written for programs
        return _document(api, caller)


def _document(api: NinjaAPI, caller: Actor) -> dict[str, Any]:
    document: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="/api/v1/"))
    schemas = document["components"].setdefault("schemas", {})
    schemas["Problem"] = problems.schema()
    schemas["FilterTree"] = tree_schema()
    for resource in REGISTRY.values():
        known = known_to(resource, caller)
        schemas[_name(resource)] = row_schema(known)
        schemas[f"{_name(resource)}Record"] = record_schema(known)
        with_custom(document, resource, caller)
    document["servers"] = [{"url": "/"}]
    return document


@dataclass(frozen=True)
class _Noun:
    """The addresses of one noun, each added under its name."""

    api: NinjaAPI
    resource: Resource

    @property
    def base(self) -> str:
        return f"/{self.resource.slug}"

    @property
    def row(self) -> str:
        return f"{self.base}/{{int:pk}}"

    def add(
        self, method: str, path: str, key: str, view: Callable[..., HttpResponseBase], summary: str, extra: Schema
    ) -> None:
        """Answer ``path`` with the view, documented as said."""
        self.api.api_operation(
            [method],
            path,
            operation_id=f"{self.resource.slug.replace('-', '_')}_{key}",
            summary=summary,
            tags=[str(self.resource.label_plural)],
            openapi_extra=extra,
        )(view)


def _add_noun(api: NinjaAPI, resource: Resource) -> None:
    noun = _Noun(api, resource)
    _add_reading(noun)
    _add_writing(noun)
    if resource.create is not None and resource.change is not None:
        _add_external(noun)
    for command in resource.commands:
        _add_command(noun, command)


def _add_reading(noun: _Noun) -> None:
    resource = noun.resource
    rows, count, file = (
        _without_id(view, resource) for view in (endpoint.list_rows, endpoint.count_rows, endpoint.export_rows)
    )
    noun.add("GET", noun.base, "list", rows, f"List {resource.label_plural.lower()}", _list_doc(resource))
    noun.add("GET", f"{noun.base}/count", "count", count, "Count them", _count_doc(resource))
    noun.add("GET", f"{noun.base}/export", "export", file, "Take them out as a file", _export_doc(resource))
    one, before = _with_id(endpoint.show_row, resource), _with_id(history.show_history, resource)
    noun.add("GET", noun.row, "show", one, f"One {resource.label.lower()}", _one_doc(resource))
    noun.add("GET", f"{noun.row}/history", "history", before, "What its values were before", _history_doc())


def _add_writing(noun: _Noun) -> None:
    resource = noun.resource
    if resource.create is not None:
        doc = _write_doc(resource, form_schema(resource.create.form), status=201)
        new = _without_id(endpoint.create_row, resource)
        noun.add("POST", noun.base, "create", new, str(resource.create.label), doc)
    if resource.importer is not None:
        many = _without_id(bulk.send_rows, resource)
        noun.add("POST", f"{noun.base}/bulk", "bulk", many, "Make and change many", bulk_doc(resource))
    if resource.change is not None:
        doc = _write_doc(resource, form_schema(resource.change.form, partial=True))
        changed = _with_id(endpoint.change_row, resource)
        noun.add("PATCH", noun.row, "change", changed, str(resource.change.label), doc)


def _add_external(noun: _Noun) -> None:
    resource, path = noun.resource, f"{noun.base}/external/{{system}}/{{path:external_id}}"
    show, put = _named(upsert.show_external, resource), _named(upsert.put_external, resource)
    noun.add("GET", path, "show_external", show, "By its id elsewhere", _one_doc(resource))
    noun.add("PUT", path, "put_external", put, "Make or change, by its id elsewhere", _put_doc(resource))


def _add_command(noun: _Noun, command: Command) -> None:
    resource, path, body = noun.resource, f"do/{command.key}", form_schema(command.form)
    one = _with_id(endpoint.run_command, resource, command)
    noun.add("POST", f"{noun.row}/{path}", command.key, one, str(command.label), _write_doc(resource, body))
    if command.run_many is not None:
        doc = many_doc(body, most=AT_ONCE if command.together else MOST_ROWS)
        step = _without_id(endpoint.run_bulk, resource, command)
        noun.add("POST", f"{noun.base}/{path}", f"{command.key}_many", step, f"{command.label}, many at once", doc)


def _without_id(
    view: Callable[..., HttpResponseBase], resource: Resource, *about: Any
) -> Callable[..., HttpResponseBase]:
    def operation(request: Any) -> HttpResponseBase:
        return view(request, resource.for_actor(request.actor), *about)

    operation.__doc__ = view.__doc__
    operation.answers_in_parts = getattr(view, "answers_in_parts", False)  # type: ignore[attr-defined]
    return operation


def _with_id(view: Callable[..., HttpResponse], resource: Resource, *about: Any) -> Callable[..., HttpResponse]:
    def operation(request: Any, pk: int) -> HttpResponse:
        return view(request, resource.for_actor(request.actor), *about, pk=pk)

    operation.__doc__ = view.__doc__
    return operation


def _named(view: Callable[..., HttpResponse], resource: Resource) -> Callable[..., HttpResponse]:
    def operation(request: Any, system: str, external_id: str) -> HttpResponse:
        return view(request, resource.for_actor(request.actor), system=system, external_id=external_id)

    operation.__doc__ = view.__doc__
    return operation


def _speak_problems(api: NinjaAPI) -> None:
    """Every error in one shape."""

    def refused(request: HttpRequest, error: Any) -> HttpResponse:
        return problems.refusal_problem(request, error)

    def not_found(request: HttpRequest, error: Any) -> HttpResponse:
        return problems.problem(request, 404, "not_found", "There is nothing at this address.")

    def too_big(request: HttpRequest, error: Any) -> HttpResponse:
        return problems.problem(request, 413, "too_large", "More was sent than one request takes.")

    def unreadable(request: HttpRequest, error: Any) -> HttpResponse:
        return problems.problem(request, 400, "bad_form", "This is no form that can be read here.")

    def unauthenticated(request: HttpRequest, error: Any) -> HttpResponse:
        return problems.problem(request, 401, "not_authenticated", why_not(request) or UNAUTHENTICATED)

    def http(request: HttpRequest, error: Any) -> HttpResponse:
        return problems.problem(request, error.status_code, "refused", str(error))

    def invalid(request: HttpRequest, error: Any) -> HttpResponse:
        fields = {".".join(str(part) for part in e["loc"][1:]): [e["msg"]] for e in error.errors}
        return problems.problem(request, 422, "invalid", "Some values need another look.", fields=fields)

    def broken(request: HttpRequest, error: Any) -> HttpResponse:
        busy = as_busy(error)
        if busy is not None:
            return problems.refusal_problem(request, busy)
        log.exception("api_failed", exc_info=error)
        return problems.problem(request, 500, "internal", "Something broke on our side. Nothing was changed half-way.")

    api.add_exception_handler(DomainError, refused)
    api.add_exception_handler(RequestDataTooBig, too_big)
    # The last one: a form came where JSON is wanted, and was read to look for its token.
    for kind in (MultiPartParserError, TooManyFieldsSent, TooManyFilesSent, RawPostDataException):
        api.add_exception_handler(kind, unreadable)
    api.add_exception_handler(Http404, not_found)
    api.add_exception_handler(AuthenticationError, unauthenticated)
    api.add_exception_handler(HttpError, http)
    api.add_exception_handler(ValidationError, invalid)
    api.add_exception_handler(Exception, broken)


def _name(resource: Resource) -> str:
    return "".join(word.capitalize() for word in resource.key.partition(".")[2].split("_"))


def _json(schema: Schema, description: str) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problems(*statuses: int) -> dict[int, Any]:
    return problems.documented(401, 403, *statuses)


def _filters(resource: Resource) -> list[Schema]:
    return [
        query_parameter("view", "A view: its id (`/views`), or the key of one the list comes with."),
        query_parameter("q", "Words to find."),
        *(
            [query_parameter("include_archived", "Archived rows as well.", {"type": "boolean"})]
            if resource.archived
            else []
        ),
        *filter_parameters(resource),
    ]


def _list_doc(resource: Resource) -> Schema:
    sortable = ", ".join(f"`{column.key}`" for column in resource.columns if column.sortable)
    paging = [
        query_parameter(
            "sort", f"One or several, with commas between, of {sortable}; with `-` in front the other way round."
        ),
        query_parameter("cursor", "From `next` or `previous` of another page."),
        query_parameter(
            "limit", "Rows a page.", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE}
        ),
    ]
    cursor = {"type": ["string", "null"]}
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{_name(resource)}"}}
    page = {
        "type": "object",
        "required": ["items", "next", "previous"],
        "properties": {"items": items, "next": cursor, "previous": cursor},
    }
    return {
        "parameters": [*_filters(resource), *paging],
        "responses": {200: _json(page, "A page of rows"), **_problems(404, 422)},
    }


def _export_doc(resource: Resource) -> Schema:
    parameters = [
        query_parameter("format", "The kind of file.", {"type": "string", "enum": list(FORMATS), "default": CSV.key}),
        query_parameter("cols", "The columns it has, with commas between; without it all."),
        query_parameter("sort", "As of the list."),
    ]
    binary = {"schema": {"type": "string", "format": "binary"}}
    content = {format.media_type.partition(";")[0]: binary for format in FORMATS.values()}
    return {
        "parameters": [*_filters(resource), *parameters],
        "responses": {200: {"description": "The file", "content": content}, **_problems(404, 409, 422)},
    }


def _count_doc(resource: Resource) -> Schema:
    properties = {"count": {"type": "integer", "maximum": COUNT_LIMIT}, "is_more": {"type": "boolean"}}
    counted = {"type": "object", "required": ["count", "is_more"], "properties": properties}
    return {"parameters": _filters(resource), "responses": {200: _json(counted, "How many"), **_problems(404, 422)}}


def _one_doc(resource: Resource) -> Schema:
    shown = {"$ref": f"#/components/schemas/{_name(resource)}Record"}
    moved = {301: _problems(301)[301]} if resource.archived and resource.key.startswith("parties.") else {}
    same: dict[int, Any] = {304: {"description": "It is the version that the caller has."}}
    answers: dict[int, Any] = {200: versioned(_json(shown, "The row")), **same, **moved, **_problems(404)}
    return {"parameters": [IF_NONE_MATCH], "responses": answers}


def _history_doc() -> Schema:
    field = query_parameter("field", "Only this value: a column's name, or `extra:` and one of the file's.")
    return {
        "parameters": [field],
        "responses": {200: _json(history.schema(), "The changes, newest first"), **_problems(404)},
    }


def _write_doc(resource: Resource, body: Schema, *, status: int = 200) -> Schema:
    shown = {"anyOf": [{"$ref": f"#/components/schemas/{_name(resource)}Record"}, _ID_ONLY]}
    return {
        "requestBody": {"required": bool(body.get("required")), "content": {"application/json": {"schema": body}}},
        "responses": {
            status: versioned(_json(shown, "The row afterwards")),
            **_problems(400, 404, 409, 422, *([] if status == 201 else [412])),
        },
        **({} if status == 201 else {"parameters": [IF_MATCH]}),
    }


def _put_doc(resource: Resource) -> Schema:
    assert resource.create is not None
    assert resource.change is not None
    new, old = form_schema(resource.create.form), form_schema(resource.change.form, partial=True)
    body = {**old, "properties": {**old["properties"], **new["properties"]}}
    document = _write_doc(resource, body)
    left = {"type": "array", "items": {"type": "string"}, "description": "Values that only a new row takes."}
    shown = {"anyOf": [{"$ref": f"#/components/schemas/{_name(resource)}Record"}, _ID_ONLY]}
    changed = {"allOf": [shown, {"type": "object", "properties": {"left_alone": left}}]}
    document["responses"][200] = versioned(_json(changed, "The row after the change"))
    document["responses"][201] = versioned(_json(shown, "The new row"))
    return document


_ID_ONLY: Schema = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": ["integer", "null"]},
        "note": {"type": "string", "description": "Why it is out of sight, and whom to ask."},
    },
    "description": "Only the id, when the row is out of the caller's sight.",
}
