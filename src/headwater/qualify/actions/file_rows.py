"""What a row of a file says about a lead, and what its words mean here: sources, campaigns, owners, referrers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from headwater.acquire import queries as acquire
from headwater.acquire.actions import ensure_campaigns, ensure_sources
from headwater.acquire.rules import read_channel
from headwater.parties.actions.file_cells import email_faults
from headwater.parties.actions.matching import PartyDraft, PartyMatch
from headwater.parties.queries.visible import visible_parties
from headwater.parties.rules import name_key
from headwater.platform.actor import Actor
from headwater.platform.importer import Batch, CleanRow, Outcome, RowResult
from headwater.platform.translated import gettext as _
from headwater.qualify.models import Lead, Stage
from headwater.qualify.queries import WORKS_LEADS
from headwater.team import queries as team

CLOCKS_DIFFER = timedelta(days=1)


@dataclass(slots=True)
class FileRow:
    """One row on its way to a lead. ``wanted`` holds what the file says about the lead, nothing for blanks."""

    line: int
    values: Mapping[str, Any]
    extra: dict[str, str]
    external_id: str = ""
    wanted: dict[str, Any] = field(default_factory=dict)
    stage: str = str(Stage.NEW)
    owner_id: int | None = None
    team_id: int | None = None
    tags: tuple[str, ...] = ()
    party_id: int | None = None
    organisation_id: int | None = None
    lead: Lead | None = None
    lead_id: int | None = None
    same: FileRow | None = None
    outcome: Outcome = Outcome.UNCHANGED
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with the row so far."""
        return not self.errors

    @property
    def arrived_at(self) -> datetime | None:
        """When the lead came; None where the file does not say."""
        return self.wanted.get("arrived_at")

    @property
    def interest(self) -> str:
        """What somebody wants; a file that does not say means an enquiry."""
        interest: str = self.wanted.get("interest", "ENQUIRY")
        return interest

    @property
    def key(self) -> object:
        """What makes two rows of a file the same lead."""
        return self.external_id or self.same_key

    @property
    def same_key(self) -> tuple[Any, ...]:
        """What makes a row without an external id the same lead as another: party, source and arrival."""
        return self.party_id, self.wanted.get("source_id"), self.wanted.get("arrived_at")

    def draft(self) -> PartyDraft:
        """Who the row is about."""
        get = self.values.get
        return PartyDraft(
            name=get("name", ""), first_name=get("first_name", ""), last_name=get("last_name", ""),
            email=get("email", ""), phone=get("phone", ""), job_title=get("job_title", ""),
            company=get("company", ""), external_id=self.external_id, city=get("city", ""),
            country=get("country", ""),
        )  # fmt: skip

    def take(self, match: PartyMatch) -> None:
        """Learn who the row is about."""
        self.party_id, self.organisation_id = match.party_id, match.organisation_id
        self.errors.extend(match.errors)
        self.notes.extend(match.reasons)

    def has_good_email(self) -> bool:
        """Whether the row's e-mail address, if it has one, can be right; if not, that is what is wrong with it."""
        self.errors.extend(email_faults(self.values))
        return self.ok

    def join(self, first: FileRow) -> None:
        """Add what this row says to an earlier row about the same lead."""
        self.same, self.party_id = first, first.party_id
        differs = {name: value for name, value in self.wanted.items() if first.wanted.get(name) != value}
        more = {name: text for name, text in self.extra.items() if first.extra.get(name) != text}
        if differs or more:
            first.wanted.update(differs)
            first.extra.update(more)
            self.outcome = Outcome.UPDATED

    def result(self) -> RowResult:
        """What became of the row."""
        if self.errors:
            return RowResult(self.line, Outcome.REJECTED, None, tuple(self.errors))
        lead_id = self.same.lead_id if self.same is not None else self.lead_id
        return RowResult(self.line, self.outcome, self.lead.pk if self.lead else lead_id, tuple(self.notes))


class Names:
    """What the names in a chunk mean: ids of sources and campaigns (added where they are new), users, referrers."""

    def __init__(self) -> None:
        self.sources: dict[str, int] = {}
        self.campaigns: dict[str, int] = {}
        self.owners: dict[str, tuple[int, int | None]] = {}
        self.referrers: dict[str, int] = {}
        self._looks: dict[int, tuple[str, str]] = {}

    @classmethod
    def of(cls, rows: Sequence[CleanRow], *, by: Actor, at: datetime) -> Names:
        """Look up everything the rows name, in a handful of queries."""
        names = cls()
        labels = acquire.channel_labels()
        channels = {text: read_channel(text, labels) for text in {row.values.get("channel", "") for row in rows}}
        wanted: dict[str, str] = {}
        for row in rows:
            source = source_of(row.values)
            if source:
                wanted[source] = wanted.get(source) or channels[row.values.get("channel", "")]
        names.sources = ensure_sources(wanted, by=by, at=at) if wanted else {}
        names._looks = acquire.channels_of(names.sources.values()) if wanted else {}
        names._read_campaigns(rows, by=by, at=at)
        names._read_people(rows, by=by)
        return names

    def source(self, source_id: int | None) -> tuple[str, str]:
        """Name and channel of a source; both empty where it was left blank."""
        return self._looks[source_id] if source_id is not None else ("", "")

    def _read_campaigns(self, rows: Sequence[CleanRow], *, by: Actor, at: datetime) -> None:
        through: dict[str, set[int]] = defaultdict(set)
        for row in rows:
            if campaign := row.values.get("campaign"):
                through[campaign].update({self.sources[s]} if (s := source_of(row.values)) else ())
        if through:
            self.campaigns = ensure_campaigns(through, by=by, at=at, sources=through)

    def _read_people(self, rows: Sequence[CleanRow], *, by: Actor) -> None:
        owners = {row.values["owner"] for row in rows if row.values.get("owner")}
        if owners:
            found = team.users_by_name(owners)
            workers = set(team.users_who_may(WORKS_LEADS).values_list("pk", flat=True))
            self.owners = {name: (user.pk, user.team_id) for name, user in found.items() if user.pk in workers}
        referrers = {row.values["referrer"] for row in rows if row.values.get("referrer")}
        if referrers:
            self.referrers = _known_by_name_or_email(referrers, by)


def source_of(values: Mapping[str, Any]) -> str:
    """The name of the row's source; a row that only says its channel comes from a source of that name."""
    return str(values.get("source") or values.get("channel") or "").strip()


def read_rows(rows: Sequence[CleanRow], names: Names, *, batch: Batch, at: datetime) -> list[FileRow]:
    """The rows with their names replaced by ids, and what is wrong with them."""
    return [_read(row, names, batch, at) for row in rows]


def lead_faults(values: Mapping[str, Any], batch: Batch, at: datetime) -> list[str]:
    """What is wrong with a row about a lead."""
    return [*_own_faults(values, at), *email_faults(values)]


def _own_faults(values: Mapping[str, Any], at: datetime) -> list[str]:
    faults = []
    amount, arrived_at = values.get("amount"), values.get("arrived_at")
    if amount is not None and amount < 0:
        faults.append(_("The amount is below zero."))
    if arrived_at is not None and arrived_at > at + CLOCKS_DIFFER:
        faults.append(_("The lead arrives in the future."))
    return faults


def _read(row: CleanRow, names: Names, batch: Batch, at: datetime) -> FileRow:
    get = row.values.get
    read = FileRow(row.line, row.values, dict(row.extra), external_id=get("external_id", ""))
    wanted = read.wanted
    for name in ("title", "interest", "arrived_at"):
        if value := get(name):
            wanted[name] = value
    if source := source_of(row.values):
        wanted["source_id"] = names.sources[source]
    if campaign := get("campaign"):
        wanted["campaign_id"] = names.campaigns[campaign]
    if (amount := get("amount")) is not None:
        wanted["amount"] = amount
        wanted["currency"] = get("currency") or batch.currency
    if faults := _own_faults(row.values, at):
        # Matching would tell of the address; it is not asked about a row that is left out.
        read.errors.extend([*faults, *email_faults(row.values)])
    if stage := get("stage"):
        read.stage = stage
    _read_owner(read, get("owner"), names)
    _read_referrer(read, get("referrer"), names)
    if note := get("note"):
        read.extra["note"] = note
    if tag := get("tag"):
        read.tags = tuple(part for word in tag.split(",") for part in word.split(";") if part.strip())
    return read


def _read_owner(read: FileRow, owner: str | None, names: Names) -> None:
    if not owner:
        return
    if owner in names.owners:
        read.owner_id, read.team_id = names.owners[owner]
    else:
        read.extra["owner"] = owner
        read.notes.append(
            _("Nobody here who works on leads is called “{owner}”: the lead waits in the pool.").format(owner=owner)
        )


def _read_referrer(read: FileRow, referrer: str | None, names: Names) -> None:
    if not referrer:
        return
    if referrer in names.referrers:
        read.wanted["referrer_id"] = names.referrers[referrer]
    else:
        read.extra["referrer"] = referrer
        read.notes.append(
            _("The referrer “{referrer}” is not known, or not only once; the name is kept.").format(referrer=referrer)
        )


def _known_by_name_or_email(words: set[str], by: Actor) -> dict[str, int]:
    """The party each word names, where it is exactly one."""
    seen = visible_parties(by)
    keys = {word: name_key(word) for word in words}
    found: dict[str, set[int]] = defaultdict(set)
    for key, pk in seen.filter(name_key__in=set(keys.values()) - {""}).values_list("name_key", "pk"):
        found[key].add(pk)
    addresses = {word: word.strip().lower() for word in words if "@" in word}
    for email, pk in seen.filter(email__in=set(addresses.values())).values_list("email", "pk"):
        found[email].add(pk)
    named = {word: found[keys[word]] | found[addresses.get(word, "")] for word in words}
    return {word: next(iter(ids)) for word, ids in named.items() if len(ids) == 1}
