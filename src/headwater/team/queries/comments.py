"""Reads about what colleagues say about records: on a record, for one person, on a journey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from headwater.platform.actor import Actor
from headwater.platform.among import VALUES
from headwater.platform.models import Event
from headwater.platform.written import TEXT, Given, written
from headwater.team import rules
from headwater.team.models import Comment, Notice, User
from headwater.team.queries import users_by_ids
from headwater.team.queries.records import Record, visible_records, who_see

SHOWN = 200
SUGGESTED = 8
WRITE = "team.comment.create"
DELETE_ANY = "team.comment.delete"
VERBS = ("team.comment_added", "team.comment_edited")


@dataclass(frozen=True)
class Said:
    """A comment as it is read: with the names of today, and what the reader may do with it."""

    comment: Comment
    text: str
    html: SafeString
    may_edit: bool
    may_delete: bool


@dataclass(frozen=True)
class ForYou:
    """A comment that waits for somebody, with the record it is about."""

    notice: Notice
    record: Record
    text: str

    @property
    def url(self) -> str:
        """Where the comment stands."""
        return f"{self.record.url}#comment-{self.notice.comment_id}"


@dataclass(frozen=True)
class Colleague:
    """Somebody who can be meant by name, and whether they may see what it is about."""

    user: User
    handle: str
    sees: bool


def comments_of(record: Record) -> QuerySet[Comment]:
    """What was said about a record, the oldest first, as in a talk."""
    rows = Comment.objects.filter(noun=record.resource.key, row_id__in=record.ids, deleted_at=None)
    return rows.select_related("author").order_by("created_at", "pk")


@written
def _newest_of(most: int) -> QuerySet[Comment]:
    rows = Comment.objects.filter(noun=Given("noun", TEXT), row_id__among=Given("ids", VALUES), deleted_at=None)
    return rows.select_related("author").order_by("-created_at", "-pk")[:most]


def said_about(actor: Actor, record: Record) -> list[Said]:
    """The talk about a record as its page shows it; the newest ``SHOWN`` of a very long one."""
    newest = _newest_of(SHOWN, noun=record.resource.key, ids=record.ids)
    return [_said(comment, actor, names) for names in [names_in(newest)] for comment in reversed(newest)]


def names_in(comments: Iterable[Comment]) -> dict[int, str]:
    """The names of everybody who is meant in some comments."""
    ids = {pk for comment in comments for pk in rules.mentioned_in(comment.text)}
    return {pk: user.name for pk, user in users_by_ids(ids).items()}


def as_typed(comment: Comment) -> str:
    """A comment's text as its author would type it again."""
    by_id = {user.pk: handle for handle, user in handles(colleagues()).items()}
    return rules.spoken(comment.text, {**names_in([comment]), **by_id})


def may_write(actor: Actor) -> bool:
    """Whether somebody who may see a record may also say something about it."""
    return actor.user_id is not None and actor.may(WRITE)


def may_edit(actor: Actor, comment: Comment) -> bool:
    """Nobody puts words into a colleague's mouth."""
    return may_write(actor) and comment.author_id == actor.user_id


def may_delete(actor: Actor, comment: Comment) -> bool:
    """One's own, or with the right to everybody's."""
    return may_edit(actor, comment) or actor.may(DELETE_ANY)


def handles(users: Iterable[User]) -> dict[str, User]:
    """By what words each colleague is meant: the name, with the e-mail where two have the same."""
    found: dict[str, list[User]] = {}
    for user in users:
        found.setdefault(user.name.strip().casefold(), []).append(user)
    return {
        (user.name.strip() if len(alike) == 1 else f"{user.name.strip()} ({user.email})"): user
        for alike in found.values()
        for user in alike
    }


def colleagues() -> list[User]:
    """Everybody who is here."""
    return list(User.objects.filter(is_active=True).order_by("name", "pk"))


def suggested(record: Record, words: str) -> list[Colleague]:
    """Who may be meant by what was typed after the @, those first who see the record."""
    wanted = words.strip().casefold()[:80]
    named = handles(colleagues())
    fitting = [(handle, user) for handle, user in named.items() if _fits(user, wanted)]
    fitting.sort(key=lambda pair: (not pair[0].casefold().startswith(wanted), pair[0].casefold()))
    fitting = fitting[: 2 * SUGGESTED]
    seeing = who_see(record, [user for _, user in fitting])
    found = [Colleague(user, handle, user.pk in seeing) for handle, user in fitting]
    return sorted(found, key=lambda each: not each.sees)[:SUGGESTED]


def _fits(user: User, wanted: str) -> bool:
    parts = [user.name.casefold(), user.email.casefold(), *user.name.casefold().split()]
    return any(part.startswith(wanted) for part in parts)


def waiting_for(actor: Actor, limit: int) -> list[ForYou]:
    """The comments that wait for this person, newest first, on records they may still see."""
    notices = _notices_of(limit, user=actor.user_id or 0)
    records = visible_records(actor, (notice.comment.subject for notice in notices), with_titles=True)
    names = names_in(notice.comment for notice in notices)
    return [
        ForYou(notice, records[notice.comment.subject], rules.spoken(notice.comment.text, names))
        for notice in notices
        if notice.comment.subject in records
    ]


@written
def _notices_of(most: int) -> QuerySet[Notice]:
    rows = Notice.objects.filter(user_id=Given("user"), done_at=None, comment__deleted_at=None)
    return rows.select_related("comment__author").order_by("-comment_id")[:most]


def texts_on_journey(actor: Actor, events: Sequence[Event]) -> dict[int, str]:
    """What comments among some events say today, for a reader who may see what they are about; by event."""
    ids = {event.pk: int(event.data["comment_id"]) for event in events if event.verb in VERBS}
    if not ids:
        return {}
    comments = {c.pk: c for c in Comment.objects.filter(pk__in=set(ids.values()), deleted_at=None)}
    seen = visible_records(actor, (comment.subject for comment in comments.values()))
    names = names_in(comments.values())
    return {
        event_id: rules.spoken(comments[pk].text, names)
        for event_id, pk in ids.items()
        if pk in comments and comments[pk].subject in seen
    }


def _said(comment: Comment, actor: Actor, names: Mapping[int, str]) -> Said:
    text = rules.spoken(comment.text, names)
    return Said(comment, text, _html(comment.text, names, actor), may_edit(actor, comment), may_delete(actor, comment))


def _html(text: str, names: Mapping[int, str], actor: Actor) -> SafeString:
    """The text with its mentions set off; everything else is escaped."""
    shown: Any = SafeString("")
    for part, user_id in rules.parts_of(text):
        if user_id is None:
            shown += escape(part)
        else:
            me = " me" if user_id == actor.user_id else ""
            shown += format_html('<b class="at{}">@{}</b>', me, names.get(user_id, "?"))
    return mark_safe(str(shown).strip().replace("\r\n", "\n").replace("\n", "<br>"))  # noqa: S308  (escaped above)
