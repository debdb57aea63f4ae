"""Leads with every step they took: rows, spans, grants and facts come from the same steps, so they agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from headwater.demo import company
from headwater.demo.records import History, Lead
from headwater.demo.writing.book import Book
from headwater.parties.models import Grant
from headwater.platform.bulk import insert_rows, reserve_ids
from headwater.platform.spans import SpanRow, insert_spans
from headwater.qualify import events
from headwater.qualify.actions.steps import ROW, STATE, as_fields, grant_reason
from headwater.qualify.models import Lead as LeadRow

# What steps change, as it is before the first of them.
START: dict[str, Any] = {
    "stage": "NEW", "stage_since": None, "exit": "", "exit_reason": "", "exit_note": "", "exited_at": None,
    "wake_up_on": None, "owner_id": None, "team_id": None, "answer_due_at": None, "answered_at": None,
    "handed_over_at": None, "handed_by_id": None, "handed_to_id": None, "handover_due_at": None,
    "sent_back_reason": "", "sent_back_note": "",
}  # fmt: skip
FIXED = (
    "id", "party_id", "organisation_id", "referrer_id", "source_id", "campaign_id", "title", "interest", "amount",
    "currency", "arrived_at", "extra", "created_at",
)  # fmt: skip


def write_leads(book: Book, history: History) -> None:
    """All leads, as they are today and as they were."""
    book.leads = reserve_ids(LeadRow, len(history.leads))
    rows: list[tuple[Any, ...]] = []
    spans: list[SpanRow] = []
    grants: list[tuple[Any, ...]] = []
    for pk, lead in zip(book.leads, history.leads, strict=True):
        final = _walk(book, pk, lead, spans)
        party, organisation = book.party(lead.party), book.party(lead.organisation)
        rows.append(
            (pk, party, organisation, book.party(lead.referrer), book.sources.get(lead.source),
             book.campaign(lead.campaign), lead.title, lead.interest, lead.amount,
             company.CURRENCY if lead.amount is not None else "", lead.arrived_at, {}, lead.arrived_at,
             *final.values())
        )  # fmt: skip
        grants.extend(_grants(grant_reason(pk), (party, organisation), final))
    insert_rows(LeadRow, (*FIXED, *START), rows)
    insert_spans(spans)
    insert_rows(Grant, ("party_id", "user_id", "team_id", "reason"), grants)


def _walk(book: Book, pk: int, lead: Lead, spans: list[SpanRow]) -> dict[str, Any]:
    """Take every step: facts with old and new values, and the spans between them; what it comes to."""
    now = {**START, "stage_since": lead.arrived_at, "answer_due_at": lead.answer_due_at}
    about = {"party_id": book.party(lead.party), "organisation_id": book.party(lead.organisation)}
    source = book.sources.get(lead.source)
    captured = events.LeadCaptured(
        lead_id=pk, interest=lead.interest, source_id=source, source_name=lead.source or None,
        channel=book.channels.get(lead.source), campaign_id=book.campaign(lead.campaign),
        answer_due_at=lead.answer_due_at.isoformat() if lead.answer_due_at else None, **about,
    )  # fmt: skip
    met = bool(lead.steps) and lead.steps[0].at == lead.arrived_at
    book.tell(lead.arrived_at, lead.steps[0].by if met else 0, captured)
    periods = Periods(ROW, pk, spans)
    periods.begin("stage", "NEW", lead.arrived_at)
    for step in lead.steps:
        changed = _changed(now, book.values(step.values))
        plain, personal = as_fields(changed)
        kind = getattr(events, step.fact)
        fact = kind(lead_id=pk, fields=plain, personal_fields=personal or None, **about, **book.values(step.told))
        book.tell(step.at, step.by, fact)
        if STATE & changed.keys():
            periods.begin("stage", now["exit"] or now["stage"], step.at)
        if "owner_id" in changed:
            periods.begin("owner", str(now["owner_id"] or ""), step.at)
    periods.close()
    return now


def _changed(now: dict[str, Any], values: dict[str, Any]) -> dict[str, list[Any]]:
    changed = {name: [now[name], value] for name, value in values.items() if now[name] != value}
    now.update(values)
    return changed


def _grants(reason: str, parties: tuple[int | None, int | None], final: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    users = dict.fromkeys(pk for pk in (final["owner_id"], final["handed_to_id"]) if pk is not None)
    for party in dict.fromkeys(pk for pk in parties if pk is not None):
        for user in users:
            yield party, user, None, reason
        if final["team_id"] is not None:
            yield party, None, final["team_id"], reason


class Periods:
    """The spans of one subject, each from one step to the next."""

    def __init__(self, row: str, pk: int, spans: list[SpanRow]) -> None:
        self._row, self._pk, self._spans = row, pk, spans
        self._open: dict[str, tuple[str, datetime]] = {}

    def begin(self, kind: str, value: str, at: datetime) -> None:
        """From ``at`` on the value holds; the one before ends. An empty value only ends."""
        before = self._open.pop(kind, None)
        if before is not None and before[0] == value:
            self._open[kind] = before
            return
        if before is not None:
            self._spans.append((self._row, self._pk, kind, before[0], before[1], at, before[1]))
        if value:
            self._open[kind] = (value, at)

    def close(self) -> None:
        """What holds still has no end."""
        for kind, (value, since) in self._open.items():
            self._spans.append((self._row, self._pk, kind, value, since, None, since))
