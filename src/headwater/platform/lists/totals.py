"""How many rows a list has, or each of its groups, and what their amounts come to; never counted beyond a limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import CharField, F, Value

from headwater.platform.column import Column, Kind
from headwater.platform.money import in_cents
from headwater.platform.resource import Resource, Rows

Sums = Mapping[str, Mapping[str, Decimal]]


@dataclass(frozen=True)
class Total:
    """A number of rows, and of each amount its sum in each currency ("" is that of the company)."""

    count: int = 0
    sums: Sums = field(default_factory=dict)


def summed_columns(columns: Iterable[Column]) -> list[Column]:
    """Those of the columns whose values are added up: amounts of money."""
    return [column for column in columns if column.kind is Kind.MONEY]


def totals_of(
    parts: Sequence[Rows], resource: Resource, columns: Sequence[Column], *, limit: int | None
) -> list[Total]:
    """The total of each part, in one query; of no part more than ``limit`` rows are looked at, if there is one."""
    currency = currency_of(resource, columns)
    amounts = {f"total_{at}": F(column.orm_path) for at, column in enumerate(columns)}
    selects: list[str] = []
    params: list[Any] = []
    added = "".join(f", SUM({name})" for name in amounts)
    for at, part in enumerate(parts):
        looked_at = part.annotate(total_currency=currency, **amounts).values_list("total_currency", *amounts)[:limit]
        try:
            sql, values = looked_at.query.sql_with_params()
        except EmptyResultSet:
            continue
        selects.append(
            f"SELECT {at} AS part, total_currency, COUNT(*){added} FROM ({sql}) AS part_{at} GROUP BY total_currency"  # noqa: S608  (Django's own SQL)
        )
        params += values
    found: dict[int, list[Sequence[Any]]] = {}
    if selects:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(selects), params)
            for at, *counted in cursor.fetchall():
                found.setdefault(at, []).append(counted)
    return [total_of(found.get(at, ()), columns) for at in range(len(parts))]


def currency_of(resource: Resource, columns: Sequence[Column]) -> Any:
    """What tells the currency of a row's amounts: blank where it is always the company's, or none are asked for."""
    if "currency" in resource.by_key and columns:
        return F(resource.by_key["currency"].orm_path)
    return Value("", output_field=CharField())


def total_of(counted: Sequence[Sequence[Any]], columns: Sequence[Column]) -> Total:
    """What was counted, as a currency, a number of rows and the sum of each column's amounts, put together."""
    sums: dict[str, dict[str, Decimal]] = {column.key: {} for column in columns}
    for currency, _count, *amounts in counted:
        for column, amount in zip(columns, amounts, strict=True):
            if amount is not None:
                exact = in_cents(Decimal(str(amount)))  # SQLite adds up in floating point
                sums[column.key][currency or ""] = sums[column.key].get(currency or "", Decimal(0)) + exact
    return Total(sum(count for _currency, count, *_ in counted), sums)
