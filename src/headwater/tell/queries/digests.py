"""Reads for the daily digest: who waits for theirs, and what stands in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from headwater.platform.actor import Actor
from headwater.platform.installation import installation
from headwater.tell.models import Digest, News
from headwater.tell.queries.news import Said, said, visible_news, ways_of
from headwater.tell.words import NewsWay

MOST_LINES = 20
Line = Callable[[Actor, datetime], str]
LINES: list[Line] = []


def register_line(line: Line) -> Line:
    """Let a room say in the digest what waits for somebody today, in a sentence; nothing when nothing does."""
    LINES.append(line)
    return line


def digest_of(user_id: int) -> Digest | None:
    """When somebody gets their digest, if they want one."""
    return Digest.objects.filter(user_id=user_id).first()


def digests_due(*, at: datetime) -> list[tuple[Digest, date]]:
    """Whose hour has come on a working day and who did not get today's yet, with their today."""
    ours, due = installation(), []
    open_on: dict[date, bool] = {}
    for digest in Digest.objects.filter(user__is_active=True).select_related("user").order_by("pk"):
        local = at.astimezone(ZoneInfo(digest.user.time_zone or ours.time_zone))
        today = local.date()
        if local.hour < digest.hour or digest.last_on == today:
            continue
        if open_on.setdefault(today, ours.works_on(today)):
            due.append((digest, today))
    return due


def unread_for_digest(actor: Actor) -> list[Said]:
    """What somebody wants to read in the digest and has not seen yet, at the bell or in an earlier one."""
    ways = ways_of([actor.user_id or 0])
    kinds = [kind for (_user, kind), way in ways.items() if way == NewsWay.DIGEST]
    new: list[News] = list(visible_news(actor).filter(read_at=None, told_at=None, kind__in=kinds)[:MOST_LINES])
    return said(actor, new)


def waiting_lines(actor: Actor, *, at: datetime) -> list[str]:
    """What waits for somebody today, room by room."""
    return [text for line in LINES if (text := line(actor, at))]
