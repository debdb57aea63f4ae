"""What of a noun is found by searching, declared beside its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Model


@dataclass(frozen=True)
class Relation:
    """A step of a declared path that leads to rows of another table: ``party`` of ``party__name``."""

    path: str
    model: type[Model]


@dataclass(frozen=True, eq=False)  # one declaration is none but itself: questions are kept by it
class Searched:
    """Which columns of a noun searching looks into, as ORM paths.

    ``name`` is what one calls a row: what begins with the words comes first. ``words`` is any other text: addresses,
    numbers, notes, also over relations (``party__contact_points__normalised``); ``tags`` are found by ``#word`` too.
    Columns of a file that have no home, and what other systems call a row, are always found. ``where`` tells the
    rows of this noun from others of the same table. Of records that fit alike those of the lower ``rank`` come first.
    ``told_as`` are further subjects by which facts name its rows;
    ``is_party`` says that they are what ``party_id`` and ``organisation_id`` of a fact point at.
    """

    model: type[Model]
    name: Sequence[str] = ()
    words: Sequence[str] = ()
    tags: Sequence[str] = ()
    where: Mapping[str, Any] = field(default_factory=dict)
    rank: int = 50
    told_as: Sequence[str] = ()
    is_party: bool = False

    @cached_property
    def singles(self) -> tuple[str, ...]:
        """The paths with one value per row."""
        return tuple(path for path in (*self.name, *self.words) if self.many_of(path) == "")

    @cached_property
    def several(self) -> tuple[str, ...]:
        """The paths with any number of values per row."""
        return tuple(path for path in (*self.words, *self.tags) if self.many_of(path))

    def many_of(self, path: str) -> str:
        """The beginning of ``path`` up to where it leads to several rows; nothing when it leads to one."""
        model: type[Model] = self.model
        walked: list[str] = []
        for part in path.split("__"):
            step = model._meta.get_field(part)
            walked.append(part)
            if step.one_to_many or step.many_to_many:
                return "__".join(walked)
            if step.is_relation and step.related_model is not None:
                model = step.related_model
        return ""

    def is_soft(self, relation: str) -> bool:
        """Whether the rows at the end of ``relation`` stay in their table when they are deleted."""
        model: type[Model] = self.model
        for part in relation.split("__"):
            model = model._meta.get_field(part).related_model  # type: ignore[assignment]
        return any(f.attname == "deleted_at" for f in model._meta.concrete_fields)

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        """The rows of other tables whose text is found here: when they change, this noun's entries do."""
        found: dict[str, Relation] = {}
        for path in (*self.name, *self.words):
            model: type[Model] = self.model
            walked: list[str] = []
            for part in path.split("__")[:-1]:
                step = model._meta.get_field(part)
                if not (step.many_to_one or step.one_to_one) or step.related_model is None:
                    break
                walked.append(part)
                model = step.related_model
                key = "__".join(walked)
                found[key] = Relation(key, model)
        return tuple(found.values())
