"""Rates of days: the latest one holds, and each amount is rounded by itself."""

from datetime import date
from decimal import Decimal

import pytest

from headwater.platform.rates import Converted, Quote, Rates, UnreadableRates, read_rates, rounded, total

D = Decimal
ECB = """Date,USD,JPY,CHF,
2026-11-20,1.0542,163.21,0.9365,
2026-11-19,1.0500,N/A,0.9400,
"""


def rates(own="EUR"):
    return Rates.of(own, [Quote("USD", date(2026, 11, 2), D("0.92")), Quote("USD", date(2026, 11, 10), D("0.95"))])


@pytest.mark.parametrize(
    ("day", "rate"),
    [(date(2026, 11, 1), None), (date(2026, 11, 2), D("0.92")), (date(2026, 11, 9), D("0.92")),
     (date(2026, 11, 10), D("0.95")), (date(2030, 1, 1), D("0.95"))],
)  # fmt: skip
def test_the_latest_rate_at_or_before_a_day_holds(day, rate):
    assert rates().rate("USD", day) == rate
    assert rates().rate("EUR", day) == rates().rate("", day) == 1
    assert rates().rate("GBP", day) is None


def test_each_amount_is_rounded_half_even_and_then_added_up():
    one = Rates.of("EUR", [Quote("USD", date(2026, 1, 1), D("0.5"))])
    day = date(2026, 6, 1)
    assert [one.convert(D(text), "USD", day) for text in ("0.01", "0.03", "0.05", "-0.01")] == [
        D("0.00"), D("0.02"), D("0.02"), D("0.00"),
    ]  # fmt: skip
    rows = [(D("100.01"), "EUR", day), (D("0.01"), "USD", day), (D("0.03"), "USD", day), (D(7), "GBP", day)]
    assert total(one, rows) == Converted(D("100.03"), unknown=1, known=3)


@pytest.mark.parametrize(("own", "worth"), [("EUR", "1.23"), ("JPY", "1"), ("KWD", "1.23")])
def test_an_amount_ends_in_the_smallest_coin_of_the_currency_that_is_kept(own, worth):
    into = Rates.of(own, [Quote("USD", date(2026, 1, 1), D("1.2345"))])
    assert str(into.convert(D(1), "USD", date(2026, 1, 1))) == worth


def test_a_rate_keeps_at_least_eight_digits():
    assert rounded(D("0.0000215678")) == D("0.0000215678")
    assert str(rounded(D(1) / D("1.0542"))) == "0.948586605957"
    assert str(rounded(D("123456789.123456789012"))).startswith("123456789.123457")
    for wrong in ("0", "-1", "NaN", "Infinity", "1000000000", "1e-20"):
        with pytest.raises(ValueError):
            rounded(D(wrong))


def test_the_file_of_the_central_bank_is_read_into_euro():
    found = {(quote.currency, quote.day.day): quote.rate for quote in read_rates(ECB, own="EUR")}
    assert found[("USD", 20)] == D("0.948586605957") and found[("CHF", 19)] == rounded(1 / D("0.94"))
    assert ("JPY", 19) not in found and len(found) == 5


def test_the_same_file_is_read_into_another_currency_by_way_of_the_euro():
    found = {(quote.currency, quote.day.day): quote.rate for quote in read_rates(ECB, own="CHF")}
    assert found[("EUR", 20)] == D("0.9365") and found[("USD", 20)] == rounded(D("0.9365") / D("1.0542"))
    with pytest.raises(UnreadableRates, match="no column for GBP"):
        read_rates(ECB, own="GBP")


def test_a_line_for_each_currency_and_day_is_read():
    for text in ("currency,date,rate\nusd,2026-11-20,0.9486\n", "Date;Code;Rate\n2026-11-20;USD;0,9486\n\n"):
        assert read_rates(text, own="EUR") == [Quote("USD", date(2026, 11, 20), D("0.9486"))]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "first line"),
        ("a,b\n1,2", "first line"),
        ("currency,date\nUSD,2026-11-20", "rate"),
        ("currency,date,rate\nUSD,2026-11-20,0", "Line 2"),
        ("currency,date,rate\nUSD,2026-11-20,1\nEUR,2026-11-20,1", "Line 3"),
        ("currency,date,rate\nXXQ,2026-11-20,1", "Line 2"),
        ("currency,date,rate\nUSD,20.11.2026,1", "Line 2"),
        ("currency,date,rate\nUSD", "Line 2"),
        ("Date,USD\nsoon,1", "Line 2"),
        ("Date,USD\n2026-11-20,x", "Line 2"),
        ("Date,USD\n2026-11-20,-1", "Line 2"),
    ],
)
def test_a_file_that_is_wrong_says_where(text, why):
    with pytest.raises(UnreadableRates, match=why):
        read_rates(text, own="EUR")
