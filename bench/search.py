"""How fast anything is found: quick search of lists, the palette, counts and typing mistakes, and making the index.

    SIZE=1000000 .venv/bin/python bench/search.py
    SIZE=100000 .venv/bin/python scripts/with_postgres.py .venv/bin/python bench/search.py

makes a company of that many leads with people, companies, touchpoints, notes and orders once (kept in bench/var; on
PostgreSQL anew), and prints the 95th percentile of each search beside its limit. Limits hold for a million leads.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SIZE = int(os.environ.get("SIZE", "100000"))
HERE = Path(os.environ.get("BENCH_HOME", Path(__file__).parent / "var")) / f"search-{SIZE}"
NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
CHUNK = 20_000


def processor() -> float:
    """Seconds of the processor so far, of this process and of the one that works for it on PostgreSQL."""
    from django.db import connection

    spent = time.process_time()
    if connection.vendor == "postgresql" and connection.connection is not None:
        of_server = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
        spent += int(of_server.read_text().split()[0]) / 1e9
    return spent


# On a machine that others use as well, CPU=1 counts the processor's time: SQLite works inside this process.
CLOCK = processor if os.environ.get("CPU") else time.perf_counter
REPEAT = int(os.environ.get("REPEAT", "5"))

_PARTS = [
    "ba",
    "be",
    "bo",
    "ka",
    "ke",
    "ko",
    "la",
    "le",
    "lo",
    "ma",
    "me",
    "mo",
    "na",
    "ne",
    "no",
    "ra",
    "re",
    "ro",
    "sa",
    "se",
    "so",
    "ta",
    "te",
    "to",
    "va",
    "ve",
    "vo",
    "der",
    "man",
    "son",
    "berg",
    "stein",
    "feld",
    "hof",
    "ard",
    "ing",
    "ell",
    "ott",
    "ris",
    "ian",
    "ula",
    "ika",
]
_TRADES = [
    "Logistics",
    "Systems",
    "Foods",
    "Partners",
    "Office",
    "Media",
    "Bau",
    "Holding",
    "Group",
    "Kliniek",
    "Notaries",
    "Insurance",
]
_TOPICS = (
    "A3 plotter lease", "Managed print", "Server refresh", "Laptops for the school", "Office chairs", "Network upgrade",
)  # fmt: skip
_HAN = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"


class Company:
    """Names and numbers drawn so that some are common, most are rare, and a few are not Latin."""

    def __init__(self) -> None:
        self.chance = random.Random(7)
        self.firsts = [self.word((2, 3)) for _ in range(1_500)]
        self.lasts = [self.word((2, 3, 3, 4)) for _ in range(60_000)]
        self.companies = [f"{self.word((3,))} {self.chance.choice(_TRADES)}" for _ in range(max(10, SIZE // 5))]

    def word(self, lengths: tuple[int, ...]) -> str:
        """A word of so many syllables."""
        return "".join(self.chance.choice(_PARTS) for _ in range(self.chance.choice(lengths))).capitalize()

    def person(self) -> str:
        """A person's name."""
        if self.chance.random() < 0.02:
            return "".join(self.chance.choice(_HAN) for _ in range(3))
        return f"{self.chance.choice(self.firsts)} {self.chance.choice(self.lasts)}"


def build() -> None:
    """Write the company straight into its tables."""
    from headwater.acquire.models import Source, Touchpoint
    from headwater.parties.models import Activity, ContactPoint, Party
    from headwater.parties.rules import company_key, name_key
    from headwater.platform.models import Event
    from headwater.qualify.models import Lead
    from headwater.sell.models import Order
    from headwater.team.models import Company as Own

    Own.objects.create(
        pk=1, name="Bench", currency="EUR", country="NL", time_zone="Europe/Amsterdam", setup_done_at=NOW
    )
    Source.objects.bulk_create(
        Source(name=f"Source {n}", name_key=f"source {n}", channel="WEB_FORM", created_at=NOW) for n in range(40)
    )
    from headwater.team.models import User

    rep = User.objects.create(email="rep@bench.example", name="Rep", role="INDEPENDENT_REP", created_at=NOW).pk
    head = User.objects.create(email="head@bench.example", name="Head", role="HEAD_OF_SALES", created_at=NOW).pk
    drawn = Company()
    first_person = len(drawn.companies) + 1
    base = {"created_at": NOW, "extra": {}, "is_employee": False, "is_influence": False}
    write(Party, ({**base, "id": n, "kind": "ORGANISATION", "name": name, "name_key": company_key(name)}
                  for n, name in enumerate(drawn.companies, 1)))  # fmt: skip

    def people() -> Iterator[dict[str, Any]]:
        for n in range(SIZE):
            name, employer = drawn.person(), n % len(drawn.companies)
            domain = drawn.companies[employer].lower().replace(" ", "")
            yield {**base, "id": first_person + n, "kind": "PERSON", "name": name, "name_key": name_key(name),
                   "employer_id": employer + 1, "email": f"{name_key(name).replace(' ', '.')}@{domain}.example",
                   "phone": f"+3120{n:07d}", "owner_id": rep if n % 50 == 0 else head}  # fmt: skip

    def moment(n: int) -> datetime:
        return NOW - timedelta(minutes=(n * 48271) % 1_576_800)

    write(Party, people())
    write(ContactPoint, ({"party_id": first_person + n, "kind": "PHONE", "value": f"+3120{n:07d}", "created_at": NOW,
                          "normalised": f"+3120{n:07d}", "is_primary": True, "is_verified": False, "is_bounced": False,
                          "do_not_contact": False} for n in range(SIZE)))  # fmt: skip
    write(Lead, ({"id": n + 1, "party_id": first_person + n, "organisation_id": n % len(drawn.companies) + 1,
                  "source_id": n % 40 + 1, "title": _TOPICS[n % 6], "interest": "ENQUIRY", "stage": "NEW",
                  "owner_id": rep if n % 50 == 0 else None if n % 10 == 1 else head,
                  "answer_due_at": moment(n) + timedelta(hours=2) if n % 5 == 4 else None,
                  "answered_at": moment(n) + timedelta(hours=1) if n % 5 == 4 and n % 100 != 99 else None,
                  "arrived_at": moment(n), "extra": {"ref": f"web-{n:07d}"}, "created_at": NOW} for n in range(SIZE)))  # fmt: skip
    write(Touchpoint, ({"party_id": first_person + n % SIZE, "source_id": n % 40 + 1, "kind": "ENQUIRY",
                        "is_outbound": False, "occurred_at": moment(n), "created_at": NOW,
                        "extra": {}} for n in range(SIZE + SIZE // 4)))  # fmt: skip
    write(Activity, ({"party_id": first_person + n * 10, "kind": "NOTE", "subject": f"Talked about {_TOPICS[n % 6]}",
                      "body": f"Wants {drawn.word((3,))} by spring", "is_outbound": True, "created_at": NOW,
                      "extra": {}} for n in range(SIZE // 10)))  # fmt: skip
    write(Order, ({"number": f"R-{n:06d}", "party_id": first_person + n * 10, "lead_id": n * 10 + 1, "currency": "EUR",
                   "ordered_at": moment(n), "amount": 100 + n % 900, "extra": {}, "created_at": NOW}
                  for n in range(SIZE // 10)))  # fmt: skip
    write(Event, ({"verb": "qualify.lead_captured", "subject_type": "qualify.lead", "subject_id": n + 1,
                   "party_id": first_person + n, "actor": "job:bench", "data": {}, "occurred_at": NOW,
                   "recorded_at": NOW, "request_id": "bench"} for n in range(SIZE)))  # fmt: skip


def teams() -> None:
    """Two teams, one below the other, with a twentieth and a tenth of the leads and people, and who sees them: a mate
    their team's, a field rep those of the team below as well. A company that was kept gets them, too."""
    from django.db.models import F

    from headwater.parties.models import Party
    from headwater.platform.statistics import look_over_tables
    from headwater.qualify.models import Lead
    from headwater.team.models import CompanyRole, Team, User

    if Team.objects.exists():
        return
    region = Team.objects.create(name="Region")
    north = Team.objects.create(name="North", parent=region)
    CompanyRole.objects.create(key="MATE", base="FIELD_REP", name="Mate", visibility="TEAM")
    User.objects.create(email="mate@bench.example", name="Mate", role="MATE", team=north, created_at=NOW)
    User.objects.create(email="field@bench.example", name="Field", role="FIELD_REP", team=region, created_at=NOW)
    for model in (Lead, Party):
        # Seven rows at a time: what else rows have goes in turn by their ids.
        numbered = model._base_manager.exclude(owner=None).annotate(turn=F("pk") / 7 % 20)
        numbered.filter(turn=4).update(team=north)
        numbered.filter(turn__in=(8, 14)).update(team=region)
    look_over_tables()


def write(model: Any, rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows in large portions; columns not given are blank."""
    from headwater.platform.action import action
    from headwater.platform.bulk import insert_rows, reserve_ids

    fields = model._meta.concrete_fields
    blank = {f.attname: "" if f.get_internal_type() in ("CharField", "TextField") else None for f in fields}
    started, count = time.perf_counter(), 0

    @action
    def portion(chunk: list[dict[str, Any]]) -> None:
        ids = reserve_ids(model, len(chunk))
        prepared = []
        for pk, row in zip(ids, chunk, strict=True):
            prepared.append(tuple({**blank, "id": pk, **row}.values()))
        insert_rows(model, list(blank), prepared)

    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            portion(chunk)
            count, chunk = count + len(chunk), []
    if chunk:
        portion(chunk)
        count += len(chunk)
    print(f"  {time.perf_counter() - started:6.1f} s  {count:>9,} {model._meta.verbose_name_plural}", flush=True)


def percentile(work: Callable[[], Any], repeat: int = REPEAT) -> tuple[float, Any]:
    """The slowest of a few runs (of many: all but one in twenty are faster), in milliseconds, and what came out."""
    times, out = [], work()
    for _ in range(repeat):
        started = CLOCK()
        out = work()
        times.append(CLOCK() - started)
    return sorted(times)[-1 if repeat < 20 else -repeat // 20] * 1000, out


def prepare() -> None:
    """Begin Headwater over the company of this size, made and indexed once."""
    if not os.environ.get("HEADWATER_TEST_DATABASE_URL"):
        HERE.mkdir(parents=True, exist_ok=True)
        os.environ["HEADWATER_HOME"] = str(HERE)
        from headwater.config.home import Home

        Home(HERE).create()
        os.environ["DJANGO_SETTINGS_MODULE"] = "headwater.config.settings"
    else:
        os.environ["HEADWATER_DATABASE_URL"] = os.environ["HEADWATER_TEST_DATABASE_URL"]
        os.environ["DJANGO_SETTINGS_MODULE"] = "headwater.config.settings_test"
    import django

    django.setup()
    from django.core.management import call_command

    from headwater.platform.models import SearchProgress
    from headwater.platform.search import keeping
    from headwater.platform.statistics import look_over_tables
    from headwater.qualify.models import Lead

    call_command("migrate", verbosity=0)
    if not Lead.objects.exists():
        build()
    teams()
    locks: list[float] = []
    portion = keeping._Turn._write

    def timed(self: Any, *args: Any) -> None:
        started = time.perf_counter()
        portion(self, *args)
        locks.append(time.perf_counter() - started)

    if SearchProgress.objects.exists() and not os.environ.get("REBUILD"):
        while keeping.catch_up():  # what another benchmark has added since, or could not finish
            pass
    else:
        keeping._Turn._write = timed  # type: ignore[method-assign]
        started = time.perf_counter()
        entries = keeping.rebuild()
        took = time.perf_counter() - started
        print(f"indexed {entries:,} rows in {took:,.0f} s ({entries / took:,.0f} a second), longest portion"
              f" {max(locks):.2f} s with its pause")  # fmt: skip
        look_over_tables()  # as Headwater does: what a database knows of its tables decides how fast it is


def main() -> int:
    """0 when everything keeps its limit."""
    prepare()
    from django.db import connection

    from headwater.platform.models import SearchEntry

    _sizes()
    print(f"{SearchEntry.objects.count():,} entries on {connection.vendor}")
    return _measure(100 if connection.vendor == "postgresql" else 80)


def _sizes() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_table_size('platform_searchentry'), pg_indexes_size('platform_searchentry')")
            table, index = cursor.fetchone()
            print(f"entries {table / 1e6:,.0f} MB, indexes {index / 1e6:,.0f} MB")
        else:
            cursor.execute("SELECT sum(length(block)) FROM platform_search_data")
            print(f"index {cursor.fetchone()[0] / 1e6:,.0f} MB")


def _measure(limit: float) -> int:
    from django.test import Client

    from headwater.parties.models import Party
    from headwater.platform.actor import job_actor
    from headwater.platform.filter import EVERYTHING
    from headwater.platform.paging import COUNT_LIMIT, page_of
    from headwater.platform.resource import REGISTRY, filtered
    from headwater.platform.search.everywhere import find_anything
    from headwater.platform.search.finding import find, similar
    from headwater.team.models import User
    from headwater.team.queries import actor_of

    everybody = job_actor("bench")
    rep = actor_of(User.objects.get(email="rep@bench.example"))
    person = Party.objects.filter(kind="PERSON", name__regex="^[A-Z]").order_by("pk")[SIZE // 2]
    first, last = person.name.split()
    last_three = last[1:4].lower()
    texts = {
        "rare name": person.name, "last name": last, "first name (common)": first, "three letters": last_three,
        "two letters": last[:2], "very common word": "plotter", "common and rare": f"plotter {last}",
        "e-mail domain, middle": person.email.split("@")[1][2:9], "number, five notations": f"020-{person.phone[5:]}",
        "part of a number": person.phone[5:], "Chinese, two characters": "王小", "Chinese, one character": "王",
        "column of the file": f"web-{SIZE // 3:07d}", "nothing": "xqzvk", "common pieces, no hit": "bergfeldhofman",
    }  # fmt: skip
    worst = 0
    for who, actor in (("everybody", everybody), ("a rep", rep)):
        for key in ("qualify.lead", "parties.person", "acquire.touchpoint"):
            resource = REGISTRY[key]
            if not actor.may(resource.verb("see")):
                continue
            for what, text in texts.items():

                def page(resource: Any = resource, text: str = text, actor: Any = actor) -> Any:
                    return page_of(filtered(resource, actor, EVERYTHING, search=text), resource).rows

                def count(resource: Any = resource, text: str = text, actor: Any = actor) -> int:
                    return find(resource, text).count_among(resource.rows(actor), COUNT_LIMIT)

                worst += show(f"{resource.slug}: {what} ({who})", page, limit if len(text) > 2 else None, len)
                if key == "qualify.lead":
                    show("   its count", count, None, lambda n: n)
        for what, text in texts.items():
            worst += show(f"palette: {what} ({who})", lambda text=text, actor=actor: find_anything(actor, text),  # type: ignore[misc]
                          100, lambda hits: len(hits.records))  # fmt: skip
    wrong = last[:2] + last[3:] if len(last) > 5 else last + "x"
    for key in ("parties.person", "qualify.lead"):
        resource = REGISTRY[key]
        show(f"a mistake in the name: {resource.slug}", lambda key=key: similar(  # type: ignore[misc]
            {key: REGISTRY[key]}, {key: REGISTRY[key].rows(everybody)}, find(REGISTRY[key], wrong).words, 5), 300, len)  # fmt: skip
    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(email="head@bench.example"))
    for text in (person.name, first, last_three):
        worst += show(f"GET /leads?q={text}", lambda text=text: client.get(f"/leads?q={text}", headers={"HX-Request": "true"}),  # type: ignore[misc]
                      limit, lambda r: r.status_code)  # fmt: skip
        worst += show(f"GET /search?q={text}", lambda text=text: client.get(f"/search?q={text}", headers={"HX-Request": "true"}),  # type: ignore[misc]
                      100, lambda r: r.status_code)  # fmt: skip
    return 1 if worst else 0


def show(what: str, work: Callable[[], Any], limit: float | None, told: Callable[[Any], Any]) -> int:
    """One line: the time, its limit and what was found; 1 when it took longer."""
    took, out = percentile(work)
    against = f"  limit {limit:4.0f}  ratio {took / limit:5.2f}" if limit else " " * 24
    print(f"{what:58} {took:8.1f} ms{against}  -> {told(out)}", flush=True)
    return int(limit is not None and took > limit)


if __name__ == "__main__":
    sys.exit(main())
