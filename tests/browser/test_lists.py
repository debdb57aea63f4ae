"""Lists by keyboard: a view is made, changed, kept and removed; columns are put in order and made wider."""

import re

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


def tab_to(tab, name, most=60):
    """Press Tab until the element of that accessible name has the focus."""
    for _ in range(most):
        tab.keyboard.press("Tab")
        said = tab.evaluate(
            "() => { const at = document.activeElement; return (at.ariaLabel || at.textContent || '').trim(); }"
        )
        if re.search(name, said):
            return
    raise AssertionError(f"{name} cannot be reached")


def test_a_view_is_made_changed_and_deleted_without_a_mouse(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto("/leads?view=open&interest=QUOTE_REQUEST")
    tab.locator("#list-tabs a").first.focus()
    tab_to(tab, "^Save this list as a view$")
    tab.keyboard.press("Enter")
    tab.locator("dialog[open]").wait_for()
    tab.keyboard.type("Big quotes")
    tab.keyboard.press("Enter")
    tab.wait_for_url(re.compile(r"/leads\?view=\d+$"))
    tab.locator("#list-tabs [aria-current]", has_text="Big quotes").wait_for()
    url = tab.url
    tab.goto(f"{url}&stage=NEW")
    tab.locator("#list-tabs .dot-edited").wait_for()
    tab.locator("#list-tabs [aria-current]").focus()
    tab_to(tab, "^Save$")
    tab.keyboard.press("Enter")
    tab.wait_for_url(url)
    tab.locator(".chip", has_text="Stage: New").wait_for()
    tab.locator("#list-tabs [aria-current]").focus()
    tab_to(tab, "^This view$")
    tab.keyboard.press("Enter")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowUp")
    assert tab.evaluate("() => document.activeElement.textContent.trim()") == "Delete"
    tab.keyboard.press("Enter")
    tab.locator("#toasts", has_text="deleted").wait_for()
    tab.locator("#list-tabs a", has_text="Big quotes").wait_for(state="detached")
    tab.keyboard.press("z")
    tab.locator("#list-tabs", has_text="Big quotes").wait_for()
    tab.goto(url)
    before = tab.locator("#list-tabs a").all_inner_texts()
    tab.locator("#view-menu").click()
    tab.get_by_role("button", name="Move left").click()
    tab.locator("#toasts", has_text=re.compile(r"Tab \d+ of \d+")).wait_for()
    tab.wait_for_function(
        "n => document.querySelectorAll('#list-tabs a')[n].textContent.includes('Big')", arg=len(before) - 3
    )


def test_a_view_for_the_team_is_a_tab_of_its_members_and_of_nobody_else(loaded, tab_of):
    base, _places = loaded
    marta = tab_of(base, "marta")
    marta.goto("/leads/views/new?view=open&interest=QUOTE_REQUEST")
    marta.locator("#id_name").fill("Quotes of the desk")
    marta.get_by_label("My team").check()
    marta.get_by_role("button", name="Save the view").click()
    marta.wait_for_url(re.compile(r"/leads\?view=\d+$"))
    url = marta.url.removeprefix(base)
    colleague = tab_of(base, "bram")
    colleague.goto("/leads?view=open")
    colleague.locator("#list-tabs a", has_text="Quotes of the desk").first.click()
    colleague.wait_for_url(re.compile(rf"{re.escape(url)}$"))
    colleague.locator(".chip", has_text="Quote request").first.wait_for()
    other = tab_of(base, "sofia")
    other.goto("/leads?view=open")
    other.locator("#list-tabs a").first.wait_for()
    assert other.locator("#list-tabs a", has_text="Quotes of the desk").count() == 0
    other.goto(url)
    assert "Quotes of the desk" not in other.content()


def test_columns_are_moved_and_made_wider_without_a_mouse(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "marta")
    tab.goto("/leads?view=all")
    tab.locator("summary", has_text="Columns").focus()
    tab.keyboard.press("Enter")
    tab_to(tab, "^Move Stage up$")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Enter")
    assert tab.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Move Stage up"
    tab_to(tab, "^Show these$", most=200)
    tab.keyboard.press("Enter")
    tab.locator("#toasts", has_text="Columns kept").wait_for()
    tab.locator("thead th:nth-child(3)", has_text="Stage").wait_for()
    head = tab.locator("thead th a.sort").first
    head.focus()
    with tab.expect_response(re.compile("/widths$")) as kept:
        tab.keyboard.press("Shift+ArrowRight")
    assert kept.value.status == 204
    wide = tab.locator("thead th", has=tab.locator("a.sort")).first.bounding_box()["width"]
    tab.reload()
    again = tab.locator("thead th", has=tab.locator("a.sort")).first.bounding_box()["width"]
    assert abs(wide - again) < 2
    stage = tab.locator("thead th:nth-child(3)", has_text="Stage")
    narrow = stage.bounding_box()["width"]
    tab.locator("thead th a.sort").first.focus()
    tab.keyboard.press("ArrowRight")  # it sorts nothing, so Tab does not stop there
    with tab.expect_response(re.compile("/widths$")):
        tab.keyboard.press("Shift+ArrowRight")
    assert stage.bounding_box()["width"] > narrow
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate("() => document.activeElement.matches('th:nth-child(2) a.sort')")
    tab.keyboard.press("Escape")
    tab.locator("summary", has_text="Columns").click()
    tab.get_by_role("button", name="Reset").click()
    tab.locator("#toasts", has_text="as it did at first").wait_for()


@pytest.mark.parametrize("width", [1440, 360])
def test_tabs_that_do_not_fit_are_under_more(loaded, tab_of, width):
    base, _places = loaded
    tab = tab_of(base, "erik", viewport={"width": width, "height": 800})
    tab.goto("/leads?view=open")
    tab.locator("#list-tabs[data-tabs] .ct", has_text=re.compile(r"\d")).first.wait_for(state="attached")
    names = set(tab.locator("#list-tabs a:not([hidden])").all_inner_texts())
    hidden = tab.locator("#list-tabs a[hidden]").count()
    more = tab.locator("[data-tabs-more]")
    assert more.is_visible() == (hidden > 0)
    if hidden:
        more.locator("summary").click()
        assert more.locator("a").count() == hidden
    assert any("All open" in name for name in names), "the current one always shows"
    assert tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_a_list_is_sorted_by_two_columns_by_mouse_and_by_keyboard(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto("/leads?view=all&cols=name,amount,stage")
    tab.locator("#head-amount").click()
    tab.wait_for_url(re.compile(r"[?&]sort=amount\b"))
    tab.locator("#head-name").click(modifiers=["Shift"])
    tab.wait_for_url(re.compile(r"[?&]sort=amount,name\b"))
    assert tab.locator("thead .nth").all_inner_texts()[0].startswith("2")
    tab.locator("#head-name").focus()
    tab.keyboard.press("Shift+Enter")
    tab.wait_for_url(re.compile(r"[?&]sort=amount,-name\b"))
    assert tab.evaluate("() => document.activeElement.id") == "head-name", "the focus stays on the head"
    tab.locator("#sort-menu").focus()
    tab.keyboard.press("Enter")
    tab_to(tab, "^Do not sort by Name")
    tab.keyboard.press("Enter")
    tab.wait_for_url(re.compile(r"[?&]sort=amount(&|$)"))


@pytest.mark.parametrize("width", [1440, 360])
def test_groups_open_close_and_go_on(loaded, tab_of, width):
    base, _places = loaded
    tab = tab_of(base, "erik", viewport={"width": width, "height": 900})
    tab.goto("/leads?view=all")
    tab.locator("#group-menu").click()
    tab.locator("#group-menu + .menu-l a", has_text=re.compile("^Stage$")).click()
    tab.wait_for_url(re.compile(r"[?&]group=stage\b"))
    head = tab.locator("[data-group-toggle]").first
    rows = tab.locator("tbody.group").first.locator("[data-row]")
    assert rows.first.is_visible() and head.get_attribute("aria-expanded") == "true"
    before = rows.count()
    more = tab.locator("tbody.group").first.locator(".group-more a")
    if more.count():
        more.click()
        tab.wait_for_function(
            "n => document.querySelector('tbody.group').querySelectorAll('[data-row]').length > n", arg=before
        )
    head.focus()
    tab.keyboard.press("Enter")
    assert not rows.first.is_visible() and head.get_attribute("aria-expanded") == "false"
    assert tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_a_list_on_paper_has_its_rows_and_filters_and_nothing_to_press(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto("/leads?view=open&stage=NEW", wait_until="networkidle")
    tab.emulate_media(media="print")
    assert "Stage: New" in tab.locator(".on-paper").inner_text()
    assert tab.locator("[data-row]").last.is_visible()
    pressed = tab.locator("button:visible, summary:visible, input:visible, nav.rail:visible, .top:visible")
    assert pressed.count() == 0
    tab.evaluate("() => { document.querySelector('[data-row] [data-open]').textContent = 'Longword'.repeat(40); }")
    assert tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "no word pushes columns off"
    assert tab.pdf(prefer_css_page_size=True)[:4] == b"%PDF"


def test_columns_that_were_made_wide_fit_the_paper_and_cut_nothing_off(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "noah")
    tab.goto("/leads?view=open&cols=name,interest,source,stage,clock,next_step,amount", wait_until="networkidle")
    tab.locator("thead a.sort").first.focus()
    for _ in range(20):
        tab.keyboard.press("Shift+ArrowRight")
    assert tab.locator("table.fixed").count() == 1
    tab.set_viewport_size({"width": 1032, "height": 700})  # A4 across, less its margins
    tab.emulate_media(media="print")
    assert tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    cut = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible')"
    assert tab.locator("tbody td").evaluate_all(f"{cut}.length") == 0


def test_what_is_chosen_on_one_page_goes_along_to_the_next(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto("/people?view=all")
    count = tab.locator("[data-bulk] [data-select-count]")
    boxes = tab.locator("[data-select-row]")
    boxes.first.check()
    boxes.nth(2).check()
    first = tab.url
    tab.locator("a[rel=next]").first.click()
    tab.wait_for_url(lambda url: url != first)
    assert count.inner_text() == "2" and not tab.locator("[data-select-row]:checked").count()
    boxes.first.check()
    assert count.inner_text() == "3"
    tab.keyboard.press("t")
    tab.locator("dialog[open] h2", has_text="3 people").wait_for()
    tab.keyboard.press("Escape")
    tab.locator("a[rel=prev]").first.click()
    tab.wait_for_function("() => document.querySelectorAll('[data-select-row]:checked').length === 2")
    tab.locator("[data-filter]").fill("an")
    tab.wait_for_url(re.compile("q=an"))
    tab.locator("[data-bulk].on").wait_for(state="detached")
