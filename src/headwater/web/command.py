"""What can be done with a row, or with many: a form where something must be said, then the one action."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from headwater.platform import many
from headwater.platform.clock import now
from headwater.platform.errors import Conflict, DomainError, NotFound, SomeRefused
from headwater.platform.models import Event
from headwater.platform.resource import Command, Resource
from headwater.platform.undo import newest_event, to_undo
from headwater.web.form import afterwards, form_page, initial_of, refused, undo_url
from headwater.web.http import Request, answer, came_from, go, resource_of, row_of
from headwater.web.listing import Chosen
from headwater.web.notation import counted


def command(request: Request, slug: str, pk: int, key: str) -> HttpResponse:
    """One command on one row: its form on GET, its action on POST."""
    resource = resource_of(slug, request)
    chosen = _command(resource, request, key)
    row = row_of(resource, request, pk)
    if not chosen.offered(row):
        raise Conflict(_("“%(command)s” is not possible here any more.") % {"command": chosen.label})
    if request.method != "POST":
        form = chosen.form(actor=request.actor, row=row, initial={**initial_of(chosen.form, row), **request.GET.dict()})
        return form_page(request, resource, chosen, form, row=row)
    form = chosen.form(request.POST, request.FILES, actor=request.actor, row=row)
    if not form.is_valid():
        return form_page(request, resource, chosen, form, row=row, status=422)
    since = newest_event()
    try:
        chosen.run(**{chosen.id_name: pk}, by=request.actor, at=now(), **form.cleaned_data)
    except DomainError as refusal:
        if not form.fields:  # nothing to correct: a toast or a page says why
            raise
        return refused(request, resource, chosen, form, refusal, row=row)
    words = chosen.done or f"{chosen.label}: {resource.title(row)}"
    return answer(request, afterwards(request, resource, pk), words, undo_url=undo_url(request, resource, since))


@require_POST
def bulk(request: Request, slug: str, key: str) -> HttpResponse:
    """One command on many rows: those ticked or all that match the list or board. ``ask`` wants its form first."""
    resource = resource_of(slug, request)
    chosen = _command(resource, request, key)
    if chosen.run_many is None:
        raise NotFound(_("This cannot be done with many rows at once."))
    told = Chosen.posted(request)
    ids = told.rows(request, resource)
    kept = {"rows": told, "count": len(ids)}
    if request.POST.get("ask"):
        return form_page(request, resource, chosen, chosen.form(actor=request.actor), ids=kept)
    form = chosen.form(request.POST, actor=request.actor)
    if not form.is_valid():
        return form_page(request, resource, chosen, form, ids=kept, status=422)
    if len(ids) > many.AT_ONCE and not chosen.together:
        filled_in = {name: request.POST.getlist(name) for name in form.fields if name in request.POST}
        begun = many.start(
            resource=resource, command=chosen, ids=ids, form=urlencode(filled_in, doseq=True), by=request.actor,
            at=now(), back=came_from(request, f"/{slug}"),
        )  # fmt: skip
        return go(request, reverse("web:many", args=[begun.pk]))
    since = newest_event()
    try:
        done = chosen.run_many(ids=ids, by=request.actor, at=now(), **form.cleaned_data)
    except SomeRefused as some:
        if not form.fields:
            raise some.one_reason from some
        return refused(request, resource, chosen, form, some.one_reason, ids=kept)
    except DomainError as refusal:
        if not form.fields:
            raise
        return refused(request, resource, chosen, form, refusal, ids=kept)
    words = _told(resource, chosen, done if isinstance(done, int) else len(ids), of=len(ids))
    return answer(request, came_from(request, f"/{slug}"), words, undo_url=_undo_all(request, resource, since))


def _told(resource: Resource, command: Command, done: int, *, of: int) -> str:
    """What became of a step for many: some of them may be so already, or not of the kind it is for."""
    nouns = ngettext(resource.label, resource.label_plural, done).lower()
    if done == of:
        return f"{command.label}: {counted(of)} {nouns}"
    words = {"step": command.label, "done": counted(done), "nouns": nouns, "rest": counted(of - done)}
    return _("%(step)s: %(done)s %(nouns)s. Nothing to do for %(rest)s.") % words


def offered_commands(resource: Resource, request: Request, row: Any) -> list[Command]:
    """What this actor can do with this row now."""
    return [c for c in resource.commands if request.actor.may(c.verb) and c.offered(row)]


def _command(resource: Resource, request: Request, key: str) -> Command:
    chosen = resource.command(key)
    if chosen is None:
        raise NotFound(_("This cannot be done here."))
    request.actor.require(chosen.verb)
    return chosen


def _undo_all(request: Request, resource: Resource, since: int) -> str:
    last = to_undo(since=since, by=request.actor, subject_type=resource.key)
    if last is None:
        return ""
    alike = Event.objects.filter(pk__gt=since, request_id=last.request_id, verb=last.verb)
    first = alike.order_by("pk").values_list("pk", flat=True).first()
    return f"/undo/{first}/all"
