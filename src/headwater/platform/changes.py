"""Plain edits of a record: compare, store, and record one fact with old and new values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db import models

from headwater.platform.action import current_unit
from headwater.platform.actor import Actor
from headwater.platform.bulk import update_rows
from headwater.platform.custom.values import HELD, PREFIX, changed_keys, custom_before
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Changed, Fact, json_value, record, record_bulk
from headwater.platform.models import Event
from headwater.platform.translated import gettext


def change_row(
    row: models.Model,
    values: Mapping[str, Any],
    *,
    row_type: str,
    by: Actor,
    at: datetime,
    personal: Iterable[str] = (),
    party_id: int | None = None,
    organisation_id: int | None = None,
) -> Event | None:
    """Store those of ``values`` that differ and record them; None when nothing differs.

    Call it inside an action, on a row locked for update. Keys are attnames (``owner_id``, not ``owner``).
    """
    current_unit()
    differing = put_values(row, values)
    if not differing:
        return None
    row.save(update_fields=list(differing))
    plain, private = split_changes(differing, frozenset(personal))
    fact = Changed(
        row_type=row_type,
        row_id=int(row.pk),
        names=_names(differing),
        fields=plain,
        personal_fields=private,
        party_id=party_id,
        organisation_id=organisation_id,
    )
    return record(fact, by=by, at=at)


@dataclass(frozen=True)
class Edit:
    """What a plain edit of one row of many changes, which noun it is, and on whose timeline it stands."""

    row: models.Model
    values: Mapping[str, Any]
    row_type: str
    party_id: int | None = None
    organisation_id: int | None = None


def change_rows(edits: Sequence[Edit], *, by: Actor, at: datetime, personal: Iterable[str] = ()) -> int:
    """As :func:`change_row` for many rows of one table in a few statements; how many differed."""
    current_unit()
    kept_apart = frozenset(personal)
    facts: list[Fact] = []
    stored: dict[int, dict[str, Any]] = {}
    for edit in edits:
        row = edit.row
        differing = put_values(row, edit.values)
        if not differing:
            continue
        stored.setdefault(int(row.pk), {}).update((name, new) for name, (_, new) in differing.items())
        plain, private = split_changes(differing, kept_apart)
        facts.append(
            Changed(
                row_type=edit.row_type, row_id=int(row.pk), names=_names(differing),
                fields=plain, personal_fields=private, party_id=edit.party_id, organisation_id=edit.organisation_id,
            )
        )  # fmt: skip
    if facts:
        update_rows(type(edits[0].row), stored)
        record_bulk(facts, by=by, at=[at] * len(facts))
    return len(facts)


def put_values(row: models.Model, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Give the row those of ``values`` that differ, and hand back old and new by name; storing them is the caller's."""
    changed = {name: [getattr(row, name), new] for name, new in values.items() if getattr(row, name) != new}
    for name, (_, new) in changed.items():
        setattr(row, name, new)
    return changed


def split_changes(
    changed: Mapping[str, list[Any]], personal: Collection[str]
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Old and new values as a fact carries them: those for the log, and the personal ones kept apart; what a company
    notes in fields of its own is always among those."""
    plain: dict[str, list[Any]] = {}
    private: dict[str, list[Any]] = {}
    for name, pair in changed.items():
        (private if name in personal or name == HELD else plain)[name] = cast(list[Any], json_value(pair))
    return plain, private


def old_values(row: models.Model, fact: Changed) -> dict[str, Any]:
    """What the row's fields were before the edit, for its undo.

    Raises:
        NotUndoable: somebody changed one of these fields again, or the old values were erased.
    """
    pairs = {**(fact.fields or {}), **(fact.personal_fields or {})}
    if not pairs:
        raise NotUndoable(reason=gettext("the old values were erased with the person's data"))
    # Compared as the field's own type: 100 and 100.00 are the same amount.
    custom = pairs.pop(HELD, None)
    moved = [name for name, (_, new) in pairs.items() if getattr(row, name) != _typed(row, name, new)]
    before = {name: _typed(row, name, old) for name, (old, _) in pairs.items()}
    if custom is not None:
        before[HELD], moved_keys = custom_before(getattr(row, HELD), *custom)
        moved += moved_keys
    if moved:
        raise NotUndoable(
            reason=gettext("{value} changed again since").format(value=", ".join(spoken(n) for n in moved))
        )
    return before


def _typed(row: models.Model, name: str, value: Any) -> Any:
    return cast("models.Field[Any, Any]", row._meta.get_field(name)).to_python(value)


def spoken(name: str) -> str:
    """A field as an edit's fact names it."""
    return name.removeprefix(PREFIX).removesuffix("_id").replace("_", " ")


def _names(differing: Mapping[str, list[Any]]) -> str:
    """What an edit changed, each custom field by itself."""
    names = [name for name in differing if name != HELD]
    if HELD in differing:
        names += sorted(changed_keys(*differing[HELD]))
    return ", ".join(spoken(name) for name in names)
