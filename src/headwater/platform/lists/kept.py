"""Views that people saved: who sees them, and what they are as a list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import CharField, Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from headwater.platform.actor import Actor
from headwater.platform.errors import NotFound
from headwater.platform.filter import conditions_of, parse_tree
from headwater.platform.models import ListView
from headwater.platform.resource import REGISTRY, Resource, SavedView
from headwater.platform.values import row_id
from headwater.platform.written import Given, written

SAVE, PUBLISH = "platform.view.save", "platform.view.publish"
AS, BOARD = "as", "board"  # what a view is shown as, where that is no list
NOT_HERE = _("This view is private to a colleague, or it does not exist any more.")


@dataclass(frozen=True)
class KeptView(SavedView):  # type: ignore[misc]
    """A view that somebody saved, as this reader sees it: ``key`` is its id."""

    scope: str = ListView.Scope.PRIVATE
    widths: Mapping[str, int] = field(default_factory=dict)
    opens_for: Sequence[str] = ()
    is_own: bool = False
    may_change: bool = False

    @property
    def is_board(self) -> bool:
        """Whether it was saved on the board."""
        return self.params.get(AS) == BOARD

    @property
    def is_shared(self) -> bool:
        """Whether others see it too."""
        return self.scope != ListView.Scope.PRIVATE


def visible_views(actor: Actor) -> QuerySet[ListView]:
    """The saved views this actor sees: their own, those of their team and those for everybody."""
    seen = Q(scope=ListView.Scope.EVERYBODY)
    if actor.user_id is not None and actor.seen_by in (None, actor.user_id):  # what is private stays so in a preview
        seen |= Q(owner_id=actor.user_id)
    if actor.team_ids:
        seen |= Q(scope=ListView.Scope.TEAM, team_id__in=sorted(actor.team_ids))
    return ListView.objects.filter(seen, deleted_at=None)


def shared_views_of(user_id: int) -> QuerySet[ListView]:
    """The views that this person looks after and that others use."""
    return _shared_views().filter(owner_id=user_id).order_by("noun", "name", "pk")


def count_shared_views(user_ids: Collection[int]) -> dict[int, int]:
    """How many such views each of these people looks after. One query."""
    return dict(_shared_views().filter(owner_id__in=user_ids).values_list("owner_id").annotate(Count("pk")).order_by())


def _shared_views() -> QuerySet[ListView]:
    return ListView.objects.filter(deleted_at=None).exclude(scope=ListView.Scope.PRIVATE)


def views_of(resource: Resource, actor: Actor, order: Sequence[str] = ()) -> list[SavedView]:
    """Every view of a noun's list: those it comes with, one's own, then those of others.

    ``order`` are keys in the order the reader put them; what is not among them follows.
    """
    rows = _views_of_noun(actor, noun=resource.key)
    own = [_as_view(resource, row, actor) for row in rows if row.owner_id == actor.user_id]
    others = [_as_view(resource, row, actor) for row in rows if row.owner_id != actor.user_id]
    found: list[SavedView] = [*resource.views, *own, *others]
    place = {key: at for at, key in enumerate(order)}
    return sorted(found, key=lambda view: place.get(view.key, len(place)))


@written
def _views_of_noun(actor: Actor) -> QuerySet[ListView]:
    return visible_views(actor).filter(noun=Given("noun", CharField())).order_by("pk")


def view_of(resource: Resource, actor: Actor, key: str) -> SavedView:
    """The view of that key, one the noun comes with or a saved one.

    Raises:
        NotFound: there is none, or it is not for this actor; which of the two is not told.
    """
    built_in = next((view for view in resource.views if view.key == key), None)
    if built_in is not None:
        return built_in
    pk = row_id(key)
    row = visible_views(actor).filter(noun=resource.key, pk=pk).first() if pk is not None else None
    if row is None:
        raise NotFound(NOT_HERE)
    return _as_view(resource, row, actor)


def with_view(resource: Resource, actor: Actor, params: Mapping[str, str]) -> dict[str, str]:
    """Parameters in which ``view`` is spelled out; what stands beside it takes precedence.

    Raises:
        NotFound: there is no such view, or it is not for this actor.
    """
    own = dict(params)
    key = own.pop("view", "")
    if not key:
        return own
    view = view_of(resource, actor, key)
    of_pages = {"group", AS, *resource.besides}
    held = {name: value for name, value in view.params.items() if name not in of_pages}
    joined = {**held, **({"sort": view.sort} if view.sort else {}), **own}
    return {name: value for name, value in joined.items() if value != "" or name not in view.params}


def start_of(resource: Resource, actor: Actor, chosen: str) -> str:
    """The key of the view that this person's list begins with: the one they chose, else the one for their role."""
    if chosen == "all" or any(view.key == chosen for view in resource.views):
        return chosen
    return start_among(views_of(resource, actor), actor, chosen)


def start_among(views: Sequence[SavedView], actor: Actor, chosen: str) -> str:
    """The same where the views that the reader sees are known."""
    if chosen and (chosen == "all" or any(view.key == chosen for view in views)):
        return chosen
    for_role = [view for view in views if isinstance(view, KeptView) and view.scope == ListView.Scope.EVERYBODY]
    opened = (int(view.key) for view in for_role if actor.role in view.opens_for)
    return str(min(opened, default=""))


def is_in_sight(row: ListView, actor: Actor) -> bool:
    """Whether this actor sees a saved view."""
    is_of_team = row.scope == ListView.Scope.TEAM and row.team_id in actor.team_ids
    return row.scope == ListView.Scope.EVERYBODY or is_of_team or row.owner_id == actor.user_id


def may_change(row: ListView, actor: Actor) -> bool:
    """Whether this actor may rename, share or remove a saved view: one's own, or with the right one for everybody."""
    if not actor.may(SAVE):
        return False
    is_own = actor.user_id is not None and row.owner_id == actor.user_id
    return is_own or (row.scope == ListView.Scope.EVERYBODY and actor.may(PUBLISH))


def as_told(row: ListView, actor: Actor) -> KeptView:
    """A saved view as this reader may know it: nothing of columns they may not read, by which it may be cut."""
    return _as_view(REGISTRY[row.noun].for_actor(actor), row, actor)


def _as_view(resource: Resource, row: ListView, actor: Actor) -> KeptView:
    closed = {column.key for column in REGISTRY[row.noun].now().columns if not column.is_for(actor)}
    sort = [part for part in row.sort.split(",") if part and _is_sortable(resource, part.removeprefix("-"))]
    params = {name: value for name, value in row.params.items() if not closed or not _tells(name, value, closed)}
    return KeptView(
        key=str(row.pk),
        label=row.name,
        params={key: value for key, value in params.items() if key != "group" or _is_groupable(resource, value)},
        sort=",".join(part for part in sort if part.removeprefix("-") not in closed),
        columns=[key for key in row.columns if key in resource.by_key and key not in closed],
        scope=row.scope,
        widths={key: width for key, width in row.widths.items() if key not in closed},
        opens_for=row.opens_for,
        is_own=row.owner_id == actor.user_id,
        may_change=may_change(row, actor),
    )


def _tells(name: str, value: str, closed: Collection[str]) -> bool:
    """Whether a parameter of a list is a condition on one of these columns."""
    if name != "filter":
        return name.partition("__")[0] in closed
    return any(condition.column in closed for condition in conditions_of(parse_tree(value)))


def _is_groupable(resource: Resource, key: str) -> bool:
    column = resource.by_key.get(key)
    return column is not None and column.groupable


def _is_sortable(resource: Resource, key: str) -> bool:
    """A column may have gone since the view was saved."""
    column = resource.by_key.get(key)
    return column is not None and column.sortable
