"""Which record something of ours hangs on, and who among us may see it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from headwater.platform.actor import Actor, Visibility
from headwater.platform.errors import NotFound
from headwater.platform.resource import REGISTRY, Resource, Rows, rows_among
from headwater.platform.written import Given, written
from headwater.team.models import User
from headwater.team.queries import actors_of


@dataclass(frozen=True)
class Record:
    """A row of any noun that the actor may see, with all ids whose comments and files are read with it."""

    resource: Resource
    row: Any

    @cached_property
    def ids(self) -> list[int]:
        """Its own id, and those of the records that became part of it."""
        return [self.row.pk, *self.resource.absorbed(self.row.pk)]

    @property
    def url(self) -> str:
        """Where its page is."""
        return f"/{self.resource.slug}/{self.row.pk}"

    @property
    def owner_id(self) -> int | None:
        """Whose it is, where such records belong to somebody."""
        return getattr(self.row, "owner_id", None)

    def about(self) -> dict[str, Any]:
        """What a fact says of the record: which it is, and on whose journey it stands."""
        organisation_id = getattr(self.row, "organisation_id", None) or getattr(self.row, "employer_id", None)
        return {
            "row_type": self.resource.key,
            "row_id": self.row.pk,
            "party_id": self.resource.party_of(self.row),
            "organisation_id": organisation_id,
        }


def the_record(actor: Actor, noun: str, row_id: int) -> Record:
    """The record, or the one it became part of.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    resource = REGISTRY.get(noun)
    if resource is None or not actor.may(resource.verb("see")):
        raise NotFound()
    rows = resource.in_sight(actor)
    row = rows.filter(pk=row_id).first()
    if row is None:
        became = resource.successor(actor, row_id)
        row = rows.filter(pk=became).first() if became is not None else None
    if row is None:
        raise NotFound()
    return Record(resource, row)


def visible_records(
    actor: Actor, subjects: Iterable[tuple[str, int]], *, with_titles: bool = False
) -> dict[tuple[str, int], Record]:
    """The records behind ``(noun, id)`` pairs, those left out that the actor may not see. One query per noun.

    ``with_titles`` it fetches what their titles are made of, too.
    """
    wanted: dict[str, set[int]] = {}
    for noun, row_id in subjects:
        wanted.setdefault(noun, set()).add(row_id)
    found: dict[tuple[str, int], Record] = {}
    for noun, ids in wanted.items():
        resource = REGISTRY.get(noun)
        if resource is None or not actor.may(resource.verb("see")):
            continue
        rows = resource.rows if with_titles else resource.bare_rows or resource.rows
        for row in rows_among(rows, actor, ids=ids):
            found[noun, row.pk] = Record(resource, row)
        for row_id in [pk for pk in ids if (noun, pk) not in found]:
            became = resource.successor(actor, row_id)
            for row in rows_among(rows, actor, ids=[became]) if became is not None else ():
                found[noun, row_id] = Record(resource, row)
    return found


@written
def _seen_of(rows: Callable[[Actor], Rows], actor: Actor) -> QuerySet[Any, int]:
    return rows(actor).filter(pk=Given("pk")).values_list("pk", flat=True)[:1]


def who_see(record: Record, users: Collection[User]) -> set[int]:
    """Which of some colleagues may see a record. Those who see everything cost one query for all."""
    seen: dict[object, bool] = {}
    found: set[int] = set()
    for user, actor in zip(users, actors_of(list(users)), strict=True):
        alike = actor.verbs if actor.visibility is Visibility.ALL else user.pk
        if alike not in seen:
            may = actor.may(record.resource.verb("see"))
            rows = record.resource.bare_rows or record.resource.rows
            seen[alike] = may and bool(_seen_of(rows, actor, pk=record.row.pk))
        if seen[alike] and user.is_active:
            found.add(user.pk)
    return found
