"""The Django application of the sell room: products, opportunities, orders."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


class SellConfig(AppConfig):
    """Products, opportunities, orders."""

    name = "headwater.sell"
    label = "sell"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the shells what this room has."""
        from headwater.sell import handlers, panels, resources  # noqa: F401  (importing declares them)

        _register_pages()
        _register_pointers()
        _register_held()


def _register_pages() -> None:
    from headwater.sell.queries.board import own_late, own_open
    from headwater.web.nav import NavPage, NewItem, Waits, register_new, register_page

    mine = Waits(own_open, own_late)
    register_page(NavPage("sell", _("Pipeline"), "pipeline", 10, "sell.opportunity.see", waits=mine, keys="g p"))
    register_page(NavPage("sell", _("Opportunities"), "web:list opportunities", 15, "sell.opportunity.see"))
    register_page(NavPage("sell", _("Orders"), "web:list orders", 20, "sell.order.see", keys="g o"))
    register_page(NavPage("sell", _("Products"), "web:list products", 30, "sell.product.see"))
    register_new(NewItem(_("Opportunity"), "target-arrow", "web:create opportunities", 20, "sell.opportunity.create"))
    register_new(NewItem(_("Order"), "receipt", "web:create orders", 50, "sell.order.create"))


def _register_pointers() -> None:
    """What of opportunities and orders a merge of people or companies moves along."""
    from django.db.models import Q

    from headwater.parties.pointing import register
    from headwater.sell.models import Opportunity, Order

    is_open = Q(deleted_at=None, outcome="")
    opportunities = ngettext_lazy("%(count)s opportunity", "%(count)s opportunities", "n")
    for column in ("party", "organisation"):
        register(
            f"sell.opportunity.{column}", Opportunity, column, label="opportunities", words=opportunities,
            open_when=is_open,
        )  # fmt: skip
    orders = ngettext_lazy("%(count)s order", "%(count)s orders", "n")
    register("sell.order.party", Order, "party", label="orders", words=orders)
    register("sell.order.organisation", Order, "organisation", label="orders")


def _register_held() -> None:
    from headwater.platform.held import Held, register_held

    open_ones = {"outcome__empty": "true"}
    register_held(Held("opportunities", "sell.opportunity", _("Open opportunities"), open_ones, order=30))
