"""What goes on in the background, and what came in at once: ``/jobs/{id}``, ``/imports/{id}`` and their undo."""

from __future__ import annotations

from typing import Any

from django.http import JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from headwater.api import problems
from headwater.api.bulk import batch_json
from headwater.api.extension import register_extension
from headwater.api.jobs import NUMBER, TEXT, accepted, accepted_doc, answer_of, job_json, job_schema, object_of
from headwater.api.shapes import Schema
from headwater.intake.queries import batch_of
from headwater.intake.undoing import start_undo
from headwater.platform import job, many
from headwater.platform.clock import now
from headwater.platform.errors import Conflict
from headwater.platform.importer import Outcome
from headwater.platform.models import Job
from headwater.platform.resource import REGISTRY


def add_under_way(api: NinjaAPI) -> None:
    """Add the endpoints to the API."""

    def add(method: str, path: str, key: str, view: Any, summary: str, doc: Schema) -> None:
        tag = "Jobs" if path.startswith("/jobs") else "Imports"
        api.api_operation([method], path, operation_id=key, summary=summary, tags=[tag], openapi_extra=doc)(view)

    add("GET", "/jobs/{int:pk}", "job_show", show_job, "How far a step for many rows is", _job_doc())
    add("POST", "/jobs/{int:pk}/stop", "job_stop", stop_job, "Leave the rest of the rows as it is", _job_doc(409))
    add("POST", "/jobs/{int:pk}/undo", "job_undo", undo_job, "Take all of it back", _undo_doc())
    add("GET", "/imports/{int:pk}", "import_show", show_import, "What became of an import", _import_doc())
    add("POST", "/imports/{int:pk}/undo", "import_undo", undo_import, "Take an import back", _import_doc(409))


def show_job(request: Any, pk: int) -> JsonResponse:
    """How far it is, and what was refused with the reason; for whoever began it."""
    return JsonResponse(job_json(many.visible_step(request.actor, pk)))


def stop_job(request: Any, pk: int) -> JsonResponse:
    """Leave the rest of the rows as they are; what was done stays done, and can be taken back."""
    found = many.visible_step(request.actor, pk)
    _require_step(request, found)
    if not job.cancel(job_id=found.pk, at=now()):
        raise Conflict(_("This is over already."))
    return JsonResponse(job_json(many.visible_step(request.actor, pk)))


def undo_job(request: Any, pk: int) -> JsonResponse:
    """Take back what was done: at once where it is little (200), else by another job (202)."""
    found = many.visible_step(request.actor, pk)
    _require_step(request, found)
    told = many.told_of(found)
    if found.kind != many.STEP_JOB or not found.is_over or not told.first:
        raise Conflict(_("There is nothing to take back, or not yet."))
    undone = many.undo_all(event_id=told.first, by=request.actor, at=now())
    if isinstance(undone, Job):
        return accepted(undone)
    return JsonResponse(job_json(many.visible_step(request.actor, pk)))


def show_import(request: Any, pk: int) -> JsonResponse:
    """What became of its rows, and of its undo."""
    return JsonResponse(batch_json(batch_of(request.actor, pk)))


def undo_import(request: Any, pk: int) -> JsonResponse:
    """Take back what an import wrote, except what people have worked on since; a large one in the background."""
    start_undo(batch_id=batch_of(request.actor, pk).pk, by=request.actor, at=now())
    return JsonResponse(batch_json(batch_of(request.actor, pk)))


def _require_step(request: Any, found: Job) -> None:
    """Whoever stops a step or takes it back has the right to it: a token that only reads has not."""
    resource = REGISTRY.get(found.args.get("noun", ""))
    command = resource.command(found.args.get("command", "")) if resource is not None else None
    request.actor.require(command.verb if command is not None else many.SEES_ALL)


# ---------------------------------------------------------------- as the document says it


def _job_doc(*refusals: int) -> Schema:
    return {"responses": {200: answer_of(job_schema(), "The step"), **problems.documented(401, 403, 404, *refusals)}}


def _undo_doc() -> Schema:
    document = _job_doc(409)
    document["responses"][202] = accepted_doc()
    return document


def _import_doc(*refusals: int) -> Schema:
    counts = {outcome.value.lower(): NUMBER for outcome in Outcome}
    reasons = {"type": "object", "additionalProperties": NUMBER, "description": "How often rows were left out why."}
    undone = {"type": ["object", "null"], "description": "What an undo took back, and what it kept."}
    schema = object_of(
        {"id": NUMBER, "noun": TEXT, "name": TEXT, "state": TEXT, "rows": NUMBER, **counts, "reasons": reasons,
         "undone": undone}
    )  # fmt: skip
    return {"responses": {200: answer_of(schema, "The import"), **problems.documented(401, 403, 404, *refusals)}}


register_extension(add_under_way)
