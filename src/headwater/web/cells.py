"""Editing one value where it stands: in a cell of a list, or among the values of a record.

It is the noun's own change, of one field: the same form says what may be entered, the same action decides, and where
somebody else changed the same value meanwhile it asks whose words stand. In a list only that row comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.forms.boundfield import BoundField
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _

from headwater.platform.actor import Actor
from headwater.platform.edits import edit_form
from headwater.platform.errors import Conflict, NotFound
from headwater.platform.resource import ActorForm, Resource
from headwater.platform.undo import newest_event
from headwater.web.editing import BEFORE, KEEP, THEIRS, as_posted, opened
from headwater.web.fields import CURRENCY, first_amount
from headwater.web.form import Tried, afterwards, offered, save_edit, show_refusal, undo_url
from headwater.web.http import Request, answer, is_htmx, render, resource_of, row_of, toast, trigger
from headwater.web.listing import row_context
from headwater.web.liststate import state_of

CHOSEN = "_chosen"  # the number behind the words of a picked record
_SENT = ("{}", "{}" + CHOSEN, BEFORE + "{}", KEEP + "{}", THEIRS + "{}")  # what a form sends about a field


def cell(request: Request, slug: str, pk: int, field: str) -> HttpResponse:
    """One value of a row: its editor, and the action that changes it.

    ``list`` are the parameters of the list it stands in, of which the row comes back; without it, the record does.
    """
    resource = resource_of(slug, request)
    command = offered(resource.change, request)
    row = row_of(resource, request, pk)
    if not command.offered(row):
        raise Conflict(_("“%(command)s” is not possible here any more.") % {"command": command.label})
    if request.method != "POST":
        if not is_htmx(request):
            return HttpResponseRedirect(f"/{slug}/{pk}/edit#id_{field}")
        form = opened(edit_form(command, request.actor, row))
        return _editor(request, resource, row, form, field, listed=request.GET.get("list"))
    form = edit_form(command, request.actor, row)
    if field not in form.fields:
        raise NotFound(_("This cannot be changed here."))
    since = newest_event()
    tried = save_edit(request, resource, command, row, _of_fields(request.POST, _with_currency(form, field)))
    if not tried.is_saved:
        return _again(request, resource, row, tried, field)
    undo = undo_url(request, resource, since)
    words = (command.done or _("Saved")) if undo else _("Nothing changed")
    listed = request.POST.get("list")
    changed = resource.rows(request.actor).filter(pk=pk).first()
    if listed is None or changed is None or not is_htmx(request):
        return answer(request, afterwards(request, resource, pk), words, undo_url=undo)
    state = state_of(resource, QueryDict(listed).dict(), f"/{slug}", request.actor)
    response = render(request, "web/list.html#changed", {**row_context(request, state), "rows": [changed]})
    return trigger(toast(response, words, undo_url=undo), "done")


def fields_of(resource: Resource, actor: Actor) -> dict[str, str]:
    """The columns whose values this actor may change where they stand, with the field of the edit form behind each."""
    change = resource.change
    if change is None or not actor.may(change.verb):
        return {}
    names = set(change.form.names_for(actor))
    return {
        column.key: name for column in resource.columns for name in (column.key, f"{column.key}_id") if name in names
    }


def steps_of(resource: Resource, actor: Actor) -> dict[str, str]:
    """The columns that no edit changes but a step does, such as who has it or its stage, with the address of that step
    below the row's."""
    edited, found = fields_of(resource, actor), dict[str, str]()
    for command in resource.commands:
        if command.verb and not actor.may(command.verb):
            continue
        names = set(command.form.names_for(actor))
        for column in resource.columns:
            name = next((name for name in (column.key, f"{column.key}_id") if name in names), "")
            if name and column.key not in edited:
                found.setdefault(column.key, f"do/{command.key}?{urlencode({'field': name})}")
    return found


def _again(request: Request, resource: Resource, row: Any, tried: Tried, field: str) -> HttpResponse:
    """The editor once more with what was typed, and why it was not saved."""
    if tried.refusal is not None:
        show_refusal(tried.form, tried.refusal)
    return _editor(request, resource, row, tried.form, field, listed=request.POST.get("list"), status=tried.status)


def _editor(
    request: Request, resource: Resource, row: Any, form: ActorForm, name: str, *, listed: str | None, status: int = 200
) -> HttpResponse:
    if name not in form.fields:
        raise NotFound(_("This cannot be changed here."))
    form.auto_id = "cell_%s"
    bound = form[name]
    errors = [str(reason) for reasons in form.errors.values() for reason in reasons] if form.is_bound else []
    spoken = f"{bound.label}, {resource.title(row)}"
    _fit(bound, spoken)
    context = {
        "resource": resource,
        "row": row,
        "field": bound,
        "spoken": spoken,
        "errors": list(dict.fromkeys(errors)),
        "before": [(key, text) for key, text in form.before if key.removeprefix(BEFORE) in _with_currency(form, name)],
        "listed": listed,
        "action": request.path,
    }
    return render(request, "web/cell.html", context, status=status)


def _fit(bound: BoundField, spoken: str) -> None:
    """Give the field the shape of a cell: choices as a list that opens, and a name for who does not see the table."""
    field = bound.field
    if isinstance(field.widget, forms.CheckboxSelectMultiple):  # radio buttons to Django; a list of one lost the others
        return  # each box has its own name, the template names them all
    if isinstance(field, forms.ChoiceField) and isinstance(field.widget, forms.RadioSelect):
        offer: Any = field.choices
        blank = [] if as_posted(bound) else [("", "–")]
        field.widget = forms.Select(choices=[*blank, *offer])
    if isinstance(field.widget, forms.Textarea):
        field.widget.attrs["rows"] = 4
    field.widget.attrs["aria-label"] = spoken


def _with_currency(form: ActorForm, name: str) -> Sequence[str]:
    """What is changed in the cell of a field: itself, and of the amount that the currency is chosen with, that, too."""
    return (name, CURRENCY) if name == first_amount(form.fields) else (name,)


def _of_fields(posted: QueryDict, names: Sequence[str]) -> QueryDict:
    """What was sent about these fields: nothing else can be changed through their cell.

    A bare ``before-`` says that the form was opened, even if the field held nothing.
    """
    kept = QueryDict(mutable=True)
    for key in (BEFORE, *(key.format(name) for name in names for key in _SENT)):
        if key in posted:
            kept.setlist(key, posted.getlist(key))
    return kept
