"""Reads for leads. Each starts from what the actor may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from headwater.parties.queries.activities import with_open_todos
from headwater.parties.queries.visible import NAMED, visible_activities
from headwater.platform.actor import Actor, Visibility, owned_by, owned_rows, per_actor
from headwater.platform.identity import known_ids
from headwater.platform.parts import with_parts
from headwater.platform.written import AT, Counted, Given, counts_of, written
from headwater.qualify.models import Lead, waiting_until
from headwater.qualify.rules import Clock, ClockState, OfficeHours, clock_state
from headwater.team import queries as team

if TYPE_CHECKING:
    from headwater.team.models import Company

LEAD_KIND = "qualify.lead"

# What lists, records and panels show of what a lead points at.
_PARTS = {
    "party": (*NAMED, "email", "phone", "job_title", "city", "country"),
    "organisation": NAMED,
    "referrer": NAMED,
    "source": ("name", "channel"),
    "campaign": ("name",),
    "owner": ("name",),
    "handed_to": ("name", "team"),
    "handed_by": ("name",),
}


WORKS_LEADS = "qualify.lead.move"  # what somebody needs the right to who is to own a lead


@per_actor
def visible_leads(actor: Actor) -> QuerySet[Lead]:
    """The leads ``actor`` may see, with what every list shows of them, in one query.

    Those within the actor's visibility by owner and team, those handed over to the actor, and, for who may claim,
    those that wait in the pool.
    """
    if not actor.may("qualify.lead.see"):
        return Lead.objects.none()
    rows = Lead.objects.filter(deleted_at=None)
    if actor.visibility is not Visibility.ALL:
        rows = rows.filter(reduce(or_, seen_by(actor)))
    return rows


def whose_it_is(actor: Actor, lead: Lead) -> str:
    """Where a lead went that somebody took in and does not see: nothing, where they do."""
    if visible_leads(actor).filter(pk=lead.pk).exists():
        return ""
    keeper = lead.owner.name if lead.owner is not None else _("A head of sales")
    return _(
        "Taken in. {keeper} looks after this customer, so the lead is theirs. Ask them if you want to work on it."
    ).format(keeper=keeper)


def deleted_leads(actor: Actor) -> QuerySet[Lead]:
    """The deleted leads an actor may restore, with who asked."""
    if not actor.may("qualify.lead.delete"):
        return Lead.objects.none()
    rows = Lead.objects.filter(owned_rows(actor)).exclude(deleted_at=None)
    return rows.select_related("party", "organisation", "source").defer("extra", "party__extra", "organisation__extra")


@per_actor
def detailed_leads(actor: Actor) -> QuerySet[Lead]:
    """The visible leads as records and the API show them: with party, source, owner and the next step, in one query.

    ``next_step`` and ``next_step_due_at`` are the party's earliest open to-do, ``waiting_until`` when the first
    answer is due while it is missing.
    """
    todos = (
        visible_activities(actor)
        .filter(party_id=OuterRef("party_id"), kind="TODO", done_at=None)
        .order_by("due_at", "pk")
    )
    return with_parts(visible_leads(actor), **_PARTS).annotate(
        next_step=Subquery(todos.values("subject")[:1]),
        next_step_due_at=Subquery(todos.values("due_at")[:1]),
        waiting_until=waiting_until(),
    )


def listed_leads(actor: Actor) -> QuerySet[Lead]:
    """The same as lists show them: without the columns of their file that have no home."""
    return detailed_leads(actor).defer("extra")


def leads_with_next_step() -> Q:
    """Those whose party has something to be done: what ``next_step_due_at`` may be known of."""
    return Q(party_id__in=with_open_todos())


def by_ids(actor: Actor, ids: Iterable[int]) -> QuerySet[Lead]:
    """Those of ``ids`` the actor may see."""
    return visible_leads(actor).filter(pk__in=list(ids))


def leads_by_external(system: str, ids: Sequence[str]) -> dict[str, int]:
    """The leads that another system's ids name; deleted ones too, because an import revives them."""
    return known_ids(system, LEAD_KIND, ids)


def leads_of(actor: Actor, party_id: int) -> QuerySet[Lead]:
    """The visible leads of one party, of the people of an organisation too, newest first."""
    mine = visible_leads(actor).filter(Q(party_id=party_id) | Q(organisation_id=party_id))
    return _named(mine, "party", "source", "owner").order_by(*_NEWEST_FIRST)


def waiting_for_answer(actor: Actor) -> QuerySet[Lead]:
    """The visible leads whose first answer is due, the most urgent first: the actor's own and those of the pool."""
    waiting = _unanswered(visible_leads(actor), actor).order_by(waiting_until(), "pk")
    return _named(waiting, "party", "organisation", "source")


@written
def first_to_answer(actor: Actor, most: int) -> QuerySet[Lead]:
    """The most urgent of them."""
    return waiting_for_answer(actor)[:most]


def count_waiting(actor: Actor, at: datetime) -> tuple[int, int]:
    """How many leads wait for the actor's answer, and how many of them are overdue, counted up to a thousand."""
    count, late = counts_of(actor, [Counted(waiting_for_answer), Counted(_overdue)], at=at)
    return count, late


def _overdue(actor: Actor) -> QuerySet[Lead]:
    return waiting_for_answer(actor).filter(answer_due_at__lt=AT)


def _unanswered(rows: QuerySet[Lead], actor: Actor) -> QuerySet[Lead]:
    mine = Q(owner=None) | Q(owner_id=actor.user_id)
    return rows.alias(waiting_until=waiting_until()).filter(mine, waiting_until__isnull=False)


@written
def handovers_to_accept(actor: Actor, most: int) -> QuerySet[Lead]:
    """The leads given to the actor that wait for yes or no, the most urgent first."""
    if actor.user_id is None:
        return Lead.objects.none()
    waiting = visible_leads(actor).filter(handed_to_id=actor.user_id, exit="").order_by("handover_due_at", "pk")
    return _named(waiting, "party", "organisation", "source", "handed_by")[:most]


def pool_in_order(actor: Actor) -> QuerySet[Lead]:
    """The leads anybody may claim, in the order in which they need somebody: answer due first, then the newest."""
    if not actor.may("qualify.lead.claim"):
        return Lead.objects.none()
    pool = Lead.objects.filter(owner=None, exit="", deleted_at=None)
    return pool.order_by(
        F("answered_at").asc(nulls_first=True),
        F("answer_due_at").asc(nulls_last=True),
        F("arrived_at").desc(nulls_last=True),
        "pk",
    )


@written
def next_in_pool(actor: Actor) -> QuerySet[Lead]:
    """The lead that needs somebody first, if there is one."""
    return _named(pool_in_order(actor), "party", "organisation")[:1]


@written
def oldest_in_pool(actor: Actor) -> QuerySet[Lead, datetime | None]:
    """Since when the lead waits that has waited longest."""
    arrived = pool_in_order(actor).exclude(arrived_at=None).order_by("arrived_at")
    return arrived.values_list("arrived_at", flat=True)[:1]


def handover_choices(actor: Actor) -> list[tuple[str, str]]:
    """The colleagues a lead can be handed over to: those whose role takes leads over.

    Oneself only where nobody else does: in a company of one the way to a sale must not end here.
    """
    takers = team.users_who_may("qualify.lead.accept").values_list("pk", "name")
    choices = [(str(pk), name) for pk, name in takers]
    return [(pk, name) for pk, name in choices if pk != str(actor.user_id)] or choices


def owner_choices(actor: Actor) -> list[tuple[str, str]]:
    """The colleagues an actor may give leads to: those whose role works on them."""
    return team.user_choices(actor, who_may=WORKS_LEADS)


def office_hours(company: Company) -> OfficeHours:
    """When the company answers."""
    return OfficeHours(
        weekdays=frozenset(int(day) for day in company.office_days) or frozenset(range(1, 8)),
        opens=company.office_opens,
        closes=company.office_closes if company.office_closes > company.office_opens else time(0),
        zone=company.zone,
        holidays=company.holidays,
    )


@dataclass(frozen=True)
class LeadClock:
    """The answer clock of a lead, and how many seconds it was given."""

    clock: Clock
    allowed: int

    @property
    def left(self) -> int:
        """Office seconds left, below zero when late."""
        return self.clock.seconds_left

    @property
    def is_late(self) -> bool:
        """Whether the answer is overdue."""
        return self.clock.state is ClockState.LATE


def clock_of(lead: Lead, company: Company, *, at: datetime) -> LeadClock | None:
    """How the lead's answer clock stands; None when it does not run."""
    if lead.answer_due_at is None or lead.answered_at is not None or lead.exit:
        return None
    minutes = company.answer_minutes
    clock = clock_state(lead.answer_due_at, now=at, minutes=minutes, hours=office_hours(company))
    return LeadClock(clock, 60 * minutes)


def own_open(actor: Actor) -> QuerySet[Lead]:
    """The open leads that the actor owns."""
    mine = visible_leads(actor).filter(owner_id=actor.user_id, exit="")
    return mine if actor.user_id is not None else mine.none()


def own_late(actor: Actor) -> QuerySet[Lead]:
    """The one of them that waits longest for an answer, if that is longer than it should.

    An index tells which is due first. Asked whether any is late, PostgreSQL reads the table, hoping for an early hit.
    """
    waiting = own_open(actor).alias(waiting_until=waiting_until()).filter(waiting_until__isnull=False)
    first = waiting.order_by("waiting_until").values("pk")[:1]
    return own_open(actor).filter(pk=Subquery(first), answer_due_at__lt=AT)


def other_leads(actor: Actor, lead: Lead, *, most: int) -> list[Lead]:
    """The other visible leads of the same person or company, newest first."""
    return _of_the_same(actor, most, lead=lead.pk, party=lead.party_id, organisation=lead.organisation_id)


@written
def _of_the_same(actor: Actor, most: int) -> QuerySet[Lead]:
    same = Q(party_id=Given("party")) | Q(organisation_id=Given("organisation"))
    others = visible_leads(actor).filter(same).exclude(pk=Given("lead"))
    return _named(others, "party", "source", "owner").order_by(*_NEWEST_FIRST)[:most]


_NEWEST_FIRST = (F("arrived_at").desc(nulls_last=True), "-pk")


def _named(leads: QuerySet[Lead], *parts: str) -> QuerySet[Lead]:
    """Leads as panels name them, each with no more than the parts the panel shows."""
    return with_parts(leads, **{part: _PARTS[part] for part in parts}).defer("extra")


def seen_by(actor: Actor) -> list[Q]:
    """By what an actor sees leads, any of which suffices; nothing for who sees all."""
    seen = owned_by(actor)
    if seen and actor.user_id is not None:
        seen.append(Q(handed_to_id=actor.user_id))
    if seen and actor.may("qualify.lead.claim"):
        seen.append(Q(owner=None, exit=""))
    return seen


def owners_of(lead_ids: Collection[int]) -> dict[int, int]:
    """Whose these leads are now, for who tells them; leads of nobody are left out."""
    rows = Lead.objects.filter(pk__among=lead_ids, deleted_at=None).exclude(owner_id=None)
    return {pk: owner_id for pk, owner_id in rows.values_list("pk", "owner_id") if owner_id is not None}


def answers_due(at: datetime, *, ahead: timedelta) -> QuerySet[Lead]:
    """The leads of somebody whose answer clock breaks before ``ahead`` is over, or broke within the last day."""
    open_ones = Lead.objects.filter(answered_at=None, exit="", deleted_at=None).exclude(owner_id=None)
    return open_ones.filter(answer_due_at__gt=at - timedelta(days=1), answer_due_at__lte=at + ahead)
