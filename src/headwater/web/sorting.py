"""The order of a list as its reader sees and changes it: the heads of columns and the menu that sorts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headwater.platform.column import Column
from headwater.platform.order import sort_text, sorts_of
from headwater.web.liststate import ListState

Sorts = list[tuple[str, bool]]


@dataclass(frozen=True)
class Sorted:
    """A column the list is sorted by; ``place`` counts from 1. The addresses turn it round and take it away."""

    label: str
    place: int
    is_descending: bool
    turn_url: str
    less_url: str


@dataclass(frozen=True)
class Sortable:
    """A column the list could be sorted by: ``url`` by it alone, ``then_url`` by it among rows equal in the others."""

    label: str
    url: str
    then_url: str


def head(state: ListState, column: Column, sorted_by: str) -> dict[str, Any]:
    """A column's head: its word, and for a sortable one the link that sorts by it, the other way round if it does.

    ``add_url`` keeps what the list is sorted by: the column comes behind, is turned round, then taken away.
    """
    sorts = sorts_of(sorted_by)
    place = next((at for at, (key, _) in enumerate(sorts, 1) if key == column.key), 0)
    found = {"column": column, "place": place if len(sorts) > 1 else 0, "direction": "", "url": "", "add_url": ""}
    if not column.sortable:
        return found
    is_descending = place > 0 and sorts[place - 1][1]
    if place:
        found["direction"] = "descending" if is_descending else "ascending"
    alone = (column.key, place == 1 and not is_descending)
    if not place:
        added = [*sorts, (column.key, False)]
    elif is_descending and len(sorts) > 1:
        added = _without(sorts, column.key)
    else:
        added = _turned(sorts, column.key)
    return {**found, "url": state.url(sort=sort_text([alone])), "add_url": state.url(sort=sort_text(added))}


@dataclass(frozen=True)
class SortMenu:
    """What the menu says: what the list is sorted by, what else it could be, and the way back to its usual order."""

    sorted: tuple[Sorted, ...]
    sortable: tuple[Sortable, ...]
    usual_url: str


def menu(state: ListState) -> SortMenu:
    """The menu of a list."""
    sorts = sorts_of(state.order)
    by_key = state.resource.by_key
    sorted_by = tuple(
        Sorted(
            by_key[key].label,
            place,
            is_descending,
            turn_url=state.url(sort=sort_text(_turned(sorts, key))),
            less_url=state.url(sort=sort_text(_without(sorts, key))) if len(sorts) > 1 else "",
        )
        for place, (key, is_descending) in enumerate(sorts, 1)
        if key in by_key
    )
    others = [c for c in state.resource.columns if c.sortable and c.key not in dict(sorts)]
    sortable = tuple(
        Sortable(column.label, state.url(sort=column.key), state.url(sort=sort_text([*sorts, (column.key, False)])))
        for column in others
    )
    usual = (state.view.sort if state.view else "") or state.resource.default_order
    return SortMenu(sorted_by, sortable, state.url(sort="") if state.order != usual else "")


def _turned(sorts: Sorts, key: str) -> Sorts:
    return [(other, not descending if other == key else descending) for other, descending in sorts]


def _without(sorts: Sorts, key: str) -> Sorts:
    return [(other, descending) for other, descending in sorts if other != key]
