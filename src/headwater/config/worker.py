"""The background worker: runs jobs, and beside them what is due and deliveries, until it is told to stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import structlog
from django.conf import settings
from django.db import close_old_connections, connection
from django.db.models import F
from django.db.utils import DatabaseError, InterfaceError, OperationalError

from headwater.api.webhooks.delivering import deliver_next
from headwater.config import daily as daily  # its work is declared by being loaded
from headwater.platform import apart, delivery, job, schedule
from headwater.platform.clock import now
from headwater.platform.models import Job
from headwater.platform.search import keeping
from headwater.tell.actions.mails import send_next
from headwater.tell.actions.news import tell_next

log = structlog.get_logger()

BEAT_SECONDS = 15
TROUBLE_PAUSE = 5.0
SENDERS = 3
LITTLE = "PRAGMA mmap_size=0;PRAGMA cache_size=-8000"  # of SQLite's file, for each thread beside the jobs
_lost = threading.Event()  # a job of this process was left in the middle, since the database went away
LAST_ERRAND_SECONDS = 2.0  # as long as an errand may take to its end when the worker stops


class Stopped(BaseException):
    """The worker was told to stop; whatever it does is rolled back, its job is put back."""


def work(*, parent: int | None = None) -> None:
    """Work until SIGTERM, Ctrl-C, or the end of the process that started this one."""
    from headwater.config.parent import when_orphaned

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    if parent is not None:
        # A clean stop first; what does not stop is cut off, and its job taken over by the next worker.
        when_orphaned(_end_orphan, parent=parent)
    name = job.worker_name()
    try:
        if connection.vendor == "sqlite":
            job.take_over_dead(alive=name, at=now())
        with _heartbeat(name), _beside():
            while True:
                time.sleep(0.0 if _untroubled(lambda: run_job(name)) else settings.WORKER_PAUSE)
    except Stopped:
        _put_back(name)


def run_job(name: str) -> bool:
    """Do the next job that is due; whether there was one. One that lost the database on its way is put back first.

    Its outcome could not be stored, and the heartbeat of this process would keep it from every other worker.
    """
    if _lost.is_set():
        _put_back(name)
        _lost.clear()
    try:
        return job.run_next(at=now(), worker=name) is not None
    except (DatabaseError, InterfaceError):
        _lost.set()
        raise


def run_errands() -> bool:
    """What is due by the clock, deliveries, and telling people; whether there was anything."""
    done = bool(schedule.run_due(at=now()))
    # Asking first costs reads only; every handler's turn would be a write.
    done = bool(delivery.is_behind() and delivery.deliver(at=now())) or done
    done = tell_next(at=now()) or done
    return bool(keeping.is_behind() and keeping.catch_up()) or done


def run_mails() -> bool:
    """Mails that are due; whether there were any."""
    return send_next(at=now())


def _untroubled(work: Callable[[], bool]) -> bool:
    """One look for work; whether there was any. A database that cannot be reached is tried again."""
    try:
        close_old_connections()
        return work()
    except (DatabaseError, InterfaceError) as error:
        log.warning("worker_database_trouble", error=_trouble(error))
        connection.close()
        time.sleep(TROUBLE_PAUSE)
        return False


def _trouble(error: Exception) -> str:
    """What the database says of itself, for the log; where it may repeat values of a row, only the kind of error."""
    return str(error) if isinstance(error, OperationalError | InterfaceError) else type(error).__name__


@contextmanager
def _beside() -> Iterator[None]:
    """Errands are run beside the jobs: a large import must not hold up the answer clocks for an hour.

    Several send to webhooks, so that a receiver who lets one wait keeps nobody else. SQLite has one writer at a time;
    jobs let others in between their portions.
    """
    over = threading.Event()

    def run(do: Callable[[], bool]) -> None:
        _keep_little()
        while not over.is_set():
            try:
                done = _untroubled(do)
            except Exception:
                log.exception("errand_failed", errand=threading.current_thread().name)
                done = False
            over.wait(0.0 if done else settings.WORKER_PAUSE)
        connection.close()

    errands = [
        ("errands", run_errands),
        ("mails", run_mails),
        *((f"webhooks-{n}", deliver_next) for n in range(SENDERS)),
    ]
    threads = [threading.Thread(target=run, args=(do,), name=name, daemon=True) for name, do in errands]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        apart.end_all()
        until = time.monotonic() + LAST_ERRAND_SECONDS
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))


def _keep_little() -> None:
    """Let this thread's connection hold little of the database in memory; jobs, which go through much of it, may."""
    if connection.vendor == "sqlite":
        options = connection.settings_dict["OPTIONS"]
        small = {**options, "init_command": f"{options['init_command']};{LITTLE}"}
        connection.settings_dict = {**connection.settings_dict, "OPTIONS": small}


def _stop(_number: int, _frame: FrameType | None) -> None:
    # Once: a second signal must not cut off the tidying up.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def _put_back(name: str) -> None:
    """Give back the job this worker was in the middle of; a stop is not a failed attempt."""
    Job.objects.filter(state=Job.State.RUNNING, worker=name).update(
        state=Job.State.QUEUED, run_after=now(), attempts=F("attempts") - 1
    )


def _end_orphan() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(3)
    os._exit(1)


@contextmanager
def _heartbeat(name: str) -> Iterator[None]:
    """Keep the running job's heartbeat fresh, also while it is busy with one long step."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_SECONDS):
            try:
                Job.objects.filter(state=Job.State.RUNNING, worker=name).update(heartbeat_at=now())
            except (DatabaseError, InterfaceError) as error:
                log.warning("heartbeat_missed", error=_trouble(error))
                connection.close()

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
    try:
        yield
    finally:
        over.set()
