"""Passkeys: added by who has just signed in, shown instead of a password or after it, and what passes for none."""

from __future__ import annotations

import json
from datetime import timedelta

import pyotp
import pytest
from colleagues import PASSWORD, SYSTEM
from cryptography.hazmat.primitives.asymmetric import ec
from device import NEW_KEY, PRESENT, VERIFIED, Device
from django.test import Client

from headwater.platform.clock import now
from headwater.platform.errors import NotAllowed, NotFound
from headwater.platform.models import Event
from headwater.team import queries
from headwater.team.actions import accounts, company, passkeys, second_factor, tokens
from headwater.team.models import Passkey, RecoveryCode, SignInAttempt
from headwater.team.queries.second_factor import has_factor
from headwater.team.rules import TRIES_PER_ADDRESS

pytestmark = pytest.mark.django_db(transaction=True)


def password(client: Client, email: str = "ada@example.org", **more):
    return client.post("/sign-in", {"email": email, "password": PASSWORD, **more})


def age(client: Client, **minutes: int) -> None:
    """Let what the session keeps be older."""
    session = client.session
    for name, by in minutes.items():
        kept = session[name]
        then = (now() - timedelta(minutes=by)).isoformat()
        session[name] = {**kept, "since": then} if isinstance(kept, dict) else then
    session.save()


def keep(client: Client, device: Device, name: str = "work laptop", **lies):
    """Make a passkey and add it."""
    options = client.post("/account/passkeys/options").json()
    return client.post("/account/passkeys/add", {"name": name, "answer": device.create(options, **lies)})


def device_of(email: str = "ada@example.org", **how) -> Device:
    """A device with a passkey of somebody."""
    client, device = Client(), Device(**how)
    password(client, email)
    assert keep(client, device).status_code in (200, 302)
    assert Passkey.objects.filter(user__email=email).exists()
    return device


def show(client: Client, device: Device, options: dict | None = None, **lies):
    options = options or client.post("/sign-in/passkey/options").json()
    more = lies.pop("more", {})
    return client.post("/sign-in/passkey", {"answer": device.get(options, **lies), **more})


def is_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


# ---------------------------------------------------------------- one's own


def test_the_first_one_comes_with_recovery_codes_and_a_second_without(client, ada):
    password(client)
    first = keep(client, Device())
    assert first.status_code == 200 and "Your recovery codes" in first.content.decode()
    told = first.content.decode()
    assert "stands in for the passkey" in told and "from an app" not in told and "for the app" not in told
    assert RecoveryCode.objects.filter(user=ada).count() == second_factor.RECOVERY_CODES
    assert keep(client, Device(), "telephone")["Location"] == "/account/passkeys"
    page = client.get("/account/passkeys").content.decode()
    assert "work laptop" in page and "telephone" in page
    kept = Passkey.objects.first()
    assert kept is not None and kept.transports == ["internal"] and kept.sign_count == 1
    assert Event.objects.filter(verb="team.passkey_added", subject_id=ada.pk).count() == 2
    assert "has a second factor" in client.get("/settings/users").content.decode()
    own = client.get("/account/second-factor").content.decode()
    assert "It is on" in own and "Your passkey is a second factor already." in own


def test_only_who_has_just_signed_in_adds_or_removes_one(client, ada):
    device_of()
    kept = Passkey.objects.get()
    client.force_login(ada)
    prove = "/account/prove?next=%2Faccount%2Fpasskeys"
    assert client.post("/account/passkeys/options").json() == {"go_to": prove}
    assert client.post("/account/passkeys/add", {"name": "x", "answer": "{}"})["Location"] == prove
    assert client.post(f"/account/passkeys/{kept.pk}/remove")["Location"] == prove
    assert "show once more" in client.get("/account/passkeys", HTTP_HOST="localhost").content.decode()
    assert Passkey.objects.count() == 1


def test_it_is_shown_once_more_who_one_is_with_the_password(client, ada):
    password(client)
    age(client, proved=11)
    assert client.post("/account/passkeys/options").status_code == 403
    wrong = client.post("/account/prove", {"current": "no", "next": "/account/passkeys"})
    assert wrong.status_code == 422 and client.post("/account/passkeys/options").status_code == 403
    right = client.post("/account/prove", {"current": PASSWORD, "next": "/account/passkeys"})
    assert right["Location"] == "/account/passkeys"
    assert client.post("/account/passkeys/options").status_code == 200
    assert client.post("/account/prove", {"current": PASSWORD, "next": "//evil.example/"})["Location"] == "/"


def test_with_a_second_factor_the_password_alone_does_not_show_who_one_is(client, ada):
    password(client)
    by, at = queries.actor_of(ada), now() - timedelta(minutes=5)
    app = pyotp.TOTP(second_factor.begin(by=by))
    second_factor.confirm(code=app.at(at), by=by, at=at)
    age(client, proved=11)
    assert client.post("/account/prove", {"current": PASSWORD}).status_code == 422
    assert client.post("/account/prove", {"current": PASSWORD, "code": "000000"}).status_code == 422
    assert client.post("/account/passkeys/options").status_code == 403
    assert client.post("/account/prove", {"current": PASSWORD, "code": app.at(now())}).status_code == 302
    assert client.post("/account/passkeys/options").status_code == 200


def test_it_is_shown_with_ones_own_passkey_not_with_another_persons(client, ada, tom):
    mine, his = device_of(), device_of("tom@example.org")
    client.force_login(ada)
    for device, works in ((his, False), (mine, True)):
        options = client.post("/account/prove/passkey/options").json()
        assert [each["id"] for each in options["allowCredentials"]] == [Passkey.objects.get(user=ada).credential_id]
        client.post("/account/prove/passkey", {"answer": device.get(options)})
        assert (client.post("/account/passkeys/options").status_code == 200) is works


MADE_WRONG = {
    "elsewhere": {"said": {"origin": "https://evil.example"}}, "another challenge": {"said": {"challenge": "AAAA"}},
    "shown, not made": {"said": {"type": "webauthn.get"}}, "for another place": {"place": "evil.example"},
    "its owner not asked": {"flags": NEW_KEY | PRESENT}, "nobody there": {"flags": NEW_KEY | VERIFIED},
}  # fmt: skip


def test_a_key_made_elsewhere_or_without_its_owner_is_not_kept(client, ada):
    password(client)
    for why, lies in MADE_WRONG.items():
        assert keep(client, Device(), **lies).status_code == 422, why
    assert not Passkey.objects.exists()


def test_a_key_is_kept_for_one_person_and_an_answer_once(client, ada, tom):
    password(client)
    device, options = Device(), client.post("/account/passkeys/options").json()
    sent = {"name": "x", "answer": device.create(options)}
    assert client.post("/account/passkeys/add", sent).status_code == 200
    assert client.post("/account/passkeys/add", sent).status_code == 422
    other = Client()
    password(other, "tom@example.org")
    assert keep(other, device).status_code == 422
    assert Passkey.objects.get().user == ada


def test_one_is_renamed_and_removed_by_its_owner_only(client, ada, tom):
    device_of()
    kept = Passkey.objects.get()
    other = Client()
    password(other, "tom@example.org")
    assert other.post(f"/account/passkeys/{kept.pk}/rename", {"name": "mine"}).status_code == 404
    assert other.post(f"/account/passkeys/{kept.pk}/remove").status_code == 404
    assert Passkey.objects.get().name == "work laptop"
    client.force_login(ada)
    client.post(f"/account/passkeys/{kept.pk}/rename", {"name": " old laptop "})
    assert Passkey.objects.get().name == "old laptop"
    assert client.post(f"/account/passkeys/{kept.pk}/rename", {"name": ""}).status_code == 422
    client.post("/account/prove", {"current": PASSWORD, "code": "x"})
    passkeys.remove_passkey(passkey_id=kept.pk, by=queries.actor_of(ada), at=now())
    assert not Passkey.objects.exists() and not RecoveryCode.objects.exists(), "codes stand in for a factor"


def test_the_only_way_in_is_not_removed(ada):
    device_of()
    ada.refresh_from_db()
    ada.set_unusable_password()
    ada.save()
    with pytest.raises(passkeys.OnlyWayIn):
        passkeys.remove_passkey(passkey_id=Passkey.objects.get().pk, by=queries.actor_of(ada), at=now())


def test_tokens_have_no_passkeys(ada):
    _, secret = tokens.create_token(user_id=ada.pk, name="s", scopes=["write"], by=queries.actor_of(ada), at=now())
    by = queries.actor_of_token(secret, at=now())
    assert by is not None
    for step in (passkeys.remove_passkey, passkeys.rename_passkey):
        more = {"name": "x"} if step is passkeys.rename_passkey else {}
        with pytest.raises((NotAllowed, NotFound)):
            step(passkey_id=1, by=by, at=now(), **more)


# ---------------------------------------------------------------- signing in


def test_it_signs_in_without_a_name_and_is_both_factors(client, ada):
    device = device_of()
    company.change_company(values={"needs_second_factor": True}, by=SYSTEM, at=now())
    answer = show(client, device, more={"next": "/leads"})
    assert (answer.status_code, answer["Location"]) == (302, "/leads")
    assert is_in(client) and client.get("/leads").status_code == 200
    attempt = SignInAttempt.objects.latest("pk")
    assert (attempt.user, attempt.outcome, attempt.way) == (ada, "SUCCEEDED", "PASSKEY")
    assert "Passkey" in client.get("/account/sign-ins").content.decode()
    used = Passkey.objects.get()
    assert used.last_used_at is not None and used.sign_count == 2


def test_the_page_offers_it_once_somebody_has_one_and_browsers_keep_it_for_this_name(client, ada):
    at = {"HTTP_HOST": "localhost"}
    assert "passkey" not in client.get("/sign-in", **at).content.decode()
    device_of()
    assert "Sign in with a passkey" in client.get("/sign-in", **at).content.decode()
    assert "passkey" not in client.get("/sign-in", HTTP_HOST="127.0.0.1").content.decode()


def test_it_does_not_lead_elsewhere(client, ada):
    assert show(client, device_of(), more={"next": "https://evil.example/"})["Location"] == "/"


SHOWN_WRONG = {
    "elsewhere": {"said": {"origin": "https://testserver.evil.example"}},
    "another challenge": {"said": {"challenge": "AAAA"}}, "made, not shown": {"said": {"type": "webauthn.create"}},
    "for another place": {"place": "evil.example"}, "its owner not asked": {"flags": PRESENT},
    "nobody there": {"flags": VERIFIED}, "the same count": {"count": 1}, "no count any more": {"count": 0},
    "another key": {"key": ec.generate_private_key(ec.SECP256R1())},
}  # fmt: skip


def test_what_is_not_signed_here_and_now_by_its_owner_opens_nothing(client, ada):
    device = device_of()
    for why, lies in SHOWN_WRONG.items():
        answer = show(client, device, **lies)
        assert answer.status_code == 422 and "not accepted" in answer.content.decode(), why
        attempt = SignInAttempt.objects.latest("pk")
        assert (attempt.user, attempt.outcome, attempt.way) == (ada, "WRONG_PASSKEY", "PASSKEY")
    assert not is_in(client)


def test_a_copy_of_a_device_is_noticed_by_its_count(ada):
    device = device_of()
    show(Client(), device)
    show(Client(), device)
    copied = Client()
    assert show(copied, device, count=2).status_code == 422 and not is_in(copied)


def test_a_device_that_does_not_count_signs_in_each_time(ada):
    device = device_of(counts=False)
    for _ in range(2):
        client = Client()
        show(client, device)
        assert is_in(client)


def test_a_challenge_is_for_one_answer_one_session_one_purpose_and_five_minutes(ada):
    device, client, other = device_of(), Client(), Client()
    options = client.post("/sign-in/passkey/options").json()
    answer = device.get(options)
    assert other.post("/sign-in/passkey", {"answer": answer}).status_code == 422
    assert client.post("/sign-in/passkey", {"answer": "{}"}).status_code == 422
    assert client.post("/sign-in/passkey", {"answer": answer}).status_code == 422, "the challenge was used up"
    options = client.post("/sign-in/passkey/options").json()
    age(client, passkey=6)
    assert show(client, device, options).status_code == 422
    password(client)
    options = client.post("/sign-in/code/passkey/options").json()
    assert show(client, device, options).status_code == 422, "it was for the second step"
    assert not is_in(client)
    fresh = client.post("/sign-in/passkey/options").json()
    assert show(client, device, fresh).status_code == 302 and is_in(client)
    assert client.post("/sign-in/passkey", {"answer": device.get(fresh)}).status_code == 422


NO_ANSWERS = [
        "", "x", "[]", "null", "{}", '{"id": 7}', '{"id": "\\u0000"}', "[" * 5_000, '{"id": "' + "a" * 30_000 + '"}',
        json.dumps({"id": "a", "rawId": "a", "type": "public-key", "response": {"clientDataJSON": "%%%"}}),
]  # fmt: skip


def test_what_is_no_answer_is_refused_and_nothing_worse(client, ada):
    device = device_of()
    for answer in NO_ANSWERS:
        client.post("/sign-in/passkey/options")
        assert client.post("/sign-in/passkey", {"answer": answer}).status_code == 422, answer[:80]
    true = json.loads(device.get(client.post("/sign-in/passkey/options").json()))
    for part in ("clientDataJSON", "authenticatorData", "signature"):
        for broken in ("", "AAAA", "%%"):
            client.post("/sign-in/passkey/options")
            bad = {**true, "response": {**true["response"], part: broken}}
            assert client.post("/sign-in/passkey", {"answer": json.dumps(bad)}).status_code == 422
    assert not is_in(client)


def test_many_wrong_ones_make_their_address_wait_and_nobody_else(ada):
    device, at = device_of(), now()
    SignInAttempt.objects.bulk_create(
        SignInAttempt(
            email="",
            address="10.6.6.6",
            network="10.6.6.6",
            at=at,
            succeeded=False,
            counts=False,
            outcome="WRONG_PASSKEY",
        )
        for _ in range(TRIES_PER_ADDRESS)
    )
    client = Client(REMOTE_ADDR="10.6.6.6")
    assert show(client, device).status_code == 429 and not is_in(client)
    assert show(Client(REMOTE_ADDR="10.0.0.1"), device).status_code == 302


def test_who_left_does_not_come_back_with_it(client, ada, tom):
    device = device_of("tom@example.org")
    accounts.deactivate_user(user_id=tom.pk, by=SYSTEM, at=now())
    assert show(client, device).status_code == 422 and not is_in(client)
    assert SignInAttempt.objects.latest("pk").outcome == "LEFT"


# ---------------------------------------------------------------- after the password


def test_who_has_one_is_asked_for_it_after_the_password(client, ada, tom):
    device, his = device_of(), device_of("tom@example.org")
    assert password(client, next="/leads")["Location"] == "/sign-in/code"
    page = client.get("/sign-in/code").content.decode()
    assert "Show your passkey" in page and "Recovery code" in page and "30 days" not in page
    assert not is_in(client)
    for shown, works in ((his, False), (device, True)):
        options = client.post("/sign-in/code/passkey/options").json()
        answer = client.post("/sign-in/code/passkey", {"answer": shown.get(options)})
        assert (answer.status_code == 302) is works and is_in(client) is works
    assert answer["Location"] == "/leads"


def test_a_recovery_code_stands_in_for_it_once(client, ada):
    signed_in = Client()
    password(signed_in)
    page = keep(signed_in, Device()).content.decode()
    code = page.split("<pre", 1)[1].split(">", 1)[1].split("</pre>")[0].split()[0]
    for works in (True, False):
        password(client)
        client.post("/sign-in/code", {"code": code})
        assert is_in(client) is works
        client.post("/sign-out")


def test_nobody_waits_for_a_passkey_without_the_password(client, ada):
    device_of()
    assert client.post("/sign-in/code/passkey/options").json() == {"go_to": "/sign-in"}
    assert client.post("/sign-in/code/passkey", {"answer": "{}"})["Location"] == "/sign-in"


def test_it_is_what_a_company_asks_for_that_wants_a_second_factor(client, tom):
    company.change_company(values={"needs_second_factor": True}, by=SYSTEM, at=now())
    password(client, "tom@example.org")
    assert client.get("/leads")["Location"] == "/account/second-factor"
    assert "passkey" in client.get("/account/second-factor").content.decode()
    assert client.get("/account/passkeys").status_code == 200
    age(client, proved=11)
    assert client.post("/account/prove", {"current": PASSWORD}).status_code == 302
    keep(client, Device())
    assert client.get("/leads").status_code == 200


def test_who_lost_it_is_helped_by_who_keeps_the_users(client, ada, tom):
    device = device_of("tom@example.org")
    client.force_login(ada)
    assert "Take the second factor off" in client.get(f"/settings/users/{tom.pk}").content.decode()
    client.post(f"/settings/users/{tom.pk}/second-factor/remove")
    assert not has_factor(tom.pk) and not RecoveryCode.objects.exists()
    other = Client()
    assert show(other, device).status_code == 422
    assert password(other, "tom@example.org")["Location"] == "/"


def test_an_app_that_is_switched_off_leaves_passkeys_and_codes(client, ada):
    device_of()
    by, at = queries.actor_of(ada), now() - timedelta(minutes=5)
    app = pyotp.TOTP(second_factor.begin(by=by))
    second_factor.confirm(code=app.at(at), by=by, at=at)
    second_factor.remove_app(by=by, at=now())
    assert has_factor(ada.pk) and RecoveryCode.objects.filter(user=ada).exists()


# ---------------------------------------------------------------- where it is valid


SEEN_AT = [  # how the server is asked, its settings, where the browser is, whether that is the same place
        ({"HTTP_HOST": "localhost:8000"}, {}, "http://localhost:8000", True),
        ({"HTTP_HOST": "localhost:8000"}, {}, "http://localhost:9000", False),
        ({"HTTP_HOST": "crm.example.com", "HTTP_X_FORWARDED_PROTO": "https"}, {"proxy": True},
         "https://crm.example.com", True),
        ({"HTTP_HOST": "crm.example.com", "HTTP_X_FORWARDED_PROTO": "https"}, {}, "https://crm.example.com", False),
        ({"HTTP_HOST": "crm.example.com"}, {"origins": ["https://crm.example.com:8443"]},
         "https://crm.example.com:8443", True),
        ({"HTTP_HOST": "crm.example.com"}, {"origins": ["https://shop.example.com"]},
         "https://shop.example.com", False),
]  # fmt: skip


def test_it_is_bound_to_the_address_that_people_see(ada, settings):
    settings.ALLOWED_HOSTS = ["*"]
    for asked, settings_of, origin, works in SEEN_AT:
        settings.CSRF_TRUSTED_ORIGINS = settings_of.get("origins", [])
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if settings_of.get("proxy") else None
        client = Client(**asked)
        password(client)
        keep(client, Device(origin))
        assert Passkey.objects.exists() is works, origin
        Passkey.objects.all().delete()
