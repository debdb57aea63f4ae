"""Bulk writes store what single ones would."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from headwater.platform.action import action
from headwater.platform.bulk import insert_rows, reserve_ids
from headwater.platform.models import Job

AT = datetime(2026, 1, 5, 9, 30, 0, 123456, tzinfo=UTC)


@pytest.mark.django_db
def test_inserted_rows_read_back_as_they_were():
    elsewhere = timezone(timedelta(hours=2))

    @action
    def write():
        ids = reserve_ids(Job, 2)
        columns = (
            "id",
            "kind",
            "args",
            "state",
            "checkpoint",
            "done_units",
            "message",
            "result",
            "error",
            "attempts",
            "queued_at",
            "run_after",
            "worker",
            "started_at",
        )
        insert_rows(
            Job,
            columns,
            [
                (ids[0], "a", {"q": "ü“"}, "QUEUED", {}, 0, "", {}, "", 0, AT, AT.astimezone(elsewhere), "", None),
                (ids[1], "b", [], "QUEUED", {}, 0, "", {}, "", 0, AT.replace(microsecond=0), AT, "", AT),
            ],
        )
        return list(ids)

    first, second = write()
    row = Job.objects.get(pk=first)
    assert (row.args, row.queued_at, row.run_after, row.started_at) == ({"q": "ü“"}, AT, AT, None)
    assert Job.objects.get(pk=second).queued_at == AT.replace(microsecond=0)
    assert Job.objects.filter(queued_at__gte=AT.replace(microsecond=0)).count() == 2
    assert Job.objects.create(kind="c", queued_at=AT, run_after=AT).pk > second


@pytest.mark.django_db
def test_columns_that_are_not_named_get_the_default_of_their_field():
    action(lambda: insert_rows(Job, ("id", "kind", "queued_at", "run_after"), [(7, "a", AT, AT), (8, "b", AT, AT)]))()
    made, plain = Job.objects.get(pk=7), Job(kind="a")
    assert (made.state, made.args, made.attempts, made.worker) == (plain.state, {}, 0, plain.worker)
    assert Job.objects.get(pk=8).checkpoint == {}


@pytest.mark.django_db
def test_reserved_ids_never_repeat():
    reserve = action(lambda n: list(reserve_ids(Job, n)))
    taken = Job.objects.create(kind="x", queued_at=AT, run_after=AT).pk
    Job.objects.all().delete()
    assert min(reserve(3)) > taken
