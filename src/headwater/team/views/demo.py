"""Settings: the demo company comes off again, asked once more, in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.platform import job
from headwater.platform.clock import now
from headwater.platform.errors import NotFound
from headwater.platform.models import Job
from headwater.team import queries
from headwater.web.http import is_htmx

if TYPE_CHECKING:
    from headwater.team.middleware import Request

REMOVE_JOB = "demo.remove"
KEPT_SHOWN = 100
OPEN = (Job.State.QUEUED, Job.State.RUNNING)


def is_removable() -> bool:
    """Whether the demo company is here, and a program that can take it off."""
    return REMOVE_JOB in job.JOBS and queries.company().is_demo


def ask(request: Request) -> HttpResponse:
    """What will go and what will stay, before anything does; as a dialog, or as a page of its own."""
    request.actor.require("team.company.change")
    if not is_removable():
        raise NotFound(_("There is no demo company here."))
    return render(request, "team/demo.html#dialog" if is_htmx(request) else "team/demo.html", {"asks": True})


@require_POST
def remove(request: Request) -> HttpResponse:
    """Begin to take the demo company off; a second click finds the first one's job."""
    request.actor.require("team.company.change")
    found = _jobs().filter(state__in=OPEN).first()
    if found is None:
        if not is_removable():
            messages.info(request, _("There is no demo company here."))
            return redirect("settings_company")
        found = job.enqueue(REMOVE_JOB, args={"by": request.actor.ref}, at=now(), user_id=request.actor.user_id)
    return redirect("settings_demo_job", found.pk)


def progress(request: Request, job_id: int) -> HttpResponse:
    """How far it is, and in the end what went, and what stays with the reason."""
    request.actor.require("team.company.change")
    found = _jobs().filter(pk=job_id).first()
    if found is None:
        raise NotFound()
    context = {"job": found, "share": (found.percent or 0) / 100, **_told(found)}
    return render(request, "team/demo.html#progress" if is_htmx(request) else "team/demo.html", context)


def _told(found: Job) -> dict[str, Any]:
    kept = found.result.get("kept", [])
    return {
        "removed": sum(found.result.get("removed", {}).values()),
        "kept": kept[:KEPT_SHOWN],
        "kept_count": found.result.get("kept_count", 0),
    }


def _jobs() -> Any:
    return Job.objects.filter(kind=REMOVE_JOB).order_by("-pk")
