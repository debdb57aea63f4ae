"""The outermost layer around every request: it answers who watches over the installation, times and logs the rest."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import LazyObject, empty

from headwater.config import health, measured
from headwater.platform.resource import by_slug

log = structlog.get_logger("headwater.request")

HEADER = "X-Request-ID"
_GIVEN_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SLUG = re.compile(r"<\w+:slug>")
UNKNOWN = "(none)"
# Anybody may call a method what they like: each name counted by itself would stay in memory for good.
METHODS, OTHER = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"), "(other)"


class ObservingMiddleware:
    """Gives each request its id, in the log and in the answer, and notes how long it took and how it ended."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = health.PROBES.get(request.path)
        if probe is not None:
            return probe(request)
        given = request.headers.get(HEADER, "")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            took = time.perf_counter() - began
            route, method = route_of(request), request.method if request.method in METHODS else OTHER
            measured.count(method, route, response.status_code, took)
            if settings.LOG_STYLE:
                log.info(
                    "request", method=method, route=route, status=response.status_code, ms=round(took * 1000, 1),
                    user=_user_id(request),
                )  # fmt: skip
        response[HEADER] = request_id
        return response


def route_of(request: HttpRequest) -> str:
    """The pattern of the address, with the noun but without ids or anything that was typed."""
    found = request.resolver_match
    if found is None:
        return "/static/" if request.path.startswith("/static/") else UNKNOWN
    slug = str(found.kwargs.get("slug", ""))
    return f"/{_SLUG.sub(slug, found.route) if by_slug(slug) is not None else found.route}"


def _user_id(request: HttpRequest) -> int | None:
    """Whose request it was, where that was asked for anyway."""
    user, actor = _if_known(getattr(request, "user", None)), _if_known(getattr(request, "actor", None))
    found = getattr(user, "pk", None) or getattr(actor, "user_id", None)
    return int(found) if found is not None else None


def _if_known(lazy: Any) -> Any:
    is_open = isinstance(lazy, LazyObject) and lazy._wrapped is empty
    return None if is_open else lazy
