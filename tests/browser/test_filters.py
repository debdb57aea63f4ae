"""The filter builder with nothing but the keyboard, and on a phone."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


def focused(tab):
    return tab.evaluate("document.activeElement.id")


def built(tab):
    tab.locator("dialog.dlg-filter[open]").wait_for()


def drawn_anew(tab, choose):
    """Do what the server draws the builder anew for, and wait until it has: what is typed meanwhile stands beside."""
    tab.evaluate("() => { document.getElementById('filter-body').firstElementChild.dataset.old = ''; }")
    choose()
    tab.wait_for_function("() => !document.querySelector('#filter-body [data-old]')")
    tab.wait_for_timeout(700)  # what else was asked about it, some after a delay
    tab.wait_for_selector(".htmx-request", state="detached")


def asked(tab):
    return {name: values[0] for name, values in parse_qs(urlsplit(tab.url).query).items()}


def test_a_filter_is_built_by_keys_alone(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto("/leads?view=all")
    tab.keyboard.press("f")
    built(tab)
    tab.wait_for_function("() => document.activeElement.id === 'n.0.col'")
    tab.keyboard.type("Worth")
    tab.locator("[id='n.0.v0']").wait_for()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    assert focused(tab) == "n.0.v0"
    tab.keyboard.type("5.000,50")
    tab.wait_for_function("() => document.getElementById('filter-count').textContent.includes('lead')")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**amount__gt=5000.50**")
    tab.locator("dialog.dlg-filter").wait_for(state="detached")
    tab.wait_for_function("() => document.activeElement.id === 'chip-filter'")

    tab.keyboard.press("f")
    built(tab)
    tab.wait_for_function("() => document.activeElement.id === 'n.1.col'")
    tab.keyboard.type("Owner")
    tab.locator("[id='n.1.pick']").wait_for()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    assert focused(tab) == "n.1.pick"
    tab.keyboard.press("Enter")
    tab.wait_for_function("() => document.activeElement.matches('[data-narrow]')")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Escape")  # closes the values, not the dialog
    assert focused(tab) == "n.1.pick" and tab.locator("[data-picked]").inner_text() == "Me"
    tab.keyboard.press("Control+Enter")
    tab.wait_for_url("**owner=me**")
    assert asked(tab) == {"view": "all", "amount__gt": "5000.50", "owner": "me"}
    said = tab.locator("#list-says")
    assert "Owner is me" in said.inner_text()

    tab.get_by_role("link", name="Take away: Owner is me").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url(lambda url: "owner" not in url)
    assert asked(tab) == {"view": "all", "amount__gt": "5000.50"}


def test_groups_are_added_and_removed_on_a_phone(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik", viewport={"width": 360, "height": 740})
    tab.goto("/leads?view=all&stage=NEW")
    tab.locator("#chip-filter").click()
    built(tab)
    sheet = tab.locator("dialog.dlg-filter").bounding_box()
    assert sheet["x"] == 0 and sheet["width"] == 360, "a sheet from edge to edge"
    tab.locator("[id='n.group']").click()
    drawn_anew(tab, lambda: tab.locator("[id='n.2.0.col']").select_option("arrived_at"))
    drawn_anew(tab, lambda: tab.locator("[id='n.2.0.op']").select_option("older"))
    # At once: between the fill's marking of what stands there and its typing, the field may be drawn anew.
    days = tab.locator("[id='n.2.0.d0.k']")
    days.evaluate("(field) => { field.value = '14'; field.dispatchEvent(new Event('input', { bubbles: true })); }")
    tab.locator("[id='n.2.add']").click()
    tab.locator("[id='n.2.1.col']").select_option("interest")
    tab.locator("[id='n.2.1.op']").select_option("filled")
    tab.locator("[id='n.2.1.drop']").click()
    tab.locator("[id='n.2.1.col']").wait_for(state="detached")
    tab.locator("dialog.dlg-filter footer .btn-p").click()
    tab.wait_for_url("**arrived_at__lt=14_days_ago**")


class Slow:
    """Answers of the builder that wait until they are let through."""

    def __init__(self, tab):
        self.tab, self.held = tab, []
        tab.route(lambda url: "/filter?" in url and "do=count" not in url, lambda route: self.held.append(route))

    def answer(self):
        """Let everything through until nothing more is asked; how often something was."""
        times = 0
        while self.held:
            times += 1
            with self.tab.expect_response(lambda answer: "/filter?" in answer.url and "do=count" not in answer.url):
                self.held.pop(0).continue_()
            self.tab.wait_for_timeout(500)  # an answer that was overtaken is asked for again
        return times


@pytest.fixture
def slow(loaded, tab_of, signed_in):
    def opened(address):
        tab = tab_of(loaded[0], storage_state=signed_in)
        tab.goto(address)
        tab.locator("#chip-filter").click()
        built(tab)
        return tab, Slow(tab)

    return opened


def test_what_is_typed_over_a_value_replaces_it_though_the_field_was_drawn_anew(slow):
    tab, answers = slow("/leads?view=all&amount__gt=5000")
    tab.locator("[id='n.0.op']").focus()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Tab")
    answers.answer()
    assert focused(tab) == "n.0.v0"
    tab.keyboard.type("14")
    assert tab.input_value("[id='n.0.v0']") == "14"


def test_what_is_typed_while_a_condition_goes_stays_with_its_own(slow):
    tab, answers = slow("/leads?view=all&title=printer&amount__gt=5000")
    tab.locator("[id='n.0.drop']").click()
    tab.locator("[id='n.1.v0']").focus()
    tab.keyboard.press("ControlOrMeta+a")
    tab.keyboard.type("77")
    assert answers.answer() == 2
    assert tab.input_value("[id='n.0.col']") == "amount" and tab.input_value("[id='n.0.v0']") == "77"


def test_what_is_ticked_while_the_comparison_is_asked_for_stays_ticked(slow):
    tab, answers = slow("/leads?view=all&stage=NEW")
    tab.locator("[id='n.0.op']").select_option("not_in")
    tab.locator("[id='n.0.pick']").click()
    tab.get_by_role("checkbox", name="Working").check()
    assert answers.answer() == 2
    assert tab.locator(".flt-pick[open] [data-picked]").inner_text() == "New, Working"
    assert tab.locator(".flt-pick[open] input:checked").count() == 2
