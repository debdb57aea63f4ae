"""What the values of a row were before, through the API: ``/<noun>/<id>/history``."""

from __future__ import annotations

from typing import Any

from django.http import JsonResponse

from headwater.api.shapes import Schema, json_of
from headwater.platform.resource import Resource
from headwater.web.history import Told, value_history
from headwater.web.http import row_of


def show_history(request: Any, resource: Resource, pk: int) -> JsonResponse:
    """Old and new values with who changed them, when and in which import; for whoever may see the row."""
    request.actor.require(resource.verb("see"))
    row = row_of(resource, request, pk)
    found = value_history(resource, row, request.actor, request.GET.get("field", "")[:200])
    first = found.beginning
    return JsonResponse(
        {
            "items": [_told(told) for told in found.changes],
            "since": json_of(first.at) if first is not None else None,
            "batch": first.batch_id if first is not None else None,
        }
    )


def _told(told: Told) -> dict[str, Any]:
    change = told.change
    by = {"id": change.user_id, "name": told.who} if change.user_id is not None else None
    return {
        "event": change.event_id,
        "field": told.traced.key,
        "old": change.old,
        "new": change.new,
        "old_text": told.before,
        "new_text": told.after,
        "old_currency": told.currencies[0],
        "new_currency": told.currencies[1],
        "at": json_of(change.at),
        "by": by,
        "batch": change.batch_id,
        "reason": change.reason,
        "is_undone": change.is_undone,
        "takes_back": change.takes_back,
    }


def schema() -> Schema:
    """The shape of the answer."""
    text, number, flag = {"type": "string"}, {"type": ["integer", "null"]}, {"type": "boolean"}
    moment = {"type": ["string", "null"], "format": "date-time"}
    person = {"type": ["object", "null"], "properties": {"id": number, "name": text}}
    fields = {
        "event": {"type": "integer"}, "field": text, "old": {}, "new": {}, "old_text": text, "new_text": text,
        "old_currency": text, "new_currency": text,
        "at": moment, "by": person, "batch": number, "reason": text, "is_undone": flag, "takes_back": flag,
    }  # fmt: skip
    change = {"type": "object", "required": list(fields), "properties": fields}
    properties = {"items": {"type": "array", "items": change}, "since": moment, "batch": number}
    return {"type": "object", "required": list(properties), "properties": properties}
