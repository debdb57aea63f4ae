"""What the database knows of its own tables, by which it chooses how to find rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from headwater.platform.schedule import every

SAMPLED = 1_000


def look_over_tables() -> None:
    """Have the database look at its tables again after much came in, so that it keeps on finding rows fast.

    A sample is enough, and holds nobody up: SQLite is done in a moment, PostgreSQL does table by table beside other
    work. Within a transaction it would do neither, so there it is left out.
    """
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # Not "PRAGMA optimize": that passes over tables this connection has only written to.
            cursor.execute(f"PRAGMA analysis_limit={SAMPLED}")
            cursor.execute("ANALYZE")
        else:
            ours = connection.introspection.django_table_names(only_existing=True)
            cursor.execute(f"ANALYZE {', '.join(connection.ops.quote_name(name) for name in ours)}")


@every(timedelta(days=1), "platform.statistics")
def look_again(at: datetime) -> None:
    """What grew day by day is looked over as well; PostgreSQL does so by itself."""
    if connection.vendor == "sqlite":
        look_over_tables()
