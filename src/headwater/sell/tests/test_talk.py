"""What is said about an opportunity or an order stands on the journey of who buys."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from headwater.parties.models import Activity
from headwater.parties.queries import timeline
from headwater.platform.actor import Visibility
from headwater.platform.errors import Conflict, NotFound
from headwater.platform.models import Event
from headwater.platform.testing import make_actor
from headwater.platform.undo import undo_event
from headwater.sell import actions
from headwater.sell.models import Opportunity, Order

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def opportunity(sql_lead, by_jonas):
    return actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT)


def log(opportunity, by, **more):
    said = {"kind": "CALL", "subject": "Asked for a second quote", **more}
    return actions.log_about_opportunity(opportunity_id=opportunity.pk, by=by, at=AT, **said)


def test_a_call_about_an_opportunity_stands_on_the_journey_and_is_taken_back(opportunity, by_jonas):
    activity = log(opportunity, by_jonas)
    assert activity.party_id == opportunity.party_id
    entries = timeline(by_jonas, opportunity.party_id, limit=5)
    assert "Asked for a second quote" in str([entry.__dict__ for entry in entries])
    undo_event(event_id=Event.objects.get(verb="parties.activity_logged").pk, by=by_jonas, at=AT)
    assert not Activity.objects.filter(pk=activity.pk, deleted_at=None).exists()


def test_a_call_about_an_order_is_with_who_ordered(opportunity, by_jonas):
    order = actions.place_order(party_id=opportunity.party_id, amount=Decimal("90"), by=by_jonas, at=AT)
    activity = actions.log_about_order(order_id=order.pk, kind="NOTE", subject="Paid", by=by_jonas, at=AT)
    assert (activity.party_id, activity.kind) == (order.party_id, "NOTE")


def test_nobody_logs_about_what_they_do_not_see(opportunity):
    stranger = make_actor(
        "sell.opportunity.see", "sell.order.see", "parties.activity.create", visibility=Visibility.OWN, user_id=99
    )
    with pytest.raises(NotFound):
        log(opportunity, stranger)
    with pytest.raises(NotFound):
        actions.log_about_order(order_id=1, kind="NOTE", subject="Paid", by=stranger, at=AT)


def test_without_a_customer_there_is_nobody_to_talk_to(opportunity, by_jonas):
    Opportunity.objects.update(party=None, organisation=None)
    with pytest.raises(Conflict):
        log(opportunity, by_jonas)
    assert not Order.objects.exists()
