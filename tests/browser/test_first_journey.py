"""The promise of the README in a real browser: a file in, a lead worked and won, its source found, the file undone."""

import os
import re
import time

import pytest

PASSWORD = "three quiet rivers 7"


@pytest.fixture
def page(chromium):
    tab = chromium.new_page(viewport={"width": 1360, "height": 900})
    tab.set_default_timeout(90_000)
    tab.problems = []
    tab.on("pageerror", lambda error: tab.problems.append(str(error)))
    tab.on("console", lambda m: m.type == "error" and "Content Security" in m.text and tab.problems.append(m.text))
    yield tab
    if folder := os.environ.get("HEADWATER_SHOTS"):
        tab.screenshot(path=f"{folder}/journey-end.png", full_page=True)
    tab.close()


def act(page, base, path, values=(), press=None):
    """Open a command's own page, fill it in and send it."""
    page.goto(base + path)
    form = page.locator("main form").last
    for name, value in dict(values).items():
        field = form.locator(f"[name={name}]").first
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    form.locator("button[type=submit]").last.click()
    page.wait_for_load_state("networkidle")


def test_from_first_run_to_undone_import(fresh, page):
    base, link = fresh

    # First run: the owner's account, the company, the way to begin.
    page.goto(link)
    page.fill("[name=name]", "Erik Haas")
    page.fill("[name=email]", "erik@kestrel.example")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.fill("[name=name]", "Kestrel Office IT")
    page.select_option("[name=country]", "NL")
    page.select_option("[name=currency]", "EUR")
    page.select_option("[name=time_zone]", "Europe/Amsterdam")
    page.click("main button[type=submit]")
    page.get_by_role("button", name="Choose a file").click()

    # Signed out and in again.
    page.goto(base + "/")
    page.locator(".rail-foot button, .rail-foot [type=submit]").last.click()
    page.goto(base + "/leads")
    page.wait_for_url("**/sign-in?next=/leads")
    page.fill("[name=email]", "erik@kestrel.example")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/leads")

    # The sample file: columns, check, import.
    page.goto(base + "/imports/new?kind=leads")
    page.get_by_role("button", name="Try the sample file").click()
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name=re.compile(r"Import \d+ rows")).click(timeout=60_000)
    page.get_by_role("button", name="Undo this import").wait_for(timeout=60_000)
    batch = page.url.rsplit("/", 1)[-1]

    # Work a lead from New to SQL.
    page.goto(base + "/leads?q=Jonas+Weber")
    page.locator("[data-open]").first.click()
    page.wait_for_url(re.compile(r"/leads/\d+"))
    lead = re.search(r"/leads/(\d+)", page.url)[1]
    act(page, base, f"/leads/{lead}/do/log_call", {"subject": "Needs a server for the warehouse"})
    act(page, base, f"/leads/{lead}/do/move", {"stage": "MQL"})
    page.goto(f"{base}/leads/{lead}/do/hand_over")
    me = page.locator("[name=to_id] option", has_text="Erik Haas").get_attribute("value")
    act(page, base, f"/leads/{lead}/do/hand_over", {"to_id": me})
    page.goto(f"{base}/leads/{lead}")
    page.locator("main").get_by_role("button", name="Accept", exact=True).first.click()
    page.locator(".path .now", has_text="SAL").wait_for()
    act(page, base, f"/leads/{lead}/do/move", {"stage": "SQL"})

    # Make it an opportunity and win it.
    act(page, base, f"/opportunities/new?lead_id={lead}", {"name": "Warehouse server", "amount": "24500"})
    opportunity = re.search(r"/opportunities/(\d+)", page.url)[1]
    act(page, base, f"/opportunities/{opportunity}/do/win", {"amount": "24000"})
    page.goto(f"{base}/opportunities/{opportunity}")
    assert "Won" in page.locator("main").inner_text()

    # The revenue stands under the source of the lead.
    row = page.locator("tr", has_text="Hannover fair").first
    for _ in range(20):
        page.goto(base + "/where-sales-come-from")
        if row.count() and "24" in row.inner_text() and "€" in row.inner_text():
            break
        time.sleep(1)
    assert "€24" in row.inner_text().replace("\u202f", "").replace(" ", "")
    lines_of_words = page.locator("td.c-iv > .dim").evaluate_all("cells => cells.map(e => e.getClientRects().length)")
    assert lines_of_words and max(lines_of_words) == 1, "“too few” stands in one line"

    # Take the import back: the worked lead stays and says why.
    page.goto(f"{base}/imports/{batch}")
    page.get_by_role("button", name="Undo this import").click()
    page.get_by_text("What stays, and why").wait_for(timeout=60_000)
    kept = page.locator("table", has_text="Record").inner_text()
    assert "Jonas Weber" in kept and "since" in kept
    page.goto(f"{base}/leads?q=Marieke")
    assert page.locator("[data-open]").count() == 0
    page.goto(f"{base}/leads/{lead}")
    assert "Jonas Weber" in page.locator("h1").inner_text()
    assert not page.problems
