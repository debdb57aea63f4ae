"""Files of products, opportunities and orders: in once, in twice, changed later, and out again."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from headwater.parties.models import Party
from headwater.platform.action import action
from headwater.platform.errors import NotAllowed
from headwater.platform.identity import remember_ids
from headwater.platform.importer import Batch, CleanRow, Outcome
from headwater.platform.models import Event, Span
from headwater.platform.testing import values_held
from headwater.qualify.models import Lead
from headwater.sell import actions
from headwater.sell.actions.file_undo import undo_opportunity_import, undo_order_import
from headwater.sell.actions.opportunity_files import import_opportunities
from headwater.sell.actions.order_files import import_orders
from headwater.sell.actions.product_files import import_products, undo_product_import
from headwater.sell.models import Opportunity, Order, Product

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CREATED, UPDATED, UNCHANGED, REJECTED = Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.REJECTED
pytestmark = pytest.mark.django_db


def batch(number):
    return Batch(number, "maven", "UTC", "USD", "NL", "file.csv")


def rows(*values):
    return [CleanRow(line, dict(each), {}) for line, each in enumerate(values, 2)]


def outcomes(results):
    return [result.outcome for result in results]


@pytest.fixture
def bring(by_head):
    """Imports rows as a batch: ``bring(import_orders, 7, {...}, {...})``."""

    def run(how, number, *values, at=AT):
        return how(rows(*values), batch=batch(number), by=by_head, at=at)

    return run


WON = {
    "external_id": "A", "product": "GTX Pro", "organisation": "Cancity", "state": "WON", "owner_name": "Jonas Weber",
    "opened_at": AT - 60 * DAY, "closed_at": AT - 10 * DAY, "amount": Decimal("1054.00"),
}  # fmt: skip
OPEN = {
    "external_id": "B", "product": "GTXPro", "organisation": "Cancity", "state": "OPEN", "stage": "Solution",
    "opened_at": AT - 20 * DAY, "owner_name": "Nobody Here",
}  # fmt: skip
held = partial(values_held, "sell.opportunity")
LOST = {"external_id": "C", "product": "GTXPro", "state": "LOST", "closed_at": AT - DAY, "amount": Decimal(0)}


def test_opportunities_arrive_open_won_and_lost(bring, jonas, stages):
    bring(import_products, 1, {"external_id": "GTX Pro", "name": "GTX Pro", "list_price": Decimal(4821)})
    results = bring(import_opportunities, 2, WON, OPEN, LOST)
    assert outcomes(results) == [CREATED] * 3
    won, waiting, lost = (Opportunity.objects.get(pk=result.object_id) for result in results)
    assert (won.outcome, won.amount, won.currency, won.owner_id) == ("WON", 1054, "USD", jonas.pk)
    order = Order.objects.get()
    assert (order.opportunity_id, order.amount, order.ordered_at) == (won.pk, 1054, won.closed_at)
    assert order.lines.get().unit_price == 1054 and order.organisation.name == "Cancity"
    assert (waiting.outcome, waiting.stage.name, waiting.amount, waiting.owner_id) == ("", "Solution", None, None)
    assert waiting.extra == {"owner_name": "Nobody Here"} and waiting.probability == 40
    assert (lost.outcome, lost.lost_reason, lost.party_id) == ("LOST", "UNKNOWN", None)
    assert won.lines.get().product.name == "GTX Pro" and waiting.lines.get().is_to_decide
    assert waiting.lines.get().product_text == "GTXPro"
    assert held(won.pk, "outcome") == [("OPEN", AT - 60 * DAY, AT - 10 * DAY), ("WON", AT - 10 * DAY, None)]
    assert held(waiting.pk, "stage") == [(str(stages[1].pk), AT - 20 * DAY, None)] and not held(won.pk, "stage")
    assert held(won.pk, "owner") == [(str(jonas.pk), AT - 60 * DAY, None)]
    assert Event.objects.get(verb="sell.opportunity_won").occurred_at == AT - 10 * DAY
    assert Party.objects.filter(name="Cancity").count() == 1


def test_the_same_file_again_changes_nothing(bring, jonas):
    bring(import_opportunities, 2, WON, OPEN, LOST)
    events = Event.objects.count()
    assert outcomes(bring(import_opportunities, 3, WON, OPEN, LOST)) == [UNCHANGED] * 3
    assert Event.objects.count() == events and Opportunity.objects.count() == 3 and Order.objects.count() == 1


def test_without_ids_who_buys_what_since_when_is_the_same(bring):
    said = {key: value for key, value in OPEN.items() if key != "external_id"}
    assert outcomes(bring(import_opportunities, 2, said, said)) == [CREATED, UNCHANGED]
    assert outcomes(bring(import_opportunities, 3, said)) == [UNCHANGED]


def test_a_state_that_moves_on_is_an_update_with_its_order(bring):
    bring(import_opportunities, 2, OPEN)
    now_won = OPEN | {"state": "WON", "stage": "", "closed_at": AT - DAY, "amount": Decimal(500)}
    assert outcomes(bring(import_opportunities, 3, now_won)) == [UPDATED]
    row, order = Opportunity.objects.get(), Order.objects.get()
    assert (row.outcome, row.amount, order.amount, order.ordered_at) == ("WON", 500, 500, AT - DAY)
    assert held(row.pk, "outcome")[-1] == ("WON", AT - DAY, None) and held(row.pk, "stage")[-1][2] == AT - DAY
    corrected = now_won | {"amount": Decimal(450)}
    assert outcomes(bring(import_opportunities, 4, corrected)) == [UPDATED]
    assert Order.objects.get().amount == 450
    assert outcomes(bring(import_opportunities, 5, corrected)) == [UNCHANGED]


def test_a_stage_moves_on_unless_somebody_moved_it_here(bring, stages, by_head):
    bring(import_opportunities, 2, OPEN | {"stage": "Discovery"})
    assert outcomes(bring(import_opportunities, 3, OPEN)) == [UPDATED]
    row = Opportunity.objects.get()
    assert row.stage.name == "Solution"
    actions.move_opportunity(opportunity_id=row.pk, stage_id=stages[3].pk, by=by_head, at=AT)
    result = bring(import_opportunities, 4, OPEN)[0]
    row.refresh_from_db()
    assert result.outcome is UNCHANGED and row.stage.name == "Negotiation" and "by hand" in result.reasons[0]


def test_a_product_added_later_decides_on_the_next_import(bring):
    bring(import_opportunities, 2, OPEN)
    bring(import_products, 3, {"name": "GTXPro"})
    assert outcomes(bring(import_opportunities, 4, OPEN)) == [UPDATED]
    assert not Opportunity.objects.get().lines.get().is_to_decide


def test_bad_rows_say_everything_and_stop_nothing(bring):
    results = bring(
        import_opportunities,
        2,
        OPEN | {"stage": "Dreaming", "amount": Decimal(-1)},
        OPEN | {"external_id": "D"},
        OPEN | {"external_id": "E", "lead": "unknown"},
    )
    assert outcomes(results) == [REJECTED, CREATED, REJECTED]
    assert len(results[0].reasons) == 2 and "no stage" in results[0].reasons[1]


def test_undo_takes_out_what_nobody_worked_on(bring, by_head):
    bring(import_opportunities, 2, WON, OPEN, LOST)
    worked = Opportunity.objects.get(outcome="")
    actions.plan_next_step(opportunity_id=worked.pk, next_step="Call", by=by_head, at=AT)
    done = undo_opportunity_import(batch_id=2, by=by_head, at=AT)
    assert done.removed == 2 and [kept.reason for kept in done.kept] == ["its details were changed since"]
    assert Opportunity.objects.filter(deleted_at=None).get() == worked
    assert not Order.objects.filter(deleted_at=None).exists()
    assert Party.objects.get(name="Cancity").deleted_at is None
    assert outcomes(bring(import_opportunities, 3, WON, OPEN, LOST)) == [CREATED, UNCHANGED, CREATED]
    assert Order.objects.filter(deleted_at=None).count() == 1 and Order.objects.count() == 1
    assert undo_opportunity_import(batch_id=3, by=by_head, at=AT).removed == 2


def test_undo_restores_what_a_later_file_changed(bring, by_head):
    bring(import_opportunities, 2, OPEN)
    bring(import_opportunities, 3, OPEN | {"state": "WON", "closed_at": AT - DAY, "amount": Decimal(5)})
    done = undo_opportunity_import(batch_id=3, by=by_head, at=AT)
    row = Opportunity.objects.get()
    assert (done.removed, done.restored) == (1, 1)
    assert (row.outcome, row.amount, row.closed_at, row.deleted_at) == ("", None, None, None)
    assert not Order.objects.filter(deleted_at=None).exists()
    assert held(row.pk, "outcome")[-1] == ("OPEN", AT, None)


def test_products_arrive_once_and_change_with_the_file(bring, by_head):
    row = {"external_id": "GTX Pro", "name": "GTX Pro", "list_price": Decimal(4821), "family": "GTX"}
    assert outcomes(bring(import_products, 1, row)) == [CREATED]
    assert outcomes(bring(import_products, 2, row)) == [UNCHANGED]
    assert outcomes(bring(import_products, 3, row | {"list_price": Decimal(5000)})) == [UPDATED]
    product = Product.objects.get()
    assert (product.list_price, product.currency, product.name_key) == (5000, "USD", "gtx pro")
    assert undo_product_import(batch_id=3, by=by_head, at=AT).restored == 1
    actions.change_product(product_id=product.pk, family="Servers", by=by_head, at=AT)
    result = bring(import_products, 4, row)[0]
    product.refresh_from_db()
    assert result.outcome is UNCHANGED and product.family == "Servers"
    assert undo_product_import(batch_id=1, by=by_head, at=AT).kept[0].reason == "it was changed since"


@pytest.fixture
def leads(sql_lead):
    """A lead that the file's system calls L1, in its first stage."""
    Lead.objects.update(stage="NEW", owner=None, team=None)
    Span.objects.filter(subject_type="qualify.lead").update(value="NEW", from_at=AT - 30 * DAY)

    @action
    def remember(**_):
        remember_ids("maven", "qualify.lead", {"L1": sql_lead.pk})

    remember()
    return sql_lead


DEAL = {"external_id": "L1", "lead": "L1", "ordered_at": AT - 3 * DAY}


def lead_stages(lead):
    return list(
        Span.objects.filter(subject_type="qualify.lead", subject_id=lead.pk, kind="stage")
        .order_by("pk")
        .values_list("value", "from_at", "until_at")
    )


def test_a_closed_deal_is_the_won_opportunity_and_order_of_its_lead(bring, leads):
    results = bring(import_orders, 2, DEAL, DEAL | {"external_id": "L9", "lead": "L9"})
    assert outcomes(results) == [CREATED, REJECTED] and "Import the leads first" in results[1].reasons[0]
    row, order = Opportunity.objects.get(), Order.objects.get()
    assert (row.outcome, row.lead_id, row.closed_at, row.opened_at) == ("WON", leads.pk, AT - 3 * DAY, None)
    assert (order.lead_id, order.opportunity_id, order.amount) == (leads.pk, row.pk, None)
    leads.refresh_from_db()
    assert (leads.exit, leads.stage, leads.exited_at) == ("CONVERTED", "SQL", AT - 3 * DAY)
    assert lead_stages(leads) == [("NEW", AT - 30 * DAY, AT - 3 * DAY), ("CONVERTED", AT - 3 * DAY, None)]
    assert outcomes(bring(import_orders, 3, DEAL)) == [UNCHANGED]


def test_undo_of_deals_opens_the_leads_as_if_nothing_had_been(bring, leads, by_head):
    bring(import_orders, 2, DEAL)
    done = undo_order_import(batch_id=2, by=by_head, at=AT)
    leads.refresh_from_db()
    assert done.removed == 1 and not done.kept
    assert (leads.exit, leads.stage, leads.exited_at) == ("", "NEW", None)
    assert lead_stages(leads) == [("NEW", AT - 30 * DAY, None)]
    assert outcomes(bring(import_orders, 3, DEAL)) == [CREATED]
    leads.refresh_from_db()
    assert leads.exit == "CONVERTED" and Order.objects.filter(deleted_at=None).count() == 1


def test_a_deal_wins_the_opportunity_that_is_open(bring, leads, by_head):
    Lead.objects.update(stage="SQL")
    row = actions.open_opportunity(lead_id=leads.pk, amount=Decimal(70), currency="EUR", by=by_head, at=AT - 5 * DAY)
    assert outcomes(bring(import_orders, 2, DEAL | {"amount": Decimal(80), "currency": "USD"})) == [CREATED]
    row.refresh_from_db()
    assert (row.outcome, row.amount, row.currency) == ("WON", 80, "USD")
    assert Order.objects.get().opportunity_id == row.pk
    done = undo_order_import(batch_id=2, by=by_head, at=AT)
    row.refresh_from_db()
    leads.refresh_from_db()
    assert (done.removed, done.restored, row.outcome, row.amount, row.currency) == (1, 1, "", 70, "EUR")
    assert leads.exit == "CONVERTED"


def test_an_order_of_a_lost_opportunity_is_handed_back_and_stops_nothing(bring, leads):
    lost = LOST | {"lead": "L1"}
    bring(import_opportunities, 2, lost, OPEN)
    results = bring(
        import_orders, 3, {"number": "R-1", "opportunity": "C", "amount": Decimal(9)},
        {"number": "R-2", "opportunity": "B", "amount": Decimal(8)},
    )  # fmt: skip
    assert outcomes(results) == [REJECTED, CREATED]
    assert results[0].reasons == ("The opportunity “C” was lost. Reopen it first.",)
    assert list(Opportunity.objects.order_by("pk").values_list("outcome", flat=True)) == ["LOST", "WON"]
    assert Order.objects.get().opportunity == Opportunity.objects.get(outcome="WON")


def test_a_currency_is_corrected_on_both_the_win_and_its_order(bring, leads):
    bring(import_opportunities, 2, WON)
    assert outcomes(bring(import_opportunities, 3, WON | {"currency": "EUR"})) == [UPDATED]
    assert (Order.objects.get().currency, Order.objects.get().amount) == ("EUR", 1054)
    bring(import_orders, 4, DEAL)
    assert outcomes(bring(import_orders, 5, DEAL | {"currency": "EUR"})) == [UPDATED]
    order = Order.objects.latest("pk")
    assert (order.currency, order.opportunity.currency) == ("EUR", "EUR")


def test_an_amount_that_is_filled_in_brings_its_currency(bring, by_head):
    bring(import_opportunities, 2, OPEN)
    row = Opportunity.objects.get()
    actions.change_opportunity(opportunity_id=row.pk, competitor="Brand X", by=by_head, at=AT)
    priced = OPEN | {"amount": Decimal(10), "currency": "EUR"}
    assert outcomes(bring(import_opportunities, 3, priced)) == [UPDATED]
    row.refresh_from_db()
    assert (row.amount, row.currency) == (10, "EUR")
    bring(import_opportunities, 4, priced | {"currency": "JPY"})
    row.refresh_from_db()
    assert row.currency == "EUR", "people have worked on it, and its amount is known"


BOUGHT = {"number": "R-9", "organisation": "Maris Hotels", "currency": "EUR"}
IN_DOLLARS = BOUGHT | {"amount": Decimal(100), "currency": "USD"}


def worked_on(bring, by, **values):
    bring(import_orders, 2, BOUGHT)
    order = Order.objects.get()
    actions.change_order(order_id=order.pk, by=by, at=AT, **values)
    return order


def test_the_amount_of_an_order_that_people_worked_on_brings_its_currency(bring, by_head):
    order = worked_on(bring, by_head, note="Call first")
    assert outcomes(bring(import_orders, 3, IN_DOLLARS)) == [UPDATED]
    order.refresh_from_db()
    assert (order.amount, order.currency) == (100, "USD")


def test_an_amount_in_another_currency_than_the_cost_that_people_said_is_left_out(bring, by_head):
    order = worked_on(bring, by_head, cost=Decimal(40))
    (result,) = bring(import_orders, 3, IN_DOLLARS)
    order.refresh_from_db()
    assert (order.amount, order.cost, order.currency) == (None, 40, "EUR")
    assert result.outcome is UNCHANGED and "by hand" in result.reasons[0]


def test_a_later_row_of_an_order_brings_no_amount_in_another_currency(bring, by_head):
    order = worked_on(bring, by_head, cost=Decimal(40), currency="CHF")
    bring(import_orders, 2, BOUGHT | {"amount": Decimal(100)})
    order.refresh_from_db()
    assert (order.amount, order.currency) == (None, "CHF")


def test_the_price_of_a_product_that_people_worked_on_brings_its_currency(bring, by_head):
    bring(import_products, 1, {"name": "Ink"})
    product = Product.objects.get()
    actions.change_product(product_id=product.pk, family="Office", by=by_head, at=AT)
    bring(import_products, 2, {"name": "Ink", "list_price": Decimal(5), "currency": "EUR"})
    product.refresh_from_db()
    assert (product.list_price, product.currency) == (5, "EUR")
    bring(import_products, 3, {"name": "Ink", "cost": Decimal(3), "currency": "JPY"})
    product.refresh_from_db()
    assert (product.cost, product.currency) == (None, "EUR")


def test_a_win_that_people_corrected_takes_no_currency_of_its_order(bring, leads, by_head):
    first = DEAL | {"amount": Decimal(100), "currency": "EUR"}
    bring(import_orders, 2, first)
    won = Opportunity.objects.get()
    actions.change_opportunity(opportunity_id=won.pk, amount=Decimal(90), by=by_head, at=AT)
    assert outcomes(bring(import_orders, 3, first | {"amount": Decimal(110), "currency": "USD"})) == [UPDATED]
    won.refresh_from_db()
    assert (won.amount, won.currency) == (90, "EUR")


def test_an_order_of_unknown_day_and_amount_converts_its_lead(bring, leads):
    assert outcomes(bring(import_orders, 2, {"external_id": "L1", "lead": "L1"})) == [CREATED]
    order = Order.objects.get()
    assert order.ordered_at is None and order.amount is None and Opportunity.objects.get().closed_at is None
    assert outcomes(bring(import_orders, 3, DEAL)) == [UPDATED]
    assert Opportunity.objects.get().closed_at == AT - 3 * DAY


def test_orders_of_companies_and_people(bring, by_head):
    results = bring(
        import_orders, 2,
        {"number": "R-1", "organisation": "Maris Hotels", "amount": Decimal(100), "ordered_at": AT - DAY,
         "product": "Ink"},
        {"number": "R-2", "person": "Eva Brandt", "email": "eva@maris.example", "unit_price": Decimal(5),
         "quantity": Decimal(3), "product": "Ink"},
        {"number": "R-3", "amount": Decimal(1)},
        {"number": "R-4", "organisation": "Maris Hotels", "ordered_at": AT + DAY},
    )  # fmt: skip
    assert outcomes(results) == [CREATED, CREATED, REJECTED, REJECTED]
    assert Order.objects.get(number="R-2").amount == 15
    assert outcomes(bring(import_orders, 3, {"number": "R-1", "organisation": "Maris Hotels"})) == [UNCHANGED]
    changed = {"number": "R-1", "organisation": "Maris Hotels", "amount": Decimal(90)}
    assert outcomes(bring(import_orders, 4, changed)) == [UPDATED]
    assert undo_order_import(batch_id=4, by=by_head, at=AT).restored == 1
    assert Order.objects.get(number="R-1").amount == 100


def test_importing_needs_the_right(by_jonas):
    for how in (import_products, import_opportunities, import_orders):
        with pytest.raises(NotAllowed):
            how(rows({"name": "x"}), batch=batch(2), by=by_jonas, at=AT)


def test_the_number_of_queries_does_not_grow_with_the_rows(bring, django_assert_max_num_queries):
    many = [OPEN | {"external_id": f"X{number}"} for number in range(300)]
    with django_assert_max_num_queries(60):
        bring(import_opportunities, 2, *many)
    with django_assert_max_num_queries(30):
        bring(import_opportunities, 3, *many)


def test_a_day_to_come_is_told_as_the_file_says_it(by_head):
    berlin = Batch(7, "maven", "Europe/Berlin", "EUR", "DE", "file.csv")
    ordered = datetime(2099, 1, 4, 23, 0, tzinfo=UTC)  # midnight of the fifth in Berlin
    file = rows({"organisation": "Cancity", "ordered_at": ordered})
    assert "Ordered: 2099-01-05 has not come yet." in import_orders(file, batch=berlin, by=by_head, at=AT)[0].reasons
