"""What the fields of a row were before: read from the old and new values that its facts carry."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headwater.platform.events import Fact
from headwater.platform.models import Event, Undone

LOOKED_BACK = 2_000
_REASONS: dict[str, Any] = {}


@dataclass(frozen=True)
class ValueChange:
    """One field of a row got another value.

    ``is_undone`` says that it was taken back later, ``takes_back`` that it is itself the taking back; ``reason`` is
    what it happened for where that was no edit, such as a merge.
    """

    event_id: int
    field: str
    old: Any
    new: Any
    at: datetime
    user_id: int | None
    actor: str
    batch_id: int | None
    is_undone: bool
    takes_back: bool
    reason: str


@dataclass(frozen=True)
class RowHistory:
    """The changes of a row, newest first, and the fact it began with where the log knows it."""

    changes: Sequence[ValueChange]
    first: Event | None

    def of(self, fields: Collection[str]) -> list[ValueChange]:
        """The changes of some fields."""
        return [change for change in self.changes if change.field in fields]


def explain(*facts: type[Fact], reason: Any) -> None:
    """Declare what values changed for that change in the same unit of work as such a fact: ``a merge``."""
    for cls in facts:
        _REASONS[cls.verb] = reason


def history_of(row_type: str, pk: int) -> RowHistory:
    """How the fields of one row came to hold what they hold. A handful of queries, whatever its facts.

    Who asks must be allowed to see the row: personal values come along, as far as they were not erased.
    """
    rows = Event.objects.filter(subject_type=row_type, subject_id=pk)
    events = list(rows.select_related("personal", "undone").order_by("-pk")[:LOOKED_BACK])
    takes_back = _that_take_back(events)
    reasons = {event.request_id: str(_REASONS[event.verb]) for event in events if event.verb in _REASONS}
    changes = [
        ValueChange(
            event_id=event.pk, field=name, old=old, new=new, at=event.occurred_at, user_id=event.user_id,
            actor=event.actor, batch_id=event.batch_id, is_undone=hasattr(event, "undone"),
            takes_back=event.request_id in takes_back, reason=reasons.get(event.request_id, ""),
        )
        for event in events
        for name, old, new in _changed_values(event)
    ]  # fmt: skip
    return RowHistory(changes, rows.order_by("pk").first() if len(events) == LOOKED_BACK else _last(events))


def _that_take_back(events: Sequence[Event]) -> set[str]:
    """The units of work in which something that happened to the row was undone."""
    undone: list[Undone] = [event.undone for event in events if hasattr(event, "undone")]
    return {each.request_id for each in undone}


def _changed_values(event: Event) -> list[tuple[str, Any, Any]]:
    """Every field the fact changed, with its old and new value; facts of several rooms call them ``fields``."""
    personal = event.personal.data if hasattr(event, "personal") else {}
    found: list[tuple[str, Any, Any]] = []
    for kept in (event.data.get("fields"), personal.get("personal_fields")):
        if isinstance(kept, dict):
            pairs = [(name, pair) for name, pair in kept.items() if isinstance(pair, list) and len(pair) == 2]
            found += [(name, old, new) for name, (old, new) in pairs if old != new]
    for key, old in event.data.items():  # what follows from other rows, such as an amount from its lines
        name = key.removesuffix("_before")
        if name != key and f"{name}_after" in event.data and not isinstance(old, (list, dict)):
            found.append((name, old, event.data[f"{name}_after"]))
    return found


def _last(events: Sequence[Event]) -> Event | None:
    return events[-1] if events else None
