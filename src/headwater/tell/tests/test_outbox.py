"""Mails are written with what causes them, sent once by whoever gets to it, tried again, and given up after a day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation
from home_mail import ADDRESS

from headwater.platform.action import action
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.events import record
from headwater.team.models import User
from headwater.team.sign_in_events import InvitationMailed
from headwater.tell.actions import mails
from headwater.tell.actions.mails import forget_mails, queue_mail, send_next
from headwater.tell.actions.settings import MailNotSetUp, change_mail_settings
from headwater.tell.models import Mail
from headwater.tell.queries import smtp
from headwater.tell.queries.mails import given_up_since

SYSTEM = job_actor("test")


@action
def written(user, *, by=SYSTEM, at=None, **more):
    at = at or now()
    values = {"company": "Kestrel", "who": "Ada", **more.pop("values", {})}
    mail = queue_mail(
        kind="INVITATION", user_id=user.pk, name=more.pop("name", user.name), address=more.pop("address", user.email),
        path="/welcome/secret-7", at=at, values=values, **more,
    )  # fmt: skip
    record(InvitationMailed(user_id=user.pk), by=by, at=at)
    return mail


def test_a_mail_goes_out_and_its_words_are_forgotten(mail_is_set_up, person):
    mail = written(person("OWNER", "Orla Keane"))
    assert "secret-7" not in mail.sealed, "encrypted"
    assert send_next(at=now()) and not send_next(at=now())
    [taken] = mail_is_set_up.mails
    assert taken["Subject"] == "Ada invites you to Kestrel in Headwater"
    assert f"{ADDRESS}/welcome/secret-7" in taken.get_body(("plain",)).get_content()
    assert f'href="{ADDRESS}/welcome/secret-7"' in taken.get_body(("html",)).get_content()
    assert taken["Message-ID"] == mail.message_id and taken["Auto-Submitted"] == "auto-generated"
    mail.refresh_from_db()
    assert (mail.state, mail.sealed) == ("SENT", "")


@pytest.mark.django_db(transaction=True)
def test_what_is_not_committed_is_not_sent(mail_is_set_up, person):
    user = person("OWNER")

    @action
    def broken(*, by, at):
        queue_mail(
            kind="RESET", user_id=user.pk, name="x", address="x@y.example", path="/", at=at, values={"company": "K"}
        )
        raise ValueError

    with pytest.raises(ValueError):
        broken(by=SYSTEM, at=now())
    assert not send_next(at=now()) and not Mail.objects.exists()
    with pytest.raises(RuntimeError):
        queue_mail(kind="RESET", user_id=None, name="x", address="x@y.example", path="/", at=now(), values={})


def test_nothing_is_written_without_a_server(person):
    with pytest.raises(MailNotSetUp):
        written(person("OWNER"))


def test_no_name_smuggles_in_a_header_or_markup(mail_is_set_up, person):
    evil = "Eve\r\nBcc: all@kestrel.example\r\n\r\n<script>x</script>"
    written(person("OWNER"), name=evil, values={"who": f"{evil} {{link}}"})
    send_next(at=now())
    [taken] = mail_is_set_up.mails
    assert taken["Bcc"] is None and "\n" not in taken["Subject"]
    html = taken.get_body(("html",)).get_content()
    assert "<script>" not in html and "&lt;script&gt;" in html
    assert "{link}" in html, "what a value says is no placeholder"


def test_what_the_server_puts_off_is_tried_again_under_the_same_id(mail_is_set_up, person):
    mail, at = written(person("OWNER")), now()
    mail_is_set_up.answers = ["451 greylisted, come back"]
    send_next(at=at)
    mail.refresh_from_db()
    assert mail.state == "WAITING" and "451 greylisted" in mail.why
    assert not send_next(at=at + timedelta(seconds=20))
    assert send_next(at=at + timedelta(minutes=1))
    assert [taken["Message-ID"] for taken in mail_is_set_up.mails] == [mail.message_id]


def test_what_the_server_refuses_for_good_stops_no_other_mail(mail_is_set_up, person):
    first, second = written(person("OWNER")), written(person("MARKETER"))
    mail_is_set_up.refused = {first.to_address: "550 no such mailbox"}
    send_next(at=now())
    first.refresh_from_db()
    assert first.state == "FAILED" and "550 no such mailbox" in first.why and first.sealed == ""
    assert [taken["To"].addresses[0].addr_spec for taken in mail_is_set_up.mails] == [second.to_address]
    assert list(given_up_since(now() - timedelta(days=1))) == [first]


@pytest.mark.slow
def test_a_server_that_is_away_is_tried_for_a_day_and_no_longer(mail_is_set_up, person):
    at = now()
    mail = written(person("OWNER"), at=at)
    change_mail_settings(values={"port": 1}, by=SYSTEM, at=at)
    moment, tries = at, 0
    while Mail.objects.get().state == "WAITING":
        moment = Mail.objects.get().retry_at
        send_next(at=moment)
        tries += 1
    mail.refresh_from_db()
    assert 20 < tries < 50 and moment <= at + timedelta(days=1)
    assert "Nothing answers" in mail.why and mail.sealed == ""


def test_a_link_that_is_over_is_not_mailed_any_more(mail_is_set_up, person):
    written(person("OWNER"), at=now() - timedelta(hours=2), lasts=timedelta(hours=1))
    send_next(at=now())
    assert not mail_is_set_up.mails and Mail.objects.get().state == "FAILED"


def test_who_left_meanwhile_gets_none(mail_is_set_up, person):
    rep = person("FIELD_REP")
    written(rep)
    User.objects.filter(pk=rep.pk).update(is_active=False)
    send_next(at=now())
    mail = Mail.objects.get()
    assert not mail_is_set_up.mails
    assert (mail.state, mail.sealed, mail.why) == ("FAILED", "", "Whom it is to has left.")


def test_why_none_goes_out_is_told_in_the_language_of_each_reader(mail_is_set_up, person, client):
    owner = person("OWNER")
    written(person("FIELD_REP"), at=now() - timedelta(hours=2), lasts=timedelta(hours=1))
    refused = written(person("MARKETER"))
    mail_is_set_up.refused = {refused.to_address: "550 no such mailbox"}
    send_next(at=now())
    change_mail_settings(values={"port": 1}, by=SYSTEM, at=now())
    written(owner)
    with translation.override("es"):  # whatever the worker speaks
        send_next(at=now())
    User.objects.filter(pk=owner.pk).update(language="de")
    client.force_login(owner)
    page = client.get("/settings/mail").content.decode()
    for words in (
        "Dafür ist es inzwischen zu spät.", "Der Server lehnt diese Adresse ab. (550 no such mailbox)",
        "Bei 127.0.0.1 antwortet auf Port 1 nichts.",
    ):  # fmt: skip
        assert words in page


def test_of_two_workers_one_gets_a_mail(mail_is_set_up, person):
    mail, at = written(person("OWNER")), now()
    as_another_read_it = Mail.objects.get(pk=mail.pk)
    assert mails._take(mail, at) and not mails._take(as_another_read_it, at)
    assert not send_next(at=at), "it is with the other one"
    assert send_next(at=at + mails.LEASE + timedelta(seconds=1)), "who died, it seems"


def test_who_was_away_too_long_says_nothing_of_a_mail_that_another_worker_has(mail_is_set_up, person):
    mail, at = written(person("OWNER")), now()
    assert mails._take(mail, at)
    later = at + mails.LEASE + timedelta(seconds=1)
    theirs = Mail.objects.get(pk=mail.pk)
    assert mails._take(theirs, later)
    mails._not_sent(mail, smtp.NotSent("gone", is_final=True), later)
    assert not send_next(at=later), "it is still with the other one"
    assert Mail.objects.get().state == "WAITING"


def test_no_mail_leaves_after_others_may_have_taken_it():
    assert timedelta(seconds=smtp.TURN_SECONDS) < mails.LEASE


def test_the_list_is_kept_for_a_month(mail_is_set_up, person):
    at = now()
    old = written(person("OWNER"), at=at - timedelta(days=40))
    send_next(at=at)
    written(person("MARKETER"), at=at)
    forget_mails(at=at)
    assert old.pk not in Mail.objects.values_list("pk", flat=True) and Mail.objects.count() == 1


def test_the_page_tells_of_the_last_mails_without_their_words(mail_is_set_up, person, browser_of):
    owner = person("OWNER", "Orla Keane")
    mail = written(owner)
    mail_is_set_up.answers = ["451 later"]
    send_next(at=now())
    client = browser_of(owner)
    page = client.get("/settings/mail").content.decode()
    assert "orla.keane@kestrel.example" in page and "451 later" in page and "secret-7" not in page
    assert client.post(f"/settings/mail/{mail.pk}/again").status_code == 302
    assert send_next(at=now()) and len(mail_is_set_up.mails) == 1
    assert client.post(f"/settings/mail/{mail.pk}/again").status_code == 404, "it is sent"
