"""The touchpoints before, with and after a lead: hardly anybody buys on the first contact."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from headwater.acquire.rules import arrival_kind
from headwater.demo import company
from headwater.demo.arrivals import Plan
from headwater.demo.company import WAYS, Way
from headwater.demo.records import History, Lead, Organisation, Touch
from headwater.demo.season import Season, spread

KINDS = {
    company.SEARCH: "VISIT", company.TONER: "EMAIL", company.PRINT_ADS: "AD_CLICK", company.REFRESH_ADS: "AD_CLICK",
    company.CALCULATOR: "DOWNLOAD", company.POSTS: "AD_CLICK", company.EXPO: "STAND_VISIT",
    company.PRINT_DAYS: "STAND_VISIT", company.RENEWAL: "EMAIL", company.ORDER_FORM: "FORM", company.WARRANTY: "CALL",
}  # fmt: skip
NOTES = {
    "VISIT": ("Read the page about managed print", "Looked at the server prices", "Compared large-format printers",
              "Read the page about care plans", "Found us under “printer lease”"),
    "EMAIL": ("Clicked in the newsletter", "Read “Plotter or printer?”", "Clicked on the toner offer"),
    "AD_CLICK": ("Clicked on the ad", "Clicked on “Price per page”"),
    "DOWNLOAD": ("Calculated the cost per page", "Downloaded the buying guide"),
    "STAND_VISIT": ("Came to the stand",), "FORM": ("Ordered on the customer page",), "CALL": ("Warranty ends soon",),
}  # fmt: skip
_WAYS = {way.name: way for way in WAYS}


class Journeys:
    """Writes touchpoints."""

    def __init__(self, history: History, season: Season, plan: Plan, rng: Random) -> None:
        self._history, self._season, self._plan, self._rng = history, season, plan, rng
        self._start = season.clock(season.first_day, 0)

    def arrival(self, lead: Lead, way: Way) -> None:
        """The touchpoint a lead came with, and those before it."""
        self._history.touches.append(
            Touch(lead.party, lead.organisation, lead.source, lead.campaign, arrival_kind(lead.interest, way.channel),
                  lead.arrived_at, is_arrival=True)
        )  # fmt: skip
        if not way.before:
            return
        count = 0
        while count < 6 and self._rng.random() < way.touches / (1 + way.touches):
            count += 1
        for _ in range(count):
            source = self._rng.choice(way.before)
            self.touch(lead.party, lead.organisation, source, lead.arrived_at, spread(self._rng, 9, 1.1, 140))

    def during(self, lead: Lead, start: datetime, end: datetime) -> None:
        """What a buyer reads while they decide."""
        days = (end - start).total_seconds() / 86_400
        for source, chance in ((company.SEARCH, 0.08), (company.TONER, 0.04), (company.CALCULATOR, 0.05)):
            if days > 3 and self._rng.random() < chance:
                self.touch(lead.party, lead.organisation, source, end, self._rng.uniform(0.5, days))

    def keep_in_touch(self, organisation: Organisation, since: datetime) -> None:
        """The newsletter that customers read or do not."""
        rng, season = self._rng, self._season
        reader = rng.choice(organisation.people) if organisation.people else organisation.number
        eager = rng.uniform(0.05, 0.75)
        moment = max(since, self._start)
        while (moment := moment + timedelta(days=rng.uniform(45, 100))) < season.at:
            if rng.random() < eager:
                self.touch(reader, organisation.number, company.TONER, moment, 0)

    def touch(self, party: int, organisation: int, source: str, at: datetime, days: float) -> None:
        """One contact, some days before ``at``."""
        rng, season, way = self._rng, self._season, _WAYS.get(source)
        moment = at - timedelta(days=days)
        day = moment.astimezone(season.zone).date()
        if source in (company.EXPO, company.PRINT_DAYS):
            found = self._plan.edition_before(source, at.astimezone(season.zone).date())
            if found is None:
                return
            day = found
        if days >= 1 or source in (company.EXPO, company.PRINT_DAYS):
            office = source in (company.WARRANTY, company.EXPO, company.PRINT_DAYS)
            moment = season.moment(day, rng, office=office)
        if way is not None and day < season.today - timedelta(days=round(way.starts * 30.44)):
            return
        if not self._start <= moment < min(at + timedelta(seconds=1), season.at):
            return
        kind = KINDS[source]
        self._history.touches.append(
            Touch(party, organisation, source, self._plan.campaign(source, day), kind, moment, rng.choice(NOTES[kind]))
        )
