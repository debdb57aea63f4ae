"""A step for very many rows: how far it is, what was refused and why, and one Undo for all of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.platform import job, many
from headwater.platform.clock import now
from headwater.platform.resource import REGISTRY, Resource
from headwater.web.http import Request, page_or_part

SHOWN = 200


def progress(request: Request, job_id: int) -> HttpResponse:
    """How far the step is; in the end what was done, and what was refused with the reason."""
    found = many.visible_step(request.actor, job_id)
    told = many.told_of(found)
    resource = REGISTRY.get(found.args.get("noun", ""))
    command = resource.command(found.args["command"]) if resource is not None else None
    context: dict[str, Any] = {
        "job": found,
        "told": told,
        "resource": resource,
        "command": command,
        "is_undo": found.kind == many.UNDO_JOB,
        "share": (found.percent or 0) / 100,
        "left": (found.total_units or 0) - told.next,
        "reasons": told.reasons,
        "refused_rows": _refused_rows(request, resource, told),
        "undo_job": many.undo_of(told.first) if told.first else None,
        "is_undone": many.is_undone(told),
        "back": found.args.get("back") or (f"/{resource.slug}" if resource is not None else "/"),
    }
    return page_or_part(request, "web/many.html", context, part="progress")


@require_POST
def stop(request: Request, job_id: int) -> HttpResponse:
    """Leave the rest of the rows as they are; what was done stays done, and can be taken back."""
    found = many.visible_step(request.actor, job_id)
    if job.cancel(job_id=found.pk, at=now()):
        messages.success(request, _("Stopped. The rest of the rows is as it was."))
    return HttpResponseRedirect(reverse("web:many", args=[found.pk]))


def _refused_rows(request: Request, resource: Resource | None, told: many.Told) -> list[tuple[Any, str]]:
    """The first rows that refused and that the reader may see, with the reason."""
    if resource is None or not told.examples:
        return []
    reasons = dict(told.example_reasons(SHOWN))
    rows = resource.rows(request.actor).filter(pk__in=list(reasons))
    return [(row, reasons[row.pk]) for row in rows]
