"""What one is told: the bell's latest, all of it on a page, and how one wants to be told."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from headwater.platform.clock import now
from headwater.platform.errors import NotFound
from headwater.platform.values import row_id
from headwater.tell.actions import news as actions
from headwater.tell.actions.choices import choose_ways
from headwater.tell.actions.digests import choose_digest
from headwater.tell.forms import WaysForm
from headwater.tell.queries.digests import digest_of
from headwater.tell.queries.news import said, unread_count, visible_news, ways_of
from headwater.tell.queries.settings import is_mail_on
from headwater.web.http import Request, local_url, render

PAGE, LATEST = 50, 8


@never_cache
@require_GET
def waiting(request: Request) -> HttpResponse:
    """The number at the bell."""
    return render(request, "web/bell_count.html", {"number": unread_count(request.actor)})


@never_cache
@require_GET
def latest(request: Request) -> HttpResponse:
    """What opens under the bell."""
    found = list(visible_news(request.actor)[:LATEST])
    return render(request, "tell/latest.html", {"shown": said(request.actor, found)})


@never_cache
@require_GET
def notifications(request: Request) -> HttpResponse:
    """All one was told, or what one has not seen yet."""
    unread = request.GET.get("show") == "unread"
    rows = visible_news(request.actor)
    page = Paginator(rows.filter(read_at=None) if unread else rows, PAGE).get_page(request.GET.get("page"))
    context = {"shown": said(request.actor, list(page)), "page": page, "unread": unread}
    return render(request, "tell/notifications.html", context)


@require_POST
def open_one(request: Request, news_id: int) -> HttpResponse:
    """Go to what it is about; it is read then."""
    found = list(visible_news(request.actor).filter(pk=news_id))
    shown = said(request.actor, found)
    actions.mark_read(actor=request.actor, at=now(), ids=[news_id])
    if not shown:
        raise NotFound()
    return redirect(local_url(request, shown[0].path, "/notifications"))


@require_POST
def mark(request: Request, what: str) -> HttpResponse:
    """Mark one as read or as unread, or all as read."""
    ids = [pk for text in request.POST.getlist("ids") if (pk := row_id(text)) is not None]
    if what == "all":
        actions.mark_read(actor=request.actor, at=now())
    elif what == "unread":
        actions.mark_unread(actor=request.actor, ids=ids)
    else:
        actions.mark_read(actor=request.actor, at=now(), ids=ids)
    return redirect(local_url(request, request.POST.get("next", ""), "/notifications"))


@never_cache
def my_notifications(request: Request) -> HttpResponse:
    """Of what one is told, and how."""
    me = request.actor.user_id or 0
    digest = digest_of(me)
    initial: dict[str, Any] = {kind: way for (_user, kind), way in ways_of([me]).items()}
    initial["hour"] = digest.hour if digest is not None else ""
    form = WaysForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        ways = dict(form.cleaned_data)
        choose_digest(hour=ways.pop("hour"), by=request.actor, at=now())
        choose_ways(ways=ways, by=request.actor, at=now())
        messages.success(request, _("You are told as you wish."))
        return redirect("my_notifications")
    return render(request, "tell/my_notifications.html", {"form": form, "mails": is_mail_on(), "digest": digest})
