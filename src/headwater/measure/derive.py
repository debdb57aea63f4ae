"""What reports ask most, worked out once per refresh: local days, steps, first orders, who gets the credit.

Moments are stored in UTC without zone; ``0001-01-01`` is a moment that happened at an unknown time.
"""

from __future__ import annotations

from typing import Final

import duckdb

from headwater.measure.rules.credit import LOOKBACK_DAYS

_SOMETIME: Final = "TIMESTAMP '0001-01-01'"


def _day(moment: str) -> str:
    """The calendar day of a moment where the company is."""
    return f"CAST(timezone($zone, timezone('UTC', {moment})) AS DATE)"


def _days(step: str) -> str:
    """The calendar days from arrival to a step, unknown where one of the two is."""
    return f"CASE WHEN {step}_at > {_SOMETIME} THEN CAST({_day(f'{step}_at')} - arrived_on AS INTEGER) END"


def _first(condition: str) -> str:
    return f"min(coalesce(from_at, {_SOMETIME})) FILTER ({condition})"


_IN_TIME: Final = (
    "(s.ordered_at IS NULL OR t.occurred_at IS NULL OR (t.occurred_at <= s.ordered_at "
    f"AND t.occurred_at >= s.ordered_at - INTERVAL {LOOKBACK_DAYS} DAY))"
)

TABLES: Final = {
    "sale_day": f"""
        SELECT s.*, {_day("s.ordered_at")} AS ordered_on, coalesce(s.organisation_id, s.party_id) AS buyer_id
        FROM sale s""",
    "first_sale": """
        SELECT lead_id, min(ordered_at) AS ordered_at, min(ordered_on) AS ordered_on,
            bool_or(ordered_at IS NULL) AS undated
        FROM sale_day WHERE lead_id IS NOT NULL GROUP BY lead_id""",
    "reached": f"""
        SELECT lead_id, {_first("stage <> 'NEW'")} AS working_at, {_first("stage IN ('MQL', 'SAL', 'SQL')")} AS mql_at,
            {_first("stage IN ('SAL', 'SQL')")} AS sal_at, {_first("stage = 'SQL'")} AS sql_at
        FROM stage_span GROUP BY lead_id""",
    "lead_fact": f"""
        WITH known AS (
            SELECT l.*, {_day("l.arrived_at")} AS arrived_on, x.channel,
                r.working_at, r.mql_at, r.sal_at, r.sql_at,
                f.lead_id IS NOT NULL AS is_won,
                CASE WHEN f.undated THEN {_SOMETIME} ELSE f.ordered_at END AS won_at,
                CASE WHEN f.undated THEN NULL ELSE f.ordered_on END AS won_on,
                f.lead_id IS NOT NULL OR o.lead_id IS NOT NULL AS has_deal
            FROM lead l LEFT JOIN reached r ON r.lead_id = l.id LEFT JOIN first_sale f ON f.lead_id = l.id
                LEFT JOIN (SELECT DISTINCT lead_id FROM opportunity) o ON o.lead_id = l.id
                LEFT JOIN source x ON x.id = l.source_id
        ), filled AS (
            -- whoever got further was here before, and a sale implies that the lead was qualified, recorded or not
            SELECT * REPLACE (
                least(working_at, mql_at, sal_at, sql_at, won_at) AS working_at,
                least(mql_at, sal_at, sql_at, won_at) AS mql_at,
                least(sal_at, sql_at, won_at) AS sal_at, least(sql_at, won_at) AS sql_at
            ) FROM known
        )
        SELECT id, source_id, campaign_id, channel, owner_id, team_id, arrived_at, arrived_on,
            working_at, mql_at, sal_at, sql_at, is_won, won_at, won_on, has_deal,
            coalesce(organisation_id, party_id) AS buyer_id,
            CASE WHEN exit <> '' THEN coalesce(exited_at, {_SOMETIME}) END AS left_at,
            CASE WHEN exit IN ('DISQUALIFIED', 'RECYCLED') THEN coalesce(exited_at, {_SOMETIME}) END AS gone_at,
            CASE WHEN currency IN ('', $currency) THEN amount END AS asked,
            {", ".join(f"{_days(step)} AS {step}_days" for step in ("working", "mql", "sal", "sql"))}
        -- the few leads that came near a sale lie together, so that what is asked of them reads no other
        FROM filled ORDER BY has_deal, source_id, arrived_at""",
    # The touchpoints of the buyer and of the organisation's other people, inside the look-back window.
    "credit": f"""
        WITH candidate AS (
            SELECT s.id AS sale_id, t.id AS touch_id, t.source_id, t.campaign_id, t.occurred_at
            FROM sale_day s JOIN touch t ON coalesce(t.organisation_id, t.party_id) = s.buyer_id WHERE {_IN_TIME}
            UNION
            SELECT s.id, t.id, t.source_id, t.campaign_id, t.occurred_at
            FROM sale_day s JOIN touch t ON t.party_id = s.party_id WHERE {_IN_TIME}
        ), ranked AS (
            SELECT *, row_number() OVER (PARTITION BY sale_id ORDER BY occurred_at NULLS FIRST, touch_id) AS first,
                row_number() OVER (PARTITION BY sale_id ORDER BY occurred_at DESC NULLS LAST, touch_id DESC) AS last
            FROM candidate
        )
        SELECT 'first' AS model, sale_id, touch_id, source_id, campaign_id FROM ranked WHERE first = 1
        UNION ALL SELECT 'last', sale_id, touch_id, source_id, campaign_id FROM ranked WHERE last = 1""",
    # Every sale once for each model, with its lead's arrival and the way in that gets the credit.
    "sale_fact": """
        SELECT m.model, s.*, l.id IS NOT NULL AS has_lead, l.arrived_at, l.arrived_on,
            c.sale_id IS NULL AS untouched, c.source_id, c.campaign_id, x.channel
        FROM sale_day s CROSS JOIN (VALUES ('first'), ('last')) m(model)
            LEFT JOIN lead_fact l ON l.id = s.lead_id
            LEFT JOIN credit c ON c.sale_id = s.id AND c.model = m.model
            LEFT JOIN source x ON x.id = c.source_id
        ORDER BY m.model, s.ordered_at""",
}


def derive(db: duckdb.DuckDBPyConnection, *, zone: str, currency: str) -> None:
    """Work out all tables anew from the copied ones, in their order."""
    given = {"zone": zone, "currency": currency}
    for name, sql in TABLES.items():
        bound = {key: value for key, value in given.items() if f"${key}" in sql}
        db.execute(f'CREATE OR REPLACE TABLE "{name}" AS {sql}', bound)
