"""Where people are signed in, and signing them out there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.db.models import F
from django.utils.crypto import constant_time_compare

from headwater.platform.action import action
from headwater.platform.actor import Actor, ActorKind
from headwater.platform.errors import NotAllowed, NotFound
from headwater.platform.events import record
from headwater.platform.translated import gettext
from headwater.team.events import SessionsEnded
from headwater.team.models import SecondFactor, Session


@action
def end_session(*, handle: str, by: Actor, at: datetime) -> None:
    """Sign oneself out in one place, at once.

    Raises:
        NotFound: one is not signed in there (any more).
    """
    user_id = _person(by)
    mine = Session.objects.select_for_update().filter(user_id=user_id)
    found = next((each for each in mine if constant_time_compare(each.handle, handle)), None)
    if found is None:
        raise NotFound(gettext("That session is over already."))
    found.delete()
    record(SessionsEnded(user_id=user_id, count=1), by=by, at=at)


@action
def end_sessions(*, user_id: int, by: Actor, at: datetime, besides: str = "") -> int:
    """Sign somebody out everywhere, oneself or with the right to change users; how many sessions ended.
    Devices that were remembered are asked for a code again.

    ``besides`` is the key of the session that stays.
    """
    if user_id != _person(by):
        by.require("team.user.change")
    count = drop_sessions_of(user_id, besides=besides)
    forget_devices_of(user_id)
    if count:
        record(SessionsEnded(user_id=user_id, count=count), by=by, at=at)
    return count


def drop_sessions_of(user_id: int, *, besides: str = "") -> int:
    """End somebody's sessions in the action that has checked the right to; how many there were."""
    removed, _ = Session.objects.filter(user_id=user_id).exclude(session_key=besides).delete()
    return removed


def forget_devices_of(user_id: int) -> None:
    """Ask for somebody's second factor again on every device that was remembered."""
    SecondFactor.objects.filter(user_id=user_id).update(devices_forgotten=F("devices_forgotten") + 1)


def take_out(session: SessionBase, name: str) -> Any:
    """What a session keeps for one use: it is gone at once, whatever becomes of this request."""
    kept = session.pop(name, None)
    if kept is not None:
        try:
            session.save()
        except UpdateError:  # the session ended meanwhile
            return None
    return kept


def note_seen(*, session_key: str, at: datetime) -> None:
    """Keep when a session was last used, to a few minutes; no fact: nothing changed in the business."""
    Session.objects.filter(pk=session_key, seen_at__lt=at).update(seen_at=at)


def _person(by: Actor) -> int:
    if by.kind is ActorKind.TOKEN:
        raise NotAllowed(gettext("A token is not signed in anywhere. Sign in."))
    return by.user_id or 0
