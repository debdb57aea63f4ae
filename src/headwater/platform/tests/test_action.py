"""An action happens whole or not at all."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from headwater.platform.action import action, current_unit
from headwater.platform.errors import Conflict
from headwater.platform.models import Job
from headwater.platform.testing import count_queries

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


@action
def queue_one(kind: str) -> None:
    Job.objects.create(kind=kind, queued_at=AT, run_after=AT)


@action
def queue_then_refuse() -> None:
    queue_one("inner")
    raise Conflict("no")


@pytest.mark.django_db(transaction=True)
def test_a_refusal_undoes_what_inner_actions_did():
    with pytest.raises(Conflict):
        queue_then_refuse()
    assert Job.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_inner_actions_join_without_savepoints():
    @action
    def outer() -> None:
        queue_one("a")
        queue_one("b")

    with count_queries() as asked:
        outer()
    statements = " ".join(q["sql"] for q in asked.captured_queries)
    assert "SAVEPOINT" not in statements
    assert Job.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_foreign_transaction_round_an_action_is_refused():
    from django.db import transaction

    with pytest.raises(RuntimeError), transaction.atomic():
        queue_one("x")


@pytest.mark.django_db
def test_facts_and_bulk_writes_need_an_open_action():
    with pytest.raises(RuntimeError, match="@action"):
        current_unit()


@pytest.mark.django_db(transaction=True)
def test_every_fact_of_one_unit_shares_its_request_id():
    seen = []

    @action
    def inner() -> None:
        seen.append(current_unit().request_id)

    @action
    def outer() -> None:
        seen.append(current_unit().request_id)
        inner()

    outer()
    inner()
    assert seen[0] == seen[1] != seen[2]
    assert not connection.in_atomic_block
