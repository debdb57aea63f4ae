"""The list of a noun: its rows, views, heads and columns, and the page that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.platform.files_out import FORMATS
from headwater.platform.lists.kept import SAVE, KeptView, start_among
from headwater.platform.paging import Page, page_of
from headwater.platform.resource import Command, Resource
from headwater.platform.search.finding import similar
from headwater.platform.values import row_id
from headwater.web import chips, grouping, sorting
from headwater.web.http import Request, is_htmx, page_or_part, render, resource_of
from headwater.web.layout import offered_columns, shown_columns, steps_of, widths_of
from headwater.web.liststate import ListState, address, home_of, path_of, state_for_all, state_of, unknown_in
from headwater.web.totals import awaited, counts_exactly, spoken_count, totals_context

MOST_SIMILAR = 5


def listing(request: Request, slug: str) -> HttpResponse:
    """The list of a noun, or for htmx the region that changes with filters, sort and page."""
    resource = resource_of(slug, request)
    state = state_of(resource, request.GET.dict(), request.path, request.actor)
    start = start_among(state.views, request.actor, state.layout.start_view) if not request.GET else ""
    if start:
        view = next((view for view in state.views if view.key == start), None)
        return HttpResponseRedirect(address(home_of(resource, view), {"view": start}))
    return page_or_part(request, "web/list.html", list_context(request, state))


@require_safe
def without_slash(request: Request, slug: str) -> HttpResponse:
    """A list whose address was typed with a slash at its end."""
    return HttpResponsePermanentRedirect(f"/{slug}{'?' * bool(request.GET)}{request.META.get('QUERY_STRING', '')}")


def counts(request: Request, slug: str) -> HttpResponse:
    """How many rows each saved view has; asked for after the list is there, never counted beyond the limit."""
    resource = resource_of(slug, request)
    params = request.GET.dict()
    state = state_of(resource, params, path_of(resource, params), request.actor)
    tabs = [{**tab, "count": _tab_count(request, tab["state"])} for tab in tabs_of(state)]
    return render(request, "web/bar.html#tabs", {"tabs": tabs, "resource": resource, "state": state, "counted": True})


def totals(request: Request, slug: str) -> HttpResponse:
    """How many rows the list has and what its amounts come to; asked for after it is there, or with it as a page."""
    resource = resource_of(slug, request)
    state = state_of(resource, request.GET.dict(), request.path.removesuffix("/totals"), request.actor)
    told = totals_context(request, state)
    if not is_htmx(request):
        return render(request, "web/list.html", {**list_context(request, state), **told, "totals_url": ""})
    context = {"resource": resource, "state": state, "bulk": bulk_commands(request, resource), **told}
    if counts_exactly(request):  # every number of the list, and of its tab
        column = grouping.column_of(state)
        context["group_counts"] = grouping.exact_counts(request, state, column) if column else {}
        context["is_tab"] = state.holds_its_view
    return render(request, "web/list_totals.html", context)


def group(request: Request, slug: str) -> HttpResponse:
    """The next rows of one group of a list."""
    resource = resource_of(slug, request)
    state = state_of(resource, request.GET.dict(), request.path.removesuffix("/group"), request.actor)
    column = grouping.column_of(state)
    if column is None or not is_htmx(request):
        return HttpResponseRedirect(state.url(cursor=""))
    context = {**row_context(request, state), **grouping.more_of(request, state, column)}
    return render(request, "web/list_groups.html#more", context)


def list_context(request: Request, state: ListState) -> dict[str, Any]:
    """What the list's template needs."""
    resource, actor = state.resource, request.actor
    grouped = grouping.column_of(state)
    groups = grouping.groups_shown(request, state, grouped) if grouped else []
    in_rows = row_context(request, state)
    shown = in_rows["columns"]
    page = None
    if not grouped:
        rows, reach = state.rows(request), resource.reach(actor)
        page = page_of(rows, resource, sort=state.order, cursor=state.cursor, by=actor, reach=reach, columns=shown)
    widths = steps_of(widths_of(state), shown)
    return {
        **in_rows,
        "page": page or Page(rows=[]),
        "grouped": grouped,
        "groups": groups,
        "has_rows": bool(groups or (page and page.rows)),
        "heads": [
            {**sorting.head(state, column, state.order), "width": width}
            for column, width in zip(shown, widths, strict=True)
        ],
        "is_fixed": any(widths),
        "offered": offered_columns(state, shown),
        "sort_menu": sorting.menu(state),
        "group_menu": grouping.menu(state),
        "ungrouped_url": state.url(group=""),
        **bar_context(state),
        "board_url": address(resource.board_path, params_of_board(state)) if resource.board_path else "",
        "filterable": [column for column in resource.columns if column.filterable],
        "is_filtered": bool(state.conditions or state.search),
        "previous_url": _page_url(state, page.previous) if page else "",
        "next_url": _page_url(state, page.next) if page else "",
        "may_create": resource.create is not None and actor.may(resource.create.verb),
        "may_import": resource.importer is not None and actor.may(resource.importer.verb),
        **awaited(state, page, shown),
        **_search_notes(request, state, is_empty=not groups and not (page and page.rows)),
    }


def bar_context(state: ListState, *, leaves_out: Sequence[str] = ()) -> dict[str, Any]:
    """What stands above a list or board: saved views as tabs, what can be done with them, search, filters and files.

    Columns it ``leaves_out`` have no chip.
    """
    actor = state.actor
    return {
        "tabs": tabs_of(state),
        "kept": state.view if isinstance(state.view, KeptView) else None,
        "may_save": actor.user_id is not None and actor.may(SAVE),
        "spelled_url": address(state.path, state.spelled()),
        "reset_url": address(state.path, {"view": state.key}),
        "everything_url": address(state.path, {"view": "all"}),
        "is_start": (start_among(state.views, actor, state.layout.start_view) or "all") == state.key,
        "chips": chips.chips_of(state, actor, leaves_out),
        "active": chips.active_of(state, actor, leaves_out),
        "lacks_column": state.view is not None and bool(unknown_in(state.resource, state.view.params)),
        "formats": list(FORMATS.values()) if actor.may(state.resource.verb("export")) else [],
        "query": state.query,
    }


def params_of_board(state: ListState) -> dict[str, str]:
    """The list's parameters as its board takes them: without what only a table has."""
    return {key: value for key, value in state.params().items() if key not in ("group", "cols")}


def row_context(request: Request, state: ListState) -> dict[str, Any]:
    """What the rows of a list need to be shown."""
    columns, params = shown_columns(state), state.params()
    bulk = bulk_commands(request, state.resource)
    return {
        "resource": state.resource,
        "state": state,
        "columns": columns,
        "primary_column": next((column for column in columns if column.place == "primary"), columns[0]),
        "bulk": bulk,
        "width": len(columns) + bool(bulk),
        "record_query": urlencode({"in": urlencode(params)}) if params else "",
        "now": now(),
    }


def _search_notes(request: Request, state: ListState, *, is_empty: bool) -> dict[str, Any]:
    """What to say about a search: names like what was typed where nothing was found, and what is not indexed yet."""
    if state.found is None:
        return {}
    noun, alike = state.resource.key, []
    if is_empty and not state.cursor:
        rows = state.resource.rows(request.actor)
        alike = similar({noun: state.resource}, {noun: rows}, state.found.words, MOST_SIMILAR)
    return {"similar": [row for _, row in alike], "is_behind": state.found.is_partial}


def bulk_commands(request: Request, resource: Resource) -> list[Command]:
    """What can be done with many rows at once."""
    return [c for c in resource.commands if c.run_many is not None and request.actor.may(c.verb)]


def tabs_of(state: ListState) -> list[dict[str, Any]]:
    """The saved views as tabs above the list or board. One that was saved on the board leads there."""
    resource = state.resource
    board = resource.board if state.is_board else None
    has_all = board is not None or any(view.key == "all" for view in resource.views)
    hidden = board.hides if board is not None else ()
    tabs = []
    present = state.view or next((view for view in resource.views if view.key == "all"), None)
    for view in (*state.views, *(() if has_all else (None,))):
        if view is not None and view.key in hidden and view != present:
            continue
        leads_to_board = isinstance(view, KeptView) and view.is_board
        path, home = resource.board_path if leads_to_board else state.path, f"/{resource.slug}"
        plain = ListState(
            resource=resource, actor=state.actor, view=view, own={}, search=view.params.get("q", "") if view else "",
            group=view.params.get("group", "") if view else "",
            columns=state.columns if view == present else "", path=path, everything=view is None and not has_all,
            besides={key: view.params.get(key, "") for key in resource.besides} if view and path != home else {},
        )  # fmt: skip
        tabs.append(
            {
                "key": plain.key,
                "label": view.label if view else _("All"),
                "url": plain.url(),
                "current": view == present,
                "edited": view == present and state.is_edited,
                "shared": isinstance(view, KeptView) and view.is_shared,
                "stays": path == state.path,
                "state": plain,
            }
        )
    return tabs


def _tab_count(request: Request, state: ListState) -> str:
    """How many rows a view has; nothing where a saved one does not fit its list any more: a column may have gone."""
    try:
        return spoken_count(state.count(request))
    except Invalid:
        return ""


def _page_url(state: ListState, cursor: str | None) -> str:
    return state.url(cursor=cursor) if cursor else ""


@dataclass(frozen=True)
class Chosen:
    """The rows a bulk step is about, as its form tells them: those ticked and whole columns of a board by their
    queries, or with ``everything`` all that match the list's or board's own, and no other that was ticked."""

    ids: Sequence[str]
    parts: Sequence[str]
    query: str
    everything: bool

    @classmethod
    def posted(cls, request: Request) -> Chosen:
        """What the form of a list or board sent."""
        told = request.POST
        return cls(told.getlist("ids"), told.getlist("parts"), told.get("query", ""), told.get("all") == "1")

    def rows(self, request: Request, resource: Resource) -> list[int]:
        """Their ids; only what the actor may see.

        Raises:
            Conflict: their filter names a column that is gone since: without it all rows would match.
            Invalid: none.
        """
        ticked = [pk for told in self.ids if (pk := row_id(told)) is not None]
        by_id = ticked and not self.everything
        among = [resource.rows(request.actor).filter(pk__in=ticked)] if by_id else []
        for query in {self.query} if self.everything else set(self.parts):
            state = state_for_all(resource, QueryDict(query).dict(), request.actor)
            among.append(state.rows(request))
        found = {pk for rows in among for pk in rows.order_by().values_list("pk", flat=True)}
        if not found:
            raise Invalid({"ids": [_("Choose at least one row first.")]})
        return sorted(found)
