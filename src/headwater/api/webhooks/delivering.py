"""Telling webhooks what happens: each from its own place in the log, in order, at its own pace.

A message that is not taken is tried again after growing pauses; the next one waits for it. After a day the webhook is
switched off. What is sent twice (a worker that died, a replay) has the same id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db.models import Exists, F, OuterRef, Q

from headwater import __version__
from headwater.api.changes import in_sight, told_of
from headwater.api.models import Webhook, WebhookDelivery
from headwater.api.shapes import json_of
from headwater.api.webhooks.actions import TEST_VERB, give_up
from headwater.api.webhooks.queries import meant
from headwater.api.webhooks.rules import KEPT_DAYS, PATIENCE, pause_after
from headwater.api.webhooks.sending import Reply, post
from headwater.api.webhooks.signing import signatures, unseal
from headwater.platform.actor import Actor, Visibility, job_actor
from headwater.platform.clock import now
from headwater.platform.errors import NotAllowed
from headwater.platform.horizon import log_horizon
from headwater.platform.installation import actor_by_ref
from headwater.platform.models import Event
from headwater.platform.phrases import phrase
from headwater.platform.resource import REGISTRY, Resource
from headwater.platform.schedule import every
from headwater.platform.translated import noted

log = structlog.get_logger()

BATCH: Final = 100
WINDOW: Final = 20_000  # entries of the log that one look goes through
TURN: Final = timedelta(seconds=20)  # after so long another webhook has its turn
LEASE: Final = timedelta(minutes=1)
ME: Final = "webhooks"
UNSEEN: Final = noted("Whoever made the webhook may not see this record.")
State = WebhookDelivery.State


def deliver_next() -> bool:
    """Tell the one that has waited longest what happened since; whether there was one."""
    at = now()
    if not Webhook.objects.exists():
        return False
    queued = WebhookDelivery.objects.filter(webhook=OuterRef("pk"), state=State.QUEUED)
    free = Q(lease_until=None) | Q(lease_until__lt=at)
    ready = Q(is_active=True) & (Q(retry_at=None) | Q(retry_at__lte=at)) & Q(position__lt=log_horizon())
    waiting = (
        Webhook.objects.filter(free).filter(ready | Exists(queued)).order_by(F("lease_until").asc(nulls_first=True))
    )
    for webhook in waiting[:5]:
        # Conditional on what was read: of two workers one gets a row count of 0 and takes the next.
        mine = Webhook.objects.filter(pk=webhook.pk, lease_until=webhook.lease_until)
        if mine.update(lease_until=at + LEASE):
            _Turn(webhook, until=at + TURN).go()
            return True
    return False


def _secrets(webhook: Webhook) -> list[str]:
    """What the webhook's messages are signed with; none, if the newest was made by another installation."""
    sealed = [webhook.sealed]
    if webhook.overlap_until is not None and webhook.overlap_until > now():
        sealed.append(webhook.sealed_before)
    newest, *before = (unseal(each) for each in sealed)
    return [newest, *filter(None, before)] if newest is not None else []


class _Turn:
    """What one webhook is told in one go, by one worker."""

    def __init__(self, webhook: Webhook, *, until: datetime) -> None:
        self.webhook, self.until, self.row = webhook, until, Webhook.objects.filter(pk=webhook.pk)
        self.secrets = _secrets(webhook)

    def go(self) -> None:
        """Everything that waits, until it is done, fails, or others have their turn."""
        try:
            by = self._by()
            if by is not None:
                self._again(by)
                if self.webhook.is_active and _is_due(self.webhook):
                    self._on(by)
        finally:
            # A lease that ended now: who was served last comes last.
            self.row.update(lease_until=now())

    def _by(self) -> Actor | None:
        """Whose rights decide what it hears; without anybody's it is switched off."""
        if not self.secrets:
            self._off(noted("The secret was made by another installation. Make a new one."))
            return None
        try:
            by = actor_by_ref(self.webhook.made_by)
        except NotAllowed:
            self._off(noted("Whoever made it, or the token it was made with, may no longer act here."))
            return None
        if not by.may("api.webhook.create"):
            self._off(noted("Whoever made it may no longer have webhooks."))
            return None
        return by

    def _off(self, why: str) -> None:
        WebhookDelivery.objects.filter(webhook=self.webhook, state=State.QUEUED).update(
            state=State.FAILED, status=None, answer=phrase(why)
        )
        give_up(webhook_id=self.webhook.pk, why=why, by=job_actor(ME), at=now())
        self.webhook.is_active = False

    def _again(self, by: Actor) -> None:
        """Single messages that somebody asked for; they are tried once."""
        for message in WebhookDelivery.objects.filter(webhook=self.webhook, state=State.QUEUED).order_by("pk")[:BATCH]:
            found = list(Event.objects.filter(pk=message.event_id)) if message.event_id else []
            bodies = [_test(message.created_at)] if message.verb == TEST_VERB else [_body(e) for e in _told(found, by)]
            if not bodies:
                WebhookDelivery.objects.filter(pk=message.pk).update(
                    state=State.FAILED, status=None, answer=phrase(UNSEEN), last_at=now()
                )
                continue
            reply = self._send(message.message, bodies[0])
            self._note(message.message, message.verb, message.event_id, reply, failed=State.FAILED)
            if now() > self.until:
                return

    def _on(self, by: Actor) -> None:
        """What happened since, in order."""
        horizon, position = log_horizon(), self.webhook.position
        nouns = {key: resource for key, resource in REGISTRY.items() if by.may(resource.verb("see"))}
        wanted = meant(self.webhook.events, list(nouns))
        while position < horizon and now() < self.until:
            end = min(horizon, position + WINDOW)
            found = list(Event.objects.filter(wanted, pk__gt=position, pk__lte=end).order_by("pk")[:BATCH])
            for event, resource, is_here in _told(found, by):
                if now() > self.until or not self._take(event, resource, is_here):
                    return
            reached = found[-1].pk if len(found) == BATCH else end
            # Conditional: somebody may have asked meanwhile for all of it again.
            if not self.row.filter(position=self.webhook.position).update(position=reached):
                return
            position = self.webhook.position = reached

    def _take(self, event: Event, resource: Resource, is_here: bool) -> bool:
        """Send one message; whether the next one may follow."""
        message = f"msg_{self.webhook.pk}_{event.pk}"
        reply = self._send(message, _body((event, resource, is_here)))
        self._note(message, event.verb, event.pk, reply, failed=State.RETRYING)
        here = self.row.filter(position=self.webhook.position, is_active=True)
        if reply.is_taken:
            done = here.update(position=event.pk, attempts=0, failing_since=None, retry_at=None)
            self.webhook.position = event.pk
            self.webhook.attempts, self.webhook.failing_since = 0, None
            return bool(done)
        at = now()
        since = self.webhook.failing_since or at
        attempts = self.webhook.attempts + 1
        here.update(attempts=attempts, failing_since=since, retry_at=at + pause_after(attempts))
        if reply.status == 410:
            self._off(noted("The receiver said that it is gone (410)."))
        elif at - since >= PATIENCE:
            self._off(noted("It took nothing for a day; what it answered last stands in the log of its messages."))
        return False

    def _send(self, message: str, body: bytes) -> Reply:
        at = now()
        self.row.update(lease_until=at + LEASE)
        timestamp = int(at.timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Headwater/{__version__}",
            "webhook-id": message,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(self.secrets, message=message, timestamp=timestamp, body=body),
        }
        return post(self.webhook.url, body, headers)

    def _note(self, message: str, verb: str, event_id: int | None, reply: Reply, *, failed: str) -> None:
        at = now()
        new = WebhookDelivery(webhook=self.webhook, message=message, verb=verb, event_id=event_id)
        new.created_at = new.last_at = at
        WebhookDelivery.objects.bulk_create([new], ignore_conflicts=True)
        WebhookDelivery.objects.filter(webhook=self.webhook, message=message).update(
            state=State.DELIVERED if reply.is_taken else failed,
            attempts=F("attempts") + 1,
            status=reply.status,
            milliseconds=reply.milliseconds,
            answer=reply.text,
            last_at=at,
        )


Told = tuple[Event, Resource, bool]


def _is_due(webhook: Webhook) -> bool:
    return webhook.retry_at is None or webhook.retry_at <= now()


def _told(events: Iterable[Event], by: Actor) -> list[Told]:
    """The events the actor may hear of, with their noun and whether the record is there, as ``/changes`` tells it."""
    nouns = {key: resource for key, resource in REGISTRY.items() if by.may(resource.verb("see"))}
    about = [event for event in events if event.subject_type in nouns]
    here = in_sight(about, nouns, by)
    sees_all = by.visibility is Visibility.ALL
    found = [(event, nouns[event.subject_type], (event.subject_type, event.subject_id) in here) for event in about]
    return [(event, resource, is_here) for event, resource, is_here in found if sees_all or is_here]


def _body(told: Told) -> bytes:
    event, resource, is_here = told
    return _message(event.verb, event.recorded_at, told_of(event, resource, is_here=is_here))


def _test(at: datetime) -> bytes:
    return _message(TEST_VERB, at, {"note": "Somebody wants to know whether this arrives."})


def _message(verb: str, at: datetime, data: dict[str, Any]) -> bytes:
    return json.dumps({"type": verb, "timestamp": json_of(at), "data": data}, separators=(",", ":")).encode()


@every(timedelta(days=1), "api.webhook_deliveries")
def forget_deliveries(at: datetime) -> None:
    """What webhooks were sent is kept for 30 days."""
    WebhookDelivery.objects.filter(last_at__lt=at - timedelta(days=KEPT_DAYS)).delete()
