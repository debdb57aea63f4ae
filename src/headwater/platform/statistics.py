"""What the database knows of its own tables, by which it chooses how to find rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.db import DatabaseError, OperationalError, connection

from headwater.platform.schedule import every


def look_over_tables() -> None:
    """Have the database look at its tables again after much came in, so that it keeps on finding rows fast.

    It holds nobody up: SQLite does index by index, half a second of the processor for a million rows, and lets others
    write before the next; PostgreSQL does table by table beside other work. Within a transaction neither would, so
    there it is left out.
    """
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # Not "PRAGMA optimize": that passes over tables this connection has only written to. Nor a sample: of that
            # SQLite takes what a million rows have alike for a thousand, and reads and sorts them all on every page.
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
            for (name,) in cursor.fetchall():
                with suppress(OperationalError):  # gone with the field it was for, or others write for long: next time
                    cursor.execute(f"ANALYZE {connection.ops.quote_name(name)}")
        else:
            ours = connection.introspection.django_table_names(only_existing=True)
            cursor.execute(f"ANALYZE {', '.join(connection.ops.quote_name(name) for name in ours)}")


@contextmanager
def joined_as_written() -> Iterator[None]:
    """In here PostgreSQL joins tables in the order in which a question names them.

    For one row, known by its id, any order will do; trying out those of nine tables takes several times as long as
    reading the row.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET join_collapse_limit = 1")
    try:
        yield
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:  # a transaction that failed takes it back itself
            cursor.execute("RESET join_collapse_limit")


@every(timedelta(days=1), "platform.statistics")
def look_again(at: datetime) -> None:
    """Look over the tables for the database's planner, as they grow day by day; PostgreSQL does so by itself."""
    if connection.vendor == "sqlite":
        look_over_tables()
