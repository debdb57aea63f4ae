"""Reads about webhooks: whose they are, and what they can be told of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from headwater.api.models import Webhook, WebhookDelivery
from headwater.platform.actor import Actor, Visibility
from headwater.platform.errors import NotFound
from headwater.platform.events import FACTS
from headwater.platform.resource import REGISTRY, by_slug

_GAPS = re.compile(r"\{\w+\}(?: \{\w+\})*")  # what a sentence says of one event


def visible_webhooks(actor: Actor) -> QuerySet[Webhook]:
    """The webhooks an actor may see: all, or their own.

    Raises:
        NotAllowed: the actor has nothing to do with webhooks.
    """
    actor.require("api.webhook.see")
    rows = Webhook.objects.select_related("user").order_by("pk")
    return rows if actor.visibility is Visibility.ALL else rows.filter(user_id=actor.user_id or 0)


def webhook_of(actor: Actor, webhook_id: int) -> Webhook:
    """One webhook.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    found = visible_webhooks(actor).filter(pk=webhook_id).first()
    if found is None:
        raise NotFound()
    return found


def deliveries_of(webhook: Webhook) -> QuerySet[WebhookDelivery]:
    """The messages it was sent in the last weeks, the newest first."""
    return WebhookDelivery.objects.filter(webhook=webhook).order_by("-last_at", "-pk")


def switched_off(actor: Actor) -> QuerySet[Webhook]:
    """The webhooks that did not answer for so long that they are told nothing any more."""
    return visible_webhooks(actor).filter(is_active=False).exclude(off_reason="")


def event_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """What a webhook can be told of: nouns, and under each what happens to them."""
    groups = []
    for resource in REGISTRY.values():
        verbs = sorted(verb for verb, fact in FACTS.items() if fact.subject_type == resource.key)
        groups.append((str(resource.label_plural), [(resource.slug, resource.slug), *((v, said(v)) for v in verbs)]))
    return groups


def said(verb: str) -> str:
    """What happens under that name, in words: "Moved from … to …"; a sentence that is all of one event says none."""
    fact = FACTS.get(verb)
    if fact is None:
        return verb
    words = _GAPS.sub("…", str(fact.sentence))
    return words if any(mark.isalpha() for mark in words) else _("Entered")


def told_words(word: str) -> str:
    """What a webhook's word means: the noun that everything is told of, or what happens to one, which it names."""
    resource = by_slug(word)
    if resource is not None:
        return str(resource.label_plural)
    fact = FACTS.get(word)
    noun = REGISTRY.get(fact.subject_type) if fact is not None else None
    words = said(word)
    if noun is None or noun.label.casefold() in words.casefold():
        return words
    return f"{noun.label}: {words}"


def unknown_events(events: Sequence[str]) -> list[str]:
    """Those of the words that name neither a noun nor something that happens to one."""
    return [word for word in events if by_slug(word) is None and not _is_verb(word)]


def _is_verb(word: str) -> bool:
    fact = FACTS.get(word)
    return fact is not None and (fact.subject_type in REGISTRY or word == "platform.changed")


def meant(events: Sequence[str], nouns: Sequence[str]) -> Q:
    """The events of the log that a webhook for these words is about, among those of nouns it may hear of."""
    own = {resource.slug: key for key, resource in REGISTRY.items()}
    about = Q(subject_type__in=list(nouns))
    if not events:
        return about
    kinds = [own[word] for word in events if word in own]
    verbs = [word for word in events if word not in own]
    return about & (Q(subject_type__in=kinds) | Q(verb__in=verbs))
