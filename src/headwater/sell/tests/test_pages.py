"""The pages of the sell room: the board and its moves, records with their panels, deciding products, My day."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest

from headwater.platform.clock import now
from headwater.platform.models import Event
from headwater.platform.testing import count_queries, query_budget
from headwater.sell import actions, panels
from headwater.sell.models import Opportunity, OpportunityLine, Order
from headwater.sell.queries.board import board, pipeline_to_move, usual_days_in_stages
from headwater.sell.queries.visible import visible_opportunities
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
    found = board(by_jonas, visible_opportunities(by_jonas), company=company, at=AT)
    assert [(c.count, c.amount, c.weighted) for c in found.stages] == [
        (2, 1000, 200), (0, 0, 0), (1, 500, 300), (0, 0, 0),
    ]  # fmt: skip
    assert (found.count, found.amount, found.weighted) == (3, 1500, 500)
    assert (found.won.count, found.won.amount) == (1, 70)


def test_money_of_other_currencies_is_not_added_up(opened, by_jonas, company):
    opened(amount=Decimal(10))
    opened(amount=Decimal(10), currency="USD")
    column = board(by_jonas, visible_opportunities(by_jonas), company=company, at=AT).stages[0]
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
    everything = visible_opportunities(by_jonas)
    found = board(by_jonas, everything, company=company, at=AT)
    assert [card.age.value for card in found.stages[0].cards] == ["", "age", "rot"] and found.stuck == 2
    assert board(by_jonas, everything, stuck_only=True, company=company, at=AT).count == 2


def cards_of(text):
    return {int(found) for found in re.findall(r'id="card-(\d+)"', text)}


def test_the_board_is_narrowed_as_its_list_is(page, opened, sql_lead, by_jonas, jonas, priya):
    mine = opened(next_step="Call", close_date=AT.date(), forecast_category="COMMIT").pk
    of_priya = opened(owner_id=priya.pk).pk
    of_lead = actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT)
    team = mine and Opportunity.objects.get(pk=mine).team_id
    for address, expected in {
        "": {mine, of_priya, of_lead.pk},
        "view=all": {mine, of_priya, of_lead.pk},
        "owner=me": {mine, of_lead.pk},
        "view=mine": {mine, of_lead.pk},
        f"team={team}": {mine, of_priya, of_lead.pk},
        "close_date__lte=2026-11-12": {mine},
        "forecast_category=COMMIT": {mine},
        "view=no_next_step": {of_priya, of_lead.pk},
        f"source={sql_lead.source_id}": {of_lead.pk},
        "outcome=LOST": set(),
    }.items():
        assert cards_of(page.get(f"/pipeline?{address}").content.decode()) == expected, address


def test_the_pipeline_has_the_tabs_of_open_ones_and_counts_what_it_shows(page, opened, by_jonas, sql_lead):
    row = opened(amount=Decimal(10))
    opened()
    actions.win_opportunity(opportunity_id=row.pk, by=by_jonas, at=AT)
    text = page.get("/pipeline").content.decode()
    assert 'href="/pipeline?view=open" aria-current="page"' in text and "view=won" not in text
    assert 'href="/opportunities/filter?as=board' in text and "/opportunities/counts?as=board" in text
    counted = page.get("/opportunities/counts?as=board&view=open").content.decode()
    assert re.findall(r'<span class="ct">([^<]*)', counted)[:2] == ["1", "1"]


def test_a_view_saved_on_the_board_opens_there_and_keeps_its_own_filter(page, opened, jonas):
    opened()
    query = {"query": "as=board&view=open&owner=me&stuck=1", "name": "Mine that wait", "scope": "PRIVATE"}
    made = page.post("/opportunities/views/new", query)
    assert made.status_code == 302 and made["Location"].startswith("/pipeline?view=")
    board_page = page.get(made["Location"]).content.decode()
    assert "Mine that wait" in board_page and "1 open" not in board_page, "nothing is stuck"
    listed = page.get("/opportunities?view=all").content.decode()
    assert f'href="{made["Location"]}"' in listed, "its tab above the list leads to the board"
    key = made["Location"].rpartition("=")[2]
    told = page.get(f"/opportunities?view={key}")
    assert told.status_code == 200, "asked for as a list it is one"
    page.post("/opportunities/views/start", {"view": key})
    assert page.get("/opportunities")["Location"] == made["Location"]


def test_the_filter_built_on_the_board_leads_back_to_it(page, opened):
    built = {"as": "board", "view": "open", "n.join": "all", "n.0.col": "amount", "n.0.op": "gte", "n.0.v": "5"}
    answer = page.get("/opportunities/filter", {**built, "do": "apply"})
    assert answer.status_code == 302 and answer["Location"].startswith("/pipeline?"), answer.content


def test_a_column_shows_25_cards_and_then_how_many_more(opened, by_jonas, company):
    for _ in range(27):
        opened()
    column = board(by_jonas, visible_opportunities(by_jonas), company=company, at=AT).stages[0]
    assert (len(column.cards), column.more) == (25, 2)


def test_the_board_costs_the_same_for_few_and_many(opened, sql_lead, by_jonas, company):
    actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT)
    for number in range(30):
        opened(name=f"Number {number}")
    with query_budget(8):
        board(by_jonas, visible_opportunities(by_jonas), company=company, at=AT)


def test_the_page_shows_the_board(page, sql_lead, by_jonas):
    actions.open_opportunity(lead_id=sql_lead.pk, by=by_jonas, at=AT)
    text = page.get("/pipeline").content.decode()
    assert "Acme Dental" in text and "Hannover fair" in text and "€61k" in text and "ch-fair" in text
    assert 'style="' not in text and "<script>" not in text
    part = page.get("/pipeline?view=mine", headers=HTMX).content.decode()
    assert "<html" not in part and "Acme Dental" in part


def test_the_board_is_searched_and_leaves_as_what_it_shows(page, opened, stages, jonas):
    User.objects.filter(pk=jonas.pk).update(role="HEAD_OF_SALES")
    opened(name="Plotters for Kiel", stage_id=stages[1].pk)
    opened(name="Servers")
    text = page.get("/pipeline?q=plott&forecast_category=PIPELINE").content.decode()
    assert "Plotters for Kiel" in text and "Servers" not in text
    assert "/opportunities/export.csv?as=board&amp;forecast_category=PIPELINE&amp;view=open&amp;q=plott" in text
    assert "/opportunities?view=open&amp;forecast_category=PIPELINE&amp;q=plott" in text, "the table shows the same"


def as_file(page, address):
    text = page.get(address).content.decode()
    [url] = re.findall(r'href="(/opportunities/export\.csv[^"]*)"', text)
    return b"".join(page.get(unescape(url)).streaming_content).decode()


def test_the_board_leaves_as_what_stands_in_its_columns(page, opened, stages, by_jonas, jonas):
    User.objects.filter(pk=jonas.pk).update(role="HEAD_OF_SALES")
    for _ in range(5):
        win_after(opened, stages, by_jonas, days=2, start=AT - 60 * DAY)
    opened(name="Waits", at=AT - 30 * DAY)
    opened(name="Fresh", at=now())
    assert [name in as_file(page, "/pipeline") for name in ("Waits", "Fresh", "WON")] == [True, True, False]
    assert [name in as_file(page, "/pipeline?stuck=1") for name in ("Waits", "Fresh")] == [True, False]
    page.post("/opportunities/views/new", {"query": "as=board&view=open&stuck=1", "name": "Late", "scope": "PRIVATE"})
    for place in ("as=board&view=open", "view=open"):
        counted = page.get(f"/opportunities/counts?{place}").content.decode()
        assert re.findall(r'Late<span class="ct">([^<]*)', counted) == ["1"], place


def test_cards_are_chosen_one_by_one_by_column_and_all(page, opened, stages, by_jonas, jonas, priya, company):
    User.objects.filter(pk=jonas.pk).update(role="HEAD_OF_SALES")
    here, there = opened(), opened(stage_id=stages[1].pk)
    won = actions.win_opportunity(opportunity_id=opened(amount=Decimal(1)).pk, by=by_jonas, at=now())[0]
    text = page.get("/pipeline").content.decode()
    assert text.count('name="ids"') == 3 and text.count("data-select-all") == len(stages) + 1

    def owners_after(**sent):
        Opportunity.objects.update(owner=None)
        page.post("/opportunities/do/assign", {"owner_id": priya.pk, "query": "as=board&view=open", **sent})
        rows = Opportunity.objects.filter(owner=priya)
        return set(rows.values_list("pk", flat=True))

    assert owners_after(ids=[there.pk]) == {there.pk}
    assert owners_after(parts=[f"as=board&view=open&stage={stages[0].pk}"]) == {here.pk}
    assert owners_after(parts=[f"as=board&view=open&stage={stages[0].pk}"], ids=[there.pk]) == {here.pk, there.pk}
    assert owners_after(all="1") == {here.pk, there.pk}, "what was won is no part of the pipeline"
    assert owners_after(all="1", ids=[won.pk]) == {here.pk, there.pk}


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
