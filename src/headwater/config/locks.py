"""Who works on a data folder: one server at a time, and nobody while it is migrated or restored."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headwater.config.home import Home
from headwater.platform.errors import DomainError

SERVER_WAIT = 3.0


class NotWritable(DomainError):
    """The data folder cannot be written."""

    code = "home_not_writable"
    message = "The data folder {home} cannot be written ({reason}). Choose another with --home, or change its rights."


class AlreadyRunning(DomainError):
    """A server runs on this data folder."""

    code = "already_running"
    message = "Headwater runs on {home} already{where}. Stop it first (Ctrl-C where it runs)."


class WorkerRuns(DomainError):
    """An embedded database has one worker, and it runs."""

    code = "worker_runs"
    message = (
        "A worker runs on {home} already. SQLite takes one, and “headwater up” brings it along; several share "
        "the work on PostgreSQL."
    )


class InUse(DomainError):
    """Another command works on this data folder."""

    code = "home_in_use"
    message = "Another headwater command works on {home}. Wait until it is done, then try again."


@dataclass
class HomeLock:
    """A lock on a data folder, held as long as this process and those that inherited it live."""

    descriptor: int

    def keep_through_exec(self) -> int:
        """Let programs started from here hold the lock too."""
        os.set_inheritable(self.descriptor, True)
        return self.descriptor

    def share(self) -> None:
        """Let other commands in again, after work that had to be alone."""
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)

    def release(self) -> None:
        """Give the lock back."""
        os.close(self.descriptor)


def hold_for_use(home: Home) -> HomeLock:
    """What every command holds: the folder may be shared, but not migrated or restored meanwhile.

    Raises:
        InUse: it is being migrated or restored.
        NotWritable: the lock cannot be made.
    """
    return _lock(home, "in-use.lock", fcntl.LOCK_SH, wait=0) or _refuse(InUse(home=home.path))


def hold_alone(home: Home) -> HomeLock:
    """What set-up, migration and restore hold: nobody else works on the folder.

    Raises:
        InUse: a server or another command does.
        NotWritable: the lock cannot be made.
    """
    lock = _lock(home, "in-use.lock", fcntl.LOCK_EX, wait=0)
    if lock is not None:
        return lock
    if is_served(home):
        raise AlreadyRunning(home=home.path, where=_where(home))
    raise InUse(home=home.path)


def hold_for_serving(home: Home) -> HomeLock:
    """What the one server holds. Waits a moment, since the children of a killed server need one to notice.

    Raises:
        AlreadyRunning: a server runs on this folder.
        NotWritable: the lock cannot be made.
    """
    lock = _lock(home, "server.lock", fcntl.LOCK_EX, wait=SERVER_WAIT)
    return lock or _refuse(AlreadyRunning(home=home.path, where=_where(home)))


def hold_for_working(home: Home) -> HomeLock:
    """What the one worker of an embedded database holds.

    Raises:
        WorkerRuns: another one runs and does not stop.
    """
    return _lock(home, "worker.lock", fcntl.LOCK_EX, wait=2 * SERVER_WAIT) or _refuse(WorkerRuns(home=home.path))


def is_served(home: Home) -> bool:
    """Whether a server runs on this folder."""
    if not (home.path / "server.lock").exists():
        return False
    try:
        lock = _lock(home, "server.lock", fcntl.LOCK_EX, wait=0)
    except NotWritable:
        return False
    if lock is None:
        return True
    lock.release()
    return False


def note_server(home: Home, *, pid: int, port: int) -> None:
    """Write down where the server of this folder is reached."""
    _server_file(home).write_text(json.dumps({"pid": pid, "port": port}), encoding="ascii")


def noted_server(home: Home) -> dict[str, Any]:
    """Where the server of this folder was last reached; empty when there never was one."""
    try:
        noted = json.loads(_server_file(home).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def serving_since(home: Home) -> datetime | None:
    """When the server of this folder began, as far as is known."""
    try:
        return datetime.fromtimestamp(_server_file(home).stat().st_mtime, tz=UTC)
    except OSError:
        return None


def _server_file(home: Home) -> Path:
    return home.path / "server.json"


def _where(home: Home) -> str:
    noted = noted_server(home)
    return f" at http://127.0.0.1:{noted['port']} (process {noted['pid']})" if noted else ""


def _lock(home: Home, name: str, kind: int, *, wait: float) -> HomeLock | None:
    try:
        descriptor = os.open(home.path / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise NotWritable(home=home.path, reason=f"{name}: {error.strerror or error}") from error
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
            time.sleep(0.1)
        else:
            return HomeLock(descriptor)


def _refuse(refusal: DomainError) -> HomeLock:
    raise refusal
