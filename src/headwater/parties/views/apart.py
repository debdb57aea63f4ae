"""Taking a merge apart: what that would do by now, and doing it."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from headwater.parties import queries
from headwater.parties.panels import url_of
from headwater.parties.pointing import in_words
from headwater.parties.views.merging import mergeable, undo_url
from headwater.platform.clock import now
from headwater.platform.errors import NotFound
from headwater.platform.undo import newest_event, undo_event
from headwater.web.http import Request, answer, is_htmx, render, row_of
from headwater.web.notation import counted


def take_apart(request: Request, slug: str, pk: int, event_id: int) -> HttpResponse:
    """What goes back and what stays; on POST the records stand by themselves again."""
    resource = mergeable(slug, request)
    row = row_of(resource, request, pk)
    merge = next((merge for merge in queries.merges_of(request.actor, row) if merge.event_id == event_id), None)
    if merge is None:
        raise NotFound(_("This merge was taken apart already."))
    names = ", ".join(merge.names)
    if request.method == "POST":
        since = newest_event()
        left = undo_event(event_id=event_id, by=request.actor, at=now())
        words = _("Taken apart: %(names)s") % {"names": names}
        words = f"{words}; {left}" if left else words
        return answer(request, url_of(row), words, undo_url=undo_url(since, "parties.unmerged"))
    found = queries.taken_apart(request.actor, row, event_id)
    context = {
        "resource": resource,
        "row": row,
        "merge": merge,
        "names": names,
        "goes": [(name, in_words(hanging, counted)) for name, hanging in found.goes],
        "stays": in_words(found.stays, counted),
        "restored": ", ".join(found.restored),
        "changed": ", ".join(found.changed),
        "party_url": url_of(row),
    }
    return render(request, "parties/apart.html#dialog" if is_htmx(request) else "parties/apart.html", context)
