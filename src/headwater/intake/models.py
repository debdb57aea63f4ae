"""Import batches: a file that came in, how far it is, and what became of it."""

from __future__ import annotations

from django.db import models


class ImportBatch(models.Model):
    """One file being read into one kind of noun, or what remains to be known of it afterwards.

    ``profile`` is the whole mapping as it was used. ``checkpoint`` (rows read and written so far) commits together
    with the rows, so a killed import goes on where it was. Files lie in the data folder under ``files``.
    """

    class State(models.TextChoices):
        DRAFT = "DRAFT", "Being prepared"
        RUNNING = "RUNNING", "Running"
        DONE = "DONE", "Done"
        FAILED = "FAILED", "Failed"
        UNDONE = "UNDONE", "Undone"

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    file = models.CharField(max_length=300)
    size = models.BigIntegerField(default=0)
    profile = models.JSONField(default=dict)
    system = models.CharField(max_length=60)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    is_dry_run = models.BooleanField(default=False)
    row_estimate = models.BigIntegerField(null=True)
    rows_read = models.BigIntegerField(default=0)
    created = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    checkpoint = models.JSONField(default=dict)
    rejects_file = models.CharField(max_length=300, default="")
    error = models.TextField(default="")
    undo_report = models.JSONField(default=dict)
    job_id = models.BigIntegerField(null=True)
    user = models.ForeignKey("team.User", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} from {self.name}"
