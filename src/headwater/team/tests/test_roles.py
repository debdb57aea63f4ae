"""Roles as the company wants them: changed, copied, put back, retired; and nobody gives rights they do not have."""

from __future__ import annotations

import pytest

from headwater.platform.actor import Actor, job_actor
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.models import Event
from headwater.platform.undo import undo_event
from headwater.team import rules
from headwater.team.actions import accounts, roles, tokens
from headwater.team.models import CompanyRole, Role, User
from headwater.team.queries import actor_by_ref, actor_of, users_who_may
from headwater.team.queries.roles import known_roles, role_of, roles_that_may
from headwater.team.rights import all_rights

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = job_actor("test")
COST = "sell.cost.see"


def person(role: str) -> User:
    number = User.objects.count()
    return User.objects.create(email=f"p{number}@kestrel.example", name=f"P {number}", role=role, created_at=now())


def change(key: str, *, by: Actor = SYSTEM, add=(), remove=(), **values):
    role = role_of(key)
    asked = {"name": role.name, "visibility": role.visibility.value, **values}
    return roles.change_role(key=key, verbs=role.verbs | set(add) - set(remove), **asked, by=by, at=now())


def change_without(key: str, *verbs: str, by: Actor = SYSTEM):
    role = role_of(key)
    return roles.change_role(
        key=key, name=role.name, visibility=role.visibility.value, verbs=role.verbs - set(verbs), by=by, at=now()
    )


def newest() -> int:
    return Event.objects.filter(subject_type="team.role").latest("pk").pk


def test_delivered_roles_are_what_they_were_without_a_row():
    assert [role.key for role in known_roles()] == Role.values
    for role in known_roles():
        assert role.rights == rules.rights_of(role.key) and not role.is_changed and not role.is_own


def test_a_right_is_given_and_taken_from_the_next_request_on():
    rep = person("FIELD_REP")
    assert not actor_of(rep).may(COST)
    change("FIELD_REP", add=[COST])
    assert actor_of(rep).may(COST) and actor_by_ref(f"user:{rep.pk}").may(COST)
    assert "FIELD_REP" in roles_that_may(COST) and rep in users_who_may(COST)
    change_without("FIELD_REP", COST, "qualify.lead.see")
    actor = actor_of(rep)
    assert not actor.may(COST) and not actor.may("qualify.lead.see") and actor.may("qualify.lead.claim")


def test_how_far_a_role_sees_is_changed():
    change("SERVICE", visibility="TEAM")
    assert actor_of(person("SERVICE")).visibility == "TEAM"
    assert role_of("SERVICE").is_changed


def test_a_role_of_everything_loses_one_right_and_keeps_the_others():
    change_without("ADMINISTRATOR", "team.token.see")
    admin = actor_of(person("ADMINISTRATOR"))
    assert {verb for verb in all_rights() if not admin.may(verb)} == {"team.token.see"}


def test_what_changed_is_told_and_taken_back():
    change("FIELD_REP", add=[COST], name="Outside", visibility="TEAM")
    event = Event.objects.get(verb="team.role_changed")
    assert event.data["gained"] == [COST] and event.data["lost"] == []
    assert event.data["visibility"] == ["SUBTREE", "TEAM"] and event.data["names"] == ["Field rep", "Outside"]
    change("FIELD_REP", add=["qualify.lead.assign"])
    undo_event(event_id=event.pk, by=SYSTEM, at=now())
    role = role_of("FIELD_REP")
    assert (role.name, role.visibility) == ("Field rep", "SUBTREE")
    assert role.verbs - rules.rights_of("FIELD_REP").verbs and COST not in role.verbs
    assert "qualify.lead.assign" in role.verbs, "what was changed after it stays"


def test_what_was_changed_again_is_not_taken_back():
    change("FIELD_REP", add=[COST])
    first = newest()
    change_without("FIELD_REP", COST)
    with pytest.raises(NotUndoable):
        undo_event(event_id=first, by=SYSTEM, at=now())


def test_a_role_is_put_back_to_what_was_delivered():
    change("FIELD_REP", add=[COST], name="Outside", visibility="ALL")
    roles.put_back_role(key="FIELD_REP", by=SYSTEM, at=now())
    role = role_of("FIELD_REP")
    assert (role.name, role.rights, role.is_changed) == ("Field rep", rules.rights_of("FIELD_REP"), False)
    assert roles.put_back_role(key="FIELD_REP", by=SYSTEM, at=now()) is None


def test_a_role_of_ones_own_is_a_copy_with_a_key_that_stays():
    change("FIELD_REP", add=[COST])
    made = roles.add_role(name="Télé sales & more", copied="FIELD_REP", by=SYSTEM, at=now())
    assert (made.key, made.is_own, made.base) == ("TELE_SALES_MORE", True, "FIELD_REP")
    assert made.verbs == role_of("FIELD_REP").verbs and made.visibility == "SUBTREE"
    user = accounts.add_user(email="t@kestrel.example", name="T", role=made.key, by=SYSTEM, at=now())
    assert actor_of(user).may(COST) and Event.objects.get(verb="team.user_added").data["role"] == "Télé sales & more"
    change(made.key, name="Phones", visibility="OWN")
    assert role_of(made.key).name == "Phones" and actor_of(user).visibility == "OWN"
    change_without("FIELD_REP", COST)
    assert actor_of(user).may(COST), "a copy is not changed with what it was copied from"
    assert roles.add_role(name="東京", copied="SERVICE", by=SYSTEM, at=now()).key == "ROLE"
    assert roles.add_role(name="大阪", copied="SERVICE", by=SYSTEM, at=now()).key == "ROLE_2"
    with pytest.raises(NotFound):
        roles.put_back_role(key=made.key, by=SYSTEM, at=now())


@pytest.mark.parametrize("name", ["", "field REP", "x" * 81])
def test_names_of_roles_are_there_once(name):
    with pytest.raises(Invalid):
        roles.add_role(name=name, copied="SERVICE", by=SYSTEM, at=now())
    with pytest.raises(Invalid):
        change("SERVICE", name=name)


def test_a_right_that_nobody_knows_is_refused():
    with pytest.raises(Invalid):
        change("SERVICE", add=["sell.bank.rob"])
    with pytest.raises(Invalid):
        change("SERVICE", visibility="EVERYTHING")


def test_who_has_a_retired_role_gets_another_first():
    rep, gone = person("FIELD_REP"), person("FIELD_REP")
    accounts.deactivate_user(user_id=gone.pk, by=SYSTEM, at=now())
    with pytest.raises(roles.RoleHeld):
        roles.retire_role(key="FIELD_REP", by=SYSTEM, at=now())
    for wrong in ("FIELD_REP", "NOBODY"):
        with pytest.raises(Invalid):
            roles.retire_role(key="FIELD_REP", instead=wrong, by=SYSTEM, at=now())
    event = roles.retire_role(key="FIELD_REP", instead="SERVICE", by=SYSTEM, at=now())
    assert set(User.objects.values_list("role", flat=True)) == {"SERVICE"}
    assert "FIELD_REP" not in [role.key for role in known_roles()]
    with pytest.raises(Invalid):
        accounts.add_user(email="n@kestrel.example", name="N", role="FIELD_REP", by=SYSTEM, at=now())
    User.objects.filter(pk=gone.pk).update(role="READ_ONLY")
    undo_event(event_id=event.pk, by=SYSTEM, at=now())
    rep.refresh_from_db()
    gone.refresh_from_db()
    assert (rep.role, gone.role) == ("FIELD_REP", "READ_ONLY")


def test_a_new_role_is_taken_back_until_somebody_has_it():
    made = roles.add_role(name="Phones", copied="SERVICE", by=SYSTEM, at=now())
    event = newest()
    user = person(made.key)
    with pytest.raises(NotUndoable):
        undo_event(event_id=event, by=SYSTEM, at=now())
    User.objects.filter(pk=user.pk).update(role="SERVICE")
    undo_event(event_id=event, by=SYSTEM, at=now())
    assert role_of(made.key).is_retired
    roles.bring_back_role(key=made.key, by=SYSTEM, at=now())
    assert not role_of(made.key).is_retired


def test_the_owners_role_is_never_weakened():
    owner = actor_of(person("OWNER"))
    with pytest.raises(roles.OwnerStays):
        roles.change_role(key="OWNER", name="Owner", verbs=[], visibility="OWN", by=owner, at=now())
    with pytest.raises(roles.OwnerStays):
        roles.retire_role(key="OWNER", instead="SERVICE", by=owner, at=now())
    with pytest.raises(roles.OwnerStays):
        roles.add_role(name="Second owner", copied="OWNER", by=owner, at=now())
    assert not CompanyRole.objects.exists()


# ---------------------------------------------------------------- nobody gives rights they do not have


@pytest.fixture
def clerk() -> Actor:
    """Somebody who keeps users, teams, tokens and roles, and may nothing with customers."""
    made = roles.add_role(name="Clerk", copied="READ_ONLY", by=SYSTEM, at=now())
    keeps = {verb for verb in all_rights() if verb.startswith("team.")}
    roles.change_role(key=made.key, name="Clerk", verbs=keeps, visibility="ALL", by=SYSTEM, at=now())
    return actor_of(person(made.key))


def test_a_role_gains_only_what_its_editor_has(clerk):
    mine = roles.add_role(name="Helper", copied="CLERK", by=clerk, at=now())
    change(mine.key, by=clerk, remove=["team.token.see"])
    with pytest.raises(NotAllowed):
        change(mine.key, by=clerk, add=["qualify.lead.see"])
    with pytest.raises(NotAllowed):
        change("CLERK", by=clerk, add=[COST])
    assert COST not in role_of("CLERK").verbs


@pytest.mark.parametrize("role", [role for role in Role.values if role != "OWNER"])
def test_roles_above_ones_own_are_neither_changed_copied_retired_nor_given(clerk, role):
    with pytest.raises(NotAllowed):
        change_without(role, "team.user.see", by=clerk)
    with pytest.raises(NotAllowed):
        roles.add_role(name="Mine", copied=role, by=clerk, at=now())
    with pytest.raises(NotAllowed):
        roles.retire_role(key=role, by=clerk, at=now())
    with pytest.raises(NotAllowed):
        accounts.add_user(email="x@kestrel.example", name="X", role=role, by=clerk, at=now())
    me = User.objects.get(pk=clerk.user_id)
    with pytest.raises(NotAllowed):
        accounts.change_user(user_id=me.pk, name=me.name, email=me.email, role=role, team_id=None, by=clerk, at=now())


def test_nobody_takes_over_the_account_of_somebody_with_more_rights(clerk):
    admin = person("ADMINISTRATOR")
    with pytest.raises(NotAllowed):
        accounts.set_password(user_id=admin.pk, password="seven grey herons", by=clerk, at=now())
    with pytest.raises(NotAllowed):
        accounts.make_password_link(user_id=admin.pk, by=clerk, at=now())
    with pytest.raises(NotAllowed):
        tokens.create_token(user_id=admin.pk, name="Mine", scopes=["write"], by=clerk, at=now())
    with pytest.raises(NotAllowed):
        accounts.deactivate_user(user_id=admin.pk, by=clerk, at=now())


def test_who_sees_less_far_gives_no_wide_view():
    made = roles.add_role(name="Team lead", copied="ADMINISTRATOR", by=SYSTEM, at=now())
    change(made.key, visibility="SUBTREE")
    lead = actor_of(person(made.key))
    change("INSIDE_SALES", by=lead, visibility="TEAM")
    with pytest.raises(NotAllowed):
        change("INSIDE_SALES", by=lead, visibility="ALL")
    with pytest.raises(NotAllowed):
        change_without("SERVICE", "team.user.see", by=lead)  # sees all


def test_undo_gives_no_right_that_one_does_not_have(clerk):
    change_without("FIELD_REP", "qualify.lead.claim")
    with pytest.raises(NotAllowed):
        undo_event(event_id=newest(), by=clerk, at=now())


def test_without_the_right_roles_stay_as_they_are():
    head = actor_of(person("HEAD_OF_SALES"))
    with pytest.raises(NotAllowed):
        change("SERVICE", by=head, add=[COST])
    with pytest.raises(NotAllowed):
        roles.add_role(name="Mine", copied="SERVICE", by=head, at=now())
    with pytest.raises(NotAllowed):
        roles.retire_role(key="SERVICE", by=head, at=now())
    with pytest.raises(NotAllowed):
        roles.put_back_role(key="SERVICE", by=head, at=now())


# ---------------------------------------------------------------- pages


def test_pages_show_change_and_retire_roles(client):
    client.force_login(person("ADMINISTRATOR"))
    rep = person("FIELD_REP")
    page = client.get("/settings/roles").content.decode()
    assert all(str(role.label) in page for role in Role) and "Put files with a record" in page
    address = "/settings/roles/FIELD_REP"
    assert 'name="verbs" value="sell.cost.see"' in client.get(address).content.decode()
    verbs = [*role_of("FIELD_REP").verbs, COST]
    saved = client.post(address, {"name": "Field rep", "visibility": "TEAM", "verbs": verbs})
    assert saved.status_code == 302 and actor_of(rep).may(COST)
    page = client.get(address).content.decode()
    assert "not as it was delivered" in page and "Costs: See what goods cost us" in page and "own and team" in page
    assert client.post(f"{address}/put-back").status_code == 302 and not actor_of(rep).may(COST)
    wrong = client.post(address, {"name": "", "visibility": "TEAM", "verbs": ["no.such.right"]})
    assert wrong.status_code == 422
    made = client.post("/settings/roles/new", {"name": "Phones", "copied": "FIELD_REP"})
    assert made["Location"] == "/settings/roles/PHONES"
    assert "A role of your own, made from Field rep" in client.get("/settings/roles/PHONES").content.decode()
    assert client.post(f"{address}/retire", {"instead": ""}).status_code == 422
    assert client.post(f"{address}/retire", {"instead": "PHONES"}).status_code == 302
    assert "Bring Field rep back" in client.get("/settings/roles").content.decode()
    assert client.post(f"{address}/bring-back").status_code == 302
    assert client.get("/settings/roles/NOBODY").status_code == 404
    assert client.post("/settings/users/new", {
        "name": "N", "email": "n@kestrel.example", "role": "PHONES", "team_id": "", "password": "seven grey herons",
    }).status_code == 302  # fmt: skip
    assert "Phones" in client.get("/settings/users").content.decode()


def test_the_page_of_the_owners_role_only_shows_it(client):
    client.force_login(person("OWNER"))
    page = client.get("/settings/roles/OWNER").content.decode()
    assert "cannot be changed" in page and "Retire it" not in page and "disabled" in page
    answer = client.post("/settings/roles/OWNER", {"name": "Owner", "visibility": "OWN", "verbs": []})
    assert answer.status_code == 403


@pytest.mark.parametrize("role", ["HEAD_OF_SALES", "READ_ONLY"])
def test_pages_of_roles_take_the_right(client, role):
    client.force_login(person(role))
    assert client.get("/settings/roles").status_code == 403 == client.get("/settings/roles/SERVICE").status_code
    asked = {"name": "Service", "visibility": "ALL", "verbs": [COST], "copied": "SERVICE", "instead": ""}
    for address in ("SERVICE", "new", "SERVICE/put-back", "SERVICE/retire", "SERVICE/bring-back"):
        assert client.post(f"/settings/roles/{address}", asked).status_code == 403, address


def test_the_table_of_roles_costs_the_same_for_many(client, django_assert_max_num_queries):
    client.force_login(person("OWNER"))
    for number in range(6):
        roles.add_role(name=f"Role {number}", copied="SERVICE", by=SYSTEM, at=now())
    with django_assert_max_num_queries(10):
        assert client.get("/settings/roles").status_code == 200
