"""What every page asks is written once, and answered anew each time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import CharField, QuerySet
from pytest_django import DjangoAssertNumQueries

from headwater.platform.actor import Actor, job_actor
from headwater.platform.among import VALUES
from headwater.platform.clock import now
from headwater.platform.models import Job
from headwater.platform.written import AT, TEXT, Counted, Given, counts_of, written

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


def test_who_asks_is_answered_with_their_own_rows_though_questions_read_alike() -> None:
    @written
    def mine(actor: Actor) -> QuerySet[Job]:
        return Job.objects.filter(worker=actor.name)

    alice, bob = job_actor("alice"), job_actor("bob")
    assert (mine(alice), mine(bob)) == ([], [])
    for worker in ("alice", "bob"):
        _queue(worker)
    assert [[row.worker for row in mine(actor)] for actor in (alice, bob, alice)] == [["alice"], ["bob"], ["alice"]]


def test_any_number_of_values_is_given_at_once() -> None:
    @written
    def jobs(most: int) -> QuerySet[Job]:
        asked = Job.objects.filter(worker=Given("worker", TEXT), pk__among=Given("ids", VALUES))
        return asked.exclude(pk=Given("but")).order_by("pk")[:most]

    for _ in range(3):
        _queue("alice")
    ids = list(Job.objects.order_by("pk").values_list("pk", flat=True))
    for asked, but, expected in ((ids, 0, ids), (ids[1:], 0, ids[1:]), (ids, ids[0], ids[1:]), ([], 0, [])):
        assert [row.pk for row in jobs(9, worker="alice", ids=asked, but=but)] == expected
    assert [row.pk for row in jobs(1, worker="alice", ids=ids, but=0)] == ids[:1]
    with pytest.raises(KeyError):
        jobs(9, worker="alice", ids=ids)


@pytest.mark.django_db(transaction=True)
def test_whoever_wrote_it_every_thread_asks_on_a_connection_of_its_own() -> None:
    @written
    def jobs() -> QuerySet[Job]:
        return Job.objects.filter(worker="alice")

    def elsewhere() -> int:
        try:
            return len(jobs())
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        assert other.submit(elsewhere).result() == 0
    _queue("alice")
    assert len(jobs()) == 1
    with ThreadPoolExecutor(1) as other:
        assert other.submit(elsewhere).result() == 1
