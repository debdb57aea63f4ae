"""People are told of what others did and they may see: once, grouped, and as they wish."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import translation
from home_mail import ADDRESS

from headwater.intake.events import FileImported
from headwater.parties import actions as parties
from headwater.parties.tasks import tell_of_todos_due
from headwater.platform.action import action
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.events import record
from headwater.platform.lists.actions import change_view, save_view
from headwater.platform.models import Event, HandlerCursor, Job
from headwater.platform.testing import count_queries
from headwater.qualify import actions as qualify
from headwater.qualify.models import Lead
from headwater.qualify.tasks import tell_of_answers_due
from headwater.sell import actions as sell
from headwater.team.actions import comments, followers
from headwater.team.actions.tokens import create_token
from headwater.team.models import Team, User
from headwater.team.queries import actor_of
from headwater.tell.actions import news
from headwater.tell.actions.choices import choose_ways
from headwater.tell.actions.mails import send_next
from headwater.tell.models import News, NewsChoice
from headwater.tell.queries.news import said, unread_count, visible_news
from headwater.tell.tasks import tell_of_failed_work

SYSTEM = job_actor("test")


@pytest.fixture
def ada(person):
    return person("OWNER", "Ada Marsh")


@pytest.fixture
def orla(person):
    return person("MARKETER", "Orla Keane")


@pytest.fixture(autouse=True)
def begun(company):
    """The log is read from here on."""
    news.tell_next(at=now())


def told(at=None):
    while news.tell_next(at=at or now()):
        pass


def lead(by, name="Harrow Pike", **more):
    return qualify.capture_lead(by=actor_of(by), at=now(), name=name, **more)


def texts(user):
    actor = actor_of(user)
    return [each.text for each in said(actor, list(visible_news(actor)))]


def test_who_is_given_a_lead_is_told_and_who_gave_it_is_not(ada, orla):
    found = lead(ada, owner_id=orla.pk)
    told()
    assert texts(orla) == ["Ada Marsh gave you Harrow Pike"] and texts(ada) == []
    [one] = said(actor_of(orla), list(visible_news(actor_of(orla))))
    assert one.path == f"/leads/{found.pk}"
    told()
    assert News.objects.count() == 1


def test_many_at_once_are_told_as_one(ada, orla):
    ids = [lead(ada, f"Person {n}").pk for n in range(12)]
    qualify.assign_leads(ids=ids, owner_id=orla.pk, by=actor_of(ada), at=now())
    told()
    assert texts(orla) == ["Ada Marsh gave you 12 leads"]
    assert unread_count(actor_of(orla)) == 1


def test_a_chunk_in_the_middle_of_a_step_adds_to_what_was_told(ada, orla, monkeypatch):
    ids = [lead(ada, f"Person {n}").pk for n in range(7)]
    told()
    qualify.assign_leads(ids=ids, owner_id=orla.pk, by=actor_of(ada), at=now())
    monkeypatch.setattr(news, "CHUNK", 3)
    told()
    assert texts(orla) == ["Ada Marsh gave you 7 leads"]


@pytest.mark.slow
def test_telling_costs_no_more_for_thirty_than_for_three(ada, orla):
    def cost(number):
        ids = [lead(ada, f"Person {number} {n}").pk for n in range(number)]
        told()
        qualify.assign_leads(ids=ids, owner_id=orla.pk, by=actor_of(ada), at=now())
        with count_queries() as queries:
            news.tell_next(at=now())
        return len(queries)

    assert cost(3) == cost(30)


def test_nobody_is_told_of_what_they_may_not_see(ada, person):
    rep = person("INDEPENDENT_REP", "Rita Rep")
    found = lead(ada)
    followers.Follow.objects.create(noun="qualify.lead", row_id=found.pk, user=rep, since=now())
    qualify.disqualify_lead(lead_id=found.pk, reason="SPAM", by=actor_of(ada), at=now())
    told()
    assert not News.objects.filter(user=rep).exists()


def test_what_one_may_no_longer_see_is_not_shown(ada, person):
    rep = person("INDEPENDENT_REP", "Rita Rep")
    found = lead(ada, owner_id=rep.pk)
    told()
    assert len(texts(rep)) == 1
    Lead.objects.filter(pk=found.pk).update(owner=ada)
    assert texts(rep) == []
    client = Client()
    client.force_login(rep)
    assert "Harrow" not in client.get("/notifications").content.decode()
    assert client.post(f"/notifications/{News.objects.get().pk}/open").status_code == 404


def test_who_is_meant_and_who_follows_is_told(ada, orla, person):
    ben = person("HEAD_OF_SALES", "Ben Lund")
    found = lead(ada)
    followers.follow_record(noun="qualify.lead", row_id=found.pk, by=actor_of(ben), at=now())
    said_it = comments.add_comment(
        noun="qualify.lead", row_id=found.pk, text="@Orla Keane please call", by=actor_of(ada), at=now()
    )
    told()
    assert texts(orla) == ["Ada Marsh mentions you in a comment on Harrow Pike"]
    assert texts(ben) == ["Ada Marsh commented on Harrow Pike"]
    comments.edit_comment(comment_id=said_it.pk, text="@Orla Keane please call soon", by=actor_of(ada), at=now())
    told()
    assert len(texts(orla)) == 1 == len(texts(ben)), "a rewording is nothing new for who knows"
    [one] = said(actor_of(orla), list(visible_news(actor_of(orla))))
    assert one.path == f"/leads/{found.pk}#comment-{said_it.pk}"


def test_who_follows_a_record_is_told_of_its_changes(ada, orla):
    found = lead(ada)
    followers.follow_record(noun="qualify.lead", row_id=found.pk, by=actor_of(orla), at=now())
    qualify.disqualify_lead(lead_id=found.pk, reason="SPAM", by=actor_of(ada), at=now())
    told()
    assert texts(orla) == ["Ada Marsh changed Harrow Pike"]
    followers.unfollow_record(noun="qualify.lead", row_id=found.pk, by=actor_of(orla), at=now())
    qualify.reopen_lead(lead_id=found.pk, by=actor_of(ada), at=now())
    told()
    assert len(texts(orla)) == 1


def test_who_follows_hears_nothing_of_what_they_may_not_read(ada, person):
    rep = person("FIELD_REP", "Rita Rep")
    product = sell.add_product(name="Plotter", cost=Decimal(10), by=actor_of(ada), at=now())
    followers.follow_record(noun="sell.product", row_id=product.pk, by=actor_of(rep), at=now())
    sell.change_product(product_id=product.pk, cost=Decimal(12), by=actor_of(ada), at=now())
    told()
    assert texts(rep) == [], "they do not see what it costs"
    sell.change_product(product_id=product.pk, name="Large plotter", cost=Decimal(14), by=actor_of(ada), at=now())
    told()
    assert texts(rep) == ["Ada Marsh changed Large plotter"]


def test_a_handover_and_its_way_back_are_told(ada, person):
    orla, rep = person("MARKETER", "Orla Keane"), person("FIELD_REP", "Rita Rep", team=Team.objects.create(name="A"))
    found = lead(orla, owner_id=orla.pk)
    Lead.objects.filter(pk=found.pk).update(stage="MQL")
    qualify.hand_over_lead(lead_id=found.pk, to_id=rep.pk, by=actor_of(orla), at=now())
    told()
    assert texts(rep) == ["Orla Keane handed Harrow Pike over to you"]
    qualify.send_back_lead(lead_id=found.pk, reason="NOT_READY", by=actor_of(rep), at=now())
    told()
    assert texts(orla) == ["Rita Rep sent Harrow Pike back to you"]


def test_what_is_due_is_told_once(ada, orla):
    found = lead(ada, owner_id=orla.pk)
    at = now()
    Lead.objects.filter(pk=found.pk).update(answer_due_at=at + timedelta(minutes=5), answered_at=None)
    person_id = parties.add_person(by=actor_of(ada), at=at, name="Nils Berg").pk
    parties.plan_todo(
        party_id=person_id,
        subject="Call Nils",
        due_at=at + timedelta(minutes=1),
        owner_id=orla.pk,
        by=actor_of(ada),
        at=at,
    )
    for minutes in (0, 2, 3):
        tell_of_answers_due(at + timedelta(minutes=minutes))
        tell_of_todos_due(at + timedelta(minutes=minutes))
    assert sorted(texts(orla)) == ["Harrow Pike waits for its first answer", "To do now: Call Nils"]


def test_work_that_failed_is_told_to_who_began_it(ada):
    at = now()
    Job.objects.create(
        kind="x", args={}, user_id=ada.pk, state="FAILED", queued_at=at, run_after=at, finished_at=at, error="No room."
    )
    tell_of_failed_work(at)
    tell_of_failed_work(at)
    assert texts(ada) == ["Work you began in the background failed: No room."]


def test_what_happened_long_ago_is_no_news(ada, orla):
    qualify.capture_lead(by=actor_of(ada), at=now() - timedelta(days=9), name="Harrow", owner_id=orla.pk)
    told()
    assert texts(orla) == []


def test_what_was_before_the_bell_is_no_news(ada, orla):
    lead(ada, owner_id=orla.pk)
    HandlerCursor.objects.filter(pk=news.NAME).delete()
    told()
    assert texts(orla) == []


def test_each_is_told_as_they_wish(ada, orla, mail_is_set_up):
    choose_ways(ways={"ASSIGNED": "MAIL"}, by=actor_of(orla), at=now())
    found = lead(ada, owner_id=orla.pk)
    told()
    assert send_next(at=now())
    [mail] = mail_is_set_up.mails
    assert mail["Subject"] == "Ada Marsh gave you Harrow Pike"
    assert f"{ADDRESS}/leads/{found.pk}" in mail.get_body(("plain",)).get_content()
    assert mail["List-Unsubscribe"].startswith(f"<{ADDRESS}/mails/stop/")
    choose_ways(ways={"ASSIGNED": "OFF"}, by=actor_of(orla), at=now())
    lead(ada, "Second", owner_id=orla.pk)
    told()
    assert not send_next(at=now()) and len(texts(orla)) == 1
    assert Event.objects.filter(verb="tell.news_chosen").count() == 2


def test_two_workers_tell_once(ada, orla):
    lead(ada, owner_id=orla.pk)
    HandlerCursor.objects.filter(pk=news.NAME).update(lease_until=now() + timedelta(minutes=1))
    assert not news.tell_next(at=now()), "another one is at it"
    assert news.tell_next(at=now() + timedelta(minutes=3)), "who died, it seems"
    assert len(texts(orla)) == 1


# ---------------------------------------------------------------- pages and API


def test_the_bell_counts_opens_and_marks(ada, orla, browser_of):
    found = lead(ada, owner_id=orla.pk)
    told()
    client = browser_of(orla)
    assert "Notifications, 1 new" in client.get("/").content.decode()
    assert "Notifications, 1 new" in client.get("/notifications/waiting").content.decode()  # what the poll brings
    assert "Ada Marsh gave you Harrow Pike" in client.get("/notifications/latest").content.decode()
    [one] = News.objects.all()
    assert client.post(f"/notifications/{one.pk}/open")["Location"] == f"/leads/{found.pk}"
    assert "1 new" not in client.get("/").content.decode()
    assert "Harrow" not in client.get("/notifications?show=unread").content.decode()
    client.post("/notifications/mark/unread", {"ids": one.pk})
    assert "Harrow" in client.get("/notifications?show=unread").content.decode()
    client.post("/notifications/mark/all")
    assert not News.objects.filter(read_at=None).exists()


def test_nobody_reads_or_marks_what_others_were_told(ada, orla, browser_of):
    lead(ada, owner_id=orla.pk)
    told()
    client, one = browser_of(ada), News.objects.get()
    assert "Harrow Pike" not in client.get("/notifications").content.decode()
    assert client.post(f"/notifications/{one.pk}/open").status_code == 404
    client.post("/notifications/mark/read", {"ids": one.pk})
    one.refresh_from_db()
    assert one.read_at is None


def test_the_bell_costs_one_query_and_stops_counting(orla, browser_of):
    News.objects.bulk_create(News(user=orla, kind="WORK", key=f"{n}", words="x", at=now()) for n in range(150))
    with count_queries() as queries:
        assert unread_count(actor_of(orla)) == 100
    assert len(queries) <= 2
    client = browser_of(orla)
    assert "99+" in client.get("/").content.decode()
    with count_queries() as shown:
        client.get("/notifications")
    News.objects.filter(key__gt="2").delete()
    with count_queries() as fewer:
        client.get("/notifications")
    assert len(shown) == len(fewer)


def test_a_chunk_that_another_worker_told_meanwhile_is_not_told_twice(ada, orla, monkeypatch):
    lead(ada, owner_id=orla.pk)

    def overtaken(told):
        HandlerCursor.objects.filter(pk=news.NAME).update(lease_until=now() + timedelta(minutes=9))
        return []

    monkeypatch.setattr(news, "TELLERS", [*news.TELLERS, (news.verbs_told(), overtaken)])
    assert not news.tell_next(at=now())
    assert texts(orla) == []


def test_how_one_is_told_is_chosen_on_a_page(orla, browser_of):
    client = browser_of(orla)
    page = client.get("/account/notifications").content.decode()
    assert "Somebody means me in a comment" in page
    ways = dict.fromkeys(["MENTION", "COMMENT", "CHANGE", "ASSIGNED", "HANDED_OVER", "SENT_BACK", "ANSWER_DUE"], "BELL")
    data = {**ways, "TODO_DUE": "OFF", "WORK": "BELL", "WEBHOOK": "MAIL", "SHARED": "BELL", "TOKEN": "BELL"}
    assert client.post("/account/notifications", data).status_code == 302
    assert dict(NewsChoice.objects.values_list("kind", "way"))["TODO_DUE"] == "OFF"
    assert client.post("/account/notifications", {**data, "WORK": "LOUD"}).status_code == 200


def test_the_api_tells_one_s_own_news(ada, orla):
    lead(ada, owner_id=orla.pk)
    told()
    _token, secret = create_token(user_id=orla.pk, name="t", scopes=["write"], days=1, by=actor_of(orla), at=now())
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    answer = client.get("/api/v1/notifications?unread=true").json()
    [one] = answer["items"]
    assert (one["text"], one["kind"], one["noun"], one["count"]) == (
        "Ada Marsh gave you Harrow Pike",
        "ASSIGNED",
        "leads",
        1,
    )
    marked = client.post("/api/v1/notifications/read", {"ids": [one["id"]]}, content_type="application/json")
    assert marked.json() == {"marked": 1}
    assert client.get("/api/v1/notifications?unread=true").json()["items"] == []
    assert client.get("/api/v1/notifications/digest").json() == {"hour": None}
    for hour, status in ((7, 200), (24, 422), ("7", 422), (True, 422)):
        sent = client.put("/api/v1/notifications/digest", {"hour": hour}, content_type="application/json")
        assert sent.status_code == status, hour
    assert client.get("/api/v1/notifications/digest").json() == {"hour": 7}
    ways = client.get("/api/v1/notifications/ways").json()
    assert ways["ASSIGNED"] == "DIGEST"
    changed = client.patch("/api/v1/notifications/ways", {"ASSIGNED": "OFF"}, content_type="application/json")
    assert changed.json()["ASSIGNED"] == "OFF"
    wrong = client.patch("/api/v1/notifications/ways", {"ASSIGNED": "LOUD"}, content_type="application/json")
    assert wrong.status_code == 422
    assert Client().get("/api/v1/notifications").status_code == 401


def test_what_was_read_is_forgotten_after_three_months(ada, orla):
    lead(ada, owner_id=orla.pk)
    lead(ada, "Second", owner_id=orla.pk)
    told()
    first = News.objects.order_by("pk").first()
    News.objects.filter(pk=first.pk).update(read_at=now() - timedelta(days=91))
    news.forget_news(at=now())
    assert News.objects.count() == 1


@action
def brought_in(*, by, at):
    record(FileImported(batch_id=1, kind="leads", created=1_200, updated=0, unchanged=0, rejected=3), by=by, at=at)


def test_news_that_no_record_says_follow_the_language_of_their_reader(orla):
    brought_in(by=actor_of(orla), at=now())
    told()
    [shown] = said(actor_of(orla), list(visible_news(actor_of(orla))))
    assert shown.text == "Your import is done: 1,200 created, 0 updated, 3 left out"
    with translation.override("de"):
        [shown] = said(actor_of(orla), list(visible_news(actor_of(orla))))
    assert "1.200" in shown.text and "import is done" not in shown.text


def test_who_gets_a_view_as_a_tab_is_told(ada, orla, person):
    north, south = (Team.objects.create(name=name) for name in ("North", "South"))
    kim, lou = person("MARKETER", "Kim", team=north), person("MARKETER", "Lou", team=south)
    User.objects.filter(pk=orla.pk).update(team=north)
    orla.refresh_from_db()
    view = save_view(noun="qualify.lead", name="Hot ones", params={}, by=actor_of(orla), at=now())
    told()
    assert texts(kim) == []
    change_view(view_id=view.pk, scope="TEAM", by=actor_of(orla), at=now())
    told()
    assert texts(kim) == ["Orla Keane shares the view “Hot ones” of leads"] and texts(lou) == texts(orla) == []
    [shown] = said(actor_of(kim), list(visible_news(actor_of(kim))))
    assert shown.path == f"/leads?view={view.pk}"
    change_view(view_id=view.pk, scope="PRIVATE", by=actor_of(orla), at=now())
    assert texts(kim) == []
    save_view(noun="qualify.lead", name="For all", params={}, scope="EVERYBODY", by=actor_of(ada), at=now())
    told()
    assert texts(lou) == ["Ada Marsh shares the view “For all” of leads"]
