"""What happens with roles: the company makes them, changes them and retires them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from headwater.platform.events import Fact


@dataclass(frozen=True, kw_only=True)
class RoleAdded(
    Fact, verb="team.role_added", subject="team.role:role_id", sentence=_("Role {name} was made"), icon="shield"
):
    """The company made a role of its own, as a copy of ``copied``."""

    role_id: int
    key: str
    name: str
    copied: str


@dataclass(frozen=True, kw_only=True)
class RoleChanged(
    Fact, verb="team.role_changed", subject="team.role:role_id", sentence=_("Role {name} was changed"), icon="shield"
):
    """What a role may do, how far it sees or what it is called changed; from the next request on, for all who have it.

    ``names`` and ``visibility`` are what was and what is.
    """

    role_id: int
    key: str
    name: str
    gained: list[str]
    lost: list[str]
    visibility: list[str]
    names: list[str]


@dataclass(frozen=True, kw_only=True)
class RoleRetired(
    Fact, verb="team.role_retired", subject="team.role:role_id", sentence=_("Role {name} was retired"), icon="archive"
):
    """A role is given to nobody any more; the ``people`` who had it have the role ``instead``."""

    role_id: int
    key: str
    name: str
    instead: str
    people: list[int]


@dataclass(frozen=True, kw_only=True)
class RoleBroughtBack(
    Fact, verb="team.role_brought_back", subject="team.role:role_id", sentence=_("Role {name} is back"), icon="shield"
):
    """A retired role can be given again."""

    role_id: int
    key: str
    name: str


@dataclass(frozen=True, kw_only=True)
class LookedAs(
    Fact, verb="team.looked_as", subject="team.user:user_id", sentence=_("Looked at Headwater as {role}"), icon="eye"
):
    """Somebody began to look at Headwater as a role, or as the colleague ``as_user_id``, sees it."""

    user_id: int
    role: str
    as_user_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class LookingEnded(
    Fact, verb="team.looking_ended", subject="team.user:user_id", sentence=_("Looked as themselves again"), icon="eye"
):
    """Somebody who looked at Headwater as others see it is themselves again."""

    user_id: int
