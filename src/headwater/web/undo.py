"""Taking back: the address behind every Undo."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from headwater.platform import many
from headwater.platform.clock import now
from headwater.platform.lists.kept import visible_views
from headwater.platform.models import Job
from headwater.platform.resource import Resource, by_slug
from headwater.platform.undo import undo_event
from headwater.platform.values import row_id
from headwater.web.http import Request, came_from, go, is_htmx
from headwater.web.notation import counted


@require_POST
def undo(request: Request, event_id: int) -> HttpResponse:
    """Take one step back and show the page as it is then."""
    left = undo_event(event_id=event_id, by=request.actor, at=now())
    return _shown_again(request, _("Undone; %(left)s") % {"left": left} if left else _("Undone"))


@require_POST
def undo_all(request: Request, event_id: int) -> HttpResponse:
    """Take back what one step did to many rows; where they are very many, in the background."""
    count = many.undo_all(event_id=event_id, by=request.actor, at=now())
    if isinstance(count, Job):
        return go(request, reverse("web:many", args=[count.pk]))
    return _shown_again(
        request, ngettext("Undone for %(count)s row", "Undone for %(count)s rows", count) % {"count": counted(count)}
    )


def _shown_again(request: Request, words: str) -> HttpResponse:
    messages.success(request, words)
    url = _still_there(request, came_from(request, "/"))
    if is_htmx(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url)


def _still_there(request: Request, url: str) -> str:
    """``url``, or the list, if its record went with what was undone."""
    try:
        match = resolve(urlsplit(url).path)
    except Resolver404:
        return "/"
    resource = by_slug(str(match.kwargs.get("slug", "")))
    if resource is None or "pk" not in match.kwargs:
        return _with_its_view(request, resource, url) if resource is not None else url
    record = f"/{resource.slug}/{match.kwargs['pk']}"
    if not resource.in_sight(request.actor).filter(pk=match.kwargs["pk"]).exists():
        return f"/{resource.slug}"
    return url if urlsplit(url).path == record else record  # with the list it was opened from


def _with_its_view(request: Request, resource: Resource, url: str) -> str:
    """A list, unless the view it shows went with what was undone."""
    pk = row_id(QueryDict(urlsplit(url).query).get("view", ""))
    is_gone = pk is not None and not visible_views(request.actor).filter(pk=pk).exists()
    return f"/{resource.slug}?view=all" if is_gone else url
