"""The people that tests of parties start from, beside those of every room."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater.platform.actor import Actor
from headwater.team.models import Role, Team, User
from headwater.team.queries import actor_of


@pytest.fixture
def marta(colleague: Callable[..., User]) -> User:
    """Sees her team's records."""
    return colleague("Marta Kowalska", Role.INSIDE_SALES, Team.objects.create(name="Inside sales"))


@pytest.fixture
def ira(colleague: Callable[..., User]) -> User:
    """An independent rep, who sees only what is hers."""
    return colleague("Ira Novak", Role.INDEPENDENT_REP, Team.objects.create(name="Reps"))


@pytest.fixture
def by(head: User) -> Actor:
    return actor_of(head)
