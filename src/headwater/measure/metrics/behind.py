"""The rows behind a number: every figure of the report opens the list it was counted from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from headwater.measure.metrics import flow
from headwater.measure.metrics.scope import Scope
from headwater.measure.metrics.sources import BLANK, NO_TOUCHPOINT, SPEND, cohort, sales, won_as_of
from headwater.measure.rules.periods import Basis

Metric = Literal["leads", "mql", "sql", "won", "revenue", "spend"]
Noun = Literal["leads", "orders", "spend"]
LIMIT = 10_000


LEFT_BLANK = "-"


@dataclass(frozen=True)
class Step:
    """Which streams of the flow picture are meant; what is None is left open.

    An id of ``0`` and the channel ``-`` mean *left blank*.
    """

    source_ids: tuple[int, ...] | None = None
    campaign_ids: tuple[int, ...] | None = None
    channels: tuple[str, ...] | None = None
    qualified: str | None = None
    outcome: str | None = None
    category: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every stream is meant."""
        return self == Step()


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
            f"SELECT id FROM (SELECT e.id, {scope.spend_key()} AS key FROM {SPEND} e WHERE e.currency = $currency "
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
            f"SELECT DISTINCT id FROM (SELECT s.id, {scope.sale_key()} AS key, s.untouched "
            f"{sales(scope)}{without_lead}) WHERE {wanted} LIMIT {LIMIT}"
        )
        noun = "orders"
    else:
        sql = f"SELECT id FROM ({_leads(scope, metric)}) WHERE {_wanted('key', key, every=every)} LIMIT {LIMIT}"
        noun = "leads"
    statement, bound = scope.bind(sql)
    if "$key" in statement:
        bound["key"] = scope.key_value(key or "")
    return noun, [row[0] for row in db.execute(statement, {**bound, **params}).fetchall()]


def leads_in_step(db: duckdb.DuckDBPyConnection, scope: Scope, step: Step) -> list[int]:
    """The leads that went this way, at most ten thousand, in no order that means anything."""
    wanted = {
        "coalesce(source_id, 0)": step.source_ids,
        "coalesce(campaign_id, 0)": step.campaign_ids,
        f"coalesce(channel, '{LEFT_BLANK}')": step.channels,
        "qualified": _code(flow.QUALIFIED, step.qualified),
        "outcome": _code(flow.OUTCOMES, step.outcome),
        "category": _code(flow.CATEGORIES, step.category),
    }
    conditions, params = ["TRUE"], {}
    for number, (column, values) in enumerate(wanted.items()):
        if values is not None:
            conditions.append(f"list_contains($step_{number}, {column})")
            params[f"step_{number}"] = list(values)
    sql = f"SELECT id FROM ({flow.steps(scope)}) WHERE {' AND '.join(conditions)} LIMIT {LIMIT}"
    statement, bound = scope.bind(sql)
    return [row[0] for row in db.execute(statement, {**bound, **params}).fetchall()]


def _code(codes: Sequence[str], value: str | None) -> list[int] | None:
    return None if value is None else [codes.index(value) if value in codes else -1]


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


__all__ = ["BLANK", "LIMIT", "Metric", "Noun", "Step", "ids_behind", "leads_in_step"]
