"""The life of an installation whose data lie in PostgreSQL."""

from __future__ import annotations

import json
import os
import shutil

import psycopg
import pytest

URL = os.environ.get("HEADWATER_TEST_DATABASE_URL", "")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not URL, reason="needs PostgreSQL (make test-all)")]


@pytest.fixture
def bare(at, tmp_path, database):
    """A folder that does not exist yet, and an empty database."""
    with database() as (_, url):
        yield at(tmp_path / "on-postgres", {"HEADWATER_DATABASE_URL": url})


@pytest.fixture
def on_postgres(at, tmp_path, template, database):
    """An installation of its own."""
    home, name = template
    with database(like=name) as (_, url):
        yield at(shutil.copytree(home, tmp_path / "on-postgres"), {"HEADWATER_DATABASE_URL": url})


def asked(installation, question: str) -> list[tuple]:
    with psycopg.connect(installation.environment["HEADWATER_DATABASE_URL"]) as database:
        return database.execute(question).fetchall()


def emails(installation) -> set[str]:
    return {row[0] for row in asked(installation, "SELECT email FROM team_user")}


def add(installation, email: str) -> None:
    installation.run("user", "add", email, "--role", "owner", check=True)


def test_an_installation_is_made_and_served(bare):
    bare.run("init", check=True)
    report = json.loads(bare.run("doctor", "--json").stdout)
    assert (report["ok"], report["database"]["engine"]) == (True, "postgresql")
    with bare.serving() as server:
        assert server.get("/readyz")[0] == 200


def test_a_backup_comes_back(on_postgres, tmp_path):
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
    with on_postgres.later().serving():
        pass
    assert on_postgres.run("up").returncode == 1
    (kept,) = (on_postgres.home / "backups").glob("before-*.tar.gz")
    on_postgres.run("restore", str(kept), check=True)
    with on_postgres.later().serving():
        pass


def test_a_migration_that_fails_is_taken_back_at_once(on_postgres):
    add(on_postgres, "first@example.org")
    failed = on_postgres.later(HW_LATER_FAILS="1").run("up", "--no-browser")
    assert failed.returncode == 1 and "put back as it was" in failed.stderr
    assert asked(on_postgres, "SELECT to_regclass('hw_later_later')") == [(None,)]
    assert emails(on_postgres) == {"first@example.org"}
    assert on_postgres.run("doctor").returncode == 0


def test_a_database_that_holds_data_is_never_filled(on_postgres, tmp_path):
    add(on_postgres, "first@example.org")
    on_postgres.home = tmp_path / "other"
    done = on_postgres.run("init")
    assert done.returncode == 1
    assert "holds data already" in done.stderr
    assert emails(on_postgres) == {"first@example.org"}


def test_a_backup_of_another_kind_of_database_is_refused(on_postgres, installed, tmp_path):
    file = tmp_path / "b.tar.gz"
    installed.run("backup", str(file), check=True)
    done = on_postgres.run("restore", str(file))
    assert done.returncode == 1
    assert "sqlite" in done.stderr
