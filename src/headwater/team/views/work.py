"""Settings → Jobs & deliveries: what happens in the background, what failed there, and what to do about it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.api.webhooks.queries import told_words
from headwater.platform import delivery, job
from headwater.platform.clock import now
from headwater.platform.errors import DomainError
from headwater.platform.models import DeadLetter, Job, ScheduleRun
from headwater.platform.schedule import SCHEDULE
from headwater.platform.translated import first_words
from headwater.platform.undo import newest_event, to_undo

if TYPE_CHECKING:
    from headwater.team.middleware import Request

VERB = "platform.delivery.change"
JOBS_SHOWN, LETTERS_SHOWN = 50, 100


def work(request: Request) -> HttpResponse:
    """Jobs, what runs by itself, how far the handlers are, and what could not be delivered."""
    request.actor.require(VERB)
    letters = DeadLetter.objects.filter(resolved_at=None).select_related("event").order_by("-pk")
    context = {
        "jobs": [_job(found) for found in Job.objects.order_by("-pk")[:JOBS_SHOWN]],
        "schedule": _schedule(),
        "handlers": [{"standing": each, "said": said(delivery.HANDLERS, each.name)} for each in delivery.standings()],
        "letters": [_letter(found) for found in letters[:LETTERS_SHOWN]],
        "letter_count": letters.count(),
        "now": now(),
    }
    return render(request, "team/work.html", context)


@require_POST
def retry(request: Request, job_id: int) -> HttpResponse:
    """Try a failed job again."""
    request.actor.require(VERB)
    if job.retry(job_id=job_id, at=now()):
        messages.success(request, _("The job waits for the worker again."))
    else:
        messages.info(request, _("This job is not one that failed."))
    return redirect("settings_work")


@require_POST
def deliver(request: Request, letter_id: int) -> HttpResponse:
    """Hand a fact to its handler once more, now that the reason may be gone."""
    request.actor.require(VERB)
    if not DeadLetter.objects.filter(pk=letter_id, resolved_at=None).exists():
        messages.info(request, _("It was delivered or dropped already."))
        return redirect("settings_work")
    try:
        delivery.redeliver(dead_letter_id=letter_id, at=now())
    except DomainError as refusal:
        messages.error(request, _("It was refused again: %(reason)s") % {"reason": refusal.text})
    except Exception as error:  # noqa: BLE001  (whatever a handler raises, it is shown to who asked for it)
        messages.error(request, _("It failed again: %(reason)s") % {"reason": f"{type(error).__name__}: {error}"[:300]})
    else:
        messages.success(request, _("Delivered."))
    return redirect("settings_work")


@require_POST
def drop(request: Request, letter_id: int) -> HttpResponse:
    """Decide that a fact need not be delivered; Undo takes it back."""
    since = newest_event()
    delivery.drop(dead_letter_id=letter_id, by=request.actor, at=now())
    event = to_undo(since=since, by=request.actor, subject_type="platform.dead_letter")
    tags = f"undo=/undo/{event.pk}" if event is not None else ""
    messages.success(request, _("Dropped: it will not be delivered."), extra_tags=tags)
    return redirect("settings_work")


def _letter(found: DeadLetter) -> dict[str, Any]:
    return {"row": found, "said": told_words(found.event.verb), "handler": said(delivery.HANDLERS, found.handler)}


def said(declared: Mapping[str, Any], name: str) -> str:
    """What something that is declared under a name does, in the words of its declaration; the name if it is gone."""
    found = declared.get(name)
    return name if found is None else _first_words(getattr(found, "run", found)) or name


def _first_words(declared: Any) -> str:
    """The beginning of what a function says it means to the business, translated."""
    words = first_words(inspect.getdoc(declared) or "")
    return _(words) if words else ""


def _job(found: Job) -> dict[str, Any]:
    batch = found.args.get("batch") if found.kind.startswith("intake.") else None
    return {
        "row": found,
        "said": said(job.JOBS, found.kind),
        "error": found.trouble,
        "import": batch,
        "may_retry": found.state in (Job.State.FAILED, Job.State.CANCELLED)
        and batch is None
        and found.kind in job.JOBS,
        "tone": {"FAILED": "bad", "RUNNING": "info", "DONE": "good"}.get(found.state, "line"),
    }


def _schedule() -> list[dict[str, Any]]:
    rows = ScheduleRun.objects.in_bulk()
    return [
        {"name": name, "said": said(SCHEDULE, name), "row": rows.get(name)}
        for name in sorted(SCHEDULE.keys() | rows.keys())
    ]
