"""Putting opportunities and orders into the archive: off lists and the board, still in the numbers."""

from __future__ import annotations

from headwater.platform.actor import Actor
from headwater.platform.shelf import archive_of
from headwater.sell.actions.steps import ORDER_ROW, ROW
from headwater.sell.models import Opportunity, Order


def _reaches(actor: Actor, row: Opportunity | Order) -> bool:
    return actor.reaches(owner_id=row.owner_id, team_id=row.team_id)


def _parties(row: Opportunity | Order) -> tuple[int | None, int | None]:
    return row.party_id, row.organisation_id


OPPORTUNITIES_ARCHIVE = archive_of(ROW, Opportunity, party_of=_parties, reaches=_reaches)
ORDERS_ARCHIVE = archive_of(ORDER_ROW, Order, party_of=_parties, reaches=_reaches)
