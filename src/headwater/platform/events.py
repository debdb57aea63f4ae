"""Facts and the log they go to: what happened, written once, read by timeline, audit, handlers and measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from headwater.platform.action import About, current_unit
from headwater.platform.actor import Actor
from headwater.platform.bulk import insert_rows, reserve_ids
from headwater.platform.clock import now
from headwater.platform.custom.declared import has_formulas
from headwater.platform.models import Event, EventPersonal

FACTS: dict[str, type[Fact]] = {}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that happened, in past tense, as ids and plain values.

    A subclass states its ``verb`` (``qualify.lead_captured``), its subject (``qualify.lead:lead_id``: type and
    the field that holds the id), the names of its ``personal`` fields, an icon and the ``sentence`` of the
    timeline, a format string over its fields. Its docstring becomes its entry in ``docs/events.md``.
    """

    verb: ClassVar[str]
    subject_type: ClassVar[str]
    subject_field: ClassVar[str]
    personal: ClassVar[frozenset[str]]
    sentence: ClassVar[str | Promise]
    icon: ClassVar[str]

    party_id: int | None = None
    organisation_id: int | None = None

    def __init_subclass__(
        cls, *, verb: str, subject: str, sentence: str | Promise, personal: Iterable[str] = (), icon: str = "point"
    ) -> None:
        super().__init_subclass__()
        cls.verb, cls.sentence, cls.icon, cls.personal = verb, sentence, icon, frozenset(personal)
        cls.subject_type, cls.subject_field = subject.split(":")
        if verb in FACTS:
            raise RuntimeError(f"Two facts are called {verb}.")
        FACTS[verb] = cls

    @property
    def subject_id(self) -> int:
        """The id of the row this fact is about."""
        return int(getattr(self, self.subject_field))

    def values(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The fact's own fields as JSON values: those for the log, and the personal ones kept apart."""
        plain: dict[str, Any] = {}
        personal: dict[str, Any] = {}
        kept_apart = self.personal
        for name in _own_fields(type(self)):
            value = getattr(self, name)
            if value is not None and value != "":
                (personal if name in kept_apart else plain)[name] = (
                    value if type(value) in _PLAIN else json_value(value)
                )
        return plain, personal


F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, kw_only=True)
class Changed(
    Fact,
    verb="platform.changed",
    subject="platform.row:row_id",
    personal=("personal_fields",),
    sentence=_("Changed {names}"),
    icon="pencil",
):
    """Plain fields of a record were edited; ``fields`` maps each name to its old and new value."""

    row_type: str
    row_id: int
    names: str
    fields: dict[str, list[Any]]
    personal_fields: dict[str, list[Any]]


def record(fact: Fact, *, by: Actor, at: datetime) -> Event:
    """Write ``fact`` to the log, in the transaction of the open action. ``at`` is when it happened."""
    return record_many([fact], by=by, at=[at])[0]


def record_many(facts: Sequence[Fact], *, by: Actor, at: Sequence[datetime]) -> list[Event]:
    """Write many facts with one insert; ``at`` gives the moment of each. Order is kept."""
    events, personal = _events(facts, by=by, at=at)
    Event.objects.bulk_create(events)
    EventPersonal.objects.bulk_create([EventPersonal(event=events[i], data=data) for i, data in personal])
    return events


def record_bulk(facts: Sequence[Fact], *, by: Actor | Sequence[Actor], at: Sequence[datetime]) -> None:
    """As :func:`record_many` for tens of thousands of facts: straight to the table, nothing handed back.

    ``by`` is who did all of it, or for each fact who did that.
    """
    if not facts:
        return
    unit, recorded = current_unit(), now()
    if isinstance(by, Actor) and by.batch_id is None:
        unit.tell(len(facts), map(_about, facts))
    if has_formulas():
        unit.note(map(_about, facts))
    ids = reserve_ids(Event, len(facts))
    _take_transaction_id()
    rows: list[tuple[Any, ...]] = []
    personal_rows: list[tuple[Any, ...]] = []
    actors = [by] * len(facts) if isinstance(by, Actor) else by
    refs = [by.ref] * len(facts) if isinstance(by, Actor) else [actor.ref for actor in by]
    for event_id, fact, actor, ref, moment in zip(ids, facts, actors, refs, at, strict=True):
        plain, personal = fact.values()
        rows.append(
            (
                event_id, fact.verb, _subject_type(fact), fact.subject_id, fact.party_id, fact.organisation_id,
                ref, actor.user_id, plain, moment, recorded, unit.request_id, actor.batch_id,
            )
        )  # fmt: skip
        if personal:
            personal_rows.append((event_id, personal))
    insert_rows(Event, EVENT_COLUMNS, rows)
    if personal_rows:
        insert_rows(EventPersonal, ("event_id", "data"), personal_rows)


EVENT_COLUMNS = (
    "id", "verb", "subject_type", "subject_id", "party_id", "organisation_id", "actor", "user_id", "data",
    "occurred_at", "recorded_at", "request_id", "batch_id",
)  # fmt: skip


def fact_of(event: Event) -> Fact:
    """The event as its typed fact again, personal values included where they still exist.

    Unknown keys of older versions are dropped, missing ones become None.
    """
    return facts_of([event])[0]


def facts_of(events: Sequence[Event]) -> list[Fact]:
    """As :func:`fact_of` for many events with one query."""
    ids = [event.pk for event in events if FACTS[event.verb].personal]
    personal = dict(EventPersonal.objects.filter(pk__in=ids).values_list("pk", "data")) if ids else {}
    return [_fact(event, personal.get(event.pk) or {}) for event in events]


def _fact(event: Event, personal: Mapping[str, Any]) -> Fact:
    cls = FACTS[event.verb]
    data = {**event.data, **personal}
    values = {name: data.get(name) for name in _own_fields(cls)}
    return cls(party_id=event.party_id, organisation_id=event.organisation_id, **values)


def _events(
    facts: Sequence[Fact], *, by: Actor, at: Sequence[datetime]
) -> tuple[list[Event], list[tuple[int, dict[str, Any]]]]:
    unit, recorded = current_unit(), now()
    if by.batch_id is None:
        unit.tell(len(facts), map(_about, facts))
    if has_formulas():
        unit.note(map(_about, facts))
    _take_transaction_id()
    events: list[Event] = []
    personal_values: list[tuple[int, dict[str, Any]]] = []
    for fact, moment in zip(facts, at, strict=True):
        plain, personal = fact.values()
        if personal:
            personal_values.append((len(events), personal))
        events.append(
            Event(
                verb=fact.verb, subject_type=_subject_type(fact), subject_id=fact.subject_id,
                party_id=fact.party_id, organisation_id=fact.organisation_id, actor=by.ref, user_id=by.user_id,
                data=plain, occurred_at=moment, recorded_at=recorded, request_id=unit.request_id,
                batch_id=by.batch_id,
            )
        )  # fmt: skip
    return events, personal_values


def _about(fact: Fact) -> About:
    return _subject_type(fact), fact.subject_id, fact.party_id, fact.organisation_id


def _subject_type(fact: Fact) -> str:
    """What kind of row the fact is about; facts of several nouns say it themselves, in ``row_type``."""
    return str(getattr(fact, "row_type", fact.subject_type))


def _take_transaction_id() -> None:
    """Make PostgreSQL give the transaction its id before it takes event ids; ``horizon`` relies on that order."""
    unit = current_unit()
    if connection.vendor == "postgresql" and not unit.has_transaction_id:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        unit.has_transaction_id = True


_FIELD_NAMES: dict[type[Fact], tuple[str, ...]] = {}


def _own_fields(cls: type[Fact]) -> tuple[str, ...]:
    names = _FIELD_NAMES.get(cls)
    if names is None:
        names = tuple(f.name for f in fields(cls) if f.name not in ("party_id", "organisation_id"))
        _FIELD_NAMES[cls] = names
    return names


_PLAIN = frozenset({str, int, bool, float, type(None)})


def json_value(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {k: json_value(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(v) for v in value]
    return value
