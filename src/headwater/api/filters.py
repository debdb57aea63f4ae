"""Filters in the API document: a parameter for each column that can be filtered by, and the shape of a whole tree."""

from __future__ import annotations

from headwater.api.shapes import Schema
from headwater.platform.column import Column, Kind
from headwater.platform.filter import MAX_CONDITIONS, MAX_DEPTH, MAX_VALUES, OPERATORS, OPERATORS_OF, SEVERAL
from headwater.platform.resource import Resource

_DAYS = "A day, or days by their distance: `today`, `this_month`, `last_30_days`, `next_2_weeks`, `30_days_ago`."
_TREE = {"$ref": "#/components/schemas/FilterTree"}


def filter_parameters(resource: Resource) -> list[Schema]:
    """What a list of this noun can be narrowed down by."""
    tree = {
        "in": "query",
        "name": "filter",
        "required": False,
        "description": "Conditions in groups, as JSON; joined by *and* with the other parameters.",
        "content": {"application/json": {"schema": _TREE}},
    }
    columns = [column for column in resource.columns if column.filterable]
    return [tree, *(_parameter(column) for column in columns)]


def tree_schema() -> Schema:
    """The shape of a filter tree."""
    text = {"type": ["string", "number", "boolean"]}
    condition = {
        "type": "object",
        "required": ["column", "operator"],
        "properties": {
            "column": {"type": "string", "description": "The key of a column."},
            "operator": {"type": "string", "enum": list(OPERATORS)},
            "value": {
                "description": f"{', '.join(SEVERAL)} take a list. `empty` takes true or false.",
                "anyOf": [text, {"type": "array", "items": text, "maxItems": MAX_VALUES}],
            },
        },
    }
    groups = [
        {"type": "object", "required": [join], "properties": {join: {"type": "array", "items": _TREE}}}
        for join in ("all", "any")
    ]
    return {
        "description": f"At most {MAX_CONDITIONS} conditions, {MAX_DEPTH} levels deep. What is not filled in is not "
        "anything: `not`, `not_in` and `lacks` hold for it, no other operator but `empty` does.",
        "anyOf": [condition, *groups],
    }


def _parameter(column: Column) -> Schema:
    operators = ", ".join(f"`__{operator}`" for operator in OPERATORS_OF[column.kind])
    said = f"{column.label}; with {operators}."
    if column.kind in (Kind.DATE, Kind.DATETIME):
        said += f" {_DAYS}"
    if column.is_person:
        said += " `me` is the caller, `my_team` everybody of their team."
    return {
        "in": "query",
        "name": column.key,
        "required": False,
        "description": said,
        "schema": {"type": "string"},
    }
