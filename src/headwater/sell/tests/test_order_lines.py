"""Orders whose lines stand in several rows of a file: one order each, however the file is cut, read again or undone."""

from __future__ import annotations

import csv
import gzip
import os
import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from headwater.intake import run as intake
from headwater.intake.profile import profile_from
from headwater.parties.models import Party
from headwater.platform import pace
from headwater.platform.action import action
from headwater.platform.clock import now
from headwater.platform.identity import remember_ids
from headwater.platform.importer import Batch, CleanRow, Outcome
from headwater.platform.models import Event
from headwater.sell import actions
from headwater.sell.actions.file_undo import undo_order_import
from headwater.sell.actions.order_files import import_orders
from headwater.sell.actions.product_files import import_products
from headwater.sell.models import Opportunity, Order, OrderLine

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CREATED, UPDATED, UNCHANGED, REJECTED = Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.REJECTED
pytestmark = pytest.mark.django_db

HEAD = {"external_id": "O-1", "organisation": "Maris Hotels", "ordered_at": AT - DAY, "currency": "EUR"}
SERVER = {"product": "Server", "quantity": Decimal(2), "unit_price": Decimal("1000.00"), "discount": Decimal(10)}
INK = {"product": "Ink", "quantity": Decimal(3), "unit_price": Decimal("20.00"), "unit_cost": Decimal(12)}
SETUP = {"product": "Setup", "line_amount": Decimal("99.99"), "quantity": Decimal(3)}


@pytest.fixture
def bring(by_head):
    """Imports rows as a batch, as one chunk; a further call with the same batch is the file's next chunk."""

    def run(number, *values, first=2):
        rows = [
            CleanRow(line, {k: v for k, v in each.items() if k != "extra"}, each.get("extra", {}))
            for line, each in enumerate(values, first)
        ]
        return import_orders(rows, batch=Batch(number, "shop", "UTC", "EUR", "NL", "file.csv"), by=by_head, at=AT)

    return run


def outcomes(results):
    return [result.outcome for result in results]


def lines(order):
    found = order.lines.order_by("pk")
    return [(line.product_text, line.quantity, line.unit_price, line.total) for line in found]


def test_rows_of_one_order_become_its_lines(bring):
    results = bring(1, HEAD | SERVER, HEAD | INK, {"external_id": "O-1"} | SETUP)
    assert outcomes(results) == [CREATED] * 3 and {result.object_id for result in results} == {Order.objects.get().pk}
    order = Order.objects.get()
    assert lines(order) == [
        ("Server", 2, 1000, 1800),
        ("Ink", 3, 20, 60),
        ("Setup", 3, Decimal("33.33"), Decimal("99.99")),
    ]
    assert order.amount == Decimal("1959.99") and order.cost is None
    assert Event.objects.filter(verb="sell.order_placed").get().data["amount"] == "1959.99"


def test_the_same_file_again_changes_nothing(bring):
    rows = (HEAD | SERVER, HEAD | INK, HEAD | INK)
    bring(1, *rows)
    events = Event.objects.count()
    assert outcomes(bring(2, *rows)) == [UNCHANGED] * 3
    assert outcomes([*bring(3, rows[0]), *bring(3, *rows[1:])]) == [UNCHANGED] * 3
    assert Event.objects.count() == events and OrderLine.objects.count() == 3 and Order.objects.get().amount == 1920


def test_it_does_not_matter_where_the_file_is_cut(bring):
    results = [*bring(1, HEAD | SERVER), *bring(1, HEAD | INK, HEAD | INK, first=3), *bring(1, HEAD | SETUP, first=5)]
    assert outcomes(results) == [CREATED] * 4
    order = Order.objects.get()
    assert len(lines(order)) == 4 and order.amount == Decimal("2019.99")
    assert Event.objects.filter(verb="sell.order_placed").count() == 1


@pytest.mark.parametrize("is_cut", [False, True])
@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"organisation": "Cancity"}, "Company: the first row"),
        ({"ordered_at": AT - 2 * DAY}, "Ordered on: 2026-11-10 10:00 here, 2026-11-11 10:00 in the first row"),
        ({"currency": "USD"}, "Currency: USD here, EUR in the first row"),
        ({"amount": Decimal(5)}, "Map the column to “Value of the line”"),
    ],
)
def test_a_row_that_contradicts_the_first_is_left_out_with_the_reason(bring, other, words, is_cut):
    first = HEAD | SERVER | {"amount": Decimal(1800)}
    bad, good = HEAD | INK | other, {"external_id": "O-1"} | INK
    results = [*bring(1, first), *bring(1, bad, good, first=3)] if is_cut else bring(1, first, bad, good)
    assert outcomes(results) == [CREATED, REJECTED, CREATED]
    assert words in results[1].reasons[0]
    order = Order.objects.get()
    assert (len(lines(order)), order.amount, order.currency) == (2, 1800, "EUR")
    assert not Party.objects.filter(name="Cancity").exists()


def test_a_later_file_corrects_lines_and_adds_some_and_can_be_undone(bring, by_head):
    bring(1, HEAD | SERVER, HEAD | INK)
    results = bring(2, HEAD | SERVER, HEAD | INK | {"quantity": Decimal(5)}, HEAD | SETUP)
    assert outcomes(results) == [UNCHANGED, UPDATED, UPDATED]
    order = Order.objects.get()
    assert order.amount == Decimal("1999.99") and len(lines(order)) == 3
    kept = undo_order_import(batch_id=1, by=by_head, at=AT).kept
    assert [each.reason for each in kept] == ["a later file changed its lines"]
    assert undo_order_import(batch_id=2, by=by_head, at=AT).restored == 1
    order.refresh_from_db()
    assert lines(order) == [("Server", 2, 1000, 1800), ("Ink", 3, 20, 60)] and order.amount == 1860


def test_undo_takes_the_order_with_its_lines_and_the_next_import_brings_it_back_once(bring, by_head):
    bring(1, HEAD | SERVER)
    bring(1, HEAD | INK, first=3)
    assert undo_order_import(batch_id=1, by=by_head, at=AT).removed == 1
    assert not Order.objects.filter(deleted_at=None).exists()
    assert outcomes(bring(2, HEAD | SERVER, HEAD | INK)) == [CREATED] * 2
    order = Order.objects.get(deleted_at=None)
    assert len(lines(order)) == 2 and order.amount == 1860


def test_an_amount_set_by_hand_does_not_follow_the_lines_of_a_file(bring, by_head):
    bring(1, HEAD | SERVER)
    actions.change_order(order_id=Order.objects.get().pk, amount=Decimal(1750), by=by_head, at=AT)
    bring(2, HEAD | SERVER, HEAD | INK)
    assert Order.objects.get().amount == 1750 and OrderLine.objects.count() == 2


def test_what_only_one_row_says_is_kept_with_its_line(bring):
    rows = (
        HEAD | SERVER | {"extra": {"Country": "NL", "Bin": "A1"}, "note": "Blue"},
        HEAD | INK | {"extra": {"Country": "NL", "Bin": "C3"}, "note": "Black"},
    )
    bring(1, *rows)
    order = Order.objects.get()
    assert order.extra == {"Country": "NL", "Bin": "A1"}
    assert [line.extra for line in order.lines.order_by("pk")] == [None, {"Bin": "C3", "note": "Black"}]
    assert outcomes(bring(2, *rows)) == [UNCHANGED] * 2


def test_a_product_that_the_catalogue_learns_is_decided_on_the_lines(bring, by_head):
    bring(1, HEAD | SERVER, HEAD | INK)
    known = CleanRow(2, {"name": "Ink", "cost": Decimal(12)}, {})
    import_products([known], batch=Batch(7, "shop", "UTC", "EUR", "NL"), by=by_head, at=AT)
    assert outcomes(bring(2, HEAD | SERVER, HEAD | INK)) == [UNCHANGED, UPDATED]
    assert [line.is_to_decide for line in Order.objects.get().lines.order_by("pk")] == [True, False]


def test_dated_lines_without_ids_are_one_order_per_buyer_and_moment(bring):
    said = {key: value for key, value in HEAD.items() if key != "external_id"}
    later = said | {"ordered_at": AT - timedelta(hours=1)}
    assert outcomes(bring(1, said | SERVER, said | INK, later | INK)) == [CREATED] * 3
    assert [order.lines.count() for order in Order.objects.order_by("pk")] == [2, 1]
    assert outcomes(bring(2, said | SERVER, said | INK, later | INK)) == [UNCHANGED] * 3


def test_whole_orders_without_ids_that_repeat_stay_one(bring):
    row = {"organisation": "Maris Hotels", "ordered_at": AT - DAY, "product": "Ink", "amount": Decimal(60)}
    assert outcomes([*bring(1, row, row), *bring(1, row, first=4)]) == [CREATED, UNCHANGED, CREATED]
    assert Order.objects.get().lines.count() == 1


def test_returns_are_left_out_and_say_so(bring):
    results = bring(1, HEAD | SERVER, HEAD | INK | {"quantity": Decimal(-3)})
    assert outcomes(results) == [CREATED, REJECTED] and "return or credit note" in results[1].reasons[0]
    assert Order.objects.get().amount == 1800


def test_the_win_of_a_lead_is_about_all_products_of_its_order(bring, sql_lead, by_head):
    row = actions.open_opportunity(lead_id=sql_lead.pk, by=by_head, at=AT - 5 * DAY)
    action(lambda: remember_ids("shop", "qualify.lead", {"L1": sql_lead.pk}))()
    deal = {"external_id": "D", "lead": "L1", "ordered_at": AT - DAY}
    bring(1, deal | SERVER)
    bring(1, deal | INK, first=3)
    row.refresh_from_db()
    assert (row.outcome, row.amount, Order.objects.get().amount) == ("WON", 1860, 1860)
    assert undo_order_import(batch_id=1, by=by_head, at=AT).removed == 1
    row.refresh_from_db()
    assert row.outcome == "" and Opportunity.objects.count() == 1


def test_many_lines_cost_no_more_statements(bring, django_assert_max_num_queries):
    rows = [HEAD | INK | {"external_id": f"O-{n // 4}", "product": f"Ink {n % 4}"} for n in range(400)]
    with django_assert_max_num_queries(60):
        bring(1, *rows)
    with django_assert_max_num_queries(30):
        bring(2, *rows)


RETAIL = """
name = "online-retail"
kind = "orders"
system = "retail"
[columns]
CustomerID = "organisation"
InvoiceDate = "ordered_at"
Description = "product"
Quantity = "quantity"
UnitPrice = "unit_price"
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("HEADWATER_DATA"), reason="HEADWATER_DATA names no folder of real files")
def test_the_baskets_of_a_real_shop_add_up(company, by_head, tmp_path, monkeypatch):
    monkeypatch.setattr(pace, "FIRST_CHUNK", 130)  # so that baskets are cut in the middle
    source = Path(os.environ["HEADWATER_DATA"]) / "uci-online-retail" / "online_retail_to_2011-08-31.csv.gz"
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        rows = [row for _, row in zip(range(3_000), csv.DictReader(file), strict=False)]
    taken = tmp_path / "retail.csv"
    with taken.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)

    def once():
        profile = profile_from(tomllib.loads(RETAIL))
        return intake.import_file(taken, kind="orders", profile=profile, by=by_head, at=now())

    sold = [row for row in rows if row["CustomerID"] and int(row["Quantity"]) > 0]
    baskets: dict[tuple[str, str], Decimal] = {}
    for row in sold:
        key = row["CustomerID"], row["InvoiceDate"]
        value = (int(row["Quantity"]) * Decimal(row["UnitPrice"])).quantize(Decimal("0.01"))
        baskets[key] = baskets.get(key, Decimal(0)) + value
    batch = once()
    assert (batch.created, batch.rejected) == (len(sold), len(rows) - len(sold))
    assert Order.objects.count() == len(baskets) and OrderLine.objects.count() == len(sold)
    assert sorted(Order.objects.values_list("amount", flat=True)) == sorted(baskets.values())
    again = once()
    assert (again.created, again.updated, again.unchanged) == (0, 0, len(sold))


def test_a_price_finer_than_a_cent_is_said_to_be_rounded_and_counts_in_full(bring):
    row = HEAD | {"product": "Screw", "quantity": Decimal(1000), "unit_price": Decimal("0.125")}
    [result] = bring(1, row)
    assert result.reasons == ("Price each: 0.125 is kept as 0.13; the line comes to what it says with all decimals.",)
    assert lines(Order.objects.get()) == [("Screw", 1000, Decimal("0.13"), 125)]
