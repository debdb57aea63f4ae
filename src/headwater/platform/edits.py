"""Edits of a row: only what somebody changed is written, and only onto what they saw."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.resource import ActorForm, Command
from headwater.platform.typed import without_controls

R = TypeVar("R")


@action
def with_row_locked(row: Model, step: Callable[[], R]) -> R:
    """Do ``step`` in one unit of work, so that nobody changes ``row`` between what it reads and what it writes."""
    type(row)._base_manager.select_for_update().filter(pk=row.pk).values_list("pk").first()
    return step()


def edit_form(command: Command, actor: Actor, row: Any) -> ActorForm:
    """The form of a change with the row's present values; a form that knows better sets its own."""
    fields = command.form.base_fields
    initial = {name: getattr(row, name) for name in fields if hasattr(row, name)}
    return command.form(actor=actor, row=row, initial=initial)


def fill(form: ActorForm, sent: Mapping[str, Any]) -> None:
    """Fill an edit's form in where only some of its fields are sent: the row's present values stand beneath them.

    It is the form that told those values: a second one would ask for every choice it offers once more.
    """
    present = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    form.data = without_controls({**{name: value for name, value in present.items() if value is not None}, **sent})
    form.is_bound = True


def valid_values(form: ActorForm, names: Collection[str]) -> dict[str, Any] | None:
    """What was entered in the fields ``names``; None if something is wrong with it.

    The other fields hold what the row holds already. They serve the form's own checks, and a value that nobody
    could enter today, such as a colleague who has left, is no mistake of whoever corrects another field.
    """
    fields = dict(form.fields)
    for name in fields.keys() - set(names):
        bound = form[name]
        try:
            bound.field.clean(bound.data)
        except ValidationError:
            del form.fields[name]
    is_valid = form.is_valid()
    form.fields = fields
    if not is_valid:
        return None
    return {name: value for name, value in form.cleaned_data.items() if name in names or name not in fields}
