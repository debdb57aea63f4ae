"""Sources of a file: found again or added. They are a few dozen, so each goes through the actions of one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from headwater.acquire.actions.file_rows import keep_extra, known_rows, remember, restore_values
from headwater.acquire.actions.sources import add_source, archive_source, change_source, restore_source
from headwater.acquire.events import SourceArchived
from headwater.acquire.models import Source, SpendEntry, Touchpoint
from headwater.acquire.queries import channel_labels
from headwater.acquire.rules import fold_name, guess_channel, read_channel
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import deleted_by_hand, happened_to, stays_archived, worked_on_since
from headwater.platform.importer import Batch, CleanRow, Kept, Outcome, RowResult, UndoResult
from headwater.platform.translated import gettext

ROW: Final = "acquire.source"


@action
def import_sources(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a file of sources. The same name, or external id, is the same source.

    One that the undo of an import archived is in use again; what people archived stays as it is.
    """
    by.require("acquire.source.import")
    by = by.in_batch(batch.id)
    labels = channel_labels()
    known = known_rows(batch, ROW, rows)
    return [_take_source(row, known, labels, batch=batch, by=by, at=at) for row in rows]


def _take_source(
    row: CleanRow, known: dict[str, int], labels: Mapping[str, str], *, batch: Batch, by: Actor, at: datetime
) -> RowResult:
    """Add or change the source of a row; ``known`` are the ids that rows go by, and learns new ones."""
    name, external_id = row.values["name"], row.values.get("external_id", "")
    channel, note = read_channel(row.values.get("channel", ""), labels), row.values.get("note", "")
    same = Source.objects.filter(name_key=fold_name(name)).first()
    source = Source.objects.filter(pk=known[external_id]).first() if external_id in known else same
    if source is None:
        source = add_source(name=name, channel=channel or guess_channel(name), note=note, by=by, at=at)
        outcome = Outcome.CREATED
    elif since := deleted_by_hand(ROW, {source.pk: source.archived_at}, SourceArchived.verb):
        what = gettext("The source “{name}”").format(name=source.name)
        told = stays_archived(what, since[source.pk], batch.zone)
        return RowResult(row.line, Outcome.UNCHANGED, source.pk, [told])
    elif same is not None and same.pk != source.pk:
        told = gettext("Another source is called “{name}”.").format(name=name)
        return RowResult(row.line, Outcome.REJECTED, None, [told])
    else:
        source, outcome = _update_source(source, name, channel, note, by=by, at=at)
    remember(known, ROW, external_id, source.pk, batch=batch)
    if keep_extra(source, row.extra, row_type=ROW, by=by, at=at) and outcome is Outcome.UNCHANGED:
        outcome = Outcome.UPDATED
    return RowResult(row.line, outcome, source.pk)


def _update_source(
    source: Source, name: str, channel: str, note: str, *, by: Actor, at: datetime
) -> tuple[Source, Outcome]:
    before = (source.name, source.channel, source.note)
    source = change_source(
        source_id=source.pk, name=name if fold_name(name) != source.name_key else None, channel=channel or None,
        note=note or None, by=by, at=at,
    )  # fmt: skip
    if source.archived_at is not None:
        restore_source(source_id=source.pk, by=by, at=at)
        return source, Outcome.CREATED
    return source, Outcome.UPDATED if (source.name, source.channel, source.note) != before else Outcome.UNCHANGED


@action
def undo_source_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Archive the sources a batch added, except those in use since; give the others their old values back."""
    by.require("acquire.source.import")
    by = by.in_batch(batch_id)
    added = happened_to(ROW, batch_id, "acquire.source_added", "acquire.source_restored")
    sources = Source.objects.filter(archived_at=None).in_bulk(added)
    touched = worked_on_since(ROW, list(sources), batch_id)
    used = set(Touchpoint.objects.filter(source__in=sources, deleted_at=None).values_list("source_id", flat=True))
    used |= set(SpendEntry.objects.filter(source__in=sources, deleted_at=None).values_list("source_id", flat=True))
    restored, kept = restore_values(Source, ROW, batch_id, except_ids=set(sources) - used, by=by, at=at)
    removed = 0
    for pk, source in sources.items():
        if pk in touched or pk in used:
            reason = gettext("it was changed since") if pk in touched else gettext("records come from it")
            kept.append(Kept(pk, source.name, reason))
        else:
            archive_source(source_id=pk, by=by, at=at)
            removed += 1
    return UndoResult(removed=removed, restored=restored, kept=kept)
