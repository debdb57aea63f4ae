"""Reads of the acquire room. Each starts from what the actor may see."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from headwater.acquire.models import Campaign, Channel, Source, SpendEntry, Touchpoint
from headwater.parties.queries.visible import NAMED, parties_by_reach, visible_parties
from headwater.platform.actor import Actor, Visibility, per_actor
from headwater.platform.parts import with_parts
from headwater.platform.written import MOMENT, Given, written

ALWAYS = datetime.max.replace(tzinfo=UTC)


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


def seen_by(actor: Actor) -> list[Q]:
    """By what an actor sees touchpoints, any of which suffices; nothing for who sees all."""
    lots = parties_by_reach(actor)
    return [Q(**{f"{side}__in": lot.values("pk")}) for side in ("party", "organisation") for lot in lots]


@written
def touchpoints_of(actor: Actor, most: int) -> QuerySet[Touchpoint]:
    """The touchpoints of a ``party`` and its ``organisation``, oldest first; those of unknown time before all."""
    told = (Given("party"), Given("organisation"))
    theirs = [Q(party=each) | Q(organisation=each) for each in told]
    return visible_touchpoints(actor).filter(theirs[0] | theirs[1]).order_by("occurred_at", "pk")[:most]


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
    return next(iter(_earliest(actor, party=party_id, before=before or ALWAYS)), None)


@written
def _earliest(actor: Actor) -> QuerySet[Touchpoint]:
    mine = Q(party=Given("party")) | Q(organisation=Given("party"))
    rows = visible_touchpoints(actor).filter(mine, occurred_at__lte=Given("before", MOMENT))
    return rows.select_related(None).select_related("source").order_by("occurred_at", "pk")[:1]


def channel_labels() -> dict[str, str]:
    """The channels by their code, as people call them."""
    return {str(code): str(label) for code, label in Channel.choices}


def spend_total(entries: QuerySet[SpendEntry]) -> list[tuple[str, Decimal]]:
    """What entries add up to, for each currency they were made in."""
    sums = entries.order_by("currency").values_list("currency").annotate(total=Sum("amount"))
    return [(currency, total) for currency, total in sums]
