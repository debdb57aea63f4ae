"""The company's own fields through the API: ``/fields`` tells, adds, changes, orders and retires them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from django.http import HttpResponse, JsonResponse
from ninja import NinjaAPI

from headwater.api import problems
from headwater.api.bulk_doc import bulk_doc
from headwater.api.endpoint import sent_object
from headwater.api.extension import register_extension
from headwater.api.filters import filter_parameters
from headwater.api.shapes import Schema, form_schema, json_of, query_parameter
from headwater.platform.actor import Actor
from headwater.platform.clock import now
from headwater.platform.custom import actions, queries
from headwater.platform.custom.actions import MANAGE
from headwater.platform.custom.formula import LONGEST
from headwater.platform.custom.kinds import RESULTS, TONES, FieldKind
from headwater.platform.custom.wording import LONGEST_HELP, LONGEST_LABEL
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.models import CustomField
from headwater.platform.resource import Resource
from headwater.platform.translated import with_values

_KEPT = ("label", "kind", "help", "choices", "is_required", "formula", "seen_by", "changed_by")
_NEW = ("noun", *_KEPT, "result")
_CHANGED = (*_KEPT, "is_retired", "position")
_TRIED = ("noun", "formula", "result")
_ROLES: Schema = {"type": ["array", "null"], "items": {"type": "string"}}
_KINDS = [kind.value for kind in FieldKind]


def list_fields(request: Any) -> HttpResponse:
    """The fields of one noun, or of all: whoever sees the noun may know of them."""
    wanted = request.GET.get("noun", "")
    nouns = [noun for noun in queries.nouns_with_fields() if request.actor.may(noun.verb("see"))]
    if wanted and wanted not in [noun.slug for noun in nouns]:
        raise Invalid({"noun": ["There is no such noun."]})
    shown = [noun for noun in nouns if wanted in ("", noun.slug)]
    found = [row for noun in shown for row in queries.fields_seen_by(noun.key, request.actor)]
    return JsonResponse({"items": [_told(row) for row in found]})


def add_field(request: Any) -> HttpResponse:
    """A new field."""
    request.actor.require(MANAGE)
    noun, body = _of_noun(_body(request, _NEW, needed=("noun", "label", "kind")))
    row = actions.add_field(noun=noun.key, by=request.actor, at=now(), **body)
    return JsonResponse(_told(row), status=201)


def preview_formula(request: Any) -> HttpResponse:
    """What a formula would give for the newest records; nothing is kept."""
    request.actor.require(MANAGE)
    noun, body = _of_noun(_body(request, _TRIED, needed=_TRIED))
    found = queries.preview(noun.key, **body, by=request.actor)
    items = [
        {"id": row.pk, "title": noun.title(row), "value": json_of(found.column.of(row)), "reason": reason}
        for row, reason in found.rows
    ]
    return JsonResponse({"items": items})


def _of_noun(body: dict[str, Any]) -> tuple[Resource, dict[str, Any]]:
    """The noun that a body names, and the rest of the body."""
    noun = next((noun for noun in queries.nouns_with_fields() if noun.slug == body["noun"]), None)
    if noun is None:
        raise Invalid({"noun": ["There is no such noun."]})
    return noun, {name: value for name, value in body.items() if name != "noun"}


def change_field(request: Any, field_id: int) -> HttpResponse:
    """Rename it, change its choices, put it elsewhere, retire it or bring it back; what is not sent stays."""
    body = _body(request, _CHANGED)
    about: dict[str, Any] = {"field_id": field_id, "by": request.actor, "at": now()}
    is_retired, position = body.pop("is_retired", None), body.pop("position", None)
    row = actions.change_field(**about, **body)
    if is_retired is not None:
        row = (actions.retire_field if is_retired else actions.restore_field)(**about)
    if position is not None:
        others = [each.pk for each in queries.fields_with_retired(row.noun) if each.retired_at is None]
        if row.pk not in others:
            raise NotFound()
        row = actions.move_field(steps=position - others.index(row.pk), **about)
    row.refresh_from_db()
    return JsonResponse(_told(row))


def _told(row: CustomField) -> dict[str, Any]:
    return {
        "id": row.pk,
        "noun": queries.noun_of(row.noun).slug,
        "key": row.key,
        "label": row.label,
        "kind": row.kind,
        "help": row.help,
        "choices": [{"retired": False, "tone": "", **each} for each in row.choices],
        "is_required": row.is_required,
        "formula": row.formula,
        "result": row.result,
        "seen_by": row.seen_by,
        "changed_by": row.changed_by,
        "is_retired": row.retired_at is not None,
    }


def _body(request: Any, names: tuple[str, ...], *, needed: tuple[str, ...] = ()) -> dict[str, Any]:
    body = sent_object(request)
    if unknown := [name for name in body if name not in names]:
        raise Invalid({name: ["There is no such field."] for name in unknown})
    wrong = [name for name, value in body.items() if not _IS[name](value)]
    if wrong:
        raise Invalid({name: ["This is not a value of it."] for name in wrong})
    if missing := [name for name in needed if name not in body]:
        raise Invalid({name: ["This is needed."] for name in missing})
    return body


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


_IS: Mapping[str, Any] = {
    **dict.fromkeys(("noun", "label", "kind", "help", "formula"), _is_text),
    "result": lambda value: value in ("", *RESULTS),
    **dict.fromkeys(("is_required", "is_retired"), lambda value: isinstance(value, bool)),
    **dict.fromkeys(("seen_by", "changed_by"), lambda value: value is None or _is_texts(value)),
    "choices": lambda value: isinstance(value, list),
    "position": lambda value: type(value) is int and 0 <= value < actions.MOST_FIELDS,
}


# ---------------------------------------------------------------- the document


def add_fields(api: NinjaAPI) -> None:
    """Add the endpoints about fields."""
    one, tried = ({"content": {"application/json": {"schema": each}}} for each in (_schema(), _tried_schema()))
    listed = {"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": _schema()}}}
    noun = query_parameter("noun", "Only those of one noun.")
    for method, path, key, view, summary, extra in (
        ("GET", "/fields", "fields_list", list_fields, "The fields you added to nouns",
         {"parameters": [noun], "responses": {
             200: {"description": "The fields in their order", "content": {"application/json": {"schema": listed}}},
             **problems.documented(401, 403, 422)}}),
        ("POST", "/fields", "fields_add", add_field, "Add a field",
         _taking(_write_schema(_NEW, required=("noun", "label", "kind")), 201, one)),
        ("POST", "/fields/preview", "fields_preview", preview_formula, "Try a formula on the newest records",
         _taking(_write_schema(_TRIED, required=_TRIED), 200, tried)),
        ("PATCH", "/fields/{int:field_id}", "fields_change", change_field, "Change, move or retire a field",
         _taking(_write_schema(_CHANGED), 200, one)),
    ):  # fmt: skip
        api.api_operation([method], path, operation_id=key, summary=summary, tags=["Fields"], openapi_extra=extra)(view)


register_extension(add_fields)


def _taking(body: Schema, status: int, answer: Schema) -> Schema:
    return {
        "requestBody": {"required": status == 201, "content": {"application/json": {"schema": body}}},
        "responses": {
            status: {"description": "The field afterwards, or what was asked for", **answer},
            **problems.documented(400, 401, 403, 404, 409, 422),
        },
    }


def _choice_schema() -> Schema:
    properties = {"code": {"type": "string"}, "label": {"type": "string", "minLength": 1, "maxLength": LONGEST_LABEL},
                  "retired": {"type": "boolean"}, "tone": {"type": "string", "enum": ["", *TONES]}}  # fmt: skip
    return {"type": "object", "required": ["label"], "properties": properties}


def _properties() -> Schema:
    return {
        "noun": {"type": "string", "enum": [noun.slug for noun in queries.nouns_with_fields()]},
        "label": {"type": "string", "minLength": 1, "maxLength": LONGEST_LABEL},
        "kind": {"type": "string", "enum": _KINDS},
        "help": {"type": "string", "maxLength": LONGEST_HELP},
        "choices": {
            "type": "array",
            "items": _choice_schema(),
            "description": "One without `code` is new. One that is left out is retired: rows that have it keep it.",
        },
        "is_required": {"type": "boolean"},
        "formula": {
            "type": "string",
            "maxLength": LONGEST,
            "description": "Of the kind `FORMULA`: worked out from other fields of the record. Empty for other kinds.",
        },
        "result": {"type": "string", "enum": ["", *RESULTS], "description": "What the formula gives."},
        "seen_by": {
            **_ROLES,
            "description": "Codes of the roles that see it, besides those that may do everything; null: whoever sees "
            "the record.",
        },
        "changed_by": {**_ROLES, "description": "Codes of the roles that fill it in; null: whoever sees it."},
        "is_retired": {"type": "boolean"},
        "position": {"type": "integer", "minimum": 0, "maximum": actions.MOST_FIELDS - 1},
    }


def _tried_schema() -> Schema:
    one: Schema = {
        "id": {"type": "integer"},
        "title": {"type": "string"},
        "value": {"type": ["string", "number", "boolean", "null"]},
        "reason": {"type": "string", "description": "Why there is no value; empty if nothing went wrong."},
    }
    items = {"type": "array", "items": {"type": "object", "required": list(one), "properties": one}}
    return {"type": "object", "required": ["items"], "properties": {"items": items}}


def _write_schema(names: tuple[str, ...], *, required: tuple[str, ...] = ()) -> Schema:
    properties = {name: schema for name, schema in _properties().items() if name in names}
    schema: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def _schema() -> Schema:
    told = {"id": {"type": "integer"}, "key": {"type": "string"}, **_properties()}
    told.pop("position")
    return {"type": "object", "required": list(told), "properties": told}


def known_to(resource: Resource, caller: Actor) -> Resource:
    """The noun with those of the company's own fields that the caller may know of; a stranger knows of none.

    What Headwater itself has is no secret: it is the same everywhere.
    """
    whole, ours = resource.now(), resource.by_key
    if caller.user_id is None or whole is resource:
        return resource
    known = [column for column in whole.columns if column.key in ours or column.is_for(caller)]
    return with_values(whole, columns=known, importer=whole.importer and whole.importer.for_actor(caller))


def with_custom(document: Schema, resource: Resource, caller: Actor) -> None:
    """Say in the document what a noun's lists and bodies have besides, as the fields are now and the caller knows
    them."""
    whole = known_to(resource, caller)
    if whole is resource:
        return
    paths, own = document["paths"], resource.by_key
    base = f"/api/v1/{resource.slug}"
    paths.update({path: deepcopy(told) for path, told in paths.items() if f"{path}/".startswith(f"{base}/")})
    new = [each for each in filter_parameters(whole)[1:] if each["name"] not in own]
    for path in (base, f"{base}/count", f"{base}/export"):
        paths[path]["get"]["parameters"] = [*paths[path]["get"]["parameters"], *new]
    if whole.importer is not None:
        paths[f"{base}/bulk"]["post"]["requestBody"] = bulk_doc(whole)["requestBody"]
    external = f"{base}/external/{{system}}/{{external_id}}"
    for path, method, command in (
        (base, "post", whole.create), (f"{base}/{{pk}}", "patch", whole.change), (external, "put", whole.create),
    ):  # fmt: skip
        if command is None or method not in paths.get(path, {}):
            continue
        body = paths[path][method]["requestBody"]["content"]["application/json"]
        taken = form_schema(command.form, partial=method != "post")
        may = command.form.names_for(caller)
        added = {key: taken["properties"][key] for key in may if key not in body["schema"]["properties"]}
        properties = {**body["schema"]["properties"], **added}
        required = {"required": [key for key in taken["required"] if key in properties]} if "required" in taken else {}
        body["schema"] = {**body["schema"], "properties": properties, **required}
