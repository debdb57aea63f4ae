"""Money: exact, one currency at a time."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.platform.money import (
    CURRENCIES,
    FinerThanKept,
    MixedCurrencies,
    Money,
    UnknownCurrency,
    currency_code,
    decimal_places,
    in_cents,
    kept,
    smallest_kept,
    split_exactly,
    total,
)


def euro(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def test_amounts_of_one_currency_add_and_subtract_exactly():
    assert euro("0.10") + euro("0.20") == euro("0.30")
    assert euro("5") - euro("7.50") == euro("-2.50")
    assert 3 * euro("19.99") == euro("59.97")
    assert -euro("1") == euro("-1")


def test_amounts_of_two_currencies_are_refused():
    dollar = Money(Decimal(1), "USD")
    for operation in (Money.__add__, Money.__sub__, Money.__lt__, Money.__le__, Money.__gt__, Money.__ge__):
        with pytest.raises(MixedCurrencies):
            operation(euro("1"), dollar)
    assert euro("1") != dollar


def test_a_float_never_becomes_money():
    with pytest.raises(TypeError):
        Money(0.1, "EUR")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        euro("1") * 0.1  # type: ignore[operator]
    with pytest.raises(TypeError):
        euro("1") + 1  # type: ignore[operator]
    with pytest.raises(TypeError):
        Money(Decimal("NaN"), "EUR")


def test_a_sum_of_nothing_is_zero_of_its_currency():
    assert total([], currency="EUR") == euro("0")
    assert total([euro("1.10"), euro("2.20")], currency="EUR") == euro("3.30")
    with pytest.raises(MixedCurrencies):
        total([euro("1")], currency="USD")


def test_amounts_compare_by_value_and_zero_is_false():
    assert euro("1") < euro("2") <= euro("2.00")
    assert euro("2") > euro("1") >= euro("1")
    assert not euro("0.00")
    assert euro("0.01")


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [("1.005", "EUR", "1.01"), ("-1.005", "EUR", "-1.01"), ("1.5", "JPY", "2"), ("1.0005", "KWD", "1.001")],
)
def test_amounts_round_to_the_smallest_coin_of_their_currency(amount: str, currency: str, rounded: str):
    assert str(Money(Decimal(amount), currency).rounded().amount) == rounded


def test_currency_codes_are_those_of_iso_4217():
    assert currency_code(" eur ") == "EUR"
    assert decimal_places("jpy") == 0
    assert decimal_places("BRL") == 2
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
    for wrong in ("€", "", "EURO", "ABC", "XXX"):
        with pytest.raises(UnknownCurrency):
            currency_code(wrong)
    with pytest.raises(UnknownCurrency):
        Money(Decimal(1), "eur")


def test_coins_left_over_go_to_those_who_lost_most_by_rounding():
    assert split_exactly(Decimal(100), [1, 1, 1]) == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert split_exactly(Decimal("0.01"), [1, 9]) == [Decimal("0.00"), Decimal("0.01")]
    assert split_exactly(Decimal(-100), [1, 1, 1]) == [Decimal("-33.34"), Decimal("-33.33"), Decimal("-33.33")]
    assert split_exactly(Decimal(100), [1, 2], places=0) == [Decimal(33), Decimal(67)]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [2, -1]])
def test_weights_that_cannot_share_are_refused(weights: list[int]):
    with pytest.raises(ValueError, match="weights"):
        split_exactly(Decimal(1), weights)


@given(
    amount=st.decimals(min_value=-(10**13), max_value=10**13, places=2),
    weights=st.lists(st.integers(0, 10**6) | st.decimals(0, 100, places=5), min_size=1).filter(any),
    places=st.integers(0, 4),
)
def test_parts_always_add_up_to_the_whole(amount: Decimal, weights: list[Decimal | int], places: int):
    parts = split_exactly(amount, weights, places=places)
    assert sum(parts) == amount
    assert all(part * amount >= 0 for part in parts)
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if not weight)
    unit = Decimal(1).scaleb(-max(places, 2))
    whole = sum(Decimal(weight) for weight in weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - amount * Decimal(weight) / whole) <= unit * Decimal("1.001")


def test_an_amount_finer_than_kept_is_refused_and_one_worked_out_is_rounded():
    given = {"12": "12.00", "12.5": "12.50", "12.340": "12.34", "-0.01": "-0.01"}
    assert {text: str(kept(Decimal(text))) for text in given} == given
    with pytest.raises(FinerThanKept, match=r"12\.345 has more than two decimals"):
        kept(Decimal("12.345"))
    assert [in_cents(Decimal(text)) for text in ("0.005", "-0.005")] == [Decimal("0.01"), Decimal("-0.01")]


def test_no_currency_is_kept_finer_than_its_coins_nor_than_two_decimals():
    assert [smallest_kept(code) for code in ("JPY", "EUR", "KWD")] == [1, Decimal("0.01"), Decimal("0.01")]
