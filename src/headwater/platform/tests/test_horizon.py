"""No reader of the log skips an event that becomes visible late (PostgreSQL), nor waits for ever."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from headwater.platform import horizon
from headwater.platform.models import Event

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def add(number):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()")
    return Event.objects.create(
        verb="test.x", subject_type="t", subject_id=number, actor="t", occurred_at=AT, recorded_at=AT, request_id="r"
    ).pk


@pytest.fixture
def fresh_watch(monkeypatch):
    monkeypatch.setattr(horizon, "_watch", horizon._Watch())
    monkeypatch.setattr(horizon, "PATIENCE_SECONDS", 0.1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite writes one transaction at a time")
def test_an_event_of_a_slow_transaction_is_waited_for(fresh_watch):
    before = add(1)
    assert horizon.log_horizon() == before
    took, may_end, low = threading.Event(), threading.Event(), []

    def slow_writer():
        with transaction.atomic():
            low.append(add(2))
            took.set()
            may_end.wait(10)
        connection.close()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    took.wait(10)
    high = add(3)
    assert high > low[0]
    assert horizon.log_horizon() == before, "the lower id is not visible yet"
    may_end.set()
    writer.join()
    assert horizon.log_horizon() == high


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite writes one transaction at a time")
def test_a_transaction_that_is_older_but_took_no_id_does_not_hide_what_a_younger_one_took(fresh_watch):
    started, may_write, may_end = threading.Event(), threading.Event(), threading.Event()
    taken = []

    def old_transaction():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
            started.set()
            may_write.wait(10)
            taken.append(add(9))
            may_end.wait(10)
        connection.close()

    writer = threading.Thread(target=old_transaction)
    writer.start()
    started.wait(10)
    younger = add(1)
    may_write.set()
    while not taken:
        pass
    seen = horizon.log_horizon()
    assert seen < younger or taken[0] > seen
    may_end.set()
    writer.join()
    assert horizon.log_horizon() == max(younger, taken[0])
