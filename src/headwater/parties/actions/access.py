"""Who may see a party although it is not theirs: grants that upper rooms give when they give work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from headwater.parties.events import AccessGranted, AccessWithdrawn
from headwater.parties.models import Grant
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.events import record_bulk


@action
def grant_access(
    *,
    party_ids: Sequence[int],
    reason: str,
    by: Actor,
    at: datetime,
    user_id: int | None = None,
    team_id: int | None = None,
) -> None:
    """Let a colleague or team see these parties because of ``reason`` (such as ``qualify.lead:7``).

    Called by upper rooms inside the action that gives the work and has checked the right to give it. Granting
    again changes nothing. Three statements however many parties.
    """
    wanted = sorted({pk for pk in party_ids if pk is not None})
    if not wanted or (user_id is None and team_id is None):
        return
    rows = Grant.objects.filter(party_id__in=wanted, reason=reason)
    rows = rows.filter(user_id=user_id) if user_id is not None else rows.filter(user=None)
    rows = rows.filter(team_id=team_id) if team_id is not None else rows.filter(team=None)
    held = set(rows.values_list("party_id", flat=True))
    fresh = [pk for pk in wanted if pk not in held]
    Grant.objects.bulk_create(
        [Grant(party_id=pk, user_id=user_id, team_id=team_id, reason=reason) for pk in fresh],
        ignore_conflicts=True,
    )
    record_bulk(
        [AccessGranted(granted_party_id=pk, reason=reason, user_id=user_id, team_id=team_id) for pk in fresh],
        by=by,
        at=[at] * len(fresh),
    )


@action
def withdraw_access(
    *,
    party_ids: Sequence[int],
    reason: str,
    by: Actor,
    at: datetime,
    user_id: int | None = None,
    team_id: int | None = None,
) -> None:
    """End what :func:`grant_access` gave for this reason; without user and team, for everybody."""
    rows = Grant.objects.filter(party_id__in=sorted({pk for pk in party_ids if pk is not None}), reason=reason)
    if user_id is not None:
        rows = rows.filter(user_id=user_id)
    if team_id is not None:
        rows = rows.filter(team_id=team_id)
    ending = list(rows)
    Grant.objects.filter(pk__in=[grant.pk for grant in ending]).delete()
    record_bulk(
        [
            AccessWithdrawn(
                granted_party_id=grant.party_id, reason=reason, user_id=grant.user_id, team_id=grant.team_id
            )
            for grant in ending
        ],
        by=by,
        at=[at] * len(ending),
    )
