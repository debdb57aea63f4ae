"""Import batches: taking a file in, queueing it, and taking back what it wrote."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from headwater.intake.events import ImportUndone
from headwater.intake.models import ImportBatch
from headwater.intake.profile import Profile, profile_data, profile_from
from headwater.platform import job
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Conflict, NotFound
from headwater.platform.events import record
from headwater.platform.importer import Importer, UndoResult
from headwater.platform.models import Job
from headwater.platform.resource import REGISTRY

JOB = "intake.import"


class UnknownKind(NotFound):
    """Nothing can be imported under this name."""

    code = "unknown_kind"
    message = "“{kind}” cannot be imported. Known are: {known}."


class BatchNotUndoable(Conflict):
    """The import is still running, was a trial, or was taken back before."""

    code = "batch_not_undoable"
    message = "Import {batch_id} cannot be undone: {reason}."


def importers() -> dict[str, Importer]:
    """Everything that can be imported, by the word of the command line."""
    return {r.importer.kind: r.importer for r in REGISTRY.values() if r.importer is not None}


def importer_of(kind: str) -> Importer:
    """The importer called ``kind``.

    Raises:
        UnknownKind: there is none.
    """
    found = importers()
    if kind not in found:
        raise UnknownKind(kind=kind, known=", ".join(sorted(found)))
    return found[kind]


def targets() -> dict[str, list[str]]:
    """The target keys of every kind, to check profiles against."""
    return {kind: [t.key for t in importer.targets] for kind, importer in importers().items()}


@action
def prepare_batch(
    *, path: Path, name: str, kind: str, profile: Profile, by: Actor, at: datetime, is_dry_run: bool = False
) -> ImportBatch:
    """Take a file in: copy it into the data folder, so that the import can go on after a crash.

    Raises:
        NotAllowed: the actor may not import this kind.
        UnknownKind: nothing is called that.
    """
    by.require(importer_of(kind).verb)
    return ImportBatch.objects.create(
        kind=kind,
        name=name,
        file=_keep(path),
        size=path.stat().st_size,
        profile=profile_data(profile),
        system=profile.system or "file",
        is_dry_run=is_dry_run,
        user_id=by.user_id,
        created_at=at,
    )


@action
def start_batch(*, batch_id: int, by: Actor, at: datetime) -> ImportBatch:
    """Queue a prepared batch for the worker."""
    batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
    by.require(importer_of(batch.kind).verb)
    if batch.state != ImportBatch.State.DRAFT:
        raise Conflict("This import was started before.")
    queued = job.enqueue(JOB, args={"batch": batch.pk, "by": by.ref}, at=at, user_id=by.user_id)
    batch.job_id, batch.state, batch.started_at = queued.pk, ImportBatch.State.RUNNING, at
    batch.save(update_fields=["job_id", "state", "started_at"])
    return batch


def undo_batch(*, batch_id: int, by: Actor, at: datetime) -> ImportBatch:
    """Take back what an import wrote, newest pass first, leaving what people have worked on since.

    Raises:
        BatchNotUndoable: it is running, was a trial, or was undone before.
    """
    batch = ImportBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(f"There is no import {batch_id}.")
    return _undo(batch_id=batch_id, by=by, at=at)


@action
def _undo(*, batch_id: int, by: Actor, at: datetime) -> ImportBatch:
    batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
    if batch.is_dry_run or batch.state in (ImportBatch.State.DRAFT, ImportBatch.State.UNDONE):
        reason = "it was taken back before" if batch.state == ImportBatch.State.UNDONE else "it wrote nothing"
        raise BatchNotUndoable(batch_id=batch.pk, reason=reason)
    if batch.state == ImportBatch.State.RUNNING and batch.job_id and _is_running(batch.job_id):
        raise BatchNotUndoable(batch_id=batch.pk, reason="it is still running; cancel it first")
    kinds = list(dict.fromkeys(each.kind for each in reversed(profile_from(batch.profile).passes)))
    for kind in kinds:
        by.require(importer_of(kind).verb)
    results = [importer_of(kind).undo(batch_id=batch.pk, by=by, at=at) for kind in kinds]
    batch.undo_report = _report(kinds, results)
    batch.state, batch.undone_at = ImportBatch.State.UNDONE, at
    batch.save(update_fields=["undo_report", "state", "undone_at"])
    report = batch.undo_report
    record(
        ImportUndone(
            batch_id=batch.pk, removed=report["removed"], restored=report["restored"], kept=len(report["kept"])
        ),
        by=by,
        at=at,
    )
    return batch


def files_folder() -> Path:
    """Where imported files and rejected rows lie."""
    folder = Path(settings.HOME.files) / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def rejects_path(batch: ImportBatch) -> Path | None:
    """The file of rows that were left out, if any were."""
    return files_folder() / batch.rejects_file if batch.rejects_file else None


def _keep(path: Path) -> str:
    """Copy a file into the data folder under a name of its own; its old name may be anything."""
    suffix = "".join(s for s in path.suffixes[-2:] if s.lower() in (".csv", ".txt", ".tsv", ".xlsx", ".gz"))
    name = f"{uuid.uuid4().hex}{suffix}"
    shutil.copyfile(path, files_folder() / name)
    return name


def _is_running(job_id: int) -> bool:
    return Job.objects.filter(pk=job_id, state__in=(Job.State.QUEUED, Job.State.RUNNING)).exists()


def _report(kinds: Sequence[str], results: Sequence[UndoResult]) -> dict[str, Any]:
    return {
        "removed": sum(r.removed for r in results),
        "restored": sum(r.restored for r in results),
        "kept": [
            {"kind": kind, "id": kept.object_id, "title": kept.title, "reason": kept.reason}
            for kind, result in zip(kinds, results, strict=True)
            for kept in result.kept
        ],
    }
