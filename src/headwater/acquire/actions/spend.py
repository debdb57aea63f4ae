"""Writes for money spent."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from headwater.acquire.events import SpendDeleted, SpendEntered, SpendRestored
from headwater.acquire.models import Campaign, Source, SpendEntry
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.events import record
from headwater.platform.shelf import Shelf
from headwater.platform.undo import undoes
from headwater.team import queries as team

if TYPE_CHECKING:
    from headwater.platform.models import Event


@action
def add_spend(
    *,
    source_id: int,
    spent_on: date,
    amount: Decimal,
    by: Actor,
    at: datetime,
    campaign_id: int | None = None,
    currency: str = "",
    note: str = "",
) -> SpendEntry:
    """Enter money spent on a source on a day. A mistake is corrected by another entry, below zero if need be.

    Raises:
        NotAllowed: the actor may not enter spend.
        Invalid: an amount of nothing.
        NotFound: there is no such source or campaign.
    """
    by.require("acquire.spend.create")
    if amount == 0:
        raise Invalid({"amount": ["Enter an amount other than zero."]})
    source = Source.objects.filter(pk=source_id).first()
    known_campaign = campaign_id is None or Campaign.objects.filter(pk=campaign_id, deleted_at=None).exists()
    if source is None or not known_campaign:
        raise NotFound()
    entry = SpendEntry.objects.create(
        source=source,
        campaign_id=campaign_id,
        spent_on=spent_on,
        amount=amount,
        currency=currency or team.company().currency,
        note=note.strip(),
        created_at=at,
        batch_id=by.batch_id,
    )
    record(_entered(entry, source.name), by=by, at=at)
    return entry


@action
def delete_spend(*, spend_id: int, by: Actor, at: datetime) -> SpendEntry:
    """Take a spend entry out: it no longer counts."""
    return SHELF.put_away(pk=spend_id, by=by, at=at)


@action
def restore_spend(*, spend_id: int, by: Actor, at: datetime) -> SpendEntry:
    """Let a spend entry count again."""
    return SHELF.bring_back(pk=spend_id, by=by, at=at)


@undoes(SpendEntered, SpendRestored)
@action
def take_back_spend(fact: SpendEntered | SpendRestored, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo an entry by taking it out."""
    delete_spend(spend_id=fact.spend_id, by=by, at=at)


@undoes(SpendDeleted)
@action
def bring_back_spend(fact: SpendDeleted, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo the taking out of an entry."""
    restore_spend(spend_id=fact.spend_id, by=by, at=at)


def _entered(entry: SpendEntry, source_name: str) -> SpendEntered:
    return SpendEntered(
        spend_id=entry.pk,
        source_id=entry.source_id,
        source_name=source_name,
        campaign_id=entry.campaign_id,
        spent_on=entry.spent_on.isoformat(),
        amount=str(entry.amount),
        currency=entry.currency,
    )


SHELF = Shelf(
    "acquire.spend", SpendEntry, "deleted_at", "acquire.spend.delete",
    gone=lambda entry: SpendDeleted(spend_id=entry.pk, amount=str(entry.amount), currency=entry.currency),
    back=lambda entry: SpendRestored(spend_id=entry.pk, amount=str(entry.amount), currency=entry.currency),
)  # fmt: skip
