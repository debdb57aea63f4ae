"""What reports ask most, worked out once per refresh: local days, steps, what held when, who gets the credit.

Moments are stored in UTC without zone; ``0001-01-01`` is a moment that happened at an unknown time.

``lead_fact`` has a row for each stretch of time in which what happened to a lead only added up. A lead that was given
up and taken up again, whose order fell or whose lost opportunity came back has one row before and one after; as of
any day exactly one of them holds. ``sale_fact`` has every sale once for each model of credit.
"""

from __future__ import annotations

from typing import Final

import duckdb

from headwater.measure.rules.credit import LOOKBACK_DAYS

_SOMETIME: Final = "TIMESTAMP '0001-01-01'"
_EVER: Final = "TIMESTAMP 'infinity'"
_NEVER_BEFORE: Final = "TIMESTAMP '-infinity'"
_GONE: Final = "('DISQUALIFIED', 'RECYCLED')"


def _day(moment: str) -> str:
    """The calendar day of a moment where the company is."""
    return f"CAST(timezone($zone, timezone('UTC', {moment})) AS DATE)"


def _days(step: str) -> str:
    """The calendar days from arrival to a step, unknown where one of the two is."""
    return f"CASE WHEN {step}_at > {_SOMETIME} THEN CAST({_day(f'{step}_at')} - arrived_on AS INTEGER) END"


def _first(*stages: str) -> str:
    among = ", ".join(f"'{stage}'" for stage in stages)
    return f"min(coalesce(from_at, {_SOMETIME})) FILTER (stage IN ({among}))"


_IN_TIME: Final = (
    "(s.ordered_at IS NULL OR t.occurred_at IS NULL OR (t.occurred_at <= s.ordered_at "
    f"AND t.occurred_at >= s.ordered_at - INTERVAL {LOOKBACK_DAYS} DAY))"
)

# Opened out for all leads, or for those that changed: {lead} is the test of a lead's id.
_LEADS: Final = f"""
    WITH chosen AS (
        SELECT * FROM lead WHERE {{lead("id")}}
    ), bought AS (
        SELECT lead_id, coalesce(ordered_at, {_SOMETIME}) AS moment, coalesce(fell_at, {_EVER}) AS until_at
        FROM sale WHERE lead_id IS NOT NULL AND {{lead("lead_id")}}
    ), gone AS (
        -- a lead that is open now is not gone, and one that is gone may have come without a history
        SELECT s.lead_id, coalesce(s.from_at, {_SOMETIME}) AS from_at, coalesce(s.until_at, {_EVER}) AS until_at
        FROM stage_span s JOIN chosen l ON l.id = s.lead_id
        WHERE s.stage IN {_GONE} AND (s.until_at IS NOT NULL OR l.exit IN {_GONE})
        UNION ALL
        SELECT id, coalesce(exited_at, {_SOMETIME}), {_EVER} FROM chosen
        WHERE exit IN {_GONE} AND id NOT IN (
            SELECT lead_id FROM stage_span WHERE until_at IS NULL AND stage IN {_GONE} AND lead_id IS NOT NULL)
    ), attempt AS (
        SELECT * FROM opportunity WHERE lead_id IS NOT NULL AND {{lead("lead_id")}}
    ), tried AS (
        SELECT o.lead_id, s.outcome, coalesce(s.from_at, {_SOMETIME}) AS from_at,
            coalesce(s.until_at, CASE WHEN s.outcome <> o.now THEN coalesce(o.closed_at, s.from_at, {_SOMETIME}) END,
                {_EVER}) AS until_at
        FROM outcome_span s
            JOIN (SELECT *, CASE outcome WHEN '' THEN 'OPEN' ELSE outcome END AS now FROM attempt) o
            ON o.id = s.opportunity_id
        UNION ALL
        SELECT lead_id, 'OPEN', coalesce(opened_at, {_SOMETIME}),
            CASE WHEN outcome = '' THEN {_EVER} ELSE coalesce(closed_at, opened_at, {_SOMETIME}) END
        FROM attempt WHERE id NOT IN (SELECT opportunity_id FROM outcome_span)
        UNION ALL
        SELECT lead_id, 'LOST', coalesce(closed_at, opened_at, {_SOMETIME}), {_EVER}
        FROM attempt WHERE outcome = 'LOST' AND id NOT IN (SELECT opportunity_id FROM outcome_span)
    ), turn AS (
        SELECT lead_id, moment, sum(opened) AS opened, sum(lost) AS lost FROM (
            SELECT lead_id, from_at AS moment, CAST(outcome = 'OPEN' AS TINYINT) AS opened,
                CAST(outcome = 'LOST' AS TINYINT) AS lost FROM tried WHERE from_at < until_at
            UNION ALL
            SELECT lead_id, until_at, -CAST(outcome = 'OPEN' AS TINYINT), -CAST(outcome = 'LOST' AS TINYINT)
            FROM tried WHERE from_at < until_at
        ) GROUP BY ALL
    ), lost AS (
        -- while an opportunity is lost and no other open
        SELECT lead_id, moment AS from_at, until_at FROM (
            SELECT lead_id, moment, coalesce(lead(moment) OVER one, {_EVER}) AS until_at,
                sum(opened) OVER one AS open_then, sum(lost) OVER one AS lost_then
            FROM turn WINDOW one AS (PARTITION BY lead_id ORDER BY moment)
        ) WHERE open_then = 0 AND lost_then > 0
    ), change AS (
        SELECT lead_id, until_at AS moment FROM gone UNION SELECT lead_id, until_at FROM lost
        UNION SELECT lead_id, until_at FROM bought
    ), held AS (
        SELECT lead_id, moment AS held_until, coalesce(lag(moment) OVER one, {_NEVER_BEFORE}) AS held_from
        FROM (SELECT * FROM change WHERE moment < {_EVER} UNION SELECT id, {_EVER} FROM chosen)
        WINDOW one AS (PARTITION BY lead_id ORDER BY moment)
    ), going AS (
        SELECT h.lead_id, h.held_until, min(g.from_at) AS gone_at FROM held h JOIN gone g ON g.lead_id = h.lead_id
            AND g.from_at < least(h.held_until, g.until_at) AND g.until_at > h.held_from GROUP BY ALL
    ), losing AS (
        SELECT h.lead_id, h.held_until, min(g.from_at) AS lost_at FROM held h JOIN lost g ON g.lead_id = h.lead_id
            AND g.from_at < h.held_until AND g.until_at > h.held_from GROUP BY ALL
    ), winning AS (
        SELECT h.lead_id, h.held_until, min(b.moment) AS won_at FROM held h JOIN bought b ON b.lead_id = h.lead_id
            AND b.moment < least(h.held_until, b.until_at) AND b.until_at > h.held_from GROUP BY ALL
    ), reached AS (
        SELECT lead_id, {_first("WORKING", "MQL", "SAL", "SQL", "CONVERTED")} AS working_at,
            {_first("MQL", "SAL", "SQL", "CONVERTED")} AS mql_at,
            {_first("SAL", "SQL", "CONVERTED")} AS sal_at, {_first("SQL", "CONVERTED")} AS sql_at
        FROM stage_span WHERE {{lead("lead_id")}} GROUP BY lead_id
    ), known AS (
        -- whoever got further was here before, and a sale implies that the lead was qualified, recorded or not
        SELECT l.*, {_day("l.arrived_at")} AS arrived_on, h.held_from, h.held_until, g.gone_at, o.lost_at, w.won_at,
            least(r.working_at, r.mql_at, r.sal_at, r.sql_at, b.moment) AS working_at,
            least(r.mql_at, r.sal_at, r.sql_at, b.moment) AS mql_at,
            least(r.sal_at, r.sql_at, b.moment) AS sal_at, least(r.sql_at, b.moment) AS sql_at
        FROM chosen l JOIN held h ON h.lead_id = l.id
            LEFT JOIN going g ON g.lead_id = l.id AND g.held_until = h.held_until
            LEFT JOIN losing o ON o.lead_id = l.id AND o.held_until = h.held_until
            LEFT JOIN winning w ON w.lead_id = l.id AND w.held_until = h.held_until
            LEFT JOIN reached r ON r.lead_id = l.id
            LEFT JOIN (SELECT lead_id, min(moment) AS moment FROM bought GROUP BY lead_id) b ON b.lead_id = l.id
    )
    SELECT id, source_id, campaign_id, owner_id, team_id, held_from, held_until, arrived_at, arrived_on,
        working_at, mql_at, sal_at, sql_at, gone_at, lost_at, won_at,
        CASE WHEN won_at > {_SOMETIME} THEN {_day("won_at")} END AS won_on,
        coalesce(organisation_id, party_id) AS buyer_id,
        CASE WHEN currency IN ('', $currency) THEN amount END AS asked,
        {", ".join(f"{_days(step)} AS {step}_days" for step in ("working", "mql", "sal", "sql"))}
    FROM known"""

# {sale} is the test of a sale's id. Credit: the touchpoints of the buyer and of the organisation's other people,
# inside the look-back window.
_SALES: Final = f"""
    WITH chosen AS (
        SELECT *, {_day("ordered_at")} AS ordered_on, coalesce(organisation_id, party_id) AS buyer_id
        FROM sale WHERE {{sale("id")}}
    ), candidate AS (
        SELECT s.id AS sale_id, t.id AS touch_id, t.source_id, t.campaign_id, t.occurred_at
        FROM chosen s JOIN touch t ON coalesce(t.organisation_id, t.party_id) = s.buyer_id WHERE {_IN_TIME}
        UNION
        SELECT s.id, t.id, t.source_id, t.campaign_id, t.occurred_at
        FROM chosen s JOIN touch t ON t.party_id = s.party_id WHERE {_IN_TIME}
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY sale_id ORDER BY occurred_at NULLS FIRST, touch_id) AS first,
            row_number() OVER (PARTITION BY sale_id ORDER BY occurred_at DESC NULLS LAST, touch_id DESC) AS last
        FROM candidate
    ), credit AS (
        SELECT 'first' AS model, sale_id, source_id, campaign_id FROM ranked WHERE first = 1
        UNION ALL SELECT 'last', sale_id, source_id, campaign_id FROM ranked WHERE last = 1
    )
    SELECT m.model, s.* EXCLUDE (organisation_id, party_id), l.id IS NOT NULL AS has_lead, l.arrived_at,
        {_day("l.arrived_at")} AS arrived_on, c.sale_id IS NULL AS untouched, c.source_id, c.campaign_id
    FROM chosen s CROSS JOIN (VALUES ('first'), ('last')) m(model)
        LEFT JOIN lead l ON l.id = s.lead_id
        LEFT JOIN credit c ON c.sale_id = s.id AND c.model = m.model"""

TABLES: Final = {"lead_fact": _LEADS, "sale_fact": _SALES}
# Those who bought lie together, so that what is asked of them reads no other.
_ORDERS: Final = {"lead_fact": "won_at IS NOT NULL, source_id, arrived_at", "sale_fact": "model, ordered_at"}


def derive(db: duckdb.DuckDBPyConnection, *, zone: str, currency: str) -> None:
    """Work out both tables anew from the copied ones."""
    for name in TABLES:
        _run(db, f'CREATE OR REPLACE TABLE "{name}" AS {_for(name, "TRUE", "TRUE")}', zone, currency)


def derive_touched(db: duckdb.DuckDBPyConnection, *, zone: str, currency: str) -> None:
    """Work out again the rows of the leads and sales that ``touched_lead`` and ``touched_sale`` name."""
    for name in TABLES:
        touched = f"touched_{name.removesuffix('_fact')}"
        db.execute(f'DELETE FROM "{name}" WHERE id IN (SELECT id FROM {touched})')
        some = _for(name, "{id} IN (SELECT id FROM touched_lead)", "{id} IN (SELECT id FROM touched_sale)")
        _run(db, f'INSERT INTO "{name}" {some}', zone, currency)


def sort(db: duckdb.DuckDBPyConnection) -> None:
    """Put the rows in order again: what was worked out later lies at the end, where reading it takes longer."""
    for name, order in _ORDERS.items():
        db.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM "{name}" ORDER BY {order}')


def _for(name: str, lead: str, sale: str) -> str:
    """A table's statement with its tests of ids written out."""
    sql = TABLES[name]
    for column in ("id", "lead_id"):
        sql = sql.replace(f'{{lead("{column}")}}', lead.format(id=column))
    return sql.replace('{sale("id")}', sale.format(id="id")) + f" ORDER BY {_ORDERS[name]}"


def _run(db: duckdb.DuckDBPyConnection, sql: str, zone: str, currency: str) -> None:
    given = {"zone": zone, "currency": currency}
    db.execute(sql, {key: value for key, value in given.items() if f"${key}" in sql})
