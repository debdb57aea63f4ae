"""The people that tests of leads start from, beside those of every room."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.platform.actor import Actor
from headwater.team.models import Company, Role, Team, User
from headwater.team.queries import actor_of


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
