"""Reports as values: what pages, API and command line show alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from headwater.measure import mirror
from headwater.measure.metrics import flow, funnel, sources
from headwater.measure.metrics.scope import Scope, scope_of
from headwater.measure.metrics.sources import BLANK, NO_TOUCHPOINT, Figures, Key
from headwater.measure.mirror import Freshness
from headwater.measure.rules import intervals
from headwater.measure.rules.intervals import LEVEL, Interval
from headwater.measure.rules.lifetable import LifeTable, life_table
from headwater.measure.rules.periods import By, ReportRequest
from headwater.platform.actor import Actor
from headwater.team import queries as team_queries

UNKNOWN_LABELS = {BLANK: "Left blank", NO_TOUCHPOINT: "No known touchpoint"}


@dataclass(frozen=True)
class SourceRow:
    """One row of the report with everything worked out; None where something is not known.

    Money in the company's currency. ``conversion`` is the raw rate so far, ``by_age`` the share a life table
    gives at ``by_age_days``. ``unknown`` is ``blank`` or ``no_touchpoint`` for the two kinds of not knowing.
    """

    key: str | None
    label: str
    channel: str
    unknown: str
    figures: Figures
    conversion: float | None
    conversion_range: Interval | None
    by_age: float | None
    by_age_days: int | None
    by_age_range: Interval | None
    revenue: Decimal | None
    margin: Decimal | None
    average_sale: Decimal | None
    cost_per_lead: Decimal | None
    cost_per_customer: Decimal | None
    cost_per_customer_range: Interval | None
    return_: float | None
    return_range: Interval | None
    too_few: bool


@dataclass(frozen=True)
class SourcesReport:
    """Where sales come from: rows sorted by revenue, their total, and how fresh they are."""

    request: ReportRequest
    rows: Sequence[SourceRow]
    total: SourceRow
    currency: str
    freshness: Freshness
    company_wide: bool
    curve: LifeTable


@dataclass(frozen=True)
class FunnelReport:
    """How far the leads of a period got."""

    request: ReportRequest
    steps: Sequence[funnel.Step]
    freshness: Freshness


@dataclass(frozen=True)
class Flow:
    """The streams of the Sankey, with names for what they pass."""

    streams: Sequence[flow.Stream]
    sources: dict[int, tuple[str, str]]
    campaigns: dict[int, str]


def sources_report(actor: Actor, request: ReportRequest, *, at: datetime) -> SourcesReport:
    """Where sales come from, over what the actor may count; in milliseconds for a million leads.

    Raises:
        NotAllowed: the actor may see no reports.
        MirrorMissing: the mirror was never filled.
    """
    actor.require("measure.report.see")
    scope = _scope(actor, request, at)
    with mirror.reading() as db:
        found = sources.figures(db, scope)
        overall = sources.days_to_win(db, scope)
        names = _names(db, request.by)
        fresh = mirror.freshness_of(db)
    rows = [_row(key, figures, names, scope) for key, figures in found.items()]
    rows.sort(key=_time_order if scope.is_by_time else _worth_order)
    every = _sum(found.values())
    every.days_median, every.days_mean = overall
    return SourcesReport(
        request=request,
        rows=rows,
        total=_row(("all", ""), every, {"all": ("All", "")}, scope),
        currency=scope.currency,
        freshness=fresh,
        company_wide=scope.sees_company,
        curve=life_table(every.ages),
    )


def funnel_report(actor: Actor, request: ReportRequest, *, at: datetime) -> FunnelReport:
    """How many of the period's leads reached each stage by the as-of day.

    Raises:
        NotAllowed: the actor may see no reports.
    """
    actor.require("measure.report.see")
    with mirror.reading() as db:
        steps = funnel.steps(db, _scope(actor, request, at))
        fresh = mirror.freshness_of(db)
    return FunnelReport(request=request, steps=steps, freshness=fresh)


def flow_of(actor: Actor, request: ReportRequest, *, at: datetime) -> Flow:
    """The streams behind the Sankey of the same request."""
    actor.require("measure.report.see")
    with mirror.reading() as db:
        streams = flow.streams(db, _scope(actor, request, at))
        names = {int(k): v for k, v in _names(db, By.SOURCE).items()}
        campaigns = {int(k): v[0] for k, v in _names(db, By.CAMPAIGN).items()}
    return Flow(streams, names, campaigns)


def _scope(actor: Actor, request: ReportRequest, at: datetime) -> Scope:
    company = team_queries.company()
    return scope_of(actor, request, zone=company.zone, currency=company.currency, at=at)


def _names(db: mirror.Connection, by: By) -> dict[str, tuple[str, str]]:
    """Label and channel of each key; months and quarters name themselves."""
    if by is By.SOURCE:
        return {
            str(i): (name, channel)
            for i, name, channel in db.execute("SELECT id, name, channel FROM source").fetchall()
        }
    if by is By.CAMPAIGN:
        return {str(i): (name, "") for i, name in db.execute("SELECT id, name FROM campaign").fetchall()}
    if by is By.CHANNEL:
        return {c: (c, c) for (c,) in db.execute("SELECT DISTINCT channel FROM source").fetchall()}
    return {}


def _row(key: Key, found: Figures, names: dict[str, tuple[str, str]], scope: Scope) -> SourceRow:
    value, unknown = key
    label, channel = names.get(value or "", (value or "", ""))
    table = life_table(found.ages)
    reach = table.reach()
    counted = found.won_of_leads
    cohort_like = scope.request.basis == "arrived"
    margin = found.costed_revenue - found.cost if found.orders_with_cost else None
    spend = found.spend
    has_return = margin is not None and spend is not None and spend > 0
    return SourceRow(
        key=value,
        label=UNKNOWN_LABELS.get(unknown, label),
        channel=channel,
        unknown=unknown,
        figures=found,
        conversion=counted / found.leads if found.leads and cohort_like else None,
        conversion_range=intervals.wilson(counted, found.leads) if cohort_like else None,
        by_age=reach.share if reach else None,
        by_age_days=reach.age_days if reach else None,
        by_age_range=Interval(reach.low, reach.high, LEVEL) if reach else None,
        revenue=found.revenue if found.orders_with_amount else None,
        margin=margin,
        average_sale=found.revenue / found.orders_with_amount if found.orders_with_amount else None,
        cost_per_lead=spend / found.leads if spend is not None and found.leads else None,
        cost_per_customer=spend / found.won if spend is not None and found.won else None,
        cost_per_customer_range=_cost_range(found),
        return_=float((margin - spend) / spend) if has_return and margin is not None and spend else None,
        return_range=_return_range(margin, found) if has_return else None,
        too_few=intervals.too_few(found.won),
    )


def _cost_range(found: Figures) -> Interval | None:
    if found.spend is None or not 0 < found.won <= found.leads:
        return None
    return intervals.cost_per_customer(found.spend, wins=found.won, leads=found.leads)


def _return_range(margin: Decimal | None, found: Figures) -> Interval | None:
    if margin is None or found.spend is None or not 0 < found.won <= found.leads:
        return None
    return intervals.return_on_spend(margin, found.spend, wins=found.won, leads=found.leads)


_ADDED = (
    "leads", "mql", "sql", "won", "won_of_leads", "open_leads", "orders", "orders_with_amount", "orders_with_cost",
    "orders_other_currency", "revenue", "costed_revenue", "cost", "days_known", "days_negative",
)  # fmt: skip


def _sum(rows: Iterable[Figures]) -> Figures:
    every = Figures()
    for row in rows:
        for name in _ADDED:
            setattr(every, name, getattr(every, name) + getattr(row, name))
        if row.spend is not None:
            every.spend = (every.spend or Decimal(0)) + row.spend
        every.ages.extend(row.ages)
    return every


def _worth_order(row: SourceRow) -> tuple[bool, Decimal, int, int, str]:
    """Dearest first; what is not known stands last."""
    return bool(row.unknown), -(row.revenue or Decimal(0)), -row.figures.won, -row.figures.leads, row.label


def _time_order(row: SourceRow) -> tuple[bool, str]:
    return bool(row.unknown), row.key or ""
