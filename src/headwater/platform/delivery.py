"""Bringing facts to the rooms that react: at least once, in order, each handler at its own pace."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import F, Q

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import DomainError, NotFound
from headwater.platform.events import Fact, fact_of, record
from headwater.platform.horizon import log_horizon
from headwater.platform.lease import Lease, LeaseLost
from headwater.platform.models import DeadLetter, Event, HandlerCursor
from headwater.platform.phrases import stored
from headwater.platform.translated import gettext_lazy as _
from headwater.platform.undo import undoes

log = structlog.get_logger()

BATCH = 500
MAX_ATTEMPTS = 5
LEASE = timedelta(minutes=2)


@dataclass(frozen=True)
class Handler:
    """One reaction of one room; ``run`` is called with the typed fact and its event, and must be idempotent."""

    name: str
    verbs: frozenset[str]
    run: Callable[[Fact, Event], None]


HANDLERS: dict[str, Handler] = {}


def on(*facts: type[Fact]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare what a room does when another reports one of ``facts``: ``fn(fact, event)``, one action call."""

    def register(fn: Callable[..., None]) -> Callable[..., None]:
        name = f"{fn.__module__.removeprefix('headwater.')}.{fn.__name__}"
        HANDLERS[name] = Handler(name, frozenset(cls.verb for cls in facts), fn)
        return fn

    return register


def deliver(*, at: datetime) -> int:
    """Let every handler catch up with the log; how many facts were handed over.

    A handler that fails is tried again later with growing pauses; after five tries the fact becomes a dead
    letter and the handler goes on. A refusal (``DomainError``) will not change by waiting: dead at once.
    """
    horizon, began = log_horizon(), time.monotonic()
    handed = 0
    for handler in HANDLERS.values():  # the last one's lease is from when its turn comes, however long others took
        passed = timedelta(seconds=time.monotonic() - began)
        handed += _drain(handler, horizon, at, leased_at=at + passed)
    return handed


def is_behind() -> bool:
    """Whether some handler has not read the whole log yet."""
    horizon = log_horizon()
    positions = dict(HandlerCursor.objects.values_list("handler", "position"))
    return any(positions.get(name, 0) < horizon for name in HANDLERS)


@action
def redeliver(*, dead_letter_id: int, at: datetime) -> None:
    """Hand a dead letter to its handler again and mark it resolved; stays dead when the handler fails again."""
    letter = DeadLetter.objects.select_related("event").get(pk=dead_letter_id)
    HANDLERS[letter.handler].run(fact_of(letter.event), letter.event)
    letter.resolved_at = at
    letter.save(update_fields=["resolved_at"])


@dataclass(frozen=True, kw_only=True)
class DeliveryDropped(
    Fact,
    verb="platform.delivery_dropped",
    subject="platform.dead_letter:dead_letter_id",
    sentence=_("Gave up delivering {what} to {handler}"),
    icon="mail-off",
):
    """Somebody decided that a fact which a handler could not take need not be delivered to it."""

    dead_letter_id: int
    handler: str
    what: str


@dataclass(frozen=True, kw_only=True)
class DeliveryKept(
    Fact,
    verb="platform.delivery_kept",
    subject="platform.dead_letter:dead_letter_id",
    sentence=_("Keeps {what} for {handler} after all"),
    icon="mail",
):
    """A fact that was not to be delivered waits for its handler again."""

    dead_letter_id: int
    handler: str
    what: str


@action
def drop(*, dead_letter_id: int, by: Actor, at: datetime) -> DeadLetter:
    """Decide that a dead letter need not be delivered; it can be taken back.

    Raises:
        NotAllowed: the actor may not look after deliveries.
        NotFound: it was delivered or dropped already.
    """
    by.require("platform.delivery.change")
    letter = DeadLetter.objects.select_for_update(of=("self",)).select_related("event")
    found = letter.filter(pk=dead_letter_id, resolved_at=None).first()
    if found is None:
        raise NotFound()
    found.resolved_at = at
    found.save(update_fields=["resolved_at"])
    record(DeliveryDropped(dead_letter_id=found.pk, handler=found.handler, what=found.event.verb), by=by, at=at)
    return found


@undoes(DeliveryDropped)
@action
def take_back_drop(fact: DeliveryDropped, *, event: Event, by: Actor, at: datetime) -> None:
    """Let a dropped fact wait for its handler again."""
    by.require("platform.delivery.change")
    DeadLetter.objects.filter(pk=fact.dead_letter_id).update(resolved_at=None)
    record(DeliveryKept(dead_letter_id=fact.dead_letter_id, handler=fact.handler, what=fact.what), by=by, at=at)


@dataclass(frozen=True)
class Standing:
    """How far one handler has read the log, and how many facts it still has to take."""

    name: str
    position: int
    behind: int
    retry_at: datetime | None = None
    attempts: int = 0


def standings() -> list[Standing]:
    """Where every handler stands, by name."""
    horizon, cursors = log_horizon(), HandlerCursor.objects.in_bulk()
    found = []
    for name, handler in sorted(HANDLERS.items()):
        cursor = cursors.get(name) or HandlerCursor(handler=name)
        waiting = Event.objects.filter(pk__gt=cursor.position, pk__lte=horizon, verb__in=handler.verbs).count()
        found.append(Standing(name, cursor.position, waiting, cursor.retry_at, cursor.attempts))
    return found


def _drain(handler: Handler, horizon: int, at: datetime, *, leased_at: datetime) -> int:
    HandlerCursor.objects.bulk_create([HandlerCursor(handler=handler.name)], ignore_conflicts=True)
    row = HandlerCursor.objects.filter(pk=handler.name)
    ready = Q(position__lt=horizon) & (Q(retry_at=None) | Q(retry_at__lte=at))
    lease = Lease.take(row, lasts=LEASE, at=leased_at, only=ready)
    if lease is None:
        return 0
    cursor = row.get()
    handed = 0
    try:
        while cursor.position < horizon:
            events = list(
                Event.objects.filter(pk__gt=cursor.position, pk__lte=horizon, verb__in=handler.verbs).order_by("pk")[
                    :BATCH
                ]
            )
            for event in events:
                lease.renew()
                if not _hand_over(handler, event, cursor, lease, at):
                    return handed
                handed += 1
            done = len(events) < BATCH
            _advance(cursor, lease, horizon if done else events[-1].pk)
    except LeaseLost:
        log.warning("delivery_taken_over", handler=handler.name, position=cursor.position)
    finally:
        lease.end()
    return handed


def _hand_over(handler: Handler, event: Event, cursor: HandlerCursor, lease: Lease, at: datetime) -> bool:
    try:
        handler.run(fact_of(event), event)
    except Exception as error:  # noqa: BLE001  (whatever a handler raises, the log must go on)
        final = isinstance(error, DomainError) or cursor.attempts + 1 >= MAX_ATTEMPTS
        log.warning("delivery_failed", handler=handler.name, event_id=event.pk, error=type(error).__name__, final=final)
        if not final:
            pause = timedelta(seconds=5 * 4**cursor.attempts)
            lease.write(attempts=F("attempts") + 1, retry_at=at + pause, position=event.pk - 1)
            return False
        DeadLetter.objects.bulk_create(
            [DeadLetter(handler=handler.name, event=event, error=_why(error), failed_at=at)],
            ignore_conflicts=True,
        )
    if cursor.attempts:
        _advance(cursor, lease, event.pk)
    return True


def _why(error: Exception) -> str:
    """A refusal for readers of every language, anything else for who mends it."""
    return stored(error.text) if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"


def _advance(cursor: HandlerCursor, lease: Lease, position: int) -> None:
    cursor.position, cursor.attempts, cursor.retry_at = position, 0, None
    lease.write(position=position, attempts=0, retry_at=None)
