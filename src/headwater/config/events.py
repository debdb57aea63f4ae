"""What happens with the backups of an installation."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from headwater.platform.events import Fact


@dataclass(frozen=True, kw_only=True)
class BackupAsked(
    Fact, verb="config.backup_asked", subject="platform.job:job_id", sentence=_("Asked for a backup"), icon="database"
):
    """Somebody wants a backup now, besides the daily ones."""

    job_id: int


@dataclass(frozen=True, kw_only=True)
class BackupTaken(
    Fact, verb="config.backup_taken", subject="config.backup_plan:plan_id", sentence=_("Took out the backup {file}"),
    icon="download",
):  # fmt: skip
    """Somebody took everything there is out of the house, as one file."""

    plan_id: int
    file: str
