"""Through which server mails go: set up by whoever may, tried out, and told what is wrong in words."""

from __future__ import annotations

import time

import pytest
from home_mail import PASSWORD, USER, Mailbox, Silent, free_port, serve, settings_for

from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.models import Event
from headwater.team.queries import actor_of
from headwater.tell.actions.settings import MailNotSetUp, TestFailed, change_mail_settings, send_test
from headwater.tell.models import MailSettings
from headwater.tell.queries import smtp
from headwater.tell.queries.settings import mail_settings, password_of

SYSTEM = job_actor("test")


def test_of(user):
    return send_test(to_name=user.name, to_address=user.email, by=actor_of(user), at=now())


test_of.__test__ = False


def form_for(box, **more):
    return {**settings_for(box), "password": PASSWORD, **more}


def test_an_administrator_sets_it_up_on_the_page_and_sends_a_test(box, person, browser_of):
    admin = person("ADMINISTRATOR")
    client = browser_of(admin)
    assert "No mail is sent yet" in client.get("/settings/mail").content.decode()
    assert client.post("/settings/mail", form_for(box)).status_code == 302
    page = client.post("/settings/mail/test").content.decode()
    assert "A test is on its way to administrator@kestrel.example" in page
    [mail] = box.mails
    assert mail["To"] == "Administrator <administrator@kestrel.example>"
    assert mail["From"] == "Kestrel <crm@kestrel.example>"
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}


def test_the_password_is_kept_encrypted_and_never_shown(mail_is_set_up, person, browser_of):
    ours = mail_settings()
    assert PASSWORD not in ours.sealed and password_of(ours) == PASSWORD
    assert PASSWORD not in browser_of(person("OWNER")).get("/settings/mail").content.decode()
    assert not Event.objects.filter(data__icontains=PASSWORD).exists()
    change_mail_settings(values={"sender_name": "Us"}, by=SYSTEM, at=now())
    assert password_of(mail_settings()) == PASSWORD, "it stays when nothing about the server changes"


@pytest.mark.parametrize("change", [{"host": "mail.evil.example"}, {"port": 2525}, {"username": "other"}])
def test_one_servers_password_is_not_told_to_another_one(mail_is_set_up, change):
    change_mail_settings(values=change, by=SYSTEM, at=now())
    assert password_of(mail_settings()) == ""


@pytest.mark.parametrize("role", ["HEAD_OF_SALES", "MARKETER", "READ_ONLY"])
def test_nobody_else_sees_or_changes_it(mail_is_set_up, person, browser_of, role):
    user = person(role)
    client = browser_of(user)
    assert client.get("/settings/mail").status_code == 403
    assert client.post("/settings/mail", form_for(mail_is_set_up, host="mail.evil.example")).status_code == 403
    assert client.post("/settings/mail/test").status_code == 403
    with pytest.raises(NotAllowed):
        change_mail_settings(values={"host": ""}, by=actor_of(user), at=now())
    assert mail_settings().host == "127.0.0.1" and not mail_is_set_up.mails


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"address": "https://crm.example.com/path"}, "address"),
        ({"address": "javascript:alert(1)"}, "address"),
        ({"address": "https://user@crm.example.com"}, "address"),
        ({"sender_address": "crm"}, "sender_address"),
        ({"sender_address": "a@b.example\nBcc: c@d.example"}, "sender_address"),
        ({"sender_name": "Kestrel\r\nBcc: c@d.example"}, "sender_name"),
        ({"host": "mail example"}, "host"),
        ({"port": 0}, "port"),
        ({"security": "NONE"}, "security"),
    ],
)
def test_what_cannot_be_is_refused(box, company, values, field):
    with pytest.raises(Invalid) as refusal:
        change_mail_settings(values={**settings_for(box), **values}, by=SYSTEM, at=now())
    assert list(refusal.value.fields) == [field]
    assert not MailSettings.objects.exclude(host="").exists()


def test_tls_from_the_first_word_works_too(pem, monkeypatch, person):
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    box = Mailbox()
    server = serve(box, pem, security="TLS")
    box.port = server.port
    try:
        change_mail_settings(values=settings_for(box, security="TLS"), password=PASSWORD, by=SYSTEM, at=now())
        assert test_of(person("OWNER"))
    finally:
        server.stop()
    assert len(box.mails) == 1


def test_each_trouble_has_its_sentence(mail_is_set_up, person, monkeypatch):
    owner, box = person("OWNER"), mail_is_set_up

    def trouble(password=PASSWORD, **values):
        change_mail_settings(values={**settings_for(box), **values}, password=password, by=SYSTEM, at=now())
        with pytest.raises(TestFailed) as refusal:
            test_of(owner)
        return refusal.value.text

    assert "does not accept user and password" in trouble(password="wrong")
    assert "Nothing answers at 127.0.0.1" in trouble(port=free_port())
    assert "right port for this security" in trouble(security="TLS")
    assert "only from who signs in" in trouble(username="", password="")
    assert "over a safe connection only. Choose STARTTLS" in trouble(security="NONE", username="", password="")
    assert "Use the name that stands in it" in trouble(host="localhost")
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "certificate of 127.0.0.1 cannot be trusted" in (told := trouble())
    assert "SSL_CERT_FILE" in told and "Use the name" not in told
    with pytest.raises(MailNotSetUp):
        change_mail_settings(values={"host": ""}, by=SYSTEM, at=now())
        test_of(owner)


@pytest.mark.slow
@pytest.mark.parametrize("drips", [False, True])
def test_a_server_that_hangs_keeps_nobody_for_long(company, person, monkeypatch, drips):
    monkeypatch.setattr(smtp, "STEP_SECONDS", 0.3)
    monkeypatch.setattr("headwater.tell.actions.settings.TEST_SECONDS", 0.4)
    server = Silent(drips=drips)
    try:
        values = settings_for(server, username="", security="STARTTLS")
        change_mail_settings(values=values, by=SYSTEM, at=now())
        began = time.monotonic()
        with pytest.raises(TestFailed, match="took too long"):
            test_of(person("OWNER"))
        assert time.monotonic() - began < 2
    finally:
        server.stop()


@pytest.mark.slow
def test_a_handshake_that_never_ends_keeps_nobody_for_long(company, person, monkeypatch):
    monkeypatch.setattr("headwater.tell.actions.settings.TEST_SECONDS", 0.4)
    server = Silent(drips=True, begins=b"\x16\x03\x03\x40\x00")  # a record of TLS, with 16 kB to come
    try:
        change_mail_settings(values=settings_for(server, username="", security="TLS"), by=SYSTEM, at=now())
        began = time.monotonic()
        with pytest.raises(TestFailed, match="took too long"):
            test_of(person("OWNER"))
        assert time.monotonic() - began < 2
    finally:
        server.stop()


def test_owners_come_in_through_it_only_once_an_owner_saved_it(box, person):
    change_mail_settings(values=settings_for(box), password=PASSWORD, by=actor_of(person("ADMINISTRATOR")), at=now())
    assert not mail_settings().owners_may
    change_mail_settings(values={}, by=actor_of(person("OWNER")), at=now())
    assert mail_settings().owners_may
    change_mail_settings(values={"sender_name": "We"}, by=actor_of(person("ADMINISTRATOR", "Ada Marsh")), at=now())
    assert mail_settings().owners_may, "nothing about the server changed"
    change_mail_settings(
        values={"host": "mail.evil.example"}, by=actor_of(person("ADMINISTRATOR", "Eve Marsh")), at=now()
    )
    assert not mail_settings().owners_may


def test_the_user_name_at_the_server_stands_in_no_public_part_of_the_log(mail_is_set_up):
    assert not Event.objects.filter(data__icontains=USER + '"').exists()
