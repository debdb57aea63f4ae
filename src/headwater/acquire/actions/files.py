"""Sources, campaigns and spend of a file: found again or added, a chunk with a few statements per table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import models

from headwater.acquire.actions.campaigns import (
    add_campaign,
    campaign_called,
    change_campaign,
    delete_campaign,
    ensure_campaigns,
)
from headwater.acquire.actions.campaigns import restore_campaign as bring_campaign_back
from headwater.acquire.actions.origins_undo import UNDO_LINKS, UNDO_ORIGINS, UNDO_SOURCES
from headwater.acquire.actions.sources import add_source, archive_source, change_source, ensure_sources, restore_source
from headwater.acquire.events import CampaignDeleted, SourceArchived, SpendDeleted, SpendEntered, SpendRestored
from headwater.acquire.models import Campaign, Source, SpendEntry, Touchpoint
from headwater.acquire.queries import channel_labels, channels_of
from headwater.acquire.rules import fold_name, guess_channel, read_channel, why_not_spent
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import (
    BY_HAND,
    deleted_by_hand,
    edits_of,
    happened_to,
    stays_archived,
    stays_deleted,
    worked_on_since,
)
from headwater.platform.bulk import in_parts, insert_rows, reserve_ids
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Changed, Fact, fact_of, record_bulk
from headwater.platform.identity import known_ids, remember_ids
from headwater.platform.importer import Batch, CleanRow, Kept, Outcome, RowResult, UndoResult, undo_at_once
from headwater.platform.models import Event
from headwater.platform.translated import gettext
from headwater.team import queries as team

SOURCE, CAMPAIGN, SPEND = "acquire.source", "acquire.campaign", "acquire.spend"
SAME = ("source_id", "campaign_id", "spent_on", "amount", "currency", "note")  # entries alike in these are one


# Sources are a few dozen and campaigns a few hundred: their files go through the actions of one row each.


@action
def import_sources(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a file of sources. The same name, or external id, is the same source.

    One that the undo of an import archived is in use again; what people archived stays as it is.
    """
    by.require("acquire.source.import")
    by = by.in_batch(batch.id)
    labels = channel_labels()
    known = _known(batch, SOURCE, rows)
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
    elif since := deleted_by_hand(SOURCE, {source.pk: source.archived_at}, SourceArchived.verb):
        what = gettext("The source “{name}”").format(name=source.name)
        told = stays_archived(what, since[source.pk], batch.zone)
        return RowResult(row.line, Outcome.UNCHANGED, source.pk, [told])
    elif same is not None and same.pk != source.pk:
        told = gettext("Another source is called “{name}”.").format(name=name)
        return RowResult(row.line, Outcome.REJECTED, None, [told])
    else:
        source, outcome = _update_source(source, name, channel, note, by=by, at=at)
    _remember(known, SOURCE, external_id, source.pk, batch=batch)
    if _keep_extra(source, row.extra, row_type=SOURCE, by=by, at=at) and outcome is Outcome.UNCHANGED:
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
    added = happened_to(SOURCE, batch_id, "acquire.source_added", "acquire.source_restored")
    sources = Source.objects.filter(archived_at=None).in_bulk(added)
    touched = worked_on_since(SOURCE, list(sources), batch_id)
    used = set(Touchpoint.objects.filter(source__in=sources, deleted_at=None).values_list("source_id", flat=True))
    used |= set(SpendEntry.objects.filter(source__in=sources, deleted_at=None).values_list("source_id", flat=True))
    restored, kept = _restore(Source, SOURCE, batch_id, except_ids=set(sources) - used, by=by, at=at)
    removed = 0
    for pk, source in sources.items():
        if pk in touched or pk in used:
            reason = gettext("it was changed since") if pk in touched else gettext("records come from it")
            kept.append(Kept(pk, source.name, reason))
        else:
            archive_source(source_id=pk, by=by, at=at)
            removed += 1
    return UndoResult(removed=removed, restored=restored, kept=kept)


@action
def import_campaigns(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a file of campaigns. The same external id, or else the same name, is the same campaign."""
    by.require("acquire.campaign.import")
    by = by.in_batch(batch.id)
    known = _known(batch, CAMPAIGN, rows)
    named = team.users_by_name({row.values["owner"] for row in rows if row.values.get("owner")})
    owners = {name: user.pk for name, user in named.items()}
    sources = ensure_sources(_sources_of(rows), by=by, at=at)
    return [_take_campaign(row, known, owners, sources, batch=batch, by=by, at=at) for row in rows]


def _take_campaign(
    row: CleanRow,
    known: dict[str, int],
    owners: Mapping[str, int],
    sources: Mapping[str, int],
    *,
    batch: Batch,
    by: Actor,
    at: datetime,
) -> RowResult:
    """Add or change the campaign of a row; ``known`` are the ids that rows go by, and learns new ones."""
    get = row.values.get
    name, external_id = row.values["name"], get("external_id", "")
    values, extra, notes = _campaign_values(row, owners)
    source_ids = [sources[source] for source in _split(get("source", ""))]
    same = campaign_called(name)
    campaign = Campaign.objects.filter(pk=known[external_id]).first() if external_id in known else same
    gone = {campaign.pk: campaign.deleted_at} if campaign is not None else {}
    if campaign is not None and (since := deleted_by_hand(CAMPAIGN, gone, CampaignDeleted.verb)):
        what = gettext("The campaign “{name}”").format(name=campaign.name)
        told = stays_deleted(what, since[campaign.pk], batch.zone)
        return RowResult(row.line, Outcome.UNCHANGED, campaign.pk, [told])
    if wrong := _why_not_campaign(values, campaign, same, name):
        return RowResult(row.line, Outcome.REJECTED, None, wrong)
    if campaign is None:
        currency, outcome = get("currency") or batch.currency, Outcome.CREATED
        campaign = add_campaign(
            name=name, source_ids=source_ids, currency=currency, extra=extra, by=by, at=at, **values
        )
    else:
        outcome = _update_campaign(campaign, name, source_ids, values, extra, by=by, at=at)
    _remember(known, CAMPAIGN, external_id, campaign.pk, batch=batch)
    return RowResult(row.line, outcome, campaign.pk, notes)


def _campaign_values(row: CleanRow, owners: Mapping[str, int]) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """What a row says of a campaign, what has no home, and what to remark: an owner nobody knows is kept as text."""
    columns = ("segment", "goal", "starts_on", "ends_on", "budget")
    values = {key: value for key in columns if (value := row.values.get(key)) is not None}
    extra, notes = dict(row.extra), []
    if owner := row.values.get("owner"):
        if owner in owners:
            values["owner_id"] = owners[owner]
        else:
            extra["owner"] = owner
            notes.append(gettext("Nobody here is called “{owner}”.").format(owner=owner))
    return values, extra, notes


@action
def undo_campaign_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Delete the campaigns a batch added, except those in use since; give the others their old values back."""
    by.require("acquire.campaign.import")
    by = by.in_batch(batch_id)
    added = happened_to(CAMPAIGN, batch_id, "acquire.campaign_added", "acquire.campaign_restored")
    campaigns = Campaign.objects.filter(deleted_at=None).in_bulk(added)
    touched = worked_on_since(CAMPAIGN, list(campaigns), batch_id)
    mine = {"campaign__in": campaigns, "deleted_at": None}
    used = set(Touchpoint.objects.filter(**mine).values_list("campaign_id", flat=True))
    used |= set(SpendEntry.objects.filter(**mine).values_list("campaign_id", flat=True))
    restored, kept = _restore(Campaign, CAMPAIGN, batch_id, except_ids=set(campaigns) - used, by=by, at=at)
    removed = 0
    for pk, campaign in campaigns.items():
        if pk in touched or pk in used:
            kept.append(
                Kept(
                    pk, campaign.name, gettext("it was changed since") if pk in touched else gettext("records name it")
                )
            )
        else:
            delete_campaign(campaign_id=pk, by=by, at=at)
            removed += 1
    named = undo_at_once((UNDO_LINKS, UNDO_SOURCES), batch_id=batch_id, by=by, at=at)
    return UndoResult(removed=removed, restored=restored, kept=kept) + named


@action
def import_spend(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a file of money spent. Without an external id, an entry is the same if source, campaign, day, amount,
    currency and note are the same as in an earlier file; equal rows of one file are several entries."""
    by.require("acquire.spend.import")
    by = by.in_batch(batch.id)
    sources = ensure_sources(_sources_of(rows), by=by, at=at)
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
        stay = deleted_by_hand(SPEND, gone, SpendDeleted.verb)
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
        found = _known(self.batch, SPEND, rows)
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
        if change_row(entry, taken, row_type=SPEND, by=self.by, at=self.at):
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
        remember_ids(self.batch.system, SPEND, {external_id: e.pk for e, external_id in self.new if external_id})
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
    touched = worked_on_since(SPEND, list(entries), batch_id)
    restored, kept = _restore(SpendEntry, SPEND, batch_id, except_ids=set(entries), by=by, at=at)
    going = [entry for pk, entry in entries.items() if pk not in touched]
    for part in in_parts(entry.pk for entry in going):
        SpendEntry.objects.filter(pk__in=part).update(deleted_at=at)
    facts = [SpendDeleted(spend_id=e.pk, amount=str(e.amount), currency=e.currency) for e in going]
    record_bulk(facts, by=by, at=[at] * len(facts))
    kept.extend(Kept(pk, str(entries[pk]), gettext("it was changed since")) for pk in touched)
    named = undo_at_once(UNDO_ORIGINS, batch_id=batch_id, by=by, at=at)
    return UndoResult(removed=len(going), restored=restored, kept=kept) + named


def _known(batch: Batch, kind: str, rows: Sequence[CleanRow]) -> dict[str, int]:
    ids = [row.values["external_id"] for row in rows if row.values.get("external_id")]
    return known_ids(batch.system, kind, ids) if ids else {}


def _remember(known: dict[str, int], kind: str, external_id: str, pk: int, *, batch: Batch) -> None:
    """Let an external id that is new stand for a row from now on, in later rows of the file as well."""
    if external_id and external_id not in known:
        remember_ids(batch.system, kind, {external_id: pk})
        known[external_id] = pk


def _before_corrections(ids: Sequence[int] | None = None) -> dict[int, dict[str, Any]]:
    """What people corrected of entries, as it was before; of all entries unless ``ids`` are given."""
    edits = Event.objects.filter(subject_type=SPEND, verb=Changed.verb, batch_id=None).order_by("-pk")
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


def _sources_of(rows: Sequence[CleanRow]) -> dict[str, str]:
    labels = channel_labels()
    return {
        source: read_channel(row.values.get("channel", ""), labels)
        for row in rows
        for source in _split(row.values.get("source", ""))
    }


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(";") if name.strip()]


def campaign_faults(values: Mapping[str, Any], batch: Batch, at: datetime) -> list[str]:
    """What is wrong with a row about a campaign, as far as the row itself tells."""
    return _why_not_campaign(dict(values), None, None, "")


def _why_not_campaign(values: dict[str, Any], campaign: Campaign | None, same: Campaign | None, name: str) -> list[str]:
    reasons = []
    if campaign is not None and same is not None and same.pk != campaign.pk:
        reasons.append(gettext("Another campaign is called “{name}”.").format(name=name))
    starts_on = values.get("starts_on", campaign.starts_on if campaign else None)
    ends_on = values.get("ends_on", campaign.ends_on if campaign else None)
    if starts_on and ends_on and ends_on < starts_on:
        reasons.append(gettext("The campaign ends before it starts."))
    if values.get("budget", 0) < 0:
        reasons.append(gettext("The budget is below zero."))
    return reasons


def _update_campaign(
    campaign: Campaign,
    name: str,
    source_ids: list[int],
    values: dict[str, Any],
    extra: dict[str, str],
    *,
    by: Actor,
    at: datetime,
) -> Outcome:
    before = Counter({n: 1 for n, v in values.items() if getattr(campaign, n) != v})
    known_sources = set(campaign.sources.values_list("pk", flat=True))
    all_sources = sorted(known_sources | set(source_ids))
    renamed = name if fold_name(name) != campaign.name_key else None
    is_back = campaign.deleted_at is not None
    if is_back:
        bring_campaign_back(campaign_id=campaign.pk, by=by, at=at)
    change_campaign(campaign_id=campaign.pk, name=renamed, source_ids=all_sources, by=by, at=at, **values)
    campaign.refresh_from_db()
    kept = _keep_extra(campaign, extra, row_type=CAMPAIGN, by=by, at=at)
    if is_back:
        return Outcome.CREATED
    return Outcome.UPDATED if before or renamed or kept or set(all_sources) != known_sources else Outcome.UNCHANGED


def _keep_extra(row: Source | Campaign, extra: dict[str, str], *, row_type: str, by: Actor, at: datetime) -> bool:
    """Keep the columns of a file that have no home; whether they said anything new."""
    merged = {**row.extra, **extra}
    return change_row(row, {"extra": merged}, row_type=row_type, by=by, at=at) is not None


def _restore(
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
