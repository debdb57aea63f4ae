"""What parties hang on records and on My day: the journey, ways to reach somebody, connections, to-dos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from headwater.parties import queries
from headwater.parties.models import Party
from headwater.parties.queries.timeline import Only
from headwater.parties.talking import LogForm
from headwater.platform.actor import Actor
from headwater.web.channels import channel_look
from headwater.web.panel import DaySection, Panel, register_day_section, register_panel

PER_PAGE = 20
MOST_PEOPLE = 12
MOST_TODOS = 30
FILTERS: tuple[tuple[Only, Any], ...] = (
    ("", _("All")),
    ("touches", _("Touches")),
    ("talks", _("Calls and e-mails")),
    ("changes", _("Changes")),
)


@dataclass(frozen=True)
class Step:
    """An entry of the journey with the colour of its channel."""

    entry: queries.TimelineEntry
    css: str


@dataclass(frozen=True)
class Filter:
    """One way to narrow the journey."""

    label: str
    url: str
    is_on: bool


@dataclass(frozen=True)
class Journey:
    """One page of a party's timeline, with the filters above and the way to what was before."""

    party_id: int
    steps: list[Step]
    filters: list[Filter]
    earlier_url: str
    is_filtered: bool
    url: str = ""
    marked: int = 0
    newest_url: str = ""


def journey(actor: Actor, party_id: int, *, only: str = "", before: str = "", at: int = 0) -> Journey:
    """A party's timeline as its panel shows it; rooms above show it on their own records, by the party's id.

    ``at`` is the entry it begins with, marked; where there is no such entry to be seen, it begins as always.

    Raises:
        NotFound: there is no such party, or the actor may not see it.
    """
    kind: Only = only if only in get_args(Only) else ""  # type: ignore[assignment]
    found_at = queries.cursor_at(actor, party_id, at) if at else ""
    before = found_at or before
    found = queries.timeline(actor, party_id, PER_PAGE + 1, before, kind)
    shown = found[:PER_PAGE]
    return Journey(
        party_id=party_id,
        steps=[Step(entry, channel_look(entry.channel).css if entry.channel else "") for entry in shown],
        filters=[Filter(label, _journey_url(party_id, only=key), key == kind) for key, label in FILTERS],
        earlier_url=_journey_url(party_id, only=kind, before=shown[-1].cursor) if len(found) > PER_PAGE else "",
        is_filtered=bool(kind),
        url=_journey_url(party_id),
        marked=at if found_at else 0,
        newest_url=_journey_url(party_id, only=kind) if found_at else "",
    )


def _journey_url(party_id: int, **params: str) -> str:
    told = {key: value for key, value in params.items() if value}
    return f"/parties/{party_id}/journey" + (f"?{urlencode(told)}" if told else "")


def journey_panel(actor: Actor, row: Any, at: datetime) -> Mapping[str, Any]:
    """The journey of the party a record is about."""
    return {"journey": journey(actor, row.pk)}


def quick_log(actor: Actor, row: Party, at: datetime) -> Mapping[str, Any]:
    """The box in which a call or note is written down without leaving the record."""
    return {
        "log_form": LogForm(actor=actor, row=row, auto_id="log_%s"),
        "party_url": url_of(row),
    }


def reach(actor: Actor, row: Party, at: datetime) -> Mapping[str, Any]:
    """How to reach the party."""
    points = list(queries.contact_points_of(row))
    may_change = actor.may(f"{row.noun}.change")
    return {"points": points, "party_url": url_of(row), "may_change": may_change}


def connections(actor: Actor, row: Party, at: datetime) -> Mapping[str, Any]:
    """How the party belongs to others."""
    links = queries.connections_of(actor, row)
    seen = (
        set(queries.by_ids(actor, {link.other.pk for link in links}).values_list("pk", flat=True)) if links else set()
    )
    shown = [(link, url_of(link.other) if link.other.pk in seen else "") for link in links]
    return {"connections": shown, "party_url": url_of(row), "may_relate": actor.may(f"{row.noun}.relate")}


def people(actor: Actor, row: Party, at: datetime) -> Mapping[str, Any]:
    """The people of a company."""
    found = list(queries.people_of(actor, row)[: MOST_PEOPLE + 1])
    roles = queries.buying_roles_of(row) if found else {}
    return {
        "people": [(person, roles.get(person.pk, "")) for person in found[:MOST_PEOPLE]],
        "all_url": f"/people?{urlencode({'company__is': row.name})}" if len(found) > MOST_PEOPLE else "",
        "new_url": f"/people/new?{urlencode({'employer_name': row.name})}"
        if actor.may("parties.person.create")
        else "",
    }


def marks(actor: Actor, row: Party, at: datetime) -> Mapping[str, Any] | None:
    """The words on the party and whom it may be the same as, under its name."""
    tags, proposals = queries.tags_of(row), queries.proposals_for(actor, row)
    employer = row.employer if row.employer is not None and row.employer.deleted_at is not None else None
    if not tags and not proposals and employer is None:
        return None
    return {
        "tags": tags,
        "deleted_employer": employer,
        "proposals": [(proposal, other, url_of(other)) for proposal, other in proposals],
        "party_url": url_of(row),
        "may_change": actor.may(f"{row.noun}.change"),
        "may_merge": actor.may(f"{row.noun}.merge"),
        "merge_url": f"/{'people' if row.is_person else 'organisations'}/merge",
    }


def merged(actor: Actor, row: Party, at: datetime) -> Mapping[str, Any] | None:
    """The records that became part of the party."""
    found = queries.merges_of(actor, row)
    may_merge = actor.may(f"{row.noun}.merge")
    return {"merges": found, "party_url": url_of(row), "may_merge": may_merge} if found else None


def todos(actor: Actor, row: Party, at: datetime) -> Mapping[str, Any]:
    """What is to be done for the party."""
    found = queries.todos_of(actor, row)
    return {
        "todos": [(todo, _is_late(todo.due_at, at)) for todo in found],
        "party_url": url_of(row),
        "may_plan": actor.may("parties.activity.create"),
        "may_tick": actor.may("parties.activity.done"),
    }


def todos_of_the_day(actor: Actor, at: datetime) -> Mapping[str, Any] | None:
    """The actor's to-dos for today, the latest first."""
    found = queries.first_todos(actor, at, most=MOST_TODOS + 1)
    if not found:
        return None
    count, late = len(found), sum(_is_late(todo.due_at, at) for todo in found)
    if count > MOST_TODOS:
        rows = queries.open_todos(actor, at)
        count, late = rows.count(), rows.filter(due_at__lt=at).count()
    return {
        "todos": [(todo, _is_late(todo.due_at, at), url_of(todo.party)) for todo in found[:MOST_TODOS]],
        "count": count,
        "late": late,
        "all_url": "/activities?view=mine" if count > MOST_TODOS else "",
        "may_tick": actor.may("parties.activity.done"),
    }


def url_of(party: Party) -> str:
    """Where a party's record is."""
    return f"/{'people' if party.is_person else 'organisations'}/{party.pk}"


def _is_late(due_at: datetime | None, at: datetime) -> bool:
    return due_at is not None and due_at < at


for _noun in ("parties.person", "parties.organisation"):
    register_panel(Panel("marks", _noun, "parties/marks.html", marks, "head", 10))
    register_panel(
        Panel("quick-log", _noun, "parties/quick_log.html", quick_log, "main", 10, verb="parties.activity.create")
    )
    register_panel(Panel("journey", _noun, "parties/timeline.html", journey_panel, "main", 20))
    register_panel(Panel("todos", _noun, "parties/todos.html", todos, "side", 10, verb="parties.activity.see"))
    register_panel(Panel("reach", _noun, "parties/reach.html", reach, "side", 20))
    register_panel(Panel("connections", _noun, "parties/connections.html", connections, "side", 40))
    register_panel(Panel("merged", _noun, "parties/merged.html", merged, "side", 90))
register_panel(
    Panel("people", "parties.organisation", "parties/people.html", people, "side", 30, verb="parties.person.see")
)
register_day_section(DaySection("todos", "parties/day_todos.html", todos_of_the_day, "main", 40))
