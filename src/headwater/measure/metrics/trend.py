"""How the revenue of each row went over the last twelve months."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb

from headwater.measure.metrics.scope import Scope
from headwater.measure.metrics.sources import Key, row_key

MONTHS = 12


def revenue_by_month(db: duckdb.DuckDBPyConnection, scope: Scope) -> dict[Key, list[Decimal]]:
    """Revenue of the orders placed in each of the twelve months up to the as-of day, by the rows of the report.

    It goes by closing day whatever the report's period is, so that every row shows the same twelve months.
    """
    first = first_month(scope.known_day)
    sql = f"""
        SELECT {scope.sale_key()} AS key, s.untouched,
            date_diff('month', $first_month, s.ordered_on) AS month, sum(s.amount)
        FROM {scope.rows("sale_fact")} s
        WHERE s.model = $model AND s.ordered_on >= $first_month AND s.ordered_on <= $known_day
            AND {scope.stood("s")}
            AND s.currency = $currency AND s.amount IS NOT NULL AND {scope.visible("s")}
        GROUP BY ALL
    """
    statement, bound = scope.bind(sql)
    found: dict[Key, list[Decimal]] = {}
    for key, untouched, month, revenue in db.execute(statement, {**bound, "first_month": first}).fetchall():
        found.setdefault(row_key(scope, key, untouched=untouched), [Decimal(0)] * MONTHS)[month] += revenue
    return found


def first_month(known_day: date) -> date:
    """The first of the twelve months that end with the one of ``known_day``."""
    month = known_day.year * 12 + known_day.month - MONTHS
    return date(month // 12, month % 12 + 1, 1)
