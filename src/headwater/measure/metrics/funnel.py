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
        WITH spans AS (
            SELECT lead_id,
                min(coalesce(from_at, TIMESTAMP '0001-01-01')) FILTER (stage <> 'NEW') AS working_at,
                min(coalesce(from_at, TIMESTAMP '0001-01-01')) FILTER (stage IN ('SAL', 'SQL')) AS sal_at
            FROM stage_span GROUP BY lead_id
        ), l AS (
            SELECT c.*, s.working_at, s.sal_at FROM ({cohort(scope)}) c LEFT JOIN spans s ON s.lead_id = c.id
        ), reached AS (
            SELECT arrived_at, won_at, is_won, sql_at,
                least(sal_at, sql_at) AS sal_at, least(mql_at, sal_at, sql_at) AS mql_at,
                least(working_at, mql_at, sal_at, sql_at) AS working_at
            FROM l
        )
        SELECT count(*), {
        ", ".join(
            f"count(*) FILTER ({at} < $until), "
            f"median(date_diff('day', arrived_at, {at})) FILTER ({at} < $until AND {at} > TIMESTAMP '0001-01-01')"
            for at in ("working_at", "mql_at", "sal_at", "sql_at")
        )
    },
            count(*) FILTER ({won_as_of()}),
            median(date_diff('day', arrived_at, won_at)) FILTER ({won_as_of()} AND won_at > TIMESTAMP '0001-01-01')
        FROM reached l
    """
    found = db.execute(*scope.bind(sql)).fetchone()
    assert found is not None
    counts = [(found[0], None), *zip(found[1::2], found[2::2], strict=True)]
    names = (("NEW", "New"), ("WORKING", "Working"), ("MQL", "MQL"), ("SAL", "SAL"), ("SQL", "SQL"), ("WON", "Won"))
    return [Step(key, label, leads, median) for (key, label), (leads, median) in zip(names, counts, strict=True)]
