"""Talking about a record, following it, and what is for oneself on My day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.undo import newest_event, to_undo
from headwater.team.actions import comments as actions
from headwater.team.actions import followers
from headwater.team.models import Comment
from headwater.team.queries import comments as queries
from headwater.team.queries.records import Record
from headwater.team.views.records import record_of
from headwater.web.form import undo_url
from headwater.web.http import answer, came_from, is_htmx, render

if TYPE_CHECKING:
    from headwater.team.middleware import Request


def comments(request: Request, slug: str, pk: int) -> HttpResponse:
    """Say something about a record; opened by hand it leads to the talk on the record's page."""
    record = record_of(request, slug, pk)
    if request.method != "POST":
        return HttpResponseRedirect(f"{record.url}#talk")
    since, text = newest_event(), request.POST.get("text", "")
    try:
        actions.add_comment(noun=record.resource.key, row_id=record.row.pk, text=text, by=request.actor, at=now())
    except Invalid as refusal:
        return _composer(request, record, text, refusal)
    return answer(request, record.url, _("Comment added"), undo_url=undo_url(request, record.resource, since))


def comment(request: Request, slug: str, pk: int, comment_id: int) -> HttpResponse:
    """A comment in other words: its form on GET, the rewording on POST."""
    record = record_of(request, slug, pk)
    found = _comment(record, comment_id)
    if not queries.may_edit(request.actor, found):
        raise NotFound()
    if request.method != "POST":
        return _composer(request, record, queries.as_typed(found), None, found)
    since, text = newest_event(), request.POST.get("text", "")
    try:
        actions.edit_comment(comment_id=found.pk, text=text, by=request.actor, at=now())
    except Invalid as refusal:
        return _composer(request, record, text, refusal, found)
    return answer(request, record.url, _("Comment changed"), undo_url=undo_url(request, record.resource, since))


@require_POST
def delete_comment(request: Request, slug: str, pk: int, comment_id: int) -> HttpResponse:
    """Take a comment off the record."""
    record = record_of(request, slug, pk)
    since = newest_event()
    actions.delete_comment(comment_id=_comment(record, comment_id).pk, by=request.actor, at=now())
    return answer(request, record.url, _("Comment deleted"), undo_url=undo_url(request, record.resource, since))


def colleagues(request: Request, slug: str, pk: int) -> HttpResponse:
    """Who may be meant by what was typed after the @ on this record."""
    record = record_of(request, slug, pk)
    found = queries.suggested(record, request.GET.get("q", ""))
    return render(request, "team/colleagues.html", {"colleagues": found})


@require_POST
def follow(request: Request, slug: str, pk: int) -> HttpResponse:
    """Follow a record."""
    record = record_of(request, slug, pk)
    since = newest_event()
    followers.follow_record(noun=record.resource.key, row_id=record.row.pk, by=request.actor, at=now())
    said = _("You follow this: comments on it come to your day")
    return answer(request, record.url, said, undo_url=undo_url(request, record.resource, since))


@require_POST
def unfollow(request: Request, slug: str, pk: int) -> HttpResponse:
    """Follow a record no more."""
    record = record_of(request, slug, pk)
    since = newest_event()
    followers.unfollow_record(noun=record.resource.key, row_id=record.row.pk, by=request.actor, at=now())
    said = _("You no longer follow this")
    return answer(request, record.url, said, undo_url=undo_url(request, record.resource, since))


@require_POST
def finish_notice(request: Request, notice_id: int) -> HttpResponse:
    """Be done with a comment that was for oneself."""
    since = newest_event()
    actions.finish_notice(notice_id=notice_id, by=request.actor, at=now())
    event = to_undo(since=since, by=request.actor, subject_type="team.notice")
    return answer(request, came_from(request, "/"), _("Done"), undo_url=f"/undo/{event.pk}" if event else "")


def _comment(record: Record, comment_id: int) -> Comment:
    found = queries.comments_of(record).filter(pk=comment_id).first()
    if found is None:
        raise NotFound()
    return found


def _composer(
    request: Request, record: Record, text: str, refusal: Invalid | None, edited: Comment | None = None
) -> HttpResponse:
    """The box again with what is wrong, or the form to edit a comment: a part of the page, a dialog, or a page."""
    values: dict[str, Any] = {
        "record": record,
        "resource": record.resource,
        "row": record.row,
        "text": text,
        "errors": refusal.fields.get("text", []) if refusal is not None else [],
        "edited": edited,
    }
    status = 422 if refusal is not None else 200
    if not is_htmx(request):
        return render(request, "team/comment.html", values, status=status)
    part = "dialog" if edited is not None and refusal is None else "composer"
    return render(request, f"team/comment.html#{part}", values, status=status)
