"""How people want to be told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.events import record
from headwater.platform.translated import gettext as _
from headwater.tell.actions.digests import choose_digest
from headwater.tell.events import NewsChosen
from headwater.tell.models import NewsChoice
from headwater.tell.queries.news import ways_of
from headwater.tell.queries.stop_links import Stop
from headwater.tell.rules import WAYS
from headwater.tell.words import NewsKind, NewsWay


@action
def choose_ways(*, ways: Mapping[str, str], by: Actor, at: datetime) -> None:
    """Say of what one is told and how; what is not named stays.

    Raises:
        Invalid: there is no such kind or way.
        NotAllowed: it is nobody who could be told.
    """
    if by.user_id is None:
        raise NotAllowed()
    wrong = [kind for kind, way in ways.items() if kind not in NewsKind.values or way not in NewsWay.values]
    if wrong:
        raise Invalid({kind: [_("There is no such choice.")] for kind in wrong})
    kept = {choice.kind: choice for choice in NewsChoice.objects.select_for_update().filter(user_id=by.user_id)}
    changed = []
    for kind, way in ways.items():
        now_is = kept[kind].way if kind in kept else WAYS[kind]
        if now_is != way:
            NewsChoice.objects.update_or_create(user_id=by.user_id, kind=kind, defaults={"way": way})
            changed.append(kind)
    if changed:
        record(NewsChosen(user_id=by.user_id, kinds=changed), by=by, at=at)


@action
def stop_mails(*, stop: Stop, by: Actor, at: datetime) -> None:
    """Get no more mails of a kind: no digest, or that news at the bell only. What comes by no mail anyway stays as it
    is, so an old mail changes nothing that was chosen since.

    Raises:
        NotAllowed: these are somebody else's mails.
    """
    if by.user_id != stop.user_id:
        raise NotAllowed()
    if stop.is_digest:
        choose_digest(hour=None, by=by, at=at)
    elif ways_of([stop.user_id])[stop.user_id, stop.kind] == NewsWay.MAIL:
        choose_ways(ways={stop.kind: NewsWay.BELL}, by=by, at=at)
