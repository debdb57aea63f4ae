"""What the registry-wide tests share: the company, people of every role, rows of every noun."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from django.test import Client

from headwater.parties import actions as parties
from headwater.platform.actor import Actor
from headwater.team.models import Company, Role, Team, User
from headwater.team.queries import actor_of

sys.path.insert(0, str(Path(__file__).parent))  # a folder of tests, not a package: makers is found beside it

from makers import AT, MAKERS, own_fields

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture
def company(db) -> Company:
    """With a field of its own of every kind on leads."""
    company, _ = Company.objects.update_or_create(
        pk=1, defaults={"name": "Kestrel Office IT", "currency": "EUR", "country": "IE", "setup_done_at": AT}
    )
    own_fields("qualify.lead")  # what holds for every column holds for those of the company's own
    return company


@pytest.fixture
def people(company) -> dict[str, User]:
    """One user of every role, all in one team."""
    team = Team.objects.create(name="Desk")
    return {
        role: User.objects.create(
            email=f"{role.lower()}@kestrel.example", name=f"The {role}", role=role, team=team, created_at=AT
        )
        for role in Role.values
    }


@pytest.fixture
def owner(people) -> User:
    return people["OWNER"]


@pytest.fixture
def by(owner) -> Actor:
    return actor_of(owner)


@pytest.fixture
def client_of(people):
    """A browser in which somebody of this role has signed in."""

    def signed_in(role: str, **kwargs) -> Client:
        client = Client(raise_request_exception=False, **kwargs)
        client.force_login(people[role])
        return client

    return signed_in


@pytest.fixture
def make(by):
    """Rows of a noun: ``make("qualify.lead", 3)`` hands back their ids."""
    return lambda key, number=1: [MAKERS[key](by) for _ in range(number)]


@pytest.fixture
def snapshot():
    """Compare with a file under ``snapshots``; ``make accept`` writes it anew."""

    def same(name: str, text: str) -> None:
        path = SNAPSHOTS / name
        if os.environ.get("HEADWATER_ACCEPT"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists() and path.read_text(encoding="utf-8") == text, f"{name} is not what it was: make accept"

    return same


@pytest.fixture
def orla(by):
    """Somebody with everything one may remember of a person."""
    return parties.add_person(
        by=by, at=AT, name="Orla Keane", email="orla.keane@harrow-pike.example", phone="+353 1 679 0832",
        employer_name="Harrow & Pike Ltd", job_title="Office manager",
    )  # fmt: skip
