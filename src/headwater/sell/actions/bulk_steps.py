"""The same step for many opportunities at once: a handful of statements, however many they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headwater.platform.action import current_unit
from headwater.platform.actor import Actor
from headwater.platform.bulk import check_each, update_rows
from headwater.platform.changes import put_values
from headwater.platform.events import Fact, record_bulk
from headwater.sell.actions.steps import as_fields
from headwater.sell.models import Opportunity


@dataclass(frozen=True)
class Change:
    """What a step changes on one opportunity, and what its fact tells beside that."""

    row: Opportunity
    values: Mapping[str, Any]
    told: Mapping[str, Any]


def locked_rows(ids: Sequence[int], check: Callable[[Opportunity], None]) -> list[Opportunity]:
    """The opportunities, held against everybody else, if the step is possible for all of them.

    Raises:
        SomeRefused: ``check`` refuses some, or they are not there.
    """
    rows = Opportunity.objects.select_for_update().filter(pk__in=list(ids), deleted_at=None).order_by("pk")
    found = list(rows)
    check_each(found, check, ids=ids)
    return found


def take_steps(changes: Sequence[Change], kind: Callable[..., Fact], *, by: Actor, at: datetime) -> list[Opportunity]:
    """Store and record a step of many locked opportunities; who differs now. Spans and grants are the caller's."""
    current_unit()
    facts: list[Fact] = []
    stored: dict[int, dict[str, Any]] = {}
    changed_rows: list[Opportunity] = []
    for change in changes:
        row = change.row
        changed = put_values(row, change.values)
        if not changed:
            continue
        stored[row.pk] = {name: new for name, (_, new) in changed.items()}
        changed_rows.append(row)
        plain, personal = as_fields(changed)
        facts.append(
            kind(
                opportunity_id=row.pk, fields=plain, personal_fields=personal or None, party_id=row.party_id,
                organisation_id=row.organisation_id, **change.told,
            )
        )  # fmt: skip
    update_rows(Opportunity, stored)
    record_bulk(facts, by=by, at=[at] * len(facts))
    return changed_rows
