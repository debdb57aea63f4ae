"""What the demo company consists of: its nouns in the order in which they can go, and the parts that go with each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Model, Q

from headwater.acquire.models import Campaign, Source, SpendEntry, Touchpoint
from headwater.demo.events import DemoBegun, DemoLoaded, DemoPartLoaded
from headwater.parties.models import (
    Activity,
    ContactPoint,
    Grant,
    MatchProposal,
    Party,
    PartyTag,
    Relationship,
    Tag,
)
from headwater.platform.models import Event
from headwater.platform.translated import noted
from headwater.qualify.models import Lead
from headwater.sell.models import Opportunity, OpportunityLine, Order, OrderLine, Product

PARTY = ("parties.party", "parties.person", "parties.organisation")


@dataclass(frozen=True)
class Part:
    """Rows that go with the row they hang on, ``of``; if they stay with it, so does what they ``need``."""

    model: type[Model]
    of: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    need: tuple[str, ...] = ()


@dataclass(frozen=True)
class Noun:
    """Rows that go unless somebody worked on them or something that stays needs them."""

    model: type[Model]
    label: str
    plural: str
    subjects: tuple[str, ...]
    parts: tuple[Part, ...] = ()


# Whoever points at others stands before them.
NOUNS = (
    Noun(Order, "order", noted("orders"), ("sell.order",), (Part(OrderLine, ("order_id",)),)),
    Noun(
        Opportunity,
        "opportunity",
        noted("opportunities"),
        ("sell.opportunity",),
        (Part(OpportunityLine, ("opportunity_id",)),),
    ),
    Noun(Lead, "lead", noted("leads"), ("qualify.lead",)),
    Noun(
        Party,
        "person or company",
        noted("people and companies"),
        PARTY,
        (
            Part(ContactPoint, ("party_id",), ("parties.contact_point",)),
            Part(Relationship, ("from_party_id", "to_party_id"), ("parties.relationship",)),
            Part(PartyTag, ("party_id",)),
            Part(Grant, ("party_id",)),
            Part(MatchProposal, ("party_id", "other_id"), ("parties.match_proposal",)),
            Part(Activity, ("party_id",), ("parties.activity",)),
            Part(Touchpoint, ("party_id",), ("acquire.touchpoint",), need=("organisation_id",)),
        ),
    ),
    Noun(Tag, "tag", noted("tags"), ("parties.tag",)),
    Noun(SpendEntry, "spend entry", noted("spend"), ("acquire.spend",)),
    Noun(
        Campaign,
        "campaign",
        noted("campaigns"),
        ("acquire.campaign",),
        (Part(Campaign.sources.through, ("campaign_id",)),),
    ),
    Noun(Source, "source", noted("sources"), ("acquire.source",)),
    Noun(Product, "product", noted("products"), ("sell.product",)),
)
MODELS = tuple(model for noun in NOUNS for model in (*(part.model for part in noun.parts), noun.model))

Spans = list[list[int]]


@contextmanager
def counted_in(rows: dict[str, list[int]]) -> Iterator[None]:
    """Note which rows of each table the block adds: ``table: [first id, last id]``."""
    before = {model: _top(model) for model in MODELS}
    yield
    for model, top in before.items():
        if (now := _top(model)) > top:
            rows[model._meta.db_table] = [top + 1, now]


def _top(model: type[Model]) -> int:
    return int(model._default_manager.aggregate(top=Max("pk"))["top"] or 0)


class Extent:
    """Which rows and which facts are the demo company's own."""

    def __init__(self, begun: Event) -> None:
        verbs = (DemoBegun.verb, DemoPartLoaded.verb, DemoLoaded.verb)
        told = list(Event.objects.filter(pk__gte=begun.pk, verb__in=verbs).order_by("pk"))
        self.begun = begun
        self.milestones = [event.pk for event in told]
        self.units = frozenset(event.request_id for event in told)
        self.rows: Mapping[str, Spans] = _joined(e.data["rows"] for e in told if e.verb == DemoPartLoaded.verb)

    def of(self, model: type[Model], name: str = "pk") -> Q:
        """The condition that a column holds the id of a row the demo brought; ``name`` points at rows of ``model``."""
        found = Q(pk__in=())
        for first, last in self.rows.get(model._meta.db_table, []):
            found |= Q(**{f"{name}__gte": first, f"{name}__lte": last})
        return found

    def holds(self, model: type[Model], pk: int) -> bool:
        """Whether the demo brought this row."""
        return any(first <= pk <= last for first, last in self.rows.get(model._meta.db_table, []))


def subjects() -> dict[str, type[Model]]:
    """Which table the subjects of facts lie in."""
    found: dict[str, Any] = {name: noun.model for noun in NOUNS for name in noun.subjects}
    return found | {name: part.model for noun in NOUNS for part in noun.parts for name in part.subjects}


def _joined(parts: Iterable[Mapping[str, list[int]]]) -> dict[str, Spans]:
    found: dict[str, Spans] = {}
    for part in parts:
        for table, span in part.items():
            found.setdefault(table, []).append(span)
    return found
