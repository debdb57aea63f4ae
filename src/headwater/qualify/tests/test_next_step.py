"""The card of the next best step: its words, and the one day that it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from headwater.platform.actor import Actor
from headwater.qualify import actions, panels
from headwater.qualify.models import Lead
from headwater.qualify.queries import listed_leads
from headwater.team.models import User

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


def test_only_the_day_of_the_step_itself_is_told(by_marta: Actor, by_head: Actor, marta: User, priya: User) -> None:
    lead = actions.capture_lead(by=by_marta, at=AT, name="Orla Keane", owner_id=marta.pk)
    actions.move_lead(lead_id=lead.pk, stage="MQL", by=by_marta, at=AT)
    offer = AT + timedelta(days=3)
    actions.plan_next_step(lead_id=lead.pk, subject="Send offer", due_at=offer, by=by_marta, at=AT)

    def card(now: datetime = AT) -> object:
        step = panels.next_step(by_head, listed_leads(by_head).get(pk=lead.pk), now)
        assert step is not None
        return step["advice"], step["due"]

    assert card() == ("HAND_OVER", None)  # the offer of Sunday is another matter
    assert card(offer) == ("DO_WHAT_IS_DUE", offer)
    actions.hand_over_lead(lead_id=lead.pk, to_id=priya.pk, by=by_marta, at=AT)
    assert card() == ("WAIT_FOR_SALES", Lead.objects.get().handover_due_at)
