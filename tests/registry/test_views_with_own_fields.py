"""Saved views by fields of the company's own, as by any other column."""

from __future__ import annotations

import pytest
from makers import AT, own_fields, own_key

from headwater.platform.custom import actions
from headwater.platform.custom.extending import MAY_HAVE
from headwater.platform.models import CustomField, ListView
from headwater.platform.resource import REGISTRY

JSON = {"content_type": "application/json"}


@pytest.fixture
def floor(by):
    """A field of leads that the head of sales sees, and no rep."""
    field = actions.add_field(noun="qualify.lead", label="Upper floor", kind="TEXT", by=by, at=AT)
    actions.change_field(field_id=field.pk, seen_by=["HEAD_OF_SALES"], by=by, at=AT)
    return field


@pytest.mark.parametrize("noun", MAY_HAVE)
def test_programs_and_pages_save_them(noun, by, client_of):
    client, slug = client_of("HEAD_OF_SALES"), REGISTRY[noun].slug
    key = own_key(noun, "TEXT") if noun == "qualify.lead" else own_fields(noun)["TEXT"]
    columns, params = ["name", key] if "name" in REGISTRY[noun].by_key else [key], {key: "Third floor"}
    sent = {"noun": slug, "name": "Third", "params": params, "sort": f"-{key}", "columns": columns, "widths": {key: 90}}
    made = client.post("/api/v1/views", sent, **JSON)
    assert made.status_code == 201, made.content
    assert {name: made.json()[name] for name in ("params", "sort", "columns", "widths")} == {
        name: sent[name] for name in ("params", "sort", "columns", "widths")
    }
    query = f"{key}=Third+floor&sort=-{key}&cols={','.join(columns)}"
    answer = client.post(f"/{slug}/views/new", {"name": "By hand", "scope": "PRIVATE", "query": query})
    assert answer.status_code == 302, answer.content
    row = ListView.objects.get(name="By hand")
    assert (row.params, row.sort, row.columns) == (params, f"-{key}", columns)
    assert client.get(f"/{slug}?view={made.json()['id']}").status_code == 200
    assert client.get(f"/api/v1/{slug}?view={made.json()['id']}").status_code == 200


def test_a_view_outlives_its_field(floor, by, client_of):
    client = client_of("HEAD_OF_SALES")
    sent = {"noun": "leads", "name": "Third", "params": {floor.key: "Third"}, "columns": ["name", floor.key]}
    pk = client.post("/api/v1/views", sent, **JSON).json()["id"]
    actions.retire_field(field_id=CustomField.objects.get(key=floor.key).pk, by=by, at=AT)
    assert client.get(f"/leads?view={pk}").status_code == 200
    told = client.get(f"/api/v1/views/{pk}").json()
    assert told["columns"] == ["name"]


def test_nobody_saves_a_field_they_may_not_see(floor, client_of):
    for wrong in ({"params": {floor.key: "Third"}}, {"sort": floor.key}, {"columns": [floor.key]}):
        answer = client_of("FIELD_REP").post("/api/v1/views", {"noun": "leads", "name": "Third", **wrong}, **JSON)
        assert answer.status_code == 422, (wrong, answer.content)
