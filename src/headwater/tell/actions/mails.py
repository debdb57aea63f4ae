"""Mails on their way: written in the transaction of what causes them, sent by the worker, given up after a while."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta

import structlog
from django.db import connection
from django.db.models import F, Q, QuerySet

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import NotFound
from headwater.platform.events import record
from headwater.platform.language import speaking_to
from headwater.platform.phrases import stored
from headwater.platform.sealing import Sealer
from headwater.platform.translated import gettext as _
from headwater.tell.actions.settings import MailNotSetUp
from headwater.tell.events import MailTriedAgain
from headwater.tell.models import Mail
from headwater.tell.queries.settings import mail_settings, require_mail
from headwater.tell.queries.smtp import Letter, NotSent, Send, mail_server
from headwater.tell.queries.stop_links import Stop, stop_path
from headwater.tell.queries.words import Values, words_of
from headwater.tell.rules import KEPT_DAYS, PATIENCE, pause_after

log = structlog.get_logger()

SEALER = Sealer("headwater.tell.mails")
BATCH = 20
LEASE = timedelta(minutes=5)  # longer than a turn, after which nothing is sent any more
State = Mail.State


def queue_mail(
    *,
    kind: str,
    user_id: int | None,
    name: str,
    address: str,
    path: str,
    at: datetime,
    values: Values,
    lasts: timedelta = PATIENCE,
    stop: Stop | None = None,
) -> Mail:
    """Write a mail that goes out once the open action commits, or not at all. ``path`` is where its link leads,
    ``stop`` which mails its reader can stop from it.

    Call it in a transaction, with what says why. The link begins with the address from the settings, never with
    what a request says of itself.

    Raises:
        MailNotSetUp: there is no server.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A mail is written with what causes it, in one transaction.")
    ours = mail_settings()
    if not ours.is_on:
        raise MailNotSetUp()
    with speaking_to(user_id):
        words = words_of(kind)
        stop_link = f"{ours.address}{stop_path(stop)}" if stop else ""
        filled = {**values, "name": name, "link": f"{ours.address}{path}"}
        letter = {
            "subject": words.subject_with(filled), "text": words.text_with(filled, stop_link),
            "html": str(words.html_with(filled, stop_link)), "unsubscribe": stop_link,
        }  # fmt: skip
    return Mail.objects.create(
        kind=kind,
        user_id=user_id,
        to_name=name[:120],
        to_address=address,
        message_id=f"<{uuid.uuid4().hex}@{ours.sender_address.rpartition('@')[2]}>",
        sealed=SEALER.seal(json.dumps(letter)),
        queued_at=at,
        until=at + min(lasts, PATIENCE),
        retry_at=at,
    )


@action
def try_again(*, mail_id: int, by: Actor, at: datetime) -> None:
    """Let a mail that waits be tried at once, for who has mended what was wrong.

    Raises:
        NotAllowed: the actor may not look after mail.
        NotFound: no mail of that number waits.
    """
    require_mail(by)
    if not Mail.objects.filter(pk=mail_id, state=State.WAITING).update(retry_at=at):
        raise NotFound()
    record(MailTriedAgain(mail_id=mail_id), by=by, at=at)


# ---------------------------------------------------------------- the worker's part: no facts, each step for itself


def send_next(*, at: datetime) -> bool:
    """Send what is due through one connection; whether there was anything. Of several workers one gets each mail."""
    due = Mail.objects.filter(state=State.WAITING, retry_at__lte=at).filter(Q(lease_until=None) | Q(lease_until__lt=at))
    mails = [mail for mail in due.select_related("user").order_by("retry_at", "pk")[:BATCH] if _take(mail, at)]
    if not mails:
        return False
    waiting = list(mails)
    try:
        with mail_server(mail_settings()) as send:
            while waiting:
                _send_one(waiting[0], send, at)
                waiting.pop(0)
    except NotSent as problem:  # the server as such: it is the same for all of them
        for mail in waiting:
            _not_sent(mail, problem, at)
    return True


def forget_mails(*, at: datetime) -> None:
    """The list of mails is kept for a month."""
    Mail.objects.filter(queued_at__lt=at - timedelta(days=KEPT_DAYS)).exclude(state=State.WAITING).delete()


def _take(mail: Mail, at: datetime) -> bool:
    """Whether this worker got it: conditional on what was read."""
    until = at + LEASE
    if not _held(mail).filter(state=State.WAITING).update(lease_until=until, attempts=F("attempts") + 1):
        return False
    mail.lease_until = until
    return True


def _held(mail: Mail) -> QuerySet[Mail]:
    """The mail as this worker last knew it: no other has taken it since."""
    return Mail.objects.filter(pk=mail.pk, lease_until=mail.lease_until)


def _send_one(mail: Mail, send: Send, at: datetime) -> None:
    """Send one mail; a refusal of this one stops none of the others."""
    words = SEALER.unseal(mail.sealed)
    try:
        if at > mail.until:
            raise NotSent(_("It is too late for it by now."), is_final=True)
        if words is None:
            raise NotSent(_("It was written by another installation."), is_final=True)
        if mail.user is not None and not mail.user.is_active:
            raise NotSent(_("Whom it is to has left."), is_final=True)
        send(Letter(mail.to_name, mail.to_address, message_id=mail.message_id, **json.loads(words)))
    except NotSent as problem:
        if not problem.is_of_mail:
            raise  # the server as such: the others of this turn wait, too
        _not_sent(mail, problem, at)
    else:
        _finish(mail, State.SENT, "", at)


def _not_sent(mail: Mail, problem: NotSent, at: datetime) -> None:
    attempts = mail.attempts + 1
    retry_at = at + pause_after(attempts)
    log.warning("mail_not_sent", mail=mail.pk, kind=mail.kind, attempts=attempts, final=problem.is_final)
    if problem.is_final or retry_at > mail.until:
        _finish(mail, State.FAILED, stored(problem.text), at)
        return
    _held(mail).update(retry_at=retry_at, reason=stored(problem.text), lease_until=None)


def _finish(mail: Mail, state: str, reason: str, at: datetime) -> None:
    """It is over: what it said is forgotten, since a link in it may open an account."""
    _held(mail).update(state=state, reason=reason, sealed="", lease_until=None, over_at=at)
