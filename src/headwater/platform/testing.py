"""What tests share: actors of every role, the newest event and its undo, spans, budgets of queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext

from headwater.platform.actor import Actor, ActorKind, Visibility
from headwater.platform.models import Event, Span
from headwater.platform.undo import undo_event


def make_actor(*verbs: str, visibility: Visibility = Visibility.ALL, user_id: int | None = None) -> Actor:
    """An actor with just these rights."""
    return Actor(
        kind=ActorKind.USER,
        name="Test Person",
        id=user_id,
        user_id=user_id,
        role="TEST",
        verbs=frozenset(verbs),
        visibility=visibility,
    )


@contextmanager
def query_budget(limit: int) -> Iterator[None]:
    """Fail when the block asks the database more than ``limit`` times, printing every query."""
    with CaptureQueriesContext(connection) as captured:
        yield
    if len(captured) > limit:
        asked = "\n".join(f"{i}. {q['sql'][:300]}" for i, q in enumerate(captured.captured_queries, 1))
        raise AssertionError(f"{len(captured)} queries, {limit} were budgeted:\n{asked}")


def count_queries() -> CaptureQueriesContext:
    """Counts queries: ``with count_queries() as asked: …; len(asked)``."""
    return CaptureQueriesContext(connection)


def rows_expected(table: str) -> int:
    """How many rows the database's planner expects in a table; 0 where it never looked."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = %s", [table])
            found = cursor.fetchone()
            return int(found[0].split()[0]) if found else 0
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table])
        return max(0, int(cursor.fetchone()[0]))


def last_event(verb: str) -> Event:
    """The newest event of a kind."""
    return Event.objects.filter(verb=verb).latest("pk")


def undo_last(verb: str, *, by: Actor, at: datetime) -> None:
    """Take the newest event of a kind back."""
    undo_event(event_id=last_event(verb).pk, by=by, at=at)


def values_held(row_type: str, row_id: int, kind: str) -> list[tuple[str, datetime | None, datetime | None]]:
    """What a row held in its time, such as its stages: each value, from when and until when, in the order written."""
    spans = Span.objects.filter(subject_type=row_type, subject_id=row_id, kind=kind).order_by("pk")
    return list(spans.values_list("value", "from_at", "until_at"))
