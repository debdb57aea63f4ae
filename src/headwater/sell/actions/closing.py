"""The end of an opportunity, good or bad, and taking it up again."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid
from headwater.platform.translated import gettext as _
from headwater.sell import rules
from headwater.sell.actions.lines import lines_of
from headwater.sell.actions.orders import order_of_win, remove_orders
from headwater.sell.actions.steps import locked, refuse, require_cost, take_step
from headwater.sell.events import OpportunityLost, OpportunityReopened, OpportunityWon
from headwater.sell.models import ForecastCategory, LostReason, Opportunity, Order, Outcome


@action
def win_opportunity(
    *,
    opportunity_id: int,
    by: Actor,
    at: datetime,
    amount: Decimal | None = None,
    closed_at: datetime | None = None,
    cost: Decimal | None = None,
    number: str = "",
) -> tuple[Opportunity, Order]:
    """Close an open opportunity as won and place the order that comes of it, with the same lines.

    Without ``amount`` its own counts; where that is not known either, the order's value is unknown. It was won
    now, unless said otherwise. ``cost`` is what the goods cost us, where the products do not say.

    Raises:
        NotAllowed: the actor may not win this opportunity.
        AlreadyClosed: somebody won or lost it first.
        Invalid: a negative amount, or a day in the future.
    """
    row = locked(opportunity_id, by=by, verb="win")
    refuse(rules.why_not_win(row.outcome))
    require_cost(by, cost)
    moment = closed_at or at
    _check_close(amount, cost, moment, at)
    amount = amount if amount is not None else row.amount
    lines = lines_of(row)
    order = order_of_win(
        row, lines, amount=amount, cost=cost, ordered_at=moment, number=number.strip()[:60], by=by, at=at
    )
    values = {
        "outcome": Outcome.WON.value, "closed_at": moment, "amount": order.amount,
        "forecast_category": ForecastCategory.CLOSED.value,
    }  # fmt: skip
    told = {
        "order_id": order.pk, "lead_id": row.lead_id, "amount": None if order.amount is None else str(order.amount),
        "currency": row.currency if order.amount is not None else None,
    }  # fmt: skip
    take_step(row, values, OpportunityWon, by=by, at=at, since=moment, **told)
    return row, order


@action
def lose_opportunity(
    *,
    opportunity_id: int,
    reason: str,
    by: Actor,
    at: datetime,
    competitor: str = "",
    note: str = "",
    closed_at: datetime | None = None,
) -> Opportunity:
    """Close an open opportunity as lost, for a reason; ``competitor`` is who sold instead.

    Raises:
        NotAllowed: the actor may not lose this opportunity.
        AlreadyClosed: somebody won or lost it first.
        Invalid: no reason, or one that does not exist.
    """
    row = locked(opportunity_id, by=by, verb="lose")
    refuse(rules.why_not_lose(row.outcome, reason=reason))
    if reason not in LostReason.values:
        raise Invalid({"reason": [_("Choose one of the reasons.")]})
    moment = closed_at or at
    _check_close(None, None, moment, at)
    values = {
        "outcome": Outcome.LOST.value, "closed_at": moment, "lost_reason": reason, "lost_note": note.strip()[:300],
        "forecast_category": ForecastCategory.OMITTED.value,
    }  # fmt: skip
    competitor = competitor.strip()[:120]
    if competitor:
        values["competitor"] = competitor
    words = str(LostReason(reason).label).lower()
    take_step(
        row, values, OpportunityLost, by=by, at=at, since=moment, reason=reason, words=words, competitor=competitor
    )
    return row


@action
def reopen_opportunity(*, opportunity_id: int, by: Actor, at: datetime) -> Opportunity:
    """Take up a won or lost opportunity again, in the stage it was in and at most with that stage's probability.

    The order that came with the win falls with it, so that nothing is counted twice when it is won again.

    Raises:
        NotAllowed: the actor may not reopen this opportunity.
        StepRefused: it is open.
    """
    row = locked(opportunity_id, by=by, verb="reopen")
    refuse(rules.why_not_reopen(row.outcome))
    orders = Order.objects.select_for_update().filter(opportunity=row, deleted_at=None).order_by("pk")
    gone = remove_orders(list(orders), by=by, at=at) if row.outcome == Outcome.WON else []
    stage = row.stage
    values = {
        "outcome": "", "closed_at": None, "lost_reason": "", "lost_note": "", "stage_since": at,
        "probability": rules.percent_after_reopening(row.probability, stage_percent=stage.probability),
        "forecast_category": ForecastCategory.PIPELINE.value,
    }  # fmt: skip
    take_step(row, values, OpportunityReopened, by=by, at=at, stage=stage.name, order_ids=gone or None)
    return row


def _check_close(amount: Decimal | None, cost: Decimal | None, moment: datetime, at: datetime) -> None:
    wrong: dict[str, list[str]] = {}
    if amount is not None and amount < 0:
        wrong["amount"] = [_("An amount is not below zero.")]
    if cost is not None and cost < 0:
        wrong["cost"] = [_("A cost is not below zero.")]
    if moment > at:
        wrong["closed_at"] = [_("That day has not come yet.")]
    if wrong:
        raise Invalid(wrong)
