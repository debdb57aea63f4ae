"""As of a past day the report says what it said on that day: histories lived day by day, then asked about again."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.conf import settings

from headwater.acquire.actions import add_source
from headwater.measure import mirror, queries, recent, schema
from headwater.measure.rules.periods import Basis, By, ReportRequest
from headwater.platform.testing import make_actor
from headwater.qualify.actions import capture_lead, disqualify_lead, move_lead, recycle_lead, reopen_lead
from headwater.qualify.models import Lead
from headwater.sell.actions import lose_opportunity, open_opportunity, reopen_opportunity, win_opportunity
from headwater.sell.models import Opportunity, Order
from headwater.team.models import Company, User

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
EVENING = timedelta(hours=12)
QUESTIONS = ({}, {"by": By.MONTH, "basis": Basis.CLOSED}, {"by": By.CHANNEL, "model": "last"})


@pytest.fixture
def company(db):
    for file in settings.HOME.mirror.glob("*"):
        file.unlink()
    recent.PAGES.clear()
    Company.objects.update_or_create(
        pk=1, defaults={"name": "Kestrel", "currency": "EUR", "time_zone": "Europe/Amsterdam", "setup_done_at": START}
    )


@pytest.fixture
def owner(company):
    user = User.objects.create(email="o@x.example", name="Sofia Lind", role="OWNER", created_at=START)
    return make_actor("*", user_id=user.pk)


def shown(owner, at, **wanted):
    """Everything the report, the picture and the funnel say, without how fresh they are."""
    request = ReportRequest(**wanted)
    report = schema.sources_json(queries.sources_report(owner, request, at=at))
    streams = queries.flow_of(owner, request, at=at).streams
    funnel = queries.funnel_report(owner, request, at=at).steps
    return report["rows"], report["total"], sorted(map(repr, streams)), funnel


def count_up(at, *, whole):
    if whole:
        mirror.discard()
    mirror.refresh(at=at)


def live_a_day(chance, owner, sources, at):
    """What may happen on a day: leads come, move on, are given up and taken up again; so are opportunities."""
    for _ in range(chance.randint(0, 2)):
        capture_lead(by=owner, at=at, name="P Q", source_id=chance.choice(sources), amount=chance.choice((None, 500)))
    for lead in Lead.objects.order_by("pk"):
        step = chance.random()
        if lead.exit in ("DISQUALIFIED", "RECYCLED"):
            if step < 0.3:
                reopen_lead(lead_id=lead.pk, by=owner, at=at)
        elif lead.exit:
            continue
        elif step < 0.1:
            disqualify_lead(lead_id=lead.pk, reason="NO_NEED", by=owner, at=at)
        elif step < 0.2:
            recycle_lead(lead_id=lead.pk, wake_up_on=(at + timedelta(days=90)).date(), by=owner, at=at)
        elif step < 0.5 and lead.stage == "SQL":
            open_opportunity(lead_id=lead.pk, amount=1000, by=owner, at=at)
        elif step < 0.5 and lead.stage in ("NEW", "WORKING"):
            move_lead(lead_id=lead.pk, stage={"NEW": "WORKING", "WORKING": "MQL"}[lead.stage], by=owner, at=at)
        elif step < 0.5:
            Lead.objects.filter(pk=lead.pk).update(stage="SAL")
            move_lead(lead_id=lead.pk, stage="SQL", by=owner, at=at)
    for row in Opportunity.objects.order_by("pk"):
        step = chance.random()
        if row.outcome and step < 0.3:
            reopen_opportunity(opportunity_id=row.pk, by=owner, at=at)
        elif not row.outcome and step < 0.3:
            win_opportunity(opportunity_id=row.pk, by=owner, at=at)
        elif not row.outcome and step < 0.5:
            lose_opportunity(opportunity_id=row.pk, reason="PRICE", by=owner, at=at)


@pytest.mark.slow
def test_as_of_a_past_day_the_report_says_what_it_said_on_that_day(owner, monkeypatch):
    # Whatever came of patching the mirror day by day must be what counting it anew gives.
    monkeypatch.setattr(mirror, "PATCHES", 1e9)
    chance = Random(1)
    sources = [
        add_source(name=name, channel=channel, by=owner, at=START).pk
        for name, channel in (("Fair", "TRADE_SHOW"), ("Mail", "EMAIL"))
    ]
    said = {}
    for number in range(14):
        at = START + timedelta(days=number * 5)
        live_a_day(chance, owner, sources, at)
        count_up(at + EVENING, whole=False)
        said[at.date()] = [shown(owner, at + EVENING, **wanted) for wanted in QUESTIONS]
    assert Order.objects.filter(deleted_at__isnull=False).exists(), "the history holds orders that fell"
    for whole in (False, True):
        count_up(at + EVENING, whole=whole)
        for day, answers in said.items():
            for wanted, answer in zip(QUESTIONS, answers, strict=True):
                assert shown(owner, at + EVENING, as_of=day, **wanted) == answer, (day, wanted, whole)


def fate_of_all(owner, day):
    streams = queries.flow_of(owner, ReportRequest(as_of=day), at=START + timedelta(days=400)).streams
    return sorted((*stream.fate, stream.leads) for stream in streams)


def test_a_lead_taken_up_again_was_given_up_only_in_between(owner):
    lead = capture_lead(by=owner, at=START, name="P Q")
    disqualify_lead(lead_id=lead.pk, reason="NO_NEED", by=owner, at=START + timedelta(days=30))
    reopen_lead(lead_id=lead.pk, by=owner, at=START + timedelta(days=60))
    count_up(START + timedelta(days=90), whole=True)
    for days, expected in ((10, "in_work"), (45, "not_qualified"), (75, "in_work")):
        assert fate_of_all(owner, (START + timedelta(days=days)).date()) == [(expected, "", "", 1)]


def test_an_order_that_fell_with_its_opportunity_counts_for_the_days_before(owner):
    row = open_opportunity(lead_id=qualified(owner), amount=1000, by=owner, at=START)
    win_opportunity(opportunity_id=row.pk, by=owner, at=START + timedelta(days=10))
    reopen_opportunity(opportunity_id=row.pk, by=owner, at=START + timedelta(days=20))
    lose_opportunity(opportunity_id=row.pk, reason="PRICE", by=owner, at=START + timedelta(days=30))
    count_up(START + timedelta(days=90), whole=True)
    for days, outcome, won, revenue in ((5, "open", 0, None), (15, "won", 1, 1000), (25, "open", 0, None)):
        day = (START + timedelta(days=days)).date()
        assert fate_of_all(owner, day)[0][1] == outcome
        total = queries.sources_report(owner, ReportRequest(as_of=day), at=START + timedelta(days=90)).total
        assert (total.figures.won, total.revenue) == (won, revenue)
    assert fate_of_all(owner, (START + timedelta(days=45)).date()) == [("qualified", "lost", "", 1)]


def test_a_lead_given_up_from_new_was_never_in_work(owner):
    lead = capture_lead(by=owner, at=START, name="P Q")
    disqualify_lead(lead_id=lead.pk, reason="NO_NEED", by=owner, at=START)
    count_up(START, whole=True)
    steps = queries.funnel_report(owner, ReportRequest(), at=START + timedelta(days=1)).steps
    assert [step.leads for step in steps] == [1, 0, 0, 0, 0, 0]


def qualified(owner):
    lead = capture_lead(by=owner, at=START, name="P Q")
    Lead.objects.filter(pk=lead.pk).update(stage="SAL")
    move_lead(lead_id=lead.pk, stage="SQL", by=owner, at=START)
    return lead.pk
