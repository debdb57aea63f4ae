"""``Idempotency-Key``: a request that is sent twice with one key is carried out once, and answered alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import wraps
from hashlib import sha256
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from headwater.platform.clock import now
from headwater.platform.once import KEPT, LONGEST_KEY, Answered, once

HEADER: Final = "Idempotency-Key"
REPEATED: Final = "Idempotency-Replayed"
_KEPT_HEADERS: Final = ("Content-Type", "Location", "ETag")

KEY_PARAMETER: Final = {
    "in": "header", "name": HEADER, "required": False,
    "schema": {"type": "string", "pattern": f"^[!-~]{{1,{LONGEST_KEY}}}$"},
    "description": "A key of your own for this request, such as a UUID. Sent again with the same key within "
    f"{KEPT.days * 24} hours, it is not carried out again: the first answer comes back, with `{REPEATED}: true`.",
}  # fmt: skip


def answered_once(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The operation, carried out once for each key that a caller sends; one in parts sees to that itself."""

    if getattr(view, "answers_in_parts", False):
        return view

    @wraps(view)
    def operation(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = request.headers.get(HEADER)
        if key is None:
            return view(request, *args, **kwargs)
        found = once(
            key=key,
            request=_digest(request, has_files=getattr(view, "takes_files", False)),
            by=request.actor,
            at=now(),
            step=lambda: _answered(view(request, *args, **kwargs)),
        )
        response = HttpResponse(found.body, status=found.status, headers=dict(found.headers))
        if found.is_repeated:
            response[REPEATED] = "true"
        return response

    return operation


def _digest(request: HttpRequest, *, has_files: bool) -> str:
    asked = "\n".join((request.method or "", request.get_full_path(), request.headers.get("If-Match", "")))
    found = sha256(asked.encode() + b"\n")
    for part in _files(request) if has_files else (request.body,):
        found.update(part)
    return found.hexdigest()


def _files(request: HttpRequest) -> Iterator[bytes]:
    """The files of a form, in pieces: as a whole they are not to be held in memory."""
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            yield json.dumps([name, file.name, file.size]).encode()
            yield from file.chunks()


def _answered(response: HttpResponseBase) -> Answered:
    assert isinstance(response, HttpResponse)
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Answered(response.status_code, headers, response.content.decode())
