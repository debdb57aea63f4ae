"""Conversion by age of lead: what share has won by which age, fair to leads that are still young."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from math import exp, log, sqrt
from operator import mul
from typing import NamedTuple

from headwater.measure.rules.intervals import LEVEL, Interval, wilson, z_score

# With fewer leads under observation the curve jumps at every win. Pocock, Clayton and Altman (Survival plots
# of time-to-event outcomes, Lancet 359, 2002) advise to cut the picture before.
ENOUGH_AT_RISK = 20


@dataclass(frozen=True, slots=True)
class Group:
    """A number of leads of the same fate: won at an age, or only watched until the as-of day.

    Leads of unknown arrival have no age and belong in no group. Where wins have only been written down since
    some day, leads that arrived earlier are watched from the age they had then: before it, their not winning
    says nothing.
    """

    age_at_win_days: int | None
    age_at_censoring_days: int
    count: int = 1
    watched_from_age_days: int = 0


@dataclass(slots=True)
class Fates:
    """What became of leads, counted by age: how many began to be watched at it, won at it, were last seen at it."""

    starts: Counter[int] = field(default_factory=Counter)
    wins: Counter[int] = field(default_factory=Counter)
    ends: Counter[int] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.starts)

    def add(self, group: Group) -> None:
        """Count one group more; leads from after the as-of day, or won before anybody watched, are left out."""
        has_won = group.age_at_win_days is not None and group.age_at_win_days <= group.age_at_censoring_days
        age = max(group.age_at_win_days or 0, 0) if has_won else group.age_at_censoring_days
        start = max(group.watched_from_age_days, 0)
        if group.age_at_censoring_days >= 0 and age >= start and group.count > 0:
            self.starts[start] += group.count
            (self.wins if has_won else self.ends)[age] += group.count

    def update(self, other: Fates) -> None:
        """Count the leads of another row as well."""
        self.starts.update(other.starts)
        self.wins.update(other.wins)
        self.ends.update(other.ends)


class Point(NamedTuple):
    """What is known about one age: leads still watched and not won before, wins at it, share won up to it."""

    age_days: int
    at_risk: int
    won: int
    share: float
    low: float
    high: float


class LifeTable:
    """Conversion by age of lead, for every day from 0 to the oldest age seen.

    The curve only steps where somebody won; what lies between is looked up when asked for.
    """

    def __init__(self, fates: Fates, *, level: float = LEVEL) -> None:
        self.leads, self.won, self.level = fates.starts.total(), fates.wins.total(), level
        self._at_risk = _at_risk(fates)
        self._steps = _steps(fates.wins, self._at_risk)

    @property
    def raw_share(self) -> float | None:
        """Won of all leads so far, however young: it understates what these leads will come to."""
        return self.won / self.leads if self.leads else None

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """Every day of the curve."""
        return tuple(self._point(age) for age in range(len(self._at_risk)))

    def at(self, age_days: int) -> Point | None:
        """What is known about an age; nothing beyond the oldest one seen: the curve is never extended."""
        return self._point(age_days) if 0 <= age_days < len(self._at_risk) else None

    def share_at(self, age_days: int) -> float | None:
        """The share won by ``age_days``, if any lead was watched that long."""
        point = self.at(age_days)
        return point.share if point else None

    def reach(self, *, enough: int = ENOUGH_AT_RISK) -> Point | None:
        """The oldest age at which ``enough`` leads were watched: as near to the end rate as data go.

        It is what leads come to *by that age*, not a forecast of what they come to in the end.
        """
        ages = range(len(self._at_risk) - 1, -1, -1)
        return next((self._point(age) for age in ages if self._at_risk[age] >= enough), None)

    def every(self, days: int, *, enough: int = ENOUGH_AT_RISK, until: int | None = None) -> list[Point]:
        """The points of a curve, one every ``days`` and the last, as far as ``enough`` leads were watched."""
        last = self.reach(enough=enough)
        if last is None:
            return []
        end = last.age_days if until is None else min(until, last.age_days)
        ages = [*range(0, end, days), end]
        return [self._point(age) for age in ages]

    def settled(self, *, enough: int = ENOUGH_AT_RISK) -> int:
        """The age by which nearly all wins of the curve have happened: what comes after is flat."""
        last = self.reach(enough=enough)
        if last is None:
            return 0
        steps = zip(self._steps.ages, self._steps.survival, strict=True)
        nearly = next((age for age, survival in steps if 1 - survival >= 0.97 * last.share), last.age_days)
        return min(last.age_days, max(30, nearly * 3 // 2))

    def _point(self, age: int) -> Point:
        steps = self._steps
        at_risk, before = self._at_risk[age], bisect_right(steps.ages, age)
        if not before:
            # Before the first win the log(-log) scale has no value; none of those watched so far has won.
            watched = next((count for count in self._at_risk[age::-1] if count), 0)
            return Point(age, at_risk, 0, 0.0, 0.0, _wilson(0, watched, self.level).high)
        last = before - 1
        low, high = self._interval(last)
        return Point(
            age, at_risk, steps.won[last] if steps.ages[last] == age else 0, 1 - steps.survival[last], low, high
        )

    def _interval(self, number: int) -> tuple[float, float]:
        steps = self._steps
        if survival := steps.survival[number]:
            spread = z_score(self.level) * sqrt(steps.greenwood[number]) / abs(log(survival))
            return 1 - survival ** exp(-spread), 1 - survival ** exp(spread)
        # All still watched have won: Greenwood's variance has no end, what was sure before still is.
        low = self._interval(number - 1)[0] if number else _wilson(steps.won[0], steps.at_risk[0], self.level).low
        return low, 1.0


@dataclass(frozen=True, slots=True)
class _Steps:
    """The ages at which somebody won, and what of the curve is left over after each; lists of one length.

    Lists, because a report draws a curve of a thousand steps for each of its rows.
    """

    ages: list[int]
    at_risk: list[int]
    won: list[int]
    survival: list[float]
    greenwood: list[float]


def life_table(groups: Iterable[Group], *, level: float = LEVEL) -> LifeTable:
    """Conversion by age of lead as of a day, from leads counted by fate.

    A disqualified lead stays at risk until the as-of day and never wins; a negative age at win counts as
    zero; a win after the as-of day has not happened yet; a lead that arrived after it is left out.

    The product-limit estimate of E. L. Kaplan and P. Meier, Nonparametric estimation from incomplete
    observations, JASA 53 (1958), with Greenwood's variance on the log(-log) scale (J. D. Kalbfleisch and
    R. L. Prentice, The Statistical Analysis of Failure Time Data, section 1.4), which keeps the interval
    between 0 and 1. At one age wins come before ends of watching. The one thing it must assume is that older
    and younger leads are alike; where that is doubtful, draw one curve per quarter of arrival.
    """
    fates = Fates()
    for group in groups:
        fates.add(group)
    return LifeTable(fates, level=level)


def _at_risk(fates: Fates) -> list[int]:
    """How many are watched at each age and have not won before it; wins come before ends of watching."""
    oldest = max([*fates.wins, *fates.ends], default=-1)
    change = [0] * (oldest + 2)
    for age, count in fates.starts.items():
        change[age] += count
    for gone in (fates.wins, fates.ends):
        for age, count in gone.items():
            change[age + 1] -= count
    return list(accumulate(change[:-1]))


def _steps(wins: Counter[int], at_risk: Sequence[int]) -> _Steps:
    """The steps of the curve, up to where all still watched have won."""
    ages = [age for age in sorted(wins) if wins[age]]
    won, watched = [wins[age] for age in ages], [at_risk[age] for age in ages]
    end = next((number for number, (w, n) in enumerate(zip(won, watched, strict=True), 1) if w >= n), len(ages))
    ages, won, watched = ages[:end], won[:end], watched[:end]
    pairs = list(zip(won, watched, strict=True))
    survival = accumulate((1 - w / n for w, n in pairs), mul)
    greenwood = accumulate(w / (n * (n - w)) if w < n else 0.0 for w, n in pairs)
    return _Steps(ages, watched, won, list(survival), list(greenwood))


def _wilson(wins: int, of: int, level: float) -> Interval:
    return wilson(wins, of, level=level) or Interval(0.0, 1.0, level)
