"""Telling people what happened: read from the log after the fact, a chunk at a time, each person once.

Nobody is told of what they did themselves, or of what they may not see. It is the worker's errand: no fact of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from headwater.platform.actor import Actor
from headwater.platform.errors import NotAllowed
from headwater.platform.events import facts_of
from headwater.platform.horizon import log_horizon
from headwater.platform.installation import actor_by_ref, installation
from headwater.platform.language import speaking_to
from headwater.platform.lease import Lease, LeaseLost
from headwater.platform.lists.actions import ROW as VIEW
from headwater.platform.lists.kept import visible_views
from headwater.platform.models import Event, HandlerCursor
from headwater.platform.resource import REGISTRY
from headwater.tell.actions.mails import queue_mail
from headwater.tell.models import MailKind, News
from headwater.tell.queries.news import may_see_list, said, visible_news, ways_of
from headwater.tell.queries.settings import is_mail_on
from headwater.tell.queries.stop_links import Stop
from headwater.tell.queries.tidings import TELLERS, Tiding, verbs_told
from headwater.tell.rules import NEWS_KEPT_DAYS, OLD_NEWS
from headwater.tell.words import NewsWay

NAME = "tell.news"
CHUNK = 2_000
LEASE = timedelta(minutes=2)


def tell_next(*, at: datetime) -> bool:
    """Tell people of the next chunk of the log; whether there was any. Of two workers one does it, and once:
    what is told and how far the log was read are written together."""
    horizon = log_horizon()
    row = HandlerCursor.objects.filter(pk=NAME)
    cursor = row.first()
    if cursor is None:  # what was before this version is no news
        HandlerCursor.objects.bulk_create([HandlerCursor(handler=NAME, position=horizon)], ignore_conflicts=True)
        return False
    if cursor.position >= horizon:
        return False
    lease = Lease.take(row, lasts=LEASE, at=at, only=Q(position=cursor.position))
    if lease is None:
        return False
    try:
        found = Event.objects.filter(pk__gt=cursor.position, pk__lte=horizon, verb__in=verbs_told())
        events = list(found.order_by("pk")[:CHUNK])
        reached = events[-1].pk if len(events) == CHUNK else horizon
        fresh = [event for event in events if event.occurred_at > at - OLD_NEWS]
        with transaction.atomic():
            tell_people(_tidings(fresh), at=at)
            lease.write(position=reached, lease_until=None)
    except LeaseLost:  # it took so long that another worker told them: nothing of this was kept
        return False
    finally:
        lease.end()
    return True


def tell_people(tidings: Iterable[Tiding], *, at: datetime) -> int:
    """Tell people who may see what it is about, in the way each wants; how many news that made."""
    groups: dict[tuple[int, str], list[Tiding]] = defaultdict(list)
    for tiding in tidings:
        if tiding.is_own or tiding.who_id != tiding.user_id:
            groups[tiding.user_id, tiding.key].append(tiding)
    actors = _actors({user_id for user_id, _key in groups})
    ways = ways_of(actors)
    wanted = {
        place: seen
        for place, group in groups.items()
        if place[0] in actors and ways[place[0], group[0].kind] != NewsWay.OFF
        if (seen := _visible(group, actors[place[0]]))
    }
    return _write(wanted, ways, at) if wanted else 0


def tell_once(tidings: Sequence[Tiding], *, at: datetime) -> int:
    """As :func:`tell_people` for what is looked for again and again, such as what is due: each is told of it once."""
    with transaction.atomic():
        steps = {each.key for each in tidings}
        known = set(News.objects.filter(key__among=steps).values_list("user_id", "key"))
        new = [each for each in tidings if (each.user_id, each.key) not in known]
        return tell_people(new, at=at)


def mark_read(*, actor: Actor, at: datetime, ids: Sequence[int] | None = None) -> int:
    """Note that somebody has seen some of their news, or all; it is nobody else's business, and no fact."""
    mine = News.objects.filter(user_id=actor.user_id or 0, read_at=None)
    return (mine if ids is None else mine.filter(pk__in=ids)).update(read_at=at)


def mark_unread(*, actor: Actor, ids: Sequence[int]) -> int:
    """Note that somebody wants to come back to some of their news."""
    return News.objects.filter(user_id=actor.user_id or 0, pk__in=ids).exclude(read_at=None).update(read_at=None)


def forget_news(*, at: datetime) -> None:
    """What was read is kept for three months."""
    News.objects.filter(read_at__lt=at - timedelta(days=NEWS_KEPT_DAYS)).delete()


# ---------------------------------------------------------------- parts


def _tidings(events: Sequence[Event]) -> Iterable[Tiding]:
    told = list(zip(facts_of(events), events, strict=True))
    for verbs, teller in TELLERS:
        mine = [(fact, event) for fact, event in told if event.verb in verbs]
        if mine:
            yield from teller(mine)


def _actors(user_ids: Iterable[int]) -> dict[int, Actor]:
    """Those who are still here, with what they may see now."""
    found = {}
    for user_id in sorted(user_ids):
        try:
            found[user_id] = actor_by_ref(f"user:{user_id}")
        except NotAllowed:
            continue
    return found


def _visible(group: list[Tiding], actor: Actor) -> list[Tiding]:
    """What the person may see of it: one query, however many records it is about."""
    noun = group[0].noun
    if not noun:
        return group[:1]
    if noun == VIEW:
        views = visible_views(actor).filter(pk__in=[tiding.row_id for tiding in group]).values_list("pk", "noun")
        seen = {pk for pk, of in views if may_see_list(actor, of)}
        return [tiding for tiding in group if tiding.row_id in seen][:1]
    resource = REGISTRY.get(noun)
    if resource is None or not actor.may(resource.verb("see")):
        return []
    rows = resource.rows(actor).filter(pk__among={tiding.row_id for tiding in group})
    here = set(rows.values_list("pk", flat=True))
    return list({tiding.row_id: tiding for tiding in group if tiding.row_id in here}.values())


def _write(wanted: dict[tuple[int, str], list[Tiding]], ways: dict[tuple[int, str], str], at: datetime) -> int:
    known = {
        (news.user_id, news.key): news
        for news in News.objects.filter(
            user_id__in={user_id for user_id, _key in wanted}, key__in={key for _user, key in wanted}
        )
    }
    new, more = [], []
    for (user_id, key), group in wanted.items():
        first, last = group[0], group[-1]
        if (news := known.get((user_id, key))) is not None:
            news.count, news.at, news.read_at = news.count + len(group), last.at, None
            more.append(news)
            continue
        new.append(
            News(
                user_id=user_id, kind=first.kind, key=key, noun=first.noun, row_id=first.row_id, count=len(group),
                who_id=first.who_id, words=first.words[:300], path=first.path,
                at=last.at,
            )
        )  # fmt: skip
    News.objects.bulk_create(new)
    News.objects.bulk_update(more, ["count", "at", "read_at"])
    at_once = [news for news in new if ways[news.user_id, news.kind] == NewsWay.MAIL]
    if at_once and is_mail_on():
        _mail({news.pk for news in at_once}, {news.user_id for news in at_once}, at)
    return len(new)


def _mail(ids: set[int], user_ids: set[int], at: datetime) -> None:
    for user_id in sorted(user_ids):
        actor = actor_by_ref(f"user:{user_id}")
        with speaking_to(user_id):
            found = said(actor, list(visible_news(actor).filter(pk__in=ids).select_related("user", "who")))
        for shown in found:
            user = shown.news.user
            queue_mail(
                kind=MailKind.NEWS, user_id=user.pk, name=user.name, address=user.email, path=shown.path, at=at,
                values={"news": shown.text, "company": installation().name}, stop=Stop(user.pk, shown.news.kind),
            )  # fmt: skip
