"""Spans follow each other without gap or overlap."""

from datetime import UTC, datetime, timedelta

import pytest

from headwater.platform import spans
from headwater.platform.action import action
from headwater.platform.models import Span

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
set_span = action(spans.set_span)
set_spans = action(spans.set_spans)


def held(subject=1):
    rows = Span.objects.filter(subject_id=subject).order_by("pk")
    return [(s.value, s.from_at, s.until_at) for s in rows]


@pytest.mark.django_db
def test_a_new_value_ends_the_one_before():
    later = AT + timedelta(days=1)
    set_span("t.x", 1, "stage", "NEW", at=AT)
    set_span("t.x", 1, "stage", "NEW", at=later)
    set_span("t.x", 1, "stage", "MQL", at=later)
    assert held() == [("NEW", AT, later), ("MQL", later, None)]
    set_span("t.x", 1, "stage", "", at=later + timedelta(days=1))
    assert held()[-1][2] is not None


@pytest.mark.django_db
def test_a_change_dated_before_the_open_span_does_not_turn_time_round():
    set_span("t.x", 1, "stage", "NEW", at=AT)
    set_span("t.x", 1, "stage", "MQL", at=AT - timedelta(days=2))
    assert held() == [("NEW", AT, AT), ("MQL", AT, None)]


@pytest.mark.django_db
def test_many_subjects_take_the_same_statements_as_few(django_assert_max_num_queries):
    set_spans("t.x", "owner", dict.fromkeys(range(1, 400), "7"), at=AT)
    with django_assert_max_num_queries(8):
        set_spans("t.x", "owner", dict.fromkeys(range(1, 400), "8"), at=AT + timedelta(hours=1))
    assert held(5) == [("7", AT, AT + timedelta(hours=1)), ("8", AT + timedelta(hours=1), None)]
