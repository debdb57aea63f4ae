"""Leads of a file: found again or added, a whole chunk with a few statements per table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from headwater.acquire.actions import TouchpointDraft, record_touchpoints
from headwater.acquire.rules import arrival_kind
from headwater.parties.actions.bulk_access import GrantDraft, replace_access
from headwater.parties.actions.bulk_tags import put_tags
from headwater.parties.actions.matching import match_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.bulk import insert_rows, reserve_ids
from headwater.platform.events import record_bulk
from headwater.platform.identity import remember_ids
from headwater.platform.importer import Batch, CleanRow, Outcome, RowResult
from headwater.platform.spans import SpanRow, insert_spans
from headwater.platform.translated import gettext as _
from headwater.qualify import queries, rules
from headwater.qualify.actions.file_rows import FileRow, Names, read_rows
from headwater.qualify.actions.known_leads import KnownLeads
from headwater.qualify.actions.steps import ROW, grant_reason
from headwater.qualify.events import LeadCaptured
from headwater.qualify.models import Lead, Stage
from headwater.team import queries as team

LEAD_COLUMNS = (
    "id", "party_id", "organisation_id", "referrer_id", "source_id", "campaign_id", "title", "interest", "amount",
    "currency", "stage", "stage_since", "exit", "exit_reason", "exit_note", "owner_id", "team_id", "arrived_at",
    "answer_due_at", "sent_back_reason", "sent_back_note", "extra", "created_at", "batch_id",
)  # fmt: skip


@action
def import_leads(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a chunk of leads: who is known stays one, sources and campaigns are named, touchpoints written.

    A lead is the same lead by its external id; without one, if party, source and arrival are the same. What a
    file leaves blank is kept and its other values win, but the stage and the owner of a lead that is here already
    are never taken from a file: people work with them. One result per row, in order.

    Raises:
        NotAllowed: the actor may not import leads, or not add the people and sources they need.
    """
    by.require("qualify.lead.import")
    by = by.in_batch(batch.id)
    names = Names.of(rows, by=by, at=at)
    read = read_rows(rows, names, batch=batch, at=at)
    known = KnownLeads.by_external_ids(batch, [row.external_id for row in read if row.external_id])
    for row in read:
        row.lead = known.by_id(row.external_id)
    fresh = _first_of_each_id([row for row in read if row.ok and row.lead is None])
    for row, match in zip(
        fresh, match_parties([row.draft() for row in fresh], batch=batch, kind_key=ROW, by=by, at=at), strict=True
    ):
        row.take(match)
    known.look_for_same([row for row in fresh if row.ok and not row.external_id])
    known.leave_deleted({row.lead.pk: row.lead for row in read if row.lead is not None}.values())
    new = _settle(read, known)
    _add(new, names, batch=batch, by=by, at=at)
    known.store(by=by, at=at)
    put_tags({row.party_id: row.tags for row in read if row.tags and row.party_id}, by=by, at=at)
    return [row.result() for row in read]


def _first_of_each_id(rows: Iterable[FileRow]) -> list[FileRow]:
    """Rows without an external id, and of rows with the same one the first: the others are about the same lead."""
    seen: set[str] = set()
    first = []
    for row in rows:
        if not row.external_id or row.external_id not in seen:
            first.append(row)
            seen.add(row.external_id)
    return first


def _settle(read: Sequence[FileRow], known: KnownLeads) -> list[FileRow]:
    """Decide which rows are new leads; later rows about the same lead join the first one, whose values they overlay.

    Rows with an external id come first: one without may then be about the lead of one with.
    """
    new: dict[object, FileRow] = {}
    here: dict[int, list[FileRow]] = {}
    good = [row for row in read if row.ok]
    _gather([row for row in good if row.external_id], new, here)
    for row in list(new.values()):
        new.setdefault(row.same_key, row)
    _gather([row for row in good if not row.external_id], new, here)
    for about_one in here.values():
        rows = [row for row in about_one if row.has_good_email()]
        for row in rows[1:]:
            row.join(rows[0])
        if rows:
            known.compare(rows[0])
        for row in rows[1:]:
            row.outcome = Outcome.UNCHANGED if rows[0].outcome is Outcome.UNCHANGED else Outcome.UPDATED
    return list({id(row): row for row in new.values()}.values())  # a lead stands here under two keys


def _gather(rows: Iterable[FileRow], new: dict[object, FileRow], here: dict[int, list[FileRow]]) -> None:
    """Sort rows in the order of the file into leads that are here, new ones, and those that join a new one."""
    for row in rows:
        if row.lead is not None:
            here.setdefault(row.lead.pk, []).append(row)
        elif (same := new.get(row.key)) is not None:
            if row.has_good_email():
                row.join(same)
        elif row.party_id is not None:
            row.outcome = Outcome.CREATED
            new[row.key] = row
        else:
            row.errors.append(_("An earlier row with the same external id was left out."))


def _add(new: Sequence[FileRow], names: Names, *, batch: Batch, by: Actor, at: datetime) -> None:
    """Write leads that are new, with all that begins with them: first touchpoint, spans, access, fact."""
    if not new:
        return
    for row, lead_id in zip(new, reserve_ids(Lead, len(new)), strict=True):
        row.lead_id = lead_id
    due = _answers_due(new, at=at)
    insert_rows(Lead, LEAD_COLUMNS, [_lead_values(row, due, batch=batch, at=at) for row in new])
    record_touchpoints([_touchpoint(row, names) for row in new], by=by, at=at)
    remember_ids(batch.system, ROW, {row.external_id: row.lead_id for row in new if row.external_id and row.lead_id})
    insert_spans([span for row in new for span in _spans(row, at=at)])
    if grants := [grant for row in new for grant in _grants(row)]:
        replace_access(ended=[], given=grants, by=by)
    record_bulk([_captured(row, names, due) for row in new], by=by, at=[row.arrived_at or at for row in new])


def _answers_due(new: Iterable[FileRow], *, at: datetime) -> dict[int | None, datetime]:
    """Until when leads that still wait for an answer are to have it, by their ids."""
    company = team.company()
    hours = queries.office_hours(company)
    return {
        row.lead_id: rules.answer_due(row.arrived_at, hours, minutes=company.answer_minutes)
        for row in new
        if row.arrived_at is not None and row.stage == Stage.NEW and rules.clock_starts(row.arrived_at, imported_at=at)
    }


def _lead_values(row: FileRow, due: Mapping[int | None, datetime], *, batch: Batch, at: datetime) -> Sequence[Any]:
    """A row of the table, in the order of ``LEAD_COLUMNS``."""
    get = row.wanted.get
    amount = get("amount")
    currency = rules.currency_kept(row.values.get("currency", ""), own=batch.currency, amount=amount)
    return (
        row.lead_id, row.party_id, row.organisation_id, get("referrer_id"), get("source_id"), get("campaign_id"),
        get("title", ""), row.interest, amount, currency, row.stage, row.arrived_at, "", "", "", row.owner_id,
        row.team_id, row.arrived_at, due.get(row.lead_id), "", "", row.extra, at, batch.id,
    )  # fmt: skip


def _touchpoint(row: FileRow, names: Names) -> TouchpointDraft:
    """The arrival itself, as the first touch of who it is about."""
    assert row.party_id is not None
    source_id = row.wanted.get("source_id")
    _name, channel = names.source(source_id)
    return TouchpointDraft(
        row.party_id, row.organisation_id, arrival_kind(row.interest, channel), source_id,
        row.wanted.get("campaign_id"), False, row.arrived_at,
    )  # fmt: skip


def _captured(row: FileRow, names: Names, due: Mapping[int | None, datetime]) -> LeadCaptured:
    assert row.lead_id is not None and row.party_id is not None
    source_id = row.wanted.get("source_id")
    source_name, channel = names.source(source_id)
    answer_due_at = due.get(row.lead_id)
    return LeadCaptured(
        lead_id=row.lead_id, interest=row.interest, source_id=source_id, source_name=source_name or None,
        channel=channel or None, campaign_id=row.wanted.get("campaign_id"), owner_id=row.owner_id,
        answer_due_at=answer_due_at.isoformat() if answer_due_at else None, party_id=row.party_id,
        organisation_id=row.organisation_id,
    )  # fmt: skip


def _spans(row: FileRow, *, at: datetime) -> Iterator[SpanRow]:
    """Its stage and its owner, since it arrived as far as anybody knows."""
    assert row.lead_id is not None
    yield ROW, row.lead_id, "stage", row.stage, row.arrived_at, None, at
    if row.owner_id is not None:
        yield ROW, row.lead_id, "owner", str(row.owner_id), row.arrived_at, None, at


def _grants(row: FileRow) -> list[GrantDraft]:
    """What lets the owner and the team see who the lead is about."""
    assert row.lead_id is not None
    if row.owner_id is None:
        return []
    reason = grant_reason(row.lead_id)
    holders = [(row.owner_id, None)] + ([(None, row.team_id)] if row.team_id is not None else [])
    ids = [pk for pk in (row.party_id, row.organisation_id) if pk is not None]
    return [GrantDraft(pk, reason, user_id, team_id) for pk in dict.fromkeys(ids) for user_id, team_id in holders]
