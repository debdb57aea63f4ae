"""Taking an import back: portion by portion, each one transaction with how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from headwater.intake.batches import BatchMoved, State, importer_of
from headwater.intake.events import ImportUndone
from headwater.intake.models import ImportBatch
from headwater.intake.profile import profile_from
from headwater.platform import job
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.clock import now
from headwater.platform.errors import Conflict, DomainError, NotFound
from headwater.platform.events import record
from headwater.platform.importer import Importer, UndoResult, UndoStep
from headwater.platform.models import Job
from headwater.platform.pace import Pace, tidied_between_chunks
from headwater.platform.phrases import phrase, stored
from headwater.platform.translated import gettext, gettext_lazy, noted

UNDO_JOB = "intake.undo"
UNDO_AT_ONCE = 2_000

OnUndo = Callable[[int, int], None]
"""Told how many rows are done, and of how many."""


class BatchNotUndoable(Conflict):
    """The import is still running, was a trial, or was taken back before."""

    code = "batch_not_undoable"
    message = gettext_lazy("Import {batch_id} cannot be undone: {reason}.")


def start_undo(*, batch_id: int, by: Actor, at: datetime) -> ImportBatch:
    """Take an import back: at once where it is small, else by the worker."""
    batch = undoable(batch_id=batch_id, by=by, at=at)
    if batch.created + batch.updated <= UNDO_AT_ONCE:
        return undo_batch(batch_id=batch_id, by=by, at=at)
    return _queue(batch_id=batch_id, by=by, at=at)


def undo_batch(*, batch_id: int, by: Actor, at: datetime, on_progress: OnUndo | None = None) -> ImportBatch:
    """Take back what an import wrote, in this very process; should it die, a worker goes on where it was.

    Raises:
        NotFound: there is no such import.
        BatchNotUndoable: it is running, was a trial, or was undone before.
    """
    undoable(batch_id=batch_id, by=by, at=at)
    with job.run_here(UNDO_JOB, args={"batch": batch_id, "by": by.ref}, at=at, user_id=by.user_id) as run:
        try:
            return run_undo(batch_id=batch_id, by=by, run=run, on_progress=on_progress)
        except BatchMoved:
            raise
        except DomainError as refusal:
            give_up_undo(batch_id=batch_id, job_id=run.id, error=refusal.text)
            raise
        except (KeyboardInterrupt, job.Cancelled):
            give_up_undo(batch_id=batch_id, job_id=run.id, error=gettext("Somebody stopped it."))
            raise
        except Exception as error:
            give_up_undo(batch_id=batch_id, job_id=run.id, error=f"{type(error).__name__}: {error}")
            raise


def give_up_undo(*, batch_id: int, job_id: int, error: str) -> None:
    """An undo failed: what it took back stays so, and it can be gone on with."""
    ImportBatch.objects.filter(pk=batch_id, state=State.UNDOING, job_id=job_id).update(
        state=State.FAILED, error=stored(error)
    )


def run_undo(*, batch_id: int, by: Actor, run: job.JobRun, on_progress: OnUndo | None = None) -> ImportBatch:
    """Take back what an import wrote, newest pass first, leaving what people have worked on since.

    Portions hold the database for about half a second, so that others can write. What is taken back and how far it
    is commit together: after a crash it goes on from there.

    Raises:
        NotFound: there is no such import.
        NotAllowed: the actor may not undo imports of one of the kinds.
        BatchNotUndoable: it is running, was a trial, or was undone before.
        BatchMoved: another process went on with it.
    """
    undo = _Undo(_begin(batch_id=batch_id, by=by, at=now(), job_id=run.id), by.in_batch(batch_id))
    with tidied_between_chunks():
        for done, total in undo.portions():
            run.report(
                done=done, total=total, message=phrase(noted("%(done)s of %(total)s rows"), done=done, total=total)
            )
            if on_progress is not None:
                on_progress(done, total)
    undo.finish(at=now())
    return undo.batch


# ---------------------------------------------------------------- may it begin


@action
def undoable(*, batch_id: int, by: Actor, at: datetime, job_id: int | None = None) -> ImportBatch:
    """The import, held, if it can be taken back now, by this job if one is named.

    Raises:
        NotFound: there is no such import.
        NotAllowed: the actor may not undo imports of one of the kinds.
        BatchNotUndoable: it is running, was a trial, or was undone before.
    """
    batch = ImportBatch.objects.select_for_update().filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(gettext("There is no import {batch_id}.").format(batch_id=batch_id))
    by.require("intake.batch.undo")
    by.require(importer_of(batch.kind).verb)
    for _, step in _steps(batch):
        by.require(step.verb)
    if reason := _why_not(batch, job_id):
        raise BatchNotUndoable(batch_id=batch.pk, reason=reason)
    return batch


def may_undo(batch: ImportBatch, actor: Actor) -> bool:
    """Whether the undo of an import is to be offered: it wrote something, and the actor may take back all of it."""
    rights = ["intake.batch.undo", importer_of(batch.kind).verb, *(step.verb for _, step in _steps(batch))]
    return batch.has_written and not _why_not(batch, None) and all(actor.may(verb) for verb in rights)


def _why_not(batch: ImportBatch, job_id: int | None) -> str:
    if batch.is_dry_run or batch.state == State.DRAFT:
        return gettext("it wrote nothing")
    if batch.state == State.UNDONE:
        return gettext("it was taken back before")
    if batch.state in (State.RUNNING, State.UNDOING) and batch.job_id != job_id and _is_open(batch.job_id):
        running = batch.state == State.RUNNING
        return gettext("it is still running; stop it first") if running else gettext("it is being taken back already")
    return ""


def _is_open(job_id: int | None) -> bool:
    open_states = (Job.State.QUEUED, Job.State.RUNNING)
    return job_id is not None and Job.objects.filter(pk=job_id, state__in=open_states).exists()


@action
def _queue(*, batch_id: int, by: Actor, at: datetime) -> ImportBatch:
    undoable(batch_id=batch_id, by=by, at=at)
    queued = job.enqueue(UNDO_JOB, args={"batch": batch_id, "by": by.ref}, at=at, user_id=by.user_id)
    return _begin(batch_id=batch_id, by=by, at=at, job_id=queued.pk)


@action
def _begin(*, batch_id: int, by: Actor, at: datetime, job_id: int) -> ImportBatch:
    """Nobody goes on with the import from here, and only this job takes it back."""
    batch = undoable(batch_id=batch_id, by=by, at=at, job_id=job_id)
    batch.state, batch.job_id, batch.error = State.UNDOING, job_id, ""
    batch.save(update_fields=["state", "job_id", "error"])
    return batch


# ---------------------------------------------------------------- doing it


@dataclass
class _Position:
    """How far an undo is and what it did, as the batch keeps it."""

    step: int = 0
    after: int = 0
    done: int = 0
    total: int = 0
    removed: int = 0
    restored: int = 0
    kept: list[dict[str, Any]] = field(default_factory=list)
    also: list[str] = field(default_factory=list)

    def add(self, kind: str, result: UndoResult) -> None:
        self.removed += result.removed
        self.restored += result.restored
        self.also += result.also
        self.kept += [
            {"kind": k.kind or kind, "id": k.object_id, "title": k.title, "reason": stored(k.reason)}
            for k in result.kept
        ]

    def report(self) -> dict[str, Any]:
        """What remains to be known when all is done."""
        return {"removed": self.removed, "restored": self.restored, "kept": self.kept, "also": self.also}

    def as_json(self) -> dict[str, Any]:
        return {"step": self.step, "after": self.after, "done": self.done, "total": self.total} | self.report()


class _Undo:
    """One undo on its way through the steps of its kinds."""

    def __init__(self, batch: ImportBatch, by: Actor) -> None:
        self.batch, self.by = batch, by
        self.position = _Position(**batch.undo_report)
        self.pace = Pace()

    def portions(self) -> Iterator[tuple[int, int]]:
        """Take portion after portion back; how many rows are done after each, and of how many."""
        position, steps = self.position, _steps(self.batch)
        ahead = [(n, kind, step, self._left(n, step)) for n, (kind, step) in enumerate(steps) if n >= position.step]
        position.total = position.done + sum(len(ids) for *_, ids in ahead)
        for number, kind, step, ids in ahead:
            self.pace.restart()
            while ids:
                portion, ids = ids[: self.pace.size], ids[self.pace.size :]
                self.pace.breathe()
                with self.pace.chunk(len(portion)):
                    self._take(number, kind, step, portion)
                yield position.done, position.total

    def _left(self, number: int, step: UndoStep) -> Sequence[int]:
        after = self.position.after if number == self.position.step else 0
        return [pk for pk in sorted(step.about(self.batch.pk)) if pk > after]

    @action
    def _take(self, number: int, kind: str, step: UndoStep, ids: Sequence[int]) -> None:
        self._hold()
        self.position.add(kind, step.take_back(ids, batch_id=self.batch.pk, by=self.by, at=now()))
        self.position.step, self.position.after = number, ids[-1]
        self.position.done += len(ids)
        self.batch.undo_report = self.position.as_json()
        self.batch.save(update_fields=["undo_report"])

    @action
    def finish(self, *, at: datetime) -> None:
        """All is taken back: keep the report, and record it."""
        self._hold()
        batch, position = self.batch, self.position
        batch.undo_report, batch.state, batch.undone_at = position.report(), State.UNDONE, at
        batch.save(update_fields=["undo_report", "state", "undone_at"])
        fact = ImportUndone(
            batch_id=batch.pk, removed=position.removed, restored=position.restored, kept=len(position.kept)
        )
        record(fact, by=self.by, at=at)

    def _hold(self) -> None:
        """Of two processes one stops here, before it touches a row."""
        found = ImportBatch.objects.select_for_update().get(pk=self.batch.pk)
        if found.state != State.UNDOING or found.undo_report != self.batch.undo_report:
            raise BatchMoved(batch_id=self.batch.pk)


def _steps(batch: ImportBatch) -> list[tuple[str, UndoStep]]:
    """What there is to do, the newest pass first."""
    kinds = dict.fromkeys(each.kind for each in reversed(profile_from(batch.profile).passes))
    return [(kind, step) for kind in kinds for step in _steps_of(importer_of(kind))]


def _steps_of(importer: Importer) -> Sequence[UndoStep]:
    """The steps of a noun; one whose undo is a single action is one step about one thing, the batch."""

    def whole(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
        result: UndoResult = importer.undo(batch_id=batch_id, by=by, at=at)
        return result

    return importer.undo_steps or [UndoStep(importer.verb, lambda batch_id: [batch_id], whole)]
