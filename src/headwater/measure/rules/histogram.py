"""The middle and the mean of whole numbers that were counted rather than listed."""

from __future__ import annotations

from collections.abc import Mapping


def median(counts: Mapping[int, int]) -> float | None:
    """The number in the middle, or halfway between the two in the middle; none of nothing."""
    total = sum(counts.values())
    if not total:
        return None
    lower, upper = (total - 1) // 2, total // 2
    passed, low = 0, None
    for value in sorted(counts):
        passed += counts[value]
        if low is None and passed > lower:
            low = value
        if low is not None and passed > upper:
            return (low + value) / 2
    raise AssertionError("the counts do not add up to their total")


def mean(counts: Mapping[int, int]) -> float | None:
    """The sum of all numbers by how many they are; none of nothing."""
    total = sum(counts.values())
    return sum(value * count for value, count in counts.items()) / total if total else None
