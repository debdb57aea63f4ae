"""Fields worked out from others: right at every change of a record, by whichever way, on both databases."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from indexes import indexed, plan_of
from makers import AT

from headwater.intake.run import import_file
from headwater.platform.custom import actions, reckoning
from headwater.platform.custom.declared import fields_of
from headwater.platform.custom.values import path_of
from headwater.platform.errors import Conflict, Invalid
from headwater.platform.models import CustomField, Event
from headwater.platform.resource import REGISTRY
from headwater.platform.search import keeping
from headwater.platform.undo import undo_event

JSON = {"content_type": "application/json"}


@pytest.fixture
def formula(by):
    """A formula of leads: ``formula("amount * 2")`` gives a number, ``formula("…", "TEXT")`` something else."""

    def added(text, result="NUMBER", label="Worked out", noun="qualify.lead"):
        about = {"noun": noun, "label": label, "kind": "FORMULA", "formula": text, "result": result}
        return actions.add_field(**about, by=by, at=AT)

    return added


@pytest.fixture
def number(by):
    """A number of leads called ``cf_floor``."""
    return actions.add_field(noun="qualify.lead", label="Floor", kind="NUMBER", by=by, at=AT)


def faults(call) -> str:
    with pytest.raises(Invalid) as refused:
        call()
    return str(refused.value.fields["formula"][0])


# ---------------------------------------------------------------- kept right


def test_a_result_follows_its_record_in_lists_filters_files_and_search(formula, number, make, client_of, by):
    key = formula('IF(cf_floor > 10, "high " + TEXT(cf_floor), "low")', "TEXT").key
    (pk, other), client = make("qualify.lead", 2), client_of("OWNER")
    assert client.get(f"/api/v1/leads/{pk}").json()[key] is None
    assert client.patch(f"/api/v1/leads/{pk}", {"cf_floor": 12.5}, **JSON).json()[key] == "high 12.5"
    client.post(f"/leads/{other}/cell/cf_floor", {"before-cf_floor": "", "cf_floor": "3"})
    assert [row["id"] for row in client.get("/api/v1/leads", {key: "low"}).json()["items"]] == [other]
    assert [row["id"] for row in client.get("/api/v1/leads", {"q": "high"}).json()["items"]] == [pk]
    assert [row["id"] for row in client.get("/api/v1/leads", {"sort": f"-{key}"}).json()["items"]] == [other, pk]
    assert "high 12.5" in client.get("/leads", {"cols": key}).content.decode()
    assert "high 12.5" in client.get(f"/leads/{pk}").content.decode()
    assert "high 12.5" in client.get(f"/api/v1/leads/export?cols={key}").getvalue().decode()
    undo_event(event_id=Event.objects.filter(verb="platform.changed", subject_id=pk).latest("pk").pk, by=by, at=AT)
    assert client.get(f"/api/v1/leads/{pk}").json()[key] is None


@pytest.mark.parametrize(
    ("text", "result", "kept"),
    [
        ("amount * 0.1 + 0.005", "MONEY", "3400.01"), ("DAYS(arrived_at, DATE(2026, 12, 1))", "NUMBER", "19"),
        ("arrived_at + 30", "DATE", "2026-12-12"), ('UPPER(LEFT(title, 5)) + "!"', "TEXT", "PRINT!"),
        ('interest == "QUOTE_REQUEST" AND amount >= 34000', "YES_NO", True),
    ],
)  # fmt: skip
def test_each_kind_of_result_is_filtered_by_as_what_it_is(text, result, kept, formula, by, client_of):
    """The record is added as programs add it: what it holds is worked out with it."""
    key = formula(text, result).key
    client = client_of("OWNER")
    new = {"name": "Ana", "title": "Printers", "interest": "QUOTE_REQUEST", "amount": "34000",
           "arrived_at": "2026-11-12T09:00:00Z"}  # fmt: skip
    made = client.post("/api/v1/leads", new, **JSON)
    assert made.status_code == 201, made.content
    assert made.json()[key] == kept
    asked = str(kept).lower() if kept is True else kept
    assert [row["id"] for row in client.get("/api/v1/leads", {key: asked}).json()["items"]] == [made.json()["id"]]
    assert client.get("/api/v1/leads", {f"{key}__empty": "true"}).json()["items"] == []


def test_a_file_fills_what_it_is_worked_out_from_but_not_the_result(by, tmp_path, formula):
    city = formula('city + ", " + FIRST(country, "?")', "TEXT", noun="parties.person")
    file = tmp_path / "people.csv"
    file.write_text("E-mail,Name,City,Worked out\nana@fjord.example,Ana Ruiz,Bergen,Oslo\n", encoding="utf-8")
    import_file(file, kind="people", by=by, at=AT)
    model = REGISTRY["parties.person"].searched.model
    ana = model.objects.get(email="ana@fjord.example")
    assert ana.custom == {city.key: f"Bergen, {ana.country or '?'}"} and ana.extra == {"Worked out": "Oslo"}
    file.write_text("E-mail,City\nana@fjord.example,Voss\n", encoding="utf-8")
    import_file(file, kind="people", by=by, at=AT)
    ana.refresh_from_db()
    assert ana.custom[city.key].startswith("Voss, ")


def test_rows_sent_together_and_changed_in_bulk_are_worked_out_together(
    formula, number, make, client_of, django_assert_max_num_queries
):
    key = formula("cf_floor * 2").key
    ids, client = make("qualify.lead", 3), client_of("OWNER")
    client.post("/api/v1/leads/bulk", [{"id": pk, "cf_floor": pk} for pk in ids], **JSON)
    rows = REGISTRY["qualify.lead"].searched.model.objects.in_bulk(ids)
    assert {pk: row.custom[key] for pk, row in rows.items()} == {pk: str(pk * 2) for pk in ids}
    plan = reckoning.plan_of("qualify.lead")
    with django_assert_max_num_queries(2):  # the rows, and the company's zone
        assert plan.changed(ids) == {}


@pytest.mark.parametrize(
    ("noun", "text", "step", "sent"),
    [
        ("qualify.lead", 'stage == "WORKING"', "move", {"stage": "WORKING"}),
        ("qualify.lead", "NOT EMPTY(exited_at)", "disqualify", {"reason": "SPAM"}),
        ("parties.organisation", "EMPTY(archived_at) == FALSE", "archive", {}),
    ],
)
def test_each_step_is_noticed(noun, text, step, sent, formula, make, client_of):
    key = formula(text, "YES_NO", noun=noun).key
    ids, client, slug = make(noun, 2), client_of("OWNER"), REGISTRY[noun].slug
    assert client.get(f"/api/v1/{slug}/{ids[0]}").json()[key] is False
    answer = client.post(f"/api/v1/{slug}/do/{step}", {"ids": ids, **sent}, **JSON)
    assert answer.status_code == 200, answer.content
    rows = REGISTRY[noun].searched.model.objects.in_bulk(ids).values()
    assert [row.custom[key] for row in rows] == [True, True]


def test_a_new_formula_is_worked_out_for_all_there_are(formula, number, make, client_of, by):
    pk, client = make("qualify.lead", 2)[0], client_of("OWNER")
    client.patch(f"/api/v1/leads/{pk}", {"cf_floor": 4}, **JSON)
    row = formula('"gallery " + TEXT(cf_floor)', "TEXT")
    assert client.get(f"/api/v1/leads/{pk}").json()[row.key] is None
    indexed()
    assert client.get(f"/api/v1/leads/{pk}").json()[row.key] == "gallery 4"
    keeping.catch_up()
    assert [item["id"] for item in client.get("/api/v1/leads", {"q": "gallery"}).json()["items"]] == [pk]
    actions.change_field(field_id=row.pk, formula='"level " + TEXT(cf_floor)', by=by, at=AT)
    indexed()
    assert client.get(f"/api/v1/leads/{pk}").json()[row.key] == "level 4"
    fact = Event.objects.filter(verb="platform.fields_reckoned").latest("pk")
    assert fact.data["noun"] == "qualify.lead" and fact.data["rows"] == 1


def test_nobody_waits_while_it_is_looked_for_what_is_not_right_yet(formula, number, make, by):
    make("qualify.lead", 2)
    formula("cf_floor * 2")
    indexed()
    reckoning.reckon_soon("qualify.lead", at=AT)
    with CaptureQueriesContext(connection) as asked:
        indexed()
    said = [query["sql"] for query in asked]
    begun = [at for at, sql in enumerate(said) if sql.startswith("SAVEPOINT")]  # a test is one transaction already
    read = [at for at, sql in enumerate(said) if '"qualify_lead"."custom"' in sql]
    assert read and begun and max(read) < min(begun)


def test_formulas_build_on_each_other_in_whatever_order_they_were_added(formula, number, make, client_of, by):
    first = formula("cf_floor + 1", label="First")
    second = formula("cf_first * 10", label="Second")
    (pk,), client = make("qualify.lead"), client_of("OWNER")
    assert client.patch(f"/api/v1/leads/{pk}", {"cf_floor": 1}, **JSON).json()[second.key] == "20"
    told = faults(lambda: actions.change_field(field_id=first.pk, formula="cf_second + 1", by=by, at=AT))
    assert "First" in told and "Second" in told
    assert "own result" in faults(lambda: actions.change_field(field_id=first.pk, formula="cf_first", by=by, at=AT))


def test_a_record_says_why_it_has_no_result(formula, number, make, client_of):
    key = formula("amount / cf_floor").key
    (pk,), client = make("qualify.lead"), client_of("OWNER")
    assert "It divides by zero." not in client.get(f"/leads/{pk}").content.decode()
    assert client.patch(f"/api/v1/leads/{pk}", {"cf_floor": 0}, **JSON).json()[key] is None
    assert "It divides by zero." in client.get(f"/leads/{pk}").content.decode()
    assert client.patch(f"/api/v1/leads/{pk}", {"cf_floor": 4}, **JSON).json()[key] == "8500"
    assert "It divides by zero." not in client.get(f"/leads/{pk}").content.decode()


def test_nobody_fills_a_result_in(formula, make, client_of):
    key = formula("amount * 2").key
    (pk,), client = make("qualify.lead"), client_of("OWNER")
    assert client.patch(f"/api/v1/leads/{pk}", {key: 5}, **JSON).status_code == 422
    assert f'name="{key}"' not in client.get(f"/leads/{pk}/edit").content.decode()
    assert client.get(f"/leads/{pk}/cell/{key}").status_code != 200
    assert REGISTRY["qualify.lead"].now().importer.target(key) is None
    assert client.get(f"/leads/{pk}/history", {"field": key}).status_code == 404


def test_a_list_filtered_by_a_result_asks_its_index(formula, make):
    for text, result, compared, value in (("amount > 5", "YES_NO", "flag", True), ("amount * 2", "MONEY", "money", 7)):
        row = formula(text, result, label=result)
        indexed()
        rows = REGISTRY["qualify.lead"].searched.model._base_manager
        wanted = rows.filter(**{path_of(row.key, compared): value}).values("pk")
        assert f"custom_{row.pk}_{compared}" in plan_of(wanted)


# ---------------------------------------------------------------- refused


def test_a_faulty_formula_is_not_added(formula):
    for text, told in (
        ("amount + nothing_such", "At character 10, “nothing_such”"), ("title", "another kind of value"),
        ("", "Write a formula"),
        ('stage == "Won"', "NEW, WORKING"), ("owner", "no field of this name"), ("\x00", "Write a text"),
    ):  # fmt: skip
        assert told in faults(lambda text=text: formula(text))


def test_nothing_a_formula_can_say_takes_long(formula, make, client_of):
    """The longest there can be: each doubles what the one before holds, or nests as deep as it may."""
    before, keys = "title", []
    for n in range(6):
        text = "+".join([before] * 40)
        keys.append(formula(text, "TEXT", label=f"Long {n}").key)
        before = keys[-1]
    nested = "amount"
    for _ in range(30):
        nested = f"IF(amount>1,{nested},1)"
    keys.append(formula(nested, label="Deep").key)
    (pk,), client = make("qualify.lead"), client_of("OWNER")
    told = client.patch(f"/api/v1/leads/{pk}", {"title": "x" * 100}, **JSON).json()
    assert told[keys[-1]] == "34000" and not any(told[key] for key in keys[:-1])
    assert "At most 500 characters" in client.get(f"/leads/{pk}").content.decode()


def test_what_a_formula_needs_is_not_taken_away(formula, number, by):
    row = formula("cf_floor + 1")
    with pytest.raises(Conflict, match="Worked out"):
        actions.retire_field(field_id=number.pk, by=by, at=AT)
    with pytest.raises(Invalid, match="Worked out"):
        actions.change_field(field_id=number.pk, kind="TEXT", by=by, at=AT)
    actions.retire_field(field_id=row.pk, by=by, at=AT)
    actions.retire_field(field_id=number.pk, by=by, at=AT)
    assert "no field" in faults(lambda: actions.restore_field(field_id=row.pk, by=by, at=AT))


def test_a_result_is_hidden_from_who_may_not_see_what_it_is_worked_out_from(formula, make, client_of, by):
    margin = formula("amount - FIRST(cost, 0)", "MONEY", noun="sell.order")
    twice = formula(f"{margin.key} * 2", "MONEY", label="Twice", noun="sell.order")
    (pk,) = make("sell.order")
    REGISTRY["sell.order"].searched.model.objects.filter(pk=pk).update(owner=None)
    assert client_of("OWNER").get(f"/api/v1/orders/{pk}").json()[twice.key] == "840.00"
    service = client_of("SERVICE")
    told = service.get(f"/api/v1/orders/{pk}").json()
    assert told["amount"] and margin.key not in told and twice.key not in told
    assert service.get("/api/v1/orders", {twice.key: "840"}).status_code == 422
    assert "Twice" not in service.get(f"/orders/{pk}").content.decode()


# ---------------------------------------------------------------- settings and programs


def test_a_formula_is_tried_on_real_records_before_it_is_added(make, client_of, by):
    make("qualify.lead", 6)
    client, url = client_of("OWNER"), "/settings/fields/formula?of=leads"
    sent = {"label": "Tenth", "result": "MONEY", "formula": "amount / 10", "preview": "1"}
    page = client.post(url, sent).content.decode()
    assert page.count("€3,400") == 5 and not CustomField.objects.filter(label="Tenth").exists()
    page = client.post(url, {**sent, "formula": "amount / nothing"}).content.decode()
    assert "At character 10" in page
    del sent["preview"]
    assert client.post(url, sent).status_code == 302
    row = CustomField.objects.get(label="Tenth")
    assert "amount / 10" in client.get("/settings/fields?of=leads").content.decode()
    page = client.post(f"/settings/fields/{row.pk}", {"label": "Tenth", "formula": "amount / 20", "preview": "1"})
    assert page.content.decode().count("€1,700") == 5
    client.post(f"/settings/fields/{row.pk}", {"label": "Tenth", "formula": "amount / 20"})
    row.refresh_from_db()
    assert row.formula == "amount / 20"
    undo_event(event_id=Event.objects.filter(verb="platform.changed").latest("pk").pk, by=by, at=AT)
    assert next(each for each in fields_of("qualify.lead") if each.id == row.pk).formula == "amount / 10"


def test_programs_try_add_and_change_formulas(make, client_of):
    make("qualify.lead")
    client = client_of("OWNER")
    new = {"noun": "leads", "formula": "amount / 10", "result": "MONEY"}
    tried = client.post("/api/v1/fields/preview", new, **JSON)
    assert tried.status_code == 200 and tried.json()["items"][0]["value"] == "3400.00", tried.content
    for wrong in ({"formula": "foo"}, {"formula": 7}, {"result": ""}, {"result": []}):
        assert client.post("/api/v1/fields/preview", {**new, **wrong}, **JSON).status_code == 422
    made = client.post("/api/v1/fields", {**new, "label": "Tenth", "kind": "FORMULA"}, **JSON)
    assert made.status_code == 201 and made.json()["formula"] == "amount / 10" and made.json()["result"] == "MONEY"
    url = f"/api/v1/fields/{made.json()['id']}"
    assert client.patch(url, {"formula": "amount / 5"}, **JSON).json()["formula"] == "amount / 5"
    assert client.patch(url, {"result": "TEXT"}, **JSON).status_code == 422
    assert client_of("FIELD_REP").post("/api/v1/fields/preview", new, **JSON).status_code == 403
