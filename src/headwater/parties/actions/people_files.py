"""People of a file: found again or added, a whole chunk with a few statements per table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from headwater.parties import rules
from headwater.parties.actions.bulk_tags import put_tags
from headwater.parties.actions.file_cells import Owners, result_of, tags_in
from headwater.parties.actions.file_links import connect_managers
from headwater.parties.actions.matching import PartyDraft, PartyMatch, match_parties, read_draft
from headwater.parties.actions.updating import EMAIL, PHONE, Wanted, update_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.importer import Batch, CleanRow, RowResult

# Cells that overwrite what is on record; names, address and number only where the row's id says who it is.
PLAIN = ("job_title", "street", "postcode", "city", "country", "is_employee")


@action
def import_people(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a chunk of people: known ones are completed and corrected, the others added.

    What a file leaves blank is kept, other addresses and numbers stay, and an owner is never taken from somebody
    who has one. Managers become *reports to* where exactly one colleague has that name. One result per row.

    Raises:
        NotAllowed: the actor may not import people.
    """
    by.require("parties.person.import")
    by = by.in_batch(batch.id)
    owners = Owners(row.values.get("owner") for row in rows)
    read = [_PersonRow(row, owners) for row in rows]
    matches = match_parties([row.draft for row in read], batch=batch, kind_key="parties.person", by=by, at=at)
    for row, match in zip(read, matches, strict=True):
        row.match = match
    known = [row for row in read if row.party_id is not None]
    managers = connect_managers(
        {row.party_id: row.manager for row in known if row.manager and row.party_id is not None}, by=by, at=at
    )
    wanted = _wanted(known, managers.unresolved, batch)
    changed = update_parties(wanted, by=by, at=at)
    for row in known:
        row.tell(wanted)
    changed |= managers.connected
    changed |= put_tags({row.party_id: row.tags for row in known if row.party_id and row.tags}, by=by, at=at)
    return _results(read, changed)


class _PersonRow:
    """One row on its way to a person."""

    def __init__(self, row: CleanRow, owners: Owners) -> None:
        self.line, self.values = row.line, row.values
        self.extra, self.notes = dict(row.extra), list[str]()
        get = row.values.get
        self.owner_id, self.team_id = owners.of_cell(get("owner"), self.extra, self.notes)
        self.manager = " ".join((get("manager") or "").split())
        self.tags = tags_in(get("tag"))
        if place := get("team_name"):
            self.extra["team"] = place
        if note := get("note"):
            self.extra["note"] = note
        self.match = PartyMatch()
        self.draft = PartyDraft(
            name=get("name", ""), first_name=get("first_name", ""), last_name=get("last_name", ""),
            email=get("email", ""), phone=get("phone", ""), job_title=get("job_title", ""),
            company=get("company", ""), external_id=get("external_id", ""), street=get("street", ""),
            postcode=get("postcode", ""), city=get("city", ""), country=get("country", ""),
            is_employee=bool(get("is_employee", False)), owner_id=self.owner_id, team_id=self.team_id,
            extra=self.extra,
        )  # fmt: skip

    @property
    def party_id(self) -> int | None:
        """Who the row is about."""
        return self.match.person_id

    def tell(self, wanted: Mapping[int, Wanted]) -> None:
        """Note what was not stored of the row, unless matching has noted it already."""
        said = wanted.get(self.party_id or 0, Wanted())
        self.notes.extend(note for note in said.left_out if note not in self.match.reasons)

    def want(self, wanted: Wanted, batch: Batch) -> None:
        """Add what the row says to what earlier rows said about the same person."""
        reading = read_draft(self.draft, region=batch.region)
        wanted.values.update({name: self.values[name] for name in PLAIN if self.values.get(name) not in (None, "")})
        wanted.extra.update(reading.extra)
        if self.match.by_external_id:
            wanted.values.update(_names(self.draft))
            if reading.email:
                wanted.points[EMAIL] = (self.draft.email, reading.email)
            if reading.phone:
                wanted.points[PHONE] = (self.draft.phone, reading.phone)
            if self.draft.company and self.match.organisation_id is not None:
                wanted.values["employer_id"] = self.match.organisation_id


def _names(draft: PartyDraft) -> dict[str, str]:
    name = draft.full_name
    if not name:
        return {}
    first, last = draft.first_name, draft.last_name
    if not first and not last:
        parts = rules.split_name(name)
        first, last = parts.first, parts.last
    return {"name": name, "first_name": first, "last_name": last}


def _wanted(rows: Sequence[_PersonRow], unresolved: Mapping[int, str], batch: Batch) -> dict[int, Wanted]:
    """What the rows say about people who are known, or who an earlier row of the chunk added."""
    wanted: dict[int, Wanted] = {}
    for row in rows:
        assert row.party_id is not None
        if row.match.created_person:
            wanted.setdefault(row.party_id, Wanted(is_new=True))
            if not row.match.is_revived:
                continue
        row.want(wanted.setdefault(row.party_id, Wanted()), batch)
    for pk, name in unresolved.items():
        wanted[pk].extra["manager"] = name
    return {pk: one for pk, one in wanted.items() if one.values or one.points or one.extra}


def _results(rows: Sequence[_PersonRow], changed: set[int]) -> list[RowResult]:
    return [result_of(row.line, row.match, row.match.created_person, row.party_id, changed, row.notes) for row in rows]
