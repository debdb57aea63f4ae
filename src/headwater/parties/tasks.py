"""What the parties room does by itself, at its times."""

from __future__ import annotations

from datetime import datetime, timedelta

from headwater.parties.actions import follow_merges
from headwater.parties.queries.activities import todos_due
from headwater.platform.actor import job_actor
from headwater.platform.schedule import every
from headwater.tell.actions.news import tell_once
from headwater.tell.queries.tidings import Tiding
from headwater.tell.words import NewsKind


@every(timedelta(minutes=5), "parties.follow_merges")
def follow(at: datetime) -> None:
    """Move what was written for a record in the very moment it was merged."""
    follow_merges(by=job_actor("follow-merges"), at=at)


@every(timedelta(minutes=1), "parties.todos_due")
def tell_of_todos_due(at: datetime) -> None:
    """Whose to-do is due is told, once."""
    tidings = [
        Tiding(NewsKind.TODO_DUE, owner_id, due, f"{pk}:{due:%Y%m%d%H%M}", noun="parties.activity", row_id=pk)
        for pk, owner_id, due in todos_due(at).values_list("pk", "owner_id", "due_at")
        if owner_id is not None and due is not None
    ]
    if tidings:
        tell_once(tidings, at=at)
