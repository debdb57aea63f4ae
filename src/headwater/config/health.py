"""What load balancers and monitors ask: does it live, may people be sent here, and how is it doing."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.db.utils import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from headwater import __version__
from headwater.config import figures, lifecycle, measured
from headwater.config.home import current_home
from headwater.platform.errors import DomainError

_migrated = False


def alive(request: HttpRequest) -> HttpResponse:
    """That this process answers."""
    return _said(200, f"ok {__version__}")


def ready(request: HttpRequest) -> HttpResponse:
    """Whether people may be sent here: the database answers, is of this version, and nobody restores or migrates it."""
    try:
        lifecycle.refuse_unusable(current_home())
        if not _is_migrated():
            return _said(503, "older_database")
    except DomainError as refusal:
        return _said(503, refusal.code)
    except (DatabaseError, InterfaceError):
        connection.close()
        return _said(503, "database_unusable")
    return _said(200, "ready")


def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, for who brings the token that was set; without one set there is no such address."""
    if not settings.METRICS_TOKEN:
        return _said(404, "off: HEADWATER_METRICS_TOKEN is not set")
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return _said(401, "Authorization: Bearer TOKEN")
    text = measured.text([*measured.of_this_server(), *figures.of_the_installation(current_home())])
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": alive, "/readyz": ready, "/metrics": metrics}


def _is_migrated() -> bool:
    """Asked of the database each time; whether it lacks a migration only until it does not: nobody takes one away."""
    global _migrated
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    _migrated = _migrated or not lifecycle.migrations().pending
    return _migrated


def _said(status: int, text: str) -> HttpResponse:
    response = HttpResponse(f"{text}\n", status=status, content_type="text/plain")
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]  # who asks every second is told, not the log
    return response
