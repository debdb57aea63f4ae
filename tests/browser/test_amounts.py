"""An amount and its currency are changed together, by keyboard and on a phone, once the company knows a rate."""

import re

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

LIST = "/opportunities?view=open&cols=party,amount,close_date&sort=-amount"
RATES = "/settings/currencies"
SAVED = re.compile("/cell/amount")


@pytest.fixture
def rated(loaded, tab_of):
    """The owner's tab, while a dollar is worth something."""
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto(RATES)
    tab.select_option("#id_currency", "USD")
    tab.fill("#id_day", "2026-01-02")
    tab.fill("#id_rate", "0.5")
    tab.locator("form:has(#id_rate) [type=submit]").click()
    tab.get_by_role("link", name="USD").wait_for()
    yield tab
    tab.goto(f"{RATES}?of=USD")
    with tab.expect_response(re.compile("/USD/remove")):
        tab.get_by_role("button", name="Remove all of them").click()


def focus(tab):
    return tab.evaluate("() => [document.activeElement.localName, document.activeElement.name]")


def test_an_amount_and_its_currency_are_typed_in_one_after_the_other(rated, loaded, tab_of):
    base, _places = loaded
    rated.goto(LIST)
    cell = rated.locator("tbody tr").first.locator("[data-cell=amount]")
    cell.dblclick()
    rated.locator("#cell-place .inp-money").wait_for()
    rated.keyboard.type("4200")
    rated.keyboard.press("Tab")
    assert focus(rated) == ["select", "currency"]
    rated.keyboard.press("Shift+Tab")
    assert focus(rated) == ["input", "amount"]
    rated.keyboard.press("Tab")
    rated.keyboard.type("USD")
    with rated.expect_response(SAVED) as saved:
        rated.keyboard.press("Tab")
    assert saved.value.status == 200
    row = rated.locator("tbody tr").filter(has_text="US$4.2k").first
    row.wait_for()
    record = row.get_attribute("data-record")
    phone = tab_of(base, viewport={"width": 360, "height": 780}, storage_state=rated.context.storage_state())
    phone.goto(f"{record}/edit")
    amount, currency = (phone.locator(f"#id_{name}").bounding_box() for name in ("amount", "currency"))
    assert amount["y"] == currency["y"] and amount["width"] > 100 and currency["x"] + currency["width"] <= 360
    phone.fill("#id_amount", "-1")
    phone.locator("#id_amount").press("Enter")
    phone.locator(".field:has(.inp-money) .errs").wait_for()
    assert phone.locator("#id_currency").input_value() == "USD"
    rated.goto(f"{record}/history?field=amount")
    assert re.search(r"was €[\d,.]+ until .*then “US\$4,200”", rated.inner_text("main"), re.DOTALL)
