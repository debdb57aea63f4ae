"""Rates of currencies: entered and brought in by those who may, taken back, and none where nothing is known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.models import Event
from headwater.platform.rates import Quote
from headwater.team.actions import tokens
from headwater.team.actions.company import change_company
from headwater.team.actions.rates import remove_rates, set_rates
from headwater.team.models import Company, ExchangeRate, Role
from headwater.team.queries import actor_of
from headwater.team.queries.rates import rates_of

pytestmark = pytest.mark.django_db
PAGE = "/settings/currencies"
D = Decimal


@pytest.fixture
def owner(client, colleague, company):
    found = colleague("Erik Haas", Role.OWNER)
    client.force_login(found)
    return found


def kept():
    return {(row.currency, row.day.isoformat()): row.rate for row in ExchangeRate.objects.all()}


def test_a_rate_is_entered_in_ones_notation_and_holds_from_its_day_on(client, owner):
    owner.number_notation, owner.day_notation = "1.234,56", "31.12.2026"
    owner.save()
    told = {"currency": "USD", "day": "2.11.2026", "rate": "0,94858661", "source": "Bank"}
    assert client.post(PAGE, told).status_code == 302
    assert kept() == {("USD", "2026-11-02"): D("0.94858661")}
    page = client.get(PAGE).content.decode()
    assert "0,94858661 EUR" in page and "02.11.2026" in page
    assert "0,94858661" in client.get(f"{PAGE}?of=USD").content.decode()
    assert rates_of("EUR", ["USD"]).convert(D(100), "USD", date(2026, 12, 1)) == D("94.86")


@pytest.mark.parametrize(
    ("told", "why"),
    [({"currency": "EUR"}, "other than EUR"), ({"rate": "0"}, "above zero"), ({"day": "soon"}, "Write the day")],
)
def test_a_rate_that_cannot_be_is_refused_beside_the_field(client, owner, told, why):
    answer = client.post(PAGE, {"currency": "USD", "day": "2026-11-02", "rate": "1", **told})
    assert answer.status_code == 422 and why in answer.content.decode() and not kept()


def test_a_file_is_brought_in_once_and_taken_back(client, owner):
    set_rates(quotes=[Quote("USD", date(2026, 11, 20), D(1))], source="", by=actor_of(owner), at=now())
    upload = {"file": SimpleUploadedFile("rates.csv", b"Date,USD,JPY,\n2026-11-20,1.25,160,\n2026-11-19,1.6,N/A,\n")}
    told = client.post(f"{PAGE}/file", upload, follow=True).content.decode()
    assert "3 rates set" in told
    assert kept() == {
        ("USD", "2026-11-20"): D("0.8"), ("USD", "2026-11-19"): D("0.625"), ("JPY", "2026-11-20"): D("0.00625"),
    }  # fmt: skip
    again = client.post(f"{PAGE}/file", {"pasted": "Date,USD\n2026-11-20,1.25"}, follow=True)
    assert "known already" in again.content.decode()
    client.post(f"/undo/{Event.objects.latest('pk').pk}")
    assert kept() == {("USD", "2026-11-20"): D(1)}
    assert client.post(f"{PAGE}/file", {"pasted": "nothing"}).status_code == 422
    assert client.post(f"{PAGE}/file", {}).status_code == 422


def test_removed_rates_come_back(client, owner):
    quotes = [Quote("USD", date(2026, 11, day), D(day)) for day in (1, 2)]
    set_rates(quotes=quotes, source="", by=actor_of(owner), at=now())
    client.post(f"{PAGE}/USD/remove", {"day": "2026-11-02"})
    assert list(kept()) == [("USD", "2026-11-01")]
    client.post(f"{PAGE}/USD/remove")
    assert not kept()
    client.post(f"/undo/{Event.objects.latest('pk').pk}")
    assert kept() == {("USD", "2026-11-01"): D(1)}
    assert client.get(f"{PAGE}?of=GBP").status_code == 404 == client.post(f"{PAGE}/GBP/remove").status_code


def test_who_may_not_set_rates_does_not(client, colleague, company):
    rep = colleague("Jonas", Role.FIELD_REP)
    client.force_login(rep)
    assert client.get(PAGE).status_code == client.post(f"{PAGE}/file").status_code == 403
    with pytest.raises(NotAllowed):
        set_rates(quotes=[Quote("USD", date(2026, 11, 20), D(1))], source="", by=actor_of(rep), at=now())
    with pytest.raises(NotAllowed):
        remove_rates(currency="USD", by=actor_of(rep), at=now())


def test_the_currency_of_the_company_changes_only_without_rates_into_it(owner):
    set_rates(quotes=[Quote("USD", date(2026, 11, 20), D(1))], source="", by=actor_of(owner), at=now())
    with pytest.raises(Invalid, match="rates into EUR"):
        change_company(values={"currency": "CHF"}, by=actor_of(owner), at=now())
    remove_rates(currency="USD", by=actor_of(owner), at=now())
    change_company(values={"currency": "CHF"}, by=actor_of(owner), at=now())
    assert Company.objects.get().currency == "CHF"


def test_programs_set_and_read_rates(client, colleague, company):
    token = token_of(colleague("Erik Haas", Role.OWNER))
    sent = {
        "items": [
            {"currency": "USD", "day": f"2026-11-{day:02}", "rate": rate} for day, rate in ((2, "0.92"), (10, "0.95"))
        ]
    }
    put = {"data": sent, "content_type": "application/json", "headers": {"Authorization": f"Bearer {token}"}}
    assert client.put("/api/v1/rates", **put).json() == {"count": 2}
    assert client.put("/api/v1/rates", **put).json() == {"count": 0}
    asked = client.get("/api/v1/rates?currency=USD&until=2026-11-09", headers=put["headers"]).json()
    assert asked == {"items": [{"currency": "USD", "day": "2026-11-02", "rate": "0.920000000000", "source": "API"}]}
    for wrong in (
        {},
        {"items": []},
        {"items": [{}]},
        {"items": [{"currency": "USD", "day": "soon", "rate": "1"}]},
        {"items": [{"currency": "EUR", "day": "2026-11-02", "rate": "1"}]},
        {"items": [{"currency": "USD", "day": "2026-11-02", "rate": "x"}]},
        {"items": [{"currency": "USD", "day": "2026-11-02", "rate": 1}]},
    ):
        assert client.put("/api/v1/rates", **{**put, "data": wrong}).status_code == 422
    assert client.get("/api/v1/rates?until=soon", headers=put["headers"]).status_code == 422


def test_a_program_of_who_may_not_set_rates_reads_them(client, colleague, company):
    headers = {"Authorization": f"Bearer {token_of(colleague('Jonas', Role.FIELD_REP))}"}
    assert client.get("/api/v1/rates", headers=headers).json() == {"items": []}
    sent = {"items": [{"currency": "USD", "day": "2026-11-02", "rate": "1"}]}
    answer = client.put("/api/v1/rates", sent, content_type="application/json", headers=headers)
    assert answer.status_code == 403


def token_of(user):
    return tokens.create_token(user_id=user.pk, name="program", scopes=["write"], days=1, by=actor_of(user), at=now())[
        1
    ]
