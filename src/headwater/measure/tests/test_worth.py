"""Reports are in the company's currency: amounts in others count at the rate of their day, as soon as it is known."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from headwater.acquire.actions import change_spend
from headwater.acquire.models import SpendEntry
from headwater.measure import mirror, queries
from headwater.measure.rules.periods import ReportRequest
from headwater.platform.models import Event
from headwater.platform.rates import Quote
from headwater.platform.testing import make_actor
from headwater.platform.undo import undo_event
from headwater.sell.actions import change_order
from headwater.sell.models import Opportunity, Order
from headwater.team.actions.rates import remove_rates, set_rates

NOW = datetime(2026, 11, 12, 10, tzinfo=UTC)  # of the history in conftest
ALL = make_actor("*")


def rates(*quotes, at=NOW):
    found = [Quote(currency, date.fromisoformat(day), Decimal(rate)) for currency, day, rate in quotes]
    return set_rates(quotes=found, source="test", by=ALL, at=at)


def total():
    mirror.refresh(at=NOW)
    return queries.sources_report(ALL, ReportRequest(), at=NOW).total


@pytest.fixture
def sale(history):
    """Sells something for so much in another currency, placed at a moment."""

    def sold(amount, currency, at, cost=None):
        order = history.order(history.lead(history.source(f"Fair {history.count}")), amount, cost)
        Order.objects.filter(pk=order.pk).update(currency=currency, ordered_at=datetime.fromisoformat(at))
        history.note("sell.order", order.pk)
        return order

    return sold


def test_an_order_counts_at_the_rate_of_its_day_where_the_company_is(sale):
    rates(("USD", "2026-09-01", "0.91"), ("USD", "2026-10-01", "0.925"), ("JPY", "2026-09-01", "0.00615"))
    sale("100", "USD", "2026-09-30T21:59:00+00:00", cost="60")  # 23:59 in Amsterdam
    sale("100", "USD", "2026-09-30T22:01:00+00:00", cost="60")  # past midnight there
    sale("12345", "JPY", "2026-10-05T12:00:00+00:00")
    found = total()
    # 91.00 + 92.50 + 75.92 (12345 * 0.00615 = 75.92175), costs 54.60 + 55.50
    assert found.revenue == Decimal("259.42")
    assert found.figures.orders_other_currency == 0
    assert found.figures.cost == Decimal("110.10")


def test_halves_go_to_the_even_coin_order_by_order(sale):
    rates(("USD", "2026-09-01", "0.5"))
    for amount in ("0.01", "0.03", "0.05"):  # 0.005, 0.015, 0.025
        sale(amount, "USD", "2026-09-02T12:00:00+00:00")
    assert total().revenue == Decimal("0.04")


def test_what_has_no_rate_yet_is_counted_and_left_out_until_it_has(sale, history):
    history.order(history.lead(history.source("Home")), "1000")
    sale("100", "USD", "2026-09-10T12:00:00+00:00")
    before = total()
    assert (before.revenue, before.figures.orders, before.figures.orders_other_currency) == (1000, 2, 1)
    rates(("USD", "2026-09-11", "0.9"))
    assert total().revenue == 1000, "the rate is of a later day"
    event = rates(("USD", "2026-09-01", "0.9"), at=NOW + timedelta(minutes=1))
    after = total()
    assert (after.revenue, after.figures.orders_other_currency) == (1090, 0)
    undo_event(event_id=event.pk, by=ALL, at=NOW + timedelta(minutes=2))
    assert total().revenue == 1000
    rates(("USD", "2026-09-01", "0.8"), at=NOW + timedelta(minutes=3))
    assert total().revenue == 1080
    remove_rates(currency="USD", by=ALL, at=NOW + timedelta(minutes=4))
    assert total().figures.orders_other_currency == 1


def test_what_was_spent_counts_at_the_rate_of_its_day(history):
    fair = history.source("Fair")
    history.leads(fair, 3)
    history.spend(fair, "500")
    spent = SpendEntry.objects.create(
        source=fair, spent_on=date(2026, 9, 5), amount=Decimal("80"), currency="GBP", created_at=NOW
    )
    history.note("acquire.spend", spent.pk)
    assert total().figures.spend == 500
    rates(("GBP", "2026-09-01", "1.15"))
    assert total().figures.spend == 592


def test_a_currency_that_is_mended_is_followed_and_so_is_its_undo(sale, history):
    rates(("USD", "2026-07-01", "0.5"))
    order = sale("100", "EUR", "2026-09-02T12:00:00+00:00")
    spent = history.spend(history.source("Fair"), "80")
    assert (total().revenue, total().figures.spend) == (100, 80)
    change_order(order_id=order.pk, currency="USD", by=ALL, at=NOW)
    change_spend(spend_id=spent.pk, currency="USD", by=ALL, at=NOW)
    assert (total().revenue, total().figures.spend) == (50, 40)
    for event in Event.objects.filter(verb="platform.changed"):
        undo_event(event_id=event.pk, by=ALL, at=NOW)
    assert (total().revenue, total().figures.spend) == (100, 80)


def test_a_mirror_that_followed_says_what_a_new_one_says(sale, history):
    sale("100", "USD", "2026-09-10T12:00:00+00:00")
    won = history.opportunity(outcome="WON", opened_at=NOW, closed_at=NOW, amount=Decimal("70"))
    Opportunity.objects.update(currency="USD")
    history.note("sell.opportunity", won.pk)
    total()
    rates(("USD", "2026-09-01", "0.9"))
    followed = (total(), amounts())
    mirror.discard()
    assert (total(), amounts()) == followed
    assert followed[1] == [(Decimal("63.00"), "EUR")]


def amounts():
    with mirror.reading() as db:
        return db.execute("SELECT amount, currency FROM opportunity").fetchall()
