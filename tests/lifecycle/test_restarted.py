"""Two web processes and two workers on one PostgreSQL, which is stopped and started again while all of them work."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("HEADWATER_TEST_DATABASE_URL"), reason="needs PostgreSQL (make test-all)"),
]
LEADS, WRITERS = 600, 2


def with_postgres() -> ModuleType:
    """The script that runs a server of our own."""
    path = Path(__file__).resolve().parents[2] / "scripts" / "with_postgres.py"
    spec = importlib.util.spec_from_file_location("with_postgres", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules["with_postgres"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Company:
    """A served installation as a program sees it, and its database as nobody but a test does."""

    def __init__(self, port: int, token: str, database: str) -> None:
        self.base, self.token, self.database = f"http://127.0.0.1:{port}/api/v1", token, database
        self.over = threading.Event()
        self.answered: Counter[int] = Counter()
        self.written: list[str] = []

    def post(self, path: str, body: object, key: str) -> tuple[int, dict]:
        sent = urllib.request.Request(f"{self.base}{path}", json.dumps(body).encode(), method="POST")
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Idempotency-Key": key}
        for name, value in headers.items():
            sent.add_header(name, value)
        try:
            with urllib.request.urlopen(sent, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def insist(self, path: str, body: object, key: str) -> dict:
        """Send until it is done; told to wait, the same is sent again."""
        while True:
            status, told = self.post(path, body, key)
            self.answered[status] += 1
            if status in (200, 202):
                return told
            assert status in (409, 503), (status, told)  # 409: the first one with this key is still under way
            time.sleep(0.05)

    def write_on(self, name: str) -> None:
        for number in range(10_000):
            if self.over.is_set():
                return
            lead = {"name": f"{name} {number}", "interest": "ENQUIRY"}
            assert self.insist("/leads/bulk", [lead], f"{name}-{number}".replace(" ", "-"))["created"] == 1
            self.written.append(lead["name"])

    def asked(self, question: str) -> list[tuple]:
        with psycopg.connect(self.database) as database:
            return database.execute(question).fetchall()

    def count(self, question: str) -> int:
        return int(self.asked(f"SELECT count(*) FROM {question}")[0][0])


@contextlib.contextmanager
def one_more_worker(installation, eventually):
    """A worker beside the one of the server; it is at work when the block begins."""
    import psutil

    process = subprocess.Popen([sys.executable, "-m", "headwater", "worker"], env=installation.env())
    try:
        eventually(lambda: process.poll() is not None or psutil.Process(process.pid).num_threads() > 5)
        assert process.poll() is None
        yield
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextlib.contextmanager
def everybody_writing(company):
    threads = [threading.Thread(target=company.write_on, args=(f"Writer {n}",)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        company.over.set()
        for thread in threads:
            thread.join()


def test_a_restarted_database_loses_and_doubles_nothing(on_postgres_of_its_own, eventually):
    installation, postgres, token = on_postgres_of_its_own
    with installation.serving() as server, one_more_worker(installation, eventually):
        assert len(server.family()) >= 4  # the server, two web processes, a worker
        company = Company(server.port, token, postgres.url)
        rows = [{"name": f"Orla {number}", "interest": "ENQUIRY"} for number in range(LEADS)]
        company.insist("/leads/bulk", rows, "bulk")
        ids = [pk for (pk,) in company.asked("SELECT id FROM qualify_lead ORDER BY id")]
        assert len(ids) == LEADS
        with everybody_writing(company):
            jobs = "platform_job WHERE kind = 'platform.many'"
            company.insist("/leads/do/move", {"ids": ids, "stage": "WORKING"}, "move")
            eventually(lambda: company.count(f"{jobs} AND started_at IS NULL") == 0)
            postgres.stop("fast")
            eventually(lambda: company.answered[503] > 0)
            postgres.start()
            # A step that its worker could not put back is taken up after a minute without a sign of life.
            eventually(lambda: company.count(f"{jobs} AND state <> 'DONE'") == 0, seconds=300)
        assert company.count("platform_event WHERE verb = 'qualify.lead_moved'") == LEADS
        assert company.count("qualify_lead WHERE stage = 'WORKING'") == LEADS
        kept = [name for (name,) in company.asked("SELECT name FROM parties_party WHERE name LIKE 'Writer%'")]
        assert len(kept) > WRITERS and sorted(kept) == sorted(company.written)
        assert server.process.poll() is None and server.get("/readyz")[0] == 200


@pytest.fixture
def on_postgres_of_its_own(at, tmp_path, template):
    """An installation with a server for itself, which may be stopped; and a program's token."""
    home, name = template
    with with_postgres().throw_away() as postgres:
        shared = psycopg.conninfo.conninfo_to_dict(os.environ["HEADWATER_TEST_DATABASE_URL"])
        dump = subprocess.run(
            ["pg_dump", "--dbname", psycopg.conninfo.make_conninfo(**{**shared, "dbname": name}), "--no-owner"],
            check=True, capture_output=True,
        )  # fmt: skip
        subprocess.run(
            ["psql", "--quiet", "--dbname", postgres.url], input=dump.stdout, check=True, capture_output=True
        )
        made = at(shutil.copytree(home, tmp_path / "home"), {"HEADWATER_DATABASE_URL": postgres.url})
        made.run("user", "add", "owner@example.org", "--role", "owner", check=True)
        added = made.run("token", "add", "owner@example.org", "--scope", "write", "--json", check=True)
        yield made, postgres, json.loads(added.stdout)["token"]
