"""What the address of a list says: view, conditions, words, order and columns, and addresses of lists like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from headwater.platform.errors import NotFound
from headwater.platform.filter import Tree, tree_from_params
from headwater.platform.resource import COUNT_LIMIT, Resource, Rows, SavedView, count_up_to, filtered
from headwater.platform.search.finding import Found, find
from headwater.web.http import Request


@dataclass(frozen=True)
class ListState:
    """A list as its address describes it. Whatever is shown, counted, exported or changed in bulk comes from here.

    ``conditions`` are those of the saved view overlaid with the address's own; an empty value there takes one of
    the view's away.
    """

    resource: Resource
    view: SavedView | None
    own: Mapping[str, str]
    search: str = ""
    sort: str = ""
    columns: str = ""
    cursor: str = ""
    path: str = field(default="", compare=False)

    @cached_property
    def conditions(self) -> dict[str, str]:
        """Every condition that holds: parameter and value."""
        joined = {**(self.view.params if self.view else {}), **self.own}
        return {key: value for key, value in joined.items() if value != ""}

    @property
    def order(self) -> str:
        """The sort that holds."""
        return self.sort or (self.view.sort if self.view else "") or self.resource.default_order

    @property
    def is_edited(self) -> bool:
        """Whether it is a saved view with something changed."""
        return self.view is not None and bool(self.own or self.search)

    @cached_property
    def tree(self) -> Tree:
        """The conditions as a filter tree."""
        return tree_from_params(self.conditions, self.resource.by_key)

    def params(self, *, cursor: str = "") -> dict[str, str]:
        """The parameters that describe this list, without its page unless given."""
        told = {"view": self.view.key if self.view else "", "q": self.search, "sort": self.sort, "cols": self.columns}
        return {**self.own, **{key: value for key, value in {**told, "cursor": cursor}.items() if value}}

    def url(self, **changes: str) -> str:
        """This list with other conditions (``stage="NEW"``, ``stage=""``), ``q`` or ``sort``; on its first page."""
        told = {key: value for key, value in changes.items() if key in ("q", "sort", "cursor", "cols")}
        wanted = {**self.conditions, **{k: v for k, v in changes.items() if k not in told}}
        base = self.view.params if self.view else {}
        own = {
            key: wanted.get(key, "")
            for key in [*base, *(k for k in wanted if k not in base)]
            if wanted.get(key, "") != base.get(key, "")
        }
        params = {**self.params(), **told}
        rest = {k: params[k] for k in ("view", "q", "sort", "cols", "cursor") if params.get(k)}
        return address(self.path, {**rest, **own})

    def rows(self, request: Request) -> Rows:
        """The rows of this list, unordered and uncut."""
        searched = self.found if self.found is not None else ""
        return filtered(self.resource, request.actor, self.tree, search=searched, zone=request.company.zone)

    def count(self, request: Request) -> int:
        """How many rows it has, never counted beyond the limit."""
        rows = filtered(self.resource, request.actor, self.tree, zone=request.company.zone)
        return count_up_to(rows) if self.found is None else self.found.count_among(rows, COUNT_LIMIT)

    @cached_property
    def found(self) -> Found | None:
        """What the words of the search find, asked for once for rows and count; None without words."""
        return find(self.resource, self.search) if self.search else None


def state_of(resource: Resource, params: Mapping[str, str], path: str) -> ListState:
    """Read an address. Parameters that mean nothing here are ignored: links carry marks of their own.

    Raises:
        NotFound: the saved view is gone.
    """
    view = next((v for v in resource.views if v.key == params.get("view")), None)
    if params.get("view") and view is None:
        raise NotFound(_("This view does not exist any more."))
    own = {key: value for key, value in params.items() if key == "filter" or key.partition("__")[0] in resource.by_key}
    return ListState(
        resource=resource,
        view=view,
        own=own,
        search=params.get("q", "").strip(),
        sort=params.get("sort", ""),
        columns=params.get("cols", ""),
        cursor=params.get("cursor", ""),
        path=path,
    )


def address(path: str, params: Mapping[str, str]) -> str:
    """``path`` with ``params`` behind it, commas left readable."""
    return f"{path}?{urlencode(params, safe=',')}" if params else path
