"""How rows get into the mirror: all of them, or only those the log says have changed."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from headwater.measure.extract import TABLES, Mirrored, changed_keys, rows_of

Connection = duckdb.DuckDBPyConnection


def fill(db: Connection, *, since: int | None, upto: int) -> None:
    """Copy all rows, or drop and copy again those that changed after a position of the log."""
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
