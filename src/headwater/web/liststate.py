"""What the address of a list says: view, conditions, words, order, groups and columns, and addresses like it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote_plus, urlencode

from django.utils.translation import gettext as _

from headwater.platform.actor import Actor
from headwater.platform.clock import now
from headwater.platform.errors import Conflict
from headwater.platform.filter import Tree, tree_from_params
from headwater.platform.lists.kept import AS, BOARD, KeptView, view_of, views_of
from headwater.platform.lists.layout import layout_of
from headwater.platform.models import ListLayout
from headwater.platform.paging import COUNT_LIMIT, count_up_to
from headwater.platform.resource import Resource, Rows, SavedView, filtered
from headwater.platform.search.finding import Found, find
from headwater.web.http import Request
from headwater.web.notation import reading_days

_ANY = "any-value"  # stands for one in an address


@dataclass(frozen=True)
class ListState:
    """A list as its address describes it. Whatever is shown, counted, exported or changed in bulk comes from here.

    ``conditions`` are those of the saved view overlaid with the address's own; an empty value there takes one of
    the view's away. ``everything``: the address says that no view is meant, not even the one the reader begins with.
    ``besides`` are filters of a board that no column tells.
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
    besides: Mapping[str, str] = field(default_factory=dict)

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

    @cached_property
    def _base(self) -> dict[str, str]:
        """The view's own conditions."""
        apart = {AS, *self._told_by_view}
        return {k: value for k, value in self.view.params.items() if k not in apart} if self.view else {}

    @property
    def _told(self) -> dict[str, str]:
        """What the address tells of the rows that is no condition."""
        return {"q": self.search, "group": self.group, **self.besides}

    @cached_property
    def _told_by_view(self) -> dict[str, str]:
        """The same of the saved view."""
        params = self.view.params if self.view else {}
        return {key: params.get(key, "") for key in ("q", "group", *self.resource.besides)}

    @property
    def is_board(self) -> bool:
        """Whether it is the noun's board that is described."""
        return bool(self.path) and self.path == self.resource.board_path

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
        has_other_words = any(text != self._told_by_view[key] for key, text in self._told.items())
        return bool(self.own) or has_other_words or has_other_order or has_other_columns

    @cached_property
    def tree(self) -> Tree:
        """The conditions as a filter tree."""
        return tree_from_params(self.conditions, self.resource.by_key)

    @property
    def holds_its_view(self) -> bool:
        """Whether its rows are those of its tab, in whichever order, groups and columns."""
        apart = [key for key in self._told if key != "group" and self._told[key] != self._told_by_view[key]]
        return not self.own and not apart

    def params(self, *, cursor: str = "") -> dict[str, str]:
        """The parameters that describe this list, without its page unless given."""
        view = self.key if self.view or self.everything else ""
        told = {"view": view, "q": self.search, "sort": self.sort, "group": self.group, "cols": self.columns}
        told |= self.besides
        based = self._told_by_view
        kept = {
            key: value
            for key, value in {**told, "cursor": cursor}.items()
            if (value != based[key] if key in based else value)
        }
        return {**self.own, **kept}

    @property
    def query(self) -> str:
        """The same as a query for what is asked about this page elsewhere: counts, the filter, a view to save."""
        return urlencode({**({AS: BOARD} if self.is_board else {}), **self.params()})

    def spelled(self) -> dict[str, str]:
        """The parameters that say the same to somebody who does not have the view."""
        told = {"view": "" if self.view else "all", "q": self.search, "sort": self.order, "group": self.group}
        told |= {"cols": self.columns, **self.besides}
        return {**self.conditions, **{key: value for key, value in told.items() if value}}

    def url(self, **changes: str) -> str:
        """This list with other conditions (``stage="NEW"``, ``stage=""``), words, order or groups; from its top."""
        apart = ("q", "sort", "group", "cols", "cursor", *self.besides)
        told = {key: value for key, value in changes.items() if key in apart}
        wanted = {**self.conditions, **{k: v for k, v in changes.items() if k not in told}}
        base = self._base
        own = {
            key: wanted.get(key, "")
            for key in [*base, *(k for k in wanted if k not in base)]
            if wanted.get(key, "") != base.get(key, "")
        }
        params = {**self.params(), **told}
        rest = {k: params[k] for k in ("view", *apart) if params.get(k)}
        for key, based in self._told_by_view.items():
            if params.get(key) == "" and based:
                rest[key] = ""
        return address(self.path, {**rest, **own})

    def urls(self, key: str, values: Iterable[str], **besides: str) -> Iterator[str]:
        """This list with each of these values of one condition: what they have in common is put together once."""
        base = self._base.get(key, "")
        common, told = self.url(**{key: _ANY, **besides}), f"{key}={_ANY}"
        at = max(common.find(mark + told) for mark in "?&") + 1
        before, after = common[:at], common[at + len(told) :]
        for value in values:
            if value in ("", base):  # which the address leaves out
                yield self.url(**{key: value, **besides})
            else:
                yield f"{before}{key}={quote_plus(value, safe=',')}{after}"

    def rows(self, request: Request) -> Rows:
        """The rows of this list, unordered and uncut."""
        return self._matching(request, self.found if self.found is not None else "")

    def count(self, request: Request) -> int:
        """How many rows it has, never counted beyond the limit."""
        rows = self._matching(request, "")
        return count_up_to(rows) if self.found is None else self.found.count_among(rows, COUNT_LIMIT)

    def _matching(self, request: Request, searched: Found | str) -> Rows:
        """The rows that its conditions leave; of a board that is a page of its room those that stand on it."""
        tree = tree_from_params({**self.conditions, **self.always}, self.resource.by_key)
        rows = filtered(self.resource, request.actor, tree, search=searched, **reading_days())
        board = self.resource.board if self.is_board else None
        return board.narrow(rows, self.besides, request.actor, now()) if board is not None else rows

    def count_all(self, request: Request) -> int:
        """How many rows it has, however many; only where somebody asks for it."""
        return self.rows(request).order_by().values("pk").count()

    @property
    def always(self) -> Mapping[str, str]:
        """What holds of whatever its board shows, whichever view it is narrowed by."""
        board = self.resource.board if self.is_board else None
        start = next((view for view in self.resource.views if board and view.key == board.start), None)
        return start.params if start is not None else {}

    @cached_property
    def found(self) -> Found | None:
        """What the words of the search find, asked for once for rows and count; None without words."""
        return find(self.resource, self.search, by=self.actor, sort=self.order) if self.search else None


def unknown_in(resource: Resource, params: Mapping[str, str]) -> list[str]:
    """Those of the parameters that mean nothing here, such as conditions on a column that is gone by now."""
    known = {"view", "q", "sort", "group", "cols", "cursor", "filter", AS, *resource.besides}
    return [name for name in params if name not in known and name.partition("__")[0] not in resource.by_key]


def state_of(resource: Resource, params: Mapping[str, str], path: str, actor: Actor) -> ListState:
    """Read an address. Parameters that mean nothing here are ignored: links carry marks of their own.

    Raises:
        NotFound: the view is gone, or somebody else's.
    """
    is_board = bool(path) and path == resource.board_path
    key = params.get("view", "")
    if is_board and resource.board is not None and key in ("", "all"):
        key = resource.board.start
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
        besides={name: params.get(name, base.get(name, "")) for name in resource.besides if is_board},
    )


def state_for_all(resource: Resource, params: Mapping[str, str], actor: Actor) -> ListState:
    """The same for what is done with every row of it: nothing is, rather than with more rows than were meant.

    Raises:
        Conflict: a column it is narrowed by is gone since.
        NotFound: the view is gone, or somebody else's.
    """
    if unknown_in(resource, params):
        raise Conflict(_("A column of this filter is gone by now. Load the list again, then choose."))
    state = state_of(resource, params, path_of(resource, params), actor)
    if state.view is not None and unknown_in(resource, state.view.params):
        raise Conflict(_("A column that this view filters by is gone by now. Save the view without it first."))
    return state


def path_of(resource: Resource, params: Mapping[str, str]) -> str:
    """The page that parameters are about: the noun's board where they say so, else its list."""
    return resource.board_path if params.get(AS) == BOARD and resource.board_path else f"/{resource.slug}"


def home_of(resource: Resource, view: SavedView | None) -> str:
    """The page a saved view opens on by itself: the board it was saved on, else the list."""
    return resource.board_path if isinstance(view, KeptView) and view.is_board else f"/{resource.slug}"


def address(path: str, params: Mapping[str, str]) -> str:
    """``path`` with ``params`` behind it, commas left readable."""
    return f"{path}?{urlencode(params, safe=',')}" if params else path
