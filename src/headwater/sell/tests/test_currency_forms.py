"""Amounts in other currencies by hand: forms ask for the currency where the company has rates of others."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from headwater.acquire.actions import add_source
from headwater.acquire.models import SpendEntry
from headwater.qualify.actions import capture_lead
from headwater.qualify.models import Lead
from headwater.sell.models import Opportunity, Order

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
ASKED = '<select name="currency"'


def test_who_has_no_rates_is_not_asked_and_means_the_companys_own(browser, company, acme):
    for page in ("/leads/new", "/opportunities/new", "/orders/new", "/products/new", "/spend/new", "/campaigns/new"):
        told = browser.get(page).content.decode()
        assert ASKED not in told and 'name="currency" value="EUR"' in told, page
    browser.post("/orders/new", {"party_id": acme.name, "amount": "1200", "currency": "EUR"})
    assert Order.objects.get().currency == "EUR"


def test_who_has_rates_is_asked(browser, rated, acme, by_jonas):
    label, _, page = browser.get("/orders/new").content.decode().partition(ASKED)
    assert label.endswith('id="id_amount">'), "beside the amount"
    assert '<option value="EUR" selected>EUR · Euro</option>' in page and '<option value="USD">' in page
    browser.post("/orders/new", {"party_id": acme.name, "amount": "1200", "currency": "USD"})
    assert (Order.objects.get().amount, Order.objects.get().currency) == (1200, "USD")
    browser.post("/leads/new", {"name": "Orla", "interest": "ENQUIRY", "amount": "10", "currency": "USD"})
    assert Lead.objects.get().currency == "USD"
    source = add_source(name="Fair", channel="TRADE_SHOW", by=by_jonas, at=AT)
    spent = {"source_id": source.pk, "spent_on": "2026-11-10", "amount": "5", "currency": "USD"}
    browser.post("/spend/new", spent)
    assert SpendEntry.objects.get().currency == "USD"


def test_what_is_in_another_currency_says_so_in_its_form_and_can_be_mended(browser, company, opened):
    Opportunity.objects.filter(pk=opened(amount=Decimal(10)).pk).update(currency="USD")
    url = f"/opportunities/{Opportunity.objects.get().pk}/edit"
    assert '<option value="USD" selected>' in browser.get(url).content.decode()
    wrong = browser.post(url, {"currency": "EUR", "probability": "200"})
    assert wrong.status_code == 422 and ASKED in wrong.content.decode(), "it may be chosen anew"
    browser.post(url, {"currency": "EUR"})
    assert (Opportunity.objects.get().currency, Opportunity.objects.get().amount) == ("EUR", 10)


def test_an_opportunity_keeps_the_currency_of_its_lead(browser, company, acme, by_jonas):
    lead = capture_lead(party_id=acme.pk, amount=Decimal(30), currency="USD", by=by_jonas, at=AT)
    page = browser.get(f"/opportunities/new?lead_id={lead.pk}").content.decode()
    assert '<option value="USD" selected>' in page


def test_programs_name_the_currency(browser, company, acme):
    sent = {"party_id": acme.pk, "amount": "1200.00", "currency": "usd"}
    answer = browser.post("/api/v1/orders", sent, content_type="application/json")
    assert answer.status_code == 201 and answer.json()["currency"] == "USD", answer.content
    refused = browser.post("/api/v1/orders", {**sent, "currency": "EURO"}, content_type="application/json")
    assert refused.status_code == 422 and set(refused.json()["errors"]) == {"currency"}
    plain = browser.post("/api/v1/orders", {**sent, "currency": None}, content_type="application/json")
    assert plain.json()["currency"] == "EUR"


@pytest.mark.parametrize(("slug", "sent", "kept"), [
    ("leads", {"name": "Orla", "interest": "ENQUIRY", "amount": "10.00"}, "USD"),
    ("opportunities", {"party_id": "Acme", "amount": "10.00"}, "EUR"),
    ("products", {"name": "Plotter", "list_price": "10.00"}, "EUR"),
    ("campaigns", {"name": "Spring", "budget": "10.00"}, "EUR"),
])  # fmt: skip
def test_programs_change_it_and_no_amount_is_left_without(browser, company, acme, slug, sent, kept):
    sent = {**sent, "party_id": acme.pk} if "party_id" in sent else sent
    made = browser.post(f"/api/v1/{slug}", sent, content_type="application/json").json()
    url = f"/api/v1/{slug}/{made['id']}"
    for currency, told in (("USD", "USD"), (None, kept)):
        answer = browser.patch(url, {"currency": currency}, content_type="application/json")
        assert answer.json()["currency"] == told, answer.content
