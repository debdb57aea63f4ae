"""Other sites: they make nobody's browser write, and nobody is sent to them from here."""

from itertools import pairwise
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from headwater.platform.models import Event

WRITING = ("post", "put", "patch", "delete")
ELSEWHERE = (
    "https://evil.example/x", "//evil.example/x", "///evil.example", "/\\evil.example", "\\\\evil.example",
    " //evil.example", "/\t/evil.example", "https:evil.example", "http:///evil.example", "javascript:alert(1)",
    "//evil.example\\@testserver/", "https://testserver@evil.example/", "https://testserver.evil.example/",
    "data:text/html,x", "\x00//evil.example",
)  # fmt: skip
SIGNED = "/mails/stop/"
pytestmark = [pytest.mark.slow, pytest.mark.pages_only]


def patterns(found, prefix=""):
    """Every address with its view, the parts in angle brackets filled with what may stand there."""
    for pattern in found:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


def address_of(route):
    filled = {"noun:slug": "leads", "slug:slug": "leads", "slug:kind": "csv"}
    parts = route.replace("<", ">").split(">")
    kinds = [filled.get(part, "1") if number % 2 else part for number, part in enumerate(parts)]
    return "/" + "".join(kinds)


ADDRESSES = [(address_of(route), view) for route, view in patterns(get_resolver().url_patterns)]


def test_no_page_takes_a_write_without_its_token(client_of):
    """A form on another site has the cookies of the session and not the token of the page."""
    client = client_of("OWNER", enforce_csrf_checks=True)
    pages = [address for address, _ in ADDRESSES if not address.startswith(("/api/", SIGNED))]
    assert len(pages) > 100
    for address in pages:
        for method in WRITING:
            assert getattr(client, method)(address).status_code == 403, (method, address)


def test_only_the_api_and_links_of_mails_look_after_their_token_themselves():
    """The API takes keys of programs, which no browser sends by itself; a session needs the token there as well. A
    link that stops mails is itself the token: nobody else can write it."""
    exempt = {address for address, view in ADDRESSES if getattr(view, "csrf_exempt", False)}
    assert {address for address in exempt if not address.startswith("/api/v1/")} == {f"{SIGNED}1"}


def test_no_endpoint_takes_a_write_of_a_session_without_its_token(client_of):
    client = client_of("OWNER", enforce_csrf_checks=True)
    taken = 0
    for address in (address for address, _ in ADDRESSES if address.startswith("/api/v1/")):
        for method in WRITING:
            answer = getattr(client, method)(address, "{}", content_type="application/json")
            assert answer.status_code in (403, 404, 405), (method, address, answer.status_code)
            taken += answer.status_code == 403
    assert taken > 50


def test_signing_in_leads_nowhere_else(people):
    people["OWNER"].set_password("a long enough one")
    people["OWNER"].save()
    for wanted in ELSEWHERE:
        client = Client()
        page = client.get("/sign-in", {"next": wanted})
        assert all(stays_here(place) for place in links_of(page)), wanted
        sent = {"email": people["OWNER"].email, "password": "a long enough one", "next": wanted}
        answer = client.post("/sign-in", sent)
        assert answer.status_code == 302 and stays_here(answer["Location"]), answer["Location"]


def test_no_write_leads_elsewhere(make, client_of):
    """The page one came from is told by the form, by htmx or by the browser: any of them may lie."""
    [pk] = make("qualify.lead")
    client = client_of("OWNER")
    event = Event.objects.filter(subject_id=pk).latest("pk").pk
    for wanted in ELSEWHERE:
        lies = [({"next": wanted}, {})]
        if wanted.isprintable():
            lies += [({}, {"HTTP_REFERER": wanted}), ({}, {"HTTP_HX_CURRENT_URL": wanted})]
        for body, headers in lies:
            for address in (f"/leads/{pk}/follow", f"/leads/{pk}/edit", "/leads/layout", f"/undo/{event}"):
                answer = client.post(address, body, **headers)
                led = [answer.get("Location"), answer.get("HX-Redirect"), answer.get("HX-Location"), *links_of(answer)]
                assert all(stays_here(place) for place in led if place), (address, body, headers, led)


def links_of(answer):
    """Where the links and forms of a page lead."""
    if "html" not in answer.get("Content-Type", ""):
        return []
    pieces = answer.content.decode().split('"')
    before = ("href=", "action=", "hx-get=", "hx-post=", 'name="next" value=')
    return [value for name, value in pairwise(pieces) if name.endswith(before)]


def stays_here(place):
    cleaned = place.replace("\\", "/").replace("\t", "").strip()
    found = urlsplit(urljoin("http://testserver/", cleaned))
    return found.scheme in ("http", "https", "mailto", "tel") and found.hostname in ("testserver", None)
