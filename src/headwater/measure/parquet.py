"""Rows as a Parquet file, for those who reckon with them elsewhere: typed columns under their keys, compressed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import islice
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

from django.core.exceptions import FieldDoesNotExist
from django.db.models import IntegerField

from headwater.platform.exports import heading, in_words
from headwater.platform.files_out import FileFormat, Portions
from headwater.platform.money import in_cents
from headwater.platform.resource import Column, Kind, Resource

GROUP: Final = 5  # portions that are held in memory and written together


def write_parquet(
    out: IO[bytes], resource: Resource, columns: Sequence[Column], portions: Portions, zone: ZoneInfo
) -> None:
    """Write the rows: amounts as exact decimals, moments in UTC, choices by their labels, what is unknown as null."""
    import pyarrow as pa  # takes half a second to load, which only an export has to wait for
    from pyarrow import parquet

    reads = [_read(column) for column in columns]
    fields = [
        pa.field(column.key, _type(pa, resource, column), metadata={"label": heading(column)}) for column in columns
    ]
    schema = pa.schema(fields, metadata={"noun": resource.key})
    left = iter(portions)
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while group := list(islice(left, GROUP)):
            arrays = [
                pa.array([read(value) for portion in group for value in portion[at]], type=field.type)
                for at, (read, field) in enumerate(zip(reads, fields, strict=True))
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _type(pa: Any, resource: Resource, column: Column) -> Any:
    match column.kind:
        case Kind.MONEY:
            return pa.decimal128(18, 2)
        case Kind.NUMBER:
            return pa.int64() if _is_whole(resource, column) else pa.float64()
        case Kind.DATE:
            return pa.date32()
        case Kind.DATETIME:
            return pa.timestamp("us", tz="UTC")
        case Kind.BOOL:
            return pa.bool_()
        case _:
            return pa.string()


def _is_whole(resource: Resource, column: Column) -> bool:
    table = resource.searched.model._meta
    try:
        field = table.pk if column.orm_path == "pk" else table.get_field(column.orm_path)
    except FieldDoesNotExist:
        return False
    return isinstance(field, IntegerField)


def _read(column: Column) -> Callable[[Any], Any]:
    def amount(value: Any) -> Decimal | None:
        return None if value is None else in_cents(Decimal(value))

    def number(value: Any) -> Any:
        return float(value) if isinstance(value, Decimal) else value  # fields of one's own keep exact decimals

    def text(value: Any) -> str | None:
        return None if value is None else in_words(column, value)

    match column.kind:
        case Kind.MONEY:
            return amount
        case Kind.NUMBER:
            return number
        case Kind.DATE | Kind.DATETIME | Kind.BOOL:
            return lambda value: value
        case _:
            return text


PARQUET = FileFormat("parquet", "Parquet", "database", "application/vnd.apache.parquet", write_parquet)
