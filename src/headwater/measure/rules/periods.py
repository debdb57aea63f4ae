"""Which stretch of time a report covers, and what the reader asked of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from headwater.measure.rules.credit import MODELS
from headwater.platform.clock import start_of_day
from headwater.platform.errors import Invalid
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CHOICES = {
    "this-month": lazy("This month"),
    "last-month": lazy("Last month"),
    "this-quarter": lazy("This quarter"),
    "last-quarter": lazy("Last quarter"),
    "this-year": lazy("This year"),
    "last-12-months": lazy("Last 12 months"),
    "all": lazy("All time"),
}
_KEY = re.compile(r"(?P<year>[12]\d{3})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?")


class UnreadableRequest(Invalid):
    """A period, day or choice of a report that nobody can make sense of."""

    code = "unreadable_request"


class By(StrEnum):
    """What the rows of a report stand for."""

    CHANNEL = "channel"
    SOURCE = "source"
    CAMPAIGN = "campaign"
    MONTH = "month"
    QUARTER = "quarter"


class Basis(StrEnum):
    """Which leads and orders a period means: those that arrived in it, or orders placed in it."""

    ARRIVED = "arrived"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole calendar days where the company is, the last one included; an open end has no limit."""

    from_: date | None = None
    to: date | None = None

    def __post_init__(self) -> None:
        if self.from_ and self.to and self.from_ > self.to:
            raise UnreadableRequest(
                {"from": [_("The period ends ({to}) before it begins ({value}).").format(to=self.to, value=self.from_)]}
            )

    @property
    def is_all_time(self) -> bool:
        """Whether the period has no limit, so that what has no known day belongs to it, too."""
        return self.from_ is None and self.to is None

    @property
    def label(self) -> str:
        """The period in words, as short as its edges allow."""
        if self.from_ and self.to:
            return _between(self.from_, self.to)
        if self.from_:
            return _("Since {value}").format(value=_day(self.from_))
        return _("Up to {to}").format(to=_day(self.to)) if self.to else _("All time")

    def __contains__(self, day: date) -> bool:
        return (self.from_ is None or self.from_ <= day) and (self.to is None or day <= self.to)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """The first moment inside and the first moment after, in UTC, where the company is in ``zone``."""
        return (
            start_of_day(self.from_, zone) if self.from_ else None,
            start_of_day(self.to + timedelta(days=1), zone) if self.to else None,
        )


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a reader asked of a report; the same for page, API and command line."""

    by: By = By.SOURCE
    basis: Basis = Basis.ARRIVED
    model: str = "first"
    from_: date | None = None
    to: date | None = None
    as_of: date | None = None

    def __post_init__(self) -> None:
        Period(self.from_, self.to)

    @property
    def period(self) -> Period:
        """The days the report covers."""
        return Period(self.from_, self.to)

    def known_until(self, zone: ZoneInfo) -> datetime | None:
        """The first moment that the report no longer knows of, in UTC; none if it knows all until now."""
        return start_of_day(self.as_of + timedelta(days=1), zone) if self.as_of else None


def read_request(
    *,
    today: date,
    by: str = "",
    basis: str = "",
    model: str = "",
    period: str = "",
    from_: str = "",
    to: str = "",
    as_of: str = "",
) -> ReportRequest:
    """What a reader asked for, from the texts of an address or a command; what is left out takes its default.

    Days given one by one go before a named period.

    Raises:
        UnreadableRequest: with all the fields that cannot be read, each with what it may be.
    """
    wrong: dict[str, list[str]] = {}

    def day(name: str, text: str) -> date | None:
        try:
            return read_day(text)
        except UnreadableRequest as refusal:
            wrong[name] = refusal.fields["day"]
            return None

    def choice(name: str, text: str, among: Sequence[str], default: str) -> str:
        if text in among:
            return text
        if text:
            wrong[name] = [_("“{text}” is not one of {among}.").format(text=text, among=", ".join(among))]
        return default

    row = By(choice("by", by, list(By), By.SOURCE))
    counted = Basis(choice("basis", basis, list(Basis), Basis.ARRIVED))
    credited = choice("model", model, list(MODELS), "first")
    until = day("as_of", as_of)
    days = Period()
    try:
        if from_ or to:
            days = Period(day("from", from_), day("to", to))
        elif period:
            days = read_period(period, today=today)
    except UnreadableRequest as refusal:
        wrong |= refusal.fields
    if wrong:
        raise UnreadableRequest(wrong)
    return ReportRequest(row, counted, credited, days.from_, days.to, until)


def read_day(text: str) -> date | None:
    """The day that ``text`` names as 2018-03-31, or none if it is empty."""
    if not text.strip():
        return None
    with suppress(ValueError):
        day = date.fromisoformat(text.strip())
        if 1000 <= day.year < 3000:  # as in keys; the calendar's own ends have no day before or after
            return day
    raise UnreadableRequest({"day": [_("“{text}” is not a day such as 2018-03-31.").format(text=text)]})


def read_period(text: str, *, today: date) -> Period:
    """The days that a choice ("last-12-months") or key ("2017", "2017-Q1", "2017-03") means.

    The last 12 months are the whole ones before this month, so that a half month does not look like a slump.
    """
    this_month = today.replace(day=1)
    quarter_start = today.replace(month=today.month - (today.month - 1) % 3, day=1)
    match text:
        case "" | "all":
            return Period()
        case "this-month":
            return of_key(month_key(today))
        case "last-month":
            return of_key(month_key(this_month - timedelta(days=1)))
        case "this-quarter":
            return of_key(quarter_key(today))
        case "last-quarter":
            return of_key(quarter_key(quarter_start - timedelta(days=1)))
        case "this-year":
            return of_key(str(today.year))
        case "last-12-months":
            return Period(this_month.replace(year=today.year - 1), this_month - timedelta(days=1))
        case _:
            return of_key(text)


def of_key(key: str) -> Period:
    """The days of a year, quarter or month key: "2017", "2017-Q1", "2017-03"."""
    found = _KEY.fullmatch(key)
    if found is None:
        known = ", ".join(CHOICES)
        raise UnreadableRequest(
            {"period": [_("“{key}” is not a period: {known}, or 2017, 2017-Q1, 2017-03.").format(key=key, known=known)]}
        )
    year = int(found["year"])
    if found["quarter"]:
        first, length = int(found["quarter"]) * 3 - 2, 3
    elif found["month"]:
        first, length = int(found["month"]), 1
    else:
        first, length = 1, 12
    after = date(year + (first + length) // 13, (first + length - 1) % 12 + 1, 1)
    return Period(date(year, first, 1), after - timedelta(days=1))


def month_key(day: date) -> str:
    """The month of ``day`` as 2017-03; such keys sort by time."""
    return f"{day:%Y-%m}"


def quarter_key(day: date) -> str:
    """The quarter of ``day`` as 2017-Q1; such keys sort by time."""
    return f"{day:%Y}-Q{(day.month + 2) // 3}"


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _between(from_: date, to: date) -> str:
    whole_months = from_.day == 1 and (to + timedelta(days=1)).day == 1
    if not whole_months:
        if from_ == to:
            return _day(from_)
        shorter = _day(from_)[:-5] if from_.year == to.year else _day(from_)
        return f"{shorter} – {_day(to)}"
    months = (to.year - from_.year) * 12 + to.month - from_.month + 1
    first, last = MONTHS[from_.month - 1], MONTHS[to.month - 1]
    if months == 1:
        return f"{first} {to.year}"
    if from_.year != to.year:
        return f"{first} {from_.year} – {last} {to.year}"
    if months == 12:
        return str(to.year)
    if months == 3 and from_.month % 3 == 1:
        return f"Q{(from_.month + 2) // 3} {to.year}"
    return f"{first} – {last} {to.year}"
