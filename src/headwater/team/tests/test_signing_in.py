"""In and out, and how guessing is slowed down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.team.actions import accounts, company, signing_in
from headwater.team.models import SignInAttempt
from headwater.team.rules import RESETS_PER_ADDRESS, TRIES_PER_EMAIL, TRIES_PER_PAIR

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL, PASSWORD = "ada@example.org", "seven grey herons"


@pytest.fixture
def ada():
    company.change_company(values={"name": "Kestrel"}, by=job_actor("test"), at=now())
    return accounts.add_user(email=EMAIL, name="Ada", role="OWNER", password=PASSWORD, by=job_actor("test"), at=now())


def sign_in(client: Client, password: str = PASSWORD, *, email: str = EMAIL, address: str = "10.0.0.1", **more):
    values = {"email": email, "password": password, **more}
    return client.post("/sign-in", values, REMOTE_ADDR=address)


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_right_password_opens_and_goes_where_one_wanted(client, ada):
    answer = sign_in(client, next="/leads?stage=NEW", email="ADA@example.org")
    assert (answer.status_code, answer["Location"]) == (302, "/leads?stage=NEW")
    assert is_in(client)


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_never_leads_elsewhere(client, ada, wanted):
    assert sign_in(client, next=wanted)["Location"] == "/"


def test_a_wrong_password_says_how_many_tries_are_left(client, ada):
    answer = sign_in(client, "wrong")
    assert answer.status_code == 422
    assert f"{TRIES_PER_PAIR - 1} tries left" in answer.content.decode()
    assert not is_in(client)


def test_an_unknown_e_mail_looks_like_a_wrong_password(client, ada):
    known, unknown = sign_in(client, "wrong"), sign_in(client, "wrong", email="nobody@example.org")
    strip = lambda answer: answer.content.decode().replace("nobody@example.org", EMAIL)  # noqa: E731
    assert known.status_code == unknown.status_code == 422
    assert "do not match" in strip(known)
    assert "do not match" in strip(unknown)


def test_after_too_many_tries_even_the_right_password_waits(client, ada):
    for _ in range(TRIES_PER_PAIR):
        sign_in(client, "wrong")
    answer = sign_in(client)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 15 * 60
    assert "Wait 15 minutes" in answer.content.decode()
    assert not is_in(client)


def test_a_refused_try_does_not_make_the_wait_longer(ada):
    at = now()
    for i in range(TRIES_PER_PAIR):
        signing_in.note_try(email=EMAIL, address="10.0.0.1", at=at + timedelta(seconds=i))
    for minute in range(1, 15):
        with pytest.raises(signing_in.TooManyTries):
            signing_in.note_try(email=EMAIL, address="10.0.0.1", at=at + timedelta(minutes=minute))
    signing_in.note_try(email=EMAIL, address="10.0.0.1", at=at + timedelta(minutes=15, seconds=1))


def test_a_colleague_elsewhere_is_not_locked_out_by_somebody_who_guesses(client, ada):
    for _ in range(TRIES_PER_PAIR + 2):
        sign_in(client, "wrong", address="10.6.6.6")
    assert sign_in(client, address="10.0.0.1").status_code == 302


def test_guessing_one_e_mail_from_many_addresses_is_stopped_too(client, ada):
    at = now()
    for i in range(TRIES_PER_EMAIL):
        signing_in.note_try(email=EMAIL, address=f"10.1.{i // 200}.{i % 200}", at=at)
    with pytest.raises(signing_in.TooManyTries):
        signing_in.note_try(email=EMAIL, address="10.9.9.9", at=at)


def test_an_ipv6_network_counts_as_one_address(ada):
    """Whoever rents a server has billions of addresses; its log still tells them apart."""
    at = now()
    for i in range(TRIES_PER_PAIR):
        signing_in.note_try(email=EMAIL, address=f"2001:db8:1:2::{i:x}", at=at)
    assert signing_in.is_waiting(ada, at=at)
    with pytest.raises(signing_in.TooManyTries):
        signing_in.note_try(email=EMAIL, address="2001:db8:1:2:ffff::1", at=at)
    signing_in.note_try(email=EMAIL, address="2001:db8:1:3::1", at=at)
    assert SignInAttempt.objects.filter(address="2001:db8:1:2::4").exists()


def test_an_ipv6_network_asks_for_no_more_links_than_an_address(ada):
    for i in range(RESETS_PER_ADDRESS):
        signing_in.note_forgotten(email=f"x{i}@else.example", address=f"2001:db8:1:2::{i:x}", at=now())
    with pytest.raises(signing_in.TooManyTries):
        signing_in.note_forgotten(email=EMAIL, address="2001:db8:1:2:9::", at=now())


def test_an_address_written_as_ipv6_is_the_same_address(ada):
    for _ in range(TRIES_PER_PAIR):
        signing_in.note_try(email=EMAIL, address="10.6.6.6", at=now())
    with pytest.raises(signing_in.TooManyTries):
        signing_in.note_try(email=EMAIL, address="::ffff:10.6.6.6", at=now())


def test_a_success_forgives_earlier_failures(client, ada):
    for _ in range(TRIES_PER_PAIR - 1):
        sign_in(client, "wrong")
    assert sign_in(client).status_code == 302
    client.post("/sign-out")
    assert f"{TRIES_PER_PAIR - 1} tries left" in sign_in(client, "wrong").content.decode()


def test_the_session_gets_a_new_key(client, ada):
    client.get("/sign-in")
    session = client.session
    session["x"] = 1
    session.save()
    before = session.session_key
    sign_in(client)
    assert client.session.session_key != before


def test_kept_sessions_last_thirty_days_others_end_with_the_browser(client, ada):
    sign_in(client)
    assert client.session.get_expire_at_browser_close()
    sign_in(client, keep="on")
    assert 29 * 86400 < client.session.get_expiry_age() <= 30 * 86400


def test_sign_out_is_a_post_and_ends_the_session(client, ada):
    sign_in(client)
    assert client.get("/sign-out").status_code == 405
    assert is_in(client)
    out = client.post("/sign-out")
    assert out["Location"] == "/sign-in"
    assert out["Clear-Site-Data"] == '"cache"', "the way back shows no page of the session"
    assert not is_in(client)


def test_a_session_that_somebody_copied_ends_with_it(client, ada):
    sign_in(client)
    thief = Client()
    thief.cookies.update(client.cookies)
    assert is_in(thief)
    client.post("/sign-out")
    assert not is_in(thief) and thief.get("/api/v1/leads").status_code == 401


def test_a_new_password_ends_other_sessions(client, ada):
    sign_in(client)
    accounts.set_password(user_id=ada.pk, password="nine tall poplars", by=job_actor("test"), at=now())
    assert client.get("/account")["Location"].startswith("/sign-in")


def test_who_left_is_out_at_once(client, ada):
    accounts.add_user(email="b@example.org", name="B", role="OWNER", password=PASSWORD, by=job_actor("t"), at=now())
    sign_in(client)
    accounts.deactivate_user(user_id=ada.pk, by=job_actor("test"), at=now())
    assert client.get("/account")["Location"].startswith("/sign-in")
    assert sign_in(client).status_code == 422


def test_behind_a_proxy_the_visitor_counts_not_the_proxy(client, ada, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    client.post("/sign-in", {"email": EMAIL, "password": "x"}, HTTP_X_FORWARDED_FOR="6.6.6.6, 10.4.4.4")
    assert SignInAttempt.objects.get().address == "10.4.4.4"


def test_old_tries_are_forgotten(ada):
    signing_in.note_try(email=EMAIL, address="10.0.0.1", at=now() - timedelta(days=91))
    signing_in.note_try(email=EMAIL, address="10.0.0.1", at=now())
    signing_in.sweep_tries(at=now())
    assert SignInAttempt.objects.count() == 1
