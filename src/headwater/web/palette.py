"""The command palette: records by what one remembers of them, actions on the record at hand, pages to go to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from headwater.platform.resource import REGISTRY, Resource, by_slug
from headwater.web.command import offered_commands
from headwater.web.http import Request, is_htmx, render
from headwater.web.nav import navigation

PER_NOUN = 5
SHORTEST = 2


@dataclass(frozen=True)
class Entry:
    """One line of the palette."""

    icon: str
    label: str
    url: str
    hint: str = ""
    keys: str = ""
    post: bool = False


@dataclass(frozen=True)
class EntryGroup:
    """Lines of one sort under their title."""

    title: str
    entries: list[Entry]


def search(request: Request) -> HttpResponse:
    """What the palette shows for what was typed; without script a page with the same lines."""
    query = request.GET.get("q", "").strip()[:200]
    path = urlsplit(request.GET.get("path") or request.headers.get("HX-Current-URL", "")).path
    found = [
        *_records(request, query),
        EntryGroup(_("On this record"), _matching(_actions_here(request, path), query)),
        EntryGroup(_("Start something"), _matching(_new(request), query)),
        EntryGroup(_("Go to"), _matching(_pages(request), query)),
    ]
    if not query:  # nothing typed: what can be done here comes first
        found = found[-3:]
    context = {"groups": [group for group in found if group.entries], "query": query}
    return render(request, "web/components/palette_results.html" if is_htmx(request) else "web/search.html", context)


def _records(request: Request, query: str) -> list[EntryGroup]:
    if len(query) < SHORTEST:
        return []
    groups = []
    for resource in REGISTRY.values():
        if not request.actor.may(resource.verb("see")):
            continue
        # Unordered: the first few that match, from the index, however many there are.
        rows = resource.search(resource.rows(request.actor), query)[:PER_NOUN]
        entries = [_record(resource, row) for row in rows]
        groups.append(EntryGroup(resource.label_plural, entries))
    return groups


def _record(resource: Resource, row: Any) -> Entry:
    label = resource.title(row) or f"{resource.label} {row.pk}"
    return Entry(resource.icon, label, f"/{resource.slug}/{row.pk}", hint=resource.subtitle(row))


def _actions_here(request: Request, path: str) -> list[Entry]:
    try:
        match = resolve(path)
    except Resolver404:
        return []
    resource = by_slug(str(match.kwargs.get("slug", "")))
    if resource is None or "pk" not in match.kwargs or not request.actor.may(resource.verb("see")):
        return []
    pk = match.kwargs["pk"]
    row = resource.rows(request.actor).filter(pk=pk).first()
    if row is None:
        return []
    base = f"/{resource.slug}/{pk}"
    entries = [
        Entry(c.icon, c.label, f"{base}/do/{c.key}", hint=resource.title(row), keys=c.hotkey, post=not c.asks)
        for c in offered_commands(resource, request, row)
    ]
    if resource.change is not None and request.actor.may(resource.change.verb):
        entries.append(Entry("pencil", resource.change.label, f"{base}/edit", hint=resource.title(row), keys="e"))
    return entries


def _new(request: Request) -> list[Entry]:
    return [
        Entry("plus", resource.create.label, f"/{resource.slug}/new")
        for resource in REGISTRY.values()
        if resource.create is not None and request.actor.may(resource.create.verb)
    ]


def _pages(request: Request) -> list[Entry]:
    rail = navigation(request.actor, "")
    return [
        Entry(phase.icon, page.label, page.url, hint=phase.label if phase.label != page.label else "", keys=page.keys)
        for phase in (*rail.home, *rail.stream, *rail.lower)
        for page in phase.children
    ]


def _matching(entries: list[Entry], query: str) -> list[Entry]:
    words = query.casefold().split()
    return [entry for entry in entries if all(word in f"{entry.label} {entry.hint}".casefold() for word in words)]
