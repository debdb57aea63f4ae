"""The API: one shape of error, tokens that narrow, and a document that says what is true."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from makers import AT

from headwater.acquire.models import Source
from headwater.platform.models import Event
from headwater.platform.resource import REGISTRY
from headwater.platform.testing import query_budget
from headwater.qualify.models import Lead
from headwater.team.actions.tokens import create_token

JSON = {"content_type": "application/json"}
OF_ITS_OWN = 5 if connection.vendor == "postgresql" else 0  # turns, the transaction's number, the order of joins
TAKEN_IN, CHANGED = 30 + OF_ITS_OWN, 26 + OF_ITS_OWN


@pytest.fixture
def token_client(by):
    """A program with a token of this scope."""

    def client(*scopes: str) -> Client:
        _token, secret = create_token(user_id=by.user_id, name="Test", scopes=scopes, by=by, at=AT)
        return Client(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {secret}")

    return client


def problem(answer):
    assert answer["Content-Type"] == "application/problem+json", answer.content
    body = answer.json()
    assert body["status"] == answer.status_code and body["detail"] and body["title"] and body["type"]
    return body


def test_a_row_is_made_changed_and_worked_on(token_client):
    client = token_client("write")
    made = client.post("/api/v1/sources", json.dumps({"name": "Hannover fair", "channel": "TRADE_SHOW"}), **JSON)
    assert made.status_code == 201
    pk = made.json()["id"]
    assert made["Location"] == f"/api/v1/sources/{pk}"
    changed = client.patch(f"/api/v1/sources/{pk}", json.dumps({"note": "Stand B14"}), **JSON)
    assert changed.status_code == 200, changed.content
    assert (changed.json()["name"], changed.json()["note"]) == ("Hannover fair", "Stand B14"), (
        "the rest keeps its values"
    )
    archived = client.post(f"/api/v1/sources/{pk}/do/archive", **JSON)
    assert archived.status_code == 200 and archived.json()["archived_at"].endswith("Z")
    assert problem(client.post(f"/api/v1/sources/{pk}/do/archive", **JSON))["status"] == 409


def test_few_questions_take_a_lead_in_and_change_it(client_of):
    client = client_of("OWNER")
    new = {"interest": "ENQUIRY", "title": "Plotter"}
    client.post("/api/v1/leads", {"name": "Ana Ruiz", **new}, **JSON)  # what is asked once by a process
    for names, budget in (({"name": "Ben Ruiz"}, TAKEN_IN), ({"name": "Cy", "company": "Fjord"}, TAKEN_IN + 8)):
        with query_budget(budget):
            made = client.post("/api/v1/leads", {**names, **new}, **JSON)
        assert made.status_code == 201, made.content
    with query_budget(CHANGED):
        changed = client.patch(f"/api/v1/leads/{made.json()['id']}", {"title": "Plotters"}, **JSON)
    assert changed.status_code == 200, changed.content


@pytest.mark.parametrize("nested", [{"a": 1}, [1], [], {}])
def test_lists_and_objects_are_no_text(token_client, nested):
    client = token_client("write")
    for slug, body in (("people", {"first_name": nested, "email": "orla@x.example"}), ("sources", {"name": nested})):
        refused = client.post(f"/api/v1/{slug}", json.dumps(body), **JSON)
        assert problem(refused)["errors"] == {next(iter(body)): ["One value is needed, not a list or an object."]}
    campaign = client.post("/api/v1/campaigns", json.dumps({"name": "Spring", "source_ids": []}), **JSON)
    assert campaign.status_code == 201, campaign.content


def test_what_somebody_searched_for_before_an_export_is_no_plain_word_of_the_log(by, client_of):
    list(client_of("OWNER").get("/people/export.csv?q=vera%40big.example").streaming_content)
    event = Event.objects.select_related("personal").get(verb="platform.rows_exported")
    assert "vera" not in json.dumps(event.data) and "vera" in json.dumps(event.personal.data)


def test_filters_sort_and_search_are_those_of_the_pages(make, token_client):
    ids = make("qualify.lead", 3)
    Lead.objects.filter(pk=ids[0]).update(stage="MQL", amount="10.00")
    client = token_client("read")
    [row] = client.get("/api/v1/leads?stage=MQL").json()["items"]
    assert row["id"] == ids[0] and row["amount"] == "10.00" and row["source"]["name"] and row["source"]["id"]
    tree = json.dumps({"any": [{"column": "stage", "operator": "is", "value": "MQL"}]})
    assert client.get("/api/v1/leads/count", {"filter": tree}).json() == {"count": 1, "is_more": False}
    assert [r["id"] for r in client.get("/api/v1/leads?sort=amount&limit=1").json()["items"]] == [ids[0]]
    assert len(client.get("/api/v1/leads?q=keane").json()["items"]) == 3


def test_a_filter_with_a_typing_error_never_answers_with_everything(make, token_client):
    make("qualify.lead")
    client = token_client("read")
    for query in (
        "stagee=NEW",
        "stage__like=N",
        "limit=0",
        "limit=many",
        "cursor=zzz",
        "sort=nothing",
        "filter=[]",
        "amount=x",
    ):
        assert problem(client.get(f"/api/v1/leads?{query}"))["status"] == 422, query


def test_many_rows_at_once(make, token_client, people):
    ids = make("qualify.lead", 2)
    client = token_client("write")
    rep = people["FIELD_REP"].pk
    done = client.post("/api/v1/leads/do/assign", json.dumps({"ids": ids, "owner_id": rep}), **JSON)
    assert done.status_code == 200 and done.json() == {"ids": ids}
    assert set(Lead.objects.values_list("owner_id", flat=True)) == {rep}
    for wrong in ([], "1", [True], ["1"], None):
        answer = client.post("/api/v1/leads/do/assign", json.dumps({"ids": wrong, "owner_id": rep}), **JSON)
        assert "ids" in problem(answer)["errors"]


@pytest.mark.slow
def test_no_write_of_the_document_is_done_by_a_token_that_reads(token_client):
    """Also not what takes no right but to see: to follow a record, to mark news, to choose how one is told."""
    client = token_client("read")
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    writes = [(path, method) for path, told in paths.items() for method in told if method != "get"]
    assert len(writes) > 150
    for path, method in writes:
        answer = getattr(client, method)(re.sub(r"\{\w+\}", "1", path), "{}", **JSON)
        assert answer.status_code == 403, (method, path, answer.content)


def test_a_token_that_reads_cannot_write(make, token_client):
    [pk] = make("acquire.source")
    client = token_client("read")
    assert client.get(f"/api/v1/sources/{pk}").status_code == 200
    assert (
        problem(client.post("/api/v1/sources", json.dumps({"name": "X", "channel": "OTHER"}), **JSON))["status"] == 403
    )
    assert problem(client.patch(f"/api/v1/sources/{pk}", json.dumps({"note": "X"}), **JSON))["status"] == 403
    assert problem(client.post(f"/api/v1/sources/{pk}/do/archive", **JSON))["code"] == "not_allowed"
    assert Source.objects.get().archived_at is None


def test_a_token_opens_no_page_and_a_wrong_one_nothing(token_client, client_of):
    client = token_client("write")
    assert client.get("/leads")["Location"].startswith("/sign-in")
    assert problem(Client(HTTP_AUTHORIZATION="Bearer hw_wrong").get("/api/v1/leads"))["code"] == "not_authenticated"
    signed_in = client_of("OWNER")
    answer = signed_in.get("/api/v1/leads", HTTP_AUTHORIZATION="Bearer hw_wrong")
    assert answer.status_code == 401, "a wrong token is not rescued by a session"


def test_a_session_writes_only_with_its_csrf_token(make, client_of):
    make("acquire.source")
    client = client_of("OWNER", enforce_csrf_checks=True)
    body = json.dumps({"name": "X", "channel": "OTHER"})
    assert problem(client.post("/api/v1/sources", body, **JSON))["status"] == 403
    client.get("/sources")
    token = client.cookies["csrftoken"].value
    assert client.post("/api/v1/sources", body, HTTP_X_CSRFTOKEN=token, **JSON).status_code == 201


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "[" * 100_000])
def test_what_is_no_json_object_is_refused(token_client, body):
    answer = token_client("write").post("/api/v1/sources", body, **JSON)
    assert problem(answer)["code"] == "bad_json" and answer.status_code == 400


def test_values_and_fields_that_do_not_fit_are_named(token_client):
    client = token_client("write")
    wrong = problem(client.post("/api/v1/sources", json.dumps({"channel": "NOPE"}), **JSON))
    assert set(wrong["errors"]) == {"name", "channel"} and wrong["code"] == "invalid"
    extra = client.post("/api/v1/sources", json.dumps({"name": "A", "channel": "OTHER", "id": 7}), **JSON)
    assert [reasons[0][:23] for reasons in problem(extra)["errors"].values()] == ["There is no such field."]


@pytest.mark.slow
def test_other_errors_have_the_same_shape(token_client, monkeypatch):
    client = token_client("write")
    assert problem(client.get("/api/v1/leads/999999"))["code"] == "not_found"
    assert problem(client.get("/api/v1/unicorns"))["status"] == 404
    assert problem(Client().get("/api/v1/unicorns"))["status"] == 404
    refused = client.put("/api/v1/leads", **JSON)
    assert problem(refused)["status"] == 405 and "GET" in refused["Allow"]

    from headwater.api import endpoint

    def broken(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(endpoint, "page_of", broken)
    answer = client.get("/api/v1/leads")
    assert problem(answer)["status"] == 500 and "Zero" not in answer.content.decode()


def test_the_document_is_whole(db, company, client):
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    ids = []
    for address, methods in document["paths"].items():
        for method, operation in methods.items():
            ids.append(operation["operationId"])
            named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert named == {part[1:-1] for part in address.split("/") if part.startswith("{")}, address
            assert "401" in operation["responses"] and any(s.startswith("2") for s in operation["responses"]), (
                method,
                address,
            )
            assert operation["summary"] and operation["tags"]
    assert len(ids) == len(set(ids))
    for pointer in refs(document):
        found = document
        for part in pointer.removeprefix("#/").split("/"):
            found = found[part]
    for resource in REGISTRY.values():
        assert f"/api/v1/{resource.slug}" in document["paths"]


def refs(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from refs(child)


@pytest.mark.parametrize("key", sorted(REGISTRY))
def test_rows_look_as_the_document_says(key, make, token_client):
    resource = REGISTRY[key].now()
    [pk] = make(key)
    client = token_client("read")
    schemas = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    name = "".join(word.capitalize() for word in key.partition(".")[2].split("_"))
    [*rows] = client.get(f"/api/v1/{resource.slug}").json()["items"]
    record = client.get(f"/api/v1/{resource.slug}/{pk}").json()
    listed = next(row for row in rows if row["id"] == pk)
    assert {field: record[field] for field in listed} == listed, "a record says something else than its list"
    for shown, schema in [*((row, schemas[name]) for row in rows), (record, schemas[f"{name}Record"])]:
        assert set(shown) <= set(schema["properties"])
        for field, value in shown.items():
            fits(value, schema["properties"][field], f"{key}.{field}")


def fits(value, schema, where):
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    names = {
        type(None): ["null"], bool: ["boolean"], int: ["integer", "number"], float: ["number"], str: ["string"],
        list: ["array"], dict: ["object"],
    }  # fmt: skip
    assert any(name in types for name in names[type(value)]), f"{where}: {value!r} is none of {types}"
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value!r}"


def test_the_document_for_people_is_served_from_here(client_of):
    page = client_of("OWNER").get("/api/v1/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "/api/v1/leads" in text and "http://" not in text.replace("http://testserver", "").replace(
        "http://www.w3.org", ""
    )


def test_whatever_the_address_the_answer_is_a_problem(client):
    for path in ("nothing", "no%0Athing", "sources/external/erp/a%0Ab/%06"):
        assert problem(client.get(f"/api/v1/{path}"))["status"] in (401, 404)


def test_a_yes_that_is_mistyped_is_no_quiet_no(token_client):
    client = token_client("read")
    for said in ("true", "1", "no", "False", ""):
        assert client.get("/api/v1/people", {"include_archived": said}).status_code == 200
    assert problem(client.get("/api/v1/people", {"include_archived": "ture"}))["errors"]


def test_an_address_with_a_character_that_stands_for_nothing_is_a_problem(token_client):
    client = token_client("read")
    for address in ("leads?q=%00", "leads/external/erp/%00", "%00"):
        refused = client.get(f"/api/v1/{address}")
        assert refused.status_code in (400, 404) and problem(refused)


def test_who_has_the_newest_version_is_told_no_more_than_that(token_client, make):
    client, (pk,) = token_client("write"), make("acquire.source")
    read = client.get(f"/api/v1/sources/{pk}")
    again = client.get(f"/api/v1/sources/{pk}", headers={"If-None-Match": f'"other", {read["ETag"]}'})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", read["ETag"])
    client.patch(f"/api/v1/sources/{pk}", {"note": "Stand B14"}, **JSON)
    assert client.get(f"/api/v1/sources/{pk}", headers={"If-None-Match": read["ETag"]}).status_code == 200


def test_who_sends_a_field_that_there_is_not_learns_which_there_are(token_client):
    answer = token_client("write").post("/api/v1/people", {"name": "Orla Keane"}, **JSON)
    assert answer.status_code == 422 and "first_name, last_name" in problem(answer)["errors"]["name"][0]
