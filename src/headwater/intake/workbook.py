"""Reading XLSX: the cells as text, as a person sees them, after a check that the archive does not burst."""

from __future__ import annotations

import datetime as dt
import io
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from headwater.intake.errors import UnreadableFile
from headwater.intake.sniff import CHUNK, find_header, name_columns, trim_header
from headwater.intake.table import Dialect, Limits, RawRow
from headwater.platform.translated import gettext, grouped

_MOST_PARTS = 10_000
_SPACE = re.compile(rb"\s+")
_LAST_ROW = re.compile(rb"""\br ?= ?["'](\d{1,8})""")
_CELL = re.compile(rb"""\br ?= ?["']([A-Za-z]{1,8})(\d{1,8})""")
_CELL_TAG = re.compile(rb"<(?:\w+:)?c[ />]")
_LONGEST_MATCH = 64


def open_workbook(
    source: Path,
    opened: Callable[[Path], IO[bytes]],
    *,
    sheet: str | None,
    has_header: bool | None,
    limits: Limits,
) -> WorkbookTable:
    """Open the named sheet of an XLSX file, or the first one that looks like a table with rows.

    Raises:
        UnreadableFile: damaged, too large once unpacked, or without such a sheet.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    with opened(source) as stream:
        data = stream.read(limits.workbook_bytes + 1)
    if len(data) > limits.workbook_bytes:
        raise UnreadableFile(
            gettext("The workbook is larger than {workbook_bytes} bytes. Save it as CSV.").format(
                workbook_bytes=grouped(limits.workbook_bytes)
            )
        )
    try:
        _refuse_bombs(data, limits)
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = list(book.sheet_names)
        if sheet is not None and sheet not in names:
            raise UnreadableFile(
                gettext("There is no sheet {sheet!r}. The workbook has: {names}.").format(
                    sheet=sheet, names=", ".join(names)
                )
            )
        table = _best(book, [sheet] if sheet is not None else names, tuple(names), has_header, limits)
    except (CalamineError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        message = gettext("The workbook is damaged or not an XLSX file ({error}). Save it again.").format(error=error)
        raise UnreadableFile(message) from None
    if table is None:
        raise UnreadableFile(gettext("The workbook is empty."), line=1, column=1)
    return table


def _best(
    book: Any, names: Sequence[str], sheets: tuple[str, ...], has_header: bool | None, limits: Limits
) -> WorkbookTable | None:
    """The first sheet with rows of several cells: a cover with a title, or with two columns of remarks, comes later.

    Raises:
        UnreadableFile: none can be read; says what is wrong with the first.
    """
    best, rank, refusal = None, -1, None
    for name in names:
        page = book.get_sheet_by_name(name)
        if not page.height or not page.width:
            continue
        try:
            table = WorkbookTable(page, sheets, has_header, limits)
        except UnreadableFile as error:
            refusal = refusal or error
            continue
        found = min(len(table.header), 3) if table.sample(1) else 0
        if found > rank:
            best, rank = table, found
        if rank == 3:
            break
    if best is None and refusal is not None:
        raise refusal
    return best


def _refuse_bombs(data: bytes, limits: Limits) -> None:
    """Unpack every part without keeping it: what an archive says about its size may be a lie."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    parts = archive.infolist()
    if len(parts) > _MOST_PARTS:
        raise UnreadableFile(gettext("The workbook has too many parts. Save the sheet as CSV."))
    if not any(part.filename.startswith("xl/") for part in parts):
        raise UnreadableFile(gettext("This is a ZIP archive, not a workbook. Unpack it and import the table inside."))
    total = 0
    for part in parts:
        part.file_size = sys.maxsize  # read to the true end, not to the one it claims
        span = _Span()
        with archive.open(part) as stream:
            while chunk := stream.read(CHUNK):
                total += len(chunk)
                if total > limits.workbook_bytes:
                    raise UnreadableFile(
                        gettext("The workbook unpacks to more than {workbook_bytes} bytes. Save it as CSV.").format(
                            workbook_bytes=grouped(limits.workbook_bytes)
                        )
                    )
                span.read(chunk)
        span.refuse_beyond(limits)


class _Span:
    """How far the cells of a part reach. Every part is looked at: the workbook says which ones are sheets."""

    def __init__(self) -> None:
        self.across = self.down = self.cells = 0
        self._tail = b""
        self._is_first = True

    def read(self, chunk: bytes) -> None:
        """Take in the next piece; its end is read again with the piece after it.

        Raises:
            UnreadableFile: text in two-byte letters, in which cells could hide.
        """
        if self._is_first and chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise UnreadableFile(gettext("The workbook is written in an unusual way. Save it again, or as CSV."))
        self._is_first = False
        self.cells += len(_CELL_TAG.findall(chunk))
        text = _SPACE.sub(b" ", self._tail + chunk)  # however much space stands between, a match stays short
        for letters, row in set(_CELL.findall(text)):
            self.across = max(self.across, _column_number(letters.upper()))
            self.down = max(self.down, int(row))
        self.down = max([self.down, *map(int, set(_LAST_ROW.findall(text)))])
        self._tail = text[-_LONGEST_MATCH:]

    def refuse_beyond(self, limits: Limits) -> None:
        """One cell far out makes the reader reserve everything in between.

        Raises:
            UnreadableFile: the cells span more than can be read, or far more than are there.
        """
        spanned = self.across * self.down
        hollow = spanned > limits.hollow_cells and spanned > 50 * self.cells
        if self.across > limits.columns or spanned > limits.workbook_cells or hollow:
            raise UnreadableFile(
                gettext(
                    "The sheet spans {down} rows by {across} columns, more than can be read. Delete "
                    "the stray cells far out, or save it as CSV."
                ).format(down=grouped(self.down), across=grouped(self.across)),
                line=self.down,
                column=self.across,
            )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


class WorkbookTable:
    """One sheet of a workbook; lines are the row numbers that Excel shows."""

    header: list[str]
    original_header: list[str]
    dialect: Dialect

    def __init__(self, page: Any, sheets: tuple[str, ...], has_header: bool | None, limits: Limits) -> None:
        self._page = page
        self._skip = 0
        first = list(islice(self._records(), 60))
        if not first:
            raise UnreadableFile(gettext("The sheet is empty."), line=1, column=1)
        index, headed = find_header([cells for _, cells in first], has_header=has_header)
        line, cells = first[index]
        width = max(len(row) for _, row in first[index:])
        if width > limits.columns:
            raise UnreadableFile(
                gettext("The sheet has {width} columns; {columns} is the limit.").format(
                    width=grouped(width), columns=grouped(limits.columns)
                ),
                line=line,
                column=limits.columns + 1,
            )
        below = [row for _, row in first[index + 1 :]]
        self.original_header = trim_header(cells, below) if headed else name_columns([""] * width)
        self.header = name_columns(self.original_header)
        self._skip = index + (1 if headed else 0)
        self.dialect = Dialect(
            "xlsx",
            encoding="",
            delimiter="",
            quote=None,
            has_header=headed,
            header_line=line if headed else None,
            preamble=tuple(" ".join(filter(None, row)) for _, row in first[:index]),
            sheet=page.name,
            sheets=sheets,
            notes=tuple(_notes(index, page.name, sheets)),
        )

    def rows(self, start: int = 0) -> Iterator[RawRow]:
        """All rows in the order of the sheet, leaving out the first ``start``."""
        width = len(self.header)
        for line, cells in islice(self._records(), self._skip + start, None):
            if len(cells) < width:
                cells += [""] * (width - len(cells))
            while len(cells) > width and not cells[-1]:
                cells.pop()
            yield line, cells

    def sample(self, n: int = 100) -> list[list[str]]:
        """The cells of the first ``n`` rows."""
        return [cells for _, cells in islice(self.rows(), n)]

    def row_count_estimate(self) -> int:
        """Rows of the sheet below the header, blank ones included."""
        last = int(self._page.total_height) + 1  # calamine counts from 0
        return max(last - (self.dialect.header_line or 0), 0)

    def _records(self) -> Iterator[RawRow]:
        # calamine gives the blank rows above the table, but not the blank columns left of it.
        for line, values in enumerate(self._page.iter_rows(), 1):
            cells = [value if type(value) is str else _text(value) for value in values]
            if any(cells):
                yield line, cells


def _notes(above: int, sheet: str, sheets: Sequence[str]) -> Iterator[str]:
    if above:
        yield gettext("{index} line(s) above the table were left out.").format(index=grouped(above))
    if others := [f"“{name}”" for name in sheets if name != sheet]:
        yield gettext("This is the sheet “{sheet}”. The workbook also has {others}.").format(
            sheet=sheet, others=", ".join(others[:10])
        )


def _text(value: object) -> str:
    """A cell as text: whole numbers without a point, dates as ISO, no time where it is midnight."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return format(value, ".15g")
    if isinstance(value, dt.datetime):
        if value.time() == dt.time():
            return value.date().isoformat()
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)
