"""Who is told of what happens: webhooks added, changed, switched on and off, and messages sent again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from headwater.api.events import WebhookAdded, WebhookChanged, WebhookDeleted, WebhookSwitchedOff, WebhookSwitchedOn
from headwater.api.models import Webhook, WebhookDelivery
from headwater.api.webhooks.queries import unknown_events, webhook_of
from headwater.api.webhooks.rules import MOST_EVENTS
from headwater.api.webhooks.sending import BadAddress, judge
from headwater.api.webhooks.signing import new_secret, seal
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Conflict, Invalid, NotFound
from headwater.platform.events import record
from headwater.platform.horizon import log_horizon
from headwater.platform.models import Event
from headwater.platform.translated import noted

TEST_VERB = "webhook.test"
MOST_WEBHOOKS = 50
OVERLAP = timedelta(days=1)  # so long a secret goes on after a newer one was made
State = WebhookDelivery.State


@action
def add_webhook(
    *, url: str, events: Sequence[str] = (), label: str = "", by: Actor, at: datetime
) -> tuple[Webhook, str]:
    """Tell another program what happens from now on; the webhook and its secret, which is told only now.

    It hears what whoever makes it may see. One that a token makes ends with the token.

    Raises:
        NotAllowed: the actor may not.
        Invalid: the address, the events or the label.
    """
    by.require("api.webhook.create")
    _check(url, events, label)
    if Webhook.objects.count() >= MOST_WEBHOOKS:
        raise Conflict(
            _("There are {most_webhooks} webhooks already. Delete one first.").format(most_webhooks=MOST_WEBHOOKS)
        )
    secret = new_secret()
    made = Webhook.objects.create(
        url=url, events=list(dict.fromkeys(events)), label=label.strip(), sealed=seal(secret), made_by=by.ref,
        user_id=by.user_id, created_at=at, position=log_horizon(),
    )  # fmt: skip
    record(WebhookAdded(webhook_id=made.pk, host=host_of(made)), by=by, at=at)
    return made, secret


@action
def change_webhook(*, webhook_id: int, by: Actor, at: datetime, **values: Any) -> Webhook:
    """Change the address, events or label. From then on it hears what whoever changed it may see.

    Raises:
        NotAllowed: the actor may not.
        NotFound: there is none that the actor sees.
        Invalid: the address, the events or the label.
    """
    found = _held(webhook_id, by)
    wanted = {name: getattr(found, name) for name in ("url", "events", "label")} | values
    _check(wanted["url"], wanted["events"], wanted["label"])
    changed = [name for name, value in wanted.items() if getattr(found, name) != value]
    if changed:
        found.url, found.events, found.label = wanted["url"], list(wanted["events"]), wanted["label"].strip()
        if changed != ["label"]:
            found.made_by, found.user_id = by.ref, by.user_id
        found.save(update_fields=["url", "events", "label", "made_by", "user"])
        record(WebhookChanged(webhook_id=found.pk, host=host_of(found), what=", ".join(changed)), by=by, at=at)
    return found


@action
def renew_secret(*, webhook_id: int, by: Actor, at: datetime) -> tuple[Webhook, str]:
    """A new secret, told only now; messages are signed with the one before as well for :data:`OVERLAP`.

    So the receiver can be given the new one while it goes on reading. Asked again, the oldest ends at once.
    """
    found = _held(webhook_id, by)
    secret = new_secret()
    found.sealed_before, found.overlap_until = found.sealed, at + OVERLAP
    found.sealed, found.made_by, found.user_id = seal(secret), by.ref, by.user_id
    found.save(update_fields=["sealed", "sealed_before", "overlap_until", "made_by", "user"])
    record(WebhookChanged(webhook_id=found.pk, host=host_of(found), what="secret"), by=by, at=at)
    return found, secret


@action
def switch_on(*, webhook_id: int, by: Actor, at: datetime) -> Webhook:
    """Go on telling it, from where it was: what happened meanwhile comes first."""
    return _on(webhook_id, None, by, at)


@action
def switch_on_from_now(*, webhook_id: int, by: Actor, at: datetime) -> Webhook:
    """Go on telling it from now: what happened meanwhile, or what it could not take, is left out."""
    return _on(webhook_id, log_horizon(), by, at)


@action
def switch_off(*, webhook_id: int, by: Actor, at: datetime) -> Webhook:
    """Tell it nothing for now."""
    found = _held(webhook_id, by)
    if found.is_active:
        found.is_active, found.off_at, found.off_reason = False, at, ""
        found.save(update_fields=["is_active", "off_at", "off_reason"])
        record(WebhookSwitchedOff(webhook_id=found.pk, host=host_of(found), why=noted("by hand")), by=by, at=at)
    return found


@action
def give_up(*, webhook_id: int, why: str, by: Actor, at: datetime) -> None:
    """The worker switches it off, with the reason, which those who look after webhooks find on My day."""
    found = Webhook.objects.select_for_update().filter(pk=webhook_id, is_active=True).first()
    if found is not None:
        found.is_active, found.off_at, found.off_reason = False, at, why[:300]
        found.save(update_fields=["is_active", "off_at", "off_reason"])
        record(WebhookSwitchedOff(webhook_id=found.pk, host=host_of(found), why=why[:300]), by=by, at=at)


@action
def delete_webhook(*, webhook_id: int, by: Actor, at: datetime) -> None:
    """Tell it nothing any more, and forget what it was told."""
    by.require("api.webhook.delete")
    found = webhook_of(by, webhook_id)
    record(WebhookDeleted(webhook_id=found.pk, host=host_of(found)), by=by, at=at)
    found.delete()


@action
def send_test(*, webhook_id: int, by: Actor, at: datetime) -> WebhookDelivery:
    """Have the worker send a message that says nothing, to see whether it arrives."""
    found = _held(webhook_id, by)
    return WebhookDelivery.objects.create(
        webhook=found, message=f"test_{uuid.uuid4().hex}", verb=TEST_VERB, created_at=at, last_at=at
    )


@action
def send_again(*, webhook_id: int, delivery_id: int, by: Actor, at: datetime) -> WebhookDelivery:
    """Have the worker send one message again, as it was, under its own id.

    Raises:
        NotFound: there is no such message any more.
    """
    found = _held(webhook_id, by)
    message = WebhookDelivery.objects.select_for_update().filter(webhook=found, pk=delivery_id).first()
    if message is None:
        raise NotFound()
    if message.state != State.RETRYING:
        message.state, message.last_at = State.QUEUED, at
        message.save(update_fields=["state", "last_at"])
    return message


@action
def send_all_since(*, webhook_id: int, since: datetime, by: Actor, at: datetime) -> Webhook:
    """Have the worker tell it everything again that was recorded since a moment, in order, under the same ids."""
    found = _held(webhook_id, by)
    before = Event.objects.filter(recorded_at__lt=since).order_by("-pk").values_list("pk", flat=True).first() or 0
    found.position = min(found.position, before)
    found.attempts, found.failing_since, found.retry_at = 0, None, None
    found.save(update_fields=["position", "attempts", "failing_since", "retry_at"])
    what = f"everything since {since:%Y-%m-%d %H:%M} again"
    record(WebhookChanged(webhook_id=found.pk, host=host_of(found), what=what), by=by, at=at)
    return found


def host_of(webhook: Webhook) -> str:
    """Where it is, without the path: that may hold a key."""
    return urlsplit(webhook.url).hostname or ""


def _held(webhook_id: int, by: Actor) -> Webhook:
    by.require("api.webhook.change")
    webhook_of(by, webhook_id)
    return Webhook.objects.select_for_update().get(pk=webhook_id)


def _on(webhook_id: int, position: int | None, by: Actor, at: datetime) -> Webhook:
    found = _held(webhook_id, by)
    found.position = found.position if position is None else position
    was_off, found.is_active, found.off_at, found.off_reason = not found.is_active, True, None, ""
    found.attempts, found.failing_since, found.retry_at = 0, None, None
    found.made_by, found.user_id = by.ref, by.user_id
    names = "position is_active off_at off_reason attempts failing_since retry_at made_by user"
    found.save(update_fields=names.split())
    if was_off or position is not None:
        record(WebhookSwitchedOn(webhook_id=found.pk, host=host_of(found)), by=by, at=at)
    return found


def _check(url: str, events: Sequence[str], label: str) -> None:
    wrong: dict[str, list[str]] = {}
    if len(url) > 500:
        wrong["url"] = [_("An address has at most 500 letters.")]
    else:
        try:
            judge(url)
        except BadAddress as bad:
            wrong["url"] = [str(bad)]
    if len(events) > MOST_EVENTS:
        wrong["events"] = [
            _("At most {most_events} events can be named. Name their nouns, or none for all.").format(
                most_events=MOST_EVENTS
            )
        ]
    elif unknown := unknown_events(events):
        wrong["events"] = [_("Nothing is called “{word}”.").format(word=word[:80]) for word in unknown]
    if len(label) > 80:
        wrong["label"] = [_("A label has at most 80 letters.")]
    if wrong:
        raise Invalid(wrong)
