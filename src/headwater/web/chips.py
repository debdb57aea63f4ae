"""Filters above a list: a chip per choice, yes/no and date column, and a small form for any other condition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from headwater.platform.actor import Actor
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.filter import OPERATORS
from headwater.platform.resource import Choices, Column, Kind
from headwater.web.fields import plainly
from headwater.web.http import Request, is_htmx, render, resource_of
from headwater.web.liststate import ListState, state_of

MAX_CHIPS = 6
MAX_OPTIONS = 100

OPERATORS_OF: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("contains", "is", "not", "starts", "empty"),
    Kind.NUMBER: ("gte", "lte", "is", "gt", "lt", "not", "empty"),
    Kind.MONEY: ("gte", "lte", "is", "gt", "lt", "not", "empty"),
    Kind.DATE: ("gte", "lte", "is", "gt", "lt", "empty"),
    Kind.DATETIME: ("gte", "lte", "is", "gt", "lt", "empty"),
    Kind.CHOICE: ("is", "not", "in", "empty"),
    Kind.BOOL: ("is",),
    Kind.RELATION: ("is", "not", "empty"),
}
_DATE_WORDS = {"gte": "from", "lte": "until", "gt": "after", "lt": "before", "is": "is"}


@dataclass(frozen=True)
class Option:
    """One line of a chip's menu."""

    label: str
    url: str
    on: bool = False


@dataclass(frozen=True)
class Chip:
    """One filter above the list. Without options it is a switch that ``url`` turns."""

    column: Column
    label: str
    on: bool
    options: tuple[Option, ...] = ()
    url: str = ""
    clear_url: str = ""


@dataclass(frozen=True)
class Active:
    """A condition that no chip shows, in words, with the address of the list without it."""

    label: str
    url: str


def chips_of(state: ListState, actor: Actor) -> list[Chip]:
    """The chips of a list. Columns whose choices nobody may pick from have none."""
    found: list[Chip] = []
    for column in _chip_columns(state):
        match column.kind:
            case Kind.BOOL:
                found.append(_switch(state, column))
            case Kind.DATE | Kind.DATETIME:
                found.append(_period(state, column))
            case _:
                chip = _menu(state, column, actor)
                if chip is not None:
                    found.append(chip)
    return found


def active_of(state: ListState, actor: Actor) -> list[Active]:
    """The conditions in words that the chips do not show."""
    covered = {key for column in _chip_columns(state) for key in _keys_of(column)}
    return [
        Active(_in_words(state, key, value, actor), state.url(**{key: ""}))
        for key, value in state.conditions.items()
        if key not in covered or (key.endswith("__empty") and value == "false")
    ]


def filter_form(request: Request, slug: str) -> HttpResponse:
    """The small form that adds a condition on one column; sending it leads to the list that has it in its address.

    Raises:
        NotFound: no such column, or none to filter by.
    """
    resource = resource_of(slug, request)
    params = request.GET.dict()
    column = resource.by_key.get(params.pop("column", ""))
    if column is None or not column.filterable:
        raise NotFound(_("This column cannot be filtered."))
    operator, value = params.pop("op", ""), ",".join(request.GET.getlist("value"))
    params.pop("value", None)
    state = state_of(resource, params, f"/{slug}", request.actor)
    if operator:
        if operator not in OPERATORS_OF[column.kind]:
            raise Invalid({column.key: [_("“%(column)s” cannot be compared that way.") % {"column": column.label}]})
        if column.kind in (Kind.NUMBER, Kind.MONEY) and operator != "empty":
            value = plainly(value)
        key = column.key if operator == "is" else f"{column.key}__{operator}"
        return HttpResponseRedirect(state.url(**{key: "true" if operator == "empty" else value}))
    context = {
        "resource": resource,
        "column": column,
        "operators": [(op, _operator_word(column, op)) for op in OPERATORS_OF[column.kind]],
        "choices": [(str(code), label) for code, label in column.choices_for(request.actor)],
        "params": state.params(),
        "input_type": {Kind.DATE: "date", Kind.DATETIME: "date"}.get(column.kind, "text"),
        "is_number": column.kind in (Kind.NUMBER, Kind.MONEY),
        "is_bool": column.kind is Kind.BOOL,
    }
    return render(request, "web/filter.html#form" if is_htmx(request) else "web/filter.html", context)


def _chip_columns(state: ListState) -> list[Column]:
    wanted = [
        column
        for column in state.resource.columns
        if column.filterable
        and column.chip
        and (column.kind in (Kind.BOOL, Kind.DATE, Kind.DATETIME) or column.choices)
    ]
    # What people choose from comes first; dates follow.
    wanted.sort(key=lambda column: column.kind in (Kind.DATE, Kind.DATETIME))
    return wanted[:MAX_CHIPS]


def _keys_of(column: Column) -> tuple[str, ...]:
    if column.kind in (Kind.DATE, Kind.DATETIME):
        return (f"{column.key}__gte",)
    if column.kind is Kind.BOOL:
        return (column.key,)
    return (column.key, f"{column.key}__empty")


def _switch(state: ListState, column: Column) -> Chip:
    on = state.conditions.get(column.key, "").lower() in ("true", "1", "yes")
    url = state.url(**{column.key: "" if on else "true"})
    return Chip(column, column.label, on, url=url)


def _menu(state: ListState, column: Column, actor: Actor) -> Chip | None:
    choices = [(str(code), str(label)) for code, label in _flat(column.choices_for(actor))][:MAX_OPTIONS]
    if not choices:
        return None
    value = state.conditions.get(column.key, "")
    chosen = [code for code in value.split(",") if code]
    if column.kind is Kind.RELATION:  # one at a time; "me" is the reader
        is_people = dict(choices).get(str(actor.user_id)) == actor.name
        offered = [("me", _("Me")), *choices] if is_people else choices
        options = [_picked(state, column, code, label, on=chosen == [code]) for code, label in offered]
    else:
        options = [
            _picked(state, column, ",".join(_toggled(chosen, code)), label, on=code in chosen)
            for code, label in choices
        ]
    none_key = f"{column.key}__empty"
    is_none = state.conditions.get(none_key, "false") == "true"
    if column.nullable or column.kind is Kind.CHOICE:
        options.append(Option(_("None"), state.url(**{column.key: "", none_key: "" if is_none else "true"}), is_none))
    named = dict(choices) | {"me": _("me")}
    words = ", ".join(named.get(code, code) for code in chosen[:2]) + ("…" if len(chosen) > 2 else "")
    words = _("none") if is_none else words
    label = f"{column.label}: {words}" if words else column.label
    clear = state.url(**{column.key: "", none_key: ""}) if words else ""
    return Chip(column, label, bool(words), tuple(options), clear_url=clear)


def _period(state: ListState, column: Column) -> Chip:
    today = timezone.localtime(now()).date()
    key = f"{column.key}__gte"
    since = state.conditions.get(key, "")
    starts = {
        _("Today"): today,
        _("Last 7 days"): today - timedelta(days=6),
        _("Last 30 days"): today - timedelta(days=29),
        _("Last 90 days"): today - timedelta(days=89),
        _("This year"): date(today.year, 1, 1),
    }
    options = [
        Option(label, state.url(**{key: day.isoformat()}), since == day.isoformat()) for label, day in starts.items()
    ]
    named = next((option.label for option in options if option.on), _("from %(day)s") % {"day": since})
    label = f"{column.label}: {named}" if since else column.label
    return Chip(column, label, bool(since), tuple(options), clear_url=state.url(**{key: ""}) if since else "")


def _picked(state: ListState, column: Column, value: str, label: str, *, on: bool) -> Option:
    return Option(label, state.url(**{column.key: value, f"{column.key}__empty": ""}), on)


def _toggled(chosen: list[str], code: str) -> list[str]:
    return [c for c in chosen if c != code] if code in chosen else [*chosen, code]


def _flat(choices: Choices) -> list[tuple[str, Any]]:
    """Choices without their groups."""
    flat: list[tuple[str, Any]] = []
    for code, label in choices:
        if isinstance(label, (list, tuple)):
            flat.extend(label)
        elif code != "":
            flat.append((code, label))
    return flat


def _in_words(state: ListState, key: str, value: str, actor: Actor) -> str:
    if key == "filter":
        return _("Own filter")
    name, _sep, operator = key.partition("__")
    column = state.resource.by_key[name]
    named = {str(code): str(label) for code, label in _flat(column.choices_for(actor))}
    words = ", ".join(named.get(part, part) for part in value.split(","))
    if operator == "empty":
        return f"{column.label} {_('is empty')}" if value != "false" else f"{column.label} {_('is not empty')}"
    return f"{column.label} {_operator_word(column, operator or ('in' if ',' in value else 'is'))} {words}"


def _operator_word(column: Column, operator: str) -> str:
    if column.kind in (Kind.DATE, Kind.DATETIME) and operator in _DATE_WORDS:
        return _(_DATE_WORDS[operator])
    return _(OPERATORS[operator])
