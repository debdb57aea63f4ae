"""Who calls: a program with a token, or a page of this site with its session."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer

from headwater.platform.actor import Actor, ActorKind
from headwater.platform.errors import OutOfScope


class BearerToken(HttpBearer):
    """``Authorization: Bearer hw_…``; the token's scopes narrow its user's rights."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The token's actor, which the middleware has looked up; None when it is not known or has ended.

        Raises:
            OutOfScope: it is there to read, and this would write.
        """
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if actor.kind is not ActorKind.TOKEN:
            return None
        if actor.only_reads and request.method not in ("GET", "HEAD"):
            raise OutOfScope()
        return actor


class Session(APIKeyCookie):
    """The session of a signed-in person; writes need the CSRF token as well."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any | None:
        """Nobody is nobody, before anything else is checked."""
        return super().__call__(request) if self.authenticate(request, None) else None

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        """The signed-in person."""
        actor: Actor = request.actor  # type: ignore[attr-defined]
        return actor if actor.user_id is not None and actor.kind is ActorKind.USER else None


def why_not(request: HttpRequest) -> str:
    """Why the token that came along no longer works; empty where none did, or one that nobody knows."""
    return str(request.why_no_token)  # type: ignore[attr-defined]  # the middleware looks it up when it is asked for
