"""Texts that are declared once, in English, and read in the language of whoever looks.

Rules, which know no framework, take :func:`gettext` and :func:`gettext_lazy` from here; so do actions and everything
else that says why it refuses: what is said may be stored and read by somebody with another language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from string import Formatter
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.formats import number_format
from django.utils.functional import Promise, lazy
from django.utils.translation import get_language
from django.utils.translation import gettext as _translated

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")


class Translated:
    """A field of a frozen dataclass that takes a lazily translated text and gives it in the language of the moment.

    ``label: Translated = Translated()`` is declared as ``label=gettext_lazy("Lead")`` and read as a plain ``str``, so
    that nobody who shows, joins or compares it has to know. Plain text, such as a name somebody gave, stays as it is.
    Without a default the field must be given; the type checker takes it for one that has one.
    """

    def __init__(self, default: str | None = None) -> None:
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, row: object | None, owner: type) -> str:
        if row is None:
            if self._default is None:
                raise AttributeError(self._name)  # how a dataclass learns that the field must be given
            return self._default
        return str(row.__dict__[self._name])

    def __set__(self, row: object, value: str | Promise) -> None:
        row.__dict__[self._name] = value


def with_values(row: Row, **values: Any) -> Row:
    """``dataclasses.replace`` where texts are translated: that reads them, and a text once read has one language."""
    told = {each.name: vars(row)[each.name] for each in fields(row) if isinstance(vars(row)[each.name], Promise)}
    return replace(row, **{**told, **values})


class Wording(str):
    """A text in the language of the moment that knows which one it is and what it speaks of.

    To everybody else it is a plain ``str``; ``platform.phrases.stored`` can keep it for readers of other languages.
    Filled with ``format`` or ``%`` it still knows; cut, joined or put into an f-string it is only the text.
    """

    __slots__ = ("english", "of")
    english: str
    of: Mapping[str, str]

    def __new__(cls, text: str, english: str | None = None, of: Mapping[str, str] | None = None) -> Wording:
        wording = super().__new__(cls, text)
        wording.english, wording.of = text if english is None else english, of or {}
        return wording

    def __str__(self) -> str:
        return self  # so that a refusal or a lazy text that is asked for its words hands on what they are

    def format(self, *args: object, **values: object) -> str:
        if args:
            return super().format(*args, **values)
        text = super().format(**values)
        named = [(name, spec) for _, name, spec, _ in Formatter().parse(self.english) if name in values]
        # What it was filled with before stays: a refusal fills its message again, with nothing more.
        return Wording(text, self.english, {**self.of, **{name: _said(values[name], spec) for name, spec in named}})

    def __mod__(self, values: Any) -> str:
        text = super().__mod__(values)
        return Wording(text, self.english, {n: str(v) for n, v in values.items()}) if isinstance(values, dict) else text


def _said(value: object, spec: str | None) -> str:
    return format(value, spec) if spec else str(value)


def gettext(message: str) -> str:
    """The text in the language of the moment, a :class:`Wording`."""
    return Wording(_translated(message), message)


gettext_lazy = lazy(gettext, str)


_counted_by: list[Callable[[int], str]] = []


def count_by(counted: Callable[[int], str]) -> None:
    """Called once by the shell of pages, which knows how each reader writes figures."""
    _counted_by[:] = [counted]


def grouped(number: int) -> str:
    """A whole number with the marks between thousands of whoever reads it: 12,408 or 12.408."""
    return _counted_by[0](number) if _counted_by else number_format(number, force_grouping=True)


def noted(text: str) -> str:
    """Mark a text for translators where a plain ``str`` is needed; whoever shows it passes it through ``gettext``."""
    return text


_END = re.compile(r"[.;:]|\n")


def first_words(docstring: str) -> str:
    """What a docstring says first, up to its first mark: how pages name background work, passed through ``gettext``."""
    return _END.split(docstring, maxsplit=1)[0].strip()


def inside(label: Any) -> str:
    """A label as it stands inside a sentence: without its capital, except in German, which writes nouns with one."""
    return str(label) if (get_language() or "").startswith("de") else str(label).lower()
