"""Keeping the index up to date: at once for what people do, soon after for what files bring.

Small units of work write their entries in their own transaction. Everything else is caught up with by the worker:
new rows in the order of their ids, changed ones from the event log, in portions that let others write in between.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Model, Q

from headwater.platform.action import BEFORE_COMMIT, FEW_FACTS, About, Unit
from headwater.platform.clock import now
from headwater.platform.horizon import log_horizon
from headwater.platform.job import JobRun, job
from headwater.platform.lease import Lease
from headwater.platform.models import Event, HandlerCursor, Job, SearchEntry, SearchProgress
from headwater.platform.resource import REGISTRY, Resource
from headwater.platform.schedule import every
from headwater.platform.search import index, store
from headwater.platform.search.finding import FOLLOWED, REMAKE_JOB
from headwater.platform.search.finding import is_behind as is_behind
from headwater.platform.search.romanising import FOREIGN
from headwater.platform.search.texts import texts_of

AT_ONCE = FEW_FACTS  # so many rows are indexed by the unit of work that changes them
PORTION = 200  # rows of the first portion; later ones take LOCK_SECONDS each
LARGEST = 2_000
MANY = 5_000  # so many rows written leave the index in pieces
LOCK_SECONDS = 0.2
TURN_SECONDS = 2.0
EVENTS = 2_000
LATE = 20_000  # PostgreSQL: ids given out so long ago may still become visible
BUSY_WITHIN = timedelta(minutes=1)
LEASED = "platform.search"
LEASE = timedelta(minutes=1)
ROMANISE_JOB: Final = "platform.romanise_entries"


# ---------------------------------------------------------------- at once


def index_unit(unit: Unit) -> None:
    """Bring the entries of what a unit of work told about up to date, before it commits; many rows come later."""
    if unit.facts > AT_ONCE or not unit.about:
        return
    named = _rows_named(unit.about)
    nouns = [(r, sorted(named[r.searched.model])) for r in REGISTRY.values() if r.searched.model in named]
    before = store.texts_in({resource.key: ids for resource, ids in nouns})
    left = {model: set(ids) for model, ids in named.items()}
    changed: dict[type[Model], set[int]] = defaultdict(set)
    for resource, ids in nouns:
        noun, of_table = resource.key, left[resource.searched.model]
        texts = texts_of(resource, sorted(of_table))
        of_table.difference_update(texts)  # a row is of one of the nouns of its table
        store.write(noun, {pk: text for pk, text in texts.items() if before.get((noun, pk)) != text})
        store.remove(noun, [pk for pk in ids if pk not in texts and (noun, pk) in before])
        # A row without an entry before is new: nothing else shows it yet but what this unit told about as well.
        changed[resource.searched.model].update(
            pk for pk in ids if before.get((noun, pk), texts.get(pk)) != texts.get(pk)
        )
    for resource, shown in _showing(changed, at_most=AT_ONCE):
        _store(resource, shown, texts_of(resource, shown))


def _touched(about: Iterable[About]) -> Iterator[tuple[Resource, list[int]]]:
    """The rows whose text may have changed, by noun: those told about, and those that show something of them."""
    named = _rows_named(about)
    for resource in REGISTRY.values():
        if ids := named.get(resource.searched.model):
            yield resource, sorted(ids)
    yield from _showing(named)


def _showing(
    named: Mapping[type[Model], set[int]], *, at_most: int | None = None
) -> Iterator[tuple[Resource, list[int]]]:
    """The rows that show something of others; nouns with more than ``at_most`` of those are left out."""
    for resource in REGISTRY.values():
        declared = resource.searched
        shown = Q()
        for relation in declared.relations:
            if ids := named.get(relation.model):
                shown |= Q(**{f"{relation.path}__in": ids})
        if not shown:
            continue
        rows = declared.model._base_manager.filter(shown, **declared.where).order_by("pk").values_list("pk", flat=True)
        found = list(rows if at_most is None else rows[: at_most + 1])
        if found and (at_most is None or len(found) <= at_most):
            yield resource, found


def _rows_named(about: Iterable[About]) -> dict[type[Model], set[int]]:
    """Which rows of which tables facts are about; a fact about something of a party's is about the party."""
    models = {name: r.searched.model for r in REGISTRY.values() for name in (r.key, *r.searched.told_as)}
    parties = next((r.searched.model for r in REGISTRY.values() if r.searched.is_party), None)
    named: dict[type[Model], set[int]] = defaultdict(set)
    for subject_type, subject_id, party_id, organisation_id in about:
        model = models.get(subject_type)
        if model is not None:
            named[model].add(subject_id)
        if parties is not None and (model is None or model is parties):
            named[parties].update(pk for pk in (party_id, organisation_id) if pk is not None)
    return named


def _store(resource: Resource, ids: Sequence[int], texts: Mapping[int, str]) -> None:
    store.write(resource.key, texts)
    if len(texts) < len(ids):
        store.remove(resource.key, [pk for pk in ids if pk not in texts])


# ---------------------------------------------------------------- soon after


@dataclass(frozen=True)
class Lag:
    """How far the index is behind: rows without an entry by noun, and facts not looked at yet."""

    rows: dict[str, int]
    facts: int

    def __bool__(self) -> bool:
        return bool(self.facts or any(self.rows.values()))


def catch_up(*, seconds: float = TURN_SECONDS, patient: bool = True) -> bool:
    """Index what is new and what changed, for about so many seconds; whether there is more to do.

    A portion and how far it got are written together, so that nothing is lost with a crash. While files come in,
    a ``patient`` turn leaves the database to them; what they bring is found meanwhile by comparing.
    """
    if patient and Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__gte=now() - BUSY_WITHIN).exists():
        return False
    HandlerCursor.objects.bulk_create([HandlerCursor(handler=LEASED)], ignore_conflicts=True)
    lease = Lease.take(HandlerCursor.objects.filter(pk=LEASED), lasts=LEASE, at=now())
    if lease is None:
        return False
    try:
        return _catch_up(seconds)
    finally:
        lease.end()


def _catch_up(seconds: float) -> bool:
    turn = _Turn(time.monotonic() + seconds)
    log = _progress(FOLLOWED)
    if not log.floor:  # a round begins: rows indexed from here on show what happened up to here
        log.floor = log_horizon()
        log.save(update_fields=["floor"])
    for resource in REGISTRY.values():
        if not turn.index_new(resource):
            return True
    if not turn.follow_events(log):
        return True
    if turn.rows >= MANY:
        _tidy()
    for progress in SearchProgress.objects.exclude(pk=FOLLOWED):
        progress.floor = progress.position
        progress.save(update_fields=["floor"])
    SearchProgress.objects.filter(pk=FOLLOWED).update(floor=0)
    return False


class _Turn:
    """One stretch of catching up; each portion is as large as fits into the time it may hold others up."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.portion = PORTION
        self.rows = 0

    def index_new(self, resource: Resource) -> bool:
        """Index the rows beyond the noun's position; False when time ran out before the end."""
        declared = resource.searched
        progress = _progress(resource.key)
        table = declared.model._base_manager.order_by("pk")
        rows = table.filter(**declared.where)
        while True:
            newest = table.values_list("pk", flat=True).last() or 0
            ids = list(rows.filter(pk__gt=progress.position).values_list("pk", flat=True)[: self.portion])
            if not ids:
                break
            if time.monotonic() > self.until:
                return False
            self._write(resource, ids, progress)
        if newest > progress.position:  # other nouns' rows of the table: not to be looked through at every search
            progress.position = newest
            progress.save(update_fields=["position"])
        if connection.vendor == "postgresql" and progress.position > progress.floor:
            late = rows.filter(
                store.without_entry(resource.key), pk__gt=progress.floor - LATE, pk__lte=progress.position
            )
            if ids := list(late.values_list("pk", flat=True)[:LARGEST]):
                self._write(resource, ids, None)
        return True

    def follow_events(self, log: SearchProgress) -> bool:
        """Index again what facts tell about, except rows that were indexed after they happened."""
        floors = {p.noun: p.floor for p in SearchProgress.objects.exclude(pk=FOLLOWED)}
        models = {name: r.key for r in REGISTRY.values() for name in (r.key, *r.searched.told_as)}
        horizon = log_horizon()
        while log.position < horizon:
            events = list(
                Event.objects.filter(pk__gt=log.position, pk__lte=horizon)
                .order_by("pk")
                .values_list("pk", "subject_type", "subject_id", "party_id", "organisation_id")[:EVENTS]
            )
            news = [
                (kind, subject, party, organisation)
                for pk, kind, subject, party, organisation in events
                if pk > log.floor or subject <= floors.get(models.get(kind, ""), subject)
            ]
            for resource, ids in _touched(news):
                self.write_all(resource, ids)
            log.position = events[-1][0] if len(events) == EVENTS else horizon
            log.save(update_fields=["position"])
            if time.monotonic() > self.until and log.position < horizon:
                return False
        return True

    def write_all(self, resource: Resource, ids: Sequence[int]) -> None:
        """Write the entries of all these rows, in portions whose size changes as they are written."""
        rest = ids
        while rest:
            portion, rest = rest[: self.portion], rest[self.portion :]
            self._write(resource, portion, None)

    def _write(self, resource: Resource, ids: Sequence[int], progress: SearchProgress | None) -> None:
        # Read before the lock is taken, and once more if anything happened meanwhile.
        seen, texts = _newest_event(), texts_of(resource, ids)
        started = time.monotonic()
        with transaction.atomic():
            _store(resource, ids, texts if _newest_event() == seen else texts_of(resource, ids))
            if progress is not None:
                progress.position = ids[-1]
                progress.save(update_fields=["position"])
        self.rows += len(ids)
        took = time.monotonic() - started
        if len(ids) >= self.portion:
            wanted = int(self.portion * LOCK_SECONDS / max(took, 0.001))
            self.portion = max(50, min(LARGEST, wanted, 2 * self.portion))
        time.sleep(min(took, LOCK_SECONDS) / 4)  # whoever waits to write comes first


def _newest_event() -> int:
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _tidy() -> None:
    more = True
    while more:
        with transaction.atomic():
            more = index.tidy()
        time.sleep(0.02)


def _progress(noun: str) -> SearchProgress:
    SearchProgress.objects.bulk_create([SearchProgress(noun=noun)], ignore_conflicts=True)
    return SearchProgress.objects.get(pk=noun)


# ---------------------------------------------------------------- looking after it


def lag() -> Lag:
    """How far the index is behind, exactly; for ``headwater doctor`` and the note above a list."""
    positions = dict(SearchProgress.objects.values_list("noun", "position"))
    rows = {
        r.key: r.searched.model._base_manager.filter(
            store.without_entry(r.key), pk__gt=positions.get(r.key, 0), **r.searched.where
        ).count()
        for r in REGISTRY.values()
    }
    return Lag(rows, Event.objects.filter(pk__gt=positions.get(FOLLOWED, 0)).count())


def rebuild() -> int:
    """Throw the index away and make it again from the rows; how many entries it has then.

    Searching goes on meanwhile: it finds what is indexed already and the newest rows.
    """
    with transaction.atomic():
        index.empty()
        SearchProgress.objects.all().delete()
        HandlerCursor.objects.filter(pk=LEASED).update(lease_until=None)
    while catch_up(patient=False):
        pass
    _tidy()
    return SearchEntry.objects.count()


@every(timedelta(days=1), "search.mend")
def mend(_at: datetime) -> None:
    """Mend the search index: give entries to rows that have none, take away those without a row."""
    if not index.is_indexed():  # a noun is new, or trigrams may be used by now
        index.create_index(connection)
    _tidy()
    for resource in REGISTRY.values():
        declared, noun = resource.searched, resource.key
        position = _progress(noun).position
        rows = declared.model._base_manager.filter(**declared.where)
        turn = _Turn(time.monotonic())
        missing = rows.filter(store.without_entry(noun), pk__lte=position).order_by("pk").values_list("pk", flat=True)
        while ids := list(missing[:LARGEST]):
            turn._write(resource, ids, None)
        for ids in _entries(noun):
            known = set(rows.filter(pk__in=ids).values_list("pk", flat=True))
            if len(known) < len(ids):
                store.remove(noun, [pk for pk in ids if pk not in known])


@job(ROMANISE_JOB)
def romanise_entries(run: JobRun) -> Mapping[str, Any]:
    """Make entries again that were made before Cyrillic and Greek names were found in Latin letters."""
    return _make_again(run, REGISTRY, Q(text__regex=FOREIGN))


@job(REMAKE_JOB)
def remake_entries(run: JobRun) -> Mapping[str, Any]:
    """Make the entries of some nouns again, of which more is searched since an upgrade."""
    return _make_again(run, run.args["nouns"], Q())


def _make_again(run: JobRun, nouns: Iterable[str], which: Q) -> Mapping[str, Any]:
    """Make those entries of the nouns again; the others stay as they are."""
    turn = _Turn(time.monotonic())
    for noun in nouns:
        first = index.first_id(noun)
        for ids in _entries(noun):
            entries = SearchEntry.objects.filter(which, pk__range=(first + ids[0], first + ids[-1]))
            turn.write_all(REGISTRY[noun], [pk - first for pk in entries.order_by("pk").values_list("pk", flat=True)])
            run.report(done=turn.rows)
    return {"rows": turn.rows}


def _entries(noun: str) -> Iterator[list[int]]:
    first, last = index.first_id(noun), index.last_id(noun)
    position = first - 1
    while True:
        entries = SearchEntry.objects.filter(pk__gt=position, pk__lte=last).order_by("pk")
        ids = list(entries.values_list("pk", flat=True)[:5_000])
        if not ids:
            return
        position = ids[-1]
        yield [pk - first for pk in ids]


BEFORE_COMMIT.append(index_unit)
