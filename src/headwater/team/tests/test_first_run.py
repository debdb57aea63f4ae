"""From the one-time link to the first data."""

from __future__ import annotations

import csv

import pytest

from headwater.platform import job
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.models import Event, Job
from headwater.team import queries
from headwater.team.actions import company as company_actions
from headwater.team.actions.company import AlreadySetUp, WrongSetupToken
from headwater.team.models import Company, User

pytestmark = pytest.mark.django_db(transaction=True)
SETUP = job_actor("first run")
OWNER = {"name": "Erik Haas", "email": "erik@example.org", "password": "seven grey herons"}


@pytest.fixture
def secret() -> str:
    return company_actions.prepare_setup(by=job_actor("init"), at=now())


@pytest.fixture
def owner(client, secret):
    client.post("/first-run", {**OWNER, "token": secret})
    return User.objects.get()


@pytest.fixture
def demo_job(monkeypatch):
    def load(run):
        run.report(done=3, total=4, message="Leads")

    monkeypatch.setitem(job.JOBS, "demo.load", load)


def test_before_the_first_account_sign_in_leads_to_the_first_run(client, secret):
    assert client.get("/sign-in")["Location"] == "/first-run"


def test_the_link_makes_the_owner_once(client, secret):
    assert secret in client.get(f"/first-run?token={secret}").content.decode()
    answer = client.post("/first-run", {**OWNER, "token": secret})
    assert answer["Location"] == "/first-run/company"
    assert (User.objects.get().role, Company.objects.get().setup_digest) == ("OWNER", "")
    with pytest.raises(WrongSetupToken):
        company_actions.make_owner(
            secret=secret, email="b@example.org", name="B", password="x" * 12, by=SETUP, at=now()
        )


def test_a_wrong_link_makes_nobody(client, secret):
    answer = client.post("/first-run", {**OWNER, "token": "guessed"})
    assert answer.status_code == 422
    assert "not valid any more" in answer.content.decode()
    assert not User.objects.exists()


def test_a_weak_password_keeps_the_link_alive(client, secret):
    answer = client.post("/first-run", {**OWNER, "password": "short", "token": secret})
    assert answer.status_code == 422
    assert "short" not in answer.content.decode().replace("too short", "")
    assert client.post("/first-run", {**OWNER, "token": secret}).status_code == 302


def test_a_newer_link_voids_the_older(secret):
    newer = company_actions.prepare_setup(by=job_actor("init"), at=now())
    with pytest.raises(WrongSetupToken):
        company_actions.make_owner(secret=secret, **OWNER, by=SETUP, at=now())
    assert company_actions.make_owner(secret=newer, **OWNER, by=SETUP, at=now()).role == "OWNER"


def test_no_link_is_made_when_somebody_has_an_account(owner):
    with pytest.raises(AlreadySetUp):
        company_actions.prepare_setup(by=job_actor("init"), at=now())


def test_a_stranger_never_comes_to_the_later_steps(client, secret):
    for path in ("/first-run/company", "/first-run/start"):
        assert client.get(path)["Location"].startswith("/sign-in")
    assert client.post("/first-run/demo")["Location"].startswith("/sign-in")


def test_the_company_is_named_and_the_choice_comes(client, owner):
    values = {"name": "Kestrel Office IT", "country": "NL", "currency": "EUR", "time_zone": "Europe/Amsterdam"}
    assert client.post("/first-run/company", values)["Location"] == "/first-run/start"
    page = client.get("/first-run/start").content.decode()
    for words in ("Load the demo company", "Import my leads", "Type in the first lead", "Kestrel Office IT"):
        assert words in page
    assert queries.company().time_zone == "Europe/Amsterdam"


def test_the_demo_company_is_loaded_once_in_the_background(client, owner, demo_job):
    client.post("/first-run/demo")
    client.post("/first-run/demo")
    queued = Job.objects.get(kind="demo.load")
    waiting = client.get(f"/first-run/demo/{queued.pk}").content.decode()
    assert "hx-trigger" in waiting
    assert "Waiting for the background worker" in waiting
    job.run_next(at=now())
    done = client.get(f"/first-run/demo/{queued.pk}").content.decode()
    assert "hx-trigger" not in done
    assert "is loaded" in done


def test_a_failed_load_says_so_and_can_be_tried_again(client, owner, monkeypatch):
    def refuse(run):
        raise NotAllowed("There are leads already.")

    monkeypatch.setitem(job.JOBS, "demo.load", refuse)
    client.post("/first-run/demo")
    job.run_next(at=now())
    assert "There are leads already." in client.get("/first-run/start").content.decode()
    client.post("/first-run/demo")
    assert Job.objects.filter(kind="demo.load").count() == 2


def test_an_owner_who_left_half_way_comes_back_to_the_company(client, owner):
    client.post("/sign-out")
    in_again = {"email": OWNER["email"], "password": OWNER["password"]}
    assert client.post("/sign-in", in_again)["Location"] == "/first-run/company"
    company_actions.change_company(values={"name": "Kestrel"}, by=job_actor("test"), at=now())
    assert client.post("/sign-in", in_again)["Location"] == "/"


@pytest.mark.parametrize(("then", "to"), [("import", "/imports/new?kind=leads"), ("lead", "/leads/new"), ("x", "/")])
def test_every_choice_ends_the_first_run(client, owner, then, to):
    assert client.post("/first-run/finish", {"then": then})["Location"] == to
    assert queries.company().setup_done_at is not None
    assert Event.objects.filter(verb="team.setup_finished").count() == 1


@pytest.mark.parametrize(
    "values",
    [
        {"name": " "},
        {"currency": "XXL"},
        {"time_zone": "Mars/Base"},
        {"country": "nl"},
        {"office_days": ""},
        {"is_demo": True},
    ],
)
def test_strange_settings_are_refused(owner, values):
    company_actions.change_company(values={"name": "Kestrel"}, by=job_actor("test"), at=now())
    with pytest.raises(Invalid):
        company_actions.change_company(values=values, by=job_actor("test"), at=now())


def test_only_those_with_the_right_change_the_company(owner):
    owner.role = "FIELD_REP"
    with pytest.raises(NotAllowed):
        company_actions.change_company(values={"name": "X"}, by=queries.actor_of(owner), at=now())


def test_the_sample_file_of_the_first_run_is_the_one_that_the_import_page_has(owner, client):
    client.force_login(owner)
    page = client.get("/first-run/start").content.decode()
    assert 'href="/imports/sample.csv" download' in page
    sample = client.get("/imports/sample.csv")
    rows = list(csv.reader(b"".join(sample.streaming_content).decode("utf-8-sig").splitlines()))
    assert len(rows) > 30 and "E-mail" in rows[0]
