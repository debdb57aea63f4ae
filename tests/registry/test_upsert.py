"""Rows by what another system calls them: made once, changed after that, found again."""

import json
import re
from datetime import UTC
from pathlib import Path

import pytest
from django.test import Client
from makers import AT

from headwater.acquire.models import Source
from headwater.parties.actions.merging import merge_parties
from headwater.parties.actions.people_files import import_people
from headwater.parties.models import Party
from headwater.platform.importer import Batch, CleanRow
from headwater.platform.models import Event, ExternalId
from headwater.platform.resource import REGISTRY
from headwater.qualify.models import Lead
from headwater.team.actions.tokens import create_token

FAIR = {"name": "Hannover fair", "channel": "TRADE_SHOW"}


@pytest.fixture
def program(by):
    _token, secret = create_token(user_id=by.user_id, name="Test", scopes=("write",), by=by, at=AT)
    return Client(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {secret}")


def put(client, path, body, **headers):
    return client.put(f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers)


def test_the_same_name_makes_a_row_once_and_changes_it_after_that(program):
    made = put(program, "sources/external/erp/S/1", FAIR)
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    changed = put(program, "sources/external/erp/S/1", {**FAIR, "name": "Hannover Messe"})
    assert (changed.status_code, changed.json()["id"], changed.json()["name"]) == (200, pk, "Hannover Messe")
    assert Source.objects.count() == 1 and ExternalId.objects.get(system="erp").external_id == "S/1"
    assert program.get("/api/v1/sources/external/erp/S/1").json()["id"] == pk
    assert put(program, "sources/external/shop/S/1", {**FAIR, "name": "Ghent"}).status_code == 201, (
        "another system's S/1"
    )


def test_sent_again_nothing_is_written(program):
    put(program, "sources/external/erp/1", FAIR)
    before = Event.objects.count()
    assert put(program, "sources/external/erp/1", FAIR).status_code == 200
    assert Event.objects.count() == before


def test_its_name_is_remembered_where_imports_look(program):
    pk = put(program, "people/external/olist/p1", {"first_name": "Vera", "last_name": "Novak"}).json()["id"]
    assert ExternalId.objects.get(system="olist", kind="parties.person", external_id="p1").object_id == pk


def test_the_example_of_the_documentation_makes_the_person_that_a_file_with_the_same_id_changes(program, by):
    text = (Path(__file__).parents[2] / "docs" / "developer" / "api.md").read_text()
    path, body = re.search(r"PUT /api/v1/(people/external/erp/4711)\n(\{.*\})\n", text).groups()
    made = put(program, path, json.loads(body))
    assert made.status_code == 201 and put(program, path, json.loads(body)).status_code == 200
    person = Party.objects.get(pk=made.json()["id"])
    assert (person.name, person.email, person.employer.name) == ("Vera Novak", "vera@x.example", "Novak Foods")
    row = CleanRow(1, {"external_id": "4711", "name": "Vera Novak", "phone": "+31201234567"}, {})
    batch = Batch(id=0, system="erp", zone=UTC, currency="EUR", region="NL")
    [told] = import_people([row], batch=batch, by=by, at=AT)
    assert told.object_id == person.pk and Party.objects.filter(kind="PERSON").count() == 1


def test_what_only_a_new_row_takes_is_left_alone_and_named(program):
    body = {
        "name": "Vera Novak",
        "email": "vera@x.example",
        "title": "Two plotters",
        "interest": "ENQUIRY",
    }
    made = put(program, "leads/external/shop/L1", body)
    assert made.status_code == 201, made.content
    again = put(program, "leads/external/shop/L1", {**body, "title": "Three plotters", "email": "other@x.example"})
    assert again.status_code == 200, again.content
    assert Lead.objects.get().title == "Three plotters" and "email" in again.json()["left_alone"]
    assert not Party.objects.filter(email="other@x.example").exists()


def test_a_refusal_leaves_no_name_behind(program):
    assert put(program, "sources/external/erp/1", {"name": ""}).status_code == 422
    assert put(program, "sources/external/erp/1", {**FAIR, "nmae": "x"}).json()["errors"] == {
        "nmae": ["There is no such field. There are: name, channel, note."]
    }
    assert not ExternalId.objects.exists()
    assert put(program, "sources/external/erp/1", FAIR).status_code == 201


def test_what_was_deleted_is_not_made_again(program, by):
    pk = put(program, "people/external/erp/1", {"first_name": "Vera", "last_name": "Novak"}).json()["id"]
    assert program.post(f"/api/v1/people/{pk}/do/delete", content_type="application/json").status_code == 200
    refused = put(program, "people/external/erp/1", {"first_name": "Vera", "last_name": "Novak"})
    assert (refused.status_code, refused.json()["code"]) == (409, "out_of_sight")
    assert program.get("/api/v1/people/external/erp/1").status_code == 404


def test_a_merged_record_is_changed_as_what_it_became(program, by):
    kept, gone = (
        put(program, f"people/external/erp/{n}", {"first_name": "Vera", "last_name": f"Novak {n}"}).json()["id"]
        for n in (1, 2)
    )
    merge_parties(keep_id=kept, merge_ids=[gone], by=by, at=AT)
    changed = put(program, "people/external/erp/2", {"last_name": "Novak-Smit"})
    assert (changed.status_code, changed.json()["id"]) == (200, kept)
    assert Party.objects.get(pk=kept).last_name == "Novak-Smit"


def test_a_change_minds_the_version_that_was_read(program):
    version = put(program, "sources/external/erp/1", FAIR)["ETag"]
    assert put(program, "sources/external/erp/1", {"name": "A"}, **{"If-Match": version}).status_code == 200
    assert put(program, "sources/external/erp/1", {"name": "B"}, **{"If-Match": version}).status_code == 412


@pytest.mark.parametrize("path", [f"{'s' * 61}/1", f"erp/{'1' * 201}", "erp/%20"])
def test_a_name_fits_its_place(program, path):
    assert put(program, f"sources/external/{path}", FAIR).status_code == 422
    assert program.get(f"/api/v1/sources/external/{path}").status_code == 404


def test_who_may_only_read_makes_and_changes_nothing(client_of, make):
    reader = client_of("READ_ONLY")
    reader.handler.enforce_csrf_checks = False
    for resource in REGISTRY.values():
        if resource.create is not None and resource.change is not None:
            assert put(reader, f"{resource.slug}/external/erp/1", {}).status_code == 403, resource.key
