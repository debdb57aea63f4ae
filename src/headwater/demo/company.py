"""The plan of the demo company: who works there, where its leads come from, and how well each way in does."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Final

NAME: Final = "Kestrel Office IT"
DOMAIN: Final = "kestrel.example"
CITY: Final = "Rotterdam"
COUNTRY: Final = "NL"
CURRENCY: Final = "EUR"
ZONE: Final = "Europe/Amsterdam"
ANSWER_MINUTES: Final = 30
HANDOVER_HOURS: Final = 8

YEARS: Final = 3
ORGANISATIONS: Final = 3_000
PEOPLE: Final = 6_000
LEADS: Final = 12_000
OLD_CUSTOMERS: Final = 320

# Team and the one above it; who is in a team sees what the teams below it see.
TEAMS: Final = (
    ("Sales", ""), ("Inside sales", "Sales"), ("Field Benelux", "Sales"), ("Field Germany", "Sales"),
    ("Field Ireland and abroad", "Sales"), ("Independent reps", "Sales"), ("Marketing", ""), ("Service", ""),
)  # fmt: skip


@dataclass(frozen=True)
class Colleague:
    """Somebody who works for Kestrel or sells for it. ``since`` is how many years ago they came."""

    first: str
    last: str
    role: str
    team: str
    job: str
    since: float
    left: float | None = None

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    @property
    def email(self) -> str:
        """With what they sign in."""
        plain = unicodedata.normalize("NFKD", self.first.lower()).encode("ascii", "ignore").decode()
        return f"{plain}@{DOMAIN}"


def _team(team: str, role: str, job: str, people: str) -> tuple[Colleague, ...]:
    found = []
    for entry in people.split(", "):
        name, since, *left = entry.split("/")
        first, _, last = name.partition(" ")
        found.append(Colleague(first, last, role, team, job, float(since), float(left[0]) if left else None))
    return tuple(found)


STAFF: Final = (
    Colleague("Erik", "Haas", "OWNER", "", "Owner", 14),
    Colleague("Noah", "Brandt", "ADMINISTRATOR", "", "Administrator", 4),
    Colleague("Ines", "Duarte", "HEAD_OF_SALES", "Sales", "Head of sales", 6),
    Colleague("Sofia", "Lind", "MARKETER", "Marketing", "Head of marketing", 5),
    *_team("Marketing", "MARKETER", "Marketer", "Thomas Vergeer/3.5, Leila Haddad/1.6"),
    Colleague("Marta", "Kowalska", "INSIDE_SALES", "Inside sales", "Inside sales lead", 5),
    *_team(
        "Inside sales", "INSIDE_SALES", "Inside sales",
        "Bram Stevens/4, Yara Bensaïd/3.2, Lars Okkerse/2.6, Eline Dumont/2.1, Mateo Ruiz/1.7, Hanna Berg/1.1, "
        "Kevin Mulligan/0.6, Rosa Timmers/6/1.2",
    ),
    Colleague("Jonas", "Weber", "FIELD_REP", "Field Benelux", "Account manager", 7),
    Colleague("Priya", "Nair", "FIELD_REP", "Field Benelux", "Account manager", 4),
    *_team("Field Benelux", "FIELD_REP", "Account manager", "Dries Lemaire/5, Anke de Ruiter/3.3, Sami Yildiz/1.8"),
    *_team("Field Germany", "FIELD_REP", "Account manager", "Kai Lorenz/4.5, Franka Thiele/2.4, Ralf Bender/5/0.9"),
    *_team("Field Ireland and abroad", "FIELD_REP", "Account manager", "Aisling Moran/4.2, Tomás Pinto/2.2"),
    Colleague("Greta", "Holm", "INDEPENDENT_REP", "Independent reps", "Independent rep, north", 4),
    *_team(
        "Independent reps", "INDEPENDENT_REP", "Independent rep",
        "Pascal Roelandt/3.6, Vera Nowak/3, Dermot Casey/2.3, Joost Hekman/1.4, Ulla Kern/0.8",
    ),
    Colleague("Tom", "Osei", "SERVICE", "Service", "Service desk lead", 8),
    *_team(
        "Service", "SERVICE", "Service engineer",
        "Mila Verbeek/6, Jens Ostermann/4, Nadia Karimi/3, Wim Sleegers/9, Ruth Mannion/2, Paulo Reis/1",
    ),
    Colleague("Hilde", "Aerts", "READ_ONLY", "", "Bookkeeper", 10),
    *_team("", "READ_ONLY", "Controller", "Victor Nijland/2"),
)  # fmt: skip

# Who looks after customers of a country.
FIELD: Final = {"DE": "Field Germany", "IE": "Field Ireland and abroad", "GB": "Field Ireland and abroad",
                "FI": "Field Ireland and abroad", "PT": "Field Ireland and abroad"}  # fmt: skip


@dataclass(frozen=True)
class Way:
    """A source and how its leads behave.

    ``leads`` arrive in all; ``sql`` of them become sales qualified and ``win`` of those buy, for ``worth`` times the
    usual amount. ``fresh`` are of companies nobody knew, ``known`` of customers, ``serious`` of
    those who look for a supplier. ``starts`` and ``ends`` are months
    ago. ``monthly`` is spent every month. ``how`` they come in: a form, a call, a talk, or a list.
    """

    name: str
    channel: str
    leads: int
    sql: float
    win: float
    worth: float = 1.0
    fresh: float = 0.08
    known: float = 0.2
    serious: float = 0.55
    quotes: float = 0.35
    how: str = "form"
    monthly: int = 0
    growth: float = 1.0
    starts: float = 36
    ends: float = 0
    campaign: str = ""
    before: tuple[str, ...] = ()
    touches: float = 0.0
    note: str = ""


THANKS, UNPROMPTED, EXPO, PRINT_DAYS, FORUM = (
    "Thank-you programme", "Unprompted", "Expo Rotterdam", "Print Days Ghent", "Cloud Forum Cologne"
)  # fmt: skip
DEALS, REPS, FORM, CALCULATOR, SEARCH = (
    "Vendor deal registration", "Independent reps", "Site enquiry form", "Cost calculator", "Organic search"
)  # fmt: skip
REFRESH_ADS, PRINT_ADS, POSTS, TONER, CHAMBER = (
    "Server refresh ads", "Managed print ads", "LinkedIn posts", "Toner newsletter", "Chamber list Q2"
)  # fmt: skip
WARRANTY, PHONE, SHOWROOM, UNKNOWN = "End-of-warranty calls", "Inbound phone", "Showroom Rotterdam", "Unknown"
RENEWAL, ORDER_FORM = "Renewal e-mail", "Customer order form"

WAYS: Final = (
    Way(THANKS, "REFERRAL", 430, 0.55, 0.56, 1.05, 0.75, 0.05, 1.0, 0.5, "introduction", 950, 1.35,
        campaign="Thank-you programme {year}", before=(SEARCH,), touches=0.12,
        note="A voucher and a call for every customer who names somebody."),
    Way(UNPROMPTED, "REFERRAL", 290, 0.52, 0.54, 1.0, 0.75, 0.05, 1.0, 0.5, "introduction", growth=1.15,
        before=(SEARCH,), touches=0.1, note="Customers speak of us without being asked."),
    Way(EXPO, "TRADE_SHOW", 780, 0.27, 0.33, 1.25, 0.14, 0.2, 0.9, 0.3, "stand",
        campaign="Expo Rotterdam {year}", before=(TONER, SEARCH), touches=0.2),
    Way(PRINT_DAYS, "TRADE_SHOW", 480, 0.26, 0.33, 1.15, 0.14, 0.2, 0.9, 0.3, "stand",
        campaign="Print Days Ghent {year}", before=(SEARCH, EXPO), touches=0.2),
    Way(FORUM, "TRADE_SHOW", 150, 0.06, 0.16, 0.5, 0.25, 0.02, 0.0, 0.1, "stand",
        campaign="Cloud Forum Cologne {year}", note="Tried once. Visitors wanted cloud, not machines."),
    Way(DEALS, "PARTNER", 360, 0.44, 0.47, 1.45, 0.5, 0.1, 1.0, 0.7, "introduction", 1500, 1.3,
        campaign="Vendor deal registration {year}", before=(SEARCH,), touches=0.12),
    Way(REPS, "PARTNER", 170, 0.34, 0.4, 1.2, 0.5, 0.1, 1.0, 0.5, "introduction", growth=1.2,
        before=(EXPO,), touches=0.15),
    Way(FORM, "WEB_FORM", 1950, 0.19, 0.31, 0.85, 0.08, 0.12, 0.9, 0.4, "form", 1500, 1.3,
        before=(SEARCH, SEARCH, SEARCH, TONER, CALCULATOR, EXPO), touches=0.7),
    Way(CALCULATOR, "ORGANIC_SEARCH", 640, 0.2, 0.3, 0.9, 0.1, 0.08, 0.9, 0.55, "form", 550, 1.5, starts=21,
        campaign="Cost calculator", before=(SEARCH, TONER), touches=0.7),
    Way(SEARCH, "ORGANIC_SEARCH", 420, 0.15, 0.28, 0.8, 0.1, 0.08, 0.85, 0.3, "form", 1100, 1.2,
        before=(SEARCH,), touches=0.8),
    Way(REFRESH_ADS, "PAID_ADVERTISING", 900, 0.13, 0.21, 0.8, 0.1, 0.02, 0.0, 0.35, "form", 3700, 0.85,
        campaign="Server refresh {half}", before=(SEARCH, REFRESH_ADS, REFRESH_ADS), touches=0.8),
    Way(PRINT_ADS, "PAID_ADVERTISING", 1200, 0.13, 0.24, 0.75, 0.1, 0.02, 0.0, 0.35, "form", 4300, 1.3,
        campaign="Managed print {half}", before=(SEARCH, PRINT_ADS, PRINT_ADS), touches=0.9),
    Way(POSTS, "SOCIAL_MEDIA", 280, 0.08, 0.25, 0.7, 0.15, 0.02, 0.1, 0.15, "form", 380, 1.4, starts=15,
        campaign="LinkedIn posts {year}", before=(POSTS,), touches=0.5),
    Way(TONER, "EMAIL", 780, 0.15, 0.34, 0.6, 0.0, 0.22, 0.75, 0.35, "form", 900, 1.1,
        campaign="Toner newsletter {year}", before=(TONER, SEARCH), touches=0.6),
    Way(CHAMBER, "EXTERNAL_LIST", 1450, 0.025, 0.08, 0.45, 0.67, 0.0, 0.0, 0.02, "list",
        campaign="Chamber list Q2 {year}", note="1,450 addresses bought from the chamber of commerce."),
    Way(WARRANTY, "OUTBOUND_CALL", 1250, 0.14, 0.3, 1.0, 0.06, 0.2, 0.75, 0.25, "our call", 4600, 1.0,
        campaign="End-of-warranty calls {year}", before=(TONER, EXPO), touches=0.25),
    Way(PHONE, "INBOUND_CALL", 560, 0.26, 0.36, 0.8, 0.12, 0.25, 0.8, 0.5, "call",
        before=(SEARCH, CALCULATOR), touches=0.25),
    Way(SHOWROOM, "WALK_IN", 170, 0.26, 0.36, 0.55, 0.2, 0.2, 0.8, 0.4, "talk", before=(SEARCH,), touches=0.2),
    Way(UNKNOWN, "OTHER", 70, 0.12, 0.3, 0.8, 0.15, 0.1, 0.4, 0.2, "form", starts=36, ends=22,
        note="From the old address book, where nobody noted it."),
    Way("", "", 130, 0.16, 0.3, 0.8, 0.15, 0.1, 0.4, 0.2, "form"),
)  # fmt: skip
# Ways by which known customers order again; they bring no leads.
REORDERS: Final = ((RENEWAL, "EMAIL"), (ORDER_FORM, "DIRECT"))


@dataclass(frozen=True)
class Fair:
    """A fair: its month and day of the month, how many days, which of the past years it took place, what it cost."""

    source: str
    month: int
    first: int
    days: int
    cost: int
    years_ago: tuple[int, ...] = field(default=(0, 1, 2, 3))


FAIRS: Final = (
    Fair(EXPO, 10, 20, 3, 29_500),
    Fair(PRINT_DAYS, 3, 12, 3, 19_800),
    Fair(FORUM, 5, 21, 2, 33_400, (1,)),
)
LIST_MONTHS: Final = (4, 5, 6)
LIST_COST: Final = ((12_500, "1,450 addresses"), (7_400, "Students who called through the list"))
CALCULATOR_COST: Final = 9_200
