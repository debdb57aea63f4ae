"""Teams form a tree: who sees how far down it, how it is changed, and where people go when a team ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headwater.platform.actor import Visibility, job_actor
from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.models import Event
from headwater.platform.testing import make_actor
from headwater.platform.undo import undo_event
from headwater.team.actions import accounts, teams
from headwater.team.models import Team, User
from headwater.team.queries import actor_of, team_tree_rows
from headwater.team.queries import teams_within as within
from headwater.team.queries.tree import team_tree

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = job_actor("test")


@pytest.fixture
def tree() -> dict[str, Team]:
    made: dict[str, Team] = {}
    for name, parent in (("Sales", ""), ("Field", "Sales"), ("North", "Field"), ("Marketing", "")):
        above = made[parent].pk if parent else None
        made[name] = teams.add_team(name=name, parent_id=above, by=SYSTEM, at=now())
    return made


def teams_within(team_id, visibility):
    return within(team_id, visibility, team_tree_rows())


def person(team: Team | None, role: str = "FIELD_REP") -> User:
    number = User.objects.count()
    return User.objects.create(
        email=f"p{number}@kestrel.example", name=f"P {number}", role=role, team=team, created_at=now()
    )


def newest(verb: str) -> int:
    return Event.objects.filter(verb=verb).latest("pk").pk


@pytest.mark.parametrize(
    ("visibility", "names"),
    [
        ("OWN", {"Field"}),
        ("TEAM", {"Field"}),
        ("SUBTREE", {"Field", "North"}),
        ("ALL", {"Field", "North"}),
    ],
)
def test_how_far_down_one_sees(tree, visibility, names):
    assert teams_within(tree["Field"].pk, Visibility(visibility)) == {tree[name].pk for name in names}
    assert teams_within(None, Visibility(visibility)) == frozenset()


def test_a_team_reaches_its_rows_and_those_below_only_with_the_subtree(tree):
    field, north = tree["Field"].pk, tree["North"].pk
    for visibility, seen in (("OWN", False), ("TEAM", False), ("SUBTREE", True), ("ALL", True)):
        wide = Visibility(visibility)
        actor = replace(make_actor("*", visibility=wide, user_id=7), team_ids=teams_within(field, wide))
        assert actor.reaches(owner_id=None, team_id=north) is seen
        assert actor.reaches(owner_id=None, team_id=field) is (visibility != "OWN")
        assert actor.reaches(owner_id=7, team_id=None)
        assert actor.reaches(owner_id=8, team_id=tree["Sales"].pk) is (visibility == "ALL")


def test_role_and_teams_are_read_once(tree, django_assert_num_queries):
    user = person(tree["Sales"])
    with django_assert_num_queries(2):
        assert actor_of(user).team_ids == {tree[name].pk for name in ("Sales", "Field", "North")}


def test_no_team_stands_below_itself(tree):
    for below in ("Sales", "Field", "North"):
        with pytest.raises(Invalid) as refused:
            teams.change_team(team_id=tree["Sales"].pk, name="Sales", parent_id=tree[below].pk, by=SYSTEM, at=now())
        assert "parent_id" in refused.value.fields


def test_a_team_gets_another_name_and_place_and_comes_back(tree):
    field = tree["Field"].pk
    teams.change_team(team_id=field, name="Outside", parent_id=tree["Marketing"].pk, by=SYSTEM, at=now())
    assert [(place.path, place.above_in_words) for place in team_tree()] == [
        ("Marketing", ""), ("Marketing › Outside", "Marketing"),
        ("Marketing › Outside › North", "Marketing › Outside"), ("Sales", ""),
    ]  # fmt: skip
    undo_event(event_id=newest("platform.changed"), by=SYSTEM, at=now())
    assert [place.path for place in team_tree()][1:] == ["Sales", "Sales › Field", "Sales › Field › North"]


def test_a_dissolved_team_is_seen_with_the_one_its_people_went_to(tree):
    field, sales = tree["Field"], tree["Sales"]
    mate, gone = person(field), person(field)
    accounts.deactivate_user(user_id=gone.pk, by=SYSTEM, at=now())
    teams.dissolve_team(team_id=field.pk, into_id=tree["Marketing"].pk, by=SYSTEM, at=now())
    for user in (mate, gone):
        user.refresh_from_db()
        assert user.team_id == tree["Marketing"].pk
    assert Team.objects.get(pk=tree["North"].pk).parent_id == sales.pk
    assert [place.path for place in team_tree()] == ["Marketing", "Sales", "Sales › North"]
    assert teams_within(tree["Marketing"].pk, Visibility.TEAM) == {tree["Marketing"].pk, field.pk}
    assert field.pk not in teams_within(sales.pk, Visibility.SUBTREE)
    with pytest.raises(NotFound):
        teams.change_team(team_id=field.pk, name="Again", parent_id=None, by=SYSTEM, at=now())
    with pytest.raises(Invalid):
        accounts.add_user(email="a@b.example", name="A", role="SERVICE", team_id=field.pk, by=SYSTEM, at=now())


@pytest.mark.parametrize("into", ["North", None])
def test_dissolving_is_undone_with_those_who_are_still_there(tree, into):
    field = tree["Field"]
    mate, moved = person(field), person(field)
    into_id = tree[into].pk if into else None
    teams.dissolve_team(team_id=field.pk, into_id=into_id, by=SYSTEM, at=now())
    User.objects.filter(pk=moved.pk).update(team=tree["Sales"])
    undo_event(event_id=newest("team.team_dissolved"), by=SYSTEM, at=now())
    mate.refresh_from_db()
    moved.refresh_from_db()
    assert (mate.team_id, moved.team_id) == (field.pk, tree["Sales"].pk)
    assert [place.path for place in team_tree()][1:] == ["Sales", "Sales › Field", "Sales › Field › North"]


def test_dissolving_stays_where_the_teams_were_moved_since(tree):
    teams.dissolve_team(team_id=tree["Field"].pk, into_id=tree["Sales"].pk, by=SYSTEM, at=now())
    teams.change_team(team_id=tree["North"].pk, name="North", parent_id=None, by=SYSTEM, at=now())
    with pytest.raises(NotUndoable):
        undo_event(event_id=newest("team.team_dissolved"), by=SYSTEM, at=now())


def test_a_new_team_is_taken_back_until_somebody_is_in_it(tree):
    undo_event(event_id=newest("team.team_added"), by=SYSTEM, at=now())
    assert "Marketing" not in [place.name for place in team_tree()]
    person(teams.add_team(name="Service", by=SYSTEM, at=now()))
    with pytest.raises(NotUndoable):
        undo_event(event_id=newest("team.team_added"), by=SYSTEM, at=now())


def test_nobody_moves_people_or_teams_where_they_do_not_see(tree):
    chief = replace(
        make_actor("team.*", visibility=Visibility.SUBTREE, user_id=1),
        team_ids=teams_within(tree["Field"].pk, Visibility.SUBTREE),
    )
    north = tree["North"].pk
    for into in (tree["Marketing"].pk, tree["Sales"].pk):
        with pytest.raises(NotAllowed):
            teams.change_team(team_id=north, name="North", parent_id=into, by=chief, at=now())
        with pytest.raises(NotAllowed):
            teams.dissolve_team(team_id=north, into_id=into, by=chief, at=now())
    teams.change_team(team_id=north, name="Far north", parent_id=tree["Field"].pk, by=chief, at=now())


def test_pages_form_change_and_dissolve_teams(client, tree):
    client.force_login(person(None, "OWNER"))
    page = client.get("/settings/teams").content.decode()
    assert page.index("Sales") < page.index("North") and "Sales › Field" in page
    made = client.post("/settings/teams/new", {"name": "South", "parent_id": tree["Field"].pk})
    assert made.status_code == 302
    south = Team.objects.get(name="South")
    assert client.post("/settings/teams/new", {"name": "south", "parent_id": ""}).status_code == 422
    address = f"/settings/teams/{south.pk}"
    assert client.post(address, {"name": "South", "parent_id": south.pk}).status_code == 422
    assert client.post(address, {"name": "Deep south", "parent_id": ""}).status_code == 302
    assert client.post(f"{address}/dissolve", {"into_id": ""}).status_code == 422
    person(south)
    assert client.post(f"{address}/dissolve", {"into_id": "none"}).status_code == 302
    assert not User.objects.filter(team=south).exists()
    assert client.get(address).status_code == 404
    for role in ("HEAD_OF_SALES", "READ_ONLY"):
        client.force_login(person(None, role))
        assert client.get("/settings/teams").status_code == 403
        assert client.post("/settings/teams/new", {"name": "Mine"}).status_code == 403
        assert client.post(f"/settings/teams/{tree['Field'].pk}/dissolve", {"into_id": "none"}).status_code == 403
