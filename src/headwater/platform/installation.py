"""What the lower shells must know of the company and its people, told to them by the room that knows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from headwater.platform.actor import Actor
from headwater.platform.column import Choices
from headwater.platform.rates import Rates


@dataclass(frozen=True)
class Installation:
    """The company this installation belongs to: its zone, currency (ISO 4217) and home region (ISO 3166-1).

    ``roles_of`` tells what somebody can be here, code and word, ``works_on`` whether the office is open on a day,
    ``knows_rates`` whether any other currency has one: asked only where it is needed.
    """

    name: str
    time_zone: str
    currency: str
    region: str
    roles_of: Callable[[], Sequence[tuple[str, str]]] = tuple
    works_on: Callable[[date], bool] = lambda day: True
    knows_rates: Callable[[], bool] = bool

    @property
    def roles(self) -> Sequence[tuple[str, str]]:
        """What somebody can be here: code and word."""
        return self.roles_of()

    @property
    def zone(self) -> ZoneInfo:
        """Where calendar days begin and end."""
        return ZoneInfo(self.time_zone)


@dataclass
class _Source:
    installation: Callable[[], Installation] | None = None
    actor: Callable[[str], Actor] | None = None
    team_members: Callable[[Collection[int]], Sequence[int]] | None = None
    people: Callable[[Actor], Choices] | None = None
    rates: Callable[[str, Iterable[str]], Rates] | None = None


_source = _Source()


def provide(
    *,
    installation: Callable[[], Installation],
    actor: Callable[[str], Actor],
    team_members: Callable[[Collection[int]], Sequence[int]],
    people: Callable[[Actor], Choices],
    rates: Callable[[str, Iterable[str]], Rates],
) -> None:
    """Called once by the room that knows the company and can make an actor out of its reference."""
    _source.installation, _source.actor = installation, actor
    _source.team_members, _source.people, _source.rates = team_members, people, rates


def installation() -> Installation:
    """The company of this installation."""
    assert _source.installation is not None, "the team room provides this when it is ready"
    return _source.installation()


def actor_by_ref(ref: str) -> Actor:
    """The actor behind a reference such as ``user:3`` with the rights it has now; jobs act for people this way.

    Raises:
        NotAllowed: the person is gone or may no longer act.
    """
    assert _source.actor is not None, "the team room provides this when it is ready"
    return _source.actor(ref)


def team_members(team_ids: Collection[int]) -> Sequence[int]:
    """The ids of the people in these teams."""
    assert _source.team_members is not None, "the team room provides this when it is ready"
    return _source.team_members(team_ids) if team_ids else ()


def people_choices(actor: Actor) -> Choices:
    """Our own people as somebody may choose among them."""
    assert _source.people is not None, "the team room provides this when it is ready"
    return _source.people(actor)


def rates_into(own: str, currencies: Iterable[str]) -> Rates:
    """What these currencies are worth in the company's own, day by day."""
    assert _source.rates is not None, "the team room provides this when it is ready"
    return _source.rates(own, currencies)
