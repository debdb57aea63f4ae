"""Reads about what is done and to be done with parties."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from headwater.parties.models import Activity, ActivityKind
from headwater.parties.queries.visible import visible_activities
from headwater.platform.actor import Actor
from headwater.platform.written import MOMENT, Given, written

DAY = timedelta(days=1)


def open_todos(actor: Actor, at: datetime) -> QuerySet[Activity]:
    """The actor's own to-dos that are due before the next 24 hours are over, the latest first."""
    return _todos_before(actor, at + DAY)


def first_todos(actor: Actor, at: datetime, *, most: int) -> list[Activity]:
    """The latest of them."""
    return _first_before(actor, most, end=at + DAY)


@written
def _first_before(actor: Actor, most: int) -> QuerySet[Activity]:
    return _todos_before(actor, Given("end", MOMENT))[:most]


def _todos_before(actor: Actor, end: datetime | Given) -> QuerySet[Activity]:
    if actor.user_id is None:
        return Activity.objects.none()
    mine = visible_activities(actor).filter(kind=ActivityKind.TODO, done_at=None, owner_id=actor.user_id)
    return mine.filter(due_at__lt=end).order_by("due_at", "pk")


def with_open_todos() -> QuerySet[Activity, int]:
    """The ids of parties that something is to be done about, whoever may see it: to narrow down by, not to show."""
    return Activity.objects.filter(kind=ActivityKind.TODO, done_at=None, deleted_at=None).values_list(
        "party_id", flat=True
    )


def todos_due(at: datetime) -> QuerySet[Activity]:
    """Everybody's open to-dos that became due within the last day, for who tells them."""
    todos = Activity.objects.filter(kind=ActivityKind.TODO, done_at=None, deleted_at=None).exclude(owner_id=None)
    return todos.filter(due_at__gt=at - timedelta(days=1), due_at__lte=at)
