"""Webhooks: who wants to be told what, and what became of telling them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from headwater.platform.phrases import spoken


class Webhook(models.Model):
    """An address of another program that is told what happens, in order, from ``position`` of the event log on.

    ``made_by`` says whose rights decide what it hears (``user:3``, ``token:5``); ``events`` are nouns and verbs, none
    means everything. ``sealed`` is the secret it knows us by, ``sealed_before`` the one before it, which signs as well
    until ``overlap_until``. ``failing_since`` is the first of the attempts that failed in a row; ``lease_until`` keeps
    two workers apart.
    """

    url = models.CharField(max_length=500)
    label = models.CharField(max_length=80, default="", blank=True)
    events = models.JSONField(default=list)
    sealed = models.CharField(max_length=255)
    sealed_before = models.CharField(max_length=255, default="", blank=True)
    overlap_until = models.DateTimeField(null=True)
    made_by = models.CharField(max_length=60)
    user = models.ForeignKey("team.User", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    is_active = models.BooleanField(default=True)
    off_at = models.DateTimeField(null=True)
    off_reason = models.CharField(max_length=300, default="", blank=True)
    position = models.BigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)

    @property
    def why_off(self) -> str:
        """Why it was given up, in the language of whoever reads it; empty where nobody gave it up."""
        return gettext(self.off_reason) if self.off_reason else ""

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class WebhookDelivery(models.Model):
    """One message to one webhook, and its last attempt; ``event_id`` is empty for a test."""

    class State(models.TextChoices):
        QUEUED = "QUEUED", _("Waits to be sent again")
        DELIVERED = "DELIVERED", _("Delivered")
        RETRYING = "RETRYING", _("Is tried again")
        FAILED = "FAILED", _("Failed")

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="+")
    message = models.CharField(max_length=60)
    event_id = models.BigIntegerField(null=True)
    verb = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    answer = models.CharField(max_length=500, default="", blank=True)
    created_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["webhook", "message"], name="one_delivery_per_message")]
        indexes = [
            models.Index("webhook", "last_at", name="webhook_delivery_log"),
            models.Index("webhook", name="webhook_delivery_queued", condition=Q(state="QUEUED")),
            models.Index("last_at", name="webhook_delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.message} to webhook {self.webhook_id}: {self.state}"

    @property
    def said(self) -> str:
        """What the receiver answered; where nothing came back, why, in the language of whoever reads it."""
        return self.answer if self.status is not None else spoken(self.answer)
