"""What is done about telling people by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from headwater.platform.models import Job
from headwater.platform.phrases import phrase
from headwater.platform.schedule import every
from headwater.platform.translated import noted
from headwater.tell.actions.digests import send_digests
from headwater.tell.actions.mails import forget_mails
from headwater.tell.actions.news import forget_news, tell_once
from headwater.tell.queries.tidings import Tiding
from headwater.tell.words import NewsKind


@every(timedelta(days=1), "tell.mails")
def forget_old_mails(at: datetime) -> None:
    """The list of mails is kept for a month."""
    forget_mails(at=at)


@every(timedelta(days=1), "tell.forget_news")
def forget_old_news(at: datetime) -> None:
    """What people have read is kept for three months."""
    forget_news(at=at)


@every(timedelta(minutes=1), "tell.failed_work")
def tell_of_failed_work(at: datetime) -> None:
    """Who began work in the background that failed is told, once for each failure."""
    failed = Job.objects.filter(state=Job.State.FAILED, finished_at__gt=at - timedelta(hours=1)).exclude(user_id=None)
    tidings = [
        Tiding(
            NewsKind.WORK, job.user_id or 0, job.finished_at or at, f"job{job.pk}:{job.finished_at}",
            words=phrase(noted("Work you began in the background failed: %(reason)s"), reason=_last_line(job)),
        )
        for job in failed
    ]  # fmt: skip
    if tidings:
        tell_once(tidings, at=at)


@every(timedelta(minutes=5), "tell.digests")
def write_digests(at: datetime) -> None:
    """Who wants a mail a day gets it at their hour, on working days, if there is something."""
    send_digests(at=at)


def _last_line(job: Job) -> str:
    """Why it failed, as it is stored."""
    return job.error.strip().splitlines()[-1] if job.error.strip() else ""
