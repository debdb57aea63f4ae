"""The life of an installation: made once, opened by every command, brought to this version's shape by ``up``."""

from __future__ import annotations

import json
import os
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from headwater import __version__
from headwater.config import locks, whose
from headwater.config.home import Home
from headwater.platform.errors import DomainError

if TYPE_CHECKING:
    from datetime import datetime

    from headwater.config.locks import HomeLock

OURS = frozenset({"backups", "mirror", "files", "profiles", "static", whose.DISK_CHECK})
MARKER = "migrating.json"
MOVED = "moved.json"


class NotInitialised(DomainError):
    """There is no installation in the data folder."""

    code = "not_initialised"
    message = "There is no Headwater in {home} yet. Run “headwater init” for an empty one, or “headwater demo”."


class AlreadyInitialised(DomainError):
    """There is an installation in the data folder already."""

    code = "already_initialised"
    message = "{home} holds an installation already{company}. Start it with “headwater up”."


class ForeignFolder(DomainError):
    """The folder holds somebody else's files."""

    code = "foreign_folder"
    message = "{home} holds other files ({names}). Choose an empty folder with --home."


class MigrationUnfinished(DomainError):
    """The last migration was cut off."""

    code = "migration_unfinished"
    message = (
        "The last migration of {home} did not finish. Your data as they were before it lie in {backup}: "
        "run “headwater restore {backup}”, then start again."
    )


class UpgradeFailed(DomainError):
    """A migration failed; everything was put back."""

    code = "upgrade_failed"
    message = (
        "{home} could not be brought to version {version}: {reason}. Everything was put back as it was before, so go "
        "on with the version you had; everybody signs in anew. What happened stands in {log}: please report it."
    )


class SetupUnfinished(DomainError):
    """The very first migration was cut off, before there was anything to lose."""

    code = "setup_unfinished"
    message = "Setting up {home} did not finish. Run “headwater {command}” again."


class RestoreUnfinished(DomainError):
    """A restore was cut off."""

    code = "restore_unfinished"
    message = "A restore into {home} did not finish. Run “headwater restore {file}” again."


class NewerDatabase(DomainError):
    """The database was written by a later version of Headwater."""

    code = "newer_database"
    message = (
        "The database of {home} comes from a newer version of Headwater than this one ({version}): "
        "it knows {unknown}. Install that version, or restore a backup made with this one."
    )


class OlderDatabase(DomainError):
    """The database has not been migrated to this version."""

    code = "older_database"
    message = (
        "The database of {home} is older than this version of Headwater. Start “headwater up” once: "
        "it takes a backup and migrates."
    )


class NoDatabase(DomainError):
    """The data folder is there, its database is not."""

    code = "no_database"
    message = (
        "{home} has no database. If its data lie in PostgreSQL, set HEADWATER_DATABASE_URL; "
        "otherwise bring a backup back with “headwater restore FILE”."
    )


class EmptyDatabase(DomainError):
    """The setting names a PostgreSQL database, and nothing is in it."""

    code = "empty_database"
    message = (
        "The PostgreSQL database {name} has no Headwater in it. Check HEADWATER_DATABASE_URL. What {home} keeps in "
        "SQLite is brought into it by “headwater move-to-postgres URL”, a backup by “headwater restore FILE”; a new "
        "installation begins with “headwater init” in a new folder."
    )


class KeyLost(DomainError):
    """The database is there, the secret that goes with it is not."""

    code = "secret_key_lost"
    message = (
        "{home} has data, but its secret key {file} is missing or empty. Put that file back; it is in no backup of "
        "Headwater. Without a copy, write fifty random characters into it (chmod 600): everybody signs in anew, and "
        "second factors, webhooks and the password of the mail server have to be set up again."
    )


class MovedAway(DomainError):
    """What lies here was moved to PostgreSQL; working on would make two installations of one."""

    code = "moved_away"
    message = (
        "The data of {home} were moved to {to} on {day}. Set HEADWATER_DATABASE_URL to it. To go on with what was "
        "left here instead, remove {note}."
    )


class DatabaseNotEmpty(DomainError):
    """Set-up was asked to fill a PostgreSQL database that holds data."""

    code = "database_not_empty"
    message = "The PostgreSQL database {name} holds data already. Name an empty one in HEADWATER_DATABASE_URL."


@dataclass(frozen=True)
class Migrations:
    """How the database stands to this version: what it has, what it lacks, what we do not know."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]
    unknown: tuple[str, ...]


def load_django() -> None:
    """Load settings and rooms; the data folder must be chosen before."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "headwater.config.settings")
    import django

    django.setup()


def migrations() -> Migrations:
    """How the database stands to this version."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    applied, known = set(loader.applied_migrations), set(loader.disk_migrations)
    return Migrations(applied=_names(applied), pending=_names(known - applied), unknown=_names(applied - known))


def initialise(home: Home, *, at: datetime, country: str = "") -> str:
    """Make an empty installation and give back its one-time set-up secret.

    Raises:
        AlreadyInitialised, ForeignFolder, NotWritable: the folder is not ours to fill.
        Invalid: there is no such country.
    """
    with prepared_folder(home):
        from headwater.platform.actor import job_actor
        from headwater.team.actions import company

        return company.prepare_setup(by=job_actor("init"), at=at, country=country)


@contextmanager
def prepared_folder(home: Home, *, command: str = "init") -> Iterator[None]:
    """Make the folder, its secret and a database of this version; the block fills it.

    A marker stays until the block is through: a set-up that was cut off is begun again, never half used.

    Raises:
        AlreadyInitialised, ForeignFolder, NotWritable, NotYours, KeyLost: the folder is not ours to fill.
    """
    whose.refuse_another(home)
    _refuse_other_files(home)
    try:
        home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise locks.NotWritable(home=home.path, reason=error.strerror or str(error)) from error
    lock = locks.hold_alone(home)
    try:
        marker = _read_marker(home)
        if (marker or home.is_initialised) and not marker.get("setup"):
            refuse_unusable(home)
            if not (command == "demo" and _is_blank(home)):
                raise AlreadyInitialised(home=home.path, company=_company_of(home))
        _write_marker(home, {"setup": command})
        if marker:
            home.key.unlink(missing_ok=True)  # it may be half written
        home.create()
        _start_empty(home, again=bool(marker))
        _run_migrations()
        yield
        (home.path / MARKER).unlink()
    finally:
        lock.release()


def open_home(home: Home) -> HomeLock:
    """What most commands begin with: an installation of this version that nobody migrates or restores.

    Raises:
        DomainError: there is none, its database is not of this version, or it is being migrated or restored.
    """
    refuse_unusable(home)
    lock = locks.hold_for_use(home)
    load_django()
    state = migrations()
    refuse_foreign(home, state)
    if state.pending:
        raise OlderDatabase(home=home.path)
    return lock


def open_for_serving(home: Home, *, at: datetime) -> HomeLock:
    """What ``up`` begins with: an installation of this version, migrated after a backup where it was older.

    Raises:
        DomainError: there is no installation, it is newer than this version, half migrated, or in use.
    """
    refuse_unusable(home)
    lock = locks.hold_for_use(home)
    load_django()
    state = migrations()
    refuse_foreign(home, state)
    if state.pending:
        lock.release()
        lock = locks.hold_alone(home)
        migrate_after_backup(home, at=at)
        lock.share()
    return lock


def refuse_unusable(home: Home) -> None:
    """Refuse a folder without an installation, or with one that was cut off in a step that must not be.

    Raises:
        NotInitialised, NoDatabase, SetupUnfinished, MigrationUnfinished, RestoreUnfinished, MovedAway, KeyLost: says
            which.
        NotYours: it belongs to another user of this machine.
    """
    whose.refuse_another(home)
    marker = _read_marker(home)
    if marker.get("setup"):
        raise SetupUnfinished(home=home.path, command=marker["setup"])
    if marker.get("restore"):
        raise RestoreUnfinished(home=home.path, file=marker["restore"])
    if marker:
        raise MigrationUnfinished(home=home.path, backup=marker.get("backup", "a file in backups/"))
    if not os.environ.get("HEADWATER_SECRET_KEY") and _lacks_key(home):
        raise KeyLost(home=home.path, file=home.key)
    if not home.is_initialised:
        raise NotInitialised(home=home.path)
    if not os.environ.get("HEADWATER_DATABASE_URL") and not home.database.exists():
        raise NoDatabase(home=home.path)
    moved = _read_json(home.path / MOVED)
    if moved and not os.environ.get("HEADWATER_DATABASE_URL"):
        raise MovedAway(home=home.path, to=moved.get("to"), day=str(moved.get("at"))[:10], note=home.path / MOVED)


def _lacks_key(home: Home) -> bool:
    return not home.key.stat().st_size if home.is_initialised else home.database.exists()


def refuse_foreign(home: Home, state: Migrations) -> None:
    """Refuse a database that is not ours to work on: one without Headwater, and one that knows migrations we do not.

    Taken for an old one, an empty database would be filled and served, and everybody would miss their data.

    Raises:
        NoDatabase, EmptyDatabase, NewerDatabase: says which.
    """
    if not state.applied:
        from django.db import connection

        if connection.vendor == "sqlite":
            raise NoDatabase(home=home.path)
        raise EmptyDatabase(home=home.path, name=connection.settings_dict["NAME"])
    if state.unknown:
        named = ", ".join(state.unknown[:3]) + (" and more" if len(state.unknown) > 3 else "")
        raise NewerDatabase(home=home.path, version=__version__, unknown=named)


def migrate_after_backup(home: Home, *, at: datetime) -> Path:
    """Bring the database to this version, and keep what was before in the backup that is given back.

    The backup is read back before anything is changed, and put back if a migration fails. Ctrl-C waits until it is
    through. A marker in the folder tells the next start if this one was killed.

    Raises:
        BackupFailed, NotABackup: nothing was changed.
        UpgradeFailed: everything is as it was.
        RestoreFailed: nor could it be put back; the next start says what to do.
    """
    from headwater.config import backup, restore
    from headwater.platform.statistics import look_over_tables

    kept = backup.automatic(home, at=at)
    restore.verify(home, kept)
    _write_marker(home, {"backup": str(kept), "to": __version__, "at": at.isoformat()})
    with _uninterrupted():
        try:
            _run_migrations()
        except Exception as error:
            log = _go_back(home, kept, why=error, at=at)
            reason = f"{type(error).__name__}: {error}"
            raise UpgradeFailed(home=home.path, version=__version__, reason=reason, log=log) from error
        (home.path / MARKER).unlink()
    look_over_tables()  # SQLite takes an index it knows nothing of for the best there is, and reads lists by it
    return kept


def _go_back(home: Home, kept: Path, *, why: Exception, at: datetime) -> Path:
    """Put back what was before a migration that failed; where it stands what happened. What it left is kept aside."""
    from django.db import connection

    from headwater.config import restore

    connection.close()
    log = restore.put_back(home, kept, at=at, revokes=False) / "upgrade-failed.txt"
    log.write_text("".join(traceback.format_exception(why)), encoding="utf-8")
    return log


@contextmanager
def restoring(home: Home, file: Path) -> Iterator[None]:
    """Mark the folder while a restore changes it; a finished one clears every older mark."""
    _write_marker(home, {"restore": str(file)})
    yield
    (home.path / MARKER).unlink()


def _run_migrations() -> None:
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def _start_empty(home: Home, *, again: bool) -> None:
    """See to it that set-up begins with an empty database; what a cut-off one left is nobody's data."""
    load_django()
    from django.db import connection

    if connection.vendor == "sqlite":
        if again:
            connection.close()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{home.database}{suffix}").unlink(missing_ok=True)
    elif "team_company" in connection.introspection.table_names() and not _is_blank(home):
        raise DatabaseNotEmpty(name=connection.settings_dict["NAME"])


def _is_blank(home: Home) -> bool:
    """Whether an installation was made here but nobody has begun to use it."""
    load_django()
    from headwater.team.models import Company, User

    state = migrations()
    return (
        not state.pending and not state.unknown and not User.objects.exists() and not Company.objects.exclude(name="")
    )


def _company_of(home: Home) -> str:
    """The company's name in brackets, where it can be read."""
    try:
        load_django()
        from headwater.team.queries import company

        name = company().name
    except Exception:  # noqa: BLE001  (the name is a courtesy; the refusal stands without it)
        return ""
    return f" ({name})" if name else ""


def _names(keys: set[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(f"{app}.{name}" for app, name in keys))


def _refuse_other_files(home: Home) -> None:
    if home.is_initialised or not home.path.is_dir() or (home.path / MARKER).exists():
        return
    if home.database.exists():
        raise KeyLost(home=home.path, file=home.key)
    try:
        found = sorted(entry.name for entry in home.path.iterdir())
    except OSError as error:
        raise locks.NotWritable(home=home.path, reason=error.strerror or str(error)) from error
    foreign = [name for name in found if name not in OURS and not name.startswith(".") and not name.endswith(".lock")]
    if foreign:
        raise ForeignFolder(home=home.path, names=", ".join(foreign[:3]))


def note_moved(home: Home, *, to: str, at: datetime) -> None:
    """Note that the SQLite database is the past; it is not used again unless somebody wants that."""
    _write_json(home.path / MOVED, {"to": to, "at": at.isoformat()})


def _read_marker(home: Home) -> dict[str, Any]:
    marker = _read_json(home.path / MARKER)
    return {} if marker is None else marker or {"backup": str(home.backups)}


def _write_marker(home: Home, marker: dict[str, str]) -> None:
    _write_json(home.path / MARKER, marker)


def _read_json(file: Path) -> dict[str, Any] | None:
    """What the file says; nothing where it is cut off, None where there is none."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        return None
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _write_json(file: Path, marker: dict[str, str]) -> None:
    with file.open("w", encoding="utf-8") as out:
        json.dump(marker, out)
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the block is through, then let them act."""
    waiting: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if waiting:
        signal.raise_signal(waiting[0])
