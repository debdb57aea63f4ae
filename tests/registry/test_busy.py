"""While somebody else holds the database for too long: a plain sentence and when to try again, never a broken page."""

from __future__ import annotations

import sqlite3

import pytest
from django.db.utils import OperationalError
from django.test import RequestFactory

from headwater.api.build import build_api
from headwater.platform.busy import as_busy
from headwater.web.http import RefusalMiddleware, broken


@pytest.fixture
def locked(tmp_path) -> OperationalError:
    """The error of a writer who waits for another one, as Django hands it on."""
    first, second = (sqlite3.connect(tmp_path / "db", timeout=0, isolation_level=None) for _ in range(2))
    first.execute("BEGIN IMMEDIATE")
    try:
        second.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        wrapped = OperationalError(*error.args)
        wrapped.__cause__ = error
        return wrapped
    finally:
        first.close()
        second.close()
    raise AssertionError("nobody waited")


def test_a_page_says_when_to_try_again(locked, db):
    shown = RefusalMiddleware(lambda request: None).process_exception(RequestFactory().post("/people"), locked)
    assert (shown.status_code, shown["Retry-After"]) == (503, "5")
    assert "Try again" in shown.content.decode()


def test_a_piece_of_a_page_keeps_what_was_typed(locked):
    request = RequestFactory().post("/people", HTTP_HX_REQUEST="true")
    shown = RefusalMiddleware(lambda request: None).process_exception(request, locked)
    assert (shown.status_code, shown["HX-Reswap"]) == (503, "none")
    assert "Try again" in shown["HX-Trigger"]


def test_it_is_no_bug_before_a_view_is_reached_either(locked):
    try:
        raise locked
    except OperationalError:
        shown = broken(RequestFactory().get("/"))
    assert (shown.status_code, shown["Retry-After"]) == (503, "5")


def test_the_api_answers_with_a_problem(locked):
    shown = build_api().on_exception(RequestFactory().post("/api/v1/people"), locked)
    assert (shown.status_code, shown["Retry-After"]) == (503, "5")


def test_every_other_trouble_stays_a_bug():
    assert as_busy(OperationalError("no such table: x")) is None
    assert RefusalMiddleware(lambda request: None).process_exception(RequestFactory().get("/"), ValueError()) is None
