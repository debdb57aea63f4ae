"""Background work: rows are the queue, a job says how far it is, a killed worker's job is taken over."""

from __future__ import annotations

import os
import socket
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import F, Q, QuerySet

from headwater.platform.busy import as_busy
from headwater.platform.clock import now
from headwater.platform.errors import DomainError, NotFound
from headwater.platform.language import speaking_to
from headwater.platform.models import Job
from headwater.platform.phrases import stored
from headwater.platform.translated import gettext

log = structlog.get_logger()

WAITING_PAUSE = timedelta(seconds=30)
STALE_AFTER = timedelta(seconds=60)
MAX_ATTEMPTS = 4


class Cancelled(Exception):
    """The job was cancelled while it ran."""


class JobRun:
    """A running job as its function sees it: arguments, checkpoint, and a way to say how far it is."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.id = int(job.pk)
        self.args: dict[str, Any] = job.args
        self.checkpoint: dict[str, Any] = job.checkpoint

    def report(
        self,
        *,
        done: int,
        total: int | None = None,
        message: str = "",
        checkpoint: Mapping[str, Any] | None = None,
    ) -> None:
        """Store progress and heartbeat; with ``checkpoint`` also the point to go on from after a crash.

        Raises:
            Cancelled: somebody cancelled the job, or another worker took it over.
        """
        changes: dict[str, Any] = {"done_units": done, "heartbeat_at": now(), "message": message[:200]}
        if total is not None:
            changes["total_units"] = total
        if checkpoint is not None:
            self.checkpoint = dict(checkpoint)
            changes["checkpoint"] = self.checkpoint
            changes["attempts"] = 1  # who gets on is not tried in vain
        if not _held(self.job).update(**changes):
            raise Cancelled()
        self.job.attempts = changes.get("attempts", self.job.attempts)


JobFunction = Callable[[JobRun], Mapping[str, Any] | None]
JOBS: dict[str, JobFunction] = {}


def job(kind: str) -> Callable[[JobFunction], JobFunction]:
    """Declare the function that does jobs of this kind. It may be started again after a crash."""

    def register(fn: JobFunction) -> JobFunction:
        JOBS[kind] = fn
        return fn

    return register


def enqueue(
    kind: str,
    *,
    args: Mapping[str, Any],
    at: datetime,
    user_id: int | None = None,
    run_after: datetime | None = None,
) -> Job:
    """Put a job into the queue; inside an action it appears when the action commits, or not at all."""
    if kind not in JOBS:
        raise NotFound(gettext("No job is called {kind}.").format(kind=kind))
    return Job.objects.create(kind=kind, args=dict(args), user_id=user_id, queued_at=at, run_after=run_after or at)


def cancel(*, job_id: int, at: datetime) -> bool:
    """Stop a job that waits or runs; False when it was over already."""
    return bool(
        Job.objects.filter(pk=job_id, state__in=(Job.State.QUEUED, Job.State.RUNNING)).update(
            state=Job.State.CANCELLED, finished_at=at
        )
    )


def retry(*, job_id: int, at: datetime) -> bool:
    """Put a failed or cancelled job into the queue again, from its checkpoint; False when it is not one."""
    over = Job.objects.filter(pk=job_id, state__in=(Job.State.FAILED, Job.State.CANCELLED), kind__in=list(JOBS))
    return bool(over.update(state=Job.State.QUEUED, run_after=at, attempts=0, finished_at=None))


def run_next(*, at: datetime, worker: str | None = None) -> Job | None:
    """Claim the oldest job that is due, or one whose worker died, and run it; None when there is none."""
    claimed = _claim(at, worker or worker_name())
    if claimed is not None:
        run(claimed)
    return claimed


def run(claimed: Job) -> None:
    """Run a claimed job to its end and store the outcome.

    Refusals fail at once, bugs are tried again. What passes, such as a full disk, is waited for however long it takes.
    """
    try:
        with speaking_to(claimed.user_id):
            result = JOBS[claimed.kind](JobRun(claimed)) or {}
    except Cancelled:
        log.info("job_cancelled", job=claimed.pk, kind=claimed.kind)
        return
    except DomainError as refusal:
        _finish(claimed, Job.State.FAILED, error=stored(refusal.text))
        return
    except Exception as bug:
        busy = as_busy(bug)
        if busy is not None:
            log.warning("job_waits", job=claimed.pk, kind=claimed.kind, reason=busy.code)
            again = {"run_after": now() + WAITING_PAUSE, "attempts": F("attempts") - 1}
            _held(claimed).update(state=Job.State.QUEUED, error=stored(busy.text), **again)
            return
        log.exception("job_failed", job=claimed.pk, kind=claimed.kind, attempts=claimed.attempts)
        error = traceback.format_exc(limit=20)
        if claimed.attempts >= MAX_ATTEMPTS:
            _finish(claimed, Job.State.FAILED, error=error)
        else:
            pause = timedelta(seconds=5 * 4 ** (claimed.attempts - 1))
            _held(claimed).update(state=Job.State.QUEUED, run_after=now() + pause, error=error)
        return
    _finish(claimed, Job.State.DONE, result=dict(result))


@contextmanager
def run_here(kind: str, *, args: Mapping[str, Any], at: datetime, user_id: int | None = None) -> Iterator[JobRun]:
    """Do a job in this very process, as a command does; should the process die, a worker takes it over."""
    claimed = Job.objects.create(
        kind=kind,
        args=dict(args),
        user_id=user_id,
        state=Job.State.RUNNING,
        attempts=1,
        worker=worker_name(),
        queued_at=at,
        run_after=at,
        started_at=at,
        heartbeat_at=now(),
    )
    try:
        yield JobRun(claimed)
    except Cancelled:
        raise
    except DomainError as refusal:
        _finish(claimed, Job.State.FAILED, error=stored(refusal.text))
        raise
    except Exception:
        _finish(claimed, Job.State.FAILED, error=traceback.format_exc(limit=20))
        raise
    except BaseException:
        _finish(claimed, Job.State.CANCELLED)
        raise
    _finish(claimed, Job.State.DONE)


def worker_name() -> str:
    """How this process calls itself in job rows."""
    return f"{socket.gethostname()}:{os.getpid()}"[:60]


def _claim(at: datetime, worker: str) -> Job | None:
    # What was queued in the future was queued before the clock was set back: it does not wait for that moment again.
    set_back = Q(queued_at__gt=at, run_after__lte=F("queued_at"))
    due = Q(state=Job.State.QUEUED) & (Q(run_after__lte=at) | set_back)
    abandoned = Q(state=Job.State.RUNNING, heartbeat_at__lt=at - STALE_AFTER)
    _give_up(Job.objects.filter(abandoned), at)
    for candidate in Job.objects.filter(due | abandoned).order_by("run_after", "pk")[:5]:
        # Conditional on what was read: of two workers one gets a row count of 0 and takes the next.
        taken = Job.objects.filter(
            pk=candidate.pk,
            state=candidate.state,
            heartbeat_at=candidate.heartbeat_at,
            attempts=candidate.attempts,
        ).update(state=Job.State.RUNNING, worker=worker, started_at=at, heartbeat_at=at, attempts=F("attempts") + 1)
        if taken:
            candidate.refresh_from_db()
            return candidate
    return None


def take_over_dead(*, alive: str, at: datetime) -> int:
    """At the start of a worker: put back the jobs that dead processes left running.

    A process of this machine is asked for by its id; one of another machine counts as dead when its heartbeat is
    old. A command that imports beside the worker keeps its job.
    """
    running = Job.objects.filter(state=Job.State.RUNNING).exclude(worker=alive)
    dead = [j.pk for j in running if _is_stale(j, at) or not _may_live(j.worker)]
    left = Job.objects.filter(pk__in=dead, state=Job.State.RUNNING)
    _give_up(left, at)
    return left.update(state=Job.State.QUEUED, run_after=at)


def _is_stale(running: Job, at: datetime) -> bool:
    return running.heartbeat_at is None or running.heartbeat_at < at - STALE_AFTER


def _may_live(worker: str) -> bool:
    """Whether a worker may still be at work: only of this machine's processes we can know that they are not."""
    host, _, number = worker.rpartition(":")
    if not number.isdigit():
        return False
    if worker != f"{socket.gethostname()}:{number}"[: len(worker)]:
        return bool(host)
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, under another user
    return True


def _finish(claimed: Job, state: str, *, result: dict[str, Any] | None = None, error: str = "") -> None:
    changes: dict[str, Any] = {"state": state, "finished_at": now(), "error": error}
    if result is not None:
        changes["result"] = result
        changes["done_units"] = F("total_units") if claimed.total_units else F("done_units")
    _held(claimed).update(**changes)


def _held(claimed: Job) -> QuerySet[Job]:
    """The job while it is still this worker's: one that was taken for dead must not finish another's work."""
    return Job.objects.filter(pk=claimed.pk, state=Job.State.RUNNING, worker=claimed.worker, attempts=claimed.attempts)


def _give_up(jobs: QuerySet[Job], at: datetime) -> None:
    """Fail those jobs that took their worker with them too often."""
    jobs.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=Job.State.FAILED,
        finished_at=at,
        error=f"The worker died {MAX_ATTEMPTS} times while it ran this. See the log of the worker, then try again.",
    )
