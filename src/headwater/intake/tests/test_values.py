"""Cells as values: one reading that a person would agree with, or a reason."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import gettext_lazy, override
from hypothesis import given
from hypothesis import strategies as st

from headwater.intake.values import (
    BadValue,
    Blanks,
    DateOrder,
    infer_date_order,
    infer_decimal_comma,
    parse_amount,
    parse_bool,
    parse_choice,
    parse_date,
    parse_datetime,
    parse_decimal,
    parse_integer,
)

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01", "2024/3/1", "2024.03.01", "20240301", "01-03-2024", "1/3/2024", "01.03.2024", "1.3.24",
        "01. 03. 2024", "1 Mar 2024", "1-Mar-24", "1st March 2024", "March 1, 2024", "Mar 1 2024", "1. März 2024",
        "1 de marzo de 2024", "1 maart 2024", "1 de março de 2024", "1er mars 2024", "2024 March 1", "45352",
        "45352.75", "Fri, 1 Mar 2024", "2024-03-01 14:30", "2024-03-01T14:30:00Z", "  2024-03-01 ",
    ],
)  # fmt: skip
def test_the_same_day_in_many_spellings(text: str) -> None:
    assert parse_date(text) == dt.date(2024, 3, 1)


def test_the_order_of_the_column_decides() -> None:
    assert parse_date("03/04/2024", order=DateOrder.MDY) == dt.date(2024, 3, 4)
    assert parse_date("03/04/2024", order=DateOrder.DMY) == dt.date(2024, 4, 3)
    assert parse_date("24/03/04", order=DateOrder.YMD) == dt.date(2024, 3, 4)
    assert parse_date("2024-03-04", order=DateOrder.MDY) == dt.date(2024, 3, 4)


def test_a_date_against_the_order_is_refused_rather_than_turned_round() -> None:
    with pytest.raises(BadValue, match="day first"):
        parse_date("03/25/2024", order=DateOrder.DMY)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2024-02-30", "31/04/2024", "12", "2024", "1/2", "99999", "1 Foo 2024", "20241301", "2024-13-01"],
)  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-07-01 14:30:00", "2024-07-01T12:30:00+00:00"),
        ("2024-07-01", "2024-06-30T22:00:00+00:00"),
        ("2024-07-01T14:30:00Z", "2024-07-01T14:30:00+00:00"),
        ("2013-11-23T02:30:31-08:00", "2013-11-23T10:30:31+00:00"),
        ("01/07/2024 2:30 PM", "2024-07-01T12:30:00+00:00"),
        ("1.7.2024, 14:30 Uhr", "2024-07-01T12:30:00+00:00"),
        ("1 July 2024 12:00 AM", "2024-06-30T22:00:00+00:00"),
        ("01/07/2024 14:30:15.5 +0200", "2024-07-01T12:30:15.500000+00:00"),
        ("01/07/2024 14:30 UTC", "2024-07-01T14:30:00+00:00"),
        ("01/07/2024 14:30 America/New_York", "2024-07-01T18:30:00+00:00"),
        ("45474.604166666664", "2024-07-01T12:30:00+00:00"),
        ("1719837000", "2024-07-01T12:30:00+00:00"),
        ("1719837000000", "2024-07-01T12:30:00+00:00"),
    ],
)
def test_moments_are_stored_in_utc(text: str, utc: str) -> None:
    assert parse_datetime(text, timezone=BERLIN).isoformat() == utc


@pytest.mark.parametrize("text", ["01/07/2024 25:00", "01/07/2024 13:00 PM", "01/07/2024 10:00 No/Where", "10:00"])
def test_impossible_times_are_refused(text: str) -> None:
    with pytest.raises(BadValue):
        parse_datetime(text)


@given(st.dates(min_value=dt.date(1970, 1, 1), max_value=dt.date(2068, 12, 31)))
def test_every_day_survives_every_usual_spelling(day: dt.date) -> None:
    for shape, order in [
        ("%Y-%m-%d", "ymd"), ("%d.%m.%Y", "dmy"), ("%m/%d/%Y", "mdy"), ("%d-%m-%y", "dmy"), ("%d %B %Y", "dmy"),
        ("%b %d, %Y", "mdy"), ("%Y%m%d", "ymd"), ("%y/%m/%d", "ymd"),
    ]:  # fmt: skip
        assert parse_date(day.strftime(shape), order=DateOrder(order)) == day


@given(st.datetimes(min_value=dt.datetime(1970, 1, 1), timezones=st.just(dt.UTC)))
def test_iso_moments_survive(moment: dt.datetime) -> None:
    assert parse_datetime(moment.isoformat()) == moment
    assert parse_datetime(moment.isoformat(sep=" ")) == moment


@given(st.text(max_size=20))
def test_no_text_breaks_the_parsers(text: str) -> None:
    for parse in (parse_date, parse_datetime, parse_decimal, parse_integer, parse_bool):
        try:
            parse(text)
        except BadValue as refusal:
            assert str(refusal)


@pytest.mark.parametrize(
    ("samples", "order", "certain"),
    [
        (["01/02/2024", "25/02/2024"], DateOrder.DMY, True),
        (["01/02/2024", "02/25/2024"], DateOrder.MDY, True),
        (["01/02/2024", "03/04/2024"], DateOrder.DMY, False),
        (["25/02/2024", "02/25/2024", "26/02/2024"], DateOrder.DMY, False),
        (["97/02/25"], DateOrder.YMD, True),
        (["2024-01-02", "", "soon"], DateOrder.DMY, True),
        (["02/02/2024"], DateOrder.DMY, True),
    ],
)
def test_the_order_of_a_column_is_found_or_said_to_be_open(samples: list[str], order: DateOrder, certain: bool) -> None:
    guess = infer_date_order(samples)
    assert (guess.order, guess.certain) == (order, certain)
    assert guess.reason


def test_an_open_order_follows_the_default() -> None:
    assert infer_date_order(["01/02/2024"], default=DateOrder.MDY).order is DateOrder.MDY


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234.56", "1234.56"), ("1,234.56", "1234.56"), ("1.234,56", "1234.56"), ("1 234,56", "1234.56"),
        ("1\u202f234,56 €", "1234.56"), ("€ 1.234,56", "1234.56"), ("$1,234.56", "1234.56"),
        ("USD 1,234.56", "1234.56"), ("1'234.56 CHF", "1234.56"), ("12,34,567.89", "1234567.89"),
        ("R$ 1.234,56", "1234.56"), ("1.234.567", "1234567"), ("1,234,567", "1234567"), ("1,234", "1234"),
        ("1.234", "1.234"), ("0,5", "0.5"), ("0.125", "0.125"), ("0,125", "0.125"), ("(123)", "-123"),
        ("-€5", "-5"), ("€-5", "-5"), ("5-", "-5"), ("−5", "-5"), ("€1.2k", "1200"), ("1,5 Mio. €", "1500000"),
        ("3m", "3000000"), ("12%", "0.12"), ("12,5 %", "0.125"), ("1.5E+06", "1500000"), ("1100.04", "1100.04"),
        ("5000 kr", "5000"), ("50,-", "50"), ("١٢", "12"), ("+7", "7"), (".5", "0.5"), ("($1,000.00)", "-1000.00"),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_mean_them(text: str, number: str) -> None:
    assert parse_decimal(text) == Decimal(number)


def test_an_amount_with_a_third_decimal_is_refused_not_rounded() -> None:
    assert str(parse_amount("1.234,5", decimal=",")) == "1234.50"
    assert parse_amount("KWD 12.340") == Decimal("12.34")
    for text in ("12.345", "KWD 0,125", "33.3333333333333"):
        with pytest.raises(BadValue, match="more than two decimals"):
            parse_amount(text)
    with pytest.raises(BadValue, match="too large"):
        parse_amount("9" * 40)


def test_the_decimal_mark_of_the_column_settles_what_fits_both_ways() -> None:
    assert parse_decimal("1,234", decimal=",") == Decimal("1.234")
    assert parse_decimal("1.234", decimal=",") == Decimal("1234")
    assert parse_decimal("1.5", decimal=",") == Decimal("1.5")
    assert parse_decimal("12", decimal=",") == Decimal("12")


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1,2,3", "1.2.3,4", "--5", "(5", "5)", "-(5)", "nan", "inf", "1e999", "12 apples", "1.234,5.6", "%"],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="not a number"):
        parse_decimal(text)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_every_amount_survives_both_ways_of_writing(value: Decimal) -> None:
    english = f"{value:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert parse_decimal(english) == value
    assert parse_decimal(german, decimal=",") == value
    assert parse_decimal(str(value)) == value


@pytest.mark.parametrize(
    ("samples", "mark", "certain"),
    [
        (["1.234,56", "7"], ",", True),
        (["1,234.56", "1,234"], ".", True),
        (["12,5"], ",", True),
        (["1.234.567"], ",", True),
        (["1,234", "5,678"], ".", False),
        (["1.5", "1,5"], ".", False),
        (["12", ""], ".", True),
        (["€ 1.234,50-"], ",", True),
    ],
)
def test_the_decimal_mark_of_a_column_is_found_or_said_to_be_open(samples: list[str], mark: str, certain: bool) -> None:
    guess = infer_decimal_comma(samples)
    assert (guess.mark, guess.certain) == (mark, certain)


def test_counts_are_whole() -> None:
    assert [parse_integer(text) for text in ("12", "1,234", "5.0")] == [12, 1234, 5]
    with pytest.raises(BadValue, match="whole number"):
        parse_integer("1.5")


def test_yes_and_no_in_many_languages() -> None:
    assert all(parse_bool(text) for text in ("Yes", "1", "TRUE", "ja", "Sí", "oui", "sim", "x"))
    assert not any(parse_bool(text) for text in ("No", "0", "false", "nein", "não", "non"))
    with pytest.raises(BadValue, match="neither yes nor no"):
        parse_bool("perhaps")


STAGES = {"New": "NEW", "Sales qualified": "SQL", "Disqualified": "DISQUALIFIED"}


def test_choices_are_found_by_value_or_label() -> None:
    assert [parse_choice(text, STAGES) for text in ("New", "sql", "sales-QUALIFIED")] == ["NEW", "SQL", "SQL"]


def test_a_near_miss_is_named_and_a_far_one_gets_the_list() -> None:
    with pytest.raises(BadValue, match="Did you mean “Disqualified”"):
        parse_choice("Disqualifed", STAGES)
    with pytest.raises(BadValue, match="New, Sales qualified, Disqualified"):
        parse_choice("xyz", STAGES)


def test_choices_are_read_and_named_as_pages_call_them_in_the_language_of_whoever_brings_the_file() -> None:
    called = {"NEW": gettext_lazy("New"), "SQL": "SQL", "DISQUALIFIED": gettext_lazy("Disqualified")}
    with override("es"):
        assert parse_choice("Descartado", STAGES, called) == "DISQUALIFIED"
        with pytest.raises(BadValue, match="«Descartado»"):
            parse_choice("Descartada", STAGES, called)
        with pytest.raises(BadValue, match="Nuevo, SQL, Descartado"):
            parse_choice("xyz", STAGES, called)
        assert parse_choice("disqualified", STAGES, called) == "DISQUALIFIED"


def test_blank_words_say_nothing_but_unknown_is_an_answer() -> None:
    blanks = Blanks(["Select"])
    assert [blanks.clean(text) for text in ("", " - ", "N/A", "NULL", "Select")] == [""] * 5
    assert [blanks.clean(text) for text in ("unknown", "None", "Null", "select me ")] == [
        "unknown", "None", "Null", "select me"
    ]  # fmt: skip


def test_the_apostrophe_before_what_would_run_as_a_formula_is_not_part_of_the_text() -> None:
    blanks = Blanks()
    cells = ("'+31612345601", " '=SUM(A1)", "'@home", "'-5", "'-")
    assert [blanks.clean(text) for text in cells] == ["+31612345601", "=SUM(A1)", "@home", "-5", ""]
    assert [blanks.clean(text) for text in ("'t Hooft", "O'Neil", "'")] == ["'t Hooft", "O'Neil", "'"]
