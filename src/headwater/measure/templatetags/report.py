"""Filters of the report's templates: shares and ranges as the design guide writes them."""

from __future__ import annotations

from django import template

from headwater.measure import wording
from headwater.measure.rules.intervals import Interval

register = template.Library()


@register.filter
def share(value: float | None) -> str:
    """0.086 as 8.6 %, 0.28 as 28 %."""
    return wording.share(value)


@register.filter
def between(ends: Interval | None) -> str:
    """24–33 %."""
    return wording.between(ends)


@register.filter
def of(key: str, urls: dict[str, str]) -> str:
    """The address for a key, or nothing."""
    return urls.get(key, "")
