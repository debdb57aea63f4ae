"""The answer clock: runs in office hours only, also when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.qualify.rules import (
    ClockState,
    OfficeHours,
    answer_due,
    clock_starts,
    clock_state,
    office_seconds_between,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
OFFICE = OfficeHours(AMSTERDAM, opens=time(9), closes=time(17, 30), holidays=frozenset({date(2026, 12, 25)}))
ROUND_THE_CLOCK = OfficeHours(AMSTERDAM, weekdays=frozenset(range(1, 8)), opens=time(0), closes=time(0))


def there(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("arrived", "minutes", "due"),
    [
        ("2026-11-12 10:00", 30, "2026-11-12 10:30"),
        ("2026-11-12 17:15", 30, "2026-11-13 09:15"),
        ("2026-11-12 17:00", 30, "2026-11-12 17:30"),
        ("2026-11-12 03:00", 30, "2026-11-12 09:30"),
        ("2026-11-13 17:20", 30, "2026-11-16 09:20"),  # Friday to Monday
        ("2026-11-14 12:00", 30, "2026-11-16 09:30"),  # Saturday
        ("2026-12-24 17:29", 2, "2026-12-28 09:01"),  # Christmas is a Friday
        ("2026-11-12 10:00", 60 * 17, "2026-11-16 10:00"),  # two working days
        ("2026-11-12 10:00", 0, "2026-11-12 10:00"),
        ("2026-11-14 10:00", 0, "2026-11-16 09:00"),
    ],
)
def test_an_answer_is_due_after_so_many_office_minutes(arrived: str, minutes: int, due: str):
    assert answer_due(there(arrived), OFFICE, minutes=minutes) == there(due)


def test_a_lead_of_another_zone_is_answered_in_the_companys_hours():
    sao_paulo = datetime(2026, 11, 12, 16, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))  # 20:00 in Amsterdam
    assert answer_due(sao_paulo, OFFICE, minutes=30) == there("2026-11-13 09:30")


def test_nights_weekends_and_holidays_do_not_count():
    assert office_seconds_between(there("2026-11-12 17:00"), there("2026-11-13 10:00"), OFFICE) == 90 * 60
    assert office_seconds_between(there("2026-11-13 18:00"), there("2026-11-16 08:00"), OFFICE) == 0
    assert office_seconds_between(there("2026-12-24 17:00"), there("2026-12-28 09:30"), OFFICE) == 60 * 60
    assert office_seconds_between(there("2026-11-13 10:00"), there("2026-11-12 17:00"), OFFICE) == -90 * 60


def test_a_day_of_23_or_25_hours_counts_as_long_as_it_is():
    spring, autumn = there("2026-03-29 00:00"), there("2026-10-25 00:00")
    for start, hours in ((spring, 23), (autumn, 25), (there("2026-11-12 00:00"), 24)):
        after = datetime.combine(start.date() + timedelta(days=1), time(0), tzinfo=AMSTERDAM)
        assert office_seconds_between(start, after, ROUND_THE_CLOCK) == hours * 3600
    before = there("2026-03-29 01:30")
    assert answer_due(before, ROUND_THE_CLOCK, minutes=60) == there("2026-03-29 03:30")
    night = OfficeHours(AMSTERDAM, weekdays=frozenset({7}), opens=time(2, 30), closes=time(3))
    assert office_seconds_between(spring, spring + timedelta(hours=12), night) == 0  # those minutes did not exist


@pytest.mark.parametrize(
    ("now", "state", "left"),
    [
        ("2026-11-14 12:00", ClockState.GOOD, 60),  # the weekend costs nothing
        ("2026-11-16 09:30", ClockState.GOOD, 30),
        ("2026-11-16 09:31", ClockState.WARN, 29),
        ("2026-11-16 09:42", ClockState.WARN, 18),
        ("2026-11-16 09:43", ClockState.BAD, 17),
        ("2026-11-16 10:00", ClockState.BAD, 0),
        ("2026-11-16 10:01", ClockState.LATE, -1),
        ("2026-11-17 10:00", ClockState.LATE, -510),
    ],
)
def test_the_clock_warns_below_half_and_alarms_below_three_tenths(now: str, state: ClockState, left: int):
    due = answer_due(there("2026-11-14 08:00"), OFFICE, minutes=60)
    clock = clock_state(due, now=there(now), minutes=60, hours=OFFICE)
    assert (clock.state, clock.seconds_left) == (state, left * 60)
    assert clock.used == pytest.approx(min(1 - left / 60, 1))


def test_after_closing_an_answer_due_at_closing_time_is_late():
    due = there("2026-11-12 17:30")
    clock = clock_state(due, now=there("2026-11-12 18:00"), minutes=30, hours=OFFICE)
    assert (clock.state, clock.seconds_left, clock.used) == (ClockState.LATE, 0, 1.0)


def test_no_clock_starts_for_an_unknown_arrival_or_an_old_import():
    now = there("2026-11-12 10:00")
    assert clock_starts(now)
    assert not clock_starts(None)
    assert clock_starts(now - timedelta(days=7), imported_at=now)
    assert not clock_starts(now - timedelta(days=7, seconds=1), imported_at=now)
    assert clock_starts(now - timedelta(days=30))  # typed in by hand: somebody just heard of it


def test_office_hours_that_never_open_are_refused():
    for wrong in (
        {"weekdays": frozenset()},
        {"weekdays": frozenset({0})},
        {"opens": time(10), "closes": time(9)},
        {"opens": time(10), "closes": time(10)},
    ):
        with pytest.raises(ValueError, match=r"office|Office"):
            OfficeHours(AMSTERDAM, **wrong)
    with pytest.raises(ValueError, match="time zone"):
        answer_due(datetime(2026, 1, 1), OFFICE, minutes=1)


office_hours = st.builds(
    lambda zone, weekdays, opens, length, holidays: OfficeHours(
        ZoneInfo(zone),
        weekdays=weekdays,
        opens=(start := time(opens // 60, opens % 60)),
        closes=(datetime.combine(date(2000, 1, 1), start) + timedelta(minutes=min(length, 1440 - opens))).time(),
        holidays=holidays,
    ),
    st.sampled_from(
        ["UTC", "Europe/Amsterdam", "America/Sao_Paulo", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
    ),
    st.frozensets(st.integers(1, 7), min_size=1),
    st.integers(0, 1439),
    st.integers(60, 1440),
    st.frozensets(st.dates(date(2017, 1, 1), date(2018, 12, 31)), max_size=5),
)
moments = st.datetimes(datetime(2017, 1, 1), datetime(2018, 12, 31), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)


@settings(deadline=None)  # a busy machine is no reason to fail
@given(office_hours, moments, st.integers(1, 3000))
def test_exactly_the_minutes_allowed_lie_between_arrival_and_due(hours: OfficeHours, arrived: datetime, minutes: int):
    due = answer_due(arrived, hours, minutes=minutes)
    assert office_seconds_between(arrived, due, hours) == minutes * 60
    assert office_seconds_between(arrived, due - timedelta(seconds=1), hours) == minutes * 60 - 1
    clock = clock_state(due, now=arrived, minutes=minutes, hours=hours)
    assert (clock.state, clock.used, clock.seconds_left) == (ClockState.GOOD, 0.0, minutes * 60)
    assert clock_state(due, now=due + timedelta(seconds=1), minutes=minutes, hours=hours).state is ClockState.LATE


@settings(deadline=None)  # a busy machine is no reason to fail
@given(office_hours, moments, st.integers(0, 40 * 86400), st.integers(0, 40 * 86400))
def test_office_time_adds_up_and_is_never_more_than_time(hours: OfficeHours, start: datetime, first: int, second: int):
    middle, end = start + timedelta(seconds=first), start + timedelta(seconds=first + second)
    whole = office_seconds_between(start, end, hours)
    parts = [office_seconds_between(start, middle, hours), office_seconds_between(middle, end, hours)]
    assert sum(parts) == whole
    assert 0 <= whole <= first + second
    assert office_seconds_between(end, start, hours) == -whole
    local = start.astimezone(ZoneInfo("Asia/Tokyo"))
    assert office_seconds_between(local, end.astimezone(hours.zone), hours) == whole
