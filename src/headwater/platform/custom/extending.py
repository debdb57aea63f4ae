"""A noun with its custom fields: columns, the forms of its two writes and its importer, as if they were declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Model, OuterRef, Subquery

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.column import Choices, Column
from headwater.platform.custom.closed import needs_of, require_fields
from headwater.platform.custom.declared import Fields, fields_of
from headwater.platform.custom.importing import with_targets
from headwater.platform.custom.kinds import Field, FieldKind, plain, shown
from headwater.platform.custom.values import HELD, PREFIX, path_of
from headwater.platform.errors import Invalid
from headwater.platform.installation import people_choices
from headwater.platform.resource import ActorForm, Command, Resource, Rows, extend_nouns
from headwater.platform.translated import with_values

MAY_HAVE = ("parties.person", "parties.organisation", "qualify.lead", "sell.opportunity", "sell.order")
_built: dict[str, tuple[Fields, Resource]] = {}
_inputs: list[Callable[[Field], forms.Field]] = []


def provide_inputs(make: Callable[[Field], forms.Field]) -> None:
    """Called once by the shell of pages, which knows what a field is typed into."""
    _inputs[:] = [make]


def whole(resource: Resource) -> Resource:
    """The noun with the fields it has now; put together once for all who ask."""
    fields = fields_of(resource.key)
    if resource.is_whole or not fields:
        return resource
    known = _built.get(resource.key)
    if known is None or known[0] != fields:
        known = _built[resource.key] = (fields, _with(resource, fields))
    return known[1]


extend_nouns(whole)


def _with(resource: Resource, fields: Fields) -> Resource:
    people = [field for field in fields if field.kind is FieldKind.PERSON]
    asked = tuple(field for field in fields if field.kind is not FieldKind.FORMULA)
    return with_values(
        resource,
        is_whole=True,
        columns=(*resource.columns, *(column_of(field, fields, resource.by_key) for field in fields)),
        rows=_naming(resource.rows, people),
        detail_rows=_naming(resource.detail_rows, people) if resource.detail_rows is not None else None,
        create=_command(resource.create, asked, partial(_made, resource.key)),
        change=_command(resource.change, asked, partial(_changed, resource)),
        importer=with_targets(resource, asked) if resource.importer is not None else None,
    )


# ---------------------------------------------------------------- columns


def column_of(field: Field, fields: Fields, declared: Mapping[str, Column]) -> Column:
    """The column that shows a field, filters and sorts by it; that of a formula is for those who may read all of what
    it is worked out from."""
    about = field.about
    choices: Choices | Callable[[Actor], Choices] = ()
    if field.kind is FieldKind.PERSON:
        choices = people_choices
    elif field.choices:
        choices = [(choice.code, choice.label) for choice in field.choices]
    return Column(
        field.key, field.label, about.column, path=path_of(field.key, about.compared), choices=choices,
        reads=(f"{field.key}_name",) if field.kind is FieldKind.PERSON else (HELD,),
        made=None if field.kind is FieldKind.PERSON else _value_of(field),
        sortable=about.is_sorted, shown=False, personal=True, is_person=field.kind is FieldKind.PERSON,
        several=field.kind is FieldKind.CHOICES,
        cell="headwater.web.drawn.link" if field.kind is FieldKind.LINK else "",
        is_reckoned=field.kind is FieldKind.FORMULA, needs=needs_of(field, fields, declared),
        verb=field.see_verb, writes=field.change_verb,
        tones={choice.code: choice.tone for choice in field.choices if choice.tone},
    )  # fmt: skip


def held(row: Any) -> Mapping[str, Any]:
    """A row's custom values as they are kept."""
    return getattr(row, HELD, None) or {}


def _value_of(field: Field) -> Callable[[Any], Any]:
    return lambda kept: shown(field, (kept or {}).get(field.key))


def _naming(rows: Callable[[Actor], Rows], people: Sequence[Field]) -> Callable[[Actor], Rows]:
    """The same rows with the names of the colleagues they name: no query more."""
    if not people:
        return rows
    users = get_user_model()._base_manager

    def named(actor: Actor) -> Rows:
        found: Rows = rows(actor).annotate(
            **{
                f"{field.key}_name": Subquery(
                    users.filter(pk=OuterRef(path_of(field.key, field.about.compared))).values("name")[:1]
                )
                for field in people
            }
        )
        return found

    return named


# ---------------------------------------------------------------- forms and what they do


class FieldsForm(ActorForm):
    """A form of a noun's own and its custom fields; what the row has stands in them."""

    custom: Fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = held(self.row) if self.row is not None else {}
        for field in self.custom:
            value = shown(field, kept.get(field.key))
            self._offer(field, value)
            if value is not None and field.key in self.fields:
                self.initial.setdefault(field.key, value)

    def _offer(self, field: Field, value: Any) -> None:
        """Choices on offer today, and whatever the row has already."""
        asked = self.fields.get(field.key)
        if not isinstance(asked, forms.ChoiceField):
            return
        if field.kind is FieldKind.PERSON:
            asked.choices = [("", "–"), *_people(self.actor, self.row, field)]
            return
        own = {str(each) for each in (value if isinstance(value, list) else [value])}
        offered = [(c.code, c.label) for c in field.choices if not c.is_retired or c.code in own]
        asked.choices = offered if field.kind is FieldKind.CHOICES else [("", "–"), *offered]

    def clean(self) -> dict[str, Any] | None:
        """Whatever a field takes is brought into the form it is kept in."""
        cleaned = super().clean()
        for field in self.custom:
            if field.key in self.cleaned_data:
                try:
                    self.cleaned_data[field.key] = plain(field, self.cleaned_data[field.key])
                except Invalid as refusal:
                    self.add_error(field.key, [str(reason) for reason in refusal.fields[field.key]])
        return cleaned


def _people(actor: Actor, row: Any, field: Field) -> list[tuple[str, str]]:
    """Colleagues on offer, and whom the row names already, whoever that is."""
    offered = [(str(pk), str(name)) for pk, name in people_choices(actor)]
    present = held(row).get(field.key) if row is not None else None
    if present is not None and str(present) not in dict(offered):
        offered.append((str(present), str(getattr(row, f"{field.key}_name", None) or present)))
    return offered


def _command(command: Command | None, fields: Fields, run: Callable[..., Any]) -> Command | None:
    if command is None:
        return None
    asked = {field.key: _inputs[0](field) for field in fields}
    guarded = {field.key: frozenset({field.see_verb, field.change_verb} - {""}) for field in fields}
    about = {"custom": fields, "guarded": {**command.form.guarded, **guarded}, "__doc__": ""}
    form = type(command.form.__name__, (FieldsForm, command.form), {**asked, **about})
    return with_values(command, form=form, run=partial(run, command))


def _apart(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The noun's own values, and the custom ones."""
    own = {name: value for name, value in values.items() if not name.startswith(PREFIX)}
    return own, {name: value for name, value in values.items() if name.startswith(PREFIX)}


def merged(kept: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What a row has after a change: nothing stands for what was emptied."""
    return {key: value for key, value in {**kept, **new}.items() if value is not None}


@action
def _made(noun: str, command: Command, **values: Any) -> Any:
    """Make a row and give it its custom values; they are part of how it began."""
    own, custom = _apart(values)
    require_fields(noun, custom, own["by"])
    made = command.run(**own)
    row = next((each for each in (made if isinstance(made, tuple | list) else [made]) if isinstance(each, Model)), None)
    filled = merged({}, custom)
    if row is not None and filled:
        setattr(row, HELD, filled)
        row.save(update_fields=[HELD])
    return made


@action
def _changed(resource: Resource, command: Command, **values: Any) -> Any:
    """Change a row: its custom values are one more of what the noun's own action stores, records and takes back."""
    own, custom = _apart(values)
    if custom:
        require_fields(resource.key, custom, own["by"])
        rows = resource.searched.model._base_manager.select_for_update().filter(pk=own[command.id_name])
        kept = rows.values_list(HELD, flat=True).first() or {}
        own[HELD] = merged(kept, custom)
    return command.run(**own)
