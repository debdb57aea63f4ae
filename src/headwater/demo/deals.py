"""What customers want to buy, how opportunities go through the pipeline, and what is ordered again."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from headwater.demo.company import ORDER_FORM, RENEWAL, TONER, WARRANTY, Way
from headwater.demo.desk import Desk
from headwater.demo.funnel import Funnel
from headwater.demo.journeys import Journeys
from headwater.demo.records import Deal, History, Lead, Line, Organisation, Sale, Step
from headwater.demo.season import ORDERS, Season, spread
from headwater.demo.words import words
from headwater.platform.money import in_cents

PROBABILITY = {1: 20, 2: 40, 3: 60, 4: 80}
STAGES = {1: "Discovery", 2: "Solution", 3: "Proposal", 4: "Negotiation"}
CATEGORY = {1: "PIPELINE", 2: "PIPELINE", 3: "BEST_CASE", 4: "COMMIT"}
# Where a lost opportunity is lost, and how long it takes to come through a stage.
LOST_IN = (24, 27, 36, 13)
STAGE_SHARE = (0.24, 0.26, 0.31, 0.19)
LOST_REASONS = {
    "PRICE": 30, "COMPETITOR": 26, "NO_DECISION": 18, "NO_BUDGET": 12, "TIMING": 8, "MISSING_FEATURE": 4, "OTHER": 2,
}  # fmt: skip
COST = 0.988


class Trade:
    """Everything with a price."""

    def __init__(
        self, history: History, season: Season, desk: Desk, funnel: Funnel, journeys: Journeys, rng: Random
    ) -> None:
        self._history, self._season, self._desk, self._rng = history, season, desk, rng
        self._funnel, self._journeys = funnel, journeys
        catalogue = words("needs")
        self._products = {entry[0]: (i, entry) for i, entry in enumerate(catalogue["products"], 1)}
        self._needs: dict[str, dict[str, Any]] = catalogue["needs"]
        self._repeat: dict[str, dict[str, Any]] = catalogue["repeat"]
        self._words = words("talk")
        self._start = season.clock(season.first_day, 0)

    # --- baskets ------------------------------------------------------------------------------------------

    def basket(self, need: str, *, size: float) -> tuple[str, list[Line]]:
        """The words of a need and the products it comes to, for a customer ``size`` times the usual."""
        entry = self._needs[need]
        lines = self._lines(entry["lines"], size)
        single = [text for text in entry["words"] if "{n}" not in text] if lines[0].quantity < 2 else []
        text = self._rng.choice(single or entry["words"])
        return text.replace("{n}", str(lines[0].quantity)), lines

    def _lines(self, wanted: list[list[Any]], size: float) -> list[Line]:
        found = []
        count = 0
        for name, low, high in wanted:
            number, entry = self._products[name]
            quantity = round(self._rng.uniform(low, high) * (size if high > 1 else 1))
            if low == high:
                quantity = low
            if name.startswith("Printer care") and count:
                quantity = count
            quantity = max(quantity, low)
            if quantity <= 0:
                continue
            count = count or quantity
            off = self._rng.choice((0, 0, 0, 0.02, 0.03, 0.05, 0.08)) + (0.02 if quantity > 10 else 0)
            price = Decimal(round(entry[2] * (1 - off) * 20)) / 20
            cost = Decimal(round(entry[2] * entry[3] * COST * self._rng.uniform(0.97, 1.03) * 20)) / 20
            found.append(Line(number, quantity, in_cents(price), in_cents(cost)))
        return found

    def size(self, way: Way, organisation: Organisation) -> float:
        """How much more than usual a customer of this size from this source wants."""
        firm = min(max((organisation.employees / 60) ** 0.35, 0.55), 2.1)
        return float(way.worth * firm * self._rng.lognormvariate(0, 0.3))

    # --- opportunities ------------------------------------------------------------------------------------

    def open(
        self, lead: Lead, way: Way, organisation: Organisation, lines: list[Line], at: datetime, rep: int
    ) -> Sale | None:
        """An opportunity from its opening to today; the order, if it was won by now."""
        rng, season = self._rng, self._season
        amount = total(lines)
        deal = self.deal(lead, organisation, lines, at, rep, self._next_step(lead))
        wins = rng.random() < min(way.win * (1.1 if lead.interest == "QUOTE_REQUEST" else 0.9), 0.9)
        weight = 0.7 if amount < 5_000 else 1.25 if amount > 30_000 else 1.0
        length = spread(rng, 23 if wins else 25, 0.55, 200) * weight
        last = 4 if wins else rng.choices((1, 2, 3, 4), LOST_IN)[0]
        if wins and amount < 4_000 and rng.random() < 0.5:
            last = 3
        moment, stage = at, 1
        while stage < last:
            moment = season.later(moment, self._in_stage(length, stage), rng)
            self._talk(lead, moment, rep)
            self.advance(deal, stage + 1, moment, rep)
            stage += 1
        closed = self._closing(season.later(moment, self._in_stage(length, stage), rng))
        if wins:
            sale = self.win(deal, closed, rep)
        else:
            sale = None
            self.lose(deal, closed, rep)
        deal.steps = [step for step in deal.steps if step.at < season.at]
        self._journeys.during(lead, at, min(closed, season.at))
        return sale if sale is not None and sale.at < season.at else None

    def _in_stage(self, length: float, stage: int) -> float:
        """How many days in a stage; some opportunities get stuck in one."""
        stuck = 4.0 if self._rng.random() < 0.05 else 1.0
        return length * STAGE_SHARE[stage - 1] * self._rng.lognormvariate(-0.1, 0.5) * stuck

    def deal(
        self, lead: Lead, organisation: Organisation, lines: list[Line], at: datetime, rep: int, next_step: str
    ) -> Deal:
        """A new opportunity, in the first stage."""
        day = at.astimezone(self._season.zone).date()
        deal = Deal(
            number=len(self._history.deals) + 1, name=lead.title, lead=lead.number, party=lead.party,
            organisation=organisation.number, owner=rep, amount=total(lines), opened_at=at,
            close_date=self._season.shifted(day, self._rng.choice((28, 35, 42, 56, 70))), next_step=next_step,
            lines=lines,
        )  # fmt: skip
        self._history.deals.append(deal)
        return deal

    def advance(self, deal: Deal, stage: int, at: datetime, rep: int) -> None:
        """Into the next stage, and as sure of it as the stage allows."""
        values = {"stage_id": stage, "stage_since": at, "probability": PROBABILITY[stage]}
        told = {"from_stage": STAGES[stage - 1], "to_stage": STAGES[stage]}
        deal.steps.append(Step(at, "OpportunityMoved", rep, values, told))
        if CATEGORY[stage] != CATEGORY[stage - 1]:
            deal.steps.append(Step(at, "Changed", rep, {"forecast_category": CATEGORY[stage]}))

    def win(self, deal: Deal, at: datetime, rep: int) -> Sale:
        """Won: the order is of the same products."""
        values = {"outcome": "WON", "closed_at": at, "forecast_category": "CLOSED"}
        deal.steps.append(Step(at, "OpportunityWon", rep, values))
        return Sale(0, deal.party, deal.organisation, deal.lead, deal.number, rep, at, deal.lines, deal.name)

    def lose(self, deal: Deal, at: datetime, rep: int) -> None:
        """Lost, for a reason, now and then to somebody we know."""
        reason = self._rng.choices(list(LOST_REASONS), list(LOST_REASONS.values()))[0]
        rival = self._rng.choice(self._words["competitors"]) if reason in ("PRICE", "COMPETITOR") else ""
        note = self._rng.choice(self._words["lost_notes"]) if self._rng.random() < 0.35 else ""
        values = {
            "outcome": "LOST", "closed_at": at, "lost_reason": reason, "lost_note": note, "competitor": rival,
            "forecast_category": "OMITTED",
        }  # fmt: skip
        told = {"reason": reason, "competitor": rival or None}
        deal.steps.append(Step(at, "OpportunityLost", rep, values, told))

    def _next_step(self, lead: Lead) -> str:
        if self._rng.random() < 0.12:
            return ""
        return self._funnel.spoken(self._rng.choice(self._words["next_steps"]), lead.party)

    def _talk(self, lead: Lead, at: datetime, rep: int) -> None:
        if self._rng.random() < 0.62:
            kind = self._rng.choices(("CALL", "EMAIL", "MEETING"), (4, 4, 3))[0]
            subjects = {"CALL": "follow_ups", "EMAIL": "mails", "MEETING": "meetings"}[kind]
            self._funnel.talk(lead, kind, self._rng.choice(self._words[subjects]), at, rep)

    def _closing(self, at: datetime) -> datetime:
        """Hardly anybody signs in August; what would close in January is often signed before New Year."""
        local = at.astimezone(self._season.zone)
        if local.month == 8 and self._rng.random() < 0.55:
            return self._season.later(at, self._rng.uniform(18, 40), self._rng)
        return at

    # --- orders again -------------------------------------------------------------------------------------

    def reorder(self, organisation: Organisation, first: datetime, *, loyal: bool, key: bool = False) -> None:
        """What a customer orders after ``first``, until today or until they stop; key accounts never do."""
        rng, season = self._rng, self._season
        gap = spread(rng, 50, 0.2, 80) if key else spread(rng, 105 if loyal else 150, 0.5, 420)
        leaves = 0.0 if key else 0.1 if loyal else 0.24
        kinds, shares = list(self._repeat), [entry["share"] for entry in self._repeat.values()]
        moment = first
        while True:
            for _ in range(4):
                then = season.later(moment, max(gap * rng.lognormvariate(0, 0.45), 9), rng)
                if rng.random() < ORDERS[then.astimezone(season.zone).month - 1] / max(ORDERS):
                    break
            if then >= season.at or rng.random() < leaves:
                return
            moment = then
            if then < self._start:
                continue
            kind = rng.choices(kinds, shares)[0]
            firm = min(max((organisation.employees / 50) ** 0.45, 0.6), 2.4)
            lines = self._lines(self._repeat[kind]["lines"], firm * rng.lognormvariate(0, 0.25))
            party = rng.choice(organisation.people) if rng.random() < 0.9 else organisation.number
            owner = self._desk.successor(organisation.owner, organisation.country, then)
            self._history.sales.append(Sale(0, party, organisation.number, 0, 0, owner, then, lines))
            self._say_why(kind, organisation, party, then)

    def _say_why(self, kind: str, organisation: Organisation, party: int, at: datetime) -> None:
        """What brought the order about, where anybody knows."""
        rng = self._rng
        ways = {TONER: 3, ORDER_FORM: 24, WARRANTY: 5, "": 44}
        if kind in ("contract", "care", "managed", "licences"):
            ways = {RENEWAL: 34, WARRANTY: 6, TONER: 2, "": 44}
        source = rng.choices(list(ways), list(ways.values()))[0]
        if source:
            days = 0.01 if source == ORDER_FORM else rng.uniform(1, 18)
            self._journeys.touch(party, organisation.number, source, at, days)


def total(lines: list[Line]) -> Decimal:
    """What the lines come to."""
    return sum((line.price * line.quantity for line in lines), start=Decimal(0))
