"""Imports and their undo as background work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.intake.batches import JOB, BatchMoved, fail_batch
from headwater.intake.models import ImportBatch
from headwater.intake.run import run_batch
from headwater.intake.undoing import UNDO_JOB, give_up_undo, run_undo
from headwater.platform.busy import as_busy
from headwater.platform.clock import now
from headwater.platform.errors import DomainError
from headwater.platform.installation import actor_by_ref
from headwater.platform.job import MAX_ATTEMPTS, Cancelled, JobRun, job
from headwater.platform.phrases import phrase
from headwater.platform.translated import noted


@job(JOB)
def import_in_background(run: JobRun) -> Mapping[str, Any]:
    """Run a queued import, or go on with one whose process died."""

    def on_progress(batch: ImportBatch) -> None:
        if batch.is_dry_run:
            ImportBatch.objects.filter(pk=batch.pk).update(
                rows_read=batch.rows_read, rejected=batch.rejected, created=batch.created
            )
        run.report(
            done=batch.rows_read,
            total=batch.row_estimate,
            message=phrase(noted("Rows read: %(count)s"), count=batch.rows_read),
        )

    batch = ImportBatch.objects.filter(pk=run.args["batch"]).first()
    if batch is None or batch.state not in (ImportBatch.State.RUNNING, ImportBatch.State.DRAFT):
        return {"batch": run.args["batch"]}
    try:
        batch = run_batch(batch, by=actor_by_ref(run.args["by"]), on_progress=on_progress)
    except BatchMoved:
        batch.refresh_from_db()
    except DomainError as refusal:
        fail_batch(batch_id=batch.pk, error=refusal.text, at=now())
        raise
    except Cancelled:
        raise
    except Exception as error:
        if run.job.attempts >= MAX_ATTEMPTS:
            fail_batch(batch_id=batch.pk, error=_why(error), at=now())
        raise
    return {"batch": batch.pk, "created": batch.created, "rejected": batch.rejected}


@job(UNDO_JOB)
def undo_in_background(run: JobRun) -> Mapping[str, Any]:
    """Take a large import back, or go on with an undo whose process died."""
    batch = ImportBatch.objects.filter(pk=run.args["batch"]).first()
    if batch is None or batch.state == ImportBatch.State.UNDONE:
        return {"batch": run.args["batch"]}
    try:
        batch = run_undo(batch_id=batch.pk, by=actor_by_ref(run.args["by"]), run=run)
    except BatchMoved:
        return {"batch": batch.pk}
    except DomainError as refusal:
        give_up_undo(batch_id=batch.pk, job_id=run.id, error=refusal.text)
        raise
    except Exception as error:
        if run.job.attempts >= MAX_ATTEMPTS or isinstance(error, Cancelled):
            give_up_undo(batch_id=batch.pk, job_id=run.id, error=_why(error))
        raise
    return {"batch": batch.pk, "removed": batch.undo_report["removed"]}


def _why(error: Exception) -> str:
    """What broke off the work: in words where another try may get through, else as whoever mends it needs it."""
    busy = as_busy(error)
    return busy.text if busy is not None else f"{type(error).__name__}: {error}"
