"""Writes for products, opportunities and orders. Each public function is one business fact, whole or not at all."""

from headwater.sell.actions.assigning import assign_opportunities, assign_opportunity
from headwater.sell.actions.closing import lose_opportunity, reopen_opportunity, win_opportunity
from headwater.sell.actions.deletion import delete_opportunity, restore_opportunity
from headwater.sell.actions.lines import LineDraft, add_line, decide_product, remove_line
from headwater.sell.actions.moving import move_opportunities, move_opportunity
from headwater.sell.actions.opportunities import (
    change_opportunity,
    open_opportunity,
    plan_next_step,
)
from headwater.sell.actions.orders import change_order, delete_order, place_order, restore_order
from headwater.sell.actions.products import (
    ProductExists,
    add_product,
    change_product,
    delete_product,
    restore_product,
)
from headwater.sell.actions.steps import AlreadyClosed, StepRefused
from headwater.sell.actions.talk import log_about_opportunity, log_about_order

__all__ = [
    "AlreadyClosed",
    "LineDraft",
    "ProductExists",
    "StepRefused",
    "add_line",
    "add_product",
    "assign_opportunities",
    "assign_opportunity",
    "change_opportunity",
    "change_order",
    "change_product",
    "decide_product",
    "delete_opportunity",
    "delete_order",
    "delete_product",
    "log_about_opportunity",
    "log_about_order",
    "lose_opportunity",
    "move_opportunities",
    "move_opportunity",
    "open_opportunity",
    "place_order",
    "plan_next_step",
    "remove_line",
    "reopen_opportunity",
    "restore_opportunity",
    "restore_order",
    "restore_product",
    "win_opportunity",
]
