"""What `headwater up` says beside its address: never that an owner is missing who is there."""

import pytest

from headwater.cli.serve import _welcome
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.team.actions import accounts
from headwater.team.actions.company import make_owner, prepare_setup
from headwater.team.models import User

pytestmark = pytest.mark.django_db(transaction=True)
BY = job_actor("test")


def add(role: str) -> User:
    return accounts.add_user(
        email=f"{role.lower()}@example.org", name=role, role=role, password="seven grey herons", by=BY, at=now()
    )


def test_an_empty_installation_waits_for_its_owner():
    lines, path = _welcome()
    assert "not made yet" in lines[0] and path == "/first-run"


def test_an_owner_made_by_the_first_run_is_there():
    secret = prepare_setup(by=BY, at=now())
    make_owner(secret=secret, email="me@example.org", name="Me", password="seven grey herons", by=BY, at=now())
    assert _welcome() == ([], "/")


def test_an_owner_made_by_a_command_is_there():
    prepare_setup(by=BY, at=now())
    add("OWNER")
    assert _welcome() == ([], "/")


def test_where_only_others_have_accounts_it_says_how_to_make_an_owner():
    add("FIELD_REP")
    lines, _ = _welcome()
    assert "user add EMAIL --role owner" in lines[0]
    owner = add("OWNER")
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert _welcome()[0] == lines
