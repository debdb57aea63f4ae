"""Views that people save: whose they are, who sees them, and what they are at every entrance."""

import json
import re
from urllib.parse import parse_qsl

import pytest
from django.test import Client
from makers import AT

from headwater.platform.errors import Conflict, Invalid, NotAllowed, NotFound
from headwater.platform.lists import actions
from headwater.platform.lists.kept import start_of, view_of, views_of, visible_views, with_view
from headwater.platform.models import Event, ListView
from headwater.platform.resource import REGISTRY
from headwater.platform.undo import undo_event
from headwater.qualify.models import Lead
from headwater.team import rules
from headwater.team.actions.tokens import create_token
from headwater.team.models import Team
from headwater.team.queries import actor_of
from headwater.team.rules import RoleRights
from headwater.web.liststate import state_of

HX = {"HTTP_HX_REQUEST": "true"}

LEADS = REGISTRY["qualify.lead"]


@pytest.fixture
def of(people):
    return lambda role: actor_of(people[role])


def save(by, name="Hot ones", **values):
    values = {"noun": "qualify.lead", "params": {"stage": "MQL"}, **values}
    return actions.save_view(name=name, by=by, at=AT, **values)


def names(actor):
    return [view.label for view in views_of(LEADS, actor)][len(LEADS.views) :]


def last():
    return Event.objects.order_by("-pk").first().pk


# Whose they are ------------------------------------------------------------------------------------------


def test_a_private_view_is_its_owners_alone(of):
    rep, head = of("FIELD_REP"), of("HEAD_OF_SALES")
    row = save(rep)
    assert names(rep) == ["Hot ones"] and names(head) == []
    for step in (
        lambda: view_of(LEADS, head, str(row.pk)),
        lambda: actions.change_view(view_id=row.pk, by=head, at=AT, name="Mine now"),
        lambda: actions.delete_view(view_id=row.pk, by=head, at=AT),
        lambda: undo_event(event_id=last(), by=head, at=AT),
        lambda: view_of(LEADS, head, "999999"),
    ):
        with pytest.raises(NotFound) as refusal:
            step()
        assert "Hot ones" not in refusal.value.text


def test_a_team_shares_and_others_do_not_see_it(of, people):
    rep = of("FIELD_REP")
    row = save(rep, scope="TEAM")
    assert names(of("INSIDE_SALES")) == ["Hot ones"]
    people["SERVICE"].team = Team.objects.create(name="Elsewhere")
    assert not visible_views(of("SERVICE")).exists()
    with pytest.raises(NotAllowed):  # seen is not owned
        actions.change_view(view_id=row.pk, by=of("INSIDE_SALES"), at=AT, name="Ours")
    people["FIELD_REP"].team = None
    with pytest.raises(Invalid):
        save(actor_of(people["FIELD_REP"]), scope="TEAM")


def test_sharing_with_everybody_takes_the_right(of):
    rep, head = of("FIELD_REP"), of("HEAD_OF_SALES")
    with pytest.raises(NotAllowed):
        save(rep, scope="EVERYBODY")
    row = save(rep)
    with pytest.raises(NotAllowed):
        actions.change_view(view_id=row.pk, by=rep, at=AT, scope="EVERYBODY")
    for_all = save(head, scope="EVERYBODY", opens_for=["FIELD_REP"])
    assert names(rep) == ["Hot ones", "Hot ones"]
    with pytest.raises(NotAllowed):
        actions.delete_view(view_id=for_all.pk, by=rep, at=AT)
    actions.change_view(view_id=for_all.pk, by=of("OWNER"), at=AT, name="For all")
    assert names(rep) == ["Hot ones", "For all"]
    with pytest.raises(NotAllowed):
        save(rep, opens_for=["FIELD_REP"])


def test_who_may_not_see_the_noun_has_no_views_of_it(of):
    with pytest.raises(NotAllowed):
        save(of("SERVICE"))


def test_a_view_holds_only_what_its_list_takes(of):
    head = of("HEAD_OF_SALES")
    for wrong in (
        {"params": {"shoe_size": "44"}},
        {"params": {"amount__gte": "many"}},
        {"params": {"filter": "not json"}},
        {"params": {"stage": ["MQL"]}},
        {"params": {"q": "x" * 9000}},
        {"sort": "shoe_size"},
        {"columns": ["shoe_size"]},
        {"widths": {"stage": 9000}},
        {"scope": "WORLD"},
        {"opens_for": ["KING"]},
        {"name": "  "},
        {"noun": "qualify.nothing"},
    ):
        with pytest.raises(Invalid):
            save(head, **wrong)
    assert not ListView.objects.exists()
    with pytest.raises(Invalid):
        actions.change_view(view_id=save(head).pk, by=head, at=AT, owner_id=1)


def test_nobody_collects_views_without_end(of, monkeypatch):
    monkeypatch.setattr(actions, "MOST_VIEWS", 2)
    rep = of("FIELD_REP")
    save(rep), save(rep)
    with pytest.raises(Conflict):
        save(rep)


def test_every_step_has_its_fact_and_its_way_back(of):
    rep, head = of("FIELD_REP"), of("HEAD_OF_SALES")
    row = save(rep)
    actions.change_view(view_id=row.pk, by=rep, at=AT, name="Warm ones", scope="TEAM", params={"stage": "SAL"})
    changed = Event.objects.get(pk=last())
    assert changed.verb == "platform.changed" and changed.subject_type == "platform.view"
    assert "name" not in changed.data["fields"], "a name may be a customer's"
    undo_event(event_id=changed.pk, by=rep, at=AT)
    row.refresh_from_db()
    assert (row.name, row.scope, row.team_id, row.params) == ("Hot ones", "PRIVATE", None, {"stage": "MQL"})
    actions.delete_view(view_id=row.pk, by=rep, at=AT)
    deleted = last()
    assert names(rep) == []
    with pytest.raises(NotFound):
        undo_event(event_id=deleted, by=head, at=AT)
    undo_event(event_id=deleted, by=rep, at=AT)
    assert names(rep) == ["Hot ones"]
    taken_back = save(rep, name="Typed twice")
    undo_event(event_id=last(), by=rep, at=AT)
    assert names(rep) == ["Hot ones"] and ListView.objects.get(pk=taken_back.pk).deleted_at


def test_undo_does_not_share_what_one_may_not_share_any_more(of, people):
    head = of("HEAD_OF_SALES")
    row = save(head, scope="EVERYBODY")
    actions.change_view(view_id=row.pk, by=head, at=AT, scope="PRIVATE")
    people["HEAD_OF_SALES"].role = "FIELD_REP"
    with pytest.raises(NotAllowed):
        undo_event(event_id=last(), by=actor_of(people["HEAD_OF_SALES"]), at=AT)


# What they are -------------------------------------------------------------------------------------------


def test_a_view_is_spelled_out_and_what_stands_beside_it_wins(of):
    rep = of("FIELD_REP")
    row = save(rep, params={"stage": "MQL", "q": "print"}, sort="-arrived_at")
    key = str(row.pk)
    assert with_view(LEADS, rep, {"view": key}) == {"stage": "MQL", "q": "print", "sort": "-arrived_at"}
    assert with_view(LEADS, rep, {"view": key, "stage": "", "sort": "amount", "limit": "5"}) == {
        "q": "print", "sort": "amount", "limit": "5",
    }  # fmt: skip
    assert with_view(LEADS, rep, {"stage": "NEW"}) == {"stage": "NEW"}
    assert with_view(LEADS, rep, {"view": "mine"})["owner"] == "me"


def test_a_column_that_went_leaves_the_view_standing(of):
    rep = of("FIELD_REP")
    row = save(rep)
    ListView.objects.update(columns=["stage", "shoe_size"], sort="shoe_size,-arrived_at")
    view = view_of(LEADS, rep, str(row.pk))
    assert (view.columns, view.sort) == (["stage"], "-arrived_at")


@pytest.mark.parametrize(
    "params",
    [
        {"cost__gte": "4321.09"},
        {"filter": '{"any": [{"column": "cost", "operator": "gte", "value": "4321.09"}]}', "q": "Atlas"},
    ],
)
def test_a_shared_view_tells_nothing_of_a_column_its_reader_may_not_read(of, client_of, make, params):
    """And it opens for them: a condition they may not set made a dead end of a colleague's tab."""
    make("sell.product")
    row = actions.save_view(
        noun="sell.product", name="Costly", params=params, sort="-cost", columns=["name", "cost"], widths={"cost": 90},
        scope="EVERYBODY", by=of("OWNER"), at=AT,
    )  # fmt: skip
    reader, key = client_of("FIELD_REP"), row.pk
    told = reader.get(f"/api/v1/views/{key}").json()
    assert "cost" not in str({**told, "name": ""}) and told["columns"] == ["name"] and told["sort"] == ""
    assert told["params"] == ({"q": "Atlas"} if "q" in params else {})
    for address in ("", "/filter", "/totals", "/views/new"):
        page = reader.get(f"/products{address}?view={key}")
        assert page.status_code == 200 and b"4321.09" not in page.content, address
    assert reader.get(f"/api/v1/products?view={key}").status_code == 200
    assert client_of("OWNER").get(f"/api/v1/views/{key}").json()["params"] == params


def test_a_list_begins_with_the_view_one_chose_or_the_one_for_the_role(of):
    rep, head = of("FIELD_REP"), of("HEAD_OF_SALES")
    assert start_of(LEADS, rep, "") == ""
    row = save(head, scope="EVERYBODY", opens_for=["FIELD_REP"])
    assert start_of(LEADS, rep, "") == str(row.pk) and start_of(LEADS, head, "") == ""
    assert start_of(LEADS, rep, "mine") == "mine" and start_of(LEADS, rep, "all") == "all"
    private = save(head)
    assert start_of(LEADS, rep, str(private.pk)) == str(row.pk), "a view out of sight is no start"


# The API -------------------------------------------------------------------------------------------------


@pytest.fixture
def program(people):
    """A program of somebody of this role."""

    def client(role, *scopes):
        by = actor_of(people[role])
        _token, secret = create_token(user_id=by.user_id, name="Test", scopes=scopes or ("write",), by=by, at=AT)
        return Client(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {secret}")

    return client


def send(client, method, path, **body):
    return getattr(client, method)(f"/api/v1{path}", json.dumps(body), content_type="application/json")


def test_programs_save_change_and_delete_views(program, make):
    first, second, _third = make("qualify.lead", 3)
    Lead.objects.filter(pk__in=(first, second)).update(stage="MQL")
    client = program("HEAD_OF_SALES")
    made = send(client, "post", "/views", noun="leads", name="Hot", params={"stage": "MQL"}, sort="id")
    assert made.status_code == 422 and "sort" in made.json()["errors"], made.json()
    made = send(client, "post", "/views", noun="leads", name="Hot", params={"stage": "MQL"}, sort="-arrived_at")
    assert made.status_code == 201 and made["Location"] == f"/api/v1/views/{made.json()['id']}"
    pk = made.json()["id"]
    listed = client.get(f"/api/v1/leads?view={pk}").json()["items"]
    assert {row["id"] for row in listed} == {first, second}
    assert client.get(f"/api/v1/leads/count?view={pk}").json()["count"] == 2
    assert client.get(f"/api/v1/leads/count?view={pk}&stage=").json()["count"] == 3
    assert client.get("/api/v1/leads?view=open").status_code == 200
    assert client.get("/api/v1/leads?view=long_gone").status_code == 404
    changed = send(client, "patch", f"/views/{pk}", scope="EVERYBODY", widths={"stage": 120})
    assert changed.json()["scope"] == "EVERYBODY" and changed.json()["params"] == {"stage": "MQL"}
    assert [view["id"] for view in client.get("/api/v1/views?noun=leads").json()["items"]] == [pk]
    assert client.get("/api/v1/views?noun=people").json()["items"] == []
    assert client.delete(f"/api/v1/views/{pk}").status_code == 204
    assert client.get(f"/api/v1/views/{pk}").status_code == 404
    assert client.get(f"/api/v1/leads?view={pk}").status_code == 404


def test_programs_reach_no_further_than_their_person(program, of):
    row = save(of("FIELD_REP"))
    other = program("HEAD_OF_SALES")
    for answer in (
        other.get(f"/api/v1/views/{row.pk}"),
        other.get(f"/api/v1/leads?view={row.pk}"),
        other.get(f"/api/v1/leads/count?view={row.pk}"),
        send(other, "patch", f"/views/{row.pk}", name="x"),
        other.delete(f"/api/v1/views/{row.pk}"),
    ):
        assert answer.status_code == 404 and answer["Content-Type"] == "application/problem+json"
    assert other.get("/api/v1/views").json()["items"] == []
    reader = program("FIELD_REP", "read")
    assert reader.get(f"/api/v1/views/{row.pk}").status_code == 200
    assert send(reader, "post", "/views", noun="leads", name="x").status_code == 403
    assert send(reader, "patch", f"/views/{row.pk}", name="x").status_code == 403
    assert reader.delete(f"/api/v1/views/{row.pk}").status_code == 403
    own = program("FIELD_REP")
    assert send(own, "patch", f"/views/{row.pk}", scope="EVERYBODY").status_code == 403
    assert send(own, "patch", f"/views/{row.pk}", owner_id=1).status_code == 422
    assert send(program("SERVICE"), "post", "/views", noun="leads", name="x").status_code == 403
    shared = save(of("HEAD_OF_SALES"), scope="EVERYBODY")
    assert program("SERVICE").get(f"/api/v1/views/{shared.pk}").status_code == 404, "no leads, no views of leads"
    assert Client().get("/api/v1/views").status_code == 401


def test_wrong_bodies_are_refused_in_words(program):
    client = program("OWNER")
    assert send(client, "post", "/views").status_code == 422
    for wrong in (
        {"noun": "nothing"}, {"params": []}, {"columns": "stage"}, {"columns": [[]]}, {"widths": {"stage": "1"}},
        {"scope": {}}, {"sort": 5}, {"name": ["x"] * 90}, {"name": None}, {"opens_for": [{}]}, {"id": 7},
    ):  # fmt: skip
        body = {"noun": "leads", "name": "x", **wrong}
        assert send(client, "post", "/views", **body).status_code == 422, body
    assert client.post("/api/v1/views", "nonsense", content_type="application/json").status_code == 400


# The page ------------------------------------------------------------------------------------------------


def words(answer):
    return answer.content.decode()


def toast(answer):
    return json.loads(answer["HX-Trigger"])["toast"]


def tabs(page):
    nav = page.split('id="list-tabs"')[1].split("</nav>")[0]
    return [re.sub(r"<[^>]+>", "", tab).strip() for tab in re.findall(r"<a .*?</a>", nav, re.S)]


def test_a_list_becomes_a_tab_that_holds_it(client_of, make, of):
    first, second = make("qualify.lead", 2)
    Lead.objects.filter(pk=first).update(stage="MQL")
    client = client_of("FIELD_REP")
    page = words(client.get("/leads?view=all&stage=MQL&sort=-arrived_at"))
    assert "/leads/views/new?view=all&amp;stage=MQL" in page or "/leads/views/new?stage=MQL" in page
    query = "view=all&stage=MQL&sort=-arrived_at&cols=name,stage"
    assert f'value="{query.replace("&", "&amp;")}"' in words(client.get(f"/leads/views/new?{query}", **HX)).replace(
        "%2C", ","
    )
    made = client.post("/leads/views/new", {"name": "Hot ones", "scope": "TEAM", "query": query})
    row = ListView.objects.get()
    assert made["Location"] == f"/leads?view={row.pk}"
    after = client.get(made["Location"], HTTP_HX_TARGET="main", **HX)
    assert 'id="main"' in words(after), "after a write the whole page comes, of which htmx takes the main part"
    assert (row.params, row.sort, row.scope) == ({"stage": "MQL"}, "-arrived_at", "TEAM")
    assert "Hot ones" in tabs(words(client.get("/leads")))
    counted = words(client_of("OWNER").get(f"/leads/counts?view={row.pk}", **HX))
    assert "Hot ones" in counted and "1</span>" in counted
    assert client_of("OWNER").get(f"/leads/{second}?in=view%3D{row.pk}").status_code == 200


def test_the_address_of_a_view_comes_back_as_it_was(of):
    rep = of("FIELD_REP")
    key = str(save(rep, params={"stage": "MQL", "q": "print"}, sort="-arrived_at").pk)
    grouped = str(save(rep, name="By stage", params={"group": "stage"}).pk)
    for params in (
        {"view": key},
        {"view": key, "stage": ""},
        {"view": key, "q": ""},
        {"view": key, "q": "copy", "interest": "ENQUIRY"},
        {"view": key, "sort": "arrived_at", "cols": "stage,name"},
        {"view": key, "group": "stage"},
        {"view": grouped},
        {"view": grouped, "group": ""},
        {"view": grouped, "group": "owner", "sort": "-amount,name"},
        {"view": "mine"},
        {"view": "all"},
        {"stage": "NEW", "q": "x"},
    ):
        state = state_of(LEADS, params, "/leads", rep)
        assert state.params() == params
        again = state_of(LEADS, dict(parse_qsl(state.url().partition("?")[2], keep_blank_values=True)), "/leads", rep)
        assert (again, again.conditions, again.search) == (state, state.conditions, state.search)
        plain = state_of(LEADS, state.spelled(), "/leads", rep)
        assert (plain.conditions, plain.search, plain.order) == (state.conditions, state.search, state.order)
        assert state.is_edited == (params.get("view", "") in (key, grouped) and len(params) > 1)
        assert (again.group, plain.group) == (state.group, state.group)


def test_an_edited_view_is_saved_saved_as_new_or_reset(client_of, of):
    key = save(of("FIELD_REP")).pk
    client = client_of("FIELD_REP")
    assert "dot-edited" not in words(client.get(f"/leads?view={key}"))
    page = words(client.get(f"/leads?view={key}&stage=SAL"))
    assert "dot-edited" in page and f'action="/leads/views/{key}/save"' in page and f'href="/leads?view={key}"' in page
    saved = client.post(f"/leads/views/{key}/save", {"query": f"view={key}&stage=SAL"}, **HX)
    assert ListView.objects.get().params == {"stage": "SAL"}
    client.post(toast(saved)["undo_url"])
    assert ListView.objects.get().params == {"stage": "MQL"}


def test_somebody_elses_shared_view_is_only_saved_as_new(client_of, of):
    key = save(of("HEAD_OF_SALES"), scope="EVERYBODY").pk
    client = client_of("FIELD_REP")
    page = words(client.get(f"/leads?view={key}&stage=SAL"))
    assert "Save as new" in page and f"/views/{key}/save" not in page and f"/views/{key}/delete" not in page
    for address in (f"/leads/views/{key}/save", f"/leads/views/{key}/delete", f"/leads/views/{key}/edit"):
        assert client.post(address, {"query": ""}).status_code == 403
    assert ListView.objects.get(deleted_at=None).params == {"stage": "MQL"}


def test_a_link_to_a_private_view_says_that_it_is_private(client_of, of):
    key = save(of("FIELD_REP"), name="Quiet one").pk
    client = client_of("HEAD_OF_SALES")
    for address in (f"/leads?view={key}", f"/leads/counts?view={key}", f"/leads/export.csv?view={key}",
                    f"/leads/views/{key}/edit", "/leads?view=424242", f"/people?view={key}"):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 404, address
        assert "Quiet one" not in words(answer) and "MQL" not in words(answer)
    assert "private to a colleague" in words(client.get(f"/leads?view={key}"))
    for address in (f"/leads/views/{key}/save", f"/leads/views/{key}/delete"):
        assert client.post(address, {"query": ""}).status_code == 404
    assert client.post("/leads/views/start", {"view": key}).status_code == 404


def test_renaming_sharing_and_deleting_are_undone_from_their_toast(client_of, of):
    key = save(of("HEAD_OF_SALES")).pk
    client = client_of("HEAD_OF_SALES")
    form = words(client.get(f"/leads/views/{key}/edit", **HX))
    assert 'value="Hot ones"' in form and "Everybody" in form and "Field rep" in form
    data = {"name": "For all", "scope": "EVERYBODY", "opens_for": ["FIELD_REP"]}
    changed = client.post(f"/leads/views/{key}/edit", data, **HX)
    assert "For all" in tabs(words(client_of("FIELD_REP").get("/leads?view=all")))[-2]
    assert client_of("FIELD_REP").get("/leads")["Location"] == f"/leads?view={key}"
    client.post(toast(changed)["undo_url"])
    assert client_of("FIELD_REP").get("/leads").status_code == 200
    gone = client.post(f"/leads/views/{key}/delete", **HX)
    assert "deleted" in toast(gone)["message"] and client.get(f"/leads?view={key}").status_code == 404
    client.post(toast(gone)["undo_url"])
    assert client.get(f"/leads?view={key}").status_code == 200
    assert "Everybody" not in words(client_of("FIELD_REP").get("/leads/views/new", **HX))
    assert client_of("FIELD_REP").post("/leads/views/new", {"name": "x", "scope": "EVERYBODY"}).status_code == 422


def test_undo_of_saving_leads_back_to_the_list(client_of):
    client = client_of("FIELD_REP")
    made = client.post("/leads/views/new", {"name": "Typed twice", "scope": "PRIVATE", "query": "stage=MQL"}, **HX)
    url = json.loads(made["HX-Location"])["path"]
    undone = client.post(toast(made)["undo_url"], {"next": url})
    assert undone["Location"] == "/leads?view=all"


def test_a_list_starts_where_its_reader_wants(client_of, of):
    key = save(of("FIELD_REP")).pk
    client = client_of("FIELD_REP")
    client.post("/leads/views/start", {"view": key})
    assert client.get("/leads")["Location"] == f"/leads?view={key}"
    for address in ("/leads?view=all", "/leads?stage=NEW", "/leads?q=x"):
        assert client.get(address).status_code == 200, "an address that says what it shows is shown"
    client.post("/leads/views/start", {"view": key})
    assert client.get("/leads")["Location"] == "/leads?view=all"
    actions.delete_view(view_id=key, by=of("FIELD_REP"), at=AT)
    assert client_of("OWNER").get("/leads").status_code == 200


def test_tabs_stand_in_the_order_their_reader_puts_them(client_of, of):
    key = save(of("FIELD_REP")).pk
    client = client_of("FIELD_REP")
    before = tabs(words(client.get("/leads")))
    assert before[-2:] == ["Hot ones", "All"]
    client.post("/leads/views/move", {"view": key, "by": "-1"})
    after = tabs(words(client.get("/leads")))
    assert after.index("Hot ones") == before.index("Hot ones") - 1 and sorted(after) == sorted(before)
    assert tabs(words(client_of("OWNER").get("/leads"))) == [tab for tab in before if tab != "Hot ones"]


def test_a_reader_without_the_right_saves_nothing(client_of, monkeypatch):
    monkeypatch.setitem(rules.ROLE_RIGHTS, "READ_ONLY", RoleRights(frozenset({"qualify.lead.see"}), "ALL"))
    client = client_of("READ_ONLY")
    assert "/leads/views/new" not in words(client.get("/leads"))
    assert client.get("/leads/views/new").status_code == 403
    assert client.post("/leads/views/new", {"name": "x", "scope": "PRIVATE"}).status_code == 403


def test_a_view_whose_column_went_spoils_no_other_tab(client_of, of):
    save(of("FIELD_REP"))
    ListView.objects.update(params={"filter": '{"column": "shoe_size", "operator": "is", "value": "44"}'})
    assert client_of("FIELD_REP").get("/leads/counts").status_code == 200
