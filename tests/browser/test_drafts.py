"""A half-written comment or note is there again, for its writer alone, until it is sent."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

KEPT = "() => Object.keys(localStorage).find((key) => key.startsWith('headwater-drafts')) ?? null"
SAID = "#talk textarea[name=text]"


@pytest.fixture
def tab(loaded, tab_of):
    return tab_of(loaded[0], "erik")


@pytest.fixture
def records(loaded):
    leads = loaded[1]["leads"]
    return f"/leads/{leads['record']}", f"/leads/{leads['other']}"


def sign_out(tab):
    tab.locator("form[action='/sign-out'] button").click()
    tab.wait_for_url("**/sign-in**")


def sign_in(tab, who):
    tab.goto("/sign-in")
    tab.fill("[name=email]", f"{who}@kestrel.example")
    tab.fill("[name=password]", "headwater-demo")
    tab.keyboard.press("Enter")
    tab.wait_for_url(lambda url: "/sign-in" not in url)


def test_a_comment_is_there_again_until_it_is_sent(tab, records):
    here, elsewhere = records
    tab.goto(here)
    tab.fill(SAID, "Half a sentence")
    tab.reload()
    assert tab.input_value(SAID) == "Half a sentence"
    tab.locator(SAID).focus()
    tab.keyboard.press("Control+End")
    tab.keyboard.type(" to @")
    tab.locator("#talk [role=option][aria-selected=true]").wait_for()
    tab.keyboard.press("Enter")
    named = tab.input_value(SAID)
    assert len(named) > len("Half a sentence to @ ")
    tab.reload()
    assert tab.input_value(SAID) == named
    tab.goto(elsewhere)
    assert tab.input_value(SAID) == "", "each record has its own"
    tab.goto(here)
    tab.locator(SAID).focus()
    tab.keyboard.press("Control+End")
    tab.keyboard.type(", and its end")
    tab.keyboard.press("Control+Enter")
    tab.locator("#talk li", has_text=", and its end").wait_for()
    assert tab.evaluate(KEPT) is None
    tab.reload()
    assert tab.input_value(SAID) == ""


def test_what_is_typed_while_a_comment_is_sent_stays(tab, records):
    tab.goto(records[0])
    held = []
    tab.route("**/comments", lambda route: held.append(route))
    tab.fill(SAID, "Sent")
    tab.keyboard.press("Control+Enter")
    tab.keyboard.type(" and typed since")
    while not held:
        tab.wait_for_timeout(50)
    held[0].continue_()
    tab.locator("#talk li p").get_by_text("Sent", exact=True).wait_for()
    assert tab.input_value(SAID) == " and typed since"


def test_a_comment_is_kept_while_a_value_of_the_record_is_changed(tab, records):
    tab.goto(records[0])
    tab.fill(SAID, "Before the change")
    value = tab.locator("dd[data-cell=title] > a[data-value]")
    if not value.is_visible():
        tab.locator("details.unfold > summary").first.click()
    value.click()
    tab.locator("#cell-place [data-cell-form]").wait_for()
    tab.keyboard.type("Another title")
    tab.keyboard.press("Enter")
    tab.locator("#toasts [data-key=z]").wait_for()
    tab.wait_for_load_state("networkidle")
    assert tab.input_value(SAID) == "Before the change"


def test_it_is_gone_with_its_writer(tab, records):
    tab.goto(records[0])
    tab.fill(SAID, "Nobody else's business")
    tab.context.clear_cookies(name="sessionid")  # it ended; the writer comes back
    sign_in(tab, "erik")
    tab.goto(records[0])
    assert tab.input_value(SAID) == "Nobody else's business"
    tab.context.clear_cookies(name="sessionid")  # it ended; somebody else comes
    sign_in(tab, "ines")
    tab.goto(records[0])
    assert tab.input_value(SAID) == "" and tab.evaluate(KEPT) is None
    tab.fill(SAID, "Mine now")
    sign_out(tab)
    assert tab.evaluate(KEPT) is None


def test_a_note_is_there_again_when_its_dialog_is(tab, loaded):
    tab.goto(f"/people/{loaded[1]['people']['record']}")
    tab.keyboard.press("l")
    tab.locator("dialog[open] textarea").first.fill("They asked for a call on Monday, and")
    tab.keyboard.press("Escape")
    tab.reload()
    tab.keyboard.press("l")
    note = tab.locator("dialog[open] textarea").first
    note.wait_for()
    assert note.input_value() == "They asked for a call on Monday, and"
    tab.locator("dialog[open] [data-draft-drop]").click()
    tab.keyboard.press("l")
    note.wait_for()
    assert note.input_value() == "", "who leaves it has given it up"


def test_drafts_are_neither_lost_to_a_full_browser_nor_kept_too_long(tab, records):
    here, elsewhere = records
    tab.goto(here)
    tab.fill(SAID, "The first")
    tab.goto(elsewhere)
    tab.evaluate("""() => {
      let piece = "x".repeat(1_000_000);
      for (let at = 0; piece; at += 1) {
        try { localStorage.setItem(`full-${at}`, piece); } catch { piece = piece.slice(piece.length / 2 + 1); }
      }
    }""")
    tab.fill(SAID, "Too much " * 100)
    tab.evaluate("Object.keys(localStorage).forEach((key) => key.startsWith('full') && localStorage.removeItem(key))")
    tab.goto(here)
    assert tab.input_value(SAID) == "The first"
    change = "([key, from, to]) => { localStorage[key] = localStorage[key].replace(from, to); }"
    tab.evaluate(change, [tab.evaluate(KEPT), '"at":1', '"at":0'])
    tab.evaluate("() => addEventListener('pagehide', (event) => event.stopImmediatePropagation(), true)")
    tab.goto(here)
    assert tab.input_value(SAID) == "", "it is older than a month"
    tab.evaluate("([key]) => { localStorage[key] = '{broken' }", [tab.evaluate(KEPT)])
    tab.goto(here)
    tab.keyboard.press("Control+k")
    tab.locator("#palette[open]").wait_for()


def test_a_tab_that_somebody_left_open_takes_no_draft_of_another(tab, records):
    tab.goto(records[0])
    left = tab.context.new_page()
    left.goto(records[0])
    left.route("**/*", lambda route: route.abort())  # it asks nobody who it is now
    tab.context.clear_cookies(name="sessionid")
    sign_in(tab, "ines")
    tab.goto(records[0])
    tab.fill(SAID, "By Ines")
    left.fill(SAID, "By Erik")
    tab.evaluate("document.activeElement.blur()")
    tab.reload()
    assert tab.input_value(SAID) == "By Ines"
