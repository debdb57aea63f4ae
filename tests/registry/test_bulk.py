"""Many rows in one request: each answered in its place, once for a key, taken back as one."""

import json
from datetime import UTC, datetime

import pytest
from django.test import Client
from makers import AT

from headwater.acquire.models import Source
from headwater.intake import sent as taking
from headwater.intake.models import ImportBatch
from headwater.parties.models import Party
from headwater.platform import job
from headwater.platform.clock import now
from headwater.platform.models import Event, ExternalId
from headwater.platform.resource import REGISTRY
from headwater.qualify.models import Lead
from headwater.team.actions.tokens import create_token

JSON = "application/json"
NOUNS = sorted(key for key, resource in REGISTRY.items() if resource.importer is not None)
FAIRS = [{"external_id": f"S{n}", "name": f"Messe {n}", "channel": "TRADE_SHOW"} for n in range(3)]


@pytest.fixture
def program(by):
    _token, secret = create_token(user_id=by.user_id, name="Test", scopes=("write",), by=by, at=AT)
    return Client(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {secret}")


def send(client, noun, rows, query="system=erp", content_type=JSON, **headers):
    body = rows if isinstance(rows, (str, bytes)) else json.dumps(rows)
    return client.post(f"/api/v1/{noun}/bulk?{query}", body, content_type=content_type, headers=headers)


def outcomes(answer):
    assert answer.status_code == 200, answer.content
    return [item["outcome"] for item in answer.json()["items"]]


def test_each_row_is_answered_in_its_place(program, make):
    [pk] = make("acquire.source")
    rows = [
        *FAIRS[:2],
        {"id": pk, "note": "Stand B14"},
        {"name": "No channel said"},
        {"channel": "TRADE_SHOW"},
        {"name": "Wrong", "colour": "red"},
        {"id": 10**9, "name": "Nobody"},
        "no row",
    ]
    answer = send(program, "sources", rows)
    assert outcomes(answer) == [
        "created",
        "created",
        "updated",
        "created",
        "rejected",
        "rejected",
        "rejected",
        "rejected",
    ]
    told = answer.json()
    assert (told["created"], told["updated"], told["unchanged"], told["rejected"]) == (3, 1, 0, 4)
    assert told["items"][2]["id"] == pk and Source.objects.get(pk=pk).note == "Stand B14"
    reasons = [item["errors"][0] for item in told["items"][4:]]
    assert reasons[0] == "Name is missing." and reasons[1] == "colour: There is no such field."
    assert "may not see it" in reasons[2] and "JSON object" in reasons[3]
    again = send(program, "sources", rows)
    assert outcomes(again)[:4] == ["unchanged"] * 4


def test_rows_come_on_lines_as_well(program):
    lines = "\n".join([*map(json.dumps, FAIRS), "{broken", ""])
    answer = send(program, "sources", lines, content_type="application/x-ndjson")
    assert outcomes(answer) == ["created"] * 3 + ["rejected"]


def test_all_or_none(program):
    refused = send(program, "sources", [*FAIRS, {"name": ""}], "system=erp&atomic=true")
    assert refused.status_code == 422 and refused.json()["errors"] == {"rows.3": ["Name is missing."]}
    assert not Source.objects.exists() and not ImportBatch.objects.exists() and not ExternalId.objects.exists()
    assert outcomes(send(program, "sources", FAIRS, "system=erp&atomic=true")) == ["created"] * 3


@pytest.mark.parametrize("query", ["system=erp", "system=erp&atomic=true"])
def test_sent_again_with_its_key_it_is_not_done_again(program, query, monkeypatch):
    monkeypatch.setattr("headwater.api.bulk.PORTION", 2)
    first, again = (send(program, "sources", FAIRS, query, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert first.json() == again.json() and again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first and ImportBatch.objects.count() == 1
    assert Event.objects.filter(verb="intake.file_imported").count() == 1
    used = send(program, "sources", FAIRS[:2], query, **{"Idempotency-Key": "k1"})
    assert (used.status_code, used.json()["code"]) == (422, "key_used")


@pytest.mark.slow
def test_what_broke_off_goes_on_when_it_is_sent_again(program, monkeypatch):
    monkeypatch.setattr("headwater.api.bulk.PORTION", 2)
    real, calls = taking.take_sent, []

    def dies(**kwargs):
        calls.append(kwargs)
        return real(**kwargs) if len(calls) == 1 else 1 / 0

    monkeypatch.setattr("headwater.api.bulk.take_sent", dies)
    assert send(program, "sources", FAIRS, **{"Idempotency-Key": "k1"}).status_code == 500
    assert Source.objects.count() == 2, "the first portion is in"
    monkeypatch.setattr("headwater.api.bulk.take_sent", real)
    assert outcomes(send(program, "sources", FAIRS, **{"Idempotency-Key": "k1"})) == ["created"] * 3
    assert Source.objects.count() == 3 and ImportBatch.objects.get().created == 3


def test_all_of_a_request_is_taken_back_as_one(program, make):
    [pk] = make("acquire.source")
    name = Source.objects.get(pk=pk).name
    batch = send(program, "sources", [*FAIRS, {"id": pk, "name": "Renamed"}]).json()["batch"]
    assert Source.objects.get(pk=pk).name == "Renamed"
    told = program.get(f"/api/v1/imports/{batch}").json()
    assert (told["state"], told["created"], told["updated"]) == ("DONE", 3, 1)
    undone = program.post(f"/api/v1/imports/{batch}/undo", content_type=JSON)
    assert undone.status_code == 200, undone.content
    assert undone.json()["state"] == "UNDONE" and Source.objects.get(pk=pk).name == name
    assert program.post(f"/api/v1/imports/{batch}/undo", content_type=JSON).status_code == 409


def test_its_page_shows_it_like_an_import(program, client_of):
    batch = send(program, "sources", [*FAIRS, {}]).json()["batch"]
    page = client_of("OWNER").get(f"/imports/{batch}").content.decode()
    assert "API" in page and "Undo this import" in page and "Every row came in" not in page
    assert "API" in client_of("OWNER").get("/imports").content.decode()


def test_leads_are_named_by_ids_and_words(program, make, people):
    [source] = make("acquire.source")
    rep = people["FIELD_REP"]
    row = {"external_id": "L1", "name": "Vera Novak", "email": "vera@x.example", "source_id": source}
    row |= {"owner_id": rep.pk, "amount": 1200.5, "interest": "QUOTE_REQUEST", "tag": ["Fair", "VIP"]}
    row |= {"arrived_at": "2026-11-01T10:00:00Z"}
    assert outcomes(send(program, "leads", [row])) == ["created"]
    lead = Lead.objects.get()
    assert (lead.source_id, lead.owner_id, str(lead.amount)) == (source, rep.pk, "1200.50")
    assert lead.arrived_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    changed = send(
        program, "leads", [{"id": lead.pk, "title": "Two plotters"}, {"external_id": "L1", "amount": "1300"}]
    )
    assert outcomes(changed) == ["updated", "updated"]
    lead.refresh_from_db()
    assert (lead.title, str(lead.amount), lead.source_id) == ("Two plotters", "1300.00", source), "the rest stays"
    wrong = send(program, "leads", [{"name": "A", "source_id": 10**9}, {"name": "A", "amount": "many"}])
    assert outcomes(wrong) == ["rejected", "rejected"]


def test_no_name_of_ours_is_left_behind(program, make):
    [pk] = make("parties.person")
    assert outcomes(send(program, "people", [{"id": pk, "job_title": "Owner"}])) == ["updated"]
    assert Party.objects.get(pk=pk).job_title == "Owner"
    assert not ExternalId.objects.exists()


@pytest.mark.parametrize("key", NOUNS)
def test_every_noun_is_changed_by_its_id(program, make, key):
    [pk] = make(key)
    resource = REGISTRY[key].now()
    answer = send(program, resource.slug, [{"id": pk}, {"id": pk}])
    items = answer.json()["items"]
    assert [item["id"] for item in items] == [pk, pk], items
    assert {item["outcome"] for item in items} <= {"unchanged", "updated"}, items


@pytest.mark.parametrize(
    ("body", "status", "query"),
    [
        ("[]", 422, ""),
        ("{}", 400, ""),
        ("[", 400, ""),
        ("[" * 100_000, 400, ""),
        ('[{"external_id": "1", "name": "A"}]', 422, ""),
        ('[{"name": "A"}]', 422, "colour=red"),
        ('[{"name": "A"}]', 422, "atomic=perhaps"),
        (json.dumps([{}] * 10_001), 422, ""),
        (" " * (20 * 1024 * 1024) + "[]", 413, ""),
    ],
)
def test_what_makes_no_sense_is_refused(program, body, status, query):
    refused = send(program, "sources", body, query)
    assert refused.status_code == status and refused["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("value", ["\x00", "\ud800", [1], {"a": 1}, True, "x" * 5000, 10**400])
def test_no_value_breaks_more_than_its_row(program, value):
    answer = send(program, "sources", [{"name": value, "channel": "OTHER"}, FAIRS[0]])
    assert outcomes(answer) == ["rejected", "created"]


def test_what_the_database_refuses_is_found(program, monkeypatch):
    from django.db import DataError

    real = taking.take_sent

    def picky(**kwargs):
        if any(row.values.get("name") == "Messe 1" and not row.reasons for row in kwargs["rows"]):
            raise DataError("numeric field overflow")
        return real(**kwargs)

    monkeypatch.setattr("headwater.api.bulk.take_sent", picky)
    assert outcomes(send(program, "sources", FAIRS)) == ["created", "rejected", "created"]


def test_it_takes_the_right_to_import(client_of, by):
    reader = client_of("FIELD_REP")
    assert send(reader, "leads", [{"name": "A"}]).status_code == 403
    _token, secret = create_token(user_id=by.user_id, name="R", scopes=("read",), by=by, at=AT)
    assert send(Client(HTTP_AUTHORIZATION=f"Bearer {secret}"), "leads", [{"name": "A"}]).status_code == 403


def test_other_requests_that_are_too_large_are_told_so(program):
    big = json.dumps({"name": "x" * (6 << 20)})
    assert program.post("/api/v1/sources", big, content_type=JSON).status_code == 413


@pytest.mark.slow
def test_thousands_are_taken_in_portions_that_stay_in_order(program):
    rows = [{"external_id": str(n), "name": f"Orla Keane {n}", "source": f"Messe {n % 9}"} for n in range(2_500)]
    made = send(program, "leads", rows)
    assert set(outcomes(made)) == {"created"}
    changed = send(program, "leads", [{**row, "title": "Plotters"} for row in rows])
    assert set(outcomes(changed)) == {"updated"}
    assert [item["id"] for item in changed.json()["items"]] == [item["id"] for item in made.json()["items"]]


def test_a_step_for_thousands_goes_on_in_the_background(program, owner):
    Party.objects.bulk_create(
        Party(kind="PERSON", name=f"Orla {n}", name_key=f"orla {n}", owner=owner, created_at=AT) for n in range(600)
    )
    ids = list(Party.objects.values_list("pk", flat=True))
    answer = program.post("/api/v1/people/do/tag", json.dumps({"ids": ids, "tag": "Fair & co"}), content_type=JSON)
    assert answer.status_code == 202, answer.content
    where = answer["Location"]
    assert program.get(where).json()["state"] == "QUEUED" and answer.json()["total"] == 600
    while job.run_next(at=now()):
        pass
    told = program.get(where).json()
    assert (told["state"], told["done"], told["refused"], told["is_undone"]) == ("DONE", 600, [], False)
    assert program.post(f"{where}/stop", content_type=JSON).status_code == 409
    undo = program.post(f"{where}/undo", content_type=JSON)
    assert undo.status_code == 202
    while job.run_next(at=now()):
        pass
    assert program.get(undo["Location"]).json()["done"] == 600 and program.get(where).json()["is_undone"]


def test_a_job_is_its_callers(program, owner, client_of):
    Party.objects.bulk_create(
        Party(kind="PERSON", name=f"Orla {n}", name_key=f"orla {n}", owner=owner, created_at=AT) for n in range(501)
    )
    ids = list(Party.objects.values_list("pk", flat=True))
    made = program.post("/api/v1/people/do/tag", json.dumps({"ids": ids, "tag": "Fair"}), content_type=JSON)
    assert client_of("MARKETER").get(made["Location"]).status_code == 404
    too_many = program.post("/api/v1/people/do/tag", json.dumps({"ids": [1] * 10_001, "tag": "A"}), content_type=JSON)
    assert too_many.status_code == 422
