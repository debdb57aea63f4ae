"""Records side by side, by hand; and forms that are sent from a long text."""

import re

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture
def tab(loaded, tab_of):
    return tab_of(loaded[0], "erik")


@pytest.fixture
def two(loaded):
    at = loaded[1]["organisations"]
    return at["record"], at["other"]


def picked(tab, line):
    return tab.locator(f"[name='take:{line}']:checked").input_value()


def test_what_comes_from_the_record_that_stays_follows_when_another_one_stays(tab, two):
    here, other = map(str, two)
    tab.goto(f"/organisations/merge?ids={here},{other}&keep={here}")
    name = tab.locator(f"[name='keep_id'][value='{other}']").locator("xpath=..").inner_text().split("\n")[0]
    assert picked(tab, "name") == here
    tab.check(f"[name='keep_id'][value='{other}']")
    assert picked(tab, "name") == other and name in tab.locator("h1").inner_text()
    tab.check(f"[name='take:name'][value='{here}']")
    tab.check(f"[name='keep_id'][value='{here}']")
    tab.check(f"[name='keep_id'][value='{other}']")
    assert picked(tab, "name") == here, "what was chosen by hand stays chosen"


def test_taking_apart_is_taken_back_by_z(tab, two):
    here, other = map(str, two)
    tab.goto(f"/organisations/merge?ids={here},{other}&keep={here}")
    tab.keyboard.press("m")
    tab.wait_for_url(re.compile(rf"/organisations/{here}$"))
    tab.locator("a", has_text="Take apart").click()
    tab.locator("dialog[open] button[type=submit]").click()
    tab.locator("#toasts", has_text="Taken apart").wait_for()
    tab.wait_for_selector("#merged-title", state="detached")
    tab.keyboard.press("z")
    tab.wait_for_selector("#merged-title")
    tab.locator("#toasts", has_text="Undone").wait_for()


@pytest.mark.parametrize("field", ["textarea", "input:not([type=hidden]):visible"])
def test_ctrl_and_enter_send_the_form_of_a_dialog(tab, two, field):
    tab.goto(f"/organisations/{two[0]}")
    tab.keyboard.press("l")
    tab.locator("dialog[open]").wait_for()
    tab.locator("dialog[open] [name=subject]").fill("Sent by the keys alone")
    tab.locator(f"dialog[open] {field}").first.press("Control+Enter")
    tab.wait_for_selector("dialog[open]", state="detached")
    tab.locator("#toasts [data-toast]").first.wait_for()
