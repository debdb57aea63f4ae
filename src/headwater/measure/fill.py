"""How rows get into the mirror: all of them, or only those the log says have changed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import duckdb
import pyarrow as pa

from headwater.measure.extract import TABLES, Mirrored, changed_keys, rows_of

Connection = duckdb.DuckDBPyConnection

# Whose facts must be worked out again when rows of a table change: asked before the old rows go and after the new came.
_LEADS: Final = {
    "lead": "SELECT key FROM changed",
    "stage_span": "SELECT key FROM changed",
    "opportunity": "SELECT lead_id FROM opportunity WHERE id IN (SELECT key FROM changed)",
    "sale": "SELECT lead_id FROM sale WHERE id IN (SELECT key FROM changed)",
}
_BUYERS: Final = {
    "touch": "SELECT key FROM changed UNION "
    "SELECT organisation_id FROM touch WHERE party_id IN (SELECT key FROM changed)",
}


def fill(db: Connection, *, at: datetime) -> None:
    """Copy all rows."""
    for table in TABLES:
        _copy_whole(db, table, at=at)


def follow(db: Connection, *, since: int, upto: int, at: datetime) -> int:
    """Drop and copy again the rows that changed after a position of the log; how many leads that touches.

    Leaves the tables ``touched_lead`` and ``touched_sale`` behind: whose facts are to be worked out again.
    """
    for name in ("touched_lead", "touched_sale", "touched_buyer"):
        db.execute(f"CREATE OR REPLACE TEMP TABLE {name} (id BIGINT)")
    for table in TABLES:
        if table.changed is None:
            _copy_whole(db, table, at=at)
            continue
        keys = pa.table({"key": pa.array(changed_keys(table, since=since, upto=upto), pa.int64())})
        db.register("changed", keys)
        _note_touched(db, table)
        db.execute(f'DELETE FROM "{table.name}" WHERE "{table.key}" IN (SELECT key FROM changed)')
        for chunk in rows_of(table, at=at, since=since, upto=upto):
            _insert(db, table, chunk)
        _note_touched(db, table)
        if table.name == "sale":
            db.execute("INSERT INTO touched_sale SELECT key FROM changed")
        db.unregister("changed")
    # NULL among the ids would make every test of them neither true nor false.
    db.execute("DELETE FROM touched_lead WHERE id IS NULL")
    db.execute(
        "INSERT INTO touched_sale SELECT id FROM sale WHERE lead_id IN (SELECT id FROM touched_lead) "
        "OR party_id IN (SELECT id FROM touched_buyer) "
        "OR coalesce(organisation_id, party_id) IN (SELECT id FROM touched_buyer)"
    )
    found = db.execute("SELECT count(DISTINCT id) FROM touched_lead").fetchone()
    return int(found[0]) if found else 0


def _note_touched(db: Connection, table: Mirrored) -> None:
    for name, among in (("touched_lead", _LEADS), ("touched_buyer", _BUYERS)):
        if table.name in among:
            db.execute(f"INSERT INTO {name} {among[table.name]}")


def _copy_whole(db: Connection, table: Mirrored, *, at: datetime) -> None:
    db.execute(f'DROP TABLE IF EXISTS "{table.name}"')
    db.execute(table.ddl())
    for chunk in rows_of(table, at=at):
        _insert(db, table, chunk)


def _insert(db: Connection, table: Mirrored, chunk: pa.Table) -> None:
    db.register("incoming", chunk)
    cast = ", ".join(f'CAST("{name}" AS {"TIMESTAMP" if kind == "UTC" else kind})' for name, kind, _ in table.columns)
    db.execute(f'INSERT INTO "{table.name}" SELECT {cast} FROM incoming')
    db.unregister("incoming")
