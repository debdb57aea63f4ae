"""External ids: finding our rows by what other systems call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headwater.platform.action import current_unit
from headwater.platform.bulk import insert_rows
from headwater.platform.models import ExternalId


def known_ids(system: str, kind: str, external_ids: Sequence[str]) -> dict[str, int]:
    """Which of ``external_ids`` we know, and the row each names, with one query."""
    rows = ExternalId.objects.filter(system=system, kind=kind, external_id__among=set(external_ids))
    return dict(rows.values_list("external_id", "object_id"))


def remember_ids(system: str, kind: str, names: Mapping[str, int]) -> None:
    """Store what ``system`` calls rows that are new to us; call it inside the action that makes them."""
    current_unit()
    insert_rows(
        ExternalId,
        ("system", "kind", "external_id", "object_id"),
        [(system, kind, external_id, object_id) for external_id, object_id in names.items()],
    )


def named_by(system: str, kind: str, object_ids: Sequence[int]) -> set[int]:
    """Those of our rows that ``system`` has a name for, with one query."""
    rows = ExternalId.objects.filter(system=system, kind=kind, object_id__among=set(object_ids))
    return set(rows.values_list("object_id", flat=True))
