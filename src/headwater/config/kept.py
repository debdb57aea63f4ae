"""The backups there are, as those who look after an installation see them: how old, how long kept, made at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from headwater.config import daily, restore
from headwater.config.backup import NAMES, keep_last, kept_of
from headwater.config.events import BackupAsked, BackupTaken
from headwater.config.home import Home, current_home
from headwater.config.models import BackupPlan
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import NotFound
from headwater.platform.events import Changed, record
from headwater.platform.job import JobRun, enqueue, job
from headwater.platform.models import Event, Job
from headwater.platform.undo import undoes_changes_of

SEE, CHANGE, EXPORT = "config.backup.see", "config.backup.change", "config.backup.export"
NOW, CHECK = "backup.now", "backup.check"
OPEN = (Job.State.QUEUED, Job.State.RUNNING)
# How the files of a kind begin, and what the kind is called.
KINDS: Mapping[str, Any] = {
    "daily-": _("Daily"),
    "by-hand-": _("Made by hand"),
    "before-": _("Before a new version or a move"),
}
STEPS = (_("Copying the database"), _("Putting it into one file with what people brought"), _("Reading it back"))


@dataclass(frozen=True)
class KeptBackup:
    """One backup in the data folder. ``until`` is the day to which it stays at least; None: until five are younger."""

    file: Path
    kind: str
    made_at: datetime
    size: int
    until: date | None

    @property
    def name(self) -> str:
        """What it is called in addresses and by ``headwater restore``."""
        return self.file.name

    @property
    def label(self) -> Any:
        """What it was made for."""
        return KINDS[self.kind]


def kept_backups(home: Home) -> list[KeptBackup]:
    """The backups that lie in the data folder, the newest first."""
    plan, days = daily.plan(), {each.file: each.day for each in daily.kept_daily(home)}
    of_kind = [("daily-", file) for file in days] + [(kind, file) for kind in NAMES for file in kept_of(home, kind)]
    found = []
    for kind, file in of_kind:
        known, until = file.stat(), None
        if file in days:
            until = kept_until(days[file], among=days.values(), days=plan.daily, weeks=plan.weekly)
        found.append(KeptBackup(file, kind, datetime.fromtimestamp(known.st_mtime, tz=UTC), known.st_size, until))
    return sorted(found, key=lambda each: each.made_at, reverse=True)


def kept_until(day: date, *, among: Any, days: int, weeks: int) -> date:
    """The day on which a daily backup goes, if one is made every day until then; never earlier than that."""
    until = day + timedelta(days=max(days, 1))
    monday = day - timedelta(days=day.weekday())
    is_first = not any(monday <= other < day for other in among)
    return max(until, monday + timedelta(weeks=weeks)) if is_first and weeks else until


def kept_backup(home: Home, name: str) -> KeptBackup:
    """The backup of that name.

    Raises:
        NotFound: there is none.
    """
    found = next((each for each in kept_backups(home) if each.name == name), None)
    if found is None:
        raise NotFound(_("There is no such backup any more."))
    return found


def checks(of: Iterable[KeptBackup]) -> dict[str, Job]:
    """The last time each of these backups was read back again, by its name."""
    over = Job.objects.filter(kind=CHECK, state__in=(Job.State.DONE, Job.State.FAILED))
    theirs = over.filter(args__name__in=[each.name for each in of]).order_by("pk")
    return {str(found.args["name"]): found for found in theirs}


def under_way() -> Job | None:
    """The backup or check that waits or runs."""
    return Job.objects.filter(kind__in=(daily.KIND, NOW, CHECK), state__in=OPEN).order_by("pk").first()


def last_failure() -> Job | None:
    """The backup that failed, unless one was made since."""
    last = Job.objects.filter(kind__in=(daily.KIND, NOW), state__in=(Job.State.DONE, Job.State.FAILED))
    newest = last.order_by("-finished_at", "-pk").first()
    return newest if newest is not None and newest.state == Job.State.FAILED else None


def taken_out() -> QuerySet[Event]:
    """Each time that somebody took a backup out, the last first."""
    about = {"subject_type": BackupTaken.subject_type, "subject_id": 1}
    return Event.objects.filter(**about, verb=BackupTaken.verb).order_by("-pk")


@action
def ask_for_backup(*, by: Actor, at: datetime) -> Job:
    """Have a backup made now; who asks again while one is under way gets that one.

    Raises:
        NotAllowed: the actor may not look after backups.
    """
    by.require(CHANGE)
    found = Job.objects.filter(kind=NOW, state__in=OPEN).first()
    if found is not None:
        return found
    queued = enqueue(NOW, args={"name": f"by-hand-{at:%Y%m%d-%H%M%S}.tar.gz"}, at=at, user_id=by.user_id)
    record(BackupAsked(job_id=queued.pk), by=by, at=at)
    return queued


def ask_for_check(home: Home, *, name: str, by: Actor, at: datetime) -> Job:
    """Have a backup read back once more, as a restore would; nothing else is done, so it is no fact.

    Raises:
        NotAllowed: the actor may not look after backups.
        NotFound: there is no such backup.
    """
    by.require(CHANGE)
    kept_backup(home, name)
    return enqueue(CHECK, args={"name": name}, at=at, user_id=by.user_id)


@action
def take_out(home: Home, *, name: str, by: Actor, at: datetime) -> Path:
    """The file of a backup on its way out of the house, noted in the log before its first byte leaves.

    Raises:
        NotAllowed: the actor may not take out everything there is.
        NotFound: there is no such backup.
    """
    by.require(EXPORT)
    found = kept_backup(home, name)
    record(BackupTaken(plan_id=1, file=found.name), by=by, at=at)
    return found.file


@action
def change_plan(*, values: Mapping[str, int], by: Actor, at: datetime) -> Event | None:
    """Make daily backups at another hour, or keep another number of them; 0 days: make none.

    Raises:
        NotAllowed: the actor may not look after backups.
    """
    by.require(CHANGE)
    as_it_was = daily.plan()
    kept, _made = BackupPlan.objects.select_for_update().get_or_create(
        pk=1, defaults={name: getattr(as_it_was, name) for name in ("hour", "daily", "weekly")}
    )
    return change_row(kept, values, row_type="config.backup_plan", by=by, at=at)


@undoes_changes_of("config.backup_plan")
@action
def take_back_plan(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of a change: hour and numbers as they were before."""
    by.require(CHANGE)
    kept = BackupPlan.objects.select_for_update().get(pk=1)
    change_row(kept, old_values(kept, fact), row_type="config.backup_plan", by=by, at=at)


@job(NOW)
def make_now(run: JobRun) -> Mapping[str, Any]:
    """Make a backup at once, read it back, and let all but the last few made by hand go."""
    home, name = current_home(), str(run.args["name"])

    def told(step: int) -> None:
        run.report(done=step, total=len(STEPS))

    file = daily.write_whole(home, home.backups / name, at=run.job.queued_at, on_step=told)
    keep_last(home, "by-hand-", fresh=file)
    return {"file": file.name, "bytes": file.stat().st_size}


@job(CHECK)
def check(run: JobRun) -> Mapping[str, Any]:
    """Read a backup back once more: every checksum, and its database."""
    home = current_home()
    manifest = restore.verify(home, kept_backup(home, str(run.args["name"])).file)
    return {"files": len(manifest.members)}
