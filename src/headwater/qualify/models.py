"""Leads: one episode of possible interest of a party, from arrival to an exit."""

from __future__ import annotations

from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.expressions import RawSQL
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _

from headwater.platform.custom.values import CustomValues
from headwater.platform.said import SaysChoices


class Stage(models.TextChoices):
    """How far a lead is; the codes are fixed, their labels may be changed by translation."""

    NEW = "NEW", _("New")
    WORKING = "WORKING", _("Working")
    MQL = "MQL", _("MQL")
    SAL = "SAL", _("SAL")
    SQL = "SQL", _("SQL")


class Exit(models.TextChoices):
    """How a lead ended; empty while it is open."""

    CONVERTED = "CONVERTED", _("Converted")
    DISQUALIFIED = "DISQUALIFIED", _("Disqualified")
    RECYCLED = "RECYCLED", _("Recycled")
    MERGED = "MERGED", _("Merged")


class Interest(models.TextChoices):
    """What they came for."""

    ENQUIRY = "ENQUIRY", _("Enquiry")
    QUOTE_REQUEST = "QUOTE_REQUEST", _("Quote request")


class DisqualifyReason(models.TextChoices):
    """Why a lead will not become a sale."""

    NO_NEED = "NO_NEED", _("No need")
    NO_BUDGET = "NO_BUDGET", _("No budget")
    NOT_REACHABLE = "NOT_REACHABLE", _("Not reachable")
    WRONG_FIT = "WRONG_FIT", _("Not our kind of customer")
    COMPETITOR = "COMPETITOR", _("Bought elsewhere")
    SPAM = "SPAM", _("Spam or a test")
    DUPLICATE = "DUPLICATE", _("Known already")
    OTHER = "OTHER", _("Other")


class SendBackReason(models.TextChoices):
    """Why sales sends a handed-over lead back."""

    NOT_ENOUGH = "NOT_ENOUGH", _("Not enough to go on")
    NOT_READY = "NOT_READY", _("Not ready to talk")
    WRONG_PERSON = "WRONG_PERSON", _("Wrong person")
    WRONG_FIT = "WRONG_FIT", _("Not our kind of customer")
    NOT_REACHABLE = "NOT_REACHABLE", _("Not reachable")
    OTHER = "OTHER", _("Other")


def waiting_until() -> Case:
    """When the first answer to a lead is due, while it is missing.

    The empty exit is text of the query, not a parameter: only so SQLite sees that an index has just this.
    """
    return Case(
        When(answered_at=None, exit=RawSQL("''", []), then="answer_due_at"),
        output_field=models.DateTimeField(null=True),
    )


OF_A_COMPANY = Q(organisation=F("party"))  # a company that asks is the one it asks for; nobody works for themselves


class Lead(SaysChoices):
    """One episode of possible interest. A party can have many over the years.

    ``party`` is who asked; ``organisation`` whom they work for, or the same where a company asked. ``source`` empty is
    *left blank*, which is not the same as a source called unknown. ``arrived_at`` empty means the day is not known. A
    lead without an owner lies in the pool. The handover fields say who was asked to take it; they are empty when no
    handover is open.
    """

    party = models.ForeignKey("parties.Party", db_index=False, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        "parties.Party", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    referrer = models.ForeignKey(
        "parties.Party", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    source = models.ForeignKey(
        "acquire.Source", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    campaign = models.ForeignKey(
        "acquire.Campaign", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    title = models.CharField(max_length=200, default="", blank=True)
    interest = models.CharField(max_length=14, choices=Interest, default=Interest.ENQUIRY)
    amount = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, default="", blank=True)
    stage = models.CharField(max_length=8, choices=Stage, default=Stage.NEW)
    stage_since = models.DateTimeField(null=True)
    exit = models.CharField(max_length=12, choices=Exit, default="", blank=True)
    exit_reason = models.CharField(max_length=20, default="", blank=True)
    exit_note = models.CharField(max_length=300, default="", blank=True)
    exited_at = models.DateTimeField(null=True)
    wake_up_on = models.DateField(null=True, blank=True)
    owner = models.ForeignKey(
        "team.User", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    team = models.ForeignKey(
        "team.Team", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    arrived_at = models.DateTimeField(null=True)
    answer_due_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True)
    handed_by = models.ForeignKey("team.User", null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    handed_to = models.ForeignKey("team.User", null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    handover_due_at = models.DateTimeField(null=True)
    sent_back_reason = models.CharField(max_length=20, choices=SendBackReason, default="", blank=True)
    sent_back_note = models.CharField(max_length=300, default="", blank=True)
    merged_into = models.ForeignKey("self", null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    extra = models.JSONField(default=dict)
    custom = CustomValues()
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    batch_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index("party", name="lead_party"),
            # Whether a lead is deleted stands in it: going along it asks the table for nothing.
            models.Index("arrived_at", "id", "deleted_at", name="lead_arrived"),
            models.Index("owner", "exit", "arrived_at", "id", name="lead_owner"),
            models.Index("exit", "stage", "arrived_at", "id", name="lead_stage"),
            models.Index("source", "arrived_at", "id", name="lead_source"),
            models.Index(
                "answer_due_at",
                name="lead_waiting",
                condition=Q(answered_at=None, exit="", deleted_at=None, answer_due_at__isnull=False),
            ),
            models.Index("organisation", name="lead_org"),
            # People and companies are in one table; only so those of companies are found where they are few.
            models.Index("party", "id", name="lead_of_company", condition=OF_A_COMPANY),
            models.Index("referrer", name="lead_referrer", condition=Q(referrer__isnull=False)),
            models.Index("campaign", name="lead_campaign"),
            models.Index("team", "exit", "arrived_at", "id", name="lead_team", condition=Q(team__isnull=False)),
            models.Index("handed_to", name="lead_handover", condition=Q(handed_to__isnull=False)),
            models.Index("batch_id", name="lead_batch", condition=Q(batch_id__isnull=False)),
            # Whoever sees only some leads reads those of somebody, of a team and of nobody in the list's order.
            models.Index("owner", "arrived_at", "id", name="lead_owner_arrived", condition=Q(owner__isnull=False)),
            models.Index("team", "arrived_at", "id", name="lead_team_arrived", condition=Q(team__isnull=False)),
            models.Index("arrived_at", "id", name="lead_pool_arrived", condition=Q(owner=None, exit="")),
            # The orders that lists of leads are declared to have; rows without a value are read by id.
            models.Index("created_at", "id", name="lead_created"),
            models.Index("stage_since", "id", name="lead_since", condition=Q(stage_since__isnull=False)),
            models.Index("amount", "id", name="lead_amount", condition=Q(amount__isnull=False)),
            models.Index("exited_at", "id", name="lead_exited", condition=Q(exited_at__isnull=False)),
            models.Index("wake_up_on", "id", name="lead_wakes", condition=Q(wake_up_on__isnull=False)),
            # What lists are narrowed down by, to find the few that have a value, or have none.
            models.Index("interest", name="lead_interest"),
            models.Index("stage", name="lead_in_stage"),
            models.Index("title", name="lead_title"),
            models.Index("currency", name="lead_currency"),
            models.Index("exit_reason", name="lead_exit_reason"),
            models.Index("sent_back_reason", name="lead_sent_back"),
            models.Index("answered_at", name="lead_answered"),
            models.Index("answer_due_at", name="lead_answer_due"),
            # Nobody can say how many of those due are answered: what waits is found without looking at the others.
            models.Index(waiting_until(), "id", name="lead_clock", condition=Q(IsNull(waiting_until(), False))),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="lead_stage_known"),
            models.CheckConstraint(condition=Q(exit__in=["", *Exit.values]), name="lead_exit_known"),
            models.CheckConstraint(
                condition=~Q(exit="DISQUALIFIED") | ~Q(exit_reason=""), name="disqualified_has_reason"
            ),
            models.CheckConstraint(
                condition=~Q(exit="RECYCLED") | Q(wake_up_on__isnull=False), name="recycled_has_wake_up"
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"lead {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether the lead is still being worked on."""
        return not self.exit

    @property
    def in_pool(self) -> bool:
        """Whether anybody may claim it."""
        return self.owner_id is None and self.is_open
