"""How many leads reached each stage, and how long the step took them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import duckdb
from django.utils.translation import gettext as _

from headwater.measure.metrics.scope import Scope
from headwater.measure.metrics.sources import cohort
from headwater.measure.rules import histogram

_STEPS = ("working", "mql", "sal", "sql")


@dataclass(frozen=True)
class Step:
    """One step: leads that got at least here by the as-of day, and the median days from arrival."""

    key: str
    label: str
    leads: int
    median_days: float | None


def steps(db: duckdb.DuckDBPyConnection, scope: Scope) -> list[Step]:
    """The five stages and won, each counting whoever got at least that far.

    Days are counted by how often they occur: that takes a fraction of the time of sorting a million of them.
    """
    taken = {step: f"l.{step}_days" for step in _STEPS} | {"won": "l.won_on - l.arrived_on"}
    parts = [f"SELECT 0 AS step, NULL AS days, count(*) FROM ({cohort(scope)}) l"] + [
        f"SELECT {number}, {days}, count(*) FROM ({cohort(scope)}) l WHERE l.{step}_at < $until GROUP BY ALL"
        for number, (step, days) in enumerate(taken.items(), 1)
    ]
    leads: defaultdict[int, int] = defaultdict(int)
    counts: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for number, days, count in db.execute(*scope.bind(" UNION ALL ".join(parts))).fetchall():
        leads[number] += count
        if days is not None:
            counts[number][days] = count
    names = (
        ("NEW", _("New")),
        ("WORKING", _("Working")),
        ("MQL", "MQL"),
        ("SAL", "SAL"),
        ("SQL", "SQL"),
        ("WON", _("Won")),
    )
    return [
        Step(key, label, leads[number], histogram.median(counts[number])) for number, (key, label) in enumerate(names)
    ]
