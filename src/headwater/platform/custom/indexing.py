"""Indexes on custom values: a job brings them in line with the fields there are, while everybody works on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import connection

from headwater.platform import job
from headwater.platform.custom.declared import as_field
from headwater.platform.custom.kinds import Field
from headwater.platform.custom.values import HELD, value_sql
from headwater.platform.models import CustomField
from headwater.platform.resource import REGISTRY

INDEX_JOB: Final = "platform.index_fields"
_PREFIX: Final = "custom_"


@job.job(INDEX_JOB)
def index_fields(run: job.JobRun) -> Mapping[str, Any]:
    """Build the indexes of the company's own fields and drop those that serve none any more.

    Done twice it does nothing the second time.
    """
    wanted = {name_of(field): field for field in map(as_field, CustomField.objects.filter(retired_at=None))}
    there = {name: table for name, table in _present() if name.startswith(_PREFIX)}
    missing = [field for name, field in wanted.items() if name not in there]
    for name in there.keys() - wanted.keys():
        _run(f"DROP INDEX {_concurrently()}IF EXISTS {connection.ops.quote_name(name)}")
    for done, field in enumerate(missing):
        run.report(done=done, total=len(missing), message=field.label)
        _run(_sql(field))
        if connection.vendor == "sqlite":  # which goes along an index of few different values once it knows of them
            _run(f"ANALYZE {connection.ops.quote_name(name_of(field))}")
    run.report(done=len(missing), total=len(missing))
    return {"built": len(missing), "dropped": len(there.keys() - wanted.keys())}


def name_of(field: Field) -> str:
    """What a field's index is called: another one as soon as it is compared as something else."""
    return f"{_PREFIX}{field.id}_{field.about.compared}"


def _sql(field: Field) -> str:
    """What builds the index of a field; rows that have no value cost it nothing."""
    name = connection.ops.quote_name(name_of(field))
    table = connection.ops.quote_name(REGISTRY[field.noun].searched.model._meta.db_table)
    value = value_sql(HELD, field.key, field.about.compared, vendor=connection.vendor)
    begin = f"CREATE INDEX {_concurrently()}IF NOT EXISTS {name} ON {table}"
    if field.about.compared == "chosen" and connection.vendor == "postgresql":
        return f"{begin} USING gin ({value})"
    return f"{begin} ({value}, id) WHERE {value} IS NOT NULL"


def _concurrently() -> str:
    """PostgreSQL builds and drops without holding anybody up, outside of transactions."""
    return "CONCURRENTLY " if connection.vendor == "postgresql" and not connection.in_atomic_block else ""


def _present() -> list[tuple[str, str]]:
    """The indexes there are; one that PostgreSQL broke off building counts as missing, and is dropped."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT c.relname, t.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                "JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = current_schema() AND c.relname LIKE 'custom\\_%'"
            )
            found = cursor.fetchall()
        else:
            cursor.execute("SELECT name, tbl_name, 1 FROM sqlite_master WHERE type = 'index' AND name LIKE 'custom_%'")
            found = cursor.fetchall()
    for name, _table, is_valid in found:
        if not is_valid:
            _run(f"DROP INDEX {_concurrently()}IF EXISTS {connection.ops.quote_name(name)}")
    return [(name, table) for name, table, is_valid in found if is_valid]


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
