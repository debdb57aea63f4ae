"""Conversion by age of lead: what share has won by which age, fair to leads that are still young."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log, sqrt

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


@dataclass(frozen=True, slots=True)
class Point:
    """What is known about one age: leads still watched and not won before, wins at it, share won up to it."""

    age_days: int
    at_risk: int
    won: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LifeTable:
    """Conversion by age of lead, for every day from 0 to the oldest age seen."""

    points: tuple[Point, ...]
    leads: int
    won: int
    level: float

    @property
    def raw_share(self) -> float | None:
        """Won of all leads so far, however young: it understates what these leads will come to."""
        return self.won / self.leads if self.leads else None

    def at(self, age_days: int) -> Point | None:
        """What is known about an age; nothing beyond the oldest one seen: the curve is never extended."""
        return self.points[age_days] if 0 <= age_days < len(self.points) else None

    def share_at(self, age_days: int) -> float | None:
        """The share won by ``age_days``, if any lead was watched that long."""
        point = self.at(age_days)
        return point.share if point else None

    def reach(self, *, enough: int = ENOUGH_AT_RISK) -> Point | None:
        """The oldest age at which ``enough`` leads were watched: as near to the end rate as data go.

        It is what leads come to *by that age*, not a forecast of what they come to in the end.
        """
        return next((point for point in reversed(self.points) if point.at_risk >= enough), None)

    def every(self, days: int, *, enough: int = ENOUGH_AT_RISK) -> list[Point]:
        """The points of a curve, one every ``days`` and the last, as far as ``enough`` leads were watched."""
        last = self.reach(enough=enough)
        if last is None:
            return []
        points = list(self.points[: last.age_days + 1 : days])
        return points if points[-1] is last else [*points, last]


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
    starts: Counter[int] = Counter()
    wins: Counter[int] = Counter()
    ends: Counter[int] = Counter()
    for group in groups:
        has_won = group.age_at_win_days is not None and group.age_at_win_days <= group.age_at_censoring_days
        age = max(group.age_at_win_days or 0, 0) if has_won else group.age_at_censoring_days
        start = max(group.watched_from_age_days, 0)
        if group.age_at_censoring_days >= 0 and age >= start and group.count > 0:
            starts[start] += group.count
            (wins if has_won else ends)[age] += group.count

    survival, greenwood, at_risk = 1.0, 0.0, 0
    low, high = 0.0, 1.0
    points: list[Point] = []
    for age in range(max([*wins, *ends], default=-1) + 1):
        at_risk += starts[age]
        won = wins[age]
        if 0 < won < at_risk and survival:
            survival *= 1 - won / at_risk
            greenwood += won / (at_risk * (at_risk - won))
            spread = z_score(level) * sqrt(greenwood) / abs(log(survival))
            low, high = 1 - survival ** exp(-spread), 1 - survival ** exp(spread)
        elif won and survival:
            # All still watched have won: Greenwood's variance has no end, what was sure before still is.
            survival, low, high = 0.0, low or _wilson(won, at_risk, level).low, 1.0
        elif survival == 1.0 and at_risk:
            # Before the first win the log(-log) scale has no value; none of those watched so far has won.
            high = _wilson(0, at_risk, level).high
        points.append(Point(age, at_risk, won, 1 - survival, low, high))
        at_risk -= won + ends[age]
    return LifeTable(tuple(points), starts.total(), wins.total(), level)


def _wilson(wins: int, of: int, level: float) -> Interval:
    return wilson(wins, of, level=level) or Interval(0.0, 1.0, level)
