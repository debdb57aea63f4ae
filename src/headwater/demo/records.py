"""What the history consists of: plain values that refer to each other by number, without any database.

Numbers begin with 1; organisations and people share one row of numbers, as they share one table. ``by`` is the number
of a colleague, 0 the system itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(slots=True)
class Organisation:
    """A company that is, was or may become a customer."""

    number: int
    name: str
    country: str
    city: str
    street: str
    postcode: str
    phone: str
    domain: str
    sector: str
    employees: int
    needs: tuple[str, ...]
    people: list[int] = field(default_factory=list)
    owner: int = 0
    known_at: datetime | None = None
    customer_since: datetime | None = None
    last_lead: datetime | None = None
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class Person:
    """Somebody at an organisation; ``number`` in the row of all parties."""

    number: int
    first: str
    last: str
    job: str
    organisation: int
    email: str
    phone: str
    buying_role: str = ""
    known_at: datetime | None = None
    is_employee: bool = False
    is_influence: bool = False

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"


@dataclass(slots=True)
class Campaign:
    """A planned activity of one source."""

    number: int
    name: str
    source: str
    starts: date
    ends: date
    budget: int = 0
    goal: str = ""
    segment: str = ""


@dataclass(slots=True)
class Spend:
    """Money spent on a day."""

    source: str
    campaign: int
    on: date
    amount: Decimal
    note: str = ""


@dataclass(slots=True)
class Touch:
    """One contact of a party with us; ``is_arrival`` when a lead came with it, whose fact then tells it."""

    party: int
    organisation: int
    source: str
    campaign: int
    kind: str
    at: datetime
    note: str = ""
    is_arrival: bool = False


@dataclass(slots=True)
class Step:
    """One thing that happened to a lead or opportunity: what it changed and what its fact tells besides."""

    at: datetime
    fact: str
    by: int
    values: dict[str, Any]
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Lead:
    """One episode of interest with all its steps."""

    number: int
    party: int
    organisation: int
    source: str
    campaign: int
    title: str
    interest: str
    amount: Decimal | None
    arrived_at: datetime
    answer_due_at: datetime | None
    need: str = ""
    referrer: int = 0
    steps: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class Line:
    """A product and how many, at what price and cost each."""

    product: int
    quantity: int
    price: Decimal
    cost: Decimal


@dataclass(slots=True)
class Deal:
    """An opportunity with all its steps; ``stage`` values are places in the pipeline, from 1."""

    number: int
    name: str
    lead: int
    party: int
    organisation: int
    owner: int
    amount: Decimal
    opened_at: datetime
    close_date: date
    next_step: str
    lines: list[Line]
    steps: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class Sale:
    """An order; ``deal`` and ``lead`` are 0 for what customers order by themselves."""

    number: int
    party: int
    organisation: int
    lead: int
    deal: int
    owner: int
    at: datetime
    lines: list[Line]
    name: str = ""

    @property
    def amount(self) -> Decimal:
        """What the lines come to."""
        return sum((line.price * line.quantity for line in self.lines), start=Decimal(0))

    @property
    def cost(self) -> Decimal:
        """What the goods cost."""
        return sum((line.cost * line.quantity for line in self.lines), start=Decimal(0))


@dataclass(slots=True)
class Talk:
    """A call, mail, meeting or note, or a to-do (``due_at``; ``done_at`` once it is done)."""

    party: int
    organisation: int
    kind: str
    subject: str
    at: datetime
    by: int
    body: str = ""
    is_outbound: bool = True
    due_at: datetime | None = None
    done_at: datetime | None = None


@dataclass(slots=True)
class Link:
    """A relationship between two parties since a day."""

    from_party: int
    to_party: int
    kind: str
    at: datetime
    buying_role: str = ""
    from_date: date | None = None
    until_date: date | None = None


@dataclass(slots=True)
class History:
    """Everything the demo company went through."""

    at: datetime
    organisations: list[Organisation] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    spend: list[Spend] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    leads: list[Lead] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)

    def person(self, number: int) -> Person:
        """The person of that number."""
        return self.people[number - len(self.organisations) - 1]

    def organisation(self, number: int) -> Organisation:
        """The organisation of that number."""
        return self.organisations[number - 1]

    def is_person(self, number: int) -> bool:
        """Whether the party of that number is a person."""
        return number > len(self.organisations)
