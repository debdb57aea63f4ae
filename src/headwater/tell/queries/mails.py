"""Reads about mails on their way: to whom, of which kind, what became of them. What they say is never shown."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from headwater.platform.actor import Actor
from headwater.tell.models import Mail
from headwater.tell.queries.settings import require_mail


def visible_mails(actor: Actor) -> QuerySet[Mail]:
    """The mails of the last weeks, the last first, for who looks after mail.

    Raises:
        NotAllowed: the actor does not.
    """
    require_mail(actor)
    return Mail.objects.defer("sealed").order_by("-queued_at", "-pk")


def given_up_since(at: datetime) -> QuerySet[Mail]:
    """The mails that were given up lately."""
    return Mail.objects.filter(state=Mail.State.FAILED, over_at__gte=at).order_by("-over_at", "-pk")


def mails_since(user_id: int, kind: str, *, at: datetime, within: timedelta) -> int:
    """How many mails of a kind somebody was written lately."""
    return Mail.objects.filter(user_id=user_id, kind=kind, queued_at__gt=at - within).count()
