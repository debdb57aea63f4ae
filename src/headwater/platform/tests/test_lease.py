"""One worker at a time, and one that was too slow changes nothing any more."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from headwater.platform.clock import now
from headwater.platform.lease import Lease, LeaseLost
from headwater.platform.models import HandlerCursor

pytestmark = pytest.mark.django_db
SHORT = timedelta(seconds=0.2)


@pytest.fixture
def row():
    HandlerCursor.objects.create(handler="test")
    return HandlerCursor.objects.filter(pk="test")


def test_one_has_it_until_it_ends(row):
    mine = Lease.take(row, lasts=SHORT, at=now())
    assert mine is not None and Lease.take(row, lasts=SHORT, at=now()) is None
    mine.end()
    assert Lease.take(row, lasts=SHORT, at=now()) is not None


def test_who_renews_it_keeps_it(row, monkeypatch):
    begun, passed = now(), timedelta()
    monkeypatch.setattr(time, "monotonic", lambda: passed.total_seconds())
    mine = Lease.take(row, lasts=SHORT, at=begun)
    for _ in range(4):
        passed += 0.55 * SHORT
        mine.renew()
        assert Lease.take(row, lasts=SHORT, at=begun + passed) is None
    mine.write(position=7)
    assert row.get().position == 7


def test_who_was_too_slow_changes_nothing_and_ends_nobody_elses(row):
    mine, later = Lease.take(row, lasts=SHORT, at=now()), now() + timedelta(minutes=1)
    theirs = Lease.take(row, lasts=SHORT, at=later)
    with pytest.raises(LeaseLost):
        mine.write(position=7)
    mine.end()
    assert theirs is not None and Lease.take(row, lasts=SHORT, at=later) is None
    assert row.get().position == 0
