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
    """Leads that share every step: how many, and what their orders were worth (or, open, what they asked for).

    ``valued`` are those of the leads whose worth is known at all.
    """

    source_id: int | None
    campaign_id: int | None
    channel: str
    qualified: str
    outcome: str
    category: str
    leads: int
    value: Decimal
    valued: int


QUALIFIED = ("in_work", "not_qualified", "qualified")
OUTCOMES = ("", "open", "lost", "won")
CATEGORIES = ("", "UNDEFINED", "ACTIVE_PAYING", "ACTIVE_NON_PAYING", "NON_ACTIVE", "LOST")


def steps(scope: Scope) -> str:
    """The report's leads one by one with the steps they went (numbers are places in the tuples above), as SQL.

    Most leads never come near a sale; only the others are joined with opportunities and orders.
    """
    gone = "coalesce(l.gone_at < $until, FALSE)"
    is_sql = "coalesce(l.sql_at < $until, FALSE)"
    qualified = f"CASE WHEN {is_sql} THEN 2 WHEN {gone} THEN 1 ELSE 0 END"
    last_order = "$known_day - b.last_on"
    return f"""
        WITH buyer AS (
            SELECT buyer_id, max(ordered_on) AS last_on FROM sale_day s
            WHERE {scope.known("s.ordered_at")} GROUP BY buyer_id
        ), earned AS (
            SELECT lead_id, sum(amount) AS amount FROM sale_day s
            WHERE lead_id IS NOT NULL AND {scope.known("s.ordered_at")} AND s.currency = $currency GROUP BY lead_id
        ), tried AS (
            SELECT lead_id, sum(amount) FILTER (currency = $currency) AS amount,
                bool_or(outcome = '' OR closed_at >= $until) AS is_open,
                bool_or(outcome = 'LOST' AND (closed_at IS NULL OR closed_at < $until)) AS is_lost
            FROM opportunity WHERE lead_id IS NOT NULL AND (opened_at IS NULL OR opened_at < $until) GROUP BY lead_id
        )
        SELECT l.id, l.source_id, l.campaign_id, l.channel, {qualified} AS qualified,
            CASE WHEN NOT {is_sql} THEN 0 WHEN {gone} THEN 2 ELSE 1 END AS outcome, 0 AS category, l.asked AS worth
        FROM ({cohort(scope)}) l WHERE NOT l.has_deal
        UNION ALL
        SELECT l.id, l.source_id, l.campaign_id, l.channel, {qualified},
            CASE WHEN {won_as_of()} THEN 3 WHEN NOT {is_sql} THEN 0
                 WHEN (a.is_lost AND NOT a.is_open) OR {gone} THEN 2 ELSE 1 END,
            CASE WHEN NOT {won_as_of()} THEN 0 WHEN b.last_on IS NULL THEN 1
                 WHEN {last_order} <= {USUAL.paying_days} THEN 2
                 WHEN {last_order} <= {USUAL.non_paying_days} THEN 3
                 WHEN {last_order} <= {USUAL.non_active_days} THEN 4 ELSE 5 END,
            coalesce(e.amount, a.amount, l.asked)
        FROM ({cohort(scope)}) l LEFT JOIN buyer b ON b.buyer_id = l.buyer_id
            LEFT JOIN earned e ON e.lead_id = l.id LEFT JOIN tried a ON a.lead_id = l.id
        WHERE l.has_deal
    """


def streams(db: duckdb.DuckDBPyConnection, scope: Scope) -> list[Stream]:
    """The report's leads by every step at once; a few hundred rows however many leads there are."""
    sql = f"""
        SELECT source_id, campaign_id, any_value(channel), qualified, outcome, category,
            count(*), coalesce(sum(worth), 0), count(worth)
        FROM ({steps(scope)}) GROUP BY source_id, campaign_id, qualified, outcome, category
    """
    return [
        Stream(source, campaign, channel or "", QUALIFIED[qualified], OUTCOMES[outcome], CATEGORIES[category], *sums)
        for source, campaign, channel, qualified, outcome, category, *sums in db.execute(*scope.bind(sql)).fetchall()
    ]
