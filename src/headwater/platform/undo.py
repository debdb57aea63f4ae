"""Taking back: every undo is an action of the room that acted, computed from the fact's old values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from headwater.platform.action import action, current_unit
from headwater.platform.actor import Actor
from headwater.platform.errors import NotFound, NotUndoable
from headwater.platform.events import Fact, fact_of
from headwater.platform.models import Event, Undone

Reverse = Callable[..., None]
_REVERSALS: dict[str, Reverse] = {}
_CHANGES: dict[str, Reverse] = {}


def undoes(*facts: type[Fact]) -> Callable[[Reverse], Reverse]:
    """Declare the action that takes back facts of these kinds: ``fn(fact, *, event, by, at)``."""

    def register(fn: Reverse) -> Reverse:
        for cls in facts:
            _REVERSALS[cls.verb] = fn
        return fn

    return register


def undoes_changes_of(row_type: str) -> Callable[[Reverse], Reverse]:
    """Declare the action that takes back plain field edits of one noun: ``fn(fact, *, event, by, at)``."""

    def register(fn: Reverse) -> Reverse:
        _CHANGES[row_type] = fn
        return fn

    return register


def can_undo(event: Event) -> bool:
    """Whether some room knows how to take this fact back."""
    return _reversal(event) is not None


@action
def undo_event(*, event_id: int, by: Actor, at: datetime) -> Event:
    """Take back one fact, if nothing that followed would be lost.

    Raises:
        NotFound: there is no such event.
        NotUndoable: it was undone before, cannot be, or something built on it since.
    """
    event = Event.objects.select_for_update().filter(pk=event_id).first()
    if event is None:
        raise NotFound()
    reverse = _reversal(event)
    if reverse is None:
        raise NotUndoable(reason="this kind of change has no way back")
    if Undone.objects.filter(pk=event.pk).exists():
        raise NotUndoable(reason="it was undone before")
    Undone.objects.create(event=event, actor=by.ref, at=at, request_id=current_unit().request_id)
    reverse(fact_of(event), event=event, by=by, at=at)
    return event


def _reversal(event: Event) -> Reverse | None:
    if event.verb == "platform.changed":
        return _CHANGES.get(event.subject_type)
    return _REVERSALS.get(event.verb)
