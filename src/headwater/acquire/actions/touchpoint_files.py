"""Touchpoints of a file: the parties found or added, the contacts written, a chunk with a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from headwater.acquire.actions.campaigns import ensure_campaigns
from headwater.acquire.actions.origins_undo import UNDO_ORIGINS
from headwater.acquire.actions.sources import ensure_sources
from headwater.acquire.actions.touchpoints import TouchpointDraft, record_touchpoints, touchpoints_of_batch
from headwater.acquire.events import TouchpointRecorded, TouchpointTakenBack
from headwater.acquire.models import Touchpoint
from headwater.acquire.queries import channel_labels, channels_of
from headwater.acquire.rules import read_channel
from headwater.parties.actions.file_cells import email_faults
from headwater.parties.actions.file_undo import UNDO_PARTIES
from headwater.parties.actions.matching import PartyDraft, match_parties
from headwater.parties.actions.revival import revive_parties
from headwater.parties.queries.visible import names_of
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import deleted_by_hand, stays_deleted, worked_on_since
from headwater.platform.bulk import in_parts
from headwater.platform.events import Fact, record_bulk
from headwater.platform.identity import known_ids, remember_ids
from headwater.platform.importer import (
    Batch,
    CleanRow,
    Kept,
    Outcome,
    RowResult,
    UndoResult,
    UndoStep,
    only_new,
    undo_at_once,
)
from headwater.platform.translated import gettext as _

ROW = "acquire.touchpoint"
CLOCKS_DIFFER = timedelta(days=1)
Key = tuple[int, str, int | None, datetime | None]


@dataclass(slots=True)
class _FileRow:
    line: int
    values: dict[str, Any]
    extra: dict[str, str]
    external_id: str
    draft: TouchpointDraft | None = None
    touchpoint_id: int | None = None
    outcome: Outcome = Outcome.UNCHANGED
    first: _FileRow | None = None
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def result(self) -> RowResult:
        if self.errors:
            return RowResult(self.line, Outcome.REJECTED, None, tuple(self.errors))
        about = self.first or self
        return RowResult(self.line, self.outcome, about.touchpoint_id, tuple(self.notes))


@action
def import_touchpoints(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a file of contacts. Without an external id, the same party, kind, source and time is the same one.

    Touchpoints are never edited: a row about one that is here already changes nothing.
    """
    by.require("acquire.touchpoint.import")
    by = by.in_batch(batch.id)
    read = [_FileRow(r.line, r.values, dict(r.extra), r.values.get("external_id", "")) for r in rows]
    for row in read:
        if faults := _own_faults(row.values, at):
            # Matching would tell of the address; it is not asked about a row that is left out.
            row.errors.extend([*faults, *email_faults(row.values)])
    known = _known(read, batch)
    for row in read:
        if row.external_id in known:
            row.touchpoint_id = known[row.external_id]
    fresh = [row for row in read if row.touchpoint_id is None and not row.errors]
    _read(fresh, batch=batch, by=by, at=at)
    new = _without_the_same([row for row in fresh if not row.errors])
    _write(new, batch=batch, by=by, at=at)
    _revive([row for row in read if row.outcome is Outcome.UNCHANGED], batch, by=by, at=at)
    return [row.result() for row in read]


def touchpoint_faults(values: Mapping[str, Any], batch: Batch, at: datetime) -> list[str]:
    """What is wrong with a row about a contact."""
    return [*_own_faults(values, at), *email_faults(values)]


def _own_faults(values: Mapping[str, Any], at: datetime) -> list[str]:
    moment = values.get("occurred_at")
    return [_("The contact lies in the future.")] if moment is not None and moment > at + CLOCKS_DIFFER else []


@action
def undo_touchpoint_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Take back the touchpoints a batch brought in, except those corrected since."""
    return undo_at_once(UNDO_TOUCHPOINTS, batch_id=batch_id, by=by.in_batch(batch_id), at=at)


def _take(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    mine = Touchpoint.objects.filter(pk__in=ids, batch_id=batch_id, deleted_at=None)
    rows = {t.pk: t for t in mine.only("pk", "party_id", "organisation_id")}
    corrected = set(Touchpoint.objects.filter(corrects__in=ids).values_list("corrects_id", flat=True))
    touched = worked_on_since(ROW, list(rows), batch_id).keys() | corrected & rows.keys()
    going = [t for pk, t in rows.items() if pk not in touched]
    Touchpoint.objects.filter(pk__in=[t.pk for t in going]).update(deleted_at=at)
    facts = [
        TouchpointTakenBack(touchpoint_id=t.pk, party_id=t.party_id, organisation_id=t.organisation_id) for t in going
    ]
    record_bulk(facts, by=by, at=[at] * len(facts))
    names = names_of(rows[pk].party_id for pk in touched)
    kept = [Kept(pk, names.get(rows[pk].party_id, ""), _("it was corrected since")) for pk in sorted(touched)]
    return UndoResult(removed=len(going), kept=kept)


UNDO_TOUCHPOINTS = (
    UndoStep("acquire.touchpoint.import", touchpoints_of_batch, _take),
    *UNDO_ORIGINS,
    *(replace(step, is_told=False) for step in UNDO_PARTIES),
)


def _known(read: Sequence[_FileRow], batch: Batch) -> dict[str, int]:
    ids = [row.external_id for row in read if row.external_id]
    return known_ids(batch.system, ROW, ids) if ids else {}


def _read(fresh: Sequence[_FileRow], *, batch: Batch, by: Actor, at: datetime) -> None:
    """Find out whom and what each row is about."""
    labels = channel_labels()
    names: dict[str, str] = {}
    for row in fresh:
        if source := row.values.get("source"):
            names[source] = names.get(source) or read_channel(row.values.get("channel", ""), labels)
    sources = ensure_sources(names, by=by, at=at) if names else {}
    through: dict[str, set[int]] = defaultdict(set)
    for row in fresh:
        if campaign := row.values.get("campaign"):
            through[campaign].update({sources[s]} if (s := row.values.get("source")) else ())
    campaigns = ensure_campaigns(through, by=by, at=at, sources=through) if through else {}
    drafts = [_who(row) for row in fresh]
    for row, match in zip(fresh, match_parties(drafts, batch=batch, kind_key=ROW, by=by, at=at), strict=True):
        get = row.values.get
        row.errors.extend(match.errors)
        row.notes.extend(match.reasons)
        if match.party_id is None:
            continue
        cost = get("cost")
        row.draft = TouchpointDraft(
            party_id=match.party_id,
            organisation_id=match.organisation_id,
            kind=get("kind", "OTHER"),
            source_id=sources.get(get("source", "")),
            campaign_id=campaigns.get(get("campaign", "")),
            is_outbound=get("direction") == "OUTBOUND",
            occurred_at=get("occurred_at"),
            cost=cost,
            currency=(get("currency") or batch.currency) if cost is not None else "",
            note=get("note", ""),
            extra=row.extra,
        )


def _who(row: _FileRow) -> PartyDraft:
    get = row.values.get
    return PartyDraft(
        name=get("name", ""), first_name=get("first_name", ""), last_name=get("last_name", ""),
        email=get("email", ""), phone=get("phone", ""), company=get("company", ""), external_id=row.external_id,
    )  # fmt: skip


def _without_the_same(rows: Sequence[_FileRow]) -> list[_FileRow]:
    """The rows that are new: neither here already, nor said by an earlier row."""
    drafts = [row.draft for row in rows if row.draft is not None]
    party_ids = sorted({draft.party_id for draft in drafts})
    here: dict[Key, int] = {}
    for part in in_parts(party_ids):
        found = Touchpoint.objects.filter(party_id__in=part).order_by("-pk")
        for pk, *said in found.values_list("pk", "party_id", "kind", "source_id", "occurred_at"):
            here[cast(Key, tuple(said))] = pk

    def key_of(row: _FileRow) -> Key:
        assert row.draft is not None
        return row.draft.party_id, row.draft.kind, row.draft.source_id, row.draft.occurred_at

    def known(row: _FileRow, touchpoint_id: int) -> None:
        row.touchpoint_id = touchpoint_id

    return only_new(rows, key_of=key_of, here=here, known=known)


def _write(new: Sequence[_FileRow], *, batch: Batch, by: Actor, at: datetime) -> None:
    drafts = [row.draft for row in new if row.draft is not None]
    looks = channels_of(draft.source_id for draft in drafts if draft.source_id is not None)
    facts: list[Fact] = []
    for row, draft, pk in zip(new, drafts, record_touchpoints(drafts, by=by, at=at), strict=True):
        row.touchpoint_id = pk
        name, channel = looks[draft.source_id] if draft.source_id is not None else (None, None)
        facts.append(
            TouchpointRecorded(
                touchpoint_id=pk, kind=draft.kind, source_id=draft.source_id,
                source_name=name, channel=channel or None, campaign_id=draft.campaign_id,
                is_outbound=draft.is_outbound, note=draft.note or None, party_id=draft.party_id,
                organisation_id=draft.organisation_id,
            )
        )  # fmt: skip
    remember_ids(batch.system, ROW, {r.external_id: r.touchpoint_id for r in new if r.external_id and r.touchpoint_id})
    record_bulk(facts, by=by, at=[draft.occurred_at or at for draft in drafts])


def _revive(rows: Sequence[_FileRow], batch: Batch, *, by: Actor, at: datetime) -> None:
    """Touchpoints that the undo of an earlier import took back count again; what people took back does not.

    Whom they are about is back with them.
    """
    ids = sorted({row.touchpoint_id for row in rows if row.touchpoint_id is not None})
    gone: dict[int, datetime | None] = {}
    for part in in_parts(ids):
        deleted = Touchpoint.objects.filter(pk__in=part).exclude(deleted_at=None)
        gone |= dict(deleted.values_list("pk", "deleted_at"))
    stay = deleted_by_hand(ROW, gone, TouchpointTakenBack.verb)
    back = gone.keys() - stay.keys()
    about: set[int | None] = set()
    for part in in_parts(back):
        coming = Touchpoint.objects.filter(pk__in=part)
        about |= {pk for pair in coming.values_list("party_id", "organisation_id") for pk in pair}
        coming.update(deleted_at=None, batch_id=by.batch_id)
    revive_parties(sorted(pk for pk in about if pk is not None), by=by, at=at)
    for row in rows:
        if row.touchpoint_id in back:
            row.outcome = Outcome.CREATED
        elif row.touchpoint_id in stay:
            row.notes.append(stays_deleted(_("The touchpoint"), stay[row.touchpoint_id], batch.zone))
