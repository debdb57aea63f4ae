"""The rows behind a number: every figure of the report opens the list it was counted from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import duckdb

from headwater.measure.metrics import flow
from headwater.measure.metrics.scope import Scope
from headwater.measure.metrics.sources import BLANK, NO_TOUCHPOINT, SPEND, cohort, sales, won_as_of, won_key
from headwater.measure.rules.periods import Basis

Metric = Literal["leads", "working", "mql", "sal", "sql", "bought", "won", "revenue", "foreign", "spend"]
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

    def is_met_by(self, fate: flow.Fate) -> bool:
        """Whether leads of this fate are meant."""
        asked = ((self.qualified, fate.qualified), (self.outcome, fate.outcome), (self.category, fate.category))
        return all(wanted is None or wanted == found for wanted, found in asked)


def ids_behind(
    db: duckdb.DuckDBPyConnection, scope: Scope, *, metric: Metric, key: str | None, unknown: str, every: bool = False
) -> tuple[Noun, list[int]]:
    """Which noun a figure counts and the ids it counted, at most ten thousand, in no order that means anything.

    ``every`` leaves the row's key out: the figure of the total. Won opens leads; where opportunities were won that no
    lead leads to, it opens the first order of each win instead, so that all of them are in one list.
    """
    by_key = _wanted("key", key, every=every)
    if metric == "spend":
        return "spend", _ids(db, scope, _spend(scope, by_key), key)
    if metric in ("revenue", "foreign", "won"):
        by_credit = _credited(scope, by_key, unknown=unknown, every=every)
        if metric != "won":
            foreign = " AND s.currency <> $currency AND s.amount IS NOT NULL" if metric == "foreign" else ""
            return "orders", _ids(db, scope, _sales(scope, by_credit, foreign), key)
        alone = _ids(db, scope, _alone(scope, by_credit), key)
        if unknown == NO_TOUCHPOINT:
            return "orders", alone
        leads = f"SELECT id FROM ({_leads(scope, metric)}) WHERE {by_key}"
        return ("orders", alone + _ids(db, scope, _firsts(scope, leads), key)) if alone else (
            "leads", _ids(db, scope, leads, key)
        )  # fmt: skip
    if unknown == NO_TOUCHPOINT:  # leads have a source of their own, or left it blank
        return "leads", []
    return "leads", _ids(db, scope, f"SELECT id FROM ({_leads(scope, metric)}) WHERE {by_key}", key)


def _ids(db: duckdb.DuckDBPyConnection, scope: Scope, sql: str, key: str | None) -> list[int]:
    statement, bound = scope.bind(f"{sql} LIMIT {LIMIT}")
    if "$key" in statement:
        bound["key"] = scope.key_value(key or "")
    return [row[0] for row in db.execute(statement, bound).fetchall()]


def _spend(scope: Scope, wanted: str) -> str:
    return (
        f"SELECT id FROM (SELECT e.id, {scope.spend_key()} AS key FROM {SPEND} e WHERE e.currency = $currency "
        f"AND e.spent_on <= $known_day AND {scope.in_period('e.spent_on')}) WHERE {wanted}"
    )


def _credited(scope: Scope, by_key: str, *, unknown: str, every: bool) -> str:
    """Which sales a row is about: those its way in gets the credit for."""
    if every:
        return "TRUE"
    if unknown == NO_TOUCHPOINT:
        return "untouched"
    return by_key if scope.is_by_time else f"NOT untouched AND {by_key}"


def _sales(scope: Scope, wanted: str, more: str = "") -> str:
    return (
        f"SELECT DISTINCT id FROM (SELECT s.id, {scope.sale_key()} AS key, s.untouched {sales(scope)}{more}) "
        f"WHERE {wanted}"
    )


def _alone(scope: Scope, wanted: str) -> str:
    """An order for each won opportunity that no lead leads to."""
    more = "AND s.lead_id IS NULL AND s.opportunity_id IS NOT NULL"
    return (
        f"SELECT min(id) FROM (SELECT s.id, s.opportunity_id, {scope.sale_key()} AS key, s.untouched "
        f"{sales(scope)} {more}) WHERE {wanted} GROUP BY opportunity_id"
    )


def _firsts(scope: Scope, leads: str) -> str:
    """The first order of each of these leads."""
    return (
        "SELECT arg_min(s.id, coalesce(s.ordered_at, TIMESTAMP '0001-01-01')) FROM sale_fact s "
        f"WHERE s.model = 'first' AND {scope.stood('s')} AND s.lead_id IN ({leads}) GROUP BY s.lead_id"
    )


def leads_in_step(db: duckdb.DuckDBPyConnection, scope: Scope, step: Step) -> list[int]:
    """The leads that went this way, at most ten thousand, in no order that means anything."""
    wanted = {
        "coalesce(source_id, 0)": step.source_ids,
        "coalesce(campaign_id, 0)": step.campaign_ids,
        f"coalesce(channel, '{LEFT_BLANK}')": step.channels,
        "fate": [number for number, fate in enumerate(flow.FATES) if step.is_met_by(fate)],
    }
    conditions, params = ["TRUE"], {}
    for number, (column, values) in enumerate(wanted.items()):
        if values is not None:
            conditions.append(f"list_contains($step_{number}, {column})")
            params[f"step_{number}"] = list(values)
    came = f"SELECT f.*, x.channel FROM ({flow.fates(scope)}) f LEFT JOIN source x ON x.id = f.source_id"
    sql = f"SELECT id FROM ({came}) WHERE {' AND '.join(conditions)} LIMIT {LIMIT}"
    statement, bound = scope.bind(sql)
    return [row[0] for row in db.execute(statement, {**bound, **params}).fetchall()]


def _leads(scope: Scope, metric: Metric) -> str:
    if metric == "won" and scope.request.basis is Basis.CLOSED:
        return (
            f"SELECT l.id, {won_key(scope)} AS key FROM {scope.rows('lead_fact')} l "
            f"WHERE {scope.held('l')} AND {scope.visible('l')} AND {won_as_of()} AND {scope.in_period('l.won_on')}"
        )
    reached = {"leads": "TRUE", "won": won_as_of(), "bought": won_as_of()}.get(metric, f"l.{metric}_at < $until")
    return f"SELECT l.id, l.key FROM ({cohort(scope)}) l WHERE {reached}"


def _wanted(column: str, key: str | None, *, every: bool) -> str:
    if every:
        return "TRUE"
    return f"{column} IS NULL" if key is None else f"{column} = $key"


__all__ = ["BLANK", "LIMIT", "Metric", "Noun", "Step", "ids_behind", "leads_in_step"]
