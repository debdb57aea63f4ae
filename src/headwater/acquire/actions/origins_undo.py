"""Taking back the sources and campaigns that an import named for the first time, where nothing uses them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from headwater.acquire.actions.campaigns import delete_campaign
from headwater.acquire.actions.sources import archive_source
from headwater.acquire.models import Campaign, Source
from headwater.platform.actor import Actor
from headwater.platform.batch import happened_to, still_named, worked_on_since
from headwater.platform.importer import Kept, UndoResult, UndoStep

CHANGED = "it was changed since"


def _campaigns(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    campaigns = Campaign.objects.filter(deleted_at=None).in_bulk(list(ids))
    touched = worked_on_since("acquire.campaign", list(campaigns), batch_id)
    named = still_named(Campaign, list(campaigns))
    also, kept = [], []
    for pk, campaign in campaigns.items():
        if pk in touched or pk in named:
            kept.append(Kept(pk, campaign.name, CHANGED if pk in touched else "records name it", kind="campaigns"))
        else:
            delete_campaign(campaign_id=pk, by=by, at=at)
            also.append(f"Campaign “{campaign.name}”")
    return UndoResult(kept=kept, also=also)


def _sources(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    sources = Source.objects.filter(archived_at=None).in_bulk(list(ids))
    touched = worked_on_since("acquire.source", list(sources), batch_id)
    named = still_named(Source, list(sources))
    also, kept = [], []
    for pk, source in sources.items():
        if pk in touched or pk in named:
            kept.append(Kept(pk, source.name, CHANGED if pk in touched else "records come from it", kind="sources"))
        else:
            archive_source(source_id=pk, by=by, at=at)
            also.append(f"Source “{source.name}”")
    return UndoResult(kept=kept, also=also)


UNDO_ORIGINS = (
    UndoStep(
        "acquire.campaign.delete",
        lambda batch_id: happened_to("acquire.campaign", batch_id, "acquire.campaign_added"),
        _campaigns,
    ),
    UndoStep(
        "acquire.source.delete",
        lambda batch_id: happened_to("acquire.source", batch_id, "acquire.source_added", "acquire.source_restored"),
        _sources,
    ),
)
