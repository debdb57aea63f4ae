"""How fast leads come in from a file, beside the bare inserts of the very same rows.

    SIZE=100000 .venv/bin/python bench/imports.py

imports a generated file through the importer (validation, normalisation, duplicates, people, companies, touchpoints,
events, spans), while another process writes a little all the time. Then the rows that this made are put into an empty
database of the same schema and indexes with nothing but INSERT. Prints rows per lead, leads per second, the ratio of
the two times, the longest wait of the other writer, and the peak of memory. At last the import is undone beside the
same other writer. PROFILE=1 prints where the time goes.
"""

from __future__ import annotations

import contextlib
import cProfile
import csv
import multiprocessing
import os
import pstats
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")
SIZE = int(os.environ.get("SIZE", "100000"))
RATIO, LEADS_A_SECOND, LONGEST_WAIT, MEGABYTES = 2.5, 1_500, 1.0, 600
FIRST = ["Anna", "Bram", "Clara", "David", "Eva", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Koen", "Lotte", "Marie"]
LAST = ["Jansen", "Weber", "Novak", "Claes", "Rossi", "Moreau", "Holm", "Silva", "Graf", "Byrne", "Keller", "Maes"]
SOURCES = ["Website form", "Hannover fair", "LinkedIn lead ads", "Referral", "Bought list 2026", "Google ads", ""]
CAMPAIGNS = ["Spring", "Autumn", "Servers 2026", "Replacement", ""]
PRAGMAS = "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-32000;PRAGMA temp_store=MEMORY;"


def generate(path: Path, size: int) -> None:
    """A file as companies send them: most people new, some twice, two or three to a company."""
    draw = random.Random(20261122)
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream)
        out.writerow(["Lead ID", "First name", "Last name", "E-mail", "Phone", "Company", "City", "Country", "Source",
                      "Campaign", "Arrived", "Interest", "Visits"])  # fmt: skip
        for n in range(size):
            who = n if draw.random() > 0.05 else draw.randrange(n + 1)
            first, last = FIRST[who % len(FIRST)], f"{LAST[who % len(LAST)]}{who // 997}"
            company = f"{LAST[(who // 3) % len(LAST)]} {who // 3} GmbH" if who % 4 else ""
            moment = begin + timedelta(minutes=draw.randrange(1_400_000))
            out.writerow([
                f"L{n}", first, last, f"{first}.{last}.{who}@firm{who // 3}.example".lower(),
                f"+4930{10_000_000 + who}", company, "Berlin", "Germany", draw.choice(SOURCES), draw.choice(CAMPAIGNS),
                moment.strftime("%Y-%m-%d %H:%M"), "Enquiry" if n % 3 else "Quote request", draw.randrange(30),
            ])  # fmt: skip


def write_a_little(database: str, over: Event, waits: Any) -> None:
    """Another user at work: one small write after the other; the longest time one took."""
    own = sqlite3.connect(database, timeout=30, isolation_level=None)
    longest, count = 0.0, 0
    while not over.is_set():
        began = time.perf_counter()
        own.execute("BEGIN IMMEDIATE")
        own.execute("UPDATE team_company SET answer_minutes = answer_minutes WHERE id = 1")
        own.execute("COMMIT")
        longest, count = max(longest, time.perf_counter() - began), count + 1
        time.sleep(0.05)
    waits.put((longest, count))


@dataclass
class Run(Generic[T]):
    """What some work took while somebody else wrote, and what came of it."""

    result: T
    seconds: float
    worked: float
    longest_wait: float
    writes: int


def beside_a_writer(database: Path, work: Callable[[], T]) -> Run[T]:
    """Do the work while another process writes a little all the time."""
    # A process of its own from the start: one that is forked would share SQLite's idea of who holds which lock.
    fresh = multiprocessing.get_context("spawn")
    over, waits = fresh.Event(), fresh.Queue()
    other = fresh.Process(target=write_a_little, args=(str(database), over, waits))
    other.start()
    began, worked = time.perf_counter(), time.process_time()
    result = work()
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    over.set()
    longest, writes = waits.get()
    other.join()
    return Run(result, seconds, worked, longest, writes)


def show_progress(done: int) -> None:
    """The rows done so far, on a line that renews itself."""
    print(f"\r{done:>10,} rows", end="", file=sys.stderr, flush=True)


def tables(database: sqlite3.Connection) -> dict[str, int]:
    """Every table and its highest rowid. The search index is left out: the worker fills it after an import."""
    names = [row[0] for row in database.execute("SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT wr")]
    plain = [name for name in names if not name.startswith(("sqlite_", "platform_search"))]
    return {name: database.execute(f'SELECT coalesce(max(rowid), 0) FROM "{name}"').fetchone()[0] for name in plain}


def parts(cursor: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a query, many at a time."""
    while rows := cursor.fetchmany(20_000):
        yield rows


def bare_inserts(source: Path, target: Path, before: dict[str, int]) -> tuple[float, float, dict[str, int]]:
    """Seconds and processor time it takes to insert the rows that are new since ``before``; how many a table has."""
    old, new = sqlite3.connect(source), sqlite3.connect(target, isolation_level=None)
    new.executescript(PRAGMAS)
    for kind in ("table", "index", "trigger"):
        made = old.execute("SELECT tbl_name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL", [kind])
        for _, sql in [row for row in made if row[0] in before]:
            new.execute(sql)
    seconds, worked, counts = 0.0, 0.0, {}
    for name, top in before.items():
        if name.startswith(("intake_", "platform_job", "django_")):
            continue
        cursor = old.execute(f'SELECT * FROM "{name}" WHERE rowid > ? ORDER BY rowid', [top])
        marks = ",".join("?" * len(cursor.description))
        for rows in parts(cursor):
            began, before_work = time.perf_counter(), time.process_time()
            new.execute("BEGIN IMMEDIATE")
            new.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)
            new.execute("COMMIT")
            seconds, worked = seconds + time.perf_counter() - began, worked + time.process_time() - before_work
            counts[name] = counts.get(name, 0) + len(rows)
    return seconds, worked, counts


def main() -> int:
    """Import, insert, undo, compare."""
    with tempfile.TemporaryDirectory(prefix="headwater-bench-") as folder:
        os.environ["HEADWATER_HOME"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "headwater.config.settings")
        from headwater.config.home import Home

        Home(Path(folder)).create()
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        from headwater.intake.run import import_file
        from headwater.intake.undoing import undo_batch
        from headwater.platform.actor import job_actor
        from headwater.platform.clock import now
        from headwater.team.models import Company

        call_command("migrate", verbosity=0)
        Company.objects.update_or_create(
            pk=1, defaults={"name": "Bench", "time_zone": "Europe/Berlin", "currency": "EUR", "country": "DE"}
        )
        path, database, by = Path(folder) / "leads.csv", Home(Path(folder)).database, job_actor("bench")
        generate(path, SIZE)
        with contextlib.closing(sqlite3.connect(database)) as opened:
            before = tables(opened)
        connection.close()

        profile = cProfile.Profile() if os.environ.get("PROFILE") else contextlib.nullcontext()
        with profile:
            made = beside_a_writer(
                database,
                lambda: import_file(
                    path, kind="leads", by=by, at=now(), on_progress=lambda batch: show_progress(batch.rows_read)
                ),
            )
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        connection.close()
        assert (made.result.created, made.result.rejected) == (SIZE, 0), (made.result.created, made.result.rejected)
        bare, bare_work, counts = bare_inserts(database, Path(folder) / "bare.sqlite3", before)
        undone = beside_a_writer(
            database,
            lambda: undo_batch(
                batch_id=made.result.pk, by=by, at=now(), on_progress=lambda done, total: show_progress(done)
            ),
        )
        assert undone.result.undo_report["removed"] == SIZE, undone.result.undo_report
        connection.close()
        if isinstance(profile, cProfile.Profile):
            pstats.Stats(profile).sort_stats("tottime").print_stats(45)

    total = sum(counts.values())
    ratio, speed = made.seconds / bare, SIZE / made.seconds
    print(f"\r{SIZE:,} leads made {total:,} rows, {total / SIZE:.1f} per lead:")
    for name, count in sorted(counts.items(), key=lambda pair: -pair[1]):
        print(f"  {name:32} {count:>12,}")
    soon = f"under {LONGEST_WAIT:.0f} s"
    lines = [
        ("import", f"{made.seconds:.1f} s, {speed:,.0f} leads/s", f"at least {LEADS_A_SECOND:,}", speed >= LEADS_A_SECOND),
        ("bare inserts of the same rows", f"{bare:.1f} s, {total / bare:,.0f} rows/s", "", True),
        ("ratio", f"{ratio:.2f}", f"at most {RATIO}", ratio <= RATIO),
        (f"longest of {made.writes:,} other writes", f"{made.longest_wait:.2f} s", soon, made.longest_wait < LONGEST_WAIT),
        ("ratio of processor time", f"{made.worked / bare_work:.2f}", "", True),
        ("peak memory", f"{memory:.0f} MB", f"under {MEGABYTES} MB", memory < MEGABYTES),
        ("undo", f"{undone.seconds:.1f} s, {SIZE / undone.seconds:,.0f} leads/s", "", True),
        (f"longest of {undone.writes:,} other writes", f"{undone.longest_wait:.2f} s", soon, undone.longest_wait < LONGEST_WAIT),
    ]  # fmt: skip
    for what, found, limit, good in lines:
        print(f"{what:32} {found:>28}   {limit:18} {'' if good else 'MISSED'}")
    return 0 if all(good for *_, good in lines) else 1


if __name__ == "__main__":
    raise SystemExit(main())
