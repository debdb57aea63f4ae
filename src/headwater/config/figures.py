"""How the installation as a whole is doing, read from the database and the data folder: the same from every process."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.db import connection
from django.db.models import Count, Max, Min

from headwater.config import daily
from headwater.config.home import Home
from headwater.config.measured import Family, gauge
from headwater.platform.clock import now
from headwater.platform.delivery import standings
from headwater.platform.models import DeadLetter, Event, Job, ScheduleRun
from headwater.platform.search import keeping
from headwater.tell.models import Mail


def of_the_installation(home: Home) -> list[Family]:
    """Jobs, deliveries, mails, the search index, the mirror and backups."""
    at = now()
    last = daily.last_made_at(home, at=at)
    alive = ScheduleRun.objects.filter(name="worker.alive").values_list("last_run_at", flat=True).first()
    lag = keeping.lag()
    return [
        gauge("headwater_database_bytes", "Size of the database.", _database_bytes()),
        gauge(
            "headwater_event_position", "The newest entry of the log.", Event.objects.aggregate(m=Max("pk"))["m"] or 0
        ),
        gauge("headwater_jobs", "Background jobs by state.", _jobs(), label="state"),
        gauge("headwater_job_oldest_seconds", "For how long the oldest job that is due waits.", _oldest_job(at)),
        gauge("headwater_handler_behind", "Facts a handler has not seen yet.", _behind(), label="handler"),
        gauge(
            "headwater_dead_letters", "Facts nobody could take.", DeadLetter.objects.filter(resolved_at=None).count()
        ),
        gauge("headwater_mails", "Mails by state.", _mails(), label="state"),
        gauge("headwater_search_rows_behind", "Rows the search index lacks.", sum(lag.rows.values())),
        gauge("headwater_search_facts_behind", "Facts the search index has not followed.", lag.facts),
        gauge("headwater_worker_alive_seconds", "Since a worker last gave a sign of life.", _since(alive, at)),
        gauge(
            "headwater_mirror_age_seconds", "Since the numbers of reports last changed.", _since(_mirror_at(home), at)
        ),
        gauge("headwater_backup_age_seconds", "Since the last daily backup.", _since(last, at)),
    ]


def _jobs() -> dict[str, float]:
    found = Job.objects.values_list("state").annotate(number=Count("pk")).order_by("state")
    return {str(state).lower(): 0 for state in Job.State.values} | {state.lower(): n for state, n in found}


def _oldest_job(at: datetime) -> float:
    due = Job.objects.filter(state=Job.State.QUEUED, run_after__lte=at)
    return _since(due.aggregate(oldest=Min("run_after"))["oldest"], at) or 0.0


def _behind() -> dict[str, float]:
    return {each.name: each.behind for each in standings()}


def _mails() -> dict[str, float]:
    found = Mail.objects.values_list("state").annotate(number=Count("pk")).order_by("state")
    return {str(state).lower(): 0 for state in Mail.State.values} | {state.lower(): n for state, n in found}


def _database_bytes() -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return int(cursor.fetchone()[0])


def _mirror_at(home: Home) -> datetime | None:
    copies: list[Path] = sorted(home.mirror.glob("mirror-*.duckdb"))
    return datetime.fromtimestamp(copies[-1].stat().st_mtime, tz=now().tzinfo) if copies else None


def _since(moment: datetime | None, at: datetime) -> float | None:
    return max(0.0, (at - moment).total_seconds()) if moment is not None else None
