"""What a noun takes from files: its columns, their kinds, and the one set-based action for a clean chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from headwater.platform.actor import Actor
from headwater.platform.translated import Translated

PORTION = 5_000


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
    MONEY = "MONEY"
    INTEGER = "INTEGER"
    BOOL = "BOOL"
    CHOICE = "CHOICE"


@dataclass(frozen=True)
class Target:
    """One thing a column of a file can become. ``choices`` maps accepted words (lower case) to codes,
    ``called`` says what pages call those.

    ``verb`` is the right it takes to fill it, where that to import is not enough. ``several`` are told apart by ``;``.
    ``reads`` says whether a text is read, in our country or the one its row names; what is not is kept as text.
    """

    key: str
    label: Translated = Translated()
    kind: TargetKind = TargetKind.TEXT
    required: bool = False
    aliases: Sequence[str] = ()
    choices: dict[str, str] = field(default_factory=dict)
    called: Mapping[str, Any] = field(default_factory=dict)
    max_length: int = 500
    verb: str = ""
    several: bool = False
    reads: Callable[[str, str, str], bool] | None = None


@dataclass(slots=True)  # not frozen: one is made per row, and freezing takes thrice as long
class CleanRow:
    """A row whose cells were read without error: typed values by target key, and the rest as text in ``extra``."""

    line: int
    values: dict[str, Any]
    extra: dict[str, str]


@dataclass(slots=True)  # not frozen either
class RowResult:
    """What became of one row; ``reasons`` say why a rejected one was, ``notes`` what was decided for others."""

    line: int
    outcome: Outcome
    object_id: int | None = None
    reasons: Sequence[str] = ()


class FileRow(Protocol):
    """A row on its way to a record, as an action that takes in a file reads it; ``first`` is an earlier row that says
    the same.
    """

    outcome: Outcome
    first: Any

    @property
    def external_id(self) -> str: ...


R = TypeVar("R", bound=FileRow)
V = TypeVar("V")


def only_new(
    rows: Iterable[R], *, key_of: Callable[[R], object], here: Mapping[Any, V], known: Callable[[R, V], None]
) -> list[R]:
    """The rows that are new, and marked so: neither said by an earlier row, nor without an id and ``here`` already by
    what they are known by. Those that are here are told to ``known``.
    """
    new: dict[object, R] = {}
    for row in rows:
        key = key_of(row)
        same = row.external_id or key
        if same in new:
            row.first = new[same]
        elif not row.external_id and key in here:
            known(row, here[key])
        else:
            row.outcome = Outcome.CREATED
            new[same] = row
    return list(new.values())


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
    """A row that an undo left alone, and why. ``kind`` where it is not of the kind that was imported."""

    object_id: int
    title: str
    reason: Translated = Translated()
    kind: str = ""


@dataclass(frozen=True)
class UndoResult:
    """What an undo took back and what it left, with reasons.

    ``also`` names what the import had brought besides its rows and nothing uses any more: sources, campaigns, tags.
    """

    removed: int = 0
    restored: int = 0
    kept: Sequence[Kept] = ()
    also: Sequence[str] = ()

    def __add__(self, other: UndoResult) -> UndoResult:
        return UndoResult(
            self.removed + other.removed,
            self.restored + other.restored,
            (*self.kept, *other.kept),
            (*self.also, *other.also),
        )


@dataclass(frozen=True)
class UndoStep:
    """One step of taking a batch back, cut into portions so that others can work in between.

    ``about`` answers the ids of the rows it is about. ``take`` takes a portion of them back, inside an open action;
    what happened to rows meanwhile it sees for itself. A step that is not told does not count in the report, such
    as the people who go with their leads.
    """

    verb: str
    about: Callable[[int], Sequence[int]]
    take: Callable[..., UndoResult]
    is_told: bool = True

    def take_back(self, ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
        """Take a portion of the step's rows back; what is told of it."""
        taken = self.take(ids, batch_id=batch_id, by=by, at=at)
        return taken if self.is_told else UndoResult(also=taken.also)


def undo_at_once(steps: Sequence[UndoStep], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Take all of a batch back inside the open action, for batches that are small or part of something larger.

    Raises:
        NotAllowed: the actor lacks the right to one of the steps.
    """
    for step in steps:
        by.require(step.verb)
    result = UndoResult()
    for step in steps:
        ids = step.about(batch_id)
        for start in range(0, len(ids), PORTION):
            result += step.take_back(ids[start : start + PORTION], batch_id=batch_id, by=by, at=at)
    return result


Faults = Callable[[Mapping[str, Any], Batch, datetime], list[str]]


def no_faults(values: Mapping[str, Any], batch: Batch, at: datetime) -> list[str]:
    """For nouns whose values cannot be wrong once they are read."""
    return []


@dataclass(frozen=True)
class Importer:
    """How files become rows of a noun. ``kind`` is the word of the command line: ``leads``, ``orders``…

    ``apply`` is an action: it takes a clean chunk, looks everything up in a few queries, writes set-based and
    answers one result per row, in order; it never raises for a bad row. ``faults`` says what is wrong with values
    by themselves: ``apply`` goes by it, and rows whose cells cannot all be read are asked too, so that whoever mends
    a file learns everything at once. ``undo`` is the action that takes back
    what a batch did to this noun, except what people worked on since. Nouns that come in by the ten thousand give
    ``undo_steps`` too: the same in portions. ``withheld`` are the targets that the actor it was cut for may not fill.
    """

    kind: str
    targets: Sequence[Target]
    apply: Callable[..., Sequence[RowResult]]
    undo: Callable[..., UndoResult]
    verb: str
    undo_steps: Sequence[UndoStep] = ()
    faults: Faults = no_faults
    withheld: Sequence[Target] = ()

    def target(self, key: str) -> Target | None:
        """The target of that key."""
        return next((t for t in self.targets if t.key == key), None)

    def for_actor(self, actor: Actor) -> Importer:
        """The same with the targets this actor may fill; the others are withheld."""
        allowed = [target for target in self.targets if not target.verb or actor.may(target.verb)]
        return replace(self, targets=allowed, withheld=[t for t in self.targets if t not in allowed])
