"""Where a page may send its reader on to."""

from __future__ import annotations

import html

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


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "without"),
    [
        ("/leads?stage=NEW&amount__gte=much&q=a+%26b", "/leads?stage=NEW&amp;q=a+%26b"),
        ("/leads?amount__gte=much", "/leads"),
        ("/leads?sort=nothing&view=all", "/leads?view=all"),
        ("/leads?filter=nothing&stage=NEW", "/leads?stage=NEW"),
        ('/leads?stage=NEW&filter={"column":"amount","op":"gte","value":"much"}', "/leads"),
        ("/leads/export.csv?amount__gte=much", "/leads/export.csv"),
    ],
)
def test_what_cannot_be_read_in_an_address_is_left_out_by_a_link(client, head, address: str, without: str) -> None:
    client.force_login(head)
    refused = client.get(address)
    assert refused.status_code == 422
    assert f'<a class="btn btn-p" href="{without}">Open without it</a>' in refused.content.decode()
    assert client.get(html.unescape(without)).status_code == 200


@pytest.mark.django_db
def test_a_form_that_was_refused_offers_no_other_address(client, head) -> None:
    client.force_login(head)
    refused = client.post("/leads/widths?stage=NEW", {"width-name": "wide"})
    assert refused.status_code == 422 and "Open without it" not in refused.content.decode()
