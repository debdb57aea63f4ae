"""How often one caller may ask the API."""

import os

import pytest
from django.test import Client
from makers import AT

from headwater.api import limits
from headwater.team.actions.tokens import create_token


@pytest.fixture
def minute(monkeypatch):
    """The moment it is, to be moved on."""
    moment = {"now": 60_000_030.0}
    monkeypatch.setattr(limits, "_window", limits._Window())
    monkeypatch.setattr(limits.time, "time", lambda: moment["now"])
    return moment


@pytest.fixture
def program(by):
    def client() -> Client:
        _token, secret = create_token(user_id=by.user_id, name="Test", scopes=("read",), by=by, at=AT)
        return Client(HTTP_AUTHORIZATION=f"Bearer {secret}")

    return client


def test_whoever_asks_too_often_is_told_when_to_go_on(minute, program, settings):
    settings.API_PER_MINUTE = 3
    client, other = program(), program()
    answers = [client.get("/api/v1/sources") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    refused = answers[-1]
    assert refused["Content-Type"] == "application/problem+json" and refused.json()["code"] == "too_many_requests"
    assert (refused["Retry-After"], refused["RateLimit-Limit"], refused["RateLimit-Reset"]) == ("30", "3", "30")
    assert other.get("/api/v1/sources").status_code == 200, "each token has its own count"
    minute["now"] += 30
    assert client.get("/api/v1/sources").status_code == 200


def test_guessing_tokens_is_limited_by_address(minute, db, settings):
    settings.API_PER_MINUTE = 2
    guesses = [Client(HTTP_AUTHORIZATION=f"Bearer hw_{n}").get("/api/v1/sources").status_code for n in range(3)]
    assert guesses == [401, 401, 429]
    strangers = [Client(REMOTE_ADDR=f"2001:db8:1:2::{n}").get("/api/v1/sources").status_code for n in range(3)]
    assert strangers == [401, 401, 429], "an IPv6 network is one caller"


def test_strangers_behind_a_proxy_are_counted_each_for_themselves(minute, db, settings):
    settings.API_PER_MINUTE, settings.SECURE_PROXY_SSL_HEADER = 1, ("HTTP_X_FORWARDED_PROTO", "https")
    asked = [Client(HTTP_X_FORWARDED_FOR=f"6.6.6.6, 10.4.4.{n}").get("/api/v1/sources").status_code for n in (1, 2, 1)]
    assert asked == [401, 401, 429]


def test_a_clock_that_is_set_back_locks_nobody_out(minute, program, settings):
    settings.API_PER_MINUTE = 1
    client = program()
    assert [client.get("/api/v1/sources").status_code for _ in range(2)] == [200, 429]
    minute["now"] -= 3600
    assert client.get("/api/v1/sources").status_code == 200


def test_all_web_processes_of_a_server_count_together(minute):
    window = limits._Window()
    assert window.ask("token:1")[0] == 1
    child = os.fork()
    if child == 0:
        os._exit(window.ask("token:1")[0])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    assert window.ask("token:1")[0] == 3
    assert window.ask("token:2")[0] == 1


def test_a_flood_of_callers_frees_nobody_of_their_count(minute):
    window = limits._Window()
    for _ in range(5):
        window.ask("token:1")
    for number in range(3 * window.PLACES):
        window.ask(f"address:{number}")
    assert window.ask("token:1")[0] >= 6
