"""The settings of single sign-on: who may change them, what cannot work, and the way back for passwords."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from colleagues import PASSWORD, SYSTEM, add
from django.test import Client
from home_provider import SECRET
from sign_on import ADA, ask, come, is_in, leave, refused, sign_in, use

from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.models import Event
from headwater.team import queries
from headwater.team.actions import single_sign_on as actions
from headwater.team.models import Identity, SingleSignOn, User
from headwater.team.queries import provider as asking
from headwater.team.queries.single_sign_on import do_passwords_work

pytestmark = pytest.mark.django_db(transaction=True)


def form(home, **changed):
    said = {
        "is_on": "on", "name": "Kestrel ID", "issuer": home.issuer, "client_id": "headwater", "secret": "",
        "domains": "", "role": "READ_ONLY", "passwords_stay": "on",
    }  # fmt: skip
    return {key: value for key, value in {**said, **changed}.items() if value is not None}


def test_owners_and_administrators_set_it_and_nobody_reads_the_secret(client, home, ada, tom):
    client.force_login(tom)
    assert client.get("/settings/single-sign-on").status_code == 403
    assert client.post("/settings/single-sign-on", form(home)).status_code == 403
    client.force_login(ada)
    page = client.get("/settings/single-sign-on").content.decode()
    assert "http://testserver/sign-in/with/back" in page and SECRET not in page
    changed = form(home, secret="another secret", domains="Example.org, @example.com", lets_in="on")
    assert client.post("/settings/single-sign-on", changed).status_code == 302
    ours = SingleSignOn.objects.get()
    assert ours.domains == ["example.org", "example.com"] and "another secret" not in ours.sealed
    kept = ours.sealed
    client.post("/settings/single-sign-on", form(home))
    assert SingleSignOn.objects.get().sealed == kept
    told = str(list(Event.objects.values_list("data", flat=True)))
    assert "another secret" not in told and kept not in told
    assert Event.objects.filter(verb="team.provider_secret_set").count() == 2
    assert "another secret" not in client.get("/settings/single-sign-on").content.decode()


def test_what_cannot_work_is_told_beside_its_field_and_not_saved(client, home, ada):
    client.force_login(ada)
    for changed, words in (
        ({"issuer": "http://login.example.com"}, "begins with https"),
        ({"issuer": "http://127.0.0.1:9"}, "Nothing answers there"),
        ({"issuer": ""}, "tells it when you register"),
        ({"client_id": ""}, "tells it when you register"),
        ({"domains": "not a domain!"}, "is not a domain"),
        ({"lets_in": "on"}, "Name the domains"),
        ({"role": "OWNER"}, "Select a valid choice"),
        ({"role": "ADMINISTRATOR"}, "Select a valid choice"),
        ({"passwords_stay": None}, "before passwords can go"),
    ):
        answer = client.post("/settings/single-sign-on", form(home, **changed))
        assert answer.status_code == 422 and words in answer.content.decode(), changed
    assert SingleSignOn.objects.get().issuer == home.issuer
    for values in ({"role": "OWNER"}, {"sealed": "x"}, {"owners_may": True}):
        with pytest.raises(Invalid):
            actions.change_single_sign_on(values=values, by=SYSTEM, at=now())


def test_what_it_takes_is_not_called_optional(client, ada):
    client.force_login(ada)
    page = client.get("/settings/single-sign-on").content.decode()
    marks = dict(re.findall(r'<label for="id_(\w+)">[^<]+<span class="opt-mark">([^<]+)<', page))
    assert marks["issuer"] == marks["client_id"] == "(needed when switched on)"
    assert marks["secret"] == marks["domains"] == "(optional)"


def test_an_administrator_cannot_become_an_owner_by_a_provider_of_their_own(client, home, ada):
    admin = add("ADMINISTRATOR", "bo@example.org")
    use(home, by=admin, client_id="another")
    use(home, by=admin)
    home.claims = dict(ADA)
    refused(client, "Owners cannot sign in this way")
    assert not Identity.objects.exists()
    client.force_login(admin)
    assert "An administrator set this provider" in client.get("/settings/single-sign-on").content.decode()
    with pytest.raises(Invalid):
        use(home, by=admin, passwords_stay=False)
    with pytest.raises(NotAllowed):
        actions.unlink(user_id=ada.pk, by=queries.actor_of(admin), at=now())
    use(home, by=ada)
    assert sign_in(Client()).status_code == 302
    use(home, by=admin, name="ID")
    assert sign_in(Client()).status_code == 302, "what an owner trusts stays trusted while it stays the same"


def test_another_provider_is_not_told_the_secret_of_the_last(home, ada):
    use(home, issuer="https://login.example.com", secret=None)
    assert SingleSignOn.objects.get().sealed == ""


def test_passwords_go_once_an_owner_came_in_and_come_back_on_the_server(client, home, ada, tom):
    home.claims = dict(ADA)
    sign_in(Client())
    use(home, by=ada, passwords_stay=False)
    page = client.get("/sign-in").content.decode()
    assert "Sign in with Kestrel ID" in page and 'name="password"' not in page
    answer = client.post("/sign-in", {"email": ada.email, "password": PASSWORD})
    assert answer.status_code == 403 and "Passwords are switched off" in answer.content.decode()
    assert not is_in(client)
    actions.let_passwords_in(by=SYSTEM, at=now())
    client.post("/sign-in", {"email": ada.email, "password": PASSWORD})
    assert is_in(client)
    use(home, by=ada, passwords_stay=False)
    actions.switch_off(by=SYSTEM, at=now())
    assert do_passwords_work() and "Kestrel ID" not in Client().get("/sign-in").content.decode()
    assert Client().get("/sign-in/with")["Location"] == "/sign-in"


def test_another_issuer_does_not_keep_passwords_off(home, ada):
    home.claims = dict(ADA)
    sign_in(Client())
    use(home, by=ada, passwords_stay=False)
    with pytest.raises(Invalid):
        use(home, by=ada, issuer="https://login.example.com")
    assert SingleSignOn.objects.get().issuer == home.issuer


def test_who_has_no_password_shows_who_they_are_at_the_provider(client, home, tom):
    User.objects.filter(pk=tom.pk).update(password="!")
    sign_in(client)
    session = client.session
    session["proved"] = (now() - timedelta(minutes=11)).isoformat()
    session.save()
    page = client.get("/account/prove?next=/account/passkeys").content.decode()
    assert "Sign in with Kestrel ID" in page and 'name="current"' not in page
    assert client.post("/account/second-factor", {"form": "begin"})["Location"].startswith("/account/prove")
    address = leave(client, anew="1", next="/account/passkeys")
    assert come(client, ask(address))["Location"] == "/account/passkeys"
    assert client.post("/account/passkeys/options").status_code == 200
    assert "Scan this" in client.post("/account/second-factor", {"form": "begin"}).content.decode()


def test_addresses_that_may_be_asked():
    good = (
        "https://login.example.com",
        "https://id.example.com:8443/realms/x",
        "http://127.0.0.1:80",
        "http://localhost",
    )
    bad = (
        "http://login.example.com", "https://", "ftp://x.example", "https://a@b.example", "https://x.example/#a",
        "https://x .example", "https://[", "", "file:///etc/passwd", "http://169.254.169.254", "https://x.example/\n",
    )  # fmt: skip
    assert all(map(asking.is_fit, good)) and not any(map(asking.is_fit, bad))
