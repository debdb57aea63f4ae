"""What hangs on one person, noun by noun, so that nothing is left behind when they go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count

from headwater.platform.actor import Actor
from headwater.platform.filter import tree_from_params
from headwater.platform.resource import REGISTRY, Command, Resource, Rows, filtered


@dataclass(frozen=True)
class Held:
    """Work of one kind: the rows of ``noun`` that match ``params`` and name the person in the column ``owner``.

    ``command`` is the noun's command for many rows that gives them to somebody else; its form asks for ``owner_id``.
    """

    key: str
    noun: str
    label: Any
    params: Mapping[str, str] = field(default_factory=dict)
    owner: str = "owner"
    command: str = "assign"
    order: int = 50

    @property
    def resource(self) -> Resource:
        """The noun."""
        return REGISTRY[self.noun]

    def counts(self, user_ids: Collection[int], actor: Actor) -> dict[int, int]:
        """How many rows of it each of these people holds, as far as the actor sees them. One query."""
        seen = filtered(self.resource, actor, tree_from_params(self.params, self.resource.by_key))
        holder = self.resource.by_key[self.owner].orm_path
        found = seen.model._base_manager.filter(pk__in=seen.order_by().values("pk"), **{f"{holder}__in": user_ids})
        return dict(found.order_by().values_list(holder).annotate(Count("pk")))

    def rows(self, user_id: int, actor: Actor) -> Rows:
        """What of it this person holds, as far as the actor sees it."""
        tree = tree_from_params(self._conditions(user_id), self.resource.by_key)
        return filtered(self.resource, actor, tree)

    def url(self, user_id: int) -> str:
        """The list of what this person holds."""
        return f"/{self.resource.slug}?{urlencode({'view': 'all', **self._conditions(user_id)})}"

    def step(self) -> Command:
        """The command that gives it away."""
        command = self.resource.command(self.command)
        if command is None or command.run_many is None:
            raise RuntimeError(f"{self.noun} has no step “{self.command}” for many rows.")
        return command

    def _conditions(self, user_id: int) -> dict[str, str]:
        return {**self.params, self.owner: str(user_id)}


HELD: dict[str, Held] = {}


def register_held(held: Held) -> None:
    """Make a kind of work known to the page of who leaves."""
    if held.key in HELD:
        raise RuntimeError(f"{held.key} is registered twice.")
    HELD[held.key] = held


def kinds_of_work() -> list[Held]:
    """Every kind of work, what is most urgent first."""
    return sorted(HELD.values(), key=lambda held: held.order)
