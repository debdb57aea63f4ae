"""What those who watch over an installation see, and that nobody's data are in it."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import os
import subprocess
import sys

import pytest
import structlog
from django.db.utils import IntegrityError, OperationalError
from django.test import Client, override_settings

from headwater.config import health, logs, measured
from headwater.config.home import Home
from headwater.config.lifecycle import restoring
from headwater.config.worker import _trouble
from headwater.parties import actions as parties
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.team.models import Company, Role, User

pytestmark = pytest.mark.django_db

SECRETS = ("Fenwick", "orla", "hw_notatoken", "plotters", "sesame")


@pytest.fixture
def owner(company: Company) -> User:
    return User.objects.create(
        email="orla.fenwick@kestrel.example", name="Orla Fenwick", role=Role.OWNER, created_at=now()
    )


@pytest.fixture
def lines(settings):
    """What is logged as JSON while the test runs."""
    before = structlog.get_config()
    settings.LOG_STYLE = logs.JSON
    written = io.StringIO()
    configured = logs.configure(logs.JSON)
    formatter = configured["formatters"]["lines"]
    handler = logging.StreamHandler(written)
    made = dict(formatter)
    handler.setFormatter(made.pop("()")(**made))
    root, ours = logging.getLogger(), logging.getLogger("headwater")
    root.addHandler(handler)
    level = ours.level
    ours.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(handler)
    ours.setLevel(level)
    structlog.configure(**before)


def test_a_walk_leaves_nothing_of_anybody_in_the_log(owner, lines, monkeypatch):
    party = parties.add_person(by=job_actor("test"), at=now(), name="Orla Fenwick", email="orla@harrow.example")
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    client.get(f"/people/{party.pk}", {"from": "Fenwick"}, headers={"X-Request-ID": "abc-123"})
    client.get("/search", {"q": "Orla plotters"})
    client.get("/people", {"q": "orla@harrow.example"})
    client.post("/people/new", {"name": "Fenwick plotters", "email": "orla@"})
    client.get("/welcome/sesame-open")
    client.get("/api/v1/people/external/erp/Fenwick", headers={"Authorization": "Bearer hw_notatoken"})
    client.get("/nowhere/Fenwick")
    monkeypatch.setattr("headwater.web.record.row_of", _broken)
    broken = client.get(f"/people/{party.pk}")
    written = lines()
    assert broken.status_code == 500
    requests = [line for line in written if line["event"] == "request"]
    assert len(requests) == 8
    first = requests[0]
    assert (first["route"], first["status"], first["user"]) == ("/people/<int:pk>", 200, owner.pk)
    assert (first["request_id"], first["method"]) == ("abc-123", "GET") and first["ms"] > 0
    failed = next(line for line in written if line.get("exception") == "builtins.RuntimeError")
    assert failed["logger"] == "django.request" and any("_broken" in place for place in failed["at"])
    assert (failed["event"], failed["status"]) == ("internal_server_error", 500)
    text = json.dumps(written)
    assert [secret for secret in SECRETS if secret.lower() in text.lower()] == []


def test_what_libraries_log_is_named_without_what_they_put_into_it(lines):
    logging.getLogger("django.request").error("%s: %s", "Internal Server Error", "/orla", extra={"status_code": 500})
    logging.getLogger("django.security").error("/orla is outside", extra={"status_code": 400})
    logging.getLogger("psycopg.pool").warning("discarding %(name)-5.3s, broken", {"name": "orla"})
    logging.getLogger("worker").warning("%s: %s", "orla", "orla")
    logging.getLogger("worker").warning(ValueError("orla"))
    written = lines()
    assert [line["event"] for line in written] == [
        "internal_server_error", "bad_request", "discarding …, broken", "worker", "worker",
    ]  # fmt: skip
    assert "orla" not in json.dumps(written)


def _broken(*_given: object, **_named: object) -> object:
    customer = "Orla Fenwick"
    raise RuntimeError(f"{customer} orla@harrow.example")


@pytest.mark.parametrize("style", ["", logs.JSON, logs.CONSOLE])
def test_what_goes_wrong_is_told_without_its_text_whatever_the_style(style, home):
    code = (
        "import structlog; from django.conf import settings; from django.utils.log import configure_logging\n"
        "configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)\n"
        "structlog.get_logger('headwater.walk').info('walked')\n"
        "try: raise ValueError('orla@harrow.example')\n"
        "except ValueError: structlog.get_logger('headwater.walk').exception('job_failed')"
    )
    environment = {**os.environ, "HEADWATER_HOME": str(home.path), "HEADWATER_LOG": style}
    environment["DJANGO_SETTINGS_MODULE"] = "headwater.config.settings"
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "job_failed" in ran.stderr and "builtins.ValueError" in ran.stderr
    assert ("walked" in ran.stderr) is bool(style)
    assert "orla" not in ran.stderr + ran.stdout


def test_the_database_tells_its_trouble_but_no_values_of_a_row():
    assert _trouble(OperationalError("the server went away")) == "the server went away"
    assert _trouble(IntegrityError("Key (email)=(orla@harrow.example) already exists")) == "IntegrityError"


def test_an_answer_says_the_id_of_its_request():
    given = Client().get("/sign-in", headers={"X-Request-ID": "abc-123"})
    made_up = Client().get("/sign-in", headers={"X-Request-ID": "no\tgood " * 30})
    assert given["X-Request-ID"] == "abc-123"
    assert len(made_up["X-Request-ID"]) == 32


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    """A data folder that looks like one in use."""
    made = Home(tmp_path)
    made.create()
    made.database.touch()
    monkeypatch.setattr(health, "current_home", lambda: made)
    return made


def test_it_lives_and_is_ready_without_a_session(home, django_assert_max_num_queries):
    client = Client(headers={"host": "10.0.0.7"})  # load balancers ask by number
    assert client.get("/healthz").status_code == 200
    client.get("/readyz")
    with django_assert_max_num_queries(1):
        answer = client.get("/readyz")
    assert (answer.status_code, answer.content, answer.cookies) == (200, b"ready\n", {})


def test_it_is_not_ready_while_it_is_restored(home):
    with restoring(home, home.path / "b.tar.gz"):
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.content) == (503, b"restore_unfinished\n")
        assert Client().get("/healthz").status_code == 200
    assert Client().get("/readyz").status_code == 200


def test_figures_are_for_who_has_the_token():
    client = Client()
    assert client.get("/metrics").status_code == 404
    with override_settings(METRICS_TOKEN="open sesame"):
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": "Bearer"}).status_code == 401
        client.get("/sign-in")
        text = client.get("/metrics", headers={"Authorization": "Bearer open sesame"}).content.decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert values['headwater_jobs{state="queued"}'] == "0"
    assert float(values["headwater_database_bytes"]) > 0
    asked = 'method="GET",route="/sign-in"'  # other tests of this process have asked as well
    answered = [name for name in values if name.startswith("headwater_requests_total") and asked in name]
    took = values[f"headwater_request_seconds_count{{{asked}}}"]
    assert sum(float(values[name]) for name in answered) == float(took) >= 1
    assert values[f'headwater_request_seconds_bucket{{{asked},le="+Inf"}}'] == took
    for line in text.splitlines():
        assert line.startswith(("# HELP headwater_", "# TYPE headwater_", "headwater_")), line


def answered(route: str) -> dict[str, float]:
    """What was counted for a route, by method and status."""
    lines = (line for line in measured.text(measured.of_this_server()).splitlines() if f'route="{route}"' in line)
    found = dict(line.rsplit(" ", 1) for line in lines)
    return {name: float(value) for name, value in found.items() if "_bucket" not in name}


def test_requests_of_all_web_processes_are_counted_together_also_of_those_that_ended():
    for times in (3, 4):
        if not (child := os.fork()):
            try:
                for _ in range(times):
                    measured.count("GET", "/shared", 200, 0.5)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    measured.count("GET", "/shared", 404, 0.25)
    labels = 'method="GET",route="/shared"'
    assert answered("/shared") == {
        f'headwater_requests_total{{{labels},status="200"}}': 7,
        f'headwater_requests_total{{{labels},status="404"}}': 1,
        f"headwater_request_seconds_sum{{{labels}}}": 3.75,
        f"headwater_request_seconds_count{{{labels}}}": 8,
    }


def test_a_process_that_takes_an_old_place_goes_on_from_what_stands_there():
    for _ in range(measured._Sheet.PAGES + 2):
        if not (child := os.fork()):
            try:
                measured.count("GET", "/again", 200, 0.1)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    assert answered("/again")['headwater_requests_total{method="GET",route="/again",status="200"}'] == 66


def test_what_has_no_room_is_counted_as_the_rest():
    sheet = measured._Sheet()
    sheet.count(measured.Answers("GET", "/x" * 100, 200), 0.1)
    for number in range(sheet.LINES + 10):
        sheet.count(measured.Answers("GET", f"/{number}", 200), 0.1)
    sums = sheet.sums()
    assert len(sums) <= sheet.LINES and sums[measured.NO_ROOM][3] == 1 + sheet.LINES + 10 - (sheet.LINES - 2)


@override_settings(METRICS_TOKEN="sesame")
def test_methods_that_nobody_knows_are_counted_as_one(company):
    client = Client()
    for number in range(50):
        client.generic(f"SECRET{number}", "/leads")
    figures = client.get("/metrics", headers={"Authorization": "Bearer sesame"}).content.decode()
    assert "SECRET" not in figures and 'method="(other)"' in figures
