"""The filter tree: and/or groups of column, operator and value, one form for pages, API, views and exports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headwater.platform.errors import Invalid

MAX_DEPTH = 4
MAX_CONDITIONS = 40

OPERATORS: dict[str, str] = {
    "is": "is",
    "not": "is not",
    "in": "is one of",
    "contains": "contains",
    "starts": "starts with",
    "gt": "is more than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "empty": "is empty",
}


@dataclass(frozen=True)
class Condition:
    """One column compared with a value, as text from outside; the column's kind gives it its type."""

    column: str
    operator: str
    value: Any


@dataclass(frozen=True)
class Group:
    """Conditions and groups joined by *and* (all) or *or* (any)."""

    join: Literal["all", "any"]
    parts: tuple[Condition | Group, ...]


Tree = Condition | Group
EVERYTHING = Group("all", ())


def parse_tree(text: str) -> Tree:
    """Read a tree from its JSON form: ``{"all": [{"column": "stage", "operator": "is", "value": "NEW"}]}``.

    Raises:
        Invalid: not JSON, unknown keys or operators, or too deep or long to be meant seriously.
    """
    try:
        raw = json.loads(text)
        json.dumps(raw, ensure_ascii=False).encode()  # half a pair of letters is no text
    except (ValueError, RecursionError) as error:
        raise Invalid({"filter": ["The filter is not valid JSON."]}) from error
    tree = _node(raw, depth=0)
    if _size(tree) > MAX_CONDITIONS:
        raise Invalid({"filter": [f"A filter may have {MAX_CONDITIONS} conditions at most."]})
    return tree


def tree_from_params(params: Mapping[str, str], columns: Mapping[str, Any]) -> Tree:
    """The tree of short URL parameters: ``stage=NEW``, ``stage=NEW,WORKING``, ``amount__gte=1000``.

    Parameters that name no column are left to others; ``filter=`` holds a whole tree and is joined by *and*.
    """
    parts: list[Condition | Group] = []
    for key, value in params.items():
        name, _, operator = key.partition("__")
        if name not in columns or value == "":
            continue
        if not operator:
            operator = "in" if "," in value else "is"
        if operator not in OPERATORS:
            raise Invalid({key: [f"There is no comparison called {operator}."]})
        parts.append(Condition(name, operator, value.split(",") if operator == "in" else value))
    if params.get("filter"):
        parts.append(parse_tree(params["filter"]))
    return Group("all", tuple(parts))


def as_json(tree: Tree) -> dict[str, Any]:
    """The JSON form that :func:`parse_tree` reads."""
    if isinstance(tree, Condition):
        return {"column": tree.column, "operator": tree.operator, "value": tree.value}
    return {tree.join: [as_json(part) for part in tree.parts]}


def _node(raw: Any, *, depth: int) -> Tree:
    if depth > MAX_DEPTH or not isinstance(raw, dict):
        raise Invalid({"filter": ["The filter is nested too deeply or has the wrong shape."]})
    if "column" in raw:
        operator = str(raw.get("operator", "is"))
        if operator not in OPERATORS:
            raise Invalid({"filter": [f"There is no comparison called {operator}."]})
        return Condition(str(raw["column"]), operator, raw.get("value"))
    for join in ("all", "any"):
        if isinstance(raw.get(join), list):
            return Group(join, tuple(_node(part, depth=depth + 1) for part in raw[join]))
    raise Invalid({"filter": ['A group is {"all": […]} or {"any": […]}.']})


def _size(tree: Tree) -> int:
    return 1 if isinstance(tree, Condition) else sum(_size(part) for part in tree.parts)
