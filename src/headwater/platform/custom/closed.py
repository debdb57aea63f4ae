"""Fields that not everybody may see or fill in, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headwater.platform.actor import Actor
from headwater.platform.column import Column
from headwater.platform.custom.declared import Fields, fields_of
from headwater.platform.custom.formula import read
from headwater.platform.custom.kinds import Field
from headwater.platform.errors import NotAllowed


def needs_of(field: Field, fields: Fields, declared: Mapping[str, Column]) -> frozenset[str]:
    """The rights it takes to read all that a formula is worked out from, formulas among it included; ``declared`` are
    the noun's columns by key."""
    if not field.formula:
        return frozenset()
    own = {other.key: other for other in fields}
    found: set[str] = set()
    for key in read(field.formula).uses:
        if key in own:
            found |= needs_of(own[key], fields, declared) | {own[key].see_verb}
        elif key in declared:
            found.add(declared[key].verb)
    return frozenset(found - {""})


def searched_keys(noun: str, declared: Mapping[str, Column]) -> frozenset[str]:
    """The fields of a noun that everybody sees who sees the record: searching asks nobody for rights, and so looks
    into no others."""
    fields = fields_of(noun)
    return frozenset(field.key for field in fields if not field.see_verb and not needs_of(field, fields, declared))


def fillable_fields(noun: str, by: Actor) -> Fields:
    """The fields of a noun that the actor may see and fill in."""
    return tuple(
        field
        for field in fields_of(noun)
        if not field.formula and all(by.may(verb) for verb in (field.see_verb, field.change_verb) if verb)
    )


def require_fields(noun: str, keys: Iterable[str], by: Actor) -> None:
    """Refuse to write fields that the actor may not see or fill in.

    Raises:
        NotAllowed: one of them is such a field.
    """
    fields = {field.key: field for field in fields_of(noun)}
    verbs = {verb for key in keys if key in fields for verb in (fields[key].see_verb, fields[key].change_verb) if verb}
    if not all(by.may(verb) for verb in verbs):
        raise NotAllowed()
