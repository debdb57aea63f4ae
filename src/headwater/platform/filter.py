"""The filter tree: and/or groups of column, operator and value, one form for pages, API, views and exports."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headwater.platform.column import Kind
from headwater.platform.errors import Invalid
from headwater.platform.translated import gettext

MAX_DEPTH = 4
MAX_CONDITIONS = 40
MAX_GROUPS = 40
MAX_VALUES = 500

OPERATORS: dict[str, str] = {
    "is": "is",
    "not": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "lacks": "does not contain",
    "starts": "starts with",
    "gt": "is more than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "between": "is between",
    "empty": "is empty",
}
SEVERAL = ("in", "not_in", "between")  # these take a list of values

_ORDERED = ("is", "not", "gt", "gte", "lt", "lte", "between", "in", "not_in", "empty")
_CHOSEN = ("in", "not_in", "is", "not", "empty")
OPERATORS_OF: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("contains", "lacks", "is", "not", "starts", "in", "not_in", "empty"),
    Kind.NUMBER: _ORDERED,
    Kind.MONEY: _ORDERED,
    Kind.DATE: _ORDERED,
    Kind.DATETIME: _ORDERED,
    Kind.CHOICE: _CHOSEN,
    Kind.BOOL: _CHOSEN,
    Kind.RELATION: _CHOSEN,
}


@dataclass(frozen=True)
class Condition:
    """One column compared with a value, or several, as text from outside; the column's kind gives it its type."""

    column: str
    operator: str
    value: Any


@dataclass(frozen=True)
class Group:
    """Conditions and groups joined by *and* (all) or *or* (any). One without parts leaves nothing out."""

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
        raise Invalid({"filter": [gettext("The filter is not valid JSON.")]}) from error
    return _sized(_node(raw, depth=0))


def tree_from_params(params: Mapping[str, str], columns: Mapping[str, Any]) -> Tree:
    """The tree of short URL parameters: ``stage=NEW``, ``stage=NEW,WORKING``, ``amount__between=1000,5000``.

    Parameters that name no column are left to others; ``filter=`` holds a whole tree and is joined by *and*.

    Raises:
        Invalid: an operator that does not exist, or a tree that is none.
    """
    parts: list[Tree] = []
    for key, value in params.items():
        name, _, operator = key.partition("__")
        if name not in columns or value == "":
            continue
        if not operator:
            operator = "in" if "," in value else "is"
        if operator not in OPERATORS:
            raise Invalid({key: [_no_operator(operator)]})
        parts.append(Condition(name, operator, value.split(",") if operator in SEVERAL else value))
    if params.get("filter"):
        parts.append(parse_tree(params["filter"]))
    return _sized(Group("all", tuple(parts)))


def params_of(tree: Tree) -> dict[str, str]:
    """The parameters that :func:`tree_from_params` reads as this tree: short ones, and ``filter`` for the rest."""
    tree = simplified(tree)
    told: dict[str, str] = {}
    rest: list[Tree] = []
    for part in parts_of(tree):
        key, value = _short(part) if isinstance(part, Condition) else ("", "")
        if key and key not in told:
            told[key] = value
        else:
            rest.append(part)
    if rest:
        whole = rest[0] if len(rest) == 1 else Group("all", tuple(rest))
        told["filter"] = json.dumps(as_json(whole), ensure_ascii=False, separators=(",", ":"))
    return told


def as_json(tree: Tree) -> dict[str, Any]:
    """The JSON form that :func:`parse_tree` reads."""
    if isinstance(tree, Condition):
        return {"column": tree.column, "operator": tree.operator, "value": tree.value}
    return {tree.join: [as_json(part) for part in tree.parts]}


def parts_of(tree: Tree) -> tuple[Tree, ...]:
    """What has to hold, all of it."""
    return tree.parts if isinstance(tree, Group) and tree.join == "all" else (tree,)


def conditions_of(tree: Tree) -> Iterator[Condition]:
    """Every condition of the tree, from left to right."""
    if isinstance(tree, Condition):
        yield tree
        return
    for part in tree.parts:
        yield from conditions_of(part)


def simplified(tree: Tree) -> Tree:
    """The shortest tree that says the same: nothing twice, no groups that hold nothing or join as the one around."""
    if isinstance(tree, Condition):
        if tree.operator in ("in", "not_in") and isinstance(tree.value, list) and len(tree.value) == 1:
            return Condition(tree.column, "is" if tree.operator == "in" else "not", tree.value[0])
        return tree
    parts: list[Tree] = []
    for part in map(simplified, tree.parts):
        is_loose = isinstance(part, Group) and (part.join == tree.join or not part.parts)
        inner = part.parts if isinstance(part, Group) and is_loose else (part,)
        parts.extend(each for each in inner if each not in parts)
    return parts[0] if len(parts) == 1 else Group(tree.join if parts else "all", tuple(parts))


def without(tree: Tree, path: tuple[int, ...]) -> Tree:
    """The tree without the part at this place: the numbers of the groups that lead to it, and its own."""
    if not path or isinstance(tree, Condition):
        return EVERYTHING
    at, rest = path[0], path[1:]
    parts = list(tree.parts)
    if not 0 <= at < len(parts):
        return tree
    parts[at : at + 1] = [without(parts[at], rest)] if rest else []
    return Group(tree.join, tuple(parts))


def _short(condition: Condition) -> tuple[str, str]:
    """A parameter and its text, or two empty ones where only JSON keeps the value as it is."""
    column, operator, value = condition.column, condition.operator, condition.value
    if operator in SEVERAL:
        if not value or any(item == "" or "," in item for item in value) or (operator == "in" and len(value) < 2):
            return "", ""
        return (column if operator == "in" else f"{column}__{operator}"), ",".join(value)
    if value == "":
        return "", ""
    return (column if operator == "is" and "," not in value else f"{column}__{operator}"), value


def _node(raw: Any, *, depth: int) -> Tree:
    if depth > MAX_DEPTH or not isinstance(raw, dict):
        raise Invalid(
            {
                "filter": [
                    gettext("The filter has the wrong shape, or groups more than {max_depth} deep.").format(
                        max_depth=MAX_DEPTH
                    )
                ]
            }
        )
    if "column" in raw:
        operator = raw.get("operator", "is")
        if not isinstance(operator, str) or operator not in OPERATORS:
            raise Invalid({"filter": [_no_operator(operator)]})
        return Condition(str(raw["column"]), operator, _value(operator, raw.get("value")))
    for join in ("all", "any"):
        if isinstance(raw.get(join), list):
            return Group(join, tuple(_node(part, depth=depth + 1) for part in raw[join]))
    raise Invalid({"filter": [gettext('A group is {"all": […]} or {"any": […]}.')]})


def _value(operator: str, raw: Any) -> str | list[str]:
    """What JSON holds, as the text that an address would hold."""
    if operator == "empty" and raw is None:
        return "true"
    if operator in SEVERAL:
        if not isinstance(raw, list) or len(raw) > MAX_VALUES:
            raise Invalid(
                {
                    "filter": [
                        gettext("The operator “{operator}” needs a list of at most {max_values} values.").format(
                            operator=operator, max_values=MAX_VALUES
                        )
                    ]
                }
            )
        return [_text(operator, item) for item in raw]
    return _text(operator, raw)


def _text(operator: str, raw: Any) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str | int | float):
        return str(raw)
    if raw is None:
        raise Invalid(
            {
                "filter": [
                    gettext("The operator “{operator}” needs a value. Use “empty” for what is not filled in.").format(
                        operator=operator
                    )
                ]
            }
        )
    raise Invalid(
        {
            "filter": [
                gettext("The operator “{operator}” needs one text, number, true or false.").format(operator=operator)
            ]
        }
    )


def _no_operator(operator: object) -> str:
    return gettext("There is no comparison called {operator}. There are {operators}.").format(
        operator=str(operator)[:50], operators=", ".join(OPERATORS)
    )


def _sized(tree: Tree) -> Tree:
    conditions, groups = _size(tree)
    if conditions > MAX_CONDITIONS or groups > MAX_GROUPS:
        raise Invalid(
            {
                "filter": [
                    gettext("A filter may have {max_conditions} conditions and groups at most.").format(
                        max_conditions=MAX_CONDITIONS
                    )
                ]
            }
        )
    return tree


def _size(tree: Tree) -> tuple[int, int]:
    if isinstance(tree, Condition):
        return 1, 0
    sizes = [_size(part) for part in tree.parts]
    return sum(size[0] for size in sizes), 1 + sum(size[1] for size in sizes)
