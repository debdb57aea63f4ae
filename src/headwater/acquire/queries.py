"""Reads of the acquire room. Each starts from what the actor may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from headwater.acquire.models import Campaign, Channel, Source, SpendEntry, Touchpoint
from headwater.parties.queries.visible import NAMED, visible_parties
from headwater.platform.actor import Actor, Visibility, per_actor
from headwater.platform.parts import with_parts
from headwater.platform.written import written


def visible_sources(actor: Actor) -> QuerySet[Source]:
    """Every source, archived ones too: lists filter, records that came from one still show it."""
    if not actor.may("acquire.source.see"):
        return Source.objects.none()
    return Source.objects.all()


def visible_campaigns(actor: Actor) -> QuerySet[Campaign]:
    """The campaigns that are not deleted, with their sources."""
    if not actor.may("acquire.campaign.see"):
        return Campaign.objects.none()
    return Campaign.objects.filter(deleted_at=None).select_related("owner").prefetch_related("sources")


def visible_spend(actor: Actor) -> QuerySet[SpendEntry]:
    """The spend entries that count, with source and campaign."""
    if not actor.may("acquire.spend.see"):
        return SpendEntry.objects.none()
    return SpendEntry.objects.filter(deleted_at=None).select_related("source", "campaign")


@per_actor
def visible_touchpoints(actor: Actor) -> QuerySet[Touchpoint]:
    """The touchpoints that count, of parties the actor sees; an entry that was corrected does not count."""
    if not actor.may("acquire.touchpoint.see"):
        return Touchpoint.objects.none()
    # Asked row by row: joined, or as a list of all visible parties, it would be worked out for the whole table first.
    corrected = Touchpoint.objects.filter(corrects=OuterRef("pk"))
    rows = Touchpoint.objects.filter(~Exists(corrected), deleted_at=None)
    if actor.visibility is not Visibility.ALL:
        seen = visible_parties(actor)
        rows = rows.filter(Exists(seen.filter(pk=OuterRef("party"))) | Exists(seen.filter(pk=OuterRef("organisation"))))
    return with_parts(rows, party=NAMED, organisation=NAMED, source=("name", "channel"), campaign=("name",))


def touchpoints_of(actor: Actor, party_ids: Sequence[int]) -> QuerySet[Touchpoint]:
    """The touchpoints of some parties, oldest first; those of unknown time stand before all others."""
    mine = visible_touchpoints(actor).filter(Q(party__in=party_ids) | Q(organisation__in=party_ids))
    return mine.order_by("occurred_at", "pk")


def source_choices(actor: Actor) -> list[tuple[str, str]]:
    """The sources in use, for filters and forms."""
    return [(str(pk), name) for pk, name in _sources_in_use(actor.itself)]


@written
def _sources_in_use(actor: Actor) -> QuerySet[Source, tuple[int, str]]:
    return visible_sources(actor).filter(archived_at=None).order_by("name", "pk").values_list("pk", "name")


def campaign_choices(actor: Actor) -> list[tuple[str, str]]:
    """The campaigns, newest first, for filters and forms."""
    if not actor.may("acquire.campaign.see"):
        return []
    return [(str(pk), name) for pk, name in _campaigns_in_use()]


@written
def _campaigns_in_use() -> QuerySet[Campaign, tuple[int, str]]:
    rows = Campaign.objects.filter(deleted_at=None, archived_at=None)
    return rows.order_by("-starts_on", "name", "pk").values_list("pk", "name")


def source_by_id(source_id: int) -> Source | None:
    """One source, archived or not; facts and marks of other rooms' records name it."""
    return Source.objects.filter(pk=source_id).first()


def channels_of(source_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Name and channel of some sources, in one query."""
    rows = Source.objects.filter(pk__in=set(source_ids)).values_list("pk", "name", "channel")
    return {pk: (name, channel) for pk, name, channel in rows}


def first_touchpoint(actor: Actor, party_id: int, *, before: datetime | None = None) -> Touchpoint | None:
    """How a party first came to us, or nothing if that is not known."""
    rows = touchpoints_of(actor, [party_id]).exclude(occurred_at=None).select_related(None).select_related("source")
    return (rows.filter(occurred_at__lte=before) if before else rows).first()


def channel_labels() -> dict[str, str]:
    """The channels by their code, as people call them."""
    return {str(code): str(label) for code, label in Channel.choices}


def spend_total(entries: QuerySet[SpendEntry]) -> list[tuple[str, Decimal]]:
    """What entries add up to, for each currency they were made in."""
    sums = entries.order_by("currency").values_list("currency").annotate(total=Sum("amount"))
    return [(currency, total) for currency, total in sums]
