"""Whom this room tells: who is given a to-do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headwater.parties.events import TodoPlanned
from headwater.tell.queries.tidings import Tiding, Told, tells, tiding
from headwater.tell.words import NewsKind


@tells(TodoPlanned)
def tell_of_todos(told: Sequence[Told]) -> Iterable[Tiding]:
    """Whose to-do it is, by somebody else's hand."""
    for fact, event in told:
        owner_id = getattr(fact, "owner_id", None)
        if owner_id is not None:
            yield tiding(NewsKind.ASSIGNED, event, owner_id)
