"""What the qualify room does when other rooms report a fact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.acquire.events import TouchpointRecorded
from headwater.parties.events import ActivityLogged
from headwater.platform.actor import job_actor
from headwater.platform.delivery import on
from headwater.qualify.actions import stop_answer_clocks
from headwater.qualify.rules import is_answer

if TYPE_CHECKING:
    from headwater.platform.models import Event

ANSWER_CLOCK = job_actor("answer clock")


@on(ActivityLogged)
def stop_clock_on_activity(fact: ActivityLogged, event: Event) -> None:
    """A call, e-mail or meeting logged on the person's own page answers their leads too."""
    if fact.party_id is not None and is_answer(fact.kind, is_outbound=fact.is_outbound):
        stop_answer_clocks(party_id=fact.party_id, moment=event.occurred_at, by=ANSWER_CLOCK, at=event.recorded_at)


@on(TouchpointRecorded)
def stop_clock_on_touchpoint(fact: TouchpointRecorded, event: Event) -> None:
    """A touchpoint from us to them is an answer."""
    if fact.party_id is not None and fact.is_outbound:
        stop_answer_clocks(party_id=fact.party_id, moment=event.occurred_at, by=ANSWER_CLOCK, at=event.recorded_at)
