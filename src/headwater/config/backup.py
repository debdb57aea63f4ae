"""Keeping an installation in one file: the database, the files people brought, their profiles, with checksums.

The archive is a gzipped tar whose first member, ``manifest.json``, lists every other one with size and SHA-256.
Left out on purpose: the secret key and the open sessions (whoever finds a backup must not be able to act as
somebody who is signed in) and the columnar mirror (it is rebuilt).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from headwater import __version__
from headwater.config.home import Home
from headwater.platform.errors import DomainError

FORMAT = 1
MANIFEST = "manifest.json"
SQLITE_MEMBER = "database.sqlite3"
POSTGRES_MEMBER = "database.pgdump"
FOLDERS = ("files", "profiles")
KEPT_AUTOMATIC = 5
# Whole names of the backups of which only the last few are kept, with the moment they were made.
NAMES = {
    "by-hand-": re.compile(r"by-hand-(\d{8}-\d{6})\.tar\.gz"),
    "before-": re.compile(r"before-.+-(\d{8}-\d{6}-\d{6})\.tar\.gz"),
}
BLOCK = 1024 * 1024
LEFT_FREE = 100_000_000  # for those who go on working meanwhile

# Who is signed in; a backup opens nobody's session.
SESSIONS = ("django_session", "team_session")


class BackupExists(DomainError):
    """The file is there already."""

    code = "backup_exists"
    message = "{file} exists already. Choose another name; a backup never replaces one."


class BackupFailed(DomainError):
    """The backup could not be written."""

    code = "backup_failed"
    message = "No backup was written to {file}: {reason}."


@dataclass(frozen=True)
class Member:
    """One file of an archive."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself."""

    format: int
    headwater: str
    engine: str
    created_at: str
    migrations: tuple[str, ...]
    members: tuple[Member, ...]

    def to_json(self) -> bytes:
        """The first member of the archive."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """The manifest of an archive that is read.

        Raises:
            ValueError, KeyError, TypeError: this is not one.
        """
        raw: dict[str, Any] = json.loads(text)
        members = tuple(Member(str(m["path"]), int(m["size"]), str(m["sha256"])) for m in raw["members"])
        return cls(
            format=int(raw["format"]), headwater=str(raw["headwater"]), engine=str(raw["engine"]),
            created_at=str(raw["created_at"]), migrations=tuple(raw["migrations"]), members=members,
        )  # fmt: skip


@dataclass(frozen=True)
class _Snapshot:
    """The database as it was at one moment."""

    engine: str
    file: Path
    migrations: tuple[str, ...]


@dataclass
class _Read:
    """A file that is read into an archive, and says how much was taken from it."""

    source: BinaryIO
    on_read: Callable[[int], None]

    def read(self, size: int = -1) -> bytes:
        block = self.source.read(size)
        self.on_read(len(block))
        return block


def write(
    home: Home,
    file: Path,
    *,
    at: datetime,
    embedded: Path | None = None,
    on_copied: Callable[[], None] = lambda: None,
    on_packed: Callable[[int, int], None] = lambda done, total: None,
) -> Manifest:
    """Write a backup of the whole installation to ``file`` while people go on working.

    The file appears complete or not at all, readable by its owner only. ``embedded`` names the SQLite database to keep
    where the one in use is another. ``on_copied`` hears when the copy of the database is made, ``on_packed`` after that
    how many bytes of how many are in the file.

    Raises:
        BackupExists, BackupFailed: nothing was written.
    """
    try:
        if file.exists():
            raise BackupExists(file=file)
        _require_folder(home, file)
        _require_room(home, file, embedded)
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=home.backups) as scratch:
            snapshot = _snapshot(Path(scratch), embedded)
            on_copied()
            return _archive(home, snapshot, file, at=at, on_packed=on_packed)
    except OSError as error:
        raise BackupFailed(file=file, reason=error.strerror or str(error)) from error


def automatic(home: Home, *, at: datetime, embedded: Path | None = None) -> Path:
    """The backup before a migration or a move, in the folder ``backups``; the last few are kept."""
    file = home.backups / f"before-{__version__}-{at:%Y%m%d-%H%M%S-%f}.tar.gz"
    write(home, file, at=at, embedded=embedded)
    keep_last(home, "before-", fresh=file)
    return file


def kept_of(home: Home, kind: str) -> list[Path]:
    """The backups of a kind, the oldest first; not what somebody gave a name of their own."""
    found = ((match, file) for file in home.backups.glob("*") if (match := NAMES[kind].fullmatch(file.name)))
    return [file for _, file in sorted(found, key=lambda each: each[0].group(1))]


def keep_last(home: Home, kind: str, *, fresh: Path) -> None:
    """Let all but the last few of a kind go; ``fresh`` stays even where the clock was set back before it was made."""
    others = [file for file in kept_of(home, kind) if file != fresh]
    for old in others[: 1 - KEPT_AUTOMATIC]:
        old.unlink()


def sha256_of(file: Path) -> str:
    """The checksum of a file."""
    digest = hashlib.sha256()
    with file.open("rb") as source:
        while block := source.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def run_postgres_tool(program: str, *arguments: str, settings: dict[str, Any]) -> str | None:
    """Run one of PostgreSQL's own programs on our database; None when it did its work, else what it said."""
    options = settings.get("OPTIONS", {})
    reached = ["--dbname", str(settings["NAME"])]
    for key, inside in (("HOST", "host"), ("PORT", "port"), ("USER", "user")):
        value = settings.get(key) or options.get(inside)
        if value:
            reached.append(f"--{'username' if inside == 'user' else inside}={value}")
    environment = dict(os.environ)
    if settings.get("PASSWORD"):
        environment["PGPASSWORD"] = str(settings["PASSWORD"])
    if "sslmode" in options:
        environment["PGSSLMODE"] = str(options["sslmode"])
    try:
        done = subprocess.run(  # noqa: S603  (a fixed program; the arguments are our own settings)
            [program, *reached, *arguments], env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return f"{program} is not installed (Debian: postgresql-client)"
    return (done.stderr.strip() or f"{program} failed") if done.returncode else None


def listed(dump: Path) -> str | None:
    """Have PostgreSQL's own program read a dump through; None when it can, else what it said."""
    try:
        done = subprocess.run(["pg_restore", "--list", str(dump)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        return "pg_restore is not installed (Debian: postgresql-client)"
    return (done.stderr.strip() or "pg_restore failed") if done.returncode else None


def _require_folder(home: Home, file: Path) -> None:
    try:
        home.backups.mkdir(exist_ok=True)
    except FileExistsError as error:
        raise BackupFailed(file=file, reason=f"{home.backups} leads nowhere, its disk is not there") from error


def _require_room(home: Home, file: Path, embedded: Path | None) -> None:
    """Refuse where a disk would be full half-way: until that was noticed, nobody could write.

    The database is copied first; packed it takes less than half, while files of people hardly get smaller.
    """
    database = _size_of_database(embedded)
    files = sum(path.stat().st_size for _, path in files_of(home))
    wanted = Counter({home.backups: database}) + Counter({file.parent: database // 2 + files})
    by_disk: Counter[int] = Counter()
    for folder, size in wanted.items():
        by_disk[folder.stat().st_dev] += size
    for folder in wanted:
        needed, free = by_disk[folder.stat().st_dev] + LEFT_FREE, shutil.disk_usage(folder).free
        if free < needed:
            reason = f"it takes about {needed / 1e6:,.0f} MB in {folder}, where {free / 1e6:,.0f} MB are free"
            raise BackupFailed(file=file, reason=reason)


def _size_of_database(embedded: Path | None) -> int:
    from django.db import connection

    if embedded is None and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database()) / 2")  # a dump has no indexes
            return int(cursor.fetchone()[0])
    path = embedded or Path(connection.settings_dict["NAME"])
    return path.stat().st_size if path.exists() else 0  # in memory there is nothing to copy from a disk


def _snapshot(scratch: Path, embedded: Path | None) -> _Snapshot:
    from django.db import connection

    from headwater.config.lifecycle import migrations

    if embedded is None and connection.vendor == "postgresql":
        dump_postgres(scratch / POSTGRES_MEMBER, connection.settings_dict)
        return _Snapshot("postgresql", scratch / POSTGRES_MEMBER, migrations().applied)
    copy = _copy_sqlite(embedded or Path(connection.settings_dict["NAME"]), scratch / SQLITE_MEMBER)
    with closing(sqlite3.connect(copy)) as database:
        applied = database.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1").fetchall()
    return _Snapshot("sqlite", copy, tuple(name for (name,) in applied))


def _copy_sqlite(database: Path, copy: Path) -> Path:
    in_memory = str(database).startswith("file:")
    source, target = sqlite3.connect(database, timeout=20, uri=in_memory), sqlite3.connect(copy)
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        target.execute("PRAGMA secure_delete=ON")
        for table in SESSIONS:
            if target.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
                target.execute(f"DELETE FROM {table}")  # noqa: S608 — our own names
        target.commit()
    except sqlite3.Error as error:
        raise BackupFailed(file=copy.name, reason=str(error)) from error
    finally:
        source.close()
        target.close()
    return copy


def dump_postgres(copy: Path, settings: dict[str, Any]) -> Path:
    """Write PostgreSQL's own dump of the database, without the open sessions.

    Raises:
        BackupFailed: pg_dump is missing or refused.
    """
    options = (
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        *(f"--exclude-table-data={table}" for table in SESSIONS),
    )
    trouble = run_postgres_tool("pg_dump", *options, "--file", str(copy), settings=settings)
    if trouble:
        raise BackupFailed(file=copy.name, reason=trouble)
    return copy


def _archive(
    home: Home, snapshot: _Snapshot, file: Path, *, at: datetime, on_packed: Callable[[int, int], None]
) -> Manifest:
    sources = [(snapshot.file.name, snapshot.file), *files_of(home)]
    members = tuple(Member(name, path.stat().st_size, sha256_of(path)) for name, path in sources)
    manifest = Manifest(
        format=FORMAT,
        headwater=__version__,
        engine=snapshot.engine,
        created_at=at.isoformat(),
        migrations=snapshot.migrations,
        members=members,
    )
    part = file.with_name(f"{file.name}.part")
    done, total = 0, sum(member.size for member in members)

    def packed(size: int) -> None:
        nonlocal done
        done += size
        on_packed(done, total)

    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            with tarfile.open(fileobj=out, mode="w:gz", compresslevel=3) as archive:
                _add(archive, MANIFEST, io.BytesIO(text := manifest.to_json()), len(text), at)
                for member, (_, path) in zip(members, sources, strict=True):
                    with path.open("rb") as source:
                        _add(archive, member.path, _Read(source, packed), member.size, at)
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def files_of(home: Home) -> Iterator[tuple[str, Path]]:
    """What a backup keeps beside the database: where it stands in the archive, and where it lies."""
    for folder in FOLDERS:
        root = home.path / folder
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield f"{folder}/{path.relative_to(root).as_posix()}", path


def _add(archive: tarfile.TarFile, name: str, source: Any, size: int, at: datetime) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = size, int(at.timestamp()), 0o600
    archive.addfile(entry, source)
