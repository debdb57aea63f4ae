"""What the parties room does by itself, at its times."""

from __future__ import annotations

from datetime import datetime, timedelta

from headwater.parties.actions import follow_merges
from headwater.platform.actor import job_actor
from headwater.platform.schedule import every


@every(timedelta(minutes=5), "parties.follow_merges")
def follow(at: datetime) -> None:
    """Move what was written for a record in the very moment it was merged."""
    follow_merges(by=job_actor("follow-merges"), at=at)
