"""External ids: finding our rows by what other systems call them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from headwater.platform.action import action, current_unit
from headwater.platform.bulk import insert_rows
from headwater.platform.models import ExternalId
from headwater.platform.turns import take_turns


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


@contextmanager
def called_by_our_ids(system: str, kind: str, ids: Sequence[int]) -> Iterator[None]:
    """For as long as this lasts, ``system`` calls our rows what we call them: for actions that know them by such names.

    It has to be a system of its own, so that two who do this at once do not meet.
    """
    remember_ids(system, kind, {str(pk): pk for pk in ids})
    yield
    ExternalId.objects.filter(system=system, kind=kind).delete()


@action
def made_or_found(
    *, system: str, kind: str, external_id: str, make: Callable[[], int | None], change: Callable[[int], None]
) -> tuple[int | None, bool]:
    """Change the row that ``system`` calls so, or make it and remember the name; the row, and whether it is new.

    Of two who send one name at the same moment the second one changes what the first one made.
    """
    take_turns("external", [f"{system} {kind} {external_id}"])
    known = known_ids(system, kind, [external_id]).get(external_id)
    if known is not None:
        change(known)
        return known, False
    made = make()
    if made is not None:
        remember_ids(system, kind, {external_id: made})
    return made, True


def named_by(system: str, kind: str, object_ids: Sequence[int]) -> set[int]:
    """Those of our rows that ``system`` has a name for, with one query."""
    rows = ExternalId.objects.filter(system=system, kind=kind, object_id__among=set(object_ids))
    return set(rows.values_list("object_id", flat=True))
