"""Forms of a noun: a page or a dialog, wrong values told beside their fields, and the one action behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _

from headwater.platform.clock import now
from headwater.platform.edits import edit_form, with_row_locked
from headwater.platform.errors import DomainError, Invalid, KnownAlready, NotFound
from headwater.platform.resource import ActorForm, Command, Resource
from headwater.platform.undo import newest_event, to_undo
from headwater.web.editing import Edit, opened
from headwater.web.http import Request, answer, came_from, is_htmx, local_url, render, resource_of, row_of


def create(request: Request, slug: str) -> HttpResponse:
    """A new row: the form, and the action that makes it. The address may bring values along."""
    resource = resource_of(slug, request)
    command = offered(resource.create, request)
    if request.method != "POST":
        form = command.form(actor=request.actor, initial=_given(request, command))
        return form_page(request, resource, command, form)
    form = command.form(request.POST, request.FILES, actor=request.actor)
    if not form.is_valid():
        return form_page(request, resource, command, form, status=422)
    since = newest_event()
    try:
        made = command.run(by=request.actor, at=now(), **form.cleaned_data)
    except DomainError as refusal:
        return refused(request, resource, command, form, refusal)
    return created(request, resource, command, made, since=since)


def created(
    request: Request, resource: Resource, command: Command, made: Any, *, since: int, url: str = ""
) -> HttpResponse:
    """After something was made: go to ``url``, else to its record, and say so, with Undo; to the list where the actor
    does not see what they made."""
    pk = pk_of(made)
    is_seen = pk is not None and resource.in_sight(request.actor).filter(pk=pk).exists()
    record = f"/{resource.slug}/{pk}" if is_seen else f"/{resource.slug}"
    url = local_url(request, request.POST.get("then", ""), url or record)
    words = command.says(request.actor, made) or command.done or _("%(noun)s added") % {"noun": resource.label}
    return answer(
        request,
        url,
        words,
        undo_url=undo_url(request, resource, since) if is_seen else "",
        open_url=record if is_seen and url != record else "",
    )


def edit(request: Request, slug: str, pk: int) -> HttpResponse:
    """An existing row: the form with its values, and the action that changes what the reader changed in it.

    Where somebody else changed the same meanwhile, the form asks whose words stand.
    """
    resource = resource_of(slug, request)
    command = offered(resource.change, request)
    row = row_of(resource, request, pk)
    if request.method != "POST":
        form = opened(edit_form(command, request.actor, row))
        return form_page(request, resource, command, form, row=row)
    since = newest_event()
    tried = save_edit(request, resource, command, row, request.POST)
    if tried.refusal is not None:
        return refused(request, resource, command, tried.form, tried.refusal, row=row)
    if not tried.is_saved:
        return form_page(request, resource, command, tried.form, row=row, status=tried.status)
    undo = undo_url(request, resource, since)
    words = (command.done or _("Saved")) if undo else _("Nothing changed")
    return answer(request, afterwards(request, resource, pk), words, undo_url=undo)


@dataclass(frozen=True)
class Tried:
    """What became of an edit: it is saved, or there is a form that says why not."""

    form: ActorForm
    is_saved: bool = False
    refusal: DomainError | None = None

    @property
    def status(self) -> int:
        """What the answer is called: somebody else was faster, the action refused, or a value cannot be right."""
        if self.refusal is not None:
            return self.refusal.status
        return 409 if self.form.clashes else 422


def save_edit(request: Request, resource: Resource, command: Command, row: Any, posted: QueryDict) -> Tried:
    """Write what the reader changed, unless somebody else changed the same meanwhile or it cannot be right."""
    tried: list[Edit] = []

    def save() -> bool:
        edit = Edit(resource, row_of(resource, request, row.pk), request.actor, posted)
        tried.append(edit)
        values = edit.values()
        if values:
            command.run(**{command.id_name: row.pk}, by=request.actor, at=now(), **values)
        return values is not None

    try:
        is_saved = with_row_locked(row, save)
    except DomainError as refusal:
        if not tried:
            raise
        return Tried(tried[0].form, refusal=refusal)
    return Tried(tried[0].form, is_saved)


def form_page(
    request: Request,
    resource: Resource,
    command: Command,
    form: ActorForm,
    *,
    row: Any = None,
    status: int = 200,
    ids: Mapping[str, Any] | None = None,
    known: KnownAlready | None = None,
    submit: str = "",
) -> HttpResponse:
    """The form as a page of its own, or as a dialog for htmx. ``ids`` are the rows of a bulk step; ``known`` is a
    record that what was entered may be, so that the form asks."""
    context = {
        "resource": resource,
        "command": command,
        "form": form,
        "row": row,
        "ids": ids,
        "known": known,
        "action": request.path,
        "back": f"/{resource.slug}/{row.pk}" if row is not None else f"/{resource.slug}",
        "next": request.POST.get("next", "") or local_url(request, request.headers.get("HX-Current-URL", ""), ""),
        "is_wide": len(form.fields) > 5,
        "submit": submit or (_("Save") if command is resource.change else command.label),
    }
    return render(
        request, "web/form_page.html#dialog" if is_htmx(request) else "web/form_page.html", context, status=status
    )


def refused(
    request: Request,
    resource: Resource,
    command: Command,
    form: ActorForm,
    refusal: DomainError,
    *,
    row: Any = None,
    ids: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The form again, its values kept, with the action's reasons beside the fields they are about."""
    if isinstance(refusal, KnownAlready):
        return form_page(request, resource, command, form, row=row, status=refusal.status, known=refusal)
    show_refusal(form, refusal)
    return form_page(request, resource, command, form, row=row, status=refusal.status, ids=ids)


def show_refusal(form: Form, refusal: DomainError) -> None:
    """Put an action's reasons beside the fields they are about, the rest above the form."""
    if not isinstance(refusal, Invalid):
        form.add_error(None, refusal.text)
        return
    for name, reasons in refusal.fields.items():
        for reason in reasons:
            form.add_error(name if name in form.fields else None, reason)


def initial_of(form: type[Form], row: Any) -> dict[str, Any]:
    """The row's present values for a form's fields; a form that knows better sets its own."""
    return {name: getattr(row, name) for name in form.base_fields if hasattr(row, name)}


def undo_url(request: Request, resource: Resource, since: int) -> str:
    """Where the toast's Undo posts to; empty when nothing was recorded that has a way back."""
    event = to_undo(since=since, by=request.actor, subject_type=resource.key)
    return f"/undo/{event.pk}" if event is not None else ""


def pk_of(made: Any) -> int | None:
    """The id of what an action made: the row itself, or the first of several."""
    if isinstance(made, (tuple, list)):
        made = next((item for item in made if isinstance(item, Model)), None)
    return int(made.pk) if isinstance(made, Model) else None


def offered(command: Command | None, request: Request) -> Command:
    """The noun's command, if it has it and the actor the right to it.

    Raises:
        NotFound: there is no such command.
        NotAllowed: the actor has no right to it.
    """
    if command is None:
        raise NotFound(_("This page does not exist."))
    request.actor.require(command.verb)
    return command


def afterwards(request: Request, resource: Resource, pk: int) -> str:
    """Stay where the reader is; leave a record that is gone for the list it was in."""
    record = f"/{resource.slug}/{pk}"
    here = came_from(request, record)
    path = here.partition("?")[0]
    if path.startswith(f"{record}/"):  # a form's own page
        here = path = record
    if path == record and not resource.in_sight(request.actor).filter(pk=pk).exists():
        return f"/{resource.slug}"
    return here


def _given(request: Request, command: Command) -> dict[str, Any]:
    return {name: value for name, value in request.GET.items() if name in command.form.names_for(request.actor)}
