"""The people in the play: thousands of invented companies and who works there, the named ones of the tour first."""

from __future__ import annotations

import re
import string
import unicodedata
from random import Random
from typing import Any

from headwater.demo import company
from headwater.demo.records import History, Organisation, Person
from headwater.demo.words import words

ROLES = ("DECISION_MAKER", "CO_DECISION_MAKER", "INFLUENCER", "USER", "GATEKEEPER")
_PERSONAL_ROLE = {
    "Owner": "DECISION_MAKER", "Managing director": "DECISION_MAKER", "Finance director": "CO_DECISION_MAKER",
}  # fmt: skip
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "ı": "i", "ł": "l"})


def slug(text: str) -> str:
    """A name as part of an address: "Müller & Söhne" is "mullersohne"."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return re.sub(r"[^a-z0-9]", "", plain)


class Casting:
    """Makes organisations and people that do not repeat."""

    def __init__(self, history: History, rng: Random) -> None:
        self._history, self._rng = history, rng
        self._domains: set[str] = set()
        self._phones: set[str] = set()
        self._countries: dict[str, dict[str, Any]] = words("countries")
        self._sectors: list[dict[str, Any]] = words("sectors")["sector"]
        self._jobs: list[str] = words("sectors")["titles"]["buyers"]

    def fill(self) -> None:
        """All organisations, then all people, in the row of numbers they share."""
        rng, history = self._rng, self._history
        self._add(company.NAME, company.COUNTRY, company.CITY, "Office IT", len(company.STAFF), (), company.DOMAIN)
        named = words("scene")["organisations"]
        by_name = {sector["name"]: sector for sector in self._sectors}
        for entry in named:
            needs = tuple(by_name[entry["sector"]]["needs"])
            self._add(entry["name"], entry["country"], entry["city"], entry["sector"], entry["employees"], needs)
        codes = list(self._countries)
        shares = [self._countries[code]["share"] for code in codes]
        sector_shares = [sector["share"] for sector in self._sectors]
        while len(history.organisations) < company.ORGANISATIONS:
            code = rng.choices(codes, shares)[0]
            self._invent(code, rng.choices(self._sectors, sector_shares)[0])
        self._staff()
        for entry, organisation in zip(named, history.organisations[1:], strict=False):
            for person in entry["people"]:
                name, _, job = person.partition(", ")
                first, _, last = name.partition(" ")
                self._person(organisation, first, last, job or "Office manager")
        for organisation, count in self._head_counts():
            for _ in range(count):
                country = self._countries[organisation.country]
                first = rng.choice(country["women" if rng.random() < 0.48 else "men"])
                self._person(organisation, first, rng.choice(country["last"]), self._job(organisation))

    def _invent(self, code: str, sector: dict[str, Any]) -> None:
        rng, country = self._rng, self._countries[code]
        trade = rng.choice(sector.get(code) or sector["any"])
        place = rng.choice(country["cities"]).partition("|")[0]
        for _ in range(40):
            kind = rng.random()
            if kind < 0.5:
                stem, end = rng.choice(country["stems"]), rng.choice(country["ends"])
                name = f"{stem}{end if end != stem.lower() else 'veld'} {trade}"
            elif kind < 0.78:
                name = f"{_capital(rng.choice(country['last']))} {trade}"
            elif kind < 0.88:
                first, second = rng.sample(country["last"], 2)
                name = f"{_capital(first)} & {_capital(second)} {trade}"
            else:
                name = f"{trade} {place}"
            if slug(name) not in self._domains:
                break
        else:
            return
        low, high = sector["size"]
        size = round(low * (high / low) ** (rng.random() ** 1.7))
        self._add(name + rng.choice(country["legal"]), code, place, sector["name"], size, tuple(sector["needs"]),
                  f"{slug(name)}.example")  # fmt: skip

    def _add(
        self, name: str, code: str, city: str, sector: str, employees: int, needs: tuple[str, ...], domain: str = ""
    ) -> None:
        rng, country = self._rng, self._countries[code]
        known = [entry.split("|") for entry in country["cities"] if entry.startswith(f"{city}|")]
        _, area, postcode = rng.choice(known or [entry.split("|") for entry in country["cities"]])
        domain = domain or f"{slug(name)}.example"
        self._domains.add(domain.removesuffix(".example"))
        self._history.organisations.append(
            Organisation(
                number=len(self._history.organisations) + 1, name=name, country=code, city=city,
                street=f"{rng.choice(country['streets'])} {rng.randint(1, 190)}", postcode=self._marks(postcode),
                phone=self._phone(country["phone"].replace("{area}", area)), domain=domain, sector=sector,
                employees=employees, needs=needs,
            )
        )  # fmt: skip

    def _staff(self) -> None:
        kestrel = self._history.organisations[0]
        for colleague in company.STAFF:
            number = self._person(kestrel, colleague.first, colleague.last, colleague.job)
            person = self._history.person(number)
            person.is_employee, person.email = True, colleague.email

    def _head_counts(self) -> list[tuple[Organisation, int]]:
        """How many people of each organisation we may come to know; together they are as many as planned."""
        rng, found = self._rng, []
        left = company.PEOPLE - len(self._history.people)
        wanting = [o for o in self._history.organisations[1:] if not o.people]
        extra = left - len(wanting)
        more = dict.fromkeys((o.number for o in wanting), 1)
        sizes = [min(o.employees, 160) ** 0.5 for o in wanting]
        for organisation in rng.choices(wanting, sizes, k=extra):
            more[organisation.number] += 1
        for organisation in wanting:
            found.append((organisation, more[organisation.number]))
        return found

    def _person(self, organisation: Organisation, first: str, last: str, job: str) -> int:
        rng, history = self._rng, self._history
        number = len(history.organisations) + len(history.people) + 1
        family = slug(last)
        style = (organisation.number * 7) % 3  # a company writes all its addresses in one way
        local = slug(first) if style == 0 else f"{slug(first)}.{family}" if style == 1 else f"{slug(first)[0]}.{family}"
        taken = {history.person(other).email for other in organisation.people}
        if f"{local}@{organisation.domain}" in taken:
            local = f"{slug(first)}.{family}"
        while f"{local}@{organisation.domain}" in taken:
            local += "2"
        country = self._countries[organisation.country]
        area = next(
            (e.split("|")[1] for e in country["cities"] if e.startswith(f"{organisation.city}|")),
            country["cities"][0].split("|")[1],
        )
        phone = self._phone(country["phone"].replace("{area}", area)) if rng.random() < 0.74 else ""
        role = _PERSONAL_ROLE.get(job) or (rng.choice(ROLES) if rng.random() < 0.45 else "")
        if role == "DECISION_MAKER" and any(history.person(p).buying_role == role for p in organisation.people):
            role = "CO_DECISION_MAKER"
        history.people.append(
            Person(number, first, last, job, organisation.number, f"{local}@{organisation.domain}", phone, role)
        )
        organisation.people.append(number)
        return number

    def _job(self, organisation: Organisation) -> str:
        if organisation.employees < 12 and self._rng.random() < 0.5:
            return "Owner"
        return self._rng.choice(self._jobs)

    def _phone(self, pattern: str) -> str:
        for _ in range(60):
            phone = self._marks(pattern).replace(" ", "")
            if phone not in self._phones:
                break
        self._phones.add(phone)
        return phone

    def _marks(self, pattern: str) -> str:
        rng = self._rng
        digits = "".join(rng.choice(string.digits) if c == "#" else c for c in pattern)
        return "".join(rng.choice("ABCDEGHJKLNPRSTVWXZ") if c == "@" else c for c in digits)


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]
