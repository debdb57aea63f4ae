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


# Of every text that begins with a figure and goes on in Latin letters: whether the figure stands at its left.
IN_ORDER = r"""(within) => [...document.querySelectorAll(within)].filter(
  (one) => /^\d+ [a-z]/i.test(one.textContent)
).map((one) => {
  const at = (from) => {
    const range = document.createRange();
    const words = document.createTreeWalker(one, NodeFilter.SHOW_TEXT).nextNode();
    range.setStart(words, from); range.setEnd(words, from + 1);
    return range.getBoundingClientRect().left;
  };
  return [one.textContent, at(0) < at(one.textContent.search(/[a-z]/i))];
})"""


@pytest.mark.parametrize("width", [1440, 360])
def test_latin_words_keep_their_order_in_lists_and_records(turned, width):
    tab = turned(width)
    tab.goto("/leads?q=printers")
    _all_in_order(tab.evaluate(IN_ORDER, "td .sub"))
    tab.get_by_text("Orla Keane").first.click()
    tab.wait_for_selector(".rec-side .dl")
    _all_in_order(tab.evaluate(IN_ORDER, ".dl dd bdi, .dl dd a.plain"))


def _all_in_order(found):
    assert found, "nothing on the page begins with a figure"
    assert [text for text, is_in_order in found if not is_in_order] == []
