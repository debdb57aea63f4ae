"""One column of a noun: what it holds, how it is shown, compared and taken out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeAlias

from django.db.models import Q

from headwater.platform.actor import Actor
from headwater.platform.translated import Translated

Choices: TypeAlias = Sequence[tuple[str, Any]]


class Kind(StrEnum):
    """What a column holds; it decides comparison, cell, input and API type."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    MONEY = "MONEY"
    DATE = "DATE"
    DATETIME = "DATETIME"
    CHOICE = "CHOICE"
    BOOL = "BOOL"
    RELATION = "RELATION"


@dataclass(frozen=True)
class Column:
    """One column of a noun.

    ``key`` is its stable name in URLs, API and files; ``path`` the ORM path it is compared by.
    What it shows stands at that path, or at those it ``reads``; ``made`` makes one value of what stands there. Of what
    rows that point at this one say, which the list fetches besides, ``gathered`` makes a value; it reads nothing else.
    ``cell`` names the function that draws anything richer than text (``web/drawn.py``). ``place`` says where a phone's
    card shows it. ``choices`` may be a function of the actor for columns such as owner or source. Without ``chip`` it
    is filtered by from the form only.
    Where the cell says more than the value, ``with_columns`` names the columns that hold the rest, so that a file
    has all of it; there the column is called ``file_label``, if that is not the same. ``verb`` is the right it takes to
    read the column: without it the column is not there, on no page and in no file, to filter or to sort by. ``writes``
    is the right it takes to fill it in besides; without one, whoever reads it may.
    ``is_person``: what it points at are our own people, so that "me" and "my team" mean something. ``order`` is the ORM
    path it is sorted by, if that is another one, such as a folded name. ``known_among`` is met by every row that has a
    value: given where a value takes long to reckon, so that sorting by it asks few rows. ``has_index``: what the query
    reckons is found by an index of the same expression. ``several``: it
    holds any number of its choices. ``rated_on`` is the ORM path of the day or moment whose exchange rate holds for an
    amount; without one it is today's. ``is_reckoned``: it is worked out from other columns, so that nobody fills it in,
    and it takes the rights to read those as well, ``needs``. ``tones`` are the colours of those of its choices that
    have one. Where the column ``same_as`` says the same moment, a record does not say it twice.
    """

    key: str
    label: Translated = Translated()
    kind: Kind = Kind.TEXT
    path: str = ""
    reads: tuple[str, ...] = ()
    made: Callable[..., Any] | None = None
    gathered: Callable[[Any], Any] | None = None
    choices: Choices | Callable[[Actor], Choices] = ()
    sortable: bool = False
    filterable: bool = True
    shown: bool = True
    exported: bool = True
    personal: bool = False
    nullable: bool = True
    cell: str = ""
    place: str = "extra"
    chip: bool = True
    with_columns: tuple[str, ...] = ()
    file_label: Translated = Translated("")
    verb: str = ""
    writes: str = ""
    is_person: bool = False
    order: str = ""
    known_among: Callable[[], Q] = Q
    has_index: bool = False
    several: bool = False
    rated_on: str = ""
    is_reckoned: bool = False
    needs: frozenset[str] = frozenset()
    same_as: str = ""
    tones: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def orm_path(self) -> str:
        """The path to compare by."""
        return self.path or self.key

    @property
    def read_paths(self) -> tuple[str, ...]:
        """Where what it shows stands."""
        return self.reads or (self.orm_path,)

    @property
    def order_path(self) -> str:
        """The path to sort by."""
        return self.order or self.orm_path

    @property
    def rights(self) -> frozenset[str]:
        """What it takes to read the column and to fill it in, besides the rights to the noun."""
        return frozenset({self.verb, self.writes} - {""})

    def is_for(self, actor: Actor) -> bool:
        """Whether this actor may read the column."""
        return all(actor.may(verb) for verb in self.needs | {self.verb} if verb)

    @property
    def groupable(self) -> bool:
        """Whether lists are cut into groups by it: one of some choices, one row of another noun, or a day's month."""
        match self.kind:
            case Kind.CHOICE:
                return self.filterable and self.chip and bool(self.choices) and not self.several
            case Kind.RELATION:
                is_own = self.orm_path.endswith("_id") or self.is_person
                return self.filterable and self.chip and bool(self.choices) and is_own
            case Kind.DATE | Kind.DATETIME:
                return self.filterable and self.sortable
            case _:
                return False

    def of(self, row: Any) -> Any:
        """The value this column shows for ``row``; the row's relations were fetched by the list's query."""
        if self.gathered is not None:
            return self.gathered(row)
        values = [_at(row, path) for path in self.read_paths]
        return self.made(*values) if self.made is not None else values[0]

    def choices_for(self, actor: Actor) -> Choices:
        """The choices this actor may pick from."""
        return self.choices(actor) if callable(self.choices) else self.choices

    def text(self, row: Any) -> str:
        """The value as plain text with the label of a choice, for cells that no function draws."""
        return self.told(self.of(row))

    def told(self, value: Any) -> str:
        """A value of the column in the same way."""
        if value is None:
            return ""
        if self.kind is Kind.CHOICE and not callable(self.choices):
            values = value if isinstance(value, list) else [value]
            return ", ".join(str(self._labels.get(each, each)) for each in values)
        return str(value)

    @cached_property
    def _labels(self) -> dict[Any, Any]:
        return {} if callable(self.choices) else dict(self.choices)


def _at(row: Any, path: str) -> Any:
    for part in path.split("__"):
        if row is None:
            return None
        row = getattr(row, part)
    return row
