"""The mirror follows the log by itself: the worker looks every few seconds, and at once when somebody waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from headwater.platform.apart import run_apart
from headwater.platform.clock import now
from headwater.platform.horizon import log_horizon
from headwater.platform.job import JobRun, enqueue, job
from headwater.platform.models import Job
from headwater.platform.schedule import every

KIND = "measure.refresh"
LOOK = timedelta(seconds=10)
PATIENCE = timedelta(minutes=1)


@dataclass
class _Log:
    """What this process knows of the log: how far it went at the last look, and how far the mirror has followed it."""

    seen: int = 0
    followed: int | None = None
    followed_at: datetime | None = None


_log = _Log()


@job(KIND)
def refresh_mirror(run: JobRun) -> Mapping[str, Any]:
    """Bring the numbers of reports up to date, because somebody waits for it."""
    _refresh(at=now())
    return {}


def ask_for_refresh(*, at: datetime) -> None:
    """Put a refresh into the queue unless one waits there already."""
    if not Job.objects.filter(kind=KIND, state=Job.State.QUEUED).exists():
        enqueue(KIND, args={}, at=at)


@every(LOOK, KIND)
def keep_up(at: datetime) -> None:
    """Keep the numbers of reports up to date: once the log rests, or after a minute of steady writing at the latest."""
    horizon, before = log_horizon(), _log.seen
    _log.seen, _log.followed_at = horizon, _log.followed_at or at
    is_missing = not any(settings.HOME.mirror.glob("mirror-*.duckdb"))
    is_resting = horizon == before or at - _log.followed_at >= PATIENCE
    if is_missing or (is_resting and horizon != _log.followed):
        _refresh(at=at)
        _log.followed, _log.followed_at = horizon, at


def _refresh(*, at: datetime) -> None:
    """Apart from a worker: what fills the mirror weighs as much as all else that it has loaded, and would stay."""
    if settings.MIRROR_APART:
        run_apart("headwater.measure.mirror.refresh")
        return
    from headwater.measure import mirror

    mirror.refresh(at=at)
