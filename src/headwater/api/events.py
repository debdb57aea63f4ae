"""The facts the API records: who is told of what happens here."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from headwater.platform.events import Fact


@dataclass(frozen=True, kw_only=True)
class WebhookAdded(
    Fact,
    verb="api.webhook_added",
    subject="api.webhook:webhook_id",
    sentence=_("Tells {host} what happens"),
    icon="webhook",
):
    """Another program is told what happens from now on."""

    webhook_id: int
    host: str


@dataclass(frozen=True, kw_only=True)
class WebhookChanged(
    Fact,
    verb="api.webhook_changed",
    subject="api.webhook:webhook_id",
    sentence=_("Changed what {host} is told: {what}"),
    icon="webhook",
):
    """The address, the events or the secret of a webhook changed, or messages are sent again; ``what`` says which."""

    webhook_id: int
    host: str
    what: str


@dataclass(frozen=True, kw_only=True)
class WebhookSwitchedOn(
    Fact,
    verb="api.webhook_switched_on",
    subject="api.webhook:webhook_id",
    sentence=_("Tells {host} again what happens"),
    icon="webhook",
):
    """A webhook that was off is told what happens again."""

    webhook_id: int
    host: str


@dataclass(frozen=True, kw_only=True)
class WebhookSwitchedOff(
    Fact,
    verb="api.webhook_switched_off",
    subject="api.webhook:webhook_id",
    sentence=_("No longer tells {host} what happens: {why}"),
    icon="webhook",
):
    """Somebody switched a webhook off, or it did not answer for a day."""

    webhook_id: int
    host: str
    why: str


@dataclass(frozen=True, kw_only=True)
class WebhookDeleted(
    Fact,
    verb="api.webhook_deleted",
    subject="api.webhook:webhook_id",
    sentence=_("Deleted the webhook of {host}"),
    icon="trash",
):
    """A webhook is gone, with the log of its deliveries."""

    webhook_id: int
    host: str
