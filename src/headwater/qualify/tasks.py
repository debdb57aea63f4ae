"""What the qualify room does by itself, at its times."""

from __future__ import annotations

from datetime import datetime, timedelta

from headwater.platform.actor import job_actor
from headwater.platform.schedule import every
from headwater.qualify.actions import wake_up_leads


@every(timedelta(minutes=10), "qualify.wake_up_leads")
def wake_up(at: datetime) -> None:
    """Bring back the recycled leads whose day has come, in parts so that nobody waits for the database."""
    while wake_up_leads(by=job_actor("wake-up"), at=at):
        pass
