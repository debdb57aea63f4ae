"""Import batches: taking a file in, queueing it, stopping it and going on with it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from headwater.intake.models import ImportBatch
from headwater.intake.profile import Profile, profile_data, profile_from
from headwater.platform import job
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Conflict, NotFound
from headwater.platform.importer import Importer
from headwater.platform.phrases import stored
from headwater.platform.resource import REGISTRY
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy

JOB = "intake.import"
State = ImportBatch.State


class UnknownKind(NotFound):
    """Nothing can be imported under this name."""

    code = "unknown_kind"
    message = lazy("“{kind}” cannot be imported. Known are: {known}.")


class BatchBusy(Conflict):
    """What was asked for does not fit what is going on with the import."""

    code = "batch_busy"
    message = lazy("Import {batch_id} is {state}, so this cannot be done with it now.")


class BatchMoved(Conflict):
    """Another process went on with this import, or somebody stopped it; this one ends without having written."""

    code = "batch_moved"
    message = lazy("Import {batch_id} was stopped, or another process is running it.")


class FileGone(Conflict):
    """The file itself is no longer kept."""

    code = "file_gone"
    message = lazy("The file of this import is not kept any more. Choose it again under Imports.")


# ---------------------------------------------------------------- what can be imported


def importers() -> dict[str, Importer]:
    """Everything that can be imported, by the word of the command line."""
    nouns = [resource.now() for resource in REGISTRY.values()]
    return {noun.importer.kind: noun.importer for noun in nouns if noun.importer is not None}


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


# ---------------------------------------------------------------- files


def files_folder() -> Path:
    """Where imported files and rejected rows lie; nothing in it is ever served by its name."""
    folder = Path(settings.HOME.files) / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def rejects_path(batch: ImportBatch) -> Path | None:
    """The file of rows that were left out, if any were."""
    path = files_folder() / batch.rejects_file if batch.rejects_file else None
    return path if path is not None and path.is_file() else None


def keep_file(parts: Iterable[bytes], *, name: str) -> Path:
    """Store a file under a name of its own in the data folder; what it was called may be anything."""
    suffix = "".join(s for s in Path(name).suffixes[-2:] if s.lower() in (".csv", ".txt", ".tsv", ".xlsx", ".gz"))
    path = files_folder() / f"{uuid.uuid4().hex}{suffix.lower()}"
    try:
        with path.open("xb") as stream:
            for part in parts:
                stream.write(part)
    except BaseException:  # half a file is none
        path.unlink(missing_ok=True)
        raise
    return path


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            yield block


# ---------------------------------------------------------------- from a file to an import


def open_batch(
    *, path: Path, name: str, profile: Profile, by: Actor, at: datetime, is_dry_run: bool = False
) -> ImportBatch:
    """Take a file in for a profile that is complete: copied into the data folder, so that a crash cannot lose it.

    Raises:
        NotAllowed: the actor may not import this kind.
        UnknownKind: nothing is called that.
    """
    by.require(importer_of(profile.kind).verb)
    kept = keep_file(_blocks(path), name=path.name)
    return draft_batch(
        file=kept.name, name=name, kind=profile.kind, profile=profile_data(profile), by=by, at=at, is_dry_run=is_dry_run
    )


@action
def draft_batch(
    *,
    file: str,
    name: str,
    kind: str,
    profile: Mapping[str, Any],
    by: Actor,
    at: datetime,
    is_dry_run: bool = False,
) -> ImportBatch:
    """Begin an import of a file that is in the data folder; its mapping may still be incomplete.

    Raises:
        NotAllowed: the actor may not import this kind.
        UnknownKind: nothing is called that.
    """
    by.require(importer_of(kind).verb)
    return ImportBatch.objects.create(
        kind=kind,
        name=name[:200],
        file=file,
        size=(files_folder() / file).stat().st_size,
        profile=dict(profile),
        system=str(profile.get("system") or "file"),
        is_dry_run=is_dry_run,
        user_id=by.user_id,
        created_at=at,
    )


@action
def map_batch(*, batch_id: int, profile: Mapping[str, Any], by: Actor, at: datetime) -> ImportBatch:
    """Store what the columns mean; what a check found before no longer holds."""
    batch = _prepared(batch_id, by)
    batch.profile, batch.system = dict(profile), str(profile.get("system") or "file")
    _start_over(batch, is_dry_run=False, state=State.DRAFT)
    return batch


@action
def check_batch(*, batch_id: int, by: Actor, at: datetime) -> ImportBatch:
    """Have the worker find out what would become of every row, without writing any."""
    batch = _prepared(batch_id, by)
    profile_from(batch.profile, targets=targets())
    return _queue(batch, by=by, at=at, is_dry_run=True)


@action
def start_batch(*, batch_id: int, by: Actor, at: datetime) -> ImportBatch:
    """Have the worker import the file for real.

    Raises:
        BatchBusy: it runs or ran already.
        ProfileError: the mapping is not complete.
    """
    batch = _prepared(batch_id, by)
    profile_from(batch.profile, targets=targets())
    return _queue(batch, by=by, at=at, is_dry_run=False)


@action
def stop_batch(*, batch_id: int, by: Actor, at: datetime) -> ImportBatch:
    """Stop an import where it is: what is written stays and can be undone, the rest can be gone on with.

    A check that is stopped leads back to the mapping.
    """
    batch = _locked(batch_id, by)
    if batch.state != State.RUNNING:
        raise BatchBusy(batch_id=batch.pk, state=batch.get_state_display().lower())
    if batch.is_dry_run:
        _start_over(batch, is_dry_run=False, state=State.DRAFT)
    else:
        batch.state, batch.finished_at = State.STOPPED, at
        batch.save(update_fields=["state", "finished_at"])
    if batch.job_id:
        job.cancel(job_id=batch.job_id, at=at)
    return batch


@action
def resume_batch(*, batch_id: int, by: Actor, at: datetime) -> ImportBatch:
    """Go on with an import that was stopped or failed, from where it was."""
    batch = _locked(batch_id, by)
    if batch.state not in (State.FAILED, State.STOPPED):
        raise BatchBusy(batch_id=batch.pk, state=batch.get_state_display().lower())
    if batch.undo_report:
        raise BatchBusy(batch_id=batch.pk, state="taken back in part")
    if not (files_folder() / batch.file).is_file():
        raise FileGone()
    queued = job.enqueue(JOB, args={"batch": batch.pk, "by": by.ref}, at=at, user_id=by.user_id)
    batch.job_id, batch.state, batch.error, batch.finished_at = queued.pk, State.RUNNING, "", None
    batch.save(update_fields=["job_id", "state", "error", "finished_at"])
    return batch


def fail_batch(*, batch_id: int, error: str, at: datetime) -> None:
    """Say why an import could not go on; what it wrote so far stays and can be undone."""
    ImportBatch.objects.filter(pk=batch_id, state__in=(State.RUNNING, State.DRAFT)).update(
        state=State.FAILED, error=stored(error), finished_at=at
    )


@action
def discard_batch(*, batch_id: int, by: Actor, at: datetime) -> None:
    """Forget a file that was never imported."""
    batch = _prepared(batch_id, by, needs_file=False)
    path, rejects = files_folder() / batch.file, rejects_path(batch)
    batch.delete()
    path.unlink(missing_ok=True)
    if rejects is not None:
        rejects.unlink(missing_ok=True)


# ---------------------------------------------------------------- inside


def _locked(batch_id: int, by: Actor) -> ImportBatch:
    batch = ImportBatch.objects.select_for_update().filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(_("There is no import {batch_id}.").format(batch_id=batch_id))
    by.require("intake.batch.change")
    by.require(importer_of(batch.kind).verb)
    return batch


def _prepared(batch_id: int, by: Actor, *, needs_file: bool = True) -> ImportBatch:
    """A batch that has written nothing yet: a draft, or one that was only tried."""
    batch = _locked(batch_id, by)
    if batch.state != State.DRAFT and not (batch.is_dry_run and not batch.is_busy):
        raise BatchBusy(batch_id=batch.pk, state=batch.get_state_display().lower())
    if needs_file and not (files_folder() / batch.file).is_file():
        raise FileGone()
    return batch


def _start_over(batch: ImportBatch, *, is_dry_run: bool, state: str) -> None:
    batch.is_dry_run, batch.state, batch.checkpoint, batch.error = is_dry_run, state, {}, ""
    batch.rows_read = batch.created = batch.updated = batch.unchanged = batch.rejected = 0
    batch.rejects_file, batch.started_at, batch.finished_at = "", None, None
    batch.save()


def _queue(batch: ImportBatch, *, by: Actor, at: datetime, is_dry_run: bool) -> ImportBatch:
    queued = job.enqueue(JOB, args={"batch": batch.pk, "by": by.ref}, at=at, user_id=by.user_id)
    batch.job_id = queued.pk
    _start_over(batch, is_dry_run=is_dry_run, state=State.RUNNING)
    return batch
