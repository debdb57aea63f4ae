"""The pages of the sell room: the board and its moves, records with their panels, deciding products, My day."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from headwater.platform.clock import now
from headwater.platform.models import Event
from headwater.platform.testing import count_queries, query_budget
from headwater.sell import actions, panels
from headwater.sell.models import Opportunity, OpportunityLine, Order
from headwater.sell.queries.board import BoardFilter, board, pipeline_to_move, usual_days_in_stages
from headwater.team.models import User

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HTMX = {"HX-Request": "true"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, jonas):
    client.force_login(jonas)
    return client


def win_after(opened, stages, by, *, days, start):
    """An opportunity that was won after some days in its first stage."""
    row = opened(amount=Decimal(100), at=start)
    actions.move_opportunity(opportunity_id=row.pk, stage_id=stages[1].pk, by=by, at=start + days * DAY)
    return actions.win_opportunity(opportunity_id=row.pk, by=by, at=start + (days + 1) * DAY)


def test_the_board_sums_every_stage_and_what_was_won_this_month(opened, stages, by_jonas, company):
    opened(amount=Decimal(1000))
    opened(amount=Decimal(500), stage_id=stages[2].pk)
    opened()
    row = opened(amount=Decimal(70))
    actions.win_opportunity(opportunity_id=row.pk, by=by_jonas, at=AT)
    row = opened(amount=Decimal(90))
    actions.win_opportunity(opportunity_id=row.pk, closed_at=AT - 30 * DAY, by=by_jonas, at=AT)
    found = board(by_jonas, BoardFilter(), company=company, at=AT)
    assert [(c.count, c.amount, c.weighted) for c in found.stages] == [
        (2, 1000, 200), (0, 0, 0), (1, 500, 300), (0, 0, 0),
    ]  # fmt: skip
    assert (found.count, found.amount, found.weighted) == (3, 1500, 500)
    assert (found.won.count, found.won.amount) == (1, 70)
    assert found.no_next_step == 3


def test_money_of_other_currencies_is_not_added_up(opened, by_jonas, company):
    opened(amount=Decimal(10))
    opened(amount=Decimal(10), currency="USD")
    column = board(by_jonas, BoardFilter(), company=company, at=AT).stages[0]
    assert (column.count, column.amount, column.other_currencies) == (2, 10, 1)


def test_what_is_usual_is_the_median_of_those_won(opened, stages, by_jonas, company):
    for days in (2, 3, 4, 5):
        win_after(opened, stages, by_jonas, days=days, start=AT - 60 * DAY)
    assert usual_days_in_stages(by_jonas, at=AT) == {}
    win_after(opened, stages, by_jonas, days=30, start=AT - 60 * DAY)
    assert usual_days_in_stages(by_jonas, at=AT)[stages[0].pk] == 4
    opened(at=AT - 4 * DAY)
    opened(at=AT - 5 * DAY)
    opened(at=AT - 8 * DAY)
    found = board(by_jonas, BoardFilter(), company=company, at=AT)
    assert [card.age.value for card in found.stages[0].cards] == ["", "age", "rot"] and found.stuck == 2
    assert board(by_jonas, BoardFilter(stuck=True), company=company, at=AT).count == 2


def test_filters_narrow_the_board(opened, acme, sql_lead, by_jonas, by_head, priya, company):
    mine = opened(next_step="Call", close_date=AT.date(), forecast_category="COMMIT")
    opened(owner_id=priya.pk)
    actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT)

    def count(actor, **wanted):
        return board(actor, BoardFilter(**wanted), company=company, at=AT).count

    assert count(by_jonas) == 3 and count(by_jonas, mine=True) == 2
    assert count(by_head, team_id=mine.team_id) == 3 and count(by_head, team_id=999) == 0
    assert count(by_jonas, close_by=AT.date()) == 1 and count(by_jonas, category="COMMIT") == 1
    assert count(by_jonas, no_next_step=True) == 2 and count(by_jonas, source_id=sql_lead.source_id) == 1


def test_a_column_shows_25_cards_and_then_how_many_more(opened, by_jonas, company):
    for _ in range(27):
        opened()
    column = board(by_jonas, BoardFilter(), company=company, at=AT).stages[0]
    assert (len(column.cards), column.more) == (25, 2)


def test_the_board_costs_the_same_for_few_and_many(opened, sql_lead, by_jonas, company):
    actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT)
    for number in range(30):
        opened(name=f"Number {number}")
    with query_budget(8):
        board(by_jonas, BoardFilter(), company=company, at=AT)


def test_the_page_shows_the_board(page, sql_lead, by_jonas):
    actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT)
    text = page.get("/pipeline").content.decode()
    assert "Acme Dental" in text and "Hannover fair" in text and "€61k" in text and "ch-fair" in text
    assert 'style="' not in text and "<script>" not in text
    part = page.get("/pipeline?mine=1", headers=HTMX).content.decode()
    assert "<html" not in part and "Acme Dental" in part


def test_the_board_is_searched_and_leaves_as_what_it_shows(page, opened, stages, jonas):
    User.objects.filter(pk=jonas.pk).update(role="HEAD_OF_SALES")
    opened(name="Plotters for Kiel", stage_id=stages[1].pk)
    opened(name="Servers")
    text = page.get("/pipeline?q=plott&category=PIPELINE").content.decode()
    assert "Plotters for Kiel" in text and "Servers" not in text
    assert "/opportunities/export.csv?outcome__empty=true&amp;forecast_category=PIPELINE&amp;q=plott" in text
    assert "view=open&amp;forecast_category=PIPELINE&amp;q=plott" in text, "the table shows the same"


def test_what_only_the_board_can_tell_is_no_file(page, opened, jonas):
    opened(name="Servers")
    User.objects.filter(pk=jonas.pk).update(role="HEAD_OF_SALES")
    assert "export.csv" in page.get("/pipeline").content.decode()
    assert "export.csv" not in page.get("/pipeline?stuck=1").content.decode()


def test_who_may_not_see_opportunities_gets_no_board(client, company, acme):
    user = User.objects.create(email="s@kestrel.example", name="Sam", role="SERVICE", created_at=AT)
    client.force_login(user)
    assert client.get("/pipeline").status_code == 403


def test_a_card_moves_and_the_heads_follow(page, opened, stages):
    row = opened(amount=Decimal(100))
    response = page.post(f"/pipeline/{row.pk}/move?board=1", {"stage": stages[1].pk}, headers=HTMX)
    text = response.content.decode()
    assert response.status_code == 200 and f'id="card-{row.pk}"' in text and text.count("hx-swap-oob") == 6
    assert "/undo/" in response["HX-Trigger"] and "Moved to Solution" in response["HX-Trigger"]
    row.refresh_from_db()
    assert row.stage_id == stages[1].pk


def test_a_step_back_without_a_reason_is_refused_with_words(page, opened, stages):
    row = opened(stage_id=stages[2].pk)
    response = page.post(f"/pipeline/{row.pk}/move?board=1", {"stage": stages[0].pk}, headers=HTMX)
    assert response.status_code == 422 and "Say why" in response["HX-Trigger"]
    page.post(f"/pipeline/{row.pk}/move?board=1", {"stage": stages[0].pk, "reason": "New boss"}, headers=HTMX)
    row.refresh_from_db()
    assert row.stage_id == stages[0].pk
    assert Event.objects.filter(verb="sell.opportunity_moved").latest("pk").personal.data["reason"] == "New boss"


def test_a_card_on_won_is_won_if_its_value_is_known(page, opened):
    unknown, known = opened(), opened(amount=Decimal(40))
    response = page.post(f"/pipeline/{unknown.pk}/move?board=1", {"stage": "WON"}, headers=HTMX)
    assert response.status_code == 422 and "value is not known" in response["HX-Trigger"]
    response = page.post(f"/pipeline/{known.pk}/move?board=1", {"stage": "WON"}, headers=HTMX)
    assert "Booked" in response.content.decode() and Order.objects.get().amount == 40
    again = page.post(f"/pipeline/{known.pk}/move?board=1", {"stage": "WON"}, headers=HTMX)
    assert again.status_code == 409 and "is won" in again["HX-Trigger"]


def test_without_script_a_move_comes_back_to_the_page(page, opened, stages):
    row = opened()
    response = page.post(f"/opportunities/{row.pk}/to/{stages[3].pk}")
    assert response.status_code == 302 and response["Location"] == f"/opportunities/{row.pk}"


def test_records_and_lists_open(page, opened, sql_lead, by_jonas, by_head, acme):
    row = actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT)
    row.lines.create(product_text="GTXPro")
    actions.add_product(name="GTX Pro", by=by_head, at=AT)
    text = page.get(f"/opportunities/{row.pk}").content.decode()
    for words in ("Discovery", "to decide", "Hannover fair", "by its stage", "Journey"):
        assert words in text
    _, order = actions.win_opportunity(opportunity_id=row.pk, by=by_jonas, at=AT)
    text = page.get(f"/orders/{order.pk}").content.decode()
    assert "Days to win" in text and "Hannover fair" in text
    for url in ("/opportunities", "/opportunities?view=won", "/opportunities?view=to_decide&stage=1", "/orders",
                "/products", "/opportunities/new", f"/opportunities/{row.pk}", f"/organisations/{acme.pk}",
                f"/leads/{sql_lead.pk}"):  # fmt: skip
        assert page.get(url).status_code == 200, url
    text = page.get(f"/organisations/{acme.pk}").content.decode()
    assert "What they bought" in text and "Servers for 6 practices" in text


def test_a_qualified_lead_offers_to_open_its_opportunity(page, sql_lead):
    assert f"/opportunities/new?lead_id={sql_lead.pk}" in page.get(f"/leads/{sql_lead.pk}").content.decode()
    form = page.get(f"/opportunities/new?lead_id={sql_lead.pk}").content.decode()
    assert "Servers for 6 practices" in form and "From the lead of Acme Dental" in form
    response = page.post("/opportunities/new", {"lead_id": sql_lead.pk, "name": "Servers", "amount": "5000"})
    row = Opportunity.objects.get()
    assert response["Location"] == f"/opportunities/{row.pk}"
    assert (row.lead_id, row.amount, row.name) == (sql_lead.pk, 5000, "Servers")


def test_an_opportunity_of_a_party_is_opened_by_name(page, acme):
    assert page.post("/opportunities/new", {"name": "Toner"}).status_code == 422
    page.post("/opportunities/new", {"party_id": "Acme Dental", "name": "Toner"})
    assert Opportunity.objects.get().party_id == acme.pk


def test_commands_of_a_record(page, opened):
    row = opened(amount=Decimal(10))
    page.post(f"/opportunities/{row.pk}/do/next_step", {"next_step": "Call Eva"})
    page.post(f"/opportunities/{row.pk}/do/win", {"amount": "12.50", "closed_on": ""})
    row.refresh_from_db()
    assert (row.next_step, row.outcome, row.amount) == ("Call Eva", "WON", Decimal("12.50"))
    page.post(f"/opportunities/{row.pk}/do/reopen")
    page.post(f"/opportunities/{row.pk}/do/lose", {"reason": "PRICE", "competitor": "Northlight"})
    row.refresh_from_db()
    assert (row.outcome, row.lost_reason, row.competitor) == ("LOST", "PRICE", "Northlight")


def test_a_text_is_decided_from_the_record(page, opened, by_head):
    one, two = opened(), opened()
    for row in (one, two):
        row.lines.create(product_text="GTXPro")
    product = actions.add_product(name="GTX Pro", by=by_head, at=AT)
    line = one.lines.get()
    page.post(f"/opportunities/lines/{line.pk}/decide", {"product_id": product.pk, "all_lines": "on"})
    assert not OpportunityLine.objects.filter(product=None).exists()
    assert page.post(f"/opportunities/lines/{line.pk}/decide", {"product_id": ""}, headers=HTMX).status_code == 422


def test_the_texts_to_decide_of_a_record_cost_the_same_however_many_they_are(opened, by_head):
    row, other = opened(), opened()
    other.lines.create(product_text="Text 3")
    actions.add_product(name="GTX Pro", by=by_head, at=AT)

    def lines(count):
        for number in range(row.lines.count(), count):
            row.lines.create(product_text=f"Text {number}")
        return panels.lines(by_head, row, AT)["lines"]

    lines(1)
    with count_queries() as few:
        lines(1)
    lines(9)
    with count_queries() as many:
        shown = lines(9)
    assert len(few) == len(many)
    assert [each["alike"] for each in shown] == [1, 1, 1, 2, 1, 1, 1, 1, 1]
    assert all(len(list(each["form"].fields["product_id"].choices)) == 2 for each in shown)


def test_my_day_says_what_to_move(page, opened, by_jonas, company):
    opened(next_step="Call", close_date=(now() + 9 * DAY).date(), at=now())
    opened(name="Forgotten", at=now())
    opened(name="Late", next_step="Call", close_date=(now() - 9 * DAY).date(), at=now())
    cards, count, late = pipeline_to_move(by_jonas, company=company, at=now(), limit=8)
    assert [card.row.name for card in cards] == ["Late", "Forgotten"] and (count, late) == (2, 1)
    text = page.get("/").content.decode()
    assert "Pipeline to move" in text and "Forgotten" in text
