"""Putting people and companies into the archive: off lists and pickers, but still found."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.parties.actions.reach import organisation_of
from headwater.parties.models import Party, PartyKind
from headwater.parties.queries.visible import reachable_parties
from headwater.platform.actor import Actor
from headwater.platform.shelf import Shelf, archive_of


def _archive(noun: str, kind: PartyKind) -> Shelf[Party]:
    def reached(actor: Actor, ids: Sequence[int]) -> set[int]:
        rows = reachable_parties(actor).filter(pk__in=list(ids), kind=kind, merged_into=None)
        return set(rows.values_list("pk", flat=True))

    return archive_of(
        noun, Party, party_of=lambda party: (party.pk, organisation_of(party)),
        reaches=lambda actor, party: bool(reached(actor, [party.pk])), reached=reached,
    )  # fmt: skip


PEOPLE_ARCHIVE = _archive("parties.person", PartyKind.PERSON)
ORGANISATIONS_ARCHIVE = _archive("parties.organisation", PartyKind.ORGANISATION)
