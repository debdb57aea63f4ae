"""The people and things that tests of leads start from."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from headwater.platform.actor import Actor, job_actor
from headwater.team.models import Company, Role, Team, User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)  # a Thursday, inside office hours


@pytest.fixture
def company(db: None) -> Company:
    """A company with office hours from 8:30 to 17:30 UTC, Monday to Friday, and 30 minutes to answer."""
    return Company.objects.create(pk=1, name="Kestrel Office IT", currency="EUR", country="NL")


def make_user(name: str, role: str, team: Team | None = None) -> User:
    """A colleague."""
    email = f"{name.lower().replace(' ', '.')}@kestrel.example"
    return User.objects.create(email=email, name=name, role=role, team=team, created_at=AT)


@pytest.fixture
def desk(company: Company) -> Team:
    return Team.objects.create(name="Inside sales")


@pytest.fixture
def field(company: Company) -> Team:
    return Team.objects.create(name="Field sales")


@pytest.fixture
def marta(desk: Team) -> User:
    """Qualifies leads at the inside-sales desk."""
    return make_user("Marta Kowalska", Role.INSIDE_SALES, desk)


@pytest.fixture
def tom(desk: Team) -> User:
    """Marta's colleague at the desk."""
    return make_user("Tom Visser", Role.INSIDE_SALES, desk)


@pytest.fixture
def priya(field: Team) -> User:
    """A field rep of another team."""
    return make_user("Priya Nair", Role.FIELD_REP, field)


@pytest.fixture
def head(company: Company) -> User:
    return make_user("Hanna Berg", Role.HEAD_OF_SALES)


@pytest.fixture
def reader(company: Company) -> User:
    return make_user("Rea Only", Role.READ_ONLY)


@pytest.fixture
def by_marta(marta: User) -> Actor:
    return actor_of(marta)


@pytest.fixture
def by_tom(tom: User) -> Actor:
    return actor_of(tom)


@pytest.fixture
def by_priya(priya: User) -> Actor:
    return actor_of(priya)


@pytest.fixture
def by_head(head: User) -> Actor:
    return actor_of(head)


@pytest.fixture
def by_reader(reader: User) -> Actor:
    return actor_of(reader)


@pytest.fixture
def system() -> Actor:
    return job_actor("test")
