"""Reports as JSON, for scripts: stable names, documented in ``docs/reports.md``. API and command line give the same.

Money and shares are numbers, money with two decimals; what is not known is null, never 0.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from headwater.measure.metrics.funnel import Step
from headwater.measure.metrics.sources import BLANK
from headwater.measure.mirror import Freshness
from headwater.measure.queries import FunnelReport, SourceRow, SourcesReport
from headwater.measure.rules.intervals import LEVEL, Interval
from headwater.measure.rules.periods import By, ReportRequest
from headwater.platform.money import in_cents

Json = dict[str, Any]


def sources_json(report: SourcesReport) -> Json:
    """Where sales come from: what was asked, the rows, their total."""
    return {
        "report": "sources",
        **_asked(report.request),
        "currency": report.currency,
        "level": LEVEL,
        "company_wide": report.company_wide,
        "freshness": _freshness(report.freshness),
        "rows": [row_json(row, report.request.by) for row in report.rows],
        "total": {**row_json(report.total, report.request.by), "source": _("All"), "label": _("All"), "key": "all"},
    }


def row_json(row: SourceRow, by: By) -> Json:
    """One row. ``source`` is the name in the data: empty where it was left blank."""
    found = row.figures
    return {
        "source": "" if row.unknown == BLANK else row.label,
        "key": row.key,
        "label": row.label,
        "by": by.value,
        "channel": row.channel,
        "unknown": row.unknown,
        "leads": found.leads,
        "mql": found.mql,
        "sql": found.sql,
        "won": found.won,
        "orders": found.orders,
        "orders_other_currency": found.orders_other_currency,
        "revenue": money(row.revenue),
        "spend": money(found.spend),
        "margin": money(row.margin),
        "conversion": _share(row.conversion, row.conversion_range),
        "conversion_by_age": {**_share(row.by_age, row.by_age_range), "days": row.by_age_days},
        "average_sale": money(row.average_sale),
        "days_to_win": {
            "median": found.days_median,
            "mean": _rounded(found.days_mean, 4),
            "known": found.days_known,
            "negative": found.days_negative,
        },
        "cost_per_lead": money(row.cost_per_lead),
        "cost_per_customer": {"value": money(row.cost_per_customer), **_ends(row.cost_per_customer_range, 2)},
        "return": {"value": _rounded(row.return_, 6), **_ends(row.return_range, 6)},
        "too_few": row.too_few,
    }


def funnel_json(report: FunnelReport) -> Json:
    """How far leads come: the steps, each with its share of the step before and the days it took."""
    before = [None, *(step.leads for step in report.steps)]
    return {
        "report": "funnel",
        "from": _day(report.request.from_),
        "to": _day(report.request.to),
        "as_of": _day(report.request.as_of),
        "company_wide": report.company_wide,
        "freshness": _freshness(report.freshness),
        "steps": [_step(step, leads) for step, leads in zip(report.steps, before, strict=False)],
    }


def money(amount: Decimal | None) -> float | None:
    """An amount as a JSON number with two decimals."""
    return None if amount is None else float(in_cents(amount))


def _asked(request: ReportRequest) -> Json:
    return {
        "by": request.by.value,
        "basis": request.basis.value,
        "model": request.model,
        "from": _day(request.from_),
        "to": _day(request.to),
        "as_of": _day(request.as_of),
    }


def _step(step: Step, before: int | None) -> Json:
    return {
        "key": step.key,
        "label": step.label,
        "leads": step.leads,
        "pass_rate": _rounded(step.leads / before, 6) if before else None,
        "median_days": step.median_days,
    }


def _share(share: float | None, between: Interval | None) -> Json:
    return {"share": _rounded(share, 6), **_ends(between, 6), "level": LEVEL}


def _ends(between: Interval | None, digits: int) -> Json:
    if between is None:
        return {"low": None, "high": None}
    return {"low": round(between.low, digits), "high": round(between.high, digits)}


def _freshness(fresh: Freshness) -> Json:
    return {"as_of": _moment(fresh.refreshed_at), "position": fresh.position, "changes_since": fresh.behind}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _day(day: Any) -> str | None:
    return day.isoformat() if day else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
