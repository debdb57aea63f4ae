"""Custom fields in files and in rows that programs send: targets beside the noun's own, stored set by set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.bulk import update_rows
from headwater.platform.changes import Edit, change_rows
from headwater.platform.custom.closed import require_fields
from headwater.platform.custom.declared import Fields
from headwater.platform.custom.kinds import Field, FieldKind, plain
from headwater.platform.custom.values import HELD
from headwater.platform.errors import Invalid
from headwater.platform.importer import Batch, CleanRow, Importer, Outcome, RowResult, Target, TargetKind
from headwater.platform.translated import gettext as _

if TYPE_CHECKING:
    from headwater.platform.resource import Resource

_KINDS = {
    FieldKind.NUMBER: TargetKind.DECIMAL,
    FieldKind.MONEY: TargetKind.MONEY,
    FieldKind.DATE: TargetKind.DATE,
    FieldKind.CHOICE: TargetKind.CHOICE,
}


def with_targets(resource: Resource, fields: Fields) -> Importer:
    """The noun's importer with the fields as targets."""
    importer = resource.importer
    assert importer is not None
    targets = (*importer.targets, *(target_of(field) for field in fields))
    return replace(importer, targets=targets, apply=partial(_apply, resource, importer, fields))


def target_of(field: Field) -> Target:
    """What a column of a file becomes for this field."""
    return Target(
        field.key, field.label, _KINDS.get(field.kind, TargetKind.TEXT), required=field.is_required,
        choices=_words(field) if field.kind is FieldKind.CHOICE else {}, called=_called(field),
        several=field.kind is FieldKind.CHOICES,
        verb=field.change_verb or field.see_verb,
    )  # fmt: skip


def _words(field: Field) -> dict[str, str]:
    """The codes of the choices by what a file may call them; a retired one where none on offer is called so."""
    words = {word.casefold(): choice.code for choice in field.choices for word in (choice.code, choice.label)}
    return words | {label.casefold(): code for code, label in field.on_offer}


def _called(field: Field) -> dict[str, str]:
    return dict(field.on_offer) if field.kind is FieldKind.CHOICE else {}


@action
def _apply(
    resource: Resource, importer: Importer, fields: Fields, rows: Sequence[CleanRow], *, batch: Batch, by: Actor,
    at: datetime,
) -> Sequence[RowResult]:  # fmt: skip
    """Let the noun take what is its own, then store the rest; a row with a wrong value is left out whole."""
    custom: dict[int, dict[str, Any]] = {}
    wrong: dict[int, list[str]] = {}
    people = _people(rows, fields)
    guarded = [field.key for field in fields if field.see_verb or field.change_verb]
    require_fields(resource.key, {key for key in guarded for row in rows if row.values.get(key)}, by)
    for row in rows:
        try:
            custom[row.line] = {
                field.key: plain(field, _meant(field, row.values[field.key], people))
                for field in fields
                if row.values.get(field.key) not in (None, "")
            }
        except Invalid as refusal:
            wrong[row.line] = [str(reason) for reasons in refusal.fields.values() for reason in reasons]
    keys = {field.key for field in fields}
    taken = [_without(row, keys) for row in rows if row.line not in wrong]
    told = {result.line: result for result in importer.apply(taken, batch=batch, by=by, at=at)}
    _store(resource, told, custom, by=by.in_batch(batch.id), at=at)
    return [
        told[row.line] if row.line in told else RowResult(row.line, Outcome.REJECTED, reasons=wrong[row.line])
        for row in rows
    ]


def _without(row: CleanRow, keys: set[str]) -> CleanRow:
    own = {key: value for key, value in row.values.items() if key not in keys}
    return CleanRow(row.line, own, row.extra)


def _store(
    resource: Resource, told: Mapping[int, RowResult], custom: Mapping[int, dict[str, Any]], *, by: Actor, at: datetime
) -> None:
    """Give the rows their values: new ones without a word, others as the edit it is."""
    model = resource.searched.model
    wanted = {
        result.object_id: (result, custom[line])
        for line, result in told.items()
        if result.object_id is not None and result.outcome is not Outcome.REJECTED and custom.get(line)
    }
    fresh: dict[int, dict[str, Any]] = {}
    edits: list[Edit] = []
    for pk, row in model._base_manager.select_for_update().in_bulk(list(wanted)).items():
        result, new = wanted[pk]
        kept = getattr(row, HELD) or {}
        after = {**kept, **new}
        if result.outcome is Outcome.CREATED:
            fresh[pk] = {HELD: after}
        elif after != kept:
            edits.append(Edit(row, {HELD: after}, resource.key, resource.party_of(row), _organisation(row)))
            result.outcome = Outcome.UPDATED
    update_rows(model, fresh)
    if edits:
        change_rows(edits, by=by, at=at)


def _organisation(row: Any) -> int | None:
    found: int | None = getattr(row, "organisation_id", None)
    return found


def _meant(field: Field, value: Any, people: Mapping[str, int]) -> Any:
    """What the text of a cell means: codes for the labels of choices, ids for names and addresses of colleagues."""
    if field.kind is FieldKind.CHOICES:
        words = _words(field)
        parts = [part.strip() for part in str(value).split(";") if part.strip()]
        return [words.get(part.casefold(), part) for part in parts]
    if field.kind is FieldKind.PERSON:
        found = people.get(str(value).strip().casefold())
        if found is None:
            raise Invalid({field.key: [_("“{text}” is none of our people.").format(text=str(value))]})
        return found
    return value


def _people(rows: Sequence[CleanRow], fields: Fields) -> dict[str, int]:
    """The colleagues that the rows name, by e-mail address, name and number. One query."""
    keys = [field.key for field in fields if field.kind is FieldKind.PERSON]
    if not any(row.values.get(key) for row in rows for key in keys):
        return {}
    found: dict[str, int] = {}
    for pk, name, email in get_user_model()._base_manager.values_list("pk", "name", "email"):
        found |= {str(pk): pk, str(name).casefold(): pk, str(email).casefold(): pk}
    return found
