"""How long a chunk of work may hold the database, and how long it is left to others in between."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

LOCK_SECONDS = 0.5
BREATH_SECONDS = 0.1
FIRST_CHUNK = 500
SMALLEST_CHUNK, LARGEST_CHUNK = 100, 5_000
CHUNKS_A_CHECKPOINT = 4  # pages of an index that several chunks write to go into the database file once


class Pace:
    """Sizes chunks so that each holds the database for ``seconds``, and makes way after each.

    A chunk costs some forty statements whatever its size, and touches each index page once: large ones are cheaper.
    """

    def __init__(self, seconds: float = LOCK_SECONDS, *, breath: float = BREATH_SECONDS) -> None:
        self.size, self._seconds, self._breath = FIRST_CHUNK, seconds, breath
        self._free_since, self._chunks = 0.0, 0

    def restart(self) -> None:
        """Begin small again: what comes now may cost a row many times what came before."""
        self.size = FIRST_CHUNK

    @contextmanager
    def chunk(self, rows: int) -> Iterator[None]:
        """Measure the writing of so many rows, and choose the size of the next chunk: shrink at once, grow slowly."""
        began = time.perf_counter()
        yield
        self._free_since = time.perf_counter()
        self._chunks += 1
        wanted = int(rows * self._seconds / max(self._free_since - began, 0.001))
        self.size = max(SMALLEST_CHUNK, min(LARGEST_CHUNK, wanted, (self.size + wanted) // 2))

    def breathe(self) -> None:
        """Leave SQLite free long enough: who waits for it looks again every tenth of a second only.

        Reading the next chunk is most of that time already; tidying up is done now, while it keeps nobody waiting.
        """
        gc.collect(1)
        if connection.vendor != "sqlite" or not self._free_since:
            return
        if self._chunks % CHUNKS_A_CHECKPOINT == 0 and not connection.in_atomic_block:
            _tidy_log()
        time.sleep(max(0.0, self._breath - (time.perf_counter() - self._free_since)))


@contextmanager
def tidied_between_chunks() -> Iterator[None]:
    """Nothing is tidied up while others wait for a chunk: neither memory nor SQLite's write-ahead log.

    A chunk makes hundreds of thousands of small objects, few of them in circles: looking for those costs a tenth.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        with _log_left_alone():
            yield
    finally:
        if collects:
            gc.enable()


@contextmanager
def _log_left_alone() -> Iterator[None]:
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_autocheckpoint")
        usual = int(cursor.fetchone()[0])
        cursor.execute("PRAGMA wal_autocheckpoint=0")
    try:
        yield
        _tidy_log()  # not after an error: what it holds open would hide it behind another
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA wal_autocheckpoint={usual}")


def _tidy_log() -> None:
    """Bring what SQLite's write-ahead log holds into the database file; nobody waits for that."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
