"""Opening opportunities, and keeping their details right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from headwater.parties.queries.visible import visible_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.events import record
from headwater.platform.money import UnknownCurrency
from headwater.platform.spans import set_span
from headwater.platform.translated import gettext as _
from headwater.qualify.actions import convert_lead
from headwater.sell.actions.lines import LineDraft, check_lines, sum_of, write_lines
from headwater.sell.actions.steps import (
    OPEN,
    PERSONAL,
    ROW,
    give_access,
    locked,
    owner_values,
)
from headwater.sell.events import OpportunityOpened
from headwater.sell.models import ForecastCategory, Opportunity, PipelineStage
from headwater.sell.rules import SELLS
from headwater.team import queries as team


class OpportunityValues(TypedDict, total=False):
    """What can be corrected on an opportunity; stage, owner and outcome have actions of their own."""

    name: str
    amount: Decimal | None
    currency: str
    probability: int
    forecast_category: str
    close_date: date | None
    next_step: str
    competitor: str


@action
def open_opportunity(
    *,
    by: Actor,
    at: datetime,
    lead_id: int | None = None,
    party_id: int | None = None,
    name: str = "",
    amount: Decimal | None = None,
    currency: str = "",
    stage_id: int | None = None,
    close_date: date | None = None,
    forecast_category: str = ForecastCategory.PIPELINE,
    next_step: str = "",
    owner_id: int | None = None,
    lines: Sequence[LineDraft] = (),
) -> Opportunity:
    """Open a chance to sell, from a sales qualified lead or for a party we know.

    The lead leaves the funnel as converted and stays as it is, with all its history; the opportunity only points
    at it, so its source is never lost. It belongs to somebody who sells: whoever is named, else who has the lead, else
    the actor. Who qualifies but does not sell opens it for a colleague who does.

    Raises:
        NotAllowed: the actor may not open opportunities, or not convert this lead.
        StepRefused: the lead is not sales qualified, or has left the funnel.
        NotFound: no lead and no party, or none that the actor sees.
        Invalid: a value that cannot be right.
    """
    by.require("sell.opportunity.create")
    check_lines(lines, by)
    party, organisation, title = party_id, None, ""
    amount = amount if amount is not None else sum_of(lines)
    if lead_id is not None:
        lead = convert_lead(lead_id=lead_id, by=by, at=at)
        party, organisation, title = lead.party_id, lead.organisation_id, lead.title
        amount = amount if amount is not None else lead.amount
        currency = currency or lead.currency
        owner_id = owner_id or (lead.owner_id if _sells(lead.owner_id) else None)
    buyer_id, its_organisation, its_name = _buyer(party, by)
    organisation = organisation or its_organisation
    values = _checked(
        {
            "name": name or title or its_name, "amount": amount,
            "currency": currency or team.company().currency, "forecast_category": forecast_category,
            "close_date": close_date, "next_step": next_step,
        }
    )  # fmt: skip
    stage = stage_of(stage_id)
    held_by = _for_whom(owner_id or by.user_id, by)
    row = Opportunity.objects.create(
        lead_id=lead_id, party_id=buyer_id, organisation_id=organisation, stage=stage, stage_since=at,
        probability=stage.probability, opened_at=at, created_at=at, batch_id=by.batch_id, **held_by, **values,
    )  # fmt: skip
    write_lines(row, lines)
    _begin_history(row, by=by, at=at)
    return row


def _buyer(party_id: int | None, by: Actor) -> tuple[int, int | None, str]:
    """Who may buy, if the actor sees them, with the organisation they buy for and their name."""
    if party_id is None:
        raise NotFound(_("Say who may buy: choose a person or a company."))
    buyer = visible_parties(by).filter(pk=party_id).first()
    if buyer is None:
        raise NotFound()
    return buyer.pk, buyer.employer_id if buyer.is_person else buyer.pk, str(buyer.name)


def _begin_history(row: Opportunity, *, by: Actor, at: datetime) -> None:
    """Where it stands since now, who may see its party for its sake, and the fact that it was opened."""
    set_span(ROW, row.pk, "stage", str(row.stage_id), at=at)
    set_span(ROW, row.pk, "outcome", OPEN, at=at)
    if row.owner_id is not None:
        set_span(ROW, row.pk, "owner", str(row.owner_id), at=at)
    give_access(row, by=by, at=at)
    fact = OpportunityOpened(
        opportunity_id=row.pk, stage=row.stage.name, lead_id=row.lead_id, owner_id=row.owner_id,
        amount=None if row.amount is None else str(row.amount), currency=row.currency,
        party_id=row.party_id, organisation_id=row.organisation_id,
    )  # fmt: skip
    record(fact, by=by, at=at)


def _sells(user_id: int | None) -> bool:
    return user_id is not None and team.users_who_may(SELLS).filter(pk=user_id).exists()


def _for_whom(owner_id: int | None, by: Actor) -> dict[str, Any]:
    """Owner and team of a new opportunity: who does not sell hands it to anybody who does, as leads are handed over."""
    if owner_id is not None and not _sells(owner_id):
        raise Invalid({"owner_id": [_("Choose a colleague who sells.")]})
    if owner_id is None or by.may(SELLS):
        return owner_values(owner_id, by)[0]
    owner = team.users_by_ids([owner_id])[owner_id]
    return {"owner_id": owner.pk, "team_id": owner.team_id}


@action
def change_opportunity(
    *, opportunity_id: int, by: Actor, at: datetime, **values: Unpack[OpportunityValues]
) -> Opportunity:
    """Correct or complete an opportunity's details. A probability set by hand says that a person judged it.

    Raises:
        NotAllowed: the actor may not change this opportunity.
        Invalid: a value that cannot be right.
    """
    row = locked(opportunity_id, by=by, verb="change")
    change_row(
        row, _checked(dict(values)), row_type=ROW, by=by, at=at, personal=PERSONAL,
        party_id=row.party_id, organisation_id=row.organisation_id,
    )  # fmt: skip
    return row


@action
def plan_next_step(
    *, opportunity_id: int, next_step: str, by: Actor, at: datetime, close_date: date | None = None
) -> Opportunity:
    """Say what happens next with an opportunity, and by when it should close.

    Raises:
        NotAllowed: the actor may not change this opportunity.
    """
    row = locked(opportunity_id, by=by, verb="change")
    values: dict[str, Any] = {"next_step": next_step.strip()[:200]}
    if close_date is not None:
        values["close_date"] = close_date
    change_row(
        row, values, row_type=ROW, by=by, at=at, personal=PERSONAL,
        party_id=row.party_id, organisation_id=row.organisation_id,
    )  # fmt: skip
    return row


def stage_of(stage_id: int | None) -> PipelineStage:
    """The stage of that id, or the first one of the default pipeline.

    Raises:
        NotFound: there is no such stage.
    """
    stages = PipelineStage.objects.select_related("pipeline")
    if stage_id is None:
        stage = stages.filter(pipeline__is_default=True).order_by("position").first()
    else:
        stage = stages.filter(pk=stage_id).first()
    if stage is None:
        raise NotFound(_("There is no such stage."))
    return stage


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    wrong: dict[str, list[str]] = {}
    for name, longest in (("name", 200), ("next_step", 200), ("competitor", 120)):
        if name in values:
            values[name] = " ".join(str(values[name]).split())[:longest]
    if "name" in values and not values["name"]:
        wrong["name"] = [_("Say what they may buy.")]
    if values.get("amount") is not None and values["amount"] < 0:
        wrong["amount"] = [_("An amount is not below zero.")]
    if "probability" in values and not 0 <= values["probability"] <= 100:
        wrong["probability"] = [_("A probability is a percentage from 0 to 100.")]
    if "forecast_category" in values and values["forecast_category"] not in ForecastCategory.values:
        wrong["forecast_category"] = [_("Choose one of the forecast categories.")]
    if "currency" in values:
        try:
            values["currency"] = team.currency_meant(values["currency"])
        except UnknownCurrency as error:
            wrong["currency"] = [str(error)]
    if wrong:
        raise Invalid(wrong)
    return values
