"""A first visit is light, and nothing moves under the reader's eyes while a page loads."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

FIRST_LOAD = 250_000
WITH_CHART = 420_000
WATCH = """
  window.shifted = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
    if (!entry.hadRecentInput) window.shifted += entry.value;
  })).observe({type: "layout-shift", buffered: true});
"""
MEASURE = """() => [window.shifted, performance.getEntriesByType("navigation")
  .concat(performance.getEntriesByType("resource")).reduce((sum, entry) => sum + entry.transferSize, 0)]"""


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("path", ["/", "/leads", "/leads/{lead}", "/people", "/pipeline", "/where-sales-come-from"])
def test_a_first_visit_is_light_and_still(loaded, tab_of, signed_in, path, width):
    base, places = loaded
    tab = tab_of(base, storage_state=signed_in, viewport={"width": width, "height": 900})
    tab.add_init_script(WATCH)
    tab.goto(path.format(lead=places["leads"]["record"]), wait_until="networkidle")
    shifted, size = tab.evaluate(MEASURE)
    if folder := os.environ.get("HEADWATER_SCREENS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        with open(f"{folder}/weights.jsonl", "a", encoding="utf-8") as out:
            out.write(json.dumps({"path": path, "width": width, "shift": shifted, "bytes": size}) + "\n")
    assert shifted < 0.02
    assert 20_000 < size < (WITH_CHART if "sales" in path else FIRST_LOAD)


def test_letters_that_come_late_move_nothing(loaded, tab_of, signed_in):
    tab = tab_of(loaded[0], storage_state=signed_in, viewport={"width": 360, "height": 900})
    tab.add_init_script(WATCH)
    late = []
    tab.route("**/*.woff2", lambda route: (late.append(route), time.sleep(0.7), route.continue_()))
    tab.goto("/", wait_until="networkidle")
    assert late
    assert tab.evaluate(MEASURE)[0] < 0.02
