"""How fast the page "Where our sales come from" is, and how fast its mirror follows the log.

    SIZE=1000000 .venv/bin/python bench/sources.py

makes a company of that many leads once (kept in bench/var), and prints each time beside its limit, as a ratio: the
page's data for today and as of a past day, the rows behind a number, and a refresh after 10,000 changed rows.
Limits hold for a million leads.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

SIZE = int(os.environ.get("SIZE", "100000"))
CHANGED = min(10_000, SIZE // 10)
REPEAT = 5
HERE = Path(__file__).parent / "var" / f"sources-{SIZE}"
NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
PAST = date(2025, 11, 1)
SOURCES = 40
CAMPAIGNS = 60

# Every number below is drawn by a hash of the row's own number, so that the same SIZE is the same company everywhere.
_DRAW = "(((n * {a} + {b}) * 48271 % 2147483647) * 1.0 / 2147483647)"


def draw(a: int, b: int = 12345) -> str:
    """A number from 0 to 1 that looks like chance, as SQL over ``n``."""
    return _DRAW.format(a=a, b=b)


def build() -> None:
    """Write the company straight into its tables."""
    from django.db import connection

    from headwater.team.models import Company

    named = {"name": "Bench", "currency": "EUR", "time_zone": "Europe/Amsterdam", "country": "NL"}
    Company.objects.update_or_create(pk=1, defaults=named)
    moment = "strftime('%Y-%m-%d %H:%M:%S', '2023-11-01', '+' || CAST({days} * 1440 AS INTEGER) || ' minutes')"
    numbers = "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < {upto}) "
    age = f"({draw(7919)} * 1095)"
    arrived = moment.format(days=age)
    wins = f"({draw(104729, 7)} < 0.1)"
    sql = [
        numbers.format(upto=SOURCES) + "INSERT INTO acquire_source (id, name, name_key, channel, note, created_at,"
        " extra) SELECT n, 'Source ' || n, 'source ' || n, CASE n % 8 WHEN 0 THEN 'TRADE_SHOW' WHEN 1 THEN 'WEB_FORM' WHEN 2"
        " THEN 'ORGANIC_SEARCH' WHEN 3 THEN 'PAID_ADVERTISING' WHEN 4 THEN 'REFERRAL' WHEN 5 THEN 'PARTNER' WHEN 6"
        " THEN 'EMAIL' ELSE 'EXTERNAL_LIST' END, '', '2023-11-01', '{}' FROM x",
        numbers.format(upto=CAMPAIGNS) + "INSERT INTO acquire_campaign (id, name, name_key, segment, goal, currency,"
        " created_at, extra) SELECT n, 'Campaign ' || n, 'campaign ' || n, '', '', 'EUR', '2023-11-01', '{}' FROM x",
        numbers.format(upto=SOURCES * 36) + "INSERT INTO acquire_spendentry (source_id, spent_on, amount, currency,"
        " note, created_at, extra) SELECT n % 40 + 1, date('2023-11-01', '+' || (n / 40 * 30) || ' days'), 400 + n % 900,"
        " 'EUR', '', '2023-11-01', '{}' FROM x",
        numbers.format(upto=SIZE) + "INSERT INTO parties_party (id, " + ", ".join(_defaults("parties_party")) + ")"
        " SELECT n, " + ", ".join(_values("parties_party", {"kind": "'PERSON'", "name": "'Person ' || n",
        "name_key": "'person ' || n"})) + " FROM x",
        numbers.format(upto=SIZE) + f", y AS (SELECT n, {arrived} AS at, {draw(31)} AS way, {draw(65537, 3)} AS luck,"
        f" {wins} AS won FROM x) INSERT INTO qualify_lead (id, " + ", ".join(_defaults("qualify_lead")) + ") SELECT n, "
        + ", ".join(_values("qualify_lead", {"party_id": "n", "source_id": "CASE WHEN way < 0.02 THEN NULL ELSE"
        f" CAST(way * way * {SOURCES} AS INTEGER) + 1 END", "campaign_id": f"CASE WHEN luck < 0.3 THEN CAST(luck * 3 *"
        f" {CAMPAIGNS} AS INTEGER) + 1 END", "arrived_at": "at", "stage": "CASE WHEN won THEN 'SQL' WHEN luck < 0.5"
        " THEN 'WORKING' ELSE 'NEW' END", "exit": "CASE WHEN won THEN 'CONVERTED' WHEN luck > 0.6 THEN 'DISQUALIFIED'"
        " ELSE '' END", "exit_reason": "CASE WHEN NOT won AND luck > 0.6 THEN 'NO_NEED' ELSE '' END",
        "exited_at": "CASE WHEN won OR luck > 0.6 THEN datetime(at, '+10 days') END", "interest": "'ENQUIRY'",
        "amount": "CASE WHEN n % 3 = 0 THEN n % 20000 END"})) + " FROM y",
        numbers.format(upto=2) + "INSERT INTO platform_span (subject_type, subject_id, kind, value, from_at, until_at,"
        " recorded_at) SELECT 'qualify.lead', l.id, 'stage', CASE x.n WHEN 1 THEN 'NEW' ELSE l.stage END,"
        " datetime(l.arrived_at, '+' || ((x.n - 1) * 3) || ' days'), NULL, l.arrived_at"
        " FROM qualify_lead l, x WHERE x.n = 1 OR l.stage <> 'NEW'",
        numbers.format(upto=3) + "INSERT INTO acquire_touchpoint (" + ", ".join(_defaults("acquire_touchpoint")) + ")"
        " SELECT " + ", ".join(_values("acquire_touchpoint", {"party_id": "l.party_id", "source_id": "CASE x.n WHEN 1"
        f" THEN l.source_id ELSE l.id % {SOURCES} + 1 END", "campaign_id": "l.campaign_id", "kind": "'ENQUIRY'",
        "occurred_at": "datetime(l.arrived_at, '+' || ((x.n - 1) * 4) || ' days')"})) +
        " FROM qualify_lead l, x WHERE x.n = 1 OR l.id % 4 = x.n - 2",
        "INSERT INTO sell_order (" + ", ".join(_defaults("sell_order")) + ") SELECT "
        + ", ".join(_values("sell_order", {"party_id": "l.party_id", "lead_id": "l.id", "ordered_at":
        "datetime(l.arrived_at, '+' || (l.id % 180) || ' days')", "amount": "300 + l.id % 9000", "cost":
        "200 + l.id % 6000", "currency": "'EUR'"})) + " FROM qualify_lead l WHERE l.exit = 'CONVERTED'",
        "INSERT INTO platform_event (verb, subject_type, subject_id, party_id, actor, data, occurred_at, recorded_at,"
        " request_id) SELECT 'qualify.lead_captured', 'qualify.lead', id, party_id, 'job:bench', '{}', arrived_at,"
        " arrived_at, 'bench' FROM qualify_lead",
    ]  # fmt: skip
    with connection.cursor() as cursor:
        for statement in ("PRAGMA synchronous=OFF", "PRAGMA foreign_keys=OFF", *sql):
            started = time.perf_counter()
            cursor.execute(statement.replace("%", "%%") if connection.vendor != "sqlite" else statement)
            if statement[:6] != "PRAGMA":
                print(f"  {time.perf_counter() - started:6.1f} s  {cursor.rowcount:>9,} rows")
        cursor.execute("PRAGMA optimize")
        cursor.execute("ANALYZE")


def _fields(table: str) -> list[Any]:
    from django.apps import apps

    model = next(m for m in apps.get_models() if m._meta.db_table == table)
    return [f for f in model._meta.concrete_fields if not f.primary_key]


def _defaults(table: str) -> list[str]:
    return [f.column for f in _fields(table)]


def _values(table: str, given: dict[str, str]) -> list[str]:
    """A value for every column: the given one, the model's default, or nothing."""
    values = []
    for field in _fields(table):
        kind = field.get_internal_type()
        if field.column in given:
            values.append(given[field.column])
        elif field.null:
            values.append("NULL")
        elif kind == "DateTimeField":
            values.append("'2023-11-01'")
        elif kind == "BooleanField":
            values.append(str(int(field.get_default() or 0)))
        elif kind == "JSONField":
            values.append("'[]'" if field.default is list else "'{}'")
        elif kind in ("CharField", "TextField", "EmailField", "URLField"):
            values.append(f"'{field.get_default() or ''}'")
        else:
            values.append(str(field.get_default() or 0))
    return values


def timed(work: Callable[[], Any], repeat: int = REPEAT) -> float:
    """Median seconds of a few runs, or the best with ``BEST=1``: on a machine that does other work besides."""
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times) if os.environ.get("BEST") else median(times)


def show(what: str, seconds: float, limit: float | None = None) -> bool:
    """One line: the time, its limit and the ratio."""
    against = f"  limit {limit * 1000:6,.0f} ms  ratio {seconds / limit:5.2f}" if limit else ""
    print(f"{what:52} {seconds * 1000:9,.0f} ms{against}")
    return limit is None or seconds <= limit


def change_rows(turn: int) -> None:
    """Move leads on and take orders, as a busy week does, with their facts."""
    from django.db import connection

    with connection.cursor() as cursor:
        first = SIZE // 2 + turn * CHANGED
        half = CHANGED // 2
        chosen = f"l.id > {first} AND l.id <= {first + half}"
        cursor.execute(f"UPDATE qualify_lead AS l SET stage = 'SQL' WHERE {chosen}")
        cursor.execute(
            "INSERT INTO platform_span (subject_type, subject_id, kind, value, from_at, recorded_at) SELECT "
            f"'qualify.lead', l.id, 'stage', 'SQL', '2026-10-01', '2026-10-01' FROM qualify_lead l WHERE {chosen}"
        )
        columns = _values("sell_order", {"party_id": "l.party_id", "lead_id": "l.id", "ordered_at": "'2026-10-02'",
                                         "amount": "500", "cost": "300", "currency": "'EUR'"})  # fmt: skip
        cursor.execute(
            f"INSERT INTO sell_order ({', '.join(_defaults('sell_order'))}) SELECT {', '.join(columns)} "
            f"FROM qualify_lead l WHERE {chosen}"
        )
        for kind, table, where in (
            ("qualify.lead", "qualify_lead l", chosen),
            ("sell.order", "sell_order l", f"l.lead_id > {first} AND l.lead_id <= {first + half}"),
        ):
            cursor.execute(
                "INSERT INTO platform_event (verb, subject_type, subject_id, party_id, actor, data, occurred_at, "
                f"recorded_at, request_id) SELECT 'bench.changed', '{kind}', l.id, l.party_id, 'job:bench', '{{}}', "
                f"'2026-10-02', '2026-10-02', 'bench' FROM {table} WHERE {where}"
            )


def main() -> int:
    """Build what is missing, measure, print; 1 when a limit is broken at a million leads."""
    HERE.mkdir(parents=True, exist_ok=True)
    os.environ["HEADWATER_HOME"] = str(HERE)
    os.environ["DJANGO_SETTINGS_MODULE"] = "headwater.config.settings"
    from headwater.config.home import Home

    Home(HERE).create()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    if not (HERE / "built").exists():
        print(f"Making {SIZE:,} leads once …")
        for old in HERE.glob("headwater.db*"):
            old.unlink()
        build()
        (HERE / "built").touch()

    from headwater.measure import mirror, queries, recent
    from headwater.measure.picture import picture_of
    from headwater.measure.rules.periods import Basis, By, ReportRequest
    from headwater.measure.state import page_state
    from headwater.platform.actor import job_actor

    actor = job_actor("bench")
    turn = int((HERE / "turn").read_text()) if (HERE / "turn").exists() else 0
    if os.environ.get("FULL") or not list((HERE / "mirror").glob("mirror-*")):
        for old in (HERE / "mirror").glob("mirror-*"):
            old.unlink()
        show("whole mirror from the tables", timed(lambda: mirror.refresh(at=NOW), 1))
    else:
        mirror.refresh(at=NOW)
    size = max((HERE / "mirror").glob("mirror-*")).stat().st_size
    print(f"mirror file {size / 1e6:,.0f} MB")

    def page(**wanted: Any) -> Callable[[], Any]:
        request = ReportRequest(**wanted)
        return lambda: (recent.PAGES.clear(), queries.page_data(actor, request, at=NOW))

    good = True
    for what, wanted, limit in (
        ("page today, by source", {}, 0.4),
        ("page today, by channel", {"by": By.CHANNEL}, 0.4),
        ("page today, by campaign", {"by": By.CAMPAIGN}, 0.4),
        ("page today, by month", {"by": By.MONTH}, 0.4),
        ("page today, by quarter", {"by": By.QUARTER}, 0.4),
        ("page today, last touch, by closing day", {"model": "last", "basis": Basis.CLOSED}, 0.4),
        ("page today, one year", {"from_": date(2025, 11, 1), "to": date(2026, 10, 31)}, 0.4),
        ("page as of a past day, by source", {"as_of": PAST}, 1.0),
        ("page as of a past day, by campaign", {"as_of": PAST, "by": By.CAMPAIGN}, 1.0),
    ):
        good = show(what, timed(page(**wanted)), limit) and good
    show("  of it: table", timed(lambda: queries.sources_report(actor, ReportRequest(), at=NOW)))
    show("  of it: flow", timed(lambda: queries.flow_of(actor, ReportRequest(), at=NOW, with_value=False)))
    show("  flow with what it is worth", timed(lambda: queries.flow_of(actor, ReportRequest(), at=NOW)))
    flow = queries.flow_of(actor, ReportRequest(), at=NOW, with_value=False)
    state = page_state({}, today=NOW.date())
    show("  its picture", timed(lambda: picture_of(flow, state, currency="EUR")))
    show("  of it: funnel", timed(lambda: queries.funnel_report(actor, ReportRequest(), at=NOW)))

    change_rows(turn)
    (HERE / "turn").write_text(str((turn + 1) % (SIZE // 2 // CHANGED)))
    later = NOW + timedelta(minutes=1)
    good = show(f"refresh after {CHANGED:,} changed rows", timed(lambda: mirror.refresh(at=later), 1), 5.0) and good
    print(f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    return 0 if good or SIZE != 1_000_000 else 1


if __name__ == "__main__":
    sys.exit(main())
