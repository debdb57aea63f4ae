"""On a phone nothing is missing; long words push nothing out of its place; lines of one height where one is enough."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PHONE = {"viewport": {"width": 360, "height": 740}}
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def test_a_record_on_a_phone_leads_to_its_neighbours_and_back_to_the_list(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik", **PHONE)
    tab.goto("/people?sort=name")
    first, second = (link.get_attribute("href") for link in tab.locator("tbody [data-open]").all()[:2])
    tab.goto(first)
    tab.locator("[rel=next]").click()
    tab.wait_for_url(f"{base}{second}")
    tab.locator("[rel=prev]").click()
    tab.wait_for_url(f"{base}{first}")
    for link in tab.locator(".top nav a:visible").all():
        box = link.bounding_box()
        assert min(box["width"], box["height"]) >= 40
    tab.get_by_role("link", name="Back to", exact=False).click()
    tab.wait_for_url(f"{base}/people?sort=name")


def test_a_long_word_widens_no_card_and_no_dialog(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto("/leads")
    tab.keyboard.press("q")
    line = tab.locator("dialog[open] [data-line]")
    line.fill(f"{LONG}, {LONG} GmbH, {LONG[:60]}@{LONG[:50].replace('ä', 'a')}.example, quote for {LONG}")
    tab.locator("dialog[open] .piece").nth(4).wait_for()
    assert (
        tab.evaluate("(body) => body.scrollWidth - body.clientWidth", tab.locator("dialog[open] .bd").element_handle())
        <= 0
    )
    line.press("Enter")
    made = tab.locator("#toasts a")
    made.wait_for()
    tab.goto("/leads/board")
    card = tab.locator("[data-card]", has_text=LONG).first.bounding_box()
    column = tab.locator(".kb-col").first.bounding_box()
    assert card["x"] + card["width"] <= column["x"] + column["width"]


def test_the_foot_of_a_mail_pasted_into_one_line_is_taken_apart(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    tab.goto("/leads")
    tab.keyboard.press("q")
    tab.locator("dialog[open] [data-line]").wait_for()
    tab.evaluate("""() => {
      const held = new DataTransfer();
      held.setData("text/plain", "Orla Keane\\r\\nHarrow & Pike\\r\\n\\r\\norla@pasted.example\\n");
      const pasted = new ClipboardEvent("paste", { clipboardData: held, bubbles: true, cancelable: true });
      document.querySelector("dialog [data-line]").dispatchEvent(pasted);
    }""")
    assert tab.locator("dialog[open] [data-line]").input_value() == "Orla Keane, Harrow & Pike, orla@pasted.example"
    tab.locator("dialog[open] .piece input[value='orla@pasted.example']").first.wait_for()


def test_files_that_are_chosen_are_added_at_once_and_may_be_chosen_again(loaded, tab_of):
    base, places = loaded
    tab = tab_of(base, "erik")
    tab.goto(f"/people/{places['people']['record']}")
    for files in (1, 2):
        tab.set_input_files("#add-files", {"name": "offer.txt", "mimeType": "text/plain", "buffer": b"2 plotters"})
        tab.locator("#files .ct", has_text=str(files)).wait_for()
    tab.locator("#add-files").focus()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Shift+Tab")
    assert tab.evaluate("document.activeElement.id") == "add-files", "it is reached by the keyboard"


def test_no_file_is_taken_while_others_are_on_their_way(loaded, tab_of):
    base, places = loaded
    tab = tab_of(base, "erik")
    tab.goto(f"/people/{places['people']['other']}")
    held = []
    tab.route("**/files", lambda route: held.append(route))
    tab.set_input_files("#add-files", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"A"})
    tab.locator("#add-files:disabled").wait_for(state="attached")
    while not held:
        tab.wait_for_timeout(50)
    assert "a.txt" in (held[0].request.post_data or "")
    held[0].continue_()
    tab.locator("#files .ct", has_text="1").wait_for()
    tab.unroute("**/files")
    tab.set_input_files("#add-files", {"name": "b.txt", "mimeType": "text/plain", "buffer": b"B"})
    tab.locator("#files .ct", has_text="2").wait_for()


def test_rows_are_as_high_as_what_they_hold(loaded, tab_of):
    base, _places = loaded
    tab = tab_of(base, "erik")
    for page, height in (("/people", 40), ("/leads", 47)):
        tab.goto(page)
        assert round(tab.locator("tbody tr").first.bounding_box()["height"]) == height, page
