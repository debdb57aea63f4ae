"""Refusals as RFC 9457 problem details: every error of the API has this one shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from headwater.platform.errors import Busy, DomainError, Invalid, KnownAlready, Moved, OutOfScope

MEDIA_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="headwater"'  # what else is told of tokens is that of RFC 6750


def problem(
    request: HttpRequest,
    status: int,
    code: str,
    detail: str,
    *,
    fields: Mapping[str, Sequence[str]] | None = None,
    more: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """A refusal as JSON: what kind it is (``code`` is stable), what happened, which fields are wrong."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "instance": request.path,
        **(more or {}),
    }
    if fields:
        body["errors"] = {name: list(reasons) for name, reasons in fields.items()}
    response = JsonResponse(body, status=status, content_type=MEDIA_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        error = ', error="invalid_token"' if "Authorization" in request.headers else ""
        response["WWW-Authenticate"] = f"{CHALLENGE}{error}"
    return response


def _moved_to(request: HttpRequest, moved: Moved) -> str:
    """The same address of the record it became: its comments, where those were asked for."""
    _, api, version, _slug, _pk, *rest = request.path.split("/")
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return "/".join(["", api, version, moved.slug, str(moved.pk), *rest]) + query


def refusal_problem(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """A domain refusal as a problem. A record that became part of another one leads there, when it is only read."""
    if isinstance(refusal, Moved):
        response = problem(request, 301 if request.method in ("GET", "HEAD") else 409, refusal.code, refusal.text,
                           more={"merged_into": refusal.pk})  # fmt: skip
        response["Location"] = _moved_to(request, refusal)
        response["Cache-Control"] = "no-store"  # a merge can be taken back
        return response
    fields = refusal.fields if isinstance(refusal, Invalid) else None
    more = {"known_id": refusal.pk} if isinstance(refusal, KnownAlready) and refusal.pk is not None else None
    response = problem(request, refusal.status, refusal.code, refusal.text, fields=fields, more=more)
    if isinstance(refusal, OutOfScope):
        response["WWW-Authenticate"] = f'{CHALLENGE}, error="insufficient_scope"'
    if isinstance(refusal, Busy):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def documented(*statuses: int) -> dict[int, Any]:
    """The refusals of an operation, as its description names them; every one may say 400 and 429."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in sorted({400, *statuses, 429})
    }


def schema() -> dict[str, Any]:
    """The JSON schema of a problem."""
    return {
        "type": "object",
        "description": "Problem details after RFC 9457. `code` is stable and meant for programs.",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string", "examples": ["not_found", "invalid", "not_allowed"]},
            "detail": {"type": "string"},
            "instance": {"type": "string"},
            "merged_into": {"type": "integer", "description": "Where a record went that became part of another."},
            "known_id": {
                "type": "integer",
                "description": "The record that is known already (`known_already`); `add_anyway` adds another one.",
            },
            "errors": {
                "type": "object",
                "description": "Reasons per field.",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
        },
    }
