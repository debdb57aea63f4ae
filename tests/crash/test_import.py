"""An import whose process is killed: nothing half-written, nothing twice, and somebody goes on where it was."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ROWS = 6_000
BROKEN = range(17, ROWS, 101)
ROWS_IN = "SELECT max(rows_read) FROM intake_importbatch"
UNDONE = "SELECT json_extract(undo_report, '$.done') FROM intake_importbatch"
LIVE = "SELECT count(*) FROM {} WHERE deleted_at IS NULL"
WORK = """
from headwater.config import lifecycle
lifecycle.load_django()
from headwater.platform import job
from headwater.platform.clock import now
job.take_over_dead(alive=job.worker_name(), at=now())
while job.run_next(at=now()):
    pass
"""


class Company:
    """A data folder, the command that works on it, and what lies in its database."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HEADWATER_", "DJANGO_"))}
        self.env = {**kept, "HEADWATER_HOME": str(home)}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "headwater", *arguments]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=240, check=True)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *command], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.home / "headwater.sqlite3", timeout=20)) as database:
            return database.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        found = self.ask(sql)
        return found[0][0] if found else None

    def kill_in_the_middle(self, process: subprocess.Popen[bytes], *, beyond: int, counted: str = ROWS_IN) -> int:
        """Kill -9 once so many rows are in, or whatever is counted; how many were."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if (self.one(counted) or 0) > beyond:
                break
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.01)
        time.sleep(0.15)  # into the next chunk
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return int(self.one(counted))

    def assert_whole(self) -> None:
        """Whatever is there is complete: counts and rows agree, each lead has its event, span and touchpoint."""
        (created,) = self.ask("SELECT sum(created) FROM intake_importbatch WHERE NOT is_dry_run")[0]
        leads = self.one("SELECT count(*) FROM qualify_lead")
        assert leads == created
        assert (
            self.one("SELECT count(DISTINCT external_id) FROM platform_externalid WHERE kind = 'qualify.lead'") == leads
        )
        assert self.one("SELECT count(*) FROM platform_event WHERE verb = 'qualify.lead_captured'") == leads
        assert self.one("SELECT count(*) FROM acquire_touchpoint") == leads
        assert self.one("SELECT count(*) FROM platform_span WHERE kind = 'stage'") == leads
        assert self.ask("PRAGMA foreign_key_check") == []
        assert self.one("PRAGMA integrity_check") == "ok"

    def assert_half_undone(self, created: int) -> None:
        """Each lead is there, or gone with the fact that says so, and the report knows how many went."""
        gone = self.one("SELECT count(*) FROM qualify_lead WHERE deleted_at IS NOT NULL")
        assert 0 < gone <= created
        assert self.one("SELECT json_extract(undo_report, '$.removed') FROM intake_importbatch") == gone
        assert self.one("SELECT count(*) FROM platform_event WHERE verb = 'qualify.lead_deleted'") == gone

    def left_out(self) -> list[int]:
        """The lines in the file of rejects, as it stands."""
        name = self.one("SELECT rejects_file FROM intake_importbatch ORDER BY id DESC LIMIT 1")
        with (self.home / "files" / "imports" / name).open(encoding="utf-8-sig", newline="") as stream:
            return [int(row[0]) for row in list(csv.reader(stream))[1:]]


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path / "home")
    made.run("init")
    return made


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream)
        out.writerow(["Lead ID", "Name", "E-mail", "Company", "Source", "Arrived"])
        for n in range(ROWS):
            day = "2026-02-31" if n in BROKEN else "2026-02-20"
            out.writerow([f"L{n}", f"Anna Berg{n}", f"anna{n}@firm{n}.example", f"Firm {n}", "Fair", day])
    return path


def test_a_killed_command_is_finished_by_a_worker_that_may_be_killed_too(company: Company, leads: Path) -> None:
    command = company.start("-m", "headwater", "import", "leads", str(leads))
    reached = company.kill_in_the_middle(command, beyond=500)
    assert 500 < reached < ROWS
    company.assert_whole()
    assert company.one("SELECT state FROM intake_importbatch") == "RUNNING"

    worker = company.start("-c", WORK)
    further = company.kill_in_the_middle(worker, beyond=reached + 500)
    assert reached < further < ROWS
    company.assert_whole()

    assert company.start("-c", WORK).wait(timeout=240) == 0
    company.assert_whole()
    batch = company.ask("SELECT state, rows_read, created, updated, unchanged, rejected FROM intake_importbatch")
    assert batch == [("DONE", ROWS, ROWS - len(BROKEN), 0, 0, len(BROKEN))]
    assert company.left_out() == [n + 2 for n in BROKEN]
    assert company.one("SELECT count(*) FROM platform_event WHERE verb = 'intake.file_imported'") == 1


def test_after_a_kill_the_same_file_can_simply_be_imported_again(company: Company, leads: Path) -> None:
    command = company.start("-m", "headwater", "import", "leads", str(leads))
    reached = company.kill_in_the_middle(command, beyond=1_000)
    there = company.one("SELECT created FROM intake_importbatch")
    again = json.loads(company.run("import", "leads", str(leads), "--json").stdout)
    assert (again["created"], again["unchanged"]) == (ROWS - len(BROKEN) - there, there)
    assert reached > there
    company.assert_whole()


def test_a_killed_undo_is_finished_by_a_worker_that_may_be_killed_too(company: Company, leads: Path) -> None:
    imported = json.loads(company.run("import", "leads", str(leads), "--json").stdout)
    command = company.start("-m", "headwater", "undo", str(imported["batch"]))
    reached = company.kill_in_the_middle(command, beyond=500, counted=UNDONE)
    assert company.one("SELECT state FROM intake_importbatch") == "UNDOING"
    company.assert_half_undone(imported["created"])

    worker = company.start("-c", WORK)
    further = company.kill_in_the_middle(worker, beyond=reached + 2_000, counted=UNDONE)
    assert further > reached + 2_000
    company.assert_half_undone(imported["created"])

    assert company.start("-c", WORK).wait(timeout=240) == 0
    state, report = company.ask("SELECT state, undo_report FROM intake_importbatch")[0]
    said = {"removed": imported["created"], "restored": 0, "kept": [], "also": ["Source “Fair”"]}
    assert (state, json.loads(report)) == ("UNDONE", said)
    for table in ("qualify_lead", "parties_party", "acquire_touchpoint"):
        assert company.one(LIVE.format(table)) == 0, table
    assert company.one("SELECT count(*) FROM platform_event WHERE verb = 'qualify.lead_deleted'") == imported["created"]
    assert company.one("SELECT count(*) FROM platform_event WHERE verb = 'intake.import_undone'") == 1
    assert company.one("PRAGMA integrity_check") == "ok"

    again = json.loads(company.run("import", "leads", str(leads), "--json").stdout)
    assert again["created"] == imported["created"]
    assert company.one(LIVE.format("qualify_lead")) == imported["created"]


def test_a_killed_undo_of_opportunities_leaves_each_with_its_order_and_is_finished(
    company: Company, tmp_path: Path
) -> None:
    path = tmp_path / "deals.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream)
        out.writerow(["External id", "Title", "Company", "State", "Won or lost on"])
        out.writerows([f"D{n}", f"Deal {n}", f"Firm {n % 90}", "won", "2026-03-02"] for n in range(ROWS // 2))
    imported = json.loads(company.run("import", "opportunities", str(path), "--json").stdout)
    assert imported["created"] == ROWS // 2
    command = company.start("-m", "headwater", "undo", str(imported["batch"]))
    company.kill_in_the_middle(command, beyond=400, counted=UNDONE)
    left = company.one(LIVE.format("sell_opportunity"))
    assert 0 < left < ROWS // 2 and company.one(LIVE.format("sell_order")) == left
    removed = company.one("SELECT json_extract(undo_report, '$.removed') FROM intake_importbatch")
    assert removed == ROWS // 2 - left

    assert company.start("-c", WORK).wait(timeout=240) == 0
    state, report = company.ask("SELECT state, undo_report FROM intake_importbatch")[0]
    assert (state, json.loads(report)["removed"], json.loads(report)["kept"]) == ("UNDONE", ROWS // 2, [])
    for table in ("sell_opportunity", "sell_order", "parties_party"):
        assert company.one(LIVE.format(table)) == 0, table
    told = "SELECT count(*) FROM platform_event WHERE verb = 'sell.{}_deleted'"
    assert [company.one(told.format(noun)) for noun in ("opportunity", "order")] == [ROWS // 2] * 2
