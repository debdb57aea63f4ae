"""What the team room does by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from headwater.platform.actor import job_actor
from headwater.platform.schedule import every
from headwater.team.actions import files, presence, signing_in


@every(timedelta(days=1), "team.sign_in_attempts")
def forget_old_tries(at: datetime) -> None:
    """Old sign-in attempts are forgotten."""
    signing_in.sweep_tries(at=at)


@every(timedelta(hours=1), "team.presence")
def forget_who_was_where(at: datetime) -> None:
    """Who had which record open is forgotten."""
    presence.sweep_presence(at=at)


@every(timedelta(days=1), "team.files")
def let_go_of_files(at: datetime) -> None:
    """Files that were deleted long ago are let go of, and what is left of uploads that were cut off."""
    while files.purge_files(by=job_actor("files"), at=at):
        pass
    files.sweep_contents(at=at)
