"""A party's whole journey as a page."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from headwater.parties import panels, queries
from headwater.platform.errors import NotFound
from headwater.platform.values import row_id
from headwater.web.http import Request, is_htmx, render


@require_GET
def journey(request: Request, pk: int) -> HttpResponse:
    """A party's timeline, filtered, from a point or an entry (``at``) on; for htmx only the piece that is asked for."""
    party = queries.by_ids(request.actor, [pk]).first()
    if party is None:
        raise NotFound()
    before = request.GET.get("before", "")
    at = row_id(request.GET.get("at", "")) or 0
    found = panels.journey(request.actor, pk, only=request.GET.get("only", ""), before=before, at=at)
    context = {"journey": found, "party": party, "party_url": panels.url_of(party), "is_later_page": bool(before)}
    if is_htmx(request):
        template = "parties/timeline.html#steps" if before else "parties/timeline.html"
        return render(request, template, context)
    return render(request, "parties/journey.html", context)
