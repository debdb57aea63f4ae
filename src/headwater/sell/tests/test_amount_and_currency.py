"""An amount and its currency are one thing: chosen, changed, refused, remembered and taken back together or alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from headwater.acquire import actions as acquire
from headwater.acquire.models import SpendEntry, Touchpoint
from headwater.platform.errors import NotAllowed
from headwater.platform.models import Event
from headwater.platform.rates import Quote
from headwater.platform.undo import undo_event
from headwater.sell import actions
from headwater.sell.models import Opportunity, Order
from headwater.team.actions.rates import set_rates

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
JSON = {"content_type": "application/json"}
CHOICE = '<select name="currency"'
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def order(company, acme, system):
    return actions.place_order(party_id=acme.pk, amount=Decimal(1200), currency="EUR", by=system, at=AT)


@pytest.fixture
def fair(company, system):
    return acquire.add_source(name="Fair", channel="TRADE_SHOW", by=system, at=AT)


@pytest.fixture
def spent(fair, system):
    return acquire.add_spend(source_id=fair.pk, spent_on=AT.date(), amount=Decimal(50), by=system, at=AT)


def history(browser, record, field):
    told = browser.get(f"/api/v1/{record}/history?field={field}").json()["items"]
    return [(item["old_text"], item["new_text"], item["old_currency"], item["new_currency"]) for item in told]


# --- what it was --------------------------------------------------------------------------------------------


def test_what_an_amount_was_is_told_in_what_it_was_in_then(browser, rated, order, system):
    for values in ({"amount": Decimal(1300)}, {"currency": "USD"}, {"amount": Decimal(10), "currency": "JPY"}):
        actions.change_order(order_id=order.pk, by=system, at=AT, **values)
    assert history(browser, f"orders/{order.pk}", "amount") == [
        ("US$1,300", "JP¥10", "USD", "JPY"), ("€1,300", "US$1,300", "EUR", "USD"),
        ("€1,200", "€1,300", "EUR", "EUR"),
    ]  # fmt: skip
    assert [told[:2] for told in history(browser, f"orders/{order.pk}", "currency")] == [("USD", "JPY"), ("EUR", "USD")]
    page = browser.get(f"/orders/{order.pk}/history").content.decode()
    assert "€1,200" in page and page.count("US$1,300") == 1, "the currency alone is told once of a whole record"


def test_what_another_amount_was_is_told_so_too(browser, order, system):
    actions.change_order(order_id=order.pk, cost=Decimal(700), by=system, at=AT)
    actions.change_order(order_id=order.pk, currency="USD", by=system, at=AT)
    assert [told[:2] for told in history(browser, f"orders/{order.pk}", "cost")] == [
        ("€700", "US$700"), ("", "€700")
    ]  # fmt: skip


# --- the control --------------------------------------------------------------------------------------------


def test_a_form_asks_for_both_under_one_label(browser, rated, order):
    page = browser.get("/orders/new").content.decode()
    control = page.partition('name="amount"')[2].partition("</div>")[0]
    assert CHOICE in control and 'aria-label="Value: Currency"' in control
    assert page.count(CHOICE) == 1 and ">Currency</label>" not in page
    assert '<div class="help" id="id_cost_in">In the same currency.</div>' in page
    wrong = browser.post("/orders/new", {"party_id": "Acme Dental", "amount": "5", "currency": "EURO"})
    below = wrong.content.decode().partition('class="inp-money"')[2].partition("</div>")[2].partition("</div>")[0]
    assert wrong.status_code == 422 and 'id="id_currency_error"' in below


def test_a_form_of_one_step_says_what_its_amounts_are_in(browser, rated, opened):
    row = opened(amount=Decimal(10), currency="USD")
    page = browser.get(f"/opportunities/{row.pk}/do/win").content.decode()
    assert '<div class="help" id="id_amount_in">In USD.</div>' in page and 'aria-describedby="id_amount_' in page


def test_a_cell_changes_both(browser, rated, order):
    url = f"/orders/{order.pk}/cell/amount"
    editor = browser.get(url, **HTMX).content.decode()
    assert '<div class="inp-money">' in editor and '<option value="EUR" selected>' in editor
    opened = {"before-": "", "before-amount": "1200.00", "before-currency": "EUR"}
    browser.post(url, {**opened, "amount": "1200.00", "currency": "USD"}, **HTMX)
    assert (Order.objects.get().amount, Order.objects.get().currency) == (1200, "USD")
    browser.post(url, {**opened, "before-currency": "USD", "amount": "9", "currency": "EUR", "note": "no"}, **HTMX)
    assert (Order.objects.get().amount, Order.objects.get().currency, Order.objects.get().note) == (9, "EUR", "")


def test_the_cell_of_another_amount_says_what_it_is_in(browser, rated, order):
    editor = browser.get(f"/orders/{order.pk}/cell/cost", **HTMX).content.decode()
    assert CHOICE not in editor and '<span class="sm mut" id="cell_cost_in">EUR</span>' in editor


def test_who_has_no_rates_changes_the_amount_as_ever(browser, order):
    assert CHOICE not in browser.get(f"/orders/{order.pk}/cell/amount", **HTMX).content.decode()
    assert CHOICE not in browser.get(f"/orders/{order.pk}/edit").content.decode()
    browser.post(f"/orders/{order.pk}/edit", {"amount": "7", "currency": "EUR"})
    assert (Order.objects.get().amount, Order.objects.get().currency) == (7, "EUR")


def test_what_a_colleague_did_to_the_currency_clashes_with_another_amount(browser, rated, order, system):
    opened = {"before-": "", "before-amount": "1200.00", "before-currency": "EUR"}
    actions.change_order(order_id=order.pk, currency="USD", by=system, at=AT)
    url = f"/orders/{order.pk}/cell/amount"
    asked = browser.post(url, {**opened, "amount": "1300", "currency": "EUR"}, **HTMX)
    assert asked.status_code == 409 and 'name="keep-currency"' in asked.content.decode()
    assert Order.objects.get().amount == 1200
    mine = {"keep-currency": "mine", "theirs-currency": "USD"}
    browser.post(url, {**opened, **mine, "amount": "1300", "currency": "EUR"}, **HTMX)
    assert (Order.objects.get().amount, Order.objects.get().currency) == (1300, "EUR")


# --- what is changed afterwards -----------------------------------------------------------------------------


def test_the_currency_of_an_order_is_changed_alone_and_taken_back(browser, order, system):
    made = browser.patch(f"/api/v1/orders/{order.pk}", {"currency": "usd"}, **JSON)
    assert (made.json()["currency"], made.json()["amount"]) == ("USD", "1200.00")
    undo_event(event_id=Event.objects.get(verb="platform.changed").pk, by=system, at=AT)
    assert Order.objects.get().currency == "EUR"


def test_a_spend_entry_is_corrected_and_taken_back(browser, rated, spent, system):
    both = browser.patch(f"/api/v1/spend/{spent.pk}", {"amount": "60.00", "currency": "USD"}, **JSON)
    assert (both.json()["amount"], both.json()["currency"]) == ("60.00", "USD")
    assert history(browser, f"spend/{spent.pk}", "amount") == [("€50", "US$60", "EUR", "USD")]
    undo_event(event_id=Event.objects.get(verb="platform.changed").pk, by=system, at=AT)
    assert (SpendEntry.objects.get().amount, SpendEntry.objects.get().currency) == (50, "EUR")
    browser.post(f"/spend/{spent.pk}/edit", {"currency": "USD"})
    assert SpendEntry.objects.get().currency == "USD"


def test_a_spend_entry_keeps_the_rules_of_its_beginning(browser, spent):
    for sent, field in (
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "note"),
        ({"spent_on": "2999-01-01"}, "spent_on"),
    ):
        refused = browser.patch(f"/api/v1/spend/{spent.pk}", sent, **JSON)
        assert refused.status_code == 422 and set(refused.json()["errors"]) == {field}
    assert SpendEntry.objects.get().amount == 50


def test_what_a_contact_cost_is_in_the_currency_that_was_said(browser, rated, fair, acme, by_jonas):
    assert CHOICE in browser.get("/touchpoints/new").content.decode()
    sent = {"party_id": "Acme Dental", "kind": "CALL", "cost": "12", "currency": "USD"}
    browser.post("/touchpoints/new", sent)
    first = Touchpoint.objects.get()
    assert (first.cost, first.currency) == (12, "USD")
    page = browser.get(f"/touchpoints/{first.pk}/do/correct").content.decode()
    assert '<option value="USD" selected>' in page
    program = browser.post(f"/api/v1/touchpoints/{first.pk}/do/correct", {"kind": "CALL", "cost": "13.00"}, **JSON)
    second = Touchpoint.objects.get(corrects=first)
    assert (second.cost, second.currency) == (13, "USD"), program.content
    browser.post(f"/touchpoints/{second.pk}/do/correct", {"kind": "CALL", "cost": "11", "currency": "EUR"})
    assert Touchpoint.objects.get(corrects=second).currency == "EUR"


@pytest.mark.parametrize("record", ["orders", "spend", "opportunities"])
def test_a_currency_there_is_not_is_refused_and_nothing_changes(browser, record, order, spent, opened):
    row = {"orders": order, "spend": spent, "opportunities": opened(amount=Decimal(5))}[record]
    refused = browser.patch(f"/api/v1/{record}/{row.pk}", {"amount": "1.00", "currency": "XYZ"}, **JSON)
    assert refused.status_code == 422 and refused["Content-Type"] == "application/problem+json"
    assert set(refused.json()["errors"]) == {"currency"}
    kept = browser.get(f"/api/v1/{record}/{row.pk}").json()
    assert (kept["currency"], kept["amount"] == "1.00") == ("EUR", False)


def test_an_opportunity_won_in_the_wrong_currency_is_mended(browser, rated, opened):
    row = opened(amount=Decimal(10))
    browser.patch(f"/api/v1/opportunities/{row.pk}", {"currency": "USD"}, **JSON)
    assert (Opportunity.objects.get().amount, Opportunity.objects.get().currency) == (10, "USD")
    record = browser.get(f"/opportunities/{row.pk}").content.decode()
    assert "US$10 ≈ €9" in record.replace("\xa0", " ")


def test_a_lead_keeps_a_currency_without_an_amount_for_its_other_amounts(browser, rated):
    url = "/api/v1/leads"
    made = browser.post(url, {"name": "Orla", "interest": "ENQUIRY", "currency": "USD"}, **JSON).json()
    assert made["currency"] == "USD"
    for sent, kept in (({"amount": "5.00"}, "USD"), ({"amount": None}, "USD"), ({"currency": "EUR"}, "")):
        assert browser.patch(f"{url}/{made['id']}", sent, **JSON).json()["currency"] == kept


def test_a_currency_that_was_the_companys_before_it_was_named_is_no_change(browser, rated):
    made = browser.post("/api/v1/leads", {"name": "Orla", "interest": "ENQUIRY"}, **JSON).json()
    for sent in ({"amount": "5.00"}, {"amount": "5.00", "currency": "USD"}, {"amount": None}):
        assert browser.patch(f"/api/v1/leads/{made['id']}", sent, **JSON).status_code == 200
    told = [item[:2] for item in history(browser, f"leads/{made['id']}", "amount")]
    assert told == [("US$5", ""), ("€5", "US$5"), ("", "€5")]


# --- in words -----------------------------------------------------------------------------------------------


def test_a_filter_by_an_amount_names_a_currency_only_where_all_are_in_it(browser, company, system):
    chip = "Value is at least €1,000"
    assert chip in browser.get("/orders?amount__gte=1000").content.decode()
    set_rates(quotes=[Quote("USD", date(2026, 11, 2), Decimal("0.92"))], source="Bank", by=system, at=AT)
    mixed = browser.get("/orders?amount__gte=1000").content.decode()
    assert chip not in mixed and "Value is at least 1,000" in mixed


def test_orders_and_spend_are_called_in_the_readers_language(browser, jonas, order, spent):
    jonas.language = "es"
    jonas.save()
    assert "Pedido" in browser.get(f"/orders/{order.pk}").content.decode().partition("<h1")[2].partition("</div>")[0]
    assert "Fair, 12 nov" in browser.get(f"/spend/{spent.pk}").content.decode()


# --- what it costs ------------------------------------------------------------------------------------------


def test_who_may_not_change_a_cost_does_not_change_what_it_is_in(order, by_jonas, system):
    product = actions.add_product(name="Ink", list_price=Decimal(5), currency="EUR", by=system, at=AT)
    Order.objects.update(owner=by_jonas.user_id)
    rep = replace(by_jonas, verbs=by_jonas.verbs | {"sell.order.change", "sell.product.change"})
    actions.change_order(order_id=order.pk, currency="USD", by=rep, at=AT)
    actions.change_order(order_id=order.pk, cost=Decimal(40), by=system, at=AT)
    actions.change_product(product_id=product.pk, cost=Decimal(3), by=system, at=AT)
    actions.change_order(order_id=order.pk, amount=Decimal(50), currency="USD", by=rep, at=AT)
    with pytest.raises(NotAllowed, match="what the goods cost us"):
        actions.change_order(order_id=order.pk, currency="EUR", by=rep, at=AT)
    with pytest.raises(NotAllowed, match="what the goods cost us"):
        actions.change_product(product_id=product.pk, currency="USD", by=rep, at=AT)
