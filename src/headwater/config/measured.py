"""Counting what the web processes of one server answer, and writing figures down as Prometheus reads them.

Counted in memory that they have in common (ADR 0032): whichever is asked tells what all have answered, those that have
ended since included.
"""

from __future__ import annotations

import mmap
import os
import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 1.0, 2.5, 10.0)


class Answers(NamedTuple):
    """Answers that are counted together."""

    method: str
    route: str
    status: int


NO_ROOM: Final = Answers("(rest)", "(rest)", 0)


@dataclass(frozen=True)
class Family:
    """One figure with its values by their labels."""

    name: str
    kind: str
    help: str
    values: Mapping[tuple[tuple[str, str], ...], float]

    def lines(self) -> Iterator[str]:
        """As Prometheus reads it."""
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} {self.kind}"
        for labels, value in self.values.items():
            ending = dict(labels).get("", "")
            shown = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels if name)
            yield f"{self.name}{ending}{{{shown}}} {value:.15g}" if shown else f"{self.name}{ending} {value:.15g}"


def gauge(name: str, help: str, value: float | Mapping[str, float] | None, *, label: str = "") -> Family:
    """A figure that goes up and down, alone or by one label; unknown ones are left out."""
    if value is None:
        return Family(name, "gauge", help, {})
    if isinstance(value, Mapping):
        return Family(name, "gauge", help, {((label, key),): float(each) for key, each in value.items()})
    return Family(name, "gauge", help, {(): float(value)})


class _Sheet:
    """How often requests were answered and how long it took, on one page of shared memory for each web process.

    A process writes to its own page only, so nothing is lost and none waits for another, which may have been killed;
    who reads takes the sum. A line begins with what it counts; then come how many fell into each bucket, and all their
    microseconds. Numbers are written whole, one by one: nobody reads half of one.
    """

    PAGES = 64  # a process that takes the place of a crashed one has the next page; after the last comes the first
    LINES = 1024
    KEY = 176  # bytes
    WORDS = KEY // 8 + len(BUCKETS) + 2

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, self.PAGES * self.LINES * self.WORDS * 8)  # shared with forked processes
        self._words = memoryview(self._memory).cast("Q")
        self._next = 0
        self._open()
        os.register_at_fork(before=self._turn, after_in_child=self._open)

    def count(self, answers: Answers, seconds: float) -> None:
        """Note one more of these answers."""
        with self._lock:
            first = self._line_of(answers) + self.KEY // 8
            self._words[first + len(BUCKETS) + 1] += round(seconds * 1e6)
            self._words[first + bisect_left(BUCKETS, seconds)] += 1

    def sums(self) -> dict[Answers, list[int]]:
        """The numbers of all lines, the same answers of all processes together."""
        found: dict[Answers, list[int]] = {}
        for page in range(self.PAGES):
            for answers, at in self._lines(page):
                numbers = self._words[at + self.KEY // 8 : at + self.WORDS].tolist()
                found[answers] = _added(found.get(answers), numbers)
        return found

    def _turn(self) -> None:
        """Choose the page of the process that is about to be forked: only its parent knows which ones are taken."""
        self._next = (self._next + 1) % self.PAGES

    def _open(self) -> None:
        """Go on with the page of this process; the lock of its parent may be held for ever."""
        self._page, self._lock = self._next, threading.Lock()
        self._known = dict(self._lines(self._page))

    def _line_of(self, answers: Answers) -> int:
        """The first word of their line, which is begun where there is none; the last line is for all without room."""
        key = " ".join(map(str, answers)).encode()
        if answers not in self._known and (len(self._known) >= self.LINES - 1 or len(key) > self.KEY):
            answers, key = NO_ROOM, " ".join(map(str, NO_ROOM)).encode()
        if answers not in self._known:
            at = self._known[answers] = (self._page * self.LINES + len(self._known)) * self.WORDS
            self._memory[at * 8 : at * 8 + self.KEY] = key.ljust(self.KEY, b"\0")
        return self._known[answers]

    def _lines(self, page: int) -> Iterator[tuple[Answers, int]]:
        """What is counted on a page, and the first word of its line."""
        for line in range(self.LINES):
            at = (page * self.LINES + line) * self.WORDS
            key = self._memory[at * 8 : at * 8 + self.KEY].rstrip(b"\0").decode()
            if not key:
                return
            method, rest = key.split(" ", 1)
            route, status = rest.rsplit(" ", 1)
            yield Answers(method, route, int(status)), at


def _added(numbers: list[int] | None, others: list[int]) -> list[int]:
    return [one + other for one, other in zip(numbers, others, strict=True)] if numbers else others


_sheet = _Sheet()


def count(method: str, route: str, status: int, seconds: float) -> None:
    """Note an answered request."""
    _sheet.count(Answers(method, route, status), seconds)


def of_this_server() -> list[Family]:
    """What the web processes of this server answered since it began."""
    answered: dict[tuple[tuple[str, str], ...], float] = {}
    by_route: dict[tuple[str, str], list[int]] = {}
    for (method, route, status), numbers in sorted(_sheet.sums().items()):
        answered[("method", method), ("route", route), ("status", str(status))] = sum(numbers[:-1])
        by_route[method, route] = _added(by_route.get((method, route)), numbers)
    took: dict[tuple[tuple[str, str], ...], float] = {}
    for (method, route), (*numbers, microseconds) in by_route.items():
        labels = (("method", method), ("route", route))
        for limit, below in zip((*map(str, BUCKETS), "+Inf"), accumulate(numbers), strict=True):
            took[(("", "_bucket"), *labels, ("le", limit))] = below
        took[(("", "_sum"), *labels)] = microseconds / 1e6
        took[(("", "_count"), *labels)] = sum(numbers)
    return [
        Family("headwater_requests_total", "counter", "Requests answered by this server.", answered),
        Family("headwater_request_seconds", "histogram", "How long it took for them.", took),
    ]


def text(families: Iterable[Family]) -> str:
    """All of it, one line each."""
    return "".join(f"{line}\n" for family in families for line in family.lines())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
