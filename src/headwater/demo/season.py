"""When things happen in an office: seasons, weekdays, hours, and the years before today."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from headwater.qualify.rules import OfficeHours, answer_due

# How busy a month is, January first: the August dip and the budgets that have to be spent before New Year.
ARRIVALS = (1.0, 1.02, 1.1, 1.0, 0.95, 0.98, 0.76, 0.5, 1.12, 1.22, 1.28, 0.8)
ORDERS = (0.75, 0.85, 1.0, 0.95, 0.95, 1.05, 0.7, 0.5, 1.05, 1.2, 1.35, 1.45)
OFFICE_WEEK = (1.1, 1.15, 1.1, 1.05, 0.8, 0.0, 0.0)
WEB_WEEK = (1.1, 1.15, 1.1, 1.05, 0.85, 0.28, 0.32)
# The yearly growth of the business, as the share of the last day over the first.
GROWTH = 1.75


class Season:
    """The stretch of time the history covers, and moments in it, where the company is."""

    def __init__(self, at: datetime, *, years: int, hours: OfficeHours) -> None:
        self.at = at.astimezone(UTC).replace(microsecond=0)
        self.hours = hours
        self.zone: ZoneInfo = hours.zone
        self.today = at.astimezone(self.zone).date()
        self.first_day = self.today - timedelta(days=round(years * 365.25))

    def days(self, *, start: date, end: date, week: Sequence[float], growth: float = GROWTH) -> Days:
        """The days from ``start`` to ``end`` with how likely each is to be chosen."""
        return Days(self, max(start, self.first_day), min(end, self.today), week, growth)

    def moment(self, day: date, rng: Random, *, office: bool) -> datetime:
        """A moment of a day: in the office around eleven and three, on the web also in the evening."""
        if office or rng.random() < 0.72:
            peak = 10.6 if rng.random() < 0.55 else 14.8
            hour = min(max(rng.gauss(peak, 1.25), 8.55), 17.4)
        else:
            hour = min(max(rng.gauss(20.3, 1.7), 6.5), 23.8)
        return self.clock(day, hour)

    def clock(self, day: date, hour: float) -> datetime:
        """A day and an hour (with its fraction) as a moment."""
        second = int(hour * 3600)
        local = datetime.combine(day, time(second // 3600, second // 60 % 60, second % 60), tzinfo=self.zone)
        return local.astimezone(UTC)

    def after(self, moment: datetime, minutes: float) -> datetime:
        """So many office minutes later."""
        return answer_due(moment, self.hours, minutes=max(int(minutes), 1))

    def before(self, moment: datetime, minutes: float) -> datetime:
        """So many office minutes earlier: a Friday afternoon, seen from the weekend."""
        left = timedelta(minutes=minutes)
        day = moment.astimezone(self.zone).date()
        while True:
            if day.isoweekday() in self.hours.weekdays:
                opening = datetime.combine(day, self.hours.opens, tzinfo=self.zone).astimezone(UTC)
                closing = datetime.combine(day, self.hours.closes, tzinfo=self.zone).astimezone(UTC)
                until = min(closing, moment)
                if until > opening:
                    if left <= until - opening:
                        return until - left
                    left -= until - opening
            day -= timedelta(days=1)

    def later(self, moment: datetime, days: float, rng: Random) -> datetime:
        """Some days later, on a working day in office hours; never earlier than ``moment``."""
        day = (moment + timedelta(days=days)).astimezone(self.zone).date()
        while day.isoweekday() not in self.hours.weekdays:
            day += timedelta(days=1)
        found = self.moment(day, rng, office=True)
        return found if found > moment else self.after(moment, 20 + 60 * rng.random())

    def shifted(self, day: date, days: int) -> date:
        """A working day about so many days away."""
        found = day + timedelta(days=days)
        while found.isoweekday() not in self.hours.weekdays:
            found += timedelta(days=1)
        return found


class Days:
    """Days to choose from, each with its weight."""

    def __init__(self, season: Season, start: date, end: date, week: Sequence[float], growth: float) -> None:
        self._first = start
        count = max((end - start).days + 1, 1)
        whole = max((season.today - season.first_day).days, 1)
        weights = []
        for i in range(count):
            day = start + timedelta(days=i)
            trend = growth ** ((day - season.first_day).days / whole)
            weights.append(trend * ARRIVALS[day.month - 1] * week[day.weekday()] + 1e-9)
        self._sums = list(accumulate(weights))

    def choose(self, rng: Random) -> date:
        """One of the days."""
        return self._first + timedelta(days=bisect(self._sums, rng.random() * self._sums[-1]))


def spread(rng: Random, median: float, sigma: float, most: float) -> float:
    """A length of time as they are in life: mostly short, now and then very long."""
    return float(min(median * rng.lognormvariate(0, sigma), most))
