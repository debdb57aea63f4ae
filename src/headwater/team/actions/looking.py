"""Looking at Headwater as a role or a colleague sees it; that it was done stands in the log."""

from __future__ import annotations

from datetime import datetime

from headwater.platform.action import action
from headwater.platform.actor import Actor, ActorKind
from headwater.platform.errors import NotAllowed
from headwater.platform.events import record
from headwater.platform.translated import gettext as _
from headwater.team.actions.ranks import ABOVE
from headwater.team.queries.looking import RIGHT, looks_as
from headwater.team.role_events import LookedAs, LookingEnded


@action
def look_as(*, role: str = "", user_id: int | None = None, by: Actor, at: datetime) -> Actor:
    """Begin to look as a role or as a colleague: what they see, and nothing can be changed meanwhile.

    Raises:
        NotAllowed: a program asks, or the role or colleague may or sees more than one does oneself.
    """
    by.require(RIGHT)
    if by.kind is not ActorKind.USER:
        raise NotAllowed(_("A token looks at nothing as others. Sign in."))
    other = looks_as(by, {"role": role} if role else {"user_id": user_id})
    if other is None:
        raise NotAllowed(ABOVE)
    record(LookedAs(user_id=by.user_id or 0, role=other.role, as_user_id=user_id), by=by, at=at)
    return other


@action
def end_looking(*, by: Actor, at: datetime) -> None:
    """Be oneself again."""
    record(LookingEnded(user_id=by.user_id or 0), by=by, at=at)
