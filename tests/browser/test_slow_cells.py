"""On a slow line nobody waits for a cell to be saved, and nothing that was typed is lost."""

import re

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

LIST = "/opportunities?view=open&cols=party,name,amount,forecast_category,close_date,next_step&sort=-amount"
CELL = re.compile(r"/cell/")
STEPS = "tbody tr [data-cell=next_step]"


class Line:
    """What is posted to cells, or asked of them, waits until it is let through, in the order it was sent."""

    def __init__(self, tab, waiting=("POST",)):
        self.tab, self.waiting, self.held = tab, waiting, []
        tab.route(CELL, self._take)

    def _take(self, route):
        if route.request.method in self.waiting:
            self.held.append(route)
        else:
            route.continue_()

    def next(self):
        """The first that waits."""
        for _ in range(300):
            if self.held:
                return self.held.pop(0)
            self.tab.wait_for_timeout(100)
        raise AssertionError("nothing was sent")

    def answer(self):
        with self.tab.expect_response(lambda answer: CELL.search(answer.url) and answer.request.method == "POST"):
            self.next().continue_()


@pytest.fixture
def tab(loaded, tab_of, signed_in):
    tab = tab_of(loaded[0], storage_state=signed_in)
    tab.goto(LIST)
    tab.wait_for_load_state("networkidle")
    to_cell(tab, "next_step")
    return tab


def to_cell(tab, field):
    tab.keyboard.press("j")
    for _ in range(12):
        tab.keyboard.press("ArrowRight")
        if tab.evaluate("() => document.activeElement.dataset.cell") == field:
            return
    raise AssertionError(field)


def type_into_cell(tab, words):
    tab.keyboard.press("Enter")
    tab.locator("#cell-place [data-cell-form]").wait_for()
    tab.keyboard.press("Control+a")
    tab.keyboard.type(words)


def typed(tab):
    return tab.evaluate("() => [document.activeElement.value, document.activeElement.selectionStart]")


def test_the_next_cell_is_typed_into_while_the_last_is_saved(tab):
    line = Line(tab)
    type_into_cell(tab, "First words")
    tab.keyboard.press("Enter")
    assert tab.locator(STEPS).first.inner_text() == "First words"
    assert tab.locator(STEPS).first.get_attribute("aria-busy") == "true"
    type_into_cell(tab, "Second words")
    tab.keyboard.press("ArrowLeft")
    line.answer()
    tab.locator("#toasts [data-key=z]").wait_for()
    assert typed(tab) == ["Second words", 11]
    assert tab.locator(f"{STEPS}[aria-busy]").count() == 0
    tab.keyboard.press("Enter")
    line.answer()
    tab.locator("#cell-saves form").wait_for(state="detached")
    tab.reload()
    assert tab.locator(STEPS).all_inner_texts()[:2] == ["First words", "Second words"]


def test_saves_go_one_after_another_and_a_cell_is_not_in_its_own_way(tab):
    line = Line(tab)
    type_into_cell(tab, "One")
    tab.keyboard.press("Enter")
    type_into_cell(tab, "Two")
    tab.keyboard.press("Enter")
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("Enter")  # the second once more, which is not sent yet
    tab.keyboard.type("Two after all")
    first = line.next()
    tab.wait_for_timeout(300)
    assert not line.held, "the second waits for the first"
    first.continue_()
    line.answer()
    tab.wait_for_function("() => document.activeElement.value === 'Two after all'")
    tab.keyboard.press("Enter")
    line.answer()
    tab.locator("#cell-saves form").wait_for(state="detached")
    assert tab.locator("#cell-place .clash").count() == 0
    assert tab.locator(STEPS).all_inner_texts()[:2] == ["One", "Two after all"]


def test_a_row_is_typed_faster_than_its_editors_come(tab):
    tab.route(CELL, lambda route: (tab.wait_for_timeout(400), route.continue_()))
    for keys in ("Home", "ArrowRight", "ArrowRight"):
        tab.keyboard.press(keys)
    assert tab.evaluate("() => document.activeElement.dataset.cell") == "amount"
    tab.keyboard.press("Enter")
    tab.keyboard.type("54321")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Enter")
    tab.keyboard.type("43210")
    tab.keyboard.press("Enter")
    tab.locator("tbody tr:nth-child(2) [data-cell=amount]", has_text="€43k").wait_for()
    assert tab.locator("tbody tr:first-child [data-cell=amount]").inner_text() == "€54k"


@pytest.mark.parametrize("failed", ["invalid", "offline", "forbidden"])
def test_what_was_not_saved_comes_back_with_its_reason(tab, failed):
    line = Line(tab)
    words = "x" * 2000 if failed == "invalid" else "Typed on the train"
    tab.keyboard.press("Enter")
    tab.locator("#cell-place [data-cell-form]").wait_for()
    tab.evaluate("words => { document.activeElement.value = words }", words)
    tab.keyboard.press("Enter")
    type_into_cell(tab, f"Other words, {failed}")
    save = line.next()
    if failed == "invalid":
        save.continue_()
    elif failed == "offline":
        save.abort()
    else:
        save.fulfill(status=403, body="<p>Not through this proxy</p>", content_type="text/html")
    tab.locator("tbody tr:first-child .unsaved").wait_for()
    assert typed(tab)[0] == f"Other words, {failed}", "nobody is interrupted"
    tab.keyboard.press("Enter")
    tab.locator("#cell-place .errs").wait_for()
    assert typed(tab)[0] == words
    tab.keyboard.press("Control+a")
    tab.keyboard.type(f"Sent again, {failed}")
    tab.keyboard.press("Enter")
    line.answer()
    line.answer()
    tab.locator("#cell-saves form").wait_for(state="detached")
    tab.reload()
    assert tab.locator(STEPS).all_inner_texts()[:2] == [f"Sent again, {failed}", f"Other words, {failed}"]


def test_what_was_refused_is_given_up_with_escape(tab):
    before = tab.locator(STEPS).first.inner_text()
    line = Line(tab)
    type_into_cell(tab, "Never sent")
    tab.keyboard.press("Enter")
    line.next().abort()
    tab.locator("#cell-place .errs").wait_for()
    tab.keyboard.press("Escape")
    assert tab.locator(STEPS).first.inner_text() == before
    assert tab.evaluate("() => document.activeElement === document.querySelector('tbody tr [data-cell=next_step]')")


def test_z_takes_back_what_is_still_on_its_way(tab):
    before = tab.locator(STEPS).first.inner_text()
    line = Line(tab)
    type_into_cell(tab, "To be taken back")
    tab.keyboard.press("Enter")
    tab.keyboard.press("z")
    line.answer()
    tab.locator("#toasts", has_text="Undone").wait_for()
    tab.wait_for_function(f"was => document.querySelector('{STEPS}').innerText === was", arg=before)


@pytest.mark.parametrize("lost", ["offline", "given up", "clicked away"])
def test_a_cell_whose_editor_does_not_come_takes_no_keys(tab, lost):
    line = Line(tab, waiting=["GET"])
    tab.locator(STEPS).first.press("Enter")
    waits = line.next()
    if lost == "offline":
        waits.abort()
    if lost == "given up":
        tab.keyboard.type("Never mind")
        tab.keyboard.press("Escape")
    if lost == "clicked away":
        tab.locator("tbody tr:nth-child(3) [data-cell=amount]").click()
        to_next_step = "() => document.querySelector('tbody tr [data-cell=next_step]').focus()"
        tab.evaluate(to_next_step)
    tab.locator(f"{STEPS}[aria-busy]").first.wait_for(state="detached")
    tab.unroute(CELL)
    tab.keyboard.press("ArrowDown")
    type_into_cell(tab, f"Nobody waits, {lost}")
    tab.keyboard.press("Enter")
    tab.locator("tbody tr:nth-child(2) [data-cell=next_step]:not([aria-busy])", has_text=f"waits, {lost}").wait_for()
    assert tab.locator(STEPS).first.inner_text() != "Never mind"


def test_a_save_that_hangs_does_not_hold_up_the_others_for_ever(tab):
    shorter = "JSON.stringify({ timeout: JSON.parse(place.getAttribute('hx-request')).timeout / 60 })"
    each = "document.querySelectorAll('[hx-request]').forEach"
    tab.evaluate(f"{each}((place) => place.setAttribute('hx-request', {shorter}))")
    line = Line(tab)
    type_into_cell(tab, "Hanging")
    tab.keyboard.press("Enter")
    line.next()
    tab.locator("#cell-place .errs").wait_for()
    assert typed(tab)[0] == "Hanging"
    tab.keyboard.press("Enter")
    line.answer()
    tab.locator("#cell-saves form").wait_for(state="detached")
    assert tab.locator(STEPS).first.inner_text() == "Hanging"


def refused_behind_the_filter(tab, words):
    """A save that was refused while the filter had the focus, so that its editor is not open yet."""
    line = Line(tab)
    type_into_cell(tab, words)
    tab.keyboard.press("Enter")
    tab.keyboard.press("/")
    line.next().fulfill(status=403, body="<p>Not through this proxy</p>", content_type="text/html")
    tab.locator("tbody tr:first-child .unsaved").wait_for()
    assert tab.locator("#cell-place").is_hidden()
    tab.keyboard.press("Escape")


def test_z_undoes_nothing_older_while_a_save_is_refused(tab):
    type_into_cell(tab, "Saved before")
    tab.keyboard.press("Enter")
    tab.locator("#toasts [data-key=z]").wait_for()
    tab.keyboard.press("ArrowUp")
    undone = []
    tab.on("request", lambda request: "/undo/" in request.url and undone.append(request.url))
    refused_behind_the_filter(tab, "Refused since")
    tab.keyboard.press("z")
    tab.locator("#cell-place .errs").wait_for()
    tab.keyboard.type("!")
    assert typed(tab)[0] == "Refused since!", "the caret is at the end of what was typed"
    assert not undone


def test_what_is_typed_ahead_does_not_go_into_a_cell_that_was_refused(tab):
    line = Line(tab)
    type_into_cell(tab, "Refused, the first")
    tab.keyboard.press("Enter")
    save = line.next()
    gets = []
    tab.route(CELL, lambda route: gets.append(route) if route.request.method == "GET" else route.fallback())
    for key in ("Enter", "B", "Enter", "Enter", "C", "Enter"):
        tab.keyboard.press(key)
    save.fulfill(status=403, body="<p>Not through this proxy</p>", content_type="text/html")
    tab.locator("tbody tr:first-child .unsaved").wait_for()
    for count in (1, 2):
        while len(gets) < count:
            tab.wait_for_timeout(50)
        gets[-1].continue_()
    line.answer()
    line.answer()
    tab.locator("#cell-place .errs").wait_for()
    assert typed(tab)[0] == "Refused, the first"
    tab.wait_for_function(f"() => [...document.querySelectorAll('{STEPS}')].slice(1, 3).every((c) => !c.ariaBusy)")
    assert tab.locator(STEPS).all_inner_texts()[1:3] == ["B", "C"]


def test_what_is_refused_is_seen_by_whoever_searches_meanwhile(tab):
    line = Line(tab)
    type_into_cell(tab, "Refused behind the search")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Control+k")
    tab.locator("#palette .pick").first.wait_for()
    line.next().fulfill(status=403, body="<p>Not through this proxy</p>", content_type="text/html")
    tab.locator("tbody tr:first-child .unsaved").wait_for()
    tab.locator("#palette a.pick").first.click()
    tab.locator("#cell-place .errs").wait_for()
    assert typed(tab)[0] == "Refused behind the search"


def test_a_row_is_opened_once_it_is_saved(tab):
    line = Line(tab)
    type_into_cell(tab, "Seen on the record")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Home")
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(500)
    assert tab.url.endswith(LIST.partition("?")[2])
    line.next().continue_()
    tab.wait_for_url(re.compile(r"/opportunities/\d+"))
    tab.locator("dd[data-cell=next_step]", has_text="Seen on the record").wait_for()


def test_a_dialog_leads_back_to_its_cell_though_the_row_came_anew(loaded, tab_of, signed_in):
    tab = tab_of(loaded[0], storage_state=signed_in)
    tab.goto("/leads?view=open&cols=name,title,owner")
    tab.wait_for_load_state("networkidle")
    to_cell(tab, "title")
    line = Line(tab)
    type_into_cell(tab, "Three label printers")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    tab.locator("dialog[open] h2", has_text="Assign").wait_for()
    line.answer()
    tab.locator("#cell-saves form").wait_for(state="detached")
    tab.keyboard.press("Escape")
    tab.wait_for_function("() => document.activeElement.matches('tr:first-child > td[data-step^=\"do/assign\"]')")


def test_the_browser_asks_whoever_reloads_before_it_is_saved(tab):
    asked = []
    tab.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    line = Line(tab)
    type_into_cell(tab, "On its way")
    tab.keyboard.press("Enter")
    line.next()
    tab.reload()
    assert asked == ["beforeunload"]
    tab.reload()
    assert asked == ["beforeunload"]


def test_the_values_of_a_record_are_typed_one_after_another(loaded, tab_of, signed_in):
    base, places = loaded
    tab = tab_of(base, storage_state=signed_in)
    tab.goto(f"/opportunities/{places['opportunities']['edit']}")
    tab.wait_for_load_state("networkidle")
    line = Line(tab)
    for field, words in (("name", "Printers for the fair"), ("next_step", "Ask the fair")):
        value = tab.locator(f"dd[data-cell={field}] > a[data-value]")
        if not value.is_visible():
            tab.locator("details.unfold > summary").first.click()
        value.focus()
        type_into_cell(tab, words)
        if field == "name":
            tab.keyboard.press("Enter")
    line.answer()
    tab.locator("h1", has_text="Printers for the fair").or_(
        tab.locator("dd[data-cell=name]:not([aria-busy])", has_text="Printers for the fair")
    ).first.wait_for()
    tab.wait_for_load_state("networkidle")
    assert typed(tab)[0] == "Ask the fair"
    tab.keyboard.press("Enter")
    line.answer()
    tab.locator("#cell-saves form").wait_for(state="detached")
    tab.locator("dd[data-cell=next_step]:not([aria-busy])", has_text="Ask the fair").wait_for()
    tab.wait_for_function("() => document.activeElement.closest('dd[data-cell]')")


def test_a_cell_waits_for_whoever_has_to_sign_in_again_and_for_nobody_else(tab, loaded):
    type_into_cell(tab, "Typed before it ended")
    tab.context.clear_cookies(name="sessionid")
    tab.keyboard.press("Enter")
    tab.locator("#cell-place [role=alert]", has_text="Sign in in another tab").wait_for()
    assert tab.input_value("#cell-place input[name=next_step]") == "Typed before it ended"

    other = tab.context.new_page()
    for who, said in (("ines", "Somebody else is signed in"), ("erik", "")):
        tab.context.clear_cookies(name="sessionid")
        other.goto(f"{loaded[0]}/sign-in")
        other.fill("[name=email]", f"{who}@kestrel.example")
        other.fill("[name=password]", "headwater-demo")
        other.click("button[type=submit]")
        other.wait_for_url(lambda url: "/sign-in" not in url)
        tab.bring_to_front()
        tab.locator("#cell-place input[name=next_step]").press("Enter")
        if said:
            tab.locator("#cell-place [role=alert]", has_text=said).wait_for()
    tab.locator(STEPS, has_text="Typed before it ended").wait_for()
    tab.wait_for_function("() => !document.querySelector('#cell-saves').childElementCount")
    tab.reload()
    tab.locator(STEPS, has_text="Typed before it ended").wait_for()
