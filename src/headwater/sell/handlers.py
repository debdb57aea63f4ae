"""Whom this room tells: who is given an opportunity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headwater.sell.events import (
    OpportunityAssigned,
    OpportunityLost,
    OpportunityMoved,
    OpportunityOpened,
    OpportunityReopened,
    OpportunityWon,
)
from headwater.tell.queries.tidings import Tiding, Told, tells, tells_followers, tiding
from headwater.tell.words import NewsKind

tells_followers(OpportunityMoved, OpportunityWon, OpportunityLost, OpportunityReopened)


@tells(OpportunityOpened, OpportunityAssigned)
def tell_of_opportunities(told: Sequence[Told]) -> Iterable[Tiding]:
    """Whose opportunity it is now, by somebody else's hand."""
    for fact, event in told:
        owner_id = getattr(fact, "owner_id", None)
        if owner_id is not None:
            yield tiding(NewsKind.ASSIGNED, event, owner_id)
