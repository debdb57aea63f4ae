"""What hangs on the records of sources and campaigns: what was spent, and where a campaign runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from headwater.acquire.models import Campaign, Source
from headwater.acquire.queries import spend_total, visible_campaigns, visible_spend
from headwater.platform.actor import Actor
from headwater.web.panel import Panel, register_panel

SHOWN = 10


def spend_of_source(actor: Actor, source: Source, at: datetime) -> Mapping[str, Any]:
    """The latest money spent on a source, and all of it together."""
    entries = visible_spend(actor).filter(source=source)
    return _spend(entries, f"/spend?source={source.pk}")


def spend_of_campaign(actor: Actor, campaign: Campaign, at: datetime) -> Mapping[str, Any]:
    """The latest money spent on a campaign, all of it together, and the share of the budget."""
    entries = visible_spend(actor).filter(campaign=campaign)
    found = _spend(entries, f"/spend?campaign={campaign.pk}")
    total = next((amount for currency, amount in found["totals"] if currency == campaign.currency), None)
    share = float(total / campaign.budget) if total is not None and campaign.budget else None
    return {**found, "budget_share": share}


def campaigns_of_source(actor: Actor, source: Source, at: datetime) -> Mapping[str, Any] | None:
    """The campaigns that run through a source."""
    found = list(visible_campaigns(actor).filter(sources=source).order_by("-starts_on", "-pk")[:SHOWN])
    return {"campaigns": found} if found else None


def _spend(entries: Any, url: str) -> dict[str, Any]:
    latest = list(entries.order_by("-spent_on", "-pk")[:SHOWN])
    return {"entries": latest, "totals": spend_total(entries) if latest else [], "all_url": url}


for _panel in (
    Panel("source-spend", "acquire.source", "acquire/panels.html#spend", spend_of_source, verb="acquire.spend.see"),
    Panel("source-campaigns", "acquire.source", "acquire/panels.html#campaigns", campaigns_of_source, order=60,
          verb="acquire.campaign.see"),
    Panel("campaign-spend", "acquire.campaign", "acquire/panels.html#spend", spend_of_campaign,
          verb="acquire.spend.see"),
):  # fmt: skip
    register_panel(_panel)
