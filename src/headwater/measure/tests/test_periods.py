"""Periods: whole days where the company is, and refusals that say what to type."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.measure.rules import periods
from headwater.measure.rules.periods import Basis, By, Period, ReportRequest, UnreadableRequest

TODAY = date(2026, 11, 12)


@pytest.mark.parametrize(
    ("text", "first", "last", "label"),
    [
        ("this-month", date(2026, 11, 1), date(2026, 11, 30), "Nov 2026"),
        ("last-month", date(2026, 10, 1), date(2026, 10, 31), "Oct 2026"),
        ("this-quarter", date(2026, 10, 1), date(2026, 12, 31), "Q4 2026"),
        ("last-quarter", date(2026, 7, 1), date(2026, 9, 30), "Q3 2026"),
        ("this-year", date(2026, 1, 1), date(2026, 12, 31), "2026"),
        ("last-12-months", date(2025, 11, 1), date(2026, 10, 31), "Nov 2025 – Oct 2026"),
        ("2017", date(2017, 1, 1), date(2017, 12, 31), "2017"),
        ("2017-Q1", date(2017, 1, 1), date(2017, 3, 31), "Q1 2017"),
        ("2017-Q4", date(2017, 10, 1), date(2017, 12, 31), "Q4 2017"),
        ("2016-02", date(2016, 2, 1), date(2016, 2, 29), "Feb 2016"),
        ("2016-12", date(2016, 12, 1), date(2016, 12, 31), "Dec 2016"),
    ],
)
def test_a_named_period_means_whole_days(text: str, first: date, last: date, label: str):
    period = periods.read_period(text, today=TODAY)
    assert (period.from_, period.to, period.label) == (first, last, label)


def test_all_time_has_no_limit():
    for text in ("", "all"):
        period = periods.read_period(text, today=TODAY)
        assert period.is_all_time
        assert period.label == "All time"
        assert period.bounds(ZoneInfo("Europe/Amsterdam")) == (None, None)
        assert date(1900, 1, 1) in period


@pytest.mark.parametrize(
    ("first", "last", "label"),
    [
        (date(2017, 3, 1), date(2017, 4, 12), "1 Mar – 12 Apr 2017"),
        (date(2016, 12, 24), date(2017, 1, 2), "24 Dec 2016 – 2 Jan 2017"),
        (date(2017, 3, 5), date(2017, 3, 5), "5 Mar 2017"),
        (date(2017, 3, 1), date(2017, 5, 31), "Mar – May 2017"),
        (date(2017, 3, 1), None, "Since 1 Mar 2017"),
        (None, date(2018, 3, 31), "Up to 31 Mar 2018"),
    ],
)
def test_chosen_days_are_said_as_short_as_they_allow(first: date | None, last: date | None, label: str):
    assert Period(first, last).label == label


def test_a_day_begins_where_the_company_is_also_when_the_clocks_change():
    first, after = Period(date(2026, 3, 29), date(2026, 3, 29)).bounds(ZoneInfo("Europe/Amsterdam"))
    assert first == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert after == datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert ReportRequest(as_of=date(2018, 3, 31)).known_until(ZoneInfo("America/Sao_Paulo")) == datetime(
        2018, 4, 1, 3, tzinfo=UTC
    )
    assert ReportRequest().known_until(ZoneInfo("UTC")) is None


def test_what_is_left_out_of_a_request_takes_its_default():
    assert periods.read_request(today=TODAY) == ReportRequest(By.SOURCE, Basis.ARRIVED, "first", None, None, None)


def test_a_request_is_read_from_the_texts_of_an_address():
    asked = periods.read_request(
        today=TODAY, by="quarter", basis="closed", model="last", period="2017", as_of="2017-09-30"
    )
    assert asked == ReportRequest(
        By.QUARTER, Basis.CLOSED, "last", date(2017, 1, 1), date(2017, 12, 31), date(2017, 9, 30)
    )
    days = periods.read_request(today=TODAY, period="2017", from_="2018-01-05")
    assert days.period == Period(date(2018, 1, 5), None)


def test_all_that_cannot_be_read_is_told_at_once():
    with pytest.raises(UnreadableRequest) as refused:
        periods.read_request(
            today=TODAY,
            by="moon",
            basis="x",
            model="psychic",
            from_="soon",
            to="9999-12-31",
            as_of="2018-02-30",
        )
    assert sorted(refused.value.fields) == ["as_of", "basis", "by", "from", "model", "to"]
    assert refused.value.fields["by"] == ["“moon” is not one of channel, source, campaign, month, quarter."]
    for wrong in ({"period": "2017-Q5"}, {"period": "2017-13"}, {"from_": "2018-02-01", "to": "2018-01-01"}):
        with pytest.raises(UnreadableRequest):
            periods.read_request(today=TODAY, **wrong)
    with pytest.raises(UnreadableRequest):
        ReportRequest(from_=date(2018, 2, 1), to=date(2018, 1, 1))


@given(st.dates(date(1000, 1, 1), date(2999, 12, 30)))
def test_every_day_lies_in_its_month_and_quarter_and_the_next_one_follows_on(day: date):
    for key in (periods.month_key, periods.quarter_key, lambda that: str(that.year)):
        period = periods.of_key(key(day))
        assert day in period
        assert period.to is not None and period.from_ is not None
        after = period.to + timedelta(days=1)
        assert key(period.to) == key(period.from_) < key(after)
        assert period.from_.day == after.day == 1
