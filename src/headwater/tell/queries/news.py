"""Reads about what people are told: how many wait at the bell, and what each says to who may still see it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from headwater.platform.actor import Actor
from headwater.platform.lists.actions import ROW as VIEW
from headwater.platform.lists.kept import visible_views
from headwater.platform.phrases import spoken
from headwater.platform.resource import REGISTRY
from headwater.platform.translated import inside
from headwater.platform.written import Counted, counts_of
from headwater.tell.models import News, NewsChoice
from headwater.tell.rules import MOST_SHOWN, WAYS
from headwater.tell.words import NewsKind

ICONS: Final[dict[str, str]] = {
    NewsKind.MENTION: "at", NewsKind.COMMENT: "message-circle", NewsKind.CHANGE: "pencil",
    NewsKind.ASSIGNED: "user-check", NewsKind.HANDED_OVER: "arrow-right-circle", NewsKind.SENT_BACK: "arrow-back-up",
    NewsKind.ANSWER_DUE: "alarm", NewsKind.TODO_DUE: "checklist", NewsKind.WORK: "stack", NewsKind.WEBHOOK: "webhook",
    NewsKind.TOKEN: "key",
    NewsKind.SHARED: "bookmark",
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """News in words, and where they lead."""

    news: News
    text: str
    path: str

    @property
    def icon(self) -> str:
        """What it is about at a glance."""
        return ICONS[self.news.kind]


def visible_news(actor: Actor) -> QuerySet[News]:
    """What the actor was told, the last first. Nobody reads what others were told."""
    return News.objects.filter(user_id=actor.user_id or 0).select_related("who").order_by("-at", "-pk")


def unread(actor: Actor) -> QuerySet[News]:
    """What waits at the bell."""
    if actor.user_id is None or actor.seen_as:
        return News.objects.none()
    return News.objects.filter(user_id=actor.user_id, read_at=None)


UNREAD = Counted(unread, most=MOST_SHOWN + 1)  # one look into an index, which ends where nobody counts any more


def unread_count(actor: Actor) -> int:
    """How many wait at the bell."""
    (count,) = counts_of(actor, [UNREAD])
    return count


def said(actor: Actor, found: Sequence[News]) -> list[Said]:
    """News in words, those left out whose record the actor may not see any more. One query for each noun."""
    rows = _rows(actor, found)
    shown = []
    for news in found:
        row = rows.get((news.noun, news.row_id or 0))
        if news.noun and row is None:
            continue
        shown.append(Said(news, _text(news, row), _path(news, row)))
    return shown


def may_see_list(actor: Actor, noun: str) -> bool:
    """Whether the actor may see lists of this noun, and so its views."""
    return noun in REGISTRY and actor.may(REGISTRY[noun].verb("see"))


def ways_of(user_ids: Collection[int]) -> dict[tuple[int, str], str]:
    """How each of some people wants to be told of each kind. One query."""
    ways = {(user_id, kind): WAYS[kind] for user_id in user_ids for kind in NewsKind.values}
    chosen = NewsChoice.objects.filter(user_id__in=user_ids).values_list("user_id", "kind", "way")
    return ways | {(user_id, kind): way for user_id, kind, way in chosen}


def _rows(actor: Actor, found: Sequence[News]) -> dict[tuple[str, int], Any]:
    """The records they are about, or those these became part of."""
    wanted: dict[str, set[int]] = {}
    for news in found:
        if news.noun and news.row_id is not None:
            wanted.setdefault(news.noun, set()).add(news.row_id)
    rows: dict[tuple[str, int], Any] = {}
    views = visible_views(actor).filter(pk__in=wanted.pop(VIEW, ()))
    rows |= {(VIEW, view.pk): view for view in views if may_see_list(actor, view.noun)}
    for noun, ids in wanted.items():
        resource = REGISTRY.get(noun)
        if resource is None or not actor.may(resource.verb("see")):
            continue
        rows |= {(noun, row.pk): row for row in resource.rows(actor).filter(pk__in=ids)}
        for gone in [pk for pk in ids if (noun, pk) not in rows]:
            became = resource.successor(actor, gone)
            row = resource.rows(actor).filter(pk=became).first() if became is not None else None
            if row is not None:
                rows[noun, gone] = row
    return rows


def _path(news: News, row: Any) -> str:
    if news.path or not news.noun:
        return news.path or "/notifications"
    if news.noun == VIEW:
        return f"/{REGISTRY[row.noun].slug}?view={row.pk}"
    resource = REGISTRY[news.noun]
    return f"/{resource.slug}/{row.pk}" if news.count == 1 else f"/{resource.slug}"


def _text(news: News, row: Any) -> str:
    """What happened, in a sentence."""
    if not news.noun:
        return spoken(news.words)
    who = news.who.name if news.who is not None else "Headwater"
    if news.noun == VIEW:
        things = inside(REGISTRY[row.noun].label_plural)
        return _("%(who)s shares the view “%(view)s” of %(things)s") % {"who": who, "view": row.name, "things": things}
    resource = REGISTRY[news.noun]
    what = resource.title(row)
    if news.count > 1:
        return _many(news.kind, news.count) % {
            "who": who, "count": news.count, "things": inside(resource.label_plural)
        }  # fmt: skip
    words = {
        NewsKind.MENTION: _("%(who)s mentions you in a comment on %(what)s"),
        NewsKind.COMMENT: _("%(who)s commented on %(what)s"),
        NewsKind.CHANGE: _("%(who)s changed %(what)s"),
        NewsKind.ASSIGNED: _("%(who)s gave you %(what)s"),
        NewsKind.HANDED_OVER: _("%(who)s handed %(what)s over to you"),
        NewsKind.SENT_BACK: _("%(who)s sent %(what)s back to you"),
        NewsKind.ANSWER_DUE: _("%(what)s waits for its first answer"),
        NewsKind.TODO_DUE: _("To do now: %(what)s"),
    }[NewsKind(news.kind)]
    return words % {"who": who, "what": what}


def _many(kind: str, count: int) -> str:
    if kind == NewsKind.CHANGE:
        return ngettext("%(who)s changed %(count)s record: %(things)s", "%(who)s changed %(count)s %(things)s", count)
    if kind == NewsKind.HANDED_OVER:
        return ngettext("%(who)s handed %(count)s lead over", "%(who)s handed %(count)s %(things)s over to you", count)
    if kind == NewsKind.SENT_BACK:
        return ngettext("%(who)s sent %(count)s lead back", "%(who)s sent %(count)s %(things)s back to you", count)
    return ngettext("%(who)s gave you %(count)s record: %(things)s", "%(who)s gave you %(count)s %(things)s", count)
