"""The move from SQLite into PostgreSQL: every row or nothing, also of values nobody thought of."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

URL = os.environ.get("HEADWATER_TEST_DATABASE_URL", "")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not URL, reason="needs PostgreSQL (make test-all)")]

EVERYTHING = r"""
import json
from headwater.config.lifecycle import load_django
load_django()
from django.apps import apps
for model in sorted(apps.get_models(include_auto_created=True), key=lambda m: m._meta.label):
    rows = (json.dumps(row, default=repr, sort_keys=True) for row in model._base_manager.values_list())
    print(model._meta.label, *sorted(rows), sep="\n")
"""
WORKED_OFF = """
from headwater.config.lifecycle import load_django
load_django()
from headwater.platform.clock import now
from headwater.platform.job import run_next
while run_next(at=now()) is not None:
    pass
"""
HOSTILE = "O’Malley \\ \t\r\n\b\f\v \\. \\N “日本” 🦅 ‮x"
DOCUMENT = '{"n": 123456789012345678901234567890, "d": 0.10, "": "\\ud83e\\udd85\\n\\\\\\"", "a": [null, true]}'


@pytest.fixture
def empty_database():
    """The address of an empty database."""
    name = f"hw_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(URL, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(URL)._replace(path=f"/{name}"))
    with psycopg.connect(URL, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def inside(installation):
    database = sqlite3.connect(installation.home / "headwater.sqlite3")
    try:
        yield database
        database.commit()
    finally:
        database.close()


def everything(installation) -> str:
    return subprocess.run(
        [sys.executable, "-c", EVERYTHING], env=installation.env(), capture_output=True, text=True, check=True
    ).stdout


def things_in(url: str) -> int:
    with psycopg.connect(url) as database:
        row = database.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace").fetchone()
    return row[0]


def kill_while_it_copies(installation, url: str) -> None:
    moving = subprocess.Popen(
        [sys.executable, "-m", "headwater", "move-to-postgres", url],
        env=installation.env(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    for line in moving.stderr:
        if "tables" in line:
            break
    os.kill(moving.pid, signal.SIGKILL)
    moving.wait()
    moving.stderr.close()


def test_everything_arrives_or_nothing_does(installed, empty_database):
    with inside(installed) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(platform_event)")]
        likeness = database.execute("SELECT * FROM platform_event LIMIT 1").fetchone()
        values = dict(zip(columns, likeness, strict=True))
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        for number, changes in enumerate((
            {"data": DOCUMENT, "at": "9999-12-31 23:59:59.999999", "subject_id": 2**63 - 1},
            {"data": "{}", "at": "0001-01-01 00:00:00", "subject_id": -(2**63)},
        ), 1_000_001):  # fmt: skip
            database.execute(
                f"INSERT INTO platform_event ({names}) VALUES ({marks})",
                [{**values, "id": number, **changes}[name] for name in columns],
            )
        database.execute("UPDATE team_user SET name = ?", [HOSTILE])
        database.execute("UPDATE team_company SET name = ?", ["Fisch\0er"])
        database.execute("UPDATE sqlite_sequence SET seq = 5000 WHERE name = 'team_user'")

    refused = installed.run("move-to-postgres", empty_database)
    assert refused.returncode == 1 and "team_company 1: name holds the character NUL" in refused.stderr
    assert things_in(empty_database) == 0

    kill_while_it_copies(installed, empty_database)
    deadline = time.monotonic() + 30
    while things_in(empty_database) and time.monotonic() < deadline:
        time.sleep(0.05)

    before = (installed.home / "headwater.sqlite3").read_bytes()
    told = json.loads(
        installed.run("move-to-postgres", empty_database, "--replace-characters", "--json", check=True).stdout
    )
    assert told["replaced"] == 1 and told["setting"] == "HEADWATER_DATABASE_URL"
    assert {table["table"]: table["rows"] for table in told["tables"]}["team_user"] == 1
    assert (installed.home / "headwater.sqlite3").read_bytes() == before

    left = installed.run("user", "add", "late@example.org", "--role", "service")
    assert left.returncode == 1 and "moved" in left.stderr and "HEADWATER_DATABASE_URL" in left.stderr
    here = everything(installed).replace("Fisch\\u0000er", "Fisch\\ufffder")
    installed.environment["HEADWATER_DATABASE_URL"] = empty_database
    assert everything(installed) == here
    added = json.loads(
        installed.run("user", "add", "late@example.org", "--role", "service", "--json", check=True).stdout
    )
    assert added["id"] == 5001


def test_own_fields_are_indexed_where_they_arrive(installed, empty_database):
    with inside(installed) as database:
        database.execute(
            'INSERT INTO platform_customfield (noun, "table", key, label, kind, help, choices, is_required, formula,'
            " result, position, created_at) VALUES ('qualify.lead', 'qualify_lead', 'cf_floor', 'Floor', 'NUMBER', '',"
            " '[]', 0, '', '', 0, '2026-11-12 09:20:00')"
        )
    installed.run("move-to-postgres", empty_database, check=True)
    installed.environment["HEADWATER_DATABASE_URL"] = empty_database
    subprocess.run([sys.executable, "-c", WORKED_OFF], env=installed.env(), check=True)
    with psycopg.connect(empty_database) as database:
        found = database.execute("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'custom\\_%'").fetchall()
    assert len(found) == 1 and "cf_floor" in found[0][0]


def test_a_database_that_holds_something_is_refused(installed, empty_database):
    with psycopg.connect(empty_database, autocommit=True) as database:
        database.execute("CREATE TABLE theirs (id int)")
    refused = installed.run("move-to-postgres", empty_database)
    assert refused.returncode == 1 and "holds something already" in refused.stderr
    assert things_in(empty_database) == 1
    assert not list((installed.home / "backups").iterdir())
