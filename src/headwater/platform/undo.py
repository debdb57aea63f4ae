"""Taking back: every undo is an action of the room that acted, computed from the fact's old values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

from django.db.models import Q

from headwater.platform.action import action, current_unit
from headwater.platform.actor import Actor
from headwater.platform.bulk import check_each
from headwater.platform.custom.closed import require_fields
from headwater.platform.custom.values import HELD, changed_keys
from headwater.platform.errors import DomainError, NotFound, NotUndoable, SomeRefused
from headwater.platform.events import Changed, Fact, fact_of, facts_of
from headwater.platform.models import Event, Undone
from headwater.platform.translated import gettext as _

Answer = TypeVar("Answer")

Reverse = Callable[..., str | None]
_REVERSALS: dict[str, Reverse] = {}
_CHANGES: dict[str, Reverse] = {}

ReverseMany = Callable[..., None]
_HEADS: set[str] = set()
_REVERSALS_OF_MANY: dict[str, ReverseMany] = {}
_CHANGES_OF_MANY: dict[str, ReverseMany] = {}


def undoes(*facts: type[Fact]) -> Callable[[Reverse], Reverse]:
    """Declare the action that takes back facts of these kinds: ``fn(fact, *, event, by, at)``.

    Everybody can name any event, so it checks for itself that the actor may see the row and has the right: the one
    the step took where it is their own (:func:`is_own`), else the one to delete such rows or to give them away.
    It may answer in words what it had to leave as it is.
    """

    def register(fn: Reverse) -> Reverse:
        for cls in facts:
            _REVERSALS[cls.verb] = fn
        return fn

    return register


def heads_step(*facts: type[Fact]) -> None:
    """Declare facts that stand for a whole step: with *Undo all*, all that it recorded after them is undone."""
    _HEADS.update(cls.verb for cls in facts)


def heads_a_step(event_id: int) -> bool:
    """Whether this event stands for a whole step of several kinds of facts."""
    return Event.objects.filter(pk=event_id, verb__in=_HEADS).exists()


def undoes_changes_of(row_type: str) -> Callable[[Reverse], Reverse]:
    """Declare the action that takes back plain field edits of one noun: ``fn(fact, *, event, by, at)``."""

    def register(fn: Reverse) -> Reverse:
        _CHANGES[row_type] = fn
        return fn

    return register


def undoes_many(*facts: type[Fact]) -> Callable[[ReverseMany], ReverseMany]:
    """Declare the action that takes back many facts of these kinds in a few statements: ``fn(found, *, by, at)``.

    It gets pairs of fact and event and asks of each what the action for one asks.

    Raises:
        SomeRefused: some of them cannot be taken back, by the ids of their events.
    """

    def register(fn: ReverseMany) -> ReverseMany:
        for cls in facts:
            _REVERSALS_OF_MANY[cls.verb] = fn
        return fn

    return register


def undoes_many_changes_of(*row_types: str) -> Callable[[ReverseMany], ReverseMany]:
    """As :func:`undoes_many` for plain field edits of these nouns."""

    def register(fn: ReverseMany) -> ReverseMany:
        for row_type in row_types:
            _CHANGES_OF_MANY[row_type] = fn
        return fn

    return register


def each_of(found: Sequence[tuple[Any, Event]], answer: Callable[[Any, Event], Answer]) -> list[Answer]:
    """What ``answer`` says of every fact, asked before any is taken back.

    Raises:
        SomeRefused: it refuses some, by the ids of their events.
    """
    answers: list[Answer] = []
    refusals: dict[int, DomainError] = {}
    for fact, event in found:
        try:
            answers.append(answer(fact, event))
        except DomainError as refusal:
            refusals[event.pk] = refusal
    if refusals:
        raise SomeRefused(refusals, of=len(found))
    return answers


@contextmanager
def told_by_event(about: Mapping[int, int]) -> Iterator[None]:
    """Rows that are refused in here are told by the ids of events; ``about`` says which row each is about."""
    try:
        yield
    except SomeRefused as some:
        raise some.by_event(about) from some


def is_own(event: Event, by: Actor) -> bool:
    """Whether the actor did it themselves: then the right it took is enough to take it back."""
    return event.user_id is not None and event.user_id == by.user_id


def can_undo(event: Event) -> bool:
    """Whether some room knows how to take this fact back."""
    return _reversal(event) is not None


@action
def undo_event(*, event_id: int, by: Actor, at: datetime) -> str:
    """Take back one fact, if nothing that followed would be lost; what it left as it is, in words.

    The room's reversal checks who may do it.

    Raises:
        NotFound: there is no such event.
        NotUndoable: it was undone before, cannot be, or something built on it since.
    """
    event = Event.objects.select_for_update().filter(pk=event_id).first()
    if event is None:
        raise NotFound()
    reverse = _reversal(event)
    if reverse is None:
        raise NotUndoable(reason=_("this kind of change has no way back"))
    if Undone.objects.filter(pk=event.pk).exists():
        raise NotUndoable(reason=_("it was undone before"))
    Undone.objects.create(event=event, actor=by.ref, at=at, request_id=current_unit().request_id)
    fact = fact_of(event)
    _require_fields(fact, by)
    return reverse(fact, event=event, by=by, at=at) or ""


def _require_fields(fact: Fact, by: Actor) -> None:
    """Refuse to take back what somebody noted in a field that the actor may not see or fill in.

    Raises:
        NotAllowed: there is such a field among those that were changed.
    """
    if isinstance(fact, Changed) and (pair := {**(fact.fields or {}), **(fact.personal_fields or {})}.get(HELD)):
        require_fields(fact.row_type, changed_keys(*pair), by)


@action
def undo_alike(*, event_id: int, by: Actor, at: datetime) -> int:
    """Take back what one step did to many rows: this fact and those of its kind from the same unit of work.

    All or nothing; how many facts were taken back.

    Raises:
        NotFound: there is no such event.
        NotUndoable: one of them cannot be taken back any more.
    """
    ids = alike(event_id)
    try:
        undo_events(event_ids=ids, by=by, at=at)
    except SomeRefused as some:
        raise some.one_reason from some
    return len(ids)


def alike(event_id: int) -> list[int]:
    """The fact and those of its kind that the same unit of work recorded after it, newest first.

    Of a fact that stands for a whole step, all that the step recorded and that has a way back.

    Raises:
        NotFound: there is no such event.
    """
    first = Event.objects.filter(pk=event_id).first()
    if first is None:
        raise NotFound()
    found = Event.objects.filter(pk__gte=first.pk, request_id=first.request_id)
    if first.verb in _HEADS:
        left = found.filter(Q(undone=None) | Q(pk=first.pk)).order_by("-pk").only("verb", "subject_type")
        return [event.pk for event in left if can_undo(event)]
    return list(found.filter(verb=first.verb).order_by("-pk").values_list("pk", flat=True))


@action
def undo_events(*, event_ids: Sequence[int], by: Actor, at: datetime) -> None:
    """Take back many facts, newest first; all or none.

    Raises:
        SomeRefused: some cannot be taken back any more, by the ids of their events.
    """
    events = list(Event.objects.select_for_update().filter(pk__in=list(event_ids)).order_by("-pk"))
    undone = set(Undone.objects.filter(pk__in=list(event_ids)).values_list("pk", flat=True))

    def check(event: Event) -> None:
        if _reversal(event) is None:
            raise NotUndoable(reason=_("this kind of change has no way back"))
        if event.pk in undone:
            raise NotUndoable(reason=_("it was undone before"))

    check_each(events, check, ids=event_ids)
    request_id = current_unit().request_id
    Undone.objects.bulk_create([Undone(event=each, actor=by.ref, at=at, request_id=request_id) for each in events])
    found = list(zip(facts_of(events), events, strict=True))
    for reverse, part in groupby(found, key=lambda pair: _reversal_of_many(pair[1])):
        if reverse is not None:
            pairs = list(part)
            each_of(pairs, lambda fact, _event: _require_fields(fact, by))
            reverse(pairs, by=by, at=at)
            continue
        for fact, event in part:
            one = _reversal(event)
            assert one is not None
            try:
                _require_fields(fact, by)
                one(fact, event=event, by=by, at=at)
            except DomainError as refusal:
                # Raised on, so that the whole step is rolled back: whoever asked can leave this one out.
                raise SomeRefused({event.pk: refusal}, of=len(events)) from refusal


def to_undo(*, since: int, by: Actor, subject_type: str) -> Event | None:
    """Which fact Undo takes back after the actor's step: the last one about this noun, else the last that can be.

    ``since`` is the newest event from before the step. None when nothing was recorded that has a way back.
    """
    found = [
        event for event in Event.objects.filter(pk__gt=since, actor=by.ref).order_by("-pk")[:200] if can_undo(event)
    ]
    found = [event for event in found if event.request_id == found[0].request_id]
    return next((event for event in found if event.subject_type == subject_type), found[0] if found else None)


def newest_event() -> int:
    """The id of the newest event, to tell later what a step recorded."""
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _reversal_of_many(event: Event) -> ReverseMany | None:
    if event.verb == "platform.changed":
        return _CHANGES_OF_MANY.get(event.subject_type)
    return _REVERSALS_OF_MANY.get(event.verb)


def _reversal(event: Event) -> Reverse | None:
    if event.verb == "platform.changed":
        return _CHANGES.get(event.subject_type)
    return _REVERSALS.get(event.verb)
