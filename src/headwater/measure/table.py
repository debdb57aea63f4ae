"""The report's table as the page shows it: heads with their definitions, rows with the addresses behind each number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext, gettext_lazy

from headwater.measure import wording
from headwater.measure.metrics.sources import DEFINITIONS
from headwater.measure.queries import PageData, SourceRow, SourcesReport
from headwater.measure.rules.periods import By
from headwater.measure.state import PageState
from headwater.web.channels import LEFT_BLANK, ChannelLook, channel_look

OPENED: Final = ("leads", "sql", "won", "revenue", "spend")

HEADS: Final = {
    By.CHANNEL: gettext_lazy("Channel"),
    By.SOURCE: gettext_lazy("Source"),
    By.CAMPAIGN: gettext_lazy("Campaign"),
    By.MONTH: gettext_lazy("Month"),
    By.QUARTER: gettext_lazy("Quarter"),
}
COLUMNS: Final = (
    ("spend", gettext_lazy("Spend"), "r"),
    ("leads", gettext_lazy("Leads"), "r"),
    ("sql", gettext_lazy("SQL"), "r"),
    ("won", gettext_lazy("Won"), "r"),
    ("revenue", gettext_lazy("Revenue"), "r"),
    ("conversion", gettext_lazy("Won so far"), "c-iv"),
    ("conversion_by_age", gettext_lazy("By age"), "c-iv"),
    ("average_sale", gettext_lazy("Average sale"), "r"),
    ("days_to_win", gettext_lazy("Days to win"), "r"),
    ("cost_per_lead", gettext_lazy("Per lead"), "r"),
    ("cost_per_customer", gettext_lazy("Per customer"), "r"),
    ("return", gettext_lazy("Return"), "c-iv"),
)
SORT_VALUES: Final[Mapping[str, Callable[[SourceRow], Any]]] = {
    "spend": lambda row: row.figures.spend,
    "leads": lambda row: row.figures.leads,
    "sql": lambda row: row.figures.sql,
    "won": lambda row: row.figures.won,
    "revenue": lambda row: row.revenue,
    "conversion": lambda row: row.conversion,
    "conversion_by_age": lambda row: row.by_age,
    "average_sale": lambda row: row.average_sale,
    "days_to_win": lambda row: row.figures.days_median,
    "cost_per_lead": lambda row: row.cost_per_lead,
    "cost_per_customer": lambda row: row.cost_per_customer,
    "return": lambda row: row.return_,
}


@dataclass(frozen=True)
class Head:
    """A column's head: its word, its definition, its class, and how the table is or can be sorted by it."""

    key: str
    label: str
    definition: str
    css: str
    url: str
    direction: str


@dataclass(frozen=True)
class Line:
    """A row of the table. ``urls`` open the rows behind its numbers, where there are any.

    ``tone`` judges its return, ``colour`` is its channel's; both are grey with too few wins.
    """

    row: SourceRow
    look: ChannelLook | None
    urls: Mapping[str, str]
    tone: str
    colour: str
    trend: Sequence[Decimal]
    conversion_words: str
    by_age_words: str
    return_words: str
    customer_range: str

    @property
    def has_trend(self) -> bool:
        """Whether anything was sold in the last twelve months."""
        return any(self.trend)


@dataclass(frozen=True)
class Table:
    """The table with the scales its ranges are drawn on."""

    heads: Sequence[Head]
    lines: Sequence[Line]
    total: Line
    conversion_end: float
    return_end: float
    has_trend: bool


def table_of(data: PageData, state: PageState) -> Table:
    """The table of the page."""
    report = data.report
    sure = [row for row in report.rows if not row.too_few] or list(report.rows)
    ends = [between.high for row in sure for between in (row.conversion_range, row.by_age_range) if between]
    returns = [row.return_range.high for row in sure if row.return_range]
    return Table(
        heads=[
            _head("label", str(HEADS[report.request.by]), "", "", state),
            *(_head(key, str(label), DEFINITIONS[key], css, state) for key, label, css in COLUMNS),
        ],
        lines=[
            _line(row, state, data.trend.get((row.key, row.unknown), ()), report.currency)
            for row in sorted_rows(report, state)
        ],
        total=_line(report.total, state, _summed(data.trend), report.currency, every=True),
        conversion_end=min(1.0, max([*ends, 0.01]) * 1.05),
        return_end=min(max([*returns, 1.0]), 4.0),
        has_trend=any(any(values) for values in data.trend.values()),
    )


def sorted_rows(report: SourcesReport, state: PageState) -> Sequence[SourceRow]:
    """The rows as the reader wants them. What is not known stands last whichever way they are sorted."""
    column, downwards = state.sort
    if column == "label":
        return _by_label(report, downwards)
    value_of = SORT_VALUES[column]
    named = [row for row in report.rows if not row.unknown]
    known = [row for row in named if value_of(row) is not None]
    known.sort(key=value_of, reverse=downwards)
    return [
        *known,
        *(row for row in named if value_of(row) is None),
        *(row for row in report.rows if row.unknown),
    ]


def _by_label(report: SourcesReport, downwards: bool) -> Sequence[SourceRow]:
    """Names as people look them up, whatever their case; months and quarters by their time."""
    named = [row for row in report.rows if not row.unknown]
    named.sort(key=lambda row: row.label.casefold(), reverse=downwards)
    return [*named, *(row for row in report.rows if row.unknown)]


def _head(key: str, label: str, definition: str, css: str, state: PageState) -> Head:
    column, downwards = state.sort
    direction = "" if key != column else "descending" if downwards else "ascending"
    return Head(key, label, definition, css, state.sort_url(key), direction)


def _line(row: SourceRow, state: PageState, trend: Sequence[Decimal], currency: str, *, every: bool = False) -> Line:
    which = {"every": "1"} if every else {"unknown": row.unknown} if row.unknown else {"key": row.key or ""}
    counted = {
        "leads": row.figures.leads, "sql": row.figures.sql, "won": row.figures.won,
        "revenue": row.figures.orders, "spend": row.figures.spend is not None,
    }  # fmt: skip
    look = _look(row, state.request.by) if not every else None
    return Line(
        row=row,
        look=look,
        urls={metric: state.rows_url(metric=metric, **which) for metric in OPENED if counted[metric]},
        tone=_tone(row),
        colour="few" if row.too_few else look.css if look else "",
        trend=trend,
        conversion_words=_so_far(row),
        by_age_words=_by_age(row),
        return_words=wording.likely(row.return_range),
        customer_range=wording.amounts_between(row.cost_per_customer_range, currency),
    )


def _look(row: SourceRow, by: By) -> ChannelLook | None:
    if by not in (By.CHANNEL, By.SOURCE):
        return None
    return LEFT_BLANK if row.unknown else channel_look(row.channel)


def _tone(row: SourceRow) -> str:
    """Good or bad only where the whole range says so; grey with too few wins."""
    if row.too_few:
        return "few"
    if row.return_range is None:
        return ""
    return "good" if row.return_range.low > 0 else "bad" if row.return_range.high < 0 else ""


def _so_far(row: SourceRow) -> str:
    if row.conversion is None:
        return ""
    given = {"won": wording.number(row.figures.won_of_leads), "leads": wording.number(row.figures.leads)}
    counted = gettext("%(won)s of %(leads)s leads so far") % given
    return f"{counted}, {wording.likely(row.conversion_range)}"


def _by_age(row: SourceRow) -> str:
    if row.by_age is None:
        return ""
    given = {"share": wording.share(row.by_age), "days": wording.number(row.by_age_days)}
    said = gettext("%(share)s by %(days)s days after arrival") % given
    return f"{said}, {wording.likely(row.by_age_range)}"


def _summed(trend: Mapping[tuple[str | None, str], Sequence[Decimal]]) -> list[Decimal]:
    return [sum(month, Decimal(0)) for month in zip(*trend.values(), strict=True)]
