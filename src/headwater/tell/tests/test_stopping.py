"""Stopping mails from a link in one of them: without signing in, by a person or by their mail program."""

from __future__ import annotations

import re

import pytest
from django.core import signing
from django.test import Client

from headwater.platform.clock import now
from headwater.platform.errors import NotAllowed
from headwater.platform.models import Event
from headwater.qualify import actions as qualify
from headwater.team.queries import actor_of
from headwater.tell.actions import news
from headwater.tell.actions.choices import choose_ways, stop_mails
from headwater.tell.actions.digests import choose_digest
from headwater.tell.actions.mails import send_next
from headwater.tell.models import Digest, MailSettings
from headwater.tell.queries.news import ways_of
from headwater.tell.queries.stop_links import SALT, Stop, stop_path

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def orla(person):
    return person("MARKETER", "Orla Keane", language="de")


def way_of(user, kind="ASSIGNED"):
    return ways_of([user.pk])[user.pk, kind]


def mail_about_a_lead(person, orla, mail_is_set_up):
    choose_ways(ways={"ASSIGNED": "MAIL"}, by=actor_of(orla), at=now())
    while news.tell_next(at=now()):
        pass
    qualify.capture_lead(by=actor_of(person("OWNER")), at=now(), name="Harrow Pike", owner_id=orla.pk)
    while news.tell_next(at=now()):
        pass
    assert send_next(at=now())
    return mail_is_set_up.mails[-1]


def path_in(mail):
    return re.fullmatch(r"<https://crm\.example\.com(/mails/stop/[^>]+)>", mail["List-Unsubscribe"])[1]


def test_a_mail_program_stops_them_by_one_request(person, orla, mail_is_set_up):
    mail = mail_about_a_lead(person, orla, mail_is_set_up)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = path_in(mail)
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.post(path, ONE_CLICK).status_code == 200
    assert way_of(orla) == "BELL"
    assert Event.objects.filter(verb="tell.news_chosen", user_id=orla.pk).count() == 2
    assert stranger.post(path, ONE_CLICK).status_code == 200
    assert Event.objects.filter(verb="tell.news_chosen").count() == 2, "once is enough"


def test_the_link_stands_in_both_forms_of_the_mail_in_the_readers_language(person, orla, mail_is_set_up):
    mail = mail_about_a_lead(person, orla, mail_is_set_up)
    link = f"https://crm.example.com{path_in(mail)}"
    plain, page = (mail.get_body((form,)).get_content() for form in ("plain", "html"))
    assert plain.replace("\r\n", "\n").endswith(f"-- \nMir keine solchen E-Mails mehr schicken\n{link}\n")
    assert f'<a href="{link}"' in page and "Mir keine solchen E-Mails mehr schicken</a>" in page


def test_without_tls_only_a_person_stops_them(person, orla, mail_is_set_up):
    """RFC 8058 wants HTTPS; elsewhere a mail program would ask for nothing."""
    MailSettings.objects.update(address="http://crm.example.com")
    mail = mail_about_a_lead(person, orla, mail_is_set_up)
    assert mail["List-Unsubscribe"].startswith("<http://crm.example.com/mails/stop/")
    assert mail["List-Unsubscribe-Post"] is None


def test_looking_stops_nothing_and_a_click_does(person, orla, client):
    choose_digest(hour=8, by=actor_of(orla), at=now())
    path = stop_path(Stop(orla.pk, "DIGEST"))
    for asked in (client.get(path), client.head(path)):
        assert asked.status_code == 200 and "no-store" in asked["Cache-Control"]
    assert "Soll die tägliche Übersicht nicht mehr kommen?" in client.get(path).content.decode()
    assert Digest.objects.filter(user=orla).exists()
    done = client.post(path)
    assert done.status_code == 200 and 'role="status"' in done.content.decode()
    assert not Digest.objects.filter(user=orla).exists()


def test_an_old_mail_changes_nothing_that_was_chosen_since(orla, client):
    choose_ways(ways={"ASSIGNED": "OFF", "MENTION": "DIGEST"}, by=actor_of(orla), at=now())
    for kind in ("ASSIGNED", "MENTION"):
        assert client.post(stop_path(Stop(orla.pk, kind))).status_code == 200
    assert (way_of(orla), way_of(orla, "MENTION")) == ("OFF", "DIGEST")


def test_a_link_that_is_not_ours_leads_nowhere(orla, client):
    choose_ways(ways={"ASSIGNED": "MAIL"}, by=actor_of(orla), at=now())
    path = stop_path(Stop(orla.pk, "ASSIGNED"))
    others = [
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        "/mails/stop/nothing",
        f"/mails/stop/{signing.dumps([orla.pk, 'ASSIGNED'], salt='of something else')}",
        stop_path(Stop(orla.pk, "NOTHING")),
        stop_path(Stop(999_999, "ASSIGNED")),
    ]
    for other in others:
        for method in (client.get, client.post):
            assert method(other).status_code == 404, other
    assert way_of(orla) == "MAIL"
    orla.is_active = False
    orla.save()
    assert client.post(path).status_code == 404, "they have left"


def test_nobody_stops_the_mails_of_somebody_else(person, orla):
    with pytest.raises(NotAllowed):
        stop_mails(stop=Stop(orla.pk, "DIGEST"), by=actor_of(person("OWNER")), at=now())


def test_the_link_tells_no_more_than_what_it_stops(orla, client):
    """Whoever a mail was passed on to learns neither who it was to nor what happened."""
    page = client.get(stop_path(Stop(orla.pk, "ASSIGNED"))).content.decode()
    assert orla.name not in page and orla.email not in page
    assert SALT not in page
