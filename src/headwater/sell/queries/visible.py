"""Which products, opportunities and orders an actor may see; every other read starts here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from headwater.parties.queries.visible import NAMED
from headwater.platform.actor import Actor, owned_rows, per_actor
from headwater.platform.parts import with_parts
from headwater.platform.written import Given, written
from headwater.sell.models import Opportunity, OpportunityLine, Order, OrderLine, PipelineStage, Product
from headwater.sell.rules import SELLS
from headwater.team import queries as team

if TYPE_CHECKING:
    from headwater.platform.resource import Choices

# What lists, cards and records show of what an opportunity or order points at.
_PARTS = {
    "party": NAMED,
    "organisation": NAMED,
    "lead": ("arrived_at", "source"),
    "lead__source": ("name", "channel"),
    "owner": ("name",),
}
_STAGE = ("pipeline", "name", "position", "probability")


def visible_products(actor: Actor) -> QuerySet[Product]:
    """The catalogue, without deleted products."""
    if not actor.may("sell.product.see"):
        return Product.objects.none()
    return Product.objects.filter(deleted_at=None)


@per_actor
def visible_opportunities(actor: Actor) -> QuerySet[Opportunity]:
    """The opportunities within the actor's visibility by owner and team."""
    if not actor.may("sell.opportunity.see"):
        return Opportunity.objects.none()
    return Opportunity.objects.filter(owned_rows(actor), deleted_at=None)


@per_actor
def listed_opportunities(actor: Actor) -> QuerySet[Opportunity]:
    """The visible opportunities as lists, cards and records show them, with lead, source and products.

    ``has_to_decide`` says whether a line still waits for a decision which product it means.
    """
    to_decide = OpportunityLine.objects.filter(opportunity=OuterRef("pk"), product=None).exclude(product_text="")
    shown = shown_opportunities(visible_opportunities(actor))
    return shown.annotate(has_to_decide=Exists(to_decide)).prefetch_related("lines__product")


def shown_opportunities(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    """The opportunities with as much of what they point at as is shown of it."""
    return with_parts(rows, **_PARTS, stage=_STAGE, team=("name",)).defer("extra")


@per_actor
def visible_orders(actor: Actor) -> QuerySet[Order]:
    """The orders within the actor's visibility by owner and team."""
    if not actor.may("sell.order.see"):
        return Order.objects.none()
    return Order.objects.filter(owned_rows(actor), deleted_at=None)


@per_actor
def listed_orders(actor: Actor) -> QuerySet[Order]:
    """The visible orders as lists and records show them, with buyer, lead, source and products."""
    to_decide = OrderLine.objects.filter(order=OuterRef("pk"), product=None).exclude(product_text="")
    return (
        with_parts(visible_orders(actor), **_PARTS, opportunity=("name",))
        .defer("extra")
        .annotate(has_to_decide=Exists(to_decide))
        .prefetch_related("lines__product")
    )


def deleted_opportunities(actor: Actor) -> QuerySet[Opportunity]:
    """The deleted opportunities an actor may restore, with their buyers."""
    if not actor.may("sell.opportunity.delete"):
        return Opportunity.objects.none()
    rows = Opportunity.objects.filter(owned_rows(actor)).exclude(deleted_at=None)
    return with_parts(rows, party=NAMED, organisation=NAMED).defer("extra")


def deleted_orders(actor: Actor) -> QuerySet[Order]:
    """The deleted orders an actor may restore; those of an opportunity come back with it."""
    if not actor.may("sell.order.delete"):
        return Order.objects.none()
    rows = Order.objects.filter(owned_rows(actor), opportunity=None).exclude(deleted_at=None)
    return with_parts(rows, party=NAMED, organisation=NAMED).defer("extra")


def by_ids(actor: Actor, ids: Iterable[int]) -> QuerySet[Opportunity]:
    """Those of the opportunities ``ids`` the actor may see."""
    return listed_opportunities(actor).filter(pk__in=list(ids))


@written
def opportunities_of_lead(actor: Actor, most: int) -> QuerySet[Opportunity]:
    """The newest of what came of the ``lead`` it is told."""
    return listed_opportunities(actor).filter(lead_id=Given("lead")).order_by("-pk")[:most]


def opportunities_of_party(actor: Actor, party_id: int) -> QuerySet[Opportunity]:
    """The chances to sell to a party or to the people of an organisation: open ones first, then the newest."""
    mine = listed_opportunities(actor).filter(Q(party_id=party_id) | Q(organisation_id=party_id))
    return mine.order_by("outcome", F("closed_at").desc(nulls_last=True), "-pk")


def orders_of_party(actor: Actor, party_id: int) -> QuerySet[Order]:
    """What a party, or the people of an organisation, bought; the newest first."""
    mine = listed_orders(actor).filter(Q(party_id=party_id) | Q(organisation_id=party_id))
    return mine.order_by(F("ordered_at").desc(nulls_last=True), "-pk")


def default_stages() -> list[PipelineStage]:
    """The stages of the default pipeline in their order."""
    return _stages_in_order()


@written
def _stages_in_order() -> QuerySet[PipelineStage]:
    return PipelineStage.objects.filter(pipeline__is_default=True).order_by("position")


def stage_choices(actor: Actor) -> Choices:
    """The stages as choices for filters and forms."""
    return [(str(stage.pk), stage.name) for stage in default_stages()]


def product_choices(actor: Actor) -> Choices:
    """The catalogue as choices for forms."""
    rows = visible_products(actor).filter(archived_at=None).order_by("name", "pk")
    return [(str(pk), name) for pk, name in rows.values_list("pk", "name")]


def lines_with_texts(actor: Actor, texts: Iterable[str]) -> Counter[str]:
    """How many lines of the actor's opportunities and orders wait for a decision about each of the texts."""
    wanted = {"product": None, "product_text__in": set(texts)}
    opportunities = OpportunityLine.objects.filter(**wanted, opportunity__in=visible_opportunities(actor).values("pk"))
    orders = OrderLine.objects.filter(**wanted, order__in=visible_orders(actor).values("pk"))
    found: Counter[str] = Counter()
    for lines in (opportunities, orders):
        found.update(dict(lines.order_by().values_list("product_text").annotate(Count("pk"))))
    return found


def seller_choices(actor: Actor) -> list[tuple[str, str]]:
    """Who may hold an opportunity that this actor opens: who sells within reach, or for who does not sell anybody."""
    if actor.may(SELLS):
        return team.user_choices(actor, who_may=SELLS)
    return [(str(pk), name) for pk, name in team.users_who_may(SELLS).values_list("pk", "name")]
