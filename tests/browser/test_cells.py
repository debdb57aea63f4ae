"""Cells and lines: values are changed where they stand, a lead is taken in with one line, all by keyboard."""

import re

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

LIST = "/opportunities?view=open&cols=party,name,amount,forecast_category,close_date,next_step&sort=-amount"
FOCUS = """() => {
  const at = document.activeElement;
  return [at.localName, at.dataset.cell || at.name || "", (at.value ?? at.textContent).trim()];
}"""


def focus(tab):
    return tab.evaluate(FOCUS)


def at_cell(tab, field):
    """Wait until the cell of that field has the focus; what it says."""
    tab.wait_for_function("name => document.activeElement.dataset.cell === name", arg=field)
    return focus(tab)[2]


def to_cell(tab, field):
    tab.keyboard.press("j")
    for _ in range(12):
        tab.keyboard.press("ArrowRight")
        if focus(tab)[1] == field:
            return
    raise AssertionError(f"{field} cannot be reached")


def editor(tab):
    tab.locator("#cell-place [data-cell-form]").wait_for()
    assert tab.evaluate("() => document.getElementById('cell-place').contains(document.activeElement)")


def test_a_list_is_gone_through_and_changed_like_a_sheet(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto(LIST)
    to_cell(tab, "amount")
    tab.keyboard.press("x")
    first = focus(tab)[2]
    tab.keyboard.press("Enter")
    editor(tab)
    with tab.expect_response(re.compile("/cell/amount")) as saved:
        tab.keyboard.type("98765")
        tab.keyboard.press("Tab")
    assert saved.value.status == 200
    at_cell(tab, "forecast_category")
    tab.locator("#toasts [data-key=z]").wait_for()
    assert tab.locator("tr.cur [data-cell=amount]").inner_text() == "€99k"
    tab.locator("tr.cur[aria-selected=true]").wait_for()  # chosen before, chosen still
    tab.keyboard.press("x")
    tab.keyboard.press("F2")
    editor(tab)
    tab.keyboard.press("Enter")  # nothing was changed: down, without a word to the server
    at_cell(tab, "forecast_category")
    assert (
        tab.evaluate("() => [...document.querySelectorAll('[data-row]')].indexOf(document.querySelector('tr.cur'))")
        == 1
    )
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("z")
    tab.locator("#toasts", has_text="Undone").wait_for()
    assert at_cell(tab, "amount") == first, "undone, and the focus is where it was"


def test_the_owner_of_a_cell_is_changed_by_its_step(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto("/leads?view=open&cols=name,owner,stage")
    tab.keyboard.press("j")
    tab.keyboard.press("End")
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("Enter")
    tab.locator("dialog[open] h2", has_text="Assign").wait_for()
    assert focus(tab)[1] == "owner_id"
    tab.keyboard.type("Marta")
    tab.keyboard.press("Enter")
    tab.locator("#toasts", has_text="Lead assigned").wait_for()
    tab.wait_for_function("() => document.activeElement.matches('td[data-step^=\"do/assign\"]')")


def test_what_is_wrong_is_told_at_the_cell_and_stays_typed(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto(LIST)
    to_cell(tab, "amount")
    tab.keyboard.press("Enter")
    editor(tab)
    tab.keyboard.type("lots")
    tab.keyboard.press("Enter")
    tab.locator("#cell-place .errs").wait_for()
    assert focus(tab)[2] == "lots"
    tab.keyboard.press("Escape")
    at_cell(tab, "amount")
    assert tab.locator("#cell-place").is_hidden()


def test_two_people_at_one_cell_are_asked_whose_words_stand(loaded, tab_of):
    base, _places = loaded
    tab, other = tab_of(base, "erik"), tab_of(base, "erik")
    tab.goto(LIST)
    to_cell(tab, "next_step")
    tab.keyboard.press("Enter")
    editor(tab)
    other.goto(LIST)
    to_cell(other, "next_step")
    other.keyboard.press("Enter")
    editor(other)
    other.keyboard.type("Send the samples")
    other.keyboard.press("Enter")
    other.locator("#toasts [data-key=z]").wait_for()
    tab.keyboard.type("Call the buyer")
    tab.keyboard.press("Enter")
    tab.locator("#cell-place .clash").wait_for()
    tab.keyboard.press("Space")  # keep mine
    tab.keyboard.press("Enter")
    at_cell(tab, "next_step")
    assert "Call the buyer" in tab.locator("tbody").inner_text()


def test_two_people_at_one_form_begin_at_what_is_to_be_decided(loaded, tab_of, signed_in):
    base, places = loaded
    tab, other = tab_of(base, storage_state=signed_in), tab_of(base, storage_state=signed_in)
    for each, words in ((tab, "Mine"), (other, "Theirs")):
        each.goto(f"/organisations/{places['organisations']['record']}")
        each.keyboard.press("e")
        each.locator("dialog[open] [name=city]").fill(words)
    other.keyboard.press("Enter")
    other.locator("dialog[open]").wait_for(state="detached")
    tab.keyboard.press("Enter")
    tab.locator("dialog[open] .clash").wait_for()
    tab.wait_for_function("() => document.activeElement.name === 'keep-city'")
    tab.keyboard.press("Space")  # keep mine
    tab.keyboard.press("Enter")
    tab.locator("dialog[open]").wait_for(state="detached")
    tab.locator("dd", has_text="Mine").first.wait_for()


def test_the_values_of_a_record_are_changed_in_place(loaded, tab_of):
    base, places = loaded
    tab = tab_of(base, "erik")
    tab.goto(f"/leads/{places['leads']['record']}?in=view%3Dopen")
    value = tab.locator("dd[data-cell=title] > a[data-value]")
    if not value.is_visible():
        tab.locator("details.unfold > summary").first.click()
    value.focus()
    tab.keyboard.press("Enter")
    editor(tab)
    tab.keyboard.press("Control+a")
    tab.keyboard.type("Two label printers")
    tab.keyboard.press("Enter")
    tab.locator("dd[data-cell=title]", has_text="Two label printers").wait_for()
    assert tab.url.endswith("?in=view%3Dopen"), "the list one came from is kept"
    tab.wait_for_function("() => document.activeElement.closest('dd[data-cell]')")


def test_on_a_phone_a_value_opens_the_dialog(loaded, tab_of):
    base, places = loaded
    tab = tab_of(base, "erik", viewport={"width": 360, "height": 800})
    tab.goto(f"/leads/{places['leads']['record']}")
    tab.locator("dd[data-cell] > a[data-value]").first.click()
    tab.locator("dialog[data-arrives][open]").wait_for()
    assert tab.locator("#cell-place").is_hidden()


@pytest.mark.parametrize("width", [1440, 360])
def test_a_lead_is_taken_in_with_one_line(loaded, tab_of, width):
    base, _places = loaded
    tab = tab_of(base, "erik", viewport={"width": width, "height": 900})
    tab.goto("/leads")
    tab.keyboard.press("q")
    tab.locator("#quick-line").wait_for()
    tab.keyboard.type(f"Orla Keane {width}, Harrow & Pike, orla{width}@harrow.example, quote for 2 plotters")
    tab.locator(".piece [name=title][value='2 plotters']").wait_for()
    assert tab.locator(".piece [name=interest]").input_value() == "QUOTE_REQUEST"
    wish = tab.locator(".piece [name=title]")
    wish.focus()
    tab.keyboard.press("Control+a")
    tab.keyboard.type("3 plotters")
    tab.locator("#quick-line").focus()
    tab.keyboard.press("End")
    with tab.expect_response(re.compile("/leads/quick")):
        tab.keyboard.type(", €12k")
    tab.locator(".piece [name=amount]").wait_for()
    assert tab.locator(".piece [name=title]").input_value() == "3 plotters", "what was corrected stays"
    tab.keyboard.press("Enter")
    tab.locator("#toasts", has_text="Lead captured").wait_for()
    tab.locator("dialog[open]").wait_for(state="detached")
    tab.goto(f"/leads?q=Orla+Keane+{width}")
    row = tab.locator("tr[data-row]")
    assert row.count() == 1 and "3 plotters" in row.inner_text() and "€12k" in row.inner_text()


def test_an_undo_works_after_its_message_is_gone(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto(LIST)
    to_cell(tab, "next_step")
    before = focus(tab)[2]
    tab.keyboard.press("Enter")
    editor(tab)
    tab.keyboard.press("Control+a")
    tab.keyboard.type("A step to be taken back")
    tab.keyboard.press("Tab")
    tab.locator("#toasts [data-toast-close]").last.click()
    tab.goto(LIST)
    tab.keyboard.press("?")
    tab.locator("#keys-help li", has_text="Undo the last change").wait_for()
    tab.keyboard.press("Escape")
    tab.keyboard.press("z")
    tab.locator("#toasts", has_text="Undone").wait_for()
    assert before in tab.locator("tbody").inner_text()


def test_a_link_to_an_entry_opens_the_journey_there(loaded, tab_of):
    base, places = loaded
    tab = tab_of(base, "erik")
    tab.goto(f"/leads/{places['leads']['record']}")
    last = tab.locator(".tl > li[id^=e]").last.get_attribute("id")
    tab.goto("/leads")
    tab.goto(f"/leads/{places['leads']['record']}#{last}")
    tab.wait_for_function("id => document.activeElement.id === id", arg=last)
    assert "on" in tab.locator(f"#{last}").get_attribute("class").split()
    address = tab.locator("[data-journey]").get_attribute("data-journey")
    tab.goto(f"{address}?at={last[1:]}")
    assert tab.locator(".tl > li").first.get_attribute("id") == last
    tab.get_by_text("Show what came after").click()
    tab.locator(f".tl > li:first-child:not(#{last})").or_(tab.locator(f"#{last}")).first.wait_for()
