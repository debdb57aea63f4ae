"""Files of opportunities and orders taken back: in portions, gone on with, and never over anybody's work."""

from datetime import UTC, datetime, timedelta

import pytest

from headwater.intake.models import ImportBatch
from headwater.intake.profile import read_profile
from headwater.intake.run import import_file
from headwater.intake.undoing import undo_batch
from headwater.parties.actions import log_activity
from headwater.parties.models import Party
from headwater.platform import pace
from headwater.platform.clock import now
from headwater.platform.models import Event, ExternalId
from headwater.qualify.actions import change_lead
from headwater.qualify.models import Lead
from headwater.sell import actions
from headwater.sell.models import Opportunity, Order

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def bring(by_head, tmp_path):
    """Imports lines of a file: ``bring("orders", "external_id,amount", "O1,5")``."""

    def run(kind, head, *lines):
        path = tmp_path / "file.csv"
        path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        data = {"name": "file", "kind": kind, "system": "crm", "columns": {name: name for name in head.split(",")}}
        return import_file(path, kind=kind, profile=read_profile(data)[0], by=by_head, at=now())

    return run


@pytest.fixture
def undo(by_head):
    def run(batch, **more):
        return undo_batch(batch_id=batch.pk, by=by_head, at=now(), **more).undone

    return run


DEALS = "external_id,name,organisation,state,amount,closed_at"


def deals(count):
    return [
        f"D{n},Deal {n},Firm {n % 5},{'won' if n % 2 else 'open'},{n + 1},2026-03-0{n % 9 + 1}" for n in range(count)
    ]


def reasons(report):
    return {kept["title"]: kept["reason"] for kept in report["kept"]}


@pytest.fixture
def in_tens(monkeypatch):
    for name in ("FIRST_CHUNK", "SMALLEST_CHUNK", "LARGEST_CHUNK"):
        monkeypatch.setattr(pace, name, 10)
    monkeypatch.setattr(pace, "BREATH_SECONDS", 0)


def live():
    return {model: set(model.objects.filter(deleted_at=None)) for model in (Opportunity, Order, Party)}


def test_an_undo_goes_in_portions_each_of_which_leaves_no_order_without_its_opportunity(bring, undo, in_tens):
    batch, seen = bring("opportunities", DEALS, *deals(35)), []

    def look(done, total):
        seen.append(Opportunity.objects.filter(deleted_at=None).count())
        orders = Order.objects.filter(deleted_at=None)
        assert not orders.exclude(opportunity__deleted_at=None).exists()
        assert orders.count() == Opportunity.objects.filter(deleted_at=None, outcome="WON").count()

    report = undo(batch, on_progress=look)
    assert seen[:4] == [25, 15, 5, 0]
    assert (report["removed"], report["restored"], report["kept"]) == (35, 0, [])
    assert live() == {Opportunity: set(), Order: set(), Party: set()}


def test_an_undo_that_is_cut_off_is_gone_on_with(bring, undo, in_tens):
    batch = bring("opportunities", DEALS, *deals(35))

    def die(done, total):
        if done == 20:
            raise RuntimeError("the process dies here")

    with pytest.raises(RuntimeError):
        undo(batch, on_progress=die)
    assert ImportBatch.objects.get().undo_report["removed"] == 20
    assert Opportunity.objects.filter(deleted_at=None).count() == 15
    assert undo(batch)["removed"] == 35
    assert Event.objects.filter(verb="sell.opportunity_deleted").count() == 35
    assert live() == {Opportunity: set(), Order: set(), Party: set()}
    again = bring("opportunities", DEALS, *deals(35))
    assert (again.created, Order.objects.filter(deleted_at=None).count()) == (35, 17)


def test_opportunities_about_whose_buyers_somebody_did_something_stay(bring, undo, by_head):
    batch = bring("opportunities", DEALS, *deals(6))
    called = Party.objects.get(name="Firm 1")
    log_activity(party_id=called.pk, kind="CALL", subject="Wants more", by=by_head, at=now())
    report = undo(batch)
    assert reasons(report) == {"Deal 1": "something was done with the person or company behind it since"}
    assert report["removed"] == 5
    assert {each.name for each in Opportunity.objects.filter(deleted_at=None)} == {"Deal 1"}
    assert Order.objects.filter(deleted_at=None).get().opportunity.name == "Deal 1"
    assert set(Party.objects.filter(deleted_at=None)) == {called}


def test_work_on_one_opportunity_of_a_buyer_does_not_keep_the_others(bring, undo, by_head):
    batch = bring("opportunities", DEALS, "A,Ink,Firm,open,1,", "B,Paper,Firm,open,2,")
    worked = Opportunity.objects.get(name="Ink")
    actions.plan_next_step(opportunity_id=worked.pk, next_step="Call", by=by_head, at=now())
    report = undo(batch)
    assert reasons(report) == {"Ink": "its details were changed since"} and report["removed"] == 1
    assert Party.objects.get(name="Firm").deleted_at is None


def test_orders_about_whose_buyers_somebody_did_something_stay(bring, undo, by_head):
    batch = bring("orders", "number,organisation,amount", "R-1,Firm 1,10", "R-2,Firm 2,20")
    log_activity(party_id=Party.objects.get(name="Firm 2").pk, kind="NOTE", subject="Paid", by=by_head, at=now())
    report = undo(batch)
    assert [(kept["kind"], kept["title"]) for kept in report["kept"]] == [("orders", "R-2")]
    assert report["removed"] == 1 and Order.objects.filter(deleted_at=None).get().number == "R-2"


@pytest.fixture
def leads(bring):
    """Two leads, each with a deal that came in after it."""
    bring("leads", "external_id,name,email", "L1,Orla Keane,orla@pike.example", "L2,Bas de Wit,bas@polder.example")
    return bring("orders", "external_id,lead,amount", "O1,L1,10", "O2,L2,20")


def test_a_deal_on_whose_lead_somebody_worked_stays(leads, undo, by_head):
    worked = Lead.objects.get(party__name="Orla Keane")
    change_lead(lead_id=worked.pk, title="Six printers", by=by_head, at=now())
    report = undo(leads)
    assert [kept["reason"] for kept in report["kept"]] == ["somebody has worked on its lead since"]
    assert report["kept"][0]["kind"] == "opportunities"
    assert Order.objects.filter(deleted_at=None).get().lead_id == worked.pk
    assert set(Lead.objects.filter(exit="CONVERTED")) == {worked}


def test_without_anybodys_work_the_leads_are_open_again(leads, undo):
    assert Lead.objects.filter(exit="CONVERTED").count() == 2
    assert undo(leads)["kept"] == []
    assert not Lead.objects.filter(exit="CONVERTED").exists() and Lead.objects.filter(deleted_at=None).count() == 2


@pytest.fixture
def closed_by_file(bring, opened):
    """An open opportunity that a file of orders won."""
    row = opened(amount=70, name="Servers")
    found = bring("opportunities", "external_id,name,organisation", "S1,Other,Acme Dental")
    Opportunity.objects.filter(batch_id=found.pk).update(deleted_at=AT)
    ExternalId.objects.filter(kind="sell.opportunity").update(object_id=row.pk)
    return row, bring("orders", "external_id,opportunity,amount", "O1,S1,80")


def test_a_win_whose_order_somebody_corrected_stays_won(closed_by_file, undo, by_head):
    row, batch = closed_by_file
    row.refresh_from_db()
    assert row.outcome == "WON"
    actions.change_order(order_id=Order.objects.get().pk, note="Paid in March", by=by_head, at=now())
    report = undo(batch)
    row.refresh_from_db()
    assert row.outcome == "WON" and Order.objects.get().deleted_at is None
    assert reasons(report)["Servers"] == "its order was changed since"


def test_a_win_by_file_is_taken_back_with_its_order(closed_by_file, undo):
    row, batch = closed_by_file
    report = undo(batch)
    row.refresh_from_db()
    assert (row.outcome, row.amount, row.deleted_at) == ("", 70, None)
    assert (report["removed"], report["restored"], report["kept"]) == (1, 1, [])
    assert Order.objects.get().deleted_at is not None


def test_an_order_that_came_to_an_older_win_goes_again(bring, undo, opened, by_head):
    row = opened(amount=70, name="Servers")
    actions.win_opportunity(opportunity_id=row.pk, by=by_head, at=AT - timedelta(days=1))
    bought = Order.objects.get()
    ExternalId.objects.create(system="crm", kind="sell.opportunity", external_id="S1", object_id=row.pk)
    batch = bring("orders", "external_id,opportunity,amount", "O1,S1,80")
    assert Order.objects.count() == 2
    report = undo(batch)
    assert (report["removed"], report["kept"]) == (1, [])
    assert Order.objects.filter(deleted_at=None).get() == bought


def test_lines_a_file_brought_to_many_orders_are_taken_back_together(bring, undo, django_assert_max_num_queries):
    head = "number,organisation,ordered_at,product,unit_price"
    bring("orders", head, *(f"R-{n},Firm,2026-03-01,Ink,5" for n in range(40)))
    later = bring(
        "orders", head, *(f"R-{n},Firm,2026-03-01,{what}" for n in range(40) for what in ("Ink,6", "Paper,1"))
    )
    assert Order.objects.filter(amount=7).count() == 40
    with django_assert_max_num_queries(160):
        report = undo(later)
    assert report["restored"] == 40 and Order.objects.filter(amount=5).count() == 40
    assert [line.product_text for line in Order.objects.first().lines.all()] == ["Ink"]


LEADS = "external_id,name,email,company,source,arrived_at"
ORLA = "L1,Orla Keane,orla@keane.example,Keane BV,Fair,2026-03-01"


@pytest.mark.slow
def test_leads_go_though_deals_came_of_them_when_the_deals_went_first(bring, undo):
    leads = bring("leads", LEADS, ORLA)
    sold = bring("orders", "external_id,lead,amount,ordered_at", "L1,L1,90,2026-03-09")
    assert reasons(undo(leads)) == {"Orla Keane": "it became an opportunity since", "Fair": "records come from it"}
    leads = bring("leads", LEADS, "L2,Bas de Wit,bas@wit.example,Wit BV,Mail,2026-03-02")
    again = bring("orders", "external_id,lead,amount,ordered_at", "L2,L2,70,2026-03-09")
    assert undo(again)["kept"] == [] and undo(leads)["kept"] == []
    assert set(Lead.objects.filter(deleted_at=None)) == {Lead.objects.get(party__name="Orla Keane")}
    assert not Party.objects.filter(deleted_at=None, name__in=["Bas de Wit", "Wit BV"]).exists()
    assert undo(sold)["kept"] == [] and Lead.objects.get(party__name="Orla Keane").exit == ""


def test_a_lead_stays_while_an_order_of_it_does(bring, undo, by_head):
    leads = bring("leads", LEADS, ORLA)
    sold = bring("orders", "external_id,lead,amount,ordered_at", "L1,L1,90,2026-03-09")
    actions.change_order(order_id=Order.objects.get().pk, amount=95, by=by_head, at=now())
    assert undo(sold)["kept"]
    assert reasons(undo(leads))["Orla Keane"] == "it became an opportunity since"
    assert Lead.objects.get().deleted_at is None and Party.objects.filter(deleted_at=None).count() == 2


def test_a_lead_of_a_later_file_keeps_the_person_but_not_the_first_lead(bring, undo):
    first = bring("leads", LEADS, ORLA)
    bring("leads", LEADS, ORLA.replace("L1", "L2").replace("03-01", "03-05"))
    assert undo(first)["removed"] == 1
    assert [lead.arrived_at.day for lead in Lead.objects.filter(deleted_at=None)] == [5]
    assert Party.objects.filter(deleted_at=None).count() == 2
