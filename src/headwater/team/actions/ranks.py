"""Nobody gives rights they do not have: who may decide about people of a role, and about the role itself."""

from __future__ import annotations

from headwater.platform.actor import Actor
from headwater.platform.errors import NotAllowed
from headwater.platform.translated import gettext as _
from headwater.team.models import Role
from headwater.team.queries.roles import covers, rights_by_role
from headwater.team.rules import RoleRights, manages_owners

ABOVE = "This role may do or see more than you do yourself. Ask somebody who has all of its rights."


def require_rank(by: Actor, *roles: str) -> None:
    """Refuse to decide about people of these roles, or to give one of them, to whoever has less rights.

    Raises:
        NotAllowed: one of the roles is the owner's and they are none, or may do or see more than they do.
    """
    if Role.OWNER in roles and not manages_owners(by.role):
        raise NotAllowed(_("Only an owner can add, change or remove an owner."))
    require_covered(by, *rights_by_role(roles).values())


def require_covered(by: Actor, *rights: RoleRights) -> None:
    """Refuse to whoever does not have all of these rights themselves.

    Raises:
        NotAllowed: they lack some of them, or see less far.
    """
    if not all(covers(by, each) for each in rights):
        raise NotAllowed(ABOVE)
