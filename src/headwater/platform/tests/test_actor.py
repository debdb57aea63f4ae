"""Queries that are put together once for each actor, and what codes are called."""

from __future__ import annotations

import pytest
from django.db.models import QuerySet

from headwater.platform.actor import Actor, job_actor, per_actor
from headwater.platform.clock import now
from headwater.platform.models import Job
from headwater.qualify.models import Lead

pytestmark = pytest.mark.django_db


def test_a_query_is_put_together_once_for_an_actor_and_run_for_each_question() -> None:
    built: list[Actor] = []

    @per_actor
    def jobs(actor: Actor) -> QuerySet[Job]:
        built.append(actor)
        return Job.objects.filter(worker=actor.name)

    alice, bob = job_actor("alice"), job_actor("bob")
    assert list(jobs(alice)) == []
    Job.objects.create(kind="any", args={}, queued_at=now(), run_after=now(), worker="alice")
    assert [row.worker for row in jobs(alice)] == ["alice"]
    assert list(jobs(bob)) == []
    assert built == [alice, bob]


def test_a_code_is_called_what_its_field_says_and_an_unknown_one_by_itself() -> None:
    assert Lead(stage="SQL").get_stage_display() == "SQL"
    assert Lead(stage="ODD").get_stage_display() == "ODD"
