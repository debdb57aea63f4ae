"""That one worker and no other is at something for a while: kept in a row, so that a dead worker's claim runs out."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet


class LeaseLost(Exception):
    """It ran out meanwhile, and another worker may be at it."""


class Lease:
    """What a worker holds of a row with ``lease_until``; whatever it writes there says that it still holds it."""

    def __init__(self, row: QuerySet[Any], *, lasts: timedelta, until: datetime) -> None:
        self._row, self._lasts, self._until, self._since = row, lasts, until, time.monotonic()

    @classmethod
    def take(cls, row: QuerySet[Any], *, lasts: timedelta, at: datetime, only: Q | None = None) -> Lease | None:
        """The lease of a row, or None while another worker has it or the row is not as ``only`` says."""
        free = Q(lease_until=None) | Q(lease_until__lt=at)
        taken = row.filter(free & (only or Q())).update(lease_until=at + lasts)
        return cls(row, lasts=lasts, until=at + lasts) if taken else None

    def renew(self) -> None:
        """Go on holding it; costs nothing until half of it is over.

        Raises:
            LeaseLost: it is another's by now.
        """
        # Measured without the clock, which may be set while somebody works.
        passed = timedelta(seconds=time.monotonic() - self._since)
        if passed > self._lasts / 2:
            self.write(lease_until=self._until + passed)
            self._until, self._since = self._until + passed, time.monotonic()

    def write(self, **values: Any) -> None:
        """Change the row.

        Raises:
            LeaseLost: it is another's by now; nothing was changed.
        """
        if not self._row.filter(lease_until=self._until).update(**values):
            raise LeaseLost()

    def end(self) -> None:
        """Let others have it, unless they do already."""
        self._row.filter(lease_until=self._until).update(lease_until=None)
