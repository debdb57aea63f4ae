"""How fast lists are: first page, a page deep down, every single filter, quick search, every order, totals and groups.

    SIZE=10000 .venv/bin/python bench/lists.py
    SIZE=1000000 .venv/bin/python scripts/with_postgres.py .venv/bin/python bench/lists.py

uses the company of bench/search.py (kept in bench/var; on PostgreSQL made anew) and prints the 95th percentile of each
address beside its limit, as served: with sign-in, template and JSON. Orders with an index have the limit of a page,
others are allowed 400 ms. REPEAT is how often each is asked for (20), ONLY a word the lines must hold.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("SIZE", "10000")
os.environ.setdefault("REPEAT", "20")

import search

NOUNS = ("leads", "people", "organisations", "touchpoints", "orders")
OTHER_ORDER = 400.0
DEEP = 25_000
ONLY = os.environ.get("ONLY", "")


def main() -> int:
    """0 when everything keeps its limit."""
    search.prepare()
    from django.db import connection
    from django.test import Client

    from headwater.platform.resource import by_slug
    from headwater.team.models import User

    limit = 100.0 if connection.vendor == "postgresql" else 80.0
    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(email="head@bench.example"))
    worst = 0
    for slug in NOUNS:
        resource = by_slug(slug)
        assert resource is not None
        for what, address, at_most in addresses(client, resource, limit):
            if ONLY in what:
                worst += search.show(what, asked(client, address), at_most, told)
    return 1 if worst else 0


def asked(client: Any, address: str) -> Callable[[], Any]:
    """Ask for a page as the reader's browser does when it changes a part of it."""
    return lambda: client.get(address, headers={} if address.startswith("/api/") else {"HX-Request": "true"})


def told(answer: Any) -> str:
    """What came back: the status and how long it is."""
    return f"{answer.status_code}, {len(answer.content) // 1000} kB"


def addresses(client: Any, resource: Any, limit: float) -> Iterator[tuple[str, str, float]]:
    """Every list that is measured of a noun, with its limit."""
    base = f"/{resource.slug}"
    yield f"{resource.slug}: first page", f"{base}?view=all", limit
    yield f"{resource.slug}: a cursor {DEEP:,} rows deep", deep(client, base), limit
    yield f"{resource.slug}: total", f"{base}/totals?view=all&shown=50", limit
    yield f"{resource.slug}: counts of the tabs", f"{base}/counts", OTHER_ORDER
    yield f"{resource.slug}: API, 100 rows", f"/api/v1{base}?limit=100", limit * 0.75
    for key, value in filters(resource):
        yield f"{resource.slug}: filter {key}={value}", f"{base}?view=all&{key}={value}", limit
    for words in ("plotter", "bel", "+3120000"):
        yield f"{resource.slug}: search {words}", f"{base}?view=all&q={words}", limit
    for column in resource.columns:
        if column.sortable:
            at_most = limit if is_indexed(resource, column) else OTHER_ORDER
            for sort in (column.key, f"-{column.key}"):
                yield f"{resource.slug}: sort {sort}", f"{base}?view=all&sort={sort}", at_most
    two = [column.key for column in resource.columns if column.sortable][:2]
    if len(two) == 2:
        yield f"{resource.slug}: sort by two", f"{base}?view=all&sort=-{','.join(two)}", OTHER_ORDER
    for column in resource.columns:
        if column.groupable:
            yield f"{resource.slug}: group {column.key}", f"{base}?view=all&group={column.key}", OTHER_ORDER


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


def is_indexed(resource: Any, column: Any) -> bool:
    """Whether an index stands in the order of this column."""
    for index in resource.searched.model._meta.indexes:
        names = [*index.fields, *(expression.name for expression in index.expressions)]
        if column.orm_path in names[:1] or (names[:1] == ["kind"] and column.orm_path in names[1:2]):
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
