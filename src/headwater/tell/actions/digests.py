"""The daily digest: wanted or not, and sent, once a day, when there is something to say."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid, NotAllowed
from headwater.platform.events import record
from headwater.platform.installation import actor_by_ref, installation
from headwater.platform.language import speaking_to
from headwater.platform.translated import gettext as _
from headwater.tell.actions.mails import queue_mail
from headwater.tell.events import DigestChosen
from headwater.tell.models import Digest, MailKind, News
from headwater.tell.queries.digests import digests_due, unread_for_digest, waiting_lines
from headwater.tell.queries.settings import is_mail_on, mail_settings
from headwater.tell.queries.stop_links import Stop
from headwater.tell.queries.words import Lines

LASTS = timedelta(hours=8)  # yesterday's news are no digest of today


@action
def choose_digest(*, hour: int | None, by: Actor, at: datetime) -> None:
    """Get one mail a day from this hour on of one's own clock, or none.

    Raises:
        Invalid: there is no such hour.
        NotAllowed: it is nobody who could be told.
    """
    if by.user_id is None:
        raise NotAllowed()
    if hour is not None and not 0 <= hour <= 23:
        raise Invalid({"hour": [_("There is no such hour.")]})
    found = Digest.objects.select_for_update().filter(user_id=by.user_id).first()
    if (found.hour if found is not None else None) == hour:
        return
    if hour is None:
        Digest.objects.filter(user_id=by.user_id).delete()
    else:
        Digest.objects.update_or_create(user_id=by.user_id, defaults={"hour": hour})
    record(DigestChosen(user_id=by.user_id, hour=hour), by=by, at=at)


def send_digests(*, at: datetime) -> int:
    """Write the digests whose hour has come; how many. The worker's errand: of two workers one writes each.

    Raises:
        ExceptionGroup: some could not be written. All others are.
    """
    if not is_mail_on():
        return 0
    written, failed = 0, []
    for digest, today in digests_due(at=at):
        try:
            written += _send(digest, today, at)
        except Exception as error:  # noqa: BLE001  (told once the others have theirs)
            failed.append(error)
    if failed:
        raise ExceptionGroup("digests", failed)
    return written


def _send(digest: Digest, today: date, at: datetime) -> bool:
    with transaction.atomic():
        # Conditional on what was read: the second worker finds today's date.
        if not Digest.objects.filter(pk=digest.pk).exclude(last_on=today).update(last_on=today):
            return False
        actor = actor_by_ref(f"user:{digest.user_id}")
        with speaking_to(digest.user_id):
            news = unread_for_digest(actor)
            waiting = waiting_lines(actor, at=at)
        if not waiting and not news:
            return False
        base = mail_settings().address
        lines = Lines((*((text, "") for text in waiting), *((one.text, f"{base}{one.path}") for one in news)))
        queue_mail(
            kind=MailKind.DIGEST, user_id=digest.user_id, name=digest.user.name, address=digest.user.email, path="/",
            at=at, values={"news": lines, "company": installation().name}, lasts=LASTS,
            stop=Stop(digest.user_id, MailKind.DIGEST),
        )  # fmt: skip
        News.objects.filter(pk__in=[one.news.pk for one in news]).update(told_at=at)
    return True
