"""What is going on today with the companies of the guided tour, so that every page has a story to tell."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from headwater.demo import company
from headwater.demo.arrivals import Plan
from headwater.demo.company import WAYS
from headwater.demo.deals import CATEGORY, Trade, total
from headwater.demo.desk import Desk
from headwater.demo.funnel import Funnel
from headwater.demo.journeys import Journeys
from headwater.demo.records import History, Lead, Line, Link, Organisation, Sale, Step, Talk
from headwater.demo.season import Season
from headwater.demo.words import words
from headwater.platform.money import in_cents

DAY = 540  # minutes the office is open
_WAYS = {way.name: way for way in WAYS}


class Scene:
    """Puts the tour on stage, each part so and so long before now."""

    def __init__(
        self, history: History, season: Season, desk: Desk, plan: Plan, funnel: Funnel, trade: Trade,
        journeys: Journeys, rng: Random,
    ) -> None:  # fmt: skip
        self._history, self._season, self._desk, self._rng = history, season, desk, rng
        self._plan, self._funnel, self._trade, self._journeys = plan, funnel, trade, journeys
        self._script = words("scene")
        named = history.organisations[1 : len(self._script["organisations"]) + 1]
        self._named = {organisation.name: organisation for organisation in named}

    def play(self) -> list[Sale]:
        """Everything; the orders that came of it."""
        for giver, taker in self._script["referred"]:
            self._referred(giver, taker)
        sales = [sale for entry in self._script["deals"] if (sale := self._deal(entry)) is not None]
        for entry in self._script["working"]:
            self._working(entry)
        for entry in self._script["waiting"]:
            self._waiting(entry)
        self._pool()
        for entry in self._script["todos"]:
            self._todo(entry)
        return sales

    # --- leads --------------------------------------------------------------------------------------------

    def _lead(self, entry: dict[str, Any], arrived: datetime, *, campaign_day: datetime | None = None) -> Lead:
        organisation = self._named[entry["who"]]
        way = _WAYS[entry["source"]]
        party = organisation.number if entry.get("nameless") else organisation.people[0]
        day = (campaign_day or arrived).astimezone(self._season.zone).date()
        campaign = self._plan.campaign(way.name, day)
        if not campaign and way.how == "stand":
            fairs = [c for c in self._history.campaigns if c.source == way.name]
            campaign = fairs[-1].number if fairs else 0
        amount = Decimal(entry["amount"]) if entry.get("amount") else None
        quote = entry.get("quote", amount is not None)
        lead = Lead(
            number=len(self._history.leads) + 1, party=party, organisation=organisation.number, source=way.name,
            campaign=campaign, title=entry["title"], interest="QUOTE_REQUEST" if quote else "ENQUIRY", amount=amount,
            arrived_at=arrived, answer_due_at=self._season.after(arrived, company.ANSWER_MINUTES), need=entry["need"],
        )  # fmt: skip
        if referrer := entry.get("referrer"):
            giver = self._named[referrer].people[0]
            lead.referrer = giver
            self._link(giver, party, arrived)
        self._meet(organisation, party, arrived)
        self._history.leads.append(lead)
        self._journeys.arrival(lead, way)
        return lead

    def _waiting(self, entry: dict[str, Any]) -> None:
        lead = self._lead(entry, self._season.before(self._season.at, entry["ago"]))
        if entry["owner"]:
            taken = self._season.before(self._season.at, entry["ago"] * 0.6)
            self._funnel.claim(lead, self._desk.named(entry["owner"]), taken)

    def _pool(self) -> None:
        """Leads nobody has claimed yet."""
        rng, season = self._rng, self._season
        ways = [_WAYS[name] for name in (company.FORM, company.PRINT_ADS, company.CALCULATOR, company.REFRESH_ADS)]
        others = self._history.organisations[len(self._named) + 1 :]
        quiet = [o for o in others if o.customer_since is None and o.people]
        for ago, organisation in zip(self._script["pool"], rng.sample(quiet, len(self._script["pool"])), strict=True):
            way = rng.choice(ways)
            need = rng.choice(organisation.needs)
            title, lines = self._trade.basket(need, size=self._trade.size(way, organisation))
            quote = rng.random() < 0.5
            moment = season.before(season.at, ago)
            party = organisation.people[0]
            lead = Lead(
                number=len(self._history.leads) + 1, party=party, organisation=organisation.number, source=way.name,
                campaign=self._plan.campaign(way.name, moment.astimezone(season.zone).date()), title=title,
                interest="QUOTE_REQUEST" if quote else "ENQUIRY",
                amount=Decimal(max(round(total(lines) / 500), 1) * 500) if quote else None, arrived_at=moment,
                answer_due_at=season.after(moment, company.ANSWER_MINUTES), need=need,
            )  # fmt: skip
            self._meet(organisation, party, moment)
            self._history.leads.append(lead)
            self._journeys.arrival(lead, way)

    def _working(self, entry: dict[str, Any]) -> None:
        season, funnel = self._season, self._funnel
        owner = self._desk.named(entry["owner"])
        inside = owner if entry["stage"] != "SAL" else self._desk.named("Marta Kowalska")
        minutes = max(entry["days"] * DAY, 20)
        since = season.before(season.at, minutes)
        lead_time = {"WORKING": 18, "MQL": 2 * DAY, "SAL": 4 * DAY, "HANDED": 3 * DAY}[entry["stage"]]
        lead = self._lead(entry, season.before(season.at, minutes + lead_time))
        answered = season.after(lead.arrived_at, 17) if entry["stage"] != "WORKING" else since
        funnel.claim(lead, inside, season.after(lead.arrived_at, 6))
        funnel.talk(lead, "CALL", "First call", answered, inside)
        funnel.answer(lead, answered, inside)
        if entry["stage"] == "MQL":
            funnel.move(lead, "WORKING", "MQL", since, inside)
        elif entry["stage"] in ("SAL", "HANDED"):
            qualified = season.before(season.at, minutes + DAY)
            funnel.move(lead, "WORKING", "MQL", qualified, inside)
            if entry["stage"] == "HANDED":
                funnel.hand_over(lead, self._desk.named(entry["to"]), since, inside)
            else:
                funnel.hand_over(lead, owner, season.before(season.at, minutes + 200), inside)
                funnel.accept(lead, owner, since)
        if entry["todo"]:
            self._history.talks.append(
                Talk(lead.party, lead.organisation, "TODO", entry["todo"], answered, owner,
                     due_at=season.after(season.at, self._rng.uniform(60, 2400)))
            )  # fmt: skip

    # --- opportunities ------------------------------------------------------------------------------------

    def _deal(self, entry: dict[str, Any]) -> Sale | None:
        season, funnel = self._season, self._funnel
        rep, inside = self._desk.named(entry["owner"]), self._desk.named("Marta Kowalska")
        won = entry.get("won", 0)
        reached = self._days_ago(entry["days"] + won, 10.7)
        moments = [reached]
        for back in range(entry["stage"] - 1):
            moments.insert(0, self._days_ago(entry["days"] + won + 8 * (back + 1), 11.2))
        opened = moments[0]
        arrived = self._days_ago((season.at - opened).days + 12, 9.6)
        lead = self._lead(entry, arrived)
        step = season.after(lead.arrived_at, 14)
        funnel.claim(lead, inside, season.after(lead.arrived_at, 5))
        funnel.talk(lead, "CALL", "First call", step, inside)
        funnel.answer(lead, step, inside)
        step = season.after(step, DAY)
        funnel.move(lead, "WORKING", "MQL", step, inside)
        step = season.after(step, 200)
        funnel.hand_over(lead, rep, step, inside)
        step = season.after(step, 90)
        funnel.accept(lead, rep, step)
        step = min(season.after(step, 2 * DAY), opened - timedelta(minutes=30))
        funnel.talk(lead, "MEETING", "Visit on site", step, rep)
        funnel.move(lead, "SAL", "SQL", step, rep)
        funnel.convert(lead, opened, rep)
        organisation = self._named[entry["who"]]
        lines = self._lines(entry)
        deal = self._trade.deal(lead, organisation, lines, opened, rep, entry.get("next", ""))
        for stage, moment in enumerate(moments[1:], 2):
            self._trade.advance(deal, stage, moment, rep)
        if won:
            return self._trade.win(deal, self._days_ago(won, 11.4), rep)
        if entry["category"] != CATEGORY[entry["stage"]]:
            judged = {"forecast_category": entry["category"]}
            deal.steps.append(Step(reached + timedelta(minutes=4), "Changed", rep, judged))
        days = -6 if entry.get("gone") else self._rng.randint(9, 40)
        deal.close_date = season.shifted(season.today, days)
        return None

    def _lines(self, entry: dict[str, Any]) -> list[Line]:
        """Products that come to the amount of the script."""
        wanted = Decimal(entry["amount"])
        size = 1.0
        for _ in range(12):
            _, lines = self._trade.basket(entry["need"], size=size)
            size *= float(wanted / total(lines)) ** 0.7
        main = max(lines, key=lambda line: line.price * line.quantity)
        price = main.price + (wanted - total(lines)) / main.quantity
        main.cost = in_cents(main.cost * price / main.price)
        main.price = in_cents(price)
        return lines

    def _days_ago(self, days: float, hour: float) -> datetime:
        """An hour of a working day about so many days ago, and before now."""
        season = self._season
        day = season.today - timedelta(days=round(days))
        while day.isoweekday() not in season.hours.weekdays:
            day -= timedelta(days=1)
        moment = season.clock(day, hour)
        return moment if moment < season.at else season.before(season.at, 45)

    # --- people and days ----------------------------------------------------------------------------------

    def _referred(self, giver: str, taker: str) -> None:
        """Who brought whom, long ago."""
        one, other = self._named[giver], self._named[taker]
        moment = max(one.known_at or self._season.at, other.known_at or self._season.at)
        self._link(one.people[0], other.people[0], moment + timedelta(days=1))

    def _link(self, giver: int, other: int, at: datetime) -> None:
        for number in (giver, other):
            person = self._history.person(number) if self._history.is_person(number) else None
            if person is not None and (person.known_at is None or person.known_at > at):
                person.known_at = at
        day = at.astimezone(self._season.zone).date()
        self._history.links.append(Link(giver, other, "REFERRED", at, from_date=day))

    def _meet(self, organisation: Organisation, party: int, at: datetime) -> None:
        if organisation.known_at is None or organisation.known_at > at:
            organisation.known_at = at
        if self._history.is_person(party):
            person = self._history.person(party)
            if person.known_at is None or person.known_at > at:
                person.known_at = at
        organisation.last_lead = at

    def _todo(self, entry: dict[str, Any]) -> None:
        season, minutes = self._season, entry["hours"] * 60
        organisation = self._named[entry["who"]]
        due = season.after(season.at, minutes) if minutes > 0 else season.before(season.at, -minutes)
        self._history.talks.append(
            Talk(organisation.people[0], organisation.number, "TODO", entry["subject"],
                 season.before(min(due, season.at), 900), self._desk.named(entry["owner"]), due_at=due)
        )  # fmt: skip
