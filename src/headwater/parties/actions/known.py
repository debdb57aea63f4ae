"""What we know already of the people and companies of a chunk of rows, read in a few queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from headwater.parties import rules
from headwater.parties.events import OrganisationDeleted, PersonDeleted
from headwater.parties.models import ContactPoint, ContactPointKind, Party, PartyKind
from headwater.platform.among import VALUES
from headwater.platform.batch import deleted_by_hand
from headwater.platform.bulk import in_parts
from headwater.platform.identity import known_ids, named_by
from headwater.platform.turns import take_turns
from headwater.platform.written import Given, written

if TYPE_CHECKING:
    from headwater.parties.actions.matching import Reading

COLUMNS = ("pk", "kind", "name", "employer_id", "email", "phone", "deleted_at")  # a whole row would cost thrice


@dataclass(slots=True)
class KnownParty:
    """A party as far as matching needs it. ``is_label``: its name is only an address, number or label. ``also`` are
    the names of records that became part of it. ``is_by_hand``: somebody deleted it, so that no file brings it back.
    ``is_hidden``: who brings the file in does not see it, so that no row changes it.
    """

    id: int
    name: str
    employer_id: int | None = None
    is_label: bool = False
    is_new: bool = False
    is_deleted: bool = False
    deleted_at: datetime | None = None
    is_by_hand: bool = False
    is_hidden: bool = False
    is_company: bool = False
    has_external_id: bool = False
    email: str = ""
    phone: str = ""
    also: tuple[str, ...] = ()


class KnownParties:
    """The parties a chunk may be about, found by external id, address, number, company or exact name.

    Deleted parties count where an import had made them: importing again revives what an undo took back. For a file
    (``by_file``) all of them count: what somebody deleted is not to come back as a new record.
    """

    def __init__(self, *, by_file: bool) -> None:
        self._by_file, self.has_deleted_by_hand, self.has_hidden = by_file, False, False
        self._by_id: dict[int, KnownParty] = {}
        self._external: dict[str, KnownParty] = {}
        self._emails: dict[str, list[KnownParty]] = {}
        self._phones: dict[str, list[KnownParty]] = {}
        self._names: dict[tuple[str, int | None], KnownParty] = {}
        self._companies: dict[str, KnownParty] = {}
        self._company_external: dict[str, KnownParty] = {}

    @classmethod
    def load(cls, readings: Sequence[Reading], *, system: str, kind_key: str, by_file: bool = False) -> KnownParties:
        """Everything the readings may be about. Nobody else looks for the same until the action is over."""
        take_turns("party", _keys_of(readings))
        known = cls(by_file=by_file)
        known._load_companies(readings, system)
        if kind_key == "parties.person":
            known._load_external(readings, system)
        known._load_points(ContactPointKind.EMAIL, {r.email for r in readings if r.email}, known._emails)
        known._load_points(ContactPointKind.PHONE, {r.phone for r in readings if r.phone}, known._phones)
        known._load_names({rules.name_key(r.name) for r in readings if r.name and not r.email and not r.phone} - {""})
        if _any_merged():
            known._load_merged(readings)
        if by_file:
            known._leave_deleted()
        return known

    # -- reading

    def _load_companies(self, readings: Sequence[Reading], system: str) -> None:
        ids = sorted({r.draft.company_external_id for r in readings if r.draft.company_external_id})
        self._company_external = self._named(system, "parties.organisation", ids)
        for company in self._company_external.values():
            company.has_external_id = True
        if keys := {r.company_key for r in readings if r.company_key}:
            # The oldest of several companies of one name; a live one before a deleted one.
            for key, *row in sorted(_companies_called(self._by_file, keys=keys), key=_is_live):
                self._companies[key] = self._remember(*row)
        if ids:
            called = {company.id: company for company in self._companies.values()}
            for pk in named_by(system, "parties.organisation", list(called)):
                called[pk].has_external_id = True

    def _load_external(self, readings: Sequence[Reading], system: str) -> None:
        ids = sorted({r.draft.external_id for r in readings if r.draft.external_id})
        self._external = self._named(system, "parties.person", ids)

    def _named(self, system: str, kind_key: str, ids: list[str]) -> dict[str, KnownParty]:
        """Parties by what the other system calls them; deleted ones too, and merged ones as what they became."""
        found = known_ids(system, kind_key, ids) if ids else {}
        became: dict[int, int] = {}
        for part in in_parts(found.values()):
            became.update(Party.objects.filter(pk__in=part).values_list("pk", Coalesce("merged_into_id", "pk")))
        rows: dict[int, KnownParty] = {}
        for part in in_parts(set(became.values())):
            rows |= {row[0]: self._remember(*row) for row in Party.objects.filter(pk__in=part).values_list(*COLUMNS)}
        return {external_id: rows[became[pk]] for external_id, pk in found.items()}

    def _load_points(self, kind: ContactPointKind, values: set[str], index: dict[str, list[KnownParty]]) -> None:
        if not values:
            return
        for value, *row in _people_reached_by(self._by_file, kind, values=values):
            index.setdefault(value, []).append(self._remember(*row))
        for people in index.values():
            people.sort(key=lambda person: (person.is_deleted, person.id))

    def _load_names(self, keys: set[str]) -> None:
        if not keys:
            return
        for key, *row in sorted(_people_called(self._by_file, keys=keys), key=_is_live):
            known = self._remember(*row)
            self._names[key, known.employer_id] = known

    def _load_merged(self, readings: Sequence[Reading]) -> None:
        """Records that became part of another one are found as that one, by the names and addresses they had."""
        target = tuple(f"merged_into__{name}" for name in COLUMNS)
        merged = Party.objects.filter(merged_into__isnull=False).order_by("-pk")
        for part in in_parts({r.company_key for r in readings if r.company_key}):
            rows = merged.filter(kind=PartyKind.ORGANISATION, name_key__in=part).values_list("name_key", *target)
            for key, *row in rows:
                self._companies.setdefault(key, self._remember(*row))
        for part in in_parts({rules.name_key(r.name) for r in readings if r.name and not r.email and not r.phone}):
            people = merged.filter(kind=PartyKind.PERSON, name_key__in=part, email="", phone="")
            for key, employer_id, *row in people.values_list("name_key", "employer_id", *target):
                self._names.setdefault((key, employer_id), self._remember(*row))
        for kind, values, index in (
            (ContactPointKind.EMAIL, {r.email for r in readings if r.email}, self._emails),
            (ContactPointKind.PHONE, {r.phone for r in readings if r.phone}, self._phones),
        ):
            for part in in_parts(values):
                points = ContactPoint.objects.filter(
                    kind=kind, normalised__in=part, deleted_at=None, party__in=merged.filter(kind=PartyKind.PERSON)
                ).order_by("party_id")
                for value, *row in points.values_list("normalised", *(f"party__{name}" for name in target)):
                    if (known := self._remember(*row)) not in index.setdefault(value, []):
                        index[value].append(known)
        for ids in in_parts(self._by_id):
            for pk, name in Party.objects.filter(merged_into__in=ids).values_list("merged_into_id", "name"):
                self._by_id[pk].also += (name,)

    def _leave_deleted(self) -> None:
        """Learn whom of these people deleted."""
        for is_company, row_type, verb in (
            (False, "parties.person", PersonDeleted.verb), (True, "parties.organisation", OrganisationDeleted.verb)
        ):  # fmt: skip
            gone = {pk: known.deleted_at for pk, known in self._by_id.items() if known.is_company == is_company}
            for pk in deleted_by_hand(row_type, gone, verb):
                self._by_id[pk].is_by_hand = self.has_deleted_by_hand = True

    def hide(self, ids: Iterable[int]) -> None:
        """Keep a file from these."""
        for pk in ids:
            self._by_id[pk].is_hidden = self.has_hidden = True

    def _remember(
        self,
        pk: int,
        kind: str,
        name: str,
        employer_id: int | None,
        email: str,
        phone: str,
        deleted_at: datetime | None,
    ) -> KnownParty:
        known = self._by_id.get(pk)
        if known is None:
            known = KnownParty(
                id=pk,
                name=name,
                employer_id=employer_id,
                is_label=name in (email, phone) or name.startswith("Unnamed, "),
                is_deleted=deleted_at is not None,
                deleted_at=deleted_at,
                is_company=kind == PartyKind.ORGANISATION,
                email=email,
                phone=phone,
            )
            self._by_id[pk] = known
        return known

    # -- asking

    @property
    def ids(self) -> set[int]:
        """Everybody of whom something is known."""
        return set(self._by_id)

    def is_deleted_by_hand(self, party_id: int | None) -> bool:
        """Whether this is a party that the rows are about and that people deleted."""
        return party_id in self._by_id and self._by_id[party_id].is_by_hand

    def person_by_external(self, external_id: str) -> KnownParty | None:
        """The person of this external id."""
        return self._external.get(external_id) if external_id else None

    def people_by_email(self, email: str) -> list[KnownParty]:
        """Everybody with this address, the longest known first."""
        return self._emails.get(email, []) if email else []

    def people_by_phone(self, phone: str) -> list[KnownParty]:
        """Everybody with this number, the longest known first."""
        return self._phones.get(phone, []) if phone else []

    def person_by_name(self, name: str, employer_id: int | None) -> KnownParty | None:
        """The person of exactly this name (at least two words) at this company, of whom no address is known."""
        key = rules.name_key(name)
        return self._names.get((key, employer_id)) if " " in key else None

    def company(self, key: str, external_id: str) -> KnownParty | None:
        """The company of this external id, else of this exact name.

        Two ids of one system are two companies, whatever their names: a namesake with another id is not it.
        """
        if external_id and external_id in self._company_external:
            return self._company_external[external_id]
        company = self._companies.get(key) if key else None
        if company is not None and external_id and company.has_external_id:
            return None
        return company

    def has_email(self, person: KnownParty, email: str) -> bool:
        """Whether the address stands on this person's record."""
        return any(known is person for known in self._emails.get(email, ()))

    def has_phone(self, person: KnownParty, phone: str) -> bool:
        """Whether the number stands on this person's record."""
        return any(known is person for known in self._phones.get(phone, ()))

    # -- learning, so that later rows of the chunk find what earlier ones added

    def learn_person(self, person: KnownParty, email: str, phone: str, external_id: str) -> None:
        """A person was added."""
        if email:
            self.learn_email(person, email)
        if phone:
            self.learn_phone(person, phone)
        if external_id:
            self._external[external_id] = person
        if not email and not phone and not person.is_label:
            self._names[rules.name_key(person.name), person.employer_id] = person

    def learn_email(self, person: KnownParty, email: str) -> None:
        """A person got this address."""
        self._emails.setdefault(email, []).append(person)

    def learn_phone(self, person: KnownParty, phone: str) -> None:
        """A person got this number."""
        self._phones.setdefault(phone, []).append(person)

    def learn_company(self, company: KnownParty, key: str, external_id: str) -> None:
        """A company was added."""
        if key:
            self._companies.setdefault(key, company)
        if external_id:
            self.learn_company_id(company, external_id)

    def learn_company_id(self, company: KnownParty, external_id: str) -> None:
        """The other system's name for a company."""
        self._company_external[external_id] = company
        company.has_external_id = True

    def learn_person_id(self, person: KnownParty, external_id: str) -> None:
        """The other system's name for a person."""
        self._external[external_id] = person


def _worth(by_file: bool, prefix: str = "") -> Q:
    """Who is worth looking at: a merged record is found as what it became."""
    unmerged = Q(**{f"{prefix}merged_into": None})
    if by_file:
        return unmerged
    return unmerged & (Q(**{f"{prefix}deleted_at": None}) | Q(**{f"{prefix}batch_id__isnull": False}))


@written
def _companies_called(by_file: bool) -> QuerySet[Party, Any]:
    rows = Party.objects.filter(_worth(by_file), kind=PartyKind.ORGANISATION, name_key__among=Given("keys", VALUES))
    return rows.order_by("-pk").values_list("name_key", *COLUMNS)


@written
def _people_called(by_file: bool) -> QuerySet[Party, Any]:
    """Those of whom no address is known."""
    people = Party.objects.filter(_worth(by_file), kind=PartyKind.PERSON, email="", phone="")
    return people.filter(name_key__among=Given("keys", VALUES)).order_by("-pk").values_list("name_key", *COLUMNS)


@written
def _people_reached_by(by_file: bool, kind: ContactPointKind) -> QuerySet[ContactPoint, Any]:
    points = ContactPoint.objects.filter(
        _worth(by_file, prefix="party__"), kind=kind, normalised__among=Given("values", VALUES), deleted_at=None
    )
    people = points.filter(party__kind=PartyKind.PERSON).order_by("party_id")
    return people.values_list("normalised", *(f"party__{name}" for name in COLUMNS))


@written
def _any_merged() -> QuerySet[Party, int]:
    return Party.objects.filter(merged_into__isnull=False).values_list("pk", flat=True)[:1]


def _keys_of(readings: Sequence[Reading]) -> Iterator[str]:
    """By what somebody may be found: addresses, numbers, ids and names of companies; the name where that is all."""
    for reading in readings:
        draft = reading.draft
        yield from (reading.email, reading.phone, reading.company_key, draft.external_id, draft.company_external_id)
        if not reading.email and not reading.phone:
            yield rules.name_key(reading.name)


def _is_live(row: Sequence[Any]) -> bool:
    """Whether a row of ``COLUMNS`` is not deleted."""
    return row[-1] is None
