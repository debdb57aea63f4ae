"""What files of sources, campaigns, spend and touchpoints may say."""

from __future__ import annotations

from headwater.acquire.actions.campaign_files import campaign_faults, import_campaigns, undo_campaign_import
from headwater.acquire.actions.source_files import import_sources, undo_source_import
from headwater.acquire.actions.spend_files import import_spend, spend_faults, undo_spend_import
from headwater.acquire.actions.touchpoint_files import (
    UNDO_TOUCHPOINTS,
    import_touchpoints,
    touchpoint_faults,
    undo_touchpoint_import,
)
from headwater.acquire.models import TouchpointKind
from headwater.parties.rules import DIRECTIONS, is_phone
from headwater.platform.importer import Importer, Target, TargetKind
from headwater.platform.translated import gettext_lazy as _

KINDS = {str(label).lower(): str(code) for code, label in TouchpointKind.choices} | {
    str(code).lower(): str(code) for code in TouchpointKind.values
}
EXTERNAL_ID = Target("external_id", _("Id in the other system"), max_length=200)
CURRENCY = Target("currency", _("Currency"), max_length=3)

SOURCES = Importer(
    kind="sources",
    verb="acquire.source.import",
    apply=import_sources,
    undo=undo_source_import,
    targets=(
        EXTERNAL_ID,
        Target("name", _("Name"), required=True, max_length=120),
        Target("channel", _("Channel"), max_length=120),
        Target("note", _("Note"), max_length=500),
    ),
)

CAMPAIGNS = Importer(
    kind="campaigns",
    verb="acquire.campaign.import",
    apply=import_campaigns,
    faults=campaign_faults,
    undo=undo_campaign_import,
    targets=(
        EXTERNAL_ID,
        Target("name", _("Name"), required=True, max_length=120),
        Target("source", _("Sources, separated by semicolons"), max_length=500),
        Target("channel", _("Channel of a new source"), max_length=120),
        Target("segment", _("For whom"), max_length=200),
        Target("goal", _("Goal"), max_length=200),
        Target("starts_on", _("Starts"), TargetKind.DATE),
        Target("ends_on", _("Ends"), TargetKind.DATE),
        Target("budget", _("Budget"), TargetKind.MONEY),
        CURRENCY,
        Target("owner", _("Owner"), max_length=254),
    ),
)

SPEND = Importer(
    kind="spend",
    verb="acquire.spend.import",
    apply=import_spend,
    faults=spend_faults,
    undo=undo_spend_import,
    targets=(
        EXTERNAL_ID,
        Target("source", _("Source"), required=True, max_length=120),
        Target("channel", _("Channel of a new source"), max_length=120),
        Target("campaign", _("Campaign"), max_length=120),
        Target("spent_on", _("Day"), TargetKind.DATE, required=True),
        Target("amount", _("Amount"), TargetKind.MONEY, required=True),
        CURRENCY,
        Target("note", _("Note"), max_length=200),
    ),
)

TOUCHPOINTS = Importer(
    kind="touchpoints",
    verb="acquire.touchpoint.import",
    apply=import_touchpoints,
    faults=touchpoint_faults,
    undo=undo_touchpoint_import,
    undo_steps=UNDO_TOUCHPOINTS,
    targets=(
        EXTERNAL_ID,
        Target("name", _("Full name"), max_length=200),
        Target("first_name", _("First name"), max_length=100),
        Target("last_name", _("Last name"), max_length=100),
        Target("email", _("E-mail"), TargetKind.EMAIL, max_length=254),
        Target("phone", _("Phone"), TargetKind.PHONE, max_length=60, reads=is_phone),
        Target("company", _("Company"), max_length=200),
        Target("kind", _("What happened"), TargetKind.CHOICE, choices=KINDS, called=dict(TouchpointKind.choices)),
        Target("direction", _("Direction"), TargetKind.CHOICE, choices=DIRECTIONS),
        Target("source", _("Source"), max_length=120),
        Target("channel", _("Channel of a new source"), max_length=120),
        Target("campaign", _("Campaign"), max_length=120),
        Target("occurred_at", _("When"), TargetKind.DATETIME),
        Target("cost", _("Cost"), TargetKind.MONEY),
        CURRENCY,
        Target("note", _("Note"), max_length=300),
    ),
)
