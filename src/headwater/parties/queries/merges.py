"""Which records became part of one, and what taking such a merge apart would do by now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from headwater.parties import pointing
from headwater.parties.events import PartiesMerged
from headwater.parties.models import Party
from headwater.parties.queries.comparison import GROUPS
from headwater.parties.queries.records import OUT_OF_SIGHT
from headwater.parties.queries.visible import absorbed, reachable_parties
from headwater.platform.actor import Actor
from headwater.platform.changes import old_values
from headwater.platform.custom.declared import fields_of
from headwater.platform.custom.values import HELD, changed_keys, custom_before
from headwater.platform.errors import NotUndoable
from headwater.platform.events import Changed, fact_of
from headwater.platform.models import Event
from headwater.platform.translated import gettext as _
from headwater.team import queries as team
from headwater.team.queries.added import added_to

PARTS_OF = "parties.party.merged_into"


@dataclass(frozen=True)
class Merge:
    """A merge that holds: which records became part of another one, when, and who said so."""

    event_id: int
    names: tuple[str, ...]
    at: datetime
    who: str


@dataclass(frozen=True)
class Apart:
    """What taking a merge apart would do: how much goes back with each record and how much stays, by what it is
    called; which values the kept record gets back, and which it keeps as somebody changed them since.
    """

    goes: Sequence[tuple[str, Mapping[str, int]]]
    stays: Mapping[str, int]
    restored: Sequence[str]
    changed: Sequence[str]


def merges_of(actor: Actor, party: Party) -> list[Merge]:
    """The merges that made the record what it is, the newest first; also those into a record that is part of it."""
    parts = absorbed(party.pk)
    if not parts:
        return []
    events = list(_that_hold(party, parts))
    named = _names(actor, {pk for event in events for pk in event.data["merged_ids"]})
    users = team.users_by_ids({event.user_id for event in events if event.user_id is not None})
    return [
        Merge(
            event_id=event.pk,
            names=tuple(named.get(pk, str(OUT_OF_SIGHT)) for pk in event.data["merged_ids"]),
            at=event.occurred_at,
            who=users[event.user_id].name if event.user_id in users else "",
        )
        for event in events
    ]


def taken_apart(actor: Actor, party: Party, event_id: int) -> Apart:
    """What taking this merge apart would do to the record, which holds it now."""
    fact = fact_of(_that_hold(party, absorbed(party.pk)).get(pk=event_id))
    assert isinstance(fact, PartiesMerged)
    named, here = _names(actor, set(fact.merged_ids)), list(dict.fromkeys([party.pk, fact.kept_id]))
    goes, stays = [], Counter[str]()
    for pk in fact.merged_ids:
        moved = fact.moved.get(str(pk), {})
        back, left = _rows_of(moved, here, pk)
        back += added_to(party.noun, [pk, *pointing.ids_in(moved.get(PARTS_OF))])
        goes.append((named.get(pk, str(OUT_OF_SIGHT)), back))
        stays += left
    kept = Party.objects.get(pk=fact.kept_id)
    values, changed = values_before(fact, kept)
    own = changed_keys(kept.custom, values[HELD]) if HELD in values else set()
    restored = [*(name for name in values if name != HELD), *sorted(own)]
    return Apart(goes, stays, _spoken(actor, kept, restored), _spoken(actor, kept, changed))


def values_before(fact: PartiesMerged, kept: Party) -> tuple[dict[str, Any], list[str]]:
    """The kept record's own values where they are still those of the merge; the fields that somebody changed since."""
    event = Event.objects.filter(pk=fact.change_id).first() if fact.change_id is not None else None
    if event is None:
        return {}, []
    edit = fact_of(event)
    assert isinstance(edit, Changed)
    values: dict[str, Any] = {}
    changed: list[str] = []
    pairs = {**(edit.fields or {}), **(edit.personal_fields or {})}
    if HELD in pairs:
        values[HELD], changed = _custom_before(kept, *pairs.pop(HELD))
    for name, pair in pairs.items():
        one = Changed(row_type=edit.row_type, row_id=kept.pk, names="", fields={name: pair}, personal_fields={})
        try:
            values |= old_values(kept, one)
        except NotUndoable:  # asked before anything was written: it stays as it is
            changed.append(name)
    return values, changed


def _custom_before(kept: Party, old: Any, new: Any) -> tuple[dict[str, Any], list[str]]:
    """The kept record's custom values before the merge, but for those that somebody changed since: which those are."""
    _before, moved = custom_before(kept.custom, old, new)
    as_merged = {key: (new or {}).get(key) for key in moved}
    before, _moved = custom_before(kept.custom, {**(old or {}), **as_merged}, new)
    return before, moved


def _that_hold(party: Party, parts: Sequence[int]) -> QuerySet[Event]:
    merged = Event.objects.filter(verb=PartiesMerged.verb, subject_type=party.noun, subject_id__in=[party.pk, *parts])
    return merged.filter(undone=None).order_by("-occurred_at", "-pk")


def _names(actor: Actor, party_ids: set[int]) -> dict[int, str]:
    return dict(reachable_parties(actor).filter(pk__in=party_ids).values_list("pk", "name"))


def _rows_of(moved: Mapping[str, str], here: Sequence[int], party_id: int) -> tuple[Counter[str], Counter[str]]:
    """How many of the rows that were moved would go back, and how many would not, by what they are called."""
    back, left = set[tuple[str, type[Model], int]](), set[tuple[str, type[Model], int]]()
    for key, spans in moved.items():
        pointer = pointing.POINTERS.get(key)
        if pointer is None or not pointer.label or key == PARTS_OF:
            continue
        ids = pointing.ids_in(spans)
        going = set(pointer.movable_back(ids, here, party_id))
        for pk in ids:  # a lead that points at a company as its customer and its organisation is one lead
            (back if pk in going else left).add((pointer.label, pointer.model, pk))
    return Counter(label for label, _model, _pk in back), Counter(label for label, _model, _pk in left)


def _spoken(actor: Actor, party: Party, names: Sequence[str]) -> list[str]:
    """Fields of a party as the comparison calls them; what it does not compare is left out."""
    labels = {column: str(group.label) for group in GROUPS[party.kind] for column in group.columns}
    for field in fields_of(party.noun):
        may_see = not field.see_verb or actor.may(field.see_verb)
        labels[field.key] = field.label if may_see else _("Fields of your own")
    labels["extra"] = _("From the file")
    return list(dict.fromkeys(labels[name] for name in names if name in labels))
