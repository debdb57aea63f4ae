"""Spend of a file: found again or added, a chunk with a few statements per table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from django.db import models

from headwater.acquire.actions.campaigns import ensure_campaigns
from headwater.acquire.actions.file_rows import known_rows, restore_values, sources_of
from headwater.acquire.actions.origins_undo import UNDO_ORIGINS
from headwater.acquire.actions.sources import ensure_sources
from headwater.acquire.events import SpendDeleted, SpendEntered, SpendRestored
from headwater.acquire.models import SpendEntry
from headwater.acquire.queries import channels_of
from headwater.acquire.rules import why_not_spent
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import BY_HAND, deleted_by_hand, stays_deleted, worked_on_since
from headwater.platform.bulk import in_parts, insert_rows, reserve_ids
from headwater.platform.changes import change_row
from headwater.platform.events import Changed, Fact, fact_of, record_bulk
from headwater.platform.identity import remember_ids
from headwater.platform.importer import Batch, CleanRow, Kept, Outcome, RowResult, UndoResult, undo_at_once
from headwater.platform.models import Event
from headwater.platform.translated import gettext

ROW: Final = "acquire.spend"
SAME = ("source_id", "campaign_id", "spent_on", "amount", "currency", "note")  # entries alike in these are one


@action
def import_spend(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a file of money spent. Without an external id, an entry is the same if source, campaign, day, amount,
    currency and note are the same as in an earlier file; equal rows of one file are several entries."""
    by.require("acquire.spend.import")
    by = by.in_batch(batch.id)
    sources = ensure_sources(sources_of(rows), by=by, at=at)
    through: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if campaign := row.values.get("campaign"):
            through[campaign].add(sources[row.values["source"]])
    campaigns = ensure_campaigns(through, by=by, at=at, sources=through) if through else {}
    return _Spend(sources, campaigns, batch, by, at).take(rows)


def spend_faults(values: Mapping[str, Any], batch: Batch, at: datetime) -> list[str]:
    """What is wrong with a row about money spent. Below zero is a refund or a correction."""
    return [
        reason for reasons in why_not_spent(values, zone=ZoneInfo(batch.zone), at=at).values() for reason in reasons
    ]


class _Spend:
    """One chunk of spend entries."""

    def __init__(
        self, sources: dict[str, int], campaigns: dict[str, int], batch: Batch, by: Actor, at: datetime
    ) -> None:
        self.sources, self.campaigns, self.batch, self.by, self.at = sources, campaigns, batch, by, at
        self.new: list[tuple[SpendEntry, str]] = []
        self.facts: list[Fact] = []
        self.notes: dict[int, list[str]] = {}

    def take(self, rows: Sequence[CleanRow]) -> list[RowResult]:
        known = self._by_external_id(rows)
        same = self._earlier([row for row in rows if not row.values.get("external_id")])
        gone = {entry.pk: entry.deleted_at for entry in (*known.values(), *same.values())}
        stay = deleted_by_hand(ROW, gone, SpendDeleted.verb)
        by_hand = _before_corrections([entry.pk for entry in known.values()]).keys()
        results: list[tuple[CleanRow, Outcome, SpendEntry]] = []
        left_out: dict[int, list[str]] = {}
        for row in rows:
            if faults := spend_faults(row.values, self.batch, self.at):
                left_out[row.line] = faults
                continue
            external_id = row.values.get("external_id", "")
            wanted = self._wanted(row)
            entry = known.get(external_id) if external_id else same.get(_key(wanted))
            if entry is None:
                entry = SpendEntry(**wanted, created_at=self.at, batch_id=self.batch.id, extra=dict(row.extra))
                self.new.append((entry, external_id))
                if external_id:
                    known[external_id] = entry
                results.append((row, Outcome.CREATED, entry))
            elif entry.pk in stay:
                self.notes[row.line] = [stays_deleted(gettext("The entry"), stay[entry.pk], self.batch.zone)]
                results.append((row, Outcome.UNCHANGED, entry))
            else:
                results.append((row, self._compare(entry, row, wanted, is_by_hand=entry.pk in by_hand), entry))
        self._write()
        told = {
            row.line: RowResult(row.line, outcome, entry.pk, self.notes.get(row.line, ()))
            for row, outcome, entry in results
        }
        told |= {line: RowResult(line, Outcome.REJECTED, None, faults) for line, faults in left_out.items()}
        return [told[row.line] for row in rows]

    def _by_external_id(self, rows: Sequence[CleanRow]) -> dict[str, SpendEntry]:
        found = known_rows(self.batch, ROW, rows)
        entries = SpendEntry.objects.in_bulk(list(found.values()))
        return {external_id: entries[pk] for external_id, pk in found.items() if pk in entries}

    def _earlier(self, rows: Sequence[CleanRow]) -> dict[object, SpendEntry]:
        """Entries of earlier files, by what makes them the same, also if people corrected that since; those that an
        undo took out come back."""
        if not rows:
            return {}
        days = {row.values["spent_on"] for row in rows}
        earlier = SpendEntry.objects.exclude(batch_id=self.batch.id).order_by("-pk")
        before = _before_corrections()
        corrected = earlier.filter(batch_id__isnull=False).in_bulk(list(before))
        return {
            **{_key(_said(entry) | before[pk]): entry for pk, entry in corrected.items()},
            **{_key(_said(entry)): entry for entry in earlier.filter(spent_on__in=days)},
        }

    def _wanted(self, row: CleanRow) -> dict[str, Any]:
        get = row.values.get
        return {
            "source_id": self.sources[row.values["source"]],
            "campaign_id": self.campaigns[campaign] if (campaign := get("campaign")) else None,
            "spent_on": row.values["spent_on"],
            "amount": row.values["amount"],
            "currency": get("currency") or self.batch.currency,
            "note": get("note", ""),
        }

    def _compare(self, entry: SpendEntry, row: CleanRow, wanted: dict[str, Any], *, is_by_hand: bool) -> Outcome:
        if entry._state.adding:  # a second row with the external id of a new one
            return Outcome.UNCHANGED
        outcome = Outcome.UNCHANGED
        said = {name: new for name, new in wanted.items() if new not in (None, "", getattr(entry, name))}
        if not row.values.get("currency"):
            said.pop("currency", None)
        taken = said
        if not row.values.get("external_id"):  # it was known by what it said before people corrected it
            taken = {}
        elif is_by_hand:
            taken = {name: new for name, new in said.items() if getattr(entry, name) in (None, "")}
        if taken != said:
            self.notes[row.line] = [str(BY_HAND)]
        if change_row(entry, taken, row_type=ROW, by=self.by, at=self.at):
            outcome = Outcome.UPDATED
        if entry.deleted_at is not None:
            entry.deleted_at, entry.batch_id = None, self.batch.id
            entry.save(update_fields=["deleted_at", "batch_id"])
            self.facts.append(SpendRestored(spend_id=entry.pk, amount=str(entry.amount), currency=entry.currency))
            outcome = Outcome.CREATED
        return outcome

    def _write(self) -> None:
        for (entry, _), pk in zip(self.new, reserve_ids(SpendEntry, len(self.new)), strict=True):
            entry.pk = pk
        columns = (
            "id", "source_id", "campaign_id", "spent_on", "amount", "currency", "note", "created_at", "extra",
            "batch_id",
        )  # fmt: skip
        insert_rows(SpendEntry, columns, [[getattr(entry, name) for name in columns] for entry, _ in self.new])
        remember_ids(self.batch.system, ROW, {external_id: e.pk for e, external_id in self.new if external_id})
        names = channels_of(entry.source_id for entry, _ in self.new)
        for entry, _ in self.new:
            self.facts.append(
                SpendEntered(
                    spend_id=entry.pk, source_id=entry.source_id, source_name=names[entry.source_id][0],
                    campaign_id=entry.campaign_id, spent_on=entry.spent_on.isoformat(), amount=str(entry.amount),
                    currency=entry.currency,
                )
            )  # fmt: skip
        record_bulk(self.facts, by=self.by, at=[self.at] * len(self.facts))


@action
def undo_spend_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Take out the spend entries a batch brought in, except those changed since."""
    by.require("acquire.spend.import")
    by = by.in_batch(batch_id)
    entries = SpendEntry.objects.filter(batch_id=batch_id, deleted_at=None).in_bulk()
    touched = worked_on_since(ROW, list(entries), batch_id)
    restored, kept = restore_values(SpendEntry, ROW, batch_id, except_ids=set(entries), by=by, at=at)
    going = [entry for pk, entry in entries.items() if pk not in touched]
    for part in in_parts(entry.pk for entry in going):
        SpendEntry.objects.filter(pk__in=part).update(deleted_at=at)
    facts = [SpendDeleted(spend_id=e.pk, amount=str(e.amount), currency=e.currency) for e in going]
    record_bulk(facts, by=by, at=[at] * len(facts))
    kept.extend(Kept(pk, str(entries[pk]), gettext("it was changed since")) for pk in touched)
    named = undo_at_once(UNDO_ORIGINS, batch_id=batch_id, by=by, at=at)
    return UndoResult(removed=len(going), restored=restored, kept=kept) + named


def _before_corrections(ids: Sequence[int] | None = None) -> dict[int, dict[str, Any]]:
    """What people corrected of entries, as it was before; of all entries unless ``ids`` are given."""
    edits = Event.objects.filter(subject_type=ROW, verb=Changed.verb, batch_id=None).order_by("-pk")
    before: dict[int, dict[str, Any]] = defaultdict(dict)
    for found in [edits] if ids is None else [edits.filter(subject_id__in=part) for part in in_parts(ids)]:
        for event in found:
            for name, (old, _) in (cast(Changed, fact_of(event)).fields or {}).items():
                field = cast("models.Field[Any, Any]", SpendEntry._meta.get_field(name))
                before[event.subject_id][name] = field.to_python(old)  # the oldest comes last
    return before


def _said(entry: SpendEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in SAME}


def _key(values: dict[str, Any]) -> object:
    return tuple(values[name] for name in SAME)
