"""Counting what this web process does, and writing figures down as Prometheus reads them."""

from __future__ import annotations

import os
import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 1.0, 2.5, 10.0)

_lock = threading.Lock()
_answers: Counter[tuple[str, str, int]] = Counter()
_took: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * (len(BUCKETS) + 1))
_seconds: dict[tuple[str, str], float] = defaultdict(float)


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


def count(method: str, route: str, status: int, seconds: float) -> None:
    """Note an answered request."""
    with _lock:
        _answers[method, route, status] += 1
        _took[method, route][bisect_left(BUCKETS, seconds)] += 1
        _seconds[method, route] += seconds


def of_this_process() -> list[Family]:
    """What this web process answered since it began; ``process`` says which, for there may be several."""
    me = ("process", str(os.getpid()))
    with _lock:
        answers: dict[tuple[tuple[str, str], ...], float] = {
            (me, ("method", method), ("route", route), ("status", str(status))): float(number)
            for (method, route, status), number in _answers.items()
        }
        took: dict[tuple[tuple[str, str], ...], float] = {}
        for (method, route), numbers in _took.items():
            labels = (me, ("method", method), ("route", route))
            below = 0
            for limit, number in zip((*map(str, BUCKETS), "+Inf"), numbers, strict=True):
                below += number
                took[(("", "_bucket"), *labels, ("le", limit))] = below
            took[(("", "_sum"), *labels)] = _seconds[method, route]
            took[(("", "_count"), *labels)] = below
    return [
        Family("headwater_requests_total", "counter", "Requests answered by this process.", answers),
        Family("headwater_request_seconds", "histogram", "How long this process took for them.", took),
    ]


def text(families: Iterable[Family]) -> str:
    """All of it, one line each."""
    return "".join(f"{line}\n" for family in families for line in family.lines())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
