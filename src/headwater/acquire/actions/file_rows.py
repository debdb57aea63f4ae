"""What rows of files about sources, campaigns and spend have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from headwater.acquire.models import Campaign, Source, SpendEntry
from headwater.acquire.queries import channel_labels
from headwater.acquire.rules import read_channel
from headwater.platform.actor import Actor
from headwater.platform.batch import edits_of
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import NotUndoable
from headwater.platform.identity import known_ids, remember_ids
from headwater.platform.importer import Batch, CleanRow, Kept


def known_rows(batch: Batch, kind: str, rows: Sequence[CleanRow]) -> dict[str, int]:
    """The rows that the external ids of a file stand for, as far as there are any."""
    ids = [row.values["external_id"] for row in rows if row.values.get("external_id")]
    return known_ids(batch.system, kind, ids) if ids else {}


def remember(known: dict[str, int], kind: str, external_id: str, pk: int, *, batch: Batch) -> None:
    """Let an external id that is new stand for a row from now on, in later rows of the file as well."""
    if external_id and external_id not in known:
        remember_ids(batch.system, kind, {external_id: pk})
        known[external_id] = pk


def keep_extra(row: Source | Campaign, extra: dict[str, str], *, row_type: str, by: Actor, at: datetime) -> bool:
    """Keep the columns of a file that have no home; whether they said anything new."""
    merged = {**row.extra, **extra}
    return change_row(row, {"extra": merged}, row_type=row_type, by=by, at=at) is not None


def restore_values(
    model: type[Source] | type[Campaign] | type[SpendEntry],
    row_type: str,
    batch_id: int,
    *,
    except_ids: set[int],
    by: Actor,
    at: datetime,
) -> tuple[int, list[Kept]]:
    """Give the rows a batch changed their old values back, newest change first."""
    restored: set[int] = set()
    kept: dict[int, Kept] = {}
    for pk, fact in edits_of(row_type, batch_id):
        row = None if pk in except_ids or pk in kept else model.objects.select_for_update().filter(pk=pk).first()
        if row is None:
            continue
        try:
            values = old_values(row, fact)
        except NotUndoable as refusal:  # asked before anything was written, so nothing has to be rolled back
            kept[pk] = Kept(pk, str(row), str(refusal.params["reason"]))
            continue
        change_row(row, values, row_type=row_type, by=by, at=at)
        restored.add(pk)
    return len(restored - kept.keys()), list(kept.values())


def sources_of(rows: Sequence[CleanRow]) -> dict[str, str]:
    """The sources that rows name, each with its channel as the row says it."""
    labels = channel_labels()
    return {
        source: read_channel(row.values.get("channel", ""), labels)
        for row in rows
        for source in split_names(row.values.get("source", ""))
    }


def split_names(names: str) -> list[str]:
    """The names in a cell, which stand between semicolons."""
    return [name.strip() for name in names.split(";") if name.strip()]
