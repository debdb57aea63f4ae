"""The files with a record, and who else has it open.

A content leaves only to be saved, never to be shown (``web/download.py``). The only pictures shown are the small ones
that we draw ourselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.undo import newest_event
from headwater.team.actions import files as actions
from headwater.team.actions.presence import note_presence
from headwater.team.forms import uploads_of
from headwater.team.models import StoredFile
from headwater.team.queries import files as queries
from headwater.team.queries.presence import who_else
from headwater.team.queries.records import Record
from headwater.team.views.records import record_of
from headwater.web.download import attachment, picture
from headwater.web.form import undo_url
from headwater.web.http import answer, render

if TYPE_CHECKING:
    from headwater.team.middleware import Request


def files(request: Request, slug: str, pk: int) -> HttpResponse:
    """Put files with a record; opened by hand it leads to the files on the record's page."""
    record = record_of(request, slug, pk)
    if request.method != "POST":
        return HttpResponseRedirect(f"{record.url}#files")
    since = newest_event()
    noun, row_id = record.resource.key, record.row.pk
    done = actions.attach_files(noun=noun, row_id=row_id, uploads=uploads_of(request), by=request.actor, at=now())
    if not done.files:
        raise Invalid({"files": done.refused})
    count = len(done.files)
    words = ngettext("%(count)s file added", "%(count)s files added", count) % {"count": count}
    words = ". ".join([words, *(_("Left out: %(why)s") % {"why": why.rstrip(".")} for why in done.refused)])
    undo = undo_url(request, record.resource, since) + ("/all" if count > 1 else "")
    return answer(request, record.url, words, undo_url=undo)


@require_safe
def file(request: Request, slug: str, pk: int, file_id: int) -> HttpResponse | FileResponse:
    """The content of a file, to be saved."""
    found = _file(record_of(request, slug, pk), file_id)
    return attachment(queries.stored_content(found), name=found.name, media_type=found.safe_type)


@require_safe
def thumbnail(request: Request, slug: str, pk: int, file_id: int) -> HttpResponse | FileResponse:
    """The small picture of an image, as we drew it."""
    found = _file(record_of(request, slug, pk), file_id)
    path = queries.thumbnail_of(found)
    if not found.has_thumbnail or not path.is_file():
        raise NotFound()
    return picture(path)


@require_POST
def delete_file(request: Request, slug: str, pk: int, file_id: int) -> HttpResponse:
    """Take a file off the record."""
    record = record_of(request, slug, pk)
    since = newest_event()
    actions.delete_file(file_id=_file(record, file_id).pk, by=request.actor, at=now())
    return answer(request, record.url, _("File deleted"), undo_url=undo_url(request, record.resource, since))


@require_POST
def presence(request: Request, slug: str, pk: int) -> HttpResponse:
    """A sign that somebody has the record open; answers who else does."""
    record, moment = record_of(request, slug, pk), now()
    note_presence(record=record, by=request.actor, at=moment)
    return render(request, "team/presence.html", {"others": who_else(record, request.actor, moment)})


def _file(record: Record, file_id: int) -> StoredFile:
    found = queries.files_of(record).filter(pk=file_id).first()
    if found is None:
        raise NotFound()
    return found
