"""Values that hold from one moment until another, written beside the fact that changes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F, FloatField, Func

from headwater.platform.action import current_unit
from headwater.platform.bulk import insert_rows, update_rows
from headwater.platform.clock import now
from headwater.platform.models import Span

SPAN_COLUMNS = ("subject_type", "subject_id", "kind", "value", "from_at", "until_at", "recorded_at")
SpanRow = tuple[str, int, str, str, datetime | None, datetime | None, datetime]


class DaysBetween(Func):
    """The days from one moment to another, with their fraction: counted by the database, not moment by moment here."""

    output_field = FloatField()

    def __init__(self, since: str, until: str) -> None:
        super().__init__(F(until), F(since))

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """As differences of Julian days."""
        template = "(julianday(%(expressions)s))"
        return self.as_sql(compiler, connection, template=template, arg_joiner=") - julianday(", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """As seconds of an interval."""
        template = "(EXTRACT(EPOCH FROM %(expressions)s)::float8 / 86400)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" - ", **extra)


def set_span(subject_type: str, subject_id: int, kind: str, value: str, *, at: datetime | None) -> None:
    """From ``at`` on the subject's ``kind`` (stage, owner…) is ``value``; the span before it ends there.

    An empty ``value`` ends the open span and opens none.
    """
    current_unit()
    open_span = (
        Span.objects.filter(subject_type=subject_type, subject_id=subject_id, kind=kind, until_at=None)
        .order_by("-pk")
        .first()
    )
    if open_span is not None:
        if open_span.value == value:
            return
        ends = at
        if at is not None and open_span.from_at is not None:
            ends = max(at, open_span.from_at)
        open_span.until_at = ends if ends is not None else open_span.from_at or now()
        open_span.save(update_fields=["until_at"])
        at = open_span.until_at
    if value:
        begin_span(subject_type, subject_id, kind, value, at=at)


def begin_span(subject_type: str, subject_id: int, kind: str, value: str, *, at: datetime | None) -> None:
    """As :func:`set_span` for a subject that is new: nothing was before."""
    insert_spans([(subject_type, subject_id, kind, value, at, None, now())])


def set_spans(subject_type: str, kind: str, values: dict[int, str], *, at: datetime) -> None:
    """As :func:`set_span` for many subjects in three statements, however many they are."""
    current_unit()
    open_spans = Span.objects.filter(subject_type=subject_type, kind=kind, until_at=None, subject_id__in=list(values))
    ending: dict[int, dict[str, datetime]] = {}
    fresh = dict(values)
    for span in open_spans:
        if span.value == values[span.subject_id]:
            fresh.pop(span.subject_id, None)
        else:
            ending[span.pk] = {"until_at": max(at, span.from_at) if span.from_at else at}
    update_rows(Span, ending)
    recorded = now()
    insert_spans(
        (subject_type, subject_id, kind, value, at, None, recorded) for subject_id, value in fresh.items() if value
    )


def insert_spans(rows: Iterable[SpanRow]) -> None:
    """Write spans of rows that are new, such as those of an import."""
    insert_rows(Span, SPAN_COLUMNS, list(rows))
