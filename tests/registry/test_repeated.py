"""Requests with a key: sent twice, carried out once, answered alike."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from makers import AT

from headwater.acquire.models import Source
from headwater.platform.clock import now
from headwater.platform.models import Answer, Event
from headwater.platform.once import forget_answers
from headwater.team.actions.tokens import create_token

JSON = {"content_type": "application/json"}
FAIR = {"name": "Hannover fair", "channel": "TRADE_SHOW"}


@pytest.fixture
def program(by):
    """A program with a token of its own, once for each call."""

    def client() -> Client:
        _token, secret = create_token(user_id=by.user_id, name="Test", scopes=("write",), by=by, at=AT)
        return Client(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {secret}")

    return client


def send(client, path, body, key):
    return client.post(f"/api/v1/{path}", json.dumps(body), headers={"Idempotency-Key": key}, **JSON)


def test_a_row_that_is_sent_twice_is_made_once(program):
    client = program()
    first, again = send(client, "sources", FAIR, "k1"), send(client, "sources", FAIR, "k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json() and again["Location"] == first["Location"] and again["ETag"] == first["ETag"]
    assert "Idempotency-Replayed" not in first and again["Idempotency-Replayed"] == "true"
    assert Source.objects.filter(name=FAIR["name"]).count() == 1
    assert Event.objects.filter(verb="acquire.source_added").count() == 1


def test_a_step_that_is_sent_twice_is_taken_once(program):
    client = program()
    pk = send(client, "sources", FAIR, "k1").json()["id"]
    assert send(client, f"sources/{pk}/do/archive", {}, "k2").status_code == 200
    assert send(client, f"sources/{pk}/do/archive", {}, "k2").status_code == 200, "and not: it is archived already"
    assert send(client, f"sources/{pk}/do/archive", {}, "k3").status_code == 409


def test_a_key_belongs_to_one_request(program):
    client = program()
    send(client, "sources", FAIR, "k1")
    refused = send(client, "sources", {**FAIR, "name": "Ghent fair"}, "k1")
    assert (refused.status_code, refused.json()["code"]) == (422, "key_used")
    assert not Source.objects.filter(name="Ghent fair").exists()
    assert send(program(), "sources", {**FAIR, "name": "Ghent fair"}, "k1").status_code == 201, "keys are each caller's"


def test_files_of_one_size_are_told_apart(program, make):
    client, [pk] = program(), make("parties.person")

    def attach(content):
        sent = {"files": SimpleUploadedFile("notes.txt", content, "text/plain")}
        return client.post(f"/api/v1/people/{pk}/files", sent, headers={"Idempotency-Key": "k1"})

    assert [attach(b"one").status_code, attach(b"one")["Idempotency-Replayed"]] == [201, "true"]
    assert attach(b"two").json()["code"] == "key_used"
    assert [file["size"] for file in client.get(f"/api/v1/people/{pk}/files").json()["items"]] == [3]


def test_a_refusal_is_not_kept(program):
    client = program()
    assert send(client, "sources", {"name": ""}, "k1").status_code == 422
    assert send(client, "sources", FAIR, "k1").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "ü", "a\tb", "a b"])
def test_a_key_is_short_and_plain(program, key):
    refused = send(program(), "sources", FAIR, key)
    assert refused.status_code == 422 and "Idempotency-Key" in refused.json()["errors"]
    assert not Source.objects.filter(name=FAIR["name"]).exists()


def test_what_breaks_half_way_leaves_neither_row_nor_answer(program, monkeypatch):
    client = program()
    monkeypatch.setattr("headwater.api.repeated._answered", lambda response: 1 / 0)
    assert send(client, "sources", FAIR, "k1").status_code == 500
    monkeypatch.undo()
    assert not Source.objects.filter(name=FAIR["name"]).exists() and not Answer.objects.exists()
    assert send(client, "sources", FAIR, "k1").status_code == 201


def test_answers_are_forgotten_after_a_day(program):
    client = program()
    send(client, "sources", FAIR, "k1")
    forget_answers(now() + timedelta(hours=23))
    assert Answer.objects.count() == 1
    forget_answers(now() + timedelta(hours=25))
    assert not Answer.objects.exists()


def test_every_write_takes_a_key(client):
    document = client.get("/api/v1/openapi.json").json()
    writes = [
        (path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in ("post", "patch", "put", "delete")
    ]
    assert len(writes) > 50
    for path, operation in writes:
        assert "Idempotency-Key" in {parameter["name"] for parameter in operation.get("parameters", ())}, path
