"""What the address of a list says: view, conditions, words, order, groups and columns, and addresses like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlencode

from headwater.platform.actor import Actor
from headwater.platform.filter import Tree, tree_from_params
from headwater.platform.lists.kept import view_of, views_of
from headwater.platform.lists.layout import layout_of
from headwater.platform.models import ListLayout
from headwater.platform.paging import COUNT_LIMIT, count_up_to
from headwater.platform.resource import Resource, Rows, SavedView, filtered
from headwater.platform.search.finding import Found, find
from headwater.web.http import Request
from headwater.web.notation import reading_days

TOLD_APART = ("q", "group")  # of what a view holds, these are no conditions


@dataclass(frozen=True)
class ListState:
    """A list as its address describes it. Whatever is shown, counted, exported or changed in bulk comes from here.

    ``conditions`` are those of the saved view overlaid with the address's own; an empty value there takes one of
    the view's away. ``everything``: the address says that no view is meant, not even the one the reader begins with.
    """

    resource: Resource
    actor: Actor = field(compare=False)
    view: SavedView | None
    own: Mapping[str, str]
    search: str = ""
    sort: str = ""
    group: str = ""
    columns: str = ""
    cursor: str = ""
    path: str = field(default="", compare=False)
    everything: bool = False

    @cached_property
    def layout(self) -> ListLayout:
        """How the reader likes to see lists of this noun."""
        return layout_of(self.resource, self.actor)

    @cached_property
    def views(self) -> list[SavedView]:
        """The views the reader sees as tabs, in their order."""
        return views_of(self.resource, self.actor, self.layout.tab_order)

    @property
    def key(self) -> str:
        """The key of its tab."""
        return self.view.key if self.view else "all"

    @cached_property
    def conditions(self) -> dict[str, str]:
        """Every condition that holds: parameter and value."""
        joined = {**self._base, **self.own}
        return {key: value for key, value in joined.items() if value != ""}

    @property
    def _base(self) -> dict[str, str]:
        """The view's own conditions."""
        return {k: value for k, value in self.view.params.items() if k not in TOLD_APART} if self.view else {}

    @property
    def _base_search(self) -> str:
        return self.view.params.get("q", "") if self.view else ""

    @property
    def _base_group(self) -> str:
        return self.view.params.get("group", "") if self.view else ""

    @property
    def order(self) -> str:
        """The sort that holds."""
        return self.sort or (self.view.sort if self.view else "") or self.resource.default_order

    @property
    def is_edited(self) -> bool:
        """Whether it is a saved view with something changed."""
        if self.view is None:
            return False
        has_other_order = bool(self.sort) and self.sort != (self.view.sort or self.resource.default_order)
        has_other_columns = bool(self.columns) and self.columns.split(",") != list(self.view.columns)
        has_other_words = self.search != self._base_search or self.group != self._base_group
        return bool(self.own) or has_other_words or has_other_order or has_other_columns

    @cached_property
    def tree(self) -> Tree:
        """The conditions as a filter tree."""
        return tree_from_params(self.conditions, self.resource.by_key)

    def params(self, *, cursor: str = "") -> dict[str, str]:
        """The parameters that describe this list, without its page unless given."""
        view = self.key if self.view or self.everything else ""
        told = {"view": view, "q": self.search, "sort": self.sort, "group": self.group, "cols": self.columns}
        based = {"q": self._base_search, "group": self._base_group}
        kept = {
            key: value
            for key, value in {**told, "cursor": cursor}.items()
            if (value != based[key] if key in based else value)
        }
        return {**self.own, **kept}

    def spelled(self) -> dict[str, str]:
        """The parameters that say the same to somebody who does not have the view."""
        told = {"view": "" if self.view else "all", "q": self.search, "sort": self.order, "group": self.group}
        told["cols"] = self.columns
        return {**self.conditions, **{key: value for key, value in told.items() if value}}

    def url(self, **changes: str) -> str:
        """This list with other conditions (``stage="NEW"``, ``stage=""``), words, order or groups; from its top."""
        told = {key: value for key, value in changes.items() if key in ("q", "sort", "group", "cursor", "cols")}
        wanted = {**self.conditions, **{k: v for k, v in changes.items() if k not in told}}
        base = self._base
        own = {
            key: wanted.get(key, "")
            for key in [*base, *(k for k in wanted if k not in base)]
            if wanted.get(key, "") != base.get(key, "")
        }
        params = {**self.params(), **told}
        rest = {k: params[k] for k in ("view", "q", "sort", "group", "cols", "cursor") if params.get(k)}
        for key, based in (("q", self._base_search), ("group", self._base_group)):
            if params.get(key) == "" and based:
                rest[key] = ""
        return address(self.path, {**rest, **own})

    def rows(self, request: Request) -> Rows:
        """The rows of this list, unordered and uncut."""
        searched = self.found if self.found is not None else ""
        return filtered(self.resource, request.actor, self.tree, search=searched, **reading_days())

    def count(self, request: Request) -> int:
        """How many rows it has, never counted beyond the limit."""
        rows = filtered(self.resource, request.actor, self.tree, **reading_days())
        return count_up_to(rows) if self.found is None else self.found.count_among(rows, COUNT_LIMIT)

    def count_all(self, request: Request) -> int:
        """How many rows it has, however many; only where somebody asks for it."""
        return self.rows(request).order_by().values("pk").count()

    @cached_property
    def found(self) -> Found | None:
        """What the words of the search find, asked for once for rows and count; None without words."""
        return find(self.resource, self.search) if self.search else None


def state_of(resource: Resource, params: Mapping[str, str], path: str, actor: Actor) -> ListState:
    """Read an address. Parameters that mean nothing here are ignored: links carry marks of their own.

    Raises:
        NotFound: the view is gone, or somebody else's.
    """
    key = params.get("view", "")
    everything = key == "all" and not any(view.key == "all" for view in resource.views)
    view = view_of(resource, actor, key) if key and not everything else None
    own = {
        name: value for name, value in params.items() if name == "filter" or name.partition("__")[0] in resource.by_key
    }
    base = view.params if view else {}
    search = params.get("q", base.get("q", ""))
    return ListState(
        resource=resource,
        actor=actor,
        view=view,
        own=own,
        search=search.strip(),
        sort=params.get("sort", ""),
        group=params.get("group", base.get("group", "")),
        columns=params.get("cols", ""),
        cursor=params.get("cursor", ""),
        path=path,
        everything=everything,
    )


def address(path: str, params: Mapping[str, str]) -> str:
    """``path`` with ``params`` behind it, commas left readable."""
    return f"{path}?{urlencode(params, safe=',')}" if params else path
