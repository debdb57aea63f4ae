"""A new version migrates after a backup; one that is killed half way loses nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.crash]


def tables(installation) -> set[str]:
    database = sqlite3.connect(installation.home / "headwater.sqlite3")
    try:
        return {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    finally:
        database.close()


def test_up_takes_a_backup_and_migrates(installed):
    with installed.later().serving() as server:
        assert server.get("/readyz")[0] == 200
    assert "hw_later_later" in tables(installed)
    assert len(list((installed.home / "backups").glob("before-*.tar.gz"))) == 1
    assert not (installed.home / "migrating.json").exists()


def test_the_database_looks_at_new_indexes_before_anybody_asks_by_them(installed):
    assert "sqlite_stat1" not in tables(installed)
    begin = (
        "from headwater.config import home, lifecycle; lifecycle.load_django(); from headwater.platform import clock"
    )
    migrate = "lifecycle.migrate_after_backup(home.current_home(), at=clock.now())"
    subprocess.run([sys.executable, "-c", f"{begin}; {migrate}"], env=installed.later().env(), check=True)
    assert {"hw_later_later", "sqlite_stat1"} <= tables(installed)


def test_a_migration_killed_half_way_is_refused_and_restored(installed, eventually):
    marker = installed.home / "migrating.json"
    killed = installed.later(HW_LATER_SLEEP="60").start("up")
    eventually(marker.exists, 30)
    eventually(lambda: "hw_later_later" in tables(installed), 30)
    os.kill(killed.process.pid, signal.SIGKILL)
    killed.process.wait()

    (kept,) = (installed.home / "backups").glob("before-*.tar.gz")
    for version in (installed, installed.later()):
        refused = version.run("up", "--no-browser")
        assert refused.returncode == 1
        assert f"headwater restore {kept}" in refused.stderr

    installed.run("restore", str(kept), check=True)
    assert "hw_later_later" not in tables(installed)
    with installed.serving() as server:
        assert server.get("/sign-in")[0] == 200
    with installed.later().serving():
        pass
    assert "hw_later_later" in tables(installed)


def test_a_migration_that_fails_is_taken_back_at_once(installed):
    """What was there before comes back by itself, and both versions can go on with it."""
    token = installed.run("token", "add", "owner@example.org", "--scope", "read", check=True)
    failed = installed.later(HW_LATER_FAILS="1").run("up", "--no-browser")
    assert failed.returncode == 1 and "a value nobody thought of" in failed.stderr
    assert "put back as it was" in failed.stderr and "Traceback" not in failed.stderr
    (log,) = installed.home.glob("replaced-*/upgrade-failed.txt")
    assert str(log) in failed.stderr and "RuntimeError" in log.read_text()
    assert "hw_later_later" not in tables(installed) and not (installed.home / "migrating.json").exists()
    assert installed.run("doctor").returncode == 0 and token.returncode == 0
    database = sqlite3.connect(installed.home / "headwater.sqlite3")
    assert database.execute("SELECT count(*), count(revoked_at) FROM team_apitoken").fetchone() == (1, 0)
    database.close()


def test_ctrl_c_waits_until_a_migration_is_through(installed, eventually):
    started = installed.later(HW_LATER_SLEEP="2").start("up")
    eventually(lambda: "hw_later_later" in tables(installed), 30)
    os.kill(started.process.pid, signal.SIGINT)
    started.process.wait(120)
    assert not (installed.home / "migrating.json").exists()
    assert installed.later().run("doctor").returncode == 0
