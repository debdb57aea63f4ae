"""How many leads reached each stage, and how long the step took them."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from headwater.measure.metrics.scope import Scope
from headwater.measure.metrics.sources import cohort, won_as_of


@dataclass(frozen=True)
class Step:
    """One step: leads that got at least here by the as-of day, and the median days from arrival."""

    key: str
    label: str
    leads: int
    median_days: float | None


def steps(db: duckdb.DuckDBPyConnection, scope: Scope) -> list[Step]:
    """The five stages and won, each counting whoever got at least that far."""
    sql = f"""
        SELECT count(*), {
        ", ".join(
            f"count(*) FILTER ({step}_at < $until), median({step}_days) FILTER ({step}_at < $until)"
            for step in ("working", "mql", "sal", "sql")
        )
    },
            count(*) FILTER ({won_as_of()}),
            median(won_on - arrived_on) FILTER ({won_as_of()})
        FROM ({cohort(scope)}) l
    """
    found = db.execute(*scope.bind(sql)).fetchone()
    assert found is not None
    counts = [(found[0], None), *zip(found[1::2], found[2::2], strict=True)]
    names = (("NEW", "New"), ("WORKING", "Working"), ("MQL", "MQL"), ("SAL", "SAL"), ("SQL", "SQL"), ("WON", "Won"))
    return [Step(key, label, leads, median) for (key, label), (leads, median) in zip(names, counts, strict=True)]
