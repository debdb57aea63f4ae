"""A value is changed where it stands, in a list or on a record, whatever the noun: as its form would, and no other."""

import pytest
from django.test import Client

from headwater.platform.models import Event
from headwater.platform.resource import REGISTRY
from headwater.web.cells import fields_of
from headwater.web.drawn import drawing

HX = {"HTTP_HX_REQUEST": "true"}
CHANGED = sorted(key for key, resource in REGISTRY.items() if resource.change)


def words(answer) -> str:
    return answer.content.decode()


@pytest.fixture
def anna(client_of) -> Client:
    return client_of("HEAD_OF_SALES")


@pytest.fixture
def order(make):
    """An order and the address of a cell of it."""
    pk = make("sell.order")[0]
    return REGISTRY["sell.order"], pk, lambda field: f"/orders/{pk}/cell/{field}"


def test_every_cell_that_a_column_names_is_there():
    named = {column.cell for resource in REGISTRY.values() for column in resource.columns if column.cell}
    assert named and all(callable(drawing(name)) for name in named)


@pytest.mark.parametrize("key", CHANGED)
def test_every_field_of_the_change_form_opens_in_its_cell(key, make, client_of, by):
    resource = REGISTRY[key].now()
    pk, client = make(key)[0], client_of("OWNER")
    for name in set(fields_of(resource, by).values()):
        answer = client.get(f"/{resource.slug}/{pk}/cell/{name}?list=", **HX)
        if answer.status_code == 404:  # a field that this one row does not have, such as when a call is due
            continue
        assert answer.status_code == 200, (name, words(answer))
        assert f'name="{name}"' in words(answer) and "data-cell-form" in words(answer)
        assert "aria-label=" in words(answer)


@pytest.mark.parametrize("key", CHANGED)
def test_lists_and_records_say_which_values_can_be_changed(key, make, client_of, by):
    resource = REGISTRY[key].now()
    pk, fields = make(key)[0], fields_of(resource, by)
    page = words(client_of("OWNER").get(f"/{resource.slug}?cols={','.join(fields)}&archived_at__empty="))
    assert f'data-record="/{resource.slug}/{pk}"' in page
    assert all(f'data-cell="{name}"' in page for name in fields.values())
    assert "data-cell" not in words(client_of("READ_ONLY").get(f"/{resource.slug}"))


def test_only_the_row_comes_back_to_a_list_with_what_was_done_and_undo(anna, order):
    resource, pk, cell = order
    answer = anna.post(cell("note"), {"note": "By lorry", "before-note": "", "list": "cols=party,note"}, **HX)
    assert answer.status_code == 200, words(answer)
    assert words(answer).strip().startswith(f'<tr data-row data-record="/orders/{pk}"') and "By lorry" in words(answer)
    assert "/undo/" in answer["HX-Trigger"]
    undo = Event.objects.latest("pk").pk
    anna.post(f"/undo/{undo}")
    assert resource.rows(order_actor(anna)).get(pk=pk).note != "By lorry"


def test_a_record_comes_again_as_a_whole(anna, order):
    _resource, pk, cell = order
    here = {"HTTP_HX_CURRENT_URL": f"http://testserver/orders/{pk}?in=sort%3Damount"}
    answer = anna.post(cell("note"), {"note": "By lorry", "before-note": ""}, **HX, **here)
    assert f"/orders/{pk}?in=sort%3Damount" in answer["HX-Location"], "with the list it was opened from"


def test_what_cannot_be_right_comes_back_with_what_was_typed(anna, order):
    answer = anna.post(order[2]("amount"), {"amount": "a lot", "list": ""}, **HX)
    assert answer.status_code == 422
    assert 'value="a lot"' in words(answer) and 'aria-invalid="true"' in words(answer) and "errs" in words(answer)


def test_who_was_slower_is_asked_whose_words_stand(anna, client_of, order):
    _resource, _pk, cell = order
    client_of("OWNER").post(cell("note"), {"note": "By air", "before-note": "", "list": ""}, **HX)
    slower = {"note": "By lorry", "before-note": "", "list": ""}
    answer = anna.post(cell("note"), slower, **HX)
    assert answer.status_code == 409
    assert "The OWNER changed this" in words(answer) and 'value="By lorry"' in words(answer)
    again = {**slower, "keep-note": "mine", "theirs-note": "By air"}
    assert anna.post(cell("note"), again, **HX).status_code == 200


def test_nothing_else_is_changed_through_a_cell(anna, order):
    resource, pk, cell = order
    sent = {"note": "By lorry", "before-note": "", "number": "HACKED", "before-number": "", "list": ""}
    anna.post(cell("note"), sent, **HX)
    row = resource.rows(order_actor(anna)).get(pk=pk)
    assert row.note == "By lorry" and row.number != "HACKED"
    for field in ("party", "party_id", "deleted_at", "source", "owner_id"):
        assert anna.post(cell(field), {field: "1", "list": ""}, **HX).status_code == 404


def test_who_may_not_change_it_is_refused(client_of, order):
    reader = client_of("READ_ONLY")
    assert reader.get(order[2]("note"), **HX).status_code == 403
    assert reader.post(order[2]("note"), {"note": "By lorry", "list": ""}, **HX).status_code == 403


def test_a_field_with_a_right_of_its_own_needs_that_right(client_of, order):
    assert client_of("INSIDE_SALES").get(order[2]("cost"), **HX).status_code in (403, 404)


def test_what_only_a_step_changes_opens_that_step(make, client_of):
    pk, head = make("qualify.lead")[0], client_of("HEAD_OF_SALES")
    page = words(head.get("/leads?cols=name,stage,owner"))
    assert 'data-step="do/move?field=stage"' in page and 'data-step="do/assign?field=owner_id"' in page
    assert 'data-focus="owner_id"' in words(head.get(f"/leads/{pk}/do/assign?field=owner_id", **HX))
    assert "data-step" not in words(client_of("READ_ONLY").get("/leads?cols=name,stage,owner"))


def test_without_script_the_whole_form_opens_instead(anna, order):
    assert anna.get(order[2]("note"))["Location"].endswith("/edit#id_note")


def order_actor(client):
    from headwater.team.models import User
    from headwater.team.queries import actor_of

    return actor_of(User.objects.get(pk=client.session["_auth_user_id"]))
