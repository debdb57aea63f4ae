"""Settings → Jobs & deliveries: what runs behind, what failed, and what an owner can do about it."""

from __future__ import annotations

import pytest

from headwater.platform import delivery, job
from headwater.platform.action import action
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.errors import NotFound
from headwater.platform.events import record
from headwater.platform.models import DeadLetter, Event, Job
from headwater.platform.undo import undo_event
from headwater.team.actions import accounts
from headwater.team.events import TeamAdded
from headwater.team.models import User
from headwater.team.queries import actor_of

pytestmark = pytest.mark.django_db(transaction=True)
HANDLER = "test.reacts"


@pytest.fixture
def owner(client) -> User:
    return signed_in(client, "OWNER")


def signed_in(client, role: str) -> User:
    user = accounts.add_user(
        email=f"{role.lower()}@example.org", name=role, role=role, password="seven grey herons", by=job_actor("test"),
        at=now(),
    )  # fmt: skip
    client.force_login(user)
    return user


@pytest.fixture
def broken(monkeypatch):
    """A handler that fails until it is mended."""
    state = {"mended": False, "taken": []}

    def run(fact, event):
        if not state["mended"]:
            raise ValueError("the other side is away")
        state["taken"].append(event.pk)

    monkeypatch.setitem(delivery.HANDLERS, HANDLER, delivery.Handler(HANDLER, frozenset({TeamAdded.verb}), run))
    return state


@pytest.fixture
def letter(broken):
    event = action(record)(TeamAdded(team_id=1, name="North"), by=job_actor("test"), at=now())
    return DeadLetter.objects.create(handler=HANDLER, event=event, error="ValueError: away", failed_at=now())


def test_it_shows_jobs_schedule_handlers_and_dead_letters(client, owner, letter):
    found = job.enqueue("demo.load", args={}, at=now())
    error = "Traceback (most recent call last):\n  File x\nValueError: no disk"
    Job.objects.filter(pk=found.pk).update(state="FAILED", error=error)
    page = client.get("/settings/work").content.decode()
    for words in (
        "demo.load",
        "Failed",
        "ValueError: no disk",
        "Try again",
        "team.sign_in_attempts",
        HANDLER,
        "away",
        "Drop",
    ):
        assert words in page
    assert "Traceback" not in page
    client.post(f"/settings/work/jobs/{found.pk}/retry")
    found.refresh_from_db()
    assert (found.state, found.attempts) == ("QUEUED", 0)


def test_what_could_not_be_delivered_and_why_is_said_in_the_language_of_the_reader(client, owner, monkeypatch):
    def refuse(fact, event):
        raise NotFound()

    monkeypatch.setitem(delivery.HANDLERS, HANDLER, delivery.Handler(HANDLER, frozenset({TeamAdded.verb}), refuse))
    action(record)(TeamAdded(team_id=1, name="North"), by=job_actor("test"), at=now())
    delivery.deliver(at=now())
    User.objects.filter(pk=owner.pk).update(language="de")
    page = client.get("/settings/work").content.decode()
    assert "Team … gebildet" in page and "North" not in page
    assert "Einen solchen Datensatz gibt es nicht, oder Sie dürfen ihn nicht sehen." in page
    assert TeamAdded.__doc__ not in page and "There is no such record" not in page


def test_a_dead_letter_is_delivered_again_once_the_reason_is_gone(client, owner, letter, broken):
    answer = client.post(f"/settings/work/letters/{letter.pk}/deliver", follow=True)
    assert "the other side is away" in answer.content.decode()
    letter.refresh_from_db()
    assert letter.resolved_at is None
    broken["mended"] = True
    client.post(f"/settings/work/letters/{letter.pk}/deliver")
    letter.refresh_from_db()
    assert letter.resolved_at is not None and broken["taken"] == [letter.event_id]
    client.post(f"/settings/work/letters/{letter.pk}/deliver")
    assert broken["taken"] == [letter.event_id]


def test_dropping_one_is_logged_and_can_be_undone(client, owner, letter):
    answer = client.post(f"/settings/work/letters/{letter.pk}/drop", follow=True)
    letter.refresh_from_db()
    fact = Event.objects.get(verb="platform.delivery_dropped")
    assert letter.resolved_at is not None and fact.user_id == owner.pk and f"/undo/{fact.pk}" in answer.content.decode()
    undo_event(event_id=fact.pk, by=actor_of(owner), at=now())
    letter.refresh_from_db()
    assert letter.resolved_at is None


@pytest.mark.parametrize("role", ["HEAD_OF_SALES", "FIELD_REP", "READ_ONLY"])
def test_only_owner_and_administrator_look_after_it(client, role, letter):
    signed_in(client, role)
    assert client.get("/settings/work").status_code == 403
    for address in (f"letters/{letter.pk}/drop", f"letters/{letter.pk}/deliver", "jobs/1/retry"):
        assert client.post(f"/settings/work/{address}").status_code == 403
    assert "/settings/work" not in client.get("/").content.decode()


def test_jobs_and_what_runs_by_itself_are_said_in_words(client, owner):
    job.enqueue("measure.refresh", args={}, at=now())
    page = client.get("/settings/work").content.decode()
    assert ">Bring the numbers of reports up to date, because somebody waits for it <" in page
    assert ">Old sign-in attempts are forgotten<" in page and ">A touchpoint from us to them is an answer<" in page
    assert ">measure.refresh" not in page
