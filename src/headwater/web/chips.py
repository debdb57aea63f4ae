"""Chips above a list: the filters people use most, one for each choice, yes/no and date column, two clicks away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from headwater.platform.actor import Actor
from headwater.platform.days import read_days
from headwater.platform.filtering import ME, MY_TEAM
from headwater.platform.resource import Column, Kind
from headwater.web.filterwords import DATES, Part, Wording, builder_url, flat, sentence_of
from headwater.web.liststate import ListState

MAX_CHIPS = 6
MAX_OPTIONS = 100
PERIODS = (
    "today", "yesterday", "this_week", "last_week", "this_month", "last_month", "this_quarter", "this_year",
    "last_7_days", "last_30_days", "last_90_days", "next_7_days", "next_30_days",
)  # fmt: skip


@dataclass(frozen=True)
class Option:
    """One line of a chip's menu. ``opens`` the builder instead of changing the list."""

    label: str
    url: str
    on: bool = False
    opens: bool = False


@dataclass(frozen=True)
class Chip:
    """One filter above the list. Without options it is a switch that ``url`` turns."""

    key: str
    label: str
    on: bool
    options: tuple[Option, ...] = ()
    url: str = ""
    clear_url: str = ""


def chips_of(state: ListState, actor: Actor, leaves_out: Sequence[str] = ()) -> tuple[Chip, ...]:
    """The chips of a list. Columns whose choices nobody may pick from have none, nor those it ``leaves_out``."""
    found: list[Chip] = []
    for column in _chip_columns(state, leaves_out):
        match column.kind:
            case Kind.BOOL:
                found.append(_switch(state, column))
            case Kind.DATE | Kind.DATETIME:
                found.append(_period(state, column, actor))
            case _:
                chip = _menu(state, column, actor)
                if chip is not None:
                    found.append(chip)
    return tuple(found)


def active_of(state: ListState, actor: Actor, leaves_out: Sequence[str] = ()) -> list[Part]:
    """The whole filter in words, where the chips do not show all of it."""
    shown = {key: column for column in _chip_columns(state, leaves_out) for key in _keys_of(column)}
    for key, value in state.conditions.items():
        if state.always.get(key) == value:
            continue
        column = shown.get(key)
        is_odd = key.endswith("__empty") and value == "false"
        if column is None or is_odd or (column.kind in DATES and key == column.key and "," in value):
            return sentence_of(state, actor)
    return []


def _chip_columns(state: ListState, leaves_out: Sequence[str]) -> list[Column]:
    wanted = [
        column
        for column in state.resource.columns
        if column.key not in leaves_out
        and column.filterable
        and column.chip
        and (column.kind in (Kind.BOOL, *DATES) or column.choices)
    ]
    # What people choose from comes first; dates follow.
    wanted.sort(key=lambda column: column.kind in DATES)
    return wanted[:MAX_CHIPS]


def _keys_of(column: Column) -> tuple[str, ...]:
    return (column.key,) if column.kind is Kind.BOOL else (column.key, f"{column.key}__empty")


def _switch(state: ListState, column: Column) -> Chip:
    value = state.conditions.get(column.key, "").lower()
    on = value in ("true", "1", "yes")
    label = ": ".join((column.label, _("no"))) if value and not on else column.label
    return Chip(column.key, label, bool(value), url=state.url(**{column.key: "" if value else "true"}))


def _menu(state: ListState, column: Column, actor: Actor) -> Chip | None:
    choices = flat(column.choices_for(actor))[:MAX_OPTIONS]
    if not choices:
        return None
    if column.is_person:
        choices = [(ME, _("Me")), (MY_TEAM, _("My team")), *choices]
    chosen = [code for code in state.conditions.get(column.key, "").split(",") if code]
    none_key = f"{column.key}__empty"
    is_none = state.conditions.get(none_key, "false") == "true"
    toggled = state.urls(column.key, (",".join(_toggled(chosen, code)) for code, _label in choices), **{none_key: ""})
    options = [Option(label, url, code in chosen) for (code, label), url in zip(choices, toggled, strict=True)]
    if column.nullable or column.kind is Kind.CHOICE:
        none = _("Nobody") if column.is_person else _("None")
        options.append(Option(none, state.url(**{column.key: "", none_key: "" if is_none else "true"}), is_none))
    named, wording = dict(choices) | {ME: _("me"), MY_TEAM: _("my team")}, Wording(state.resource, actor)
    said = [named.get(code) or wording.value(column, code) for code in chosen[:2]]
    words = ", ".join(said) + ("…" if len(chosen) > 2 else "")
    words = (_("nobody") if column.is_person else _("none")) if is_none else words
    label = f"{column.label}: {words}" if words else column.label
    clear = state.url(**{column.key: "", none_key: ""}) if words else ""
    return Chip(column.key, label, bool(words), tuple(options), clear_url=clear)


def _period(state: ListState, column: Column, actor: Actor) -> Chip:
    none_key = f"{column.key}__empty"
    value = state.conditions.get(column.key, "")
    is_none = state.conditions.get(none_key, "false") == "true"
    wording = Wording(state.resource, actor)
    known = dict.fromkeys((*PERIODS, *([value] if read_days(value) else [])))
    urls = state.urls(column.key, known, **{none_key: ""})
    options = [Option(_capital(wording.days(word)), url, value == word) for word, url in zip(known, urls, strict=True)]
    if column.nullable:
        options.append(Option(_("None"), state.url(**{column.key: "", none_key: "" if is_none else "true"}), is_none))
    options.append(Option(_("Other days…"), builder_url(state, column=column.key), opens=True))
    words = _("none") if is_none else wording.days(value) if value else ""
    label = f"{column.label}: {words}" if words else column.label
    clear = state.url(**{column.key: "", none_key: ""}) if words else ""
    return Chip(column.key, label, bool(words), tuple(options), clear_url=clear)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _toggled(chosen: list[str], code: str) -> list[str]:
    return [c for c in chosen if c != code] if code in chosen else [*chosen, code]
