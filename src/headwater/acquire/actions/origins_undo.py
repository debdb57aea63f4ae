"""Taking back sources and campaigns that an import named for the first time, or together, where nothing uses them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from headwater.acquire.actions.campaigns import delete_campaign, leave_sources
from headwater.acquire.actions.sources import archive_source
from headwater.acquire.events import CampaignSourcesChanged
from headwater.acquire.models import Campaign, Source
from headwater.platform.actor import Actor
from headwater.platform.batch import happened_to, still_named, worked_on_since
from headwater.platform.events import facts_of
from headwater.platform.importer import Kept, UndoResult, UndoStep
from headwater.platform.models import Event
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy

CHANGED = lazy("it was changed since")


def _links(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    """Campaigns that were here run through their former sources again, unless these were changed since."""
    kept = []
    facts: dict[int, list[CampaignSourcesChanged]] = {pk: [] for pk in ids}
    events = Event.objects.filter(batch_id=batch_id, verb=CampaignSourcesChanged.verb, subject_id__in=ids)
    for fact in facts_of(list(events.order_by("pk"))):
        assert isinstance(fact, CampaignSourcesChanged)
        facts[fact.campaign_id].append(fact)
    for campaign in Campaign.objects.select_for_update().filter(pk__in=ids, deleted_at=None).order_by("pk"):
        told = facts[campaign.pk]
        if set(told[-1].after) == set(campaign.sources.values_list("pk", flat=True)):
            leave_sources(campaign, {pk for fact in told for pk in {*fact.after} - {*fact.before}}, by=by, at=at)
        else:
            kept.append(Kept(campaign.pk, campaign.name, _("its sources were changed since"), kind="campaigns"))
    return UndoResult(kept=kept)


def _campaigns(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    campaigns = Campaign.objects.filter(deleted_at=None).in_bulk(list(ids))
    touched = worked_on_since("acquire.campaign", list(campaigns), batch_id)
    named = still_named(Campaign, list(campaigns))
    also, kept = [], []
    for pk, campaign in campaigns.items():
        if pk in touched or pk in named:
            kept.append(Kept(pk, campaign.name, CHANGED if pk in touched else _("records name it"), kind="campaigns"))
        else:
            delete_campaign(campaign_id=pk, by=by, at=at)
            also.append(_("Campaign “{name}”").format(name=campaign.name))
    return UndoResult(kept=kept, also=also)


def _sources(ids: Sequence[int], *, batch_id: int, by: Actor, at: datetime) -> UndoResult:
    sources = Source.objects.filter(archived_at=None).in_bulk(list(ids))
    touched = worked_on_since("acquire.source", list(sources), batch_id)
    named = still_named(Source, list(sources))
    also, kept = [], []
    for pk, source in sources.items():
        if pk in touched or pk in named:
            kept.append(Kept(pk, source.name, CHANGED if pk in touched else _("records come from it"), kind="sources"))
        else:
            archive_source(source_id=pk, by=by, at=at)
            also.append(_("Source “{name}”").format(name=source.name))
    return UndoResult(kept=kept, also=also)


UNDO_LINKS = UndoStep(
    "acquire.campaign.change",
    lambda batch_id: happened_to("acquire.campaign", batch_id, CampaignSourcesChanged.verb),
    _links,
)
UNDO_CAMPAIGNS = UndoStep(
    "acquire.campaign.delete",
    lambda batch_id: happened_to("acquire.campaign", batch_id, "acquire.campaign_added"),
    _campaigns,
)
UNDO_SOURCES = UndoStep(
    "acquire.source.delete",
    lambda batch_id: happened_to("acquire.source", batch_id, "acquire.source_added", "acquire.source_restored"),
    _sources,
)
UNDO_ORIGINS = (UNDO_LINKS, UNDO_CAMPAIGNS, UNDO_SOURCES)
