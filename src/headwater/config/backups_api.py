"""Backups for programs that watch over an installation: which there are, and one more at once."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from ninja import NinjaAPI

from headwater.api import problems
from headwater.api.jobs import answer_of, object_of
from headwater.api.shapes import Schema, json_of
from headwater.config import kept
from headwater.config.home import current_home
from headwater.platform.clock import now
from headwater.platform.models import Job

TEXT: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time"}


def add_backups(api: NinjaAPI) -> None:
    """Add the endpoints to the API."""
    for method, key, view, summary, extra in (
        ("GET", "backups_list", list_backups, "Backups, the newest first", _list_doc()),
        ("POST", "backups_make", make_backup, "Make a backup now", _make_doc()),
    ):
        api.api_operation(
            [method], "/backups", operation_id=key, summary=summary, tags=["Operation"], openapi_extra=extra
        )(view)


def list_backups(request: Any) -> HttpResponse:
    """What lies in the data folder, and whether one is being made."""
    request.actor.require(kept.SEE)
    failed = kept.last_failure()
    return JsonResponse(
        {
            "items": [
                {
                    "name": each.name, "kind": each.kind.rstrip("-"), "made_at": json_of(each.made_at),
                    "size": each.size, "kept_until": json_of(each.until),
                }
                for each in kept.kept_backups(current_home())
            ],
            "under_way": kept.under_way() is not None,
            "failed_at": json_of(failed.finished_at) if failed is not None else None,
        }
    )  # fmt: skip


def make_backup(request: Any) -> HttpResponse:
    """Ask for one; who asks while one is under way is told of that one."""
    queued = kept.ask_for_backup(by=request.actor, at=now())
    return JsonResponse({"name": queued.args["name"], "state": queued.state}, status=202)


def _list_doc() -> Schema:
    kinds = [kind.rstrip("-") for kind in kept.KINDS]
    one = object_of(
        {
            "name": TEXT, "kind": {**TEXT, "enum": kinds}, "made_at": MOMENT, "size": {"type": "integer"},
            "kept_until": {"type": ["string", "null"], "format": "date"},
        }
    )  # fmt: skip
    failed_at: Schema = {"type": ["string", "null"], "format": "date-time"}
    told: dict[str, Schema] = {
        "items": {"type": "array", "items": one}, "under_way": {"type": "boolean"}, "failed_at": failed_at,
    }  # fmt: skip
    return {"responses": {200: answer_of(object_of(told), "What there is"), **problems.documented(401, 403)}}


def _make_doc() -> Schema:
    told = object_of({"name": TEXT, "state": {**TEXT, "enum": list(Job.State.values)}})
    return {"responses": {202: answer_of(told, "It goes on in the background"), **problems.documented(401, 403)}}
