"""The people that tests of leads start from, beside those of every room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from headwater.platform.actor import Actor
from headwater.qualify import actions
from headwater.qualify.models import Lead
from headwater.team.models import Company, Role, Team, User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def desk(company: Company) -> Team:
    return Team.objects.create(name="Inside sales")


@pytest.fixture
def marta(colleague: Callable[..., User], desk: Team) -> User:
    """Qualifies leads at the inside-sales desk."""
    return colleague("Marta Kowalska", Role.INSIDE_SALES, desk)


@pytest.fixture
def tom(colleague: Callable[..., User], desk: Team) -> User:
    """Marta's colleague at the desk."""
    return colleague("Tom Visser", Role.INSIDE_SALES, desk)


@pytest.fixture
def by_marta(marta: User) -> Actor:
    return actor_of(marta)


@pytest.fixture
def by_tom(tom: User) -> Actor:
    return actor_of(tom)


@pytest.fixture
def make_lead(by_head: Actor) -> Callable[..., Lead]:
    """Takes in a lead, of somebody or in the pool, in a stage."""
    numbers = iter(range(1, 1000))

    def make(owner: User | None = None, *, stage: str = "NEW", at: datetime = AT) -> Lead:
        number = next(numbers)
        lead = actions.capture_lead(
            by=by_head, at=at, name=f"Lead Person{number}", email=f"lead{number}@example.com",
            company=f"Company {number}", owner_id=owner.pk if owner else None,
        )  # fmt: skip
        if stage != "NEW":
            Lead.objects.filter(pk=lead.pk).update(stage=stage)
            lead.refresh_from_db()
        return lead

    return make
