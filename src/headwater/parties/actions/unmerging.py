"""Taking a merge back: what was moved and still belongs to the kept record goes back, whatever happened since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.utils.dateparse import parse_datetime

from headwater.parties import pointing
from headwater.parties.actions.merging import EXTERNAL, MERGED, and_more, one_merge_at_a_time, tidy_kept
from headwater.parties.actions.parties import PERSONAL
from headwater.parties.actions.reach import organisation_of
from headwater.parties.events import PartiesMerged, PartiesUnmerged, PartyCameBack
from headwater.parties.models import ContactPoint, MatchDecision, MatchProposal, Party, Relationship
from headwater.parties.queries.merges import values_before
from headwater.parties.queries.visible import reachable_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row, spoken
from headwater.platform.errors import NotFound, NotUndoable
from headwater.platform.events import Fact, record_many
from headwater.platform.models import Event, ExternalId
from headwater.platform.translated import gettext as _
from headwater.platform.undo import undoes


@undoes(PartiesMerged)
@action
def unmerge_parties(fact: PartiesMerged, *, event: Event, by: Actor, at: datetime) -> str:
    """Undo of merging: the records stand by themselves again; what stayed with the kept one, in words.

    Rows that were moved and still belong to the kept record, or to the one it was merged into since, go back. What
    somebody moved on or changed meanwhile stays, and is named.

    Raises:
        NotFound: the actor may not see the kept record.
        NotAllowed: the actor may not merge, hence not take merges apart.
        NotUndoable: it was taken apart before.
    """
    kept, root, merged = _family(fact, by=by)
    here = list(dict.fromkeys([root.pk, kept.pk]))
    left = Counter[str]()
    Party.objects.filter(pk__in=[party.pk for party in merged]).update(merged_into=None)
    for party in merged:
        left += _move_back(party, fact.moved.get(str(party.pk), {}), here)
    _unfold(fact, here)
    changed = _restore_values(fact, kept, by=by, at=at)
    owners = [*here, *(party.pk for party in merged)]
    first = pointing.ids_in(fact.primary)
    points = ContactPoint.objects.filter(party_id__in=[party.pk for party in merged], deleted_at=None)
    points.filter(pk__in=first).update(is_primary=True)
    sites = ContactPoint.objects.filter(party=kept, kind__in=("WEBSITE", "SOCIAL"), deleted_at=None)
    sites.filter(pk__in=first).update(is_primary=True)
    for party in Party.objects.filter(pk__in=owners, merged_into=None).order_by("pk"):
        _repair(party)
        tidy_kept(party, first)
    words = _in_words(left, changed)
    facts: list[Fact] = [
        PartiesUnmerged(
            party_id=root.pk, organisation_id=organisation_of(root), row_type=kept.noun, kept_id=kept.pk,
            merged_ids=fact.merged_ids,
            other_id=fact.other_id, more=and_more(fact.merged_ids), left=f"({words})" if words else "",
        ),
        *(
            PartyCameBack(party_id=party.pk, row_type=kept.noun, merged_id=party.pk, other_id=kept.pk)
            for party in merged
        ),
    ]  # fmt: skip
    record_many(facts, by=by, at=[at] * len(facts))
    return words


def _family(fact: PartiesMerged, *, by: Actor) -> tuple[Party, Party, list[Party]]:
    """The kept record, the one it is part of by now, and the merged ones; locked."""
    one_merge_at_a_time()
    root_id = Party.objects.filter(pk=fact.kept_id).values_list("merged_into_id", flat=True).first() or fact.kept_id
    if not reachable_parties(by).filter(pk=root_id, merged_into=None).exists():
        raise NotFound()
    ids = {fact.kept_id, root_id, *fact.merged_ids}
    found = {party.pk: party for party in Party.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    kept, root = found[fact.kept_id], found[root_id]
    by.require(f"{kept.noun}.merge")
    if (kept.merged_into_id or kept.pk) != root.pk:
        raise NotUndoable(reason=_("the record became part of another one just now; try again"))
    merged = [found[pk] for pk in fact.merged_ids]
    if any(party.merged_into_id != root.pk for party in merged):
        raise NotUndoable(reason=_("the records stand by themselves already"))
    return kept, root, merged


def _move_back(party: Party, moved: dict[str, str], here: Sequence[int]) -> Counter[str]:
    """Point rows at the record again; how many did not belong to the kept one any more, by what they are called."""
    left = Counter[str]()
    for key, spans in moved.items():
        ids = pointing.ids_in(spans)
        if key == EXTERNAL:
            ExternalId.objects.filter(pk__in=ids, object_id__in=here).update(object_id=party.pk)
            continue
        pointer = pointing.POINTERS.get(key)
        if pointer is None:  # a column of a room that is not installed any more
            left["other rows"] += len(ids)
            continue
        back = pointer.move_back(ids, here, party.pk)
        if key != MERGED and len(back) < len(ids):
            left[pointer.label or "other rows"] += len(ids) - len(back)
    return left


def _unfold(fact: PartiesMerged, here: Sequence[int]) -> None:
    """Connections, contact points and proposals as they were."""
    Relationship.objects.filter(pk__in=pointing.ids_in(fact.folded)).update(deleted_at=None)
    ContactPoint.objects.filter(pk__in=pointing.ids_in(fact.dropped), party__in=here).update(deleted_at=None)
    for pk, was_deleted_at in fact.revived.items():
        point = ContactPoint.objects.filter(pk=int(pk), deleted_at=None).first()
        if point is not None:
            point.deleted_at, point.is_primary = parse_datetime(was_deleted_at), False
            point.save(update_fields=["deleted_at", "is_primary"])
    for pk, flags in fact.flags.items():
        ContactPoint.objects.filter(pk=int(pk)).update(**dict.fromkeys(flags, False))
    for pk, (decision, decided_at) in fact.decided.items():
        MatchProposal.objects.filter(pk=int(pk), decision=MatchDecision.SAME).update(
            decision=decision or "", decided_at=parse_datetime(decided_at) if decided_at else None
        )


def _restore_values(fact: PartiesMerged, kept: Party, *, by: Actor, at: datetime) -> list[str]:
    """Give the kept record its own values back, where they are still those of the merge; which ones are not."""
    values, changed = values_before(fact, kept)
    change_row(
        kept, values, row_type=kept.noun, by=by, at=at, personal=PERSONAL | {"extra"},
        party_id=kept.pk, organisation_id=organisation_of(kept),
    )  # fmt: skip
    return [spoken(name) for name in changed]


def _repair(party: Party) -> None:
    """A first address or number that is with another record is not this one's any more: the next one is first.

    It may have gone back with its record just now or, where merges are taken apart in another order than they were
    made, before. A value that no contact point of anybody stands behind stays as it is.
    """
    for kind, column in (("EMAIL", "email"), ("PHONE", "phone")):
        value = getattr(party, column)
        points = ContactPoint.objects.filter(party=party, kind=kind, deleted_at=None).order_by("-is_primary", "pk")
        here = list(points.values_list("normalised", flat=True))
        if value in here or not ContactPoint.objects.filter(kind=kind, normalised=value).exists():
            continue
        setattr(party, column, here[0] if here else "")
        party.save(update_fields=[column])


def _in_words(left: Counter[str], changed: Sequence[str]) -> str:
    told = [*filter(None, [pointing.in_words(left)]), *changed]
    return _("left as changed since: {told}").format(told=", ".join(told)) if told else ""
