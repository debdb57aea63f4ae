"""What the team room does by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from headwater.platform.schedule import every
from headwater.team.actions import signing_in


@every(timedelta(days=1), "team.sign_in_attempts")
def forget_old_tries(at: datetime) -> None:
    """Old sign-in attempts are forgotten."""
    signing_in.sweep_tries(at=at)
