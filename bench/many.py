"""How fast many rows are taken out and changed: exports of 100,000 leads, a bulk step for 10,000 and its undo.

    SIZE=1000000 .venv/bin/python bench/many.py
    SIZE=1000000 .venv/bin/python scripts/with_postgres.py .venv/bin/python bench/many.py

uses the company of bench/search.py (kept in bench/var; on PostgreSQL made anew). Prints the time by the clock and by the
processor, the limit, and how far the memory of the process grew; of that only what is its own counts, not SQLite's
file, of which up to 2 GB are shown to it and taken away again as the system likes. Nine times as many rows must not
take more. The steps are taken back, so the company stays as it is. CPU=1 judges by processor time, on a machine that
others use: SQLite works inside this process, and PostgreSQL's part is read from /proc.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("SIZE", "100000")

import search

EXPORTED = 100_000
CHANGED = 10_000
MOST_MB = 80  # an export may take besides the process itself


def main() -> int:
    """0 when everything keeps its limit."""
    search.prepare()
    from django.test import Client

    from headwater.team.models import User

    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(email="head@bench.example"))
    # A tenth of the leads belongs to nobody; all of them where there are no more than are exported.
    leads = "owner__empty=true" if search.SIZE > EXPORTED else ""
    late = 0
    for kind, limit in (("csv", 8.0), ("xlsx", 40.0)):
        late += show(f"export as {kind}", lambda kind=kind: taken_out(client, kind, leads), limit, MOST_MB)  # type: ignore[misc]
    if search.SIZE > EXPORTED:
        for order in ("", "&sort=company"):  # along an index, and put in order for it
            others = f"owner__empty=false{order}"
            late += show(
                f"export of others{order}", lambda others=others: taken_out(client, "csv", others), None, MOST_MB
            )  # type: ignore[misc]
    late += show(f"assign {CHANGED:,} leads", assign, 10.0)
    late += show("take that back", take_back, None)
    return 1 if late else 0


def show(what: str, work: Callable[[], str], limit: float | None, most: int | None = None) -> int:
    """One line; 1 when it took longer, or more memory, than it may."""
    memory = Memory()
    wall, cpu = time.perf_counter(), search.processor()
    told = work()
    wall, cpu = time.perf_counter() - wall, search.processor() - cpu
    grown = memory.grown()
    against = f"limit {limit:4.0f} s" if limit else " " * 12
    is_late = limit is not None and (cpu if os.environ.get("CPU") else wall) > limit
    is_late = is_late or (most is not None and grown > most)
    print(f"{what:30} {wall:6.1f} s  cpu {cpu:6.1f} s  {against}  {grown:+4.0f} MB{'  LATE' if is_late else ''}  -> {told}",
          flush=True)  # fmt: skip
    return int(is_late)


class Memory:
    """Looks every few milliseconds how much memory of its own the process has, from here on."""

    def __init__(self) -> None:
        self._before = self._most = self._own()
        self._is_over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def grown(self) -> float:
        """The most it had beyond what it began with, in MB."""
        self._is_over.set()
        self._watch.join()
        return self._most - self._before

    def _look(self) -> None:
        while not self._is_over.wait(0.02):
            self._most = max(self._most, self._own())

    @staticmethod
    def _own() -> float:
        told = Path("/proc/self/status").read_text(encoding="ascii")
        return int(told.split("RssAnon:")[1].split()[0]) / 1000


def taken_out(client: Any, kind: str, leads: str) -> str:
    """Read an export to its end, as a browser does."""
    answer = client.get(f"/leads/export.{kind}?view=all&{leads}")
    size = sum(len(part) for part in answer.streaming_content)
    return f"{answer.status_code}, {size / 1e6:,.1f} MB"


def assign() -> str:
    """Give leads to one owner, as the step for a whole list does."""
    from headwater.platform import many
    from headwater.platform.clock import now
    from headwater.platform.resource import REGISTRY
    from headwater.qualify.models import Lead
    from headwater.team.models import User
    from headwater.team.queries import actor_of

    noun, by = REGISTRY["qualify.lead"], actor_of(User.objects.get(email="head@bench.example"))
    command = noun.command("assign")
    assert command is not None
    ids = list(Lead.objects.filter(owner=None, deleted_at=None).order_by("pk").values_list("pk", flat=True)[:CHANGED])
    owner = User.objects.get(email="rep@bench.example")
    return carried_out(
        many.start(resource=noun, command=command, ids=ids, form=f"owner_id={owner.pk}", by=by, at=now())
    )


def take_back() -> str:
    """Take the last step back."""
    from headwater.platform import many
    from headwater.platform.clock import now
    from headwater.platform.models import Job
    from headwater.team.models import User
    from headwater.team.queries import actor_of

    first = many.told_of(Job.objects.filter(kind=many.STEP_JOB).latest("pk")).first
    queued = many.undo_all(event_id=first, by=actor_of(User.objects.get(email="head@bench.example")), at=now())
    return carried_out(queued) if isinstance(queued, Job) else f"{queued} taken back"


def carried_out(queued: Any) -> str:
    """Do the queued work as the worker does."""
    from headwater.platform.clock import now
    from headwater.platform.job import run_next

    while queued.state in ("QUEUED", "RUNNING"):
        run_next(at=now())
        queued.refresh_from_db()
    return f"{queued.state}, {queued.result}"


if __name__ == "__main__":
    sys.exit(main())
