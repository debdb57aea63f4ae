"""Settings → Backups: which there are, one more at once, taken out of the house, and how to go back to one."""

from __future__ import annotations

import shutil
from typing import Any

from django.contrib import messages
from django.db import connection
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from headwater.config import daily, kept
from headwater.config.forms import PlanForm
from headwater.config.home import current_home
from headwater.platform.clock import now
from headwater.team.queries import users_by_ids
from headwater.team.views.proof import is_proved
from headwater.web.download import attachment
from headwater.web.http import Request, answer, is_htmx, render

PAGE = "/settings/backups"


@never_cache
def backups(request: Request) -> HttpResponse:
    """What there is, what went wrong last, and when the next one is made."""
    request.actor.require(kept.SEE)
    plan = daily.plan()
    form = PlanForm(request.POST or None, initial={name: getattr(plan, name) for name in PlanForm.base_fields})
    if request.method == "POST" and form.is_valid():
        event = kept.change_plan(values=form.cleaned_data, by=request.actor, at=now())
        undo = f"/undo/{event.pk}" if event is not None else ""
        return answer(request, PAGE, _("The plan of backups is saved."), undo_url=undo)
    context = {**_there_are(request), **_trouble(), "form": form, "plan": plan, "next_at": f"{plan.hour:02}:00"}
    return render(request, "config/backups.html", context, status=422 if form.errors else 200)


@never_cache
def under_way(request: Request) -> HttpResponse:
    """How far the backup or check is; when it is over, the page is read again."""
    request.actor.require(kept.SEE)
    if not is_htmx(request):
        return redirect(PAGE)
    found = kept.under_way()
    if found is None:
        response = HttpResponse()
        response["HX-Refresh"] = "true"
        return response
    return render(request, "config/backups.html#progress", _progress(found))


@require_POST
def make(request: Request) -> HttpResponse:
    """Make one at once."""
    kept.ask_for_backup(by=request.actor, at=now())
    return redirect(PAGE)


@require_POST
def check(request: Request, name: str) -> HttpResponse:
    """Read one back once more."""
    kept.ask_for_check(current_home(), name=name, by=request.actor, at=now())
    return redirect(PAGE)


@require_POST
def take_out(request: Request, name: str) -> HttpResponseBase:
    """Hand one out, to whoever showed within the last minutes that it is really them."""
    request.actor.require(kept.EXPORT)
    if not is_proved(request):
        messages.info(request, _("A backup holds everything there is: show first that it is you, then take it out."))
        return redirect(f"{reverse('prove')}?{urlencode({'next': PAGE})}")
    file = kept.take_out(current_home(), name=name, by=request.actor, at=now())
    return attachment(file, name=file.name, media_type="application/gzip")


def _there_are(request: Request) -> dict[str, Any]:
    home = current_home()
    found = kept.kept_backups(home)
    checks = kept.checks(found)
    taken = {event.data["file"]: event for event in reversed(kept.taken_out())}
    people = users_by_ids(event.user_id for event in taken.values() if event.user_id is not None)
    rows = [
        {
            "backup": each, "check": checks.get(each.name), "taken": out,
            "taken_by": people.get(out.user_id) if out is not None and out.user_id is not None else None,
        }
        for each in found for out in [taken.get(each.name)]
    ]  # fmt: skip
    running = kept.under_way()
    return {
        "rows": rows, "size": sum(each.size for each in found),
        "command": f"headwater restore {home.backups / (found[0].name if found else 'FILE')}",
        "may_change": request.actor.may(kept.CHANGE), "may_take": request.actor.may(kept.EXPORT),
        **(_progress(running) if running is not None else {"job": None}),
    }  # fmt: skip


def _trouble() -> dict[str, Any]:
    failed = kept.last_failure()
    return {
        "failed": failed,
        "reason": failed.trouble[:300] if failed is not None else "",
        "late": daily.is_late(current_home(), at=now()),
        "tools_missing": connection.vendor == "postgresql" and not (shutil.which("pg_dump") and shutil.which("psql")),
    }


def _progress(job: Any) -> dict[str, Any]:
    step = kept.STEPS[min(job.done_units, len(kept.STEPS) - 1)] if job.kind == kept.NOW and job.started_at else ""
    return {"job": job, "share": (job.percent or 0) / 100, "step": step}
