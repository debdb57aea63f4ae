"""What is to be done next about a lead."""

from __future__ import annotations

from datetime import datetime

from headwater.parties.actions.activities import plan_todo
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid
from headwater.platform.translated import gettext as _
from headwater.qualify.actions.steps import locked, require
from headwater.qualify.models import Lead


@action
def plan_next_step(*, lead_id: int, subject: str, due_at: datetime, by: Actor, at: datetime, body: str = "") -> Lead:
    """Plan what is to be done next, as a to-do of the lead's owner on its party.

    Raises:
        NotAllowed: the actor may not work on this lead.
        Invalid: it would be due in the past.
    """
    lead = locked(lead_id)
    require(by, "respond", lead)
    if due_at < at:
        raise Invalid({"due_at": [_("Choose a time that is still to come.")]})
    plan_todo(
        party_id=lead.party_id, subject=subject, due_at=due_at, owner_id=lead.owner_id or by.user_id, body=body,
        by=by, at=at,
    )  # fmt: skip
    return lead
