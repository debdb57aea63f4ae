"""Writes of the acquire room. Each public function is one business fact, whole or not at all."""

from headwater.acquire.actions.campaigns import (
    add_campaign,
    assign_campaign,
    assign_campaigns,
    change_campaign,
    delete_campaign,
    ensure_campaigns,
    restore_campaign,
)
from headwater.acquire.actions.sources import (
    add_source,
    archive_source,
    change_source,
    ensure_sources,
    restore_source,
)
from headwater.acquire.actions.spend import add_spend, change_spend, delete_spend, restore_spend
from headwater.acquire.actions.touchpoints import (
    TouchpointDraft,
    correct_touchpoint,
    enter_touchpoint,
    record_touchpoint,
    record_touchpoints,
    remove_batch_touchpoints,
    restore_touchpoints,
    touchpoints_of_batch,
)

__all__ = [
    "TouchpointDraft",
    "add_campaign",
    "add_source",
    "add_spend",
    "archive_source",
    "assign_campaign",
    "assign_campaigns",
    "change_campaign",
    "change_source",
    "change_spend",
    "correct_touchpoint",
    "delete_campaign",
    "delete_spend",
    "ensure_campaigns",
    "ensure_sources",
    "enter_touchpoint",
    "record_touchpoint",
    "record_touchpoints",
    "remove_batch_touchpoints",
    "restore_campaign",
    "restore_source",
    "restore_spend",
    "restore_touchpoints",
    "touchpoints_of_batch",
]
