"""Where a page may send its reader on to."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from headwater.web.http import local_url


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("/leads?owner=me", "/leads?owner=me"),
        ("http://testserver/leads/3", "/leads/3"),
        ("http://evil.example/leads", "/home"),
        ("//evil.example/leads", "/home"),
        ("http://testserver//evil.example/x", "/evil.example/x"),
        ("http://testserver/\\\\evil.example", "/evil.example"),
        ("leads", "/home"),
        ("javascript:alert(1)", "/home"),
        ("", "/home"),
    ],
)
def test_nobody_is_sent_to_another_site(wanted: str, found: str) -> None:
    assert local_url(RequestFactory().get("/"), wanted, "/home") == found
