"""The facts of the acquire room: sources, campaigns, money spent and touchpoints."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from headwater.platform.events import Fact


@dataclass(frozen=True, kw_only=True)
class SourceAdded(
    Fact,
    verb="acquire.source_added",
    subject="acquire.source:source_id",
    sentence=_("Source {name} added"),
    icon="antenna-bars-5",
):
    """A new way in is known by name; from now on records can say that they came from it."""

    source_id: int
    name: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class SourceArchived(
    Fact,
    verb="acquire.source_archived",
    subject="acquire.source:source_id",
    sentence=_("Source {name} archived"),
    icon="archive",
):
    """A source is no longer offered for new records; what came from it keeps it."""

    source_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class SourceRestored(
    Fact,
    verb="acquire.source_restored",
    subject="acquire.source:source_id",
    sentence=_("Source {name} is in use again"),
    icon="antenna-bars-5",
):
    """An archived source is offered again."""

    source_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class CampaignAdded(
    Fact,
    verb="acquire.campaign_added",
    subject="acquire.campaign:campaign_id",
    sentence=_("Campaign {name} added"),
    icon="speakerphone",
):
    """A campaign is planned."""

    campaign_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class CampaignSourcesChanged(
    Fact,
    verb="acquire.campaign_sources_changed",
    subject="acquire.campaign:campaign_id",
    sentence=_("Sources of campaign {name} changed"),
    icon="pencil",
):
    """A campaign runs through other sources than before; ``before`` and ``after`` are ids of sources."""

    campaign_id: int
    name: str
    before: list[int]
    after: list[int]


@dataclass(frozen=True, kw_only=True)
class CampaignDeleted(
    Fact,
    verb="acquire.campaign_deleted",
    subject="acquire.campaign:campaign_id",
    sentence=_("Campaign {name} deleted"),
    icon="trash",
):
    """A campaign is taken off the lists; what refers to it still does."""

    campaign_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class CampaignRestored(
    Fact,
    verb="acquire.campaign_restored",
    subject="acquire.campaign:campaign_id",
    sentence=_("Campaign {name} restored"),
    icon="restore",
):
    """A deleted campaign is back."""

    campaign_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class SpendEntered(
    Fact,
    verb="acquire.spend_entered",
    subject="acquire.spend:spend_id",
    sentence=_("{amount} {currency} spent on {source_name}"),
    icon="cash",
):
    """Money was spent on a source, and on a campaign if one is named, on a day."""

    spend_id: int
    source_id: int
    source_name: str
    campaign_id: int | None = None
    spent_on: str
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class SpendDeleted(
    Fact,
    verb="acquire.spend_deleted",
    subject="acquire.spend:spend_id",
    sentence=_("Spend of {amount} {currency} taken out"),
    icon="trash",
):
    """A spend entry no longer counts."""

    spend_id: int
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class SpendRestored(
    Fact,
    verb="acquire.spend_restored",
    subject="acquire.spend:spend_id",
    sentence=_("Spend of {amount} {currency} counts again"),
    icon="restore",
):
    """A spend entry that was taken out counts again."""

    spend_id: int
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class TouchpointRecorded(
    Fact,
    verb="acquire.touchpoint_recorded",
    subject="acquire.touchpoint:touchpoint_id",
    personal=("note",),
    sentence=_("{kind}, {source_name}"),
    icon="bolt",
):
    """One contact with a party, in either direction, with the source and campaign that brought it about."""

    touchpoint_id: int
    kind: str
    source_id: int | None = None
    source_name: str | None = None
    channel: str | None = None
    campaign_id: int | None = None
    is_outbound: bool
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class TouchpointCorrected(
    Fact,
    verb="acquire.touchpoint_corrected",
    subject="acquire.touchpoint:touchpoint_id",
    personal=("note",),
    sentence=_("Corrected: {kind}, {source_name}"),
    icon="pencil",
):
    """A later entry says what an earlier touchpoint should have said; the earlier one no longer counts."""

    touchpoint_id: int
    corrects_id: int
    kind: str
    source_id: int | None = None
    source_name: str | None = None
    channel: str | None = None
    campaign_id: int | None = None
    is_outbound: bool
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class TouchpointTakenBack(
    Fact,
    verb="acquire.touchpoint_taken_back",
    subject="acquire.touchpoint:touchpoint_id",
    sentence=_("Touchpoint taken back"),
    icon="arrow-back-up",
):
    """A touchpoint was entered by mistake and does not count."""

    touchpoint_id: int
