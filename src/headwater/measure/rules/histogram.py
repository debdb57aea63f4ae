"""Whole numbers that were counted rather than listed: their middle, their mean, their sum by number.

A report has tens of thousands of such counts, so they are worked with as a whole rather than one by one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, repeat
from operator import add, mul


def median(counts: Mapping[int, int]) -> float | None:
    """The number in the middle, or halfway between the two in the middle; none of nothing."""
    numbers = sorted(counts)
    passed = list(accumulate(map(counts.__getitem__, numbers)))
    if not passed or not passed[-1]:
        return None
    lower, upper = (passed[-1] - 1) // 2, passed[-1] // 2
    return (numbers[bisect_right(passed, lower)] + numbers[bisect_right(passed, upper)]) / 2


def mean(counts: Mapping[int, int]) -> float | None:
    """The sum of all numbers by how many they are; none of nothing."""
    total = sum(counts.values())
    return sum(map(mul, counts, counts.values())) / total if total else None


def by_number(numbers: Iterable[int], counts: Iterable[int]) -> list[int]:
    """The counts of distinct numbers from 0 on, as a list with a place for every number up to the largest."""
    found = dict(zip(numbers, counts, strict=True))
    return list(map(found.get, range(max(found, default=-1) + 1), repeat(0)))


def added(one: Sequence[int], other: Sequence[int]) -> list[int]:
    """Two such lists as one, as long as the longer."""
    if len(one) < len(other):
        one, other = other, one
    return [*map(add, one, other), *one[len(other) :]]
