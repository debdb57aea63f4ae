"""The flow from source through campaign, qualified and outcome to what the customer is now."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

import duckdb

from headwater.measure.metrics.scope import Scope
from headwater.measure.metrics.sources import cohort, won_as_of

# What a buyer is now, by the days since the last order: until when the category lasts.
PAYING_DAYS, NON_PAYING_DAYS, NON_ACTIVE_DAYS = 90, 365, 730


class Fate(NamedTuple):
    """What became of a lead: was it qualified, how did it end, what is its buyer now."""

    qualified: str
    outcome: str = ""
    category: str = ""


# The mirror's statements number them by their place here.
FATES: Final = (
    Fate("in_work"),
    Fate("not_qualified"),
    Fate("qualified", "open"),
    Fate("qualified", "lost"),
    *(
        Fate("qualified", "won", category)
        for category in ("UNDEFINED", "ACTIVE_PAYING", "ACTIVE_NON_PAYING", "NON_ACTIVE", "LOST")
    ),
)


class Stream(NamedTuple):
    """Leads that share every step: how many, and what their orders were worth (or, open, what they asked for).

    ``valued`` are those of the leads whose worth is known at all.
    """

    source_id: int | None
    campaign_id: int | None
    channel: str
    fate: Fate
    leads: int
    value: Decimal = Decimal(0)
    valued: int = 0


def fates(scope: Scope) -> str:
    """The report's leads one by one with the number of their fate, as SQL; only those who bought ask for orders."""
    gone, lost, is_sql = (f"coalesce(l.{moment}_at < $until, FALSE)" for moment in ("gone", "lost", "sql"))
    last_order = "$known_day - b.last_on"
    which = "l.id, l.source_id, l.campaign_id, l.asked"
    return f"""
        SELECT {which},
            CASE WHEN {is_sql} THEN CASE WHEN {gone} OR {lost} THEN 3 ELSE 2 END WHEN {gone} THEN 1 ELSE 0 END AS fate
        FROM ({cohort(scope)}) l WHERE NOT {won_as_of()}
        UNION ALL
        SELECT {which},
            CASE WHEN b.last_on IS NULL THEN 4 WHEN {last_order} <= {PAYING_DAYS} THEN 5
                 WHEN {last_order} <= {NON_PAYING_DAYS} THEN 6
                 WHEN {last_order} <= {NON_ACTIVE_DAYS} THEN 7 ELSE 8 END
        FROM ({cohort(scope)}) l LEFT JOIN (
            SELECT s.buyer_id, max(s.ordered_on) AS last_on FROM sale_fact s
            WHERE s.model = 'first' AND {scope.stood("s")} GROUP BY s.buyer_id
        ) b ON b.buyer_id = l.buyer_id WHERE {won_as_of()}
    """


def streams(db: duckdb.DuckDBPyConnection, scope: Scope, *, with_value: bool) -> list[Stream]:
    """The report's leads by every step at once; what they are worth only on demand, as it costs as much again."""
    channels = dict(db.execute("SELECT id, channel FROM source").fetchall())
    sql = _with_value(scope) if with_value else _without_value(scope)
    return [
        Stream(source, campaign, channels.get(source, ""), FATES[fate], *sums)
        for source, campaign, fate, *sums in db.execute(*scope.bind(sql)).fetchall()
    ]


def _without_value(scope: Scope) -> str:
    return f"SELECT source_id, campaign_id, fate, count(*) FROM ({fates(scope)}) GROUP BY source_id, campaign_id, fate"


def _with_value(scope: Scope) -> str:
    """What a lead is worth: its orders, else its opportunities, else what it asked for."""
    return f"""
        SELECT f.source_id, f.campaign_id, f.fate, count(*),
            coalesce(sum(coalesce(e.amount, t.amount, f.asked)), 0), count(coalesce(e.amount, t.amount, f.asked))
        FROM ({fates(scope)}) f LEFT JOIN (
            SELECT s.lead_id, sum(s.amount) AS amount FROM sale_fact s
            WHERE s.model = 'first' AND s.lead_id IS NOT NULL AND s.currency = $currency AND {scope.stood("s")}
            GROUP BY s.lead_id
        ) e ON e.lead_id = f.id LEFT JOIN (
            SELECT lead_id, sum(amount) FILTER (currency = $currency) AS amount FROM opportunity
            WHERE lead_id IS NOT NULL AND {scope.known("opened_at")} GROUP BY lead_id
        ) t ON t.lead_id = f.id
        GROUP BY f.source_id, f.campaign_id, f.fate
    """
