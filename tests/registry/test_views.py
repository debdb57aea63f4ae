"""Views that people save: whose they are, who sees them, and what they are at every entrance."""

import json

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
from headwater.team.actions.tokens import create_token
from headwater.team.models import Team
from headwater.team.queries import actor_of

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
