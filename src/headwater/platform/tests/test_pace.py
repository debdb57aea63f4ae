"""Long work goes in chunks as large as fit into the time that others may be kept waiting."""

import time

import pytest
from django.db import connection

from headwater.platform import pace


@pytest.mark.parametrize("seconds", [0.1, 0.2])
def test_chunks_come_to_take_the_time_they_may_however_much_a_row_costs(seconds, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    paced, took = pace.Pace(seconds), []
    for cost in [0.0002] * 8 + [0.0008] * 3:
        rows = paced.size
        with paced.chunk(rows):
            clock[0] += rows * cost
        took.append(rows * cost)
    assert took[7] == pytest.approx(seconds, rel=0.1)
    assert took[8] > 2 * seconds and took[10] == pytest.approx(seconds, rel=0.35)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps nobody waiting")
@pytest.mark.parametrize(("breath", "slept"), [({}, 0.1), ({"breath": 0.3}, 0.3)])
def test_the_database_is_left_free_for_as_long_as_it_is_said(breath, slept, monkeypatch):
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    paced = pace.Pace(**breath)
    with paced.chunk(1):
        pass
    paced.breathe()
    assert pauses == [pytest.approx(slept, abs=0.05)]
