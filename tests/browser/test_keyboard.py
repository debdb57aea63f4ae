"""A day's work without a mouse: every step is a key, and the reader always sees where the focus is."""

from __future__ import annotations

import re
import time

import pytest

WHERE = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return "nowhere";
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  const marked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const caret = e.matches("#palette input");  // the palette is its field
  if (!marked && !caret) return `unseen ${e.outerHTML.slice(0, 120)}`;
  if (box.bottom <= 0 || box.top >= innerHeight) return `off the screen ${e.outerHTML.slice(0, 120)}`;
  const field = e.matches("button") ? "" : e.getAttribute("name");
  return (e.getAttribute("aria-label") || field || e.textContent).trim().replace(/\\s+/g, " ");
}"""


class Keyboard:
    """A person at the keyboard."""

    def __init__(self, tab) -> None:
        self.tab = tab

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tab.keyboard.press(key)

    def type(self, words: str) -> None:
        self.tab.keyboard.type(words)

    @property
    def focus(self) -> str:
        """What has the focus; it must be marked and on the screen."""
        said = self.tab.evaluate(WHERE)
        if said.startswith("off the screen"):  # a long page scrolls there first
            self.tab.wait_for_timeout(300)
            said = self.tab.evaluate(WHERE)
        assert not said.startswith(("unseen", "off the screen")), said
        return said

    def tab_to(self, words: str, key: str = "Tab", most: int = 80) -> None:
        """Press Tab until something of that name has the focus."""
        passed = []
        for _ in range(most):
            self.press(key)
            passed.append(self.focus)
            if re.search(words, passed[-1]):
                return
        pytest.fail(f"{words} was not reached: {passed}")

    def settled(self, focus: str) -> None:
        """Wait for the answer of the server; then the focus is at something of that name."""
        self.tab.wait_for_selector(".htmx-request", state="detached")
        self.tab.wait_for_timeout(150)
        assert re.search(focus, self.focus), self.focus

    def waits_at(self, name: str) -> None:
        """Wait until the field of that name has the focus."""
        self.tab.wait_for_function("(name) => document.activeElement.name === name", arg=name)

    def dialog(self, title: str) -> None:
        self.tab.locator("dialog[open] h2", has_text=title).wait_for()
        assert self.tab.evaluate("() => document.querySelector('dialog[open]').contains(document.activeElement)")


def test_a_day_without_a_mouse(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base)
    keys = Keyboard(tab)

    # Sign in.
    tab.goto("/sign-in")
    if keys.focus != "email":
        keys.tab_to("^email$")
    keys.type("erik@kestrel.example")
    keys.press("Tab")
    keys.type("headwater-demo")
    keys.press("Enter")
    tab.wait_for_url(f"{base}/")
    keys.press("Tab")
    assert keys.focus == "Skip to content"

    # To the leads, and a filter: leads that are being worked on.
    keys.press("g", "l")
    tab.wait_for_url("**/leads")
    keys.press("/")
    keys.settled("Find in leads")
    keys.tab_to("^Stage$")
    keys.press("Enter", "ArrowDown")
    for _ in range(8):
        if keys.focus.startswith("Working"):
            break
        keys.press("ArrowDown")
    keys.press("Enter")
    tab.wait_for_url("**/leads?stage=WORKING")
    keys.settled("^Stage: Working")

    # Open one, move it on.
    keys.press("j")
    assert keys.focus
    keys.press("j", "k", "Enter")
    tab.wait_for_url(re.compile(r"/leads/\d+"))
    keys.press("m")
    keys.dialog("Move")
    keys.type("MQL")
    keys.press("Tab")
    keys.type("Asked for a date")
    keys.press("Enter")
    tab.locator(".path .now", has_text="MQL").wait_for()
    keys.settled("Move|^[A-Z]")

    # Log a call.
    keys.press("l")
    keys.dialog("Log a call")
    keys.tab_to("^subject$") if keys.focus != "subject" else None
    keys.type("Wants two printers by spring")
    keys.press("Enter")
    tab.locator(".tl", has_text="Wants two printers by spring").wait_for()
    keys.settled(".")

    # A to-do for the person, left with Esc first: what opened the dialog has the focus again.
    keys.tab_to(f"^{re.escape(tab.locator('h1 bdi').inner_text())}$", key="Shift+Tab", most=120)
    keys.press("Enter")
    tab.wait_for_url(re.compile(r"/people/\d+"))
    keys.tab_to("Plan a to-do")
    keys.press("Enter")
    keys.dialog("Plan a to-do")
    keys.press("Escape")
    keys.settled("^Plan a to-do")
    keys.press("n")
    keys.dialog("Plan a to-do")
    keys.type("Send the price list")
    keys.press("Enter")
    tab.locator("main", has_text="Send the price list").wait_for()
    keys.settled("^Plan a to-do")

    # The palette leads to the pipeline.
    keys.press("Control+k")
    assert keys.focus == "Search or run a command"
    keys.type("pipeline")
    tab.locator("#palette [aria-selected=true]", has_text="Pipeline").wait_for()
    keys.press("Enter")
    tab.wait_for_url("**/pipeline")

    # Move a card, to the end: won.
    keys.press("j")
    card = keys.focus
    first = tab.evaluate("() => document.activeElement.id")
    lists = [tab.locator(f"[data-board-list] >> nth={at} >> #{first}") for at in range(5)]
    for to in lists[1:]:
        keys.press(">")
        to.wait_for()
        tab.locator(f"#{first}.moving").wait_for(state="detached")
        keys.settled(re.escape(card.split(",")[0]))
    assert "Won" in tab.locator(".kb-col", has=tab.locator(f"#{first}")).inner_text()

    # Undo the last step.
    tab.locator("#toasts [data-key=z]").first.wait_for()
    keys.press("z")
    lists[3].wait_for()
    keys.settled(re.escape(card.split(",")[0]))

    # What the keys of this page are.
    keys.press("?")
    keys.dialog("Keys of this page")
    keys.press("Escape")
    keys.settled(re.escape(card.split(",")[0]))


SETTINGS = ("mail", "fields", "currencies", "roles", "webhooks")
CONTROLS = """() => [...document.querySelectorAll("main :is(a[href], button, input, select, textarea, summary)")]
  .filter((e) => e.type !== "hidden" && !e.disabled && e.checkVisibility()).map((e, at) => (e.dataset.nr = at))"""
REACHED = """() => {
  const e = document.activeElement, style = getComputedStyle(e);
  const own = ["date", "time"].includes(e.type);  // its parts are marked by the browser
  return [e.dataset.nr ?? "", own || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)];
}"""


def test_a_file_comes_in_and_goes_back_without_a_mouse(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    keys = Keyboard(tab)

    # A number of the report leads to the rows behind it.
    keys.press("g", "s")
    tab.wait_for_url("**/where-sales-come-from")
    keys.tab_to(r"^[\d.,]+$", most=160)
    keys.press("Enter")
    tab.wait_for_url("**/where-sales-come-from/rows?*")

    # The wizard, from the sample file to its undo.
    keys.press("g", "i")
    tab.wait_for_url("**/imports")
    keys.press("c")
    tab.wait_for_url("**/imports/new*")
    keys.tab_to("^Try the sample file")
    keys.press("Enter")
    tab.wait_for_url("**/columns*")
    keys.tab_to("^Check the file")
    keys.press("Enter")
    tab.locator("button", has_text="Import 36 rows").wait_for()
    tab.wait_for_load_state()
    keys.tab_to("^Import 36 rows")
    keys.press("Enter")
    tab.locator("button", has_text="Undo this import").wait_for()
    tab.wait_for_load_state()
    keys.tab_to("^Undo this import")
    keys.press("Enter")
    tab.locator("main", has_text="Taken back").wait_for()


@pytest.mark.parametrize("page", SETTINGS)
def test_everything_in_settings_is_reached_and_seen(loaded, tab_of, signed_in, page):
    base, _places = loaded
    tab = tab_of(base, storage_state=signed_in)
    tab.goto(f"/settings/{page}")
    left = {str(number) for number in tab.evaluate(CONTROLS)}
    assert left
    Keyboard(tab).press("Tab", "Enter")  # skip to the content
    for _ in range(len(left) + 12):  # a date has several parts, a table that scrolls is one
        tab.keyboard.press("Tab")
        number, is_seen = tab.evaluate(REACHED)
        assert is_seen or not number, f"nothing marks control {number}"
        left.discard(number)
        if not left:
            return
    pytest.fail(f"never reached: {left}")


def test_a_form_that_comes_back_is_gone_on_with_where_one_was(loaded, tab_of, signed_in):
    base, _places = loaded
    tab = tab_of(base, storage_state=signed_in)
    keys = Keyboard(tab)
    tab.goto("/settings/holidays")
    name = tab.locator("main [name=name]")
    tab.locator("main input[name=day]").fill("2031-12-24")
    name.fill("Christmas Eve")
    name.press("Enter")
    tab.locator("main th, main td", has_text="Christmas Eve").wait_for()
    keys.waits_at("name")  # the next day is typed at once
    tab.locator("main input[name=day]").fill("2031-12-24")
    name.fill("Once more")
    name.press("Enter")
    tab.locator("main [aria-invalid=true]").wait_for()
    keys.waits_at("day")  # what is wrong comes first


def test_words_typed_faster_than_they_are_answered_are_all_looked_for(loaded, tab_of, signed_in):
    base, _places = loaded
    tab = tab_of(base, storage_state=signed_in)
    wrong = []
    tab.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    tab.route(
        "**/search?*", lambda route: (time.sleep(0.4), route.continue_())
    )  # each letter asks before the last is told
    tab.goto("/")
    tab.keyboard.press("Control+k")
    tab.locator("#palette input[type=search]").press_sequentially("pipeline", delay=150)
    tab.locator("#palette [aria-selected=true] mark", has_text="Pipeline").wait_for()
    assert wrong == []


@pytest.mark.parametrize(
    ("page", "keys", "asks", "typed", "field"),
    [
        ("/leads", ("q",), "**/leads/quick*", "Liz Czerny, Zahn Ltd", "dialog[open] [name=line]"),
        (
            "/opportunities?view=open&cols=name,amount",
            ("j", "F2"),
            "**/cell/*",
            "Jazz next",
            "[data-cell-form] [name=name]",
        ),
    ],
)
def test_what_is_typed_before_the_field_has_come_is_in_it(loaded, tab_of, signed_in, page, keys, asks, typed, field):
    base, _places = loaded
    tab = tab_of(base, storage_state=signed_in)
    held = []
    tab.route(asks, lambda route: held.append(route))
    tab.goto(page)
    for key in keys:
        tab.keyboard.press(key)
    tab.keyboard.type(f"{typed}x")
    tab.keyboard.press("Backspace")
    assert len(held) == 1, "no letter was a command of the page"
    held.pop().continue_()
    tab.locator(field).wait_for()
    tab.wait_for_function("([field, typed]) => document.querySelector(field).value === typed", arg=[field, typed])


def test_who_goes_back_from_a_record_goes_on_with_the_row_below(loaded, tab_of, signed_in):
    base, _places = loaded
    tab = tab_of(base, storage_state=signed_in)
    keys = Keyboard(tab)
    tab.goto("/people")
    keys.press("j", "j", "j", "j")
    left, below = (tab.locator(f"[data-row] >> nth={at}").get_attribute("data-record") for at in (3, 4))
    keys.press("Enter")
    tab.wait_for_url(f"**{left}*")
    tab.wait_for_load_state()
    tab.go_back()
    tab.wait_for_url("**/people")
    at = "(record) => document.activeElement.closest('[data-row]')?.dataset.record === record"
    tab.wait_for_function(at, arg=left)
    keys.press("j")
    tab.wait_for_function(at, arg=below)


def test_enter_before_the_palette_has_answered_waits_for_what_is_found(loaded, tab_of, signed_in):
    base, _places = loaded
    tab = tab_of(base, storage_state=signed_in)
    tab.goto("/people")
    tab.keyboard.press("Control+k")
    tab.locator("#palette .pick").first.wait_for()
    held = []
    tab.route("**/search?*", lambda route: held.append(route))
    tab.keyboard.type("pipeline")
    tab.keyboard.press("Enter")
    while not held:
        tab.wait_for_timeout(50)
    held.pop().continue_()
    tab.wait_for_url("**/pipeline")


def test_enter_picks_nobody_whom_only_the_first_letters_found(loaded, tab_of, signed_in):
    base, _places = loaded
    tab = tab_of(base, storage_state=signed_in)
    tab.goto("/people")
    known = tab.locator("[data-row] [data-open]").first.inner_text()
    tab.goto("/opportunities/new")
    field = tab.locator("[data-picker] [role=combobox]").first
    field.press_sequentially(known[:3])
    tab.locator("[data-picker] [aria-selected=true]").wait_for()
    tab.route("**/suggest*", lambda route: None)  # the next answer never comes
    field.press_sequentially(" Somebody Else")
    field.press("Enter")
    assert field.input_value() == f"{known[:3]} Somebody Else"


def test_enter_in_the_field_that_finds_goes_to_what_is_found(loaded, tab_of, signed_in):
    base, _places = loaded
    tab = tab_of(base, storage_state=signed_in)
    keys = Keyboard(tab)
    tab.goto("/people")
    wanted = tab.locator("[data-row] >> nth=5")
    name, address = wanted.locator("[data-open]").inner_text(), wanted.get_attribute("data-record")
    tab.evaluate("() => { window.stays = true; }")
    keys.press("/")
    keys.type(name)
    keys.press("Enter")  # before the answer
    tab.wait_for_url("**/people?q=*")
    tab.wait_for_function(
        "(at) => document.activeElement.closest('[data-row]')?.dataset.record === at && window.stays", arg=address
    )
    keys.press("Enter")
    tab.wait_for_url(f"**{address}*")


def test_what_is_done_at_once_takes_no_key_from_the_next_command(loaded, tab_of, signed_in):
    base, _places = loaded
    tab = tab_of(base, storage_state=signed_in)
    held = []
    tab.route("**/undo/*", lambda route: held.append(route))
    tab.goto("/people")
    tab.keyboard.press("j")
    tab.evaluate("() => { htmx.ajax('POST', '/undo/1', { target: document.body, swap: 'none' }); }")
    tab.keyboard.press("j")
    below = tab.locator("[data-row] >> nth=1").get_attribute("data-record")
    assert tab.evaluate("document.activeElement.closest('[data-row]')?.dataset.record") == below
    assert len(held) == 1
    held.pop().fulfill(status=204)


def test_one_escape_closes_the_palette_whatever_was_typed(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto("/leads")
    tab.keyboard.press("Control+K")
    field = tab.locator("dialog[open] [name=q]")
    field.fill("plotter")
    field.press("Escape")
    tab.locator("dialog[open]").wait_for(state="detached")
    tab.keyboard.press("?")
    tab.locator("dialog[open]", has_text="Keys of this page").wait_for()
