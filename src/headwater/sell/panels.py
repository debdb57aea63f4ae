"""What hangs on the records of opportunities, orders, leads and parties, and on My day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from headwater.parties.panels import journey
from headwater.platform.actor import Actor
from headwater.platform.errors import NotFound
from headwater.sell import rules
from headwater.sell.forms import DecideForm
from headwater.sell.models import Opportunity, Order
from headwater.sell.queries.board import pipeline_to_move, usual_days_in_stages
from headwater.sell.queries.visible import (
    default_stages,
    lines_with_texts,
    opportunities_of_lead,
    opportunities_of_party,
    orders_of_party,
    product_choices,
)
from headwater.team import queries as team
from headwater.web.format import duration
from headwater.web.panel import DaySection, Panel, register_day_section, register_panel

SHOWN = 8
T = "sell/panels.html#"


def path(actor: Actor, row: Opportunity, at: datetime) -> Mapping[str, Any]:
    """The stages with the time in the present one, and how the opportunity ended if it did."""
    may_move = row.is_open and actor.may("sell.opportunity.move", owner_id=row.owner_id, team_id=row.team_id)
    here = row.stage.position
    stages = []
    for stage in default_stages():
        state = "done" if stage.position < here else "now" if stage.position == here else "ahead"
        if row.outcome == "WON":
            state = "done"
        elif row.outcome and state == "now":
            state = "lost"
        note = duration(at - row.stage_since) if state == "now" and row.stage_since else f"{stage.probability} %"
        url = f"/opportunities/{row.pk}/to/{stage.pk}" if may_move and stage.position > here else ""
        stages.append({"label": stage.name, "state": state, "note": note, "url": url})
    last = {"label": _("Lost") if row.outcome == "LOST" else _("Won"), "state": "ahead", "icon": "trophy", "note": ""}
    if row.outcome:
        last |= {"state": row.outcome.lower(), "icon": "trophy" if row.outcome == "WON" else "thumb-down"}
    return {"stages": [*stages, last]}


def worth(actor: Actor, row: Opportunity, at: datetime) -> Mapping[str, Any]:
    """What it is worth, how likely, who says so, and what happens next."""
    chance = rules.probability(row.outcome, percent=row.probability, stage_percent=row.stage.probability)
    origin = {
        rules.Origin.BY_STAGE: _("by its stage"),
        rules.Origin.BY_HAND: _("set by hand"),
        rules.Origin.CLOSED: _("closed"),
    }[chance.origin]
    usual = usual_days_in_stages(actor, at=at).get(row.stage_id) if row.is_open else None
    zone = team.company().zone
    today = at.astimezone(zone).date()
    days = (today - row.stage_since.astimezone(zone).date()).days if row.is_open and row.stage_since else None
    return {
        "chance": chance,
        "origin": origin,
        "weighted": rules.weighted(row.amount, chance),
        "days": days,
        "usual": None if usual is None else max(1, round(usual)),
        "age": rules.age_of(days, usual).value,
        "is_overdue": row.is_open and row.close_date is not None and row.close_date < today,
        "may_change": actor.may("sell.opportunity.change", owner_id=row.owner_id, team_id=row.team_id),
    }


def lines(actor: Actor, row: Opportunity | Order, at: datetime) -> Mapping[str, Any] | None:
    """The products, with the decision that a text from a file still waits for."""
    found = list(row.lines.all())
    of = "orders" if isinstance(row, Order) else "opportunities"
    may_decide = actor.may("sell.opportunity.change")
    shown: list[dict[str, Any]] = [{"line": line, "total": line.total, "form": None, "alike": 0} for line in found]
    undecided = [each for each in shown if may_decide and each["line"].is_to_decide]
    if undecided:
        products = product_choices(actor)
        alike = lines_with_texts(actor, [each["line"].product_text for each in undecided])
        for each in undecided:
            line = each["line"]
            each["form"] = DecideForm(actor=actor, products=products, auto_id=f"decide_{line.pk}_%s")
            each["alike"] = alike[line.product_text]
    may_change = of == "opportunities" and row_is_open(row) and actor.may("sell.opportunity.change")
    return {"lines": shown, "of": of, "may_change": may_change} if found or may_change else None


def row_is_open(row: Opportunity | Order) -> bool:
    """Whether the record is an opportunity that can still be won or lost."""
    return isinstance(row, Opportunity) and row.is_open


def where_from(actor: Actor, row: Opportunity | Order, at: datetime) -> Mapping[str, Any]:
    """The lead and source behind it, how long it took, and the orders that came of it."""
    lead = row.lead
    zone = team.company().zone
    end = row.ordered_at if isinstance(row, Order) else row.closed_at if row.outcome == "WON" else None
    costed = row if isinstance(row, Order) and actor.may(rules.SEE_COST) else None
    orders = [] if isinstance(row, Order) else list(row.orders.filter(deleted_at=None).order_by("pk"))
    return {
        "lead": lead,
        "days": rules.days_to_win(lead.arrived_at if lead is not None else None, end, zone),
        "orders": orders,
        "opportunity": row.opportunity if isinstance(row, Order) else None,
        "may_see_lead": actor.may("qualify.lead.see"),
        "margin": rules.margin(costed.amount, costed.cost) if costed else None,
        "margin_share": rules.margin_share(costed.amount, costed.cost) if costed else None,
    }


def journey_of(actor: Actor, row: Opportunity | Order, at: datetime) -> Mapping[str, Any] | None:
    """Everything that happened with who buys, newest first."""
    if row.party_id is None:
        return None
    try:
        return {"journey": journey(actor, row.party_id)}
    except NotFound:  # somebody else's person
        return None


def of_lead(actor: Actor, lead: Any, at: datetime) -> Mapping[str, Any] | None:
    """What came of a lead, and the button that opens an opportunity from it."""
    found = opportunities_of_lead(actor, SHOWN, lead=lead.pk)
    may_open = (
        lead.is_open
        and lead.stage == "SQL"
        and actor.may("sell.opportunity.create")
        and actor.may("qualify.lead.convert", owner_id=lead.owner_id, team_id=lead.team_id)
    )
    if not found and not may_open:
        return None
    return {"opportunities": found, "may_open": may_open, "new_url": f"/opportunities/new?lead_id={lead.pk}"}


def of_party(actor: Actor, party: Any, at: datetime) -> Mapping[str, Any] | None:
    """The chances to sell to a party, open ones first."""
    found = list(opportunities_of_party(actor, party.pk)[: SHOWN + 1])
    may_open = actor.may("sell.opportunity.create")
    if not found and not may_open:
        return None
    return {
        "opportunities": found[:SHOWN],
        "more": len(found) > SHOWN,
        "may_open": may_open,
        "new_url": f"/opportunities/new?party_id={party.pk}",
        "party": party,
    }


def bought(actor: Actor, party: Any, at: datetime) -> Mapping[str, Any] | None:
    """What a party bought, newest first."""
    found = list(orders_of_party(actor, party.pk)[: SHOWN + 1])
    if not found:
        return None
    return {"orders": found[:SHOWN], "more": len(found) > SHOWN, "party": party}


def to_move(actor: Actor, at: datetime) -> Mapping[str, Any] | None:
    """The actor's own opportunities that need a push: older than usual, no next step, close date passed."""
    cards, count, late = pipeline_to_move(actor, company=team.company(), at=at, limit=SHOWN)
    return {"cards": cards, "count": count, "late": late} if cards else None


OPPORTUNITY, ORDER, LEAD = "sell.opportunity", "sell.order", "qualify.lead"
PERSON, COMPANY = "parties.person", "parties.organisation"
SEE = "sell.opportunity.see"

for _panel in (
    Panel("opportunity-path", OPPORTUNITY, f"{T}path", path, place="top", order=0),
    Panel("opportunity-lines", OPPORTUNITY, f"{T}lines", lines, order=10),
    Panel("opportunity-journey", OPPORTUNITY, "parties/timeline.html", journey_of, order=30),
    Panel("opportunity-worth", OPPORTUNITY, f"{T}worth", worth, place="next", order=0),
    Panel("opportunity-source", OPPORTUNITY, f"{T}where_from", where_from, place="side", order=10),
    Panel("order-lines", ORDER, f"{T}lines", lines, order=10),
    Panel("order-journey", ORDER, "parties/timeline.html", journey_of, order=30),
    Panel("order-source", ORDER, f"{T}where_from", where_from, place="side", order=10),
    Panel("lead-opportunities", LEAD, f"{T}of_lead", of_lead, place="next", order=5, verb=SEE),
    Panel("person-opportunities", PERSON, f"{T}of_party", of_party, order=40, verb=SEE),
    Panel("organisation-opportunities", COMPANY, f"{T}of_party", of_party, order=40, verb=SEE),
    Panel("person-orders", PERSON, f"{T}bought", bought, order=45, verb="sell.order.see"),
    Panel("organisation-orders", COMPANY, f"{T}bought", bought, order=45, verb="sell.order.see"),
):
    register_panel(_panel)

register_day_section(DaySection("pipeline", f"{T}to_move", to_move, order=40, verb="sell.opportunity.move"))
