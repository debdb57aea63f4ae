"""Nouns with stages have a board: a column for each stage, narrowed as the list is, moved by the noun's own step."""

import json
import re
from html import unescape

import pytest

from headwater.platform.resource import REGISTRY
from headwater.platform.testing import count_queries, query_budget
from headwater.qualify.models import Lead

WITH_STAGES = [noun for noun, resource in REGISTRY.items() if resource.stages]


def test_leads_have_a_board():
    assert "qualify.lead" in WITH_STAGES


@pytest.mark.parametrize("noun", REGISTRY)
def test_every_stage_is_a_column_and_other_nouns_have_no_board(noun, make, client_of):
    resource = REGISTRY[noun]
    [pk] = make(noun)
    client = client_of("OWNER")
    answer = client.get(f"/{resource.slug}/board")
    if noun not in WITH_STAGES:
        assert answer.status_code == 404
        assert client.post(f"/{resource.slug}/{pk}/board").status_code == 404
        return
    page = answer.content.decode()
    for code, _label in resource.by_key[resource.stages].choices:
        assert f'data-board-list="{code}"' in page
    assert f'id="card-{pk}"' in page
    assert f'href="/{resource.slug}/board' in client.get(f"/{resource.slug}?view=all").content.decode()


def test_a_card_is_moved_and_a_refusal_says_why(make, client_of):
    [pk] = make("qualify.lead")
    Lead.objects.filter(pk=pk).update(stage="NEW")
    client, htmx = client_of("OWNER"), {"HX-Request": "true"}
    answer = client.post(f"/leads/{pk}/board", {"stage": "WORKING"}, headers=htmx)
    assert answer.status_code == 200, answer.content
    assert f'id="card-{pk}"' in answer.content.decode()
    assert 'id="stack-WORKING" hx-swap-oob="true"' in answer.content.decode()
    assert json.loads(answer["HX-Trigger"])["toast"]["undo_url"]
    assert Lead.objects.get(pk=pk).stage == "WORKING"
    refused = client.post(f"/leads/{pk}/board", {"stage": "SAL"}, headers=htmx)
    assert refused.status_code in (409, 422)
    assert json.loads(refused["HX-Trigger"])["toast"]["message"]
    assert client.post(f"/leads/{pk}/board", {"stage": "NEW"}, headers=htmx).status_code == 422  # without a reason
    assert client.post(f"/leads/{pk}/board", {"stage": "NONE"}, headers=htmx).status_code == 404
    assert Lead.objects.get(pk=pk).stage == "WORKING"
    back = client.post(f"/leads/{pk}/board", {"stage": "NEW", "reason": "Not yet"}, headers=htmx)
    assert back.status_code == 200
    assert Lead.objects.get(pk=pk).stage == "NEW"


def test_who_may_not_move_sees_the_board_and_moves_nothing(make, client_of):
    [pk] = make("qualify.lead")
    client = client_of("READ_ONLY")
    page = client.get("/leads/board").content.decode()
    assert f'id="card-{pk}"' in page
    assert "data-board-list" not in page
    assert client.post(f"/leads/{pk}/board", {"stage": "WORKING"}).status_code == 403


def test_the_address_narrows_the_board(make, client_of):
    one, other = make("qualify.lead", 2)
    Lead.objects.filter(pk=one).update(interest="QUOTE_REQUEST")
    Lead.objects.filter(pk=other).update(interest="ENQUIRY")
    page = client_of("OWNER").get("/leads/board?interest=QUOTE_REQUEST").content.decode()
    assert f'id="card-{one}"' in page
    assert f'id="card-{other}"' not in page
    assert 'href="/leads?interest=QUOTE_REQUEST"' in page
    assert 'class="on-paper"' in page and "/leads/counts?as=board&amp;interest=QUOTE_REQUEST" in page
    of_stage = client_of("OWNER").get("/leads/board?stage=NEW").content.decode()
    assert "Stage: New" in of_stage, "it says what it leaves out"


def test_who_may_do_something_with_many_chooses_cards_and_columns(make, client_of):
    [pk] = make("qualify.lead")
    page = client_of("OWNER").get("/leads/board").content.decode()
    assert re.search(rf'name="ids" value="{pk}" data-select-row aria-label="Select ', page)
    assert page.count("data-select-part") == page.count("data-select-all") == page.count('class="kb-col"')
    assert 'formaction="/leads/do/assign"' in page and "data-bulk" in page
    assert "data-select-row" not in client_of("READ_ONLY").get("/leads/board").content.decode()


def test_a_column_is_chosen_with_what_has_no_card(make, by, client_of, monkeypatch):
    monkeypatch.setattr("headwater.web.board.CARDS", 1)
    new, also_new, working = make("qualify.lead", 3)
    Lead.objects.filter(pk__in=(new, also_new)).update(stage="NEW", interest="ENQUIRY", owner=None)
    Lead.objects.filter(pk=working).update(stage="WORKING", interest="ENQUIRY", owner=None)
    client = client_of("OWNER")
    page = client.get("/leads/board?interest=ENQUIRY").content.decode()
    [(part, more)] = re.findall(r'name="parts" value="([^"]+)" data-more="(\d+)"', page)
    assert more == "1" and 'all <span id="list-match">3</span> that match' in page
    sent = {"parts": [unescape(part)], "ids": [], "owner_id": by.user_id, "next": "/leads/board?interest=ENQUIRY"}
    asked = client.post("/leads/do/assign", {**sent, "ask": "1"}).content.decode()
    assert "2 leads" in asked and f'name="parts" value="{part}"' in asked, "the form keeps what was chosen"
    assert client.post("/leads/do/assign", sent)["Location"] == "/leads/board?interest=ENQUIRY"
    owners = dict(Lead.objects.values_list("pk", "owner_id"))
    assert owners[new] == owners[also_new] == by.user_id and owners[working] is None


def test_a_board_leaves_as_a_file_with_its_rows_and_the_columns_of_the_list(make, client_of):
    one, other = make("qualify.lead", 2)
    Lead.objects.filter(pk=one).update(interest="QUOTE_REQUEST", title="Plotters")
    Lead.objects.filter(pk=other).update(interest="ENQUIRY", title="Servers")
    client = client_of("OWNER")
    page = client.get("/leads/board?interest=QUOTE_REQUEST").content.decode()
    [url] = re.findall(r'href="(/leads/export\.csv[^"]*)"', page)
    text = b"".join(client.get(unescape(url)).streaming_content).decode()
    listed = b"".join(client.get("/leads/export.csv?interest=QUOTE_REQUEST").streaming_content).decode()
    assert "Plotters" in text and "Servers" not in text and text == listed
    assert "export.csv" not in client_of("READ_ONLY").get("/leads/board").content.decode()


def test_cards_lead_to_their_neighbours_on_the_board(make, client_of):
    one, other = make("qualify.lead", 2)
    client = client_of("OWNER")
    page = client.get("/leads/board").content.decode()
    [url] = re.findall(rf'data-open href="(/leads/{one}\?[^"]+)"', page)
    record = client.get(unescape(url)).content.decode()
    assert 'href="/leads/board"' in record and f'href="/leads/{other}?in=as%3Dboard' in record


def test_a_board_costs_as_many_queries_for_two_rows_as_for_thirty(make, client_of):
    client = client_of("OWNER")
    make("qualify.lead", 2)
    client.get("/leads/board")
    with count_queries() as few:
        client.get("/leads/board")
    make("qualify.lead", 20)
    with query_budget(len(few)):
        client.get("/leads/board")
