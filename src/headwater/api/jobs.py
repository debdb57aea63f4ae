"""A step for many rows that goes on in the background, as the API tells it."""

from __future__ import annotations

from typing import Any, Final

from django.http import JsonResponse

from headwater.api.shapes import Schema, json_of
from headwater.platform import many
from headwater.platform.models import Job
from headwater.platform.resource import REGISTRY

MOST_ROWS: Final = 10_000  # of one request
EXAMPLES: Final = 100
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}


def accepted(queued: Job) -> JsonResponse:
    """The answer about a step that goes on in the background: where to ask how far it is."""
    queued.refresh_from_db()
    response = JsonResponse(job_json(queued), status=202)
    response["Location"] = f"/api/v1/jobs/{queued.pk}"
    return response


def job_json(found: Job) -> dict[str, Any]:
    """A step as the API tells it."""
    told = many.told_of(found)
    noun = REGISTRY.get(found.args.get("noun", ""))
    return {
        "id": found.pk,
        "noun": noun.slug if noun is not None else None,
        "command": found.args.get("command"),
        "state": found.state,
        "done": told.done,
        "total": found.total_units or 0,
        "refused": [{"reason": reason, "count": count} for reason, count in sorted(told.reasons)],
        "examples": [{"id": pk, "reason": reason} for pk, reason in told.example_reasons(EXAMPLES)],
        "error": found.trouble,
        "queued_at": json_of(found.queued_at),
        "finished_at": json_of(found.finished_at),
        "is_undone": many.is_undone(told),
    }


def job_schema() -> Schema:
    """The shape of a step for many rows."""
    refused = {"type": "array", "items": object_of({"reason": TEXT, "count": NUMBER})}
    examples = {"type": "array", "maxItems": EXAMPLES, "items": object_of({"id": NUMBER, "reason": TEXT})}
    or_none: Schema = {"type": ["string", "null"]}
    return object_of(
        {
            "id": NUMBER, "noun": or_none, "command": or_none,
            "state": {**TEXT, "enum": list(Job.State.values)}, "done": NUMBER, "total": NUMBER, "refused": refused,
            "examples": examples, "error": TEXT, "queued_at": _MOMENT, "finished_at": _MOMENT,
            "is_undone": {"type": "boolean"},
        }
    )  # fmt: skip


def accepted_doc() -> Schema:
    """What the document says of an answer that leads to a job."""
    where = {"Location": {"description": "Where to ask how far it is.", "schema": TEXT}}
    return {**answer_of(job_schema(), "It goes on in the background"), "headers": where}


def object_of(fields: dict[str, Schema]) -> Schema:
    """An object with these fields, all of them always there."""
    return {"type": "object", "required": list(fields), "properties": fields}


def answer_of(schema: Schema, words: str) -> Schema:
    """An answer in JSON as the document tells it."""
    return {"description": words, "content": {"application/json": {"schema": schema}}}
