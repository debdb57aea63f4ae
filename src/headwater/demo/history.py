"""Three years of the demo company, from a seed: the same seed and the same moment tell the same story."""

from __future__ import annotations

import heapq
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from headwater.demo import company
from headwater.demo.arrivals import Plan
from headwater.demo.cast import Casting
from headwater.demo.company import Way
from headwater.demo.deals import Trade, total
from headwater.demo.desk import Desk
from headwater.demo.funnel import Funnel
from headwater.demo.journeys import Journeys
from headwater.demo.records import History, Lead, Line, Link, Organisation, Sale, Step, Talk
from headwater.demo.scene import Scene
from headwater.demo.season import Season
from headwater.demo.words import words
from headwater.qualify.rules import OfficeHours

SEED = 2026
REST = timedelta(days=25)


def make_history(*, at: datetime, seed: int = SEED, leads: int = company.LEADS) -> tuple[History, Desk, Season]:
    """The whole history up to ``at``, who was there, and the time it covers. Only plans lie in the future."""
    teller = _Storyteller(at, seed, leads)
    return teller.tell(), teller.desk, teller.season


class _Storyteller:
    def __init__(self, at: datetime, seed: int, leads: int) -> None:
        self._leads = leads
        self._rng = Random(seed)  # noqa: S311  (a story, not a secret)
        hours = OfficeHours(ZoneInfo(company.ZONE), opens=time(8, 30), closes=time(17, 30))
        self.season = Season(at, years=company.YEARS, hours=hours)
        self._history = History(self.season.at)
        Casting(self._history, self._rng).fill()
        self.desk = Desk(self.season, self._rng)
        self._plan = Plan(self._history, self.season, self._rng)
        self._funnel = Funnel(self._history, self.season, self.desk, self._rng)
        self._journeys = Journeys(self._history, self.season, self._plan, self._rng)
        self._trade = Trade(self._history, self.season, self.desk, self._funnel, self._journeys, self._rng)
        named = len(words("scene")["organisations"])
        self._named = self._history.organisations[1 : named + 1]
        self._fresh = self._history.organisations[named + 1 :]
        self._prospects: list[Organisation] = []
        self._lookers: list[Organisation] = []
        self._listed: list[Organisation] = []
        self._customers: list[Organisation] = []
        self._coming: list[tuple[datetime, int]] = []
        self._referrers: list[int] = []

    def tell(self) -> History:
        self._before()
        arrivals = self._plan.moments(self._leads)
        expected = sum(way.fresh for _, way in arrivals)
        thrift = min(1.0, len(self._fresh) / max(expected, 1))
        for moment, way in arrivals:
            self._arrive(moment, way, thrift)
        for sale in Scene(self._history, self.season, self.desk, self._plan, self._funnel, self._trade, self._journeys,
                          self._rng).play():  # fmt: skip
            self._sold(sale)
        for organisation in self._history.organisations:
            if organisation.customer_since is not None and organisation.number % 9 == 0:
                self._journeys.keep_in_touch(organisation, organisation.customer_since)
        self._plan_days()
        self._make_known()
        self._sort()
        return self._history

    # --- before the history begins ------------------------------------------------------------------------

    def _before(self) -> None:
        """The customers and addresses the company had when the history begins."""
        rng, season = self._rng, self.season
        start = season.clock(season.first_day, 8)
        rng.shuffle(self._fresh)
        scene = words("scene")
        old = [o for o in self._named if o.name in scene["customers"]]
        addresses = 350 * len(self._history.organisations) // 3000
        for i in range(company.OLD_CUSTOMERS + addresses):
            organisation = self._fresh.pop()
            organisation.known_at = start - timedelta(days=rng.uniform(5, 2400))
            if i < company.OLD_CUSTOMERS:
                old.append(organisation)
            else:
                (self._prospects if i % 2 else self._lookers).append(organisation)
        for organisation in old:
            is_named = organisation.name in scene["customers"]
            organisation.known_at = start - timedelta(days=rng.uniform(200, 2600))
            organisation.customer_since = organisation.known_at + timedelta(days=40)
            organisation.owner = self.desk.field(organisation.country, season.at)
            if is_named:
                organisation.tags = ("Key account",)
                organisation.owner = self.desk.named(rng.choice(("Jonas Weber", "Priya Nair")))
            first = start - timedelta(days=rng.uniform(2, 300))
            self._trade.reorder(organisation, first, loyal=rng.random() < 0.55, key=is_named)
            if not is_named:
                self._customers.append(organisation)
        if scene["customers"]:
            self._named[0].owner = self.desk.named("Jonas Weber")
        for organisation in rng.sample(self._lookers, 9):
            person = self._history.person(organisation.people[0])
            person.is_influence = True
            self._referrers.append(person.number)

    # --- leads --------------------------------------------------------------------------------------------

    def _arrive(self, moment: datetime, way: Way, thrift: float) -> None:
        while self._coming and self._coming[0][0] <= moment:
            self._customers.append(self._history.organisation(heapq.heappop(self._coming)[1]))
        organisation = self._who(moment, way, thrift)
        party = self._party(organisation, way)
        lines, lead = self._asks(organisation, party, moment, way)
        if way.channel == "REFERRAL":
            self._refer(lead, way)
        self._become_known(organisation, party, moment)
        organisation.last_lead = moment
        self._history.leads.append(lead)
        self._journeys.arrival(lead, way)
        converted = self._funnel.live(lead, way, organisation)
        if converted is not None:
            sale = self._trade.open(lead, way, organisation, lines, *converted)
            if sale is not None:
                self._sold(sale)

    def _sold(self, sale: Sale) -> None:
        self._history.sales.append(sale)
        organisation = self._history.organisation(sale.organisation)
        if organisation.customer_since is None:
            organisation.customer_since = sale.at
            organisation.owner = sale.owner
            heapq.heappush(self._coming, (sale.at, organisation.number))
            self._trade.reorder(organisation, sale.at, loyal=self._rng.random() < 0.4)

    def _who(self, moment: datetime, way: Way, thrift: float) -> Organisation:
        """Whose lead it is: somebody new, a customer, or somebody we heard of before.

        Those who look around come by advertising and look again; those who buy come by other ways. Without that
        difference every source would share in every sale.
        """
        rng = self._rng
        if way.how == "list" and self._listed and rng.random() < 0.33:
            return rng.choice(self._listed)  # the list names several people of a firm
        chance = rng.random()
        pool = self._prospects if rng.random() < way.serious else self._lookers
        if self._fresh and (way.how == "list" or chance < way.fresh * thrift):
            organisation = self._fresh.pop()
            (self._listed if way.how == "list" else pool).append(organisation)
            return organisation
        if chance > 1 - way.known:
            pool = self._customers
        for _ in range(25):
            organisation = rng.choice(pool)
            is_customer = organisation.customer_since is not None and organisation.customer_since <= moment
            if organisation.last_lead is not None and moment - organisation.last_lead < REST:
                continue
            if is_customer and way.known < 0.1:
                continue
            return organisation
        return organisation

    def _party(self, organisation: Organisation, way: Way) -> int:
        """Which of its people; sometimes we only know the company."""
        rng = self._rng
        nameless = {"list": 0.3, "call": 0.08}.get(way.how, 0.0)
        if not organisation.people or rng.random() < nameless:
            return organisation.number
        known = [p for p in organisation.people if self._history.person(p).known_at is not None]
        if known and rng.random() < 0.72:
            return rng.choice(known)
        return rng.choice(organisation.people)

    def _asks(self, organisation: Organisation, party: int, moment: datetime, way: Way) -> tuple[list[Line], Lead]:
        rng, season = self._rng, self.season
        need = rng.choice(organisation.needs)
        if need == "large-format" and rng.random() < 0.12:
            need = "production"
        title, lines = self._trade.basket(need, size=self._trade.size(way, organisation))
        is_quote = rng.random() < way.quotes
        guess = total(lines) * Decimal(round(rng.uniform(0.85, 1.2), 2))
        says = is_quote or (rng.random() < 0.5 and way.how != "list")
        lead = Lead(
            number=len(self._history.leads) + 1, party=party, organisation=organisation.number, source=way.name,
            campaign=self._plan.campaign(way.name, moment.astimezone(season.zone).date()), title=title,
            interest="QUOTE_REQUEST" if is_quote else "ENQUIRY",
            amount=Decimal(max(round(guess / 500), 1) * 500) if says else None, arrived_at=moment,
            answer_due_at=None if way.how in ("list", "our call") else season.after(moment, company.ANSWER_MINUTES),
            need=need,
        )  # fmt: skip
        return lines, lead

    def _refer(self, lead: Lead, way: Way) -> None:
        """Who told them about us: a customer, who may have been told by another one before."""
        rng = self._rng
        introduced = way.name == company.UNPROMPTED and rng.random() < 0.2 and bool(self._referrers)
        while True:
            if introduced:
                referrer = rng.choice(self._referrers)
            else:
                # Those who came to us lately speak of us most.
                place = int(len(self._customers) * (1 - rng.random() ** 1.6 * 0.999))
                giver = self._customers[min(place, len(self._customers) - 1)]
                referrer = giver.people[0]
            if self._history.person(referrer).organisation != lead.organisation:
                break
        lead.referrer = referrer
        self.link(referrer, lead.party, "INTRODUCED" if introduced else "REFERRED", lead.arrived_at)

    def link(self, giver: int, other: int, kind: str, at: datetime) -> None:
        """A relationship, and both sides known from then on."""
        if self._history.is_person(giver):
            person = self._history.person(giver)
            if person.known_at is None or person.known_at > at:
                person.known_at = at
        self._history.links.append(Link(giver, other, kind, at, from_date=at.astimezone(self.season.zone).date()))

    # --- the end ------------------------------------------------------------------------------------------

    def _become_known(self, organisation: Organisation, party: int, moment: datetime) -> None:
        if organisation.known_at is None or organisation.known_at > moment:
            organisation.known_at = moment
        if self._history.is_person(party):
            person = self._history.person(party)
            if person.known_at is None or person.known_at > moment:
                person.known_at = moment

    def _plan_days(self) -> None:
        """To-dos of open leads and opportunities, dates that were moved, notes about customers."""
        rng, season, talk = self._rng, self.season, words("talk")
        scene = {o.number for o in self._named}
        for lead in self._history.leads:
            final = state(lead.steps)
            if final.get("exit") or not final.get("owner_id") or lead.organisation in scene:
                continue
            if "answered_at" in final and rng.random() < 0.55:
                subject, since = rng.choice(talk["todos"]), lead.steps[-1].at
                self._todo(lead.party, lead.organisation, subject, final["owner_id"], since)
        for deal in self._history.deals:
            final = state(deal.steps)
            if final.get("outcome"):
                deal.close_date = final["closed_at"].astimezone(season.zone).date()
                deal.next_step = ""
                continue
            last = deal.steps[-1].at if deal.steps else deal.opened_at
            if deal.organisation in scene:
                continue
            if deal.close_date < season.today and rng.random() < 0.86:
                moved = season.before(season.at, rng.uniform(30, 1500))
                if moved > last:
                    day = season.shifted(season.today, rng.randint(4, 45))
                    deal.steps.append(Step(moved, "Changed", deal.owner, {"close_date": day}))
            if deal.next_step and rng.random() < 0.5:
                self._todo(deal.party, deal.organisation, deal.next_step, deal.owner, last)
        for organisation in self._history.organisations[1:]:
            if organisation.customer_since is not None and rng.random() < 0.3:
                self._note(organisation, organisation.customer_since, rng.choice(talk["notes"]))
        self._old_todos(talk["todos"])

    def _note(self, organisation: Organisation, since: datetime, subject: str) -> None:
        """Something the service desk wrote down about a customer."""
        rng, season = self._rng, self.season
        since = max(since, season.clock(season.first_day, 9))
        days = (season.at - since).total_seconds() / 86_400
        moment = season.later(since, days * rng.random(), rng)
        if moment < season.at:
            by, number = self.desk.one_of("Service", moment), organisation.number
            self._history.talks.append(Talk(number, number, "NOTE", subject, moment, by))

    def _todo(self, party: int, organisation: int, subject: str, owner: int, at: datetime) -> None:
        rng, season = self._rng, self.season
        if rng.random() < 0.16:
            due = season.before(season.at, rng.uniform(40, 1600))
        else:
            due = season.after(season.at, rng.uniform(15, 5400))
        self._history.talks.append(
            Talk(party, organisation, "TODO", self._funnel.spoken(subject, party), min(at, due), owner, due_at=due)
        )

    def _old_todos(self, subjects: list[str]) -> None:
        """What was to be done in the past, and was."""
        rng, season = self._rng, self.season
        for talk in [t for t in self._history.talks if t.kind in ("CALL", "EMAIL") and rng.random() < 0.16]:
            due = season.later(talk.at, rng.uniform(0.5, 6), rng)
            in_time = rng.random() < 0.85
            done = season.before(due, rng.uniform(5, 300)) if in_time else season.after(due, rng.uniform(20, 900))
            if talk.at < done < season.at:
                subject = self._funnel.spoken(rng.choice(subjects), talk.party)
                self._history.talks.append(
                    Talk(talk.party, talk.organisation, "TODO", subject, talk.at, talk.by, due_at=due, done_at=done)
                )

    def _make_known(self) -> None:
        """Everybody became known some day; who was never seen in a lead was written down by hand."""
        rng, season, history = self._rng, self.season, self._history
        start = season.clock(season.first_day, 9)
        whole = (season.at - start).total_seconds() / 86_400
        history.organisations[0].known_at = start - timedelta(days=5000)
        first_met: dict[int, datetime] = {}
        met_on: list[tuple[int, datetime]] = [(talk.party, talk.at) for talk in history.talks]
        met_on += [(sale.party, sale.at) for sale in history.sales]
        for party, at in met_on:
            first_met[party] = min(at, first_met.get(party, at))
        for touch in history.touches:  # who only looked around is known by the first of these
            if not touch.is_arrival:
                first_met.setdefault(touch.party, touch.at)
        for organisation in history.organisations:
            met = [organisation.known_at, first_met.get(organisation.number)]
            met += [first_met.get(number) for number in organisation.people]
            known = min((moment for moment in met if moment is not None), default=None)
            if known is None:
                day = season.shifted(season.first_day, int(whole * rng.random() * 0.98))
                known = season.moment(day, rng, office=True)
            organisation.known_at = min(known, season.before(season.at, 30))
            for number in organisation.people:
                person = history.person(number)
                found = [moment for moment in (person.known_at, first_met.get(number)) if moment is not None]
                if person.is_employee:
                    colleague = number - history.organisations[0].people[0]
                    person.known_at = self.desk.since[colleague]
                elif found:
                    person.known_at = max(min(found), organisation.known_at)
                else:
                    days = (season.at - organisation.known_at).total_seconds() / 86_400 * rng.random() ** 2
                    person.known_at = min(organisation.known_at + timedelta(days=days), season.before(season.at, 20))
                    person.known_at = max(person.known_at, organisation.known_at)

    def _sort(self) -> None:
        """Numbers in the order in which things happened, as a real database would have given them."""
        history = self._history
        history.leads.sort(key=lambda lead: (lead.arrived_at, lead.number))
        renumbered = {lead.number: place for place, lead in enumerate(history.leads, 1)}
        for lead in history.leads:
            lead.number = renumbered[lead.number]
        for deal in history.deals:
            deal.lead = renumbered[deal.lead]
        for sale in history.sales:
            sale.lead = renumbered[sale.lead] if sale.lead else 0
        history.sales.sort(key=lambda sale: (sale.at, sale.organisation))
        for place, sale in enumerate(history.sales, 1):
            sale.number = place
        history.touches.sort(key=lambda touch: (touch.at, touch.party))
        history.talks.sort(key=lambda talk: (talk.at, talk.party))


def state(steps: list[Step]) -> dict[str, Any]:
    """What a row of steps comes to."""
    found: dict[str, Any] = {}
    for step in steps:
        found |= step.values
    return found
