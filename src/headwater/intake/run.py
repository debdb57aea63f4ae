"""Bringing a file in: chunk by chunk, each one transaction with its checkpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from django.db import DataError, IntegrityError

from headwater.intake.batches import JOB, BatchMoved, fail_batch, files_folder, importer_of, open_batch, stop_batch
from headwater.intake.cleaning import Cleaner, Unknown
from headwater.intake.errors import OF_COLUMN
from headwater.intake.events import FileImported
from headwater.intake.models import ImportBatch
from headwater.intake.profile import Profile, profile_from
from headwater.intake.reader import open_table
from headwater.intake.rejects import EXAMPLES, RejectWriter, reason_group
from headwater.intake.sight import out_of_sight
from headwater.intake.suggested import chosen_profile
from headwater.intake.table import Table
from headwater.intake.trial import Scratch, scratch_database
from headwater.intake.withheld import without_withheld
from headwater.platform import job, pace
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.clock import now
from headwater.platform.errors import DomainError
from headwater.platform.events import record
from headwater.platform.importer import Batch, CleanRow, Importer, Outcome, RowResult
from headwater.platform.installation import installation
from headwater.platform.pace import Pace, tidied_between_chunks
from headwater.platform.phrases import phrase, stored
from headwater.platform.statistics import look_over_tables
from headwater.platform.translated import gettext, noted

log = structlog.get_logger()

ROLLED_BACK_ROWS = 20_000
DIFFERENT_REASONS = 40
MANY_ROWS = 5_000

OnProgress = Callable[[ImportBatch], None]
OnRow = Callable[[RowResult], None]


class _RolledBack(Exception):
    """Takes an attempt back; nothing went wrong."""


@dataclass
class _Position:
    """How far a batch is, as its checkpoint keeps it."""

    each: int = 0
    row: int = 0
    rejects_at: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    examples: list[list[str]] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)
    unknown: Unknown = field(default_factory=Counter)
    tried: int | None = None

    def as_json(self) -> dict[str, Any]:
        kept = {"pass": self.each, "row": self.row, "rejects_at": self.rejects_at, "reasons": self.reasons}
        kept |= {"notes": self.notes} if self.notes else {}
        kept |= {"examples": self.examples} if self.examples else {}
        kept |= {"guesses": self.guesses} if self.guesses else {}
        kept |= {"unknown": [[*word, count] for word, count in self.unknown.most_common()]} if self.unknown else {}
        return kept | ({"tried": self.tried} if self.tried is not None else {})

    @classmethod
    def of(cls, batch: ImportBatch) -> _Position:
        kept = batch.checkpoint
        unknown: Unknown = Counter({tuple(word): count for *word, count in kept.get("unknown", [])})
        return cls(
            kept.get("pass", 0), kept.get("row", 0), kept.get("rejects_at", 0), dict(kept.get("reasons", {})),
            notes=dict(kept.get("notes", {})), examples=list(kept.get("examples", [])), unknown=unknown,
        )  # fmt: skip


def import_file(
    path: Path,
    *,
    kind: str,
    by: Actor,
    at: datetime,
    profile: Profile | str | None = None,
    is_dry_run: bool = False,
    on_progress: OnProgress | None = None,
    on_row: OnRow | None = None,
    name: str = "",
) -> ImportBatch:
    """Bring a file in, in this very process; should it die, a worker goes on where it was.

    Without a profile the columns are mapped by their names and contents, if that leaves no doubt.

    Raises:
        UnknownKind: nothing can be imported under this name.
        NotAllowed: the actor may not import this kind.
        ProfileError: there is no such profile, it is wrong, or it is for another kind.
        UnmappedFile: the columns leave doubt; a profile or the page must say what they mean.
        UnreadableFile: the file is not a table, or lacks columns the profile speaks of.
    """
    by.require(importer_of(kind).verb)
    chosen = chosen_profile(path, importer_of(kind), profile, name=name)
    batch = open_batch(path=path, name=name or path.name, profile=chosen, by=by, at=at, is_dry_run=is_dry_run)
    try:
        if is_dry_run:
            return run_batch(batch, by=by, on_progress=on_progress, on_row=on_row)
        with job.run_here(JOB, args={"batch": batch.pk, "by": by.ref}, at=at, user_id=by.user_id) as run:
            ImportBatch.objects.filter(pk=batch.pk).update(job_id=run.id)

            def report(batch: ImportBatch) -> None:
                run.report(
                    done=batch.rows_read,
                    total=batch.row_estimate,
                    message=phrase(noted("Rows read: %(count)s"), count=batch.rows_read),
                )
                if on_progress is not None:
                    on_progress(batch)

            return run_batch(batch, by=by, on_progress=report, on_row=on_row)
    except (BatchMoved, job.Cancelled):
        batch.refresh_from_db()
        return batch
    except DomainError as refusal:
        fail_batch(batch_id=batch.pk, error=refusal.text, at=now())
        raise
    except KeyboardInterrupt:
        stop_batch(batch_id=batch.pk, by=by, at=now())
        raise
    except Exception as error:
        fail_batch(batch_id=batch.pk, error=f"{type(error).__name__}: {error}", at=now())
        raise


def run_batch(
    batch: ImportBatch,
    *,
    by: Actor,
    on_progress: OnProgress | None = None,
    on_row: OnRow | None = None,
) -> ImportBatch:
    """Import a prepared batch from its checkpoint to its end.

    One bad row never stops a file: it goes into the file of rejects with all its reasons. Rows and checkpoint
    commit together, in chunks that hold the database for about half a second, so that others can write.

    Raises:
        NotAllowed: the actor may not import one of the kinds that the profile makes of the rows.
        UnreadableFile: the file cannot be read as a table, or lacks columns the profile speaks of.
        BatchMoved: another process went on with it, or it was stopped.
    """
    profile = profile_from(batch.profile)
    importers = [importer_of(each.kind).for_actor(by) for each in profile.passes]
    for importer in importers:
        by.require(importer.verb)
    table = open_table(
        files_folder() / batch.file,
        sheet=profile.file.sheet,
        delimiter=profile.file.delimiter,
        encoding=profile.file.encoding,
        has_header=profile.file.header,
    )
    profile, withheld = without_withheld(profile, table, importers)
    estimate = table.row_count_estimate() * len(profile.passes)
    ImportBatch.objects.filter(pk=batch.pk).update(row_estimate=estimate, started_at=batch.started_at or now())
    ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.DRAFT).update(state=ImportBatch.State.RUNNING)
    batch.refresh_from_db()
    run = _Run(batch, table, profile, importers, by.in_batch(batch.pk), on_progress, on_row)
    run.position.guesses = [*withheld, *run.position.guesses]
    if batch.is_dry_run:
        run.try_out()
    else:
        run.to_the_end()
        if batch.created >= MANY_ROWS:
            look_over_tables()
        # Everything is in the database now; what people sent need not lie about any longer.
        (files_folder() / batch.file).unlink(missing_ok=True)
    return batch


@dataclass
class _Chunk:
    """Rows read together: the clean ones, and those that are left out already with their reasons."""

    rows: list[CleanRow] = field(default_factory=list)
    cells: dict[int, Sequence[str]] = field(default_factory=dict)
    unclean: list[tuple[int, Sequence[str], list[str]]] = field(default_factory=list)
    read: int = 0

    def leave_out(self, reasons: dict[int, str]) -> None:
        """Move rows that were clean to those that are left out."""
        self.unclean += [(line, self.cells[line], [reason]) for line, reason in reasons.items()]
        self.rows = [row for row in self.rows if row.line not in reasons]


class _Run:
    """One import on its way through its file."""

    def __init__(
        self,
        batch: ImportBatch,
        table: Table,
        profile: Profile,
        importers: Sequence[Importer],
        by: Actor,
        on_progress: OnProgress | None,
        on_row: OnRow | None,
    ) -> None:
        self.batch, self.table, self.profile, self.by = batch, table, profile, by
        self.on_progress, self.on_row = on_progress, on_row
        company = installation()
        self.importers = importers
        self.cleaners = [
            Cleaner(table, profile, each, importer, zone=company.zone)
            for each, importer in zip(profile.passes, self.importers, strict=True)
        ]
        self.contexts = [
            Batch(
                batch.pk, each.system or batch.system, company.time_zone, company.currency, company.region, batch.name
            )
            for each in profile.passes
        ]
        self.position = _Position.of(batch)
        guesses = [
            OF_COLUMN.format(column=g.column, why=g.reason) for cleaner in self.cleaners for g in cleaner.guesses
        ]
        for cleaner in self.cleaners:
            cleaner.unknown = self.position.unknown
        self.position.guesses = [stored(each) for each in (*table.dialect.notes, *guesses)]
        name = f"batch-{batch.pk}-rejected.csv"
        self.rejects = RejectWriter(files_folder() / name, table.original_header, resume_at=self.position.rejects_at)
        self.pace = Pace()

    # -- the real thing

    def to_the_end(self) -> None:
        """Read, write, and finish; what is done already is left out."""
        with self.rejects, tidied_between_chunks():
            for each in range(self.position.each, len(self.profile.passes)):
                start = self.position.row if each == self.position.each else 0
                self.position.each, self.position.row = each, start
                self.pace.restart()
                for chunk in self._chunks(each, start):
                    self._written(each, chunk)
                    if self.on_progress is not None:
                        self.on_progress(self.batch)
            self._finish(at=now())

    def _written(self, each: int, chunk: _Chunk) -> None:
        with self.pace.chunk(chunk.read):
            try:
                results = self._write(each, chunk)
            except (DataError, IntegrityError):
                # Some row holds what the database will not store. Find it; the others go in.
                refused = self._refused(each, chunk.rows)
                if not refused:
                    raise
                log.warning("rows_refused_by_the_database", batch=self.batch.pk, lines=sorted(refused))
                chunk.leave_out(refused)
                results = self._write(each, chunk)
        self._tell(chunk, results)

    @action
    def _write(self, each: int, chunk: _Chunk) -> Sequence[RowResult]:
        batch = self.batch
        # First, and conditional on how far we knew it to be: of two processes one stops here, before it touches
        # a row or the file of rejects.
        ours = ImportBatch.objects.filter(pk=batch.pk, rows_read=batch.rows_read, state=ImportBatch.State.RUNNING)
        if not ours.update(rows_read=batch.rows_read + chunk.read):
            raise BatchMoved(batch_id=batch.pk)
        results = self._applied(each, chunk)
        self._account(chunk, results)
        self.position.rejects_at = self.rejects.position
        ImportBatch.objects.filter(pk=batch.pk).update(
            created=batch.created,
            updated=batch.updated,
            unchanged=batch.unchanged,
            rejected=batch.rejected,
            checkpoint=self.position.as_json(),
        )
        return results

    def _applied(self, each: int, chunk: _Chunk) -> Sequence[RowResult]:
        importer, context = self.importers[each], self.contexts[each]
        chunk.leave_out(out_of_sight(chunk.rows, importer=importer, batch=context, by=self.by))
        return importer.apply(chunk.rows, batch=context, by=self.by, at=now()) if chunk.rows else []

    def _refused(self, each: int, rows: Sequence[CleanRow]) -> dict[int, str]:
        """The rows that the database will not store, by their lines; halves are tried until single rows are left."""
        try:
            self._attempt(each, rows)
        except _RolledBack:
            return {}
        except (DataError, IntegrityError) as error:
            if len(rows) == 1:
                return {rows[0].line: gettext("The database refuses this row: {error}").format(error=error)}
        middle = len(rows) // 2
        return self._refused(each, rows[:middle]) | self._refused(each, rows[middle:])

    @action
    def _attempt(self, each: int, rows: Sequence[CleanRow]) -> None:
        self.importers[each].apply(rows, batch=self.contexts[each], by=self.by, at=now())
        raise _RolledBack

    @action
    def _finish(self, *, at: datetime) -> None:
        batch = self.batch
        self._conclude(at)
        ours = ImportBatch.objects.filter(pk=batch.pk, rows_read=batch.rows_read, state=ImportBatch.State.RUNNING)
        if not ours.update(
            state=batch.state,
            finished_at=at,
            rejects_file=batch.rejects_file,
            checkpoint=batch.checkpoint,
            row_estimate=batch.rows_read,
            error="",
        ):
            raise BatchMoved(batch_id=batch.pk)
        fact = FileImported(
            batch_id=batch.pk,
            kind=batch.kind,
            created=batch.created,
            updated=batch.updated,
            unchanged=batch.unchanged,
            rejected=batch.rejected,
        )
        record(fact, by=self.by, at=at)

    # -- the trial

    def try_out(self) -> None:
        """See what would become of every row, and write none of it.

        The whole file goes into a copy of the database. Where there is none, the first 20,000 rows run inside one
        transaction that is then rolled back, and the rest is checked cell by cell only.
        """
        with self.rejects, scratch_database() as scratch:
            if scratch is not None:
                self._through_all(scratch)
            else:
                with suppress(_RolledBack):
                    self._through_some()
            self._conclude(now())
        batch = self.batch
        ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.RUNNING).update(
            state=batch.state,
            finished_at=batch.finished_at,
            rejects_file=batch.rejects_file,
            checkpoint=batch.checkpoint,
            rows_read=batch.rows_read,
            row_estimate=batch.rows_read,
            created=batch.created,
            updated=batch.updated,
            unchanged=batch.unchanged,
            rejected=batch.rejected,
            error="",
        )

    def _through_all(self, scratch: Scratch) -> None:
        for each in range(len(self.profile.passes)):
            for chunk in self._chunks(each, 0, pace.LARGEST_CHUNK // 2):
                self._tried(each, chunk, scratch.in_place())
                if self.on_progress is not None:
                    self.on_progress(self.batch)

    @action
    def _through_some(self) -> None:
        for each in range(len(self.profile.passes)):
            for chunk in self._chunks(each, 0, pace.LARGEST_CHUNK // 2):
                if self.batch.rows_read < ROLLED_BACK_ROWS:
                    self._tried(each, chunk, nullcontext())
                    self.position.tried = self.batch.rows_read
                else:
                    self._account(chunk, [])
        if self.position.tried == self.batch.rows_read:
            self.position.tried = None
        raise _RolledBack

    def _tried(self, each: int, chunk: _Chunk, where: AbstractContextManager[None]) -> None:
        with where:
            results = self._applied(each, chunk)
        self._account(chunk, results)
        self._tell(chunk, results)

    # -- what both need

    def _chunks(self, each: int, start: int, fixed: int | None = None) -> Iterator[_Chunk]:
        cleaner, faults, chunk = self.cleaners[each], self.importers[each].faults, _Chunk()
        for line, cells in self.table.rows(start):
            chunk.read += 1
            if cleaner.concerns(cells):
                clean, reasons = cleaner.clean(line, cells)
                if not reasons:
                    chunk.rows.append(clean)
                    chunk.cells[line] = cells
                else:
                    more = faults(clean.values, self.contexts[each], now())
                    chunk.unclean.append((line, cells, [*reasons, *more]))
            if chunk.read >= (fixed or self.pace.size):
                self.pace.breathe()
                yield chunk
                chunk = _Chunk()
        if chunk.read:
            self.pace.breathe()
            yield chunk

    def _account(self, chunk: _Chunk, results: Sequence[RowResult]) -> None:
        """Count what became of the rows and hand the bad ones back, in the order of the file."""
        batch = self.batch
        refused = [(r.line, chunk.cells[r.line], list(r.reasons)) for r in results if r.outcome is Outcome.REJECTED]
        for line, cells, reasons in sorted([*chunk.unclean, *refused], key=lambda row: row[0]):
            self.rejects.write(line, cells, reasons)
            if len(self.position.examples) < EXAMPLES:
                self.position.examples.append([stored(reason) for reason in reasons])
            batch.rejected += 1
            for reason in reasons:
                _count(reason, self.position.reasons)
        for result in results:
            if result.outcome is not Outcome.REJECTED:
                for note in result.reasons:
                    _count(note, self.position.notes)
            if result.outcome is Outcome.CREATED:
                batch.created += 1
            elif result.outcome is Outcome.UPDATED:
                batch.updated += 1
            elif result.outcome is Outcome.UNCHANGED:
                batch.unchanged += 1
        batch.rows_read += chunk.read
        self.position.row += chunk.read

    def _tell(self, chunk: _Chunk, results: Sequence[RowResult]) -> None:
        if self.on_row is None:
            return
        unclean = [RowResult(line, Outcome.REJECTED, None, reasons) for line, _, reasons in chunk.unclean]
        for result in sorted([*results, *unclean], key=lambda r: r.line):
            self.on_row(result)

    def _conclude(self, at: datetime) -> None:
        batch = self.batch
        self.rejects.close()
        batch.state, batch.finished_at, batch.error = ImportBatch.State.DONE, at, ""
        batch.rejects_file = self.rejects.path.name if batch.rejected else ""
        batch.checkpoint = self.position.as_json()


def _count(text: str, counted: dict[str, int]) -> None:
    """Count by what is said, not by the value it is said of; a few dozen different ones at most."""
    group = reason_group(text)
    if group in counted or len(counted) < DIFFERENT_REASONS:
        counted[group] = counted.get(group, 0) + 1
