"""The leads of a file that are here already: found, compared with what the file says, changed and revived."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from headwater.acquire.actions import restore_touchpoints
from headwater.parties import rules as identity
from headwater.parties.actions.bulk_access import replace_access
from headwater.parties.actions.employment import find_or_add_employer
from headwater.parties.actions.revival import revive_parties
from headwater.parties.actions.updating import EMAIL, PHONE, Wanted, update_parties
from headwater.platform.actor import Actor
from headwater.platform.batch import deleted_by_hand, stays_deleted
from headwater.platform.bulk import in_parts, update_rows
from headwater.platform.events import Changed, Fact, record_bulk
from headwater.platform.identity import known_ids
from headwater.platform.importer import Batch, Outcome
from headwater.platform.translated import gettext
from headwater.qualify.actions.bulk_steps import grants_for
from headwater.qualify.actions.file_rows import FileRow
from headwater.qualify.actions.steps import ROW, as_fields, parties_of
from headwater.qualify.events import LeadDeleted, LeadRestored
from headwater.qualify.models import Lead

PERSON_FIELDS = ("job_title", "city", "country")


@dataclass
class _Change:
    lead: Lead
    changed: dict[str, list[Any]]


class KnownLeads:
    """The leads a chunk is about that exist.

    Those that are deleted count: a file that names them brings back what the undo of an import took off the lists.
    What somebody deleted by hand stays deleted.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._by_external: dict[str, Lead] = {}
        self._by_same: dict[object, Lead] = {}
        self._changes: dict[int, _Change] = {}
        self._revived: dict[int, tuple[Lead, int | None]] = {}
        self._people: list[tuple[FileRow, Lead, Wanted]] = []
        self._by_hand: dict[int, datetime] = {}

    @classmethod
    def by_external_ids(cls, batch: Batch, ids: Sequence[str]) -> KnownLeads:
        """The leads that the batch's system knows by these ids."""
        known = cls(batch)
        found = known_ids(batch.system, ROW, ids) if ids else {}
        leads: dict[int, Lead] = {}
        for part in in_parts(found.values()):
            rows = Lead.objects.select_related("party", "organisation").filter(pk__in=part)
            leads |= {lead.pk: lead for lead in rows}
        known._by_external = {external_id: leads[pk] for external_id, pk in found.items() if pk in leads}
        return known

    def by_id(self, external_id: str) -> Lead | None:
        """The lead of this external id."""
        return self._by_external.get(external_id) if external_id else None

    def look_for_same(self, rows: Sequence[FileRow]) -> None:
        """Find the leads of rows without an external id: same party, same source, same arrival."""
        party_ids = sorted({row.party_id for row in rows if row.party_id is not None})
        for part in in_parts(party_ids):
            leads = Lead.objects.select_related("party", "organisation").filter(party_id__in=part)
            # The first of several, and one that is there before one that was deleted.
            for lead in sorted(leads.order_by("-pk"), key=lambda lead: lead.deleted_at is None):
                self._by_same[lead.party_id, lead.source_id, lead.arrived_at] = lead
        for row in rows:
            row.lead = self._by_same.get(row.key)

    def leave_deleted(self, leads: Iterable[Lead]) -> None:
        """Learn which of these leads somebody deleted by hand."""
        self._by_hand |= deleted_by_hand(ROW, {lead.pk: lead.deleted_at for lead in leads}, LeadDeleted.verb)

    def compare(self, row: FileRow) -> None:
        """Note what a row says differently about its lead, and decide the row's outcome."""
        lead = row.lead
        assert lead is not None
        row.party_id = lead.party_id
        if lead.pk in self._by_hand:
            row.outcome = Outcome.UNCHANGED
            row.notes.append(stays_deleted(gettext("The lead"), self._by_hand[lead.pk], self._batch.zone))
            return
        person = _said_of_the_person(row, lead, self._batch.region)
        if person is not None:
            self._people.append((row, lead, person))
        changes = self._changes.setdefault(lead.pk, _Change(lead, {}))
        wanted = dict(row.wanted)
        if row.extra and (extra := {**lead.extra, **row.extra}) != lead.extra:
            wanted["extra"] = extra
        for name, new in wanted.items():
            if getattr(lead, name) != new:
                self._note(changes, name, new)
                row.outcome = Outcome.UPDATED
        if lead.deleted_at is not None:
            self._revived[lead.pk] = (lead, lead.batch_id)
            lead.deleted_at, lead.batch_id = None, self._batch.id
            row.outcome = Outcome.CREATED

    @staticmethod
    def _note(change: _Change, name: str, new: Any) -> None:
        old = getattr(change.lead, name)
        change.changed.setdefault(name, [old, new])[1] = new
        setattr(change.lead, name, new)

    def store(self, *, by: Actor, at: datetime) -> None:
        """Write what the rows changed, and record it."""
        self._bring_back(by=by, at=at)
        self._change_people(by=by, at=at)
        self._change_leads(by=by, at=at)

    def _change_leads(self, *, by: Actor, at: datetime) -> None:
        changes = [change for change in self._changes.values() if change.changed]
        if not changes:
            return
        update_rows(Lead, {c.lead.pk: {name: getattr(c.lead, name) for name in c.changed} for c in changes})
        facts: list[Fact] = []
        for change in changes:
            plain, personal = as_fields(change.changed)
            facts.append(
                Changed(
                    row_type=ROW,
                    row_id=change.lead.pk,
                    names=", ".join(name.removesuffix("_id").replace("_", " ") for name in change.changed),
                    fields=plain,
                    personal_fields=personal,
                    party_id=change.lead.party_id,
                    organisation_id=change.lead.organisation_id,
                )
            )
        record_bulk(facts, by=by, at=[at] * len(facts))

    def _bring_back(self, *, by: Actor, at: datetime) -> None:
        if not self._revived:
            return
        leads = [lead for lead, _ in self._revived.values()]
        batches = {batch_id for _, batch_id in self._revived.values() if batch_id is not None}
        for part in in_parts(lead.pk for lead in leads):
            Lead.objects.filter(pk__in=part).update(deleted_at=None, batch_id=self._batch.id)
        revive_parties(sorted({pk for lead in leads for pk in parties_of(lead)}), by=by, at=at)
        restore_touchpoints(party_ids=sorted({lead.party_id for lead in leads}), batch_ids=batches, by=by, at=at)
        replace_access(ended=[], given=grants_for(leads, by=by), by=by)
        facts = [
            LeadRestored(lead_id=lead.pk, party_id=lead.party_id, organisation_id=lead.organisation_id)
            for lead in leads
        ]
        record_bulk(facts, by=by, at=[at] * len(facts))

    def _change_people(self, *, by: Actor, at: datetime) -> None:
        """Correct a person who came in with the lead and has no other; everybody else is left as they are.

        Two rows about one person would otherwise take turns with every import, and what was known of somebody
        before a file named them is worth more than what the file says.
        """
        own = [(row, lead, said) for row, lead, said in self._people if _came_in_with(lead)]
        if not own:
            return
        leads = Lead.objects.filter(party_id__in={lead.party_id for _, lead, _ in own}, deleted_at=None).order_by()
        counts = dict(leads.values_list("party_id").annotate(leads=Count("pk")))
        alone = [(row, lead, said) for row, lead, said in own if counts.get(lead.party_id, 0) <= 1]
        wanted = {}
        for _, lead, said in alone:
            if company := said.values.pop("company", ""):
                said.values["employer_id"] = find_or_add_employer(company, by=by, at=at)
                self._note(self._changes[lead.pk], "organisation_id", said.values["employer_id"])
            wanted[lead.party_id] = said
        changed = update_parties(wanted, by=by, at=at)
        for row, _, said in alone:
            row.notes.extend(said.left_out)
        for row, lead, _ in alone:
            if lead.party_id in changed and row.outcome is Outcome.UNCHANGED:
                row.outcome = Outcome.UPDATED


def _came_in_with(lead: Lead) -> bool:
    return lead.party.is_person and lead.batch_id is not None and lead.party.batch_id == lead.batch_id


def _said_of_the_person(row: FileRow, lead: Lead, region: str) -> Wanted | None:
    """What a row says about its lead's person that is not on record."""
    party, get = lead.party, row.values.get
    said = Wanted({name: value for name in PERSON_FIELDS if (value := get(name)) and value != getattr(party, name)})
    if (email := get("email")) and (normalised := identity.normalise_email(email)) != party.email:
        said.points[EMAIL] = (email, normalised)
    if phone := get("phone"):
        try:
            if (normalised := identity.normalise_phone(phone, region or None)) != party.phone:
                said.points[PHONE] = (phone, normalised)
        except identity.BadContact:
            row.notes.append(gettext("The phone number “{phone}” could not be read.").format(phone=phone))
    name = row.draft().full_name
    if name and identity.name_key(name) != party.name_key:
        parts = identity.split_name(name)
        said.values |= {"name": name, "first_name": parts.first, "last_name": parts.last}
    if (company := get("company")) and _is_other_company(company, lead):
        said.values["company"] = company
    return said if said.values or said.points else None


def _is_other_company(company: str, lead: Lead) -> bool:
    known = lead.organisation
    key = identity.company_key(company) or company.strip().casefold()
    return known is None or known.name_key != key
