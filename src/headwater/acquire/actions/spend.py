"""Writes for money spent."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from headwater.acquire.events import SpendDeleted, SpendEntered, SpendRestored
from headwater.acquire.models import Campaign, Source, SpendEntry
from headwater.acquire.rules import why_not_spent
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.events import record
from headwater.platform.shelf import Shelf
from headwater.platform.translated import gettext as _
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
    """Enter money spent on a source on a day. Below zero is a refund or a correction, and the note says of what.

    Raises:
        NotAllowed: the actor may not enter spend.
        Invalid: an amount of nothing, one below zero without a word, a day to come, a campaign of other sources.
        NotFound: there is no such source or campaign.
    """
    by.require("acquire.spend.create")
    wrong = why_not_spent({"amount": amount, "spent_on": spent_on}, zone=team.company().zone, at=at)
    if amount < 0 and not note.strip():
        wrong["note"] = [_("Below zero is a refund or a correction: say of what.")]
    source = Source.objects.filter(pk=source_id).first()
    campaign = None if campaign_id is None else Campaign.objects.filter(pk=campaign_id, deleted_at=None).first()
    if source is None or (campaign_id is not None and campaign is None):
        raise NotFound()
    if campaign is not None and not _runs_through(campaign, source):
        wrong["campaign_id"] = [
            _("“{name}” does not run through “{name_2}”. Add the source to it first.").format(
                name=campaign.name, name_2=source.name
            )
        ]
    if wrong:
        raise Invalid(wrong)
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


def _runs_through(campaign: Campaign, source: Source) -> bool:
    """Whether a campaign uses this source; one that names none may use any."""
    sources = set(campaign.sources.values_list("pk", flat=True))
    return not sources or source.pk in sources


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
