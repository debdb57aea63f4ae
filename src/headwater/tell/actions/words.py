"""The words of mails: changed by the company, put back as delivered."""

from __future__ import annotations

from datetime import datetime

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid, NotFound, NotUndoable
from headwater.platform.events import record
from headwater.platform.models import Event
from headwater.platform.translated import gettext as _
from headwater.platform.undo import undoes
from headwater.tell.events import WordsChanged
from headwater.tell.models import MailKind, MailTemplate
from headwater.tell.queries.settings import require_mail
from headwater.tell.queries.words import PLACEHOLDERS
from headwater.tell.rules import LONGEST_SUBJECT, LONGEST_TEXT, unknown_placeholders

NEEDS_LINK = (MailKind.INVITATION, MailKind.RESET)


@action
def change_words(*, kind: str, subject: str, text: str, by: Actor, at: datetime) -> None:
    """Let mails of a kind say something else from now on.

    Raises:
        Invalid: a placeholder that means nothing, nothing at all, too much, or no link where one is needed.
        NotAllowed: the actor may not decide about mail.
        NotFound: there is no such kind.
    """
    check_words(kind=kind, subject=subject, text=text, by=by)
    _put(kind, [subject.strip(), text.replace("\r\n", "\n").strip()], by=by, at=at)


@action
def put_back_words(*, kind: str, by: Actor, at: datetime) -> None:
    """Let mails of a kind say again what they were delivered with.

    Raises:
        NotAllowed: the actor may not decide about mail.
        NotFound: there is no such kind.
    """
    _require(kind, by)
    _put(kind, None, by=by, at=at)


@undoes(WordsChanged)
@action
def take_back_words(fact: WordsChanged, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of changing or putting back: mails of the kind say what they said before."""
    _require(fact.kind, by)
    if _now(fact.kind) != fact.after:
        raise NotUndoable(reason=_("they were changed again since"))
    _put(fact.kind, fact.before, by=by, at=at)


def _now(kind: str) -> list[str] | None:
    own = MailTemplate.objects.select_for_update().filter(kind=kind).first()
    return [own.subject, own.text] if own is not None else None


def _put(kind: str, words: list[str] | None, *, by: Actor, at: datetime) -> None:
    before = _now(kind)
    if before == words:
        return
    if words is None:
        MailTemplate.objects.filter(kind=kind).delete()
    else:
        MailTemplate.objects.update_or_create(kind=kind, defaults={"subject": words[0], "text": words[1]})
    number = MailKind.values.index(kind) + 1
    record(WordsChanged(words_id=number, kind=kind, before=before, after=words), by=by, at=at)


def _require(kind: str, by: Actor) -> None:
    require_mail(by)
    if kind not in PLACEHOLDERS:
        raise NotFound()


def check_words(*, kind: str, subject: str, text: str, by: Actor) -> None:
    """Refuse words that cannot be; also before they are only looked at.

    Raises:
        Invalid: why not.
        NotAllowed: the actor may not decide about mail.
        NotFound: there is no such kind.
    """
    _require(kind, by)
    wrong: dict[str, list[str]] = {}
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS[kind])
    for field, words, longest in (("subject", subject, LONGEST_SUBJECT), ("text", text, LONGEST_TEXT)):
        unknown = unknown_placeholders(words, PLACEHOLDERS[kind])
        if not words.strip():
            wrong[field] = [_("Write something.")]
        elif len(words) > longest or "\x00" in words:
            wrong[field] = [_("That is too long: %(longest)s letters at most.") % {"longest": longest}]
        elif unknown:
            said = {"unknown": f"{{{unknown[0]}}}", "known": known}
            wrong[field] = [_("%(unknown)s means nothing here. There are: %(known)s.") % said]
    if "subject" not in wrong and not subject.strip().isprintable():
        wrong["subject"] = [_("A subject stands on one line.")]
    if "text" not in wrong and kind in NEEDS_LINK and "{link}" not in text:
        wrong["text"] = [_("Without {link} nobody can choose a password.")]
    if wrong:
        raise Invalid(wrong)
