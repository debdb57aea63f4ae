"""Putting people and companies into the archive: off lists and pickers, but still found."""

from __future__ import annotations

from headwater.parties.actions.reach import organisation_of
from headwater.parties.models import Party, PartyKind
from headwater.parties.queries.visible import reachable_parties
from headwater.platform.actor import Actor
from headwater.platform.shelf import Shelf, archive_of


def _archive(noun: str, kind: PartyKind) -> Shelf[Party]:
    def reaches(actor: Actor, party: Party) -> bool:
        rows = reachable_parties(actor).filter(pk=party.pk, kind=kind, merged_into=None)
        return rows.exists()

    return archive_of(noun, Party, party_of=lambda party: (party.pk, organisation_of(party)), reaches=reaches)


PEOPLE_ARCHIVE = _archive("parties.person", PartyKind.PERSON)
ORGANISATIONS_ARCHIVE = _archive("parties.organisation", PartyKind.ORGANISATION)
