"""Finding the people and companies of a file's rows among those we know, and adding the rest: set-based."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from headwater.parties import rules
from headwater.parties.actions.known import KnownParties, KnownParty
from headwater.parties.actions.writing import NewParties, write_chunk
from headwater.parties.email_faults import of_address
from headwater.parties.queries.visible import beyond_reach
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.batch import stays_deleted
from headwater.platform.importer import Batch
from headwater.platform.translated import gettext


@dataclass(slots=True, kw_only=True)  # not frozen: one is made per row, and freezing 21 fields costs more than that
class PartyDraft:
    """Who a row of a file is about, as the file says it; nobody changes it.

    ``external_id`` is what the batch's system calls the row; a row that has nothing else becomes a nameless
    person under it. ``is_nameless_label`` says that ``name`` is only a label, and never compared.
    """

    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    job_title: str = ""
    company: str = ""
    company_external_id: str = ""
    external_id: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    sector: str = ""
    is_nameless_label: bool = False
    is_employee: bool = False
    owner_id: int | None = None
    team_id: int | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """The person's name as given, or put together from its parts."""
        return " ".join((self.name or f"{self.first_name} {self.last_name}").split())

    @property
    def has_person(self) -> bool:
        """Whether the row says anything about a person, not only about a company."""
        return bool(self.name or self.first_name or self.last_name or self.email or self.phone)


@dataclass(slots=True)  # not frozen either
class PartyMatch:
    """Whom a row turned out to be about. ``reasons`` say what was decided; ``errors`` why nothing could be.

    ``created_…`` also where a party came back that an undo had taken off the lists (``is_revived``).
    ``is_changed``: the row added something to somebody known, such as a number or the employer. ``deleted_id``: it
    is about somebody whom people deleted; ``errors`` says so, and it has no party.
    """

    person_id: int | None = None
    organisation_id: int | None = None
    created_person: bool = False
    created_organisation: bool = False
    by_external_id: bool = False
    is_changed: bool = False
    is_revived: bool = False
    deleted_id: int | None = None
    reasons: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def party_id(self) -> int | None:
        """The party the row is about: the person, or the company where no person is named."""
        return self.person_id if self.person_id is not None else self.organisation_id


@dataclass(slots=True)
class Reading:
    """A draft in comparable form."""

    draft: PartyDraft
    name: str
    email: str = ""
    phone: str = ""
    company_key: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    by_external_id: bool = False
    is_changed: bool = False
    is_revived: bool = False
    added: list[tuple[int, str, str]] = field(default_factory=list)


@action
def match_parties(
    drafts: Sequence[PartyDraft], *, batch: Batch, kind_key: str, by: Actor, at: datetime
) -> list[PartyMatch]:
    """Say for each draft who it is: somebody known, or a new person or company, which is added.

    One answer per draft, in order. An e-mail that is known attaches only where the names agree; otherwise a new
    person is added and the match proposed. A number alone needs agreeing names too. Somebody with neither is
    the same only by exact name at the same company. Companies match by their exact name without legal form, or
    by their external id. Rows of the same chunk find each other. ``kind_key`` is the noun being imported: for
    ``parties.person`` and ``parties.organisation`` the rows' external ids are looked up and remembered.

    The number of queries does not depend on the number of drafts up to 5,000.

    Raises:
        NotAllowed: the actor may not add people.
    """
    by.require("parties.person.create")
    by = by.in_batch(batch.id)
    readings = [read_draft(draft, region=batch.region) for draft in drafts]
    by_file = by.batch_id is not None  # somebody who writes a name down again by hand wants the record back
    known = KnownParties.load(readings, system=batch.system, kind_key=kind_key, by_file=by_file)
    if by_file:
        known.hide(beyond_reach(by, known.ids))
    new = NewParties(size=2 * len(drafts), system=batch.system, kind_key=kind_key, by=by, at=at)
    matcher = _Matcher(known, new, batch)
    matches = [matcher.match(reading) for reading in readings]
    write_chunk(new, by=by, at=at)
    if not new.left_out:
        return matches
    return [_told_what_stayed_off(*pair, new.left_out) for pair in zip(readings, matches, strict=True)]


def read_draft(draft: PartyDraft, *, region: str) -> Reading:
    """The draft with its address and number normalised; what cannot be read is kept as text, with a note.

    A number without a country prefix is one of the country the draft names, else of ``region``.
    """
    reading = Reading(draft, draft.full_name, extra=dict(draft.extra))
    if draft.email:
        try:
            reading.email = rules.normalise_email(draft.email)
        except rules.BadContact as error:
            reading.errors.append(of_address(draft.email, error))
    if draft.phone:
        try:
            reading.phone = rules.normalise_phone(draft.phone, rules.region_of(draft.country) or region or None)
        except rules.BadContact:
            reading.extra["phone"] = draft.phone
            reading.reasons.append(
                gettext("The phone number “{phone}” could not be read; it is kept as text.").format(phone=draft.phone)
            )
    if draft.company:
        reading.company_key = company_key_of(draft.company)
    return reading


def company_key_of(name: str) -> str:
    """``rules.company_key``, or the name itself where nothing is left of it, such as for “---”."""
    return rules.company_key(name) or name.strip().casefold()


def nameless_label(system: str, external_id: str) -> str:
    """What a person without a name is called: "Unnamed, olist dac32a"."""
    return f"Unnamed, {system} {external_id[:6]}".strip()


class _Matcher:
    """Decides row by row in memory; nothing is written before the last row is decided."""

    def __init__(self, known: KnownParties, new: NewParties, batch: Batch) -> None:
        self.known, self.new, self.batch = known, new, batch

    def match(self, reading: Reading) -> PartyMatch:
        if reading.errors:
            return PartyMatch(reasons=reading.reasons, errors=reading.errors)
        if self.known.has_hidden and self._is_hidden(reading):
            return PartyMatch(errors=[gettext("Known already, but not open to you.")])
        gone = self._deleted_by_hand(reading) if self.known.has_deleted_by_hand else None
        if gone is not None:
            return PartyMatch(deleted_id=gone.id, errors=[self._stays_deleted(gone)])
        company, company_is_new = self._company(reading)
        person, person_is_new = self._person(reading, company)
        if company is not None and company.is_by_hand:
            company = None
        if person is None and company is None:
            return PartyMatch(errors=[gettext("The row names nobody: no name, e-mail, phone, company or id.")])
        if person is not None and company is not None:
            self._employ(person, company, reading)
        return PartyMatch(
            person_id=person.id if person is not None else None,
            organisation_id=self._organisation_id(person, company),
            created_person=person_is_new,
            created_organisation=company_is_new,
            by_external_id=reading.by_external_id,
            is_changed=reading.is_changed or bool(reading.added),
            is_revived=reading.is_revived,
            reasons=reading.reasons,
        )

    def _organisation_id(self, person: KnownParty | None, company: KnownParty | None) -> int | None:
        if company is not None:
            return company.id
        if person is None or self.known.is_deleted_by_hand(person.employer_id):
            return None
        return person.employer_id

    def _is_hidden(self, reading: Reading) -> bool:
        """Whether the row is about a person or a company out of the actor's sight: it changes neither."""
        draft = reading.draft
        company = self.known.company(reading.company_key, draft.company_external_id)
        person = self.known.person_by_external(draft.external_id) or same_person(self.known, reading, company)[0]
        return any(about is not None and about.is_hidden for about in (company, person))

    def _deleted_by_hand(self, reading: Reading) -> KnownParty | None:
        """Whom the row is about, if people deleted them; nothing is added for such a row."""
        draft = reading.draft
        about = self.known.company(reading.company_key, draft.company_external_id)
        if draft.has_person or (draft.external_id and about is None):
            person = self.known.person_by_external(draft.external_id)
            about = person or same_person(self.known, reading, about)[0]
        return about if about is not None and about.is_by_hand else None

    def _stays_deleted(self, party: KnownParty) -> str:
        assert party.deleted_at is not None
        what = gettext("The company “{name}”").format(name=party.name) if party.is_company else f"“{party.name}”"
        return stays_deleted(what, party.deleted_at, self.batch.zone)

    # -- companies

    def _company(self, reading: Reading) -> tuple[KnownParty | None, bool]:
        draft = reading.draft
        if not draft.company and not draft.company_external_id:
            return None, False
        found = self.known.company(reading.company_key, draft.company_external_id)
        if found is not None:
            if draft.company_external_id and not found.has_external_id:
                self._remember(found, "parties.organisation", draft.company_external_id)
            if found.is_by_hand and draft.has_person:
                reading.reasons.append(self._stays_deleted(found))
                reading.extra["company"] = draft.company
            return found, self._revive(found, reading)
        if not draft.company:
            reading.reasons.append(
                gettext("No company with the id “{company_external_id}” is known.").format(
                    company_external_id=draft.company_external_id
                )
            )
            return None, False
        alone = not draft.has_person
        company = self.new.add_company(
            name=" ".join(draft.company.split()),
            key=reading.company_key,
            external_id=draft.company_external_id,
            city=draft.city if alone else "",
            country=draft.country if alone else "",
            sector=draft.sector,
            owner_id=draft.owner_id if alone else None,
            team_id=draft.team_id if alone else None,
            extra=reading.extra if alone else {},
        )
        self.known.learn_company(company, reading.company_key, draft.company_external_id)
        return company, True

    # -- people

    def _person(self, reading: Reading, company: KnownParty | None) -> tuple[KnownParty | None, bool]:
        draft = reading.draft
        if not draft.has_person and not (draft.external_id and company is None):
            return None, False
        found = self.known.person_by_external(draft.external_id)
        reading.by_external_id = found is not None
        other: KnownParty | None = None
        reason = ""
        if found is None:
            found, other, reason = same_person(self.known, reading, company)
        if found is not None:
            if draft.external_id and self.known.person_by_external(draft.external_id) is not found:
                self._remember(found, "parties.person", draft.external_id)
            self._complete(found, reading)
            return found, self._revive(found, reading)
        employer = None if company is not None and company.is_by_hand else company
        person = self._add_person(reading, employer)
        if other is not None and not other.is_by_hand:
            self.new.propose(person, other, reason)
            if not other.is_hidden:
                told = gettext("{reason} as {name}: added anew, and proposed as a match.")
                reading.reasons.append(told.format(reason=reason, name=other.name))
        return person, True

    def _add_person(self, reading: Reading, company: KnownParty | None) -> KnownParty:
        draft = reading.draft
        name = reading.name or reading.email or reading.phone
        if not name:
            name = nameless_label(self.batch.system, draft.external_id)
        first, last = draft.first_name, draft.last_name
        if reading.name and not first and not last and not draft.is_nameless_label:
            parts = rules.split_name(reading.name)
            first, last = parts.first, parts.last
        person = self.new.add_person(
            name=name, first_name=first, last_name=last, email=reading.email, phone=reading.phone,
            employer_id=company.id if company is not None else None, draft=draft, extra=reading.extra,
            is_label=not reading.name or draft.is_nameless_label,
        )  # fmt: skip
        self.known.learn_person(person, reading.email, reading.phone, draft.external_id)
        if company is not None:
            self.new.employ(person, company)
        return person

    def _employ(self, person: KnownParty, company: KnownParty, reading: Reading) -> None:
        if person.employer_id is None:
            self.new.employ(person, company)
            reading.is_changed = True
        elif person.employer_id != company.id and not person.is_new and not reading.by_external_id:
            reading.reasons.append(gettext("The person is known at another company; that was left as it is."))

    def _complete(self, person: KnownParty, reading: Reading) -> None:
        """A row never takes anything away: an address or number that is new is put beside the others."""
        if reading.email and not self.known.has_email(person, reading.email):
            self.new.add_point(person, "EMAIL", reading.draft.email, reading.email)
            self.known.learn_email(person, reading.email)
            reading.added.append((person.id, "EMAIL", reading.email))
        if reading.phone and not self.known.has_phone(person, reading.phone):
            self.new.add_point(person, "PHONE", reading.draft.phone, reading.phone)
            self.known.learn_phone(person, reading.phone)
            reading.added.append((person.id, "PHONE", reading.phone))
        if person.is_label and reading.name and not reading.draft.is_nameless_label:
            self.new.name_person(person, reading.name)
            reading.is_changed = True

    def _remember(self, party: KnownParty, kind_key: str, external_id: str) -> None:
        """From now on the row's id names this party, which was found by other means."""
        if kind_key == "parties.person":
            self.known.learn_person_id(party, external_id)
        else:
            self.known.learn_company_id(party, external_id)
        self.new.remember(kind_key, external_id, party)

    def _revive(self, party: KnownParty, reading: Reading) -> bool:
        """Whether the party was deleted, and is back; whom people deleted stays so."""
        if not party.is_deleted or party.is_by_hand:
            return False
        party.is_deleted, reading.is_revived = False, True
        self.new.revive(party)
        return True


def same_person(
    known: KnownParties, reading: Reading, company: KnownParty | None
) -> tuple[KnownParty | None, KnownParty | None, str]:
    """The known person by the rules of identity, or else one who may be the same, and why."""
    name = "" if reading.draft.is_nameless_label else reading.name
    same_address = known.people_by_email(reading.email)
    agreeing = _agreeing(same_address, name)
    if agreeing is not None:
        return agreeing, None, ""
    same_number = known.people_by_phone(reading.phone)
    if not reading.email and name:
        agreeing = _agreeing(same_number, name)
        if agreeing is not None:
            return agreeing, None, ""
    if same_address:
        return None, same_address[0], gettext("Same e-mail, different name")
    if reading.email and name:
        likely = _agreeing([p for p in same_number if not p.is_label], name)
        if likely is not None:
            return None, likely, gettext("Same name and phone, different e-mail")
    if not reading.email and not reading.phone and name:
        return known.person_by_name(name, company.id if company is not None else None), None, ""
    return None, None, ""


def _told_what_stayed_off(
    reading: Reading, match: PartyMatch, left_out: Collection[tuple[int, str, str]]
) -> PartyMatch:
    """Somebody took the address or number off the record by hand: a file does not put it back."""
    stayed_off = [point for point in reading.added if point in left_out]
    for _, kind, _ in stayed_off:
        value = reading.draft.email if kind == "EMAIL" else reading.draft.phone
        match.reasons.append(gettext("“{value}” was taken off the record by hand and stays off.").format(value=value))
    return replace(match, is_changed=reading.is_changed or len(stayed_off) < len(reading.added))


def _agreeing(people: Iterable[KnownParty], name: str) -> KnownParty | None:
    """The first of ``people`` whose name can be ``name``; those known only by a label fit every name."""
    for person in people:
        if not name or person.is_label or rules.names_agree(person.name, name):
            return person
        if any(rules.names_agree(known, name) for known in person.also):
            return person
    return None
