"""People and companies, how to reach them, how they belong together, and what was said with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from headwater.demo.desk import Desk
from headwater.demo.records import History, Organisation, Person, Talk
from headwater.demo.words import words
from headwater.demo.writing.book import Book
from headwater.parties.events import (
    ActivityLogged,
    OrganisationAdded,
    PersonAdded,
    Related,
    Tagged,
    TodoDone,
    TodoPlanned,
)
from headwater.parties.models import Activity, ContactPoint, Party, PartyTag, Relationship, Tag
from headwater.parties.rules import company_key, name_key, normalise_website
from headwater.platform.bulk import insert_rows, reserve_ids

PARTY = (
    "id", "kind", "name", "name_key", "first_name", "last_name", "job_title", "employer_id", "sector", "employees",
    "registration_number", "vat_number", "street", "postcode", "city", "country", "email", "phone", "is_employee",
    "is_influence", "owner_id", "team_id", "extra", "created_at",
)  # fmt: skip
POINT = (
    "party_id", "kind", "value", "normalised", "is_primary", "is_verified", "is_bounced", "do_not_contact",
    "created_at",
)  # fmt: skip
KEY_ACCOUNT, TENDER, LEASE = "Key account", "Public tender", "Lease"


def write_parties(book: Book, history: History, desk: Desk) -> None:
    """Everybody the company has come to know."""
    count = len(history.organisations) + len(history.people)
    book.parties = reserve_ids(Party, count)
    countries = {code: entry["name"] for code, entry in words("countries").items()}
    rows = [_company_row(book, desk, o, countries) for o in history.organisations]
    rows += [_person_row(book, desk, p, history.organisation(p.organisation), countries) for p in history.people]
    insert_rows(Party, PARTY, rows)
    insert_rows(ContactPoint, POINT, [*_points_of_companies(book, history), *_points_of_people(book, history)])
    _relationships(book, history)
    _tags(book, history)
    for organisation in history.organisations:
        pk = book.party(organisation.number)
        assert pk is not None
        book.tell(_known(organisation), 0, OrganisationAdded(company_id=pk, party_id=pk, organisation_id=pk))
    for person in history.people:
        pk = book.party(person.number)
        assert pk is not None
        fact = PersonAdded(person_id=pk, party_id=pk, organisation_id=book.party(person.organisation))
        book.tell(_known(person), 0, fact)


def write_talks(book: Book, history: History) -> None:
    """Calls, mails, meetings, notes and to-dos."""
    ids = reserve_ids(Activity, len(history.talks))
    insert_rows(
        Activity,
        ("id", "party_id", "kind", "subject", "body", "is_outbound", "occurred_at", "due_at", "done_at", "owner_id",
         "created_at"),
        [
            (pk, book.party(t.party), t.kind, t.subject, t.body, t.is_outbound, None if t.due_at else t.at, t.due_at,
             t.done_at, book.user(t.by), t.at)
            for pk, t in zip(ids, history.talks, strict=True)
        ],
    )  # fmt: skip
    for pk, talk in zip(ids, history.talks, strict=True):
        _tell(book, pk, talk)


def _tell(book: Book, pk: int, talk: Talk) -> None:
    about: dict[str, Any] = {
        "party_id": book.party(talk.party), "organisation_id": book.party(talk.organisation), "activity_id": pk,
        "subject": talk.subject,
    }  # fmt: skip
    if talk.due_at is None:
        fact = ActivityLogged(kind=talk.kind, is_outbound=talk.is_outbound, body=talk.body, **about)
        book.tell(talk.at, talk.by, fact)
        return
    book.tell(talk.at, talk.by, TodoPlanned(due_at=talk.due_at.isoformat(), owner_id=book.user(talk.by), **about))
    if talk.done_at is not None:
        book.tell(talk.done_at, talk.by, TodoDone(**about))


def _known(party: Organisation | Person) -> datetime:
    assert party.known_at is not None
    return party.known_at


def _company_row(book: Book, desk: Desk, o: Organisation, countries: dict[str, str]) -> tuple[Any, ...]:
    owner = _owner(desk, o)
    email = f"info@{o.domain}" if _has_mailbox(o) else ""
    return (
        book.party(o.number), "ORGANISATION", o.name, company_key(o.name), "", "", "", None, o.sector, o.employees, "",
        "", o.street, o.postcode, o.city, countries[o.country], email, o.phone, False, False, book.user(owner),
        book.team(desk.team(owner)) if owner else None, {}, o.known_at,
    )  # fmt: skip


def _person_row(book: Book, desk: Desk, p: Person, o: Organisation, countries: dict[str, str]) -> tuple[Any, ...]:
    owner = _owner(desk, o)
    return (
        book.party(p.number), "PERSON", p.name, name_key(p.name), p.first, p.last, p.job, book.party(o.number), "",
        None, "", "", "", "", o.city, countries[o.country], p.email, p.phone, p.is_employee, p.is_influence,
        book.user(owner), book.team(desk.team(owner)) if owner else None, {}, p.known_at,
    )  # fmt: skip


def _owner(desk: Desk, o: Organisation) -> int:
    """Who looks after a customer today."""
    return desk.successor(o.owner, o.country, desk.now) if o.owner else 0


def _has_mailbox(o: Organisation) -> bool:
    return o.number % 10 < 7


def _points_of_companies(book: Book, history: History) -> Iterator[tuple[Any, ...]]:
    for o in history.organisations:
        pk, site = book.party(o.number), normalise_website(f"www.{o.domain}")
        yield pk, "PHONE", o.phone, o.phone, True, False, False, False, o.known_at
        yield pk, "WEBSITE", site, site, True, False, False, False, o.known_at
        if _has_mailbox(o):
            yield pk, "EMAIL", f"info@{o.domain}", f"info@{o.domain}", True, False, False, False, o.known_at


def _points_of_people(book: Book, history: History) -> Iterator[tuple[Any, ...]]:
    for p in history.people:
        pk = book.party(p.number)
        bounced, opted_out = p.number % 61 == 0, p.number % 83 == 0
        yield pk, "EMAIL", p.email, p.email, True, p.number % 3 == 0 and not bounced, bounced, opted_out, p.known_at
        if p.phone:
            yield pk, "PHONE", p.phone, p.phone, True, False, False, False, p.known_at


def _relationships(book: Book, history: History) -> None:
    columns = (
        "id", "from_party_id", "to_party_id", "kind", "buying_role", "from_date", "until_date", "note", "created_at",
    )  # fmt: skip
    ids = reserve_ids(Relationship, len(history.people) + len(history.links))
    rows: list[tuple[Any, ...]] = [
        (pk, book.party(p.number), book.party(p.organisation), "WORKS_FOR", p.buying_role, None, None, "", p.known_at)
        for pk, p in zip(ids, history.people, strict=False)
    ]
    for pk, link in zip(ids[len(history.people) :], history.links, strict=True):
        giver, other = book.party(link.from_party), book.party(link.to_party)
        assert giver is not None and other is not None
        rows.append((pk, giver, other, link.kind, "", link.from_date, None, "", link.at))
        employer = link.from_party
        if history.is_person(employer):
            employer = history.person(employer).organisation
        fact = Related(relationship_id=pk, other_id=other, kind=link.kind, party_id=giver,
                       organisation_id=book.party(employer))  # fmt: skip
        book.tell(link.at, 0, fact)
    insert_rows(Relationship, columns, rows)


def _tags(book: Book, history: History) -> None:
    tags: dict[str, int] = {}
    rows: list[tuple[int, int]] = []
    for o in history.organisations[1:]:
        if o.customer_since is None or o.customer_since >= history.at:
            continue
        names = []
        if o.tags or (o.employees > 280 and o.number % 3 == 0):
            names.append(KEY_ACCOUNT)
        if o.sector in ("Public sector", "Education") and o.number % 3 == 0:
            names.append(TENDER)
        if o.number % 11 == 0:
            names.append(LEASE)
        pk = book.party(o.number)
        assert pk is not None
        for name in names:
            if name not in tags:
                tags[name] = Tag.objects.get_or_create(name=name)[0].pk
            rows.append((pk, tags[name]))
            at = max(o.customer_since, _known(o))
            book.tell(at, o.owner, Tagged(tag_id=tags[name], tag=name, party_id=pk, organisation_id=pk))
    insert_rows(PartyTag, ("party_id", "tag_id"), rows)
