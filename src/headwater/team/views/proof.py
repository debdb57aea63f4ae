"""Whether it is certain that who sits there is who signed in: lately shown, by what the server is called there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from headwater.platform.clock import now
from headwater.team.actions.sessions import take_out
from headwater.team.queries.passkeys import Site, new_challenge

LATELY = timedelta(minutes=10)
CHALLENGE_HOLDS = timedelta(minutes=5)
PROVED, CHALLENGE = "proved", "passkey"


def note_proof(request: HttpRequest) -> None:
    """Somebody has just shown who they are."""
    request.session[PROVED] = now().isoformat()


def is_proved(request: HttpRequest) -> bool:
    """Whether they have in the last ten minutes, here."""
    said = request.session.get(PROVED)
    return said is not None and timedelta() <= now() - datetime.fromisoformat(said) <= LATELY


def prove_first(page: str, *args: object) -> str:
    """Where one shows who one is, and comes to ``page`` from."""
    return f"{reverse('prove')}?{urlencode({'next': reverse(page, args=args)})}"


def proved_for_oneself(view: Callable[[Any, int], HttpResponse]) -> Callable[[Any, int], HttpResponse]:
    """The view of a colleague's password; one's own is changed by who has just shown who they are."""

    @wraps(view)
    def shown(request: HttpRequest, user_id: int) -> HttpResponse:
        if user_id == request.user.pk and not is_proved(request):
            return redirect(prove_first("settings_password", user_id))
        return view(request, user_id)

    return shown


def site_of(request: HttpRequest) -> Site:
    """What this installation is called where the browser sits: as it was asked, or as the settings say of that name."""
    host = request.get_host()
    name = urlsplit(f"//{host}").hostname or ""
    named = [origin for origin in settings.CSRF_TRUSTED_ORIGINS if urlsplit(origin).hostname == name]
    return Site(name, tuple(dict.fromkeys([f"{request.scheme}://{host}", *named])))


def ask_challenge(request: HttpRequest, purpose: str) -> str:
    """A challenge for a device, kept in the session for five minutes and one answer."""
    challenge = new_challenge()
    request.session[CHALLENGE] = {"challenge": challenge, "for": purpose, "since": now().isoformat()}
    return challenge


def take_challenge(request: HttpRequest, purpose: str) -> str | None:
    """The challenge that was asked for this purpose; gone from now on, whatever comes of it."""
    kept = take_out(request.session, CHALLENGE)
    if kept is None:
        return None
    late = not timedelta() <= now() - datetime.fromisoformat(kept["since"]) <= CHALLENGE_HOLDS
    return None if late or not constant_time_compare(kept["for"], purpose) else str(kept["challenge"])
