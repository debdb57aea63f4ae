"""How people find us: channels, sources, campaigns with spend, and the touchpoints that tell."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from headwater.platform.said import SaysChoices


class Channel(models.TextChoices):
    """The kinds of way in. Fixed, so that every list and chart means the same by them."""

    TRADE_SHOW = "TRADE_SHOW", _("Trade show")
    WEB_FORM = "WEB_FORM", _("Web form")
    ORGANIC_SEARCH = "ORGANIC_SEARCH", _("Organic search")
    DIRECT = "DIRECT", _("Direct")
    SOCIAL_MEDIA = "SOCIAL_MEDIA", _("Social media")
    PAID_ADVERTISING = "PAID_ADVERTISING", _("Paid advertising")
    EXTERNAL_LIST = "EXTERNAL_LIST", _("External list")
    REFERRAL = "REFERRAL", _("Referral")
    PARTNER = "PARTNER", _("Partner or rep")
    EMAIL = "EMAIL", _("E-mail")
    INBOUND_CALL = "INBOUND_CALL", _("Inbound call")
    OUTBOUND_CALL = "OUTBOUND_CALL", _("Outbound call")
    WALK_IN = "WALK_IN", _("Walk-in")
    OTHER = "OTHER", _("Other")


class Source(models.Model):
    """A named way in inside a channel, such as *Hannover fair*. ``name_key`` is the folded name."""

    name = models.CharField(max_length=120)
    name_key = models.CharField(max_length=120, unique=True)
    channel = models.CharField(max_length=20, choices=Channel)
    note = models.CharField(max_length=500, default="", blank=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    extra = models.JSONField(default=dict)
    batch_id = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.name


class Campaign(models.Model):
    """A planned activity with a target segment, dates, budget and goals; belongs to a source or several."""

    name = models.CharField(max_length=160)
    name_key = models.CharField(max_length=160)
    sources = models.ManyToManyField(Source, related_name="campaigns", blank=True)
    segment = models.CharField(max_length=200, default="", blank=True)
    goal = models.CharField(max_length=200, default="", blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    budget = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    owner = models.ForeignKey("team.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    extra = models.JSONField(default=dict)
    batch_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index("name_key", name="campaign_name")]
        constraints = [
            models.UniqueConstraint(fields=["name_key"], condition=Q(deleted_at=None), name="campaign_name_once"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(starts_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                name="campaign_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SpendEntry(models.Model):
    """Money spent on a source, and on a campaign if any, on a day. A refund is an entry of its own, below zero."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="spend")
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT, related_name="spend")
    spent_on = models.DateField()
    amount = models.DecimalField(max_digits=15, decimal_places=2)
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=200, default="", blank=True)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    extra = models.JSONField(default=dict)
    batch_id = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} on {self.spent_on}"


class TouchpointKind(models.TextChoices):
    """What happened between a party and us."""

    ENQUIRY = "ENQUIRY", _("Enquiry")
    QUOTE_REQUEST = "QUOTE_REQUEST", _("Quote request")
    VISIT = "VISIT", _("Visit")
    DOWNLOAD = "DOWNLOAD", _("Download")
    AD_CLICK = "AD_CLICK", _("Ad click")
    FORM = "FORM", _("Form")
    EMAIL = "EMAIL", _("E-mail")
    CALL = "CALL", _("Call")
    MEETING = "MEETING", _("Meeting")
    STAND_VISIT = "STAND_VISIT", _("Stand visit")
    INTRODUCTION = "INTRODUCTION", _("Introduction")
    LISTED = "LISTED", _("On a list")
    OTHER = "OTHER", _("Other")


class Touchpoint(SaysChoices):
    """One contact in either direction. Never edited, only corrected by another entry (``corrects``).

    ``occurred_at`` empty means the time is not known. ``organisation`` is whom the person worked for then.
    """

    party = models.ForeignKey("parties.Party", db_index=False, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        "parties.Party", null=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    source = models.ForeignKey(Source, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=TouchpointKind)
    is_outbound = models.BooleanField(default=False)
    occurred_at = models.DateTimeField(null=True)
    cost = models.DecimalField(max_digits=15, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, default="")
    note = models.CharField(max_length=300, default="")
    corrects = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="correction")
    deleted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    extra = models.JSONField(default=dict)
    batch_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index("party", "occurred_at", name="touchpoint_party"),
            # Whether one is deleted stands in it: going along it asks the table for nothing.
            models.Index("occurred_at", "id", "deleted_at", name="touchpoint_time"),
            models.Index("organisation", name="touchpoint_org", condition=Q(organisation__isnull=False)),
            models.Index("batch_id", name="touchpoint_batch", condition=Q(batch_id__isnull=False)),
            models.Index("cost", "id", name="touchpoint_cost", condition=Q(cost__isnull=False)),
            # What lists are narrowed down by, to find the few that have a value, or have none.
            models.Index("source", "occurred_at", "id", name="touchpoint_source"),
            models.Index("kind", name="touchpoint_kind"),
            models.Index("campaign", name="touchpoint_campaign"),
            models.Index("is_outbound", name="touchpoint_outbound"),
            models.Index("note", name="touchpoint_note"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.occurred_at or 'at an unknown time'}"
