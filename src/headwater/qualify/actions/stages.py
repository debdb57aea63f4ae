"""Moving a lead through the funnel, out of it and back in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid
from headwater.platform.translated import gettext as _
from headwater.qualify import queries, rules
from headwater.qualify.actions.bulk_steps import Change, take_steps
from headwater.qualify.actions.steps import (
    NO_EXIT,
    NO_HANDOVER,
    exit_values,
    locked,
    locked_leads,
    refuse,
    require,
    stage_values,
    take_step,
)
from headwater.qualify.events import (
    LeadConverted,
    LeadDisqualified,
    LeadMoved,
    LeadRecycled,
    LeadReopened,
    LeadUnconverted,
    LeadWokenUp,
)
from headwater.qualify.models import DisqualifyReason, Exit, Lead, Stage
from headwater.team import queries as team


@action
def move_lead(*, lead_id: int, stage: str, by: Actor, at: datetime, reason: str = "") -> Lead:
    """Put a lead into another stage by hand; a step back says why.

    Raises:
        NotAllowed: the actor may not move this lead.
        StepRefused: the lead's state does not allow it, such as SAL without an accepted handover.
        Invalid: a step back without a reason.
    """
    lead = locked(lead_id)
    require(by, "move", lead)
    refuse(rules.why_not_move(lead.stage, lead.exit, target=stage, reason=reason))
    values = stage_values(stage, at=at)
    if rules.is_back(lead.stage, stage):
        values |= NO_HANDOVER
    told = {"from_stage": lead.stage, "to_stage": stage, "note": reason.strip()}
    take_step(lead, values, LeadMoved, by=by, at=at, **told)
    return lead


@action
def disqualify_lead(*, lead_id: int, reason: str, by: Actor, at: datetime, note: str = "") -> Lead:
    """Give a lead up, for a reason; it can be reopened.

    Raises:
        NotAllowed: the actor may not disqualify this lead.
        StepRefused: it has left the funnel already.
        Invalid: no reason, or one that does not exist.
    """
    lead = locked(lead_id)
    require(by, "disqualify", lead)
    refuse(rules.why_not_disqualify(lead.exit, reason=reason))
    _check_reason(reason)
    take_step(lead, _given_up(reason, note, at=at), LeadDisqualified, by=by, at=at, reason=reason, note=note.strip())
    return lead


@action
def move_leads(*, ids: Sequence[int], stage: str, by: Actor, at: datetime, reason: str = "") -> int:
    """Put several leads into a stage, all or none; how many were not in it yet.

    Raises:
        NotAllowed: the actor may not move leads.
        SomeRefused: the step is not possible for some of them.
    """
    by.require("qualify.lead.move")

    def check(lead: Lead) -> None:
        require(by, "move", lead)
        if lead.exit or lead.stage != stage:
            refuse(rules.why_not_move(lead.stage, lead.exit, target=stage, reason=reason))

    moved = [_move(lead, stage, reason, at=at) for lead in locked_leads(ids, check) if lead.stage != stage]
    return take_steps(moved, LeadMoved, by=by, at=at)


def _move(lead: Lead, stage: str, reason: str, *, at: datetime) -> Change:
    values = stage_values(stage, at=at) | (NO_HANDOVER if rules.is_back(lead.stage, stage) else {})
    return Change(lead, values, told={"from_stage": lead.stage, "to_stage": stage, "note": reason.strip()})


@action
def disqualify_leads(*, ids: Sequence[int], reason: str, by: Actor, at: datetime, note: str = "") -> int:
    """Give several leads up for the same reason, all or none; how many.

    Raises:
        NotAllowed: the actor may not disqualify leads.
        SomeRefused: some have left the funnel already, or are not the actor's.
        Invalid: no reason, or one that does not exist.
    """
    by.require("qualify.lead.disqualify")
    _check_reason(reason)

    def check(lead: Lead) -> None:
        require(by, "disqualify", lead)
        refuse(rules.why_not_disqualify(lead.exit, reason=reason))

    given_up = [Change(lead, _given_up(reason, note, at=at), told={"reason": reason, "note": note.strip()})
                for lead in locked_leads(ids, check)]  # fmt: skip
    return take_steps(given_up, LeadDisqualified, by=by, at=at)


def _check_reason(reason: str) -> None:
    if reason not in DisqualifyReason.values:
        raise Invalid({"reason": [_("Choose one of the reasons.")]})


def _given_up(reason: str, note: str, *, at: datetime) -> dict[str, Any]:
    return exit_values(Exit.DISQUALIFIED, at=at, reason=reason, note=note.strip()[:300]) | {"wake_up_on": None}


@action
def recycle_lead(*, lead_id: int, wake_up_on: date | None, by: Actor, at: datetime, note: str = "") -> Lead:
    """Send a lead back to nurture until a day; on that day it wakes up by itself.

    Raises:
        NotAllowed: the actor may not recycle this lead.
        StepRefused: it has left the funnel already.
        Invalid: no day, or one that is not in the future.
    """
    lead = locked(lead_id)
    require(by, "recycle", lead)
    today = at.astimezone(team.company().zone).date()
    refuse(rules.why_not_recycle(lead.exit, wake_up_on=wake_up_on, today=today))
    assert wake_up_on is not None
    values = exit_values(Exit.RECYCLED, at=at, note=note.strip()[:300]) | {"wake_up_on": wake_up_on}
    told = {"wake_up_on": wake_up_on.isoformat(), "note": note.strip()}
    take_step(lead, values, LeadRecycled, by=by, at=at, **told)
    return lead


@action
def reopen_lead(*, lead_id: int, by: Actor, at: datetime) -> Lead:
    """Take up a lead again that was disqualified or recycled.

    Raises:
        NotAllowed: the actor may not reopen this lead.
        StepRefused: it is open, has become an opportunity or was merged.
    """
    lead = locked(lead_id)
    require(by, "reopen", lead)
    refuse(rules.why_not_reopen(lead.exit))
    stage = rules.reopened_stage(lead.stage)
    values = NO_EXIT | stage_values(stage, at=at)
    take_step(lead, values, LeadReopened, by=by, at=at, to_stage=stage)
    return lead


@action
def wake_up_leads(*, by: Actor, at: datetime) -> int:
    """Bring back the recycled leads whose day has come, as new leads of their owner or the pool; how many.

    The leads of an owner who has left wake up in the pool, where somebody finds them.

    A fixed number at a time, so that a long night is several short units of work.
    """
    by.require("qualify.lead.reopen")
    company = team.company()
    today = at.astimezone(company.zone).date()
    due = Lead.objects.filter(exit=Exit.RECYCLED, wake_up_on__lte=today, deleted_at=None).order_by("pk")
    leads = list(due.select_for_update()[:500])
    hours = queries.office_hours(company)
    answer_due = rules.answer_due(at, hours, minutes=company.answer_minutes)
    values = NO_EXIT | stage_values(Stage.NEW, at=at) | {"answer_due_at": answer_due, "answered_at": None}
    owners = team.users_by_ids(lead.owner_id for lead in leads if lead.owner_id is not None)
    left = {pk for pk, owner in owners.items() if not owner.is_active}
    pool = {"owner_id": None, "team_id": None}
    steps = [Change(lead, values | pool if lead.owner_id in left else values) for lead in leads]
    take_steps(steps, LeadWokenUp, by=by, at=at)
    return len(leads)


@action
def convert_lead(*, lead_id: int, by: Actor, at: datetime) -> Lead:
    """Close a sales qualified lead at its good end; the opportunity is opened by who calls this.

    Raises:
        NotAllowed: the actor may not convert this lead.
        StepRefused: it is not an SQL, or has left the funnel.
    """
    lead = locked(lead_id)
    require(by, "convert", lead)
    refuse(rules.why_not_convert(lead.stage, lead.exit))
    take_step(lead, exit_values(Exit.CONVERTED, at=at) | {"wake_up_on": None}, LeadConverted, by=by, at=at)
    return lead


@action
def convert_leads(leads: Mapping[int, datetime | None], *, by: Actor, at: datetime) -> list[int]:
    """Close many leads at their good end, as a file of deals reports it; which ones changed.

    ``leads`` says for each when that was, None if the day is not known. Their stage and earlier exit do not matter:
    the deal proves that they were qualified. Those that are converted already stay as they are.

    Raises:
        NotAllowed: the actor may not convert leads.
    """
    by.require("qualify.lead.convert")
    found = list(Lead.objects.select_for_update().filter(pk__in=list(leads), deleted_at=None).order_by("pk"))
    changes = []
    for lead in found:
        if lead.exit in (Exit.CONVERTED, Exit.MERGED):
            continue
        values: dict[str, Any] = NO_EXIT | exit_values(Exit.CONVERTED, at=at) | {"exited_at": leads[lead.pk]}
        if lead.stage != Stage.SQL:
            values |= {"stage": Stage.SQL.value, "stage_since": leads[lead.pk]}
        changes.append(Change(lead, values, leads[lead.pk]))
    take_steps(changes, LeadConverted, by=by, at=at)
    return [change.lead.pk for change in changes]


@action
def unconvert_lead(*, lead_id: int, by: Actor, at: datetime) -> Lead:
    """Open a converted lead again as an SQL, because its opportunity was taken back by who calls this.

    Raises:
        NotAllowed: the actor may not convert this lead.
        StepRefused: the lead is not converted.
    """
    lead = locked(lead_id)
    require(by, "convert", lead)
    if lead.exit != Exit.CONVERTED:
        refuse(rules.why_not_reopen(lead.exit) or rules.Refusal.STILL_OPEN)
    take_step(lead, NO_EXIT, LeadUnconverted, by=by, at=at)
    return lead
