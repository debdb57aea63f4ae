"""Days said by their distance from today: ``last_30_days``, ``this_quarter``, ``3_weeks_ago``. Pure."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

Way = Literal["this", "last", "next", "ago", "in"]
Unit = Literal["day", "week", "month", "quarter", "year"]

UNITS: tuple[Unit, ...] = get_args(Unit)
_NAMED: dict[str, tuple[Way, Unit]] = {
    "today": ("this", "day"),
    "yesterday": ("last", "day"),
    "tomorrow": ("next", "day"),
}
_UNIT = "day|week|month|quarter|year"
_PERIOD = re.compile(rf"(this|last|next)_({_UNIT})")
_COUNTED = re.compile(rf"(last|next|in)_([1-9][0-9]{{0,3}})_({_UNIT})s?")
_AGO = re.compile(rf"([1-9][0-9]{{0,3}})_({_UNIT})s?_ago")
_MONTHS: dict[Unit, int] = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class RelativeDays:
    """A stretch of days that moves with today.

    Without a ``count`` it is a whole one of the calendar: this week, last quarter, yesterday. Weeks begin on Monday.
    With one, ``last`` and ``next`` are that many units with today in them, ``ago`` and ``in`` the one day so far away.
    """

    way: Way
    unit: Unit
    count: int = 0

    def __str__(self) -> str:
        """How addresses and saved views write it."""
        if not self.count:
            named = next((word for word, meant in _NAMED.items() if meant == (self.way, self.unit)), "")
            return named or f"{self.way}_{self.unit}"
        units = f"{self.count}_{self.unit}s"
        return f"{units}_ago" if self.way == "ago" else f"{self.way}_{units}"

    def span(self, today: date, *, week_begins: int = 0) -> tuple[date, date]:
        """The first and the last of these days. Weeks begin on Monday, which is 0, unless another day is said.

        Raises:
            ValueError, OverflowError: beyond the calendar.
        """
        if not self.count:
            distance = {"this": 0, "last": -1, "next": 1}[self.way]
            first = _shifted(_beginning(today, self.unit, week_begins), self.unit, distance)
            return first, _shifted(first, self.unit, 1) - timedelta(days=1)
        match self.way:
            case "last":
                return _shifted(today, self.unit, -self.count) + timedelta(days=1), today
            case "next":
                return today, _shifted(today, self.unit, self.count) - timedelta(days=1)
            case _:
                day = _shifted(today, self.unit, self.count if self.way == "in" else -self.count)
                return day, day


def read_days(text: str) -> RelativeDays | None:
    """The days that a word means; None if it is no such word."""
    if text in _NAMED:
        return RelativeDays(*_NAMED[text])
    if found := _PERIOD.fullmatch(text):
        return RelativeDays(_way(found[1]), _unit(found[2]))
    if found := _COUNTED.fullmatch(text):
        return RelativeDays(_way(found[1]), _unit(found[3]), int(found[2]))
    if found := _AGO.fullmatch(text):
        return RelativeDays("ago", _unit(found[2]), int(found[1]))
    return None


def _way(word: str) -> Way:
    return next(way for way in get_args(Way) if way == word)


def _unit(word: str) -> Unit:
    return next(unit for unit in UNITS if unit == word)


def _beginning(day: date, unit: Unit, week_begins: int) -> date:
    match unit:
        case "week":
            return day - timedelta(days=(day.weekday() - week_begins) % 7)
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
        case _:
            return day


def _shifted(day: date, unit: Unit, count: int) -> date:
    """The same day so many units away; the last one of a month that is too short for it."""
    if unit in ("day", "week"):
        return day + timedelta(days=count * (7 if unit == "week" else 1))
    year, month = divmod(day.year * 12 + day.month - 1 + count * _MONTHS[unit], 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError(year)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
