"""What the writers of the demo company share: which number became which row, and the facts to record in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from headwater.demo import company
from headwater.platform.actor import Actor, ActorKind, job_actor
from headwater.platform.events import Fact, record_bulk

SYSTEM = job_actor("demo company")
_TEAMS = [name for name, _ in company.TEAMS]
_USERS = frozenset({"owner_id", "handed_to_id", "handed_by_id"})


@dataclass
class Book:
    """Ids by number: place 0 stands for nobody and nothing. ``facts`` are (when, by whom, what)."""

    users: Sequence[int] = ()
    teams: Sequence[int] = ()
    parties: Sequence[int] = ()
    campaigns: Sequence[int] = ()
    products: Sequence[int] = ()
    stages: Sequence[int] = ()
    leads: Sequence[int] = ()
    deals: Sequence[int] = ()
    sources: dict[str, int] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)
    actors: dict[int, Actor] = field(default_factory=dict)
    facts: list[tuple[datetime, int, Fact]] = field(default_factory=list)

    def tell(self, at: datetime, by: int, fact: Fact) -> None:
        """Keep a fact for the log; ``by`` is the number of a colleague, 0 the system."""
        self.facts.append((at, by, fact))

    def party(self, number: int) -> int | None:
        """The id of a party."""
        return self.parties[number - 1] if number else None

    def user(self, number: int | None) -> int | None:
        """The id of a colleague."""
        return self.users[number - 1] if number else None

    def team(self, number: int | None) -> int | None:
        """The id of a team."""
        return self.teams[number - 1] if number else None

    def team_of(self, number: int) -> int | None:
        """The id of a colleague's team."""
        name = company.STAFF[number - 1].team
        return self.teams[_TEAMS.index(name)] if name else None

    def deal(self, number: int) -> int | None:
        """The id of an opportunity."""
        return self.deals[number - 1] if number else None

    def campaign(self, number: int) -> int | None:
        """The id of a campaign."""
        return self.campaigns[number - 1] if number else None

    def lead(self, number: int) -> int | None:
        """The id of a lead."""
        return self.leads[number - 1] if number else None

    def values(self, values: dict[str, Any]) -> dict[str, Any]:
        """Values of a step with ids for numbers."""
        found = dict(values)
        for name, value in values.items():
            if name in _USERS:
                found[name] = self.user(value)
            elif name == "team_id":
                found[name] = self.team(value)
            elif name == "stage_id":
                found[name] = self.stages[value - 1]
        return found

    def knows(self, users: Sequence[int], names: Sequence[str]) -> None:
        """Who the colleagues are, as actors of what they did."""
        self.users = users
        self.actors = {0: SYSTEM}
        for number, (user_id, name) in enumerate(zip(users, names, strict=True), 1):
            self.actors[number] = Actor(kind=ActorKind.USER, name=name, id=user_id, user_id=user_id)

    def record(self) -> None:
        """Write all facts to the log, in the order in which things happened."""
        self.facts.sort(key=lambda entry: entry[0])
        record_bulk(
            [fact for _, _, fact in self.facts],
            by=[self.actors[by] for _, by, _ in self.facts],
            at=[at for at, _, _ in self.facts],
        )
