"""One mail a day, at each one's hour, on working days, when there is something to say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from headwater.parties import actions as parties
from headwater.platform.errors import Invalid
from headwater.platform.models import Event
from headwater.qualify import actions as qualify
from headwater.team.models import Company, Holiday
from headwater.team.queries import actor_of
from headwater.tell.actions import digests, news
from headwater.tell.actions.digests import choose_digest, send_digests
from headwater.tell.actions.mails import send_next
from headwater.tell.models import Digest, Mail, MailKind, News
from headwater.tell.queries.digests import LINES, digests_due

MONDAY = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)  # 08:05 in Dublin


@pytest.fixture
def ada(person):
    return person("OWNER", "Ada Marsh")


@pytest.fixture
def orla(person, mail_is_set_up):
    """Wants a digest from eight on."""
    orla = person("MARKETER", "Orla Keane")
    choose_digest(hour=8, by=actor_of(orla), at=MONDAY - timedelta(days=3))
    return orla


def given(ada, orla, at=MONDAY - timedelta(minutes=30)):
    news.tell_next(at=at)
    lead = qualify.capture_lead(by=actor_of(ada), at=at, name="Harrow Pike", owner_id=orla.pk)
    while news.tell_next(at=at):
        pass
    return lead


def test_what_is_new_and_what_waits_stands_in_one_mail(ada, orla, mail_is_set_up):
    lead = given(ada, orla)
    person_id = parties.add_person(by=actor_of(ada), at=MONDAY, name="Nils Berg").pk
    due = MONDAY + timedelta(hours=4)
    parties.plan_todo(
        party_id=person_id, subject="Call Nils", due_at=due, owner_id=orla.pk, by=actor_of(orla), at=MONDAY
    )
    assert send_digests(at=MONDAY) == 1
    assert send_next(at=MONDAY)
    [mail] = mail_is_set_up.mails
    text = mail.get_body(("plain",)).get_content()
    assert mail["Subject"] == "Your day at Kestrel Office IT"
    for line in ("To do: Call Nils", "1 lead waits for its first answer", "Ada Marsh gave you Harrow Pike"):
        assert line in text, text
    link = f"https://crm.example.com/leads/{lead.pk}"
    assert f"Ada Marsh gave you Harrow Pike\n  {link}\n" in text.replace("\r\n", "\n")
    assert f'<a href="{link}">Ada Marsh gave you Harrow Pike</a>' in mail.get_body(("html",)).get_content()
    assert mail["List-Unsubscribe"].startswith("<https://crm.example.com/mails/stop/")


def test_a_name_is_no_markup_in_it(ada, orla, mail_is_set_up):
    at = MONDAY - timedelta(minutes=30)
    news.tell_next(at=at)
    qualify.capture_lead(by=actor_of(ada), at=at, name="<b>{link}</b> & Pike", owner_id=orla.pk)
    while news.tell_next(at=at):
        pass
    send_digests(at=MONDAY)
    send_next(at=MONDAY)
    [mail] = mail_is_set_up.mails
    assert "gave you &lt;b&gt;{link}&lt;/b&gt; &amp; Pike</a>" in mail.get_body(("html",)).get_content()


def test_it_comes_once_a_day_also_with_two_workers(ada, orla):
    given(ada, orla)
    [due] = digests_due(at=MONDAY)
    assert send_digests(at=MONDAY) == 1
    assert not digests._send(*due, MONDAY), "the second worker read it before the first one wrote"
    assert send_digests(at=MONDAY + timedelta(hours=3)) == 0 and Mail.objects.count() == 1
    given(ada, orla, at=MONDAY + timedelta(hours=20))
    assert send_digests(at=MONDAY + timedelta(days=1)) == 1


def test_one_that_cannot_be_written_keeps_no_other_back(ada, orla, person):
    nils = person("MARKETER", "Nils Berg")
    choose_digest(hour=8, by=actor_of(nils), at=MONDAY - timedelta(days=3))
    given(ada, orla)
    given(ada, nils)

    def breaks(actor, at):
        if actor.user_id == orla.pk:
            raise ZeroDivisionError
        return ""

    LINES.append(breaks)
    try:
        with pytest.raises(ExceptionGroup):
            send_digests(at=MONDAY)
    finally:
        LINES.remove(breaks)
    assert Mail.objects.filter(kind=MailKind.DIGEST).values_list("user_id", flat=True).get() == nils.pk
    assert send_digests(at=MONDAY) == 1, "hers comes when it can be written"


def test_what_was_in_one_digest_is_not_in_the_next(ada, orla):
    lead = given(ada, orla)
    assert send_digests(at=MONDAY) == 1
    qualify.disqualify_lead(lead_id=lead.pk, reason="SPAM", by=actor_of(orla), at=MONDAY)
    assert News.objects.get().told_at == MONDAY
    assert send_digests(at=MONDAY + timedelta(days=1)) == 0, "nothing new, nothing waits"


def test_it_comes_at_one_s_own_hour(ada, orla):
    given(ada, orla)
    assert not digests_due(at=MONDAY - timedelta(minutes=30))
    orla.time_zone = "Asia/Tokyo"
    orla.save()
    assert digests_due(at=datetime(2026, 11, 22, 23, 5, tzinfo=UTC)), "it is Monday eight there"


def test_it_comes_on_working_days_only(ada, orla):
    saturday = MONDAY - timedelta(days=2)
    assert digests_due(at=MONDAY) and not digests_due(at=saturday)
    Holiday.objects.create(day=MONDAY.date(), name="Closed")
    assert not digests_due(at=MONDAY)
    Company.objects.update(office_days="6")
    assert digests_due(at=saturday)


def test_an_empty_one_is_not_sent_and_who_left_gets_none(ada, orla):
    assert send_digests(at=MONDAY) == 0 and Digest.objects.get().last_on == date(2026, 11, 23)
    orla.is_active = False
    orla.save()
    assert not digests_due(at=MONDAY + timedelta(days=1))


def test_what_was_read_or_is_not_for_the_digest_stays_out(ada, orla):
    lead = given(ada, orla)
    qualify.disqualify_lead(lead_id=lead.pk, reason="SPAM", by=actor_of(orla), at=MONDAY)
    news.mark_read(actor=actor_of(orla), at=MONDAY)
    assert send_digests(at=MONDAY) == 0


def test_it_is_chosen_on_the_page_and_told_in_the_log(ada, orla, browser_of):
    client = browser_of(orla)
    hint = "Nothing comes in a daily digest yet"
    assert hint not in client.get("/account/notifications").content.decode()
    ways = dict.fromkeys(["MENTION", "COMMENT", "CHANGE", "ASSIGNED", "HANDED_OVER", "SENT_BACK", "ANSWER_DUE"], "BELL")
    data = {**ways, "TODO_DUE": "DIGEST", "WORK": "BELL", "WEBHOOK": "BELL", "SHARED": "BELL", "TOKEN": "BELL"}
    client.post("/account/notifications", {**data, "hour": "17"})
    assert Digest.objects.get(user=orla).hour == 17
    client.post("/account/notifications", {**data, "hour": ""})
    assert not Digest.objects.exists()
    assert hint in client.get("/account/notifications").content.decode()
    assert Event.objects.filter(verb="tell.digest_chosen").count() == 3
    with pytest.raises(Invalid):
        choose_digest(hour=24, by=actor_of(orla), at=MONDAY)
