"""What hangs on the record of a lead, on the record of its party, and on My day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from headwater.acquire.queries import first_touchpoint, touchpoints_of
from headwater.parties import panels as parties
from headwater.platform.actor import Actor
from headwater.platform.errors import NotFound
from headwater.platform.written import Counted, counts_of
from headwater.qualify import queries
from headwater.qualify.forms import SendBackForm
from headwater.qualify.models import DisqualifyReason, Exit, Lead, Stage
from headwater.qualify.rules import Advice, Situation, moves, next_best_step, position
from headwater.team import queries as team
from headwater.web.format import duration
from headwater.web.panel import DaySection, Panel, register_day_section, register_panel

SHOWN = 8
MOST_HANDOVERS = 100
T = "qualify/panels.html#"
D = "qualify/day.html#"


def who(actor: Actor, lead: Lead, at: datetime) -> Mapping[str, Any] | None:
    """What the person does, and for which company, which one gets to from here."""
    has_company = lead.organisation_id is not None and lead.organisation_id != lead.party_id
    return {} if has_company or lead.party.job_title else None


def head(actor: Actor, lead: Lead, at: datetime) -> Mapping[str, Any]:
    """What the lead is about at a glance: interest, where it first came from, its answer clock."""
    first = first_touchpoint(actor, lead.party_id, before=lead.arrived_at)
    source = first.source if first is not None and first.source is not None else lead.source
    return {"first_source": source, "is_other_source": source is not None and source.pk != lead.source_id}


def path(actor: Actor, lead: Lead, at: datetime) -> Mapping[str, Any]:
    """The stages with the time in the present one, and how the lead ended if it did."""
    may_move = actor.may("qualify.lead.move", owner_id=lead.owner_id, team_id=lead.team_id)
    ahead = set(moves(lead.stage, lead.exit)) if may_move else set()
    here = position(lead.stage)
    stages = []
    for index, stage in enumerate(Stage):
        state = "done" if index < here else "now" if index == here else "ahead"
        if lead.exit and index == here:
            state = "won" if lead.exit == Exit.CONVERTED else "ended"
        stages.append(
            {
                "code": stage.value,
                "label": str(stage.label),
                "state": state,
                "note": duration(at - lead.stage_since) if index == here and lead.stage_since and not lead.exit else "",
                "can_choose": stage.value in ahead and index > here,
                "reason": _why_not(stage) if index > here and stage.value not in ahead and not lead.exit else "",
            }
        )
    return {"stages": stages, "ended": _ended(lead)}


ABOUT_HANDOVER = (Advice.ANSWER_HANDOVER, Advice.WAIT_FOR_SALES)
PLANNED = (Advice.DO_WHAT_IS_DUE, Advice.KEEP_TO_PLAN)


def next_step(actor: Actor, lead: Lead, at: datetime) -> Mapping[str, Any] | None:
    """The next best step, with the reason and the button that does it."""
    situation = Situation(
        stage=lead.stage,
        exit=lead.exit,
        now=at,
        in_pool=lead.in_pool,
        is_answered=lead.answered_at is not None,
        is_handed_over=lead.handed_over_at is not None,
        is_handed_to_me=lead.handed_to_id is not None and lead.handed_to_id == actor.user_id,
        was_sent_back=bool(lead.sent_back_reason),
        next_step_due_at=getattr(lead, "next_step_due_at", None),
    )
    advice = next_best_step(situation)
    if advice is None:
        return None
    words = _in_words(advice, lead)
    is_open = not words.verb or actor.may(words.verb)
    due = situation.next_step_due_at if advice in PLANNED else None
    if advice in ABOUT_HANDOVER:
        due = lead.handover_due_at
    return {
        "advice": advice.value, "step": words.title, "why": words.why, "due": due, "label": words.label,
        "command": words.command if is_open else "", "icon": words.icon,
    }  # fmt: skip


def handover(actor: Actor, lead: Lead, at: datetime) -> Mapping[str, Any] | None:
    """The open handover with yes and no for whom it was given to; else the reason it was sent back for."""
    if lead.exit or (lead.handed_over_at is None and not lead.sent_back_reason):
        return None
    mine = lead.handed_to_id is not None and lead.handed_to_id == actor.user_id
    waits = lead.handed_over_at is not None
    return {
        "waits": waits,
        "may_answer": waits and actor.may("qualify.lead.accept") and (mine or actor.reaches(
            owner_id=lead.handed_to_id, team_id=getattr(lead.handed_to, "team_id", None))),
        "send_back_form": SendBackForm(actor=actor, row=lead, auto_id="handover_%s"),
    }  # fmt: skip


def journey(actor: Actor, lead: Lead, at: datetime) -> Mapping[str, Any] | None:
    """Everything that happened with the person, newest first."""
    try:
        return {"journey": parties.journey(actor, lead.party_id)}
    except NotFound:  # somebody else's person
        return None


def others(actor: Actor, lead: Lead, at: datetime) -> Mapping[str, Any] | None:
    """The other leads of the same person or company."""
    found = queries.other_leads(actor, lead, most=SHOWN + 1)
    return {"leads": found[:SHOWN], "more": len(found) > SHOWN} if found else None


def touches(actor: Actor, lead: Lead, at: datetime) -> Mapping[str, Any] | None:
    """The contacts with the person and the company, first to last, with what brought them about."""
    found = touchpoints_of(actor, SHOWN + 1, party=lead.party_id, organisation=lead.organisation_id)
    return {"touchpoints": found[:SHOWN], "more": len(found) > SHOWN} if found else None


def leads_of_party(actor: Actor, party: Any, at: datetime) -> Mapping[str, Any] | None:
    """The leads of a person, or of a company and its people."""
    found = list(queries.leads_of(actor, party.pk)[: SHOWN + 1])
    may_add = actor.may("qualify.lead.create")
    if not found and not may_add:
        return None
    return {"leads": found[:SHOWN], "more": len(found) > SHOWN, "may_add": may_add, "party": party}


# --- My day -----------------------------------------------------------------------------------------------


def waiting_for_answer(actor: Actor, at: datetime) -> Mapping[str, Any]:
    """Leads whose first answer is due, the most urgent first."""
    found = queries.first_to_answer(actor, SHOWN + 1)
    company = team.company()
    count, late = len(found), sum(lead.answer_due_at < at for lead in found if lead.answer_due_at is not None)
    if count > SHOWN:
        count, late = queries.count_waiting(actor, at)
    return {
        "leads": found[:SHOWN],
        "count": count,
        "late": late,
        "minutes": company.answer_minutes,
        "opens": company.office_opens,
        "closes": company.office_closes,
    }


def handovers(actor: Actor, at: datetime) -> Mapping[str, Any] | None:
    """Leads that wait for the actor's yes or no."""
    found = queries.handovers_to_accept(actor, MOST_HANDOVERS)
    if not found:
        return None
    late = sum(1 for lead in found if lead.handover_due_at is not None and lead.handover_due_at < at)
    return {"leads": found[:SHOWN], "count": len(found), "late": late}


def pool(actor: Actor, at: datetime) -> Mapping[str, Any] | None:
    """How many leads anybody may claim, how old the oldest is, and which comes next."""
    (size,) = counts_of(actor, [Counted(queries.pool_in_order)])
    if not size:
        return None
    return {
        "size": size,
        "count": 0,  # offered, not owed: the pool is not among what needs this person today
        "late": 0,
        "oldest": next(iter(queries.oldest_in_pool(actor)), None),
        "next": next(iter(queries.next_in_pool(actor)), None),
    }


# --- In words ---------------------------------------------------------------------------------------------


def _why_not(stage: Stage) -> str:
    return {
        Stage.SAL: _("Sales has to accept the handover first."),
        Stage.SQL: _("Sales has to accept the lead first."),
    }.get(stage, "")


def _ended(lead: Lead) -> Mapping[str, str] | None:
    match lead.exit:
        case Exit.CONVERTED:
            return {"tone": "info", "icon": "target-arrow", "title": _("An opportunity came of this lead."), "text": ""}
        case Exit.DISQUALIFIED:
            reason = dict(DisqualifyReason.choices).get(lead.exit_reason, lead.exit_reason)
            title = _("Disqualified: %(reason)s.") % {"reason": str(reason).lower()}
            return {"tone": "info", "icon": "ban", "title": title, "text": lead.exit_note}
        case Exit.RECYCLED:
            return {"tone": "info", "icon": "recycle", "title": _("Back in nurture."), "text": lead.exit_note}
        case Exit.MERGED:
            return {"tone": "info", "icon": "git-merge", "title": _("Merged into another lead."), "text": ""}
    return None


class Words(NamedTuple):
    """A next best step as the record says it, and the button that does it where ``verb`` allows."""

    title: str
    why: str
    icon: str
    command: str = ""
    label: str = ""
    verb: str = ""


def _in_words(advice: Advice, lead: Lead) -> Words:
    match advice:
        case Advice.ANSWER_HANDOVER | Advice.WAIT_FOR_SALES | Advice.COMPLETE | Advice.HAND_OVER:
            return _handover_in_words(advice, lead)
        case Advice.CLAIM | Advice.ANSWER:
            return _answer_in_words(advice, lead)
        case _:
            return _plan_in_words(advice, lead)


def _handover_in_words(advice: Advice, lead: Lead) -> Words:
    verb, label = "qualify.lead.hand_over", _("Hand over")
    match advice:
        case Advice.ANSWER_HANDOVER:
            why = _("It was handed over to you. Say yes, or send it back with a reason.")
            return Words(_("Accept or send back"), why, "check", "accept", _("Accept"), "qualify.lead.accept")
        case Advice.WAIT_FOR_SALES:
            title = _("Wait for %(colleague)s") % {"colleague": str(lead.handed_to) if lead.handed_to else ""}
            return Words(title, _("The handover is open; you will see the answer here."), "hourglass")
        case Advice.COMPLETE:
            why = _("Sales sent it back: %(why)s.") % {"why": lead.get_sent_back_reason_display().lower()}
            title = _("Complete it, then hand it over again")
            return Words(title, why, "arrow-right-circle", "hand_over", label, verb)
        case _:
            why = _("It is marketing qualified, and nobody in sales has been asked.")
            return Words(_("Hand it over to sales"), why, "arrow-right-circle", "hand_over", label, verb)


def _answer_in_words(advice: Advice, lead: Lead) -> Words:
    if advice is Advice.CLAIM:
        why = _("Nobody works on it yet. Who claims it first has it.")
        return Words(_("Claim this lead"), why, "hand-grab", "claim", _("Claim"), "qualify.lead.claim")
    name, verb = {"name": lead.party.name}, "qualify.lead.respond"
    why = _("Nobody has answered yet. Who answers first is remembered.")
    if lead.party.phone:
        return Words(_("Call %(name)s now") % name, why, "phone", "log_call", _("Log the call"), verb)
    return Words(_("Answer %(name)s now") % name, why, "mail", "log_email", _("Log the e-mail"), verb)


def _plan_in_words(advice: Advice, lead: Lead) -> Words:
    planned, verb = str(getattr(lead, "next_step", "")), "qualify.lead.respond"
    match advice:
        case Advice.OPEN_OPPORTUNITY:
            why = _("Need, budget and who decides are known: it is sales qualified.")
            return Words(_("Open an opportunity"), why, "target-arrow")
        case Advice.PLAN_NEXT_STEP:
            why = _("Nothing is planned. A lead without a next step is forgotten first.")
            return Words(_("Plan the next step"), why, "calendar-plus", "next_step", _("Plan it"), verb)
        case Advice.DO_WHAT_IS_DUE:
            why = _("It was planned for now, or before.")
            return Words(planned, why, "phone", "log_call", _("Log a call"), verb)
        case _:
            return Words(planned, _("That is planned next."), "phone", "log_call", _("Log a call"), verb)


for _panel in (
    Panel("lead-who", "qualify.lead", f"{T}who", who, place="subtitle"),
    Panel("lead-head", "qualify.lead", f"{T}head", head, place="head", order=10),
    Panel("lead-path", "qualify.lead", f"{T}path", path, place="top", order=0),
    Panel("lead-journey", "qualify.lead", "parties/timeline.html", journey, order=30),
    Panel("lead-others", "qualify.lead", f"{T}others", others, order=40),
    Panel("lead-touches", "qualify.lead", f"{T}touches", touches, order=50, verb="acquire.touchpoint.see"),
    Panel("lead-next", "qualify.lead", f"{T}next", next_step, place="next", order=0),
    Panel("lead-handover", "qualify.lead", f"{T}handover", handover, place="next", order=10),
    Panel("person-leads", "parties.person", f"{T}party", leads_of_party, order=60, verb="qualify.lead.see"),
    Panel("organisation-leads", "parties.organisation", f"{T}party", leads_of_party, order=60, verb="qualify.lead.see"),
):
    register_panel(_panel)

for _section in (
    DaySection("answers", f"{D}answers", waiting_for_answer, order=10, verb="qualify.lead.respond"),
    DaySection("handovers", f"{D}handovers", handovers, order=20, verb="qualify.lead.accept"),
    DaySection("pool", f"{D}pool", pool, place="side", order=80, verb="qualify.lead.claim"),
):
    register_day_section(_section)
