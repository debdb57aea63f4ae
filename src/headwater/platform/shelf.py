"""Putting rows away and bringing them back, the same for every noun: archived ones leave lists and pickers, deleted
ones the numbers as well. Nothing is erased.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from django.db.models import Model, QuerySet

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.bulk import check_each
from headwater.platform.errors import NotFound
from headwater.platform.events import Fact, record, record_bulk
from headwater.platform.models import Event
from headwater.platform.resource import Command, SavedView
from headwater.platform.translated import gettext_lazy as _
from headwater.platform.undo import told_by_event, undoes, undoes_many

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, kw_only=True)
class RowArchived(
    Fact, verb="platform.archived", subject="platform.row:row_id", sentence=_("Archived"), icon="archive"
):
    """A record left lists and pickers; it is found under *Archived*, and what refers to it still does."""

    row_type: str
    row_id: int


@dataclass(frozen=True, kw_only=True)
class RowUnarchived(
    Fact, verb="platform.unarchived", subject="platform.row:row_id", sentence=_("In use again"), icon="restore"
):
    """An archived record is on lists and in pickers again."""

    row_type: str
    row_id: int


@dataclass(frozen=True)
class Shelf(Generic[Row]):
    """One way in which rows of a noun are put away: ``column`` is ``archived_at`` or ``deleted_at``.

    ``gone`` and ``back`` say what happened; ``verb`` is the right it takes both ways. ``reaches`` says whether a row
    lies within the actor's sight, ``reached`` which of many do, ``check_back`` refuses to bring one back, such as when
    its name is taken.
    """

    noun: str
    model: type[Row]
    column: str
    verb: str
    gone: Callable[[Row], Fact]
    back: Callable[[Row], Fact]
    reaches: Callable[[Actor, Row], bool] = lambda actor, row: True
    check_back: Callable[[Row], None] = lambda row: None
    reached: Callable[[Actor, Sequence[int]], Collection[int]] | None = None

    @action
    def put_away(self, *, pk: int, by: Actor, at: datetime) -> Row:
        """Put a row away; one that is away stays as it is.

        Raises:
            NotFound: there is no such row, or the actor may not see it.
            NotAllowed: the actor may not put such rows away.
        """
        row = self._locked(pk, by)
        self.away(row, by=by, at=at)
        return row

    @action
    def put_away_many(self, *, ids: Sequence[int], by: Actor, at: datetime) -> list[Row]:
        """Put several rows away, all or none, with a few statements.

        Raises:
            NotAllowed: the actor may not put such rows away.
            SomeRefused: some are not there, or the actor may not see them.
        """
        rows = [row for row in self._locked_many(ids, by) if getattr(row, self.column) is None]
        self._set_many(rows, at, self.gone, by=by, at=at)
        return rows

    @action
    def bring_back(self, *, pk: int, by: Actor, at: datetime) -> Row:
        """Bring a row back; one that is here stays as it is.

        Raises:
            NotFound: there is no such row, or the actor may not see it.
            NotAllowed: the actor may not bring such rows back.
            Conflict: something stands in its place, such as another row of its name.
        """
        row = self._locked(pk, by)
        if getattr(row, self.column) is not None:
            self.check_back(row)
            self._set(row, None)
            record(self.back(row), by=by, at=at)
        return row

    @action
    def bring_back_many(self, *, ids: Sequence[int], by: Actor, at: datetime) -> list[Row]:
        """Bring several rows back, all or none, with a few statements.

        Raises:
            NotAllowed: the actor may not bring such rows back.
            SomeRefused: some are not there, the actor may not see them, or something stands in their place.
        """
        rows = [row for row in self._locked_many(ids, by) if getattr(row, self.column) is not None]
        check_each(rows, self.check_back, ids=[row.pk for row in rows])
        self._set_many(rows, None, self.back, by=by, at=at)
        return rows

    @action
    def take_back_adding(self, *, pk: int, event: Event, verb: str, by: Actor, at: datetime) -> None:
        """Undo of adding a row: whoever added it may, with the right ``verb`` to add such rows."""
        is_own = event.user_id is not None and event.user_id == by.user_id
        self.away(self._locked(pk, by, verb=verb if is_own else self.verb), by=by, at=at)

    def rows_away(self, actor: Actor) -> QuerySet[Row]:
        """The rows that are away, for whoever may bring them back."""
        rows = self.model._default_manager.filter(**{f"{self.column}__isnull": False})
        return rows if actor.may(self.verb) else rows.none()

    def _locked(self, pk: int, by: Actor, *, verb: str = "") -> Row:
        by.require(verb or self.verb)
        row = self.model._default_manager.select_for_update().filter(pk=pk).first()
        if row is None or not self.reaches(by, row):
            raise NotFound()
        if self.column == "archived_at" and getattr(row, "deleted_at", None) is not None:
            raise NotFound()
        return row

    def _locked_many(self, ids: Sequence[int], by: Actor) -> list[Row]:
        by.require(self.verb)
        rows = list(self.model._default_manager.select_for_update().filter(pk__in=list(ids)).order_by("pk"))
        seen = self.reached(by, ids) if self.reached is not None else None

        def check(row: Row) -> None:
            is_deleted = self.column == "archived_at" and getattr(row, "deleted_at", None) is not None
            if is_deleted or not (self.reaches(by, row) if seen is None else row.pk in seen):
                raise NotFound()

        check_each(rows, check, ids=ids)
        return rows

    def _set_many(
        self, rows: Sequence[Row], value: datetime | None, fact: Callable[[Row], Fact], *, by: Actor, at: datetime
    ) -> None:
        self.model._default_manager.filter(pk__in=[row.pk for row in rows]).update(**{self.column: value})
        record_bulk([fact(row) for row in rows], by=by, at=[at] * len(rows))

    def away(self, row: Row, *, by: Actor, at: datetime) -> None:
        """Put away a row that is locked and whose right was checked; inside an action."""
        if getattr(row, self.column) is None:
            self._set(row, at)
            record(self.gone(row), by=by, at=at)

    def _set(self, row: Row, value: datetime | None) -> None:
        setattr(row, self.column, value)
        row.save(update_fields=[self.column])


_ARCHIVES: dict[str, Shelf[Any]] = {}


def archive_of(
    noun: str,
    model: type[Row],
    *,
    party_of: Callable[[Row], tuple[int | None, int | None]] = lambda row: (None, None),
    reaches: Callable[[Actor, Row], bool] = lambda actor, row: True,
    reached: Callable[[Actor, Sequence[int]], Collection[int]] | None = None,
) -> Shelf[Row]:
    """The archive of a noun whose rows have ``archived_at``; the right is ``<noun>.archive``.

    ``party_of`` says on whose timeline it stands: the party and the organisation.
    """

    def fact(kind: type[RowArchived] | type[RowUnarchived]) -> Callable[[Row], Fact]:
        def about(row: Row) -> Fact:
            party_id, organisation_id = party_of(row)
            return kind(row_type=noun, row_id=int(row.pk), party_id=party_id, organisation_id=organisation_id)

        return about

    shelf = Shelf(
        noun,
        model,
        "archived_at",
        f"{noun}.archive",
        fact(RowArchived),
        fact(RowUnarchived),
        reaches=reaches,
        reached=reached,
    )
    _ARCHIVES[noun] = cast(Shelf[Any], shelf)
    return shelf


@undoes(RowArchived)
@action
def take_back_archiving(fact: RowArchived, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of archiving a row."""
    _ARCHIVES[fact.row_type].bring_back(pk=fact.row_id, by=by, at=at)


@undoes(RowUnarchived)
@action
def take_back_unarchiving(fact: RowUnarchived, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of taking a row out of the archive."""
    _ARCHIVES[fact.row_type].put_away(pk=fact.row_id, by=by, at=at)


@undoes_many(RowArchived)
@action
def take_back_archivings(found: Sequence[tuple[RowArchived, Event]], *, by: Actor, at: datetime) -> None:
    """Undo of archiving many rows."""
    _each_noun(found, lambda shelf, ids: shelf.bring_back_many(ids=ids, by=by, at=at))


@undoes_many(RowUnarchived)
@action
def take_back_unarchivings(found: Sequence[tuple[RowUnarchived, Event]], *, by: Actor, at: datetime) -> None:
    """Undo of taking many rows out of the archive."""
    _each_noun(found, lambda shelf, ids: shelf.put_away_many(ids=ids, by=by, at=at))


def _each_noun(
    found: Sequence[tuple[RowArchived | RowUnarchived, Event]], take: Callable[[Shelf[Any], list[int]], object]
) -> None:
    nouns: dict[str, dict[int, int]] = {}
    for fact, event in found:
        nouns.setdefault(fact.row_type, {})[event.pk] = fact.row_id
    for noun, about in nouns.items():
        with told_by_event(about):
            take(_ARCHIVES[noun], list(about.values()))


ARCHIVED_VIEW = SavedView("archived", _("Archived"), {"archived_at__empty": "false"})


def archive_commands(shelf: Shelf[Any]) -> tuple[Command, Command]:
    """What can be done with a row of a noun that is archived, or can be."""
    return (
        Command(
            "archive", _("Archive"), shelf.put_away, shelf.verb, icon="archive", run_many=shelf.put_away_many,
            offered=lambda row: row.archived_at is None, done=_("Archived"),
        ),
        Command(
            "unarchive", _("Use again"), shelf.bring_back, shelf.verb, icon="restore", run_many=shelf.bring_back_many,
            offered=lambda row: row.archived_at is not None, done=_("In use again"),
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class Bin:
    """Where the deleted rows of a noun lie. ``rows`` are those an actor may restore, ``restore`` the action for one."""

    noun: str
    rows: Callable[[Actor], QuerySet[Any]]
    restore: Callable[..., Any]
    id_name: str = "pk"


BINS: dict[str, Bin] = {}


def register_bin(found: Bin) -> None:
    """Show a noun's deleted rows under *Recently deleted*."""
    BINS[found.noun] = found
