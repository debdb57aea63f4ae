"""The people that tests of parties start from."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from headwater.platform.actor import Actor
from headwater.team.models import Company, Role, Team, User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def company(db: None) -> Company:
    """Our company, in the Netherlands."""
    return Company.objects.create(pk=1, name="Kestrel Office IT", currency="EUR", country="NL", time_zone="UTC")


def make_user(name: str, role: str, team: Team | None = None) -> User:
    """A colleague."""
    email = f"{name.lower().replace(' ', '.')}@kestrel.example"
    return User.objects.create(email=email, name=name, role=role, team=team, created_at=AT)


@pytest.fixture
def head(company: Company) -> User:
    """Sees and may everything of sales."""
    return make_user("Hanna Berg", Role.HEAD_OF_SALES)


@pytest.fixture
def marta(company: Company) -> User:
    """Sees her team's records."""
    return make_user("Marta Kowalska", Role.INSIDE_SALES, Team.objects.create(name="Inside sales"))


@pytest.fixture
def ira(company: Company) -> User:
    """An independent rep, who sees only what is hers."""
    return make_user("Ira Novak", Role.INDEPENDENT_REP, Team.objects.create(name="Reps"))


@pytest.fixture
def by(head: User) -> Actor:
    return actor_of(head)
