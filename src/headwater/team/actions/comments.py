"""Talking about records: comments, who is meant by them, and what waits for somebody because of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.events import record
from headwater.platform.models import Event
from headwater.platform.translated import gettext as _
from headwater.platform.translated import grouped
from headwater.platform.undo import is_own, undoes
from headwater.team import rules
from headwater.team.actions.followers import follow_by_taking_part
from headwater.team.models import Comment, Notice
from headwater.team.queries.comments import WRITE, colleagues, handles, may_delete
from headwater.team.queries.followers import followers_of
from headwater.team.queries.records import Record, the_record, who_see
from headwater.team.record_events import (
    CommentAdded,
    CommentDeleted,
    CommentEdited,
    CommentRestored,
    NoticeDone,
    NoticeReopened,
)


@action
def add_comment(*, noun: str, row_id: int, text: str, by: Actor, at: datetime) -> Comment:
    """Say something to colleagues about a record. Who is meant (``@Name``) and who follows it hears of it.

    Whoever says something follows the record from now on.

    Raises:
        NotFound: there is no such record, or the actor may not see it.
        NotAllowed: the actor may only read.
        Invalid: nothing was said, too much, or somebody is meant who cannot see the record.
    """
    about = _writable(noun, row_id, by)
    stored = _checked(text, about)
    author = by.user_id or 0
    comment = Comment.objects.create(noun=noun, row_id=about.row.pk, author_id=author, text=stored, created_at=at)
    meant = rules.mentioned_in(stored)
    _tell(comment, about, meant)
    follow_by_taking_part(about, user_ids=[author], at=at)
    record(CommentAdded(**about.about(), comment_id=comment.pk, text=stored, mentioned=meant or None), by=by, at=at)
    return comment


@action
def edit_comment(*, comment_id: int, text: str, by: Actor, at: datetime) -> Comment:
    """Say it in other words. Who is meant now and was not before hears of it; who no longer is does not.

    Raises:
        NotFound: there is no such comment, or the actor may not see its record.
        NotAllowed: it is somebody else's.
        Invalid: nothing was said, too much, or somebody is meant who cannot see the record.
    """
    comment, about = _locked(comment_id, by)
    by.require(WRITE)
    if comment.author_id != by.user_id:
        raise NotAllowed()
    _reword(comment, about, _checked(text, about), by=by, at=at)
    return comment


@action
def delete_comment(*, comment_id: int, by: Actor, at: datetime) -> Comment:
    """Take a comment off the record; nobody is told of it any more. It comes back by undo.

    Raises:
        NotFound: there is no such comment, or the actor may not see its record.
        NotAllowed: it is somebody else's, and the actor may not delete those.
    """
    comment, about = _locked(comment_id, by)
    if not may_delete(by, comment):
        raise NotAllowed()
    comment.deleted_at = at
    comment.save(update_fields=["deleted_at"])
    record(CommentDeleted(**about.about(), comment_id=comment.pk), by=by, at=at)
    return comment


@action
def finish_notice(*, notice_id: int, by: Actor, at: datetime) -> Notice:
    """Say that one has dealt with a comment; it no longer waits on My day.

    Raises:
        NotFound: nothing of that number waits for the actor.
    """
    notice = _own_notice(notice_id, by)
    if notice.done_at is None:
        notice.done_at = at
        notice.save(update_fields=["done_at"])
        record(NoticeDone(notice_id=notice.pk), by=by, at=at)
    return notice


# ---------------------------------------------------------------- taking back


@undoes(CommentAdded)
@action
def take_back_comment(fact: CommentAdded, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of saying something: it is gone again."""
    delete_comment(comment_id=fact.comment_id, by=by, at=at)


@undoes(CommentEdited)
@action
def take_back_edit(fact: CommentEdited, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of rewording: it says what it said before, unless it was reworded again."""
    comment, about = _locked(fact.comment_id, by)
    by.require(WRITE)
    if comment.author_id != by.user_id:
        raise NotAllowed()
    if not fact.before or comment.text != fact.after:
        raise NotUndoable(reason=_("it says something else by now"))
    _reword(comment, about, fact.before, by=by, at=at)


@undoes(CommentDeleted)
@action
def restore_comment(fact: CommentDeleted, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of deleting: the comment stands on the record again. Only whoever deleted it, or may delete all, can."""
    about = the_record(by, fact.row_type, fact.row_id)
    comment = Comment.objects.select_for_update().filter(pk=fact.comment_id).first()
    if comment is None or comment.deleted_at is None:
        raise NotUndoable(reason=_("it is there"))
    if not (may_delete(by, comment) and (is_own(event, by) or comment.author_id != by.user_id)):
        raise NotAllowed()
    comment.deleted_at = None
    comment.save(update_fields=["deleted_at"])
    record(CommentRestored(**about.about(), comment_id=comment.pk), by=by, at=at)


@undoes(CommentRestored)
@action
def take_back_restoring(fact: CommentRestored, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of bringing a comment back."""
    delete_comment(comment_id=fact.comment_id, by=by, at=at)


@undoes(NoticeDone)
@action
def reopen_notice(fact: NoticeDone, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of *done*: the comment waits again."""
    notice = _own_notice(fact.notice_id, by)
    notice.done_at = None
    notice.save(update_fields=["done_at"])
    record(NoticeReopened(notice_id=notice.pk), by=by, at=at)


# ---------------------------------------------------------------- parts


def _writable(noun: str, row_id: int, by: Actor) -> Record:
    about = the_record(by, noun, row_id)
    by.require(WRITE)
    if by.user_id is None:  # a job has nothing to say
        raise NotAllowed()
    return about


def _locked(comment_id: int, by: Actor) -> tuple[Comment, Record]:
    comment = Comment.objects.select_for_update().filter(pk=comment_id, deleted_at=None).first()
    if comment is None:
        raise NotFound()
    return comment, the_record(by, comment.noun, comment.row_id)


def _own_notice(notice_id: int, by: Actor) -> Notice:
    notice = Notice.objects.select_for_update().filter(pk=notice_id, user_id=by.user_id or 0).first()
    if notice is None:
        raise NotFound()
    return notice


def _checked(text: str, about: Record) -> str:
    """The text as it is stored, with whom it means."""
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise Invalid({"text": [_("Write something first.")]})
    if len(text) > rules.LONGEST_COMMENT:
        raise Invalid(
            {
                "text": [
                    _("That is too long: {longest_comment} characters at most.").format(
                        longest_comment=grouped(rules.LONGEST_COMMENT)
                    )
                ]
            }
        )
    named = handles(colleagues()) if "@" in text else {}
    stored = rules.with_mentions(text, {handle: user.pk for handle, user in named.items()})
    meant = set(rules.mentioned_in(stored))
    users = [user for user in named.values() if user.pk in meant]
    blind = sorted(user.name for user in users if user.pk in meant - who_see(about, users))
    if blind:
        names = ", ".join(blind)
        raise Invalid(
            {
                "text": [
                    _("{names} cannot see this record, so the mention would lead nowhere. Leave out the @.").format(
                        names=names
                    )
                ]
            }
        )
    return stored


def _reword(comment: Comment, about: Record, text: str, *, by: Actor, at: datetime) -> None:
    before = comment.text
    if before == text:
        return
    comment.text, comment.edited_at = text, at
    comment.save(update_fields=["text", "edited_at"])
    _tell(comment, about, rules.mentioned_in(text))
    record(CommentEdited(**about.about(), comment_id=comment.pk, before=before, after=text), by=by, at=at)


def _tell(comment: Comment, about: Record, meant: Collection[int]) -> None:
    """Let the comment wait for those it means and for those who follow the record, not for its author."""
    following = {user.pk for user in followers_of(about)}
    known = {notice.user_id: notice for notice in comment.notices.all()}
    wanted = {*meant, *(following if not known else ())} - {comment.author_id, *known}
    Notice.objects.bulk_create(Notice(user_id=pk, comment=comment, is_mention=pk in meant) for pk in sorted(wanted))
    for pk, notice in known.items():
        if notice.is_mention != (pk in meant):
            notice.is_mention = pk in meant
            notice.save(update_fields=["is_mention"])
    gone = known.keys() - {*meant, *following}  # whoever was only meant by name and is not any more
    Notice.objects.filter(comment=comment, user_id__in=gone).delete()
