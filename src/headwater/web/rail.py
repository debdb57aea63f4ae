"""The rail again after something was done: its counts are never older than what the reader did last."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from headwater.platform.errors import NotFound
from headwater.web.http import Request, is_htmx, local_url, render, trigger
from headwater.web.nav import navigation

DONE = "done"


def rail(request: Request) -> HttpResponse:
    """The groups of the rail as they are now, for the page the reader is on."""
    here = urlsplit(local_url(request, request.headers.get("HX-Current-URL", ""), "/")).path
    nav = navigation(request.actor, here, counted_in=request.company.zone)
    return render(request, "web/rail_groups.html", {"home": nav.home, "stream": nav.stream, "lower": nav.lower})


def settings(request: Request) -> HttpResponse:
    """The first page of the settings that the reader may see.

    Raises:
        NotFound: they may see none.
    """
    nav = navigation(request.actor, request.path)
    found = next((phase for phase in nav.lower if phase.key == "settings"), None)
    if found is None:
        raise NotFound()
    return redirect(found.url)


class DoneMiddleware:
    """Tells the page when a write went through, so that its rail asks for the counts again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_write = request.method not in ("GET", "HEAD", "OPTIONS")
        return trigger(response, DONE) if is_write and is_htmx(request) and response.status_code < 400 else response
