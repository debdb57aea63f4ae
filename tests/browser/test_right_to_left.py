"""Languages written from right to left: the pages turn round, and nothing sticks out or covers something else."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGES = ("/", "/leads", "/pipeline", "/where-sales-come-from", "/settings/company")
STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def _turned(route):
    """The page as a language that is written from right to left gets it."""
    answer = route.fetch()
    if "text/html" not in answer.headers.get("content-type", ""):
        return route.fulfill(response=answer)
    text = answer.text().replace('dir="ltr"', 'dir="rtl"').replace("/tabler.min.css", "/tabler.rtl.min.css")
    return route.fulfill(response=answer, body=text)


@pytest.fixture
def turned(loaded, chromium, signed_in):
    base, _places = loaded
    contexts = []

    def opened(width):
        context = chromium.new_context(base_url=base, viewport={"width": width, "height": 900}, storage_state=signed_in)
        contexts.append(context)
        tab = context.new_page()
        tab.route(
            f"{base}/**", lambda route: _turned(route) if route.request.is_navigation_request() else route.continue_()
        )
        return tab

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [1440, 360])
def test_pages_turn_round_and_nothing_sticks_out(turned, width):
    tab = turned(width)
    for page in PAGES:
        tab.goto(page)
        assert tab.evaluate(STICKS_OUT) <= 0, page
        if width == 1440:
            rail, main = tab.locator(".rail").bounding_box(), tab.locator("#main").bounding_box()
            assert rail["x"] > main["x"] and rail["x"] >= main["x"] + main["width"] - 1, page
    tab.goto("/leads")
    tab.locator("table a[href^='/leads/'], tr[data-record] a").first.click()
    tab.wait_for_load_state()
    assert tab.evaluate(STICKS_OUT) <= 0
