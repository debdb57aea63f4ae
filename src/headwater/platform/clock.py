"""The edge where the present moment enters; everything below takes it as ``at``."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment in UTC. Called by views, commands and the worker only."""
    return datetime.now(tz=UTC)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of ``day`` where the company is, as UTC."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
