"""The command palette: records by what one remembers of them, actions on the record at hand, pages to go to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpResponse
from django.urls import Resolver404, resolve, reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from headwater.platform.resource import REGISTRY, Column, Kind, Resource, by_slug
from headwater.platform.search.everywhere import Hits, find_anything
from headwater.platform.search.finding import BEGUN, NAMED, SHOWN, fitness
from headwater.platform.search.folding import also_written, fold
from headwater.platform.search.marking import spans_of
from headwater.platform.search.words import Words
from headwater.platform.translated import inside
from headwater.web.command import offered_commands
from headwater.web.format import phone
from headwater.web.http import Request, is_htmx, render
from headwater.web.nav import Nav, NavLink, navigation
from headwater.web.recent import recent_records

DO_NEXT = 3
MOST_LISTS = 4
HINT_WIDTH = 70
SHORTEST_LINE = 6

_E164 = re.compile(r"\+\d{6,15}")


@dataclass(frozen=True)
class Entry:
    """One line of the palette. A record brings its ``row`` and the column of its source, which stands at the end."""

    icon: str
    label: str
    url: str
    hint: str = ""
    keys: str = ""
    post: bool = False
    row: Any = None
    source: Column | None = None


@dataclass(frozen=True)
class EntryGroup:
    """Lines of one sort under their title."""

    title: str
    entries: list[Entry]


def search(request: Request) -> HttpResponse:
    """What the palette shows for what was typed; without script a page with the same lines."""
    query = request.GET.get("q", "").strip()[:200]
    path = urlsplit(request.GET.get("path") or request.headers.get("HX-Current-URL", "")).path
    hits = find_anything(request.actor, query)
    here, rail = _row_here(request, path), navigation(request.actor, "")
    records = [
        EntryGroup(_("Records"), [_record(hit.resource, hit.row, hits.words) for hit in hits.records]),
        EntryGroup(_("Similar names"), [_record(hit.resource, hit.row, hits.words) for hit in hits.similar]),
    ]
    if not query:
        recent = [(resource, row) for resource, row in recent_records(request) if (resource, row) != here]
        records = [EntryGroup(_("Opened last"), [_record(resource, row) for resource, row in recent])]
    at_hand = [_actions(request, *here, query=query)] if here is not None else []
    next_steps = _next_steps(request, here, hits)
    lists = EntryGroup(_("In the lists"), _lists(hits, query))
    line = EntryGroup(_("Start something"), _from_line(rail, query))
    start = EntryGroup(_("Start something"), _matching(_new(request, rail), query))
    pages = EntryGroup(_("Go to"), _matching([*_pages(rail), *_own()], query))
    if not query or any(hit.fit <= BEGUN for hit in hits.records):
        found = [*records, *at_hand, *next_steps, lists, line, start, pages]
    else:  # a command called so is meant rather than a record that has the words somewhere
        found = [*at_hand, start, pages, *records, *next_steps, lists, line]
    groups = [group for group in found if group.entries]
    count = sum(len(group.entries) for group in groups)
    context = {
        "groups": groups,
        "query": query,
        "is_behind": hits.is_behind,
        "announced": ngettext("%(count)s result", "%(count)s results", count) % {"count": count},
    }
    return render(request, "web/components/palette_results.html" if is_htmx(request) else "web/search.html", context)


def _record(resource: Resource, row: Any, words: Words | None = None) -> Entry:
    label = resource.title(row) or f"{resource.label} {row.pk}"
    told = [str(resource.label), resource.subtitle(row)]
    if words is not None and fitness(label, words, told[1]) > SHOWN:
        told.append(_where(resource, row, words))
    source = resource.by_key.get("source")
    return Entry(
        resource.icon,
        label,
        f"/{resource.slug}/{row.pk}",
        hint=" · ".join(part for part in told if part),
        row=row,
        source=source if source is not None and source.cell and source.of(row) else None,
    )


def _where(resource: Resource, row: Any, words: Words) -> str:
    """What of the record holds the words, when its name does not: the address, the number, a few words of the note."""
    missing = row.get_deferred_fields()
    for column in resource.columns:
        is_own = not (column.reads or column.made or column.gathered) and hasattr(type(row), column.orm_path)
        if column.kind is not Kind.TEXT or not is_own:
            continue
        if column.orm_path in missing:
            continue
        text = " ".join(column.text(row).split())
        if text and words.match(f" {fold(text)}  {'  '.join(also_written(text))} "):
            spans = spans_of(text, words.text)
            if _E164.fullmatch(text):
                return phone(text)
            start = max(0, spans[0][0] - 20) if spans and len(text) > HINT_WIDTH else 0
            return ("…" if start else "") + Truncator(text[start:]).chars(HINT_WIDTH)
    return ""


def _row_here(request: Request, path: str) -> tuple[Resource, Any] | None:
    """The record the reader is on."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    resource = by_slug(str(match.kwargs.get("slug", "")))
    if resource is None or "pk" not in match.kwargs or not request.actor.may(resource.verb("see")):
        return None
    row = resource.rows(request.actor).filter(pk=match.kwargs["pk"]).first()
    return (resource, row) if row is not None else None


def _next_steps(request: Request, here: tuple[Resource, Any] | None, hits: Hits) -> list[EntryGroup]:
    """What can be done with the record that was most likely meant, if it is not at hand: never before the record."""
    best = hits.records[0] if hits.records else None
    if best is None or best.fit > NAMED or (here is not None and best.row == here[1]):
        return []
    group = _actions(request, best.resource, best.row)
    return [EntryGroup(group.title, group.entries[:DO_NEXT])]


def _actions(request: Request, resource: Resource, row: Any, *, query: str = "") -> EntryGroup:
    base, title = f"/{resource.slug}/{row.pk}", resource.title(row) or f"{resource.label} {row.pk}"
    entries = [
        Entry(c.icon, str(c.label), f"{base}/do/{c.key}", keys=c.hotkey, post=not c.asks)
        for c in offered_commands(resource, request, row)
    ]
    change = resource.change
    if change is not None and request.actor.may(change.verb) and change.offered(row):
        entries.append(Entry("pencil", str(change.label), f"{base}/edit", keys="e"))
    return EntryGroup(_("Do, for %(name)s") % {"name": title}, _matching(entries, query))


def _lists(hits: Hits, query: str) -> list[Entry]:
    """The lists of the nouns that have more than is shown here."""
    label = _("All %(nouns)s with “%(query)s”")
    return [
        Entry(
            resource.icon,
            label % {"nouns": inside(resource.label_plural), "query": query},
            f"/{resource.slug}?{urlencode({'q': query})}",
        )
        for resource in sorted(hits.more, key=lambda r: r.searched.rank)[:MOST_LISTS]
    ]


def _new(request: Request, rail: Nav) -> list[Entry]:
    lines = [Entry(item.icon, item.label, item.url, keys=item.keys) for item in _lines(rail)]
    return lines + [
        Entry("plus", resource.create.label, f"/{resource.slug}/new")
        for resource in REGISTRY.values()
        if resource.create is not None and request.actor.may(resource.create.verb)
    ]


def _lines(rail: Nav) -> list[NavLink]:
    return [item for item in rail.new if item.takes_line]


def _from_line(rail: Nav, query: str) -> list[Entry]:
    """Several things parted by commas are no name to look for: they are what somebody wants to write down."""
    if query.count(",") < 1 or len(query) < SHORTEST_LINE:
        return []
    return [
        Entry(item.icon, f"{item.label}: {query}", f"{item.url}?{urlencode({'line': query})}") for item in _lines(rail)
    ]


def _pages(rail: Nav) -> list[Entry]:
    return [
        Entry(phase.icon, page.label, page.url, hint=phase.label if phase.label != page.label else "", keys=page.keys)
        for phase in (*rail.home, *rail.stream, *rail.lower)
        for page in phase.children
    ]


def _own() -> list[Entry]:
    """What the foot of the rail offers."""
    return [
        Entry("user", _("My account"), reverse("my_account")),
        Entry("logout", _("Sign out"), reverse("sign_out"), post=True),
    ]


def _matching(entries: list[Entry], query: str) -> list[Entry]:
    words = fold(query).split()
    return [e for e in entries if all(f" {word}" in f" {fold(f'{e.label} {e.hint}')}" for word in words)]
