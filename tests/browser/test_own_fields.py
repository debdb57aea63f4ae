"""Fields of one's own by keyboard: they are added and put in order, and stand so in the forms."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


def test_fields_are_added_and_put_in_order_without_a_mouse(loaded, tab_of, signed_in):
    base, _places = loaded
    tab = tab_of(base, storage_state=signed_in)
    tab.goto("/settings/fields?of=orders")
    was = tab.locator("tbody th[scope=row] a").all_inner_texts()
    for label in ("Crane", "Gate code", "Lift"):
        tab.locator("#id_label").focus()
        tab.keyboard.type(label)
        tab.keyboard.press("Enter")
        tab.get_by_role("link", name=label).wait_for()
    up = tab.get_by_role("button", name="Move “Lift” up")
    up.focus()
    for at in (1, 0):
        tab.keyboard.press("Enter")  # the focus stays with it
        tab.locator(f"tbody tr:nth-child({len(was) + at + 1})", has_text="Lift").wait_for()
    assert tab.locator("tbody th[scope=row] a").all_inner_texts() == [*was, "Lift", "Crane", "Gate code"]
    tab.goto("/orders/new")
    labels = [text.split("(")[0].strip() for text in tab.locator("form label").all_inner_texts()]
    assert [label for label in labels if label in ("Lift", "Crane", "Gate code")] == ["Lift", "Crane", "Gate code"]
