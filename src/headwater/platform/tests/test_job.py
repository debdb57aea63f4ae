"""Jobs are claimed once, go on where they were, and say why they failed."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from headwater.platform import job, schedule
from headwater.platform.errors import Conflict
from headwater.platform.models import Job, ScheduleRun

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_registries(monkeypatch):
    monkeypatch.setattr(job, "JOBS", {})
    monkeypatch.setattr(schedule, "SCHEDULE", {})


@pytest.mark.django_db
def test_a_job_runs_once_and_keeps_its_result():
    job.job("count")(lambda run: {"sum": run.args["a"] + 1})
    job.enqueue("count", args={"a": 2}, at=AT)
    assert job.run_next(at=AT).pk == Job.objects.get().pk
    assert job.run_next(at=AT) is None
    done = Job.objects.get()
    assert (done.state, done.result) == (Job.State.DONE, {"sum": 3})


@pytest.mark.django_db
def test_a_job_whose_worker_died_goes_on_from_its_checkpoint():
    seen = []

    def work(run):
        seen.append(dict(run.checkpoint))
        run.report(done=5, total=10, checkpoint={"row": 5})
        if len(seen) == 1:
            raise KeyboardInterrupt  # the process is killed in the middle

    job.job("long")(work)
    job.enqueue("long", args={}, at=AT)
    with pytest.raises(KeyboardInterrupt):
        job.run_next(at=AT)
    assert job.run_next(at=AT + timedelta(seconds=5)) is None, "the heartbeat is still fresh"
    Job.objects.update(heartbeat_at=AT)
    assert job.run_next(at=AT + timedelta(minutes=5)) is not None
    assert seen == [{}, {"row": 5}]
    assert Job.objects.get().state == Job.State.DONE


@pytest.mark.django_db
def test_a_refusal_fails_at_once_and_a_bug_is_tried_again():
    def refuse(run):
        raise Conflict("the file is gone")

    job.job("refuse")(refuse)
    job.job("bug")(lambda run: 1 / 0)
    job.enqueue("refuse", args={}, at=AT)
    job.run_next(at=AT)
    failed = Job.objects.get()
    assert (failed.state, failed.error) == (Job.State.FAILED, "the file is gone")
    job.enqueue("bug", args={}, at=AT)
    at = AT
    for _ in range(job.MAX_ATTEMPTS):
        at += timedelta(days=3650)
        assert job.run_next(at=at) is not None
    assert Job.objects.get(kind="bug").state == Job.State.FAILED


@pytest.mark.django_db
def test_a_cancelled_job_stops_at_its_next_report():
    def work(run):
        job.cancel(job_id=run.id, at=AT)
        run.report(done=1)
        raise AssertionError("went on")

    job.job("long")(work)
    job.enqueue("long", args={}, at=AT)
    job.run_next(at=AT)
    assert Job.objects.get().state == Job.State.CANCELLED


@pytest.mark.django_db
def test_a_schedule_runs_when_due_and_survives_a_clock_set_back():
    ran = []
    schedule.every(timedelta(hours=1), "hourly")(ran.append)
    schedule.run_due(at=AT)
    schedule.run_due(at=AT + timedelta(minutes=30))
    schedule.run_due(at=AT + timedelta(hours=5))
    assert ran == [AT, AT + timedelta(hours=5)]
    assert schedule.run_due(at=AT - timedelta(days=1)) == ["hourly"], "its next turn lay far in the future"
    assert ScheduleRun.objects.get().next_run_at == AT - timedelta(days=1) + timedelta(hours=1)


@pytest.mark.django_db
def test_only_jobs_of_dead_processes_are_put_back():
    import os
    import socket
    import subprocess
    import sys

    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    here = socket.gethostname()
    workers = {
        f"{here}:{os.getpid()}": "RUNNING",  # a command that imports beside the worker
        f"{here}:{dead.pid}": "QUEUED",
        "another-machine:1": "RUNNING",
        "": "QUEUED",
    }
    for worker in workers:
        Job.objects.create(
            kind="x", state="RUNNING", worker=worker, queued_at=AT, run_after=AT, started_at=AT, heartbeat_at=AT
        )
    stale = Job.objects.create(
        kind="x", state="RUNNING", worker="another-machine:2", queued_at=AT, run_after=AT,
        heartbeat_at=AT - timedelta(minutes=5),
    )  # fmt: skip
    assert job.take_over_dead(alive="me:1", at=AT) == 3
    assert {j.worker: j.state for j in Job.objects.exclude(pk=stale.pk)} == workers
    stale.refresh_from_db()
    assert stale.state == Job.State.QUEUED


@pytest.mark.django_db
def test_a_job_done_in_this_process_is_seen_by_workers_as_taken():
    job.job("here")(lambda run: None)
    with job.run_here("here", args={"n": 1}, at=AT) as run:
        assert job.run_next(at=job.now()) is None
        run.report(done=1, total=2)
    done = Job.objects.get()
    assert (done.state, done.worker, done.done_units) == (Job.State.DONE, job.worker_name(), 1)
    with pytest.raises(Conflict), job.run_here("here", args={}, at=AT):
        raise Conflict("the file is gone")
    assert Job.objects.order_by("-pk").first().error == "the file is gone"


@pytest.mark.django_db
def test_a_worker_taken_for_dead_leaves_the_work_of_the_next_alone():
    seen = []

    def work(run):
        seen.append(run)
        if len(seen) == 1:  # it hung for minutes; meanwhile another worker takes the job and finishes it
            Job.objects.update(heartbeat_at=AT)
            job.run_next(at=AT + timedelta(minutes=5), worker="second:1")
            with pytest.raises(job.Cancelled):
                run.report(done=1)
            return {"by": "first"}
        return {"by": "second"}

    job.job("hung")(work)
    job.enqueue("hung", args={}, at=AT)
    job.run_next(at=AT, worker="first:1")
    assert Job.objects.get().result == {"by": "second"}


@pytest.mark.django_db
def test_a_job_that_kills_its_workers_is_given_up_unless_it_gets_on():
    def work(run):
        if run.args["gets_on"]:
            run.report(done=1, checkpoint={"row": 1})
        raise KeyboardInterrupt

    job.job("deadly")(work)
    for gets_on in (False, True):
        job.enqueue("deadly", args={"gets_on": gets_on}, at=AT)
    for minute in range(2, 40, 2):
        with contextlib.suppress(KeyboardInterrupt):
            job.run_next(at=AT + timedelta(minutes=minute))
        Job.objects.filter(state=Job.State.RUNNING).update(heartbeat_at=AT)
    stuck, working = (Job.objects.get(args__gets_on=gets_on) for gets_on in (False, True))
    assert (stuck.state, stuck.attempts) == (Job.State.FAILED, job.MAX_ATTEMPTS)
    assert "died" in stuck.error
    assert working.state == Job.State.RUNNING
