"""What a noun takes from files: its columns, their kinds, and the one set-based action for a clean chunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What became of one row of a file."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REJECTED = "REJECTED"


class TargetKind(StrEnum):
    """How the text of a cell is read before the room's action sees it."""

    TEXT = "TEXT"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    DATE = "DATE"
    DATETIME = "DATETIME"
    DECIMAL = "DECIMAL"
    INTEGER = "INTEGER"
    BOOL = "BOOL"
    CHOICE = "CHOICE"


@dataclass(frozen=True)
class Target:
    """One thing a column of a file can become. ``choices`` maps accepted words (lower case) to codes."""

    key: str
    label: str
    kind: TargetKind = TargetKind.TEXT
    required: bool = False
    aliases: Sequence[str] = ()
    choices: dict[str, str] = field(default_factory=dict)
    max_length: int = 500


@dataclass(frozen=True)
class CleanRow:
    """A row whose cells were read without error: typed values by target key, and the rest as text in ``extra``."""

    line: int
    values: dict[str, Any]
    extra: dict[str, str]


@dataclass(frozen=True)
class RowResult:
    """What became of one row; ``reasons`` say why a rejected one was, ``notes`` what was decided for others."""

    line: int
    outcome: Outcome
    object_id: int | None = None
    reasons: Sequence[str] = ()


@dataclass(frozen=True)
class Batch:
    """The import a chunk belongs to: its id, the system its external ids come from, and the company's setting."""

    id: int
    system: str
    zone: str
    currency: str
    region: str
    label: str = ""


@dataclass(frozen=True)
class Kept:
    """A row that an undo left alone, and why."""

    object_id: int
    title: str
    reason: str


@dataclass(frozen=True)
class UndoResult:
    """What an undo took back and what it left, with reasons."""

    removed: int = 0
    restored: int = 0
    kept: Sequence[Kept] = ()


@dataclass(frozen=True)
class Importer:
    """How files become rows of a noun. ``kind`` is the word of the command line: ``leads``, ``orders``…

    ``apply`` is an action: it takes a clean chunk, looks everything up in a few queries, writes set-based and
    answers one result per row, in order; it never raises for a bad row. ``undo`` is the action that takes back
    what a batch did to this noun, except what people worked on since.
    """

    kind: str
    targets: Sequence[Target]
    apply: Callable[..., Sequence[RowResult]]
    undo: Callable[..., UndoResult]
    verb: str

    def target(self, key: str) -> Target | None:
        """The target of that key."""
        return next((t for t in self.targets if t.key == key), None)
