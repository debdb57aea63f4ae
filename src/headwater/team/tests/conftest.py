"""A company that uses the provider at home, and two of its people."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from headwater.platform.clock import now
from headwater.team.actions import company
from headwater.team.queries import provider as asking

sys.path.insert(0, str(Path(__file__).parent))  # a folder of tests, not a package

from colleagues import SYSTEM, add
from home_provider import HomeProvider, home_provider
from sign_on import TOM, use


@pytest.fixture
def ada():
    company.change_company(values={"name": "Kestrel"}, by=SYSTEM, at=now())
    return add("OWNER", "ada@example.org")


@pytest.fixture
def tom(ada):
    return add("FIELD_REP", "tom@example.org")


@pytest.fixture(scope="module")
def the_provider():
    with home_provider() as home:
        yield home, home.key


@pytest.fixture
def home(the_provider, ada):
    """The provider as honest as ever, and the company that uses it."""
    home, key = the_provider
    home.__dict__.update(HomeProvider(issuer=home.issuer, key=key, claims=dict(TOM)).__dict__)
    asking.forget()
    use(home)
    return home
