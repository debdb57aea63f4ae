"""What somebody sees who looks at Headwater as a role or as a colleague: never more than they may themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.platform.actor import Actor, Visibility
from headwater.team.models import Role, User
from headwater.team.queries import actor_of, team_tree_rows, teams_within
from headwater.team.queries.roles import KnownRole, covers, rights_to_fields, role_of
from headwater.team.rules import manages_owners

RIGHT = "team.role.change"


def looks_as(actor: Actor, seen: Mapping[str, Any]) -> Actor | None:
    """The actor as the role or the colleague that ``seen`` names sees Headwater; None where they may not look so.

    As a role one stays who one is; as a colleague one has their place among the teams as well.
    """
    if actor.user_id is None or not actor.may(RIGHT):
        return None
    if "role" in seen:
        return _as_role(actor, str(seen["role"]))
    return _as_colleague(actor, seen.get("user_id"))


def _as_role(actor: Actor, key: str) -> Actor | None:
    role = role_of(key)
    if role is None or role.is_retired or not covers(actor, role.rights):
        return None
    if key == Role.OWNER and not manages_owners(actor.role):
        return None
    reach = teams_within(actor.team_id, role.visibility, team_tree_rows())
    verbs = _verbs(role, actor)
    return actor.looked_through(
        by=actor.user_id, words=role.name, role=key, verbs=verbs, visibility=role.visibility, team_ids=reach
    )


def _as_colleague(actor: Actor, user_id: object) -> Actor | None:
    if actor.visibility is not Visibility.ALL or type(user_id) is not int or user_id == actor.user_id:
        return None  # who does not see everything would see rows of the colleague that are not theirs
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or (user.role == Role.OWNER and not manages_owners(actor.role)):
        return None
    role = role_of(user.role)
    if role is None or not covers(actor, role.rights):
        return None
    verbs = _verbs(role, actor)
    return actor_of(user).looked_through(by=actor.user_id, words=f"{user.name} ({role.name})", verbs=verbs)


def _verbs(role: KnownRole, actor: Actor) -> frozenset[str]:
    return frozenset(verb for verb in role.verbs | rights_to_fields(role.key, role.rights) if actor.may(verb))
