"""Figures, money, dates and spans of time, as people read them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from headwater.web import format as words
from headwater.web.notation import writing

EN = writing("en")
DE = writing("de")
NOW = datetime(2026, 11, 12, 8, 42, tzinfo=UTC)
ROTTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (0, "€0"),
        (950, "€950"),
        (Decimal("999.49"), "€999"),
        (Decimal("999.50"), "€1k"),
        (6200, "€6.2k"),
        (9000, "€9k"),
        (34_000, "€34k"),
        (48_500, "€49k"),
        (412_345, "€412k"),
        (999_499, "€999k"),
        (999_500, "€1m"),
        (1_492_000, "€1.49m"),
        (12_345_678, "€12.3m"),
        (3_720_000_000, "€3.72bn"),
        (-34_000, "−€34k"),
        (None, "–"),
    ],
)
def test_lists_and_charts_show_short_amounts(amount: Decimal | int | None, written: str) -> None:
    assert words.money_short(amount, "EUR", EN) == written


@pytest.mark.parametrize(
    ("amount", "currency", "german", "spanish"),
    [
        (950, "EUR", "950 €", "950 €"),
        (34_499, "EUR", "34.499 €", "34 mil €"),
        (-6200, "CHF", "−6.200 CHF", "−6,2 mil CHF"),
        (999_600, "EUR", "1 Mio. €", "1 M €"),
        (1_492_000, "EUR", "1,49 Mio. €", "1,49 M €"),
        (3_720_000_000, "CHF", "3,72 Mrd. CHF", "3.720 M CHF"),
        (5000, "", "5.000", "5 mil"),
    ],
)
def test_short_amounts_are_written_as_each_language_shortens_them(amount, currency, german, spanish):
    for language, written in (("de", german), ("es", spanish)):
        assert words.money_short(amount, currency, writing(language)).replace("\u00a0", " ") == written


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (34_000, "EUR", "€34,000"),
        (Decimal("86400.00"), "EUR", "€86,400"),
        (Decimal("2.14"), "EUR", "€2.14"),
        (Decimal("-12.5"), "GBP", "−£12.50"),
        (1200, "CHF", "CHF\u00a01,200"),
        (1200, "USD", "US$1,200"),
        (Decimal("1234.00"), "JPY", "JP¥1,234"),
        (Decimal("12.34"), "KWD", "KWD\u00a012.340"),
        (Decimal("12.50"), "JPY", "JP¥12.5"),
        (1200, "", "1,200"),
        (None, "EUR", "–"),
    ],
)
def test_records_show_amounts_in_full(amount: Decimal | int | None, currency: str, written: str) -> None:
    assert words.money(amount, currency, EN) == written


def test_an_unknown_amount_is_not_zero() -> None:
    assert words.money(None, "EUR", EN) != words.money(0, "EUR", EN)


def test_figures_follow_the_language() -> None:
    assert words.number(1986, EN) == "1,986"
    assert words.number(1986, DE) == "1.986"
    assert words.day(date(2026, 11, 12), DE, today=date(2026, 1, 1)) == "12. Nov."


def test_an_unknown_language_reads_as_english() -> None:
    assert writing("xx-yy").language == "en"
    assert writing("").language == "en"


def test_a_percentage_has_a_thin_gap_before_its_sign() -> None:
    assert words.percent(0.86, EN) == "86\u202f%"
    assert words.percent(Decimal("0.1049"), EN, digits=1) == "10.5\u202f%"
    assert words.percent(-0.41, EN, sign=True) == "−41\u202f%"
    assert words.percent(14.9, EN, sign=True) == "+1,490\u202f%"
    assert words.percent(None, EN) == "–"


def test_a_difference_shows_its_sign() -> None:
    assert [words.signed(value, EN) for value in (26, 0, -6)] == ["+26", "0", "−6"]


def test_a_day_has_its_year_only_when_it_is_not_this_one() -> None:
    today = date(2026, 11, 12)
    assert words.day(date(2026, 11, 12), EN, today=today) == "12 Nov"
    assert words.day(date(2025, 2, 3), EN, today=today) == "3 Feb 2025"
    assert words.long_day(today, EN) == "Thursday 12 November"
    assert words.month(today, EN) == "Nov 2026"


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 11, 12, 8, 20, tzinfo=UTC), "today 09:20"),
        (datetime(2026, 11, 11, 23, 30, tzinfo=UTC), "today 00:30"),
        (datetime(2026, 11, 11, 16, 5, tzinfo=UTC), "yesterday 17:05"),
        (datetime(2026, 11, 13, 9, 0, tzinfo=UTC), "tomorrow 10:00"),
        (datetime(2026, 11, 10, 9, 0, tzinfo=UTC), "Tue 10 Nov"),
        (datetime(2026, 10, 6, 9, 0, tzinfo=UTC), "6 Oct"),
        (datetime(2025, 2, 3, 9, 0, tzinfo=UTC), "3 Feb 2025"),
        (None, "–"),
    ],
)
def test_a_timeline_says_when_in_the_readers_zone(moment: datetime | None, written: str) -> None:
    assert words.when(moment, EN, now=NOW, zone=ROTTERDAM) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(20, "under 1 min"), (1320, "22 min"), (7500, "2 h 05"), (7200, "2 h"), (3 * 86_400 + 5, "3 d")],
)
def test_a_duration_has_at_most_two_units(seconds: int, written: str) -> None:
    assert words.duration(seconds) == written
    assert words.duration(timedelta(seconds=-seconds)) == written


def test_a_moment_is_so_far_away() -> None:
    assert words.ago(NOW - timedelta(minutes=22), now=NOW) == "22 min ago"
    assert words.ago(NOW + timedelta(days=3), now=NOW) == "in 3 d"
    assert words.ago(NOW - timedelta(seconds=5), now=NOW) == "just now"


def test_a_due_day_says_how_late_it_is() -> None:
    today = date(2026, 11, 12)
    said = [words.days_late(today + timedelta(days=days), today=today) for days in (-2, -1, 0, 1, 5)]
    assert said == ["2 days late", "1 day late", "today", "tomorrow", "in 5 days"]


def test_the_answer_clock_warns_below_half_and_alarms_below_thirty_percent() -> None:
    assert [words.clock_tone(left, 1800) for left in (1800, 900, 899, 540, 539, -60)] == [
        "good", "good", "warn", "warn", "bad", "bad",
    ]  # fmt: skip
    assert words.clock_words(480) == "8 min left"
    assert words.clock_words(-7500) == "2 h 05 late"


def test_initials_are_those_of_the_first_and_last_word() -> None:
    assert [words.initials(name) for name in ("Marta Kowalska", "Bas de Wit", "Cher", "", "(Unnamed)")] == [
        "MK", "BW", "CH", "?", "(U",
    ]  # fmt: skip


def test_an_avatar_keeps_its_colour() -> None:
    assert words.avatar_colour("Marta Kowalska") == words.avatar_colour(" marta kowalska ")
    assert {words.avatar_colour(f"Person {number}") for number in range(50)} == {1, 2, 3, 4, 5}


def test_marks_stay_inside_their_drawing() -> None:
    assert [words.svg_percent(share) for share in (-1, 0, 0.625, 2)] == ["0%", "0%", "62.5%", "100%"]


@given(st.lists(st.floats(-1e9, 1e9), max_size=40))
def test_a_spark_line_never_leaves_its_box(values: list[float]) -> None:
    points = words.spark_points(values, 64, 20)
    assert len(points) == len(values)
    assert all(2 <= x <= 62 and 3 <= y <= 17 for x, y in points)


@given(st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=2))
def test_a_short_amount_is_short(amount: Decimal) -> None:
    assert len(words.money_short(amount, "EUR", EN)) <= 9


@pytest.mark.parametrize("language", ["en", "de", "de-ch", "es", "fr", "pl", "pt", "hi", "ar", "sv", "ja", "en-in"])
@pytest.mark.parametrize(
    "value", [0, 1, -1, 999, 1000, 1234, -12345, 1234567, 2.5, 3.5, -0.4, 0.05, 1234.565, Decimal("1e14")]
)
def test_the_quick_way_writes_what_babel_writes(language: str, value: int | float | Decimal) -> None:
    locale = writing(language)
    for digits, pattern in ((0, "#,##0"), (1, "#,##0.0"), (2, "#,##0.00")):
        slow = format_decimal(Decimal(str(value)), format=pattern, locale=locale)
        assert words.number(value, locale, digits=digits) == slow.replace("-", words.MINUS)


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+35315550142", "+353 1 555 0142"), ("+493012345678", "+49 30 12345678"), ("", ""), ("ask Orla", "ask Orla")],
)
def test_telephone_numbers_are_written_for_the_whole_world(number: str, shown: str) -> None:
    assert words.phone(number) == shown
