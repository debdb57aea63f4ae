"""Taking a win back does not throw away what somebody corrected on its order."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from headwater.parties.actions import add_person
from headwater.platform.actor import job_actor
from headwater.platform.errors import NotUndoable
from headwater.platform.models import Event
from headwater.platform.undo import undo_event
from headwater.sell import actions
from headwater.sell.models import Order
from headwater.team.models import Company

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
BY = job_actor("test")

pytestmark = pytest.mark.django_db


def won() -> Order:
    Company.objects.create(pk=1, name="K", currency="EUR", country="NL")
    person = add_person(name="Pia Lux", by=BY, at=AT)
    row = actions.open_opportunity(party_id=person.pk, name="Refresh", amount=Decimal(100), by=BY, at=AT)
    actions.win_opportunity(opportunity_id=row.pk, by=BY, at=AT)
    return Order.objects.get()


def take_back() -> None:
    undo_event(event_id=Event.objects.get(verb="sell.opportunity_won").pk, by=BY, at=AT)


def test_a_win_is_taken_back_with_its_order() -> None:
    won()
    take_back()
    assert Order.objects.get().deleted_at is not None


def test_a_win_whose_order_was_corrected_since_is_not_taken_back() -> None:
    order = won()
    actions.change_order(order_id=order.pk, amount=Decimal(250), by=BY, at=AT)
    with pytest.raises(NotUndoable, match="corrected since"):
        take_back()
    order.refresh_from_db()
    assert order.deleted_at is None and order.amount == 250
