"""Who can sign in, as what."""

from __future__ import annotations

import pytest

from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.models import Event, EventPersonal
from headwater.team import queries
from headwater.team.actions import accounts, teams
from headwater.team.actions.accounts import EmailTaken, LastOwner

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = job_actor("test")
GOOD = "seven grey herons"


def add(role: str = "OWNER", email: str = "ada@example.org", **more):
    return accounts.add_user(
        email=email, name=more.pop("name", "Ada Marsh"), role=role, password=GOOD, by=SYSTEM, at=now(), **more
    )


def change(user, by, **values):
    asked = {"name": user.name, "email": user.email, "role": user.role, "team_id": user.team_id, **values}
    return accounts.change_user(user_id=user.pk, **asked, by=by, at=now())


def test_a_user_is_added_and_can_sign_in():
    user = add()
    assert user.check_password(GOOD)
    event = Event.objects.get(verb="team.user_added")
    assert "ada@example.org" not in str(event.data)
    assert EventPersonal.objects.get(pk=event.pk).data["email"] == "ada@example.org"


def test_the_same_e_mail_in_other_letters_is_refused():
    add()
    with pytest.raises(EmailTaken):
        add(email="ADA@Example.org")


@pytest.mark.parametrize("password", ["short", "1234567890123", "password123", "ada@example.org"])
def test_a_password_that_is_easy_to_guess_is_refused(password):
    with pytest.raises(Invalid) as refusal:
        accounts.add_user(email="ada@example.org", name="Ada", role="OWNER", password=password, by=SYSTEM, at=now())
    assert "password" in refusal.value.fields


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(Invalid) as refusal:
        accounts.add_user(email="no", name=" ", role="KING", password=GOOD, by=SYSTEM, at=now())
    assert set(refusal.value.fields) == {"email", "name", "role"}


def test_the_last_owner_stays():
    owner = add()
    with pytest.raises(LastOwner):
        accounts.deactivate_user(user_id=owner.pk, by=SYSTEM, at=now())
    with pytest.raises(LastOwner):
        change(owner, SYSTEM, role="MARKETER")
    add(email="bo@example.org")
    assert not accounts.deactivate_user(user_id=owner.pk, by=SYSTEM, at=now()).is_active


def test_an_administrator_neither_makes_nor_unmakes_owners():
    owner, admin = add(), add("ADMINISTRATOR", "bo@example.org")
    add(email="cy@example.org")
    by = queries.actor_of(admin)
    for attempt in (
        lambda: change(admin, by, role="OWNER"),
        lambda: change(owner, by, role="SERVICE"),
        lambda: accounts.deactivate_user(user_id=owner.pk, by=by, at=now()),
        lambda: accounts.set_password(user_id=owner.pk, password=GOOD, by=by, at=now()),
        lambda: accounts.add_user(email="d@example.org", name="D", role="OWNER", password=GOOD, by=by, at=now()),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_a_rep_changes_only_the_own_password():
    rep, other = add("FIELD_REP"), add("FIELD_REP", "bo@example.org")
    by = queries.actor_of(rep)
    accounts.set_password(user_id=rep.pk, password="nine tall poplars", by=by, at=now())
    with pytest.raises(NotAllowed):
        accounts.set_password(user_id=other.pk, password=GOOD, by=by, at=now())
    with pytest.raises(NotAllowed):
        change(rep, by, role="OWNER")


def test_who_left_acts_no_more_and_can_come_back():
    add()
    user = add("SERVICE", "bo@example.org")
    accounts.deactivate_user(user_id=user.pk, by=SYSTEM, at=now())
    user.refresh_from_db()
    assert not queries.actor_of(user).verbs
    assert accounts.reactivate_user(user_id=user.pk, by=SYSTEM, at=now()).is_active


def test_a_change_is_recorded_with_old_and_new():
    user = add("SERVICE")
    change(user, SYSTEM, role="MARKETER", name="Ada Fen")
    event = Event.objects.get(verb="platform.changed")
    assert event.data["fields"] == {"role": ["SERVICE", "MARKETER"]}
    assert EventPersonal.objects.get(pk=event.pk).data["personal_fields"]["name"] == ["Ada Marsh", "Ada Fen"]


def test_a_team_has_its_name_once():
    teams.add_team(name="North", by=SYSTEM, at=now())
    with pytest.raises(Invalid):
        teams.add_team(name="north", by=SYSTEM, at=now())
