"""Noting who has a record open. No fact of the business: it means nothing a minute later, and is outside the log."""

from __future__ import annotations

from datetime import datetime, timedelta

from headwater.platform.actor import Actor
from headwater.team.models import Presence
from headwater.team.queries.presence import PRESENT_FOR
from headwater.team.queries.records import Record


def note_presence(*, record: Record, by: Actor, at: datetime) -> None:
    """Somebody looks at a record now; not whoever only looks at what they see."""
    if by.user_id is not None and not by.seen_as:
        Presence.objects.update_or_create(
            noun=record.resource.key, row_id=record.row.pk, user_id=by.user_id, defaults={"seen_at": at}
        )


def sweep_presence(*, at: datetime) -> None:
    """Forget who was where a while ago."""
    Presence.objects.filter(seen_at__lt=at - max(PRESENT_FOR, timedelta(minutes=10))).delete()
