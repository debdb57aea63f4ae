"""Background work goes on after whatever happens to the process that does it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.crash]

ENQUEUE = """
from headwater.config import lifecycle
lifecycle.load_django()
from headwater.platform import job
from headwater.platform.clock import now
job.enqueue("later.count", args={}, at=now())
"""


def the_job(installation) -> dict:
    database = sqlite3.connect(installation.home / "headwater.sqlite3", timeout=20)
    try:
        database.row_factory = sqlite3.Row
        return dict(database.execute("SELECT * FROM platform_job WHERE kind = 'later.count'").fetchone())
    finally:
        database.close()


@pytest.fixture
def counting(installed, eventually):
    """A later version that serves, with a job half way."""
    later = installed.later()
    with later.serving() as server:
        subprocess.run([sys.executable, "-c", ENQUEUE], env=later.env(), check=True)
        eventually(lambda: the_job(later)["done_units"] >= 5)
        yield later, server


def test_a_killed_worker_loses_no_job_and_counts_on(counting, eventually):
    later, server = counting
    (worker,) = server.workers()
    os.kill(worker, signal.SIGKILL)
    reached = the_job(later)["done_units"]
    eventually(lambda: the_job(later)["state"] == "DONE", 30)
    done = the_job(later)
    assert json.loads(done["result"]) == {"counted": 40}
    assert done["attempts"] == 1, "it got on: that was no try in vain"
    assert reached >= 5


def test_a_clean_stop_puts_the_job_back_without_counting_it_as_failed(counting, eventually):
    later, server = counting
    os.kill(server.process.pid, signal.SIGINT)
    assert server.process.wait(60) == 0
    stopped = the_job(later)
    assert (stopped["state"], stopped["attempts"]) == ("QUEUED", 0)
    with later.serving():
        eventually(lambda: the_job(later)["state"] == "DONE", 30)
    assert the_job(later)["attempts"] == 1


def test_a_long_job_holds_up_neither_the_clock_nor_deliveries(counting, eventually):
    later, _server = counting
    database = sqlite3.connect(later.home / "headwater.sqlite3", timeout=20, isolation_level=None)
    try:
        database.execute("DELETE FROM platform_schedulerun WHERE name = 'worker.alive'")
        seen = "SELECT count(*) FROM platform_schedulerun WHERE name = 'worker.alive'"
        eventually(lambda: database.execute(seen).fetchone() == (1,))
    finally:
        database.close()
    assert the_job(later)["state"] == "RUNNING"
