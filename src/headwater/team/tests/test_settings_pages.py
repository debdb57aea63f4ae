"""Settings pages, as the people who use them meet them."""

from __future__ import annotations

import pytest

from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.team import queries
from headwater.team.actions import accounts, tokens
from headwater.team.forms import country_choices
from headwater.team.models import ApiToken, User

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "seven grey herons"


def add(role: str, email: str) -> User:
    return accounts.add_user(
        email=email, name=email.partition("@")[0].title(), role=role, password=PASSWORD, by=job_actor("test"), at=now()
    )


@pytest.fixture
def owner(client):
    user = add("OWNER", "owner@example.org")
    client.force_login(user)
    return user


COMPANY = {
    "name": "Kestrel", "country": "NL", "currency": "EUR", "time_zone": "Europe/Amsterdam", "office_days": ["1", "2"],
    "office_opens": "09:00", "office_closes": "17:00", "answer_minutes": "20", "handover_hours": "4",
}  # fmt: skip


def test_the_company_is_changed(client, owner):
    assert client.get("/settings/company").status_code == 200
    assert client.post("/settings/company", COMPANY).status_code == 302
    assert (queries.company().office_days, queries.company().answer_minutes) == ("12", 20)


def test_an_office_that_closes_before_it_opens_is_refused_beside_the_field(client, owner):
    answer = client.post("/settings/company", {**COMPANY, "office_closes": "08:00"})
    assert answer.status_code == 422
    assert "closes after it opens" in answer.content.decode()


def test_a_colleague_is_added_changed_and_let_go(client, owner):
    new = {"name": "Marta", "email": "marta@example.org", "role": "FIELD_REP", "team_id": "", "password": PASSWORD}
    assert client.post("/settings/users/new", new).status_code == 302
    marta = User.objects.get(email="marta@example.org")
    assert client.post(f"/settings/users/{marta.pk}", {**new, "role": "MARKETER"}).status_code == 302
    marta.refresh_from_db()
    assert marta.role == "MARKETER"
    client.post(f"/settings/users/{marta.pk}/switch")
    assert "left" in client.get("/settings/users").content.decode()


def test_a_taken_e_mail_is_told_beside_the_field(client, owner):
    new = {"name": "X", "email": "Owner@example.org", "role": "SERVICE", "team_id": "", "password": PASSWORD}
    answer = client.post("/settings/users/new", new)
    assert answer.status_code == 422
    assert "signs in with" in answer.content.decode()


def test_that_somebody_is_the_last_owner_is_told_beside_the_role(client, owner):
    new = {"name": "Ada", "email": owner.email, "role": "MARKETER", "team_id": ""}
    answer = client.post(f"/settings/users/{owner.pk}", new)
    page = answer.content.decode()
    assert answer.status_code == 422 and "This is the last owner" in page and 'value="Ada"' in page
    owner.refresh_from_db()
    assert owner.role == "OWNER"


def test_a_new_token_is_shown_once(client, owner):
    client.post("/account/prove", {"current": PASSWORD})
    page = client.post("/settings/tokens", {"name": "sync", "scope": "read", "days": "30"}).content.decode()
    secret = page.split("<code>")[1].split("</code>")[0]
    assert queries.actor_of_token(secret, at=now()) is not None
    assert secret not in client.get("/settings/tokens").content.decode()
    client.post(f"/settings/tokens/{ApiToken.objects.get().pk}/revoke")
    assert queries.actor_of_token(secret, at=now()) is None


def test_a_rep_sees_own_tokens_only_and_no_settings(client, owner):
    tokens.create_token(user_id=owner.pk, name="secret plan", scopes=["read"], by=queries.actor_of(owner), at=now())
    client.force_login(add("FIELD_REP", "rep@example.org"))
    assert "secret plan" not in client.get("/settings/tokens").content.decode()


def test_ones_own_password_needs_the_present_one(client, owner):
    wrong = client.post("/account", {"form": "password", "current": "no", "password": "nine tall poplars"})
    assert wrong.status_code == 422
    right = client.post("/account", {"form": "password", "current": PASSWORD, "password": "nine tall poplars"})
    assert right.status_code == 302
    assert client.get("/account").status_code == 200


def test_ones_own_name_and_zone(client, owner):
    client.post("/account", {"form": "profile", "name": "Erik Haas"})
    client.post("/account", {"form": "reading", "time_zone": "Europe/Lisbon", "day_notation": "31.12.2026"})
    owner.refresh_from_db()
    assert (owner.name, owner.time_zone, owner.day_notation) == ("Erik Haas", "Europe/Lisbon", "31.12.2026")
    assert "31.12.2026" in client.get("/account").content.decode()
    assert client.post("/account", {"form": "reading", "clock": "25"}).status_code == 422


def test_the_zone_of_the_device_is_offered_until_somebody_chose(client, owner):
    assert 'id="zone-offer"' in client.get("/").content.decode()
    client.cookies["hw_zone"] = "kept"
    assert 'id="zone-offer"' not in client.get("/").content.decode()
    del client.cookies["hw_zone"]
    assert client.post("/account/time-zone", {"time_zone": "Europe/Lisbon"}).status_code == 302
    assert 'id="zone-offer"' not in client.get("/").content.decode()
    owner.refresh_from_db()
    assert owner.time_zone == "Europe/Lisbon"
    assert client.post("/account/time-zone", {"time_zone": "Mars/Base"}).status_code == 422


def test_every_country_on_offer_has_telephones():
    offered = dict(country_choices())
    assert offered["NL"] == "Netherlands" and offered["XK"] == "Kosovo"
    assert not {"EU", "EZ", "UN", "ZZ"} & offered.keys()
