"""The list of a noun: its rows, views, heads and columns, and the page that shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _

from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.platform.lists.kept import SAVE, KeptView, start_of
from headwater.platform.paging import COUNT_LIMIT, Page, page_of
from headwater.platform.resource import Column, Command, Resource
from headwater.platform.search.finding import similar
from headwater.web import chips
from headwater.web.http import Request, is_htmx, render, resource_of
from headwater.web.layout import offered_columns, shown_columns, steps_of, widths_of
from headwater.web.liststate import ListState, address, state_of

MOST_SIMILAR = 5


def listing(request: Request, slug: str) -> HttpResponse:
    """The list of a noun, or for htmx the region that changes with filters, sort and page."""
    resource = resource_of(slug, request)
    state = state_of(resource, request.GET.dict(), request.path, request.actor)
    start = start_of(resource, request.actor, state.layout.start_view) if not request.GET else ""
    if start:
        return HttpResponseRedirect(address(request.path, {"view": start}))
    is_part = is_htmx(request) and request.headers.get("HX-Target") != "main"  # after a write the whole list comes anew
    return render(request, "web/list.html#region" if is_part else "web/list.html", list_context(request, state))


def counts(request: Request, slug: str) -> HttpResponse:
    """How many rows each saved view has; asked for after the list is there, never counted beyond the limit."""
    resource = resource_of(slug, request)
    state = state_of(resource, request.GET.dict(), request.path.removesuffix("/counts"), request.actor)
    tabs = [{**tab, "count": _tab_count(request, tab["state"])} for tab in _tabs(state)]
    return render(request, "web/list.html#tabs", {"tabs": tabs, "resource": resource, "state": state, "counted": True})


def list_context(request: Request, state: ListState) -> dict[str, Any]:
    """What the list's template needs."""
    resource, actor = state.resource, request.actor
    page = page_of(state.rows(request), resource, sort=state.order, cursor=state.cursor)
    shown = shown_columns(state)
    widths = steps_of(widths_of(state), shown)
    total = _total(request, state, page)
    return {
        "resource": resource,
        "state": state,
        "page": page,
        "columns": shown,
        "primary_column": next((column for column in shown if column.place == "primary"), shown[0]),
        "heads": [
            {**_head(state, column, page.sort), "width": width} for column, width in zip(shown, widths, strict=True)
        ],
        "is_fixed": any(widths),
        "offered": offered_columns(state),
        "tabs": _tabs(state),
        "kept": state.view if isinstance(state.view, KeptView) else None,
        "may_save": actor.user_id is not None and actor.may(SAVE),
        "spelled_url": address(f"/{resource.slug}", state.spelled()),
        "reset_url": address(state.path, {"view": state.key}),
        "everything_url": address(state.path, {"view": "all"}),
        "is_start": (start_of(resource, actor, state.layout.start_view) or "all") == state.key,
        "chips": chips.chips_of(state, actor),
        "active": chips.active_of(state, actor),
        "filterable": [column for column in resource.columns if column.filterable],
        "bulk": bulk_commands(request, resource),
        "summary": _summary(resource, len(page.rows), total),
        "total": total,
        "total_words": _spoken_count(total),
        "is_filtered": bool(state.conditions or state.search),
        "query": urlencode(state.params()),
        "record_query": urlencode({"in": urlencode(state.params())}) if state.params() else "",
        "previous_url": _page_url(state, page.previous),
        "next_url": _page_url(state, page.next),
        "may_export": actor.may(resource.verb("export")),
        "may_create": resource.create is not None and actor.may(resource.create.verb),
        "may_import": resource.importer is not None and actor.may(resource.importer.verb),
        **_search_notes(request, state, page),
        "now": now(),
    }


def _search_notes(request: Request, state: ListState, page: Page) -> dict[str, Any]:
    """What to say about a search: names like what was typed where nothing was found, and what is not indexed yet."""
    if state.found is None:
        return {}
    noun, alike = state.resource.key, []
    if not page.rows and not state.cursor:
        rows = state.resource.rows(request.actor)
        alike = similar({noun: state.resource}, {noun: rows}, state.found.words, MOST_SIMILAR)
    return {"similar": [row for _, row in alike], "is_behind": state.found.is_partial}


def bulk_commands(request: Request, resource: Resource) -> list[Command]:
    """What can be done with many rows at once."""
    return [c for c in resource.commands if c.run_many is not None and request.actor.may(c.verb)]


def _tabs(state: ListState) -> list[dict[str, Any]]:
    resource = state.resource
    has_all = any(view.key == "all" for view in resource.views)
    tabs = []
    present = state.view or next((view for view in resource.views if view.key == "all"), None)
    for view in (*state.views, *(() if has_all else (None,))):
        plain = ListState(
            resource=resource, actor=state.actor, view=view, own={}, search=view.params.get("q", "") if view else "",
            columns=state.columns if view == present else "", path=state.path, everything=view is None and not has_all,
        )  # fmt: skip
        tabs.append(
            {
                "key": plain.key,
                "label": view.label if view else _("All"),
                "url": plain.url(),
                "current": view == present,
                "edited": view == present and state.is_edited,
                "shared": isinstance(view, KeptView) and view.is_shared,
                "state": plain,
            }
        )
    return tabs


def _tab_count(request: Request, state: ListState) -> str:
    """How many rows a view has; nothing where a saved one does not fit its list any more: a column may have gone."""
    try:
        return _spoken_count(state.count(request))
    except Invalid:
        return ""


def _head(state: ListState, column: Column, sorted_by: str) -> dict[str, Any]:
    """A column's head: its word, and for a sortable one the link that sorts by it, the other way round if it does."""
    first = sorted_by.split(",")[0]
    direction = "" if first.lstrip("-") != column.key else "descending" if first.startswith("-") else "ascending"
    ordered = {"ascending": f"-{column.key}", "descending": column.key}.get(direction, column.key)
    return {"column": column, "direction": direction, "url": state.url(sort=ordered) if column.sortable else ""}


def _total(request: Request, state: ListState, page: Page) -> int:
    """How many rows the list has; one that fits on its page is not counted again."""
    if page.next is None and page.previous is None:
        return len(page.rows)
    return state.count(request)


def _spoken_count(count: int) -> str:
    return f"{COUNT_LIMIT:,}+" if count > COUNT_LIMIT else f"{count:,}"


def _summary(resource: Resource, shown: int, total: int) -> str:
    words = {"shown": f"{shown:,}", "total": f"{min(total, COUNT_LIMIT):,}", "nouns": resource.label_plural.lower()}
    if total > COUNT_LIMIT:
        return _("%(shown)s of more than %(total)s %(nouns)s") % words
    if total == shown:
        return f"{total:,} {(resource.label if total == 1 else resource.label_plural).lower()}"
    return _("%(shown)s of %(total)s %(nouns)s") % words


def _page_url(state: ListState, cursor: str | None) -> str:
    return state.url(cursor=cursor) if cursor else ""


def chosen_ids(request: Request, resource: Resource, *, ids: Iterable[str], query: str, everything: bool) -> list[int]:
    """The rows a bulk step is about: those ticked, or all that match the list; only what the actor may see.

    Raises:
        Invalid: none.
    """
    if everything:
        rows = state_of(resource, QueryDict(query).dict(), "", request.actor).rows(request)
    else:
        ticked = [int(pk) for pk in ids if pk.isdecimal() and len(pk) < 19]  # a longer one is no id of ours
        rows = resource.rows(request.actor).filter(pk__in=ticked)
    found = list(rows.order_by("pk").values_list("pk", flat=True))
    if not found:
        raise Invalid({"ids": [_("Choose at least one row first.")]})
    return found
