"""What the address of the report says, and the addresses of reports like it: the address is the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from urllib.parse import urlencode

from django.utils.translation import gettext

from headwater.measure.metrics.behind import Step
from headwater.measure.rules.periods import CHOICES, By, ReportRequest, read_request
from headwater.platform.values import row_id
from headwater.web.notation import here, read_day

PAGE: Final = "/where-sales-come-from"
DAYS: Final = ("from", "to", "as_of")
ASKED: Final = ("by", "basis", "model", "period", "from", "to", "as_of")
SHOWN: Final = ("width", "curve", "sort")
SORTED: Final = (
    "label", "spend", "leads", "sql", "won", "revenue", "conversion", "conversion_by_age", "average_sale",
    "days_to_win", "cost_per_lead", "cost_per_customer", "return",
)  # fmt: skip
DEFAULTS: Final = {"by": "source", "basis": "arrived", "model": "first", "width": "leads", "period": "all"}


@dataclass(frozen=True)
class PageState:
    """The report an address asks for, and how it is shown. Defaults are left out of addresses."""

    request: ReportRequest
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def by_value(self) -> bool:
        """Whether the picture's width shows value rather than leads."""
        return self.params.get("width") == "value"

    @property
    def curve(self) -> str:
        """The key of the row whose curve is drawn beside that of all leads."""
        return self.params.get("curve", "")

    @property
    def sort(self) -> tuple[str, bool]:
        """The column the table is sorted by and whether downwards; by its worth or its time where nothing is chosen."""
        chosen = self.params.get("sort", "")
        if chosen.removeprefix("-") not in SORTED:
            return ("label", False) if self.request.by in (By.MONTH, By.QUARTER) else ("revenue", True)
        return chosen.removeprefix("-"), chosen.startswith("-")

    def sort_url(self, column: str) -> str:
        """The table sorted by a column: figures downwards first, names upwards; the other way round the next time."""
        now, downwards = self.sort
        turned = not downwards if column == now else column != "label"
        return self.url(sort=f"-{column}" if turned else column)

    @property
    def period_label(self) -> str:
        """The period in words: the choice's, else its days."""
        return str(CHOICES.get(self.params.get("period", ""), self.request.period.label))

    @property
    def period_phrase(self) -> str:
        """The period inside a sentence: "so far", "in the last 12 months", "in Q1 2017"."""
        label = self.period_label
        if self.request.period.is_all_time:
            return gettext("so far")
        if self.params.get("period", "") in CHOICES:
            lower = label[:1].lower() + label[1:]
            return gettext("in the %(period)s") % {"period": lower} if lower.startswith("last 12") else lower
        if label.startswith(("Since", "Up to")):
            return label[:1].lower() + label[1:]
        return gettext("in %(period)s") % {"period": label}

    def url(self, **changes: str) -> str:
        """This page with something else chosen; days given one by one and named periods replace each other."""
        return _address(PAGE, self._changed(changes))

    def rows_url(self, **which: str) -> str:
        """The list of what a number was counted from."""
        asked = {key: value for key, value in self.params.items() if key in ASKED}
        return _address(f"{PAGE}/rows", {**asked, **which})

    @property
    def csv_url(self) -> str:
        """This report as a text file."""
        return self._file_url("csv")

    @property
    def xlsx_url(self) -> str:
        """This report as a spreadsheet."""
        return self._file_url("xlsx")

    def _file_url(self, kind: str) -> str:
        kept = (*ASKED, "sort")
        return _address(f"{PAGE}.{kind}", {key: value for key, value in self.params.items() if key in kept})

    def _changed(self, changes: Mapping[str, str]) -> dict[str, str]:
        kept = {key: value for key, value in self.params.items() if not (key == "curve" and "by" in changes)}
        if "period" in changes:
            kept = {key: value for key, value in kept.items() if key not in ("from", "to")}
        wanted = {**kept, **{key.rstrip("_"): value for key, value in changes.items()}}
        return {key: value for key, value in wanted.items() if value and DEFAULTS.get(key) != value}


def page_state(params: Mapping[str, str], *, today: date) -> PageState:
    """The report an address asks for.

    Raises:
        UnreadableRequest: a period, day or choice nobody can make sense of.
    """
    given = {key: params[key].strip() for key in (*ASKED, *SHOWN) if params.get(key, "").strip()}
    typed = {key: read_day(given[key], here()) for key in DAYS if key in given}
    given |= {key: day.isoformat() for key, day in typed.items() if day is not None}
    if given.get("from") or given.get("to"):
        given.pop("period", None)
    return PageState(
        request=read_request(
            today=today,
            by=given.get("by", ""),
            basis=given.get("basis", ""),
            model=given.get("model", ""),
            period=given.get("period", ""),
            from_=given.get("from", ""),
            to=given.get("to", ""),
            as_of=given.get("as_of", ""),
        ),
        params=given,
    )


def step_params(step: Step) -> dict[str, str]:
    """A piece of the picture as parameters of an address."""
    named = {
        "source": ",".join(map(str, step.source_ids or ())),
        "campaign": ",".join(map(str, step.campaign_ids or ())),
        "channel": ",".join(step.channels or ()),
        "qualified": step.qualified or "",
        "outcome": step.outcome or "",
        "now": step.category or "",
    }
    return {key: value for key, value in named.items() if value}


def read_step(params: Mapping[str, str]) -> Step:
    """The piece of the picture that an address means; numbers nobody can read mean no row."""

    def ids(name: str) -> tuple[int, ...] | None:
        found = [part for part in params.get(name, "").split(",") if part][:500]
        return tuple(-1 if (pk := row_id(part)) is None else pk for part in found) or None

    return Step(
        source_ids=ids("source"),
        campaign_ids=ids("campaign"),
        channels=tuple(part for part in params.get("channel", "").split(",") if part) or None,
        qualified=params.get("qualified") or None,
        outcome=params.get("outcome") or None,
        category=params.get("now") or None,
    )


def _address(path: str, params: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(params)}" if params else path
