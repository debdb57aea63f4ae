"""The files that rows leave as: each format writes them one after the other, so that a million take no more memory."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from zoneinfo import ZoneInfo

import xlsxwriter

from headwater.platform.exports import cell_text, cell_value, headings, local_time
from headwater.platform.resource import Column, Resource

CHUNK = 2_000  # rows that are fetched at a time
SHEET_ROWS = 1_048_575

Write = Callable[[IO[bytes], Resource, Sequence[Column], Iterable[Any], ZoneInfo], None]


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


def csv_lines(columns: Sequence[Column], rows: Iterable[Any], zone: ZoneInfo) -> Iterator[str]:
    """The lines of a CSV file, with the mark by which spreadsheets know UTF-8. Moments are on the clock of ``zone``."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(headings(columns, zone))
    for row in rows:
        yield writer.writerow([cell_text(cell_value(column, row), zone) for column in columns])


def _write_csv(
    out: IO[bytes], resource: Resource, columns: Sequence[Column], rows: Iterable[Any], zone: ZoneInfo
) -> None:
    for line in csv_lines(columns, rows, zone):
        out.write(line.encode())


def _write_sheet(
    out: IO[bytes], resource: Resource, columns: Sequence[Column], rows: Iterable[Any], zone: ZoneInfo
) -> None:
    """A workbook, row by row. Text stays text: no cell is ever a formula."""
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(resource.label_plural[:31])
    bold = book.add_format({"bold": True})
    moments = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for at, label in enumerate(headings(columns, zone)):
        sheet.write_string(0, at, label, bold)
    sheet.freeze_panes(1, 0)
    for line, row in enumerate(rows, start=1):
        for at, column in enumerate(columns):
            value = cell_value(column, row)
            if isinstance(value, datetime):
                sheet.write_datetime(line, at, local_time(value, zone), moments)
            elif isinstance(value, date):
                sheet.write_datetime(line, at, value)
            elif isinstance(value, (int, float, Decimal)):
                sheet.write_number(line, at, value)
            elif value is not None:
                sheet.write_string(line, at, str(value)[:32_767])
    book.close()


class _Echo:
    """A file that hands back each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


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
