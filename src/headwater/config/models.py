"""What the people of an installation decided about its running."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

MOST_DAYS, MOST_WEEKS = 365, 260


class BackupPlan(models.Model):
    """When the daily backup is made, and how many are kept; one row, and none while it is as it was delivered."""

    hour = models.PositiveSmallIntegerField(validators=[MaxValueValidator(23)])
    daily = models.PositiveSmallIntegerField(validators=[MaxValueValidator(MOST_DAYS)])
    weekly = models.PositiveSmallIntegerField(validators=[MaxValueValidator(MOST_WEEKS)])

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_backup_plan"),
            models.CheckConstraint(condition=Q(hour__lte=23), name="backups_begin_at_an_hour"),
        ]

    def __str__(self) -> str:
        return f"from {self.hour}:00, {self.daily} days, {self.weekly} weeks"
