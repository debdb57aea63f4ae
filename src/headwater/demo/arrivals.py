"""Campaigns, what they cost, and when the leads of each source arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from headwater.demo import company
from headwater.demo.company import CHAMBER, WAYS, Fair, Way
from headwater.demo.records import Campaign, History, Spend
from headwater.demo.season import GROWTH, OFFICE_WEEK, WEB_WEEK, Season
from headwater.platform.money import in_cents


@dataclass(frozen=True, slots=True)
class Edition:
    """A fair in one year."""

    fair: Fair
    first: date
    last: date


class Plan:
    """Which campaigns ran when, and the moments at which leads arrive."""

    def __init__(self, history: History, season: Season, rng: Random) -> None:
        self._history, self._season, self._rng = history, season, rng
        self._by_source: dict[str, list[Campaign]] = {}
        self.editions = self._editions()
        self._list_day = self._day_of_list()
        for way in WAYS:
            self._plan(way)
        self._pay()

    def campaign(self, source: str, day: date) -> int:
        """The campaign of a source on a day; 0 when it had none."""
        found = self._by_source.get(source, ())
        return next((c.number for c in found if c.starts <= day <= c.ends), 0)

    def edition_before(self, source: str, day: date) -> date | None:
        """A day of the last fair before ``day``, if it is not long ago."""
        days = [e.first for e in self.editions if e.fair.source == source and e.last < day]
        return max(days) if days and (day - max(days)).days < 280 else None

    def moments(self, count: int) -> list[tuple[datetime, Way]]:
        """When each lead of three years arrives, and from where."""
        planned = sum(way.leads for way in WAYS)
        found: list[tuple[datetime, Way]] = []
        for way in WAYS:
            found.extend((moment, way) for moment in self._of(way, round(way.leads * count / planned)))
        past = [pair for pair in found if pair[0] < self._season.at]
        return sorted(past, key=lambda pair: (pair[0], pair[1].name))

    def _of(self, way: Way, count: int) -> list[datetime]:
        rng, season = self._rng, self._season
        if way.how == "stand":
            editions = [e for e in self.editions if e.fair.source == way.name]
            days = [e.first + timedelta(days=i) for e in editions for i in range(e.fair.days)]
            return [season.moment(rng.choice(days), rng, office=True) for _ in range(count)] if days else []
        if way.how == "list":
            # The list came in three files, each read in on one morning.
            starts = [season.clock(season.shifted(self._list_day, 24 * i), 9.2) for i in range(3)]
            return [rng.choices(starts, (5, 3, 2))[0] + timedelta(seconds=rng.randint(0, 1500)) for _ in range(count)]
        office = way.how != "form"
        open_days = season.days(
            start=_months_ago(season.today, way.starts), end=_months_ago(season.today, way.ends),
            week=OFFICE_WEEK if office else WEB_WEEK, growth=GROWTH * way.growth,
        )  # fmt: skip
        return [season.moment(open_days.choose(rng), rng, office=office) for _ in range(count)]

    def _editions(self) -> list[Edition]:
        season, found = self._season, []
        for fair in company.FAIRS:
            for ago in fair.years_ago:
                first = date(season.today.year - ago, fair.month, fair.first)
                first += timedelta(days=(1 - first.weekday()) % 7)  # fairs begin on a Tuesday
                last = first + timedelta(days=fair.days - 1)
                if season.first_day <= first and last < season.today:
                    found.append(Edition(fair, first, last))
        return sorted(found, key=lambda e: e.first)

    def _day_of_list(self) -> date:
        """The second quarter that is far enough back to judge its leads."""
        season = self._season
        year = season.today.year if season.today.month >= 12 else season.today.year - 1
        return season.shifted(date(year, company.LIST_MONTHS[0], 6), 0)

    # --- campaigns ----------------------------------------------------------------------------------------

    def _plan(self, way: Way) -> None:
        season = self._season
        if not way.campaign:
            return
        if way.how == "stand":
            for edition in self.editions:
                if edition.fair.source == way.name:
                    name = way.campaign.format(year=edition.first.year)
                    starts, ends = edition.first - timedelta(days=60), edition.last + timedelta(days=21)
                    self._add(name, way, starts, ends, edition.fair.cost, "Visitors of the fair", "150 talks")
            return
        if way.how == "list":
            name = way.campaign.format(year=self._list_day.year)
            self._add(name, way, self._list_day, self._list_day + timedelta(days=150), 20_000,
                      "Firms with 10 to 100 staff", "60 appointments")  # fmt: skip
            return
        start = max(_months_ago(season.today, way.starts), season.first_day)
        if "{" not in way.campaign:
            self._add(way.campaign, way, start, date(season.today.year, 12, 31), 16 * way.monthly)
            return
        for year in range(start.year, season.today.year + 1):
            parts = ((1, 12, ""),) if "{year}" in way.campaign else ((1, 6, "spring"), (7, 12, "autumn"))
            for first, last, label in parts:
                starts = max(date(year, first, 1), start)
                ends = date(year, last, 30 if last == 6 else 31)
                if starts > ends or starts > season.today:
                    continue
                name = way.campaign.format(year=year, half=f"{label} {year}")
                months = (ends.year - starts.year) * 12 + ends.month - starts.month + 1
                self._add(name, way, starts, ends, months * way.monthly)

    def _add(
        self, name: str, way: Way, starts: date, ends: date, budget: int, segment: str = "", goal: str = ""
    ) -> None:
        number = len(self._history.campaigns) + 1
        rounded = round(budget, -2)
        campaign = Campaign(number, name, way.name, starts, ends, rounded, goal or _GOALS.get(way.channel, ""),
                            segment or _SEGMENTS.get(way.channel, ""))  # fmt: skip
        self._history.campaigns.append(campaign)
        self._by_source.setdefault(way.name, []).append(campaign)

    # --- money --------------------------------------------------------------------------------------------

    def _pay(self) -> None:
        season, rng, spend = self._season, self._rng, self._history.spend
        for way in WAYS:
            if not way.monthly:
                continue
            day = max(_months_ago(season.today, way.starts), season.first_day).replace(day=1)
            while (booked := _end_of_month(day)) < season.today:
                years = (booked - season.first_day).days / 365.25
                dip = 0.6 if day.month == 8 and way.channel == "PAID_ADVERTISING" else 1.0
                amount = way.monthly * (0.86 + 0.12 * years) * dip * rng.uniform(0.88, 1.12)
                number, note = self.campaign(way.name, booked), _NOTES.get(way.channel, "")
                spend.append(Spend(way.name, number, booked, _euros(amount), note))
                day = booked + timedelta(days=1)
        for edition in self.editions:
            cost = edition.fair.cost * (1 + 0.04 * (edition.first - season.first_day).days / 365.25)
            for share, days, note in ((0.46, -110, "Stand rent"), (0.32, -12, "Stand building"), (0.22, 9, "Travel")):
                on = season.shifted(edition.first, days)
                if season.first_day <= on < season.today:
                    number = self.campaign(edition.fair.source, edition.first)
                    spend.append(Spend(edition.fair.source, number, on, _euros(cost * share), note))
        for amount, note in company.LIST_COST:
            number = self.campaign(CHAMBER, self._list_day)
            spend.append(Spend(CHAMBER, number, self._list_day, Decimal(amount), note))
        launch = _months_ago(season.today, 21)
        number = self.campaign(company.CALCULATOR, launch)
        spend.append(Spend(company.CALCULATOR, number, season.shifted(launch, 10), Decimal(company.CALCULATOR_COST),
                           "Building the calculator"))  # fmt: skip
        spend.sort(key=lambda entry: (entry.on, entry.source))


_GOALS = {
    "PAID_ADVERTISING": "40 enquiries a month", "EMAIL": "25 % opened", "REFERRAL": "Two names a week",
    "OUTBOUND_CALL": "60 calls a week", "PARTNER": "10 registered deals a month",
}  # fmt: skip
_SEGMENTS = {
    "PAID_ADVERTISING": "Firms with 20 to 200 staff in the Benelux", "EMAIL": "Customers and former customers",
    "OUTBOUND_CALL": "Devices whose warranty ends within 90 days", "REFERRAL": "Customers",
    "PARTNER": "Vendors and their resellers",
}  # fmt: skip
_NOTES = {
    "PAID_ADVERTISING": "Clicks", "EMAIL": "Sending and texts", "OUTBOUND_CALL": "Call agency", "REFERRAL": "Vouchers",
    "PARTNER": "Partner fees", "WEB_FORM": "Search agency and hosting", "ORGANIC_SEARCH": "Search agency",
    "SOCIAL_MEDIA": "Posts",
}  # fmt: skip


def _months_ago(day: date, months: float) -> date:
    return day - timedelta(days=round(months * 30.44))


def _end_of_month(day: date) -> date:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return following - timedelta(days=1)


def _euros(amount: float) -> Decimal:
    return in_cents(Decimal(round(amount)))
