"""Who works on a lead: giving it to somebody, or taking it from the pool."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Conflict, Invalid, NotAllowed
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.qualify import queries
from headwater.qualify.actions.bulk_steps import Change, take_steps
from headwater.qualify.actions.steps import StepRefused, locked, locked_leads, require, take_step
from headwater.qualify.events import LeadAssigned, LeadClaimed, LeadPooled
from headwater.qualify.models import Lead
from headwater.qualify.rules import Refusal
from headwater.team import queries as team


class AlreadyClaimed(Conflict):
    """Somebody took the lead out of the pool first."""

    code: ClassVar[str] = "already_claimed"
    message = lazy("{name} has claimed this lead already.")


class PoolIsEmpty(Conflict):
    """Nobody waits in the pool."""

    code: ClassVar[str] = "pool_is_empty"
    message = lazy("The pool is empty: every lead has an owner.")


@action
def assign_lead(*, lead_id: int, by: Actor, at: datetime, owner_id: int | None = None) -> Lead:
    """Give a lead to a colleague, or put it into the pool.

    Raises:
        NotAllowed: the actor may not assign this lead.
        Invalid: no such colleague within the actor's reach.
    """
    lead = locked(lead_id)
    require(by, "assign", lead)
    values = _given_to(owner_id, by)
    if owner_id is None:
        take_step(lead, values, LeadPooled, by=by, at=at, before_id=lead.owner_id)
    else:
        take_step(lead, values, LeadAssigned, by=by, at=at, owner_id=owner_id, before_id=lead.owner_id)
    return lead


@action
def assign_leads(*, ids: Sequence[int], by: Actor, at: datetime, owner_id: int | None = None) -> int:
    """Give many leads to a colleague, or put them into the pool; how many changed hands. All or none.

    Raises:
        NotAllowed: the actor may not assign leads.
        SomeRefused: some of the leads are not the actor's to assign, or are not there.
        Invalid: no such colleague within the actor's reach.
    """
    by.require("qualify.lead.assign")
    leads = locked_leads(ids, lambda lead: require(by, "assign", lead))
    values = _given_to(owner_id, by)
    if owner_id is None:
        pooled = [Change(lead, values, told={"before_id": lead.owner_id}) for lead in leads]
        return take_steps(pooled, LeadPooled, by=by, at=at)
    given = [Change(lead, values, told={"owner_id": owner_id, "before_id": lead.owner_id}) for lead in leads]
    return take_steps(given, LeadAssigned, by=by, at=at)


@action
def claim_lead(*, lead_id: int, by: Actor, at: datetime) -> Lead:
    """Take a lead out of the pool. Of two colleagues one gets it; the other is told who was first.

    Raises:
        NotAllowed: the actor may not claim leads.
        AlreadyClaimed: the lead has an owner, who is named.
        StepRefused: the lead has left the funnel.
    """
    by.require("qualify.lead.claim")
    if by.user_id is None:
        raise NotAllowed()
    if not _take(lead_id, by):
        lead = locked(lead_id)
        if lead.exit:
            raise StepRefused(Refusal.HAS_LEFT.said, refusal=Refusal.HAS_LEFT.code)
        owner = team.users_by_ids([lead.owner_id]).get(lead.owner_id) if lead.owner_id else None
        if lead.owner_id == by.user_id:
            return lead
        raise AlreadyClaimed(name=str(owner) if owner else _("Somebody"))
    return _claimed(lead_id, by=by, at=at)


@action
def claim_next(*, by: Actor, at: datetime) -> Lead:
    """Take the lead of the pool that needs somebody most: whose answer is due first, then the newest.

    Raises:
        NotAllowed: the actor may not claim leads.
        PoolIsEmpty: there is none.
    """
    by.require("qualify.lead.claim")
    if by.user_id is None:
        raise NotAllowed()
    tried: list[int] = []
    for lead_id in queries.pool_in_order(by)[:20].values_list("pk", flat=True):
        if _take(lead_id, by):
            return _claimed(lead_id, by=by, at=at)
        tried.append(lead_id)
    raise PoolIsEmpty()


def _take(lead_id: int, by: Actor) -> bool:
    """Whether the lead was in the pool and is the actor's now: one conditional UPDATE, so that one of two wins."""
    mine = Lead.objects.filter(pk=lead_id, owner=None, exit="", deleted_at=None)
    return bool(mine.update(owner_id=by.user_id))


def _claimed(lead_id: int, *, by: Actor, at: datetime) -> Lead:
    lead = locked(lead_id)
    assert by.user_id is not None
    lead.owner_id = None  # as it was before the update, so that the step sees and tells the difference
    take_step(lead, _owner_values(by.user_id), LeadClaimed, by=by, at=at, owner_id=by.user_id)
    return lead


def _given_to(owner_id: int | None, by: Actor) -> dict[str, Any]:
    if owner_id is None:
        return {"owner_id": None, "team_id": None}
    if not team.assignable_users(by, who_may=queries.WORKS_LEADS).filter(pk=owner_id).exists():
        raise Invalid({"owner_id": [_("Choose a colleague who works on leads and to whom you may give work.")]})
    return _owner_values(owner_id)


def _owner_values(owner_id: int) -> dict[str, Any]:
    owner = team.users_by_ids([owner_id])[owner_id]
    return {"owner_id": owner.pk, "team_id": owner.team_id}
