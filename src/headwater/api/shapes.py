"""How rows and forms look as JSON, and the schemas that say so; both follow from the noun's declaration.

Amounts and other decimals are strings (``"34000.00"``), because JSON numbers are binary fractions in most readers.
Moments are UTC, ISO 8601 with ``Z``; days are ``YYYY-MM-DD``. A value that is not known is ``null``.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Model
from django.utils.translation import gettext as _

from headwater.platform.custom.values import held_at, is_custom
from headwater.platform.errors import Invalid
from headwater.platform.resource import ActorForm, Column, Kind, Resource

Schema = dict[str, Any]

IF_MATCH: Schema = {
    "in": "header", "name": "If-Match", "required": False, "schema": {"type": "string"},
    "description": "The version that was read (its `ETag`): 412 if somebody changed the row since.",
}  # fmt: skip

IF_NONE_MATCH: Schema = {
    "in": "header", "name": "If-None-Match", "required": False, "schema": {"type": "string"},
    "description": "The version that one has (its `ETag`): 304 and nothing more if it is still that.",
}  # fmt: skip

_COLUMN_TYPES: dict[Kind, Schema] = {
    Kind.TEXT: {"type": ["string", "null"]},
    Kind.NUMBER: {"type": ["number", "string", "null"], "description": "A decimal comes as a string."},
    Kind.MONEY: {"type": ["string", "null"], "format": "decimal", "examples": ["34000.00"]},
    Kind.DATE: {"type": ["string", "null"], "format": "date"},
    Kind.DATETIME: {"type": ["string", "null"], "format": "date-time"},
    Kind.CHOICE: {"type": ["string", "null"]},
    Kind.BOOL: {"type": ["boolean", "null"]},
    Kind.RELATION: {
        "type": ["object", "null"],
        "required": ["id", "name"],
        "properties": {"id": {"type": ["integer", "null"]}, "name": {"type": "string"}},
    },
}


def row_json(resource: Resource, row: Any) -> dict[str, Any]:
    """A row as the API gives it: its id and every column."""
    found: dict[str, Any] = {"id": row.pk}
    for column in resource.columns:
        found[column.key] = _column_json(column, row)
    if "currency" not in found and any(c.kind is Kind.MONEY for c in resource.columns) and hasattr(row, "currency"):
        found["currency"] = row.currency
    return found


def record_json(resource: Resource, row: Any) -> dict[str, Any]:
    """One row in full: its columns, what it is called, and the columns of a file that have no place of their own.

    A column named ``title``, as of leads, keeps its own value: it is what a change of it takes.
    """
    full = {"title": resource.title(row), **row_json(resource, row)}
    kept = getattr(row, "extra", None) if resource.extra else None
    if isinstance(kept, dict):
        full["extra"] = kept
    return full


def version_of(resource: Resource, row: Any) -> str:
    """The version of a row as an ``ETag``: another one as soon as anything is that is stored or shown of it."""
    stored = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return version_as_told([stored, record_json(resource, row)])


def version_as_told(told: Any) -> str:
    """The version of what is told as JSON, as an ``ETag``."""
    text = json.dumps(told, sort_keys=True, default=str)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def versioned(answer: Schema) -> Schema:
    """An answer as the document tells it, with the version of the row."""
    return {**answer, "headers": {"ETag": {"description": "The row's version.", "schema": {"type": "string"}}}}


def json_of(value: Any) -> Any:
    """A value of a column as JSON."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str, list, dict)):
        return value
    return str(value)


def limit_of(text: str, *, usual: int, most: int) -> int:
    """How many entries a page shall have, from what the address says of ``limit``.

    Raises:
        Invalid: it is no whole number from 1 to ``most``.
    """
    if not text:
        return usual
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 0 < int(text) <= most):
        raise Invalid({"limit": [_("A number from 1 to {most} is needed.").format(most=most)]})
    return int(text)


def query_parameter(name: str, description: str, schema: Schema | None = None) -> Schema:
    """How the document names a parameter of an address that may be left out; text, if nothing else is said."""
    described = {"in": "query", "name": name, "required": False, "description": description}
    return {**described, "schema": schema or {"type": "string"}}


def row_schema(resource: Resource) -> Schema:
    """The schema of a row in a list."""
    properties: Schema = {"id": {"type": "integer"}}
    for column in resource.columns:
        properties[column.key] = {**_COLUMN_TYPES[column.kind], "title": str(column.label)}
        if column.kind is Kind.CHOICE and column.choices and not callable(column.choices):
            codes = [str(code) for code, _label in column.choices]
            if column.several:
                properties[column.key] |= {"type": ["array", "null"], "items": {"type": "string", "enum": codes}}
            else:
                properties[column.key]["enum"] = [*codes, "", None]
    if any(column.kind is Kind.MONEY for column in resource.columns):
        properties.setdefault("currency", {"type": "string", "description": "ISO 4217"})
    return {"type": "object", "required": ["id"], "properties": properties}


def record_schema(resource: Resource) -> Schema:
    """The schema of one row in full."""
    row = row_schema(resource)
    extra = {"type": "object", "description": "Columns of the imported file without a place of their own."}
    return {**row, "properties": {"title": {"type": "string"}, **row["properties"], "extra": extra}}


def form_schema(form_class: type[ActorForm], *, partial: bool = False) -> Schema:
    """The schema of what a form takes. Fields of a change may all be left out: they keep their values."""
    # Choices that depend on the actor are not spelled out: they differ between the readers of this document.
    fields = form_class.base_fields
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _field_schema(field) for name, field in fields.items()},
    }
    required = [name for name, field in fields.items() if field.required]
    if required and not partial:
        schema["required"] = required
    return schema


def _column_json(column: Column, row: Any) -> Any:
    value = column.of(row)
    if column.kind is not Kind.RELATION:
        return json_of(value)
    if value is None or value == "":
        return None
    if isinstance(value, Model):
        return {"id": value.pk, "name": str(value)}
    return {"id": _related_id(column, row), "name": str(value)}


def _related_id(column: Column, row: Any) -> int | None:
    if is_custom(column.orm_path):
        found = held_at(row, column.orm_path)
        return found if isinstance(found, int) else None
    *parents, last = column.orm_path.split("__")
    for part in parents:
        row = getattr(row, part, None)
    found = getattr(row, last if last.endswith("_id") else f"{last}_id", None)
    return found if isinstance(found, int) else None


def _field_schema(field: forms.Field) -> Schema:
    schema = _field_type(field)
    if field.label:
        schema["title"] = str(field.label)
    if field.help_text:
        schema["description"] = str(field.help_text)
    return schema


def _field_type(field: forms.Field) -> Schema:
    nullable = [] if field.required else ["null"]
    match field:
        case forms.BooleanField():
            return {"type": "boolean"}
        case forms.JSONField():
            return {"type": ["object", *nullable]}
        case forms.MultipleChoiceField():
            return {"type": ["array", *nullable], "items": {"type": ["string", "integer"]}}
        case forms.ChoiceField():
            schema: Schema = {"type": ["string", "integer", *nullable]}
            static = field.choices if isinstance(field.choices, list) else []
            codes = [code for code, label in static if not isinstance(label, (list, tuple)) and code != ""]
            if codes and not isinstance(field, forms.TypedChoiceField):
                schema["enum"] = [*(str(code) for code in codes), *([] if field.required else ["", None])]
            return schema
        case forms.DecimalField():
            return {"type": ["string", "number", *nullable], "format": "decimal"}
        case forms.FloatField():
            return {"type": ["number", *nullable]}
        case forms.IntegerField():
            return {"type": ["integer", *nullable]}
        case forms.DateTimeField():
            return {"type": ["string", *nullable], "format": "date-time"}
        case forms.DateField():
            return {"type": ["string", *nullable], "format": "date"}
        case forms.EmailField():
            return {"type": ["string", *nullable], "format": "email"}
    longest = getattr(field, "max_length", None)
    bounds = {**({"minLength": 1} if field.required else {}), **({"maxLength": longest} if longest else {})}
    return {"type": ["string", *nullable], **bounds}
