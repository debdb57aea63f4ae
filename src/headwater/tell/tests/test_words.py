"""The company says in its own words what mails say: placeholders only, nothing that is executed, and back again."""

from __future__ import annotations

import pytest
from django.test import Client
from test_outbox import written

from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.models import Event
from headwater.platform.undo import undo_event
from headwater.team.queries import actor_of
from headwater.tell.actions.mails import send_next
from headwater.tell.actions.words import change_words, put_back_words
from headwater.tell.models import MailTemplate
from headwater.tell.queries.words import words_of

SYSTEM = job_actor("test")
OWN = {"subject": "Come in, {name}", "text": "Dear {name},\n\n{link}\n\n<b>{company}</b> {% now %} {{ x }}"}


def test_mails_say_what_the_company_wrote(mail_is_set_up, person):
    change_words(kind="INVITATION", **OWN, by=SYSTEM, at=now())
    written(person("OWNER", "Orla Keane"))
    send_next(at=now())
    [mail] = mail_is_set_up.mails
    assert mail["Subject"] == "Come in, Orla Keane"
    assert "<b>Kestrel</b> {% now %}" in mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert "<b>" not in html and "&lt;b&gt;Kestrel&lt;/b&gt; {% now %} {{ x }}" in html


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"text": "{link} {amount}"}, "text", "{amount} means nothing here. There are: {name}"),
        ({"subject": "{password}"}, "subject", "{password} means nothing here"),
        ({"text": "Hello"}, "text", "Without {link} nobody can choose a password"),
        ({"text": " "}, "text", "Write something"),
        ({"subject": "x" * 201}, "subject", "too long"),
        ({"subject": "a\nBcc: b@c.example"}, "subject", "one line"),
    ],
)
def test_words_that_cannot_be_are_refused(company, change, field, says):
    with pytest.raises(Invalid) as refusal:
        change_words(kind="RESET", **{**OWN, **change}, by=SYSTEM, at=now())
    assert says in refusal.value.fields[field][0]
    assert not MailTemplate.objects.exists()


def test_they_are_put_back_and_every_step_is_undone(company, person):
    by = actor_of(person("OWNER"))
    delivered = words_of("INVITATION")

    def last():
        return Event.objects.filter(verb="tell.words_changed").latest("pk")

    change_words(kind="INVITATION", **OWN, by=by, at=now())
    changed = last()
    put_back_words(kind="INVITATION", by=by, at=now())
    assert words_of("INVITATION") == delivered
    undo_event(event_id=last().pk, by=by, at=now())
    assert words_of("INVITATION").subject == OWN["subject"]
    undo_event(event_id=changed.pk, by=by, at=now())
    assert words_of("INVITATION") == delivered


def test_the_page_shows_a_preview_saves_and_offers_undo(company, person, browser_of):
    client = browser_of(person("OWNER", "Ada Marsh"))
    assert "as delivered" in client.get("/settings/mail/words").content.decode()
    page = client.post("/settings/mail/words/INVITATION", {**OWN, "preview": "1"}).content.decode()
    assert "Come in, Ada Marsh" in page and "&lt;b&gt;Kestrel Office IT&lt;/b&gt;" in page
    assert not MailTemplate.objects.exists()
    saved = client.post("/settings/mail/words/INVITATION", OWN, follow=True).content.decode()
    assert "The mail says so from now on" in saved and 'action="/undo/' in saved
    wrong = client.post("/settings/mail/words/INVITATION", {**OWN, "text": "{x}"})
    assert wrong.status_code == 422 and "means nothing here" in wrong.content.decode()
    client.post("/settings/mail/words/INVITATION/put-back")
    assert not MailTemplate.objects.exists()
    assert client.get("/settings/mail/words/LOVE").status_code == 404


def test_nobody_else_changes_them(company, person):
    by = person("HEAD_OF_SALES")
    with pytest.raises(NotAllowed):
        change_words(kind="INVITATION", **OWN, by=actor_of(by), at=now())
    client = Client()
    client.force_login(by)
    for address in ("words", "words/INVITATION"):
        assert client.get(f"/settings/mail/{address}").status_code == 403
    assert client.post("/settings/mail/words/INVITATION/put-back").status_code == 403
