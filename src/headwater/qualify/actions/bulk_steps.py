"""The same step for many leads at once: a handful of statements, however many they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from headwater.parties.actions.bulk_access import GrantDraft, replace_access
from headwater.platform.action import current_unit
from headwater.platform.actor import Actor
from headwater.platform.bulk import update_rows
from headwater.platform.changes import put_values
from headwater.platform.events import Fact, record_bulk
from headwater.platform.spans import set_spans
from headwater.qualify.actions.steps import (
    HOLDERS,
    ROW,
    STATE,
    as_fields,
    closed_to,
    grant_reason,
    holders_of,
    opened_to,
    parties_of,
    state_of,
)
from headwater.qualify.models import Lead


@dataclass(frozen=True)
class Change:
    """What a step changes on one lead, when it happened (None: at an unknown time), and what its fact tells."""

    lead: Lead
    values: Mapping[str, Any]
    since: datetime | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


def take_steps(changes: Sequence[Change], kind: Callable[..., Fact], *, by: Actor, at: datetime) -> int:
    """As :func:`steps.take_step` for many leads; how many steps changed something. Call it on locked leads."""
    current_unit()
    facts: list[Fact] = []
    moments: list[datetime] = []
    touched: list[tuple[Change, dict[str, list[Any]]]] = []
    stored: dict[int, dict[str, Any]] = defaultdict(dict)  # of a lead that is named twice, all that changes
    for change in changes:
        lead = change.lead
        changed = put_values(lead, change.values)
        if not changed:
            continue
        touched.append((change, changed))
        stored[lead.pk] |= {name: new for name, (_, new) in changed.items()}
        plain, personal = as_fields(changed)
        facts.append(
            kind(
                lead_id=lead.pk,
                fields=plain,
                personal_fields=personal or None,
                party_id=lead.party_id,
                organisation_id=lead.organisation_id,
                **change.told,
            )
        )
        moments.append(change.since or at)
    if not touched:
        return 0
    update_rows(Lead, stored)
    _write_spans(touched, at=at)
    _move_grants(touched, by=by)
    record_bulk(facts, by=by, at=moments)
    return len(touched)


def _write_spans(touched: Sequence[tuple[Change, Mapping[str, Any]]], *, at: datetime) -> None:
    by_moment: dict[datetime, dict[int, str]] = defaultdict(dict)
    owners: dict[int, str] = {}
    for change, changed in touched:
        if STATE & changed.keys():
            by_moment[change.since or at][change.lead.pk] = state_of(change.lead)
        if "owner_id" in changed:
            owners[change.lead.pk] = str(change.lead.owner_id or "")
    for moment, states in by_moment.items():
        set_spans(ROW, "stage", states, at=moment)
    if owners:
        set_spans(ROW, "owner", owners, at=at)


def _move_grants(touched: Sequence[tuple[Change, Mapping[str, Any]]], *, by: Actor) -> None:
    moved = [(change.lead, changed) for change, changed in touched if HOLDERS & changed.keys()]
    if not moved:
        return
    replace_access(
        ended=[(party_id, grant_reason(lead.pk)) for lead, _ in moved for party_id in parties_of(lead)],
        given=grants_for([lead for lead, _ in moved], by=by),
        by=by,
    )


def grants_for(leads: Sequence[Lead], *, by: Actor) -> list[GrantDraft]:
    """Who sees the people and companies of these leads because of them."""
    closed = closed_to(by, leads)
    return [
        GrantDraft(party_id, grant_reason(lead.pk), user_id, team_id)
        for lead in leads
        for user_id, team_id in holders_of(lead)
        for party_id in opened_to(user_id, team_id, lead, by=by, closed=closed)
    ]
