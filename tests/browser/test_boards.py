"""Boards: cards are dragged, and by keyboard chosen, changed together and taken back."""

import re

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


def chosen(tab):
    return tab.locator("[data-bulk].on [data-select-count]").inner_text()


def test_cards_are_chosen_changed_and_taken_back_without_a_mouse(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto("/pipeline")
    cards = tab.locator("[data-board] .kb-col").first.locator("[data-card]")
    assert cards.count() >= 3
    cards.first.focus()
    tab.keyboard.press("x")
    assert chosen(tab) == "1"
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    tab.keyboard.press("Shift+X")
    assert chosen(tab) == "3"
    assert not tab.locator("article[aria-selected]").count(), "only rows of tables may say so"
    tab.keyboard.press("Escape")
    tab.locator("[data-bulk].on").wait_for(state="detached")
    heads = tab.locator("[data-board] .kb-col").first.locator("[data-select-all]")
    heads.focus()
    tab.keyboard.press("Space")
    of_column = int(tab.locator("[data-board] header .dim").first.inner_text())
    assert chosen(tab) == str(of_column)
    heads.press("Enter")
    assert tab.url.endswith("/pipeline"), "Enter in a box sends nothing"
    tab.keyboard.press("a")
    owner = tab.locator("dialog[open] select[name=owner_id]")
    owner.wait_for()
    owner.select_option(label="Erik Haas")
    tab.locator("dialog[open] button[type=submit]").press("Enter")
    tab.locator("#toasts", has_text=re.compile(r"Assign: \d+ opportunities")).wait_for()
    first = tab.locator("[data-board] .kb-col").first
    first.locator(".avatar, .av", has_text="EH").first.wait_for()
    tab.keyboard.press("z")
    tab.locator("#toasts", has_text=re.compile(r"Undone for \d+ rows")).wait_for()


@pytest.mark.parametrize("address", ["/pipeline", "/leads/board"])
def test_a_card_is_dragged_to_the_next_column(loaded, tab_of, address):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto(address)
    first, second = (tab.locator("[data-board-list]").nth(at) for at in (0, 1))
    card = first.locator("[data-card]").first
    moved = card.get_attribute("data-move-url")
    assert not tab.evaluate("Boolean(window.Sortable)"), "no visit needs it that only looks"
    card.hover()
    tab.wait_for_function(
        "() => window.Sortable && [...document.querySelectorAll('[data-board-list]')].every(Sortable.get)"
    )
    with tab.expect_response(lambda answer: moved in answer.url) as answered:
        # Onto the first card of a column that may be higher than the window: a page that scrolls after the press
        # drags nothing.
        card.locator(".mut").first.drag_to(second, target_position={"x": 60, "y": 40})
    assert answered.value.ok
    second.locator(f'[data-move-url="{moved}"]').wait_for()
    tab.keyboard.press("z")
    first.locator(f'[data-move-url="{moved}"]').wait_for()


def test_enter_in_a_box_of_a_list_opens_its_row_and_presses_no_button(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto("/leads?view=pool")
    sent = []
    tab.on("request", lambda request: sent.append(request.url) if "/do/" in request.url else None)
    tab.locator("[data-select-all]").press("Enter")
    tab.locator("[data-select-row]").first.press("Enter")
    tab.wait_for_url(re.compile(r"/leads/\d+"))
    assert not sent


def test_the_palette_offers_what_can_be_done_with_the_row_one_is_on(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    for address in ("/leads?view=open", "/leads/board"):
        tab.goto(address)
        tab.keyboard.press("j")
        name = tab.locator("[data-row].cur [data-open]").inner_text().splitlines()[0]
        tab.keyboard.press("Control+k")
        tab.locator("#palette-list .sec", has_text=f"Do, for {name}").wait_for()
