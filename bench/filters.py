"""How fast each filter is: every filterable column of the large nouns, compared in every way it can be.

    SIZE=1000000 .venv/bin/python bench/filters.py
    SIZE=1000000 .venv/bin/python scripts/with_postgres.py .venv/bin/python bench/filters.py

uses the company of bench/search.py. Each comparison is made with a value that many rows have, one that a single row has
and one that none has, in the default order and in one other that the noun declares. It measures the question which rows
come first (what is made of them, bench/lists.py measures), stops it after half a second, and prints what takes longer
than LIMIT milliseconds (25). ONLY is a word the lines must hold, ROLE one of head and rep, who sees a fiftieth.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("SIZE", "10000")

import search

NOUNS = ("leads", "people", "organisations", "touchpoints", "orders")
LIMIT = float(os.environ.get("LIMIT", "25"))
ONLY, ROLE = os.environ.get("ONLY", ""), os.environ.get("ROLE", "head")
LONGEST = 0.5
SAMPLE = 1_000
NOTHING_IS = {"TEXT": "qxzvjk", "NUMBER": "987654", "MONEY": "987654.32", "DATE": "1950-01-01", "DATETIME": "1950-01-01",
              "RELATION": "99999999"}  # fmt: skip


def main() -> int:
    """0 when every filter keeps the limit."""
    search.prepare()
    from headwater.platform.resource import by_slug
    from headwater.team.models import User
    from headwater.team.queries import actor_of

    actor = actor_of(User.objects.get(email=f"{ROLE}@bench.example"))
    asked = late = 0
    for slug in NOUNS:
        resource = by_slug(slug)
        assert resource is not None
        resource = resource.for_actor(actor)
        orders = [
            resource.default_order,
            *(key for key in resource.indexed_orders if key not in resource.default_order),
        ][:2]
        for key, value in every(resource, actor):
            for order in orders:
                what = f"{slug}: {key}={value} in the order {order}"
                if ONLY in what:
                    asked += 1
                    late += show(what, resource, actor, {key: value}, order)
    print(f"{asked} asked, {late} beyond {LIMIT:.0f} ms")
    return 1 if late else 0


def every(resource: Any, actor: Any) -> Iterator[tuple[str, str]]:
    """Each comparison of each column, with the values it is made with."""
    rows = list(resource.rows(actor).order_by("-pk")[:SAMPLE])
    for column in resource.columns:
        if not column.filterable:
            continue
        for value in ("true", "false"):
            yield f"{column.key}__empty", value
        for value in values_of(column, rows):
            for operator in ("", "__not", *more(column.kind)):
                yield f"{column.key}{operator}", value


def more(kind: str) -> tuple[str, ...]:
    """The comparisons beyond equality."""
    if kind == "TEXT":
        return ("__contains", "__lacks", "__starts")
    return ("__gte", "__lte") if kind in ("NUMBER", "MONEY", "DATE", "DATETIME") else ()


def values_of(column: Any, rows: list[Any]) -> list[str]:
    """A value that many rows have, one of a single row, and one of none."""
    if column.kind == "BOOL":
        return ["true", "false"]
    found = Counter(str(value) for row in rows if (value := at(row, column.orm_path)) not in (None, ""))
    ranked = [value.replace(" ", "T") if column.kind == "DATETIME" else value for value, _ in found.most_common()]
    seen = [ranked[0], ranked[-1]] if ranked else []
    choices = [] if callable(column.choices) else [str(code) for code, _label in column.choices]
    absent = (
        [code for code in choices if code and code not in found][:1] if choices else [NOTHING_IS.get(column.kind, "")]
    )
    return list(dict.fromkeys([*seen, *filter(None, absent)]))


def at(row: Any, path: str) -> Any:
    """What stands at a path of a row."""
    for part in path.split("__"):
        row = getattr(row, part, None)
    return row


def show(what: str, resource: Any, actor: Any, params: dict[str, str], order: str) -> int:
    """One line if it is late; 1 then."""
    from headwater.platform.errors import Invalid
    from headwater.platform.filter import tree_from_params
    from headwater.platform.paging import page_of
    from headwater.platform.resource import filtered

    def page() -> int:
        tree = tree_from_params(params, resource.by_key)
        return len(page_of(filtered(resource, actor, tree), resource, sort=order, size=50).rows)

    if os.environ.get("VERBOSE"):
        print(what, flush=True)
    best, out = float("inf"), 0
    for _ in range(2):
        started = search.CLOCK()
        try:
            with stopped():
                out = page()
        except Invalid as refused:
            print(f"{what}: {refused.fields}")
            return 0
        except Exception as error:  # noqa: BLE001  (the database names it in its own way)
            print(f"{what:90} over {LONGEST * 1000:.0f} ms  ({type(error).__name__})", flush=True)
            return 1
        best = min(best, (search.CLOCK() - started) * 1000)
        if best <= LIMIT:
            return 0
    print(f"{what:90} {best:8.1f} ms -> {out}", flush=True)
    return 1


@contextmanager
def stopped() -> Iterator[None]:
    """No question takes longer than half a second of the processor."""
    from django.db import connection, transaction

    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {int(LONGEST * 1000)}")
            yield
        return
    until = time.process_time() + LONGEST
    connection.ensure_connection()
    connection.connection.set_progress_handler(lambda: int(time.process_time() > until), 10_000)
    try:
        yield
    finally:
        connection.connection.set_progress_handler(None, 0)


if __name__ == "__main__":
    sys.exit(main())
