"""Conversion by age of lead: what share has won by which age, fair to leads that are still young."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain, compress, repeat
from math import exp, log, sqrt
from operator import ge, mul, sub, truediv
from typing import NamedTuple

from headwater.measure.rules.histogram import added
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
    """What became of leads: how many began to be watched at each age, won at it, were last seen at it.

    Lists by age in days from 0 on, each as long as it must be: a report adds up tens of thousands of numbers.
    """

    starts: list[int] = field(default_factory=list)
    wins: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def add(self, group: Group) -> None:
        """Count one group more; leads from after the as-of day, or won before anybody watched, are left out."""
        has_won = group.age_at_win_days is not None and group.age_at_win_days <= group.age_at_censoring_days
        age = max(group.age_at_win_days or 0, 0) if has_won else group.age_at_censoring_days
        start = max(group.watched_from_age_days, 0)
        if group.age_at_censoring_days >= 0 and age >= start and group.count > 0:
            seen = Fates([0] * start + [group.count])
            (seen.wins if has_won else seen.ends).extend([0] * age + [group.count])
            self.update(seen)

    def update(self, other: Fates) -> None:
        """Count the leads of another row as well."""
        self.starts = added(self.starts, other.starts)
        self.wins = added(self.wins, other.wins)
        self.ends = added(self.ends, other.ends)


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
        self.leads, self.won, self.level = sum(fates.starts), sum(fates.wins), level
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
    """The ages at which somebody won, and what of the curve is left over after each.

    Lists of one length, because a report draws a curve of a thousand steps for each of its rows; ``greenwood`` lacks
    the step at which all still watched have won, where it has no end.
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
    gone = added(fates.wins, fates.ends)
    come = fates.starts + [0] * (len(gone) - len(fates.starts))
    return list(map(sub, accumulate(come), chain((0,), accumulate(gone))))[: len(gone)]


def _steps(wins: Sequence[int], at_risk: Sequence[int]) -> _Steps:
    """The steps of the curve, up to where all still watched have won."""
    ages, won, watched = list(compress(range(len(wins)), wins)), list(filter(None, wins)), list(compress(at_risk, wins))
    have_all_won = list(map(ge, won, watched))
    if True in have_all_won:
        end = have_all_won.index(True)
        lasting, ages, won, watched = end, ages[: end + 1], won[: end + 1], watched[: end + 1]
    else:
        lasting = len(ages)
    survival = accumulate(map(sub, repeat(1), map(truediv, won, watched)), mul)
    left = map(sub, watched, won[:lasting])
    greenwood = accumulate(map(truediv, won, map(mul, watched, left)))
    return _Steps(ages, watched, won, list(survival), list(greenwood))


def _wilson(wins: int, of: int, level: float) -> Interval:
    return wilson(wins, of, level=level) or Interval(0.0, 1.0, level)
