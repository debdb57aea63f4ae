"""Where the lines of a life-table picture go: share won by age, as steps, with the band it lies in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

from headwater.measure.rules.lifetable import Point


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where it stands, and the value it stands for."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Line:
    """One curve as it is drawn: the steps, the band around them, and where the last point lies."""

    path: str
    band: str
    end_x: float
    end_y: float


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves that share their axes; ages run to the right, shares upwards from zero."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    lines: tuple[Line, ...]
    ages: tuple[Tick, ...]
    shares: tuple[Tick, ...]
    level: float | None


def draw(
    curves: Sequence[Sequence[Point]],
    *,
    level: float | None = None,
    width: float = 560,
    height: float = 230,
    left: float = 40,
    right: float = 64,
    top: float = 12,
    bottom: float = 26,
) -> Curves | None:
    """The picture of some curves, and a line across at ``level``; none if no curve has a point after day 0."""
    longest = max((points[-1].age_days for points in curves if points), default=0)
    if not longest:
        return None
    most = max([point.high for points in curves for point in points if point.won or point is points[-1]] + [level or 0])
    step = _round_step(most, 4)
    ceiling = max(ceil(most / step - 1e-9), 1) * step
    right_x, bottom_y = width - right, height - bottom

    def x(age: float) -> float:
        return round(left + age / longest * (right_x - left), 1)

    def y(share: float) -> float:
        return round(bottom_y - min(share, ceiling) / ceiling * (bottom_y - top), 1)

    age_step = _age_step(longest)
    return Curves(
        width, height, left, right_x, top, bottom_y,
        lines=tuple(_line(points, x, y) for points in curves if points),
        ages=tuple(Tick(x(age), age) for age in range(0, longest + 1, age_step)),
        shares=tuple(Tick(y(number * step), number * step) for number in range(round(ceiling / step) + 1)),
        level=None if level is None else y(level),
    )  # fmt: skip


def _line(points: Sequence[Point], x: Callable[[float], float], y: Callable[[float], float]) -> Line:
    first, last = points[0], points[-1]
    path, upper = f"M{x(first.age_days)} {y(first.share)}", f"M{x(first.age_days)} {y(first.high)}"
    lower = ""
    for before, point in pairwise(points):
        at = x(point.age_days)
        path += f"H{at}V{y(point.share)}"
        upper += f"H{at}V{y(point.high)}"
        lower = f"L{at} {y(point.low)}L{at} {y(before.low)}{lower}"  # the way back, below
    band = f"{upper}{lower}L{x(first.age_days)} {y(first.low)}Z"
    return Line(path, band, x(last.age_days), y(last.share))


def _round_step(most: float, marks: int) -> float:
    """A step of 1, 2 or 5 times a power of ten with which ``marks`` steps reach ``most``."""
    rough = max(most, 1e-4) / marks
    power = 10 ** floor(log10(rough))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough - 1e-12))


def _age_step(longest: int) -> int:
    """Days between marks: weeks, months or years, whichever gives four to eight of them."""
    return next((step for step in (1, 2, 7, 14, 30, 60, 90, 180, 365, 730) if longest / step <= 8), 1825)
