"""A code besides the password: set up, asked for, neither guessed nor shown twice, replaced, taken off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
from colleagues import PASSWORD, SYSTEM, add
from django.db import connection
from django.test import Client

from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed, NotFound
from headwater.platform.models import Event
from headwater.team import queries
from headwater.team.actions import accounts, company, second_factor, sessions, signing_in, tokens
from headwater.team.models import RecoveryCode, SecondFactor, SignInAttempt
from headwater.team.queries.second_factor import factor_of, has_factor, unseal
from headwater.team.rules import CODES_PER_DAY, TRIES_PER_CODE

pytestmark = pytest.mark.django_db(transaction=True)


class App:
    """A telephone with the secret, and the recovery codes on paper."""

    def __init__(self, user) -> None:
        by, then = queries.actor_of(user), now() - timedelta(minutes=10)
        self.secret = second_factor.begin(by=by)
        self.codes = second_factor.confirm(code=self.code(then), by=by, at=then)

    def code(self, at=None) -> str:
        return pyotp.TOTP(self.secret).at(at or now())

    def wrong(self) -> str:
        return f"{(int(self.code()) + 500_000) % 1_000_000:06d}"


def password(client: Client, email: str = "ada@example.org", address: str = "10.0.0.1", **more):
    return client.post("/sign-in", {"email": email, "password": PASSWORD, **more}, REMOTE_ADDR=address)


def show(client: Client, code: str, address: str = "10.0.0.1", **more):
    return client.post("/sign-in/code", {"code": code, **more}, REMOTE_ADDR=address)


def is_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def test_it_is_set_up_with_a_picture_the_password_and_a_code(client, ada):
    client.force_login(ada)
    page = "/account/second-factor"
    assert client.post(page, {"form": "begin", "current": "wrong"}).status_code == 422
    assert not SecondFactor.objects.exists()
    shown = client.post(page, {"form": "begin", "current": PASSWORD}).content.decode()
    assert 'src="data:image/svg+xml' in shown
    secret = shown.split('<code class="mono">')[1].split("<")[0]
    assert factor_of(ada.pk) is None
    wrong = client.post(page, {"form": "confirm", "code": "000000x"})
    assert wrong.status_code == 422 and secret in wrong.content.decode()
    on = client.post(page, {"form": "confirm", "code": pyotp.TOTP(secret).at(now())}).content.decode()
    codes = on.split("<pre", 1)[1].split(">", 1)[1].split("</pre>")[0].split()
    assert len(codes) == len(set(codes)) == second_factor.RECOVERY_CODES
    again = client.get(page).content.decode()
    assert "It is on" in again and codes[0] not in again and secret not in again
    stored = SecondFactor.objects.get()
    assert secret not in stored.sealed and unseal(stored.sealed) == secret
    told = str(list(Event.objects.values_list("data", flat=True))) + str(list(RecoveryCode.objects.values_list()))
    assert secret not in told and codes[0].replace("-", "") not in told
    assert Event.objects.filter(verb="team.second_factor_added", subject_id=ada.pk).count() == 1


def test_the_password_alone_opens_nothing_any_more(client, ada):
    app = App(ada)
    assert password(client, next="/leads")["Location"] == "/sign-in/code"
    assert not is_in(client) and client.get("/api/v1/leads").status_code == 401
    assert show(client, app.wrong()).status_code == 422
    assert not is_in(client)
    answer = show(client, f" {app.code()[:3]} {app.code()[3:]} ")
    assert (answer.status_code, answer["Location"]) == (302, "/leads")
    assert is_in(client)
    outcomes = list(SignInAttempt.objects.order_by("pk").values_list("outcome", flat=True))
    assert outcomes == ["CODE_ASKED", "WRONG_CODE", "SUCCEEDED"]


def test_without_the_password_no_code_is_asked_for(client, ada):
    app = App(ada)
    assert client.get("/sign-in/code")["Location"] == "/sign-in"
    assert show(client, app.code())["Location"] == "/sign-in"
    assert not is_in(client)


def test_a_code_lets_in_once_and_none_older_after_it(ada):
    app, at = App(ada), now()
    use = lambda code, when=at: second_factor.use_code(user_id=ada.pk, code=code, by=SYSTEM, at=when)  # noqa: E731
    newer = app.code(at + timedelta(seconds=30))
    assert use(app.code(at))
    assert not use(app.code(at))
    assert use(newer, at + timedelta(seconds=30))
    assert not use(app.code(at), at + timedelta(seconds=30))
    assert not use(app.code(at - timedelta(minutes=2))) and not use(app.code(at + timedelta(minutes=2)))


@pytest.mark.parametrize("code", ["", "12345", "1234567", "١٢٣٤٥٦", "²²²²²²", "abc", "\x00", "0" * 40, "------"])
def test_what_is_no_code_is_wrong_and_nothing_worse(client, ada, code):
    App(ada)
    password(client)
    assert show(client, code).status_code == 422
    assert not is_in(client)


def test_codes_cannot_be_guessed_not_from_many_addresses_nor_by_the_password_again(ada):
    app = App(ada)
    for number in range(TRIES_PER_CODE):
        client = Client()
        password(client, address=f"10.0.1.{number}")
        assert show(client, app.wrong(), f"10.0.1.{number}").status_code == 422
    fresh = Client()
    password(fresh, address="10.9.9.9")
    late = show(fresh, app.code(), "10.9.9.9")
    assert late.status_code == 429 and 0 < int(late["Retry-After"]) <= 15 * 60
    assert "Too many tries" in late.content.decode() and not is_in(fresh)
    assert signing_in.is_waiting(ada, at=now())
    signing_in.unlock_user(user_id=ada.pk, by=SYSTEM, at=now())
    assert show(fresh, app.code(), "10.9.9.9").status_code == 302


def test_a_patient_guesser_is_stopped_for_the_day(ada):
    start = now() - timedelta(hours=20)
    for number in range(CODES_PER_DAY):
        signing_in.note_code(user=ada, address="10.0.0.1", at=start + timedelta(minutes=16 * number))
    with pytest.raises(signing_in.TooManyTries):
        signing_in.note_code(user=ada, address="10.0.0.2", at=start + timedelta(hours=12))
    signing_in.note_code(user=ada, address="10.0.0.2", at=start + timedelta(hours=24, minutes=1))


def test_wrong_codes_do_not_lock_out_the_password_of_a_colleague(ada, tom):
    app, client = App(ada), Client()
    password(client)
    for _ in range(TRIES_PER_CODE + 1):
        show(client, app.wrong())
    assert password(Client())["Location"] == "/sign-in/code"
    assert password(Client(), "tom@example.org")["Location"] == "/"


def test_a_recovery_code_stands_in_once(client, ada):
    app = App(ada)
    for works in (True, False):
        password(client)
        show(client, app.codes[3].upper().replace("-", " "))
        assert is_in(client) is works
        client.post("/sign-out")
    assert RecoveryCode.objects.filter(used_at=None).count() == second_factor.RECOVERY_CODES - 1
    fact = Event.objects.get(verb="team.recovery_code_used")
    assert fact.data["left"] == second_factor.RECOVERY_CODES - 1


def test_a_recovery_code_is_nobody_elses(ada, tom):
    app, _ = App(ada), App(tom)
    assert not second_factor.use_code(user_id=tom.pk, code=app.codes[0], by=SYSTEM, at=now())


def test_new_recovery_codes_make_the_older_ones_worthless(client, ada):
    app = App(ada)
    client.force_login(ada)
    page = client.post("/account/second-factor", {"form": "codes", "current": PASSWORD}).content.decode()
    assert page.count("-") and app.codes[0] not in page
    assert not second_factor.use_code(user_id=ada.pk, code=app.codes[0], by=SYSTEM, at=now())


def test_waiting_for_the_code_ends_after_ten_minutes_and_with_a_new_password(ada):
    app, slow, changed = App(ada), Client(), Client()
    password(slow)
    session = slow.session
    waiting = session["waiting_for_code"]
    session["waiting_for_code"] = {**waiting, "since": (now() - timedelta(minutes=11)).isoformat()}
    session.save()
    assert show(slow, app.code())["Location"] == "/sign-in"
    password(changed)
    accounts.set_password(user_id=ada.pk, password="nine tall poplars", by=SYSTEM, at=now())
    assert show(changed, app.code())["Location"] == "/sign-in"


def test_a_remembered_device_is_asked_for_no_code_until_the_password_or_the_factor_changes(client, ada, tom):
    app = App(ada)
    App(tom)
    password(client)
    cookie = show(client, app.code(), remember="on").cookies["headwater_device"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    client.post("/sign-out")
    assert password(client)["Location"] == "/"
    client.post("/sign-out")
    assert password(client, "tom@example.org")["Location"] == "/sign-in/code", "it was not his"
    sessions.end_sessions(user_id=ada.pk, by=SYSTEM, at=now())
    assert password(client)["Location"] == "/sign-in/code"
    show(client, app.codes[0], remember="on")
    client.post("/sign-out")
    assert password(client)["Location"] == "/"
    client.post("/sign-out")
    second_factor.remove(user_id=ada.pk, by=SYSTEM, at=now())
    App(ada)
    assert password(client)["Location"] == "/sign-in/code"
    client.cookies["headwater_device"] = "forged:1:x"
    assert password(client)["Location"] == "/sign-in/code"


def test_who_was_let_go_and_back_in_is_asked_for_a_code_on_every_device(client, ada, tom):
    app = App(tom)
    password(client, "tom@example.org")
    show(client, app.code(), remember="on")
    accounts.deactivate_user(user_id=tom.pk, by=SYSTEM, at=now())
    accounts.reactivate_user(user_id=tom.pk, by=SYSTEM, at=now())
    assert not is_in(client)
    assert password(client, "tom@example.org")["Location"] == "/sign-in/code"


def test_signing_in_over_somebody_elses_session_leaves_that_one(client, ada, tom):
    App(ada)
    client.force_login(tom)
    password(client)
    assert not is_in(client)


def test_who_lost_it_is_helped_by_who_keeps_the_users(client, ada, tom):
    App(tom)
    admin = add("ADMINISTRATOR", "bo@example.org")
    with pytest.raises(NotAllowed):
        second_factor.remove(user_id=ada.pk, by=queries.actor_of(tom), at=now())
    client.force_login(admin)
    assert "Take the second factor off" in client.get(f"/settings/users/{tom.pk}").content.decode()
    assert "has a second factor" in client.get("/settings/users").content.decode()
    assert client.post(f"/settings/users/{tom.pk}/second-factor/remove").status_code == 302
    assert client.post(f"/settings/users/{tom.pk}/second-factor/remove").status_code == 404
    fact = Event.objects.get(verb="team.second_factor_removed")
    assert (fact.subject_id, fact.actor) == (tom.pk, f"user:{admin.pk}")
    assert password(Client(), "tom@example.org")["Location"] == "/"
    App(ada)
    assert client.post(f"/settings/users/{ada.pk}/second-factor/remove").status_code == 403


def test_one_switches_it_off_with_the_password_only(client, ada):
    App(ada)
    client.force_login(ada)
    page = "/account/second-factor"
    assert client.post(page, {"form": "remove", "current": "no"}).status_code == 422
    assert client.post(page, {"form": "remove", "current": PASSWORD}).status_code == 302
    assert not SecondFactor.objects.exists() and not RecoveryCode.objects.exists()


def test_nobody_takes_their_own_off_as_they_would_a_colleagues(client, ada, tom):
    for person in (ada, tom):
        App(person)
        client.force_login(person)
        answer = client.post(f"/settings/users/{person.pk}/second-factor/remove")
        assert answer["Location"] == "/account/second-factor"
        assert has_factor(person.pk), "an open browser is not enough, whatever rights one has"


def test_another_cannot_be_set_up_over_it(ada):
    App(ada)
    with pytest.raises(second_factor.HasFactor):
        second_factor.begin(by=queries.actor_of(ada))
    with pytest.raises(NotFound):
        second_factor.confirm(code="123456", by=SYSTEM, at=now())


def test_the_company_may_need_it_of_everybody_programs_go_on(client, ada, tom):
    _, secret = tokens.create_token(user_id=tom.pk, name="s", scopes=["read"], by=queries.actor_of(tom), at=now())
    client.force_login(tom)
    assert client.get("/api/v1/leads").status_code == 200
    company.change_company(values={"needs_second_factor": True}, by=SYSTEM, at=now())
    assert client.get("/leads")["Location"] == client.post("/leads/new")["Location"] == "/account/second-factor"
    assert client.get("/leads", headers={"HX-Request": "true"})["HX-Redirect"] == "/account/second-factor"
    assert client.get("/api/v1/leads").status_code == 401
    program = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/leads", headers=program).status_code == 200
    assert Client().get("/api/v1/leads", headers=program).status_code == 200
    assert client.get("/leads", headers=program)["Location"] == "/account/second-factor", "a token opens no page"
    assert "asks everybody" in client.get("/account/second-factor").content.decode()
    App(tom)
    assert client.get("/leads").status_code == 200


def test_tokens_know_nothing_of_it(ada):
    _, secret = tokens.create_token(user_id=ada.pk, name="s", scopes=["write"], by=queries.actor_of(ada), at=now())
    App(ada)
    assert Client().get("/api/v1/leads", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    by = queries.actor_of_token(secret, at=now())
    for attempt in (
        lambda: second_factor.remove(user_id=ada.pk, by=by, at=now()),
        lambda: second_factor.begin(by=by),
        lambda: second_factor.renew_codes(by=by, at=now()),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_a_secret_of_another_installation_still_leaves_the_recovery_codes(ada, settings):
    app = App(ada)
    settings.SECRET_KEY = "another installation's key, where this backup was restored"
    assert not second_factor.use_code(user_id=ada.pk, code=app.code(), by=SYSTEM, at=now())
    assert second_factor.use_code(user_id=ada.pk, code=app.codes[0], by=SYSTEM, at=now())


def test_the_link_to_a_new_password_does_not_go_around_it(client, ada):
    App(ada)
    link = accounts.make_password_link(user_id=ada.pk, by=SYSTEM, at=now())
    client.post(f"/welcome/{link}", {"password": PASSWORD})
    assert not is_in(client)
    assert password(client)["Location"] == "/sign-in/code"


def test_of_two_who_show_one_code_at_the_same_moment_one_gets_in(ada):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("a database in memory has one connection")
    app, at = App(ada), now()

    def use(_number: int) -> bool:
        try:
            return second_factor.use_code(user_id=ada.pk, code=app.code(at), by=SYSTEM, at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(use, range(4))) == 1


# ---------------------------------------------------------------- the last owner


def test_the_last_owner_cannot_be_locked_out_in_any_way(client, ada):
    """Neither let go, nor given another role, nor deleted; and what they lost can be given back on the server."""
    admin = add("ADMINISTRATOR", "bo@example.org")
    for by in (queries.actor_of(ada), queries.actor_of(admin), SYSTEM):
        with pytest.raises((accounts.LastOwner, NotAllowed)):
            accounts.deactivate_user(user_id=ada.pk, by=by, at=now())
        with pytest.raises((accounts.LastOwner, NotAllowed)):
            accounts.change_user(
                user_id=ada.pk, name="Ada", email=ada.email, role="SERVICE", team_id=None, by=by, at=now()
            )
    client.force_login(ada)
    assert client.post(f"/settings/users/{ada.pk}/switch").status_code == 409
    assert client.delete(f"/api/v1/users/{ada.pk}").status_code in (404, 405)
    App(ada)
    second_factor.remove(user_id=ada.pk, by=SYSTEM, at=now())
    assert password(Client())["Location"] == "/"


def test_taking_back_who_was_made_an_owner_does_not_remove_the_last_one(ada):
    from headwater.platform.undo import can_undo, undo_event

    bo = add("ADMINISTRATOR", "bo@example.org")
    by = queries.actor_of(ada)
    accounts.change_user(user_id=bo.pk, name="Bo", email=bo.email, role="OWNER", team_id=None, by=by, at=now())
    made = Event.objects.filter(verb="platform.changed", subject_id=bo.pk).latest("pk")
    accounts.deactivate_user(user_id=ada.pk, by=queries.actor_of(queries.the_user(bo.email)), at=now())
    if can_undo(made):
        with pytest.raises(accounts.LastOwner):
            undo_event(event_id=made.pk, by=SYSTEM, at=now())
    assert queries.has_owner()


def test_a_company_that_needs_it_does_not_lock_its_last_owner_out(client, ada):
    client.force_login(ada)
    company.change_company(values={"needs_second_factor": True}, by=queries.actor_of(ada), at=now())
    app = App(ada)
    client.post("/sign-out")
    password(client)
    assert show(client, app.code()).status_code == 302 and is_in(client)
    with pytest.raises(Invalid):
        accounts.set_password(user_id=ada.pk, password="short", by=SYSTEM, at=now())
