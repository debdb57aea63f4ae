"""The numbers of the report, over a small history whose answers can be counted by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from headwater.acquire.models import Source, SpendEntry, Touchpoint
from headwater.measure import mirror, queries
from headwater.measure.metrics import behind
from headwater.measure.metrics.scope import scope_of
from headwater.measure.rules.periods import Basis, By, ReportRequest
from headwater.measure.schema import row_json
from headwater.parties.models import Party
from headwater.platform.models import Event, Span
from headwater.platform.testing import make_actor
from headwater.qualify.models import Lead
from headwater.sell.models import Opportunity, Order, Pipeline, PipelineStage
from headwater.team.models import Company

NOW = datetime(2018, 4, 1, 12, tzinfo=UTC)
ALL = make_actor("*")


@pytest.fixture(autouse=True)
def fresh_mirror(db):
    for file in settings.HOME.mirror.glob("*"):
        file.unlink()
    Company.objects.update_or_create(
        pk=1, defaults={"name": "Test", "currency": "EUR", "time_zone": "Europe/Amsterdam"}
    )


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def note(kind, row, party=None):
    Event.objects.create(
        verb="test.noted",
        subject_type=kind,
        subject_id=row.pk,
        party_id=party,
        actor="t",
        occurred_at=NOW,
        recorded_at=NOW,
        request_id="x",
    )


def add_source(name, channel="OTHER"):
    return Source.objects.create(name=name, name_key=name, channel=channel, created_at=NOW)


def add_lead(source=None, arrived="2018-01-10", sql_at=None, **values):
    party = Party.objects.create(kind="PERSON", name="P", name_key="p", created_at=NOW)
    arrived_at = day(arrived) if arrived else None
    lead = Lead.objects.create(party=party, source=source, arrived_at=arrived_at, created_at=NOW, **values)
    Touchpoint.objects.create(party=party, source=source, kind="ENQUIRY", occurred_at=arrived_at, created_at=NOW)
    Span.objects.create(
        subject_type="qualify.lead", subject_id=lead.pk, kind="stage", value="NEW", from_at=arrived_at, recorded_at=NOW
    )
    if sql_at:
        Span.objects.create(
            subject_type="qualify.lead",
            subject_id=lead.pk,
            kind="stage",
            value="SQL",
            from_at=day(sql_at),
            recorded_at=NOW,
        )
    note("qualify.lead", lead, party.pk)
    return lead


def add_order(lead=None, ordered="2018-02-01", amount="100", cost="60", party=None, opportunity=None, currency="EUR"):
    order = Order.objects.create(
        lead=lead,
        party=lead.party if lead else party,
        ordered_at=day(ordered) if ordered else None,
        opportunity=opportunity,
        amount=amount and Decimal(amount),
        cost=cost and Decimal(cost),
        currency=currency,
        created_at=NOW,
    )
    note("sell.order", order)
    return order


def report(at=NOW, **wanted):
    mirror.refresh(at=NOW)
    return queries.sources_report(ALL, ReportRequest(**wanted), at=at)


def row_of(found, label):
    return next(row for row in found.rows if row.label == label)


def test_leads_wins_money_and_days_count_by_the_leads_own_source():
    fair, unknown = add_source("Fair", "TRADE_SHOW"), add_source("unknown")
    won = add_lead(fair, "2018-01-10", sql_at="2018-01-12")
    add_order(won, "2018-01-20", "100", "60")
    add_order(won, "2018-03-20", "50", "30")
    add_lead(fair)
    add_lead(unknown)
    blank = add_lead(None)
    add_order(blank, "2018-01-05", "10", None)
    SpendEntry.objects.create(
        source=fair, spent_on=date(2018, 1, 5), amount=Decimal("30"), currency="EUR", created_at=NOW
    )
    found = report()
    fair_row = row_of(found, "Fair")
    assert (fair_row.figures.leads, fair_row.figures.sql, fair_row.figures.won) == (2, 1, 1)
    assert (fair_row.revenue, fair_row.margin, fair_row.average_sale) == (150, 60, 75)
    assert (fair_row.figures.days_median, fair_row.conversion) == (10, 0.5)
    assert (fair_row.cost_per_lead, fair_row.cost_per_customer, fair_row.return_) == (15, 30, 1.0)
    assert row_of(found, "unknown").figures.leads == 1
    left_blank = row_of(found, "Left blank")
    assert (left_blank.unknown, left_blank.figures.won, left_blank.figures.days_median) == ("blank", 1, -5)
    assert left_blank.figures.days_negative == 1
    # The order came before the lead's only touchpoint: nobody gets the credit, and the row says so.
    assert row_of(found, "No known touchpoint").revenue == 10
    assert (found.total.figures.leads, found.total.figures.won, found.total.revenue) == (4, 2, 160)
    assert found.total.figures.days_mean == 2.5


def test_as_of_a_past_day_nothing_later_is_known():
    fair = add_source("Fair")
    add_order(add_lead(fair, "2018-01-10", sql_at="2018-02-10"), "2018-02-20")
    add_lead(fair, "2018-03-01")
    row = row_of(report(as_of=date(2018, 1, 31)), "Fair")
    assert (row.figures.leads, row.figures.sql, row.figures.won, row.revenue) == (1, 0, 0, None)
    row = row_of(report(as_of=date(2018, 2, 20)), "Fair")
    assert (row.figures.leads, row.figures.sql, row.figures.won, row.revenue) == (1, 1, 1, 100)


def test_a_period_means_arrival_and_closing_day_means_orders():
    fair = add_source("Fair")
    add_order(add_lead(fair, "2018-01-10"), "2018-02-20")
    add_lead(fair, None)
    january = {"from_": date(2018, 1, 1), "to": date(2018, 1, 31)}
    arrived, closed = report(**january), report(**january, basis=Basis.CLOSED)
    assert (row_of(arrived, "Fair").figures.leads, row_of(arrived, "Fair").figures.won) == (1, 1)
    assert row_of(closed, "Fair").figures.won == 0
    quarters = report(by=By.QUARTER, basis=Basis.CLOSED)
    assert [(r.label, r.figures.won, r.revenue) for r in quarters.rows if r.figures.won] == [("2018-Q1", 1, 100)]
    assert row_of(report(), "Fair").figures.leads == 2, "an unknown day belongs to all time"


def test_first_and_last_touch_move_revenue_and_not_leads():
    fair, mail = add_source("Fair"), add_source("Mail", "EMAIL")
    lead = add_lead(fair, "2018-01-10")
    Touchpoint.objects.create(
        party=lead.party, source=mail, kind="EMAIL", occurred_at=day("2018-01-15"), created_at=NOW
    )
    Touchpoint.objects.create(
        party=lead.party, source=mail, kind="EMAIL", occurred_at=day("2018-03-15"), created_at=NOW
    )
    add_order(lead, "2018-01-20")
    first, last = report(model="first"), report(model="last")
    assert row_of(first, "Fair").revenue == 100
    assert row_of(last, "Fair").revenue is None
    assert row_of(last, "Mail").revenue == 100
    assert row_of(last, "Fair").figures.won == 1


def test_touches_of_colleagues_count_and_old_ones_do_not():
    fair, mail = add_source("Fair"), add_source("Mail", "EMAIL")
    firm = Party.objects.create(kind="ORGANISATION", name="Firm", name_key="firm", created_at=NOW)
    buyer = Party.objects.create(kind="PERSON", name="B", name_key="b", employer=firm, created_at=NOW)
    colleague = Party.objects.create(kind="PERSON", name="C", name_key="c", employer=firm, created_at=NOW)
    Touchpoint.objects.create(
        party=colleague,
        organisation=firm,
        source=fair,
        kind="STAND_VISIT",
        occurred_at=day("2017-12-01"),
        created_at=NOW,
    )
    Touchpoint.objects.create(
        party=buyer, organisation=firm, source=mail, kind="EMAIL", occurred_at=day("2016-12-01"), created_at=NOW
    )
    order = Order.objects.create(
        party=buyer, organisation=firm, ordered_at=day("2018-01-05"), amount=70, currency="EUR", created_at=NOW
    )
    note("sell.order", order)
    found = report()
    assert row_of(found, "Fair").revenue == 70
    assert [r.label for r in found.rows] == ["Fair"]


def test_a_won_opportunity_without_a_lead_is_counted_once_and_known_to_have_no_touchpoint():
    firm = Party.objects.create(kind="ORGANISATION", name="Firm", name_key="firm", created_at=NOW)
    stage = PipelineStage.objects.filter(pipeline__is_default=True).first() or PipelineStage.objects.create(
        pipeline=Pipeline.objects.create(name="P", is_default=True), name="S", position=1, probability=20
    )
    won = Opportunity.objects.create(
        name="O",
        party=firm,
        stage=stage,
        outcome="WON",
        probability=100,
        currency="EUR",
        closed_at=day("2017-05-05"),
        created_at=NOW,
    )
    add_order(None, "2017-05-05", "500", None, party=firm, opportunity=won)
    add_order(None, "2017-08-05", "7", None, party=firm)
    row = row_of(report(), "No known touchpoint")
    assert (row.figures.won, row.figures.orders, row.revenue, row.key) == (1, 2, 507, None)
    quarter = row_of(report(by=By.QUARTER, basis=Basis.CLOSED), "2017-Q2")
    assert (quarter.figures.won, quarter.revenue) == (1, 500)


def test_only_changed_rows_are_read_again_and_the_result_is_the_same():
    fair = add_source("Fair")
    leads = [add_lead(fair) for _ in range(3)]
    report()
    add_order(leads[0])
    Lead.objects.filter(pk=leads[1].pk).update(deleted_at=NOW)
    note("qualify.lead", leads[1], leads[1].party_id)
    Touchpoint.objects.filter(party=leads[1].party).update(deleted_at=NOW)
    carried_on = report()
    for file in settings.HOME.mirror.glob("*.duckdb"):
        file.unlink()
    assert report().rows == carried_on.rows
    assert (row_of(carried_on, "Fair").figures.leads, row_of(carried_on, "Fair").figures.won) == (2, 1)
    assert mirror.refresh(at=NOW) is False


def test_numbers_without_the_right_to_the_company_are_ones_own():
    fair = add_source("Fair")
    add_order(add_lead(fair))
    SpendEntry.objects.create(
        source=fair, spent_on=date(2018, 1, 5), amount=Decimal("30"), currency="EUR", created_at=NOW
    )
    mirror.refresh(at=NOW)
    from headwater.platform.actor import Visibility

    rep = make_actor("measure.report.see", visibility=Visibility.OWN, user_id=77)
    found = queries.sources_report(rep, ReportRequest(), at=NOW)
    assert not found.company_wide and not found.rows


def test_margin_and_return_take_a_right_of_their_own():
    fair = add_source("Fair")
    add_order(add_lead(fair, sql_at="2018-01-12"), "2018-01-20", "100", "60")
    SpendEntry.objects.create(
        source=fair, spent_on=date(2018, 1, 5), amount=Decimal("30"), currency="EUR", created_at=NOW
    )
    mirror.refresh(at=NOW)
    company = {"measure.report.see", "measure.company.see"}
    for verbs, is_told in ((company, False), ({*company, "measure.margin.see"}, True), (company, False)):
        found = queries.sources_report(make_actor(*verbs), ReportRequest(), at=NOW)
        row = row_of(found, "Fair")
        assert row.revenue == 100 and row.cost_per_lead == 30
        told = (row.margin, row.return_, row.return_range)
        assert all(each is not None for each in told) if is_told else told == (None, None, None)
        assert row_json(row, By.CHANNEL)["margin"] == (40 if is_told else None)


@pytest.mark.parametrize("metric", ["leads", "sql", "won", "revenue", "spend"])
def test_every_number_opens_the_rows_it_was_counted_from(metric):
    fair = add_source("Fair")
    lead = add_lead(fair, sql_at="2018-01-12")
    order = add_order(lead)
    add_lead(fair)
    entry = SpendEntry.objects.create(
        source=fair, spent_on=date(2018, 1, 5), amount=Decimal("30"), currency="EUR", created_at=NOW
    )
    found = report()
    request = ReportRequest()
    scope = scope_of(ALL, request, zone=ZoneInfo("Europe/Amsterdam"), currency="EUR", at=NOW)
    with mirror.reading() as db:
        noun, ids = behind.ids_behind(db, scope, metric=metric, key=row_of(found, "Fair").key, unknown="")
    expected = {"leads": 2, "sql": 1, "won": 1, "revenue": 1, "spend": 1}[metric]
    assert len(ids) == expected
    assert {"revenue": order.pk, "spend": entry.pk}.get(metric, lead.pk) in ids
    assert noun == {"revenue": "orders", "spend": "spend"}.get(metric, "leads")


def add_spend(source, amount, on="2018-02-01", currency="EUR"):
    entry = SpendEntry.objects.create(
        source=source, amount=Decimal(amount), spent_on=date.fromisoformat(on), currency=currency, created_at=NOW
    )
    note("acquire.spend", entry)
    return entry


def test_a_source_stays_in_the_report_when_what_was_spent_on_it_comes_to_nothing():
    """A refund in full, or money in another currency: there is an entry, so there is a row."""
    fair, ads, quiet = (add_source(name) for name in ("Fair", "Ads", "Quiet"))
    entries = [add_spend(fair, "500"), add_spend(fair, "-500")]
    add_spend(ads, "80", currency="USD")
    found = report()
    assert {row.label for row in found.rows} == {"Fair", "Ads"} and quiet.name not in str(found.rows)
    assert row_of(found, "Fair").figures.spend == 0 and row_of(found, "Fair").return_ is None
    assert row_of(found, "Ads").figures.spend is None
    assert found.total.figures.spend == 0
    scope = scope_of(ALL, ReportRequest(), zone=ZoneInfo("Europe/Amsterdam"), currency="EUR", at=NOW)
    with mirror.reading() as db:
        _noun, ids = behind.ids_behind(db, scope, metric="spend", key=row_of(found, "Fair").key, unknown="")
    assert sorted(ids) == sorted(entry.pk for entry in entries)
    assert not report(from_=date(2018, 3, 1), to=date(2018, 3, 31)).rows


def test_the_funnel_counts_who_got_at_least_that_far():
    fair = add_source("Fair")
    add_order(add_lead(fair, sql_at="2018-01-12"))
    add_lead(fair, sql_at="2018-01-20")
    add_lead(fair)
    mirror.refresh(at=NOW)
    found = queries.funnel_report(ALL, ReportRequest(), at=NOW)
    assert [(s.key, s.leads) for s in found.steps] == [
        ("NEW", 3),
        ("WORKING", 2),
        ("MQL", 2),
        ("SAL", 2),
        ("SQL", 2),
        ("WON", 1),
    ]
    assert found.steps[4].median_days == 6


def test_the_flow_follows_leads_to_what_customers_are_now():
    fair = add_source("Fair", "TRADE_SHOW")
    add_order(add_lead(fair, sql_at="2018-01-12"), "2018-03-01")
    add_lead(fair, sql_at="2018-01-20")
    add_lead(fair)
    add_lead(fair, exit="DISQUALIFIED", exit_reason="SPAM", exited_at=NOW - timedelta(days=3))
    mirror.refresh(at=NOW)
    streams = queries.flow_of(ALL, ReportRequest(), at=NOW).streams
    assert sorted((*s.fate, s.leads) for s in streams) == [
        ("in_work", "", "", 1),
        ("not_qualified", "", "", 1),
        ("qualified", "open", "", 1),
        ("qualified", "won", "ACTIVE_PAYING", 1),
    ]


@pytest.mark.parametrize(
    ("days", "category"),
    [
        (0, "ACTIVE_PAYING"), (90, "ACTIVE_PAYING"), (91, "ACTIVE_NON_PAYING"), (365, "ACTIVE_NON_PAYING"),
        (366, "NON_ACTIVE"), (730, "NON_ACTIVE"), (731, "LOST"),
    ],
)  # fmt: skip
def test_a_customer_is_what_the_days_since_the_last_order_say(days, category):
    add_order(
        add_lead(add_source("Fair"), arrived="2015-01-10", sql_at="2015-01-12"), str(NOW.date() - timedelta(days=days))
    )
    mirror.refresh(at=NOW)
    [stream] = queries.flow_of(ALL, ReportRequest(), at=NOW).streams
    assert stream.fate == ("qualified", "won", category)
