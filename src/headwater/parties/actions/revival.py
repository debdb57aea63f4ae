"""Bringing back parties that the undo of an import took off the lists, when a file names them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from headwater.parties.events import OrganisationDeleted, OrganisationRestored, PersonDeleted, PersonRestored
from headwater.parties.models import Party
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import deleted_by_hand
from headwater.platform.bulk import in_parts
from headwater.platform.events import Fact, record_bulk


@action
def revive_parties(party_ids: Sequence[int], *, by: Actor, at: datetime) -> int:
    """Put parties back on the lists that the undo of an import took off; how many there were.

    They belong to the batch that names them now. Whom people deleted stays deleted. Called by the action that imports
    what they stand behind and has checked the right to do so.
    """
    facts: list[Fact] = []
    for part in in_parts(party_ids):
        deleted = Party.objects.filter(pk__in=part).exclude(deleted_at=None)
        rows = _without_those_deleted_by_hand(list(deleted.only("pk", "kind", "employer_id", "deleted_at")))
        Party.objects.filter(pk__in=[row.pk for row in rows]).update(deleted_at=None, batch_id=by.batch_id)
        facts.extend(_restored(row) for row in rows)
    record_bulk(facts, by=by, at=[at] * len(facts))
    return len(facts)


def _without_those_deleted_by_hand(rows: Sequence[Party]) -> list[Party]:
    people = {row.pk: row.deleted_at for row in rows if row.is_person}
    companies = {row.pk: row.deleted_at for row in rows if not row.is_person}
    stay = deleted_by_hand("parties.person", people, PersonDeleted.verb)
    stay |= deleted_by_hand("parties.organisation", companies, OrganisationDeleted.verb)
    return [row for row in rows if row.pk not in stay]


def _restored(party: Party) -> Fact:
    if party.is_person:
        return PersonRestored(party_id=party.pk, organisation_id=party.employer_id, person_id=party.pk)
    return OrganisationRestored(party_id=party.pk, organisation_id=party.pk, company_id=party.pk)
