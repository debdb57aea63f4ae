"""What somebody typed survives the end of their session, and nothing else does."""

import pytest

PASSWORD = "headwater-demo"
KEPT = "() => sessionStorage.getItem('headwater-typed')"


@pytest.fixture
def base(loaded):
    return loaded[0]


def sign_in_again(tab, who="erik"):
    tab.wait_for_url("**/sign-in?**")
    tab.fill("[name=email]", f"{who}@kestrel.example")
    tab.fill("[name=password]", PASSWORD)
    tab.keyboard.press("Enter")
    tab.wait_for_url(lambda url: "/sign-in" not in url)


def test_a_form_comes_back_filled_after_signing_in_again(base, tab_of):
    tab = tab_of(base, "erik")
    tab.goto("/people/new")
    tab.fill("[name=first_name]", "Long")
    tab.fill("[name=last_name]", "Typed")
    tab.context.clear_cookies(name="sessionid")
    tab.click("form[data-keep] button[type=submit]")
    sign_in_again(tab)
    tab.wait_for_function("() => document.querySelector('[name=first_name]')?.value === 'Long'")
    assert tab.input_value("[name=last_name]") == "Typed"
    assert "what you typed" in tab.inner_text("#toasts")
    assert tab.evaluate(KEPT) is None
    tab.click("form[data-keep] button[type=submit]")
    tab.wait_for_url("**/people/*")
    assert "Long Typed" in tab.inner_text("h1")
    tab.goto("/people/new")
    assert tab.input_value("[name=first_name]") == "", "what was stored does not come back"


def test_a_dialog_comes_back_as_a_page(base, tab_of, loaded):
    tab = tab_of(base, "erik")
    tab.goto("/people")
    tab.click("tbody a >> nth=0")
    tab.wait_for_url("**/people/*")
    tab.wait_for_load_state()
    tab.keyboard.press("e")
    tab.locator("dialog[open] [name=job_title]").fill("Typed for an hour")
    tab.context.clear_cookies(name="sessionid")
    tab.click("dialog[open] button[type=submit]")
    sign_in_again(tab)
    tab.wait_for_function("() => document.querySelector('[name=job_title]')?.value === 'Typed for an hour'")


def test_nobody_else_gets_it(base, tab_of):
    tab = tab_of(base, "erik")
    tab.goto("/people/new")
    tab.fill("[name=first_name]", "Secret")
    tab.context.clear_cookies(name="sessionid")
    tab.click("form[data-keep] button[type=submit]")
    assert "Secret" in tab.evaluate(KEPT)
    sign_in_again(tab, "hanna")
    assert tab.evaluate(KEPT) is None
    assert tab.locator("[name=first_name]").count() == 0 or tab.input_value("[name=first_name]") == ""


def test_too_long_a_name_is_told_and_the_longest_stays_in_the_window(base, tab_of):
    tab = tab_of(base, "erik")
    tab.goto("/leads/new")
    tab.fill("[name=name]", "W" * 5000)
    tab.fill("[name=company]", "V" * 200)
    tab.click("form[data-keep] button[type=submit]")
    tab.wait_for_selector("text=at most")
    most = int(tab.evaluate("() => document.body.innerText.match(/at most (\\d+)/)[1]"))
    tab.fill("[name=name]", "W" * most)
    tab.click("form[data-keep] button[type=submit]")
    tab.wait_for_url("**/leads/*")
    for width in (1440, 360):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
        assert tab.evaluate("() => document.querySelector('.head .acts').getBoundingClientRect().right") <= width


def test_a_field_made_larger_in_a_dialog_that_comes_back_breaks_no_policy(base, tab_of):
    """The browser keeps a new height as a style of the element; nothing may write such a style into the page."""
    tab = tab_of(base, "erik")
    tab.goto("/people")
    tab.click("tbody a >> nth=0")
    tab.wait_for_url("**/people/*")
    tab.wait_for_load_state()
    tab.keyboard.press("l")
    text = tab.locator("dialog[open] textarea")
    at = text.bounding_box()
    tab.mouse.move(at["x"] + at["width"] - 4, at["y"] + at["height"] - 4)
    tab.mouse.down()
    tab.mouse.move(at["x"] + at["width"] - 4, at["y"] + at["height"] + 40)
    tab.mouse.up()
    assert "height" in text.get_attribute("style")
    tab.click("dialog[open] button[type=submit]")
    tab.wait_for_selector("dialog[open] [aria-invalid=true]")
    tab.wait_for_selector(".htmx-settling", state="detached")


def test_a_comment_that_is_sent_twice_in_haste_is_written_once(base, tab_of):
    tab = tab_of(base, "erik")
    tab.goto("/people")
    tab.click("tbody a >> nth=0")
    tab.wait_for_url("**/people/*")
    held = []
    tab.route("**/comments", lambda route: held.append(route))
    tab.fill("#talk textarea", "Said in haste")
    tab.keyboard.press("Control+Enter")
    tab.keyboard.press("Control+Enter")
    tab.wait_for_timeout(300)
    for _at in range(2):
        if held:
            held.pop(0).continue_()
        tab.wait_for_timeout(1000)
    tab.locator("#talk", has_text="Said in haste").wait_for()
    assert tab.locator("#talk").get_by_text("Said in haste").count() == 1


def test_what_is_typed_before_the_dialog_for_chosen_rows_has_come_goes_into_it(base, tab_of):
    tab = tab_of(base, "erik")
    tab.goto("/people")
    tab.wait_for_load_state("networkidle")
    held = []
    tab.route("**/people/do/tag", lambda route: held.append(route))
    for key in "jxjxt":
        tab.keyboard.press(key)
    tab.keyboard.type("Fair")  # F by itself would open the filter
    while not held:
        tab.wait_for_timeout(50)
    held[0].continue_()
    tab.wait_for_function("() => document.activeElement.matches('dialog [name=tag]')")
    tab.wait_for_function("() => document.activeElement.value === 'Fair'")
