"""What the team room does by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.management import call_command

from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.job import JobRun, job
from headwater.platform.schedule import every
from headwater.team.actions import files, invitations, presence, signing_in


@job(invitations.RESET_JOB)
def mail_reset(run: JobRun) -> dict[str, object]:
    """A link for who forgot their password; the result does not tell whether anybody signs in with that e-mail."""
    invitations.mail_reset(attempt_id=run.args["attempt_id"], by=job_actor("password reset"), at=now())
    return {}


@every(timedelta(days=1), "team.sign_in_attempts")
def forget_old_tries(at: datetime) -> None:
    """Old sign-in attempts are forgotten."""
    signing_in.sweep_tries(at=at)


@every(timedelta(days=1), "sessions.clear")
def clear_sessions(_at: datetime) -> None:
    """Forget the sessions that have run out."""
    call_command("clearsessions")


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
