"""Import batches: a file that came in, how far it is, and what became of it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from headwater.intake.rejects import group_in_words
from headwater.platform.phrases import spoken


class ImportBatch(models.Model):
    """One file being read into one kind of noun, or what remains to be known of it afterwards.

    ``profile`` is the whole mapping as it was used. ``checkpoint`` (rows read and written so far) commits together
    with the rows, so a killed import goes on where it was. Files lie in the data folder under ``files``. A dry run
    is a batch that writes nothing; becoming a real import, it keeps its file, profile and id.
    """

    class State(models.TextChoices):
        DRAFT = "DRAFT", _("Being prepared")
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")
        FAILED = "FAILED", _("Failed")
        STOPPED = "STOPPED", _("Stopped")
        UNDOING = "UNDOING", _("Being undone")
        UNDONE = "UNDONE", _("Undone")

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

    @property
    def trouble(self) -> str:
        """Why it failed, in the language of whoever reads it."""
        return spoken(self.error)

    @property
    def reasons(self) -> dict[str, int]:
        """Why rows were left out, in the reader's words, and how many; the most frequent first."""
        return _counted(self.checkpoint.get("reasons", {}))

    @property
    def notes(self) -> dict[str, int]:
        """What was decided about rows that came in, in the reader's words, and how many."""
        return _counted(self.checkpoint.get("notes", {}))

    @property
    def guesses(self) -> list[str]:
        """What the file left open and was decided for it, in the reader's words."""
        return [spoken(guess) for guess in self.checkpoint.get("guesses", [])]

    @property
    def undone(self) -> dict[str, Any]:
        """What its undo took back and what it kept, with the reasons in the reader's words."""
        report = self.undo_report
        kept = [{**row, "reason": spoken(row["reason"])} for row in report.get("kept", [])]
        return {**report, "kept": kept} if report else {}

    @property
    def is_busy(self) -> bool:
        """Whether work on it is queued or going on."""
        return self.state in (self.State.RUNNING, self.State.UNDOING)

    @property
    def has_written(self) -> bool:
        """Whether rows of it may be in the database."""
        return not self.is_dry_run and self.state in (self.State.DONE, self.State.FAILED, self.State.STOPPED)

    @property
    def percent(self) -> int | None:
        """How much of the file is read, or of its undo done, 0 to 99 while it runs; None while that is not known."""
        done, total = self.rows_read, self.row_estimate
        if self.state == self.State.UNDOING:
            done, total = self.undo_report.get("done", 0), self.undo_report.get("total")
        return min(99, int(100 * done / total)) if total else None


def _counted(kept: dict[str, int]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for group, count in sorted(kept.items(), key=lambda pair: -pair[1]):
        words = group_in_words(group)
        counted[words] = counted.get(words, 0) + count
    return counted
