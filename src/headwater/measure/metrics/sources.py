"""Where sales come from: the figures of one row per channel, source, campaign, month or quarter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
from django.utils.translation import gettext_lazy

from headwater.measure.metrics.scope import Scope
from headwater.measure.rules.histogram import by_number, mean, median
from headwater.measure.rules.lifetable import Fates
from headwater.measure.rules.periods import Basis

SPEND = "(SELECT n.*, x.channel FROM spend n JOIN source x ON x.id = n.source_id)"

BLANK = "blank"
NO_TOUCHPOINT = "no_touchpoint"

DEFINITIONS: Mapping[str, Any] = {
    "spend": gettext_lazy("Dated spend entries of this row inside the period. Without any, the cost is not known."),
    "leads": gettext_lazy("Leads that arrived in the period, by their own source."),
    "mql": gettext_lazy("Those of the leads that marketing qualified by the as-of day, or that got further."),
    "sql": gettext_lazy("Those of the leads that sales qualified by the as-of day, or that bought."),
    "won": gettext_lazy(
        "Leads with at least one order by the as-of day; a won opportunity that no lead leads to counts where its "
        "credit goes. By closing day: those whose first order was placed in the period."
    ),
    "revenue": gettext_lazy(
        "Value of the orders, each given to its first or last touchpoint within 365 days before it."
    ),
    "margin": gettext_lazy("Value less cost of the orders whose cost is known."),
    "conversion": gettext_lazy(
        "Won of leads so far, and the range that holds 8 times out of 10 (Wilson). Young leads have not had "
        "time: compare conversion by age."
    ),
    "conversion_by_age": gettext_lazy(
        "Share won by the age to which enough leads were watched, from a life table (Kaplan-Meier): "
        "young leads count for as long as they have been here. It is what they come to by that age, not in the end."
    ),
    "average_sale": gettext_lazy("Revenue by the number of orders whose value is known."),
    "days_to_win": gettext_lazy(
        "Whole calendar days from arrival to the first order, where both days are known: the median."
    ),
    "cost_per_lead": gettext_lazy("Spend by leads."),
    "cost_per_customer": gettext_lazy("Spend by won; the range follows the Wilson interval of the share won."),
    "return": gettext_lazy("(Gross margin - spend) / spend, of orders whose cost is known."),
}


@dataclass
class Figures:
    """The counts and sums of one row, before shares and intervals are worked out.

    ``days`` are the days to win; ``ages`` the fates for the life table. ``spend_entries`` counts what was entered in
    any currency: entries may add up to nothing, and the row still has something to say.
    """

    leads: int = 0
    mql: int = 0
    sql: int = 0
    won: int = 0
    won_of_leads: int = 0
    orders: int = 0
    orders_with_amount: int = 0
    orders_with_cost: int = 0
    orders_other_currency: int = 0
    revenue: Decimal = Decimal(0)
    costed_revenue: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    spend: Decimal | None = None
    spend_entries: int = 0
    days_median: float | None = None
    days_mean: float | None = None
    days_known: int = 0
    days_negative: int = 0
    ages: Fates = field(default_factory=Fates)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all to say in this row."""
        return not (self.leads or self.won or self.orders or self.spend_entries)


Key = tuple[str | None, str]
"""The key of a row and the kind of not knowing it stands for (``""``: an ordinary row)."""


class Days(NamedTuple):
    """How many won after how many days, under None who has no day of arrival: in each row, and in all."""

    by_row: dict[Key, Mapping[int | None, int]]
    of_all: Mapping[int | None, int]


def figures(db: duckdb.DuckDBPyConnection, scope: Scope) -> tuple[dict[Key, Figures], Figures]:
    """All rows of the report by key, in no order, and their total."""
    rows: dict[Key, Figures] = defaultdict(Figures)
    since = _watched_since(db)
    _count_open(db, scope, since, rows)
    days = _count_won(db, scope, since, rows)
    if scope.request.basis is Basis.CLOSED:
        days = _days_to_win(db, scope)
    for key, of_row in days.by_row.items():
        row = rows[key]
        row.won = sum(of_row.values())
        row.days_known = row.won - of_row.get(None, 0)
        row.days_negative = sum(of_row[day] for day in of_row if day is not None and day < 0)
        _note_middle(row, of_row)
    _count_leadless(db, scope, rows)
    _sum_sales(db, scope, rows)
    if scope.sees_company:
        _sum_spend(db, scope, rows)
    found = {key: row for key, row in rows.items() if not row.is_empty}
    total = _sum(found.values())
    _note_middle(total, days.of_all)  # no sum of the rows'
    return found, total


_ADDED = (
    "leads", "mql", "sql", "won", "won_of_leads", "orders", "orders_with_amount", "orders_with_cost",
    "orders_other_currency", "revenue", "costed_revenue", "cost", "days_known", "days_negative", "spend_entries",
)  # fmt: skip


def _sum(rows: Iterable[Figures]) -> Figures:
    every = Figures()
    for row in rows:
        for name in _ADDED:
            setattr(every, name, getattr(every, name) + getattr(row, name))
        if row.spend is not None:
            every.spend = (every.spend or Decimal(0)) + row.spend
        every.ages.update(row.ages)
    return every


def cohort(scope: Scope) -> str:
    """The leads of the report, as they stood on the as-of day: those the actor may count that arrived in the period."""
    return (
        f"SELECT l.*, {scope.lead_key('l')} AS key FROM {scope.rows('lead_fact')} l "
        f"WHERE {scope.held('l')} AND {scope.visible('l')} "
        f"AND {scope.in_period('l.arrived_on')} AND {scope.known('l.arrived_at')}"
    )


def won_as_of() -> str:
    """Whether a lead had an order by the as-of day that stood on it."""
    return "coalesce(l.won_at < $until, FALSE)"


def sales(scope: Scope) -> str:
    """The sales ``s`` of the report with their credited way in.

    By arrival: orders of the period's leads, and in a report over all time also those without a lead. By closing
    day: orders placed in the period.
    """
    if scope.request.basis is Basis.CLOSED:
        placed = scope.in_period("s.ordered_on")
    else:
        placed = f"({scope.in_period('s.arrived_on')}) AND s.has_lead AND {scope.known('s.arrived_at')}"
        if scope.request.period.is_all_time:
            placed = f"(NOT s.has_lead OR ({placed}))"
    return (
        f"FROM {scope.rows('sale_fact')} s WHERE s.model = $model AND {placed} "
        f"AND {scope.stood('s')} AND {scope.visible('s')}"
    )


def _count_open(db: duckdb.DuckDBPyConnection, scope: Scope, since: date, rows: dict[Key, Figures]) -> None:
    """The leads that have not bought, with their fates by age. Who is older than the watch joins it late.

    Ages come as lists, a pair for each row: tens of thousands of them in rows of their own would take longer to hand
    over.
    """
    watched = (scope.known_day - since).days
    for key, leads, mql, sql, seen_ages, counts in _fetch(
        db,
        scope,
        f"""
        SELECT key, sum(leads)::BIGINT, sum(mql)::BIGINT, sum(sql)::BIGINT,
            list(age) FILTER (age >= 0), list(leads) FILTER (age >= 0)
        FROM (SELECT key, $known_day - l.arrived_on AS age, count(*) AS leads,
            count(*) FILTER (mql_at < $until) AS mql, count(*) FILTER (sql_at < $until) AS sql
            FROM ({cohort(scope)}) l WHERE NOT {won_as_of()} GROUP BY ALL)
        GROUP BY key""",
    ):
        row = rows[row_key(scope, key)]
        row.leads, row.mql, row.sql = leads, mql, sql
        if watched < 0 or not seen_ages:
            continue
        ends = by_number(seen_ages, counts)
        starts = [sum(ends[: watched + 1]), *ends[watched + 1 :]]
        row.ages.update(Fates(starts=starts, ends=ends))


def _count_won(db: duckdb.DuckDBPyConnection, scope: Scope, since: date, rows: dict[Key, Figures]) -> Days:
    """The leads that bought, who by that were qualified, and their fates by age; how many after how many days.

    A negative age at the win counts as zero; who won before anybody watched is left out.
    """
    days = Days({}, {})
    for is_total, key, taken, counts, watched, lates, starts in _fetch(
        db,
        scope,
        f"""
        SELECT is_total, key, list(days) FILTER (by_days), list(leads) FILTER (by_days),
            list(watched) FILTER (by_days), list(late) FILTER (NOT by_days AND late IS NOT NULL),
            list(leads) FILTER (NOT by_days AND late IS NOT NULL)
        FROM (SELECT grouping(key) = 1 AS is_total, key, days, late, grouping(late) = 1 AS by_days,
                count(*) AS leads, count(late) AS watched
            FROM (SELECT key, l.won_on - l.arrived_on AS days,
                CASE WHEN l.arrived_on <= $known_day AND l.won_on >= $since AND $since <= $known_day
                    THEN greatest(0, $since - l.arrived_on) END AS late
                FROM ({cohort(scope)}) l WHERE {won_as_of()})
            GROUP BY GROUPING SETS ((key, days), (key, late), (days)))
        GROUP BY is_total, key""",
        since=since,
    ):
        of_days = dict(zip(taken, counts, strict=True))
        if is_total:
            days = Days(days.by_row, of_days)
            continue
        row, won = rows[row_key(scope, key)], sum(counts)
        row.leads += won
        row.mql += won
        row.sql += won
        row.won_of_leads = won
        days.by_row[row_key(scope, key)] = of_days
        row.ages.update(Fates(starts=by_number(lates or (), starts or ()), wins=_ages(taken, watched)))
    return days


def _ages(days: Sequence[int | None], counts: Sequence[int]) -> list[int]:
    """The counts by age at the win: a negative one counts as zero, an unknown one is left out."""
    found = {day: count for day, count in zip(days, counts, strict=True) if day is not None}
    found[0] = sum(found.pop(day) for day in [day for day in found if day <= 0])
    return by_number(found, found.values())


def _watched_since(db: duckdb.DuckDBPyConnection) -> date:
    """The day since when orders have been written down: leads are watched from then on."""
    found = db.execute("SELECT min(ordered_on) FROM sale_fact WHERE model = 'first' AND has_lead").fetchone()
    return found[0] if found and found[0] else date.min


def won_key(scope: Scope) -> str:
    """What won leads are grouped by where a period means the closing day: months are those of the first order."""
    key = scope.lead_key("l")
    return key.replace("l.arrived_on", "l.won_on") if scope.is_by_time else key


def _days_to_win(db: duckdb.DuckDBPyConnection, scope: Scope) -> Days:
    """By closing day: how many won in the period after how many days."""
    found = _fetch(
        db,
        scope,
        f"""
        SELECT is_total, key, list(days), list(leads) FROM (
            SELECT grouping(key) = 1 AS is_total, key, days, count(*) AS leads
            FROM (SELECT {won_key(scope)} AS key, l.won_on - l.arrived_on AS days FROM {scope.rows("lead_fact")} l
                WHERE {scope.held("l")} AND {scope.visible("l")} AND {won_as_of()} AND {scope.in_period("l.won_on")})
            GROUP BY GROUPING SETS ((key, days), (days))
        ) GROUP BY is_total, key""",
    )
    every = {(is_total, key): dict(zip(days, leads, strict=True)) for is_total, key, days, leads in found}
    of_all = every.pop((True, None), {})
    return Days({row_key(scope, key): of_days for (_, key), of_days in every.items()}, of_all)


def _note_middle(row: Figures, days: Mapping[int | None, int]) -> None:
    """The median and the mean of the days that are known."""
    known = {day: count for day, count in days.items() if day is not None}
    row.days_median, row.days_mean = median(known), mean(known)


def _count_leadless(db: duckdb.DuckDBPyConnection, scope: Scope, rows: dict[Key, Figures]) -> None:
    """Won opportunities that no lead leads to count where their credit goes."""
    sql = f"""
        SELECT {scope.sale_key()} AS key, s.untouched, count(DISTINCT s.opportunity_id)
        {sales(scope)} AND s.lead_id IS NULL AND s.opportunity_id IS NOT NULL GROUP BY ALL
    """
    for key, untouched, won in _fetch(db, scope, sql):
        rows[row_key(scope, key, untouched=untouched and not scope.is_by_time)].won += won


def _sum_sales(db: duckdb.DuckDBPyConnection, scope: Scope, rows: dict[Key, Figures]) -> None:
    ours = "s.currency = $currency"
    sql = f"""
        SELECT {scope.sale_key()} AS key, s.untouched, count(*),
            count(s.amount) FILTER ({ours}), count(s.cost) FILTER ({ours} AND s.amount IS NOT NULL),
            count(*) FILTER (NOT {ours} AND s.amount IS NOT NULL), sum(s.amount) FILTER ({ours}),
            sum(s.amount) FILTER ({ours} AND s.cost IS NOT NULL), sum(s.cost) FILTER ({ours} AND s.amount IS NOT NULL)
        {sales(scope)} GROUP BY ALL
    """
    for key, untouched, orders, valued, costed, foreign, revenue, costed_revenue, cost in db.execute(
        *scope.bind(sql)
    ).fetchall():
        row = rows[row_key(scope, key, untouched=untouched and not scope.is_by_time)]
        row.orders += orders
        row.orders_with_amount += valued
        row.orders_with_cost += costed
        row.orders_other_currency += foreign
        row.revenue += revenue or 0
        row.costed_revenue += costed_revenue or 0
        row.cost += cost or 0


def _sum_spend(db: duckdb.DuckDBPyConnection, scope: Scope, rows: dict[Key, Figures]) -> None:
    sql = f"""
        SELECT {scope.spend_key()} AS key, sum(e.amount) FILTER (e.currency = $currency), count(*) FROM {SPEND} e
        WHERE e.spent_on <= $known_day AND {scope.in_period("e.spent_on")} GROUP BY ALL
    """
    for key, spend, entries in db.execute(*scope.bind(sql)).fetchall():
        row = rows[row_key(scope, key)]
        row.spend, row.spend_entries = spend, entries


def _fetch(db: duckdb.DuckDBPyConnection, scope: Scope, sql: str, **more: Any) -> list[tuple[Any, ...]]:
    statement, bound = scope.bind(sql)
    return db.execute(statement, {**bound, **more}).fetchall()


def row_key(scope: Scope, key: Any, *, untouched: bool = False) -> Key:
    """The row a grouped value belongs to."""
    if untouched:
        return None, NO_TOUCHPOINT
    return (None, BLANK) if key is None else (scope.key_text(key), "")
