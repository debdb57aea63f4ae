"""Moving an installation from the embedded SQLite into PostgreSQL: every row, verified, all or nothing.

Everything that happens in PostgreSQL is one transaction: what is cut off leaves the database as empty as it was. The
SQLite file is opened for reading only. Django works on PostgreSQL here, so migrations fill the right database.
"""

# ruff: noqa: S608  (names of tables and columns are those of the databases themselves)

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from headwater.config import backup, lifecycle, locks
from headwater.config.carried import Carrier, Checksum, Column, Unfit, lines_of
from headwater.config.home import Home
from headwater.platform.errors import DomainError

PORTION = 2_000
TOLD = 20
NOT_CARRIED = ("sqlite_", "platform_search_")  # SQLite's own, and the parts of its full-text index
FULL_TEXT = "platform_search"
ROOM = 2.2  # times the database: the backup's copy and its archive

OnProgress = Callable[[int, int | None, str], None]


class MovedAlready(DomainError):
    """The installation uses PostgreSQL as it is."""

    code = "on_postgres_already"
    message = "This installation uses PostgreSQL already: HEADWATER_DATABASE_URL is set."


class CannotMove(DomainError):
    """Something must be seen to before the move; nothing was changed."""

    code = "cannot_move"
    message = "The move has not begun: {reason}. Nothing was changed."


class CannotCarry(DomainError):
    """Some values are none that PostgreSQL can hold; nothing was changed."""

    code = "cannot_carry"
    message = (
        "PostgreSQL cannot hold these values: {values}. Nothing was changed. Correct them in Headwater; characters "
        "that are none are replaced by “\ufffd” with --replace-characters."
    )


class NotTheSame(DomainError):
    """What arrived is not what was sent; nothing was kept."""

    code = "not_the_same"
    message = (
        "After the copy {tables} differed between the two databases. Nothing was kept in PostgreSQL, and SQLite is as "
        "it was: begin again. If it comes again, look for triggers or rules in that database, and report it."
    )


@dataclass(frozen=True)
class MovedTable:
    """One table that was copied and compared."""

    table: str
    rows: int
    checksum: str


@dataclass
class Move:
    """What was moved, and the one thing left to do."""

    database: str
    backup: str
    tables: list[MovedTable] = field(default_factory=list)
    replaced: int = 0
    indexed: bool = True
    setting: str = "HEADWATER_DATABASE_URL"

    @property
    def rows(self) -> int:
        """All rows of all tables."""
        return sum(table.rows for table in self.tables)


def move(home: Home, url: str, *, at: datetime, mends: bool = False, on_progress: OnProgress) -> Move:
    """Copy everything into the empty PostgreSQL database at ``url``, compare every row, and keep it or nothing.

    Raises:
        CannotMove, CannotCarry, NotTheSame: says why; PostgreSQL is as empty as before.
        AlreadyRunning, InUse: somebody works on the folder.
    """
    if os.environ.get("HEADWATER_DATABASE_URL"):
        raise MovedAlready()
    lifecycle.refuse_unusable(home)
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise CannotMove(reason="the address has to begin with postgresql://")
    lock = locks.hold_alone(home)
    try:
        os.environ["HEADWATER_DATABASE_URL"] = url
        lifecycle.load_django()
        with closing(_source(home)) as source:
            _check_source(home, source)
            _check_target()
            _check_room(home)
            on_progress(0, None, "backup")
            kept = backup.automatic(home, at=at, embedded=home.database)
            done = Move(database=shown(url), backup=str(kept))
            _carry_all(source, done, mends=mends, on_progress=on_progress)
            _finish(home, done, at=at)
        return done
    finally:
        lock.release()


def shown(url: str) -> str:
    """The address without its password."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, f"{user}{parts.hostname or ''}{port}", parts.path, parts.query, ""))


# ---------------------------------------------------------------- looking first


def _source(home: Home) -> sqlite3.Connection:
    source = sqlite3.connect(f"{home.database.as_uri()}?mode=ro", uri=True, timeout=20, isolation_level=None)
    source.text_factory = bytes  # as it lies there: whether it is text is seen when it is carried
    source.execute("BEGIN")
    return source


def _check_source(home: Home, source: sqlite3.Connection) -> None:
    if source.execute("PRAGMA quick_check(1)").fetchone()[0] != b"ok":
        raise CannotMove(reason="the SQLite database is damaged; “headwater doctor” says more")
    from django.db.migrations.loader import MigrationLoader

    applied = {(app.decode(), name.decode()) for app, name in source.execute("SELECT app, name FROM django_migrations")}
    known = set(MigrationLoader(None).disk_migrations or ())
    if applied - known:
        raise CannotMove(reason="the SQLite database comes from a newer version of Headwater than this one")
    if known - applied:
        raise CannotMove(reason="the SQLite database is older than this version; start “headwater up” once")


def _check_target() -> None:
    from django.db import connection
    from django.db.utils import DatabaseError, NotSupportedError

    try:
        connection.ensure_connection()
        connection.check_database_version_supported()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_encoding'), current_schema(), "
                "has_schema_privilege(current_schema(), 'CREATE')"
            )
            encoding, schema, may_create = cursor.fetchone()
            cursor.execute("SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace")
            (things,) = cursor.fetchone()
    except NotSupportedError as error:
        raise CannotMove(reason=str(error).rstrip(".")) from error
    except DatabaseError as error:
        raise CannotMove(reason=f"PostgreSQL cannot be used ({str(error).strip().splitlines()[0]})") from error
    if encoding != "UTF8":
        raise CannotMove(reason=f"the database is encoded in {encoding}, it has to be UTF8")
    if schema is None or not may_create:
        raise CannotMove(reason="this user of PostgreSQL may not make tables in the database")
    if things:
        raise CannotMove(reason="the PostgreSQL database holds something already; name an empty one")


def _check_room(home: Home) -> None:
    needed = int(home.database.stat().st_size * ROOM) + sum(path.stat().st_size for _, path in backup.files_of(home))
    free = shutil.disk_usage(home.path).free
    if free < needed:
        raise CannotMove(reason=f"the backup needs {needed / 1e6:,.0f} MB, {home.path} has {free / 1e6:,.0f}")


# ---------------------------------------------------------------- carrying


def _carry_all(source: sqlite3.Connection, done: Move, *, mends: bool, on_progress: OnProgress) -> None:
    from django.core.management import call_command
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        on_progress(0, None, "tables")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or tables with rows could not be altered in this transaction
        call_command("migrate", interactive=False, verbosity=0)
        tables = _tables(cursor)
        _refuse_other_tables(source, tables)
        names = ", ".join(map(_quoted, tables))
        cursor.execute(f"TRUNCATE {names}")  # what migrations put there comes with the rest
        counts = {table: source.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()[0] for table in tables}
        progress = _Progress(on_progress, 2 * sum(counts.values()))
        problems: list[str] = []
        with _without_indexes(cursor):
            sent = {}
            for table, columns in tables.items():
                carrier = Carrier(columns, mends=mends)
                sent[table] = _copy(source, cursor, table, carrier, problems, progress)
                done.replaced += carrier.mended
            if problems:
                more = " and more" if len(problems) > TOLD else ""
                raise CannotCarry(values="; ".join(problems[:TOLD]) + more)
        progress.what = "comparing"
        for table, columns in tables.items():
            arrived = _read_again(cursor, table, Carrier(columns), progress)
            done.tables.append(MovedTable(table, arrived.rows, str(arrived)))
            if arrived != sent[table] or arrived.rows != counts[table]:
                problems.append(table)
        if problems:
            raise NotTheSame(tables=", ".join(problems))
        _go_on_counting(source, cursor, tables)


@dataclass
class _Progress:
    tell: OnProgress
    total: int
    done: int = 0
    what: str = "copying"

    def add(self, rows: int) -> None:
        self.done += rows
        self.tell(self.done, self.total, self.what)


def _tables(cursor: Any) -> dict[str, list[Column]]:
    """The tables of PostgreSQL with their columns, in the order of their names."""
    cursor.execute(
        "SELECT table_name, column_name, data_type, character_maximum_length, numeric_precision, numeric_scale"
        " FROM information_schema.columns WHERE table_schema = current_schema() AND is_generated = 'NEVER'"
        " ORDER BY table_name, ordinal_position"
    )
    tables: dict[str, list[Column]] = {}
    for table, name, kind, length, digits, places in cursor.fetchall():
        tables.setdefault(table, []).append(Column(name, kind, length, digits, places))
    return tables


def _refuse_other_tables(source: sqlite3.Connection, tables: dict[str, list[Column]]) -> None:
    """Nothing may stay behind unsaid: a table or column that PostgreSQL does not have is not moved."""
    for (raw,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
        table = raw.decode()
        if table == FULL_TEXT or (table.startswith(NOT_CARRIED) and table not in tables):
            continue
        here = {row[1].decode() for row in source.execute(f"PRAGMA table_info({_quoted(table)})")}
        there = {column.name for column in tables.get(table, ())}
        if here != there:
            odd = ", ".join(sorted(here ^ there)) if there else "the whole table"
            raise CannotMove(reason=f"{table} is not what this version makes of it ({odd})")


def _copy(
    source: sqlite3.Connection, cursor: Any, table: str, carrier: Carrier, problems: list[str], progress: _Progress
) -> Checksum:
    """Send a table; once something cannot be carried, it is only looked for more of it."""
    names = ", ".join(_quoted(column.name) for column in carrier.columns)
    sent = Checksum()
    with cursor.copy(f"COPY {_quoted(table)} ({names}) FROM STDIN") as copy:
        for rows in _portions(source, f"SELECT {names} FROM {_quoted(table)}"):
            lines = []
            for row in rows:
                try:
                    line = carrier.line(row)
                except Unfit as reason:
                    if len(problems) <= TOLD:
                        problems.append(f"{table} {_key(row)}: {reason}")
                    continue
                sent.add(carrier.compared(line))
                lines.append(line + b"\n")
            if not problems:
                copy.write(b"".join(lines))
            progress.add(len(rows))
    return sent


def _portions(source: sqlite3.Connection, question: str) -> Iterator[list[Any]]:
    found = source.execute(question)
    while rows := found.fetchmany(PORTION):
        yield rows


def _key(row: Sequence[Any]) -> str:
    first = row[0]
    return first.decode(errors="replace") if isinstance(first, bytes) else str(first)


def _read_again(cursor: Any, table: str, carrier: Carrier, progress: _Progress) -> Checksum:
    names = ", ".join(_quoted(column.name) for column in carrier.columns)
    arrived = Checksum()
    # Its own forms of a moment and of text are the ones that were sent.
    cursor.execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL client_encoding = 'UTF8'")
    with cursor.copy(f"COPY {_quoted(table)} ({names}) TO STDOUT") as copy:
        for line in lines_of(copy):
            arrived.add(carrier.compared(line))
            if arrived.rows % PORTION == 0:
                progress.add(PORTION)
    progress.add(arrived.rows % PORTION)
    return arrived


@contextmanager
def _without_indexes(cursor: Any) -> Iterator[None]:
    """Tables are filled in half the time without their indexes and references; both are made after that, at once."""
    cursor.execute(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),"
        " format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))"
        " FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
        " UNION ALL SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)"
        " FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE relnamespace = current_schema()::regnamespace"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)"
    )
    found = cursor.fetchall()
    for drop, _ in found:
        cursor.execute(drop)
    yield
    for _, make in reversed(found):  # indexes before the references that look into them
        cursor.execute(make)


def _go_on_counting(source: sqlite3.Connection, cursor: Any, tables: dict[str, list[Column]]) -> None:
    """The next id is the one SQLite would have given: ids of deleted rows are never given out again."""
    given = {name.decode(): seq for name, seq in source.execute("SELECT name, seq FROM sqlite_sequence")}
    for table in tables:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()"
            " AND table_name = %s AND is_identity = 'YES'",
            [table],
        )
        for (column,) in cursor.fetchall():
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, %s), greatest(top, 1), top > 0) FROM (SELECT greatest("
                f"%s, (SELECT max({_quoted(column)}) FROM {_quoted(table)}), 0) AS top) AS given",
                [_quoted(table), column, given.get(table, 0)],
            )


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


# ---------------------------------------------------------------- afterwards


def _finish(home: Home, done: Move, *, at: datetime) -> None:
    from headwater.platform.custom.indexing import INDEX_JOB
    from headwater.platform.job import enqueue
    from headwater.platform.models import CustomField
    from headwater.platform.search import index
    from headwater.platform.statistics import look_over_tables

    look_over_tables()
    if CustomField.objects.filter(retired_at=None).exists():
        enqueue(INDEX_JOB, args={}, at=at)  # the worker builds what fields of the company's own are found by
    done.indexed = index.is_indexed()
    lifecycle.note_moved(home, to=done.database, at=at)
    shutil.rmtree(home.mirror, ignore_errors=True)  # it is built again from PostgreSQL
    home.mirror.mkdir(exist_ok=True)
