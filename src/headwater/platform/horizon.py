"""How far the event log is complete: below this, no event can still appear."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from django.db import connection

from headwater.platform.models import Event

PATIENCE_SECONDS = 2.0

# The next transaction id, and the oldest transaction of this database that is still running besides our own. The
# snapshot also names those of other databases of the cluster, which hold no ids of our log; who holds the lock on
# a transaction id tells them apart, and lets go of it only after its rows can be seen.
_RUNNING = """
SELECT pg_snapshot_xmax(s)::text::bigint, (
    SELECT min(x::text::bigint) FROM pg_snapshot_xip(s) AS x WHERE x::xid IN (
        SELECT l.transactionid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock'
            AND a.datname = current_database() AND l.pid <> pg_backend_pid()
    )
)
FROM pg_current_snapshot() AS s
"""


def log_horizon() -> int:
    """The highest event id that every reader of the log may trust to be complete.

    SQLite writes one transaction at a time: the newest id. On PostgreSQL ids become visible out of order, since a
    transaction that took a low id may commit after one that took a higher. There, every writer has its
    transaction id before it takes an event id; so once all transactions have ended that ran when an id was the
    last one taken, everything up to it is visible or will never be.
    """
    if connection.vendor != "postgresql":
        return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return _watch.horizon()


@dataclass
class _Watch:
    """Pairs of (last event id taken, next transaction id then), waiting for those transactions to end."""

    waiting: list[tuple[int, int]] = field(default_factory=list)
    complete: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def horizon(self) -> int:
        """The newest id known to be complete; the first call waits a moment for writers to end."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = self._look()
            if found or time.monotonic() > deadline:
                return found
            time.sleep(0.02)

    def _look(self) -> int:
        with self.lock, connection.cursor() as cursor:
            cursor.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM platform_event_id_seq")
            taken = int(cursor.fetchone()[0])
            # Read after the id, so that whoever took it is older than `next`. Our own transaction sees its own rows.
            cursor.execute(_RUNNING)
            upcoming, oldest = cursor.fetchone()
            if self.complete > taken:  # another database, or one restored to an earlier day
                self.complete, self.waiting = 0, []
            self.waiting.append((taken, upcoming))
            oldest_running = oldest if oldest is not None else upcoming
            ended = [i for i, seen in self.waiting if seen <= oldest_running]
            self.waiting = [(i, seen) for i, seen in self.waiting if i not in ended][-100:]
            self.complete = max([self.complete, *ended])
            return self.complete


_watch = _Watch()
