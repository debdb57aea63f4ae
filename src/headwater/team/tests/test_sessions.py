"""Where people are signed in, who tried to, and how they are let out and in again."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from colleagues import PASSWORD, SYSTEM, add
from django.test import Client

from headwater.platform.clock import now
from headwater.platform.errors import NotAllowed, NotFound
from headwater.platform.models import Event
from headwater.platform.testing import count_queries
from headwater.team import queries
from headwater.team.actions import accounts, sessions, signing_in, tokens
from headwater.team.models import ApiToken, Outcome, Session, SignInAttempt
from headwater.team.rules import SIGN_IN_LOG_DAYS, TRIES_PER_PAIR, browser_in_words

pytestmark = pytest.mark.django_db(transaction=True)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def signed_in(email: str = "ada@example.org", address: str = "10.0.0.1", password: str = PASSWORD) -> Client:
    client = Client(HTTP_USER_AGENT=FIREFOX)
    client.post("/sign-in", {"email": email, "password": password}, REMOTE_ADDR=address)
    return client


def is_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox · Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
         "Edge · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
         "Safari · iPhone"),
        ("curl/8.0", "curl"), ("", ""), ("<script>", ""),
    ],
)  # fmt: skip
def test_browsers_are_told_in_words(agent, words):
    assert browser_in_words(agent) == words


def test_one_sees_where_one_is_signed_in_and_ends_one_session_at_once(ada):
    here, there = signed_in(), signed_in(address="10.0.0.9")
    page = here.get("/account").content.decode()
    assert "10.0.0.1" in page and "10.0.0.9" in page and "Firefox · Windows" in page
    assert here.session.session_key not in page and there.session.session_key not in page
    far = Session.objects.get(address="10.0.0.9")
    assert here.post(f"/account/sessions/{far.handle}/end").status_code == 302
    assert is_in(here) and not is_in(there)
    assert here.post(f"/account/sessions/{far.handle}/end").status_code == 404
    assert Event.objects.filter(verb="team.sessions_ended", subject_id=ada.pk).count() == 1


def test_all_others_end_and_this_one_stays(ada):
    here, *others = (signed_in(address=f"10.0.0.{n}") for n in range(1, 4))
    here.post("/account/sessions/end-others")
    assert is_in(here) and not any(map(is_in, others))


def test_what_no_session_is_called_ends_none(ada):
    client = signed_in("ada@example.org")
    assert client.post("/account/sessions/%C3%A9/end").status_code == 404


def test_a_browser_left_open_gives_nobody_a_new_password(ada):
    client = signed_in("ada@example.org")
    session = client.session
    session["proved"] = (now() - timedelta(minutes=11)).isoformat()
    session.save()
    own = f"/settings/users/{ada.pk}"
    for page in (f"{own}/password", f"{own}/link", f"{own}/invite"):
        answer = client.post(page, {"password": "a new one of hers"})
        assert answer["Location"] == f"/account/prove?next={quote(own, safe='')}%2Fpassword", page
    assert is_in(signed_in()), "the old one still opens"
    assert client.post("/account/prove", {"current": PASSWORD}).status_code == 302
    assert "/welcome/" in client.post(f"{own}/link").content.decode()


def test_a_browser_left_open_gives_nobody_a_token(ada):
    client = signed_in("ada@example.org")
    asked = {"name": "Mine", "scope": "write", "days": "30"}
    assert "hw_" in client.post("/settings/tokens", asked).content.decode()
    session = client.session
    session["proved"] = (now() - timedelta(minutes=11)).isoformat()
    session.save()
    assert "/account/prove?next=%2Fsettings%2Ftokens" in client.get("/settings/tokens").content.decode()
    assert client.post("/settings/tokens", asked)["Location"] == "/account/prove?next=%2Fsettings%2Ftokens"
    assert ApiToken.objects.count() == 1


def test_nobody_ends_the_session_of_somebody_else(ada, tom):
    owner, rep = signed_in(), signed_in("tom@example.org")
    session = Session.objects.get(user=ada)
    assert rep.post(f"/account/sessions/{session.handle}/end").status_code == 404
    assert rep.post(f"/settings/users/{ada.pk}/sign-out").status_code == 403
    assert is_in(owner)
    assert owner.post(f"/settings/users/{tom.pk}/sign-out").status_code == 302
    assert not is_in(rep)


def test_a_token_has_no_part_in_sessions(ada):
    _, secret = tokens.create_token(user_id=ada.pk, name="sync", scopes=["write"], by=queries.actor_of(ada), at=now())
    by = queries.actor_of_token(secret, at=now())
    with pytest.raises(NotAllowed):
        sessions.end_sessions(user_id=ada.pk, by=by, at=now())


def test_a_new_password_ends_all_other_sessions_but_not_the_one_it_is_changed_in(ada):
    here, there = signed_in(), signed_in(address="10.0.0.9")
    changed = here.post("/account", {"form": "password", "current": PASSWORD, "password": "nine tall poplars"})
    assert changed.status_code == 302
    assert is_in(here) and not is_in(there)
    assert Session.objects.filter(user=ada).count() == 1


def test_who_is_let_go_is_signed_out_everywhere(ada, tom):
    rep = signed_in("tom@example.org")
    accounts.deactivate_user(user_id=tom.pk, by=SYSTEM, at=now())
    assert not Session.objects.filter(user=tom).exists() and not is_in(rep)


def test_that_a_session_is_used_is_kept_every_few_minutes_only(ada):
    client = signed_in()
    with count_queries() as asked:
        client.get("/account")
    assert not [query for query in asked if query["sql"].startswith("UPDATE")]
    Session.objects.update(seen_at=now() - timedelta(minutes=6))
    client.get("/account")
    assert Session.objects.get().seen_at > now() - timedelta(minutes=1)


def test_the_log_tells_who_tried_from_where_and_how_it_went(ada, tom):
    signed_in("tom@example.org", "10.0.0.7", "wrong")
    signed_in("tom@example.org", "10.0.0.8")
    signed_in("nobody@example.org", "10.0.0.9", "wrong")
    page = signed_in().get("/settings/sign-ins").content.decode()
    for told in ("10.0.0.7", "10.0.0.8", "nobody@example.org", "Wrong e-mail or password", "Firefox · Windows"):
        assert told in page
    assert f"{SIGN_IN_LOG_DAYS} days" in page
    rep = signed_in("tom@example.org")
    own = rep.get("/account/sign-ins").content.decode()
    assert "10.0.0.7" in own and "10.0.0.9" not in own
    assert rep.get("/settings/sign-ins").status_code == 403


def test_who_left_and_who_had_to_wait_stand_in_the_log_once(ada, tom):
    accounts.deactivate_user(user_id=tom.pk, by=SYSTEM, at=now())
    signed_in("tom@example.org")
    for _ in range(TRIES_PER_PAIR + 3):
        signed_in(password="wrong")
    outcomes = list(SignInAttempt.objects.order_by("pk").values_list("outcome", flat=True))
    assert outcomes == [Outcome.LEFT, *[Outcome.WRONG_PASSWORD] * TRIES_PER_PAIR, Outcome.TOO_MANY]


def test_the_log_goes_in_pages_of_the_same_cost(ada):
    client = signed_in()
    costs = []
    for count in (2, 60):
        for _ in range(count):
            signing_in.note_try(email=f"x{_}@else.example", address=f"10.9.{count}.{_}", at=now() - timedelta(hours=1))
        client.get("/settings/sign-ins")
        with count_queries() as asked:
            page = client.get("/settings/sign-ins").content.decode()
        costs.append(len(asked))
    assert costs[0] == costs[1]
    older = page.split('href="?before=')[1].split('"')[0]
    assert client.get(f"/settings/sign-ins?before={older}").content.decode().count("@else.example") == 12
    assert client.get("/settings/sign-ins?before=²x").status_code == 200


def test_an_administrator_lets_somebody_try_again_at_once(ada, tom):
    for _ in range(TRIES_PER_PAIR):
        signed_in("tom@example.org", password="wrong")
    assert not is_in(signed_in("tom@example.org"))
    owner = signed_in(address="10.0.0.9")
    assert "Let them try again now" in owner.get(f"/settings/users/{tom.pk}").content.decode()
    assert owner.post(f"/settings/users/{tom.pk}/unlock").status_code == 302
    assert "Let them try again now" not in owner.get(f"/settings/users/{tom.pk}").content.decode()
    rep = signed_in("tom@example.org")
    assert is_in(rep)
    assert rep.post(f"/settings/users/{tom.pk}/unlock").status_code == 403
    assert Event.objects.filter(verb="team.sign_in_unlocked", subject_id=tom.pk).count() == 1


def test_the_present_password_cannot_be_guessed_from_an_open_session(ada):
    client = signed_in()
    for _ in range(TRIES_PER_PAIR):
        client.post("/account", {"form": "password", "current": "wrong", "password": "nine tall poplars"})
    late = client.post("/account", {"form": "password", "current": PASSWORD, "password": "nine tall poplars"})
    assert late.status_code == 422 and "Too many tries" in late.content.decode()


@pytest.mark.parametrize("password", ["Kestrel-2026", "kestrelkestre"])
def test_a_password_like_the_name_of_the_company_is_refused(ada, password):
    with pytest.raises(accounts.Invalid):
        accounts.set_password(user_id=ada.pk, password=password, by=SYSTEM, at=now())


# ---------------------------------------------------------------- links to choose a password


def invite(owner: Client) -> str:
    new = {"name": "Marta", "email": "marta@example.org", "role": "FIELD_REP", "team_id": "", "password": ""}
    return link_in(owner.post("/settings/users/new", new).content.decode())


def link_in(page: str) -> str:
    return page.split('id="the-link"')[1].split('value="')[1].split('"')[0].removeprefix("http://testserver")


def test_somebody_new_chooses_a_password_by_a_link_that_works_once(ada):
    link = invite(signed_in())
    visitor = Client()
    assert "marta@example.org" in visitor.get(link).content.decode()
    weak = visitor.post(link, {"password": "password123"})
    assert weak.status_code == 422 and "too common" in weak.content.decode()
    assert visitor.post(link, {"password": "nine tall poplars"})["Location"] == "/sign-in"
    assert visitor.get(link).status_code == visitor.post(link, {"password": "six red kites fly"}).status_code == 404
    assert is_in(signed_in("marta@example.org", password="nine tall poplars"))
    marta = queries.the_user("marta@example.org")
    verbs = list(Event.objects.filter(subject_id=marta.pk, subject_type="team.user").values_list("verb", flat=True))
    assert verbs == ["team.user_added", "team.password_link_made", "team.password_set"]
    assert link.rpartition("/")[2] not in str(list(Event.objects.values_list("data", flat=True)))


def test_a_link_ends_after_three_days_with_a_newer_one_and_when_somebody_leaves(ada, tom):
    def makes():
        return accounts.make_password_link(user_id=tom.pk, by=SYSTEM, at=now())

    def use(secret, at):
        return accounts.use_password_link(secret=secret, password="nine tall poplars", by=SYSTEM, at=at)

    first, second = makes(), makes()
    for secret, at in ((first, now()), (second, now() + timedelta(days=3, minutes=1)), ("1-x", now()), ("", now())):
        with pytest.raises(accounts.LinkOver):
            use(secret, at)
    other = second.replace(str(tom.pk), str(ada.pk), 1)
    with pytest.raises(accounts.LinkOver):
        use(other, now())
    accounts.deactivate_user(user_id=tom.pk, by=SYSTEM, at=now())
    with pytest.raises(accounts.LinkOver):
        use(second, now())
    with pytest.raises(NotFound):
        makes()
    accounts.reactivate_user(user_id=tom.pk, by=SYSTEM, at=now())
    with pytest.raises(accounts.LinkOver):
        use(second, now())


def test_who_tried_too_often_signs_in_at_once_after_choosing_a_new_password(ada, tom):
    for _ in range(TRIES_PER_PAIR + 1):
        signed_in("tom@example.org", password="forgotten which")
    assert not is_in(signed_in("tom@example.org"))
    secret = accounts.make_password_link(user_id=tom.pk, by=SYSTEM, at=now())
    assert Client().post(f"/welcome/{secret}", {"password": "short"}).status_code == 422
    assert not is_in(signed_in("tom@example.org")), "the link alone opens nothing"
    Client().post(f"/welcome/{secret}", {"password": "nine tall poplars"})
    assert is_in(signed_in("tom@example.org", password="nine tall poplars"))


def test_only_who_keeps_the_users_makes_links_and_only_owners_for_owners(ada, tom):
    admin = add("ADMINISTRATOR", "bo@example.org")
    for by, whom in ((tom, tom), (tom, admin), (admin, ada)):
        with pytest.raises(NotAllowed):
            accounts.make_password_link(user_id=whom.pk, by=queries.actor_of(by), at=now())
    link = link_in(signed_in("bo@example.org").post(f"/settings/users/{tom.pk}/link").content.decode())
    assert Client().get(link).status_code == 200


def test_a_link_is_offered_for_who_works_here(ada, tom):
    client, address = signed_in("ada@example.org"), f"/settings/users/{tom.pk}"
    assert f"{address}/link" in client.get(f"{address}/password").content.decode()
    accounts.deactivate_user(user_id=tom.pk, by=SYSTEM, at=now())
    assert f"{address}/link" not in client.get(f"{address}/password").content.decode()


def test_signing_in_makes_an_unused_link_worthless(ada, tom):
    secret = accounts.make_password_link(user_id=tom.pk, by=SYSTEM, at=now())
    signed_in("tom@example.org")
    assert Client().get(f"/welcome/{secret}").status_code == 404
