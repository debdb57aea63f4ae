"""What lists, records, exports, API and imports know about products, opportunities and orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from headwater.acquire.queries import source_choices
from headwater.intake.batch_column import BATCH
from headwater.parties.talking import LogForm
from headwater.platform.actor import Actor, owned_by
from headwater.platform.resource import Board, Column, Command, Kind, Resource, Rows, SavedView, register
from headwater.platform.search import Searched
from headwater.platform.shelf import ARCHIVED_VIEW, Bin, archive_commands, register_bin
from headwater.sell import actions, imports, rules
from headwater.sell.actions.archive import OPPORTUNITIES_ARCHIVE, ORDERS_ARCHIVE
from headwater.sell.actions.products import ARCHIVE as PRODUCTS_ARCHIVE
from headwater.sell.actions.products import SHELF as PRODUCTS_BIN
from headwater.sell.forms import (
    AssignForm,
    LineForm,
    LoseForm,
    MoveForm,
    NextStepForm,
    OpenForm,
    OpportunityForm,
    OrderChangeForm,
    OrderForm,
    ProductForm,
    WinForm,
)
from headwater.sell.models import ForecastCategory, LostReason, Opportunity, Order, Outcome, Product
from headwater.sell.queries.board import waiting_among
from headwater.sell.queries.visible import (
    deleted_opportunities,
    deleted_orders,
    listed_opportunities,
    listed_orders,
    stage_choices,
    visible_opportunities,
    visible_orders,
    visible_products,
)
from headwater.team.queries import choices_of_teams, user_choices

CELLS = "headwater.sell.cells."
BUYER = ("organisation__name", "party__name")  # the company where there is one
OPEN = {"outcome__empty": "true"}


def is_open(row: Opportunity) -> bool:
    """Whether the opportunity can still be won or lost."""
    return row.is_open


def party_name(row: Opportunity | Order) -> str:
    """Who buys, by name: the company where there is one."""
    buyer = row.organisation or row.party
    return buyer.name if buyer is not None else ""


def _first_known(*names: str | None) -> str:
    return next(filter(None, names), "")


def _on_the_board(rows: Rows, besides: Mapping[str, str], actor: Actor, at: datetime) -> Rows:
    return waiting_among(rows, actor, stuck_only=besides.get("stuck") == "1", at=at)


def _products(row: Opportunity | Order) -> str:
    return ", ".join(line.label for line in row.lines.all())


PRODUCTS = Resource(
    key="sell.product",
    slug="products",
    label=_("Product"),
    label_plural=_("Products"),
    icon="package",
    rows=visible_products,
    columns=(
        Column("name", _("Name"), sortable=True, nullable=False, place="primary"),
        Column("family", _("Family"), sortable=True, nullable=False, place="second"),
        Column("list_price", _("List price"), Kind.MONEY, sortable=True),
        Column("cost", _("Costs us"), Kind.MONEY, sortable=True, verb=rules.SEE_COST,
               writes=rules.CHANGE_COST),
        Column("currency", _("Currency"), nullable=False, shown=False),
        Column("created_at", _("Known since"), Kind.DATETIME, sortable=True, shown=False, nullable=False),
        Column("archived_at", _("Archived"), Kind.DATETIME, shown=False, exported=False),
        BATCH,
    ),
    default_order="name",
    searched=Searched(Product, name=("name",), words=("family",)),
    title=lambda product: product.name,
    subtitle=lambda product: product.family,
    create=Command("create", _("Add a product"), actions.add_product, "sell.product.create", ProductForm, icon="plus",
                   done=_("Product added")),
    change=Command("change", _("Edit"), actions.change_product, "sell.product.change", ProductForm, "product_id",
                   icon="pencil", done=_("Product changed")),
    commands=(
        *archive_commands(PRODUCTS_ARCHIVE),
        Command("delete", _("Delete"), actions.delete_product, "sell.product.delete", id_name="product_id",
                icon="trash",
                done=_("Product deleted")),
    ),
    views=(SavedView("current", _("In use"), {"archived_at__empty": "true"}), ARCHIVED_VIEW),
    archived="archived_at",
    importer=imports.PRODUCTS,
    empty=_("Put what you sell into the catalogue: opportunities and orders then say what they are about."),
)  # fmt: skip

OPPORTUNITIES = Resource(
    key="sell.opportunity",
    slug="opportunities",
    label=_("Opportunity"),
    label_plural=_("Opportunities"),
    icon="target-arrow",
    rows=listed_opportunities,
    bare_rows=visible_opportunities,
    seen_by=owned_by,
    columns=(
        Column("party", _("Opportunity"), path="name", reads=BUYER, made=_first_known, sortable=True, filterable=False,
               personal=True, cell=f"{CELLS}opportunity", place="primary", with_columns=("name",),
               file_label=_("Who buys")),
        Column("name", _("What"), shown=False, nullable=False, personal=True),
        Column("source", _("Source"), Kind.RELATION, path="lead__source_id", choices=source_choices,
               reads=("lead__source__name",), cell=f"{CELLS}source", place="source"),
        Column("stage", _("Stage"), Kind.RELATION, path="stage_id", choices=stage_choices, nullable=False,
               reads=("stage__name",), cell=f"{CELLS}stage", place="second",
               with_columns=("outcome", "lost_reason")),
        Column("amount", _("Value"), Kind.MONEY, sortable=True, place="second", rated_on="closed_at"),
        Column("currency", _("Currency"), shown=False, nullable=False),
        Column("forecast_category", _("Category"), Kind.CHOICE, choices=ForecastCategory.choices, nullable=False,
               cell=f"{CELLS}category"),
        Column("probability", _("Probability"), Kind.NUMBER, shown=False, sortable=True, nullable=False),
        Column("stage_since", _("In stage since"), Kind.DATETIME, sortable=True, cell=f"{CELLS}in_stage"),
        Column("next_step", _("Next step"), nullable=False, personal=True, cell=f"{CELLS}next_step"),
        Column("close_date", _("Close"), Kind.DATE, sortable=True, cell=f"{CELLS}close_date"),
        Column("products", _("Products"), gathered=_products, path="lines__product_text", filterable=False, shown=False,
               cell=f"{CELLS}products", with_columns=("to_decide",)),
        Column("to_decide", _("Product to decide"), Kind.BOOL, path="has_to_decide", nullable=False, shown=False),
        Column("owner", _("Owner"), Kind.RELATION, path="owner_id", choices=user_choices, is_person=True,
               reads=("owner__name",), cell=f"{CELLS}owner", place="action"),
        Column("team", _("Team"), Kind.RELATION, path="team_id", choices=choices_of_teams, reads=("team__name",),
               shown=False, chip=False),
        Column("outcome", _("Outcome"), Kind.CHOICE, choices=Outcome.choices, nullable=False, shown=False),
        Column("lost_reason", _("Lost because"), Kind.CHOICE, choices=LostReason.choices, nullable=False, shown=False,
               chip=False),
        Column("competitor", _("Competitor"), nullable=False, shown=False),
        Column("opened_at", _("Opened"), Kind.DATETIME, sortable=True, shown=False),
        Column("closed_at", _("Closed"), Kind.DATETIME, sortable=True, shown=False),
        BATCH,
        Column("archived_at", _("Archived"), Kind.DATETIME, shown=False, exported=False),
    ),
    default_order="close_date",
    indexed_orders=("close_date",),
    searched=Searched(
        Opportunity, name=("organisation__name", "party__name"), rank=20,
        words=("name", "competitor", "next_step", "lost_note", "lines__product_text", "lines__product__name"),
    ),
    title=lambda row: party_name(row) or row.name,
    subtitle=lambda row: row.name if party_name(row) else "",
    create=Command("create", _("Open an opportunity"), actions.open_opportunity, "sell.opportunity.create", OpenForm,
                   icon="plus", done=_("Opportunity opened")),
    change=Command("change", _("Edit"), actions.change_opportunity, "sell.opportunity.change", OpportunityForm,
                   "opportunity_id", icon="pencil", done=_("Opportunity changed")),
    commands=(
        Command("win", _("Won"), actions.win_opportunity, "sell.opportunity.win", WinForm, "opportunity_id",
                icon="trophy", offered=is_open, done=_("Won. The order is placed")),
        Command("lose", _("Lost"), actions.lose_opportunity, "sell.opportunity.lose", LoseForm, "opportunity_id",
                icon="thumb-down", offered=is_open, done=_("Opportunity lost")),
        Command("move", _("Change stage"), actions.move_opportunity, "sell.opportunity.move", MoveForm,
                "opportunity_id", run_many=actions.move_opportunities,
                icon="arrow-right", hotkey="m", offered=is_open, done=_("Stage changed")),
        Command("next_step", _("Next step"), actions.plan_next_step, "sell.opportunity.change", NextStepForm,
                "opportunity_id", icon="list-check", hotkey="n", offered=is_open, done=_("Next step planned")),
        Command("log", _("Log a call"), actions.log_about_opportunity, "parties.activity.create", LogForm,
                "opportunity_id", icon="phone", hotkey="l", done=_("Written down")),
        Command("add_line", _("Add a product"), actions.add_line, "sell.opportunity.change", LineForm, "opportunity_id",
                icon="package", offered=is_open, done=_("Product added")),
        Command("assign", _("Assign"), actions.assign_opportunity, "sell.opportunity.assign", AssignForm,
                "opportunity_id", run_many=actions.assign_opportunities, icon="user-check", hotkey="a",
                done=_("Opportunity assigned")),
        Command("reopen", _("Reopen"), actions.reopen_opportunity, "sell.opportunity.reopen", id_name="opportunity_id",
                icon="lock-open", offered=lambda row: not row.is_open, done=_("Opportunity reopened")),
        *archive_commands(OPPORTUNITIES_ARCHIVE),
        Command("delete", _("Delete"), actions.delete_opportunity, "sell.opportunity.delete", id_name="opportunity_id",
                icon="trash", done=_("Opportunity deleted")),
    ),
    views=(
        SavedView("open", _("Open"), OPEN, sort="close_date"),
        SavedView("mine", _("Mine"), {"owner": "me", **OPEN}, sort="close_date"),
        SavedView("no_next_step", _("No next step"), {"next_step__empty": "true", **OPEN}, sort="close_date"),
        SavedView("to_decide", _("Product to decide"), {"to_decide": "true"}),
        SavedView("won", _("Won"), {"outcome": "WON"}, sort="-closed_at"),
        SavedView("lost", _("Lost"), {"outcome": "LOST"}, sort="-closed_at"),
        ARCHIVED_VIEW,
    ),
    archived="archived_at",
    board=Board("/pipeline", start="open", hides=("won", "lost", "archived"), besides=("stuck",), narrow=_on_the_board),
    importer=imports.OPPORTUNITIES,
    party_of=lambda row: row.party_id,
    empty=_("An opportunity starts from a qualified lead, so that the sale never loses its source."),
)  # fmt: skip

ORDERS = Resource(
    key="sell.order",
    slug="orders",
    label=_("Order"),
    label_plural=_("Orders"),
    icon="receipt",
    rows=listed_orders,
    bare_rows=visible_orders,
    seen_by=owned_by,
    columns=(
        Column("party", _("Who bought"), path="party__name", reads=BUYER, made=_first_known, filterable=False,
               personal=True, cell=f"{CELLS}order", place="primary", with_columns=("opportunity",)),
        Column("number", _("Number"), sortable=True, nullable=False, cell=f"{CELLS}number"),
        Column("source", _("Source"), Kind.RELATION, path="lead__source_id", choices=source_choices,
               reads=("lead__source__name",), cell=f"{CELLS}source", place="source"),
        Column("ordered_at", _("Ordered"), Kind.DATETIME, sortable=True, place="second"),
        Column("amount", _("Value"), Kind.MONEY, sortable=True, place="second", rated_on="ordered_at"),
        Column("cost", _("Cost"), Kind.MONEY, sortable=True, shown=False, verb=rules.SEE_COST,
               writes=rules.CHANGE_COST, rated_on="ordered_at"),
        Column("currency", _("Currency"), shown=False, nullable=False),
        Column("products", _("Products"), gathered=_products, path="lines__product_text", filterable=False,
               cell=f"{CELLS}products", with_columns=("to_decide",)),
        Column("opportunity", _("Opportunity"), path="opportunity__name", filterable=False, shown=False, personal=True),
        Column("to_decide", _("Product to decide"), Kind.BOOL, path="has_to_decide", nullable=False, shown=False),
        Column("owner", _("Owner"), Kind.RELATION, path="owner_id", choices=user_choices, is_person=True,
               reads=("owner__name",), cell=f"{CELLS}owner", place="action"),
        Column("note", _("Note"), nullable=False, shown=False, personal=True),
        BATCH,
        Column("archived_at", _("Archived"), Kind.DATETIME, shown=False, exported=False),
    ),
    default_order="-ordered_at",
    indexed_orders=("ordered_at",),
    searched=Searched(
        Order, name=("organisation__name", "party__name"), rank=30,
        words=("number", "note", "lines__product_text", "lines__product__name"),
    ),
    title=lambda order: party_name(order) or order.number or " ".join((str(_("Order")), str(order.pk))),
    subtitle=lambda order: " ".join((str(_("Order")), order.number)).strip(),
    create=Command("create", _("Place an order"), actions.place_order, "sell.order.create", OrderForm, icon="plus",
                   done=_("Order placed")),
    change=Command("change", _("Edit"), actions.change_order, "sell.order.change", OrderChangeForm, "order_id",
                   icon="pencil", done=_("Order changed")),
    commands=(
        Command("log", _("Log a call"), actions.log_about_order, "parties.activity.create", LogForm, "order_id",
                icon="phone", hotkey="l", done=_("Written down")),
        *archive_commands(ORDERS_ARCHIVE),
        Command("delete", _("Delete"), actions.delete_order, "sell.order.delete", id_name="order_id", icon="trash",
                offered=lambda order: order.opportunity_id is None, done=_("Order deleted")),
    ),
    views=(
        SavedView("all", _("All"), {}),
        SavedView("mine", _("Mine"), {"owner": "me"}),
        SavedView("no_source", _("No known source"), {"source__empty": "true"}),
        SavedView("to_decide", _("Product to decide"), {"to_decide": "true"}),
        ARCHIVED_VIEW,
    ),
    archived="archived_at",
    importer=imports.ORDERS,
    party_of=lambda order: order.party_id,
    empty=_("An order is placed when an opportunity is won, or here when somebody simply buys again."),
)  # fmt: skip

for _resource in (PRODUCTS, OPPORTUNITIES, ORDERS):
    register(_resource)
register_bin(Bin("sell.product", PRODUCTS_BIN.rows_away, PRODUCTS_BIN.bring_back))
register_bin(Bin("sell.opportunity", deleted_opportunities, actions.restore_opportunity, "opportunity_id"))
register_bin(Bin("sell.order", deleted_orders, actions.restore_order, "order_id"))
