"""How sure a number is: intervals that hold the true value 8 times out of 10."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import sqrt
from statistics import NormalDist

LEVEL = 0.80
ENOUGH_WINS = 5


@dataclass(frozen=True, slots=True)
class Interval:
    """The range a number is believed to lie in, and how often such ranges are right."""

    low: float
    high: float
    level: float = LEVEL


def too_few(wins: int) -> bool:
    """Whether there are too few wins to pass a verdict on a source."""
    return wins < ENOUGH_WINS


@lru_cache(maxsize=16)
def z_score(level: float = LEVEL) -> float:
    """How many standard deviations either side hold ``level`` of a normal distribution (1.2816 for 80%)."""
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(wins: int, of: int, *, level: float = LEVEL) -> Interval | None:
    """The interval of a share, such as won leads of all leads; none if there are no leads.

    The score interval of E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    JASA 22 (1927): it stays between 0 and 1 and keeps its level for small numbers, as the usual
    share ± z·s does not.
    """
    if not 0 <= wins <= of:
        raise ValueError(f"{wins} of {of} is not a share.")
    if of == 0:
        return None
    z = z_score(level)
    share = wins / of
    centre = share + z * z / (2 * of)
    reach = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    # At the ends the formula gives exactly 0 and 1; floating point would miss them by a hair.
    low = 0.0 if wins == 0 else (centre - reach) / scale
    high = 1.0 if wins == of else (centre + reach) / scale
    return Interval(low, high, level)


def cost_per_customer(spend: Decimal, *, wins: int, leads: int, level: float = LEVEL) -> Interval | None:
    """The interval of what one customer costs; none before the first win.

    What was spent is known, how many of the leads become customers is the luck in it: the spend divided by
    the customers at both ends of the Wilson interval of won leads.
    """
    share = wilson(wins, leads, level=level)
    if share is None or wins == 0:
        return None
    return Interval(float(spend) / (leads * share.high), float(spend) / (leads * share.low), level)


def return_on_spend(margin: Decimal, spend: Decimal, *, wins: int, leads: int, level: float = LEVEL) -> Interval | None:
    """The interval of (gross margin - spend) / spend; none before the first win or without a spend.

    The margin of a win is held fixed and the number of wins runs over its Wilson interval. How much orders
    differ in size is left out, so the true range is somewhat wider.
    """
    share = wilson(wins, leads, level=level)
    if share is None or wins == 0 or spend <= 0:
        return None
    per_win = float(margin) / wins
    ends = sorted((per_win * leads * rate - float(spend)) / float(spend) for rate in (share.low, share.high))
    return Interval(ends[0], ends[1], level)


def median(values: Sequence[float], *, level: float = LEVEL) -> Interval | None:
    """The interval of a median, such as days to win; none if there are too few values to give one.

    Order statistics, after W. J. Conover, Practical Nonparametric Statistics (3rd ed., section 3.2): the
    k-th smallest and the k-th largest value, k as large as the binomial distribution allows at ``level``.
    It assumes nothing about the values' distribution.
    """
    count = len(values)
    ordered = sorted(values)
    allowed = (1 - Decimal(str(level))) / 2
    rank = 0
    # How likely only so few of the values, ``rank`` at most, lie below the true median.
    chance = Decimal(2) ** -count
    missed = chance
    while rank < count // 2 and missed <= allowed:
        rank += 1
        chance = chance * (count - rank + 1) / rank
        missed += chance
    return Interval(ordered[rank - 1], ordered[count - rank], level) if rank else None
