"""Which rows of the rooms the mirror copies, and how changed ones are found by position in the event log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db import connection

from headwater.measure.worth import in_own_currency

CHUNK = 50_000


@dataclass(frozen=True)
class Mirrored:
    """One table of the mirror.

    ``columns`` maps each mirror column to its type and the SQL that reads it from ``source``; columns of type
    ``UTC`` are moments, which travel as text. ``changed`` selects the ids of rows touched after a position of
    the log (``%s`` from, ``%s`` to, as often as it asks); None means the table is small and copied
    whole every time. ``key`` is the column those ids are of. ``rated_on`` is the column whose day gives the exchange
    rate of the row's money; without one, or where it is empty, the day of the copy does.
    """

    name: str
    source: str
    columns: Sequence[tuple[str, str, str]]
    where: str = "TRUE"
    changed: str | None = None
    key: str = "id"
    rated_on: str = ""

    def positions(self, since: int, upto: int) -> list[int]:
        """The parameters of ``changed``."""
        assert self.changed is not None
        return [since, upto] * (self.changed.count("%s") // 2)

    def ddl(self) -> str:
        """How the mirror stores it."""
        typed = ", ".join(f'"{name}" {"TIMESTAMP" if kind == "UTC" else kind}' for name, kind, _ in self.columns)
        return f'CREATE TABLE "{self.name}" ({typed})'


# The facts between two positions of the log, and the records that became one, or came apart, in them.
_LOG = "WITH log AS (SELECT * FROM platform_event WHERE id > %s AND id <= %s)"
_MERGED = (
    "SELECT party_id FROM log WHERE verb IN "
    "('parties.merged', 'parties.merged_away', 'parties.unmerged', 'parties.came_back', 'parties.rows_followed')"
)

# Rates first: where none changed, no row is looked at.
_RATED_ANEW = (
    "SELECT t.id FROM (SELECT 1 FROM log WHERE verb IN ('team.rates_set', 'team.rates_removed') LIMIT 1) rated"
    " CROSS JOIN {table} t WHERE t.currency <> '' AND t.currency <> (SELECT currency FROM team_company WHERE id = 1)"
)
# The same for formulas, whose results change without a word about each row.
_RECKONED = (
    "SELECT t.id FROM (SELECT 1 FROM log WHERE verb = 'platform.fields_reckoned' LIMIT 1) reckoned"
    " CROSS JOIN {table} t WHERE t.custom IS NOT NULL"
)


def _subjects(kind: str, table: str = "") -> str:
    """The rows that facts are about; with ``table`` also those that a merge moved from one party to another, those
    whose money is worth something else because exchange rates changed, and those whose formulas were worked out."""
    facts = f"{_LOG} SELECT subject_id FROM log WHERE subject_type = '{kind}'"
    if not table:
        return facts
    moved = (
        f" UNION SELECT id FROM {table} WHERE {column} IN ({_MERGED})" for column in ("party_id", "organisation_id")
    )
    anew = "".join(f" UNION {rows.format(table=table)}" for rows in (_RATED_ANEW, _RECKONED))
    return f"{facts}{''.join(moved)}{anew}"


_PARTIES = (
    f"{_LOG} SELECT party_id FROM log WHERE party_id IS NOT NULL"
    f" UNION SELECT party_id FROM acquire_touchpoint WHERE organisation_id IN ({_MERGED})"
)

# A deleted order whose opportunity is still there fell when that was reopened: up to then it counted.
_FELL = "EXISTS (SELECT 1 FROM sell_opportunity o WHERE o.id = t.opportunity_id AND o.deleted_at IS NULL)"

_TYPES = {
    "ids": "BIGINT", "texts": "VARCHAR", "moments": "UTC", "days": "DATE", "money": "DECIMAL(15,2)", "own": "TEXT",
}  # fmt: skip


def _columns(**named: str) -> tuple[tuple[str, str, str], ...]:
    """Columns by kind; ``lead_id=subject_id`` for one that the table calls otherwise. The company's ``own`` fields are
    JSON, for ``json_extract_string(custom, '$.cf_floor')``."""
    found = []
    for kind, names in named.items():
        for name in names.split():
            ours, _, theirs = name.partition("=")
            found.append((ours, _TYPES[kind], f"t.{theirs or ours}"))
    return tuple(found)


TABLES: tuple[Mirrored, ...] = (
    Mirrored(
        name="lead",
        source="qualify_lead t",
        columns=_columns(
            ids="id party_id organisation_id source_id campaign_id owner_id team_id",
            texts="stage exit currency",
            moments="arrived_at exited_at",
            money="amount",
            own="custom",
        ),
        where="t.deleted_at IS NULL AND t.exit <> 'MERGED'",
        changed=_subjects("qualify.lead", "qualify_lead"),
        rated_on="arrived_at",
    ),
    Mirrored(
        name="stage_span",
        source="platform_span t",
        columns=_columns(ids="lead_id=subject_id", texts="stage=value", moments="from_at until_at"),
        where="t.subject_type = 'qualify.lead' AND t.kind = 'stage'",
        changed=_subjects("qualify.lead"),
        key="lead_id",
    ),
    Mirrored(
        name="opportunity",
        source="sell_opportunity t",
        columns=_columns(
            ids="id lead_id owner_id team_id",
            texts="outcome currency",
            money="amount",
            moments="opened_at closed_at",
            own="custom",
        ),
        where="t.deleted_at IS NULL",
        changed=_subjects("sell.opportunity", "sell_opportunity"),
        rated_on="closed_at",
    ),
    Mirrored(
        name="outcome_span",
        source="platform_span t",
        columns=_columns(ids="opportunity_id=subject_id", texts="outcome=value", moments="from_at until_at"),
        where="t.subject_type = 'sell.opportunity' AND t.kind = 'outcome'",
        changed=_subjects("sell.opportunity"),
        key="opportunity_id",
    ),
    Mirrored(
        name="sale",
        source="sell_order t",
        columns=_columns(
            ids="id lead_id opportunity_id party_id organisation_id owner_id team_id",
            moments="ordered_at fell_at=deleted_at",
            money="amount cost",
            texts="currency",
            own="custom",
        ),
        where=f"(t.deleted_at IS NULL OR {_FELL})",
        changed=f"{_subjects('sell.order', 'sell_order')} UNION SELECT id FROM sell_order "
        f"WHERE deleted_at IS NOT NULL AND opportunity_id IN ({_subjects('sell.opportunity')})",
        rated_on="ordered_at",
    ),
    Mirrored(
        name="touch",
        source="acquire_touchpoint t",
        columns=_columns(ids="id party_id organisation_id source_id campaign_id", moments="occurred_at"),
        # A touchpoint that another one corrects no longer counts; what we send is not what brought them.
        where=(
            "t.deleted_at IS NULL AND NOT t.is_outbound AND NOT EXISTS "
            "(SELECT 1 FROM acquire_touchpoint c WHERE c.corrects_id = t.id AND c.deleted_at IS NULL)"
        ),
        changed=_PARTIES,
        key="party_id",
    ),
    Mirrored(
        name="party",  # people and companies, for nothing but what they have in fields of the company's own
        source="parties_party t",
        columns=_columns(ids="id", texts="kind", own="custom"),
        where="t.deleted_at IS NULL AND t.custom IS NOT NULL",
        changed=f"{_LOG} SELECT subject_id FROM log WHERE subject_type IN ('parties.person', 'parties.organisation')"
        f" UNION {_MERGED} UNION {_RECKONED.format(table='parties_party')}",
    ),
    Mirrored(
        name="spend",
        source="acquire_spendentry t",
        columns=_columns(ids="id source_id campaign_id", days="spent_on", money="amount", texts="currency"),
        where="t.deleted_at IS NULL",
        rated_on="spent_on",
    ),
    Mirrored(
        name="source",
        source="acquire_source t",
        columns=_columns(ids="id", texts="name channel"),
    ),
    Mirrored(
        name="campaign",
        source="acquire_campaign t",
        columns=_columns(ids="id", texts="name"),
    ),
)


def rows_of(table: Mirrored, *, at: datetime, since: int | None = None, upto: int = 0) -> Iterator[pa.Table]:
    """The rows of ``table`` as Arrow, in chunks: all of them, or those changed after position ``since``.

    Money is in the company's currency, where the rate of its day is known.
    """
    where: str = table.where
    params: list[int] = []
    if since is not None and table.changed is not None:
        expression = next(sql for name, _, sql in table.columns if name == table.key)
        where = f"{where} AND {expression} IN ({table.changed})"
        params = table.positions(since, upto)
    selected = ", ".join(_expression(kind, sql) for _, kind, sql in table.columns)
    names = [name for name, _, _ in table.columns]
    kinds = [pa.int64() if kind == "BIGINT" else pa.string() for _, kind, _ in table.columns]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {selected} FROM {table.source} WHERE {where}", params)
        while found := cursor.fetchmany(CHUNK):
            yield _arrow(in_own_currency(table, found, at=at), names, kinds)


def changed_keys(table: Mirrored, *, since: int, upto: int) -> list[int]:
    """The keys whose rows the mirror must drop before the changed ones come in."""
    assert table.changed is not None
    with connection.cursor() as cursor:
        cursor.execute(table.changed, table.positions(since, upto))
        return sorted({row[0] for row in cursor.fetchall()})


def _arrow(rows: Sequence[Sequence[Any]], names: Sequence[str], kinds: Sequence[pa.DataType]) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    return pa.table([pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)], names=names)


def _expression(kind: str, sql: str) -> str:
    if kind == "UTC":
        # As text: SQLite stores moments as text anyway, and an expression keeps its driver from parsing them.
        return f"({sql} || '')" if connection.vendor == "sqlite" else f"({sql} AT TIME ZONE 'UTC')::text"
    if kind in ("BIGINT", "VARCHAR"):
        return sql
    return f"CAST({sql} AS TEXT)"
