"""Whom this room tells: who is given a to-do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from headwater.parties.events import TodoPlanned
from headwater.parties.queries.activities import first_todos
from headwater.platform.actor import Actor
from headwater.tell.queries.digests import register_line
from headwater.tell.queries.tidings import Tiding, Told, tells, tiding
from headwater.tell.words import NewsKind

MOST_NAMED = 5


@register_line
def todos_today(actor: Actor, at: datetime) -> str:
    """The to-dos of the day, by name where there are few."""
    if not actor.may("parties.activity.see"):
        return ""
    todos = first_todos(actor, at, most=MOST_NAMED + 1)
    named = [todo.subject for todo in todos[:MOST_NAMED]]
    more = ["…"] if len(todos) > MOST_NAMED else []
    return _("To do: %(todos)s") % {"todos": ", ".join(named + more)} if named else ""


@tells(TodoPlanned)
def tell_of_todos(told: Sequence[Told]) -> Iterable[Tiding]:
    """Whose to-do it is, by somebody else's hand."""
    for fact, event in told:
        owner_id = getattr(fact, "owner_id", None)
        if owner_id is not None:
            yield tiding(NewsKind.ASSIGNED, event, owner_id)
