"""Whose opportunities they are: one or many given to a colleague, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from headwater.parties.actions.bulk_access import GrantDraft, replace_access
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.events import Fact
from headwater.platform.spans import set_spans
from headwater.platform.translated import noted
from headwater.platform.undo import each_of, told_by_event, undoes_many
from headwater.sell.actions.bulk_steps import Change, locked_rows, take_steps
from headwater.sell.actions.steps import (
    ROW,
    grant_reason,
    locked,
    owner_values,
    parties_of,
    require,
    take_step,
    values_before,
)
from headwater.sell.events import OpportunityAssigned, OpportunityStepTakenBack
from headwater.sell.models import Opportunity

if TYPE_CHECKING:
    from headwater.platform.models import Event

VERB = f"{ROW}.assign"
TAKEN_BACK = noted("the assignment")


@action
def assign_opportunity(*, opportunity_id: int, by: Actor, at: datetime, owner_id: int | None = None) -> Opportunity:
    """Give an opportunity to a colleague, who then sees the people behind it.

    Raises:
        NotAllowed: the actor may not assign this opportunity.
        Invalid: no such colleague within the actor's reach.
    """
    row = locked(opportunity_id, by=by, verb="assign")
    values, name = owner_values(owner_id, by)
    told: dict[str, Any] = {"owner_id": owner_id, "owner_name": name, "before_id": row.owner_id}
    take_step(row, values, OpportunityAssigned, by=by, at=at, **told)
    return row


@action
def assign_opportunities(*, ids: Sequence[int], by: Actor, at: datetime, owner_id: int | None = None) -> int:
    """Give many opportunities to a colleague with a few statements; how many changed hands. All or none.

    Raises:
        NotAllowed: the actor may not assign opportunities.
        SomeRefused: some are not the actor's to assign, or are not there.
        Invalid: no such colleague within the actor's reach.
    """
    by.require(VERB)
    rows = locked_rows(ids, _check(by))
    values, name = owner_values(owner_id, by)
    moves = [Change(row, values, {"owner_id": owner_id, "owner_name": name, "before_id": row.owner_id}) for row in rows]
    return _hand_on(moves, OpportunityAssigned, by=by, at=at)


@undoes_many(OpportunityAssigned)
@action
def take_back_assignments(found: Sequence[tuple[OpportunityAssigned, Event]], *, by: Actor, at: datetime) -> None:
    """Undo of giving many opportunities away.

    Raises:
        SomeRefused: some changed hands again since, or are not the actor's, by the ids of their events.
    """
    by.require(VERB)
    about = {event.pk: fact.opportunity_id for fact, event in found}
    with told_by_event(about):
        rows = {row.pk: row for row in locked_rows(list(about.values()), _check(by))}

    def back(fact: OpportunityAssigned, event: Event) -> Change:
        row = rows[fact.opportunity_id]
        return Change(row, values_before(row, fact), {"event_id": event.pk, "what": TAKEN_BACK})

    _hand_on(each_of(found, back), OpportunityStepTakenBack, by=by, at=at)


def _check(by: Actor) -> Callable[[Opportunity], None]:
    return lambda row: require(by, VERB, row)


def _hand_on(moves: Sequence[Change], kind: Callable[..., Fact], *, by: Actor, at: datetime) -> int:
    """As ``steps.take_step`` for the owner and team of many; how many differed."""
    moved = take_steps(moves, kind, by=by, at=at)
    set_spans(ROW, "owner", {row.pk: str(row.owner_id or "") for row in moved}, at=at)
    replace_access(
        ended=[(party_id, grant_reason(row.pk)) for row in moved for party_id in parties_of(row)],
        given=[
            GrantDraft(party_id, grant_reason(row.pk), user_id, team_id)
            for row in moved
            for party_id in parties_of(row)
            for user_id, team_id in ((row.owner_id, None), (None, row.team_id))
            if user_id is not None or team_id is not None
        ],
        by=by,
    )
    return len(moved)
