"""A new database has the tables, and the rows, of one that was migrated step by step."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import subprocess
import sys

import psycopg
import pytest

POSTGRES = bool(os.environ.get("HEADWATER_TEST_DATABASE_URL"))

AT_ONCE = 'call_command("migrate", verbosity=0)'
FROM_AN_EARLIER_VERSION = """
from django.core.management.commands import migrate
for room, last in (("team", "0011"), ("sell", "0003"), ("platform", "0003")):
    call_command(migrate.Command(), room, last, verbosity=0)
call_command("migrate", verbosity=0)
"""
WITH_AN_ENTRY_FROM_BEFORE = """
from django.core.management.commands import migrate
from django.db import connection
call_command(migrate.Command(), "platform", "0011", verbosity=0)
with connection.cursor() as cursor:
    cursor.execute("INSERT INTO platform_searchentry (id, text) VALUES (9000000000000000007, 'orla keane')")
call_command("migrate", verbosity=0)
"""
FOUND = (
    "SELECT e.id FROM platform_search JOIN platform_searchentry e ON e.id = platform_search.rowid"
    " WHERE platform_search MATCH ?"
)
PREPARED = """
from headwater.config.lifecycle import load_django
load_django()
from django.core.management import call_command
"""
SHAPE_IN_POSTGRES = (
    "SELECT table_name, column_name, udt_name, character_maximum_length, numeric_precision, is_nullable,"
    " column_default, identity_generation FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "SELECT sequencename, data_type::text, start_value FROM pg_sequences WHERE schemaname = 'public'",
    "SELECT extname FROM pg_extension",
)
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'"
    " AND name NOT LIKE 'sqlite%' AND sql NOT LIKE '%fts5%'",
    "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}
PASSING = {"django_migrations": "app, name", "django_content_type": "app_label, model"}


@pytest.fixture
def two_databases(at, tmp_path, request):
    """Two data folders without tables."""
    with contextlib.ExitStack() as until:
        made = []
        for name in ("one", "two"):
            home = at(tmp_path / name)
            home.home.mkdir(mode=0o700)
            if POSTGRES:
                _, url = until.enter_context(request.getfixturevalue("database")())
                home.environment["HEADWATER_DATABASE_URL"] = url
            made.append(home)
        yield made


def migrated(installation, how: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PREPARED + how], env=installation.env(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def opened(installation):
    if POSTGRES:
        return contextlib.closing(psycopg.connect(installation.environment["HEADWATER_DATABASE_URL"]))
    return contextlib.closing(sqlite3.connect(installation.home / "headwater.sqlite3"))


def shape(installation) -> list:
    """Tables, columns, constraints and indexes, in an order that does not depend on which came first."""
    with opened(installation) as database:
        if POSTGRES:
            return [sorted(database.execute(question).fetchall(), key=repr) for question in SHAPE_IN_POSTGRES]
        things = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
        return sorted((*thing, parts(sql or "")) for *thing, sql in things)


def parts(sql: str) -> list[str]:
    """A statement's parts between the commas that stand in no brackets but its own."""
    depth, found = 0, [""]
    for letter in re.sub(r"\s+", " ", sql):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 1:
            found.append("")
        else:
            found[-1] += letter
    if sql.startswith("CREATE TABLE"):
        head, _, first = found[0].partition("(")
        found = [head, first, *found[1:-1], found[-1].removesuffix(")")]
    return sorted(part.strip() for part in found)


def rows(installation) -> dict[str, list]:
    with opened(installation) as database:
        tables = database.execute(TABLES["postgres" if POSTGRES else "sqlite"]).fetchall()
        return {
            table: sorted(database.execute(f'SELECT {PASSING.get(table, "*")} FROM "{table}"').fetchall(), key=repr)
            for (table,) in tables
            if table != "auth_permission"  # by number of the content type, which says nothing
        }


def test_a_new_database_is_like_one_that_grew(two_databases):
    new, grown = two_databases
    migrated(new, AT_ONCE)
    migrated(grown, FROM_AN_EARLIER_VERSION)
    assert shape(new) == shape(grown)
    assert rows(new)["sell_pipelinestage"] and rows(new) == rows(grown)


@pytest.mark.skipif(POSTGRES, reason="PostgreSQL keeps no rows by their ids")
def test_search_entries_from_before_are_kept_by_their_ids_and_found(two_databases):
    """The index is not written again with them, and goes on following them."""
    grown, _other = two_databases
    migrated(grown, WITH_AN_ENTRY_FROM_BEFORE)
    with opened(grown) as database:
        assert database.execute("SELECT rowid, id FROM platform_searchentry").fetchall() == [(9 * 10**18 + 7,) * 2]
        assert database.execute(FOUND, ["kea"]).fetchall() == [(9 * 10**18 + 7,)]
        database.execute("UPDATE platform_searchentry SET text = 'orla pike'")
        assert not database.execute(FOUND, ["kea"]).fetchall() and database.execute(FOUND, ["pik"]).fetchall()


def test_tables_come_all_or_none(two_databases):
    """What cannot be finished leaves nothing behind, so that it can simply be done again."""
    new, _other = two_databases
    failed = new.later(HW_LATER_FAILS="1").run("init")
    assert failed.returncode != 0 and "a value nobody thought of" in failed.stderr
    with opened(new) as database:
        assert database.execute(TABLES["postgres" if POSTGRES else "sqlite"]).fetchall() == []
    new.run("init", check=True)
    assert new.run("doctor").returncode == 0
