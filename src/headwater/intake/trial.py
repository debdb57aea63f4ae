"""Trying an import out where it cannot do harm: on a copy of the embedded database that is thrown away."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

LARGEST_COPY = 4 << 30
_PREFIX = "trial-"
_A_DAY = 24 * 3600


class Scratch:
    """A copy of the database. Nobody waits for what is written to it, and nothing of it stays."""

    def __init__(self, wrapper: BaseDatabaseWrapper) -> None:
        self._wrapper = wrapper

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Everything this thread asks the database goes to the copy."""
        ours = connections[DEFAULT_DB_ALIAS]
        connections[DEFAULT_DB_ALIAS] = self._wrapper
        try:
            yield
        finally:
            connections[DEFAULT_DB_ALIAS] = ours


@contextmanager
def scratch_database() -> Iterator[Scratch | None]:
    """A copy to try things on; None where one cannot be made and a rolled-back transaction must do.

    That is so on PostgreSQL, where such a transaction stands in nobody's way, where the copy would not fit, and in
    the middle of a transaction, which a copy could not hold.
    """
    home = Path(settings.HOME.path)
    _sweep(home)
    if connection.vendor != "sqlite" or connection.in_atomic_block or not _fits(home):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=home) as folder:
        path = Path(folder) / "copy.sqlite3"
        connection.ensure_connection()
        target = sqlite3.connect(path)
        try:
            connection.connection.backup(target)
        finally:
            target.close()
        wrapper = connections[DEFAULT_DB_ALIAS].copy()
        wrapper.settings_dict["NAME"] = str(path)
        # The copy need not survive anything, so it need not wait for the disk either.
        wrapper.settings_dict["OPTIONS"] = {
            **wrapper.settings_dict["OPTIONS"],
            "init_command": "PRAGMA journal_mode=MEMORY;PRAGMA synchronous=OFF;PRAGMA temp_store=MEMORY",
        }
        try:
            yield Scratch(wrapper)
        finally:
            wrapper.close()


def _fits(home: Path) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        size = int(cursor.fetchone()[0])
    return size < LARGEST_COPY and shutil.disk_usage(home).free > 3 * size + (200 << 20)


def _sweep(home: Path) -> None:
    """Remove copies that a killed process left behind: they hold people's data."""
    for folder in home.glob(f"{_PREFIX}*"):
        if folder.is_dir() and time.time() - folder.stat().st_mtime > _A_DAY:
            shutil.rmtree(folder, ignore_errors=True)
