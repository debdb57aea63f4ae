"""Stopping mails from a link in one of them, without signing in: by a person, or by their mail program (RFC 8058)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from headwater.platform.clock import now
from headwater.platform.errors import NotAllowed
from headwater.platform.installation import actor_by_ref
from headwater.platform.language import speaking_to
from headwater.tell.actions.choices import stop_mails as stop
from headwater.tell.queries.stop_links import read_stop


@never_cache
@login_not_required
@csrf_exempt  # a mail program has no token of a page: what is signed into the address proves where it is from
@require_http_methods(["GET", "HEAD", "POST"])
def stop_mails(request: HttpRequest, signed: str) -> HttpResponse:
    """Ask whether mails of this kind shall stop, and stop them. Looking changes nothing: programs that search mails
    for harm open every link. Whoever holds the link can do no more than that, as often as they like."""
    wanted = read_stop(signed)
    try:
        actor = actor_by_ref(f"user:{wanted.user_id}") if wanted else None
    except NotAllowed:  # they have left: no mail goes to them
        actor = None
    if wanted is None or actor is None:
        return render(request, "tell/stop_mails.html", {"stop": None}, status=404)
    if request.method == "POST":
        stop(stop=wanted, by=actor, at=now())
    with speaking_to(wanted.user_id):
        return render(request, "tell/stop_mails.html", {"stop": wanted, "is_done": request.method == "POST"})
