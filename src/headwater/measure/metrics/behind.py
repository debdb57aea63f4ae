"""The rows behind a number: every figure of the report opens the list it was counted from."""

from __future__ import annotations

from typing import Literal

import duckdb

from headwater.measure.metrics.scope import Scope
from headwater.measure.metrics.sources import BLANK, NO_TOUCHPOINT, cohort, sales, won_as_of
from headwater.measure.rules.periods import Basis

Metric = Literal["leads", "mql", "sql", "won", "revenue", "spend"]
Noun = Literal["leads", "orders", "spend"]
LIMIT = 10_000


def ids_behind(
    db: duckdb.DuckDBPyConnection, scope: Scope, *, metric: Metric, key: str | None, unknown: str, every: bool = False
) -> tuple[Noun, list[int]]:
    """Which noun a figure counts and the ids it counted, at most ten thousand, in no order that means anything.

    ``every`` leaves the row's key out: the figure of the total.
    """
    params = dict(scope.extra)
    if metric == "spend":
        wanted = _wanted("key", key, every=every)
        sql = (
            f"SELECT id FROM (SELECT e.id, {scope.spend_key()} AS key FROM spend e WHERE e.currency = $currency "
            f"AND e.spent_on <= $known_day AND {scope.in_period('e.spent_on')}) WHERE {wanted} LIMIT {LIMIT}"
        )
        noun: Noun = "spend"
    elif metric == "revenue" or (metric == "won" and unknown == NO_TOUCHPOINT):
        if every:
            wanted = "TRUE"
        elif unknown == NO_TOUCHPOINT:
            wanted = "untouched"
        else:
            touched = "TRUE" if scope.is_by_time else "NOT untouched"
            wanted = f"{touched} AND {_wanted('key', key, every=False)}"
        without_lead = " AND s.lead_id IS NULL" if metric == "won" else ""
        sql = (
            f"SELECT DISTINCT id FROM (SELECT s.id, {scope.sale_key()} AS key, c.sale_id IS NULL AS untouched "
            f"{sales(scope)}{without_lead}) WHERE {wanted} LIMIT {LIMIT}"
        )
        noun = "orders"
    else:
        sql = f"SELECT id FROM ({_leads(scope, metric)}) WHERE {_wanted('key', key, every=every)} LIMIT {LIMIT}"
        noun = "leads"
    statement, bound = scope.bind(sql)
    if "$key" in statement:
        bound["key"] = key
    return noun, [row[0] for row in db.execute(statement, {**bound, **params}).fetchall()]


def _leads(scope: Scope, metric: Metric) -> str:
    if metric == "won" and scope.request.basis is Basis.CLOSED:
        key = scope.lead_key("l")
        if scope.is_by_time:
            key = key.replace("l.arrived_on", "l.won_on")
        return (
            f"SELECT l.id, {key} AS key FROM lead_fact l "
            f"WHERE {scope.visible('l')} AND {won_as_of()} AND {scope.in_period('l.won_on')}"
        )
    reached = {"mql": "mql_at < $until", "sql": "sql_at < $until", "won": won_as_of()}.get(metric, "TRUE")
    return f"SELECT l.id, l.key FROM ({cohort(scope)}) l WHERE {reached}"


def _wanted(column: str, key: str | None, *, every: bool) -> str:
    if every:
        return "TRUE"
    return f"{column} IS NULL" if key is None else f"{column} = $key"


__all__ = ["BLANK", "LIMIT", "Metric", "Noun", "ids_behind"]
