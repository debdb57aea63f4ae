"""What the document says of many rows in one request: the fields of a row, and what is answered in its place."""

from __future__ import annotations

from typing import Any

from headwater.api import problems
from headwater.api.jobs import MOST_ROWS, NUMBER, TEXT, accepted_doc, answer_of, object_of
from headwater.api.shapes import Schema, query_parameter
from headwater.intake.typed_rows import EXTERNAL_ID, ID, SEVERAL
from headwater.platform.importer import Outcome, Target, TargetKind
from headwater.platform.resource import Resource

_TYPES: dict[TargetKind, Schema] = {
    TargetKind.DATE: {"type": ["string", "null"], "format": "date"},
    TargetKind.DATETIME: {"type": ["string", "null"], "format": "date-time"},
    TargetKind.DECIMAL: {"type": ["string", "number", "null"], "format": "decimal"},
    TargetKind.MONEY: {
        "type": ["string", "number", "null"],
        "format": "decimal",
        "description": "Two decimals at most.",
    },
    TargetKind.INTEGER: {"type": ["integer", "string", "null"]},
    TargetKind.BOOL: {"type": ["boolean", "null"]},
}


def bulk_doc(resource: Resource) -> Schema:
    """The operation that makes and changes many rows of a noun."""
    assert resource.importer is not None
    rows = {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": _row(resource)}
    lines = {**TEXT, "description": "One row on each line."}
    content = {"application/json": {"schema": rows}, "application/x-ndjson": {"schema": lines}}
    parameters = [
        query_parameter("system", "The system whose ids the external ids are, such as `erp`."),
        query_parameter("atomic", "Take all rows or none.", {"type": "boolean", "default": False}),
    ]
    where = {"Location": {"description": "The import that they became, to be undone.", "schema": TEXT}}
    return {
        "parameters": parameters,
        "requestBody": {"required": True, "content": content},
        "responses": {
            200: {**answer_of(_answer(), "What became of each row, in order"), "headers": where},
            **problems.documented(400, 401, 403, 409, 413, 422),
        },
    }


def many_doc(body: Schema, *, most: int) -> Schema:
    """The operation that does one thing with many rows."""
    ids = {"type": "array", "items": NUMBER, "minItems": 1, "maxItems": most}
    many = {**body, "properties": {"ids": ids, **body["properties"]}, "required": ["ids", *body.get("required", [])]}
    done = object_of({"ids": {"type": "array", "items": NUMBER}})
    answers: dict[int, Any] = {200: answer_of(done, "The rows it was done with"), 202: accepted_doc()}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": many}}},
        "responses": {**answers, **problems.documented(400, 401, 403, 404, 409, 422)},
    }


def _row(resource: Resource) -> Schema:
    assert resource.importer is not None
    fields: dict[str, Schema] = {ID: {**NUMBER, "description": "The record to change."}}
    for target in resource.importer.targets:
        fields[target.key] = _field(target)
    fields[EXTERNAL_ID]["description"] = "What `system` calls the record: it is changed, or made."
    for command in (resource.create, resource.change):
        for name in command.form.base_fields if command is not None else ():
            if name.endswith("_id") and {name[:-3], f"{name[:-3]}_name"} & fields.keys() and name not in fields:
                fields[name] = {"type": ["integer", "null"], "description": "The same by its id."}
    return {"type": "object", "additionalProperties": False, "properties": fields}


def _field(target: Target) -> Schema:
    schema = {**_TYPES.get(target.kind, {"type": ["string", "null"], "maxLength": target.max_length})}
    if target.kind is TargetKind.CHOICE:
        codes = sorted(set(target.choices.values()))
        schema["description"] = f"One of {', '.join(f'`{code}`' for code in codes)}, or a word for it."
    if target.key == SEVERAL:
        schema = {"type": ["string", "array", "null"], "items": TEXT, "description": "One or several."}
    return {"title": str(target.label), **schema}


def _answer() -> Schema:
    words = [outcome.value.lower() for outcome in Outcome]
    said = {"type": "array", "items": TEXT}
    item = {
        "type": "object",
        "required": ["outcome", "id"],
        "properties": {
            "outcome": {**TEXT, "enum": words},
            "id": {"type": ["integer", "null"]},
            "errors": {**said, "description": "Why it was rejected."},
            "notes": {**said, "description": "What was decided about it."},
        },
    }
    return object_of({"batch": NUMBER, **dict.fromkeys(words, NUMBER), "items": {"type": "array", "items": item}})
