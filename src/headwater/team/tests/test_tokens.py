"""Keys for programs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed, NotFound
from headwater.platform.models import Event
from headwater.platform.testing import count_queries
from headwater.team import queries
from headwater.team.actions import accounts, tokens
from headwater.team.models import ApiToken, User
from headwater.tell.actions.news import tell_next
from headwater.tell.queries.news import said, visible_news

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = job_actor("test")


@pytest.fixture
def rep():
    return accounts.add_user(
        email="rep@example.org", name="Rep", role="FIELD_REP", password="seven grey herons", by=SYSTEM, at=now()
    )


def make(user, scopes=("read",), days=None, by=None):
    by = by or queries.actor_of(user)
    return tokens.create_token(user_id=user.pk, name="sync", scopes=scopes, days=days, by=by, at=now())


def test_a_token_acts_for_its_user_within_its_scopes(rep):
    _, secret = make(rep)
    actor = queries.actor_of_token(secret, at=now())
    assert actor.may("qualify.lead.see")
    assert not actor.may("qualify.lead.move")


def test_a_token_may_never_do_more_than_its_user(rep):
    _, secret = make(rep, scopes=["write"])
    assert not queries.actor_of_token(secret, at=now()).may("team.user.change")


def test_the_secret_is_not_kept(rep):
    token, secret = make(rep)
    stored = ApiToken.objects.get(pk=token.pk)
    assert secret not in str(vars(stored))


def test_a_revoked_or_outdated_token_opens_nothing(rep):
    token, secret = make(rep)
    tokens.revoke_token(token_id=token.pk, by=queries.actor_of(rep), at=now())
    assert queries.actor_of_token(secret, at=now()) is None
    _, short = make(rep, days=1)
    assert queries.actor_of_token(short, at=now() + timedelta(hours=23)) is not None
    assert queries.actor_of_token(short, at=now() + timedelta(hours=25)) is None


def test_a_program_is_told_why_its_token_no_longer_works(rep):
    def refused(secret, **more):
        answer = Client().get("/api/v1/leads", headers={"Authorization": f"Bearer {secret}"}, **more)
        assert answer.status_code == 401 and answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"] == 'Bearer realm="headwater", error="invalid_token"'
        return answer.json()["detail"]

    token, secret = make(rep)
    assert Client().get("/api/v1/leads", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    ApiToken.objects.filter(pk=token.pk).update(expires_at="2026-03-01T00:00Z")
    assert "valid until 2026-03-01" in refused(secret)
    revoked, other = make(rep)
    tokens.revoke_token(token_id=revoked.pk, by=queries.actor_of(rep), at=now())
    assert "revoked" in refused(other)
    _, third = make(rep)
    User.objects.filter(pk=rep.pk).update(is_active=False)
    assert "has left" in refused(third)
    assert refused("hw_wrong").startswith("Sign in with a token")
    assert Client().get("/api/v1/leads")["WWW-Authenticate"] == 'Bearer realm="headwater"'


def test_a_program_is_told_that_its_scope_is_too_small_where_its_user_may(rep):
    _, secret = make(rep)

    def tried(path):
        return Client().post(path, "{}", content_type="application/json", headers={"Authorization": f"Bearer {secret}"})

    small = tried("/api/v1/leads")
    assert small.status_code == 403 and small.json()["code"] == "not_allowed" and "scope" in small.json()["detail"]
    assert 'error="insufficient_scope"' in small["WWW-Authenticate"]
    never = Client().get("/api/v1/webhooks", headers={"Authorization": f"Bearer {secret}"})
    assert never.status_code == 403 and "scope" not in never.json()["detail"] and "WWW-Authenticate" not in never


def test_tokens_of_others_are_out_of_reach(rep):
    other = accounts.add_user(
        email="o@example.org", name="Other", role="FIELD_REP", password="seven grey herons", by=SYSTEM, at=now()
    )
    token, _ = make(rep)
    with pytest.raises(NotAllowed):
        make(rep, by=queries.actor_of(other))
    with pytest.raises(NotFound):
        tokens.revoke_token(token_id=token.pk, by=queries.actor_of(other), at=now())
    assert list(queries.tokens_of(queries.actor_of(other))) == []


def test_a_token_cannot_make_tokens(rep):
    _, secret = make(rep, scopes=["write"])
    with pytest.raises(NotAllowed):
        make(rep, by=queries.actor_of_token(secret, at=now()))


@pytest.mark.parametrize(("scopes", "days"), [([], None), (["all please"], None), (["read"], 0), (["read"], 99_999)])
def test_strange_scopes_and_days_are_refused(rep, scopes, days):
    with pytest.raises(Invalid):
        make(rep, scopes=scopes, days=days)


def test_when_a_token_was_last_used_is_kept_once_a_minute_and_shown(rep, client):
    token, secret = make(rep)
    assert client.get("/api/v1/leads", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    with count_queries() as asked:
        client.get("/api/v1/leads", headers={"Authorization": f"Bearer {secret}"})
    assert not [query for query in asked if query["sql"].startswith(("UPDATE", "BEGIN"))]
    tokens.note_use(token_id=token.pk, at=first + timedelta(seconds=59))
    token.refresh_from_db()
    assert token.last_used_at == first
    tokens.note_use(token_id=token.pk, at=first + timedelta(seconds=61))
    token.refresh_from_db()
    assert token.last_used_at == first + timedelta(seconds=61)
    client.force_login(rep)
    assert "never" not in client.get("/settings/tokens").content.decode()


def test_a_wrong_secret_marks_nothing(rep, client):
    token, secret = make(rep)
    assert client.get("/api/v1/leads", headers={"Authorization": f"Bearer {secret}x"}).status_code == 401
    token.refresh_from_db()
    assert token.last_used_at is None


def test_the_page_tells_which_tokens_ended_and_why_and_which_went_on(rep, client):
    ended, _ = make(rep)
    gone, _ = make(rep)
    by = queries.actor_of(rep)
    tokens.revoke_token(token_id=gone.pk, by=by, at=now())
    accounts.set_password(user_id=rep.pk, password="nine brown otters", by=by, at=now())
    kept, secret = make(rep)
    accounts.set_password(user_id=rep.pk, password="eight blue swifts", by=by, at=now(), keep_tokens=True)
    make(rep)
    assert ApiToken.objects.get(pk=ended.pk).revoked_for == "PASSWORD"
    assert ApiToken.objects.get(pk=gone.pk).revoked_for == "BY_HAND"
    assert queries.actor_of_token(secret, at=now()) is not None
    assert list(queries.kept_since(ApiToken.objects.all())) == [kept.pk]
    rep.refresh_from_db()
    client.force_login(rep)
    page = client.get("/settings/tokens").content.decode()
    assert page.count("The password was changed") == 1 and page.count("Revoked by hand") == 1
    assert page.count("kept when the password changed") == 1


def test_tokens_go_on_after_a_new_password_only_when_one_says_so(rep, client):
    for keep, works in (("", False), ("on", True)):
        _, secret = make(rep)
        client.force_login(rep)
        old, new = ("seven grey herons", "nine brown otters") if not keep else ("nine brown otters", "six red kites")
        data = {"form": "password", "current": old, "password": new, "keep_tokens": keep}
        assert client.post("/account", data).status_code == 302
        assert (queries.actor_of_token(secret, at=now()) is not None) is works
        rep.refresh_from_db()


def test_tokens_end_for_good_when_their_user_is_let_go(rep):
    token, secret = make(rep)
    by_hand, _ = make(rep)
    tokens.revoke_token(token_id=by_hand.pk, by=queries.actor_of(rep), at=now())
    accounts.deactivate_user(user_id=rep.pk, by=SYSTEM, at=now())
    accounts.reactivate_user(user_id=rep.pk, by=SYSTEM, at=now())
    assert queries.actor_of_token(secret, at=now()) is None
    assert "was revoked on" in queries.why_token_ended(secret, at=now())
    token.refresh_from_db()
    by_hand.refresh_from_db()
    assert (token.revoked_for, by_hand.revoked_for) == ("LEFT", "BY_HAND")
    assert Event.objects.filter(verb="team.token_revoked", data__why="LEFT").count() == 1


def test_who_is_let_back_in_is_told_that_tokens_stay_revoked(rep, client):
    owner = accounts.add_user(
        email="o@example.org", name="O", role="OWNER", password="seven grey herons", by=SYSTEM, at=now()
    )
    client.force_login(owner)
    switch = f"/settings/users/{rep.pk}/switch"
    for _ in range(2):  # without tokens nothing is said of them
        assert "revoked for good" not in client.post(switch, follow=True).content.decode()
    make(rep)
    tell_next(at=now())
    for _ in range(2):
        assert "Their tokens are revoked for good." in client.post(switch, follow=True).content.decode()
    tell_next(at=now())
    me = queries.actor_of(rep)
    [told] = said(me, list(visible_news(me)))
    assert (
        told.text.startswith("You can sign in again. Tokens from before stay revoked")
        and told.path == "/settings/tokens"
    )
    mine = Client()
    mine.force_login(rep)
    assert "Its user was let go" in mine.get("/settings/tokens").content.decode()
