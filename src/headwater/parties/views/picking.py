"""What a form suggests while one types who is meant."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from headwater.parties.queries import search
from headwater.web.http import Request, render

SUGGESTIONS = 8
LONGEST_WORDS = 200


@require_GET
def suggest(request: Request) -> HttpResponse:
    """The people and companies the actor may see that match what stands in the field named by ``field``."""
    words = request.GET.get(request.GET.get("field", ""), "")[:LONGEST_WORDS]
    found = search(request.actor, words, SUGGESTIONS)
    return render(request, "parties/suggestions.html", {"parties": found, "words": words.strip()})
