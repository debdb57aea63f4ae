"""Answers: a page or its fragment, toasts, where to go next, and refusals turned into words the reader can use."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import DisallowedHost
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render as render_template
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.defaults import bad_request, server_error

from headwater.platform.busy import as_busy
from headwater.platform.errors import Busy, DomainError, Invalid, Moved, NotAllowed, NotFound
from headwater.platform.resource import Resource, by_slug

if TYPE_CHECKING:
    from headwater.team.middleware import Request as Request
else:
    Request = HttpRequest  # the type checker knows what the middleware puts on it


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece of the page; going back in history asks for a whole one."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def render(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    events: Iterable[str] = (),
) -> HttpResponse:
    """The page, or its fragment ``page.html#part``; ``events`` tell other parts of the page to refresh themselves."""
    response = render_template(request, template, dict(context or {}), status=status)
    for name in events:
        trigger(response, name)
    response["Vary"] = "HX-Request"  # the same address answers with a page or a part of it
    patch_cache_control(response, private=True, no_cache=True)
    return response


def page_or_part(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, part: str = "region"
) -> HttpResponse:
    """The page, or for htmx its part that changes, such as with filters; after a write all of the page comes anew."""
    is_part = is_htmx(request) and request.headers.get("HX-Target") != "main"
    return render(request, f"{template}#{part}" if is_part else template, context)


def trigger(response: HttpResponse, name: str, detail: Any = None) -> HttpResponse:
    """Fire a browser event once the answer arrives; several add up."""
    fired = json.loads(response.headers.get("HX-Trigger", "{}"))
    response["HX-Trigger"] = json.dumps({**fired, name: detail if detail is not None else {}})
    return response


def toast(
    response: HttpResponse, message: str, *, undo_url: str = "", open_url: str = "", tone: str = ""
) -> HttpResponse:
    """Say what happened, with the way to what was made elsewhere and Undo, on a page that stays where it is."""
    told = {"message": message, "undo_url": undo_url, "open_url": open_url, "tone": tone}
    return trigger(response, "toast", told)


def answer(request: HttpRequest, url: str, message: str, *, undo_url: str = "", open_url: str = "") -> HttpResponse:
    """After a write: go to ``url`` and say there what happened, with the way to what was made and Undo.

    htmx swaps the main part of that page in; a plain post is redirected. Both arrive at the same picture.
    """
    if is_htmx(request):
        return toast(go(request, url), message, undo_url=undo_url, open_url=open_url)
    told = {"undo": undo_url, "open": open_url}
    messages.success(request, message, extra_tags=" ".join(f"{name}={at}" for name, at in told.items() if at))
    return HttpResponseRedirect(url)


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Go to ``url``: htmx swaps the main part of that page in, a plain post is redirected."""
    if not is_htmx(request):
        return HttpResponseRedirect(url)
    response = HttpResponse(status=200)
    response["HX-Location"] = json.dumps(
        {"path": url, "target": "#main", "select": "#main > *", "swap": "innerHTML show:none"}
    )
    return response


def local_url(request: HttpRequest, wanted: str, default: str) -> str:
    """``wanted`` if it is an address of this site, as a path; ``default`` otherwise: nobody is sent elsewhere."""
    if not wanted or not url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    ):
        return default
    parts = urlsplit(wanted)
    if not parts.path.startswith("/"):
        return default
    path = "/" + parts.path.lstrip("/\\")  # two slashes at the beginning would name another site
    return f"{path}?{parts.query}" if parts.query else path


def came_from(request: HttpRequest, default: str) -> str:
    """The page the reader is on while it posts: told by the form, by htmx or by the browser."""
    told = request.POST.get("next") or request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    return local_url(request, told, default)


def resource_of(slug: str, request: Request) -> Resource:
    """The noun behind an address, with the columns the actor may read.

    Raises:
        NotFound: there is no such noun.
        NotAllowed: the actor may not see it at all.
    """
    resource = by_slug(slug)
    if resource is None:
        raise NotFound(gettext("This page does not exist. The address may be mistyped."))
    if not request.actor.may(resource.verb("see")):
        raise NotAllowed()
    return resource.for_actor(request.actor)


def row_of(resource: Resource, request: Request, pk: int, *, is_bare: bool = False) -> Any:
    """One row as its record shows it, or ``is_bare``: for who does something about it but shows nothing of it.

    Raises:
        NotFound: there is none, or the actor may not see it.
        Moved: it became part of another one.
    """
    found = (resource.bare_record if is_bare else resource.record)(request.actor, pk)
    if found is None:
        became = resource.successor(request.actor, pk)
        raise Moved(resource.slug, became) if became is not None else NotFound()
    return found


class SignInMiddleware(LoginRequiredMiddleware):
    """Every page needs a signed-in user unless its view says otherwise (``login_not_required``).

    A piece of a page whose session ended sends the whole browser to the sign-in, and back to the page afterwards.
    """

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """A page that was left open tells whose it is: what they typed is done by nobody who signed in since."""
        whose = request.headers.get("X-Who", "")
        if whose and request.user.is_authenticated and whose != str(request.user.pk):
            response = HttpResponse(status=409, headers={"HX-Reswap": "none"})
            return toast(response, gettext("Somebody else is signed in by now. Load the page again."), tone="bad")
        refused: HttpResponseBase | None = super().process_view(request, view_func, view_args, view_kwargs)
        return refused

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        """Where somebody who is not signed in goes."""
        if not is_htmx(request):
            return redirect_to_login(request.get_full_path())
        page = local_url(request, request.headers.get("HX-Current-URL", ""), "/")
        response = redirect_to_login(page)
        response.status_code = 204  # a redirect would be followed by htmx and land inside the page
        response["HX-Redirect"] = response["Location"]
        del response["Location"]
        return response


class PrivateMiddleware:
    """What is shown to somebody is kept for nobody else, also where its view says nothing of caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        return response


def holds_nothing(request: HttpRequest) -> bool:
    """Whether the address holds the character that no database stores as text."""
    return "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", "")


class RefusalMiddleware:
    """Turns a ``DomainError`` into a toast or a page with its status. Views do not catch them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if holds_nothing(request) and not request.path.startswith("/api/"):  # the API says so in its own way
            return HttpResponseBadRequest("This address holds a character that stands for nothing.\n", "text/plain")
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The refusal in words; anything else is a bug and goes on to the 500 page."""
        refusal = exception if isinstance(exception, DomainError) else as_busy(exception)
        if refusal is None:
            return None
        if isinstance(refusal, Moved) and request.method in ("GET", "HEAD"):
            return _moved(request, refusal)
        if is_htmx(request):
            response = HttpResponse(status=refusal.status)
            response["HX-Reswap"] = "none"
            return _with_pause(toast(response, refusal.text, tone="bad"), refusal)
        return refusal_page(request, refusal)


def broken(request: HttpRequest) -> HttpResponse:
    """What went wrong outside a view, such as before one is reached: busy is no bug, all else is."""
    refusal = as_busy(sys.exc_info()[1])
    if refusal is None:
        return server_error(request)
    if request.path.startswith("/api/"):  # programs are told as the API tells everything, though it was not reached
        told = {"type": "about:blank", "title": "Service Unavailable", "status": refusal.status, "code": refusal.code}
        body = json.dumps({**told, "detail": refusal.text, "instance": request.path})
        return _with_pause(HttpResponse(body, "application/problem+json", refusal.status), refusal)
    response = HttpResponse(f"{refusal.text}\n", status=refusal.status, content_type="text/plain")
    return _with_pause(response, refusal)


def not_asked_well(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is refused before a view is reached. Mostly a name that was not set."""
    if not isinstance(exception, DisallowedHost):
        return bad_request(request, exception)
    words = gettext(
        "Headwater is not meant to be reached under this address. Use the one you were given. If it should be: whoever "
        "runs Headwater adds the name to HEADWATER_HOSTS and starts it again."
    )
    return HttpResponse(f"{words}\n", status=400, content_type="text/plain; charset=utf-8")


def _with_pause(response: HttpResponse, refusal: DomainError) -> HttpResponse:
    if isinstance(refusal, Busy):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _moved(request: HttpRequest, moved: Moved) -> HttpResponse:
    """To the same page of the record it became. Not to be remembered: a merge can be taken back."""
    _, slug, _pk, *rest = request.path.split("/")
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    response = HttpResponsePermanentRedirect("/".join(["", slug, str(moved.pk), *rest]) + query)
    response["Cache-Control"] = "no-store"
    return response


def refusal_page(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """What was refused, why, and the way back."""
    back = local_url(request, request.headers.get("Referer", ""), "/")
    context = {
        "refusal": refusal,
        "back": back if back != request.get_full_path() else "/",
        "without": _without_what_is_wrong(request, refusal),
    }
    return _with_pause(render_template(request, "web/refused.html", context, status=refusal.status), refusal)


def _without_what_is_wrong(request: HttpRequest, refusal: DomainError) -> str:
    """The same page by the rest of its address; without a query where it does not show which part was refused."""
    if not isinstance(refusal, Invalid) or request.method not in ("GET", "HEAD") or not request.GET:
        return ""
    kept = request.GET.copy()
    for name in request.GET:
        if name in refusal.fields or name.partition("__")[0] in refusal.fields:
            del kept[name]
    is_told = len(kept) < len(request.GET)
    return local_url(request, f"{request.path}?{kept.urlencode()}" if is_told and kept else request.path, "")
