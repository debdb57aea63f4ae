"""What is in other currencies counts at the rate of its day; what has none is left out, and said to be."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from headwater.platform.rates import Quote
from headwater.qualify.actions import capture_lead
from headwater.sell import actions
from headwater.sell.models import Opportunity, Order
from headwater.sell.queries.board import board
from headwater.sell.queries.visible import visible_opportunities
from headwater.team.actions.rates import set_rates

pytestmark = pytest.mark.django_db
D = Decimal
AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def rated(company, system):
    """A dollar is 0.92 from the 2nd of November on, and 0.95 from the 10th."""
    quotes = [Quote("USD", date(2026, 11, 2), D("0.92")), Quote("USD", date(2026, 11, 10), D("0.95"))]
    set_rates(quotes=quotes, source="Bank", by=system, at=AT)


@pytest.fixture
def reader(client, jonas):
    jonas.role = "HEAD_OF_SALES"
    jonas.save()
    client.force_login(jonas)
    return client


@pytest.fixture
def order(acme, by_jonas, company):
    def place(amount, currency, day):
        at = datetime(2026, 11, day, 12, 0, tzinfo=UTC)
        actions.place_order(party_id=acme.pk, amount=D(amount), ordered_at=at, by=by_jonas, at=max(at, AT))
        made = Order.objects.latest("pk")
        Order.objects.filter(pk=made.pk).update(currency=currency)
        return made

    return place


def test_a_list_adds_up_orders_at_the_rate_of_the_day_they_came(reader, rated, order):
    for amount, currency, day in (("100.00", "EUR", 1), ("10.01", "USD", 9), ("10.01", "USD", 10)):
        order(amount, currency, day)
    page = reader.get("/orders/totals").content.decode()
    assert "€100 · $20.02 ≈ €118.72" in page.replace("US$", "$")  # 9.2092 is 9.21, 9.5095 is 9.51
    order("5.00", "USD", 1)
    page = reader.get("/orders/totals").content.decode()
    assert "≈ €118.72 (without 1 amount of no known rate)" in page


def test_without_rates_amounts_stand_apart_as_they_are(reader, company, order):
    order("5.00", "USD", 1)
    assert "≈" not in reader.get("/orders/totals").content.decode()


def test_a_record_says_what_it_is_worth(reader, rated, order):
    early, late = order("10.00", "USD", 1), order("10.00", "USD", 9)
    page = reader.get(f"/orders/{late.pk}").content.decode()
    assert "≈ €9.20" in page and ">Currency" not in page  # its amounts say which
    assert "≈" not in reader.get(f"/orders/{early.pk}").content.decode()


def test_the_pipeline_adds_up_at_the_rate_of_today(rated, opened, by_jonas, company):
    for amount, currency in (("10.00", "EUR"), ("10.00", "USD"), ("7.00", "GBP")):
        made = opened(amount=D(amount))
        Opportunity.objects.filter(pk=made.pk).update(currency=currency)
    column = board(by_jonas, visible_opportunities(by_jonas), company=company, at=AT).stages[0]
    assert (column.count, column.amount, column.other_currencies) == (3, D("19.50"), 1)
    assert column.weighted == D("19.50") * column.stage.probability / 100


def test_groups_and_stages_say_what_all_of_them_is_worth(reader, rated, order, opened, acme, by_jonas):
    for amount, currency, day in (("100.00", "EUR", 1), ("10.01", "USD", 10), ("5.00", "USD", 1)):
        order(amount, currency, day)
    grouped = reader.get("/orders?group=ordered_at").content.decode()
    assert "≈ €109.51 (without 1 amount of no known rate)" in grouped
    Opportunity.objects.filter(pk=opened(amount=D("20.00")).pk).update(currency="USD")
    capture_lead(party_id=acme.pk, amount=D("30.00"), currency="USD", by=by_jonas, at=AT)
    assert "US$30 ≈ €29" in reader.get("/leads/board").content.decode()
    assert reader.get("/pipeline").content.decode().count("≈ €19") == 2  # the sentence on top, and the stage


def test_what_is_in_the_companys_currency_alone_is_not_about(reader, rated, order, opened):
    order("100.00", "EUR", 1)
    opened(amount=D("20.00"))
    for page in ("/orders?group=ordered_at", "/leads/board", "/pipeline"):
        assert "≈" not in reader.get(page).content.decode()
