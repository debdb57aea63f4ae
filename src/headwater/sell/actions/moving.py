"""Through the stages of a pipeline: one opportunity or many, and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.spans import set_spans
from headwater.platform.translated import noted
from headwater.platform.undo import each_of, told_by_event, undoes_many
from headwater.sell import rules
from headwater.sell.actions.bulk_steps import Change, locked_rows, take_steps
from headwater.sell.actions.opportunities import stage_of
from headwater.sell.actions.steps import ROW, locked, refuse, require, take_step, values_before
from headwater.sell.events import OpportunityMoved, OpportunityStepTakenBack
from headwater.sell.models import Opportunity, PipelineStage

if TYPE_CHECKING:
    from headwater.platform.models import Event

VERB = f"{ROW}.move"
TAKEN_BACK = noted("the move to another stage")


@action
def move_opportunity(*, opportunity_id: int, stage_id: int, by: Actor, at: datetime, reason: str = "") -> Opportunity:
    """Put an opportunity into another stage, whose probability it takes; a step back says why.

    Raises:
        NotAllowed: the actor may not move this opportunity.
        AlreadyClosed: it was won or lost meanwhile.
        StepRefused: it is there already, or the stage is of another pipeline.
        Invalid: a step back without a reason.
    """
    row = locked(opportunity_id, by=by, verb="move")
    here, there = row.stage, stage_of(stage_id)
    _check(row, here, there, reason)
    move = _move(row, here, there, reason, at=at)
    take_step(row, move.values, OpportunityMoved, by=by, at=at, **move.told)
    return row


@action
def move_opportunities(*, ids: Sequence[int], stage_id: int, by: Actor, at: datetime, reason: str = "") -> int:
    """Put many opportunities into a stage with a few statements, all or none; how many were not in it yet.

    Raises:
        NotAllowed: the actor may not move opportunities.
        SomeRefused: the step is not possible for some of them, as for one.
    """
    by.require(VERB)
    there = stage_of(stage_id)
    stages = PipelineStage.objects.in_bulk()

    def check(row: Opportunity) -> None:
        require(by, VERB, row)
        if row.outcome or row.stage_id != there.pk:
            _check(row, stages[row.stage_id], there, reason)

    rows = [row for row in locked_rows(ids, check) if row.stage_id != there.pk]
    moves = [_move(row, stages[row.stage_id], there, reason, at=at) for row in rows]
    return _take(moves, OpportunityMoved, by=by, at=at)


@undoes_many(OpportunityMoved)
@action
def take_back_moves(found: Sequence[tuple[OpportunityMoved, Event]], *, by: Actor, at: datetime) -> None:
    """Undo of moving many opportunities.

    Raises:
        SomeRefused: some went on since, or are not the actor's, by the ids of their events.
    """
    by.require(VERB)
    about = {event.pk: fact.opportunity_id for fact, event in found}
    with told_by_event(about):
        rows = {row.pk: row for row in locked_rows(list(about.values()), lambda row: require(by, VERB, row))}

    def back(fact: OpportunityMoved, event: Event) -> Change:
        row = rows[fact.opportunity_id]
        return Change(row, values_before(row, fact), {"event_id": event.pk, "what": TAKEN_BACK})

    _take(each_of(found, back), OpportunityStepTakenBack, by=by, at=at)


def _check(row: Opportunity, here: PipelineStage, there: PipelineStage, reason: str) -> None:
    refuse(
        rules.why_not_move(
            row.outcome, from_position=here.position, to_position=there.position,
            same_pipeline=here.pipeline_id == there.pipeline_id, reason=reason,
        )
    )  # fmt: skip


def _move(row: Opportunity, here: PipelineStage, there: PipelineStage, reason: str, *, at: datetime) -> Change:
    values = {"stage_id": there.pk, "stage_since": at, "probability": there.probability}
    return Change(row, values, {"from_stage": here.name, "to_stage": there.name, "reason": reason.strip()[:300]})


def _take(moves: Sequence[Change], kind: Any, *, by: Actor, at: datetime) -> int:
    moved = take_steps(moves, kind, by=by, at=at)
    set_spans(ROW, "stage", {row.pk: str(row.stage_id) for row in moved}, at=at)
    return len(moved)
