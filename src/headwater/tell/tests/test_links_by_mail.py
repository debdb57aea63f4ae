"""Invitations and forgotten passwords by mail; by hand where no mail is set up."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext
from home_mail import ADDRESS, PASSWORD, settings_for

from headwater.platform import job
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.models import Event, Job
from headwater.team.actions import accounts, invitations, second_factor
from headwater.team.models import SecondFactor, SignInAttempt, User
from headwater.team.queries import actor_of
from headwater.team.queries.signing_in import link_secret, reset_secret, user_of_link
from headwater.tell.actions.mails import send_next
from headwater.tell.actions.settings import change_mail_settings
from headwater.tell.models import Mail

SYSTEM = job_actor("test")
GOOD = "seven grey herons"


def worked():
    """What a worker does: jobs, then mails."""
    while job.run_next(at=now()) is not None:
        pass
    while send_next(at=now()):
        pass


def link_in(mail):
    return re.search(rf"{re.escape(ADDRESS)}(/\S+)", mail.get_body(("plain",)).get_content())[1]


def ask(email, client=None, **headers):
    return (client or Client()).post("/sign-in/forgotten", {"email": email}, **headers)


def test_a_new_colleague_is_invited_by_mail(mail_is_set_up, person, browser_of):
    client = browser_of(person("OWNER", "Ada Marsh"))
    assert "Mail them an invitation" in client.get("/settings/users/new").content.decode()
    values = {"name": "Orla Keane", "email": "orla@kestrel.example", "role": "MARKETER", "password": "", "invite": "on"}
    answer = client.post("/settings/users/new", values, follow=True)
    assert "An invitation is on its way to orla@kestrel.example" in answer.content.decode()
    worked()
    [mail] = mail_is_set_up.mails
    assert "Ada Marsh invites you to Kestrel Office IT" in mail["Subject"]
    fresh = Client()
    assert fresh.post(link_in(mail), {"password": GOOD}).status_code == 302
    assert User.objects.get(email="orla@kestrel.example").check_password(GOOD)
    assert fresh.get(link_in(mail)).status_code == 404, "it worked once"
    assert Event.objects.filter(verb="team.invitation_mailed").count() == 1


def test_without_mail_or_the_tick_the_link_is_handed_over_by_hand(company, box, person, browser_of):
    client = browser_of(person("OWNER"))
    values = {"name": "Orla Keane", "email": "orla@kestrel.example", "role": "MARKETER", "password": ""}
    assert "invite" not in client.get("/settings/users/new").content.decode()
    assert "A link to hand over" in client.post("/settings/users/new", {**values, "invite": "on"}).content.decode()
    change_mail_settings(values=settings_for(box), password=PASSWORD, by=SYSTEM, at=now())
    values["email"] = "orla2@kestrel.example"
    assert "A link to hand over" in client.post("/settings/users/new", values).content.decode()
    assert not Mail.objects.exists()


def test_an_invitation_is_sent_again_and_the_first_link_is_void(mail_is_set_up, person, browser_of):
    client, colleague = browser_of(person("OWNER")), person("MARKETER")
    page = client.get(f"/settings/users/{colleague.pk}/password").content.decode()
    assert "Mail it" in page
    for _time in range(2):
        assert client.post(f"/settings/users/{colleague.pk}/invite").status_code == 302
    worked()
    first, second = map(link_in, mail_is_set_up.mails)
    assert Client().get(first).status_code == 404 and Client().get(second).status_code == 200


def test_nobody_mails_links_without_the_right(mail_is_set_up, person, browser_of):
    colleague = person("MARKETER")
    assert browser_of(person("HEAD_OF_SALES")).post(f"/settings/users/{colleague.pk}/invite").status_code == 403
    owner = person("OWNER")
    assert browser_of(person("ADMINISTRATOR")).post(f"/settings/users/{owner.pk}/invite").status_code == 403
    assert not Mail.objects.exists()


def test_who_forgot_the_password_gets_a_link_and_signs_in_with_a_new_one(mail_is_set_up, person):
    user = person("MARKETER", "Orla Keane")
    assert "/sign-in/forgotten" in Client().get("/sign-in").content.decode()
    assert "on its way" in ask("ORLA.keane@kestrel.example").content.decode()
    worked()
    [mail] = mail_is_set_up.mails
    assert mail["Subject"] == "Choose a new password"
    fresh = Client()
    assert fresh.post(link_in(mail), {"password": GOOD}).status_code == 302
    answer = fresh.post("/sign-in", {"email": user.email, "password": GOOD})
    assert answer.status_code == 302 and answer["Location"] == "/"
    assert Client().get(link_in(mail)).status_code == 404
    told = SignInAttempt.objects.filter(user=user).order_by("pk").values_list("outcome", flat=True)
    assert list(told) == ["RESET_ASKED", "SUCCEEDED"]
    assert Event.objects.filter(verb="team.reset_mailed", subject_id=user.pk).count() == 1


def test_the_answer_is_the_same_whether_or_not_somebody_signs_in_with_that_e_mail(mail_is_set_up, person):
    person("MARKETER", "Orla Keane")
    person("READ_ONLY", "Len Left", is_active=False)
    client = Client()
    client.get("/sign-in/forgotten")

    def said(email):
        answer = ask(email, client)
        return answer.status_code, re.sub(r'value="[^"]*"|CSRFToken": "[^"]*"', "", answer.content.decode())

    known = said("orla.keane@kestrel.example")
    assert said("nobody@kestrel.example") == known == said("len.left@kestrel.example")
    jobs = Job.objects.order_by("pk")
    assert len({tuple(each.args) for each in jobs}) == 1 and jobs.count() == 3
    worked()
    assert [mail["To"].addresses[0].addr_spec for mail in mail_is_set_up.mails] == ["orla.keane@kestrel.example"]
    assert len({str(each.result) for each in Job.objects.all()}) == 1, "not even the list of jobs tells"


@pytest.mark.parametrize("host", ["testserver", "localhost"])
def test_a_link_leads_where_the_settings_say_whatever_the_request_calls_itself(mail_is_set_up, person, host):
    person("MARKETER", "Orla Keane")
    ask("orla.keane@kestrel.example", HTTP_HOST=host, HTTP_X_FORWARDED_HOST="evil.example")
    assert ask("orla.keane@kestrel.example", HTTP_HOST="evil.example").status_code == 400
    worked()
    text = mail_is_set_up.mails[0].as_string()
    assert ADDRESS in text and "evil.example" not in text and f"//{host}" not in text


def test_a_link_is_over_after_an_hour_and_when_the_password_changed(mail_is_set_up, person):
    user, at = person("MARKETER"), now()
    secret = reset_secret(user, at=at)
    assert user_of_link(secret, at=at + timedelta(minutes=59)) == user
    assert user_of_link(secret, at=at + timedelta(minutes=61)) is None
    assert user_of_link(secret.removeprefix("r"), at=at) is None, "it is no invitation that lasts for days"
    user.set_password(GOOD)
    user.save()
    assert user_of_link(secret, at=at) is None


def test_a_link_to_an_address_that_was_changed_opens_nothing(mail_is_set_up, person):
    user, at = person("MARKETER", "Orla Keane"), now()
    secrets = reset_secret(user, at=at), link_secret(user, at=at)
    accounts.change_user(
        user_id=user.pk, name=user.name, email="orla@new.example", role=user.role, team_id=None, by=SYSTEM, at=at
    )
    assert [user_of_link(secret, at=at) for secret in secrets] == [None, None]


@pytest.mark.slow
def test_nobody_is_drowned_in_mails(mail_is_set_up, person):
    person("MARKETER", "Orla Keane")
    for _time in range(5):
        assert ask("orla.keane@kestrel.example").status_code == 200
    worked()
    assert len(mail_is_set_up.mails) == 3
    for _time in range(5):
        ask("nobody@kestrel.example")
    refused = ask("orla.keane@kestrel.example")
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0
    other = Client().post("/sign-in/forgotten", {"email": "x@kestrel.example"}, REMOTE_ADDR="192.0.2.7")
    assert other.status_code == 200


def test_asking_does_not_void_a_link_that_was_handed_over(mail_is_set_up, person):
    user = person("MARKETER")
    from headwater.team.actions.accounts import make_password_link

    secret = make_password_link(user_id=user.pk, by=SYSTEM, at=now())
    ask(user.email)
    worked()
    assert user_of_link(secret, at=now()) == user
    assert Client().get(link_in(mail_is_set_up.mails[0])).status_code == 200


def test_the_second_factor_is_still_asked_for(mail_is_set_up, person):
    user = person("MARKETER")
    SecondFactor.objects.create(user=user, sealed=second_factor.seal("JBSWY3DPEHPK3PXP"), confirmed_at=now())
    ask(user.email)
    worked()
    fresh = Client()
    fresh.post(link_in(mail_is_set_up.mails[0]), {"password": GOOD})
    answer = fresh.post("/sign-in", {"email": user.email, "password": GOOD})
    assert answer["Location"] == "/sign-in/code"


def test_owners_get_no_links_through_a_server_no_owner_knows(box, person):
    owner, admin = person("OWNER"), person("ADMINISTRATOR")
    change_mail_settings(values=settings_for(box), password=PASSWORD, by=actor_of(admin), at=now())
    ask(owner.email)
    ask(admin.email)
    worked()
    assert [mail["To"].addresses[0].addr_spec for mail in box.mails] == [admin.email]
    with pytest.raises(invitations.NotForOwners):
        invitations.invite_user(user_id=owner.pk, by=SYSTEM, at=now())


def test_without_mail_the_sign_in_page_says_whom_to_ask(company, person):
    person("OWNER")
    assert "An administrator can give you a link" in Client().get("/sign-in").content.decode()
    assert ask("x@kestrel.example").status_code == 302 and not SignInAttempt.objects.exists()


def test_a_mail_speaks_the_language_of_who_gets_it(mail_is_set_up, person):
    user = person("MARKETER", "Orla Keane", language="de")
    ask(user.email, HTTP_ACCEPT_LANGUAGE="en")
    worked()
    with translation.override("de"):
        assert mail_is_set_up.mails[0]["Subject"] == gettext("Choose a new password")
