"""Campaigns of a file: found again or added. They are a few hundred, so each goes through the actions of one row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from headwater.acquire.actions.campaigns import add_campaign, campaign_called, change_campaign, delete_campaign
from headwater.acquire.actions.campaigns import restore_campaign as bring_campaign_back
from headwater.acquire.actions.file_rows import (
    keep_extra,
    known_rows,
    remember,
    restore_values,
    sources_of,
    split_names,
)
from headwater.acquire.actions.origins_undo import UNDO_LINKS, UNDO_SOURCES
from headwater.acquire.actions.sources import ensure_sources
from headwater.acquire.events import CampaignDeleted
from headwater.acquire.models import Campaign, SpendEntry, Touchpoint
from headwater.acquire.rules import fold_name
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import deleted_by_hand, happened_to, stays_deleted, worked_on_since
from headwater.platform.importer import Batch, CleanRow, Kept, Outcome, RowResult, UndoResult, undo_at_once
from headwater.platform.translated import gettext
from headwater.team import queries as team

ROW: Final = "acquire.campaign"


@action
def import_campaigns(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a file of campaigns. The same external id, or else the same name, is the same campaign."""
    by.require("acquire.campaign.import")
    by = by.in_batch(batch.id)
    known = known_rows(batch, ROW, rows)
    named = team.users_by_name({row.values["owner"] for row in rows if row.values.get("owner")})
    owners = {name: user.pk for name, user in named.items()}
    sources = ensure_sources(sources_of(rows), by=by, at=at)
    return [_take_campaign(row, known, owners, sources, batch=batch, by=by, at=at) for row in rows]


def campaign_faults(values: Mapping[str, Any], batch: Batch, at: datetime) -> list[str]:
    """What is wrong with a row about a campaign, as far as the row itself tells."""
    return _why_not_campaign(dict(values), None, None, "")


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
    source_ids = [sources[source] for source in split_names(get("source", ""))]
    same = campaign_called(name)
    campaign = Campaign.objects.filter(pk=known[external_id]).first() if external_id in known else same
    gone = {campaign.pk: campaign.deleted_at} if campaign is not None else {}
    if campaign is not None and (since := deleted_by_hand(ROW, gone, CampaignDeleted.verb)):
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
    remember(known, ROW, external_id, campaign.pk, batch=batch)
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
    kept = keep_extra(campaign, extra, row_type=ROW, by=by, at=at)
    if is_back:
        return Outcome.CREATED
    return Outcome.UPDATED if before or renamed or kept or set(all_sources) != known_sources else Outcome.UNCHANGED


@action
def undo_campaign_import(*, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Delete the campaigns a batch added, except those in use since; give the others their old values back."""
    by.require("acquire.campaign.import")
    by = by.in_batch(batch_id)
    added = happened_to(ROW, batch_id, "acquire.campaign_added", "acquire.campaign_restored")
    campaigns = Campaign.objects.filter(deleted_at=None).in_bulk(added)
    touched = worked_on_since(ROW, list(campaigns), batch_id)
    mine = {"campaign__in": campaigns, "deleted_at": None}
    used = set(Touchpoint.objects.filter(**mine).values_list("campaign_id", flat=True))
    used |= set(SpendEntry.objects.filter(**mine).values_list("campaign_id", flat=True))
    restored, kept = restore_values(Campaign, ROW, batch_id, except_ids=set(campaigns) - used, by=by, at=at)
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
