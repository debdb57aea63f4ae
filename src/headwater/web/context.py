"""What every page of the shell knows: who asks, for which company, in which theme, and where they can go."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from headwater.web.nav import Nav, navigation

THEMES = ("light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context of ``web/base.html``. The rail is only built when a page shows it; fragments do not pay for it."""
    actor = getattr(request, "actor", None)
    stored = request.COOKIES.get("hw_theme", "")
    return {
        "actor": actor,
        "company": getattr(request, "company", None),
        "theme": stored if stored in THEMES else "",
        "offers_zone": _offers_zone(request, actor),
        "nav": SimpleLazyObject(lambda: _nav(request, actor)),
    }


def _nav(request: HttpRequest, actor: Any) -> Nav:
    return navigation(actor, request.path, counted_in=request.company.zone) if actor else Nav()  # type: ignore[attr-defined]


def _offers_zone(request: HttpRequest, actor: Any) -> bool:
    """Whether the person may be asked for the zone their device is in: on their first page, if they chose
    none and did not say no here."""
    if request.path != "/" or "hw_zone" in request.COOKIES:
        return False
    if actor is None or actor.user_id is None or actor.seen_as:
        return False
    return not actor.time_zone
