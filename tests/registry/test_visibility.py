"""Own, team, team and below, all: the same for leads, people, companies, opportunities and orders on every way in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from makers import AT, SOON

from headwater.measure.metrics.scope import scope_of
from headwater.measure.rules.periods import ReportRequest
from headwater.platform.actor import Visibility, owned_rows
from headwater.platform.resource import REGISTRY
from headwater.team import rules
from headwater.team.models import Team, User
from headwater.team.queries import actor_of
from headwater.team.rules import RoleRights

OWNED = ["parties.person", "parties.organisation", "qualify.lead", "sell.opportunity", "sell.order"]
PLACES = ("mine", "mate's", "team's", "below's", "beside's", "above's")
SEEN = {
    "OWN": {"mine"},
    "TEAM": {"mine", "mate's", "team's"},
    "SUBTREE": {"mine", "mate's", "team's", "below's"},
    "ALL": set(PLACES),
}


def test_every_noun_of_owners_and_teams_is_looked_at():
    found = {key for key, resource in REGISTRY.items() if hasattr(resource.searched.model, "team_id")}
    assert {key for key in found if hasattr(REGISTRY[key].searched.model, "owner_id")} == set(OWNED)


@pytest.fixture
def me(people) -> User:
    """A rep of a team that stands below one and above another."""
    teams = {}
    for name, parent in (("Sales", None), ("Field", "Sales"), ("North", "Field"), ("Beside", "Sales")):
        teams[name] = Team.objects.create(name=name, parent=teams.get(parent))
    rep = people["FIELD_REP"]
    User.objects.filter(pk=rep.pk).update(team=teams["Field"])
    rep.refresh_from_db()
    return rep


@pytest.fixture
def placed(me, people, make):
    """The same rows of a noun in every place: ``placed(key)`` hands back their ids by place."""
    stranger = people["HEAD_OF_SALES"].pk
    team = {name: pk for pk, name in Team.objects.values_list("pk", "name")}
    whose = {
        "mine": (me.pk, None), "mate's": (stranger, team["Field"]), "team's": (None, team["Field"]),
        "below's": (stranger, team["North"]), "beside's": (stranger, team["Beside"]),
        "above's": (stranger, team["Sales"]),
    }  # fmt: skip

    def put(key):
        model = REGISTRY[key].searched.model
        ids = dict(zip(PLACES, make(key, len(PLACES)), strict=True))
        for place, (owner_id, team_id) in whose.items():
            model.objects.filter(pk=ids[place]).update(owner_id=owner_id, team_id=team_id)
        return ids

    return put


@pytest.mark.parametrize("key", [pytest.param(key, marks=() if key in SOON else pytest.mark.slow) for key in OWNED])
def test_pages_api_export_search_and_changes_show_what_lies_within_reach(key, me, placed, client_of, monkeypatch):
    resource, ids = REGISTRY[key], placed(key)
    verbs = rules.ROLE_RIGHTS["FIELD_REP"].verbs - {"qualify.lead.claim"} | {resource.verb("export")}
    client = client_of("FIELD_REP")
    of = {pk: place for place, pk in ids.items()}
    for visibility, expected in SEEN.items():
        monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", RoleRights(frozenset(verbs), visibility))
        actor = actor_of(me)
        rows = resource.rows(actor).filter(pk__in=of)
        assert {of[pk] for pk in rows.values_list("pk", flat=True)} == expected, visibility
        held = resource.searched.model.objects.filter(owned_rows(actor), pk__in=of)
        assert {of[pk] for pk in held.values_list("pk", flat=True)} == expected, "set-based and nothing else"
        api = client.get(f"/api/v1/{resource.slug}?limit=100").json()["items"]
        assert {of[item["id"]] for item in api if item["id"] in of} == expected, visibility
        page = client.get(f"/{resource.slug}").content.decode()
        assert {place for place, pk in ids.items() if f'href="/{resource.slug}/{pk}' in page} == expected, visibility
        for place, pk in ids.items():
            is_there = 200 if place in expected else 404
            assert client.get(f"/{resource.slug}/{pk}").status_code == is_there, (visibility, place)
            assert client.get(f"/api/v1/{resource.slug}/{pk}").status_code == is_there, (visibility, place)
        lines = b"".join(client.get(f"/{resource.slug}/export.csv").streaming_content).decode().strip().splitlines()
        assert len(lines) - 1 >= len(expected) and (visibility == "ALL" or len(lines) - 1 <= len(expected) + 1)


@pytest.mark.parametrize("visibility", list(Visibility))
def test_a_row_of_the_team_is_reached_exactly_where_it_is_listed(visibility, me, placed, monkeypatch):
    """What actions ask of one row and what queries ask of all is the same rule."""
    ids = placed("qualify.lead")
    model = REGISTRY["qualify.lead"].searched.model
    monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", RoleRights(frozenset({"qualify.lead.see"}), visibility.value))
    actor = actor_of(me)
    for place, pk in ids.items():
        row = model.objects.get(pk=pk)
        assert actor.reaches(owner_id=row.owner_id, team_id=row.team_id) is (place in SEEN[visibility.value])


@pytest.mark.parametrize("visibility", list(Visibility))
def test_boards_and_reports_reach_as_far_as_lists(visibility, me, placed, client_of, monkeypatch):
    boards = (
        ("/leads/board", "leads", placed("qualify.lead")),
        ("/pipeline", "opportunities", placed("sell.opportunity")),
    )
    verbs = rules.ROLE_RIGHTS["FIELD_REP"].verbs - {"qualify.lead.claim"}
    monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", RoleRights(verbs, visibility.value))
    client, actor, expected = client_of("FIELD_REP"), actor_of(me), SEEN[visibility.value]
    for address, slug, ids in boards:
        page = client.get(address).content.decode()
        assert {place for place, pk in ids.items() if f'/{slug}/{pk}"' in page} == expected, address
    report = scope_of(actor, ReportRequest(), zone=ZoneInfo("UTC"), currency="EUR", at=AT)
    assert report.team_ids == (sorted(actor.team_ids) if visibility.is_of_teams else [])


@pytest.mark.parametrize("key", OWNED)
def test_a_list_asks_as_often_whatever_one_sees(key, me, placed, client_of, monkeypatch, django_assert_max_num_queries):
    resource, counts = REGISTRY[key], []
    placed(key)
    client = client_of("FIELD_REP")
    client.get(f"/{resource.slug}")
    for visibility in SEEN:
        rights = RoleRights(rules.ROLE_RIGHTS["FIELD_REP"].verbs, visibility)
        monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", rights)
        with django_assert_max_num_queries(60) as asked:
            assert client.get(f"/{resource.slug}").status_code == 200
        counts.append(len(asked))
    assert max(counts) - min(counts) <= 2, counts
