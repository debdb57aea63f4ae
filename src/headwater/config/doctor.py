"""Examining an installation: which database, which version, what ran when, what is wrong and what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from headwater import __version__
from headwater.config import lifecycle, locks, whose
from headwater.config.environment import BadSetting
from headwater.config.home import Home
from headwater.platform.clock import now
from headwater.platform.errors import DomainError

LOW_DISK = 500 * 1024 * 1024
CHECK_UP_TO = 1024 * 1024 * 1024
QUIET_AFTER = timedelta(minutes=5)
FAILED_WITHIN = timedelta(days=7)
FAST_CLOCK = timedelta(minutes=5)
DAMAGED = ("malformed", "not a database")  # as SQLite says it


@dataclass(frozen=True)
class Problem:
    """Something that is wrong, and what to do about it."""

    code: str
    what: str
    do: str


@dataclass
class Report:
    """What was found."""

    home: str
    version: str = __version__
    database: dict[str, Any] = field(default_factory=dict)
    migrations: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    jobs: dict[str, Any] = field(default_factory=dict)
    schedule: list[dict[str, Any]] = field(default_factory=list)
    handlers: list[dict[str, Any]] = field(default_factory=list)
    search: dict[str, Any] = field(default_factory=dict)
    backups: dict[str, Any] = field(default_factory=dict)
    dead_letters: int = 0
    disk: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The report as ``docs/cli.md`` describes it."""
        return {"ok": not self.problems, **asdict(self)}

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield f"Headwater {self.version} in {self.home}"
        if self.database:
            size = self.database.get("bytes")
            yield f"Database    {self.database['engine']} {self.database['name']}" + (
                f" ({size / 1e6:,.1f} MB)" if size is not None else ""
            )
        if self.migrations:
            waiting = len(self.migrations["pending"])
            yield f"Migrations  {self.migrations['applied']} applied" + (f", {waiting} waiting" if waiting else "")
        if self.server:
            running = self.server["running"]
            yield f"Server      {'runs at port ' + str(self.server['port']) if running else 'does not run'}"
        if self.jobs:
            yield "Jobs        {queued} waiting, {running} running, {failed} failed in the last week".format(
                **self.jobs
            )
        for item in self.schedule:
            last = f"{item['last_run_at']:%Y-%m-%d %H:%M} UTC" if item["last_run_at"] else "never"
            yield f"            {item['name']}: last ran {last}"
        behind = [handler for handler in self.handlers if handler["behind"]]
        if self.handlers:
            yield f"Handlers    {len(self.handlers)}, {len(behind)} behind"
        for handler in behind:
            yield f"            {handler['name']}: {handler['behind']} facts behind"
        if self.search:
            behind_by = self.search["rows_behind"]
            state = f"{behind_by:,} rows behind" if behind_by else "follows all rows"
            yield f"Search      {state}" + ("" if self.search["indexed"] else ", without an index")
        if self.backups:
            last = self.backups["last_at"]
            yield f"Backups     {self.backups['daily']} daily, " + (
                f"the last of {last:%Y-%m-%d %H:%M} UTC" if last else "none yet"
            )
        if self.disk:
            yield f"Disk        {self.disk['free_bytes'] / 1e9:,.1f} GB free"
        for problem in self.problems:
            yield f"WRONG       {problem.what}\n            {problem.do}"
        if not self.problems:
            yield "All is well."


def examine(home: Home) -> Report:
    """Look at everything that can be looked at; a check that cannot be made is a problem, never a crash."""
    report = Report(home=str(home.path))
    try:
        lifecycle.refuse_unusable(home)
    except DomainError as refusal:
        report.problems.append(_of(refusal))
        return report
    _folder(home, report)
    try:
        lifecycle.load_django()
    except BadSetting as refusal:
        report.problems.append(_of(refusal))
        return report
    from django.db.utils import DatabaseError

    _package(report)
    try:
        _database(home, report)
        _migrations(home, report)
        if not report.problems or not report.migrations.get("pending"):
            _work(home, report)
    except DatabaseError as error:
        report.problems.append(_unusable(home, error))
    return report


def _unusable(home: Home, error: Exception) -> Problem:
    from django.db import connection

    trouble = (str(error).strip() or type(error).__name__).splitlines()[0]
    if connection.vendor == "sqlite" and any(words in trouble for words in DAMAGED):
        return _damaged(home)
    do = "Check that it runs, and its address in HEADWATER_DATABASE_URL."
    if connection.vendor == "sqlite":
        do = f"Check that there is room in {home.path}, and that whoever runs this may write {home.database}."
    return Problem("database_unusable", f"The database cannot be used: {trouble}.", do)


def _damaged(home: Home) -> Problem:
    newest = max(home.backups.glob("*.tar.gz"), key=lambda file: file.stat().st_mtime, default=Path("FILE"))
    return Problem("database_damaged", "The database is damaged.", f"Restore a backup: headwater restore {newest}")


def _folder(home: Home, report: Report) -> None:
    free = shutil.disk_usage(home.path).free
    report.disk = {"free_bytes": free}
    if free < LOW_DISK:
        report.problems.append(
            Problem("disk_low", f"Only {free / 1e6:,.0f} MB are free.", "Make room before the database needs it.")
        )
    if not os.access(home.path, os.W_OK):
        report.problems.append(_of(locks.NotWritable(home=home.path, reason="no right to write")))
    if others := list(whose.of_others(home)):
        owner = whose.name_of(home.key.stat().st_uid)
        report.problems.append(
            Problem(
                "home_of_several",
                f"In {home.path} lies what {owner}, whose the rest is, may not use: {others[0]}.",
                f"Run as root: chown -R {owner}: {home.path}",
            )
        )
    if home.path.stat().st_mode & 0o007:
        report.problems.append(
            Problem(
                "home_readable",
                f"Everybody on this machine can read the customers in {home.path}.",
                f"Run: chmod 700 {home.path}",
            )
        )
    if home.key.stat().st_mode & 0o077:
        report.problems.append(
            Problem("secret_key_readable", f"Others can read {home.key}.", f"Run: chmod 600 {home.key}"),
        )


def _package(report: Report) -> None:
    """Whether the program itself is whole: pages and their files came with it."""
    from django.contrib.staticfiles import finders
    from django.template import TemplateDoesNotExist
    from django.template.loader import get_template

    missing = [name for name in ("headwater/app.css", "vendor/htmx/htmx.min.js") if finders.find(name) is None]
    for template in ("web/base.html", "team/sign_in.html"):
        try:
            get_template(template)
        except TemplateDoesNotExist:
            missing.append(template)
    if missing:
        report.problems.append(
            Problem("package_incomplete", f"The program lacks {', '.join(missing)}.", "Install Headwater again.")
        )


def _database(home: Home, report: Report) -> None:
    from django.db import connection

    name = str(connection.settings_dict["NAME"])
    report.database = {"engine": connection.vendor, "name": name, "bytes": None, "sound": None}
    connection.ensure_connection()
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            report.database["bytes"] = cursor.fetchone()[0]
        return
    size = Path(name).stat().st_size
    report.database["bytes"] = size
    if size > CHECK_UP_TO:
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        report.database["sound"] = cursor.fetchone()[0] == "ok"
    if not report.database["sound"]:
        report.problems.append(_damaged(home))


def _migrations(home: Home, report: Report) -> None:
    state = lifecycle.migrations()
    report.migrations = {
        "applied": len(state.applied), "pending": list(state.pending), "unknown": list(state.unknown),
    }  # fmt: skip
    try:
        lifecycle.refuse_foreign(home, state)
        if state.pending:
            raise lifecycle.OlderDatabase(home=home.path)
    except DomainError as refusal:
        report.problems.append(_of(refusal))


def _work(home: Home, report: Report) -> None:
    at = now()
    running = locks.is_served(home)
    report.server = {"running": running, **(locks.noted_server(home) if running else {"pid": None, "port": None})}
    _search(report)
    _backups(home, report)
    _jobs(report, at=at)
    _handlers(report)
    _mail(report)
    _sealed(report)
    _clock(report, at=at)
    if running:
        _worker(home, report, at=at)


def _jobs(report: Report, *, at: datetime) -> None:
    """What waits, runs and failed, and when what returns comes next."""
    from headwater.config import daily
    from headwater.platform.models import Job, ScheduleRun

    failed = Job.objects.filter(state=Job.State.FAILED, finished_at__gte=at - FAILED_WITHIN)
    report.jobs = {
        "queued": Job.objects.filter(state=Job.State.QUEUED).count(),
        "running": Job.objects.filter(state=Job.State.RUNNING).count(),
        "failed": failed.count(),
        "last_finished_at": Job.objects.order_by("-finished_at").exclude(finished_at=None)
        .values_list("finished_at", flat=True).first(),
    }  # fmt: skip
    report.schedule = [
        {"name": run.name, "last_run_at": run.last_run_at, "next_run_at": run.next_run_at}
        for run in ScheduleRun.objects.order_by("name")
    ]
    # A refusal is an answer to whoever asked; only bugs are something wrong with the installation.
    broken = failed.exclude(kind=daily.KIND).filter(error__startswith="Traceback").order_by("-pk").first()
    if broken is not None:
        reason = broken.trouble[:200]
        report.problems.append(
            Problem(
                "job_failed",
                f"Job {broken.pk} ({broken.kind}) failed: {reason}",
                "Try it again under Settings → Jobs & deliveries (/settings/work); report it if it fails again.",
            )
        )


def _handlers(report: Report) -> None:
    """How far handlers have read the log, and what could not be delivered to them."""
    from headwater.platform.delivery import standings
    from headwater.platform.models import DeadLetter

    report.handlers = [{"name": each.name, "position": each.position, "behind": each.behind} for each in standings()]
    report.dead_letters = DeadLetter.objects.filter(resolved_at=None).count()
    if report.dead_letters:
        report.problems.append(
            Problem(
                "dead_letters",
                f"{report.dead_letters} facts could not be delivered to a handler.",
                "Open Settings → Jobs & deliveries (/settings/work): it says why. Mend the reason, then deliver them "
                "again there, or drop them.",
            )
        )


def _worker(home: Home, report: Report, *, at: datetime) -> None:
    """Whether the worker of a running server has been heard of lately."""
    from headwater.platform.models import ScheduleRun

    alive = ScheduleRun.objects.filter(name="worker.alive").values_list("last_run_at", flat=True).first()
    heard = max(filter(None, (alive, locks.serving_since(home))), default=None)
    if heard is None or heard < at - QUIET_AFTER:
        report.problems.append(
            Problem(
                "worker_quiet", "The background worker gives no sign of life.", "Stop Headwater and start it again."
            )
        )


def _clock(report: Report, *, at: datetime) -> None:
    """Whether the clock was set back: what is noted by it then stands before what came earlier."""
    from headwater.platform.models import Event

    last = Event.objects.order_by("-pk").values_list("recorded_at", flat=True).first()
    if last is not None and last > at + FAST_CLOCK:
        said = f"{at:%Y-%m-%d %H:%M} UTC, but the log was last written at {last:%Y-%m-%d %H:%M}"
        do = "Set the clock, and let the network keep it right: timedatectl set-ntp true"
        report.problems.append(Problem("clock_behind", f"This machine's clock says {said}.", do))


def _mail(report: Report) -> None:
    """Whether mails arrive at the server."""
    from headwater.tell.queries.mails import given_up_since

    lost = given_up_since(now() - FAILED_WITHIN)
    last = lost.first()
    if last is not None:
        what = f"{lost.count()} mails of the last week were given up. The last reason: {last.why}"
        do = "Look at Settings → Mail (/settings/mail), mend it, and send a test: headwater mail test ADDRESS"
        report.problems.append(Problem("mail_given_up", what, do))


def _sealed(report: Report) -> None:
    """Whether what is kept encrypted can be opened here."""
    from headwater.config.sealed import SEALED_ANEW, sealed_elsewhere

    if found := sealed_elsewhere():
        what = f"Sealed with the secret key of another installation, and of no use here: {', '.join(found)}."
        report.problems.append(Problem("sealed_elsewhere", what, SEALED_ANEW))


def _backups(home: Home, report: Report) -> None:
    """Whether there is a backup to go back to, and a program to make the next one."""
    from django.db import connection

    from headwater.config import daily
    from headwater.platform.models import Job

    if not daily.plan().daily:
        return
    at = now()
    report.backups = {"daily": len(daily.kept_daily(home)), "last_at": daily.last_made_at(home, at=at)}
    last = Job.objects.filter(kind=daily.KIND).order_by("-pk").first()
    if last is not None and last.state == Job.State.FAILED:
        reason = last.trouble[:300]
        do = "Mend the reason, then try it again under Settings → Jobs & deliveries (/settings/work)."
        report.problems.append(Problem("backup_failed", f"The last daily backup failed: {reason}", do))
    elif daily.is_late(home, at=at):
        what = "There has been no daily backup for more than two days."
        report.problems.append(Problem("backup_late", what, "Let Headwater run, or make one: headwater backup FILE"))
    if connection.vendor == "postgresql" and not (shutil.which("pg_dump") and shutil.which("pg_restore")):
        what = "No backup can be made: PostgreSQL's own programs are not installed."
        report.problems.append(Problem("pg_dump_missing", what, "Install them (Debian: postgresql-client)."))


def _search(report: Report) -> None:
    """Whether everything can be found, and fast."""
    from headwater.platform.search import index, keeping

    lag, indexed = keeping.lag(), index.is_indexed()
    report.search = {"indexed": indexed, "rows_behind": sum(lag.rows.values()), "facts_behind": lag.facts}
    if not indexed:
        do = "headwater doctor --rebuild-search"
        if report.database["engine"] == "postgresql":
            do = f"Let an administrator of PostgreSQL run: CREATE EXTENSION pg_trgm; then run: {do}"
        report.problems.append(Problem("search_slow", "Searching reads everything: its index is missing.", do))


def _of(refusal: DomainError) -> Problem:
    what, _, do = refusal.text.partition(". ")
    return Problem(refusal.code, what.rstrip(".") + ".", do or "See the documentation.")
