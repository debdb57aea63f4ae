"""Chances to sell and what was sold: products, the pipeline, opportunities, orders."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from headwater.platform.custom.values import CustomValues
from headwater.platform.said import SaysChoices
from headwater.sell.rules import line_total


class Product(models.Model):
    """Something we sell. ``name_key`` is the folded name that files are matched by."""

    name = models.CharField(max_length=160)
    name_key = models.CharField(max_length=160)
    family = models.CharField(max_length=80, default="", blank=True)
    list_price = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    cost = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    extra = models.JSONField(default=dict)
    batch_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name_key"], condition=Q(deleted_at=None), name="product_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class Pipeline(models.Model):
    """An ordered row of stages that opportunities move through."""

    name = models.CharField(max_length=80, unique=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_pipeline")
        ]

    def __str__(self) -> str:
        return self.name


class PipelineStage(models.Model):
    """One stage of a pipeline: its place, and how likely an opportunity in it is won, in percent."""

    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="stages")
    name = models.CharField(max_length=60)
    position = models.PositiveIntegerField()
    probability = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "name"], name="stage_name_once"),
            models.UniqueConstraint(fields=["pipeline", "position"], name="stage_position_once"),
            models.CheckConstraint(condition=Q(probability__lte=100), name="probability_is_percent"),
        ]

    def __str__(self) -> str:
        return self.name


class Outcome(models.TextChoices):
    """How an opportunity ended; empty while it is open."""

    WON = "WON", _("Won")
    LOST = "LOST", _("Lost")


class ForecastCategory(models.TextChoices):
    """How firmly the owner counts on it."""

    PIPELINE = "PIPELINE", _("Pipeline")
    BEST_CASE = "BEST_CASE", _("Best case")
    COMMIT = "COMMIT", _("Commit")
    CLOSED = "CLOSED", _("Closed")
    OMITTED = "OMITTED", _("Omitted")


class LostReason(models.TextChoices):
    """Why they did not buy from us."""

    PRICE = "PRICE", _("Price")
    COMPETITOR = "COMPETITOR", _("Competitor")
    NO_DECISION = "NO_DECISION", _("No decision")
    NO_BUDGET = "NO_BUDGET", _("No budget")
    TIMING = "TIMING", _("Timing")
    MISSING_FEATURE = "MISSING_FEATURE", _("Product does not fit")
    OTHER = "OTHER", _("Other")
    UNKNOWN = "UNKNOWN", _("Not recorded")


class Opportunity(SaysChoices):
    """A chance to sell. ``party`` buys; ``organisation`` is whom a buying person works for.

    ``lead`` is the episode it came from, empty when none is known. ``amount`` empty means not known. Either
    ``outcome`` is empty and the stage says how likely it is, or it is won or lost since ``closed_at``.
    """

    name = models.CharField(max_length=200)
    lead = models.ForeignKey(
        "qualify.Lead", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    party = models.ForeignKey("parties.Party", null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        "parties.Party", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    stage = models.ForeignKey(PipelineStage, db_index=False, on_delete=models.PROTECT, related_name="+")
    stage_since = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=4, choices=Outcome, default="", blank=True)
    amount = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    probability = models.PositiveIntegerField()
    forecast_category = models.CharField(max_length=10, choices=ForecastCategory, default=ForecastCategory.PIPELINE)
    close_date = models.DateField(null=True, blank=True)
    next_step = models.CharField(max_length=200, default="", blank=True)
    competitor = models.CharField(max_length=120, default="", blank=True)
    lost_reason = models.CharField(max_length=16, choices=LostReason, default="", blank=True)
    lost_note = models.CharField(max_length=300, default="", blank=True)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    owner = models.ForeignKey(
        "team.User", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    team = models.ForeignKey(
        "team.Team", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    extra = models.JSONField(default=dict)
    custom = CustomValues()
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    batch_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index("lead", name="opportunity_lead", condition=Q(lead__isnull=False)),
            models.Index("party", name="opportunity_party"),
            models.Index("organisation", name="opportunity_org", condition=Q(organisation__isnull=False)),
            models.Index("outcome", "stage", "close_date", "id", name="opportunity_board"),
            models.Index("close_date", "id", name="opportunity_close"),
            models.Index("owner", "outcome", "close_date", "id", name="opportunity_owner"),
            models.Index("team", name="opportunity_team", condition=Q(team__isnull=False)),
            models.Index("batch_id", name="opportunity_batch", condition=Q(batch_id__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=["", *Outcome.values]), name="outcome_known"),
            models.CheckConstraint(condition=~Q(outcome="LOST") | ~Q(lost_reason=""), name="lost_has_reason"),
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gte=0), name="amount_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether it can still be won or lost."""
        return not self.outcome


class Line(models.Model):
    """What an opportunity or order is about. ``product`` empty and ``product_text`` set: still to decide."""

    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    product_text = models.CharField(max_length=160, default="", blank=True)
    quantity = models.DecimalField(max_digits=12, decimal_places=2, default=1)
    unit_price = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_to_decide(self) -> bool:
        """Whether somebody has to say which product of the catalogue the file's text means."""
        return self.product_id is None and bool(self.product_text)

    @property
    def label(self) -> str:
        """The product's name, or the file's text while it is to decide."""
        return self.product.name if self.product is not None else self.product_text

    @property
    def total(self) -> Decimal | None:
        """What the line comes to; unknown without a price."""
        return line_total(self.quantity, self.unit_price)


class OpportunityLine(Line):
    """A product somebody may buy."""

    opportunity = models.ForeignKey(Opportunity, on_delete=models.PROTECT, related_name="lines")

    def __str__(self) -> str:
        return self.label


class Order(SaysChoices):
    """What was bought. ``amount`` and ``cost`` are the sums of its lines where those are known.

    ``ordered_at`` empty means the day is not known. ``lead`` repeats the opportunity's lead, because every number
    about sources needs it. ``head`` keeps what the import that read it last said of it: the order's rows may stand
    anywhere in the file, and each must agree with the first.
    """

    number = models.CharField(max_length=60, default="", blank=True)
    party = models.ForeignKey("parties.Party", null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        "parties.Party", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    lead = models.ForeignKey(
        "qualify.Lead", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    opportunity = models.ForeignKey(Opportunity, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    ordered_at = models.DateTimeField(null=True)
    amount = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    cost = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    owner = models.ForeignKey(
        "team.User", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    team = models.ForeignKey(
        "team.Team", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    note = models.CharField(max_length=300, default="", blank=True)
    extra = models.JSONField(default=dict)
    custom = CustomValues()
    head = models.JSONField(null=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    batch_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index("lead", name="order_lead", condition=Q(lead__isnull=False)),
            models.Index("party", "ordered_at", name="order_party"),
            models.Index("organisation", "ordered_at", name="order_org", condition=Q(organisation__isnull=False)),
            models.Index("owner", name="order_owner"),
            models.Index("ordered_at", "id", name="order_time"),
            models.Index("batch_id", name="order_batch", condition=Q(batch_id__isnull=False)),
            # What lists are narrowed down by, to find the few that have a value, or have none.
            models.Index("number", name="order_number"),
            models.Index("amount", name="order_amount"),
            models.Index("currency", name="order_currency"),
            models.Index("note", name="order_note"),
        ]

    def __str__(self) -> str:
        return self.number or f"order {self.pk}"


class OrderLine(Line):
    """A product that was bought, with what it cost us.

    ``amount`` is the line's value where a file gives it; else quantity, price and ``discount`` (percent) say it.
    ``extra`` holds what the line's own row says beyond the order's. ``read_batch_id`` is the import that read it
    last, so that of two like rows each finds a line of its own, wherever in the file they stand.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    unit_cost = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    discount = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    amount = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    extra = models.JSONField(null=True)
    read_batch_id = models.BigIntegerField(null=True)

    @property
    def total(self) -> Decimal | None:
        """What the line comes to; unknown without a price."""
        return self.amount if self.amount is not None else line_total(self.quantity, self.unit_price, self.discount)

    def __str__(self) -> str:
        return self.label
