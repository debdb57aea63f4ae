"""Whatever stands in an address or a body: it is refused in words, or taken as what it is, and never breaks a page."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from makers import nouns_in_turn

from headwater.platform.errors import Invalid
from headwater.platform.filter import OPERATORS, tree_from_params
from headwater.platform.paging import page_of
from headwater.platform.resource import REGISTRY, filtered

VALUES = (
    "2026-01-01", "0001-01-01T00:00+14:00", "9999-12-31", "0000-00-00", "NaN", "Infinity", "1e400", "1e-400",
    "1e9999999", "-1e9999999", "1e-9999999", "0e9999999",
    "99999999999999999999", "-1", "9" * 5_000, "²", "a\x00b", "\x00", "%", "_", "\\", "'", "x" * 60_000, "me",
    "1,2", ",", "2026-01-01,2026-02-01", "\U0001f600", "ß" * 300,
)  # fmt: skip
CURSORS = (
    "abc", "ÿ", "e30", "W10",
    *(
        base64.urlsafe_b64encode(json.dumps(raw).encode()).decode().rstrip("=")
        for raw in (
            {"a": 1, "b": 2, "c": 3}, [0, "abc", "abc"], [0, "notadate", 1], [0, 10**30, 10**30], [0, None, 2**63],
            [0, True, True], [0, "a\x00", 1], [0, "\ud800", 1], [1, 1.5, 1.5], [0, [], {}], 7, "abc", [0, "NaN", "NaN"],
        )
    ),
    base64.urlsafe_b64encode(b"[0,NaN,Infinity]").decode().rstrip("="), "W" * 5_000,
)  # fmt: skip
TEXTS = ("a\x00b", "\ud800", "ß" * 150, "²", "NaN", "99999999999999999999", "1e400", "0001-01-01T00:00")
RAW = (10**30, {"a": 1}, [1, "a"], float("nan"))

TREES = (
    '{"all": [{"column": "\\ud800", "value": 1}]}', '{"any": [{"column": "id", "value": NaN}]}', "[" * 5_000,
    '{"all": [{"column": "owner", "operator": "is", "value": "a\\u0000b"}]}',
)  # fmt: skip
ZONE = ZoneInfo("Pacific/Auckland")
JSON = {"content_type": "application/json"}
nouns = pytest.mark.parametrize("key", REGISTRY)


def no_break(answer, what):
    assert answer.status_code < 500, (answer.status_code, str(what)[:200])


@pytest.mark.slow
@nouns
def test_no_filter_of_a_noun_breaks_its_list(key, by, make):
    """Columns that are alike within the noun: the first of each."""
    make(key)
    resource = REGISTRY[key].now()
    try_values(resource, unlike(resource, by), by)


def unlike(resource, by):
    """Columns of one kind that are looked for in one way are alike, near and behind a relation."""
    found = {}
    for column in resource.columns:
        way = (column.kind, type(field_of(resource, column, by)), "__" in column.orm_path, bool(column.choices))
        found.setdefault(way, column)
    return list(found.values())


def field_of(resource, column, by):
    """What the database compares: a field, or nothing where an expression is."""
    field = None
    model = resource.rows(by).model
    for name in column.orm_path.split("__"):
        field = next((each for each in model._meta.get_fields() if each.name == name), None)
        model = getattr(field, "related_model", None) or model
    return field


def try_values(resource, columns, by):
    rows = resource.rows(by)  # the same for every value: written once
    resource = replace(resource, rows=lambda _actor: rows)
    for column in columns:
        for operator in ("", *OPERATORS):
            name = f"{column.key}__{operator}" if operator else column.key
            for value in VALUES:
                try:
                    tree = tree_from_params({name: value}, resource.by_key)
                    list(filtered(resource, by, tree, zone=ZONE).values_list("pk")[:1])
                except Invalid as refusal:
                    assert str(refusal).encode(), "what is said can be shown"
                except Exception as error:
                    raise AssertionError(f"{name}={value[:40]!r}") from error


@nouns
def test_no_cursor_breaks_a_list(key, by, make):
    make(key, 2)
    resource = REGISTRY[key].now()
    for column in (column for column in resource.columns if column.sortable):
        for cursor in CURSORS:
            try:
                page_of(resource.rows(by), resource, sort=column.key, cursor=cursor)
            except Invalid:
                continue
            except Exception as error:
                raise AssertionError(f"{column.key} {cursor[:40]}") from error


@pytest.mark.parametrize("key", nouns_in_turn())
def test_no_address_breaks_a_page_or_the_api(key, client_of, make):
    make(key)
    client, resource = client_of("OWNER"), REGISTRY[key].now()
    for base in (f"/{resource.slug}", f"/api/v1/{resource.slug}"):
        for value in ("a\x00b", "9" * 5_000, "²", "x" * 2_000, "%", "\U0001f600"):
            for name in ("q", "sort", "limit", "cursor", "view", "cols", "filter", resource.columns[0].key):
                no_break(client.get(base, {name: value}), (base, name, value))
        for tree in TREES:
            no_break(client.get(base, {"filter": tree}), tree)
        for pk in (0, 2**63, 10**30):
            no_break(client.get(f"{base}/{pk}"), pk)


@pytest.mark.slow
@nouns
def test_no_body_breaks_a_form_or_the_api(key, client_of, make):
    """Fields of one name and kind are read alike, whichever command has them."""
    [pk] = make(key)
    client, resource = client_of("OWNER"), REGISTRY[key].now()
    commands = [("", resource.create), (f"/{pk}", resource.change)]
    commands += [(f"/{pk}/do/{command.key}", command) for command in resource.commands]
    tried = set()
    for path, command in commands:
        if command is None:
            continue
        send = client.patch if command is resource.change else client.post
        fields = command.form.base_fields
        plain = {name: ok(field) for name, field in fields.items() if field.required}
        for name in sorted(name for name in fields if (name, type(fields[name])) not in tried):
            tried.add((name, type(fields[name])))
            for value in (*TEXTS, *RAW):
                body = json.dumps({**plain, name: value})
                no_break(send(f"/api/v1/{resource.slug}{path}", body, **JSON), (path, name, value))


def test_a_number_is_never_written_out_with_a_thousand_million_noughts(client_of):
    """Sixteen bytes in the body were a gigabyte in memory."""
    client, began = client_of("OWNER"), time.process_time()
    for number in ("1e999999999", "1e-999999999", "0e999999999", "-1.5E+99999999", "1" + "0" * 100):
        told = client.post("/api/v1/leads/bulk", f'[{{"name": "Ada", "amount": {number}}}]', **JSON).json()
        assert told["rejected"] == 1 and "is not a number" in told["items"][0]["errors"][0], number
    for address in ("/opportunities", "/api/v1/opportunities"):
        assert client.get(address, {"amount__gte": "1e999999999"}).status_code == 422
    assert time.process_time() - began < 5


PART = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n'


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k1"}])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", PART + b"Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", (PART + b"\r\nx\r\n") * 300 + b"--b--"),
        ("multipart/form-data; boundary=b", PART.replace(b'; filename="a"', b"") * 3_000 + b"\r\nx\r\n--b--"),
    ],
)
def test_a_form_that_is_none_is_refused(kind, body, key, client_of, make):
    [pk] = make("parties.person")
    answer = client_of("OWNER").post(f"/api/v1/people/{pk}/files", body, content_type=kind, headers=key)
    assert 400 <= answer.status_code < 500, answer.content


def test_a_form_where_json_is_wanted_is_refused(client_of):
    browser = client_of("OWNER", enforce_csrf_checks=True)
    browser.get("/account")
    sent = {"name": "Fair", "csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
    for headers in ({}, {"Idempotency-Key": "k1"}):
        assert browser.post("/api/v1/sources", sent, headers=headers).json()["code"] == "bad_form"


def test_no_number_in_an_address_is_larger_than_it_may_be(client_of, make):
    client, pair = client_of("OWNER"), ",".join(map(str, make("parties.person", 2)))
    for number in ("9" * 5_000, "9" * 25, "²", "٣", "00001" + "9" * 30):
        no_break(client.get("/duplicates", {"after": number}), number)
        no_break(client.get("/people/merge", {"ids": pair, "keep": number}), number)
        no_break(client.get("/people/merge", {"ids": f"{pair},{number}"}), number)
        no_break(client.get("/leads/new", {"party_id": number}), number)
        no_break(client.get("/opportunities/new", {"lead_id": number}), number)
        no_break(client.get("/where-sales-come-from/freshness", {"position": number}), number)
        for page in ("search", "leads", "changes"):
            assert client.get(f"/api/v1/{page}", {"q": "an", "limit": number}).status_code == 422, (page, number)


@nouns
def test_no_list_of_ids_breaks_a_step_for_many(key, client_of, make):
    make(key)
    client, resource = client_of("OWNER"), REGISTRY[key].now()
    for command in resource.commands:
        if command.run_many is not None:
            for ids in ([2**63], [10**30], [-1], ["9" * 5_000], ["²"], ["\x00"]):
                no_break(client.post(f"/{resource.slug}/do/{command.key}", {"ids": ids}), ids)
                no_break(
                    client.post(f"/api/v1/{resource.slug}/do/{command.key}", json.dumps({"ids": ids}), **JSON), ids
                )


def ok(field: forms.Field):
    """Something the field takes, as far as that can be told."""
    if isinstance(field, forms.ChoiceField):
        return next((value for value, _ in field.choices if value), "")
    if isinstance(field, (forms.DecimalField, forms.IntegerField)):
        return "5"
    return "2026-01-05" if isinstance(field, (forms.DateField, forms.DateTimeField)) else "Orla"
