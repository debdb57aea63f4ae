"""What a webhook can be told of, and how long it is waited for."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=4)
PATIENCE: Final = timedelta(days=1)
MOST_EVENTS: Final = 50
KEPT_DAYS: Final = 30


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts in a row that failed: four times as long each time, up to four hours."""
    times: int = 4 ** min(attempts - 1, 10)
    return min(FIRST_PAUSE * times, LONGEST_PAUSE)
