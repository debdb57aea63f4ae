"""Which custom fields a noun has now. Every process reads them again after a moment, so that all of them notice."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from headwater.platform.custom.kinds import Choice, Field, FieldKind, Result
from headwater.platform.models import CustomField

Fields = tuple[Field, ...]


@dataclass
class _Known:
    """What this process knows, and since when."""

    fields: Mapping[str, Fields] = field(default_factory=dict)
    read_at: float | None = None


_known = _Known()


def fields_of(noun: str) -> Fields:
    """The fields of a noun that are not retired, in their order."""
    return _current().get(noun, ())


def has_formulas() -> bool:
    """Whether any noun has a field that is worked out from others."""
    return any(field.formula for fields in _current().values() for field in fields)


def read_again() -> None:
    """Look at what there is now: after a change, and from time to time."""
    found: dict[str, list[Field]] = {}
    for row in CustomField.objects.filter(retired_at=None).order_by("position", "pk"):
        found.setdefault(row.noun, []).append(as_field(row))
    _known.fields = {noun: tuple(fields) for noun, fields in found.items()}
    _known.read_at = time.monotonic()


def forget() -> None:
    """Know of none until they are read again."""
    _known.fields, _known.read_at = {}, None


def as_field(row: CustomField) -> Field:
    """A stored field as a value."""
    return Field(
        id=row.pk, noun=row.noun, key=row.key, label=row.label, kind=FieldKind(row.kind), help=row.help,
        choices=tuple(choice_of(each) for each in row.choices), is_required=row.is_required,
        formula=row.formula, result=Result(row.result) if row.result else None,
        seen_by=_roles(row.seen_by), changed_by=_roles(row.changed_by),
    )  # fmt: skip


def _roles(kept: list[str] | None) -> tuple[str, ...] | None:
    return None if kept is None else tuple(kept)


def roles_by_right() -> dict[str, tuple[str, ...]]:
    """The rights to single fields there are, and which roles were given each."""
    found: dict[str, tuple[str, ...]] = {}
    for own in (each for fields in _current().values() for each in fields):
        if own.seen_by is not None:
            found[own.see_verb] = own.seen_by
        if own.changed_by is not None:
            found[own.change_verb] = own.changed_by
    return found


def choice_of(kept: Mapping[str, Any]) -> Choice:
    """A stored choice as a value."""
    return Choice(kept["code"], kept["label"], bool(kept.get("retired")), kept.get("tone", ""))


def _current() -> Mapping[str, Fields]:
    seconds: float | None = settings.CUSTOM_FIELDS_READ_AGAIN
    if seconds is not None and (_known.read_at is None or time.monotonic() - _known.read_at > seconds):
        read_again()
    return _known.fields


def labels_of(noun: str) -> dict[str, dict[str, str]]:
    """What the codes of each field of choices are called, for searching."""
    return {
        field.key: {choice.code: choice.label for choice in field.choices} for field in fields_of(noun) if field.choices
    }
