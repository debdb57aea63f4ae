"""What is done about telling people by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from headwater.platform.schedule import every
from headwater.tell.actions.mails import forget_mails


@every(timedelta(days=1), "tell.mails")
def forget_old_mails(at: datetime) -> None:
    """The list of mails is kept for a month."""
    forget_mails(at=at)
