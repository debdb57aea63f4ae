"""What was said or written about an opportunity or an order: it stands on the journey of who buys."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from headwater.parties.actions import log_activity
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.errors import Conflict, NotFound
from headwater.platform.translated import gettext as _
from headwater.sell.models import Opportunity, Order
from headwater.sell.queries.visible import visible_opportunities, visible_orders

if TYPE_CHECKING:
    from headwater.parties.models import Activity


@action
def log_about_opportunity(
    *, opportunity_id: int, kind: str, subject: str, by: Actor, at: datetime, body: str = "", is_outbound: bool = True,
    occurred_at: datetime | None = None,
) -> Activity:  # fmt: skip
    """Write down a note, call, e-mail or meeting with who may buy.

    Raises:
        NotFound: there is no such opportunity, or the actor may not see it or its party.
        Invalid: no words, an unknown kind, or a time that is still to come.
    """
    return log_activity(
        party_id=_party_of(visible_opportunities(by), opportunity_id), kind=kind, subject=subject, body=body,
        is_outbound=is_outbound, occurred_at=occurred_at, by=by, at=at,
    )  # fmt: skip


@action
def log_about_order(
    *, order_id: int, kind: str, subject: str, by: Actor, at: datetime, body: str = "", is_outbound: bool = True,
    occurred_at: datetime | None = None,
) -> Activity:  # fmt: skip
    """Write down a note, call, e-mail or meeting with who ordered.

    Raises:
        NotFound: there is no such order, or the actor may not see it or its party.
        Invalid: no words, an unknown kind, or a time that is still to come.
    """
    return log_activity(
        party_id=_party_of(visible_orders(by), order_id), kind=kind, subject=subject, body=body,
        is_outbound=is_outbound, occurred_at=occurred_at, by=by, at=at,
    )  # fmt: skip


def _party_of(rows: QuerySet[Opportunity] | QuerySet[Order], pk: int) -> int:
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound()
    party_id = row.party_id or row.organisation_id
    if party_id is None:
        raise Conflict(_("Nobody is named there as the customer yet: say first who it is."))
    return party_id
