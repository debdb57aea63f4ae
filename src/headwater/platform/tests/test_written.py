"""What every page asks is written once, and answered anew each time."""

from datetime import timedelta

import pytest
from django.db.models import CharField, QuerySet
from pytest_django import DjangoAssertNumQueries

from headwater.platform.actor import Actor, job_actor
from headwater.platform.clock import now
from headwater.platform.models import Job
from headwater.platform.written import AT, Counted, Given, counts_of, written

pytestmark = pytest.mark.django_db


def _queue(worker: str, hours: int = 0) -> None:
    at = now() + timedelta(hours=hours)
    Job.objects.create(kind="any", args={"hours": hours}, queued_at=at, run_after=at, worker=worker)


def test_rows_are_asked_anew_in_words_written_once() -> None:
    built: list[str] = []

    @written
    def jobs(order: str) -> QuerySet[Job]:
        built.append(order)
        return Job.objects.filter(worker=Given("worker", CharField()), run_after__lt=AT).order_by(order)

    assert jobs("pk", worker="alice", at=now()) == []
    for hours in (-1, 1, -2):
        _queue("alice", hours)
    _queue("bob", -3)
    assert [row.args for row in jobs("pk", worker="alice", at=now())] == [{"hours": -1}, {"hours": -2}]
    assert [row.worker for row in jobs("-pk", worker="bob", at=now())] == ["bob"]
    assert len(jobs("pk", worker="alice", at=now() + timedelta(hours=2))) == 3
    assert built == ["pk", "-pk"]


def test_rows_may_be_values_and_nothing_is_asked_for_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    @written
    def workers(is_any: bool) -> QuerySet[Job, str]:
        jobs = Job.objects.values_list("worker", flat=True)
        return jobs if is_any else jobs.none()

    _queue("alice")
    with django_assert_num_queries(1):
        assert (workers(True), workers(False)) == (["alice"], [])


def test_counts_are_asked_anew_and_together(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    built: list[Actor] = []

    def mine(actor: Actor) -> QuerySet[Job]:
        built.append(actor)
        return Job.objects.filter(worker=actor.name) if actor.name else Job.objects.none()

    def due(actor: Actor) -> QuerySet[Job]:
        return Job.objects.filter(worker=actor.name, run_after__lt=AT)

    alice, nobody = job_actor("alice"), job_actor("")
    asked = [Counted(mine), Counted(due), Counted(mine, most=1)]
    for count in (1, 2):
        _queue("alice", 3 * count - 4)
        with django_assert_num_queries(1):
            assert counts_of(alice, asked, at=now()) == [count, 1, 1]
        assert counts_of(nobody, asked, at=now()) == [0, 0, 0]
    assert built == [alice, alice, nobody, nobody]
    with django_assert_num_queries(0):
        assert counts_of(alice, []) == []
