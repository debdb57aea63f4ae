"""kill -9 at every statement of a stage move and of a delivery: whole or not at all, and nobody is forgotten."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.crash

PRELUDE = """
import os, signal, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "headwater.config.settings"
import django; django.setup()
from datetime import UTC, datetime, timedelta
from django.db import connection
from headwater.parties import actions as parties
from headwater.platform import delivery
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.models import DeadLetter, Event, HandlerCursor, Span
from headwater.qualify import actions
from headwater.qualify.models import Lead
BY = job_actor("test")

def kill_at(number):
    seen = 0
    def wrapper(execute, sql, params, many, context):
        nonlocal seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)
    connection.execute_wrappers.append(wrapper)
    return lambda: seen
"""

CAPTURE = """
lead = actions.capture_lead(name="Orla Keane", email="orla@harrow.example", interest="ENQUIRY", by=BY, at=now())
"""

ATTEMPT = """
def attempt(number, act):
    # A child does the work and is killed at its statement; the parent holds no connection meanwhile.
    connection.close()
    child = os.fork()
    if child == 0:
        kill_at(number)
        act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def state():
    lead = Lead.objects.get()
    spans = Span.objects.filter(subject_type="qualify.lead", kind="stage", until_at=None)
    return [lead.stage, *spans.values_list("value", flat=True), Event.objects.filter(verb="qualify.lead_moved").count()]
"""

MOVES = """
killed = 0
for number in range(1, 60):
    code = attempt(number, lambda: actions.move_lead(lead_id=1, stage="WORKING", by=BY, at=now()))
    if code == 0:
        assert state() == ["WORKING", "WORKING", 1], state()
        break
    assert code == -9, code
    assert state() in (["NEW", "NEW", 0], ["WORKING", "WORKING", 1]), (number, state())
    killed += 1
    if state()[0] == "WORKING":
        break
assert killed >= 4, killed
"""

DELIVERIES = """
parties.log_activity(party_id=Lead.objects.get().party_id, kind="CALL", subject="Called", by=BY, at=now())
killed = 0
for number in range(1, 120):
    # Five minutes on each time: the lease of the process that was killed has run out.
    later = now() + timedelta(minutes=5 * number)
    code = attempt(number, lambda: delivery.deliver(at=later))
    if code == 0:
        break
    assert code == -9, code
    killed += 1
assert killed >= 4, killed
assert not delivery.is_behind()
assert Lead.objects.get().answered_at is not None
assert Event.objects.filter(verb="qualify.lead_answered").count() <= 1
assert DeadLetter.objects.count() == 0
"""


def run(home, code):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HEADWATER_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + code],
        env={**env, "HEADWATER_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def home(tmp_path):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HEADWATER_", "DJANGO_"))}
    folder = tmp_path / "home"
    subprocess.run(
        [sys.executable, "-m", "headwater", "init"],
        env={**env, "HEADWATER_HOME": str(folder)},
        check=True,
        capture_output=True,
    )
    run(folder, CAPTURE)
    return folder


def test_a_killed_stage_move_leaves_lead_span_and_log_agreeing(home):
    run(home, ATTEMPT + MOVES)


def test_a_killed_delivery_hands_every_fact_over_and_twice_does_no_harm(home):
    run(home, ATTEMPT + DELIVERIES)
