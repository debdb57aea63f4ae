"""Which teams there are, which stands below which, and where people go when one is dissolved."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from headwater.platform.action import action
from headwater.platform.actor import Actor, Visibility
from headwater.platform.changes import Edit, change_row, change_rows, old_values
from headwater.platform.errors import Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.events import Changed, record
from headwater.platform.models import Event
from headwater.platform.translated import gettext as _
from headwater.platform.undo import undoes, undoes_changes_of
from headwater.team.events import TeamAdded, TeamDissolved, TeamFormedAgain
from headwater.team.models import Team, User
from headwater.team.rules import below

LONGEST_NAME = 80
ROW = "team.team"


@action
def add_team(*, name: str, parent_id: int | None = None, by: Actor, at: datetime) -> Team:
    """Form a team, below another one or on its own.

    Raises:
        Invalid: no name, one that another team has, or no such team to stand below.
        NotAllowed: the team above it is out of one's reach.
    """
    by.require("team.team.create")
    teams = _locked_teams()
    name = _checked(name, parent_id, teams)
    require_reach(by, parent_id)
    team = Team.objects.create(name=name, parent_id=parent_id)
    record(TeamAdded(team_id=team.pk, name=name), by=by, at=at)
    return team


@action
def change_team(*, team_id: int, name: str, parent_id: int | None, by: Actor, at: datetime) -> Event | None:
    """Give a team another name, or another place among the teams; who belongs to it stays.

    Raises:
        Invalid: no name, one that another team has, or a place below itself.
        NotAllowed: the team or its place is out of one's reach.
        NotFound: there is no such team.
    """
    by.require("team.team.change")
    teams = _locked_teams()
    team = _of(teams, team_id)
    name = _checked(name, parent_id, teams, of=team)
    if parent_id != team.parent_id:
        require_reach(by, team_id, team.parent_id, parent_id)
    return change_row(team, {"name": name, "parent_id": parent_id}, row_type=ROW, by=by, at=at)


@action
def dissolve_team(*, team_id: int, into_id: int | None, by: Actor, at: datetime) -> Event:
    """End a team: its people and what belongs to it go to another one, or its people are in no team any more.

    The rows of a dissolved team keep its name and are seen with the team they went to. Teams below it move up.

    Raises:
        Invalid: its people cannot go there.
        NotAllowed: one of the teams is out of one's reach.
        NotFound: there is no such team.
    """
    by.require("team.team.change")
    teams = _locked_teams()
    team = _of(teams, team_id)
    if into_id is not None and (into_id == team_id or into_id not in teams or teams[into_id].archived_at is not None):
        raise Invalid({"into_id": [_("Choose another team that works.")]})
    require_reach(by, team_id, into_id)
    people = list(User.objects.select_for_update().filter(team_id=team_id).order_by("pk"))
    change_rows([Edit(user, {"team_id": into_id}, "team.user") for user in people], by=by, at=at)
    former: dict[int, int | None] = {each.pk: each.parent_id for each in teams.values() if each.parent_id == team_id}
    former[team_id] = team.parent_id
    above = team.parent_id
    for each in teams.values():
        if each.parent_id == team_id:
            each.parent_id = above
    if into_id is not None:
        team.parent_id = into_id  # what belongs to it is found below the team it went to
    team.archived_at = at
    Team.objects.bulk_update([teams[pk] for pk in former], ["parent_id", "archived_at"])
    moved = [user.pk for user in people]
    after = {str(pk): teams[pk].parent_id for pk in former}
    fact = TeamDissolved(
        team_id=team_id, name=team.name, into_id=into_id, people=moved, count=len(moved),
        parents={str(pk): parent_id for pk, parent_id in former.items()}, parents_after=after,
    )  # fmt: skip
    return record(fact, by=by, at=at)


@undoes(TeamDissolved)
@action
def form_team_again(fact: TeamDissolved, *, event: Event, by: Actor, at: datetime) -> None:
    """Take back that a team was dissolved: those of its people who are still where they went come back."""
    by.require("team.team.change")
    teams = _locked_teams()
    if any(pk not in teams or teams[pk].parent_id != parent_id for pk, parent_id in _ids(fact.parents_after).items()):
        raise NotUndoable(reason=_("the teams were moved since"))
    require_reach(by, fact.team_id, fact.into_id, *_ids(fact.parents).values())
    for pk, parent_id in _ids(fact.parents).items():
        teams[pk].parent_id = parent_id
    teams[fact.team_id].archived_at = None
    Team.objects.bulk_update([teams[int(pk)] for pk in fact.parents], ["parent_id", "archived_at"])
    there = User.objects.select_for_update().filter(pk__in=fact.people, team=fact.into_id).order_by("pk")
    change_rows([Edit(user, {"team_id": fact.team_id}, "team.user") for user in there], by=by, at=at)
    record(TeamFormedAgain(team_id=fact.team_id, name=fact.name), by=by, at=at)


@undoes(TeamAdded)
@action
def take_back_team(fact: TeamAdded, *, event: Event, by: Actor, at: datetime) -> None:
    """Take back that a team was formed: it is dissolved, as long as nobody belongs to it and none stands below it."""
    by.require("team.team.change")
    teams = _locked_teams()
    team = _of(teams, fact.team_id)
    require_reach(by, fact.team_id)
    if User.objects.filter(team=team).exists() or any(each.parent_id == team.pk for each in teams.values()):
        raise NotUndoable(reason=_("somebody or something belongs to the team by now"))
    team.archived_at = at
    team.save(update_fields=["archived_at"])
    parents = {str(team.pk): team.parent_id}
    fact_of_end = TeamDissolved(
        team_id=team.pk, name=team.name, into_id=None, people=[], count=0, parents=parents, parents_after=parents
    )
    record(fact_of_end, by=by, at=at)


@undoes_changes_of(ROW)
@action
def take_back_change(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Give a team the name and place it had."""
    teams = _locked_teams()
    team = teams.get(fact.row_id)
    if team is None:
        raise NotFound()
    former = {"name": team.name, "parent_id": team.parent_id, **old_values(team, fact)}
    change_team(team_id=team.pk, **former, by=by, at=at)


def require_reach(by: Actor, *team_ids: int | None) -> None:
    """Refuse to whoever does not see everything to move people or teams where they themselves do not see.

    Raises:
        NotAllowed: one of these teams lies outside their reach.
    """
    if by.visibility is Visibility.ALL:
        return
    if any(team_id not in by.team_ids for team_id in team_ids if team_id is not None):
        raise NotAllowed(_("You do not see that team yourself. Ask somebody who sees all teams."))


def _checked(name: str, parent_id: int | None, teams: dict[int, Team], *, of: Team | None = None) -> str:
    name = name.strip()
    wrong: dict[str, list[str]] = {}
    if not name:
        wrong["name"] = [_("A team needs a name.")]
    elif len(name) > LONGEST_NAME:
        wrong["name"] = [_("A name has 80 letters at most.")]
    elif any(each.name.casefold() == name.casefold() and each != of for each in teams.values()):
        wrong["name"] = [_("There is a team called %(name)s already.") % {"name": name}]
    if parent_id is not None:
        if parent_id not in teams or teams[parent_id].archived_at is not None:
            wrong["parent_id"] = [_("There is no such team.")]
        elif of is not None and parent_id in below(of.pk, _pairs(teams.values())):
            wrong["parent_id"] = [_("A team cannot stand below itself.")]
    if wrong:
        raise Invalid(wrong)
    return name


def _locked_teams() -> dict[int, Team]:
    # All of them: two moves at the same moment could otherwise make a circle that neither of them sees.
    return {team.pk: team for team in Team.objects.select_for_update().order_by("pk")}


def _of(teams: dict[int, Team], team_id: int) -> Team:
    team = teams.get(team_id)
    if team is None or team.archived_at is not None:
        raise NotFound()
    return team


def _pairs(teams: Iterable[Team]) -> list[tuple[int, int | None]]:
    return [(team.pk, team.parent_id) for team in teams]


def _ids(parents: dict[str, int | None]) -> dict[int, int | None]:
    return {int(pk): parent_id for pk, parent_id in parents.items()}
