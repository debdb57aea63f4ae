"""Names in a file that mean another party: the parent of a company, the manager of a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from headwater.parties import rules
from headwater.parties.actions.employment import company_day
from headwater.parties.actions.known_by import companies_called
from headwater.parties.actions.reach import organisation_of
from headwater.parties.actions.updating import changed_fact
from headwater.parties.actions.writing import LINK_COLUMNS
from headwater.parties.events import Related, RelationshipEnded
from headwater.parties.models import Party, PartyKind, Relationship, RelationshipKind
from headwater.platform.actor import Actor
from headwater.platform.bulk import insert_rows, reserve_ids
from headwater.platform.events import Fact, record_bulk
from headwater.platform.importer import Batch

PARENT_OF, REPORTS_TO = str(RelationshipKind.PARENT_OF), str(RelationshipKind.REPORTS_TO)


@dataclass(slots=True)
class Links:
    """What became of the names: who was connected anew, and what each unknown or unclear name is kept for."""

    connected: set[int] = field(default_factory=set)
    unresolved: dict[int, str] = field(default_factory=dict)


def connect_parents(parents: Mapping[int, str], *, batch: Batch, by: Actor, at: datetime) -> Links:
    """Make the companies named parents of those that name them; also of companies that waited for them.

    A name counts where exactly one company has it, or where it is the id of one; the others are handed back, to be
    kept as text until a later file brings them. A chain of parents never closes to a ring.
    """
    waiting = {
        company.pk: company
        for company in Party.objects.filter(kind=PartyKind.ORGANISATION, deleted_at=None, extra__parent__isnull=False)
        if company.pk not in parents
    }
    names = {**{pk: str(company.extra["parent"]) for pk, company in waiting.items()}, **parents}
    links = Links()
    called = companies_called(set(names.values()), batch)
    found = {name: min(pks) for name, pks in called.items() if len(pks) == 1}
    wanted = {pk: found.get(name) for pk, name in names.items()}
    links.unresolved = {pk: name for pk, name in parents.items() if wanted[pk] is None}
    pairs = {pk: other for pk, other in wanted.items() if other is not None}
    links.connected = _connect(pairs, PARENT_OF, by=by, at=at)
    _no_longer_waiting([waiting[pk] for pk in links.connected if pk in waiting], by=by, at=at)
    return links


def connect_managers(managers: Mapping[int, str], *, by: Actor, at: datetime) -> Links:
    """Let people report to those a file names as their managers.

    A name counts where exactly one colleague has it: somebody of the same employer, or of ourselves. Otherwise it
    is handed back, to be kept as text.
    """
    links = Links()
    if not managers:
        return links
    people = Party.objects.in_bulk(list(managers))
    keys = {rules.name_key(name) for name in managers.values()}
    called: dict[str, list[Party]] = defaultdict(list)
    found = Party.objects.filter(kind=PartyKind.PERSON, name_key__in=keys, deleted_at=None)
    for party in found.select_related("merged_into"):
        one = party.merged_into or party
        if one not in called[party.name_key]:
            called[party.name_key].append(one)
    pairs: dict[int, int] = {}
    for pk, name in managers.items():
        person = people[pk]
        colleagues = [p for p in called[rules.name_key(name)] if _are_colleagues(person, p)]
        if len(colleagues) == 1 and colleagues[0].pk != pk:
            pairs[pk] = colleagues[0].pk
        else:
            links.unresolved[pk] = name
    links.connected = _connect(pairs, REPORTS_TO, by=by, at=at)
    return links


def _are_colleagues(one: Party, other: Party) -> bool:
    if one.is_employee or other.is_employee:
        return one.is_employee and other.is_employee
    return one.employer_id is not None and one.employer_id == other.employer_id


def _connect(pairs: Mapping[int, int], kind: str, *, by: Actor, at: datetime) -> set[int]:
    """Write the links that do not hold yet, ending those they replace; the parties whose link is new."""
    if not pairs:
        return set()
    current = Relationship.objects.filter(kind=kind, until_date=None, deleted_at=None).select_related("to_party")
    above: dict[int, list[Relationship]] = defaultdict(list)
    for link in current:
        above[link.to_party_id if kind == PARENT_OF else link.from_party_id].append(link)
    upper = {pk: {_upper(link, kind) for link in links} for pk, links in above.items()}
    new: dict[int, int] = {}
    for pk, other in pairs.items():
        if other not in upper.get(pk, set()) and not _closes_ring(pk, other, upper):
            new[pk] = other
            upper[pk] = {other}
    ended = [link for pk in new for link in above.get(pk, ())]
    _write_links(new, ended, kind, by=by, at=at)
    return set(new)


def _upper(link: Relationship, kind: str) -> int:
    return link.from_party_id if kind == PARENT_OF else link.to_party_id


def _closes_ring(pk: int, other: int, upper: Mapping[int, set[int]]) -> bool:
    """Whether ``pk`` stands above ``other`` already."""
    waiting, seen = [other], set()
    while waiting:
        one = waiting.pop()
        if one == pk:
            return True
        if one not in seen:
            seen.add(one)
            waiting.extend(upper.get(one, ()))
    return False


def _write_links(new: Mapping[int, int], ended: Sequence[Relationship], kind: str, *, by: Actor, at: datetime) -> None:
    today = company_day(at)
    Relationship.objects.filter(pk__in=[link.pk for link in ended]).update(until_date=today)
    ends = [(other, pk) if kind == PARENT_OF else (pk, other) for pk, other in new.items()]
    ids = reserve_ids(Relationship, len(ends))
    insert_rows(
        Relationship,
        LINK_COLUMNS,
        [(pk, start, to, kind, "", None, None, "", at, None) for pk, (start, to) in zip(ids, ends, strict=True)],
    )
    facts: list[Fact] = [
        RelationshipEnded(
            party_id=link.from_party_id, organisation_id=organisation_of(link.to_party), relationship_id=link.pk,
            other_id=link.to_party_id, kind=kind, until_date=today.isoformat(),
        )
        for link in ended
    ]  # fmt: skip
    facts.extend(
        Related(
            party_id=start,
            organisation_id=to if kind == PARENT_OF else None,
            relationship_id=pk,
            other_id=to,
            kind=kind,
        )
        for pk, (start, to) in zip(ids, ends, strict=True)
    )
    record_bulk(facts, by=by, at=[at] * len(facts))


def _no_longer_waiting(companies: Sequence[Party], *, by: Actor, at: datetime) -> None:
    facts: list[Fact] = []
    for company in companies:
        rest = {name: text for name, text in company.extra.items() if name != "parent"}
        facts.append(changed_fact(company, {"extra": rest}))
        company.extra = rest
    Party.objects.bulk_update(companies, ["extra"], batch_size=200)
    record_bulk(facts, by=by, at=[at] * len(facts))
