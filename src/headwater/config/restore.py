"""Bringing an installation back from a backup: checked whole before anything is touched, what was there kept aside."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from headwater import __version__
from headwater.config import backup, lifecycle, locks, whose
from headwater.config.backup import BLOCK, FOLDERS, MANIFEST, POSTGRES_MEMBER, SQLITE_MEMBER, Manifest
from headwater.config.home import Home
from headwater.platform.errors import DomainError


class NotABackup(DomainError):
    """The file cannot be restored."""

    code = "not_a_backup"
    message = "{file} cannot be restored: {reason}. Nothing was changed."


class RestoreFailed(DomainError):
    """The restore began and did not get through."""

    code = "restore_failed"
    message = "The restore did not get through: {reason}. What was there before lies in {kept}."


def restore(home: Home, file: Path, *, at: datetime) -> Path | None:
    """Put the installation in ``file`` in the place of the one in the data folder; where the old one now lies, if
    there was one. A folder that held none is closed to everybody else on this machine.

    Nobody is let in by what was withdrawn since: open sessions are in no backup, and the keys of programs that are in
    it are revoked.

    Raises:
        NotABackup: it is damaged, not ours, or of a newer version; nothing was changed.
        AlreadyRunning, InUse, NotYours: somebody works on the folder, or another user of this machine looks after it.
    """
    with _readable(file):
        if not file.is_file():
            raise NotABackup(file=file, reason="there is no such file")
    whose.refuse_another(home)
    is_new = not home.is_initialised
    try:
        home.create()
        if is_new:
            home.path.chmod(home.path.stat().st_mode & ~0o007)
    except OSError as error:
        raise locks.NotWritable(home=home.path, reason=error.strerror or str(error)) from error
    lock = locks.hold_alone(home)
    try:
        lifecycle.load_django()
        kept = put_back(home, file, at=at, revokes=True)
        if any(path.is_file() for path in kept.rglob("*")):
            return kept
        shutil.rmtree(kept)
        return None
    finally:
        lock.release()


def put_back(home: Home, file: Path, *, at: datetime, revokes: bool) -> Path:
    """As :func:`restore`, by who holds the folder already. ``revokes``: keys of programs in it are good no more.

    Raises:
        NotABackup: nothing was changed.
        RestoreFailed: it did not get through; the next start says so.
    """
    for left in home.path.glob(".restore-*"):  # of one that was killed: a whole copy of the customers
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=home.path) as scratch:
        manifest = _unpacked(file, Path(scratch))
        _refuse_unfit(file, manifest, Path(scratch))
        if revokes and manifest.engine == "sqlite":
            _revoke_tokens(Path(scratch) / SQLITE_MEMBER, at=at)
        kept = home.path / f"replaced-{at:%Y%m%d-%H%M%S-%f}"
        kept.mkdir()
        with lifecycle.restoring(home, file.resolve()):
            _swap(home, Path(scratch), kept, manifest, revoked_at=at if revokes else None)
        return kept


def verify(home: Home, file: Path) -> Manifest:
    """Read a backup back as a restore would: every checksum, and whether its database is sound.

    Raises:
        NotABackup: it could not be restored; the text says why.
    """
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=home.backups) as scratch:
        manifest = _unpacked(file, Path(scratch))
        _refuse_unfit(file, manifest, Path(scratch))
        return manifest


def _unpacked(file: Path, scratch: Path) -> Manifest:
    """Unpack into ``scratch`` what the manifest names, and only that, comparing every checksum."""
    with _readable(file), tarfile.open(file, mode="r:gz") as archive:
        first = archive.next()
        source = archive.extractfile(first) if first is not None and first.name == MANIFEST else None
        if source is None:
            raise NotABackup(file=file, reason="it has no manifest")
        manifest = Manifest.from_json(source.read())
        if manifest.format != backup.FORMAT:
            raise NotABackup(file=file, reason=f"its format {manifest.format} is not known to this version")
        _require_room(file, manifest, scratch)
        for member in manifest.members:
            entry = archive.next()
            if entry is None or entry.name != member.path or not entry.isreg() or not _is_safe(entry.name):
                raise NotABackup(file=file, reason=f"{member.path} is missing or out of place")
            target = scratch / member.path
            target.parent.mkdir(parents=True, exist_ok=True)
            content, digest = archive.extractfile(entry), hashlib.sha256()
            assert content is not None
            with target.open("wb") as out:
                while block := content.read(BLOCK):
                    digest.update(block)
                    out.write(block)
            if digest.hexdigest() != member.sha256 or entry.size != member.size:
                raise NotABackup(file=file, reason=f"the checksum of {member.path} is wrong")
    return manifest


def _require_room(file: Path, manifest: Manifest, scratch: Path) -> None:
    """Refuse at once what would fill the disk half-way; once unpacked, everything is only moved into its place."""
    needed, free = sum(member.size for member in manifest.members), shutil.disk_usage(scratch).free
    if free < needed:
        folder = scratch.parent
        reason = f"unpacked it takes {needed / 1e6:,.0f} MB in {folder}, where {free / 1e6:,.0f} MB are free"
        raise NotABackup(file=file, reason=reason)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise NotABackup(file=file, reason="it is damaged or not a backup") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NotABackup(file=file, reason="its manifest cannot be read") from error
    except PermissionError as error:
        raise NotABackup(file=file, reason="it may not be read") from error


def _is_safe(name: str) -> bool:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        return False
    return name in (SQLITE_MEMBER, POSTGRES_MEMBER) or path.parts[0] in FOLDERS


def _refuse_unfit(file: Path, manifest: Manifest, scratch: Path) -> None:
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    if manifest.engine != connection.vendor:
        raise NotABackup(file=file, reason=f"it holds a {manifest.engine} database, this is {connection.vendor}")
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations or ()}
    unknown = sorted(set(manifest.migrations) - known)
    if unknown:
        reason = f"it was made by version {manifest.headwater}, this is {__version__}: {unknown[0]} is not known here"
        raise NotABackup(file=file, reason=reason)
    if manifest.engine == "sqlite":
        copy = sqlite3.connect(scratch / SQLITE_MEMBER)
        try:
            sound = copy.execute("PRAGMA quick_check").fetchone()[0] == "ok"
        except sqlite3.Error:
            sound = False
        finally:
            copy.close()
        if not sound:
            raise NotABackup(file=file, reason="its database is damaged")
    elif trouble := backup.listed(scratch / POSTGRES_MEMBER):
        raise NotABackup(file=file, reason=f"its database is damaged ({trouble})")


def _revoke_tokens(database: Path, *, at: datetime) -> None:
    """Before it is put in place: which of its keys were revoked since, a backup cannot know."""
    copy = sqlite3.connect(database)
    try:
        if copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'team_apitoken'").fetchone():
            moment = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
            copy.execute("UPDATE team_apitoken SET revoked_at = ? WHERE revoked_at IS NULL", [moment])
            copy.commit()
    finally:
        copy.close()


REVOKE_ON_POSTGRES = """
DO $$ BEGIN
  IF to_regclass('public.team_apitoken') IS NOT NULL THEN
    UPDATE public.team_apitoken SET revoked_at = '{at}' WHERE revoked_at IS NULL;
  END IF;
END $$;
"""


def _swap(home: Home, scratch: Path, kept: Path, manifest: Manifest, *, revoked_at: datetime | None) -> None:
    from django.db import connection

    if manifest.engine == "postgresql":
        _swap_postgres(scratch, kept, revoked_at=revoked_at)
    else:
        connection.close()
        for suffix in ("-wal", "-shm", ""):
            _move(Path(f"{home.database}{suffix}"), kept)
        (scratch / SQLITE_MEMBER).rename(home.database)
    for folder in FOLDERS:
        _move(home.path / folder, kept)
        fresh = scratch / folder
        fresh.mkdir(exist_ok=True)
        fresh.rename(home.path / folder)
    shutil.rmtree(home.mirror, ignore_errors=True)
    home.mirror.mkdir(exist_ok=True)


def _swap_postgres(scratch: Path, kept: Path, *, revoked_at: datetime | None) -> None:
    from django.db import connection

    settings = connection.settings_dict
    if "django_migrations" in connection.introspection.table_names():
        backup.dump_postgres(kept / POSTGRES_MEMBER, settings)
    connection.close()
    script, empty, revoke = (scratch / f"{name}.sql" for name in ("database", "empty", "revoke"))
    empty.write_text("DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n", encoding="ascii")
    revoke.write_text(REVOKE_ON_POSTGRES.format(at=revoked_at.isoformat()) if revoked_at else "", encoding="ascii")
    options = ("--no-owner", "--no-privileges", "--file", str(script))
    done = subprocess.run(  # noqa: S603  (a fixed program on our own file)
        ["pg_restore", *options, str(scratch / POSTGRES_MEMBER)],  # noqa: S607
        capture_output=True, text=True, check=False,
    ) if shutil.which("pg_restore") else None  # fmt: skip
    if done is None or done.returncode:
        reason = done.stderr.strip() if done else "pg_restore is not installed (Debian: postgresql-client)"
        raise RestoreFailed(reason=reason, kept=kept)
    # Everything in one transaction: the database is the old or the new one, never something between.
    files = [part for path in (empty, script, revoke) for part in ("--file", str(path))]
    whole = ("--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", *files)
    trouble = backup.run_postgres_tool("psql", *whole, settings=settings)
    if trouble:
        raise RestoreFailed(reason=trouble, kept=kept)


def _move(path: Path, folder: Path) -> None:
    if path.exists():
        path.rename(folder / path.name)
