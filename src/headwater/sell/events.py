"""The facts of the sell room: products, opportunities and orders.

A fact of a step carries ``fields``: each field it changed with its old and new value, so that it can be taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from headwater.platform.events import Fact

Fields = dict[str, list[Any]]
STEP_PERSONAL = ("personal_fields",)


@dataclass(frozen=True, kw_only=True)
class ProductAdded(
    Fact,
    verb="sell.product_added",
    subject="sell.product:product_id",
    sentence=_("Product {name} added"),
    icon="package",
):
    """A product is in the catalogue and can be offered and sold."""

    product_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class ProductDeleted(
    Fact,
    verb="sell.product_deleted",
    subject="sell.product:product_id",
    sentence=_("Product {name} deleted"),
    icon="trash",
):
    """A product is out of the catalogue; what was sold of it keeps it."""

    product_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class ProductRestored(
    Fact,
    verb="sell.product_restored",
    subject="sell.product:product_id",
    sentence=_("Product {name} restored"),
    icon="restore",
):
    """A deleted product is in the catalogue again."""

    product_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class ProductDecided(
    Fact,
    verb="sell.product_decided",
    subject="sell.product:product_id",
    sentence=_("Decided: “{text}” is {name}"),
    icon="package",
):
    """Somebody said which product a file's text means; the lines named now carry it."""

    product_id: int
    name: str
    text: str
    opportunity_line_ids: list[int] | None = None
    order_line_ids: list[int] | None = None


@dataclass(frozen=True, kw_only=True)
class ProductDecisionTakenBack(
    Fact,
    verb="sell.product_decision_taken_back",
    subject="sell.product:product_id",
    sentence=_("“{text}” is to decide again"),
    icon="arrow-back-up",
):
    """The lines of a decision carry the file's text again; ``event_id`` is the fact that no longer holds."""

    product_id: int
    text: str
    event_id: int


@dataclass(frozen=True, kw_only=True)
class OpportunityOpened(
    Fact,
    verb="sell.opportunity_opened",
    subject="sell.opportunity:opportunity_id",
    sentence=_("Opportunity opened in {stage}"),
    icon="target-arrow",
):
    """There is a chance to sell: from a qualified lead, by hand or from a file."""

    opportunity_id: int
    stage: str
    lead_id: int | None = None
    amount: str | None = None
    currency: str | None = None
    owner_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """What all steps of an opportunity say: which it is, and what they changed, so that they can be taken back."""

    opportunity_id: int
    fields: Fields
    personal_fields: Fields | None = None


@dataclass(frozen=True, kw_only=True)
class OpportunityMoved(
    Step,
    Fact,
    verb="sell.opportunity_moved",
    subject="sell.opportunity:opportunity_id",
    personal=(*STEP_PERSONAL, "reason"),
    sentence=_("Opportunity moved from {from_stage} to {to_stage}"),
    icon="arrow-right",
):
    """An opportunity is in another stage; ``reason`` says why it went back, if it did."""

    from_stage: str
    to_stage: str
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class OpportunityWon(
    Step,
    Fact,
    verb="sell.opportunity_won",
    subject="sell.opportunity:opportunity_id",
    personal=STEP_PERSONAL,
    sentence=_("Opportunity won {amount} {currency}"),
    icon="trophy",
):
    """The customer said yes; the order that came of it is placed with it. Without ``amount`` the value is unknown."""

    order_id: int | None = None
    lead_id: int | None = None
    amount: str | None = None
    currency: str | None = None


@dataclass(frozen=True, kw_only=True)
class OpportunityLost(
    Step,
    Fact,
    verb="sell.opportunity_lost",
    subject="sell.opportunity:opportunity_id",
    personal=STEP_PERSONAL,
    sentence=_("Opportunity lost: {words}"),
    icon="thumb-down",
):
    """The customer did not buy from us, for the reason given; ``competitor`` is who sold instead, if known."""

    reason: str
    words: str
    competitor: str | None = None


@dataclass(frozen=True, kw_only=True)
class OpportunityReopened(
    Step,
    Fact,
    verb="sell.opportunity_reopened",
    subject="sell.opportunity:opportunity_id",
    personal=STEP_PERSONAL,
    sentence=_("Opportunity reopened in {stage}"),
    icon="lock-open",
):
    """A closed opportunity can be won again; the orders that came with its win no longer stand."""

    stage: str
    order_ids: list[int] | None = None


@dataclass(frozen=True, kw_only=True)
class OpportunityAssigned(
    Step,
    Fact,
    verb="sell.opportunity_assigned",
    subject="sell.opportunity:opportunity_id",
    personal=(*STEP_PERSONAL, "owner_name"),
    sentence=_("Opportunity given to {owner_name}"),
    icon="user-check",
):
    """Another colleague works on an opportunity."""

    owner_id: int | None = None
    owner_name: str
    before_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class OpportunityStepTakenBack(
    Step,
    Fact,
    verb="sell.opportunity_step_taken_back",
    subject="sell.opportunity:opportunity_id",
    personal=STEP_PERSONAL,
    sentence=_("Taken back: {what}"),
    icon="arrow-back-up",
):
    """A step of an opportunity was undone; ``event_id`` is the fact that no longer holds."""

    event_id: int
    what: str


@dataclass(frozen=True, kw_only=True)
class OpportunityLinesChanged(
    Fact,
    verb="sell.opportunity_lines_changed",
    subject="sell.opportunity:opportunity_id",
    sentence=_("Products of the opportunity: {words}"),
    icon="package",
):
    """Which products an opportunity is about was changed; before and after as lists of line values."""

    opportunity_id: int
    words: str
    before: list[dict[str, Any]] | None = None
    after: list[dict[str, Any]] | None = None
    amount_before: str | None = None
    amount_after: str | None = None


@dataclass(frozen=True, kw_only=True)
class OpportunityDeleted(
    Fact,
    verb="sell.opportunity_deleted",
    subject="sell.opportunity:opportunity_id",
    sentence=_("Opportunity deleted"),
    icon="trash",
):
    """An opportunity is off the board and out of the numbers, its orders too; it can be restored."""

    opportunity_id: int
    order_ids: list[int] | None = None


@dataclass(frozen=True, kw_only=True)
class OpportunityRestored(
    Fact,
    verb="sell.opportunity_restored",
    subject="sell.opportunity:opportunity_id",
    sentence=_("Opportunity restored"),
    icon="restore",
):
    """A deleted opportunity is back where it was."""

    opportunity_id: int
    order_ids: list[int] | None = None


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(
    Fact,
    verb="sell.order_placed",
    subject="sell.order:order_id",
    sentence=_("Order placed {amount} {currency}"),
    icon="receipt",
):
    """Something was bought. Without ``amount`` its value is unknown; ``is_dated`` says whether its day is known."""

    order_id: int
    amount: str | None = None
    currency: str | None = None
    opportunity_id: int | None = None
    lead_id: int | None = None
    is_dated: bool = True


@dataclass(frozen=True, kw_only=True)
class OrderLinesChanged(
    Fact,
    verb="sell.order_lines_changed",
    subject="sell.order:order_id",
    sentence=_("Lines of the order changed: {words}"),
    icon="package",
):
    """A file brought lines to an order or corrected some; ``changed``: by line id, fields with old and new value."""

    order_id: int
    words: str
    added: list[int] | None = None
    changed: dict[str, dict[str, list[Any]]] | None = None


@dataclass(frozen=True, kw_only=True)
class OrderDeleted(
    Fact,
    verb="sell.order_deleted",
    subject="sell.order:order_id",
    sentence=_("Order deleted"),
    icon="trash",
):
    """An order does not count any more; it can be restored."""

    order_id: int


@dataclass(frozen=True, kw_only=True)
class OrderRestored(
    Fact,
    verb="sell.order_restored",
    subject="sell.order:order_id",
    sentence=_("Order restored"),
    icon="restore",
):
    """A deleted order counts again."""

    order_id: int
