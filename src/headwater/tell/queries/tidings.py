"""Which facts people are told of, and whom: declared by the rooms, read by the one who tells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headwater.platform.events import Changed, Fact
from headwater.platform.models import Event


@dataclass(frozen=True)
class Tiding:
    """Somebody is told that something happened to a record, or where there is none (no ``noun``) ``words``.

    ``who_id`` did it, and is not told themselves unless ``is_own`` says that they waited for its end. What has the
    same ``step`` is told as one. ``path`` leads elsewhere than to the record.
    """

    kind: str
    user_id: int
    at: datetime
    step: str
    noun: str = ""
    row_id: int | None = None
    who_id: int | None = None
    is_own: bool = False
    words: str = ""
    path: str = ""

    @property
    def key(self) -> str:
        """What it is about, once for each person."""
        return f"{self.kind}:{self.noun}:{self.step}"[:120]


def tiding(kind: str, event: Event, user_id: int, **more: Any) -> Tiding:
    """News of what a fact says of its record; what one step did with many records is told as one."""
    step = f"b{event.batch_id}" if event.batch_id else event.request_id or f"e{event.pk}"
    about = {"noun": event.subject_type, "row_id": event.subject_id, "step": step}
    return Tiding(kind, user_id, event.occurred_at, who_id=event.user_id, **{**about, **more})


def alone(kind: str, event: Event, user_id: int, **more: Any) -> Tiding:
    """News that is told by itself, whatever else the step did."""
    return tiding(kind, event, user_id, step=f"e{event.pk}", **more)


Told = tuple[Fact, Event]
Teller = Callable[[Sequence[Told]], Iterable[Tiding]]

TELLERS: list[tuple[Collection[str], Teller]] = []
FOLLOWED: set[str] = {Changed.verb}


def tells(*facts: type[Fact]) -> Callable[[Teller], Teller]:
    """Declare whom a room tells of some facts: ``fn([(fact, event), …])`` for many at once, in a few queries."""

    def register(fn: Teller) -> Teller:
        TELLERS.append((frozenset(cls.verb for cls in facts), fn))
        return fn

    return register


def tells_followers(*facts: type[Fact]) -> None:
    """Declare that who follows a record is told of these facts about it, besides edits of its fields."""
    FOLLOWED.update(cls.verb for cls in facts)


def verbs_told() -> set[str]:
    """What is looked for in the log."""
    return {verb for verbs, _teller in TELLERS for verb in verbs}
