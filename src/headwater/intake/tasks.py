"""The import as background work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.intake.batches import JOB
from headwater.intake.models import ImportBatch
from headwater.intake.run import run_batch
from headwater.platform.installation import actor_by_ref
from headwater.platform.job import JobRun, job


@job(JOB)
def import_file(run: JobRun) -> Mapping[str, Any]:
    """Run a queued import, or go on with one whose process died."""

    def on_progress(batch: ImportBatch) -> None:
        run.report(done=batch.rows_read, total=batch.row_estimate, message=f"{batch.rows_read:,} rows read")

    batch = ImportBatch.objects.get(pk=run.args["batch"])
    if batch.state != ImportBatch.State.RUNNING:
        return {"batch": batch.pk}
    batch = run_batch(batch, by=actor_by_ref(run.args["by"]), on_progress=on_progress)
    return {"batch": batch.pk, "created": batch.created, "rejected": batch.rejected}
