"""A loaded company being served, a fresh installation being served, and a browser: once for all tests of a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # a folder of tests, not a package: serving and walk are beside it

from serving import CHROMIUM, HEADWATER, environment, free_port, served

HERE = Path(__file__).parent
PASSWORD = "headwater-demo"


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"))


@pytest.fixture(scope="session")
def demo_company(tmp_path_factory):
    """The small demo company being served: its address, and what ``loaded.py`` tells of it."""
    home = tmp_path_factory.mktemp("loaded") / "home"
    made = subprocess.run([sys.executable, HERE / "loaded.py"], env=environment(home), capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    with served(home, free_port()) as base:
        yield base, json.loads(made.stdout)


@pytest.fixture(scope="session")
def loaded(demo_company):
    """The small demo company being served: its address, and where its records are."""
    base, told = demo_company
    return base, told["places"]


@pytest.fixture
def fresh(tmp_path):
    """A fresh installation being served: its address, and the link of its first run."""
    home, port = tmp_path / "home", free_port()
    made = subprocess.run(
        [*HEADWATER, "init", "--port", str(port), "--json"], env=environment(home), capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    with served(home, port) as base:
        yield base, json.loads(made.stdout)["setup_link"]


@pytest.fixture(scope="session")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab_of(chromium):
    """A new tab, on request signed in as somebody of the demo company. Errors of scripts and server fail it."""
    problems, contexts = [], []

    def heard(message):
        if message.type == "error" and "Content Security" in message.text:
            problems.append(message.text)

    def opened(base, who="", **options):
        context = chromium.new_context(**{"base_url": base, "viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(90_000)
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.on("console", heard)
        tab.on("response", lambda answer: answer.status >= 500 and problems.append(f"{answer.status} {answer.url}"))
        if who:
            tab.goto("/sign-in")
            tab.fill("[name=email]", f"{who}@kestrel.example")
            tab.fill("[name=password]", PASSWORD)
            tab.keyboard.press("Enter")
            tab.wait_for_url(f"{base}/")
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert not problems


@pytest.fixture(scope="session")
def signed_in(loaded, chromium):
    """The cookies of the owner, for tabs that need not sign in again."""
    base, _places = loaded
    context = chromium.new_context(base_url=base)
    tab = context.new_page()
    tab.goto("/sign-in")
    tab.fill("[name=email]", "erik@kestrel.example")
    tab.fill("[name=password]", PASSWORD)
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{base}/")
    yield context.storage_state()
    context.close()
