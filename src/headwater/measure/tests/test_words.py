"""What the page says about its numbers, the pictures it draws, and the addresses it gives."""

from datetime import date

import pytest

from headwater.measure import claims, queries
from headwater.measure.metrics.behind import Step
from headwater.measure.picture import picture_of
from headwater.measure.rules import curve
from headwater.measure.rules.lifetable import Group, life_table
from headwater.measure.rules.periods import By, ReportRequest, UnreadableRequest
from headwater.measure.state import page_state, read_step, step_params
from headwater.platform.clock import now
from headwater.platform.testing import make_actor

TODAY = date(2026, 11, 12)
ALL = make_actor("*")


def report(**wanted):
    return queries.sources_report(ALL, ReportRequest(**wanted), at=now())


def answer(**wanted):
    return claims.answer(report(**wanted), period="so far")


def test_with_few_wins_each_nothing_is_compared(history):
    history.leads(history.source("Fair"), 10, won=3)
    history.leads(history.source("Mail"), 10, won=4)
    history.count_up()
    said = answer()
    assert said.strong == ""
    assert said.more == "Fewer than 5 wins each: too few to compare."


def test_without_spend_a_source_that_surely_wins_more_often_stands_out(history):
    history.leads(history.source("Referrals"), 20, won=12)
    history.leads(history.source("Fair"), 80, won=6)
    history.count_up()
    assert answer().strong == "Leads from Referrals win more often: 60\u202f% so far, all together 18\u202f%."


def test_without_a_clear_difference_only_the_largest_is_named(history):
    history.leads(history.source("A"), 50, won=6)
    history.leads(history.source("B"), 50, won=5)
    history.count_up()
    assert answer().strong == "A brings the most: 55\u202f% of the revenue."


def test_money_spent_without_a_win_is_a_fact_and_no_verdict(history):
    fair = history.source("Fair")
    history.leads(fair, 10)
    history.spend(fair, "1200")
    history.leads(history.source("B"), 10, won=5)
    history.count_up()
    assert answer().more == "Fair cost €1.2k and has not won anybody yet."


def test_wins_of_unknown_worth_are_told_as_wins(history):
    history.order(history.lead(history.source("Fair"), sql=True), amount=None, cost=None)
    history.count_up()
    assert answer().won == "1 of 1 leads won so far; what they were worth is not known."


def test_by_month_the_answer_compares_no_sources(kestrel):
    assert answer(by=By.MONTH).strong == ""


def test_the_picture_carries_every_lead_through_every_step(kestrel):
    state = page_state({}, today=TODAY)
    found = queries.flow_of(ALL, ReportRequest(), at=now())
    picture = picture_of(found, state, currency="EUR")
    values = {box.key: int(box.value_label.replace(",", "")) for box in picture.boxes}
    assert sum(value for key, value in values.items() if key.startswith("s:")) == 118
    assert sum(value for key, value in values.items() if key.startswith("c:")) == 118
    assert sum(value for key, value in values.items() if key.startswith("q:")) == 118
    assert values["o:won"] == 19
    assert all(box.url for box in picture.boxes) and all(ribbon.url for ribbon in picture.ribbons)


def test_streams_open_exactly_the_leads_they_are_wide(kestrel, django_user_model):
    found = queries.flow_of(ALL, ReportRequest(), at=now())
    for stream in found.streams:
        step = Step(
            source_ids=(stream.source_id or 0,),
            campaign_ids=(stream.campaign_id or 0,),
            channels=(stream.channel or "-",),
            qualified=stream.fate.qualified,
            outcome=stream.fate.outcome or None,
            category=stream.fate.category or None,
        )
        assert len(queries.leads_behind(ALL, ReportRequest(), step, at=now()).ids) == stream.leads
    assert len(queries.leads_behind(ALL, ReportRequest(), Step(), at=now()).ids) == 118
    assert not queries.leads_behind(ALL, ReportRequest(), Step(outcome="nonsense"), at=now()).ids


def test_many_sources_leave_room_by_standing_together(history):
    for number in range(30):
        history.leads(history.source(f"S{number:02}"), 1 + (number < 5))
    history.count_up()
    picture = picture_of(queries.flow_of(ALL, ReportRequest(), at=now()), page_state({}, today=TODAY), currency="EUR")
    sources = [box for box in picture.boxes if box.key.startswith("s:")]
    assert len(sources) == 14 and any("more" in box.label for box in sources)
    assert all(ribbon.url for ribbon in picture.ribbons)


def test_a_piece_of_the_picture_survives_its_address():
    step = Step((1, 0), None, ("REFERRAL", "-"), "qualified", "won", "LOST")
    assert read_step(step_params(step)) == step
    assert read_step({"source": "1,x"}).source_ids == (1, -1)


def test_addresses_keep_what_was_chosen_and_leave_defaults_out():
    state = page_state({"by": "month", "period": "last-month", "width": "value", "junk": "1"}, today=TODAY)
    assert state.url(model="last") == "/where-sales-come-from?by=month&period=last-month&width=value&model=last"
    assert state.url(by="source", width="leads") == "/where-sales-come-from?period=last-month"
    given = page_state({"from": "2026-01-01", "period": "all", "curve": "5"}, today=TODAY)
    assert given.url(period="this-year") == "/where-sales-come-from?curve=5&period=this-year"
    assert given.url(by="channel") == "/where-sales-come-from?from=2026-01-01&by=channel"
    assert given.rows_url(metric="won", key="3") == "/where-sales-come-from/rows?from=2026-01-01&metric=won&key=3"


@pytest.mark.parametrize(
    ("params", "phrase"),
    [
        ({}, "so far"),
        ({"period": "last-12-months"}, "in the last 12 months"),
        ({"period": "this-quarter"}, "this quarter"),
        ({"period": "2017-Q1"}, "in Q1 2017"),
        ({"from": "2026-01-05"}, "since 5 Jan 2026"),
    ],
)
def test_the_period_fits_into_a_sentence(params, phrase):
    assert page_state(params, today=TODAY).period_phrase == phrase


def test_a_period_that_ends_before_it_begins_is_refused():
    with pytest.raises(UnreadableRequest):
        page_state({"from": "2026-02-01", "to": "2026-01-01"}, today=TODAY)


def test_the_curve_steps_where_somebody_won_and_stays_inside_its_frame():
    table = life_table([Group(10, 100, 20), Group(40, 100, 10), Group(None, 100, 70)])
    drawn = curve.draw([table.every(1)], level=table.raw_share)
    line = drawn.lines[0]
    assert line.path.startswith(f"M{drawn.left}") and line.end_x == drawn.right
    assert [round(tick.value, 2) for tick in drawn.shares] == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert drawn.top <= line.end_y <= drawn.bottom and drawn.level == line.end_y
    assert line.band.endswith("Z")
    assert curve.draw([[]]) is None


def test_a_curve_is_shown_until_it_is_flat():
    table = life_table([Group(10, 900, 20), Group(40, 900, 10), Group(None, 900, 70)])
    assert table.settled() == 60
    assert table.every(30, until=60)[-1].age_days == 60
    assert life_table([Group(None, 5, 3)]).settled() == 0
