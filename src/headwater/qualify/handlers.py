"""What the qualify room does when other rooms report a fact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import ngettext

from headwater.acquire.events import TouchpointRecorded
from headwater.parties.events import ActivityLogged
from headwater.platform.actor import Actor, job_actor
from headwater.platform.delivery import on
from headwater.qualify.actions import stop_answer_clocks
from headwater.qualify.events import (
    LeadAssigned,
    LeadCaptured,
    LeadConverted,
    LeadDisqualified,
    LeadHandedOver,
    LeadMoved,
    LeadRecycled,
    LeadReopened,
    LeadSentBack,
)
from headwater.qualify.queries import owners_of, waiting_for_answer
from headwater.qualify.rules import is_answer
from headwater.tell.queries.digests import register_line
from headwater.tell.queries.tidings import Tiding, Told, tells, tells_followers, tiding
from headwater.tell.words import NewsKind

if TYPE_CHECKING:
    from headwater.platform.models import Event

ANSWER_CLOCK = job_actor("answer clock")


tells_followers(LeadMoved, LeadDisqualified, LeadRecycled, LeadReopened, LeadConverted)


@tells(LeadCaptured, LeadAssigned, LeadHandedOver, LeadSentBack)
def tell_of_leads(told: Sequence[Told]) -> Iterable[Tiding]:
    """Who is given a lead, gets a handover, or gets it back."""
    for fact, event in told:
        match fact:
            case LeadCaptured(owner_id=int(owner_id)) | LeadAssigned(owner_id=int(owner_id)):
                yield tiding(NewsKind.ASSIGNED, event, owner_id)
            case LeadHandedOver():
                yield tiding(NewsKind.HANDED_OVER, event, fact.handed_to_id)
    back = [event for fact, event in told if isinstance(fact, LeadSentBack)]
    owners = owners_of({event.subject_id for event in back})
    for event in back:
        if (owner := owners.get(event.subject_id)) is not None:
            yield tiding(NewsKind.SENT_BACK, event, owner)


@register_line
def answers_waiting(actor: Actor, at: datetime) -> str:
    """How many leads wait for their first answer, those of the pool among them."""
    if not actor.may("qualify.lead.see"):
        return ""
    number = waiting_for_answer(actor).count()
    words = ngettext("%(count)s lead waits for its first answer", "%(count)s leads wait for their first answer", number)
    return words % {"count": number} if number else ""


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
