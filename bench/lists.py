"""How fast lists, records, the palette and the API are, as served: with sign-in, template and JSON.

    SIZE=10000 .venv/bin/python bench/lists.py
    SIZE=1000000 .venv/bin/python bench/lists.py
    SIZE=1000000 .venv/bin/python scripts/with_postgres.py .venv/bin/python bench/lists.py

uses the company of bench/search.py (kept in bench/var; on PostgreSQL made anew). Of each address it prints the 95th
percentile in time and in processor time, its limit, the ratio, and how it compares with the same among 10,000 leads if
that was measured before: no slower than twice, or under 20 ms. Declared orders have the limit of a page, others and two
filters with them 400 ms. What follows a page (counts, totals) and groups have no limit of their own. REPEAT is how often
each is asked for (20), ONLY a word the lines must hold; CPU=1 judges by processor time, on a machine that others use:
there SQLite works inside this process, and PostgreSQL's part is read from /proc. ROLE=rep asks as somebody who sees
only their own rows and those of nobody, ROLE=mate also those of a team, ROLE=field of that team and the one above it.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

os.environ.setdefault("SIZE", "10000")
os.environ.setdefault("REPEAT", "20")

import search

NOUNS = ("leads", "people", "organisations", "touchpoints", "orders")
OTHER_ORDER = 400.0
DEEP = 25_000
ONLY = os.environ.get("ONLY", "")
ROLE = os.environ.get("ROLE", "head")


def main() -> int:
    """0 when everything keeps its limit."""
    search.prepare()
    from django.db import connection
    from django.test import Client

    from headwater.platform.resource import by_slug
    from headwater.team.models import User

    limit = 100.0 if connection.vendor == "postgresql" else 80.0
    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(email=f"{ROLE}@bench.example"))
    client.get("/leads")  # all that is imported by the first request
    gc.collect()
    gc.freeze()  # as a server does before it serves
    kept = search.HERE.parent / f"lists-{connection.vendor}-{ROLE}-10000.json"
    before = json.loads(kept.read_text()) if kept.exists() and search.SIZE != 10_000 else {}
    measured: dict[str, float] = {}
    missed = 0
    for what, work, at_most in every(client, limit, by_slug):
        if ONLY in what:
            wall, cpu, out = timed(work)
            took = cpu if os.environ.get("CPU") else wall
            measured[what] = took
            missed += int(out.status_code >= 400)  # what was refused is not quick
            missed += show(what, wall, cpu, took, at_most, before.get(what.split("=")[0]), told(out))
    if search.SIZE == 10_000 and not ONLY:
        kept.write_text(json.dumps({what.split("=")[0]: took for what, took in measured.items()}))
    print(f"{len(measured)} measured, {missed} beyond their limit")
    return 1 if missed else 0


def every(
    client: Any, limit: float, by_slug: Callable[[str], Any]
) -> Iterator[tuple[str, Callable[[], Any], float | None]]:
    """All that is measured, with its limit."""
    for slug in NOUNS:
        resource = by_slug(slug)
        for what, address, at_most in addresses(client, resource, limit):
            yield what, asked(client, address), at_most
        for newest in client.get(f"/api/v1/{slug}?limit=1").json()["items"]:  # none, where ROLE sees none
            yield f"{slug}: record", whole(client, f"/{slug}/{newest['id']}"), limit
    for words in ("plotter", "bel", "lose rehof"):
        yield f"palette: {words}", asked(client, f"/search?q={words}"), 100.0
    numbers = count(time.time_ns())

    def create() -> Any:
        body = {"name": f"Bench {next(numbers)}", "interest": "ENQUIRY"}
        return client.post("/api/v1/leads", body, content_type="application/json")

    yield "leads: API, create", create, 25.0


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """The 95th percentile of some runs in milliseconds, by the clock and by the processor, and what came out."""
    walls, cpus, out = [], [], work()
    for _ in range(search.REPEAT):
        wall, cpu = time.perf_counter(), search.processor()
        out = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(search.processor() - cpu)
    at = -1 if search.REPEAT < 20 else -search.REPEAT // 20 - 1
    return sorted(walls)[at] * 1000, sorted(cpus)[at] * 1000, out


def show(what: str, wall: float, cpu: float, took: float, limit: float | None, before: float | None, out: str) -> int:
    """One line; 1 when it is beyond its limit."""
    is_slower = limit is not None and before is not None and took > max(2 * before, 20.0)
    against = f"limit {limit:4.0f}  ratio {took / limit:5.2f}" if limit else " " * 23
    grown = f"  {took / before:4.1f} x 10,000" if before else ""
    is_late = limit is not None and took > limit
    print(f"{what:58} {wall:8.1f} ms  cpu {cpu:8.1f}  {against}{grown}{'  LATE' if is_late else '  GROWS' if is_slower else ''}"
          f"  -> {out}", flush=True)  # fmt: skip
    return int(is_late or is_slower)


def whole(client: Any, address: str) -> Callable[[], Any]:
    """Ask for a page as it is opened."""
    return lambda: client.get(address)


def asked(client: Any, address: str) -> Callable[[], Any]:
    """Ask for a page as the reader's browser does when it changes a part of it."""
    return lambda: client.get(address, headers={} if address.startswith("/api/") else {"HX-Request": "true"})


def told(answer: Any) -> str:
    """What came back: the status and how long it is."""
    return f"{answer.status_code}, {len(answer.content) // 1000} kB"


def addresses(client: Any, resource: Any, limit: float) -> Iterator[tuple[str, str, float | None]]:
    """Every list that is measured of a noun, with its limit."""
    base = f"/{resource.slug}"
    yield f"{resource.slug}: first page", f"{base}?view=all", limit
    yield f"{resource.slug}: a cursor {DEEP:,} rows deep", deep(client, base), limit
    yield f"{resource.slug}: total", f"{base}/totals?view=all&shown=50", None
    yield f"{resource.slug}: counts of the tabs", f"{base}/counts", None
    yield f"{resource.slug}: API, 100 rows", f"/api/v1{base}?limit=100", 60.0
    narrowed = list(filters(resource))
    for key, value in narrowed:
        yield f"{resource.slug}: filter {key}={value}", f"{base}?view=all&{key}={value}", limit
    for words in ("plotter", "bel", "+3120000"):
        yield f"{resource.slug}: search {words}", f"{base}?view=all&q={words}", limit
    for column in resource.columns:
        if column.sortable:
            at_most = limit if column.key in resource.indexed_orders else OTHER_ORDER
            for sort in (column.key, f"-{column.key}"):
                yield f"{resource.slug}: sort {sort}", f"{base}?view=all&sort={sort}", at_most
    other = [c.key for c in resource.columns if c.sortable and c.key not in resource.indexed_orders]
    if other:
        (one, value), (two, more) = narrowed[-1], narrowed[len(narrowed) // 2]
        filtered = f"{one}={value}&{two}={more}"
        yield (
            f"{resource.slug}: two filters, sort {other[0]}",
            f"{base}?view=all&{filtered}&sort={other[0]}",
            OTHER_ORDER,
        )
        yield f"{resource.slug}: sort by two", f"{base}?view=all&sort=-{other[-1]},{other[0]}", OTHER_ORDER
    for column in resource.columns:
        if column.groupable:
            yield f"{resource.slug}: group {column.key}", f"{base}?view=all&group={column.key}", None


def deep(client: Any, base: str) -> str:
    """The address of a page far down the list, found through the API in large steps."""
    cursor, left = "", DEEP
    while left > 0:
        following = client.get(f"/api/v1{base}?limit=500&cursor={cursor}").json()["next"]
        if following is None:
            break
        cursor, left = following, left - 500
    return f"{base}?view=all&cursor={cursor}" if cursor else base


def filters(resource: Any) -> Iterator[tuple[str, str]]:
    """One filter of each column: a value that its rows have, else that it is empty."""
    from headwater.platform.actor import job_actor

    row = resource.rows(job_actor("bench")).order_by("-pk").first()
    for column in resource.columns:
        if not column.filterable:
            continue
        at: Any = row
        for part in column.orm_path.split("__"):
            at = getattr(at, part, None)
        value = str(at).replace(" ", "+")[:10] if at is not None and re.match(r"^[\w @.:+-]+$", str(at)) else ""
        if not value:
            yield f"{column.key}__empty", "true"
        elif column.kind in ("DATE", "DATETIME", "NUMBER", "MONEY"):
            yield f"{column.key}__gte", value
        elif column.kind == "TEXT":
            yield f"{column.key}__contains", value
        else:
            yield column.key, "true" if value == "True" else "false" if value == "False" else value


if __name__ == "__main__":
    sys.exit(main())
