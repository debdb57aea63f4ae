"""What a reader sees is what they may type: figures, days and times in every notation come back as they were."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.http import QueryDict
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from headwater.platform.clock import now
from headwater.platform.numbers import typed_number
from headwater.web import format as words
from headwater.web.fields import DayField, MomentField
from headwater.web.notation import CLOCKS, DAYS, NUMBERS, Notation, read_day, read_moment, writing, writing_for

BERLIN = ZoneInfo("Europe/Berlin")
CHOSEN = [Notation(numbers=numbers, days=days, clock=clock) for numbers, days, clock in product(NUMBERS, DAYS, CLOCKS)]
FOUND = [("en", ""), ("en", "US"), ("en", "CA"), ("en", "NL"), ("de", "AT"), ("de", "CH"), ("es", "MX"), ("es", "")]
WRITINGS = [writing("en", notation) for notation in CHOSEN] + [writing(code, Notation(land)) for code, land in FOUND]

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2)
days = st.dates(min_value=date(1900, 1, 1), max_value=date(2900, 12, 31))
moments = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2900, 12, 31))


@given(amount=amounts, locale=st.sampled_from(WRITINGS), currency=st.sampled_from(["EUR", "CHF"]))
def test_an_amount_is_read_as_it_is_written(amount, locale, currency):
    plain = words.number(amount, locale, digits=2)
    assert typed_number(plain, decimal=locale.decimal_mark) == amount
    shown = words.money(amount, currency, locale)
    besides = (currency, "€")
    assert typed_number(shown, decimal=locale.decimal_mark, besides=besides) == amount


@given(day=days, locale=st.sampled_from(WRITINGS))
def test_a_day_is_read_as_it_is_written(day, locale):
    assert read_day(locale.day(day), locale) == day
    assert read_day(day.isoformat(), locale) == day


@given(moment=moments, locale=st.sampled_from(WRITINGS))
def test_a_moment_is_read_as_it_is_written(moment, locale):
    moment = moment.replace(second=0, microsecond=0)
    assert read_moment(f"{locale.day(moment)} {locale.time(moment.time())}", locale) == moment
    assert read_moment(moment.isoformat(), locale) == moment
    assert read_moment(f"{moment:%Y-%m-%dT%H:%M}", locale) == moment


@pytest.mark.parametrize(
    ("language", "country", "number", "day", "at", "week"),
    [
        ("en", "", "1,234.50", "31/12/2026", "14:30", 0),
        ("en", "NL", "1,234.50", "31/12/2026", "14:30", 0),  # English is not spoken there: as at home
        ("en", "US", "1,234.50", "12/31/2026", "2:30 pm", 6),
        ("de", "AT", "1.234,50", "31.12.2026", "14:30", 0),
        ("de", "CH", "1’234.50", "31.12.2026", "14:30", 0),
        ("es", "", "1.234,50", "31/12/2026", "14:30", 0),
        ("xx", "", "1,234.50", "31/12/2026", "14:30", 0),
    ],
)
def test_the_notation_follows_from_language_and_country(language, country, number, day, at, week):
    locale = writing(language, Notation(country))
    assert (locale.example_number, locale.example_day, locale.time(time(14, 30)), locale.week_begins) == (
        number, day, at, week,
    )  # fmt: skip


def test_an_ambiguous_day_is_read_in_the_readers_order():
    wanted = {"31.12.2026": date(2026, 4, 3), "12/31/2026": date(2026, 3, 4), "31/12/2026": date(2026, 4, 3)}
    for chosen, day in wanted.items():
        locale = writing("en", Notation(days=chosen))
        assert read_day("03/04/2026", locale) == read_day("3.4.26", locale) == read_day(" 3-4-2026 ", locale) == day


@pytest.mark.parametrize(
    "text", ["31/12/2026", "12/32/2026", "12/2026", "soon", "", "1/2/345", "2026-13-01", "0/1/2026"]
)
def test_what_only_fits_another_order_is_refused_not_guessed(text):
    assert read_day(text, writing("en", Notation(days="12/31/2026"))) is None


@pytest.mark.parametrize("text", ["31.12.2026", "31.12.2026 25:00", "31.12.2026 13:00 pm", "31.12.2026 7", "14:30"])
def test_a_moment_without_a_time_is_none(text):
    assert read_moment(text, writing("en", Notation(days="31.12.2026"))) is None


def test_days_are_shown_in_figures_to_who_chose_how():
    shown, today = date(2026, 11, 12), date(2026, 11, 20)
    at, now = datetime(2026, 11, 12, 14, 5, tzinfo=UTC), datetime(2026, 11, 15, tzinfo=UTC)
    assert words.day(shown, writing("en"), today=today) == "12 Nov"
    for chosen, wanted in zip(DAYS, ("12.11.2026", "11/12/2026", "12/11/2026", "2026-11-12"), strict=True):
        locale = writing("en", Notation(days=chosen, clock="12"))
        assert words.day(shown, locale, today=today) == wanted == words.when(at, locale, now=now, zone=UTC)
        assert words.moment(at, locale, now=now, zone=UTC) == f"{wanted} 2:05 pm"


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    list(zip(NUMBERS, ("−€12,345.60", "−€12.345,60", "−€12\u202f345,60", "−€12’345.60"), strict=True)),
)
def test_money_carries_the_marks_that_were_chosen(numbers, wanted):
    locale = writing("en", Notation(numbers=numbers))
    assert words.money(Decimal("-12345.6"), "EUR", locale) == wanted
    assert words.number(Decimal("12345.6"), locale, digits=2) == wanted[2:]


# Forms -----------------------------------------------------------------------------------------------------


class Due(forms.Form):
    day = DayField(required=False)
    at = MomentField(required=False)


def test_a_form_takes_and_shows_days_in_the_notation_and_in_iso():
    with writing_for(Notation(days="31.12.2026", clock="12")), timezone.override(BERLIN):
        for typed in ("3.4.2026", "2026-04-03", "03/04/2026"):
            form = Due(QueryDict(f"day={typed}&at={typed} 2:30 pm"))
            assert form.is_valid() and form.cleaned_data["day"] == date(2026, 4, 3)
            assert form.cleaned_data["at"] == datetime(2026, 4, 3, 12, 30, tzinfo=UTC)
            assert 'type="text"' in str(form["day"]) and 'value="03.04.2026"' in str(form["day"])
            assert 'value="03.04.2026 2:30 pm"' in str(form["at"])
        errors = Due(QueryDict("day=31/31/2026&at=soon")).errors
        assert "as in 31.12.2026." in str(errors["day"]) and "as in 31.12.2026 2:30 pm." in str(errors["at"])
        assert 'value="soon"' in str(Due(QueryDict("at=soon"))["at"])


def test_without_a_choice_days_are_typed_as_the_language_and_the_country_have_them():
    for language, country, day, moment in (
        ("en", "IE", "03/04/2026", "03/04/2026 14:30"),
        ("en", "US", "04/03/2026", "04/03/2026 2:30 pm"),
        ("de", "DE", "03.04.2026", "03.04.2026 14:30"),
    ):
        with writing_for(Notation(country=country)), translation.override(language), timezone.override(BERLIN):
            form = Due(QueryDict(f"day={day}&at={moment}"))
            assert form.is_valid() and form.cleaned_data["day"] == date(2026, 4, 3)
            assert f'value="{day}"' in str(form["day"]) and f'value="{moment}"' in str(form["at"])
            assert "data-day-open" in str(form["day"]) and 'type="text"' in str(form["day"])


@pytest.mark.parametrize(
    ("typed", "days", "language"),
    [
        ("today", 0, "en"), ("Tomorrow", 1, "en"), ("yesterday", -1, "de"), ("+3", 3, "en"), ("-2w", -14, "en"),
        ("+3d", 3, "de"), ("morgen", 1, "de"), ("+2 t", 2, "de"), ("+1w", 7, "de"), ("hoy", 0, "es"), ("+2s", 14, "es"),
    ],
)  # fmt: skip
def test_a_day_is_said_by_its_distance_from_the_readers_today(typed, days, language):
    today = now().astimezone(BERLIN).date()
    with translation.override(language), timezone.override(BERLIN):
        form = Due(QueryDict(urlencode({"day": typed, "at": f"{typed.replace(' ', '')} 09:00"})))
        assert form.is_valid(), form.errors
        assert form.cleaned_data["day"] == today + timedelta(days=days)
        assert form.cleaned_data["at"].astimezone(BERLIN).date() == today + timedelta(days=days)


def test_what_only_looks_like_a_distance_is_refused():
    for typed in ("3", "+", "+3x", "+99999", "next", "+3d4"):
        assert Due(QueryDict(urlencode({"day": typed}))).errors, typed


@pytest.mark.parametrize(
    ("typed", "utc"),
    [
        ("2026-03-29T01:59", "00:59"),
        ("2026-03-29T03:00", "01:00"),
        ("2026-10-25T02:30", "00:30"),  # it comes twice: the first one
        ("2026-10-25T03:00", "02:00"),
    ],
)
def test_a_time_around_the_switch_of_clocks_is_one_moment(typed, utc):
    with timezone.override(BERLIN):
        form = Due(QueryDict(f"at={typed}"))
        assert form.is_valid() and f"{form.cleaned_data['at'].astimezone(UTC):%H:%M}" == utc


def test_a_time_that_clocks_leave_out_is_refused_in_words():
    with timezone.override(BERLIN), writing_for(Notation(clock="12")):
        errors = Due(QueryDict("at=2026-03-29T02:30")).errors
        assert "there is no 2:30 am in Berlin" in str(errors["at"])
        assert "there is no 2:30 am in Berlin" in str(Due({"at": "2026-03-29T02:30"}).errors["at"])
    with timezone.override(UTC):
        assert Due(QueryDict("at=2026-03-29T02:30")).is_valid()


def test_the_second_of_two_equal_times_stays_where_nobody_touches_it():
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    with timezone.override(BERLIN):
        form = Due(QueryDict("at=2026-10-25T02:30"), initial={"at": second})
        assert form["at"].value() == "2026-10-25T02:30:00" and second - form.fields["at"].clean(
            form["at"].value()
        ) == timedelta(hours=1)
        assert str(Due(initial={"at": second})["at"]).count('value="25/10/2026 02:30"') == 1
