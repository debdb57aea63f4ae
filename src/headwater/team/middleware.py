"""Puts the actor on the request, so that everything below asks one question: may this actor?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from headwater.platform.action import only_looking
from headwater.platform.actor import Actor, ActorKind
from headwater.platform.clock import now
from headwater.platform.language import asked_for, speaking
from headwater.team import queries
from headwater.team.actions import looking, sessions, tokens
from headwater.team.queries.looking import looks_as
from headwater.team.queries.second_factor import has_factor
from headwater.team.rules import SEEN_AS
from headwater.team.sessions import VOUCHED
from headwater.web.notation import Notation, writing_for

if TYPE_CHECKING:
    from headwater.team.models import Company, User
    from headwater.team.sessions import SessionStore


class Request(HttpRequest):
    """A request with its actor and the company; what views of this product receive."""

    actor: Actor
    company: Company
    user: User


# Where a second factor is set up, after it was shown who one is.
SETTING_UP = (
    "my_second_factor", "sign_out", "my_passkeys", "passkey_add_options", "passkey_add", "prove", "prove_options",
    "prove_passkey", "single_sign_on", "single_sign_on_back",
)  # fmt: skip
ANONYMOUS = Actor(kind=ActorKind.USER, name="somebody not signed in")


class ActorMiddleware:
    """Sets ``request.actor`` and ``request.company``, and shows everything in the person's zone and notation."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: _actor(request))  # type: ignore[attr-defined]
        request.why_no_token = SimpleLazyObject(lambda: _why_no_token(request))  # type: ignore[attr-defined]
        request.company = SimpleLazyObject(queries.company)  # type: ignore[attr-defined]
        user = request.user
        with speaking(*_languages(request)):
            if user.is_authenticated:
                return self._for_user(request, user)
            response = self.get_response(request)
        patch_vary_headers(response, ["Accept-Language"])
        return response

    def _for_user(self, request: HttpRequest, user: User) -> HttpResponse:
        refused = _send_to_second_factor(request)
        if refused is not None:
            return refused
        session = cast("SessionStore", request.session)
        if session.is_stale(now()):
            sessions.note_seen(session_key=session.session_key or "", at=now())
        company = request.company  # type: ignore[attr-defined]
        zone = ZoneInfo(user.time_zone or company.time_zone)
        with timezone.override(zone), writing_for(notation_of(user, company)), _looking(request):
            return self.get_response(request)


def _languages(request: HttpRequest) -> tuple[str, ...]:
    """The languages to speak, best first: programs may ask for one, people chose theirs, strangers' browsers ask."""
    asked = asked_for(request.headers.get("Accept-Language", ""))
    if _token_of(request) is not None:
        return asked, "" if asked else request.actor.language  # type: ignore[attr-defined]
    user = request.user
    if not user.is_authenticated:
        return (asked,)
    if request.path.startswith("/api/") and asked:
        return (asked,)
    return user.language, request.company.language, asked  # type: ignore[attr-defined]


def notation_of(user: User, company: Company) -> Notation:
    """How somebody writes figures, days and times, where they chose it; else the company's country decides."""
    return Notation(company.country, user.number_notation, user.day_notation, user.clock, user.week_begins)


def _send_to_second_factor(request: HttpRequest) -> HttpResponse | None:
    """To where it is set up, for who needs a second factor and has none. Programs come with a token, not this way."""
    page = reverse("my_second_factor")
    is_api = request.path.startswith("/api/")
    if is_api and _token_of(request) is not None:
        return None
    needed = request.company.needs_second_factor and not request.session.get(VOUCHED)  # type: ignore[attr-defined]
    if not needed or has_factor(request.user.pk or 0) or request.path in map(reverse, SETTING_UP):
        return None
    if is_api:
        request.actor = ANONYMOUS  # type: ignore[attr-defined]
        return None
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Redirect": page})
    return HttpResponseRedirect(page)


def _looking(request: HttpRequest) -> AbstractContextManager[None]:
    """Where somebody looks as others do, their actor is the other one and no action begins; leaving is one."""
    seen = request.session.get(SEEN_AS)
    if seen is None or _token_of(request) is not None:
        return nullcontext()
    if request.path in (reverse("end_looking"), reverse("sign_out")):
        return nullcontext()
    actor = looks_as(request.actor, seen)  # type: ignore[attr-defined]
    if actor is None:  # the right to look, or whom one looked as, is gone
        del request.session[SEEN_AS]
        looking.end_looking(by=request.actor, at=now())  # type: ignore[attr-defined]
        return nullcontext()
    request.actor = actor  # type: ignore[attr-defined]
    return only_looking()


def _token_of(request: HttpRequest) -> str | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def _why_no_token(request: HttpRequest) -> str:
    secret = _token_of(request)
    return queries.why_token_ended(secret, at=now()) if secret else ""


def _actor(request: HttpRequest) -> Actor:
    secret = _token_of(request)
    if secret is not None:  # who shows a token acts with it, whatever session comes along
        actor = queries.actor_of_token(secret, at=now())
        if actor is None:
            return ANONYMOUS
        tokens.note_use(token_id=actor.id or 0, at=now())
        return actor
    user = request.user
    return queries.actor_of(user) if user.is_authenticated else ANONYMOUS
