"""The flow from source through campaign, qualified and outcome to what the customer is now."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import duckdb

from headwater.measure.metrics.scope import Scope
from headwater.measure.metrics.sources import cohort, won_as_of
from headwater.measure.rules.category import USUAL


@dataclass(frozen=True)
class Stream:
    """Leads that share every step: how many, and what their orders were worth (or, open, what they asked for)."""

    source_id: int | None
    campaign_id: int | None
    qualified: str
    outcome: str
    category: str
    leads: int
    value: Decimal


def streams(db: duckdb.DuckDBPyConnection, scope: Scope) -> list[Stream]:
    """The report's leads by every step at once; a few hundred rows however many leads there are."""
    last_order = "$known_day - b.last_on"
    gone = "l.exit IN ('DISQUALIFIED', 'RECYCLED') AND (l.exited_at IS NULL OR l.exited_at < $until)"
    sql = f"""
        WITH buyer AS (
            SELECT buyer_id, max(ordered_on) AS last_on FROM sale_day s
            WHERE {scope.known("s.ordered_at")} GROUP BY buyer_id
        ), earned AS (
            SELECT lead_id, sum(amount) AS amount FROM sale_day s
            WHERE lead_id IS NOT NULL AND {scope.known("s.ordered_at")} AND s.currency = $currency GROUP BY lead_id
        ), asked AS (
            SELECT lead_id, sum(amount) AS amount,
                bool_or(outcome = '' OR closed_at >= $until) AS is_open,
                bool_or(outcome = 'LOST' AND closed_at < $until) AS is_lost
            FROM opportunity WHERE lead_id IS NOT NULL AND (opened_at IS NULL OR opened_at < $until) GROUP BY lead_id
        )
        SELECT l.source_id, l.campaign_id,
            CASE WHEN l.sql_at < $until THEN 'qualified'
                 WHEN {gone} THEN 'not_qualified' ELSE 'in_work' END AS qualified,
            CASE WHEN {won_as_of()} THEN 'won' WHEN NOT coalesce(l.sql_at < $until, FALSE) THEN ''
                 WHEN a.is_lost AND NOT a.is_open THEN 'lost'
                 WHEN {gone} THEN 'lost'
                 ELSE 'open' END AS outcome,
            CASE WHEN NOT {won_as_of()} THEN '' WHEN b.last_on IS NULL THEN 'UNDEFINED'
                 WHEN {last_order} <= {USUAL.paying_days} THEN 'ACTIVE_PAYING'
                 WHEN {last_order} <= {USUAL.non_paying_days} THEN 'ACTIVE_NON_PAYING'
                 WHEN {last_order} <= {USUAL.non_active_days} THEN 'NON_ACTIVE' ELSE 'LOST' END AS category,
            count(*), sum(coalesce(e.amount, a.amount, l.amount, 0))
        FROM ({cohort(scope)}) l LEFT JOIN buyer b ON b.buyer_id = l.buyer_id
            LEFT JOIN earned e ON e.lead_id = l.id LEFT JOIN asked a ON a.lead_id = l.id
        GROUP BY ALL
    """
    return [Stream(*row) for row in db.execute(*scope.bind(sql)).fetchall()]
