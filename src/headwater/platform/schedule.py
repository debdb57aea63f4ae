"""What runs by itself: a name, an interval, and a row that remembers the last time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from headwater.platform.models import ScheduleRun

log = structlog.get_logger()


@dataclass(frozen=True)
class Scheduled:
    """One repeating piece of work; ``run`` gets the present moment."""

    name: str
    every: timedelta
    run: Callable[[datetime], None]


SCHEDULE: dict[str, Scheduled] = {}


def every(interval: timedelta, name: str) -> Callable[[Callable[[datetime], None]], Callable[[datetime], None]]:
    """Declare a function that the worker calls every ``interval``; several workers call it once."""

    def register(fn: Callable[[datetime], None]) -> Callable[[datetime], None]:
        SCHEDULE[name] = Scheduled(name, interval, fn)
        return fn

    return register


@every(timedelta(minutes=1), "worker.alive")
def give_sign_of_life(_at: datetime) -> None:
    """Give a sign of life: its last run is how ``headwater doctor`` knows that a worker works."""


def run_due(*, at: datetime) -> list[str]:
    """Run what is due and say which; missed turns are made up once, not once each."""
    rows = {row.name: row for row in ScheduleRun.objects.all()}
    ran = []
    for item in SCHEDULE.values():
        row = rows.get(item.name)
        if row is None:
            ScheduleRun.objects.bulk_create([ScheduleRun(name=item.name, next_run_at=at)], ignore_conflicts=True)
            due = at
        elif row.next_run_at <= at or row.next_run_at > at + 2 * item.every:
            due = row.next_run_at  # far in the future: the clock was set back, do not wait for it
        else:
            continue
        taken = ScheduleRun.objects.filter(name=item.name, next_run_at=due).update(
            last_run_at=at, next_run_at=at + item.every
        )
        if taken:
            try:
                item.run(at)
                ran.append(item.name)
            except Exception:
                log.exception("schedule_failed", name=item.name)
    return ran
