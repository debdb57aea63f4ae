"""Single sign-on with a real provider on this machine: who comes in, who does not, and what is not its word."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from colleagues import PASSWORD, SYSTEM
from django.test import Client
from home_provider import SECRET, OctKey, RSAKey
from sign_on import TOM, ask, come, is_in, leave, refused, sign_in, use, who
from structlog.testing import capture_logs

from headwater.platform.clock import now
from headwater.platform.models import Event
from headwater.team import queries
from headwater.team.actions import accounts, company, second_factor
from headwater.team.models import Identity, SignInAttempt, SingleSignOn, User
from headwater.team.queries import provider as asking

pytestmark = pytest.mark.django_db(transaction=True)


def test_somebody_known_comes_in_by_their_e_mail_and_from_then_on_by_who_they_are(client, home, tom):
    assert "Sign in with Kestrel ID" in client.get("/sign-in?next=/leads").content.decode()
    answer = sign_in(client, next="/leads")
    assert (answer.status_code, answer["Location"]) == (302, "/leads") and is_in(client)
    assert Identity.objects.get().user == tom
    attempt = SignInAttempt.objects.get()
    assert (attempt.user, attempt.outcome, attempt.way) == (tom, "SUCCEEDED", "PROVIDER")
    home.claims |= {"email": "thomas@example.org"}
    other = Client()
    sign_in(other)
    assert who(other) == tom.pk, "who they are there stays, whatever their e-mail is"
    assert Event.objects.filter(verb="team.identity_linked", subject_id=tom.pk).count() == 1


def test_what_travels_is_protected_by_state_nonce_and_pkce(client, home, tom):
    address = leave(client)
    said = dict(parse_qsl(urlsplit(address).query))
    assert address.startswith(f"{home.issuer}/authorize?") and said["response_type"] == "code"
    assert said["code_challenge_method"] == "S256" and len(said["state"]) >= 43 and len(said["nonce"]) >= 43
    assert client.session["single_sign_on"]["verifier"] not in address and SECRET not in address
    code = ask(address)
    session = client.session
    session["single_sign_on"] = {**session["single_sign_on"], "verifier": "x" * 43}
    session.save()
    refused(client, "could not be verified", come(client, code))


def test_who_has_no_account_gets_one_only_if_that_is_set(client, home, ada):
    home.claims = {"sub": "n-1", "email": "nia@example.org", "email_verified": True, "name": "Nia"}
    refused(client, "no account here")
    assert SignInAttempt.objects.latest("pk").email == "nia@example.org"
    use(home, domains=["example.org"], lets_in=True, role="FIELD_REP")
    assert sign_in(client).status_code == 302 and is_in(client)
    nia = User.objects.get(email="nia@example.org")
    assert (nia.name, nia.role, nia.has_usable_password()) == ("Nia", "FIELD_REP", False)
    home.claims = {"sub": "n-2", "email": "x@elsewhere.example", "email_verified": True}
    refused(Client(), "elsewhere.example may not")
    assert User.objects.count() == 2


def test_only_e_mails_that_the_provider_has_verified_and_of_the_companys_domains(client, home, tom):
    for verified in (False, None, "false", 1, "yes"):
        home.claims = {**TOM, "email_verified": verified}
        refused(client, "has not verified")
    home.claims = {key: value for key, value in TOM.items() if key != "email_verified"}
    refused(client, "has not verified")
    for email in (None, "", "tom", 7, ["tom@example.org"]):
        home.claims = {**TOM, "email": email}
        refused(client, "did not tell your e-mail")
    use(home, domains=["example.com"])
    home.claims = dict(TOM)
    refused(client, "example.org may not")
    home.claims = {**TOM, "email": "tom@example.org@example.com"}
    refused(client, "no account")
    assert not Identity.objects.exists()


def test_who_left_does_not_come_back_this_way(client, home, tom):
    accounts.deactivate_user(user_id=tom.pk, by=SYSTEM, at=now())
    refused(client, "switched off")
    assert not Identity.objects.exists() and SignInAttempt.objects.latest("pk").outcome == "LEFT"


def test_an_e_mail_links_once_not_to_a_second_person_of_the_provider(client, home, tom):
    sign_in(client)
    home.claims = {**TOM, "sub": "t-2"}
    refused(Client(), "belongs to another person")
    client.force_login(User.objects.get(role="OWNER"))
    assert "Unlink" in client.get(f"/settings/users/{tom.pk}").content.decode()
    client.post(f"/settings/users/{tom.pk}/unlink")
    assert sign_in(Client()).status_code == 302
    assert Identity.objects.get().subject == "t-2"


def test_ones_own_second_factor_is_asked_for_unless_the_provider_vouches(client, home, tom):
    by, at = queries.actor_of(tom), now() - timedelta(minutes=5)
    import pyotp

    app = pyotp.TOTP(second_factor.begin(by=by))
    second_factor.confirm(code=app.at(at), by=by, at=at)
    assert sign_in(client, next="/leads")["Location"] == "/sign-in/code" and not is_in(client)
    assert client.post("/sign-in/code", {"code": app.at(now())})["Location"] == "/leads"
    use(home, vouches=True)
    other = Client()
    assert sign_in(other)["Location"] == "/" and is_in(other)


def test_a_company_that_wants_a_second_factor_takes_the_providers_word_only_where_set(client, home, tom):
    company.change_company(values={"needs_second_factor": True}, by=SYSTEM, at=now())
    sign_in(client)
    assert client.get("/leads")["Location"] == "/account/second-factor"
    use(home, vouches=True)
    other = Client()
    sign_in(other)
    assert other.get("/leads").status_code == 200


def test_it_ends_somebody_elses_session_and_counts_as_a_recent_sign_in(client, home, ada, tom):
    client.force_login(ada)
    before = client.session.session_key
    sign_in(client)
    assert client.session.session_key != before and who(client) == tom.pk
    assert client.post("/account/passkeys/options").status_code == 200
    assert "prompt=login" in leave(client, anew="1")


# ---------------------------------------------------------------- what is not the provider's word


def test_a_state_is_for_one_return_one_session_and_ten_minutes(client, home, tom):
    thief, over = Client(), "This sign-in is over"
    answer = ask(leave(client))
    refused(thief, over, come(thief, answer))
    leave(thief)
    refused(thief, over, come(thief, answer))
    refused(client, over, come(client, {**answer, "state": "x"}))
    refused(client, over, come(client, answer))
    answer = ask(leave(client))
    session = client.session
    then = (now() - timedelta(minutes=11)).isoformat()
    session["single_sign_on"] = {**session["single_sign_on"], "since": then}
    session.save()
    refused(client, over, come(client, answer))
    for wrong in ({}, {"code": "x"}, {"state": ""}, {"error": "x"}):
        refused(client, over, come(client, wrong))
    answer = ask(leave(client))
    refused(client, over, come(client, {**answer, "iss": "https://evil.example"}))
    answer = ask(leave(client))
    assert come(client, answer).status_code == 302
    client.post("/sign-out")
    refused(client, over, come(client, answer))


LIES = {
    "another sign-in's nonce": {"nonce": "another"}, "no nonce": {"nonce": None},
    "for another client": {"aud": "shop"}, "made for another": {"azp": "shop"},
    "for several": {"aud": ["headwater", "shop"]}, "for shop, too": {"aud": ["headwater", "shop"], "azp": "shop"},
    "from elsewhere": {"iss": "https://evil.example"}, "over": {"exp": int(time.time()) - 3600},
    "not yet": {"nbf": int(time.time()) + 3600}, "of the future": {"iat": int(time.time()) + 3600},
    "of nobody": {"sub": ""}, "of a number": {"sub": 7}, "of very much": {"sub": "x" * 256},
}  # fmt: skip


def test_a_token_that_is_not_about_this_sign_in_opens_nothing(client, home, tom):
    for why, lies in LIES.items():
        home.lies = lies
        answer = sign_in(client)
        assert answer.status_code == 403 and "could not be verified" in answer.content.decode(), why
        assert not is_in(client) and not Identity.objects.exists()
        assert SignInAttempt.objects.latest("pk").outcome == "PROVIDER_REFUSED"


def test_a_token_signed_by_somebody_else_opens_nothing(client, home, tom):
    stranger = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    for algorithm, key in (
        ("RS256", stranger),
        ("HS256", OctKey.import_key(SECRET.encode(), {"kid": "one"})),
    ):
        home.algorithm, home.signs_with = algorithm, key
        refused(client, "could not be verified")
    home.algorithm, home.signs_with = "RS384", None
    assert sign_in(client).status_code == 302, "another good algorithm is fine"


def test_a_token_that_nobody_signed_or_that_is_sealed_with_the_public_key_opens_nothing(home):
    at, provider = int(time.time()), asking.discover(home.issuer)
    claims = {"iss": home.issuer, "aud": "headwater", "sub": "t-1", "nonce": "n", "iat": at, "exp": at + 60}
    public = home.key.as_pem(private=False)

    def token(algorithm: str, sign) -> str:
        parts = [json.dumps(part).encode() for part in ({"alg": algorithm, "kid": "one"}, claims)]
        said = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
        return b".".join((said, urlsafe_b64encode(sign(said)).rstrip(b"="))).decode()

    sealed = token("HS256", lambda said: hmac.digest(public, said, "sha256"))
    for forged in ("", "x", "a.b.c", token("none", lambda _: b""), token("RS256", lambda _: b""), sealed):
        with pytest.raises(asking.AnswerNotVerified):
            asking._read(forged, provider=provider, client_id="headwater", nonce="n")


def test_a_new_key_is_asked_for_and_a_code_is_used_once(client, home, tom):
    answer = ask(leave(client))
    assert come(client, answer).status_code == 302
    thief = Client()
    own = ask(leave(thief))
    refused(thief, "could not be verified", come(thief, {**own, "code": answer["code"]}))
    asking._known[home.issuer].keys_read_at -= 60
    home.key, home.key_name = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"}), "two"
    assert sign_in(Client()).status_code == 302
    home.key_name = "three"
    refused(Client(), "could not be verified")
    assert home.asked.count("/keys") == 2, "not for every name that somebody makes up"


def test_nobody_is_sent_elsewhere_afterwards(home, tom):
    for wanted in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\\\\evil"):
        assert sign_in(Client(), next=wanted)["Location"] == "/"


def test_who_declines_and_what_the_provider_calls_an_error_is_said(client, home, tom):
    home.claims = {}
    refused(client, "not signed in at the provider")
    page = come(client, {**ask(leave(client)), "error_description": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in page


# ---------------------------------------------------------------- asking the provider


def test_only_the_provider_is_asked_and_not_again_and_again(client, home, tom):
    home.asked.clear()
    for _ in range(3):
        sign_in(Client())
    assert home.asked.count("/.well-known/openid-configuration") == 1 and home.asked.count("/keys") == 1
    for place in ("issuer", "provider", "url"):
        assert home.issuer in leave(client, **{place: "http://127.0.0.1:9/"})


def test_a_provider_that_is_away_is_told_and_let_rest(client, home, tom):
    for document in (
        {"issuer": "https://evil.example"}, {"token_endpoint": "http://10.0.0.1/token"}, {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"}, {"token_endpoint": ""},
    ):  # fmt: skip
        asking.forget()
        home.document = document
        refused(client, "cannot be reached", client.get("/sign-in/with"))
    home.asked.clear()
    refused(client, "cannot be reached", client.get("/sign-in/with"))
    assert not home.asked, "it failed a moment ago"
    asking.forget()
    home.document, home.sends_elsewhere = {}, f"{home.issuer}/keys"
    refused(client, "cannot be reached", client.get("/sign-in/with"))
    assert "/keys" not in home.asked, "what leads elsewhere is not followed"
    asking.forget()
    SingleSignOn.objects.update(issuer="http://127.0.0.1:9")
    refused(client, "cannot be reached", client.get("/sign-in/with"))


def test_a_secret_of_another_installation_opens_nothing_and_passwords_still_do(client, home, tom, settings):
    answer = ask(leave(client))
    SingleSignOn.objects.update(sealed="sealed elsewhere")
    refused(client, "cannot be reached", come(client, answer))
    client.post("/sign-in", {"email": tom.email, "password": PASSWORD})
    assert is_in(client)


def test_a_wrong_secret_is_refused_by_the_provider(client, home, tom):
    use(home, secret="another one")
    with capture_logs() as lines:
        refused(client, "could not be verified")
    (line,) = lines
    assert (line["event"], line["why"]) == ("answer_not_verified", "the code was refused")
    assert (line["status"], line["error"]) == (401, "invalid_client")


def test_the_log_says_why_a_provider_was_not_used_and_nothing_of_who_came(client, home, tom):
    with capture_logs() as lines:
        for home.lies in ({"aud": "shop"}, {"nonce": "another"}):
            sign_in(client)
        home.lies = {}
        for home.document in ({"issuer": "https://evil.example"}, {"jwks_uri": "file:///etc/passwd"}):
            asking.forget()
            client.get("/sign-in/with", headers={"Accept-Language": "de"})
        asking.forget()
        SingleSignOn.objects.update(issuer="http://127.0.0.1:9")
        client.get("/sign-in/with")
    assert [(line["event"], line.get("error") or line.get("issuer") or line["why"]) for line in lines] == [
        ("answer_not_verified", "InvalidAudienceError"),
        ("answer_not_verified", "its nonce is of another sign-in"),
        ("provider_away", "https://evil.example"),
        ("provider_away", "its document names no HTTPS addresses"),
        ("provider_away", "ConnectionRefusedError"),
    ]
    assert tom.email not in str(lines)
