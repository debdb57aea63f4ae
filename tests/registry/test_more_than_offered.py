"""Whoever sends more fields than a form offers changes nothing with them: not who owns a row, not what it is."""

import json
import re

import pytest
from makers import nouns_in_turn

from headwater.platform import clock
from headwater.platform.resource import REGISTRY
from headwater.team.models import User

JSON = {"content_type": "application/json"}
FORGED = {
    "BooleanField": True, "BigAutoField": 999_999, "JSONField": {"forged": 1}, "DecimalField": "13.37",
    "DateField": "1999-01-01", "DateTimeField": "1999-01-01T00:00:00Z",
}  # fmt: skip


def forged(model, form):
    """A value for every column of the table that the form does not ask for, by both of its names."""
    for field in model._meta.concrete_fields:
        if not {field.name, field.attname} & set(form.base_fields):
            value = FORGED.get(field.get_internal_type(), "1")
            yield from ((name, value) for name in {field.name, field.attname})


def held(model, pk):
    return model._base_manager.filter(pk=pk).values().first()


@pytest.mark.parametrize("key", nouns_in_turn())
def test_a_change_takes_what_its_form_asks_for_and_no_more(key, make, by, client_of):
    resource, [pk] = REGISTRY[key], make(key)
    if resource.change is None:
        pytest.skip("it is never changed")
    model, client = resource.rows(by).model, client_of("OWNER")
    before = held(model, pk)
    extra = dict(forged(model, resource.change.form))
    assert len(extra) > 3, "there is something to forge"
    for name, value in extra.items():
        answer = client.patch(f"/api/v1/{resource.slug}/{pk}", json.dumps({name: value}), **JSON)
        assert answer.status_code == 422 and name in answer.json()["errors"], (name, answer.status_code)
    client.post(f"/{resource.slug}/{pk}/edit", {**page_values(client, resource, pk), **as_form(extra)})
    after = held(model, pk)
    assert {name: after[name] for name in after if name in extra} == {n: before[n] for n in before if n in extra}


@pytest.mark.parametrize("key", nouns_in_turn())
def test_what_is_made_is_made_of_what_the_form_asks_for(key, make, by, client_of):
    resource, [pk] = REGISTRY[key], make(key)
    if resource.create is None:
        pytest.skip("nobody makes it by hand")
    model, client = resource.rows(by).model, client_of("OWNER")
    extra = dict(forged(model, resource.create.form))
    answer = client.post(f"/api/v1/{resource.slug}", json.dumps(extra), **JSON)
    assert answer.status_code == 422 and set(extra) <= set(answer.json()["errors"])
    assert held(model, 999_999) is None and held(model, pk) is not None


def page_values(client, resource, pk):
    """What the form of the page holds, as a browser would send it."""
    form = client.get(f"/{resource.slug}/{pk}/edit").context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value is not None}


def as_form(extra):
    return {name: json.dumps(value) if isinstance(value, dict) else value for name, value in extra.items()}


@pytest.mark.parametrize("role", ["READ_ONLY", "INDEPENDENT_REP", "MARKETER"])
def test_nobody_makes_themselves_more_than_they_are(role, client_of, people):
    """By their own account, by the pages of users or by the API: the role stays, so does the team."""
    client, me = client_of(role), people[role]
    wishes = {"role": "OWNER", "is_superuser": "1", "is_staff": "1", "team": "", "visibility": "ALL", "name": me.name}
    wishes |= {"email": me.email, "is_active": "1", "rights": ["*"]}
    for address in ("/account", f"/settings/users/{me.pk}", f"/settings/users/{me.pk}/switch", "/settings/users/new"):
        client.post(address, wishes)
    for address in ("/settings/roles/new", f"/settings/roles/{role}", f"/settings/roles/{role}/see"):
        assert client.post(address, wishes).status_code in (403, 404), address
    client.patch(f"/api/v1/users/{me.pk}", json.dumps(wishes), **JSON)
    now = User.objects.get(pk=me.pk)
    assert (now.role, now.team_id, User.objects.filter(role="OWNER").count()) == (role, me.team_id, 1)


def test_a_key_of_a_program_may_never_more_than_who_made_it(client_of, people):
    """A reader's key that says it writes is still a reader's."""
    client = client_of("READ_ONLY")
    session = client.session
    session["proved"] = clock.now().isoformat()
    session.save()
    wishes = {"name": "All", "scope": "write", "scopes": ["write"], "days": "30"}
    page = client.post("/settings/tokens", wishes, follow=True)
    found = re.search(r"hw_[A-Za-z0-9_-]{20,}", page.content.decode())
    assert found, "a key is made"
    program = type(client)(HTTP_AUTHORIZATION=f"Bearer {found[0]}")
    answer = program.post("/api/v1/sources", json.dumps({"name": "Fair", "channel": "OTHER"}), **JSON)
    assert answer.status_code == 403
