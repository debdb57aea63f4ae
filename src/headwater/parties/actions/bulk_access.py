"""Grants for many pieces of work at once, such as the leads of a file or a list that changes hands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headwater.parties.models import Grant
from headwater.platform.action import current_unit
from headwater.platform.actor import Actor
from headwater.platform.bulk import in_parts, insert_rows


@dataclass(frozen=True)
class GrantDraft:
    """One grant of many: who may see which party, and for which piece of work."""

    party_id: int
    reason: str
    user_id: int | None = None
    team_id: int | None = None


def replace_access(*, ended: Sequence[tuple[int, str]], given: Sequence[GrantDraft], by: Actor) -> None:
    """End what was granted for pieces of work (party and reason) and grant anew; a few statements however many.

    Part of the upper room's action that moves the work, not one of its own: that action's facts say who holds
    what from when on, so nothing is recorded for each grant.
    """
    current_unit()
    for part in in_parts(ended):
        Grant.objects.filter(
            party_id__in={party_id for party_id, _ in part}, reason__in={reason for _, reason in part}
        ).delete()
    insert_rows(
        Grant,
        ("party_id", "reason", "user_id", "team_id"),
        [(g.party_id, g.reason, g.user_id, g.team_id) for g in dict.fromkeys(given)],
    )
