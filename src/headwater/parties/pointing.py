"""What points at a party: every room says which of its columns do, so that a merge can move what hangs on it.

A row that points at the party which another turned out to be is moved by one UPDATE per column. Rooms above register
their columns in ``apps.py``; ``tests/house`` finds every foreign key to a party and fails for one that is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Model, Q, QuerySet, UniqueConstraint
from django.utils.translation import ngettext_lazy

from headwater.platform.bulk import in_parts

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Plural


@dataclass(frozen=True)
class Pointer:
    """A column that holds the id of a party. ``key`` names it in the log and must never change.

    ``label`` is what its rows are called where a merge says what comes along; empty where nobody would ask.
    ``never_itself`` is a second column of the same row that must not hold the same party. ``open_when`` says which
    rows are work in progress: as long as there are any, the party is not deleted.
    """

    key: str
    model: type[Model]
    column: str
    label: str = ""
    never_itself: str = ""
    open_when: Q | None = None

    @property
    def attname(self) -> str:
        """The column's name on the row: ``party_id``."""
        return f"{self.column}_id"

    @property
    def may_stay(self) -> bool:
        """Whether a merge may leave rows of this column with the merged record on purpose."""
        return bool(self.never_itself or self._alike())

    def rows(self, party_ids: Iterable[int]) -> QuerySet[Any]:
        """The rows that point at these parties."""
        return self.model._default_manager.filter(**{f"{self.attname}__in": list(party_ids)})

    def movable(self, from_id: int, to_id: int, family: Sequence[int]) -> list[int]:
        """The rows of ``from_id`` that can point at ``to_id`` instead, in order of their ids.

        A row that would only repeat one that is there, or would tie a party of the merge to itself, stays where it
        is: with its party it is out of sight, and when that comes back it still has it.
        """
        rows = self.rows([from_id])
        if self.never_itself:
            rows = rows.exclude(**{f"{self.never_itself}_id__in": list(family)})
        alike = self._alike()
        if not alike:
            return sorted(rows.values_list("pk", flat=True))
        taken = {
            (number, values) for number, names in enumerate(alike) for values in self.rows([to_id]).values_list(*names)
        } | self._taken_the_other_way(to_id)
        found = []
        for row in rows.order_by("pk"):
            keys = {(number, tuple(getattr(row, name) for name in names)) for number, names in enumerate(alike)}
            # In SQL an unknown value equals nothing, so a key with one in it repeats nothing.
            if not any(key in taken and None not in key[1] for key in keys):
                found.append(row.pk)
                taken |= keys
        return found

    def move_back(self, ids: Sequence[int], from_ids: Sequence[int], to_id: int) -> list[int]:
        """As :meth:`move`, but a row that would repeat one the party has by now, or tie it to itself, stays."""
        return self.move(self.movable_back(ids, from_ids, to_id) if self.may_stay else ids, from_ids, to_id)

    def movable_back(self, ids: Sequence[int], from_ids: Sequence[int], to_id: int) -> list[int]:
        """Those of ``ids`` that :meth:`move_back` would move."""
        if not self.may_stay:
            return [pk for part in in_parts(ids) for pk in self._among(part, from_ids)]
        alike = self._alike()
        rows = self.rows(from_ids).filter(pk__in=list(ids))
        if self.never_itself:
            rows = rows.exclude(**{f"{self.never_itself}_id": to_id})
        taken = {
            (number, values) for number, names in enumerate(alike) for values in self.rows([to_id]).values_list(*names)
        }
        going = []
        for row in rows.order_by("pk"):
            keys = {(number, tuple(getattr(row, name) for name in names)) for number, names in enumerate(alike)}
            if not any(key in taken and None not in key[1] for key in keys):
                going.append(row.pk)
                taken |= keys
        return going

    def _alike(self) -> list[tuple[str, ...]]:
        """For each rule that something stands once per party: the other columns of the rule."""
        found = []
        for constraint in self.model._meta.constraints:
            if isinstance(constraint, UniqueConstraint) and self.column in constraint.fields:
                others = (self.model._meta.get_field(name) for name in constraint.fields if name != self.column)
                found.append(tuple(str(getattr(field, "attname", field.name)) for field in others))
        return found

    def _taken_the_other_way(self, to_id: int) -> set[tuple[int, tuple[Any, ...]]]:
        """Of a pair that stands once in either order: whom ``to_id`` is paired with from the other side."""
        if not self.never_itself:
            return set()
        other = self.model._default_manager.filter(**{f"{self.never_itself}_id": to_id})
        return {(0, (pk,)) for pk in other.values_list(self.attname, flat=True)}

    def move(self, ids: Sequence[int], from_ids: Sequence[int], to_id: int) -> list[int]:
        """Point those of ``ids`` that still belong to one of ``from_ids`` at ``to_id``; which ones those were."""
        moved: list[int] = []
        for part in in_parts(ids):
            here = self._among(part, from_ids)
            self.model._default_manager.filter(pk__in=here).update(**{self.attname: to_id})
            moved.extend(here)
        return moved

    def _among(self, ids: Sequence[int], party_ids: Sequence[int]) -> list[int]:
        return list(self.rows(party_ids).filter(pk__in=ids).values_list("pk", flat=True))


MOST_COUNTED = 5_000
POINTERS: dict[str, Pointer] = {}

# How what comes along is counted in the reader's language, by its label: *2 leads*. What our people added to a record
# points at no party: it stays with its record, and is read with the one that is kept.
WORDS: dict[str, Plural] = {
    "comments": ngettext_lazy("%(count)s comment", "%(count)s comments", "n"),
    "files": ngettext_lazy("%(count)s file", "%(count)s files", "n"),
    "followers": ngettext_lazy("%(count)s follower", "%(count)s followers", "n"),
}


def register(
    key: str,
    model: type[Model],
    column: str,
    *,
    label: str = "",
    words: Plural | None = None,
    never_itself: str = "",
    open_when: Q | None = None,
) -> Pointer:
    """Say that ``column`` of ``model`` points at a party. ``words`` is a lazy plural with ``count`` and, for the number
    that decides on its form, ``n``.
    """
    if key in POINTERS and POINTERS[key].model is not model:
        raise RuntimeError(f"Two columns are registered as {key}.")
    POINTERS[key] = Pointer(key, model, column, label, never_itself, open_when)
    if words is not None:
        WORDS[label] = words
    return POINTERS[key]


def open_work(party_ids: Sequence[int]) -> dict[int, list[str]]:
    """What is in progress with those of the parties that something is, by what it is called. One query per table."""
    found: dict[int, dict[str, None]] = {}
    for pointer in POINTERS.values():
        if pointer.open_when is not None:
            rows = pointer.rows(party_ids).filter(pointer.open_when).order_by()
            for pk in rows.values_list(pointer.attname, flat=True).distinct():
                found.setdefault(pk, {})[pointer.label] = None
    return {pk: list(labels) for pk, labels in found.items()}


def hanging_on(party_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How much hangs on each party, by what it is called; deleted rows are not counted, nor those beyond the first
    thousands. One query per table.
    """
    found: dict[int, dict[str, int]] = {pk: {} for pk in party_ids}
    tables: dict[tuple[str, type[Model]], list[str]] = {}
    for pointer in POINTERS.values():
        if pointer.label:
            tables.setdefault((pointer.label, pointer.model), []).append(pointer.attname)
    for (label, model), columns in tables.items():
        pointing = Q()
        for column in columns:
            pointing |= Q(**{f"{column}__in": party_ids})
        rows = model._default_manager.filter(pointing).order_by()
        if any(field.name == "deleted_at" for field in model._meta.concrete_fields):
            rows = rows.filter(deleted_at=None)
        for row in rows.values_list(*columns)[:MOST_COUNTED]:
            for party_id in found.keys() & set(row):
                found[party_id][label] = found[party_id].get(label, 0) + 1
    return found


def in_words(counts: Mapping[str, int], spoken: Callable[[int], str] = str) -> str:
    """How many of what, by their labels: *1 lead, 2 orders*; ``spoken`` writes a number."""
    told = []
    for label, count in sorted(counts.items()):
        words = WORDS.get(label)
        told.append(words % {"count": spoken(count), "n": count} if words is not None else f"{spoken(count)} {label}")
    return ", ".join(told)


def spans_of(ids: Iterable[int]) -> str:
    """Ids as the log keeps them, short: ``4-9,12``."""
    parts: list[str] = []
    first = last = 0
    for pk in [*sorted(set(ids)), 0]:
        if first and pk == last + 1:
            last = pk
            continue
        if first:
            parts.append(str(first) if first == last else f"{first}-{last}")
        first = last = pk
    return ",".join(parts)


def ids_in(text: str | None) -> list[int]:
    """The ids that :func:`spans_of` wrote down; the log keeps nothing of an empty text."""
    found: list[int] = []
    for part in filter(None, (text or "").split(",")):
        first, _, last = part.partition("-")
        found.extend(range(int(first), int(last or first) + 1))
    return found
