"""What files of products, opportunities and orders may say."""

from __future__ import annotations

from headwater.platform.importer import Importer, Target, TargetKind
from headwater.platform.translated import gettext_lazy as _
from headwater.sell.actions.file_undo import (
    UNDO_OPPORTUNITIES,
    UNDO_ORDERS,
    undo_opportunity_import,
    undo_order_import,
)
from headwater.sell.actions.opportunity_files import import_opportunities, opportunity_faults
from headwater.sell.actions.order_files import import_orders, order_faults
from headwater.sell.actions.product_files import import_products, product_faults, undo_product_import
from headwater.sell.models import ForecastCategory, LostReason
from headwater.sell.rules import CHANGE_COST

STATES = {
    "open": "OPEN",
    "in progress": "OPEN",
    "prospecting": "OPEN",
    "engaging": "OPEN",
    "won": "WON",
    "closed won": "WON",
    "lost": "LOST",
    "closed lost": "LOST",
    # German, Spanish, French, Dutch
    **dict.fromkeys(("offen", "in bearbeitung", "abierta", "abierto", "en curso", "ouverte", "en cours"), "OPEN"),
    **dict.fromkeys(("gewonnen", "ganada", "ganado", "gagnée", "gagné"), "WON"),
    **dict.fromkeys(("verloren", "perdida", "perdido", "perdue", "perdu"), "LOST"),
}
CATEGORIES = {str(label).lower(): str(code) for code, label in ForecastCategory.choices}
REASONS = {str(label).lower(): str(code) for code, label in LostReason.choices} | {
    **dict.fromkeys(("preis", "precio", "prix", "prijs"), "PRICE"),
    **dict.fromkeys(("wettbewerber", "mitbewerber", "competencia", "concurrent", "concurrence"), "COMPETITOR"),
    **dict.fromkeys(("kein budget", "sin presupuesto", "pas de budget", "geen budget"), "NO_BUDGET"),
    **dict.fromkeys(("keine entscheidung", "sin decisión", "pas de décision", "geen beslissing"), "NO_DECISION"),
    **dict.fromkeys(("sonstiges", "otro", "otros", "autre", "anders", "overig"), "OTHER"),
}

EXTERNAL_ID = Target("external_id", _("Id in the other system"), max_length=200)
CURRENCY = Target("currency", _("Currency"), max_length=3)
BUYER = (
    Target("lead", _("Lead's id in the other system"), max_length=200),
    Target("organisation", _("Company (name or id)"), max_length=200, aliases=("company", "account", "customer")),
    Target("person", _("Person"), max_length=200, aliases=("contact",)),
    Target("email", _("E-mail"), TargetKind.EMAIL, max_length=254),
)
BOUGHT = (
    Target("product", _("Product (name or id)"), max_length=160),
    Target("quantity", _("Quantity"), TargetKind.DECIMAL),
)
OWNER = Target("owner_name", _("Owner (name or e-mail)"), max_length=254, aliases=("owner", "sales rep", "sales agent"))

PRODUCTS = Importer(
    kind="products",
    verb="sell.product.import",
    apply=import_products,
    faults=product_faults,
    undo=undo_product_import,
    targets=(
        EXTERNAL_ID,
        Target("name", _("Name"), required=True, max_length=160, aliases=("product",)),
        Target("family", _("Family"), max_length=80, aliases=("series", "category")),
        Target("list_price", _("List price"), TargetKind.MONEY, aliases=("price", "sales price")),
        Target("cost", _("Cost"), TargetKind.MONEY, aliases=("unit cost",), verb=CHANGE_COST),
        CURRENCY,
    ),
)

OPPORTUNITIES = Importer(
    kind="opportunities",
    verb="sell.opportunity.import",
    apply=import_opportunities,
    faults=opportunity_faults,
    undo=undo_opportunity_import,
    undo_steps=UNDO_OPPORTUNITIES,
    targets=(
        EXTERNAL_ID,
        Target("name", _("What they may buy"), max_length=200, aliases=("title", "opportunity", "deal name")),
        *BUYER,
        Target("stage", _("Stage"), max_length=60),
        Target("state", _("Open, won or lost"), TargetKind.CHOICE, choices=STATES, aliases=("status", "outcome")),
        Target("amount", _("Value"), TargetKind.MONEY),
        CURRENCY,
        Target("probability", _("Probability in percent"), TargetKind.DECIMAL),
        Target(
            "forecast_category",
            _("Forecast category"),
            TargetKind.CHOICE,
            choices=CATEGORIES,
            called=dict(ForecastCategory.choices),
        ),
        Target("opened_at", _("Opened"), TargetKind.DATETIME, aliases=("engage date", "created")),
        Target("close_date", _("Expected to close"), TargetKind.DATE),
        Target("closed_at", _("Won or lost on"), TargetKind.DATETIME),
        Target("next_step", _("Next step"), max_length=200),
        Target("competitor", _("Competitor"), max_length=120),
        Target(
            "lost_reason", _("Why it was lost"), TargetKind.CHOICE, choices=REASONS, called=dict(LostReason.choices)
        ),
        *BOUGHT,
        Target("unit_price", _("Price each"), TargetKind.MONEY),
        OWNER,
    ),
)

ORDERS = Importer(
    kind="orders",
    verb="sell.order.import",
    apply=import_orders,
    faults=order_faults,
    undo=undo_order_import,
    undo_steps=UNDO_ORDERS,
    targets=(
        EXTERNAL_ID,
        Target("number", _("Order number"), max_length=60, aliases=("order no", "invoice")),
        *BUYER,
        Target("opportunity", _("Opportunity's id in the other system"), max_length=200),
        Target("ordered_at", _("Ordered on"), TargetKind.DATETIME, aliases=("order date", "won date")),
        Target("amount", _("Value"), TargetKind.MONEY, aliases=("total", "revenue")),
        Target("cost", _("Cost"), TargetKind.MONEY, verb=CHANGE_COST),
        CURRENCY,
        *BOUGHT,
        Target("unit_price", _("Price each"), TargetKind.DECIMAL),  # a tenth of a cent counts in what the line comes to
        Target("discount", _("Discount in percent"), TargetKind.DECIMAL, aliases=("discount", "discount %", "rabatt")),
        Target("line_amount", _("Value of the line"), TargetKind.MONEY, aliases=("line total", "line amount", "sales")),
        Target("unit_cost", _("Cost each"), TargetKind.MONEY, aliases=("unit cost",), verb=CHANGE_COST),
        OWNER,
        Target("note", _("Note"), max_length=300),
    ),
)
