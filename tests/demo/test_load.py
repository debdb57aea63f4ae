"""The demo company in the database: rows, spans, facts and rights agree, and it comes off again without a trace."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import connection
from django.db.models import Count, F, OuterRef, Subquery, Sum

from headwater.acquire.models import Campaign, Source, SpendEntry, Touchpoint
from headwater.acquire.queries import visible_campaigns
from headwater.demo import company as plan
from headwater.demo.load import DEMO_PASSWORD, HomeNotEmpty, demo_logins, load_demo
from headwater.demo.remove import can_remove_demo, remove_demo, remove_unfinished
from headwater.measure import mirror
from headwater.parties.models import Activity, ContactPoint, Grant, Party, Relationship
from headwater.parties.queries.timeline import timeline
from headwater.platform.actor import job_actor
from headwater.platform.delivery import HANDLERS, is_behind
from headwater.platform.errors import NotAllowed
from headwater.platform.events import fact_of
from headwater.platform.job import JOBS
from headwater.platform.models import Event, HandlerCursor, Span
from headwater.platform.testing import make_actor
from headwater.qualify.models import Lead
from headwater.qualify.queries import visible_leads
from headwater.sell.models import Opportunity, Order, OrderLine
from headwater.sell.queries.visible import visible_opportunities, visible_orders
from headwater.team.models import Company, Team, User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 19, 9, 42, tzinfo=UTC)
LEADS = 1_500
ROOT = job_actor("test")


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        said = []
        counts = load_demo(at=AT, leads=LEADS, on_progress=lambda done, total, words: said.append((done, total, words)))
        yield counts, said
        if can_remove_demo():
            remove_demo(by=ROOT, at=AT)
        clean()


def clean():
    Event.objects.all()._raw_delete("default")
    HandlerCursor.objects.all().delete()
    User.objects.all().delete()
    Team.objects.all().delete()
    Company.objects.all().delete()


pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def actor(first):
    return actor_of(User.objects.get(email=f"{first}@kestrel.example"))


def test_it_says_how_far_it_is_and_what_it_brought(loaded):
    counts, said = loaded
    assert [done for done, _, _ in said] == [0, 1, 2, 3, 4]
    assert said[0][2] == "Companies and people"
    assert counts["people"] == Party.objects.filter(kind="PERSON").count() == 6_000
    assert counts["organisations"] == Party.objects.filter(kind="ORGANISATION").count() == 3_000
    assert counts["leads"] == Lead.objects.count()
    assert counts["orders"] == Order.objects.count()
    assert Event.objects.count() >= counts["events"]


def test_the_database_finds_no_fault_with_it(loaded):
    connection.check_constraints()
    assert not Party.objects.filter(kind="PERSON", employer=None).exists()
    assert not Relationship.objects.exclude(kind="WORKS_FOR").filter(created_at__gt=AT).exists()


def test_the_stage_of_every_lead_is_its_open_span(loaded):
    spans = Span.objects.filter(subject_type="qualify.lead", kind="stage", until_at=None)
    now = dict(spans.values_list("subject_id", "value"))
    leads = list(Lead.objects.values_list("pk", "stage", "exit"))
    assert len(now) == spans.count() == len(leads)
    assert all(now[pk] == (left or stage) for pk, stage, left in leads)
    owners = dict(
        Span.objects.filter(subject_type="qualify.lead", kind="owner", until_at=None).values_list("subject_id", "value")
    )
    assert owners == {pk: str(owner) for pk, owner in Lead.objects.exclude(owner=None).values_list("pk", "owner_id")}


def test_spans_follow_each_other_without_a_gap(loaded):
    rows = Span.objects.order_by("subject_type", "subject_id", "kind", "from_at", "pk").values_list(
        "subject_type", "subject_id", "kind", "from_at", "until_at"
    )
    before = None
    for row in rows:
        if before is not None and before[:3] == row[:3] and row[2] == "stage":
            assert before[4] == row[3]
        assert row[4] is None or row[3] <= row[4]
        before = row


def test_opportunities_have_their_spans_too(loaded):
    outcome = dict(
        Span.objects.filter(subject_type="sell.opportunity", kind="outcome", until_at=None).values_list(
            "subject_id", "value"
        )
    )
    assert outcome == {pk: found or "OPEN" for pk, found in Opportunity.objects.values_list("pk", "outcome")}
    spans = Span.objects.filter(subject_type="sell.opportunity", kind="stage", until_at=None)
    stage = dict(spans.values_list("subject_id", "value"))
    still_open = Opportunity.objects.filter(outcome="")
    assert stage == {pk: str(found) for pk, found in still_open.values_list("pk", "stage_id")}


def test_the_last_fact_of_a_lead_says_what_the_row_says(loaded):
    for lead in Lead.objects.exclude(exit="").order_by("pk")[:300]:
        changes = {}
        about = Event.objects.filter(subject_type="qualify.lead", subject_id=lead.pk)
        for event in about.order_by("occurred_at", "pk"):
            for name, (old, new) in event.data.get("fields", {}).items():
                assert changes.get(name, old) == old
                changes[name] = new
        assert changes["exit"] == lead.exit
        assert changes.get("owner_id") == lead.owner_id
        assert changes.get("stage", "NEW") == lead.stage


def test_order_lines_come_to_the_order(loaded):
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    rows = Order.objects.annotate(
        price=Subquery(lines.annotate(s=Sum(F("unit_price") * F("quantity"))).values("s")),
        goods=Subquery(lines.annotate(s=Sum(F("unit_cost") * F("quantity"))).values("s")),
    ).values_list("amount", "cost", "price", "goods")
    assert rows
    assert all(abs(amount - Decimal(str(price))) < Decimal("0.01") and abs(cost - Decimal(str(goods))) < Decimal("0.01")
               for amount, cost, price, goods in rows)  # fmt: skip


def test_won_leads_have_an_order_after_their_arrival(loaded):
    won = Opportunity.objects.filter(outcome="WON")
    assert won.count() == Order.objects.exclude(opportunity=None).count() > 50
    assert not Order.objects.filter(lead__isnull=False, ordered_at__lte=F("lead__arrived_at")).exists()
    assert not Order.objects.filter(opportunity__isnull=False).exclude(lead=F("opportunity__lead")).exists()
    assert not Lead.objects.filter(exit="CONVERTED").exclude(pk__in=Opportunity.objects.values("lead_id")).exists()
    assert not Opportunity.objects.exclude(lead__exit="CONVERTED").exists()


def test_no_fact_lies_in_the_future_and_the_log_is_in_the_order_of_time(loaded):
    events = Event.objects.exclude(verb__in=("demo.company_begun", "demo.part_loaded")).order_by("pk")
    moments = list(events.values_list("occurred_at", flat=True))
    assert max(moments) <= AT
    assert moments == sorted(moments)


def test_every_kind_of_fact_can_be_read_back_and_belongs_to_somebody(loaded):
    for verb in Event.objects.values_list("verb", flat=True).distinct():
        assert fact_of(Event.objects.filter(verb=verb).first()).verb == verb
    alone = Event.objects.filter(party_id=None).exclude(subject_type__in=(
        "team.company", "team.team", "team.user", "acquire.source", "acquire.campaign", "acquire.spend", "sell.product",
    ))  # fmt: skip
    assert not alone.exists()
    assert not Event.objects.exclude(party_id=None).filter(organisation_id=None).exists()


def test_the_timeline_of_a_customer_is_rich(loaded):
    castellan = Party.objects.get(name="Castellan Logistics")
    entries = timeline(actor("jonas"), castellan.pk, limit=100)
    assert len(entries) > 30
    assert {"sell.order_placed", "parties.activity_logged", "acquire.touchpoint_recorded"} <= {e.verb for e in entries}
    assert all(entry.sentence for entry in entries)
    assert "Els Maes" in {str(entry.about) for entry in entries}


@pytest.mark.parametrize("first", ["erik", "noah", "ines", "sofia", "marta", "jonas", "greta", "hilde"])
def test_every_role_has_something_to_look_at(loaded, first):
    who = actor(first)
    assert visible_leads(who).exists()
    assert visible_campaigns(who).exists()
    if first not in ("marta",):
        assert visible_opportunities(who).exists()
        assert visible_orders(who).exists()


def test_who_holds_a_lead_sees_the_people_behind_it(loaded):
    owned = Lead.objects.exclude(owner=None).exclude(organisation=None)
    granted = set(Grant.objects.exclude(user=None).values_list("party_id", "user_id"))
    assert all((lead.organisation_id, lead.owner_id) in granted for lead in owned[:400])


def test_people_can_be_reached_and_sources_carry_money(loaded):
    assert ContactPoint.objects.filter(kind="EMAIL").count() > 7_000
    assert Source.objects.count() == len([w for w in plan.WAYS if w.name]) + len(plan.REORDERS)
    assert SpendEntry.objects.exclude(campaign=None).count() > 100
    assert Lead.objects.filter(source=None).exists(), "some sources are left blank"
    several = Touchpoint.objects.values("party").annotate(n=Count("pk")).filter(n__gt=3)
    assert several.count() > 100
    assert not Touchpoint.objects.filter(campaign__isnull=False).exclude(campaign__sources=F("source")).exists()
    assert Activity.objects.filter(kind="TODO", done_at=None, owner__email="marta@kestrel.example").count() >= 5
    assert Activity.objects.filter(kind="TODO", done_at=None, due_at__lt=AT).exists()
    assert Campaign.objects.filter(name="Expo Rotterdam 2026").exists()


def test_handlers_need_not_read_the_history(loaded):
    assert not is_behind()
    assert HandlerCursor.objects.count() >= len(HANDLERS)


def test_the_reports_are_ready(loaded):
    assert mirror.freshness().behind == 0


def test_one_login_per_role_opens_with_the_demo_password(loaded):
    logins = demo_logins()
    assert [role for role, _ in logins][:3] == ["Owner", "Administrator", "Head of sales"]
    assert len(logins) == 9
    assert User.objects.get(email="jonas@kestrel.example").check_password(DEMO_PASSWORD)
    assert Company.objects.get().is_demo
    if settings.AUTHENTICATION_BACKENDS:
        assert authenticate(username="marta@kestrel.example", password="wrong") is None


def test_it_never_mixes_with_data_that_are_there(loaded):
    count = Lead.objects.count()
    with pytest.raises(HomeNotEmpty):
        load_demo(at=AT, leads=50)
    assert Lead.objects.count() == count


def test_the_background_job_is_declared(loaded):
    assert "demo.load" in JOBS


def test_only_who_may_change_the_company_takes_it_off(loaded):
    with pytest.raises(NotAllowed):
        remove_demo(by=make_actor("qualify.*"), at=AT)


@pytest.mark.django_db(transaction=False)
def test_a_finished_company_stays_when_leftovers_are_cleared(loaded):
    remove_unfinished(at=AT)
    assert Lead.objects.exists()
