"""The life of an installation whose data lie in PostgreSQL."""

from __future__ import annotations

import json
import os
import uuid
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

URL = os.environ.get("HEADWATER_TEST_DATABASE_URL", "")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not URL, reason="needs PostgreSQL (make test-all)")]


@pytest.fixture
def on_postgres(empty):
    """An empty folder and an empty database."""
    name = f"hw_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(URL, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    empty.environment["HEADWATER_DATABASE_URL"] = urlunsplit(urlsplit(URL)._replace(path=f"/{name}"))
    yield empty
    with psycopg.connect(URL, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def asked(installation, question: str) -> list[tuple]:
    with psycopg.connect(installation.environment["HEADWATER_DATABASE_URL"]) as database:
        return database.execute(question).fetchall()


def emails(installation) -> set[str]:
    return {row[0] for row in asked(installation, "SELECT email FROM team_user")}


def add(installation, email: str) -> None:
    installation.run("user", "add", email, "--role", "owner", check=True)


def test_an_installation_is_made_and_served(on_postgres):
    on_postgres.run("init", check=True)
    report = json.loads(on_postgres.run("doctor", "--json").stdout)
    assert (report["ok"], report["database"]["engine"]) == (True, "postgresql")
    with on_postgres.serving() as server:
        assert server.get("/health")[0] == 200


def test_a_backup_comes_back(on_postgres, tmp_path):
    on_postgres.run("init", check=True)
    add(on_postgres, "first@example.org")
    on_postgres.run("token", "add", "first@example.org", "--scope", "read", check=True)
    file = tmp_path / "b.tar.gz"
    on_postgres.run("backup", str(file), check=True)
    add(on_postgres, "second@example.org")
    on_postgres.run("restore", str(file), check=True)
    assert emails(on_postgres) == {"first@example.org"}
    assert asked(on_postgres, "SELECT count(*), count(revoked_at) FROM team_apitoken") == [(1, 1)]
    assert on_postgres.run("doctor").returncode == 0


def test_what_a_later_migration_made_is_gone_after_a_restore(on_postgres):
    on_postgres.run("init", check=True)
    with on_postgres.later().serving():
        pass
    assert on_postgres.run("up").returncode == 1
    (kept,) = (on_postgres.home / "backups").glob("before-*.tar.gz")
    on_postgres.run("restore", str(kept), check=True)
    with on_postgres.later().serving():
        pass


def test_a_database_that_holds_data_is_never_filled(on_postgres, tmp_path):
    on_postgres.run("init", check=True)
    add(on_postgres, "first@example.org")
    on_postgres.home = tmp_path / "other"
    done = on_postgres.run("init")
    assert done.returncode == 1
    assert "holds data already" in done.stderr
    assert emails(on_postgres) == {"first@example.org"}


def test_a_backup_of_another_kind_of_database_is_refused(on_postgres, installed, tmp_path):
    file = tmp_path / "b.tar.gz"
    installed.run("backup", str(file), check=True)
    on_postgres.home = tmp_path / "on-postgres"
    on_postgres.run("init", check=True)
    done = on_postgres.run("restore", str(file))
    assert done.returncode == 1
    assert "sqlite" in done.stderr
