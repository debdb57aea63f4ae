"""A column that takes a right of its own is not there without it: on no page, in no file, to filter, sort or write."""

import io
import json
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from makers import AT
from python_calamine import CalamineWorkbook

from headwater.intake.profile import read_profile
from headwater.intake.run import import_file
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.events import Changed
from headwater.platform.filter import tree_from_params
from headwater.platform.resource import REGISTRY, filtered
from headwater.platform.testing import make_actor
from headwater.sell import actions as sell
from headwater.sell.models import Order, Product
from headwater.team import rules
from headwater.team.actions.tokens import create_token
from headwater.team.models import Role
from headwater.team.queries import actor_of
from headwater.team.rules import RoleRights, rights_of, roles_that_may
from headwater.web.history import closed_fields
from headwater.web.sentence import sentence

GUARDED = [(key, column) for key, resource in sorted(REGISTRY.items()) for column in resource.columns if column.verb]
CASES = pytest.mark.parametrize(("key", "column"), GUARDED, ids=lambda case: getattr(case, "key", case))


def forms_of(resource):
    return {c.form for c in (resource.create, resource.change, *resource.commands) if c is not None}


def test_costs_are_known_to_those_who_lead():
    assert [column.key for key, column in GUARDED if key == "sell.product"] == ["cost"]
    assert roles_that_may("sell.cost.see") == ["OWNER", "ADMINISTRATOR", "HEAD_OF_SALES"]


@CASES
def test_what_may_not_be_read_may_not_be_written(key, column):
    """Forms and files fill a guarded column under the same right."""
    resource = REGISTRY[key]
    for form in forms_of(resource):
        if column.key in form.base_fields:
            assert form.guarded.get(column.key) == column.rights, form
    target = resource.importer.target(column.key) if resource.importer else None
    assert target is None or target.verb == (column.writes or column.verb)
    assert column.key not in resource.default_order and not any(column.key in view.params for view in resource.views)


@CASES
def test_no_way_around_leads_to_it(key, column):
    """The index of searching knows no rights to columns; nothing else shows its values or cuts lists by them."""
    resource = REGISTRY[key]
    searched = {*resource.searched.name, *resource.searched.words, *resource.searched.tags}
    assert not column.groupable and column.orm_path not in searched
    assert not any(column.key in other.with_columns for other in resource.columns if other.verb != column.verb)
    field = column.orm_path.partition("__")[0]
    others = [other for other in resource.columns if other.orm_path.partition("__")[0] == field and not other.verb]
    assert not others, "another column shows the same value without the right"


@CASES
def test_who_may_only_read_it_does_not_fill_it(key, column, make, client_of, monkeypatch):
    """Not in the form, not in the cell, not through the API, and not from a file."""
    resource = REGISTRY[key]
    [pk] = make(key)
    resource.searched.model.objects.filter(pk=pk).update(**{column.orm_path: "4321.09"})
    verbs = {resource.verb(verb) for verb in ("see", "create", "change", "import")} | {column.verb}
    verbs |= {"parties.person.see", "parties.organisation.see"}
    monkeypatch.setitem(rules.ROLE_RIGHTS, "SERVICE", RoleRights(frozenset(verbs), "ALL"))
    client = client_of("SERVICE")
    assert client.get(f"/api/v1/{resource.slug}/{pk}").json()[column.key] is not None
    assert "4,321" in client.get(f"/{resource.slug}/{pk}").content.decode()
    assert "4321.09" not in client.get(f"/{resource.slug}/{pk}/edit").content.decode()
    body = json.dumps({column.key: "5"})
    answer = client.patch(f"/api/v1/{resource.slug}/{pk}", body, content_type="application/json")
    assert answer.status_code == 422 and answer.json()["errors"][column.key][0].startswith("There is no such")
    client.post(f"/{resource.slug}/{pk}/edit", {column.key: "5"})
    row = resource.searched.model.objects.get(pk=pk)
    assert getattr(row, column.orm_path) == Decimal("4321.09")
    actor = make_actor(*verbs)
    assert resource.importer is None or resource.importer.for_actor(actor).target(column.key) is None
    with pytest.raises(NotAllowed):
        resource.change.run(**{resource.change.id_name: pk}, **{column.key: None}, by=actor, at=AT)


@pytest.fixture
def without(client_of, monkeypatch):
    """A browser of somebody with every right to a noun but the one to this column; they know the customers."""

    def signed_in(key, column):
        verbs = {REGISTRY[key].verb(verb) for verb in ("see", "export", "create", "change", "import")}
        verbs |= {"parties.person.see", "parties.organisation.see"}
        assert column.verb not in verbs
        monkeypatch.setitem(rules.ROLE_RIGHTS, "SERVICE", RoleRights(frozenset(verbs), "ALL"))
        return client_of("SERVICE")

    return signed_in


@CASES
def test_it_is_neither_on_pages_nor_in_files_nor_in_the_api(key, column, make, client_of, without):
    resource = REGISTRY[key]
    [pk] = make(key)
    resource.searched.model.objects.filter(pk=pk).update(**{column.orm_path: "4321.09"})

    def seen(client):
        base, api = f"/{resource.slug}", f"/api/v1/{resource.slug}"
        everything = ",".join(c.key for c in resource.columns)
        book = b"".join(client.get(f"{base}/export.xlsx?cols={everything}").streaming_content)
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
        return {
            "list": "4.3k" in client.get(f"{base}?cols={everything}").content.decode(),
            "chooser": f'value="{column.key}"' in client.get(base).content.decode(),
            "record": "4,321" in client.get(f"{base}/{pk}").content.decode(),
            "edit": "4321.09" in client.get(f"{base}/{pk}/edit").content.decode(),
            "csv": b"4321.09" in b"".join(client.get(f"{base}/export.csv?cols={everything}").streaming_content),
            "xlsx": any(4321.09 in row for row in sheet),
            "api list": column.key in client.get(api).json()["items"][0],
            "api record": column.key in client.get(f"{api}/{pk}").json(),
            "page filter": client.get(f"{base}/filter?column={column.key}").status_code == 200,
            "page sort": client.get(f"{base}?sort={column.key}").status_code == 200,
            "api sort": client.get(f"{api}?sort={column.key}").status_code == 200,
            "api filter": client.get(f"{api}?{column.key}__gt=1").status_code == 200,
            "api tree": client.get(
                api, {"filter": json.dumps({"all": [{"column": column.key, "operator": "gt", "value": 1}]})}
            ).status_code == 200,
        }  # fmt: skip

    assert all(seen(client_of("OWNER")).values()), seen(client_of("OWNER"))
    assert not any(seen(without(key, column)).values()), seen(without(key, column))


@CASES
def test_what_it_was_before_is_told_to_nobody_else(key, column, make, by, client_of, without):
    """Not in the record's history, not by its own address, not through the API, not on the customer's timeline."""
    resource = REGISTRY[key]
    [pk] = make(key)
    change = resource.change
    for value in ("4321.09", "1234.56"):
        change.run(**{change.id_name: pk}, **{column.key: Decimal(value)}, by=by, at=AT)
    party_id = resource.party_of(resource.rows(by).get(pk=pk))
    pages = [f"/{resource.slug}/{pk}/history", f"/{resource.slug}/{pk}/history?field={column.key}"]
    told = [*pages, *(f"/api/v1{page}" for page in pages)]

    def seen(client):
        answers = [client.get(page) for page in told] + [client.get(page, HTTP_HX_REQUEST="true") for page in pages]
        found = [any(text in each.content.decode() for text in ("4,321", "4321.09")) for each in answers]
        if party_id is not None:
            found.append(
                f"Changed {column.label.lower()}" in client.get(f"/parties/{party_id}/journey").content.decode()
            )
        return found

    assert all(seen(client_of("OWNER"))), seen(client_of("OWNER"))
    stranger = without(key, column)
    assert not any(seen(stranger)), seen(stranger)
    assert stranger.get(f"/api/v1{pages[0]}").json()["items"] == []
    assert stranger.get(pages[1]).status_code == 404 == stranger.get(f"/api/v1{pages[1]}").status_code


@CASES
def test_an_edit_of_several_fields_names_only_those_one_may_read(key, column):
    said = sentence(Changed, {"names": "x", "fields": {column.key: [1, 2], "note": ["", "a"]}}, {}, subject_type=key,
                    closed=closed_fields(key, make_actor(REGISTRY[key].verb("see"))))  # fmt: skip
    assert said == "Changed note"
    assert column.key in closed_fields(key, make_actor()) and not closed_fields(key, make_actor("*"))


@CASES
def test_it_is_not_written_by_the_api(key, column, make, without):
    resource = REGISTRY[key]
    [pk] = make(key)
    client = without(key, column)
    for method, address in (("post", f"/api/v1/{resource.slug}"), ("patch", f"/api/v1/{resource.slug}/{pk}")):
        answer = getattr(client, method)(address, json.dumps({column.key: "5"}), content_type="application/json")
        assert answer.status_code == 422 and answer.json()["errors"][column.key][0].startswith("There is no such")


@CASES
def test_no_filter_of_anybody_reaches_it(key, column, make):
    actor = make_actor(REGISTRY[key].verb("see"))
    with pytest.raises(Invalid):
        filtered(REGISTRY[key], actor, tree_from_params({f"{column.key}__gt": "1"}, REGISTRY[key].by_key))


def test_a_token_that_reads_reads_what_its_user_may(make, by, people, client):
    make("sell.product")
    for role, is_there in (("OWNER", True), ("FIELD_REP", False)):
        owner = actor_of(people[role])
        _token, secret = create_token(user_id=owner.user_id, name="Test", scopes=("read",), by=owner, at=AT)
        [row] = client.get("/api/v1/products", HTTP_AUTHORIZATION=f"Bearer {secret}").json()["items"]
        assert ("cost" in row) is is_there


@pytest.mark.parametrize("cost", ["cost", "", None], ids=["mapped", "kept with the record", "not spoken of"])
def test_a_file_fills_it_only_for_those_who_may(cost, by, people, tmp_path):
    path = tmp_path / "products.csv"
    path.write_text("Name,Cost\nInk,12.50\n")
    columns = {"Name": "name"} | ({} if cost is None else {"Cost": cost})
    profile, _ = read_profile({"name": "test", "kind": "products", "columns": columns})
    clerk = make_actor("sell.product.*", "intake.*", user_id=people["SERVICE"].pk)
    batch = import_file(path, kind="products", profile=profile, by=clerk, at=AT)
    product = Product.objects.get()
    assert (product.name, product.cost, product.extra) == ("Ink", None, {})
    assert batch.checkpoint["guesses"] == ["Cost: left out, because you may not fill “Cost”."]
    if cost:
        import_file(path, kind="products", profile=profile, by=by, at=AT)
        assert Product.objects.get().cost is not None
    assert REGISTRY["sell.product"].importer.for_actor(clerk).target("cost") is None


def test_the_page_of_a_file_says_what_may_not_be_filled(people, client_of, monkeypatch):
    verbs = {
        "sell.product.see",
        "sell.product.import",
        "intake.batch.see",
        "intake.batch.create",
        "intake.batch.change",
    }
    monkeypatch.setitem(rules.ROLE_RIGHTS, "SERVICE", RoleRights(frozenset(verbs), "ALL"))
    client = client_of("SERVICE")
    file = SimpleUploadedFile("products.csv", b"Name,Unit cost\nInk,12.50\n", "text/csv")
    answer = client.post("/imports/new", {"kind": "products", "file": file}, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200 and "Unit cost: left out, because you may not fill “Cost”." in page
    assert '<option value="-" selected>' in page and '<option value="cost"' not in page


def test_a_margin_takes_the_same_right(make, by, client_of, people):
    [pk] = make("sell.order")
    Order.objects.filter(pk=pk).update(cost="4.20", owner=people["FIELD_REP"], team=people["FIELD_REP"].team)
    assert "Margin" in client_of("HEAD_OF_SALES").get(f"/orders/{pk}").content.decode()
    assert "Margin" not in client_of("FIELD_REP").get(f"/orders/{pk}").content.decode()


def test_a_rep_wins_without_saying_what_it_cost(make, people):
    rep = actor_of(people["FIELD_REP"])
    [pk] = make("sell.opportunity")
    sell.assign_opportunity(opportunity_id=pk, owner_id=rep.user_id, by=actor_of(people["OWNER"]), at=AT)
    with pytest.raises(NotAllowed):
        sell.win_opportunity(opportunity_id=pk, cost=1, by=rep, at=AT)
    sell.win_opportunity(opportunity_id=pk, by=rep, at=AT)


@pytest.mark.parametrize("role", Role.values)
def test_who_may_start_a_conversion_can_end_it(role):
    rights = make_actor(*rights_of(role).verbs)
    assert not rights.may("qualify.lead.convert") or rights.may("sell.opportunity.create")
