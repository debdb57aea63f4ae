"""The mirror follows the log by itself: the worker looks every few seconds, and at once when somebody waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from headwater.platform.clock import now
from headwater.platform.horizon import log_horizon
from headwater.platform.job import JobRun, enqueue, job
from headwater.platform.models import Job
from headwater.platform.schedule import every

KIND = "measure.refresh"
LOOK = timedelta(seconds=10)
PATIENCE = timedelta(minutes=1)

_seen = 0


@job(KIND)
def refresh_mirror(run: JobRun) -> Mapping[str, Any]:
    """Bring the numbers of reports up to date, because somebody waits for it."""
    from headwater.measure import mirror

    return {"changed": mirror.refresh(at=now())}


def ask_for_refresh(*, at: datetime) -> None:
    """Put a refresh into the queue unless one waits there already."""
    if not Job.objects.filter(kind=KIND, state=Job.State.QUEUED).exists():
        enqueue(KIND, args={}, at=at)


@every(LOOK, KIND)
def keep_up(at: datetime) -> None:
    """Keep the numbers of reports up to date: once the log rests, or after a minute of steady writing at the latest."""
    global _seen
    from headwater.measure import mirror

    horizon, before = log_horizon(), _seen
    _seen = horizon
    known = mirror.known()
    if known is not None and (known.behind == 0 or (horizon != before and at - known.refreshed_at < PATIENCE)):
        return
    mirror.refresh(at=at)
