"""The columnar mirror: a copy of what reports need, refreshed from the log, renamed into place, always rebuildable."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
from django.conf import settings

from headwater.measure.extract import TABLES, Mirrored, changed_keys, rows_of
from headwater.platform.errors import Conflict
from headwater.platform.horizon import log_horizon
from headwater.team import queries as team_queries

Connection = duckdb.DuckDBPyConnection

VERSION = "3"
MEMORY = "256MB"

# What reports ask most, worked out once per refresh: local days, first reach of a stage, the lead's first order,
# and who gets the credit for a sale. `zone` is the company's; moments are stored in UTC without zone.
_DERIVE = """
CREATE OR REPLACE TABLE sale_day AS
    SELECT s.*, CAST(timezone($zone, timezone('UTC', s.ordered_at)) AS DATE) AS ordered_on,
        coalesce(s.organisation_id, s.party_id) AS buyer_id
    FROM sale s;
CREATE OR REPLACE TABLE first_sale AS
    SELECT lead_id, min(ordered_at) AS ordered_at, min(ordered_on) AS ordered_on, bool_or(ordered_at IS NULL) AS undated
    FROM sale_day WHERE lead_id IS NOT NULL GROUP BY lead_id;
CREATE OR REPLACE TABLE reached AS
    SELECT lead_id,
        min(coalesce(from_at, TIMESTAMP '0001-01-01')) FILTER (stage <> 'NEW') AS working_at,
        min(coalesce(from_at, TIMESTAMP '0001-01-01')) FILTER (stage IN ('MQL', 'SAL', 'SQL')) AS mql_at,
        min(coalesce(from_at, TIMESTAMP '0001-01-01')) FILTER (stage IN ('SAL', 'SQL')) AS sal_at,
        min(coalesce(from_at, TIMESTAMP '0001-01-01')) FILTER (stage = 'SQL') AS sql_at
    FROM stage_span GROUP BY lead_id;
CREATE OR REPLACE TABLE lead_fact AS
    WITH known AS (
        SELECT l.*, CAST(timezone($zone, timezone('UTC', l.arrived_at)) AS DATE) AS arrived_on, x.channel,
            r.working_at, r.mql_at, r.sal_at, r.sql_at,
            f.lead_id IS NOT NULL AS is_won,
            CASE WHEN f.undated THEN TIMESTAMP '0001-01-01' ELSE f.ordered_at END AS won_at,
            CASE WHEN f.undated THEN NULL ELSE f.ordered_on END AS won_on,
            f.lead_id IS NOT NULL OR l.id IN (SELECT lead_id FROM opportunity) AS has_deal
        FROM lead l LEFT JOIN reached r ON r.lead_id = l.id LEFT JOIN first_sale f ON f.lead_id = l.id
            LEFT JOIN source x ON x.id = l.source_id
    ), filled AS (
        -- whoever got further was here before, and a sale implies that the lead was qualified, recorded or not
        SELECT * REPLACE (
            least(working_at, mql_at, sal_at, sql_at, won_at) AS working_at,
            least(mql_at, sal_at, sql_at, won_at) AS mql_at,
            least(sal_at, sql_at, won_at) AS sal_at, least(sql_at, won_at) AS sql_at
        ) FROM known
    )
    SELECT id, source_id, campaign_id, channel, owner_id, team_id, arrived_at, arrived_on,
        working_at, mql_at, sal_at, sql_at, is_won, won_at, won_on, has_deal,
        coalesce(organisation_id, party_id) AS buyer_id,
        CASE WHEN exit <> '' THEN coalesce(exited_at, TIMESTAMP '0001-01-01') END AS left_at,
        CASE WHEN exit IN ('DISQUALIFIED', 'RECYCLED') THEN coalesce(exited_at, TIMESTAMP '0001-01-01') END AS gone_at,
        CASE WHEN currency IN ('', $currency) THEN amount END AS asked,
        STEP_DAYS
    FROM filled ORDER BY source_id, arrived_at;
CREATE OR REPLACE TABLE credit AS
    WITH candidate AS (
        SELECT s.id AS sale_id, t.id AS touch_id, t.source_id, t.campaign_id, t.occurred_at
        FROM sale_day s JOIN touch t
            ON coalesce(t.organisation_id, t.party_id) = s.buyer_id
        WHERE s.ordered_at IS NULL OR t.occurred_at IS NULL
            OR (t.occurred_at <= s.ordered_at AND t.occurred_at >= s.ordered_at - INTERVAL 365 DAY)
        UNION
        SELECT s.id, t.id, t.source_id, t.campaign_id, t.occurred_at
        FROM sale_day s JOIN touch t ON t.party_id = s.party_id
        WHERE s.ordered_at IS NULL OR t.occurred_at IS NULL
            OR (t.occurred_at <= s.ordered_at AND t.occurred_at >= s.ordered_at - INTERVAL 365 DAY)
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY sale_id ORDER BY occurred_at NULLS FIRST, touch_id) AS first_rank,
            row_number() OVER (PARTITION BY sale_id ORDER BY occurred_at DESC NULLS LAST, touch_id DESC) AS last_rank
        FROM candidate
    )
    SELECT m.model, r.sale_id, r.touch_id, r.source_id, r.campaign_id, x.channel
    FROM ranked r JOIN (VALUES ('first'), ('last')) m(model)
            ON (CASE m.model WHEN 'first' THEN first_rank ELSE last_rank END) = 1
        LEFT JOIN source x ON x.id = r.source_id;
"""

for _step in ("working", "mql", "sal", "sql"):
    # Calendar days where the company is; a step at an unknown time took an unknown number of them.
    _DERIVE = _DERIVE.replace(
        "STEP_DAYS",
        f"CASE WHEN {_step}_at > TIMESTAMP '0001-01-01' THEN CAST(date_diff('day', timezone($zone, timezone('UTC', "
        f"arrived_at)), timezone($zone, timezone('UTC', {_step}_at))) AS INTEGER) END AS {_step}_days,\n        STEP_DAYS",
    )
_DERIVE = _DERIVE.replace(",\n        STEP_DAYS", "")


class MirrorMissing(Conflict):
    """No report can be shown before the mirror was filled once."""

    code = "mirror_missing"
    message = "The numbers are being prepared. This page fills itself in a moment."


@dataclass(frozen=True)
class Freshness:
    """Which position of the log the mirror shows, when that was, and how many facts came since."""

    position: int
    refreshed_at: datetime
    behind: int


_refreshing = threading.Lock()


def refresh(*, at: datetime) -> bool:
    """Bring the mirror up to the log; False when there was nothing new.

    Writes a new file beside the old one and renames it into place, so readers never wait and a kill in the
    middle leaves the old one. Only one process refreshes at a time; a second finds the work done.
    """
    with _refreshing, _file_lock():
        company = team_queries.company()
        horizon = log_horizon()
        current = _newest()
        position = _position(current, company.time_zone, company.currency) if current else None
        if position == horizon:
            return False
        folder = _folder()
        target = folder / f"building-{os.getpid()}.duckdb"
        target.unlink(missing_ok=True)
        if current is not None and position is not None:
            shutil.copyfile(current, target)
        with contextlib.closing(_open(target)) as db:
            _fill(db, since=position, upto=horizon)
            for statement in _DERIVE.split(";"):
                if statement.strip():
                    given = {"zone": company.time_zone, "currency": company.currency}
                    db.execute(statement, {name: value for name, value in given.items() if f"${name}" in statement})
            db.execute(
                "CREATE OR REPLACE TABLE meta "
                "(version VARCHAR, position BIGINT, refreshed_at TIMESTAMP, zone VARCHAR, currency VARCHAR)"
            )
            db.execute(
                "INSERT INTO meta VALUES (?, ?, ?, ?, ?)",
                [VERSION, horizon, at.astimezone(UTC).replace(tzinfo=None), company.time_zone, company.currency],
            )
            db.execute("CHECKPOINT")
        os.replace(target, folder / f"mirror-{_number(current) + 1:08d}.duckdb")
        _sweep(folder)
        return True


@contextmanager
def reading() -> Iterator[Connection]:
    """The mirror as it stands, read-only.

    Raises:
        MirrorMissing: it was never filled.
    """
    newest = _newest()
    if newest is None:
        raise MirrorMissing()
    with contextlib.closing(duckdb.connect(str(newest), read_only=True, config={"memory_limit": MEMORY})) as db:
        yield db


def current_name() -> str:
    """The name of the file that is read now; another name means other numbers.

    Raises:
        MirrorMissing: the mirror was never filled.
    """
    newest = _newest()
    if newest is None:
        raise MirrorMissing()
    return newest.name


def caught_up(known: Freshness) -> Freshness:
    """What was known about a copy, with the facts that have come since."""
    return replace(known, behind=max(0, log_horizon() - known.position))


def freshness() -> Freshness:
    """How far behind the log the mirror is.

    Raises:
        MirrorMissing: it was never filled.
    """
    with reading() as db:
        return freshness_of(db)


def freshness_of(db: Connection) -> Freshness:
    """How far behind the log this copy is."""
    found = db.execute("SELECT position, refreshed_at FROM meta").fetchone()
    assert found is not None
    return Freshness(
        position=found[0], refreshed_at=found[1].replace(tzinfo=UTC), behind=max(0, log_horizon() - found[0])
    )


def _fill(db: Connection, *, since: int | None, upto: int) -> None:
    for table in TABLES:
        partial = since is not None and table.changed is not None
        if not partial:
            db.execute(f'DROP TABLE IF EXISTS "{table.name}"')
            db.execute(table.ddl())
        else:
            assert since is not None
            _drop_changed(db, table, since=since, upto=upto)
        for chunk in rows_of(table, since=since if partial else None, upto=upto):
            _insert(db, table, chunk)


def _drop_changed(db: Connection, table: Mirrored, *, since: int, upto: int) -> None:
    keys = pa.table({"key": pa.array(changed_keys(table, since=since, upto=upto), pa.int64())})
    db.register("changed", keys)
    db.execute(f'DELETE FROM "{table.name}" WHERE "{table.key}" IN (SELECT key FROM changed)')
    db.unregister("changed")


def _insert(db: Connection, table: Mirrored, chunk: pa.Table) -> None:
    db.register("incoming", chunk)
    cast = ", ".join(f'CAST("{name}" AS {"TIMESTAMP" if kind == "UTC" else kind})' for name, kind, _ in table.columns)
    db.execute(f'INSERT INTO "{table.name}" SELECT {cast} FROM incoming')
    db.unregister("incoming")


def _open(path: Path) -> Connection:
    return duckdb.connect(str(path), config={"memory_limit": "1GB", "preserve_insertion_order": False})


def _folder() -> Path:
    folder = settings.HOME.mirror
    folder.mkdir(parents=True, exist_ok=True)
    return Path(folder)


def _newest() -> Path | None:
    return max(_folder().glob("mirror-*.duckdb"), default=None)


def _number(path: Path | None) -> int:
    return int(path.stem.removeprefix("mirror-")) if path is not None else 0


def _position(path: Path, zone: str, currency: str) -> int | None:
    """The log position of a mirror that can be carried on; None when it must be built anew."""
    try:
        with contextlib.closing(duckdb.connect(str(path), read_only=True)) as db:
            found = db.execute("SELECT version, position, zone, currency FROM meta").fetchone()
    except duckdb.Error:
        return None
    if found is None or (found[0], found[2], found[3]) != (VERSION, zone, currency) or found[1] > log_horizon():
        return None
    return int(found[1])


def _sweep(folder: Path) -> None:
    """Remove all but the two newest files: somebody may still be reading the one before."""
    for old in sorted(folder.glob("mirror-*.duckdb"))[:-2]:
        with contextlib.suppress(OSError):
            old.unlink()


@contextmanager
def _file_lock() -> Iterator[None]:
    with (_folder() / "refresh.lock").open("a+b") as handle:
        _lock(handle.fileno())
        yield


def _lock(handle: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: one process there refreshes, the worker
        return
    fcntl.flock(handle, fcntl.LOCK_EX)
