"""Programs read who works here, and keep roles and teams as Settings does: same rights, same refusals, same Undo."""

from __future__ import annotations

import json

import pytest

from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.models import Event
from headwater.platform.undo import undo_event
from headwater.team.actions import roles, teams, tokens
from headwater.team.models import Role, Team, User
from headwater.team.queries import actor_of
from headwater.team.queries.roles import role_of
from headwater.team.rights import all_rights

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = job_actor("test")
COST = "sell.cost.see"


def person(role: str, team: Team | None = None) -> User:
    number = User.objects.count()
    return User.objects.create(
        email=f"p{number}@kestrel.example", name=f"P {number}", role=role, team=team, created_at=now()
    )


class Program:
    """Something that asks with somebody's token."""

    def __init__(self, client, user: User) -> None:
        self.client = client
        made = tokens.create_token(user_id=user.pk, name="P", scopes=["write"], days=1, by=actor_of(user), at=now())
        self.headers = {"Authorization": f"Bearer {made[1]}"}

    def get(self, path: str):
        return self.client.get(f"/api/v1/{path}", headers=self.headers)

    def send(self, method: str, path: str, body=None, **headers: str):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method, f"/api/v1/{path}", json.dumps(body or {}), "application/json",
            headers=self.headers | headers,
        )  # fmt: skip


@pytest.fixture
def admin(client) -> Program:
    return Program(client, person("ADMINISTRATOR"))


def test_roles_teams_and_rights_are_told(admin):
    roles.add_role(name="Phones", copied="SERVICE", by=SYSTEM, at=now())
    found = {role["key"]: role for role in admin.get("roles").json()["items"]}
    assert list(found) == [*Role.values, "PHONES"]
    assert (found["PHONES"]["base"], found["PHONES"]["is_own"]) == ("SERVICE", True)
    assert found["ADMINISTRATOR"]["people"] == 1
    assert COST in found["OWNER"]["verbs"] and COST not in found["PHONES"]["verbs"]
    assert [right["verb"] for right in admin.get("rights").json()["items"]] == list(all_rights())
    assert admin.get("roles/PHONES").json() == found["PHONES"] and admin.get("roles/NOBODY").status_code == 404


def test_colleagues_are_told_with_addresses_only_to_who_keeps_accounts(client, admin):
    rep = person("FIELD_REP", teams.add_team(name="Sales", by=SYSTEM, at=now()))
    told = {user["id"]: user for user in admin.get("users").json()["items"]}[rep.pk]
    assert told == {
        "id": rep.pk, "name": rep.name, "role": "FIELD_REP", "team": rep.team_id, "is_active": True, "email": rep.email,
    }  # fmt: skip
    assert all("email" not in user for user in Program(client, rep).get("users").json()["items"])


def test_a_role_is_made_changed_retired_and_brought_back(admin):
    made = admin.send("POST", "roles", {"name": "Phones", "copied": "SERVICE", "visibility": "TEAM"})
    assert made.status_code == 201 and made["Location"] == "/api/v1/roles/PHONES"
    verbs = [*made.json()["verbs"], COST]
    changed = admin.send("PATCH", "roles/PHONES", {"verbs": verbs}, If_Match=made["ETag"])
    assert changed.status_code == 200 and COST in role_of("PHONES").verbs
    assert (role_of("PHONES").visibility, role_of("PHONES").name) == ("TEAM", "Phones"), "what is not sent stays"
    holder = person("PHONES")
    assert admin.send("POST", "roles/PHONES/retire").json()["code"] == "role_held"
    retired = admin.send("POST", "roles/PHONES/retire", {"instead": "SERVICE"})
    holder.refresh_from_db()
    assert retired.json()["is_retired"] and holder.role == "SERVICE"
    undo_event(event_id=Event.objects.get(verb="team.role_retired").pk, by=SYSTEM, at=now())
    assert not role_of("PHONES").is_retired
    admin.send("POST", "roles/PHONES/retire", {"instead": "SERVICE"})
    assert not admin.send("POST", "roles/PHONES/bring-back").json()["is_retired"]


def test_a_delivered_role_is_put_back(admin):
    assert admin.send("PATCH", "roles/SERVICE", {"name": "Helpers"}).json()["is_changed"]
    assert not admin.send("POST", "roles/SERVICE/put-back").json()["is_changed"]
    assert admin.send("PATCH", "roles/OWNER", {"visibility": "OWN"}).json()["code"] == "owner_stays"


def test_who_read_an_older_version_changes_nothing(admin):
    read = admin.get("roles/SERVICE")
    person("SERVICE")
    assert admin.get("roles/SERVICE")["ETag"] == read["ETag"], "who has a role is no part of what it is"
    admin.send("PATCH", "roles/SERVICE", {"visibility": "OWN"})
    late = admin.send("PATCH", "roles/SERVICE", {"name": "Helpers"}, If_Match=read["ETag"])
    assert late.status_code == 412 and role_of("SERVICE").name == "Service"
    team = admin.send("POST", "teams", {"name": "Sales"})
    admin.send("PATCH", "teams/{id}".format(**team.json()), {"name": "Sellers"})
    late = admin.send("POST", "teams/{id}/dissolve".format(**team.json()), {"into": None}, If_Match=team["ETag"])
    assert late.status_code == 412 and Team.objects.get().archived_at is None


def test_a_team_is_formed_moved_and_dissolved(admin):
    sales = admin.send("POST", "teams", {"name": "Sales"}).json()["id"]
    made = admin.send("POST", "teams", {"name": "Field", "parent": sales})
    field = made.json()["id"]
    assert made["Location"] == f"/api/v1/teams/{field}" and made.json()["parent"] == sales
    assert admin.send("PATCH", f"teams/{field}", {"name": "Outside"}).json()["parent"] == sales
    assert admin.send("PATCH", f"teams/{field}", {"parent": None}).json() == admin.get(f"teams/{field}").json()
    assert [team["name"] for team in admin.get("teams").json()["items"]] == ["Outside", "Sales"]
    rep = person("FIELD_REP", Team.objects.get(pk=field))
    ended = admin.send("POST", f"teams/{field}/dissolve", {"into": sales})
    rep.refresh_from_db()
    assert ended.json() == {"id": field, "into": sales, "people": 1} and rep.team_id == sales
    assert admin.get(f"teams/{field}").status_code == 404


def test_what_is_sent_twice_with_a_key_is_done_once(admin):
    for path, body in (("roles", {"name": "Phones", "copied": "SERVICE"}), ("teams", {"name": "Sales"})):
        first, second = (admin.send("POST", path, body, Idempotency_Key=f"one-{path}") for _ in range(2))
        assert first.status_code == second.status_code == 201 and first.json() == second.json()
        assert second["Idempotency-Replayed"] == "true"
    assert Event.objects.filter(verb__in=("team.role_added", "team.team_added")).count() == 2


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "roles", {"name": "Phones"}),
        ("POST", "roles", {"name": "Phones", "copied": "NOBODY"}),
        ("POST", "roles", {"name": "Phones", "copied": "SERVICE", "verbs": ["sell.bank.rob"]}),
        ("PATCH", "roles/SERVICE", {"verbs": "all"}),
        ("PATCH", "roles/SERVICE", {"key": "HELPERS"}),
        ("POST", "roles/SERVICE/retire", {"instead": 7}),
        ("POST", "teams", {"name": ""}),
        ("POST", "teams", {"name": "A\x00"}),
        ("POST", "teams", {"name": "A", "parent": "1"}),
        ("POST", "teams", {"name": "A", "parent": 9_999}),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(admin, method, path, body):
    answer = admin.send(method, path, body)
    assert answer.status_code == 422 and answer.json()["errors"]
    assert not Event.objects.filter(verb__startswith="team.role").exists() and not Team.objects.exists()


@pytest.mark.parametrize("role", ["FIELD_REP", "HEAD_OF_SALES", "READ_ONLY"])
def test_who_does_not_keep_roles_and_teams_changes_none(client, role):
    team = teams.add_team(name="Sales", by=SYSTEM, at=now())
    program = Program(client, person(role))
    assert {program.get(path).status_code for path in ("roles", "roles/SERVICE", "rights")} == {403}
    assert program.get("teams").status_code == 200 == program.get(f"teams/{team.pk}").status_code
    steps: list[tuple[str, str, dict]] = [
        ("POST", "roles", {"name": "A", "copied": "SERVICE"}), ("PATCH", "roles/SERVICE", {"name": "A"}),
        ("POST", "roles/SERVICE/put-back", {}), ("POST", "roles/SERVICE/retire", {}),
        ("POST", "roles/SERVICE/bring-back", {}), ("POST", "teams", {"name": "A"}),
        ("PATCH", f"teams/{team.pk}", {"name": "A"}), ("POST", f"teams/{team.pk}/dissolve", {"into": None}),
    ]  # fmt: skip
    assert {(path, program.send(method, path, body).status_code) for method, path, body in steps} == {
        (path, 403) for _method, path, _body in steps
    }


def test_nobody_gives_a_role_rights_they_do_not_have_themselves(client):
    roles.add_role(name="Clerk", copied="READ_ONLY", by=SYSTEM, at=now())
    mine = [verb for verb in all_rights() if verb.startswith("team.")]
    roles.change_role(key="CLERK", name="Clerk", verbs=mine, visibility="ALL", by=SYSTEM, at=now())
    clerk = Program(client, person("CLERK"))
    asked = {"name": "Helper", "copied": "CLERK", "verbs": [COST]}
    assert clerk.send("POST", "roles", asked).status_code == 403
    assert role_of("HELPER") is None, "the copy goes with the change that was refused"
