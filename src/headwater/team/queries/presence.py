"""Who else has a record open."""

from __future__ import annotations

from datetime import datetime, timedelta

from headwater.platform.actor import Actor
from headwater.team.models import Presence, User
from headwater.team.queries.records import Record

# Two beats of 20 seconds and a little: one lost on the way makes nobody disappear.
PRESENT_FOR = timedelta(seconds=50)


def who_else(record: Record, actor: Actor, at: datetime) -> list[User]:
    """The colleagues who have this record open besides the actor, by name."""
    rows = Presence.objects.filter(
        noun=record.resource.key, row_id=record.row.pk, seen_at__gt=at - PRESENT_FOR, user__is_active=True
    )
    others = rows.exclude(user_id=actor.user_id or 0).select_related("user").order_by("user__name", "user_id")
    return [row.user for row in others]
