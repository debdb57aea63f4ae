"""The record of a row: what it is, what rooms hang on it, what can be done with it."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict

from headwater.platform.clock import now
from headwater.platform.custom.reckoning import outcomes_of
from headwater.platform.errors import DomainError, NotFound
from headwater.platform.paging import neighbours
from headwater.platform.resource import Column, Command, Kind, Resource
from headwater.web.command import offered_commands
from headwater.web.deleted import gone_page
from headwater.web.fields import CURRENCY
from headwater.web.history import has_history, traced_by, value_history
from headwater.web.http import Request, is_htmx, render, resource_of, row_of
from headwater.web.liststate import ListState, path_of, state_of
from headwater.web.panel import Place, panels_for
from headwater.web.recent import remember

BUTTONS = 3


def record(request: Request, slug: str, pk: int) -> HttpResponse:
    """A row's page. ``in`` is the list it was opened from, for the way to the previous and the next one."""
    resource = resource_of(slug, request)
    try:
        row = row_of(resource, request, pk)
    except NotFound:
        gone = gone_page(request, resource, pk)
        if gone is None:
            raise
        return gone
    response = render(request, "web/record.html", record_context(request, resource, row))
    return remember(response, request, resource, row.pk)


def panel(request: Request, slug: str, pk: int, key: str) -> HttpResponse:
    """One panel of a record again, for panels that refresh themselves."""
    resource = resource_of(slug, request)
    row = row_of(resource, request, pk)
    moment = now()
    for hung in panels_for(resource.key, request.actor):
        if hung.key == key and is_htmx(request):
            found = hung.context(request.actor, row, moment)
            values = {"resource": resource, "row": row, "now": moment, **(found or {})}
            return render(request, hung.template, values) if found is not None else HttpResponse()
    return render(request, "web/record.html", record_context(request, resource, row))


def history(request: Request, slug: str, pk: int) -> HttpResponse:
    """What a value of the record was before (``field``), or all that changed in it; a dialog, or a page of its own."""
    resource = resource_of(slug, request)
    row = row_of(resource, request, pk)
    key = request.GET.get("field", "")[:200]
    found = value_history(resource, row, request.actor, key)
    values = {
        "resource": resource,
        "row": row,
        "history": found,
        "traced": traced_by(resource, row, key, request.actor) if key else None,
    }
    return render(request, "web/history.html#dialog" if is_htmx(request) else "web/history.html", values)


def record_context(request: Request, resource: Resource, row: Any) -> dict[str, Any]:
    """What the record's template needs."""
    moment = now()
    commands = offered_commands(resource, request, row)
    may_change = (
        resource.change is not None and request.actor.may(resource.change.verb) and resource.change.offered(row)
    )
    return {
        "resource": resource,
        "row": row,
        "title": resource.title(row),
        "subtitle": resource.subtitle(row),
        "buttons": commands[:BUTTONS],
        "more": commands[BUTTONS:],
        "may_change": may_change,
        **_details(resource, row, may_change),
        "extra": _extra(resource, row),
        "now": moment,
        **_panels(request, resource, row, moment),
        **_beside(request, resource, row),
    }


def _panels(request: Request, resource: Resource, row: Any, moment: Any) -> dict[str, Any]:
    shown: dict[str, list[tuple[str, dict[str, Any]]]] = {place: [] for place in get_args(Place)}
    for hung in panels_for(resource.key, request.actor):
        found = hung.context(request.actor, row, moment)
        if found is not None:
            shown[hung.place].append((hung.template, dict(found)))
    return {f"{place}_panels": panels for place, panels in shown.items()}


Detail = tuple[Column, str, bool, str]


def _details(resource: Resource, row: Any, may_change: bool) -> dict[str, list[Detail]]:
    """The columns with a value, and those without: what is not known is not in the way, but can be filled in.

    With each the field of the edit form it is changed by, whether it has a history, and why a formula gives nothing.
    """
    known: list[Detail] = []
    unknown: list[Detail] = []
    reasons = _reasons(resource, row)
    for column in resource.columns:
        field = _field_of(resource.change, column.key) if may_change else ""
        reason = reasons.get(column.key, "")
        if _is_said(column, row, resource):
            continue
        found = unknown if _is_nothing(column, row) and not reason else known
        found.append((column, field, has_history(row, column), reason))
    return {"details": known, "unknown": unknown}


def _is_said(column: Column, row: Any, resource: Resource) -> bool:
    """Whether another value of the record says it: the same moment, to the minute, as both are shown, or the currency
    that its amounts are shown in, changed with and remembered with."""
    if column.key == CURRENCY:
        return any(other.kind is Kind.MONEY for other in resource.columns)
    other = resource.by_key.get(column.same_as)
    if other is None:
        return False
    moment, said = column.of(row), other.of(row)
    return moment is None or (
        said is not None and moment.replace(second=0, microsecond=0) == said.replace(second=0, microsecond=0)
    )


def _is_nothing(column: Column, row: Any) -> bool:
    """Whether there is nothing to show; a *no* is something only where nothing would be possible as well."""
    value = column.of(row)
    return value in (None, "") or (value is False and not column.nullable)


def _reasons(resource: Resource, row: Any) -> dict[str, str]:
    """Why formulas give nothing for this record, such as where one divides by zero; asked only if one is empty."""
    if not any(column.is_reckoned and column.of(row) is None for column in resource.columns):
        return {}
    return {key: outcome.reason for key, outcome in outcomes_of(resource.key, row.pk).items() if outcome.reason}


def _extra(resource: Resource, row: Any) -> list[tuple[str, Any]]:
    """The columns of the imported file that have no place of their own."""
    kept = getattr(row, "extra", None) if resource.extra else None
    return sorted((str(k), v) for k, v in kept.items() if v not in (None, "")) if isinstance(kept, dict) else []


def _field_of(change: Command | None, key: str) -> str:
    """Which field of the edit form a column is changed by, if any."""
    fields = change.form.base_fields if change is not None else {}
    return next((name for name in (key, f"{key}_id") if name in fields), "")


def _beside(request: Request, resource: Resource, row: Any) -> dict[str, Any]:
    query = request.GET.get("in", "")
    try:
        params = QueryDict(query).dict()
        state = state_of(resource, params, path_of(resource, params), request.actor)
        before, after = neighbours(
            state.rows(request), resource, row, sort=state.order, reach=resource.reach(request.actor)
        )
    except DomainError:  # a link from a list that has changed: the record stands without its neighbours
        return {"list_url": f"/{resource.slug}", "previous_url": "", "next_url": ""}
    suffix = f"?{urlencode({'in': query})}" if query else ""
    return {
        "list_url": _list_url(state),
        "list_label": state.view.label if state.view else resource.label_plural,
        "previous_url": f"/{resource.slug}/{before}{suffix}" if before else "",
        "next_url": f"/{resource.slug}/{after}{suffix}" if after else "",
    }


def _list_url(state: ListState) -> str:
    return state.url()
