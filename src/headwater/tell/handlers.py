"""Whom this room tells: of imports that are done, and of webhooks that were given up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.urls import reverse

from headwater.api.events import WebhookSwitchedOff
from headwater.api.models import Webhook
from headwater.intake.events import FileImported
from headwater.platform.phrases import phrase
from headwater.platform.translated import noted
from headwater.tell.queries.tidings import Tiding, Told, alone, tells
from headwater.tell.words import NewsKind


@tells(FileImported)
def tell_of_imports(told: Sequence[Told]) -> Iterable[Tiding]:
    """Whoever began an import may have gone elsewhere meanwhile."""
    for fact, event in told:
        assert isinstance(fact, FileImported)
        if event.user_id is not None:
            words = phrase(
                noted("Your import is done: %(created)s created, %(updated)s updated, %(rejected)s left out"),
                created=fact.created, updated=fact.updated, rejected=fact.rejected,
            )  # fmt: skip
            path = reverse("import", args=[fact.batch_id])
            yield alone(NewsKind.WORK, event, event.user_id, noun="", row_id=None, is_own=True, words=words, path=path)


@tells(WebhookSwitchedOff)
def tell_of_webhooks(told: Sequence[Told]) -> Iterable[Tiding]:
    """Whoever made a webhook that does not answer can mend it; who switched it off by hand knows."""
    events = {fact.webhook_id: (fact, event) for fact, event in told if isinstance(fact, WebhookSwitchedOff)}
    for webhook in Webhook.objects.filter(pk__in=events).filter(user__isnull=False):
        fact, event = events[webhook.pk]
        words = phrase(
            noted("The webhook to %(host)s was given up: %(why)s"), host=fact.host, why=phrase(fact.why[:150])
        )
        path = reverse("settings_webhook", args=[webhook.pk])
        yield alone(NewsKind.WEBHOOK, event, webhook.user_id or 0, noun="", row_id=None, words=words, path=path)
