"""What a noun's list is, declared once: pages, filters, export, API, import and tests all read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString

from headwater.platform.actor import Actor
from headwater.platform.among import VALUES
from headwater.platform.clock import now
from headwater.platform.column import Choices as Choices
from headwater.platform.column import Column as Column
from headwater.platform.column import Kind as Kind
from headwater.platform.filter import Tree
from headwater.platform.filtering import Filtering, names
from headwater.platform.importer import Importer
from headwater.platform.search.declared import Searched
from headwater.platform.search.finding import Found, find
from headwater.platform.statistics import joined_as_written
from headwater.platform.translated import Translated, with_values
from headwater.platform.typed import without_controls
from headwater.platform.values import LARGEST_ID
from headwater.platform.written import Given, written

Rows: TypeAlias = QuerySet[Any]


class ActorForm(forms.Form):
    """A form that knows who fills it in and, for a command, about which row.

    An edit form remembers what its fields held ``before``, and what clashes with a change of somebody else.
    ``guarded`` fields are only there for those who have the rights to read and to fill in what they hold.
    """

    guarded: Mapping[str, frozenset[str]] = {}
    before: Sequence[tuple[str, str]] = ()
    clashes: Mapping[str, Any] = {}

    def __init__(self, data: Any = None, *args: Any, actor: Actor, row: Any = None, **kwargs: Any) -> None:
        self.actor, self.row = actor, row
        super().__init__(None if data is None else without_controls(data), *args, **kwargs)
        for name in self.base_fields.keys() - set(self.names_for(actor)):
            del self.fields[name]

    @property
    def hint(self) -> SafeString:
        """Another way to the same, told above the fields."""
        return SafeString("")

    @classmethod
    def names_for(cls, actor: Actor) -> list[str]:
        """The fields this actor may fill in."""
        return [name for name in cls.base_fields if all(actor.may(verb) for verb in cls.guarded.get(name, ()))]


@dataclass(frozen=True)
class Command:
    """One thing that can be done with a row: a form for its input and the action that does it.

    ``run`` is the room's action, called as ``run(<id_name>=row.pk, by=actor, at=now, **cleaned)``; ``run_many``
    the set-based one for bulk, called with ``ids``. ``verb`` hides the button; the action checks for itself.
    ``says`` tells the actor of something unusual about what was made, instead of ``done``.
    ``locks_itself``: it takes several rows in an order of its own, so nobody locks the first one before.
    ``together``: it makes one thing of all its rows, so it is never done in portions.
    """

    key: str
    label: Translated = Translated()
    run: Callable[..., Any]  # type: ignore[misc]
    verb: str  # type: ignore[misc]
    form: type[ActorForm] = ActorForm
    id_name: str = "pk"
    run_many: Callable[..., Any] | None = None
    icon: str = "arrow-right"
    hotkey: str = ""
    offered: Callable[[Any], bool] = lambda row: True
    done: Translated = Translated("")
    says: Callable[[Actor, Any], str] = lambda actor, made: ""
    locks_itself: bool = False
    together: bool = False

    @property
    def asks(self) -> bool:
        """Whether something must be filled in before it is done."""
        return bool(self.form.base_fields)


@dataclass(frozen=True)
class SavedView:
    """A named set of filters shown as a tab above the list; ``params`` are URL parameters (``me`` = the actor)."""

    key: str
    label: Translated = Translated()
    params: Mapping[str, str]  # type: ignore[misc]
    sort: str = ""
    columns: Sequence[str] = ()


@dataclass(frozen=True)
class Board:
    """A board that is a page of the noun's room: ``page`` is its address, ``start`` the view of all that it shows.

    Views it ``hides`` are about what stands on no board. ``besides`` are its filters that no column tells; ``narrow``
    leaves of the rows those it shows, by these filters, for this actor, at this moment.
    """

    page: str
    start: str
    hides: Sequence[str] = ()
    besides: Sequence[str] = ()
    narrow: Callable[[Rows, Mapping[str, str], Actor, datetime], Rows] = lambda rows, besides, actor, at: rows


@dataclass(frozen=True)
class Resource:
    """One noun: what its list, record, export, API and import know about it.

    ``key`` is ``room.noun`` and the prefix of its rights (``qualify.lead.see``); ``slug`` its place in URLs, API
    and commands. ``rows`` is the room's ``visible_…`` query, ``searched`` the columns that searching looks into. Where
    ``rows`` fetches much of what lists show, ``bare_rows`` are the same rows alone. ``seen_by`` tells by what
    conditions an actor who does not see all sees rows: any of them suffices, and an index serves each. ``pointing``
    tells which rows point by a column at those of another noun, by a condition on their own columns that an index has.
    Order always ends in the primary key. ``archived`` names the column that says since when a row is archived: lists
    leave such rows out unless they are asked for. ``indexed_orders`` are the columns, six or fewer, that lists of any
    length are sorted by from an index. ``stages`` is the column by which the noun has a board; its command ``move``
    takes a value of it and a reason; ``board`` where its room shows it in a way of its own. ``successor`` says which
    row one that is gone became part of, ``absorbed`` which rows became part of one. ``is_whole``: the fields that the
    company added are among its columns.
    """

    key: str
    slug: str
    label: Translated = Translated()
    label_plural: Translated = Translated()
    rows: Callable[[Actor], Rows]  # type: ignore[misc]
    columns: Sequence[Column]  # type: ignore[misc]
    default_order: str  # type: ignore[misc]
    searched: Searched  # type: ignore[misc]
    title: Callable[[Any], str] = str
    subtitle: Callable[[Any], str] = lambda row: ""
    icon: str = "point"
    create: Command | None = None
    change: Command | None = None
    commands: Sequence[Command] = ()
    views: Sequence[SavedView] = ()
    importer: Importer | None = None
    empty: Translated = Translated("")
    party_of: Callable[[Any], int | None] = lambda row: None
    extra: bool = True
    archived: str = ""
    successor: Callable[[Actor, int], int | None] = lambda actor, pk: None
    absorbed: Callable[[int], Sequence[int]] = lambda pk: ()
    indexed_orders: Sequence[str] = ()
    stages: str = ""
    board: Board | None = None
    detail_rows: Callable[[Actor], Rows] | None = None
    bare_rows: Callable[[Actor], Rows] | None = None
    seen_by: Callable[[Actor], Sequence[Q]] = lambda actor: ()
    pointing: Mapping[tuple[str, str], Q] = field(default_factory=dict)
    is_whole: bool = False

    @cached_property
    def by_key(self) -> dict[str, Column]:
        """Columns by their key."""
        return {column.key: column for column in self.columns}

    def for_actor(self, actor: Actor) -> Resource:
        """The noun as this actor knows it: with the fields the company added, without the columns they have no right
        to read."""
        whole = self.now()
        known = [column for column in whole.columns if column.is_for(actor)]
        return whole if len(known) == len(whole.columns) else with_values(whole, columns=known)

    def now(self) -> Resource:
        """The noun with the fields that the company has added up to now."""
        resource = self
        for extend in _EXTENDERS:
            resource = extend(resource)
        return resource

    @property
    def board_path(self) -> str:
        """The address of its board; empty where it has none."""
        return self.board.page if self.board is not None else f"/{self.slug}/board" if self.stages else ""

    @property
    def besides(self) -> Sequence[str]:
        """Filters of its board that no column tells."""
        return self.board.besides if self.board is not None else ()

    def in_sight(self, actor: Actor) -> Rows:
        """The rows the actor may see, for who asks which they are but not what they say."""
        return (self.bare_rows or self.rows)(actor)

    def record(self, actor: Actor, pk: int) -> Any:
        """One row as its record shows it; None where there is none that the actor sees."""
        with joined_as_written():
            return _one_of(self.detail_rows or self.rows, actor, pk)

    def bare_record(self, actor: Actor, pk: int) -> Any:
        """The same for who does something about it but shows nothing of it."""
        return _one_of(self.bare_rows or self.rows, actor, pk)

    def reach(self, actor: Actor) -> Sequence[Q]:
        """By what an actor who does not see all sees rows of this noun among others of its table."""
        return [Q(**self.searched.where) & each for each in self.seen_by(actor)]

    def command(self, key: str) -> Command | None:
        """The command of that key, if the noun has it."""
        return next((c for c in self.commands if c.key == key), None)

    def verb(self, what: str) -> str:
        """The right to do ``what`` with this noun, e.g. ``qualify.lead.export``."""
        return f"{self.key}.{what}"


@written
def rows_among(rows: Callable[[Actor], Rows], actor: Actor) -> Rows:
    """Those of a noun's ``rows``, or of its ``bare_rows``, that the actor may see and whose ``ids`` are told."""
    return rows(actor).filter(pk__among=Given("ids", VALUES))


def _one_of(rows: Callable[[Actor], Rows], actor: Actor, pk: int) -> Any:
    return next(iter(_numbered(rows, actor, pk=pk)), None) if pk <= LARGEST_ID else None


@written
def _numbered(rows: Callable[[Actor], Rows], actor: Actor) -> Rows:
    return rows(actor).filter(pk=Given("pk"))[:1]


REGISTRY: dict[str, Resource] = {}
_EXTENDERS: list[Callable[[Resource], Resource]] = []


def extend_nouns(extend: Callable[[Resource], Resource]) -> Callable[[Resource], Resource]:
    """Let what is not declared in code be added to nouns wherever they are used."""
    _EXTENDERS.append(extend)
    return extend


def register(resource: Resource) -> Resource:
    """Make a noun known to every page, endpoint, export, import and registry-wide test."""
    if resource.key in REGISTRY or any(r.slug == resource.slug for r in REGISTRY.values()):
        raise RuntimeError(f"{resource.key} is registered twice.")
    REGISTRY[resource.key] = resource
    return resource


def by_slug(slug: str) -> Resource | None:
    """The noun whose place in URLs is ``slug``."""
    return next((r for r in REGISTRY.values() if r.slug == slug), None)


# ---------------------------------------------------------------- filtering


def filtered(
    resource: Resource,
    actor: Actor,
    tree: Tree,
    *,
    search: str | Found = "",
    zone: ZoneInfo | None = None,
    at: datetime | None = None,
    week_begins: int = 0,
    with_archived: bool = False,
) -> Rows:
    """The rows the actor may see that match the tree and the search words, or what was found by them before.

    Days such as "last month" are those of the moment ``at`` in the ``zone``: now, unless it is said.
    Weeks begin on Monday, which is 0, unless ``week_begins`` names another day.
    Archived rows are left out unless asked for, by ``with_archived`` or by a condition on when they were archived.

    Raises:
        Invalid: a column that does not exist or cannot be filtered, or a value of the wrong type.
    """
    resource = resource.for_actor(actor)
    rows = resource.rows(actor)
    narrowed = Filtering(resource, actor, rows, zone or ZoneInfo("UTC"), at or now(), week_begins)
    rows = rows.filter(narrowed.condition(tree))
    if resource.archived and not with_archived and not names(tree, resource.archived):
        rows = rows.filter(**{resource.archived: None})
    if isinstance(search, str):
        return find(resource, search, by=actor).among(rows) if search.strip() else rows
    return search.among(rows)
