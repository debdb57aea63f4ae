"""The demo company comes into an empty home only, whole or begun again."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.crash]


def test_a_killed_load_is_begun_again_and_then_served(empty, eventually):
    loading = subprocess.Popen(
        [sys.executable, "-m", "headwater", "demo", "--no-serve"], env=empty.env(), stderr=subprocess.DEVNULL
    )
    database = empty.home / "headwater.sqlite3"

    def has_people() -> bool:
        if not database.exists():
            return False
        with sqlite3.connect(database, timeout=20) as found:
            made = found.execute("SELECT 1 FROM sqlite_master WHERE name = 'parties_party'").fetchone()
            return bool(made and found.execute("SELECT count(*) FROM parties_party").fetchone()[0])

    eventually(has_people, 120)
    os.kill(loading.pid, signal.SIGKILL)
    loading.wait()

    refused = empty.run("up")
    assert refused.returncode == 1
    assert "headwater demo" in refused.stderr

    again = empty.run("demo", "--no-serve")
    assert again.returncode == 0, again.stderr
    with empty.serving() as server:
        assert "Owner " in server.said
        assert "Read only " in server.said
        assert server.get("/sign-in")[0] == 200
    second = empty.run("demo", "--no-serve")
    assert second.returncode == 1
    assert "already" in second.stderr

    gone = empty.run("demo", "--remove", "--json")
    assert gone.returncode == 0, gone.stderr
    report = json.loads(gone.stdout)
    assert report["removed"]["qualify_lead"] > 10_000
    assert (report["kept"], report["kept_count"]) == ([], 0)
    twice = empty.run("demo", "--remove")
    assert twice.returncode == 1
    assert "no demo company" in twice.stderr


def test_the_demo_company_is_kept_away_from_ones_own_data(installed):
    refused = installed.run("demo", "--no-serve")
    assert refused.returncode == 1
    assert "holds an installation already" in refused.stderr
