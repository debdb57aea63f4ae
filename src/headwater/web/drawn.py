"""What a cell of a list is drawn from, and how.

A list has hundreds of cells: a room draws its own by plain functions in ``cells.py``, which take a ``Cell`` and give
text or finished HTML. What they put together goes through ``format_html``, text alone is escaped by the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from typing import Any, TypeAlias

from django.utils.html import conditional_escape
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from headwater.platform.actor import Actor


def format_html(template: str, *args: object, **named: object) -> SafeString:
    """As Django's, for what a page has thousands of: text is told apart by its kind before anything else is asked."""
    return SafeString(template.format(*map(escaped, args), **{name: escaped(value) for name, value in named.items()}))


def format_html_join(between: str, template: str, lines: Iterable[Iterable[object]]) -> SafeString:
    """As Django's, in the same way."""
    return SafeString(escaped(between).join(template.format(*map(escaped, line)) for line in lines))


def escaped(value: Any) -> SafeString:
    """Text as it stands in a page."""
    if type(value) is SafeString:
        return value
    return SafeString(escape(value)) if type(value) is str else conditional_escape(value)


NIL = SafeString('<span class="dim nil">–</span>')
LINK_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row in a list.

    ``url`` is the row's own page, for its first cell; the rest is the page's: who reads it, whose company it is, when.
    """

    row: Any
    value: Any
    url: str
    actor: Actor
    company: Any
    now: datetime


Draw: TypeAlias = Callable[[Cell], str]


@cache
def drawing(name: str) -> Draw:
    """The function a column names as its ``cell``."""
    found: Draw = import_string(name)
    return found


def link(cell: Cell) -> str:
    """An address that the company keeps in a field of its own; only those of pages are ever kept."""
    if not cell.value:
        return NIL
    return format_html(
        '<a class="plain" href="{}" title="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>',
        cell.value, cell.value, Truncator(str(cell.value).replace("https://", "")).chars(LINK_LENGTH),
    )  # fmt: skip
