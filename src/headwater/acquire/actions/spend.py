"""Writes for money spent."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from headwater.acquire.events import SpendDeleted, SpendEntered, SpendRestored
from headwater.acquire.models import Campaign, Source, SpendEntry
from headwater.acquire.rules import why_not_spent
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.events import Changed, record
from headwater.platform.money import UnknownCurrency
from headwater.platform.shelf import Shelf
from headwater.platform.translated import gettext as _
from headwater.platform.undo import undoes, undoes_changes_of
from headwater.team import queries as team

if TYPE_CHECKING:
    from headwater.platform.models import Event

ROW = "acquire.spend"


class SpendValues(TypedDict, total=False):
    """What can be corrected on a spend entry."""

    source_id: int
    campaign_id: int | None
    spent_on: date
    amount: Decimal
    currency: str
    note: str


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
    entry = SpendEntry(created_at=at, batch_id=by.batch_id)
    values: SpendValues = {
        "source_id": source_id, "campaign_id": campaign_id, "spent_on": spent_on, "amount": amount,
        "currency": currency, "note": note,
    }  # fmt: skip
    for name, value in _checked(entry, values, at=at).items():
        setattr(entry, name, value)
    entry.save(force_insert=True)
    record(_entered(entry, entry.source.name), by=by, at=at)
    return entry


@action
def change_spend(*, spend_id: int, by: Actor, at: datetime, **values: Unpack[SpendValues]) -> SpendEntry:
    """Correct what an entry says. A refund is an entry of its own, since its day is another.

    Raises:
        NotAllowed: the actor may not change spend.
        Invalid: a value that cannot be right, as in :func:`add_spend`.
    """
    by.require("acquire.spend.change")
    entry = _locked(spend_id)
    change_row(entry, _checked(entry, values, at=at), row_type=ROW, by=by, at=at)
    return entry


@action
def delete_spend(*, spend_id: int, by: Actor, at: datetime) -> SpendEntry:
    """Take a spend entry out: it no longer counts."""
    return SHELF.put_away(pk=spend_id, by=by, at=at)


@action
def restore_spend(*, spend_id: int, by: Actor, at: datetime) -> SpendEntry:
    """Let a spend entry count again."""
    return SHELF.bring_back(pk=spend_id, by=by, at=at)


@undoes_changes_of(ROW)
@action
def take_back_spend_change(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Give an entry its old values back.

    Raises:
        NotUndoable: one of them changed again since.
    """
    by.require("acquire.spend.change")
    entry = _locked(fact.row_id)
    change_row(entry, old_values(entry, fact), row_type=ROW, by=by, at=at)


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


def _locked(spend_id: int) -> SpendEntry:
    entry = SpendEntry.objects.select_for_update().filter(pk=spend_id, deleted_at=None).first()
    if entry is None:
        raise NotFound()
    return entry


def _checked(entry: SpendEntry, values: SpendValues, *, at: datetime) -> dict[str, Any]:
    """The values as they are stored, if the entry may have them; a campaign that it has already may be deleted."""
    found: dict[str, Any] = dict(values)
    wrong = why_not_spent(found, zone=team.company().zone, at=at)
    if "note" in found:
        found["note"] = str(found["note"]).strip()
    if found.get("amount", entry.amount) < 0 and not found.get("note", entry.note):
        wrong["note"] = [_("Below zero is a refund or a correction: say of what.")]
    if "currency" in found:
        try:
            found["currency"] = team.currency_meant(found["currency"])
        except UnknownCurrency as error:
            wrong["currency"] = [str(error)]
    if found.keys() & {"source_id", "campaign_id"}:
        wrong |= _why_not_of(entry, found)
    if wrong:
        raise Invalid(wrong)
    return found


def _why_not_of(entry: SpendEntry, values: dict[str, Any]) -> dict[str, list[str]]:
    """What speaks against an entry being of this source and campaign."""
    source = Source.objects.filter(pk=values.get("source_id", entry.source_id)).first()
    campaign_id = values.get("campaign_id", entry.campaign_id)
    campaign = None if campaign_id is None else Campaign.objects.filter(pk=campaign_id).first()
    is_gone = campaign is None or (campaign.deleted_at is not None and campaign_id != entry.campaign_id)
    if source is None or (campaign_id is not None and is_gone):
        raise NotFound()
    if campaign is None or _runs_through(campaign, source):
        return {}
    told = _("“{name}” does not run through “{name_2}”. Add the source to it first.")
    return {"campaign_id": [told.format(name=campaign.name, name_2=source.name)]}


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
    ROW, SpendEntry, "deleted_at", "acquire.spend.delete",
    gone=lambda entry: SpendDeleted(spend_id=entry.pk, amount=str(entry.amount), currency=entry.currency),
    back=lambda entry: SpendRestored(spend_id=entry.pk, amount=str(entry.amount), currency=entry.currency),
)  # fmt: skip
