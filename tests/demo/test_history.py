"""The demo company is believable: seasons, good and bad sources, answers that matter, and nothing ahead of its time."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import phonenumbers
import pytest

from headwater.demo import company
from headwater.demo.history import make_history, state
from headwater.demo.words import words
from headwater.parties.rules import normalise_email
from headwater.qualify.rules import clock_state

pytestmark = pytest.mark.slow  # three years are made up for them

AT = datetime(2026, 11, 19, 9, 42, tzinfo=UTC)
WAYS = {way.name: way for way in company.WAYS}


@pytest.fixture(scope="module")
def told():
    return make_history(at=AT)


@pytest.fixture(scope="module")
def history(told):
    return told[0]


@pytest.fixture(scope="module")
def season(told):
    return told[2]


def won(history):
    return {sale.lead for sale in history.sales if sale.lead}


def test_the_same_seed_and_moment_tell_the_same_story():
    once, again = make_history(at=AT, seed=5, leads=600)[0], make_history(at=AT, seed=5, leads=600)[0]
    other = make_history(at=AT, seed=6, leads=600)[0]
    assert once == again
    assert [lead.title for lead in once.leads] != [lead.title for lead in other.leads]


def test_it_is_as_large_as_promised(history):
    assert len(company.STAFF) == 40
    assert len(history.organisations) == 3_000
    assert len(history.people) == 6_000
    assert abs(len(history.leads) - 12_000) < 150
    assert {c.role for c in company.STAFF} >= {"OWNER", "HEAD_OF_SALES", "MARKETER", "INSIDE_SALES", "FIELD_REP"}


def test_nothing_but_plans_lies_in_the_future(history):
    moments = [lead.arrived_at for lead in history.leads]
    moments += [step.at for row in (*history.leads, *history.deals) for step in row.steps]
    moments += [entry.at for entry in (*history.touches, *history.sales, *history.talks, *history.links)]
    moments += [talk.done_at for talk in history.talks if talk.done_at]
    moments += [party.known_at for party in (*history.organisations, *history.people)]
    assert max(moments) < AT
    assert all(entry.on < AT.date() for entry in history.spend)


def test_it_covers_three_years_and_grows(history):
    years = [
        sum(
            sale.amount
            for sale in history.sales
            if AT - timedelta(days=365 * (i + 1)) < sale.at <= AT - timedelta(days=365 * i)
        )
        for i in range(3)
    ]
    assert min(lead.arrived_at for lead in history.leads) < AT - timedelta(days=1080)
    assert years[0] > years[1] > years[2] > 3_000_000


def test_august_dips_and_the_last_quarter_peaks(history):
    leads = Counter(lead.arrived_at.month for lead in history.leads if WAYS[lead.source].how not in ("stand", "list"))
    assert leads[8] < 0.65 * (leads[6] + leads[9]) / 2
    revenue = defaultdict(float)
    for sale in history.sales:
        revenue[(sale.at.month - 1) // 3] += float(sale.amount)
    assert revenue[3] > max(revenue[0], revenue[1], revenue[2])


def test_colleagues_work_on_weekdays_in_office_hours(history, season):
    talks = [talk.at.astimezone(season.zone) for talk in history.talks]
    at_home = [t for t in talks if t.isoweekday() > 5 or not 8 <= t.hour < 18]
    assert len(at_home) < 0.01 * len(talks)
    weekend = sum(lead.arrived_at.astimezone(season.zone).isoweekday() > 5 for lead in history.leads)
    assert 0.01 < weekend / len(history.leads) < 0.15


def test_referrals_shine_and_the_bought_list_disappoints(history):
    leads, bought = Counter(), Counter()
    sold = won(history)
    for lead in history.leads:
        leads[WAYS[lead.source].channel] += 1
        bought[WAYS[lead.source].channel] += lead.number in sold
    share = {channel: bought[channel] / count for channel, count in leads.items()}
    average = sum(bought.values()) / len(history.leads)
    assert share["REFERRAL"] > 3 * average
    assert share["EXTERNAL_LIST"] < 0.02
    assert share["PARTNER"] > 2 * average


def test_referrals_and_partners_cost_little_and_bring_much_of_the_first_revenue(history):
    ways = {lead.number: WAYS[lead.source].channel for lead in history.leads}
    revenue, spend = Counter(), Counter()
    for sale in history.sales:
        if sale.lead:
            revenue[ways[sale.lead]] += float(sale.amount)
    for entry in history.spend:
        spend[WAYS[entry.source].channel] += float(entry.amount)
    liked = ("REFERRAL", "PARTNER")
    assert sum(revenue[c] for c in liked) > 0.33 * revenue.total()
    assert sum(spend[c] for c in liked) < 0.15 * spend.total()
    assert 0.24 * revenue["PAID_ADVERTISING"] < spend["PAID_ADVERTISING"]


def test_the_fair_that_failed_cost_much_and_sold_hardly_anything(history):
    leads = [lead for lead in history.leads if lead.source == company.FORUM]
    sold = won(history)
    assert len(leads) > 100
    assert sum(lead.number in sold for lead in leads) <= 3
    assert sum(entry.amount for entry in history.spend if entry.source == company.FORUM) > 30_000


def test_the_margin_is_that_of_a_reseller(history):
    revenue, cost = sum(s.amount for s in history.sales), sum(s.cost for s in history.sales)
    assert 0.22 < (revenue - cost) / revenue < 0.27
    assert all(line.price > 0 and line.quantity > 0 for sale in history.sales for line in sale.lines)


def test_orders_come_after_their_lead_and_customers_order_again(history):
    leads = {lead.number: lead for lead in history.leads}
    assert all(sale.at > leads[sale.lead].arrived_at for sale in history.sales if sale.lead)
    orders = Counter(sale.organisation for sale in history.sales)
    assert sum(count > 3 for count in orders.values()) > 200
    last = {sale.organisation: sale.at for sale in history.sales}
    assert sum(AT - at > timedelta(days=365) for at in last.values()) > 50, "some customers are lost"


def test_who_is_answered_soon_buys_more_often(history):
    sold, soon, late = won(history), [], []
    for lead in history.leads:
        answer = next((step for step in lead.steps if step.fact == "LeadAnswered"), None)
        if answer is not None and WAYS[lead.source].how == "form" and "office_seconds" in answer.told:
            (late if answer.told["is_late"] else soon).append(lead.number in sold)
    assert sum(soon) / len(soon) > 1.1 * sum(late) / len(late)


def test_the_desk_has_become_faster(history):
    seconds = defaultdict(list)
    for lead in history.leads:
        for step in lead.steps:
            if step.fact == "LeadAnswered" and WAYS[lead.source].how == "form" and "office_seconds" in step.told:
                seconds[(AT - lead.arrived_at).days // 365].append(step.told["office_seconds"])
    medians = [sorted(seconds[i])[len(seconds[i]) // 2] for i in range(3)]
    assert medians[0] < medians[1] < medians[2]
    assert medians[0] < 30 * 60


def test_referrals_form_chains(history):
    brought = {link.to_party: link.from_party for link in history.links if link.kind == "REFERRED"}
    firm = {p.number: p.organisation for p in history.people}
    by_firm = {firm.get(other, other): firm.get(giver, giver) for other, giver in brought.items()}
    chains = [giver for giver in by_firm.values() if giver in by_firm and by_firm[giver] in by_firm]
    assert len(chains) > 20
    assert all(lead.referrer for lead in history.leads if lead.source == company.THANKS)


def test_every_way_to_reach_somebody_is_invented_and_valid(history):
    phones = [party.phone for party in (*history.organisations, *history.people) if party.phone]
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in phones[::7])
    assert len(set(phones)) > 0.99 * len(phones)
    emails = [person.email for person in history.people]
    assert len(set(emails)) == len(emails)
    assert all(email.endswith(".example") and normalise_email(email) == email for email in emails)
    names = [organisation.name for organisation in history.organisations]
    assert len(set(names)) == len(names)


def test_steps_of_a_lead_follow_each_other(history):
    for lead in history.leads:
        moments = [lead.arrived_at, *(step.at for step in lead.steps)]
        assert all(before <= after for before, after in pairwise(moments)), lead
    for deal in history.deals:
        moments = [deal.opened_at, *(step.at for step in deal.steps)]
        assert all(before <= after for before, after in pairwise(moments)), deal


def test_the_board_is_full_and_some_of_it_is_stuck(history):
    still_open = [deal for deal in history.deals if not state(deal.steps).get("outcome")]
    assert 60 < len(still_open) < 200
    stages = Counter(state(deal.steps).get("stage_id", 1) for deal in still_open)
    assert set(stages) == {1, 2, 3, 4}
    since = [max([deal.opened_at, *(s.at for s in deal.steps if s.fact == "OpportunityMoved")]) for deal in still_open]
    assert sum(AT - moment > timedelta(days=20) for moment in since) >= 3
    assert any(not deal.next_step for deal in still_open)
    assert any(deal.close_date < AT.date() for deal in still_open)


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 11, 19, 9, 42, tzinfo=UTC),
        datetime(2026, 11, 19, 7, 35, tzinfo=UTC),  # five minutes after the office opened
        datetime(2026, 11, 21, 23, 5, tzinfo=UTC),  # Saturday night
        datetime(2027, 1, 1, 4, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 12, 0, tzinfo=UTC),  # the clocks go forward
        datetime(2024, 2, 29, 15, 0, tzinfo=UTC),
    ],
    ids=str,
)
def test_answer_clocks_run_whenever_the_demo_is_loaded(at):
    history, desk, season = make_history(at=at, leads=300)
    marta = desk.named("Marta Kowalska")
    titles = {entry["title"] for entry in words("scene")["waiting"]}
    mine = [lead for lead in history.leads if state(lead.steps).get("owner_id") == marta and lead.title in titles]
    waiting = [lead for lead in mine if lead.answer_due_at and not state(lead.steps).get("answered_at")]
    left = sorted(
        clock_state(lead.answer_due_at, now=at, minutes=30, hours=season.hours).seconds_left // 60 for lead in waiting
    )
    assert left == pytest.approx([8, 14, 23, 27], abs=1)
    pool = [lead for lead in history.leads if not state(lead.steps).get("owner_id") and lead.arrived_at < at]
    assert len(pool) >= 11
    handed = [lead for lead in history.leads if state(lead.steps).get("handed_to_id") == desk.named("Jonas Weber")]
    assert handed
