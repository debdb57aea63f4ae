"""Bringing a file in: chunk by chunk, each one transaction with its checkpoint."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from headwater.intake.batches import files_folder, importer_of
from headwater.intake.cleaning import Cleaner
from headwater.intake.events import FileImported
from headwater.intake.models import ImportBatch
from headwater.intake.profile import Profile, profile_from
from headwater.intake.reader import open_table
from headwater.intake.rejects import RejectWriter
from headwater.intake.table import RawRow, Table
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.clock import now
from headwater.platform.errors import Conflict
from headwater.platform.events import record
from headwater.platform.importer import Batch, CleanRow, Outcome, RowResult
from headwater.platform.installation import installation

LOCK_SECONDS = 0.4
FIRST_CHUNK = 500
SMALLEST_CHUNK, LARGEST_CHUNK = 100, 5_000
DRY_RUN_ROWS = 20_000

OnProgress = Callable[[ImportBatch], None]
OnRow = Callable[[RowResult], None]


class BatchMoved(Conflict):
    """Another process went on with this import; this one stops without having written anything."""

    code = "batch_moved"
    message = "Another process is running import {batch_id}."


class _DryRunOver(Exception):
    """Rolls a trial back; nothing went wrong."""


@dataclass
class _Position:
    """How far a batch is, as its checkpoint keeps it."""

    each: int = 0
    row: int = 0
    rejects_at: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"pass": self.each, "row": self.row, "rejects_at": self.rejects_at, "reasons": self.reasons}

    @classmethod
    def of(cls, batch: ImportBatch) -> _Position:
        kept = batch.checkpoint
        return cls(kept.get("pass", 0), kept.get("row", 0), kept.get("rejects_at", 0), dict(kept.get("reasons", {})))


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
        UnreadableFile: the file cannot be read as a table, or lacks columns the profile speaks of.
        BatchMoved: another process went on with it.
    """
    profile = profile_from(batch.profile)
    table = open_table(
        files_folder() / batch.file,
        sheet=profile.file.sheet,
        delimiter=profile.file.delimiter,
        encoding=profile.file.encoding,
        has_header=profile.file.header,
    )
    estimate = table.row_count_estimate() * len(profile.passes)
    ImportBatch.objects.filter(pk=batch.pk).update(
        row_estimate=estimate, state=ImportBatch.State.RUNNING, started_at=batch.started_at or now()
    )
    batch.refresh_from_db()
    run = _Run(batch, table, profile, by.in_batch(batch.pk), on_progress, on_row)
    if batch.is_dry_run:
        run.try_out()
    else:
        run.to_the_end()
    return batch


@dataclass
class _Chunk:
    rows: list[CleanRow]
    cells: dict[int, Sequence[str]]
    unclean: list[tuple[int, Sequence[str], list[str]]]
    read: int


class _Run:
    """One import on its way through its file."""

    def __init__(
        self,
        batch: ImportBatch,
        table: Table,
        profile: Profile,
        by: Actor,
        on_progress: OnProgress | None,
        on_row: OnRow | None,
    ) -> None:
        self.batch, self.table, self.profile, self.by = batch, table, profile, by
        self.on_progress, self.on_row = on_progress, on_row
        company = installation()
        self.importers = [importer_of(each.kind) for each in profile.passes]
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
        name = f"batch-{batch.pk}-rejected.csv"
        self.rejects = RejectWriter(files_folder() / name, table.original_header, resume_at=self.position.rejects_at)
        self.size = FIRST_CHUNK

    def to_the_end(self) -> None:
        with self.rejects:
            for each in range(self.position.each, len(self.profile.passes)):
                self._one_pass(each)
            self._finish(at=now())

    def try_out(self) -> None:
        """See what would become of every row, and write none of it.

        Up to 20,000 rows run for real inside one transaction that is then rolled back, so that rows may refer to
        each other; of longer files the rest is checked cell by cell only.
        """
        with self.rejects:
            with contextlib.suppress(_DryRunOver):
                self._rolled_back()
            self.batch.state, self.batch.finished_at = ImportBatch.State.DONE, now()
            self._keep_rejects()
            self.batch.checkpoint = self.position.as_json()
            self.batch.save()

    @action
    def _rolled_back(self) -> None:
        for each in range(len(self.profile.passes)):
            for chunk in self._chunks(each, self.table.rows(), LARGEST_CHUNK):
                beyond = self.position.row >= DRY_RUN_ROWS
                results = [] if beyond else self._applied(each, chunk)
                self._account(each, chunk, results)
        raise _DryRunOver

    def _one_pass(self, each: int) -> None:
        start = self.position.row if each == self.position.each else 0
        self.position.each, self.position.row = each, start
        for chunk in self._chunks(each, self.table.rows(start), None):
            began = time.perf_counter()
            self._write(each, chunk)
            self._pace(time.perf_counter() - began, chunk.read)
            if self.on_progress is not None:
                self.on_progress(self.batch)

    @action
    def _write(self, each: int, chunk: _Chunk) -> None:
        expected = self.batch.rows_read
        self._account(each, chunk, self._applied(each, chunk))
        self.position.rejects_at = self.rejects.position
        batch = self.batch
        # Conditional on how far we knew it to be: of two processes one stops here and its rows roll back.
        moved = ImportBatch.objects.filter(pk=batch.pk, rows_read=expected, state=ImportBatch.State.RUNNING).update(
            rows_read=batch.rows_read,
            created=batch.created,
            updated=batch.updated,
            unchanged=batch.unchanged,
            rejected=batch.rejected,
            checkpoint=self.position.as_json(),
        )
        if not moved:
            raise BatchMoved(batch_id=batch.pk)

    def _applied(self, each: int, chunk: _Chunk) -> Sequence[RowResult]:
        if not chunk.rows:
            return []
        return self.importers[each].apply(chunk.rows, batch=self.contexts[each], by=self.by, at=now())

    def _account(self, each: int, chunk: _Chunk, results: Sequence[RowResult]) -> None:
        """Count what became of the rows and hand the bad ones back, in the order of the file."""
        batch = self.batch
        refused = [(r.line, chunk.cells[r.line], list(r.reasons)) for r in results if r.outcome is Outcome.REJECTED]
        for line, cells, reasons in sorted([*chunk.unclean, *refused], key=lambda row: row[0]):
            self.rejects.write(line, cells, reasons)
            batch.rejected += 1
            for reason in reasons:
                self._count_reason(reason)
        for result in results:
            if result.outcome is Outcome.CREATED:
                batch.created += 1
            elif result.outcome is Outcome.UPDATED:
                batch.updated += 1
            elif result.outcome is Outcome.UNCHANGED:
                batch.unchanged += 1
        if self.on_row is not None:
            unclean = [RowResult(line, Outcome.REJECTED, None, reasons) for line, _, reasons in chunk.unclean]
            for result in sorted([*results, *unclean], key=lambda r: r.line):
                self.on_row(result)
        batch.rows_read += chunk.read
        self.position.row += chunk.read

    def _count_reason(self, reason: str) -> None:
        """Count by what is wrong, not by the value it is wrong in; a few dozen different ones at most."""
        counted, reasons = reason.split(":")[0] if '"' in reason else reason, self.position.reasons
        if counted in reasons or len(reasons) < 40:
            reasons[counted] = reasons.get(counted, 0) + 1

    def _chunks(self, each: int, rows: Iterator[RawRow], fixed: int | None) -> Iterator[_Chunk]:
        cleaner = self.cleaners[each]
        chunk = _Chunk([], {}, [], 0)
        for line, cells in rows:
            chunk.read += 1
            if cleaner.concerns(cells):
                clean, reasons = cleaner.clean(line, cells)
                if clean is not None:
                    chunk.rows.append(clean)
                    chunk.cells[line] = cells
                else:
                    chunk.unclean.append((line, cells, reasons))
            if chunk.read >= (fixed or self.size):
                yield chunk
                chunk = _Chunk([], {}, [], 0)
        if chunk.read:
            yield chunk

    def _pace(self, seconds: float, rows: int) -> None:
        """Choose the next chunk so that it holds the database for about half a second."""
        wanted = int(rows * LOCK_SECONDS / max(seconds, 0.001))
        self.size = max(SMALLEST_CHUNK, min(LARGEST_CHUNK, (self.size + wanted) // 2))

    @action
    def _finish(self, *, at: datetime) -> None:
        batch = self.batch
        batch.state, batch.finished_at = ImportBatch.State.DONE, at
        self._keep_rejects()
        batch.checkpoint = self.position.as_json()
        batch.save()
        fact = FileImported(
            batch_id=batch.pk,
            kind=batch.kind,
            created=batch.created,
            updated=batch.updated,
            unchanged=batch.unchanged,
            rejected=batch.rejected,
        )
        record(fact, by=self.by, at=at)

    def _keep_rejects(self) -> None:
        self.rejects.close()
        if self.batch.rejected:
            self.batch.rejects_file = self.rejects.path.name
