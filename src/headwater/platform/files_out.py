"""The files that rows leave as: each format writes them portion by portion, so that a million take no more memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

import xlsxwriter

from headwater.platform.exports import cell_texts, headings, in_file, local_time
from headwater.platform.resource import Column, Resource

SHEET_ROWS = 1_048_575

# For each portion of the rows what each column shows of them.
Portions = Iterable[Sequence[Sequence[Any]]]
Write = Callable[[IO[bytes], Resource, Sequence[Column], Portions, ZoneInfo], None]


@dataclass(frozen=True)
class FileFormat:
    """A kind of file: ``key`` ends its name and chooses it in addresses and on the command line.

    ``most_rows`` is what such a file holds, where that is little.
    """

    key: str
    label: str
    icon: str
    media_type: str
    write: Write
    most_rows: int | None = None


FORMATS: dict[str, FileFormat] = {}


def register_format(format: FileFormat) -> FileFormat:
    """Offer a format wherever rows leave: on pages, in the API and on the command line."""
    FORMATS[format.key] = format
    return format


def csv_blocks(columns: Sequence[Column], portions: Portions, zone: ZoneInfo) -> Iterator[str]:
    """A CSV file in stretches of lines, with the mark by which spreadsheets know UTF-8: its heads, then each portion.

    Moments are on the clock of ``zone``.
    """
    yield "\ufeff" + _lines([headings(columns, zone)])
    for portion in portions:
        cells = [cell_texts(in_file(column, values), zone) for column, values in zip(columns, portion, strict=True)]
        yield _lines(zip(*cells, strict=True))


def _lines(rows: Iterable[Iterable[str]]) -> str:
    block = io.StringIO(newline="")
    csv.writer(block).writerows(rows)
    return block.getvalue()


def _write_csv(
    out: IO[bytes], resource: Resource, columns: Sequence[Column], portions: Portions, zone: ZoneInfo
) -> None:
    for block in csv_blocks(columns, portions, zone):
        out.write(block.encode())


def _write_sheet(
    out: IO[bytes], resource: Resource, columns: Sequence[Column], portions: Portions, zone: ZoneInfo
) -> None:
    """A workbook, row by row. Text stays text: no cell is ever a formula."""
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(resource.label_plural[:31])
    bold = book.add_format({"bold": True})
    moments = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for at, label in enumerate(headings(columns, zone)):
        sheet.write_string(0, at, label, bold)
    sheet.freeze_panes(1, 0)
    rows = (row for portion in portions for row in zip(*map(in_file, columns, portion), strict=True))
    for line, row in enumerate(rows, start=1):
        for at, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(line, at, value[:32_767])
            elif isinstance(value, datetime):
                sheet.write_datetime(line, at, local_time(value, zone), moments)
            elif isinstance(value, date):
                sheet.write_datetime(line, at, value)
            elif value is not None:
                sheet.write_number(line, at, value)
    book.close()


CSV = register_format(FileFormat("csv", "CSV", "table", "text/csv; charset=utf-8", _write_csv))
register_format(
    FileFormat(
        "xlsx",
        "Excel",
        "file-spreadsheet",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _write_sheet,
        SHEET_ROWS,
    )
)
