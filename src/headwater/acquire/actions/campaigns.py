"""Writes for campaigns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from headwater.acquire.events import CampaignAdded, CampaignDeleted, CampaignRestored, CampaignSourcesChanged
from headwater.acquire.models import Campaign, Source, SpendEntry, Touchpoint
from headwater.acquire.rules import LONGEST_NAME, fold_name
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import gone_by_undo
from headwater.platform.bulk import check_each, insert_rows, reserve_ids
from headwater.platform.changes import Edit, change_row, change_rows, old_values
from headwater.platform.errors import Conflict, Invalid, NotFound, NotUndoable
from headwater.platform.events import Changed, record, record_bulk
from headwater.platform.shelf import Shelf, archive_of
from headwater.platform.translated import gettext, gettext_lazy
from headwater.platform.turns import take_turns
from headwater.platform.undo import undoes, undoes_changes_of
from headwater.team import queries as team

if TYPE_CHECKING:
    from headwater.platform.models import Event

ROW = "acquire.campaign"
CHANGEABLE = ("segment", "goal", "starts_on", "ends_on", "budget", "currency", "owner_id")


class CampaignExists(Conflict):
    """Another campaign has this name already."""

    code: ClassVar[str] = "campaign_exists"
    message = gettext_lazy("There is a campaign “{name}” already.")


@action
def add_campaign(
    *,
    name: str,
    by: Actor,
    at: datetime,
    source_ids: Sequence[int] = (),
    segment: str = "",
    goal: str = "",
    starts_on: date | None = None,
    ends_on: date | None = None,
    budget: Decimal | None = None,
    currency: str = "",
    owner_id: int | None = None,
    extra: Mapping[str, str] | None = None,
) -> Campaign:
    """Plan a campaign: through which sources, for whom, when, with how much money and to what end.

    Raises:
        NotAllowed: the actor may not plan campaigns.
        Invalid: no name, or it ends before it starts.
        CampaignExists: a campaign of this name is there already.
    """
    by.require("acquire.campaign.create")
    name = _checked_name(name)
    _check_free(name)
    _check_dates(starts_on, ends_on)
    campaign = Campaign.objects.create(
        name=name,
        name_key=fold_name(name),
        segment=segment.strip(),
        goal=goal.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        budget=budget,
        currency=currency or team.company().currency,
        owner_id=owner_id,
        created_at=at,
        extra=dict(extra or {}),
        batch_id=by.batch_id,
    )
    campaign.sources.set(Source.objects.filter(pk__in=source_ids))
    record(CampaignAdded(campaign_id=campaign.pk, name=name), by=by, at=at)
    return campaign


@action
def change_campaign(
    *,
    campaign_id: int,
    by: Actor,
    at: datetime,
    name: str | None = None,
    source_ids: Sequence[int] | None = None,
    **values: Any,
) -> Campaign:
    """Change a campaign's name, sources or plan (segment, goal, dates, budget and its currency, owner).

    Raises:
        NotAllowed: the actor may not change campaigns.
        NotFound: it was deleted.
        CampaignExists: another campaign has the new name.
    """
    by.require("acquire.campaign.change")
    campaign = _locked(campaign_id)
    unknown = set(values) - set(CHANGEABLE)
    if unknown:
        raise TypeError(f"A campaign has no {', '.join(sorted(unknown))} to change.")
    _check_dates(values.get("starts_on", campaign.starts_on), values.get("ends_on", campaign.ends_on))
    if "currency" in values:
        values["currency"] = values["currency"] or team.company().currency
    if name is not None and name != campaign.name:
        name = _checked_name(name)
        _check_free(name, except_id=campaign.pk)
        values.update(name=name, name_key=fold_name(name))
    change_row(campaign, values, row_type=ROW, by=by, at=at)
    if source_ids is not None:
        _set_sources(campaign, source_ids, by=by, at=at)
    return campaign


@action
def assign_campaign(*, campaign_id: int, owner_id: int | None, by: Actor, at: datetime) -> Campaign:
    """Let a colleague look after a campaign from now on."""
    return change_campaign(campaign_id=campaign_id, owner_id=owner_id, by=by, at=at)


@action
def assign_campaigns(*, ids: Sequence[int], owner_id: int | None, by: Actor, at: datetime) -> int:
    """Let a colleague look after several campaigns; how many changed hands.

    Raises:
        NotAllowed: the actor may not change campaigns.
        SomeRefused: some are not there any more.
    """
    by.require("acquire.campaign.change")
    campaigns = list(Campaign.objects.select_for_update().filter(pk__in=list(ids), deleted_at=None).order_by("pk"))
    check_each(campaigns, lambda campaign: None, ids=ids)
    return change_rows([Edit(each, {"owner_id": owner_id}, ROW) for each in campaigns], by=by, at=at)


@action
def delete_campaign(*, campaign_id: int, by: Actor, at: datetime) -> Campaign:
    """Take a campaign off the lists; leads and spend that name it still do."""
    return SHELF.put_away(pk=campaign_id, by=by, at=at)


@action
def restore_campaign(*, campaign_id: int, by: Actor, at: datetime) -> Campaign:
    """Bring a deleted campaign back.

    Raises:
        CampaignExists: another campaign has taken its name meanwhile.
    """
    return SHELF.bring_back(pk=campaign_id, by=by, at=at)


@action
def ensure_campaigns(
    names: Iterable[str], *, by: Actor, at: datetime, sources: Mapping[str, Iterable[int]] | None = None
) -> dict[str, int]:
    """The ids of the campaigns that a file names; those not known yet are added. Few queries however many names.

    ``sources`` says through which sources each campaign ran; new links are added, none is taken away. A campaign that
    the undo of an import deleted is back. One that people deleted is meant, but stays deleted.

    Raises:
        NotAllowed: a campaign has to be added and the actor may not.
    """
    keys = {name: fold_name(name) for name in names if name.strip()}
    take_turns(ROW, keys.values())
    found = _called(set(keys.values()))
    away = Campaign.objects.filter(pk__in=found.values()).exclude(deleted_at=None).values_list("pk", flat=True)
    for pk in sorted(gone_by_undo(ROW, list(away), CampaignDeleted.verb)):
        restore_campaign(campaign_id=pk, by=by, at=at)
    missing: dict[str, str] = {}
    for name, key in keys.items():
        if key not in found:
            missing.setdefault(key, name.strip()[:LONGEST_NAME])
    if missing:
        by.require("acquire.campaign.create")
        currency = team.company().currency
        found.update(zip(missing, reserve_ids(Campaign, len(missing)), strict=True))
        insert_rows(
            Campaign,
            ("id", "name", "name_key", "segment", "goal", "currency", "created_at", "extra", "batch_id"),
            [(found[key], name, key, "", "", currency, at, {}, by.batch_id) for key, name in missing.items()],
        )
        facts = [CampaignAdded(campaign_id=found[key], name=name) for key, name in missing.items()]
        record_bulk(facts, by=by, at=[at] * len(facts))
    through: dict[int, set[int]] = {}
    for name, source_ids in (sources or {}).items():
        if name in keys:
            through.setdefault(found[keys[name]], set()).update(source_ids)
    _run_also(through, new={found[key] for key in missing}, by=by, at=at)
    return {name: found[key] for name, key in keys.items()}


def campaign_called(name: str) -> Campaign | None:
    """The campaign a name means: the one of that name, else the last that was deleted."""
    return Campaign.objects.filter(pk__in=_called({fold_name(name)}).values()).first()


def _called(keys: Collection[str]) -> dict[str, int]:
    """The campaign each folded name means: the one that is there, else the last that was deleted."""
    named = Campaign.objects.filter(name_key__in=keys).order_by("pk").values_list("name_key", "pk", "deleted_at")
    return {key: pk for key, pk, _ in sorted(named, key=lambda row: row[2] is None)}


@undoes(CampaignAdded, CampaignRestored)
@action
def take_back_campaign(fact: CampaignAdded | CampaignRestored, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo the planning of a campaign by deleting it."""
    delete_campaign(campaign_id=fact.campaign_id, by=by, at=at)


@undoes(CampaignDeleted)
@action
def bring_back_campaign(fact: CampaignDeleted, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo the deletion of a campaign."""
    restore_campaign(campaign_id=fact.campaign_id, by=by, at=at)


@undoes(CampaignSourcesChanged)
@action
def undo_campaign_sources(fact: CampaignSourcesChanged, *, event: Event, by: Actor, at: datetime) -> None:
    """Let a campaign run through its former sources again.

    Raises:
        NotUndoable: its sources changed again since.
    """
    by.require("acquire.campaign.change")
    campaign = _locked(fact.campaign_id, also_deleted=True)
    if sorted(campaign.sources.values_list("pk", flat=True)) != sorted(fact.after):
        raise NotUndoable(reason=gettext("the sources changed again since"))
    _set_sources(campaign, fact.before, by=by, at=at)


@undoes_changes_of(ROW)
@action
def undo_campaign_change(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Give a campaign its old values back.

    Raises:
        NotUndoable: they changed again since, or its old name is taken.
    """
    by.require("acquire.campaign.change")
    campaign = _locked(fact.row_id, also_deleted=True)
    values = old_values(campaign, fact)
    if "name" in values:
        take_turns(ROW, [values["name_key"]])
        taken = Campaign.objects.filter(name_key=values["name_key"], deleted_at=None).exclude(pk=campaign.pk)
        if taken.exists():
            raise NotUndoable(reason=gettext("another campaign has the old name now"))
    change_row(campaign, values, row_type=ROW, by=by, at=at)


def _set_sources(campaign: Campaign, source_ids: Iterable[int], *, by: Actor, at: datetime) -> None:
    before = sorted(campaign.sources.values_list("pk", flat=True))
    after = sorted(Source.objects.filter(pk__in=list(source_ids)).values_list("pk", flat=True))
    if before != after:
        campaign.sources.set(after)
        fact = CampaignSourcesChanged(campaign_id=campaign.pk, name=campaign.name, before=before, after=after)
        record(fact, by=by, at=at)


def _run_also(through: Mapping[int, Collection[int]], *, new: Collection[int], by: Actor, at: datetime) -> None:
    """Let campaigns run through these sources, too; those that are not ``new`` tell of it."""
    links = Campaign.sources.through
    before: dict[int, set[int]] = {pk: set() for pk in through}
    for pk, source_id in links.objects.filter(campaign__in=through).values_list("campaign_id", "source_id"):
        before[pk].add(source_id)
    more = {pk: ids for pk, source_ids in through.items() if (ids := set(source_ids) - before[pk])}
    fresh = [links(campaign_id=pk, source_id=each) for pk in more for each in sorted(more[pk])]
    links.objects.bulk_create(fresh, ignore_conflicts=True)
    names = Campaign.objects.filter(pk__in=more.keys() - set(new)).order_by("pk").values_list("pk", "name")
    facts = [
        CampaignSourcesChanged(
            campaign_id=pk, name=name, before=sorted(before[pk]), after=sorted(before[pk] | more[pk])
        )
        for pk, name in names
    ]  # fmt: skip
    record_bulk(facts, by=by, at=[at] * len(facts))


def leave_sources(campaign: Campaign, brought: Collection[int], *, by: Actor, at: datetime) -> None:
    """Let a campaign run no more through sources that an import had brought, but for those that records name."""
    for model in (Touchpoint, SpendEntry):
        rows = model._default_manager.filter(campaign=campaign, source__in=list(brought), deleted_at=None)
        brought = set(brought) - set(rows.values_list("source_id", flat=True))
    staying = campaign.sources.exclude(pk__in=list(brought)).values_list("pk", flat=True)
    _set_sources(campaign, list(staying), by=by, at=at)


def _locked(campaign_id: int, *, also_deleted: bool = False) -> Campaign:
    campaign = Campaign.objects.select_for_update().filter(pk=campaign_id).first()
    if campaign is None or (campaign.deleted_at and not also_deleted):
        raise NotFound()
    return campaign


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not fold_name(name):
        raise Invalid({"name": [gettext("Give the campaign a name.")]})
    if len(name) > LONGEST_NAME:
        raise Invalid(
            {"name": [gettext("A name has at most {longest_name} characters.").format(longest_name=LONGEST_NAME)]}
        )
    return name


def _check_dates(starts_on: date | None, ends_on: date | None) -> None:
    if starts_on and ends_on and ends_on < starts_on:
        raise Invalid({"ends_on": [gettext("The campaign cannot end before it starts.")]})


def _check_free(name: str, *, except_id: int = 0) -> None:
    take_turns(ROW, [fold_name(name)])
    same = Campaign.objects.filter(name_key=fold_name(name), deleted_at=None)
    if same.exclude(pk=except_id).exists():
        raise CampaignExists(name=name)


SHELF = Shelf(
    ROW, Campaign, "deleted_at", "acquire.campaign.delete",
    gone=lambda campaign: CampaignDeleted(campaign_id=campaign.pk, name=campaign.name),
    back=lambda campaign: CampaignRestored(campaign_id=campaign.pk, name=campaign.name),
    check_back=lambda campaign: _check_free(campaign.name, except_id=campaign.pk),
)  # fmt: skip
ARCHIVE = archive_of(ROW, Campaign)
