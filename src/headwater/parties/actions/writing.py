"""The rows and facts of a chunk, collected first and written with one statement per table."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from headwater.parties import rules
from headwater.parties.actions.known import KnownParty
from headwater.parties.events import (
    ContactPointAdded,
    ContactPointRemoved,
    MatchProposed,
    OrganisationAdded,
    OrganisationRestored,
    PersonAdded,
    PersonRestored,
    Related,
)
from headwater.parties.models import (
    ContactPoint,
    ContactPointKind,
    MatchProposal,
    Party,
    PartyKind,
    Relationship,
    RelationshipKind,
)
from headwater.platform.actor import Actor
from headwater.platform.batch import gone_by_undo
from headwater.platform.bulk import insert_rows, reserve_ids
from headwater.platform.events import Changed, Fact, record_bulk
from headwater.platform.identity import remember_ids

if TYPE_CHECKING:
    from headwater.parties.actions.matching import PartyDraft

PERSON, ORGANISATION = str(PartyKind.PERSON), str(PartyKind.ORGANISATION)
EMAIL, PHONE = str(ContactPointKind.EMAIL), str(ContactPointKind.PHONE)
WORKS_FOR = str(RelationshipKind.WORKS_FOR)

POINT_ROW = ContactPointRemoved.subject_type
PARTY_COLUMNS = (
    "id", "kind", "name", "name_key", "first_name", "last_name", "job_title", "employer_id", "sector", "employees",
    "registration_number", "vat_number", "street", "postcode", "city", "country", "email", "phone", "is_employee",
    "is_influence", "owner_id", "team_id", "merged_into_id", "extra", "created_at", "deleted_at", "batch_id",
)  # fmt: skip
POINT_COLUMNS = (
    "id", "party_id", "kind", "value", "normalised", "is_primary", "is_verified", "is_bounced", "do_not_contact",
    "created_at", "deleted_at",
)  # fmt: skip
LINK_COLUMNS = (
    "id", "from_party_id", "to_party_id", "kind", "buying_role", "from_date", "until_date", "note", "created_at",
    "deleted_at",
)  # fmt: skip
EMPLOYER = PARTY_COLUMNS.index("employer_id")


def write_chunk(new: NewParties, *, by: Actor, at: datetime) -> None:
    """Store and record what was collected of a chunk."""
    facts = new.write_rows()
    if facts:
        record_bulk(facts, by=by, at=[at] * len(facts))


class NewParties:
    """Collects what a chunk adds; :func:`write_chunk` stores it. Ids are given out at once: rows refer to rows."""

    def __init__(self, *, size: int, system: str, kind_key: str, by: Actor, at: datetime) -> None:
        self._system, self._kind_key, self._by, self._at = system, kind_key, by, at
        self._ids = iter(reserve_ids(Party, size))
        self.left_out: set[tuple[int, str, str]] = set()
        self._parties: dict[int, list[Any]] = {}
        self._points: list[tuple[int, str, str, str, bool]] = []
        self._known_points: list[tuple[KnownParty, str, str, str, bool]] = []
        self._jobs: list[tuple[KnownParty, KnownParty]] = []
        self._renamed: list[tuple[KnownParty, str]] = []
        self._revived: list[KnownParty] = []
        self._proposals: dict[tuple[int, int], str] = {}
        self._external: dict[str, dict[str, int]] = {"parties.person": {}, "parties.organisation": {}}
        self._facts: list[Fact] = []

    # -- collecting

    def add_company(
        self,
        *,
        name: str,
        key: str,
        external_id: str = "",
        city: str = "",
        country: str = "",
        sector: str = "",
        owner_id: int | None = None,
        team_id: int | None = None,
        extra: dict[str, str] | None = None,
    ) -> KnownParty:
        """A company that is new."""
        pk = next(self._ids)
        self._parties[pk] = [
            pk, ORGANISATION, name[:200], key[:200], "", "", "", None, sector[:120], None, "", "", "", "", city[:120],
            country[:80], "", "", False, False, owner_id, team_id, None, extra or {}, self._at, None,
            self._by.batch_id,
        ]  # fmt: skip
        if external_id:
            self._external["parties.organisation"][external_id] = pk
        self._facts.append(OrganisationAdded(party_id=pk, organisation_id=pk, company_id=pk))
        return KnownParty(id=pk, name=name, is_new=True, is_company=True)

    def add_person(
        self,
        *,
        name: str,
        first_name: str,
        last_name: str,
        email: str,
        phone: str,
        employer_id: int | None,
        draft: PartyDraft,
        extra: dict[str, str],
        is_label: bool,
    ) -> KnownParty:
        """A person who is new."""
        pk = next(self._ids)
        self._parties[pk] = [
            pk, PERSON, name[:200], rules.name_key(name)[:200], first_name[:100], last_name[:100],
            draft.job_title[:120], employer_id, "", None, "", "", draft.street[:200], draft.postcode[:20],
            draft.city[:120], draft.country[:80],
            email, phone, draft.is_employee, False, draft.owner_id, draft.team_id, None, extra, self._at, None,
            self._by.batch_id,
        ]  # fmt: skip
        if email:
            self._points.append((pk, EMAIL, draft.email.strip()[:254], email, True))
        if phone:
            self._points.append((pk, PHONE, draft.phone.strip()[:254], phone, True))
        if draft.external_id and self._kind_key == "parties.person":
            self._external["parties.person"][draft.external_id] = pk
        self._facts.append(PersonAdded(party_id=pk, organisation_id=employer_id, person_id=pk))
        person = KnownParty(id=pk, name=name, is_label=is_label, is_new=True, email=email, phone=phone)
        if employer_id is not None:
            person.employer_id = employer_id
        return person

    def add_point(self, person: KnownParty, kind: str, value: str, normalised: str) -> None:
        """One more address or number; the primary one only where the person had none."""
        column = "email" if kind == EMAIL else "phone"
        is_first = not getattr(person, column)
        if is_first:
            setattr(person, column, normalised)
        if person.is_new:
            self._points.append((person.id, kind, value.strip()[:254], normalised, is_first))
            if is_first:
                self._parties[person.id][PARTY_COLUMNS.index(column)] = normalised
        else:
            self._known_points.append((person, kind, value.strip()[:254], normalised, is_first))

    def employ(self, person: KnownParty, company: KnownParty) -> None:
        """A person of whom no employer was known works for this company."""
        person.employer_id = company.id
        self._jobs.append((person, company))
        if person.is_new:
            self._parties[person.id][EMPLOYER] = company.id

    def remember(self, kind_key: str, external_id: str, party: KnownParty) -> None:
        """What the batch's system calls a party that we knew without it."""
        if kind_key == "parties.person" != self._kind_key:
            return  # the id is the row's own, not the person's
        self._external[kind_key][external_id] = party.id

    def name_person(self, person: KnownParty, name: str) -> None:
        """The name of somebody of whom only an address, number or label was known."""
        person.name, person.is_label = name, False
        if person.is_new:
            parts = rules.split_name(name)
            self._parties[person.id][2:6] = [name[:200], rules.name_key(name)[:200], parts.first, parts.last]
        else:
            self._renamed.append((person, name))

    def revive(self, party: KnownParty) -> None:
        """A party that an undo or a delete had taken off the lists is named again."""
        self._revived.append(party)

    def propose(self, party: KnownParty, other: KnownParty, reason: str) -> None:
        """Two people may be one; somebody is to look."""
        self._proposals.setdefault((party.id, other.id), reason)

    # -- writing

    def write_rows(self) -> list[Fact]:
        """Store everything collected; what there is to record of it. One statement per table and kind of change."""
        insert_rows(Party, PARTY_COLUMNS, list(self._parties.values()))
        self._write_points()
        self._write_jobs()
        self._write_names()
        self._write_revived()
        self._write_proposals()
        for kind_key, names in self._external.items():
            if names:
                remember_ids(self._system, kind_key, names)
        return self._facts

    def _write_points(self) -> None:
        count = len(self._points) + len(self._known_points)
        if not count:
            return
        ids = iter(reserve_ids(ContactPoint, count))
        rows = [
            (next(ids), party_id, kind, value, normalised, is_primary, False, False, False, self._at, None)
            for party_id, kind, value, normalised, is_primary in self._points
        ]
        first: list[Party] = []
        removed, coming_back = self._removed_points()
        for person, kind, value, normalised, is_primary in self._known_points:
            pk = removed.get((person.id, kind, normalised), 0)
            if pk and pk not in coming_back:
                self.left_out.add((person.id, kind, normalised))
                continue
            if not pk:
                pk = next(ids)
                rows.append((pk, person.id, kind, value, normalised, is_primary, False, False, False, self._at, None))
            elif is_primary:
                ContactPoint.objects.filter(pk=pk).update(is_primary=True)
            self._facts.append(
                ContactPointAdded(
                    party_id=person.id, organisation_id=person.employer_id, contact_point_id=pk, kind=kind, value=value
                )
            )
            if is_primary:
                first.append(Party(pk=person.id, email=person.email, phone=person.phone))
        insert_rows(ContactPoint, POINT_COLUMNS, rows)
        ContactPoint.objects.filter(pk__in=coming_back).update(deleted_at=None)
        Party.objects.bulk_update(first, ["email", "phone"], batch_size=500)

    def _removed_points(self) -> tuple[dict[tuple[int, str, str], int], set[int]]:
        """The points of known people that were taken off, and which of them are back: a file brings back what an
        undo took off, somebody who writes it down again what anybody did.
        """
        if not self._known_points:
            return {}, set()
        asked = {(person.id, kind, normalised) for person, kind, _, normalised, _ in self._known_points}
        gone = ContactPoint.objects.filter(party_id__in={pk for pk, _, _ in asked}).exclude(deleted_at=None)
        found = {(p.party_id, p.kind, p.normalised): p.pk for p in gone if (p.party_id, p.kind, p.normalised) in asked}
        if self._by.batch_id is None or not found:
            return found, set(found.values())
        return found, gone_by_undo(POINT_ROW, list(found.values()), ContactPointRemoved.verb)

    def _write_jobs(self) -> None:
        if not self._jobs:
            return
        ids = reserve_ids(Relationship, len(self._jobs))
        insert_rows(
            Relationship,
            LINK_COLUMNS,
            [
                (pk, person.id, company.id, WORKS_FOR, "", None, None, "", self._at, None)
                for pk, (person, company) in zip(ids, self._jobs, strict=True)
            ],
        )
        known = [(pk, *job) for pk, job in zip(ids, self._jobs, strict=True) if not job[0].is_new]
        Party.objects.bulk_update(
            [Party(pk=person.id, employer_id=company.id) for _, person, company in known], ["employer"], batch_size=500
        )
        self._facts.extend(
            Related(
                party_id=person.id, organisation_id=company.id, relationship_id=pk, other_id=company.id, kind=WORKS_FOR
            )
            for pk, person, company in known
        )

    def _write_names(self) -> None:
        if not self._renamed:
            return
        people = Party.objects.in_bulk([person.id for person, _ in self._renamed])
        for person, name in self._renamed:
            row, parts = people[person.id], rules.split_name(name)
            values = {"name": name[:200], "first_name": parts.first[:100], "last_name": parts.last[:100]}
            self._facts.append(
                Changed(
                    row_type="parties.person", row_id=row.pk, names="name", fields={},
                    personal_fields={field: [getattr(row, field), new] for field, new in values.items()},
                    party_id=row.pk, organisation_id=row.employer_id,
                )
            )  # fmt: skip
            for field, new in values.items():
                setattr(row, field, new)
            row.name_key = rules.name_key(name)[:200]
        Party.objects.bulk_update(people.values(), ["name", "first_name", "last_name", "name_key"], batch_size=500)

    def _write_revived(self) -> None:
        if not self._revived:
            return
        ids = [party.id for party in self._revived]
        Party.objects.filter(pk__in=ids).update(deleted_at=None, batch_id=self._by.batch_id)
        for party in self._revived:
            if party.is_company:
                self._facts.append(
                    OrganisationRestored(party_id=party.id, organisation_id=party.id, company_id=party.id)
                )
            else:
                self._facts.append(
                    PersonRestored(party_id=party.id, organisation_id=party.employer_id, person_id=party.id)
                )

    def _write_proposals(self) -> None:
        if not self._proposals:
            return
        MatchProposal.objects.bulk_create(
            [
                MatchProposal(party_id=party_id, other_id=other_id, reason=reason, created_at=self._at)
                for (party_id, other_id), reason in self._proposals.items()
            ],
            ignore_conflicts=True,
        )
        self._facts.extend(
            MatchProposed(party_id=party_id, other_id=other_id, reason=reason)
            for (party_id, other_id), reason in self._proposals.items()
        )
