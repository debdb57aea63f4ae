"""Merging again what was taken apart: with the values that were chosen, where a record still has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from headwater.parties import pointing
from headwater.parties.actions.merging import CONTACT_POINTS, merge_parties
from headwater.parties.events import PartiesMerged, PartiesUnmerged
from headwater.parties.models import ContactPoint, Party
from headwater.parties.queries.comparison import GROUPS, extra_keys
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.custom.closed import fillable_fields
from headwater.platform.custom.values import HELD
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Changed, fact_of, json_value
from headwater.platform.models import Event
from headwater.platform.translated import gettext as _
from headwater.platform.undo import undoes


@undoes(PartiesUnmerged)
@action
def merge_again(fact: PartiesUnmerged, *, event: Event, by: Actor, at: datetime) -> None:
    """Undo of taking apart: the records are one again, as they were merged before.

    Raises:
        NotFound: one of the records is gone, or out of the actor's sight.
        NotAllowed: the actor may not merge.
        MergedMeanwhile: one of them became part of another record since.
    """
    before = _merge_of(fact, event)
    merge, merged_at = fact_of(before), before.occurred_at
    assert isinstance(merge, PartiesMerged)
    rows = Party.objects.in_bulk([fact.kept_id, *fact.merged_ids])
    family = [rows[pk] for pk in (fact.kept_id, *fact.merged_ids) if pk in rows]
    merge_parties(
        keep_id=fact.kept_id, merge_ids=fact.merged_ids, choices=_choices(merge, family, by),
        only=_only(merge, family, merged_at), by=by, at=at,
    )  # fmt: skip


def _merge_of(fact: PartiesUnmerged, event: Event) -> Event:
    """The merge that was taken apart there."""
    merges = Event.objects.filter(verb=PartiesMerged.verb, subject_id=fact.kept_id, undone__request_id=event.request_id)
    found = next((merge for merge in merges if merge.data["merged_ids"] == fact.merged_ids), None)
    if found is None:
        raise NotUndoable(reason=_("there is no such merge any more"))
    return found


def _choices(merge: PartiesMerged, family: Sequence[Party], by: Actor) -> dict[str, int]:
    """Whose value held in the merge, for what is compared: the first record that says by now what was said then."""
    edit = Event.objects.filter(pk=merge.change_id).first() if merge.change_id is not None else None
    told = fact_of(edit) if edit is not None else None
    pairs = {**(told.fields or {}), **(told.personal_fields or {})} if isinstance(told, Changed) else {}
    as_merged = {name: new for name, (_old, new) in pairs.items()}
    noun, kept = family[0].noun, _said(family[0])
    wanted = {**kept, **as_merged}
    parts: dict[str, tuple[tuple[str, str], ...]] = {
        **{group.key: tuple(("", column) for column in group.columns) for group in GROUPS[family[0].kind]},
        **{field.key: ((HELD, field.key),) for field in fillable_fields(noun, by)},
        **{f"extra:{key}": (("extra", key),) for key in extra_keys(family)},
    }
    found: dict[str, int] = {}
    for key, places in parts.items():
        alike = (party.pk for party in family if all(_at(_said(party), at) == _at(wanted, at) for at in places))
        if (chosen := next(alike, None)) is not None:
            found[key] = chosen
    return found


def _said(party: Party) -> dict[str, Any]:
    return {field.attname: json_value(getattr(party, field.attname)) for field in Party._meta.concrete_fields}


def _at(said: Mapping[str, Any], place: tuple[str, str]) -> Any:
    """What stands in a column, or under a key of one that holds several."""
    column, key = place
    return (said.get(column) or {}).get(key) if column else said.get(key)


def _only(merge: PartiesMerged, family: Sequence[Party], merged_at: datetime) -> set[str]:
    """Of what the merge kept one address alone: the others were taken off, or stayed behind."""
    dropped = pointing.ids_in(merge.dropped)
    moved = {pk for columns in merge.moved.values() for pk in pointing.ids_in(columns.get(CONTACT_POINTS))}
    points = ContactPoint.objects.filter(party__in=family, kind__in=("EMAIL", "PHONE"), created_at__lte=merged_at)
    known = {(p.kind, p.normalised) for p in points if p.party_id == merge.kept_id or p.pk in moved}
    return {
        point.kind.lower()
        for point in points.filter(deleted_at=None)
        if point.pk in dropped or (point.kind, point.normalised) not in known
    }
