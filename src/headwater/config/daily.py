"""The backup that is made by itself every day: read back before an older one goes, and missed loudly."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from headwater.config import backup, restore
from headwater.config.home import Home, current_home
from headwater.config.models import BackupPlan
from headwater.platform.clock import now
from headwater.platform.job import JobRun, enqueue, job
from headwater.platform.models import Job
from headwater.platform.schedule import every
from headwater.team.queries import company

KIND = "backup.daily"
LATE_AFTER = timedelta(days=2)
LEFT_OVER_AFTER = 24 * 3600
_NAME = re.compile(r"daily-(\d{4}-\d\d-\d\d)\.tar\.gz")


@dataclass(frozen=True)
class Kept:
    """A daily backup that lies in the data folder."""

    day: date
    file: Path


@every(timedelta(minutes=5), "backup.due")
def look_if_due(at: datetime) -> None:
    """Asks for the backup of the day once its hour has come."""
    if is_due(current_home(), at=at) and not _is_under_way(at):
        enqueue(KIND, args={"day": str(_today(at))}, at=at)


@job(KIND)
def make_daily(run: JobRun) -> Mapping[str, Any]:
    """Make the backup of the day, read it back, and let older ones go."""
    file = make(current_home(), day=date.fromisoformat(run.args["day"]), at=now())
    return {"file": file.name, "bytes": file.stat().st_size}


def make(home: Home, *, day: date, at: datetime) -> Path:
    """The backup of ``day``, whole and checked; older ones go only after that.

    Raises:
        BackupFailed: none was written; everything there was is still there.
        NotABackup: what was written cannot be read back; the older ones stay.
    """
    file = write_whole(home, home.backups / f"daily-{day}.tar.gz", at=at)
    # Of days to come, made while the clock was ahead, none counts: they would push out those of the days before today.
    there, wanted = {kept.day: kept.file for kept in kept_daily(home) if kept.day <= day}, plan()
    for old in to_drop(there, daily=wanted.daily, weekly=wanted.weekly):
        there[old].unlink()
    return file


def plan() -> BackupPlan:
    """When backups are made and how many are kept: as somebody said in Settings, else as the environment says."""
    delivered = BackupPlan(
        pk=1, hour=settings.BACKUP_HOUR, daily=settings.BACKUPS_DAILY, weekly=settings.BACKUPS_WEEKLY
    )
    return BackupPlan.objects.filter(pk=1).first() or delivered


def write_whole(home: Home, file: Path, *, at: datetime, on_step: Callable[[int], None] = lambda _step: None) -> Path:
    """Write a backup that gets its name only after it was read back as a restore would; one that is there stays.

    ``on_step`` hears how many of its three steps are done.

    Raises:
        BackupFailed, NotABackup: there is none of that name.
    """
    _sweep(home)
    if file.exists():
        return file
    fresh = home.backups / f".fresh-{file.name}"
    fresh.unlink(missing_ok=True)
    on_step(0)
    backup.write(home, fresh, at=at, on_copied=lambda: on_step(1))
    try:
        on_step(2)
        restore.verify(home, fresh)
        fresh.rename(file)
        on_step(3)
    finally:
        fresh.unlink(missing_ok=True)
    return file


def kept_daily(home: Home) -> list[Kept]:
    """The daily backups there are, the newest first."""
    found = ((match, file) for file in home.backups.glob("daily-*") if (match := _NAME.fullmatch(file.name)))
    return sorted((Kept(date.fromisoformat(m.group(1)), file) for m, file in found), key=lambda k: k.day, reverse=True)


def to_drop(days: Iterable[date], *, daily: int, weekly: int) -> list[date]:
    """The days whose backups go: all but the last ``daily``, and the first one of each of the last ``weekly`` weeks."""
    newest_first = sorted(days, reverse=True)
    first_of_week: dict[tuple[int, int], date] = {}
    for day in newest_first:
        first_of_week[day.isocalendar()[:2]] = day
    weeks = sorted(first_of_week.values(), reverse=True)[:weekly]
    return [day for day in newest_first[max(daily, 1) :] if day not in weeks]


def is_due(home: Home, *, at: datetime) -> bool:
    """Whether the hour has come, on the company's clock, and today has no backup yet; the first day needs none."""
    wanted = plan()
    if not wanted.daily:
        return False
    zone = ZoneInfo(company().time_zone)
    local = at.astimezone(zone)
    if _began_at(home).astimezone(zone).date() == local.date():
        return False
    return local.hour >= wanted.hour and not (home.backups / f"daily-{local.date()}.tar.gz").exists()


def last_made_at(home: Home, *, at: datetime) -> datetime | None:
    """When the last daily backup was finished; one of a time to come was made while the clock was ahead."""
    finished = (datetime.fromtimestamp(kept.file.stat().st_mtime, tz=UTC) for kept in kept_daily(home))
    return max((moment for moment in finished if moment <= at), default=None)


def is_late(home: Home, *, at: datetime) -> bool:
    """Whether daily backups are wanted and there has been none for two days, nor is the installation that young."""
    if not plan().daily:
        return False
    last = last_made_at(home, at=at)
    return at - (last or _began_at(home)) > LATE_AFTER


def _began_at(home: Home) -> datetime:
    return datetime.fromtimestamp((home.path / "secret_key").stat().st_mtime, tz=UTC)


def _today(at: datetime) -> date:
    return at.astimezone(ZoneInfo(company().time_zone)).date()


def _is_under_way(at: datetime) -> bool:
    """Waiting, running, or failed for today: what failed is told, and tried again by hand or tomorrow."""
    of_today = Job.objects.filter(kind=KIND, args__day=str(_today(at)))
    return of_today.exclude(state=Job.State.DONE).exists()


def _sweep(home: Home) -> None:
    """Take away what a backup or restore that was cut off left behind."""
    backups = [*home.backups.glob(".backup-*"), *home.backups.glob(".verify-*"), *home.backups.glob(".fresh-*")]
    for left in (*backups, *home.path.glob(".restore-*")):
        if left.stat().st_mtime < time.time() - LEFT_OVER_AFTER:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
