"""The records somebody opened last, kept in a cookie of the browser: ids only, asked for anew each time.

Whoever signs in at the same browser does not see another's, and what was deleted or is out of sight drops out.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from headwater.platform.resource import Resource, by_slug
from headwater.platform.values import row_id
from headwater.web.http import Request

COOKIE = "hw_recent"
MOST = 8
AGE = 90 * 24 * 3600


def remember(response: HttpResponse, request: Request, resource: Resource, pk: int) -> HttpResponse:
    """Note that this record was opened, unless one only looks at what others see."""
    if request.actor.seen_as:
        return response
    kept = [(resource.slug, pk), *((slug, i) for slug, i in _read(request) if (slug, i) != (resource.slug, pk))]
    text = ".".join([str(request.actor.user_id), *(f"{slug}_{i}" for slug, i in kept[:MOST])])
    if text != request.COOKIES.get(COOKIE):
        response.set_cookie(COOKIE, text, max_age=AGE, samesite="Lax", secure=request.is_secure(), httponly=True)
    return response


def recent_records(request: Request) -> list[tuple[Resource, Any]]:
    """The records opened last that are there and may be seen, the last one first. One query per noun among them."""
    wanted = _read(request)
    nouns = {slug: resource for slug, _ in wanted if (resource := by_slug(slug)) is not None}
    found: dict[tuple[str, int], Any] = {}
    for slug, resource in nouns.items():
        if request.actor.may(resource.verb("see")):
            ids = [pk for of, pk in wanted if of == slug]
            found.update({(slug, row.pk): row for row in resource.rows(request.actor).filter(pk__in=ids)})
    return [(nouns[slug], found[slug, pk]) for slug, pk in wanted if (slug, pk) in found]


def _read(request: Request) -> list[tuple[str, int]]:
    owner, *entries = request.COOKIES.get(COOKIE, "").split(".")
    if owner != str(request.actor.user_id):
        return []
    parts = [entry.rpartition("_") for entry in entries[:MOST]]
    return [(slug, pk) for slug, _, number in parts if (pk := row_id(number)) is not None]
