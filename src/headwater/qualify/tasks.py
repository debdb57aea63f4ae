"""What the qualify room does by itself, at its times."""

from __future__ import annotations

from datetime import datetime, timedelta

from headwater.platform.actor import job_actor
from headwater.platform.schedule import every
from headwater.qualify.actions import wake_up_leads
from headwater.qualify.queries import answers_due
from headwater.tell.actions.news import tell_once
from headwater.tell.queries.tidings import Tiding
from headwater.tell.words import NewsKind

WARNED = timedelta(minutes=10)  # before an answer is late


@every(timedelta(minutes=10), "qualify.wake_up_leads")
def wake_up(at: datetime) -> None:
    """Bring back the recycled leads whose day has come, in parts so that nobody waits for the database."""
    while wake_up_leads(by=job_actor("wake-up"), at=at):
        pass


@every(timedelta(minutes=1), "qualify.answers_due")
def tell_of_answers_due(at: datetime) -> None:
    """Whose lead nobody has answered is told ten minutes before the answer is late."""
    tidings = [
        Tiding(NewsKind.ANSWER_DUE, owner_id, due, f"{pk}:{due:%Y%m%d%H%M}", noun="qualify.lead", row_id=pk)
        for pk, owner_id, due in answers_due(at, ahead=WARNED).values_list("pk", "owner_id", "answer_due_at")
        if owner_id is not None and due is not None
    ]
    if tidings:
        tell_once(tidings, at=at)
