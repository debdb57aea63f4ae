"""Who of Kestrel is there on a day, and who takes what."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from headwater.demo import company
from headwater.demo.season import Season

SYSTEM = 0


class Desk:
    """The colleagues by number, from 1 in the order of the plan."""

    def __init__(self, season: Season, rng: Random) -> None:
        self._rng = rng
        self.now = season.at
        year = timedelta(days=365.25)
        self.since = [season.at - c.since * year for c in company.STAFF]
        self.left = [season.at - c.left * year if c.left is not None else None for c in company.STAFF]
        teams = [name for name, _ in company.TEAMS]
        self._team = [teams.index(c.team) + 1 if c.team else None for c in company.STAFF]
        self._by_team: dict[str, list[int]] = {}
        for number, colleague in enumerate(company.STAFF, 1):
            self._by_team.setdefault(colleague.team, []).append(number)
        self._numbers = {c.name: number for number, c in enumerate(company.STAFF, 1)}

    def named(self, name: str) -> int:
        """The number of a colleague."""
        return self._numbers[name]

    def team(self, number: int) -> int | None:
        """The number of a colleague's team."""
        return self._team[number - 1]

    def is_here(self, number: int, at: datetime) -> bool:
        """Whether the colleague works here at a moment."""
        left = self.left[number - 1]
        return self.since[number - 1] <= at and (left is None or left > at)

    def one_of(self, team: str, at: datetime) -> int:
        """Somebody of a team who is there; those who came first take more."""
        here = [n for n in self._by_team[team] if self.is_here(n, at)]
        return self._rng.choices(here, [1.0 + 0.5 / (i + 1) for i in range(len(here))])[0]

    def inside(self, at: datetime) -> int:
        """Somebody of inside sales."""
        return self.one_of("Inside sales", at)

    def field(self, country: str, at: datetime) -> int:
        """Somebody who sells in a country: an account manager, now and then an independent rep."""
        if self._rng.random() < 0.16:
            return self.one_of("Independent reps", at)
        return self.one_of(company.FIELD.get(country, "Field Benelux"), at)

    def successor(self, number: int, country: str, at: datetime) -> int:
        """The colleague, or who took over from one who left."""
        return number if self.is_here(number, at) else self.one_of(company.FIELD.get(country, "Field Benelux"), at)
