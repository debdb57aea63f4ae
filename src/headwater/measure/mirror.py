"""The columnar mirror: a copy of what reports need, refreshed from the log, renamed into place, always rebuildable."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from headwater.platform.errors import Conflict
from headwater.platform.horizon import log_horizon
from headwater.team import queries as team_queries

Connection = duckdb.DuckDBPyConnection

VERSION = "10"
MEMORY = "192MB"
PATCHES = 0.1  # of the leads: once so many were worked out again, the whole is sorted anew


class MirrorMissing(Conflict):
    """No report can be shown before the mirror was filled once."""

    code = "mirror_missing"
    message = _("The numbers are being prepared. This page fills itself in a moment.")


@dataclass(frozen=True)
class Freshness:
    """Which position of the log the mirror shows, when that was, and how many facts came since."""

    position: int
    refreshed_at: datetime
    behind: int


class _Reader:
    """The newest copy kept open by this process: what was read once need not be read from the file again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: tuple[Hashable, Connection] | None = None

    def cursor(self, path: Path) -> Connection:
        """A connection of its own for one caller. An older copy lives on until its last reader is done."""
        wanted = _identity(path)
        with self._lock:
            if self._open is None or self._open[0] != wanted:
                self._open = None
                db = duckdb.connect(str(path), read_only=True, config={"memory_limit": MEMORY})
                self._open = wanted, db
            return self._open[1].cursor()


_reader = _Reader()
_refreshing = threading.Lock()


def refresh(*, at: datetime) -> bool:
    """Bring the mirror up to the log; False when there was nothing new.

    Writes a new file beside the old one and renames it into place, so readers never wait and a kill in the
    middle leaves the old one. Only one process refreshes at a time; a second finds the work done.
    """
    # Imported here: what fills the mirror weighs as much as the rest of a web process, which only reads.
    from headwater.measure.derive import derive, derive_touched, sort
    from headwater.measure.fill import fill, follow

    with _refreshing, _file_lock():
        company = team_queries.company()
        horizon = log_horizon()
        current = _newest()
        position = _position(current, company.time_zone, company.currency) if current else None
        if position == horizon:
            return False
        folder = _folder()
        target = folder / f"building-{os.getpid()}.duckdb"
        target.unlink(missing_ok=True)
        if current is not None and position is not None:
            shutil.copyfile(current, target)
        with contextlib.closing(_open(target)) as db:
            patched = 0
            if position is None:
                fill(db, at=at)
                derive(db, zone=company.time_zone, currency=company.currency)
            else:
                patched = _patched(db) + follow(db, since=position, upto=horizon, at=at)
                derive_touched(db, zone=company.time_zone, currency=company.currency)
                if patched > PATCHES * _leads(db):
                    patched = 0
                    sort(db)
            db.execute(
                "CREATE OR REPLACE TABLE meta (version VARCHAR, position BIGINT, refreshed_at TIMESTAMP, "
                "zone VARCHAR, currency VARCHAR, patched BIGINT)"
            )
            moment = at.astimezone(UTC).replace(tzinfo=None)
            db.execute(
                "INSERT INTO meta VALUES (?, ?, ?, ?, ?, ?)",
                [VERSION, horizon, moment, company.time_zone, company.currency, patched],
            )
            db.execute("CHECKPOINT")
        os.replace(target, folder / f"mirror-{_number(current) + 1:08d}.duckdb")
        _sweep(folder)
        return True


def discard() -> None:
    """Forget the mirror, because rows are gone that the log says nothing of; the next refresh builds it anew."""
    with _refreshing, _file_lock():
        for copy in _folder().glob("mirror-*.duckdb"):
            copy.unlink(missing_ok=True)


@contextmanager
def reading() -> Iterator[Connection]:
    """The mirror as it stands, read-only.

    Raises:
        MirrorMissing: it was never filled.
    """
    with contextlib.closing(_reader.cursor(_existing())) as db:
        yield db


def current_copy() -> Hashable:
    """Which copy is read now; another one means other numbers.

    Raises:
        MirrorMissing: the mirror was never filled.
    """
    return _identity(_existing())


def caught_up(known: Freshness) -> Freshness:
    """What was known about a copy, with the facts that have come since."""
    return replace(known, behind=max(0, log_horizon() - known.position))


def freshness() -> Freshness:
    """How far behind the log the mirror is.

    Raises:
        MirrorMissing: it was never filled.
    """
    with reading() as db:
        return freshness_of(db)


def known() -> Freshness | None:
    """How far behind the log the mirror is; none when it was never filled."""
    return freshness() if _newest() is not None else None


def freshness_of(db: Connection) -> Freshness:
    """How far behind the log this copy is."""
    found = db.execute("SELECT position, refreshed_at FROM meta").fetchone()
    assert found is not None
    return Freshness(
        position=found[0], refreshed_at=found[1].replace(tzinfo=UTC), behind=max(0, log_horizon() - found[0])
    )


def _open(path: Path) -> Connection:
    return duckdb.connect(str(path), config={"memory_limit": "1GB", "preserve_insertion_order": False})


def _folder() -> Path:
    folder = settings.HOME.mirror
    folder.mkdir(parents=True, exist_ok=True)
    return Path(folder)


def _newest() -> Path | None:
    return max(_folder().glob("mirror-*.duckdb"), default=None)


def _existing() -> Path:
    newest = _newest()
    if newest is None:
        raise MirrorMissing()
    return newest


def _identity(path: Path) -> Hashable:
    found = path.stat()
    return path, found.st_ino, found.st_mtime_ns


def _number(path: Path | None) -> int:
    return int(path.stem.removeprefix("mirror-")) if path is not None else 0


def _position(path: Path, zone: str, currency: str) -> int | None:
    """The log position of a mirror that can be carried on; None when it must be built anew."""
    try:
        with contextlib.closing(_reader.cursor(path)) as db:
            found = db.execute("SELECT version, position, zone, currency FROM meta").fetchone()
    except duckdb.Error:
        return None
    if found is None or (found[0], found[2], found[3]) != (VERSION, zone, currency) or found[1] > log_horizon():
        return None
    return int(found[1])


def _patched(db: Connection) -> int:
    """How many leads were worked out again, in no order, since all of them were."""
    return _one(db, "SELECT patched FROM meta")


def _leads(db: Connection) -> int:
    return _one(db, "SELECT count(*) FROM lead")


def _one(db: Connection, sql: str) -> int:
    found = db.execute(sql).fetchone()
    return int(found[0]) if found else 0


def _sweep(folder: Path) -> None:
    """Remove all but the two newest files: somebody may still be reading the one before."""
    for old in sorted(folder.glob("mirror-*.duckdb"))[:-2]:
        with contextlib.suppress(OSError):
            old.unlink()


@contextmanager
def _file_lock() -> Iterator[None]:
    with (_folder() / "refresh.lock").open("a+b") as handle:
        _lock(handle.fileno())
        yield


def _lock(handle: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: one process there refreshes, the worker
        return
    fcntl.flock(handle, fcntl.LOCK_EX)
