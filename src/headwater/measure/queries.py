"""Reports as values: what pages, API and command line show alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from headwater.measure import mirror, recent
from headwater.measure.metrics import behind, flow, funnel, sources, trend
from headwater.measure.metrics.behind import Metric, Noun
from headwater.measure.metrics.scope import Scope, scope_of
from headwater.measure.metrics.sources import Figures, Key
from headwater.measure.mirror import Freshness
from headwater.measure.rules import intervals
from headwater.measure.rules.intervals import LEVEL, Interval
from headwater.measure.rules.lifetable import LifeTable
from headwater.measure.rules.periods import By, ReportRequest
from headwater.platform.actor import Actor
from headwater.team import queries as team_queries
from headwater.web.channels import channel_look

BLANK_LABELS = {By.CAMPAIGN: lazy("No campaign"), By.MONTH: lazy("Day not known"), By.QUARTER: lazy("Day not known")}


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

    def row(self, key: str | None, unknown: str) -> SourceRow | None:
        """The row of that key, or of that kind of not knowing."""
        return next((row for row in self.rows if (row.key, row.unknown) == (key, unknown)), None)


@dataclass(frozen=True)
class FunnelReport:
    """How far the leads of a period got."""

    request: ReportRequest
    steps: Sequence[funnel.Step]
    freshness: Freshness
    company_wide: bool


@dataclass(frozen=True)
class Flow:
    """The streams of the Sankey, with names for what they pass."""

    streams: Sequence[flow.Stream]
    sources: Mapping[int, tuple[str, str]]
    campaigns: Mapping[int, str]


@dataclass(frozen=True)
class PageData:
    """Everything the page shows, of one state of the mirror."""

    report: SourcesReport
    flow: Flow
    funnel: FunnelReport
    trend: Mapping[Key, Sequence[Decimal]]


@dataclass(frozen=True)
class RowsBehind:
    """What a number was counted from: ids of a noun, cut at ten thousand if ``is_cut``."""

    noun: Noun
    ids: Sequence[int]
    freshness: Freshness

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than these."""
        return len(self.ids) >= behind.LIMIT


def page_data(actor: Actor, request: ReportRequest, *, at: datetime, with_value: bool = False) -> PageData:
    """All parts of the page over what the actor may count, remembered until the mirror or the day changes.

    ``with_value`` counts what the streams of the picture are worth, too.

    Raises:
        NotAllowed: the actor may see no reports.
        MirrorMissing: the mirror was never filled.
    """
    scope = _scope(actor, request, at)
    copy = mirror.current_copy()

    def count() -> PageData:
        # Two halves at a time: no single statement keeps both processors of a small machine busy.
        with mirror.reading() as db, closing(db.cursor()) as same_copy, ThreadPoolExecutor(1) as aside:
            rest = aside.submit(_beside_the_table, same_copy, scope, with_value=with_value)
            report = _sources(db, scope)
            streams, steps, months = rest.result()
        reached = FunnelReport(request, steps, report.freshness, scope.sees_company)
        return PageData(report=report, flow=streams, funnel=reached, trend=months)

    found = recent.PAGES.get((copy, scope.asker, with_value), count)
    fresh = mirror.caught_up(found.report.freshness)
    return replace(found, report=replace(found.report, freshness=fresh), funnel=replace(found.funnel, freshness=fresh))


def sources_report(actor: Actor, request: ReportRequest, *, at: datetime) -> SourcesReport:
    """Where sales come from, over what the actor may count; in milliseconds for a million leads.

    Raises:
        NotAllowed: the actor may see no reports.
        MirrorMissing: the mirror was never filled.
    """
    scope = _scope(actor, request, at)
    with mirror.reading() as db:
        return _sources(db, scope)


def funnel_report(actor: Actor, request: ReportRequest, *, at: datetime) -> FunnelReport:
    """How many of the period's leads reached each stage by the as-of day.

    Raises:
        NotAllowed: the actor may see no reports.
        MirrorMissing: the mirror was never filled.
    """
    scope = _scope(actor, request, at)
    with mirror.reading() as db:
        return _funnel(db, scope)


def fresh_sources_report(actor: Actor, request: ReportRequest, *, at: datetime) -> SourcesReport:
    """As :func:`sources_report`, with the mirror brought up to the log first: for scripts, which do not look twice."""
    actor.require("measure.report.see")
    mirror.refresh(at=at)
    return sources_report(actor, request, at=at)


def fresh_funnel_report(actor: Actor, request: ReportRequest, *, at: datetime) -> FunnelReport:
    """As :func:`funnel_report`, with the mirror brought up to the log first."""
    actor.require("measure.report.see")
    mirror.refresh(at=at)
    return funnel_report(actor, request, at=at)


def flow_of(actor: Actor, request: ReportRequest, *, at: datetime, with_value: bool = True) -> Flow:
    """The streams behind the Sankey of the same request."""
    scope = _scope(actor, request, at)
    with mirror.reading() as db:
        return _flow(db, scope, with_value=with_value)


def rows_behind(
    actor: Actor,
    request: ReportRequest,
    *,
    metric: Metric,
    key: str | None,
    unknown: str,
    every: bool,
    at: datetime,
) -> RowsBehind:
    """What a figure of the report was counted from; ``every`` for one of the total."""
    scope = _scope(actor, request, at)
    with mirror.reading() as db:
        if metric == "spend" and not scope.sees_company:
            return RowsBehind("spend", (), mirror.freshness_of(db))
        noun, ids = behind.ids_behind(db, scope, metric=metric, key=key, unknown=unknown, every=every)
        return RowsBehind(noun, ids, mirror.freshness_of(db))


def leads_behind(actor: Actor, request: ReportRequest, step: behind.Step, *, at: datetime) -> RowsBehind:
    """The leads of a node or stream of the picture."""
    scope = _scope(actor, request, at)
    with mirror.reading() as db:
        return RowsBehind("leads", behind.leads_in_step(db, scope, step), mirror.freshness_of(db))


def _sources(db: mirror.Connection, scope: Scope) -> SourcesReport:
    found, every = sources.figures(db, scope)
    names = _names(db, scope.request.by)
    rows = [_row(key, figures, names, scope) for key, figures in found.items()]
    rows.sort(key=_time_order if scope.is_by_time else _worth_order)
    return SourcesReport(
        request=scope.request,
        rows=rows,
        total=_row(("all", ""), every, {"all": ("All", "")}, scope),
        currency=scope.currency,
        freshness=mirror.freshness_of(db),
        company_wide=scope.sees_company,
        curve=LifeTable(every.ages),
    )


def _beside_the_table(
    db: mirror.Connection, scope: Scope, *, with_value: bool
) -> tuple[Flow, Sequence[funnel.Step], Mapping[Key, Sequence[Decimal]]]:
    """What else the page shows. It asks the mirror alone, so that any thread may count it."""
    months = {} if scope.is_by_time else trend.revenue_by_month(db, scope)
    return _flow(db, scope, with_value=with_value), funnel.steps(db, scope), months


def _funnel(db: mirror.Connection, scope: Scope) -> FunnelReport:
    return FunnelReport(scope.request, funnel.steps(db, scope), mirror.freshness_of(db), scope.sees_company)


def _flow(db: mirror.Connection, scope: Scope, *, with_value: bool) -> Flow:
    return Flow(
        streams=flow.streams(db, scope, with_value=with_value),
        sources={int(k): v for k, v in _names(db, By.SOURCE).items()},
        campaigns={int(k): v[0] for k, v in _names(db, By.CAMPAIGN).items()},
    )


def _scope(actor: Actor, request: ReportRequest, at: datetime) -> Scope:
    actor.require("measure.report.see")
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
        found = db.execute("SELECT DISTINCT channel FROM source").fetchall()
        return {code: (str(channel_look(code).label), code) for (code,) in found}
    return {}


def _row(key: Key, found: Figures, names: dict[str, tuple[str, str]], scope: Scope) -> SourceRow:
    value, unknown = key
    label, channel = names.get(value or "", (value or "", ""))
    reach = LifeTable(found.ages).reach()
    counted = found.won_of_leads
    cohort_like = scope.request.basis == "arrived"
    margin = found.costed_revenue - found.cost if found.orders_with_cost and scope.sees_margin else None
    spend = found.spend
    has_return = margin is not None and spend is not None and spend > 0
    return SourceRow(
        key=value,
        label=_label(unknown, label, scope.request.by),
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


def _label(unknown: str, label: str, by: By) -> str:
    """What a row is called. The kinds of not knowing have names of their own and keep them apart."""
    match unknown:
        case sources.BLANK:
            return str(BLANK_LABELS.get(by, _("Left blank")))
        case sources.NO_TOUCHPOINT:
            return _("No known touchpoint")
        case _:
            return label


def _cost_range(found: Figures) -> Interval | None:
    if found.spend is None or not 0 < found.won <= found.leads:
        return None
    return intervals.cost_per_customer(found.spend, wins=found.won, leads=found.leads)


def _return_range(margin: Decimal | None, found: Figures) -> Interval | None:
    if margin is None or found.spend is None or not 0 < found.won <= found.leads:
        return None
    return intervals.return_on_spend(margin, found.spend, wins=found.won, leads=found.leads)


def _worth_order(row: SourceRow) -> tuple[bool, Decimal, int, int, str]:
    """Dearest first; what is not known stands last."""
    return bool(row.unknown), -(row.revenue or Decimal(0)), -row.figures.won, -row.figures.leads, row.label


def _time_order(row: SourceRow) -> tuple[bool, str]:
    return bool(row.unknown), row.key or ""
