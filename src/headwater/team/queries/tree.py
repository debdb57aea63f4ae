"""The teams that work, as they stand below one another."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from headwater.team.models import Team, User


@dataclass(frozen=True)
class TeamPlace:
    """A team and where it stands: ``above`` are the teams over it, the highest first; ``path`` says it in words."""

    pk: int
    name: str
    parent_id: int | None
    above: tuple[int, ...]
    path: str
    people: int

    @property
    def steps(self) -> range:
        """One for every team above it."""
        return range(len(self.above))

    @property
    def above_in_words(self) -> str:
        """The teams over it in words, the highest first."""
        return self.path.removesuffix(self.name).removesuffix(" › ")


def team_tree() -> list[TeamPlace]:
    """The working teams, each after the one it stands below, and how many people who work here are in each."""
    rows = {team.pk: team for team in Team.objects.filter(archived_at=None).order_by("name", "pk")}
    counted = User.objects.filter(is_active=True, team_id__isnull=False).values_list("team_id").annotate(Count("pk"))
    people = {team_id: count for team_id, count in counted.order_by() if team_id is not None}
    children: dict[int | None, list[Team]] = {}
    for team in rows.values():
        children.setdefault(team.parent_id if team.parent_id in rows else None, []).append(team)
    found: list[TeamPlace] = []

    def put(parent_id: int | None, above: tuple[int, ...], path: str) -> None:
        for team in children.get(parent_id, ()):
            named = f"{path} › {team.name}" if path else team.name
            found.append(TeamPlace(team.pk, team.name, team.parent_id, above, named, people.get(team.pk, 0)))
            put(team.pk, (*above, team.pk), named)

    put(None, (), "")
    return found
