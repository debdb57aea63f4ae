"""Every page, light and dark, wide and on a phone: nothing axe objects to, nothing wider than the window.

With ``HEADWATER_SCREENS`` a picture of each is kept in that folder (``make screens``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import walk
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from walk import Stop

AXE = (Path(__file__).parent / "vendor" / "axe" / "axe.min.js").read_text(encoding="utf-8")
SETTLED = {"reduced_motion": "reduce", "color_scheme": "light"}
WIDTHS = {"desktop": (1440, 900), "phone": (360, 780)}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
WITHOUT_COLOURS = {"rules": {"color-contrast": {"enabled": False}, "link-in-text-block": {"enabled": False}}}
# Every rule once on a wide page, on a phone what depends on the layout. Colours depend on the theme and not on the
# width: on a phone only those of what a wide page does not show.
RULES: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = {
    ("desktop", "dark"): [("all", COLOURS)],
    ("desktop", "light"): [("all", {})],
    ("phone", "light"): [("all", WITHOUT_COLOURS), ("new", COLOURS)],
    ("phone", "dark"): [("new", COLOURS)],
}
CHECK = """async ([theme, checks]) => {
  document.documentElement.dataset.bsTheme = theme;
  const root = document.querySelector("dialog[open]") ?? document;
  const shown = [...root.querySelectorAll("*")].filter((element) => element.checkVisibility());
  const violations = [];
  for (const [what, rules] of checks) {
    const context = what === "all" ? root : {include: shown.filter((element) => !window.shownBefore.has(element))};
    if (what === "new" && !context.include.length) continue;
    violations.push(...(await axe.run(context, {resultTypes: ["violations"], ...rules})).violations);
  }
  if (checks.every(([what]) => what === "all")) window.shownBefore = new Set(shown);
  return violations.map((violation) => `${violation.id}, ${violation.nodes.length} times: `
    + violation.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(" | "));
}"""
# The fourth card of a column is like the third, the eighth row like the seventh.
FEW_ROWS = """() => document.querySelectorAll(
  "tbody > tr:nth-child(n + 8), .tl > li:nth-child(n + 8), section > details:nth-of-type(n + 6), .deal:nth-child(n + 4)"
).forEach((row) => row.remove())"""
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const scroller = document.scrollingElement;
  if (scroller.scrollWidth <= width && document.body.scrollWidth <= width) return [];
  const out = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > width + 1)
    .slice(0, 3).map((e) => `<${e.localName} class="${e.getAttribute("class")}">`);
  return [`wider than the window by ${scroller.scrollWidth - width} px: ${out.join(", ")}`];
}"""


class Walker:
    """Goes to stops, in one tab per person, and writes down what is wrong there."""

    def __init__(self, tab_of: Callable[..., Any], base: str) -> None:
        self.tab_of, self.base = tab_of, base
        self.tabs: dict[str, Any] = {}
        self.findings: list[str] = []
        self.seen: set[str] = set()
        self.screens = Path(folder) if (folder := os.environ.get("HEADWATER_SCREENS")) else None

    def go(self, stop: Stop) -> None:
        """Visit a stop in all its forms."""
        if stop.who not in self.tabs:
            self.tabs[stop.who] = self.tab_of(self.base, stop.who, **SETTLED)
        tab = self.tabs[stop.who]
        _resize(tab, "desktop")
        if stop.path:
            tab.goto(stop.path)
        if stop.do:
            stop.do(tab)
        self.look(tab, stop.name)

    def look(self, tab: Any, name: str) -> None:
        """Check the page that is open."""
        tab.wait_for_selector(".htmx-request", state="detached")
        if not tab.evaluate("() => 'axe' in window"):
            tab.evaluate(AXE)
        tab.evaluate(FEW_ROWS)
        self.seen.add(_address_of(tab))
        for (form, theme), checks in RULES.items():
            _resize(tab, form)
            found = tab.evaluate(CHECK, [theme, checks]) + tab.evaluate(TOO_WIDE)
            self.findings += [f"{name}, {form} {theme}: {finding}" for finding in found]
            self.keep(tab, f"{name}-{form}-{theme}")

    def keep(self, tab: Any, name: str) -> None:
        """A picture for people to look at."""
        if self.screens:
            self.screens.mkdir(parents=True, exist_ok=True)
            is_over = tab.locator("dialog[open], :popover-open").count()
            tab.screenshot(path=self.screens / f"{name}.png", full_page=not is_over)


def go_through(stops: Iterable[Stop], base: str, tab_of: Callable[..., Any]) -> set[str]:
    """Check the pages at all stops; the names of the addresses that were seen."""
    walker = Walker(tab_of, base)
    for stop in walk.by_person(stops):
        walker.go(stop)
    assert not walker.findings, "\n".join(walker.findings)
    return walker.seen


def _resize(tab: Any, form: str) -> None:
    width, height = WIDTHS[form]
    if tab.viewport_size["width"] != width:
        tab.set_viewport_size({"width": width, "height": height})


def _address_of(tab: Any) -> str:
    try:
        return resolve(tab.evaluate("() => location.pathname")).view_name
    except Resolver404:
        return ""


def addresses(patterns: list[URLPattern | URLResolver], room: str = "") -> Iterator[str]:
    """The names of all addresses, as ``resolve`` gives them."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else room)
        elif pattern.name:
            yield f"{room}{pattern.name}"


# Two walks, so that two processes can share them.
def test_the_pages_of_every_noun_are_clean(loaded, tab_of):
    base, places = loaded
    seen = go_through(walk.generic(places), base, tab_of)
    assert seen >= walk.GENERIC


def test_the_pages_of_every_room_are_clean(demo_company, tab_of):
    base, told = demo_company
    seen = go_through(walk.of_rooms(told["places"], told["link"]), base, tab_of)
    named = {name for name in addresses(get_resolver().url_patterns) if name == "api:docs" or name[:4] != "api:"}
    missing = named - seen - walk.GENERIC - walk.NOT_PAGES - walk.FIRST_RUN
    assert not missing, f"walk.py has no stop for {sorted(missing)}"


def test_every_step_of_the_first_run_is_clean(fresh, tab_of):
    base, link = fresh
    walker = Walker(tab_of, base)
    tab = tab_of(base, **SETTLED)
    for name, values in walk.FIRST_STEPS.items():
        if name == "first-run":
            tab.goto(link)
        walker.look(tab, name)
        for field, value in values.items():
            box = tab.locator(f"main [name={field}]").first
            if box.evaluate("(box) => box.localName") == "select":
                box.select_option(value)
            else:
                box.fill(value)
        if values:
            tab.click("main button[type=submit]")
            tab.wait_for_load_state()
    for path in ("/", "/leads", "/pipeline", "/imports", "/where-sales-come-from"):
        tab.goto(path)
        walker.look(tab, f"empty-{path.strip('/') or 'day'}")
    assert not walker.findings, "\n".join(walker.findings)
    assert walker.seen >= walk.FIRST_RUN
