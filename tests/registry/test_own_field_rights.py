"""Fields of the company's own that some roles see and fill in, and the others know nothing of."""

from __future__ import annotations

import pytest
from django.test import Client
from indexes import indexed
from makers import AT

from headwater.intake.profile import read_profile
from headwater.intake.run import import_file
from headwater.parties.models import Party
from headwater.platform.custom import actions
from headwater.platform.custom.declared import fields_of
from headwater.platform.errors import Invalid, NotAllowed, SomeRefused
from headwater.platform.models import CustomField, Event
from headwater.platform.resource import REGISTRY
from headwater.platform.search import keeping
from headwater.platform.testing import make_actor
from headwater.platform.undo import undo_event, undo_events
from headwater.team.models import Role
from headwater.team.queries import actor_of
from headwater.team.queries.looking import looks_as

JSON = {"content_type": "application/json"}
WORDS = "Meridian"


@pytest.fixture
def secret(by, make, client_of):
    """A text of people that heads of sales see and marketers do not, and a person who has one."""
    about = {"noun": "parties.person", "label": "Mind you", "kind": "TEXT"}
    row = actions.add_field(**about, seen_by=["HEAD_OF_SALES"], by=by, at=AT)
    (pk,) = make("parties.person")
    for text in ("Meridian one", "Meridian two"):
        assert client_of("OWNER").patch(f"/api/v1/people/{pk}", {row.key: text}, **JSON).status_code == 200
    keeping.catch_up()
    return row, pk


def seen(client, key, pk):
    """Where somebody comes across the field."""
    base, api = "/people", "/api/v1/people"
    pages = {
        "list": f"{base}?cols=name,{key}", "record": f"{base}/{pk}", "edit": f"{base}/{pk}/edit",
        "history": f"{base}/{pk}/history", "one history": f"{base}/{pk}/history?field={key}", "api": f"{api}/{pk}",
        "api list": api, "api history": f"{api}/{pk}/history", "api export": f"{api}/export?cols={key}",
    }  # fmt: skip
    answers = {name: client.get(url) for name, url in pages.items()}
    found = {name: WORDS.encode() in (a.getvalue() if a.streaming else a.content) for name, a in answers.items()}
    csv = b"".join(client.get(f"{base}/export.csv?cols=name,{key}").streaming_content)
    return {
        **found, "csv": WORDS.encode() in csv,
        "chooser": f'value="{key}"' in client.get(base).content.decode(),
        "filter": client.get(api, {f"{key}__contains": WORDS}).status_code == 200,
        "sort": client.get(api, {"sort": key}).status_code == 200,
        "fields": key in client.get("/api/v1/fields", {"noun": "people"}).content.decode(),
        "journey": "mind you" in client.get(f"/parties/{pk}/journey").content.decode(),
    }  # fmt: skip


def test_it_is_where_one_may_see_it_and_nowhere_else(secret, client_of):
    row, pk = secret
    told = seen(client_of("HEAD_OF_SALES"), row.key, pk)
    assert told and [name for name, is_there in told.items() if not is_there] == []
    told = seen(client_of("MARKETER"), row.key, pk)
    assert [name for name, is_there in told.items() if is_there] == []


def test_the_document_of_the_api_names_it_to_nobody_else(secret, client_of, by):
    row, _pk = secret
    everybodys = actions.add_field(noun="parties.person", label="Shoe size", kind="NUMBER", by=by, at=AT)
    actions.add_field(
        noun="parties.person", label="Shout", kind="FORMULA", formula=f"UPPER({row.key})", result="TEXT", by=by, at=AT
    )

    def told(client):
        said = client.get("/api/v1/openapi.json").content.decode()
        return [word in said for word in (row.key, "Mind you", "cf_shout", everybodys.key)]

    assert told(client_of("HEAD_OF_SALES")) == told(client_of("OWNER")) == [True] * 4
    assert told(client_of("MARKETER")) == [False, False, False, True]
    assert told(Client()) == [False] * 4, "strangers learn what Headwater has everywhere"
    page = client_of("MARKETER").get("/api/v1/docs").content.decode()
    assert row.key not in page and everybodys.key in page


def test_searching_finds_nobody_by_it(secret, client_of, by):
    row, pk = secret

    def found():
        return [item["id"] for item in client_of("OWNER").get("/api/v1/people", {"q": WORDS}).json()["items"]]

    assert found() == []
    actions.change_field(field_id=row.pk, seen_by=None, by=by, at=AT)
    indexed()
    assert found() == [pk]
    actions.change_field(field_id=row.pk, seen_by=[], by=by, at=AT)
    indexed()
    assert found() == []
    asked = client_of("OWNER").get("/api/v1/people", {f"{row.key}__contains": WORDS.lower()}).json()["items"]
    assert [item["id"] for item in asked] == [pk], "a filter by the field itself does find it"


def test_what_one_does_not_see_one_does_not_write(secret, client_of, people, tmp_path):
    row, pk = secret
    client, marketer = client_of("MARKETER"), actor_of(people["MARKETER"])
    assert client.patch(f"/api/v1/people/{pk}", {row.key: "x"}, **JSON).status_code == 422
    client.post(f"/people/{pk}/edit", {"name": "Ana", row.key: "x"})
    bulk = client.post("/api/v1/people/bulk", [{"id": pk, row.key: "x"}], **JSON)
    assert [item["outcome"] for item in bulk.json()["items"]] == ["rejected"]
    with pytest.raises(NotAllowed):
        REGISTRY["parties.person"].now().change.run(party_id=pk, **{row.key: "x"}, by=marketer, at=AT)
    file = tmp_path / "people.csv"
    file.write_text("E-mail,Name,Mind you\nana@fjord.example,Ana Ruiz,Told by a file\n", encoding="utf-8")
    profile, _ = read_profile({"name": "test", "kind": "people", "columns": {"E-mail": "email", "Name": "name"}})
    batch = import_file(file, kind="people", profile=profile, by=marketer, at=AT)
    ana = Party.objects.get(email="ana@fjord.example")
    assert batch.created == 1 and not ana.custom and not ana.extra
    assert Party.objects.get(pk=pk).custom[row.key] == "Meridian two"


def test_an_edit_of_it_is_not_taken_back_by_who_does_not_see_it(secret, people, by):
    row, pk = secret
    event = Event.objects.filter(verb="platform.changed", subject_id=pk).latest("pk")
    marketer = actor_of(people["MARKETER"])
    for undo in (
        lambda: undo_event(event_id=event.pk, by=marketer, at=AT),
        lambda: undo_events(event_ids=[event.pk], by=marketer, at=AT),
    ):
        with pytest.raises((NotAllowed, SomeRefused)):
            undo()
    assert Party.objects.get(pk=pk).custom[row.key] == "Meridian two"
    undo_event(event_id=event.pk, by=by, at=AT)
    assert Party.objects.get(pk=pk).custom[row.key] == "Meridian one"


def test_some_see_what_others_fill_in(by, make, client_of):
    row = actions.add_field(noun="parties.person", label="Mind you", kind="TEXT", by=by, at=AT)
    actions.change_field(field_id=row.pk, changed_by=["MARKETER"], by=by, at=AT)
    (pk,) = make("parties.person")
    assert client_of("MARKETER").patch(f"/api/v1/people/{pk}", {row.key: "Told"}, **JSON).status_code == 200
    head = client_of("HEAD_OF_SALES")
    assert head.get(f"/api/v1/people/{pk}").json()[row.key] == "Told"
    assert head.patch(f"/api/v1/people/{pk}", {row.key: "x"}, **JSON).status_code == 422
    assert f'name="{row.key}"' not in head.get(f"/people/{pk}/edit").content.decode()


def test_a_result_takes_the_rights_of_the_fields_it_is_worked_out_from(secret, client_of, by):
    row, pk = secret
    text = {"noun": "parties.person", "kind": "FORMULA", "result": "TEXT"}
    loud = actions.add_field(**text, label="Loud", formula=f"UPPER({row.key})", by=by, at=AT)
    louder = actions.add_field(**text, label="Louder", formula=f'{loud.key} + "!"', by=by, at=AT)
    indexed()
    assert client_of("HEAD_OF_SALES").get(f"/api/v1/people/{pk}").json()[louder.key] == "MERIDIAN TWO!"
    told = client_of("MARKETER").get(f"/api/v1/people/{pk}").json()
    assert louder.key not in told and loud.key not in told
    assert client_of("OWNER").get("/api/v1/people", {"q": WORDS}).json()["items"] == []
    clerk = make_actor("platform.field.change", "parties.*", user_id=by.user_id)
    with pytest.raises(Invalid, match="may not see"):
        actions.add_field(**text, label="Sly", formula=f"LOWER({row.key})", by=clerk, at=AT)


def test_who_looks_on_as_a_role_sees_what_that_role_sees(secret, by):
    row, _pk = secret
    columns = {
        role: REGISTRY["parties.person"].for_actor(looks_as(by, {"role": role})).by_key
        for role in ("OWNER", "ADMINISTRATOR", "HEAD_OF_SALES", "MARKETER")
    }
    assert [role for role, known in columns.items() if row.key in known] == ["OWNER", "ADMINISTRATOR", "HEAD_OF_SALES"]


def test_roles_are_chosen_in_settings_and_by_programs(by, client_of):
    client = client_of("OWNER")
    row = actions.add_field(noun="parties.person", label="Mind you", kind="TEXT", by=by, at=AT)
    page = client.get(f"/settings/fields/{row.pk}").content.decode()
    assert page.count('name="seen_by"') == page.count('name="changed_by"') == len(Role.values)
    sent = {"label": "Mind you", "seen_by": ["HEAD_OF_SALES", "MARKETER"], "changed_by": ["MARKETER"]}
    client.post(f"/settings/fields/{row.pk}", sent)
    row.refresh_from_db()
    assert (row.seen_by, row.changed_by) == (["HEAD_OF_SALES", "MARKETER"], ["MARKETER"])
    answer = client.post(f"/settings/fields/{row.pk}", {**sent, "changed_by": ["FIELD_REP"]})
    assert answer.status_code == 422 and "must see it" in answer.content.decode()
    url = f"/api/v1/fields/{row.pk}"
    assert client.patch(url, {"seen_by": None, "changed_by": None}, **JSON).json()["seen_by"] is None
    assert client.patch(url, {"seen_by": ["NOBODY"]}, **JSON).status_code == 422
    assert client.patch(url, {"seen_by": ["MARKETER"]}, **JSON).json()["seen_by"] == ["MARKETER"]
    undo_event(event_id=Event.objects.filter(verb="platform.changed").latest("pk").pk, by=by, at=AT)
    assert CustomField.objects.get(pk=row.pk).seen_by is None
    assert next(field for field in fields_of("parties.person") if field.id == row.pk).see_verb == ""
