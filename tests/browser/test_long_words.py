"""German and Spanish words are longer than English ones: they stay within what holds them, pages within the window."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGES = ("/account", "/pipeline", "/where-sales-come-from", "/settings/work")
STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Of the entries of the menu, those whose words are higher than they are themselves.
BURST = """[...document.querySelectorAll(".rnav a")].filter((one) => {
  const words = document.createRange();
  words.selectNodeContents(one);
  return one.checkVisibility() && words.getBoundingClientRect().height > one.getBoundingClientRect().height + 0.5;
}).map((one) => one.textContent.trim())"""


@pytest.mark.parametrize(("locale", "account"), [("de-DE", "Mein Konto"), ("es-ES", "Mi cuenta")])
def test_long_words_stay_inside(loaded, chromium, signed_in, locale, account):
    base, _places = loaded
    with chromium.new_context(base_url=base, locale=locale, storage_state=signed_in) as context:
        with context.new_page() as elsewhere:  # a second session: then there is the longest button, to end it
            elsewhere.context.clear_cookies()
            elsewhere.goto("/sign-in")
            elsewhere.fill("[name=email]", "erik@kestrel.example")
            elsewhere.fill("[name=password]", "headwater-demo")
            elsewhere.keyboard.press("Enter")
            elsewhere.wait_for_url(f"{base}/")
        tab = context.new_page()
        for page in PAGES:
            tab.goto(page)
            for width in (1440, 360):
                tab.set_viewport_size({"width": width, "height": 900})
                assert tab.evaluate(STICKS_OUT) <= 0, (page, width)
                assert tab.evaluate(BURST) == [], page
        tab.goto("/account")
        assert tab.locator("h1").inner_text() == account
