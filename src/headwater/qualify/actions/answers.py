"""The first answer to a lead: logging it, and stopping the clock when it was logged elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max, Q

from headwater.parties.actions.activities import log_activity
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.models import Event
from headwater.platform.translated import gettext_lazy as _
from headwater.qualify import queries, rules
from headwater.qualify.actions.steps import ROW, locked, require, stage_values, take_step
from headwater.qualify.events import LeadAnswered, LeadMoved, LeadWokenUp
from headwater.qualify.models import Lead, Stage
from headwater.team import queries as team

DEFAULT_SUBJECTS = {"CALL": _("Call"), "EMAIL": "E-mail", "MEETING": _("Meeting")}


@action
def log_response(
    *,
    lead_id: int,
    kind: str,
    by: Actor,
    at: datetime,
    subject: str = "",
    body: str = "",
    is_outbound: bool = True,
    occurred_at: datetime | None = None,
) -> Lead:
    """Log a call, e-mail, meeting or note with the lead's party; the first answer stops the clock.

    A new lead is in work from its first answer on.

    Raises:
        NotAllowed: the actor may not work on this lead.
    """
    lead = locked(lead_id)
    require(by, "respond", lead)
    moment = occurred_at or at
    log_activity(
        party_id=lead.party_id,
        kind=kind,
        subject=subject.strip() or str(DEFAULT_SUBJECTS.get(kind, _("Note"))),
        body=body,
        is_outbound=is_outbound,
        occurred_at=moment,
        by=by,
        at=at,
    )
    if rules.is_answer(kind, is_outbound=is_outbound):
        _answer([lead], moment=moment, by=by, at=at)
    return lead


@action
def stop_answer_clocks(*, party_id: int, moment: datetime, by: Actor, at: datetime) -> int:
    """Stop the clocks of a party's leads, because somebody called, wrote to or met them at ``moment``; how many.

    Asked again it changes nothing, so handlers may call it as often as they like.
    """
    by.require("qualify.lead.respond")
    waiting = Lead.objects.filter(party_id=party_id, answered_at=None, exit="", deleted_at=None)
    arrived = Q(arrived_at__lte=moment) | Q(arrived_at=None, created_at__lte=moment)
    return _answer(list(waiting.filter(arrived).select_for_update().order_by("pk")), moment=moment, by=by, at=at)


def _answer(leads: list[Lead], *, moment: datetime, by: Actor, at: datetime) -> int:
    company = team.company()
    hours = queries.office_hours(company)
    answered = 0
    woken = _woken_at(leads)
    for lead in leads:
        if lead.answered_at is not None or lead.exit:
            continue
        answered += 1
        told: dict[str, Any] = {}
        if lead.answer_due_at is not None and lead.arrived_at is not None:
            began = woken.get(lead.pk, lead.arrived_at)
            told["office_seconds"] = max(0, rules.office_seconds_between(began, moment, hours))
            told["is_late"] = moment > lead.answer_due_at
        take_step(lead, {"answered_at": moment}, LeadAnswered, by=by, at=moment, **told)
        if lead.stage == Stage.NEW:
            told = {"from_stage": str(Stage.NEW), "to_stage": str(Stage.WORKING)}
            take_step(lead, stage_values(Stage.WORKING, at=moment), LeadMoved, by=by, at=moment, **told)
    return answered


def _woken_at(leads: list[Lead]) -> dict[int, datetime]:
    """When those of the leads that slept woke up last: their clock began anew."""
    slept = Event.objects.filter(subject_type=ROW, subject_id__in=[lead.pk for lead in leads], verb=LeadWokenUp.verb)
    return dict(slept.values_list("subject_id").annotate(Max("occurred_at")))
