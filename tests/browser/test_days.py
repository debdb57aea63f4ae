"""Days are typed as their reader writes them, and picked from the browser's calendar beside the field."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow
PICK = """(field, day) => {
  const native = field.querySelector(".day-native");
  const before = native.value;
  native.value = day;
  native.dispatchEvent(new Event("change", { bubbles: true }));
  return before;
}"""


def test_a_day_is_typed_or_picked_by_hand_and_by_key(loaded, tab_of, signed_in):
    base, _places = loaded
    tab = tab_of(base, storage_state=signed_in)
    tab.goto("/settings/currencies")
    field = tab.locator("main [data-day]").first
    text = field.locator("input").first
    text.fill("24/12/2031")
    field.get_by_role("button", name="Choose from the calendar").click()
    assert field.evaluate(PICK, "2031-12-05") == "2031-12-24"
    assert text.input_value() == "05/12/2031"
    tab.keyboard.press("Escape")  # closes the calendar
    text.press("Alt+ArrowDown")
    assert field.evaluate(PICK, "") == "2031-12-05"
    assert text.input_value() == ""
    assert tab.evaluate("document.activeElement.name") == text.get_attribute("name")
