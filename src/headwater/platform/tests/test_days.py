"""Days relative to today, against counting them one by one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.platform.days import UNITS, RelativeDays, read_days

TODAYS = st.dates(date(2001, 1, 1), date(2099, 12, 31))


def all_days(span):
    first, last = span
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


def same(unit, day):
    """What days of one unit of the calendar have in common."""
    return {
        "day": day,
        "week": day.isocalendar()[:2],
        "month": (day.year, day.month),
        "quarter": (day.year, (day.month - 1) // 3),
        "year": day.year,
    }[unit]


@given(today=TODAYS, unit=st.sampled_from(UNITS))
def test_whole_units_of_the_calendar_follow_on_each_other(today, unit):
    this, last, following = (RelativeDays(way, unit).span(today) for way in ("this", "last", "next"))
    assert today in all_days(this)
    assert len({same(unit, day) for day in all_days(this)}) == 1
    assert same(unit, this[0] - timedelta(days=1)) != same(unit, today) != same(unit, this[1] + timedelta(days=1))
    assert last[1] + timedelta(days=1) == this[0] and this[1] + timedelta(days=1) == following[0]
    assert (
        len({same(unit, day) for day in all_days(last)}) == len({same(unit, day) for day in all_days(following)}) == 1
    )


@given(today=TODAYS, count=st.integers(1, 400))
def test_so_many_days_have_today_in_them(today, count):
    assert all_days(RelativeDays("last", "day", count).span(today)) == {today - timedelta(days=n) for n in range(count)}
    assert all_days(RelativeDays("next", "day", count).span(today)) == {today + timedelta(days=n) for n in range(count)}
    weeks = RelativeDays("last", "week", count).span(today)
    assert weeks == RelativeDays("last", "day", 7 * count).span(today)
    assert RelativeDays("ago", "day", count).span(today) == (today - timedelta(days=count),) * 2
    assert RelativeDays("in", "week", count).span(today) == (today + timedelta(days=7 * count),) * 2


@pytest.mark.parametrize(
    ("word", "first", "last"),
    [
        ("last_1_months", date(2027, 3, 1), date(2027, 3, 31)),
        ("last_12_months", date(2026, 4, 1), date(2027, 3, 31)),
        ("1_months_ago", date(2027, 2, 28), date(2027, 2, 28)),
        ("in_1_quarter", date(2027, 6, 30), date(2027, 6, 30)),
        ("next_2_years", date(2027, 3, 31), date(2029, 3, 30)),
        ("yesterday", date(2027, 3, 30), date(2027, 3, 30)),
        ("this_week", date(2027, 3, 29), date(2027, 4, 4)),
    ],
)
def test_months_end_where_they_end(word, first, last):
    assert read_days(word).span(date(2027, 3, 31)) == (first, last)


@given(way=st.sampled_from(["this", "last", "next"]), unit=st.sampled_from(UNITS), count=st.integers(1, 9999))
def test_words_are_read_as_they_are_written(way, unit, count):
    for days in (RelativeDays(way, unit), RelativeDays("ago", unit, count), RelativeDays("in", unit, count)):
        assert read_days(str(days)) == days
    if way != "this":
        assert read_days(str(RelativeDays(way, unit, count))) == RelativeDays(way, unit, count)


@pytest.mark.parametrize("word", ["", "last", "last_0_days", "last_10000_days", "last_-1_days", "soon", "in_²_days"])
def test_other_words_are_no_days(word):
    assert read_days(word) is None


def test_days_beyond_the_calendar_are_refused():
    with pytest.raises((ValueError, OverflowError)):
        RelativeDays("ago", "year", 9999).span(date(2026, 1, 1))
