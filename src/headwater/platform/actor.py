"""Who asks: a person, a token or a job, and what they may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache, reduce, wraps
from operator import or_
from typing import Any, TypeVar

from django.db.models import Q, QuerySet

from headwater.platform.errors import NotAllowed, OutOfScope


class Visibility(StrEnum):
    """How far a role sees among owned rows; each sees what those before it see, and more."""

    OWN = "OWN"
    TEAM = "TEAM"
    SUBTREE = "SUBTREE"
    ALL = "ALL"

    @property
    def is_of_teams(self) -> bool:
        """Whether it reaches the rows of some teams: one's own, or that one and those below it."""
        return self in (Visibility.TEAM, Visibility.SUBTREE)

    def covers(self, other: Visibility) -> bool:
        """Whether it sees at least as far as another one does."""
        order = list(Visibility)
        return order.index(self) >= order.index(other)


class ActorKind(StrEnum):
    """What kind of caller it is; the log keeps it with every fact."""

    USER = "USER"
    TOKEN = "TOKEN"  # noqa: S105  (a kind of actor, not a secret)
    JOB = "JOB"


@dataclass(frozen=True)
class Actor:
    """Somebody or something that acts, with its rights.

    ``verbs`` are patterns such as ``qualify.lead.*`` (see ``team.rules``). A token holds the rights of its
    user narrowed by its ``scopes``.
    ``seen_as`` says in words as what or whom somebody only looks at Headwater, ``seen_by`` is who that really is.
    ``team_id`` is the team one belongs to, ``team_ids`` the teams whose rows and matters are theirs: that one, and with
    a visibility that goes further those below it. They are worked out once, when the actor is made.
    """

    kind: ActorKind
    name: str
    id: int | None = None
    user_id: int | None = None
    role: str = ""
    verbs: frozenset[str] = frozenset()
    visibility: Visibility = Visibility.OWN
    team_ids: frozenset[int] = frozenset()
    team_id: int | None = None
    scopes: frozenset[str] | None = None
    time_zone: str = "UTC"
    language: str = ""
    batch_id: int | None = field(default=None, compare=False)
    seen_as: str = ""
    seen_by: int | None = None

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        return tuple(verb for verb in self.verbs if "*" in verb)

    @property
    def itself(self) -> Actor:
        """The actor without what may stand in for it: a request finds out who acts only when somebody asks."""
        return self

    @property
    def ref(self) -> str:
        """How the event log names this actor, e.g. ``user:3``."""
        return f"{self.kind.lower()}:{self.id if self.id is not None else self.name}"

    @property
    def only_reads(self) -> bool:
        """Whether it is a key for nothing but looking: also what takes no right but to see is not its to change."""
        return self.scopes is not None and all(scope.endswith(".see") for scope in self.scopes)

    def may(self, verb: str, *, owner_id: int | None = None, team_id: int | None = None) -> bool:
        """Whether this actor has the right ``verb``, e.g. ``sell.opportunity.win``.

        With ``owner_id`` or ``team_id`` also whether the row lies within the actor's visibility.
        """
        if verb not in self.verbs and not any(fnmatchcase(verb, pattern) for pattern in self._patterns):
            return False
        if self.scopes is not None and not any(fnmatchcase(verb, scope) for scope in self.scopes):
            return False
        if owner_id is None and team_id is None:
            return True
        return self.reaches(owner_id=owner_id, team_id=team_id)

    def reaches(self, *, owner_id: int | None, team_id: int | None) -> bool:
        """Whether a row of this owner and team lies within the actor's visibility."""
        match self.visibility:
            case Visibility.ALL:
                return True
            case Visibility.TEAM | Visibility.SUBTREE:
                return (owner_id is not None and owner_id == self.user_id) or team_id in self.team_ids
            case _:
                return owner_id is not None and owner_id == self.user_id

    def require(self, verb: str, *, owner_id: int | None = None, team_id: int | None = None) -> None:
        """Refuse unless :meth:`may`.

        Raises:
            NotAllowed: the right is missing, or the row lies outside the actor's visibility.
            OutOfScope: the token's scopes do not cover what its user may do.
        """
        if not self.may(verb, owner_id=owner_id, team_id=team_id):
            without = replace(self, scopes=None)
            raise OutOfScope() if without.may(verb, owner_id=owner_id, team_id=team_id) else NotAllowed()

    def looked_through(self, *, by: int | None, words: str, **values: Any) -> Actor:
        """The same actor as somebody who only looks: with other rights or another reach, never more of them."""
        return replace(self, seen_by=by, seen_as=words, **values)

    def in_batch(self, batch_id: int) -> Actor:
        """The same actor working through an import batch, so that every fact names the batch."""
        return replace(self, batch_id=batch_id)

    def seeing_all(self) -> Actor:
        """The same actor with the same rights, whose sight ends nowhere: for what is theirs to do with any row."""
        return replace(self, visibility=Visibility.ALL)


def owned_rows(actor: Actor, *, owner: str = "owner", team: str = "team") -> Q:
    """The rows within the actor's visibility, as a condition on ``owner`` and ``team`` columns."""
    if actor.visibility is Visibility.ALL:
        return Q()
    return reduce(or_, owned_by(actor, owner=owner, team=team))


def owned_by(actor: Actor, *, owner: str = "owner", team: str = "team") -> list[Q]:
    """The same as conditions any of which suffices, for an actor who does not see all; else none."""
    if actor.visibility is Visibility.ALL:
        return []
    reach = [Q(**{f"{owner}_id": actor.user_id}) if actor.user_id is not None else Q(pk__in=())]
    if actor.visibility.is_of_teams and actor.team_ids:
        reach.append(Q(**{f"{team}_id__in": sorted(actor.team_ids)}))
    return reach


_AnyRows = TypeVar("_AnyRows", bound=QuerySet[Any])


def per_actor(build: Callable[[Actor], _AnyRows]) -> Callable[[Actor], _AnyRows]:
    """Put a query together once for each actor that asks, not for each question; nothing but the actor may shape it.

    A page asks for what somebody may see dozens of times, and putting such a query together takes longer than running
    it. Everybody gets a copy: rows that were read are never kept.
    """
    built = lru_cache(maxsize=128)(build)

    @wraps(build)
    def rows(actor: Actor) -> _AnyRows:
        return built(actor.itself).all()

    return rows


def job_actor(name: str) -> Actor:
    """The system itself at work, with every right: migrations, schedules, the demo loader."""
    return Actor(kind=ActorKind.JOB, name=name, role="job", verbs=frozenset({"*"}), visibility=Visibility.ALL)
