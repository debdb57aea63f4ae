"""What lists, records, exports, API and imports know about sources, campaigns, spend and touchpoints."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery, Sum
from django.utils.translation import gettext_lazy as _

from headwater.acquire import actions, events, imports
from headwater.acquire.actions.campaigns import ARCHIVE as CAMPAIGNS_ARCHIVE
from headwater.acquire.actions.campaigns import SHELF as CAMPAIGNS_BIN
from headwater.acquire.actions.spend import SHELF as SPEND_BIN
from headwater.acquire.forms import AssignForm, CampaignForm, CorrectionForm, SourceForm, SpendForm, TouchpointForm
from headwater.acquire.models import Campaign, Channel, Source, SpendEntry, Touchpoint, TouchpointKind
from headwater.acquire.queries import (
    campaign_choices,
    seen_by,
    source_choices,
    visible_campaigns,
    visible_sources,
    visible_spend,
    visible_touchpoints,
)
from headwater.intake.batch_column import BATCH
from headwater.platform.actor import Actor
from headwater.platform.resource import Column, Command, Kind, Resource, Rows, SavedView, register
from headwater.platform.search import Searched
from headwater.platform.shelf import ARCHIVED_VIEW, Bin, archive_commands, register_bin
from headwater.team.queries import user_choices
from headwater.web.sentence import say
from headwater.web.templatetags.headwater import day

CELLS = "headwater.acquire.cells."


def campaigns_with_spend(actor: Actor) -> Rows:
    """The campaigns with what was spent on each, in the same query."""
    entries = SpendEntry.objects.filter(campaign_id=OuterRef("pk"), deleted_at=None).order_by()
    spent = entries.values("campaign_id").annotate(total=Sum("amount")).values("total")
    return visible_campaigns(actor).annotate(spent=Subquery(spent))


def deleted_spend(actor: Actor) -> Rows:
    """The spend entries that were taken out, with what they are called by."""
    return SPEND_BIN.rows_away(actor).select_related("source", "campaign")


def _names_of_sources(campaign: Any) -> str:
    return ", ".join(source.name for source in campaign.sources.all())


SOURCES = Resource(
    key="acquire.source",
    slug="sources",
    label=_("Source"),
    label_plural=_("Sources"),
    icon="antenna-bars-5",
    rows=visible_sources,
    columns=(
        Column("name", _("Name"), sortable=True, nullable=False, cell=f"{CELLS}source_name", place="primary"),
        Column("channel", _("Channel"), Kind.CHOICE, choices=Channel.choices, sortable=True, nullable=False,
               place="second"),
        Column("note", _("Note")),
        Column("created_at", _("Known since"), Kind.DATETIME, sortable=True, nullable=False),
        Column("archived_at", _("Archived"), Kind.DATETIME, shown=False),
        BATCH,
    ),
    default_order="name",
    searched=Searched(Source, name=("name",), words=("note",)),
    title=lambda source: source.name,
    subtitle=lambda source: source.get_channel_display(),
    create=Command(
        "create", _("Add a source"), actions.add_source, "acquire.source.create", SourceForm, icon="plus",
        done=_("Source added"),
    ),
    change=Command(
        "change", _("Edit"), actions.change_source, "acquire.source.change", SourceForm, "source_id", icon="pencil",
        done=_("Source changed"),
    ),
    commands=(
        Command(
            "archive", _("Archive"), actions.archive_source, "acquire.source.delete", id_name="source_id",
            icon="archive",
            offered=lambda source: source.archived_at is None, done=_("Source archived"),
        ),
        Command(
            "restore", _("Use again"), actions.restore_source, "acquire.source.delete", id_name="source_id",
            icon="restore", offered=lambda source: source.archived_at is not None, done=_("Source in use again"),
        ),
    ),
    views=(
        SavedView("current", _("In use"), {"archived_at__empty": "true"}),
        ARCHIVED_VIEW,
    ),
    archived="archived_at",
    importer=imports.SOURCES,
    empty=_("Name the ways in which people find you: a fair, a form, a list. "
            "Every lead then shows where it came from."),
)  # fmt: skip

CAMPAIGNS = Resource(
    key="acquire.campaign",
    slug="campaigns",
    label=_("Campaign"),
    label_plural=_("Campaigns"),
    icon="speakerphone",
    rows=campaigns_with_spend,
    columns=(
        Column("name", _("Name"), sortable=True, nullable=False, cell=f"{CELLS}campaign_name", place="primary",
               with_columns=("segment",)),
        Column("sources", _("Sources"), gathered=_names_of_sources, filterable=False, cell=f"{CELLS}campaign_sources",
               place="second"),
        Column("starts_on", _("Starts"), Kind.DATE, sortable=True, place="second"),
        Column("ends_on", _("Ends"), Kind.DATE, sortable=True),
        Column("budget", _("Budget"), Kind.MONEY, sortable=True),
        Column("spent", _("Spent"), Kind.MONEY, sortable=True),
        Column("currency", _("Currency"), shown=False, nullable=False),
        Column("segment", _("For whom"), shown=False),
        Column("goal", _("Goal")),
        Column("owner", _("Owner"), Kind.RELATION, path="owner_id", choices=user_choices, is_person=True,
               reads=("owner__name",)),
        Column("created_at", _("Created"), Kind.DATETIME, sortable=True, shown=False, nullable=False),
        Column("archived_at", _("Archived"), Kind.DATETIME, shown=False, exported=False),
        BATCH,
    ),
    default_order="-starts_on",
    searched=Searched(Campaign, name=("name",), words=("segment", "goal", "sources__name")),
    title=lambda campaign: campaign.name,
    subtitle=lambda campaign: campaign.segment,
    create=Command(
        "create", _("Plan a campaign"), actions.add_campaign, "acquire.campaign.create", CampaignForm, icon="plus",
        done=_("Campaign added"),
    ),
    change=Command(
        "change", _("Edit"), actions.change_campaign, "acquire.campaign.change", CampaignForm, "campaign_id",
        icon="pencil", done=_("Campaign changed"),
    ),
    commands=(
        Command(
            "assign", _("Assign"), actions.assign_campaign, "acquire.campaign.change", AssignForm, "campaign_id",
            icon="user-check", hotkey="a", run_many=actions.assign_campaigns, done=_("Assigned"),
        ),
        *archive_commands(CAMPAIGNS_ARCHIVE),
        Command(
            "delete", _("Delete"), actions.delete_campaign, "acquire.campaign.delete", id_name="campaign_id",
            icon="trash", done=_("Campaign deleted"),
        ),
    ),
    views=(SavedView("current", _("In use"), {"archived_at__empty": "true"}), ARCHIVED_VIEW),
    archived="archived_at",
    importer=imports.CAMPAIGNS,
    empty=_("Plan the first campaign: what it costs and what it brings stand side by side from its first day."),
)  # fmt: skip

SPEND = Resource(
    key="acquire.spend",
    slug="spend",
    label=_("Spend entry"),
    label_plural=_("Spend"),
    icon="cash",
    rows=visible_spend,
    columns=(
        Column("spent_on", _("Day"), Kind.DATE, sortable=True, nullable=False, place="primary"),
        Column("source", _("Source"), Kind.RELATION, path="source_id", choices=source_choices, nullable=False,
               reads=("source__name",), cell=f"{CELLS}source", place="source"),
        Column("campaign", _("Campaign"), Kind.RELATION, path="campaign_id", choices=campaign_choices,
               reads=("campaign__name",)),
        Column("amount", _("Amount"), Kind.MONEY, sortable=True, nullable=False, place="second"),
        Column("currency", _("Currency"), shown=False, nullable=False),
        Column("note", _("Note")),
        BATCH,
    ),
    default_order="-spent_on",
    searched=Searched(SpendEntry, rank=80, words=("source__name", "campaign__name", "note")),
    title=lambda entry: f"{entry.source.name}, {day(entry.spent_on)}",
    subtitle=lambda entry: entry.campaign.name if entry.campaign else "",
    create=Command(
        "create", _("Enter spend"), actions.add_spend, "acquire.spend.create", SpendForm, icon="plus",
        done=_("Spend entered")
    ),
    change=Command(
        "change", _("Edit"), actions.change_spend, "acquire.spend.change", SpendForm, "spend_id", icon="pencil",
        done=_("Spend changed"),
    ),
    commands=(
        Command(
            "delete", _("Take out"), actions.delete_spend, "acquire.spend.delete", id_name="spend_id", icon="trash",
            done=_("Spend taken out"),
        ),
    ),
    importer=imports.SPEND,
    empty=_("Enter what a source costs; without it there is no cost per lead and no return."),
)  # fmt: skip

TOUCHPOINTS = Resource(
    key="acquire.touchpoint",
    slug="touchpoints",
    label=_("Touchpoint"),
    label_plural=_("Touchpoints"),
    icon="bolt",
    rows=visible_touchpoints,
    seen_by=seen_by,
    columns=(
        Column("occurred_at", _("When"), Kind.DATETIME, sortable=True, place="second"),
        Column("kind", _("What happened"), Kind.CHOICE, choices=TouchpointKind.choices, nullable=False,
               cell=f"{CELLS}touch", place="primary", with_columns=("is_outbound",)),
        Column("party", _("Who"), path="party__name", filterable=False,
               personal=True, cell=f"{CELLS}party", place="second", with_columns=("organisation",)),
        Column("organisation", _("Company"), path="organisation__name", shown=False, filterable=False),
        Column("source", _("Source"), Kind.RELATION, path="source_id", choices=source_choices,
               reads=("source__name",), cell=f"{CELLS}source", place="source"),
        Column("campaign", _("Campaign"), Kind.RELATION, path="campaign_id", choices=campaign_choices,
               reads=("campaign__name",)),
        Column("is_outbound", _("By us"), Kind.BOOL, nullable=False, shown=False),
        Column("cost", _("Cost"), Kind.MONEY, sortable=True, shown=False),
        Column("currency", _("Currency"), shown=False, nullable=False),
        Column("note", _("Note"), personal=True),
        BATCH,
    ),
    default_order="-occurred_at",
    indexed_orders=("occurred_at", "cost"),
    searched=Searched(Touchpoint, rank=70, words=("party__name", "organisation__name", "note")),
    title=lambda touch: f"{touch.get_kind_display()}, {touch.party.name}",
    subtitle=lambda touch: touch.source.name if touch.source else "",
    create=Command(
        "create", _("Write down a contact"), actions.enter_touchpoint, "acquire.touchpoint.create", TouchpointForm,
        icon="plus", done=_("Touchpoint recorded"),
    ),
    commands=(
        Command(
            "correct", _("Correct"), actions.correct_touchpoint, "acquire.touchpoint.change", CorrectionForm,
            "touchpoint_id", icon="pencil", done=_("Touchpoint corrected"),
        ),
    ),
    importer=imports.TOUCHPOINTS,
    party_of=lambda touch: touch.party_id,
    empty=_("Every contact with a customer stands here, whoever it came from."),
)  # fmt: skip

for _resource in (SOURCES, CAMPAIGNS, SPEND, TOUCHPOINTS):
    register(_resource)
register_bin(Bin("acquire.campaign", CAMPAIGNS_BIN.rows_away, CAMPAIGNS_BIN.bring_back))
register_bin(Bin("acquire.spend", deleted_spend, SPEND_BIN.bring_back))

say(events.TouchpointRecorded, events.TouchpointCorrected, kind=TouchpointKind.choices)
