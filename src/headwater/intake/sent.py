"""Rows that a program sends, taken in as those of files are: the same set-based actions, and one undo for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from headwater.intake.batches import importer_of
from headwater.intake.events import FileImported
from headwater.intake.models import ImportBatch
from headwater.intake.rejects import reason_group
from headwater.intake.sight import UNSEEN, unseen
from headwater.intake.typed_rows import TypedReader, TypedRow
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid
from headwater.platform.events import record
from headwater.platform.identity import called_by_our_ids, known_ids
from headwater.platform.importer import Batch, CleanRow, Importer, Outcome, RowResult
from headwater.platform.installation import installation
from headwater.platform.resource import Resource
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.platform.translated import grouped

State = ImportBatch.State
PORTION: Final = 1_000  # rows a transaction: others write in between
TOLD: Final = 100
REFUSED: Final = lazy("The database refuses this row: a value does not fit.")
COUNTED: Final = {
    Outcome.CREATED: "created", Outcome.UPDATED: "updated", Outcome.UNCHANGED: "unchanged", Outcome.REJECTED: "rejected"
}  # fmt: skip


@action
def open_sent(*, kind: str, name: str, system: str, by: Actor, at: datetime) -> ImportBatch:
    """Begin to take in what a program sends. Until all of it is in, it counts as stopped: it can be undone as it is.

    Raises:
        NotAllowed: the actor may not import this kind.
    """
    importer = importer_of(kind)
    by.require(importer.verb)
    columns = {target.key: target.key for target in importer.targets}
    profile = {"name": "api", "kind": kind, "system": system, "columns": columns}
    return ImportBatch.objects.create(
        kind=kind, name=name[:200], file="", profile=profile, system=system, state=State.STOPPED, user_id=by.user_id,
        created_at=at, started_at=at, finished_at=at,
    )  # fmt: skip


@action
def take_sent(
    *, batch_id: int, resource: Resource, reader: TypedReader, rows: Sequence[TypedRow], by: Actor, at: datetime
) -> list[RowResult]:
    """Take in some of the rows, in one transaction; what became of each, in order. A bad row stops no other.

    A row with an ``id`` changes that record, one with an ``external_id`` the one the other system calls so, or makes
    it; the others are known again by what the noun goes by, or made.

    Raises:
        NotAllowed: the actor may not import this kind.
    """
    assert resource.importer is not None
    importer = resource.importer.for_actor(by)
    by.require(importer.verb)
    batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
    results = _Taking(batch, resource, importer, reader, by, at).take(rows)
    _count(batch, results)
    return results


@action
def close_sent(*, batch_id: int, by: Actor, at: datetime) -> ImportBatch:
    """All that was sent is in: said once, however often it is sent."""
    batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
    if batch.state == State.STOPPED:
        batch.state, batch.finished_at, batch.row_estimate = State.DONE, at, batch.rows_read
        batch.save(update_fields=["state", "finished_at", "row_estimate"])
        counts = {name: getattr(batch, name) for name in COUNTED.values()}
        record(FileImported(batch_id=batch.pk, kind=batch.kind, **counts), by=by.in_batch(batch.pk), at=at)
    return batch


@action
def take_all_sent(
    *,
    resource: Resource,
    reader: TypedReader,
    rows: Sequence[TypedRow],
    name: str,
    system: str,
    by: Actor,
    at: datetime,
) -> tuple[ImportBatch, list[RowResult]]:
    """Take in all of the rows or none.

    Raises:
        NotAllowed: the actor may not import this kind.
        Invalid: rows cannot be taken, with the reasons of each.
    """
    assert resource.importer is not None
    batch = open_sent(kind=resource.importer.kind, name=name, system=system, by=by, at=at)
    results = [
        result
        for start in range(0, len(rows), PORTION)
        for result in take_sent(
            batch_id=batch.pk, resource=resource, reader=reader, rows=rows[start : start + PORTION], by=by, at=at
        )
    ]
    wrong = [result for result in results if result.outcome is Outcome.REJECTED]
    if wrong:
        raise Invalid(
            {f"rows.{result.line}": list(result.reasons) for result in wrong[:TOLD]},
            _("{wrong} of {rows} rows cannot be taken, so none was.").format(
                wrong=grouped(len(wrong)), rows=grouped(len(rows))
            ),
        )
    return close_sent(batch_id=batch.pk, by=by, at=at), results


class _Taking:
    """Some rows on their way in."""

    def __init__(
        self, batch: ImportBatch, resource: Resource, importer: Importer, reader: TypedReader, by: Actor, at: datetime
    ) -> None:
        self.batch, self.resource, self.importer, self.reader, self.at = batch, resource, importer, reader, at
        self.by = by.in_batch(batch.pk)

    def take(self, rows: Sequence[TypedRow]) -> list[RowResult]:
        """What became of each row, in order."""
        named = [row.external_id for row in rows if row.external_id]
        known = known_ids(self.batch.system, self.resource.key, named) if named else {}
        hidden = self._gone({row.pk for row in rows if row.pk is not None})
        hidden |= unseen(self.resource, known.values(), by=self.by)
        self._fill_in(rows, known)
        for row in rows:
            pk = known.get(row.external_id) if row.pk is None else row.pk
            if pk in hidden:
                row.reasons.append(str(UNSEEN))
            row.reasons += [
                f"{target.label} is missing."
                for target in self.reader.required
                if target.key not in row.values and not any(said.startswith(f"{target.key}:") for said in row.reasons)
            ]
        good = [row for row in rows if not row.reasons]
        found = {row.line: RowResult(row.line, Outcome.REJECTED, None, row.reasons) for row in rows if row.reasons}
        own = [row for row in good if row.pk is not None]
        if own:
            system = f"our id {self.batch.pk}"
            with called_by_our_ids(system, self.resource.key, sorted({row.pk for row in own if row.pk is not None})):
                found |= self._applied(own, system)
        found |= self._applied([row for row in good if row.pk is None], self.batch.system)
        return [found[row.line] for row in rows]

    def _applied(self, rows: Sequence[TypedRow], system: str) -> dict[int, RowResult]:
        clean: list[CleanRow] = [row.clean() for row in rows]
        if not clean:
            return {}
        company = installation()
        context = Batch(self.batch.pk, system, company.time_zone, company.currency, company.region, self.batch.name)
        results = self.importer.apply(clean, batch=context, by=self.by, at=self.at)
        return {result.line: result for result in results}

    def _gone(self, ids: set[int]) -> set[int]:
        """Those of our own ids of which the actor sees no row."""
        rows = self.resource.rows(self.by).filter(pk__among=ids).order_by() if ids else None
        return ids - set(rows.values_list("pk", flat=True)) if rows is not None else set()

    def _fill_in(self, rows: Sequence[TypedRow], known: Mapping[str, int]) -> None:
        """A change need not repeat what the noun cannot be without: it is what the record says."""
        columns = {t.key: self.resource.by_key.get(t.key) for t in self.reader.required}
        wanting: dict[int, list[TypedRow]] = {}
        for row in rows:
            pk = row.pk if row.pk is not None else known.get(row.external_id)
            if pk is not None and any(key not in row.values for key in columns):
                wanting.setdefault(pk, []).append(row)
        if not wanting:
            return
        for record_ in self.resource.rows(self.by).filter(pk__among=set(wanting)).order_by():
            for row in wanting[record_.pk]:
                for key, column in columns.items():
                    if column is not None and key not in row.values:
                        row.values[key] = _as_said(column.of(record_))


def _as_said(value: Any) -> Any:
    return str(value) if hasattr(value, "pk") else value


def _count(batch: ImportBatch, results: Sequence[RowResult]) -> None:
    kept = {"reasons": dict(batch.checkpoint.get("reasons", {})), "notes": dict(batch.checkpoint.get("notes", {}))}
    for result in results:
        name = COUNTED[result.outcome]
        setattr(batch, name, getattr(batch, name) + 1)
        said = kept["reasons" if result.outcome is Outcome.REJECTED else "notes"]
        for reason in result.reasons:
            group = reason_group(reason)
            if group in said or len(said) < 40:
                said[group] = said.get(group, 0) + 1
    batch.rows_read += len(results)
    batch.checkpoint = {name: counted for name, counted in kept.items() if counted}
    batch.save(update_fields=["rows_read", "checkpoint", *COUNTED.values()])
