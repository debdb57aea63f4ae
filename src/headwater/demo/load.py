"""Bringing the demo company in: a few large units of work, the one exception to "only actions write"."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import ClassVar

from headwater.acquire.models import Campaign, Source
from headwater.demo.company import DOMAIN, LEADS
from headwater.demo.desk import Desk
from headwater.demo.events import DemoLoaded, DemoPartLoaded
from headwater.demo.history import SEED, make_history
from headwater.demo.nouns import counted_in
from headwater.demo.records import History
from headwater.demo.remove import remove_unfinished
from headwater.demo.writing.acquire import write_acquire
from headwater.demo.writing.book import SYSTEM, Book
from headwater.demo.writing.parties import write_parties, write_talks
from headwater.demo.writing.qualify import write_leads
from headwater.demo.writing.sell import write_sell
from headwater.demo.writing.team import write_team
from headwater.measure import mirror
from headwater.parties.models import Party
from headwater.platform.action import action
from headwater.platform.delivery import HANDLERS
from headwater.platform.errors import Conflict
from headwater.platform.events import record
from headwater.platform.models import Event, HandlerCursor
from headwater.platform.statistics import look_over_tables
from headwater.platform.translated import noted
from headwater.qualify.models import Lead
from headwater.sell.models import Opportunity, Order, Product
from headwater.team import queries as team
from headwater.team.models import User
from headwater.team.queries.roles import role_names

DEMO_PASSWORD = "headwater-demo"  # noqa: S105  (everybody may know it; it opens nothing but the demo company)
STEPS = (
    noted("Companies and people"), noted("Campaigns and touches"), noted("Opportunities and orders"),
    noted("Finishing"),
)  # fmt: skip
DATA = (Party, Lead, Source, Campaign, Product, Opportunity, Order)

Progress = Callable[[int, int, str], None]


class HomeNotEmpty(Conflict):
    """The demo company would mix with data of one's own."""

    code: ClassVar[str] = "home_not_empty"
    message: ClassVar[str] = (
        "There are data here already. The demo company comes only into an empty installation: choose another folder "
        "with --home."
    )


def load_demo(
    *, at: datetime, on_progress: Progress | None = None, seed: int = SEED, leads: int = LEADS
) -> dict[str, int]:
    """Fill an empty installation with the demo company up to ``at``; how much of what there is now.

    Its people can sign in with ``DEMO_PASSWORD`` where nobody else can yet; beside an owner's account, a password
    that everybody knows would be an open door, so there they cannot until somebody sets one. What a killed load left
    is cleared away first.

    Raises:
        HomeNotEmpty: there are people, leads, products or other data already.
    """
    say = on_progress or _silent
    say(0, len(STEPS), STEPS[0])
    remove_unfinished(at=at)
    if any(model._default_manager.exists() for model in DATA):
        raise HomeNotEmpty()
    with _collector_at_rest():
        return _load(at=at, say=say, seed=seed, leads=leads)


def _load(*, at: datetime, say: Progress, seed: int, leads: int) -> dict[str, int]:
    history, desk, season = make_history(at=at, seed=seed, leads=leads)
    book, start = Book(), season.clock(season.first_day, 9)
    _write_people(book, history, desk, password=None if User.objects.exists() else DEMO_PASSWORD)
    say(1, len(STEPS), STEPS[1])
    _write_touches(book, history, desk, start)
    say(2, len(STEPS), STEPS[2])
    _write_business(book, history, start)
    say(3, len(STEPS), STEPS[3])
    _finish(book, history)
    look_over_tables()
    mirror.refresh(at=at)
    say(4, len(STEPS), STEPS[3])
    return {
        "organisations": len(history.organisations), "people": len(history.people), "leads": len(history.leads),
        "touchpoints": len(history.touches), "opportunities": len(history.deals), "orders": len(history.sales),
        "activities": len(history.talks), "events": len(book.facts),
    }  # fmt: skip


def demo_logins() -> list[tuple[str, str]]:
    """One sign-in per role: what the role is called, and the e-mail; those that ``DEMO_PASSWORD`` opens."""
    if not team.company().is_demo:
        return []
    people, names = team.one_login_per_role(), role_names()
    return [
        (names[user.role], user.email)
        for user in people
        if user.email.endswith(f"@{DOMAIN}") and user.has_usable_password()
    ]


@action
def _write_people(book: Book, history: History, desk: Desk, *, password: str | None) -> None:
    write_team(book, desk, at=history.at, password=password)
    with _told(history):
        write_parties(book, history, desk)


@action
def _write_touches(book: Book, history: History, desk: Desk, start: datetime) -> None:
    with _told(history):
        write_acquire(book, history, desk, start=start)
        write_talks(book, history)


@action
def _write_business(book: Book, history: History, start: datetime) -> None:
    with _told(history):
        write_leads(book, history)
        write_sell(book, history, start=start)


@contextmanager
def _told(history: History) -> Iterator[None]:
    """Record which rows the block brings, with them: the day the demo comes off, those go and no others."""
    rows: dict[str, list[int]] = {}
    with counted_in(rows):
        yield
    record(DemoPartLoaded(company_id=1, rows=rows), by=SYSTEM, at=history.at)


@action
def _finish(book: Book, history: History) -> None:
    """The log, all of it in the order of time; nobody need react to what is long past."""
    book.tell(history.at, 0, DemoLoaded(company_id=1, leads=len(history.leads), orders=len(history.sales)))
    book.record()
    newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    HandlerCursor.objects.bulk_create(
        [HandlerCursor(handler=name, position=newest) for name in HANDLERS],
        update_conflicts=True, unique_fields=["handler"], update_fields=["position"],
    )  # fmt: skip


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """A million small values, none in a circle: looking for circles among them would take a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _silent(done: int, total: int, message: str) -> None:
    """Nobody wants to know."""
