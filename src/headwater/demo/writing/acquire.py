"""Sources, campaigns, money spent and touchpoints."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from headwater.acquire.events import CampaignAdded, SourceAdded, SpendEntered, TouchpointRecorded
from headwater.acquire.models import Campaign, Source, SpendEntry, Touchpoint
from headwater.acquire.rules import fold_name
from headwater.demo import company
from headwater.demo.desk import Desk
from headwater.demo.records import History
from headwater.demo.writing.book import Book
from headwater.platform.bulk import insert_rows, reserve_ids


def write_acquire(book: Book, history: History, desk: Desk, *, start: datetime) -> None:
    """How people found Kestrel, from ``start`` on."""
    _sources(book, desk, start)
    _campaigns(book, history, desk)
    _spend(book, history, desk)
    _touchpoints(book, history)


def _sources(book: Book, desk: Desk, start: datetime) -> None:
    named = [(way.name, way.channel, way.note) for way in company.WAYS if way.name]
    named += [(name, channel, "") for name, channel in company.REORDERS]
    marketer = desk.named("Sofia Lind")
    rows: list[tuple[Any, ...]] = []
    for pk, (name, channel, note) in zip(reserve_ids(Source, len(named)), named, strict=True):
        rows.append((pk, name, fold_name(name), channel, note, start, None, {}, None))
        book.sources[name], book.channels[name] = pk, channel
        book.tell(start, marketer, SourceAdded(source_id=pk, name=name, channel=channel))
    columns = ("id", "name", "name_key", "channel", "note", "created_at", "archived_at", "extra", "batch_id")
    insert_rows(Source, columns, rows)


def _campaigns(book: Book, history: History, desk: Desk) -> None:
    marketer = desk.named("Sofia Lind")
    book.campaigns = reserve_ids(Campaign, len(history.campaigns))
    rows: list[tuple[Any, ...]] = []
    links: list[tuple[Any, ...]] = []
    for pk, c in zip(book.campaigns, history.campaigns, strict=True):
        planned = min(_noon(c.starts), history.at)
        rows.append(
            (pk, c.name, fold_name(c.name), c.segment, c.goal, c.starts, c.ends, c.budget or None, company.CURRENCY,
             book.user(marketer), planned, {})
        )  # fmt: skip
        links.append((pk, book.sources[c.source]))
        book.tell(planned, marketer, CampaignAdded(campaign_id=pk, name=c.name))
    columns = (
        "id", "name", "name_key", "segment", "goal", "starts_on", "ends_on", "budget", "currency", "owner_id",
        "created_at", "extra",
    )  # fmt: skip
    insert_rows(Campaign, columns, rows)
    insert_rows(Campaign.sources.through, ("campaign_id", "source_id"), links)


def _spend(book: Book, history: History, desk: Desk) -> None:
    marketer = desk.named("Sofia Lind")
    rows: list[tuple[Any, ...]] = []
    for pk, s in zip(reserve_ids(SpendEntry, len(history.spend)), history.spend, strict=True):
        source, campaign, at = book.sources[s.source], book.campaign(s.campaign), min(_noon(s.on), history.at)
        rows.append((pk, source, campaign, s.on, s.amount, company.CURRENCY, s.note, at, {}))
        fact = SpendEntered(
            spend_id=pk, source_id=source, source_name=s.source, campaign_id=campaign, spent_on=s.on.isoformat(),
            amount=str(s.amount), currency=company.CURRENCY,
        )  # fmt: skip
        book.tell(at, marketer, fact)
    columns = ("id", "source_id", "campaign_id", "spent_on", "amount", "currency", "note", "created_at", "extra")
    insert_rows(SpendEntry, columns, rows)


def _touchpoints(book: Book, history: History) -> None:
    """What a lead came with is told by the lead's own fact."""
    rows: list[tuple[Any, ...]] = []
    for pk, t in zip(reserve_ids(Touchpoint, len(history.touches)), history.touches, strict=True):
        party, organisation = book.party(t.party), book.party(t.organisation)
        source, campaign = book.sources.get(t.source), book.campaign(t.campaign)
        rows.append((pk, party, organisation, source, campaign, t.kind, False, t.at, None, "", t.note, t.at, {}))
        if not t.is_arrival:
            fact = TouchpointRecorded(
                touchpoint_id=pk, kind=t.kind, source_id=source, source_name=t.source or None,
                channel=book.channels.get(t.source), campaign_id=campaign, is_outbound=False, note=t.note,
                party_id=party, organisation_id=organisation,
            )  # fmt: skip
            book.tell(t.at, 0, fact)
    columns = (
        "id", "party_id", "organisation_id", "source_id", "campaign_id", "kind", "is_outbound", "occurred_at", "cost",
        "currency", "note", "created_at", "extra",
    )  # fmt: skip
    insert_rows(Touchpoint, columns, rows)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=ZoneInfo(company.ZONE))
