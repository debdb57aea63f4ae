"""Adding, changing, ordering and retiring the fields of a noun. Values are never touched by any of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from headwater.platform import job
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row, old_values
from headwater.platform.custom.closed import needs_of
from headwater.platform.custom.declared import as_field, read_again
from headwater.platform.custom.extending import MAY_HAVE
from headwater.platform.custom.formula import Faulty, read
from headwater.platform.custom.indexing import INDEX_JOB
from headwater.platform.custom.kinds import Field, FieldKind
from headwater.platform.custom.reckoning import checked, reckon_soon, require_formula
from headwater.platform.custom.wording import choices_of, help_of, label_of, new_key
from headwater.platform.errors import Conflict, Invalid, NotFound, NotUndoable
from headwater.platform.events import Changed, Fact, record
from headwater.platform.installation import installation
from headwater.platform.models import CustomField, Event
from headwater.platform.resource import REGISTRY
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.platform.undo import undoes, undoes_changes_of

MANAGE: Final = "platform.field.change"
ROW: Final = "platform.field"
CHANGEABLE: Final = {"label", "help", "choices", "is_required", "kind", "formula", "seen_by", "changed_by"}
MOST_FIELDS: Final = 60

# What may become what once there are values: every value of the one is a value of the other as it is kept.
WIDER: Final[Mapping[FieldKind, Sequence[FieldKind]]] = {
    FieldKind.LINK: (FieldKind.TEXT,),
    FieldKind.MONEY: (FieldKind.NUMBER, FieldKind.TEXT),
    FieldKind.NUMBER: (FieldKind.TEXT,),
    FieldKind.DATE: (FieldKind.TEXT,),
}


@dataclass(frozen=True, kw_only=True)
class FieldAdded(
    Fact,
    verb="platform.field_added",
    subject="platform.field:field_id",
    sentence=lazy("Added the field {label}"),
    icon="forms",
):
    """A noun got a field of the company's own, or got one back that was retired."""

    field_id: int
    noun: str
    key: str
    label: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class FieldRetired(
    Fact,
    verb="platform.field_retired",
    subject="platform.field:field_id",
    sentence=lazy("Retired the field {label}"),
    icon="archive",
):
    """A field is shown and asked for nowhere any more; rows keep what it held."""

    field_id: int
    noun: str
    label: str


@dataclass(frozen=True, kw_only=True)
class FieldsOrdered(
    Fact,
    verb="platform.fields_ordered",
    subject="platform.field:field_id",
    sentence=lazy("Moved the field {label}"),
    icon="arrows-sort",
):
    """The fields of a noun stand in another order; ``before`` and ``after`` are their ids."""

    field_id: int
    noun: str
    label: str
    before: list[int]
    after: list[int]


@action
def add_field(
    *,
    noun: str,
    label: str,
    kind: str,
    by: Actor,
    at: datetime,
    help: str = "",
    choices: Sequence[Mapping[str, Any]] = (),
    is_required: bool = False,
    formula: str = "",
    result: str = "",
    seen_by: Sequence[str] | None = None,
    changed_by: Sequence[str] | None = None,
) -> CustomField:
    """Give a noun a field. Its key comes from its label, once and for good. ``seen_by`` and ``changed_by`` are the
    roles that may see and fill it in; without a list all may.

    Raises:
        NotAllowed: the actor may not change fields.
        Invalid: no such noun or kind, no label or one that is taken, choices or roles that are none, or a faulty
            formula.
        Conflict: the noun has as many fields as it may.
    """
    by.require(MANAGE)
    if noun not in MAY_HAVE:
        raise Invalid({"noun": [_("These have no fields of your own.")]})
    if kind not in FieldKind.__members__:
        raise Invalid({"kind": [_("There is no such kind of field.")]})
    rows = CustomField.objects.select_for_update().filter(noun=noun)
    if rows.filter(retired_at=None).count() >= MOST_FIELDS:
        raise Conflict(_("There are %s fields already. Retire one first.") % MOST_FIELDS)
    table = REGISTRY[noun].searched.model._meta.db_table
    name = label_of(noun, label)
    row = CustomField.objects.create(
        noun=noun, table=table, key=new_key(table, name), label=name, kind=kind, help=help_of(help),
        is_required=is_required, choices=choices_of(kind, [], choices), position=rows.count(), created_at=at,
        **_formula(kind, formula, result), **_roles(seen_by, changed_by),
    )  # fmt: skip
    check_formula(row, by=by)
    record(_added(row), by=by, at=at)
    _redo(row, {"formula"}, by=by, at=at)
    _tell(by=by, at=at)
    return row


@action
def change_field(*, field_id: int, by: Actor, at: datetime, **values: Any) -> CustomField:
    """Rename a field, or change its help, its choices, its formula, whether it must be filled in, which roles see and
    fill it in, or its kind to a wider one.

    A choice that is left out is retired: rows that have it keep it.

    Raises:
        NotAllowed: the actor may not change fields.
        NotFound: there is no such field.
        Invalid: a value that cannot be right, a kind that would not hold what rows have, or a faulty formula.
    """
    row = _locked(field_id, by)
    unknown = sorted(values.keys() - CHANGEABLE)
    if unknown:
        raise Invalid({name: [_("There is no such field.")] for name in unknown})
    new: dict[str, Any] = dict(values)
    if "label" in new:
        new["label"] = label_of(row.noun, new["label"], besides=row.pk)
    if "help" in new:
        new["help"] = help_of(new["help"])
    if "choices" in new:
        new["choices"] = choices_of(row.kind, row.choices, new["choices"])
    if "is_required" in new:
        new["is_required"] = bool(new["is_required"])
    if "formula" in new:
        new |= _formula(row.kind, new["formula"], row.result)
    if new.keys() & {"seen_by", "changed_by"}:
        new |= _roles(new.get("seen_by", row.seen_by), new.get("changed_by", row.changed_by))
    if new.get("kind", row.kind) != row.kind and new["kind"] not in WIDER.get(FieldKind(row.kind), ()):
        raise Invalid({"kind": [_("Rows have values that would not fit. Add a field of the other kind instead.")]})
    change_row(row, new, row_type=ROW, by=by, at=at)
    _check_after(row, new, by=by)
    _redo(row, new, by=by, at=at)
    _tell(by=by, at=at)
    return row


@action
def move_field(*, field_id: int, steps: int, by: Actor, at: datetime) -> CustomField:
    """Put a field so many places further down among those of its noun, or up.

    Raises:
        NotAllowed: the actor may not change fields.
        NotFound: there is no such field.
    """
    row = _locked(field_id, by)
    rows = CustomField.objects.select_for_update().filter(noun=row.noun, retired_at=None)
    before = list(rows.order_by("position", "pk").values_list("pk", flat=True))
    if row.pk not in before:
        raise NotFound()
    after = [pk for pk in before if pk != row.pk]
    after.insert(max(0, before.index(row.pk) + steps), row.pk)
    if after != before:
        _put_in_order(after)
        fact = FieldsOrdered(field_id=row.pk, noun=row.noun, label=row.label, before=before, after=after)
        record(fact, by=by, at=at)
        _tell(by=by, at=at)
    return row


@action
def retire_field(*, field_id: int, by: Actor, at: datetime) -> CustomField:
    """Take a field out of use. Rows keep what it held, for when it is brought back.

    Raises:
        NotAllowed: the actor may not change fields.
        NotFound: there is no such field.
        Conflict: a formula is worked out from it.
    """
    row = _locked(field_id, by)
    if row.retired_at is None:
        if users := formulas_using(row):
            raise Conflict(_("“%s” is worked out from it. Change that formula first.") % "”, “".join(users))
        row.retired_at = at
        row.save(update_fields=["retired_at"])
        record(FieldRetired(field_id=row.pk, noun=row.noun, label=row.label), by=by, at=at)
        _redo(row, {"seen_by"}, by=by, at=at)
        _tell(by=by, at=at)
    return row


@action
def restore_field(*, field_id: int, by: Actor, at: datetime) -> CustomField:
    """Bring a retired field back, with all it held.

    Raises:
        NotAllowed: the actor may not change fields.
        NotFound: there is no such field.
        Invalid: another field is called so by now, or what its formula is worked out from is not there any more.
    """
    row = _locked(field_id, by)
    if row.retired_at is not None:
        label_of(row.noun, row.label, besides=row.pk)
        check_formula(row, by=by)
        row.retired_at = None
        row.save(update_fields=["retired_at"])
        record(_added(row), by=by, at=at)
        _redo(row, {"formula", "seen_by"}, by=by, at=at)
        _tell(by=by, at=at)
    return row


# ---------------------------------------------------------------- taking back


@undoes(FieldAdded)
@action
def take_back_adding(fact: FieldAdded, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of adding a field: it is retired."""
    retire_field(field_id=fact.field_id, by=by, at=at)


@undoes(FieldRetired)
@action
def bring_field_back(fact: FieldRetired, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of retiring a field."""
    restore_field(field_id=fact.field_id, by=by, at=at)


@undoes(FieldsOrdered)
@action
def order_as_before(fact: FieldsOrdered, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of moving a field.

    Raises:
        NotUndoable: fields came, went or moved since.
    """
    row = _locked(fact.field_id, by)
    rows = CustomField.objects.select_for_update().filter(noun=fact.noun, retired_at=None)
    if list(rows.order_by("position", "pk").values_list("pk", flat=True)) != fact.after:
        raise NotUndoable(reason=_("the fields changed again since"))
    _put_in_order(fact.before)
    back = FieldsOrdered(field_id=row.pk, noun=row.noun, label=row.label, before=fact.after, after=fact.before)
    record(back, by=by, at=at)
    _tell(by=by, at=at)


@undoes_changes_of(ROW)
@action
def take_back_change(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of changing a field.

    Raises:
        NotUndoable: it changed again since, or its kind was widened: rows may hold what would not fit any more.
    """
    row = _locked(fact.row_id, by)
    before = old_values(row, fact)
    if "kind" in before:
        raise NotUndoable(reason=_("rows may hold values by now that would not fit"))
    if "choices" in before:
        before["choices"] = choices_of(row.kind, row.choices, [{"tone": "", **each} for each in before["choices"]])
    change_row(row, before, row_type=ROW, by=by, at=at)
    _check_after(row, before, by=by)
    _redo(row, before, by=by, at=at)
    _tell(by=by, at=at)


# ---------------------------------------------------------------- what is needed for it


def _added(row: CustomField) -> FieldAdded:
    return FieldAdded(field_id=row.pk, noun=row.noun, key=row.key, label=row.label, kind=row.kind)


def _tell(*, by: Actor, at: datetime) -> None:
    """Let this process know at once, and the worker bring the indexes in line."""
    job.enqueue(INDEX_JOB, args={}, at=at, user_id=by.user_id)
    read_again()
    transaction.on_commit(read_again)  # another request may have read the old state in between


def _locked(field_id: int, by: Actor) -> CustomField:
    by.require(MANAGE)
    row = CustomField.objects.select_for_update().filter(pk=field_id).first()
    if row is None:
        raise NotFound()
    return row


def _formula(kind: str, formula: str, result: str) -> dict[str, str]:
    """A formula and what it gives, which only a field of that kind has.

    Raises:
        Invalid: another kind of field, or no such result.
    """
    if kind != FieldKind.FORMULA:
        if formula or result:
            raise Invalid({"formula": [_("Only formula fields have a formula.")]})
        return {}
    require_formula(formula, result)
    return {"formula": formula.strip(), "result": result}


def check_formula(row: CustomField, *, by: Actor) -> None:
    """Refuse a formula that cannot be worked out, or names what the actor may not see.

    Raises:
        Invalid: why, and where in it.
    """
    if row.kind != FieldKind.FORMULA:
        return
    others, declared = _fields_of(row.noun), REGISTRY[row.noun].by_key
    try:
        checked(as_field(row), others)
        if not all(by.may(verb) for verb in needs_of(as_field(row), others, declared)):
            raise Faulty(_("It names something that you may not see."), 1)
    except Faulty as faulty:
        raise Invalid({"formula": [str(faulty)]}) from faulty


def _roles(seen_by: Sequence[str] | None, changed_by: Sequence[str] | None) -> dict[str, list[str] | None]:
    """Which roles may see a field and fill it in; who fills it in sees it.

    Raises:
        Invalid: a role that is none, or one that would fill in what it does not see.
    """
    known = [code for code, _word in installation().roles]
    for name, roles in (("seen_by", seen_by), ("changed_by", changed_by)):
        if roles is not None and not set(roles) <= set(known):
            raise Invalid({name: [_("There is no such role.")]})
    if seen_by is not None and changed_by is not None and not set(changed_by) <= set(seen_by):
        raise Invalid({"changed_by": [_("Who fills it in must see it as well.")]})
    return {
        name: None if roles is None else [code for code in known if code in roles]
        for name, roles in (("seen_by", seen_by), ("changed_by", changed_by))
    }


def _redo(row: CustomField, changed: Iterable[str], *, by: Actor, at: datetime) -> None:
    """Have the worker do what a change asks for with all rows: work the formula out, and search in it as far as
    everybody sees it now."""
    is_searched_anew = "seen_by" in changed
    if is_searched_anew or (row.formula and "formula" in changed):
        reckon_soon(row.noun, at=at, user_id=by.user_id, is_searched_anew=is_searched_anew)


def _check_after(row: CustomField, changed: Mapping[str, Any], *, by: Actor) -> None:
    """After a change: its own formula, and those that a wider kind may have made wrong.

    Raises:
        Invalid: one of them cannot be worked out any more.
    """
    if "formula" in changed:
        check_formula(row, by=by)
    if "kind" not in changed:
        return
    fields = _fields_of(row.noun)
    for other in fields:
        if other.formula:
            try:
                checked(other, fields)
            except Faulty as faulty:
                told = _("The formula “%(formula)s” would not fit any more. %(reason)s")
                raise Invalid({"kind": [told % {"formula": other.label, "reason": faulty}]}) from faulty


def formulas_using(row: CustomField) -> list[str]:
    """What the formulas are called that name a field."""
    return [other.label for other in _fields_of(row.noun) if other.formula and row.key in read(other.formula).uses]


def _fields_of(noun: str) -> tuple[Field, ...]:
    """The fields of a noun as they stand in the database at this moment."""
    rows = CustomField.objects.filter(noun=noun, retired_at=None).order_by("position", "pk")
    return tuple(map(as_field, rows))


def _put_in_order(ids: Sequence[int]) -> None:
    for position, pk in enumerate(ids):
        CustomField.objects.filter(pk=pk).update(position=position)
