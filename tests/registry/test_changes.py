"""The feed of changes: everything since, in order, of what the caller may see."""

import json

import pytest
from django.test import Client
from makers import AT

from headwater.api import changes
from headwater.platform.models import Event
from headwater.platform.resource import REGISTRY
from headwater.team.actions.tokens import create_token

JSON = {"content_type": "application/json"}


@pytest.fixture
def program(by):
    _token, secret = create_token(user_id=by.user_id, name="Test", scopes=("write",), by=by, at=AT)
    return Client(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {secret}")


def since(client, after="", **params):
    answer = client.get("/api/v1/changes", {"after": after, **params})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_whoever_follows_misses_nothing_and_hears_nothing_twice(make, program):
    start = since(program, "latest")
    assert start["items"] == [] and start["is_more"] is False
    ids = make("acquire.source", 7)
    heard, after = [], start["next"]
    while True:
        page = since(program, after, limit=3)
        heard += page["items"]
        after = page["next"]
        if not page["is_more"]:
            break
    assert [item["record"] for item in heard if item["verb"] == "acquire.source_added"] == ids
    assert [item["id"] for item in heard] == sorted({item["id"] for item in heard})
    assert since(program, after) == {"items": [], "next": after, "is_more": False}


def test_an_entry_says_what_happened_to_which_record(by, program):
    after = since(program, "latest")["next"]
    made = program.post(
        "/api/v1/sources", json.dumps({"name": "Hannover fair", "channel": "TRADE_SHOW"}), **JSON
    ).json()
    (entry,) = since(program, after)["items"]
    event = Event.objects.get(pk=entry["id"])
    assert entry["verb"] == "acquire.source_added" and (entry["noun"], entry["record"]) == ("sources", made["id"])
    assert entry["is_here"] is True and entry["batch"] is None
    assert entry["by"]["kind"] == "token" and entry["recorded_at"].endswith("Z") and event.subject_id == made["id"]
    assert program.get(f"/api/v1/{entry['noun']}/{entry['record']}").status_code == 200


@pytest.mark.parametrize("key", sorted(REGISTRY))
def test_changes_of_every_noun_are_told(make, program, key):
    after = since(program, "latest")["next"]
    ids = set(make(key, 2))
    told = {item["record"] for item in since(program, after, nouns=REGISTRY[key].slug)["items"] if item["is_here"]}
    assert ids <= told


def test_what_lies_out_of_sight_is_not_told(make, client_of):
    owner, outsider = client_of("OWNER"), client_of("INDEPENDENT_REP")
    after = since(owner, "latest")["next"]
    ids, _lead = set(make("sell.opportunity", 3)), make("qualify.lead", 1)
    assert ids <= {item["record"] for item in since(owner, after, nouns="opportunities")["items"]}
    assert not ids & {item["record"] for item in since(outsider, after, nouns="opportunities")["items"]}
    told = since(client_of("SERVICE"), after)["items"]
    assert "leads" not in {item["noun"] for item in told}, "no right to see leads"


def test_what_is_gone_is_told_to_those_who_see_all(by, make, program, client_of):
    (pk,) = make("parties.person", 1)
    after = since(program, "latest")["next"]
    assert program.post(f"/api/v1/people/{pk}/do/delete", **JSON).status_code == 200
    gone = [item for item in since(program, after)["items"] if item["record"] == pk and item["noun"] == "people"]
    assert gone and not any(item["is_here"] for item in gone)


def test_a_call_looks_at_a_part_of_a_long_log(make, program, monkeypatch):
    after = since(program, "latest")["next"]
    make("acquire.source", 6)
    monkeypatch.setattr(changes, "WINDOW", 2)
    heard, calls = [], 0
    while True:
        page = since(program, after, nouns="products")
        heard, after, calls = heard + page["items"], page["next"], calls + 1
        if not page["is_more"]:
            break
    assert heard == [] and calls >= 3


@pytest.mark.parametrize(
    "params",
    [
        {"after": "x"},
        {"after": "-1"},
        {"after": "9" * 30},
        {"limit": "0"},
        {"limit": "1001"},
        {"nouns": "x"},
        {"q": "1"},
    ],
)
def test_what_makes_no_sense_is_refused(program, params):
    refused = program.get("/api/v1/changes", params)
    assert refused.status_code == 422 and refused.json()["errors"].keys() == params.keys()


def test_a_position_of_a_log_that_was_longer_is_refused(program):
    ahead = program.get("/api/v1/changes", {"after": str(int(since(program, "latest")["next"]) + 1)})
    assert (ahead.status_code, ahead.json()["code"]) == (409, "cursor_ahead")


def test_a_page_asks_as_often_for_2_rows_as_for_30(make, program, django_assert_max_num_queries):
    after = since(program, "latest")["next"]
    make("acquire.source", 30)
    with django_assert_max_num_queries(10):
        assert len(since(program, after, limit=1000)["items"]) >= 30
