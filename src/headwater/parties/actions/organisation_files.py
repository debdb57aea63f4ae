"""Companies of a file: found again or added, a whole chunk with a few statements per table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from headwater.parties import rules
from headwater.parties.actions.bulk_tags import put_tags
from headwater.parties.actions.file_cells import Owners, email_faults, result_of, tags_in
from headwater.parties.actions.file_links import connect_parents
from headwater.parties.actions.matching import PartyDraft, PartyMatch, match_parties
from headwater.parties.actions.updating import EMAIL, PHONE, WEBSITE, Wanted, update_parties
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.importer import Batch, CleanRow, RowResult
from headwater.platform.translated import gettext as _

PLAIN = (
    "sector", "employees", "registration_number", "vat_number", "street", "postcode", "city", "country",
)  # fmt: skip
MOST_EMPLOYEES = 2_000_000_000


@action
def import_organisations(rows: Sequence[CleanRow], *, batch: Batch, by: Actor, at: datetime) -> Sequence[RowResult]:
    """Take in a chunk of companies: known ones are completed and corrected, the others added.

    A company is known by its external id, else by its exact name, legal form aside. What a file leaves blank is
    kept, other addresses and numbers stay. A parent may come later in the file or in another one: until then its
    name is kept as text. One result per row, in order.

    Raises:
        NotAllowed: the actor may not import companies.
    """
    by.require("parties.organisation.import")
    by = by.in_batch(batch.id)
    owners = Owners(row.values.get("owner") for row in rows)
    read = [_OrganisationRow(row, owners, batch, at) for row in rows]
    good = [row for row in read if not row.errors]
    matches = match_parties([row.draft for row in good], batch=batch, kind_key="parties.organisation", by=by, at=at)
    for row, match in zip(good, matches, strict=True):
        row.match = match
    parents = {row.party_id: row.parent for row in good if row.parent and row.party_id is not None}
    links = connect_parents(parents, batch=batch, by=by, at=at)
    wanted = _wanted(good, links.unresolved)
    changed = update_parties(wanted, by=by, at=at)
    for row in good:
        row.notes.extend(wanted.get(row.party_id or 0, Wanted()).left_out)
    changed |= links.connected
    changed |= put_tags({row.party_id: row.tags for row in good if row.party_id and row.tags}, by=by, at=at)
    return [
        result_of(row.line, row.match, row.match.created_organisation, row.party_id, changed, row.notes) for row in read
    ]


def organisation_faults(values: Mapping[str, Any], batch: Batch, at: datetime) -> list[str]:
    """What is wrong with a row about a company."""
    faults = email_faults(values)
    employees = values.get("employees")
    if employees is not None and not 0 <= employees <= MOST_EMPLOYEES:
        faults.append(_("“{employees}” is no number of employees.").format(employees=employees))
    return faults


class _OrganisationRow:
    """One row on its way to a company."""

    def __init__(self, row: CleanRow, owners: Owners, batch: Batch, at: datetime) -> None:
        self.line, self.values = row.line, row.values
        self.extra, self.notes = dict(row.extra), list[str]()
        self.errors = organisation_faults(row.values, batch, at)
        get = row.values.get
        self.name = " ".join((get("name") or "").split())
        if not self.name:
            self.errors.append(_("The company has no name."))
        self.owner_id, self.team_id = owners.of_cell(get("owner"), self.extra, self.notes)
        self.points = self._read_points(rules.region_of(get("country", "")) or batch.region)
        self.parent = " ".join((get("parent") or "").split())
        self.tags = tags_in(get("tag"))
        if note := get("note"):
            self.extra["note"] = note
        self.match = PartyMatch(errors=self.errors)
        self.draft = PartyDraft(
            company=self.name, company_external_id=get("external_id", ""), city=get("city", ""),
            country=get("country", ""), sector=get("sector", ""), owner_id=self.owner_id, team_id=self.team_id,
            extra=self.extra,
        )  # fmt: skip

    @property
    def party_id(self) -> int | None:
        """Which company the row is about."""
        return self.match.organisation_id

    def _read_points(self, region: str) -> dict[str, tuple[str, str]]:
        points: dict[str, tuple[str, str]] = {}
        if email := self.values.get("email"):
            with suppress(rules.BadContact):  # told among the faults
                points[EMAIL] = (email, rules.normalise_email(email))
        for kind, key in ((PHONE, "phone"), (WEBSITE, "website")):
            if text := self.values.get(key):
                try:
                    found = (
                        rules.normalise_phone(text, region or None) if kind == PHONE else rules.normalise_website(text)
                    )
                    points[kind] = (text, found)
                except rules.BadContact:
                    self.extra[key] = text
                    self.notes.append(
                        _("The {key} “{text}” could not be read; it is kept as text.").format(key=key, text=text)
                    )
        return points

    def want(self, wanted: Wanted) -> None:
        """Add what the row says to what earlier rows said about the same company."""
        wanted.values.update({name: self.values[name] for name in PLAIN if self.values.get(name) not in (None, "")})
        wanted.points.update(self.points)
        wanted.extra.update(self.extra)
        if self.draft.company_external_id:
            wanted.values["name"] = self.name


def _wanted(rows: Sequence[_OrganisationRow], unresolved: Mapping[int, str]) -> dict[int, Wanted]:
    """What the rows say beyond what matching has stored already."""
    wanted: dict[int, Wanted] = {}
    for row in rows:
        if row.party_id is not None:
            is_new = row.match.created_organisation
            row.want(wanted.setdefault(row.party_id, Wanted(is_new=is_new)))
    for pk, name in unresolved.items():
        wanted[pk].extra["parent"] = name
    return {pk: one for pk, one in wanted.items() if one.values or one.points or one.extra}
