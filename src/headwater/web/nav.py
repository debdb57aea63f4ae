"""The rail: which pages there are, in which phase of the customer's life, and what waits there.

Rooms register their pages from ``apps.py``; the shell reads them. What an actor may not use is absent from
the rail, not greyed out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from headwater.platform.clock import now
from headwater.platform.written import Counted, counts_of

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from headwater.platform.actor import Actor

Group = Literal["home", "stream", "lower"]


@dataclass(frozen=True, slots=True)
class Waits:
    """Work that waits on a page: ``rows`` for who asks. ``late`` turns it red: somebody waits longer than they should.

    They may be ``AT`` a moment or ``TODAY`` (platform/written.py); all that a page shows of it is counted at once.
    """

    rows: Callable[[Actor], QuerySet[Any]]
    late: Callable[[Actor], QuerySet[Any]] | None = None

    @property
    def counted(self) -> tuple[Counted, ...]:
        """What the database is asked: how many, and whether there is one that is late."""
        return (Counted(self.rows), Counted(self.late, most=1)) if self.late is not None else (Counted(self.rows),)


@dataclass(frozen=True, slots=True)
class Count:
    """How much that is, and whether some of it is late."""

    value: int
    late: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    """One step in the customer's life, or a place before or after it."""

    key: str
    label: str | Promise
    icon: str
    group: Group


@dataclass(frozen=True, slots=True)
class NavPage:
    """A page that a room hangs into the rail.

    ``url_name`` may carry arguments and a query behind it: ``web:list leads?view=pool``.
    ``verb`` is the right it takes to see it, ``waits`` the work that waits there, ``keys`` the key sequence
    that opens it, e.g. ``g l``.
    """

    phase: str
    label: str | Promise
    url_name: str
    order: int
    verb: str | None = None
    waits: Waits | None = None
    keys: str = ""


@dataclass(frozen=True, slots=True)
class NewItem:
    """Something the button *New* can start, or its ``keys``. ``takes_line``: a dialog that begins with a line of words,
    which can be typed into the palette as well and comes along as ``line``."""

    label: str | Promise
    icon: str
    url_name: str
    order: int
    verb: str | None = None
    keys: str = ""
    takes_line: bool = False


@dataclass(frozen=True, slots=True)
class KeyedAct:
    """Something done at once by its ``keys``, wherever one is."""

    label: str | Promise
    url_name: str
    keys: str
    verb: str | None = None


# What the template gets ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NavLink:
    """A link in the rail. ``current``: the reader is on it or below it."""

    label: str
    url: str
    current: bool = False
    count: int | None = None
    late: bool = False
    keys: str = ""
    icon: str = ""
    takes_line: bool = False


@dataclass(frozen=True, slots=True)
class NavPhase:
    """A phase in the rail with its pages; its own link and count are those of its first page."""

    key: str
    label: str
    icon: str
    url: str
    current: bool
    count: int | None
    late: bool
    keys: str
    children: tuple[NavLink, ...]


@dataclass(frozen=True, slots=True)
class Nav:
    """The whole rail, the phone's tab bar, the menu *New* and what keys do everywhere, for one actor on one page.

    ``base.html`` reads it as the context variable ``nav``. ``bell`` is how much they were told and have not seen; None
    where there is no bell: for programs, and while one looks as others do.
    """

    home: tuple[NavPhase, ...] = ()
    stream: tuple[NavPhase, ...] = ()
    lower: tuple[NavPhase, ...] = ()
    tabs: tuple[NavLink, ...] = ()
    new: tuple[NavLink, ...] = ()
    acts: tuple[NavLink, ...] = ()
    bell: int | None = None

    @property
    def current(self) -> NavPhase | None:
        """The phase the reader is in, for the breadcrumb."""
        return next((phase for phase in (*self.home, *self.stream, *self.lower) if phase.current), None)


PHASES = (
    Phase("home", _("Home"), "home", "home"),
    Phase("acquire", _("Acquire"), "antenna-bars-5", "stream"),
    Phase("qualify", _("Qualify"), "filter", "stream"),
    Phase("sell", _("Sell"), "target-arrow", "stream"),
    Phase("customers", _("Customers"), "building", "stream"),
    Phase("serve", _("Serve"), "headset", "stream"),
    Phase("grow", _("Grow"), "plant-2", "stream"),
    Phase("team", _("Team"), "users", "lower"),
    Phase("measure", _("Measure"), "chart-histogram", "lower"),
    Phase("settings", _("Settings"), "settings", "lower"),
)
TAB_PHASES = ("home", "qualify", "sell")  # the field rep's work comes first on a phone

_bells: list[Counted] = []
_pages: dict[str, NavPage] = {}
_new_items: dict[str, NewItem] = {}
_acts: dict[str, KeyedAct] = {}


def register_page(page: NavPage) -> None:
    """Hang a page into the rail; registering the same page again replaces it."""
    if page.phase not in {phase.key for phase in PHASES}:
        raise ValueError(f"{page.url_name}: there is no phase {page.phase!r}")
    _pages[page.url_name] = page


def register_new(item: NewItem) -> None:
    """Add a line to the menu *New*."""
    _new_items[item.url_name] = item


def register_act(act: KeyedAct) -> None:
    """Let keys do something on every page."""
    _acts[act.url_name] = act


def register_bell(unseen: Counted) -> None:
    """Let the top bar say how much somebody was told and has not seen, up to where nobody counts any more."""
    _bells[:] = [unseen]


def navigation(actor: Actor, path: str, *, counted_in: tzinfo | None = None) -> Nav:
    """The rail for ``actor`` on the page at ``path``.

    What waits is counted once per phase, and for every page of the phase that is open; the zone it is ``counted_in``
    tells which day it is. Without one, nothing is counted.
    """
    pages = sorted(
        (page for page in _pages.values() if page.verb is None or actor.may(page.verb)),
        key=lambda page: page.order,
    )
    urls = {page.url_name: _address(page.url_name) for page in pages}
    here = _current(urls, path)
    counts, bell = _counts(actor, _counting(pages, here), counted_in) if counted_in is not None else ({}, None)
    phases = {phase.key: _phase(phase, pages, urls, here, counts) for phase in PHASES}

    def of(group: Group) -> tuple[NavPhase, ...]:
        return tuple(built for phase in PHASES if phase.group == group and (built := phases[phase.key]) is not None)

    tabs = tuple(
        replace(found.children[0], icon=found.icon) for key in TAB_PHASES if (found := phases[key]) is not None
    )
    new = tuple(
        NavLink(
            label=str(item.label),
            url=_address(item.url_name),
            icon=item.icon,
            keys=item.keys,
            takes_line=item.takes_line,
        )
        for item in sorted(_new_items.values(), key=lambda item: item.order)
        if item.verb is None or actor.may(item.verb)
    )
    acts = tuple(
        NavLink(label=str(act.label), url=_address(act.url_name), keys=act.keys)
        for act in _acts.values()
        if act.verb is None or actor.may(act.verb)
    )
    return Nav(home=of("home"), stream=of("stream"), lower=of("lower"), tabs=tabs, new=new, acts=acts, bell=bell)


def _counting(pages: list[NavPage], here: str | None) -> list[NavPage]:
    """The pages that show how much waits: the first such of each phase, and all of the one that is open."""
    waiting = [page for page in pages if page.waits is not None]
    is_open = {page.phase for page in pages if page.url_name == here}
    first = {page.phase: page for page in reversed(waiting)}
    return [page for page in waiting if page.phase in is_open or page is first[page.phase]]


def _counts(actor: Actor, pages: list[NavPage], zone: tzinfo) -> tuple[dict[str, Count], int | None]:
    """What waits on these pages, and at the bell: one question."""
    bells = _bells if actor.user_id is not None and not actor.seen_as else []
    asked = [page.waits.counted for page in pages if page.waits is not None]
    at = now()
    told = iter(counts_of(actor, [*chain(*asked), *bells], at=at, today=at.astimezone(zone).date()))
    counts = {
        page.url_name: Count(next(told), len(parts) > 1 and next(told) > 0)
        for page, parts in zip(pages, asked, strict=True)
    }
    return counts, next(told, None)


def _phase(
    phase: Phase, pages: list[NavPage], urls: dict[str, str], here: str | None, counts: dict[str, Count]
) -> NavPhase | None:
    mine = [page for page in pages if page.phase == phase.key]
    if not mine:
        return None
    is_open = any(page.url_name == here for page in mine)
    children = tuple(
        NavLink(
            label=str(page.label),
            url=urls[page.url_name],
            current=page.url_name == here,
            count=found.value if (found := counts.get(page.url_name)) and found.value else None,
            late=bool(found and found.late),
            keys=page.keys,
        )
        for page in mine
    )
    shown = next((child for child, page in zip(children, mine, strict=True) if page.waits is not None), None)
    return NavPhase(
        key=phase.key,
        label=str(phase.label),
        icon=phase.icon,
        url=children[0].url,
        current=is_open,
        count=shown.count if shown else None,
        late=shown.late if shown else False,
        keys=children[0].keys,
        children=children,
    )


@cache
def _address(name: str) -> str:
    """Where a page is: settled once all rooms have said which they have."""
    spoken, _query, query = name.partition("?")
    route, *args = spoken.split()
    return reverse(route, args=args) + (f"?{query}" if query else "")


def _current(urls: dict[str, str], path: str) -> str | None:
    """The registered page that ``path`` is, or lies below: the longest address that fits wins."""
    fitting = [
        (len(url), name)
        for name, url in urls.items()
        if path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))
    ]
    return max(fitting)[1] if fitting else None
