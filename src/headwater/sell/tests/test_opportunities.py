"""Opportunities from opening to the end, with and without the right, and back again."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from headwater.parties.actions import add_person, change_party
from headwater.parties.models import Grant
from headwater.parties.queries.visible import visible_parties
from headwater.platform.errors import Invalid, NotAllowed, NotFound, NotUndoable, SomeRefused
from headwater.platform.models import Event
from headwater.platform.testing import last_event, undo_last, values_held
from headwater.platform.undo import undo_event, undo_events
from headwater.qualify.actions import StepRefused as LeadStepRefused
from headwater.qualify.models import Lead
from headwater.sell import actions
from headwater.sell.actions.lines import LineDraft
from headwater.sell.models import Opportunity, Order
from headwater.sell.queries.visible import visible_opportunities
from headwater.team.models import Role, User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
held = partial(values_held, "sell.opportunity")
pytestmark = pytest.mark.django_db


def test_the_default_pipeline_is_there(stages):
    assert [(s.name, s.probability) for s in stages] == [
        ("Discovery", 20),
        ("Solution", 40),
        ("Proposal", 60),
        ("Negotiation", 80),
    ]


def test_an_opportunity_from_a_lead_keeps_the_lead_and_its_source(sql_lead, by_jonas):
    row = actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT)
    assert row.name == "Servers for 6 practices" and row.amount == 61_000 and row.probability == 20
    assert row.lead.source.name == "Hannover fair" and row.owner_id == by_jonas.user_id
    lead = Lead.objects.get()
    assert (lead.exit, lead.stage, lead.exited_at) == ("CONVERTED", "SQL", AT)
    fact = last_event("sell.opportunity_opened")
    assert fact.party_id == row.party_id and fact.data["lead_id"] == lead.pk
    assert held(row.pk, "stage") == [(str(row.stage_id), AT, None)]
    assert held(row.pk, "outcome") == [("OPEN", AT, None)]
    assert Grant.objects.filter(user_id=by_jonas.user_id, reason=f"opportunity:{row.pk}").exists()


@pytest.fixture
def ines(company):
    """Inside sales: she qualifies and does not sell."""
    return User.objects.create(email="ines@kestrel.example", name="Ines Moor", role=Role.INSIDE_SALES, created_at=AT)


def test_what_costs_nothing_is_known_to_be_nothing(sql_lead, by_jonas):
    trial = LineDraft(product_text="Trial", unit_price=Decimal(0))
    assert actions.open_opportunity(lead_id=sql_lead.pk, lines=[trial], by=by_jonas, at=AT).amount == 0


def test_who_qualifies_opens_it_for_somebody_who_sells(sql_lead, jonas, ines):
    Lead.objects.update(owner=ines)
    by_ines = actor_of(ines)
    for owner_id in (None, ines.pk):
        with pytest.raises(Invalid, match="Choose a colleague who sells"):
            actions.open_opportunity(lead_id=sql_lead.pk, owner_id=owner_id, by=by_ines, at=AT)
    row = actions.open_opportunity(lead_id=sql_lead.pk, owner_id=jonas.pk, by=by_ines, at=AT)
    assert (row.owner_id, row.team_id) == (jonas.pk, jonas.team_id)
    assert Lead.objects.get().exit == "CONVERTED" and Lead.objects.get().owner_id == ines.pk


def test_who_takes_the_lead_of_a_qualifier_holds_the_opportunity(sql_lead, by_jonas, ines):
    Lead.objects.update(owner=ines)
    assert actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT).owner_id == by_jonas.user_id


def test_who_qualifies_is_asked_for_whom(client, sql_lead, jonas, ines, company):
    company.setup_done_at = AT
    company.save()
    Lead.objects.update(owner=ines)
    client.force_login(ines)
    assert "/opportunities/new?lead_id=" in client.get(f"/leads/{sql_lead.pk}").content.decode()
    asked = client.get(f"/opportunities/new?lead_id={sql_lead.pk}").content.decode()
    assert "Jonas Weber" in asked and "Choose who sells" in asked and "Ines Moor</option>" not in asked
    assert client.post("/opportunities/new", {"lead_id": sql_lead.pk}).status_code == 422
    done = client.post("/opportunities/new", {"lead_id": sql_lead.pk, "owner_id": jonas.pk})
    assert done.status_code == 302 and Opportunity.objects.get().owner_id == jonas.pk


def test_a_lead_that_is_not_qualified_gives_no_opportunity(sql_lead, by_jonas):
    Lead.objects.update(stage="MQL")
    with pytest.raises(LeadStepRefused):
        actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT)
    assert not Opportunity.objects.exists()


def test_an_opportunity_needs_a_buyer(by_jonas):
    with pytest.raises(NotFound):
        actions.open_opportunity(by=by_jonas, at=AT)


def test_a_reader_opens_moves_wins_and_loses_nothing(acme, opened, stages, by_reader):
    row = opened()
    for act in (
        lambda: actions.open_opportunity(party_id=acme.pk, by=by_reader, at=AT),
        lambda: actions.move_opportunity(opportunity_id=row.pk, stage_id=stages[1].pk, by=by_reader, at=AT),
        lambda: actions.win_opportunity(opportunity_id=row.pk, by=by_reader, at=AT),
        lambda: actions.lose_opportunity(opportunity_id=row.pk, reason="PRICE", by=by_reader, at=AT),
        lambda: actions.reopen_opportunity(opportunity_id=row.pk, by=by_reader, at=AT),
        lambda: actions.change_opportunity(opportunity_id=row.pk, name="x", by=by_reader, at=AT),
        lambda: actions.assign_opportunities(ids=[row.pk], owner_id=None, by=by_reader, at=AT),
        lambda: actions.delete_opportunity(opportunity_id=row.pk, by=by_reader, at=AT),
        lambda: actions.place_order(party_id=acme.pk, amount=Decimal(1), by=by_reader, at=AT),
        lambda: actions.add_product(name="x", by=by_reader, at=AT),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_who_does_not_see_it_cannot_touch_it(opened, stages, by_stranger, by_priya):
    row = opened()
    assert not visible_opportunities(by_stranger).exists() and visible_opportunities(by_priya).exists()
    with pytest.raises(NotAllowed):
        actions.move_opportunity(opportunity_id=row.pk, stage_id=stages[1].pk, by=by_stranger, at=AT)
    actions.move_opportunity(opportunity_id=row.pk, stage_id=stages[1].pk, by=by_priya, at=AT)


def test_an_opportunity_with_ones_own_person_opens_nobodys_company(acme, jonas, by_stranger, by_head):
    change_party(party_id=acme.pk, owner_id=jonas.pk, by=by_head, at=AT)
    mine = add_person(name="Eva Brandt", employer_name="Acme Dental", owner_id=by_stranger.user_id, by=by_head, at=AT)
    row = actions.open_opportunity(party_id=mine.pk, by=by_stranger, at=AT)
    assert row.organisation_id == acme.pk
    assert not visible_parties(by_stranger).filter(pk=acme.pk).exists()
    actions.assign_opportunity(opportunity_id=row.pk, owner_id=None, by=by_head, at=AT)
    actions.assign_opportunity(opportunity_id=row.pk, owner_id=by_stranger.user_id, by=by_head, at=AT)
    assert visible_parties(by_stranger).filter(pk=acme.pk).exists()


def test_a_move_takes_the_stages_probability_and_back_needs_a_reason(opened, stages, by_jonas):
    row = opened()
    row = actions.move_opportunity(opportunity_id=row.pk, stage_id=stages[2].pk, by=by_jonas, at=AT)
    assert row.probability == 60 and row.stage_since == AT
    with pytest.raises(Invalid) as refused:
        actions.move_opportunity(opportunity_id=row.pk, stage_id=stages[0].pk, by=by_jonas, at=AT)
    assert "reason" in refused.value.fields
    row = actions.move_opportunity(
        opportunity_id=row.pk, stage_id=stages[0].pk, reason="New buyer", by=by_jonas, at=AT + DAY
    )
    assert [value for value, _, _ in held(row.pk, "stage")] == [str(stages[i].pk) for i in (0, 2, 0)]


def test_a_win_places_the_order_with_the_lines(opened, by_jonas, by_head, sql_lead):
    product = actions.add_product(name="Rack server", list_price=Decimal(1200), cost=Decimal(900), by=by_head, at=AT)
    row = actions.open_opportunity(
        lead_id=sql_lead.pk,
        lines=[actions.LineDraft(product.pk, quantity=Decimal(2), unit_price=Decimal(1200))],
        by=by_jonas,
        at=AT,
    )
    assert row.amount == 2400
    row, order = actions.win_opportunity(
        opportunity_id=row.pk, amount=Decimal(2300), closed_at=AT + DAY, by=by_jonas, at=AT + 2 * DAY
    )
    assert (row.outcome, row.closed_at, row.amount, row.forecast_category) == ("WON", AT + DAY, 2300, "CLOSED")
    assert (order.amount, order.cost, order.lead_id, order.ordered_at) == (2300, 1800, sql_lead.pk, AT + DAY)
    line = order.lines.get()
    assert (line.product_id, line.quantity, line.unit_price) == (product.pk, 2, 1150)
    assert held(row.pk, "outcome")[-1] == ("WON", AT + DAY, None)
    assert held(row.pk, "stage")[-1][2] == AT + DAY
    won, placed = last_event("sell.opportunity_won"), last_event("sell.order_placed")
    assert won.occurred_at == AT + DAY == placed.occurred_at and won.data["order_id"] == order.pk
    assert won.party_id == placed.party_id == row.party_id


def test_an_unknown_value_stays_unknown(opened, by_jonas):
    _, order = actions.win_opportunity(opportunity_id=opened().pk, by=by_jonas, at=AT)
    assert order.amount is None


def test_a_second_win_is_refused(opened, by_jonas):
    row = opened(amount=Decimal(100))
    actions.win_opportunity(opportunity_id=row.pk, by=by_jonas, at=AT)
    with pytest.raises(actions.AlreadyClosed):
        actions.win_opportunity(opportunity_id=row.pk, by=by_jonas, at=AT)
    with pytest.raises(actions.AlreadyClosed):
        actions.lose_opportunity(opportunity_id=row.pk, reason="PRICE", by=by_jonas, at=AT)
    assert Order.objects.count() == 1


def test_a_win_does_not_happen_tomorrow(opened, by_jonas):
    with pytest.raises(Invalid):
        actions.win_opportunity(opportunity_id=opened().pk, closed_at=AT + DAY, by=by_jonas, at=AT)


def test_a_loss_has_a_reason_and_a_competitor(opened, by_jonas):
    row = opened()
    with pytest.raises(Invalid):
        actions.lose_opportunity(opportunity_id=row.pk, reason="", by=by_jonas, at=AT)
    with pytest.raises(Invalid):
        actions.lose_opportunity(opportunity_id=row.pk, reason="WEATHER", by=by_jonas, at=AT)
    row = actions.lose_opportunity(
        opportunity_id=row.pk, reason="COMPETITOR", competitor="Northlight", by=by_jonas, at=AT
    )
    assert (row.outcome, row.lost_reason, row.competitor) == ("LOST", "COMPETITOR", "Northlight")
    assert held(row.pk, "outcome")[-1] == ("LOST", AT, None)


def test_reopening_lowers_the_probability_at_once_and_takes_the_order_back(opened, stages, by_jonas):
    row = opened(amount=Decimal(100))
    actions.change_opportunity(opportunity_id=row.pk, probability=95, by=by_jonas, at=AT)
    actions.win_opportunity(opportunity_id=row.pk, by=by_jonas, at=AT)
    row = actions.reopen_opportunity(opportunity_id=row.pk, by=by_jonas, at=AT + DAY)
    assert (row.outcome, row.closed_at, row.probability, row.forecast_category) == ("", None, 20, "PIPELINE")
    assert Order.objects.get().deleted_at == AT + DAY
    actions.win_opportunity(opportunity_id=row.pk, by=by_jonas, at=AT + 2 * DAY)
    assert Order.objects.filter(deleted_at=None).count() == 1
    with pytest.raises(actions.StepRefused):
        actions.reopen_opportunity(opportunity_id=opened().pk, by=by_jonas, at=AT)


def test_undo_of_a_win_takes_the_order_back_and_of_a_reopening_brings_it_again(opened, by_jonas):
    row = opened(amount=Decimal(100))
    actions.win_opportunity(opportunity_id=row.pk, amount=Decimal(90), by=by_jonas, at=AT)
    won = last_event("sell.opportunity_won")
    actions.reopen_opportunity(opportunity_id=row.pk, by=by_jonas, at=AT)
    with pytest.raises(NotUndoable):
        undo_event(event_id=won.pk, by=by_jonas, at=AT)
    undo_last("sell.opportunity_reopened", by=by_jonas, at=AT)
    row.refresh_from_db()
    assert row.outcome == "WON" and Order.objects.filter(deleted_at=None).count() == 1
    undo_event(event_id=won.pk, by=by_jonas, at=AT)
    row.refresh_from_db()
    assert (row.outcome, row.amount) == ("", 100) and not Order.objects.filter(deleted_at=None).exists()


def test_undo_of_an_opening_opens_the_lead_again(sql_lead, by_jonas):
    row = actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT)
    undo_last("sell.opportunity_opened", by=by_jonas, at=AT)
    row.refresh_from_db()
    sql_lead.refresh_from_db()
    assert row.deleted_at == AT and (sql_lead.exit, sql_lead.stage) == ("", "SQL")


def test_an_opportunity_that_is_restored_has_its_lead_converted_again(sql_lead, by_jonas, by_head):
    row = actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT)
    undo_last("sell.opportunity_opened", by=by_jonas, at=AT)
    actions.restore_opportunity(opportunity_id=row.pk, by=by_head, at=AT)
    sql_lead.refresh_from_db()
    assert sql_lead.exit == "CONVERTED"


def test_undo_of_moves_edits_assignments_and_losses(opened, stages, priya, by_head):
    row = opened()
    actions.move_opportunity(opportunity_id=row.pk, stage_id=stages[1].pk, by=by_head, at=AT)
    undo_last("sell.opportunity_moved", by=by_head, at=AT)
    actions.plan_next_step(opportunity_id=row.pk, next_step="Call Eva", by=by_head, at=AT)
    assert last_event("platform.changed").data == {
        "row_type": "sell.opportunity",
        "row_id": row.pk,
        "names": "next step",
        "fields": {},
    }
    undo_last("platform.changed", by=by_head, at=AT)
    before = row.owner_id
    actions.assign_opportunities(ids=[row.pk], owner_id=priya.pk, by=by_head, at=AT)
    assert Grant.objects.filter(user_id=priya.pk).exists() and not Grant.objects.filter(user_id=before).exists()
    undo_last("sell.opportunity_assigned", by=by_head, at=AT)
    actions.lose_opportunity(opportunity_id=row.pk, reason="PRICE", by=by_head, at=AT)
    undo_last("sell.opportunity_lost", by=by_head, at=AT)
    row.refresh_from_db()
    assert (row.stage_id, row.next_step, row.owner_id, row.outcome) == (stages[0].pk, "", before, "")
    assert row.lost_reason == ""


def test_deleting_takes_the_orders_along_and_restoring_brings_them_back(opened, by_head):
    row = opened(amount=Decimal(5))
    actions.win_opportunity(opportunity_id=row.pk, by=by_head, at=AT)
    actions.delete_opportunity(opportunity_id=row.pk, by=by_head, at=AT + timedelta(hours=1))
    assert not Order.objects.filter(deleted_at=None).exists() and not visible_opportunities(by_head).exists()
    undo_last("sell.opportunity_deleted", by=by_head, at=AT + timedelta(hours=2))
    assert Order.objects.filter(deleted_at=None).exists() and visible_opportunities(by_head).exists()
    actions.delete_opportunity(opportunity_id=row.pk, by=by_head, at=AT + timedelta(hours=3))
    actions.restore_opportunity(opportunity_id=row.pk, by=by_head, at=AT + timedelta(hours=4))
    assert Order.objects.filter(deleted_at=None).count() == 1


def test_lines_set_the_amount_until_somebody_sets_another(opened, by_jonas, by_head):
    printer = actions.add_product(name="Printer", list_price=Decimal(300), by=by_head, at=AT)
    row = actions.add_line(opportunity_id=opened().pk, product_id=printer.pk, quantity=Decimal(2), by=by_jonas, at=AT)
    assert row.amount == 600
    actions.change_opportunity(opportunity_id=row.pk, amount=Decimal(550), by=by_jonas, at=AT)
    row = actions.add_line(opportunity_id=row.pk, product_id=printer.pk, by=by_jonas, at=AT)
    assert row.amount == 550 and row.lines.count() == 2
    actions.remove_line(opportunity_id=row.pk, line_id=row.lines.latest("pk").pk, by=by_jonas, at=AT)
    undo_last("sell.opportunity_lines_changed", by=by_jonas, at=AT)
    assert row.lines.count() == 2


def test_deciding_a_product_can_decide_every_line_with_its_text(opened, by_jonas, by_head):
    one, two = opened(), opened()
    for row in (one, two):
        row.lines.create(product_text="GTXPro")
    two.lines.create(product_text="Other")
    product = actions.add_product(name="GTX Pro", by=by_head, at=AT)
    line = one.lines.get()
    decided = actions.decide_product(
        line_id=line.pk, of="opportunity", product_id=product.pk, all_lines=True, by=by_jonas, at=AT
    )
    assert decided == 2 and two.lines.filter(product=product).count() == 1
    assert one.lines.get().label == "GTX Pro" and one.lines.get().product_text == "GTXPro"
    undo_last("sell.product_decided", by=by_jonas, at=AT)
    assert one.lines.get().is_to_decide
    assert actions.decide_product(line_id=line.pk, of="opportunity", product_id=product.pk, by=by_jonas, at=AT) == 1


def test_orders_stand_alone_too(acme, by_jonas, by_head):
    order = actions.place_order(party_id=acme.pk, amount=Decimal("99.50"), by=by_jonas, at=AT)
    assert (order.organisation_id, order.currency, order.ordered_at, order.owner_id) == (
        acme.pk,
        "EUR",
        AT,
        by_jonas.user_id,
    )
    with pytest.raises(Invalid):
        actions.place_order(party_id=acme.pk, by=by_jonas, at=AT)
    undo_last("sell.order_placed", by=by_jonas, at=AT)
    order.refresh_from_db()
    assert order.deleted_at == AT
    actions.restore_order(order_id=order.pk, by=by_head, at=AT)
    actions.change_order(order_id=order.pk, amount=Decimal(80), by=by_head, at=AT)
    undo_last("platform.changed", by=by_head, at=AT)
    order.refresh_from_db()
    assert order.amount == Decimal("99.50")


def test_the_order_of_a_win_is_not_deleted_alone(opened, by_head):
    _, order = actions.win_opportunity(opportunity_id=opened(amount=Decimal(5)).pk, by=by_head, at=AT)
    with pytest.raises(Exception, match="Reopen"):
        actions.delete_order(order_id=order.pk, by=by_head, at=AT)
    with pytest.raises(NotUndoable):
        undo_last("sell.order_placed", by=by_head, at=AT)


def test_products_are_named_once_and_come_back(company, by_head):
    product = actions.add_product(name="Rack  server", by=by_head, at=AT)
    with pytest.raises(actions.ProductExists):
        actions.add_product(name="rack server", by=by_head, at=AT)
    actions.change_product(product_id=product.pk, list_price=Decimal(10), by=by_head, at=AT)
    undo_last("platform.changed", by=by_head, at=AT)
    actions.delete_product(product_id=product.pk, by=by_head, at=AT)
    undo_last("sell.product_deleted", by=by_head, at=AT)
    product.refresh_from_db()
    assert product.deleted_at is None and product.list_price is None


def test_a_deleted_product_is_not_changed_but_its_changes_are_undone(company, by_head):
    product = actions.add_product(name="Rack server", by=by_head, at=AT)
    actions.change_product(product_id=product.pk, list_price=Decimal(10), by=by_head, at=AT)
    actions.delete_product(product_id=product.pk, by=by_head, at=AT)
    with pytest.raises(NotFound):
        actions.change_product(product_id=product.pk, name="Blade server", by=by_head, at=AT)
    undo_last("platform.changed", by=by_head, at=AT)
    product.refresh_from_db()
    assert product.deleted_at is not None and (product.name, product.list_price) == ("Rack server", None)


def test_many_move_as_one_does_and_come_back_together(opened, stages, by_jonas):
    rows = [opened() for _ in range(3)]
    ids = [row.pk for row in rows]
    assert actions.move_opportunities(ids=ids, stage_id=stages[2].pk, by=by_jonas, at=AT) == 3
    assert set(Opportunity.objects.values_list("stage_id", "probability", "stage_since")) == {(stages[2].pk, 60, AT)}
    assert [value for value, _, _ in held(rows[1].pk, "stage")] == [str(stages[i].pk) for i in (0, 2)]
    told = Event.objects.filter(verb="sell.opportunity_moved")
    assert {(event.data["from_stage"], event.data["to_stage"]) for event in told} == {(stages[0].name, stages[2].name)}
    undo_events(event_ids=[event.pk for event in told], by=by_jonas, at=AT + DAY)
    assert set(Opportunity.objects.values_list("stage_id", flat=True)) == {stages[0].pk}
    assert held(rows[1].pk, "stage")[-1][0] == str(stages[0].pk)


def test_many_move_or_none_and_each_says_why_not(opened, stages, by_jonas, by_stranger, by_reader):
    ahead, there, won = opened(), opened(stage_id=stages[1].pk), opened()
    actions.win_opportunity(opportunity_id=won.pk, by=by_jonas, at=AT)
    ids = [ahead.pk, there.pk, won.pk]
    with pytest.raises(SomeRefused) as refused:
        actions.move_opportunities(ids=ids, stage_id=stages[1].pk, by=by_jonas, at=AT)
    assert set(refused.value.refusals) == {won.pk}
    ahead.refresh_from_db()
    assert ahead.stage_id == stages[0].pk
    with pytest.raises(SomeRefused):
        actions.move_opportunities(ids=[ahead.pk], stage_id=stages[1].pk, by=by_stranger, at=AT)
    with pytest.raises(NotAllowed):
        actions.move_opportunities(ids=[ahead.pk], stage_id=stages[1].pk, by=by_reader, at=AT)
    with pytest.raises(SomeRefused) as back:
        actions.move_opportunities(ids=[there.pk], stage_id=stages[0].pk, by=by_jonas, at=AT)
    assert "reason" in back.value.one_reason.fields


def test_who_is_in_the_stage_already_stays_as_it_is(opened, stages, by_jonas):
    ahead, there = opened(), opened(stage_id=stages[1].pk)
    since = there.stage_since
    assert actions.move_opportunities(ids=[ahead.pk, there.pk], stage_id=stages[1].pk, by=by_jonas, at=AT) == 1
    there.refresh_from_db()
    assert there.stage_since == since and Event.objects.filter(verb="sell.opportunity_moved").count() == 1


def test_moving_many_takes_no_more_queries_than_moving_few(opened, stages, by_head, django_assert_num_queries):
    few, many = [opened().pk for _ in range(2)], [opened().pk for _ in range(12)]
    with CaptureQueriesContext(connection) as queries:
        actions.move_opportunities(ids=few, stage_id=stages[1].pk, by=by_head, at=AT)
    with django_assert_num_queries(len(queries)):
        actions.move_opportunities(ids=many, stage_id=stages[1].pk, by=by_head, at=AT)
