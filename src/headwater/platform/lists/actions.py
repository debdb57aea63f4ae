"""Saving, changing, sharing and removing views of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row, old_values
from headwater.platform.errors import Conflict, Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.events import Changed, Fact, record
from headwater.platform.filter import tree_from_params
from headwater.platform.installation import installation
from headwater.platform.lists.groups import grouped_by
from headwater.platform.lists.kept import AS, NOT_HERE, PUBLISH, SAVE, may_change, visible_views
from headwater.platform.models import Event, ListView
from headwater.platform.paging import in_order
from headwater.platform.resource import REGISTRY, Resource, filtered
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.platform.translated import inside
from headwater.platform.undo import undoes, undoes_changes_of

ROW = "platform.view"
GIVE = "platform.view.give"
MOST_VIEWS = 100
MOST_CHARACTERS = 8_000
WIDEST, NARROWEST = 800, 48
_FIELDS = frozenset({"name", "params", "sort", "columns", "widths", "scope", "opens_for"})
_PERSONAL = ("name", "params")  # conditions may name a customer


@dataclass(frozen=True, kw_only=True)
class ViewSaved(
    Fact,
    verb="platform.view_saved",
    subject="platform.view:view_id",
    personal=("name",),
    sentence=lazy("Saved the view {name}"),
    icon="device-floppy",
):
    """Somebody saved a list under a name; ``noun`` is what it lists, ``scope`` who else sees it."""

    view_id: int
    noun: str
    name: str
    scope: str


@dataclass(frozen=True, kw_only=True)
class ViewDeleted(
    Fact,
    verb="platform.view_deleted",
    subject="platform.view:view_id",
    personal=("name",),
    sentence=lazy("Deleted the view {name}"),
    icon="trash",
):
    """A saved view is no tab any more, for nobody."""

    view_id: int
    noun: str
    name: str


@dataclass(frozen=True, kw_only=True)
class ViewGiven(
    Fact,
    verb="platform.view_given",
    subject="platform.view:view_id",
    sentence=lazy("Gave the view to a colleague"),
    icon="user-check",
):
    """A view that others use is looked after by somebody else from now on; ``before_id`` is who did until then."""

    view_id: int
    owner_id: int
    before_id: int


@action
def save_view(
    *,
    noun: str,
    name: str,
    params: Mapping[str, str],
    by: Actor,
    at: datetime,
    sort: str = "",
    columns: Sequence[str] = (),
    widths: Mapping[str, int] | None = None,
    scope: str = ListView.Scope.PRIVATE,
    opens_for: Sequence[str] = (),
) -> ListView:
    """Save a list under a name.

    Raises:
        NotAllowed: the actor may not see such rows, save views or share this far.
        Invalid: something in it is not of this noun.
        Conflict: the actor has as many views of this noun as one may have.
    """
    resource = _resource(noun, by)
    by.require(SAVE)
    if by.user_id is None:
        raise NotAllowed()
    if ListView.objects.filter(noun=noun, owner_id=by.user_id, deleted_at=None).count() >= MOST_VIEWS:
        raise Conflict(
            _("You have {most_views} views of this list already. Delete one first.").format(most_views=MOST_VIEWS)
        )
    values = {"name": name, "params": params, "sort": sort, "columns": columns, "widths": widths or {}}
    checked = _checked(resource, {**values, "scope": scope, "opens_for": opens_for}, by)
    row = ListView.objects.create(noun=noun, owner_id=by.user_id, created_at=at, **checked)
    record(ViewSaved(view_id=row.pk, noun=noun, name=row.name, scope=row.scope), by=by, at=at)
    return row


@action
def change_view(*, view_id: int, by: Actor, at: datetime, **values: Any) -> ListView:
    """Rename a view, share it, or make it another list: any of name, params, sort, columns, widths, scope, opens_for.

    Raises:
        NotFound: there is no such view, or it is not for this actor.
        NotAllowed: it is somebody else's, or is to be shared further than the actor may.
        Invalid: something in it is not of this noun, or there is no such field.
    """
    row = _locked(view_id, by)
    unknown = sorted(values.keys() - _FIELDS)
    if unknown:
        raise Invalid({name: [_("There is no such field.")] for name in unknown})
    is_own = row.owner_id == by.user_id
    if values.get("scope", row.scope) == row.scope:
        values.pop("scope", None)
    elif not is_own and values["scope"] == ListView.Scope.TEAM:
        raise NotAllowed()  # whose team would that be?
    checked = _checked(_resource(row.noun, by), values, by)
    if row.scope == ListView.Scope.EVERYBODY and checked.keys() - {"scope", "team_id"}:
        by.require(PUBLISH)
    change_row(row, checked, row_type=ROW, by=by, at=at, personal=_PERSONAL)
    return row


@action
def delete_view(*, view_id: int, by: Actor, at: datetime) -> ListView:
    """Remove a view, for everybody who saw it.

    Raises:
        NotFound: there is no such view, or it is not for this actor.
        NotAllowed: it is somebody else's.
    """
    row = _locked(view_id, by)
    _remove(row, by=by, at=at)
    return row


@action
def give_views(*, ids: Sequence[int], owner_id: int, by: Actor, at: datetime) -> int:
    """Let a colleague look after shared views from now on; private ones are nobody else's. How many changed hands.

    Raises:
        NotAllowed: the actor may not give views of others away.
    """
    by.require(GIVE)
    rows = ListView.objects.select_for_update().filter(pk__in=list(ids), deleted_at=None)
    given = [row for row in rows.order_by("pk") if row.scope != ListView.Scope.PRIVATE and row.owner_id != owner_id]
    for row in given:
        _give(row, owner_id, by=by, at=at)
    return len(given)


@action
@undoes(ViewGiven)
def take_view_back(fact: ViewGiven, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of giving a view away."""
    by.require(GIVE)
    row = ListView.objects.select_for_update().filter(pk=fact.view_id, deleted_at=None).first()
    if row is None:
        raise NotFound(NOT_HERE)
    if row.owner_id != fact.owner_id:
        raise NotUndoable(reason=_("the view changed hands again since"))
    _give(row, fact.before_id, by=by, at=at)


def _give(row: ListView, owner_id: int, *, by: Actor, at: datetime) -> None:
    before, row.owner_id = row.owner_id, owner_id
    row.save(update_fields=["owner_id"])
    record(ViewGiven(view_id=row.pk, owner_id=owner_id, before_id=before), by=by, at=at)


@action
@undoes(ViewSaved)
def take_back_saving(fact: ViewSaved, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of saving a view."""
    _remove(_locked(fact.view_id, by), by=by, at=at)


@action
@undoes(ViewDeleted)
def bring_view_back(fact: ViewDeleted, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of removing a view."""
    row = ListView.objects.select_for_update().filter(pk=fact.view_id).first()
    if row is None or not may_change(row, by):
        raise NotFound(NOT_HERE)
    row.deleted_at = None
    row.save(update_fields=["deleted_at"])
    record(ViewSaved(view_id=row.pk, noun=row.noun, name=row.name, scope=row.scope), by=by, at=at)


@action
@undoes_changes_of(ROW)
def take_back_change(fact: Changed, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of changing a view, sharing among it."""
    row = _locked(fact.row_id, by)
    before = old_values(row, fact)
    if before.get("scope", row.scope) == ListView.Scope.EVERYBODY:
        by.require(PUBLISH)
    change_row(row, before, row_type=ROW, by=by, at=at, personal=_PERSONAL)


def _remove(row: ListView, *, by: Actor, at: datetime) -> None:
    row.deleted_at = at
    row.save(update_fields=["deleted_at"])
    record(ViewDeleted(view_id=row.pk, noun=row.noun, name=row.name), by=by, at=at)


def _locked(view_id: int, by: Actor) -> ListView:
    row = visible_views(by).select_for_update().filter(pk=view_id).first()
    if row is None:
        raise NotFound(NOT_HERE)
    if not may_change(row, by):
        raise NotAllowed(_("This view is somebody else's. Save it as a new one of your own."))
    return row


def _resource(noun: str, by: Actor) -> Resource:
    """The noun as the actor knows it: with the company's own fields, without columns they may not read."""
    resource = REGISTRY.get(noun)
    if resource is None:
        raise Invalid({"noun": [_("There are no lists of “{noun}”.").format(noun=noun)]})
    by.require(resource.verb("see"))
    return resource.for_actor(by)


def _checked(resource: Resource, values: Mapping[str, Any], by: Actor) -> dict[str, Any]:
    """The values as they are stored, where every one of them is of this noun and within the actor's rights."""
    checked = dict(values)
    if "name" in values:
        checked["name"] = " ".join(values["name"].split()) if isinstance(values["name"], str) else ""
        if not checked["name"] or len(checked["name"]) > 80:
            raise Invalid({"name": [_("A view needs a name of at most 80 characters.")]})
    if "params" in values:
        checked["params"] = _checked_params(resource, values["params"], by)
    if "sort" in values:
        if not isinstance(values["sort"], str) or len(values["sort"]) > 200:
            raise Invalid({"sort": [_("Keys of columns are needed here, separated by commas.")]})
        in_order(resource.rows(by), resource, sort=values["sort"])
    if "columns" in values:
        keys = values["columns"]
        if not isinstance(keys, (list, tuple)) or not all(
            isinstance(key, str) and key in resource.by_key for key in keys
        ):
            raise Invalid(
                {
                    "columns": [
                        _("Keys of columns of {label_plural} are needed here.").format(
                            label_plural=inside(resource.label_plural)
                        )
                    ]
                }
            )
        checked["columns"] = list(dict.fromkeys(keys))
    if "widths" in values:
        checked["widths"] = checked_widths(resource, values["widths"])
    if "scope" in values:
        checked |= _checked_scope(values["scope"], by)
    if "opens_for" in values:
        checked["opens_for"] = _checked_roles(values["opens_for"], by)
    return checked


def checked_widths(resource: Resource, widths: Any) -> dict[str, int]:
    """Widths of columns in pixels, as they are stored.

    Raises:
        Invalid: not a number from the narrowest to the widest for each column.
    """
    if not isinstance(widths, Mapping) or not all(
        key in resource.by_key and type(width) is int and NARROWEST <= width <= WIDEST for key, width in widths.items()
    ):
        raise Invalid(
            {
                "widths": [
                    _("Pixels from {narrowest} to {widest} for each column are needed here.").format(
                        narrowest=NARROWEST, widest=WIDEST
                    )
                ]
            }
        )
    return dict(widths)


def _checked_params(resource: Resource, params: Any, by: Actor) -> dict[str, str]:
    if not isinstance(params, Mapping) or not all(isinstance(v, str) for v in params.values()):
        raise Invalid({"params": [_("Parameters of a list and their text are needed here.")]})
    of_pages = {"q", "group", "filter", *resource.besides, *([AS] if resource.board_path else [])}
    unknown = [k for k in params if k not in of_pages and k.partition("__")[0] not in resource.by_key]
    if unknown:
        raise Invalid(
            {
                name: [
                    _("{label_plural} have no parameter “{name}”.").format(
                        label_plural=resource.label_plural, name=name
                    )
                ]
                for name in unknown
            }
        )
    if sum(len(key) + len(value) for key, value in params.items()) > MOST_CHARACTERS:
        raise Invalid({"params": [_("This is more than a view can hold.")]})
    if params.get("group"):
        grouped_by(resource, params["group"])
    filtered(resource, by, tree_from_params(params, resource.by_key))  # refuses what no list would take
    return {key: value for key, value in params.items() if value != ""}


def _checked_scope(scope: Any, by: Actor) -> dict[str, Any]:
    if not isinstance(scope, str) or scope not in ListView.Scope.values:
        raise Invalid({"scope": [_("One of {values} is needed here.").format(values=", ".join(ListView.Scope.values))]})
    if scope == ListView.Scope.EVERYBODY:
        by.require(PUBLISH)
    if scope == ListView.Scope.TEAM and by.team_id is None:
        raise Invalid({"scope": [_("You belong to no team. Ask an administrator to put you into one.")]})
    return {"scope": scope, "team_id": by.team_id if scope == ListView.Scope.TEAM else None}


def _checked_roles(roles: Any, by: Actor) -> list[str]:
    known = dict(installation().roles)
    if not isinstance(roles, (list, tuple)) or not all(isinstance(role, str) and role in known for role in roles):
        raise Invalid({"opens_for": [_("Codes of roles are needed here.")]})
    if roles:
        by.require(PUBLISH)
    return list(dict.fromkeys(roles))
