"""Reading the tables people send: CSV of every make and XLSX, plain or gzipped, in bounded memory.

``open_table`` looks at the whole file once (encoding, size, damage), finds out how it is written and gives a
``Table``; ``Table.rows`` then streams. Every row is ``(line, cells)`` with at least as many cells as the
header: a short row is filled up with blanks, a long one keeps its surplus cells so that the importer can
object. Rows without any content are left out.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO

from headwater.intake.errors import UnreadableFile
from headwater.intake.sniff import (
    HEAD_BYTES,
    Marks,
    Scan,
    find_header,
    guess_encoding,
    guess_marks,
    name_columns,
    scan,
    trim_header,
)
from headwater.intake.table import Dialect, Limits, RawRow, Table
from headwater.platform.translated import gettext, gettext_lazy, grouped

__all__ = ["Dialect", "Limits", "RawRow", "Table", "UnreadableFile", "open_table"]

CELL_CHARACTERS = 1 << 20
csv.field_size_limit(CELL_CHARACTERS)  # one setting for the whole process, so never changed later

_END = "\x1aend of file\x1a"
_MOST_STRAY_QUOTES = 20
_AS_IT_STANDS = gettext_lazy("a quotation mark is opened and never closed; the line was read as it stands.")
_CONTROLS = bytes(code for code in range(32) if code not in (1, 9, 10, 13, 30, 31))
_NOT_TABLES = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", gettext_lazy("a Parquet file")),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"{\\rtf", gettext_lazy("a rich text document")),
)


def open_table(
    path: str | Path,
    *,
    sheet: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    has_header: bool | None = None,
    limits: Limits | None = None,
) -> Table:
    """Open a CSV or XLSX file, gzipped or not, whatever its name ends in.

    What is not given is found out. One pass over the file settles the encoding and finds damage before the
    first row is imported.

    Raises:
        UnreadableFile: it is missing, empty, damaged, too large, or no table.
    """
    source = Path(path)
    limits = limits or Limits()
    _refuse_wrong_dialect(delimiter, encoding)
    try:
        with _opened(source) as stream:
            magic = stream.read(8)
        if magic.startswith(b"PK\x03\x04"):
            from headwater.intake.workbook import open_workbook

            return open_workbook(source, _opened, sheet=sheet, has_header=has_header, limits=limits)
        _refuse_other_formats(magic, source.name)
        return _CsvTable.opened(source, delimiter, encoding, has_header, limits)
    except FileNotFoundError:
        raise UnreadableFile(gettext("There is no file {name}.").format(name=source.name)) from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise UnreadableFile(gettext("The compressed file is damaged or cut short. Send it again.")) from None
    except OSError as error:
        raise UnreadableFile(
            gettext("The file cannot be opened: {strerror}.").format(strerror=error.strerror or error)
        ) from error


def _refuse_wrong_dialect(delimiter: str | None, encoding: str | None) -> None:
    if delimiter is not None and len(delimiter) != 1:
        raise UnreadableFile(gettext("A delimiter is one character, not {delimiter!r}.").format(delimiter=delimiter))
    try:
        "".encode("utf-8" if encoding is None else encoding)
    except LookupError:
        told = gettext("There is no encoding called {encoding!r}. Try utf-8 or cp1252.")
        raise UnreadableFile(told.format(encoding=encoding)) from None


def _opened(source: Path) -> IO[bytes]:
    """The bytes of a file, unpacked if it is gzipped."""
    stream = source.open("rb")
    gzipped = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    if not gzipped:
        return stream
    stream.close()
    return io.BufferedReader(gzip.open(source, "rb"), 1 << 18)  # type: ignore[type-var, unused-ignore]


def _refuse_other_formats(magic: bytes, name: str) -> None:
    if magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(
            gettext("This is an old or password-protected Excel file. Save it as .xlsx without a password, or as CSV.")
        )
    for start, what in _NOT_TABLES:
        if magic.startswith(start):
            raise UnreadableFile(
                gettext("This is {what}, not a table. Export the data as CSV or XLSX.").format(what=what)
            )
    if name.lower().removesuffix(".gz").endswith((".xlsx", ".xlsm")):
        raise UnreadableFile(
            gettext(
                "The file is called an Excel file (.xlsx), but it is none. Save it as .xlsx in Excel, or name it .csv."
            )
        )


@dataclass
class _CsvTable:
    """A delimited text file. Holds no open file and no rows; each reading opens the file anew."""

    source: Path
    header: list[str]
    original_header: list[str]
    dialect: Dialect
    marks: Marks
    decode_errors: str
    limits: Limits
    lines: int
    skip_records: int = 0  # records before the first data row
    drop_nuls: bool = False
    literal: set[int] = field(default_factory=set)  # lines whose quotation mark is never closed

    @classmethod
    def opened(
        cls,
        source: Path,
        delimiter: str | None,
        encoding: str | None,
        has_header: bool | None,
        limits: Limits,
    ) -> _CsvTable:
        with _opened(source) as stream:
            found = scan(stream, encoding=encoding, max_bytes=limits.file_bytes, max_line_bytes=limits.line_bytes)
        if not found.size or not found.head.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
            raise UnreadableFile(gettext("The file is empty. Check that the export finished."), line=1, column=1)
        if encoding is None:
            encoding, errors, note = guess_encoding(found)
        else:
            errors, note = "strict", ""
            _refuse_wrong_encoding(found, encoding, delimiter)
        notes = [note] if note else []
        wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32", "utf16", "utf32"))
        drop_nuls = found.nuls > 0 and not wide
        controls = len(found.head) - len(found.head.translate(None, _CONTROLS))
        if not wide and controls * 20 > len(found.head):
            raise UnreadableFile(gettext("This is not text. Export the data as CSV or XLSX."), line=1, column=1)
        if drop_nuls:
            notes.append(gettext("{nuls} zero bytes were left out.").format(nuls=grouped(found.nuls)))

        text = found.head.decode(encoding, "replace" if errors == "strict" else errors).replace("\0", "")
        text = text.removeprefix("\ufeff")
        if found.size > HEAD_BYTES:
            text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
        odd = [line.decode(encoding, "replace") + "\n" for line in found.escape_lines] if not wide else []
        marks = guess_marks(text, odd, delimiter=delimiter)
        table = cls(source, [], [], Dialect("csv"), marks, errors, limits, found.lines, drop_nuls=drop_nuls)
        table.dialect = Dialect("csv", encoding=encoding)
        if found.quotes % 2 and marks.quote == '"':
            notes += table._find_stray_quotes()
        elif marks.quote is None:
            notes += _stray_quotes(text, marks.delimiter)
        table._find_header(has_header, notes)
        return table

    def rows(self, start: int = 0) -> Iterator[RawRow]:
        """All rows in the order of the file, leaving out the first ``start``."""
        filled = self._filled()
        return islice(filled, start, None) if start else filled

    def sample(self, n: int = 100) -> list[list[str]]:
        """The cells of the first ``n`` rows."""
        return [cells for _, cells in islice(self._filled(), n)]

    def row_count_estimate(self) -> int:
        """Lines of the file below the header."""
        return max(self.lines - (self.dialect.header_line or 0), 0)

    def _filled(self) -> Iterator[RawRow]:
        width, most = len(self.header), self.limits.columns
        for line, cells in islice(self._records(), self.skip_records, None):
            count = len(cells)
            if count != width:
                if count < width:
                    cells += [""] * (width - count)
                else:
                    while len(cells) > width and not cells[-1].strip():
                        cells.pop()
                    if len(cells) > most:
                        raise UnreadableFile(
                            gettext("A row has {count} cells; {most} is the limit.").format(
                                count=grouped(count), most=grouped(most)
                            ),
                            line=line,
                            column=most + 1,
                        )
            yield line, cells

    def _records(self) -> Iterator[RawRow]:
        """Every record with content, preamble and header too, with the line it starts on."""
        with _opened(self.source) as stream:
            text = io.TextIOWrapper(stream, encoding=self.dialect.encoding, errors=self.decode_errors, newline="")
            lines: Iterator[str] = chain(text, (_END,))
            if self.literal or self.drop_nuls:
                lines = self._mended(lines)
            reader = self.marks.records(lines)
            began = 1
            try:
                for cells in reader:
                    if any(cells):
                        if cells[-1].endswith(_END):
                            if cells != [_END]:
                                raise _unclosed(began, len(cells))
                            return
                        yield began, cells
                    began = reader.line_num + 1
            except csv.Error as error:
                raise _unclosed(began, 1) from error
            except UnicodeError as error:
                raise UnreadableFile(
                    gettext("The file changed while it was read. Start again."), line=began, column=1
                ) from error

    def _mended(self, lines: Iterator[str]) -> Iterator[str]:
        """Lines without zero bytes, and with a quotation mark that is never closed taken as it stands."""
        for number, line in enumerate(lines, 1):
            if self.drop_nuls:
                line = line.replace("\0", "")
            if number in self.literal:
                body = line.rstrip("\r\n")
                cells = [cell.replace('"', '""') for cell in body.split(self.marks.delimiter)]
                line = self.marks.delimiter.join(f'"{cell}"' for cell in cells) + line[len(body) :]
            yield line

    def _find_stray_quotes(self) -> list[str]:
        """An uneven number of quotation marks can swallow the rest of a file: find where it starts."""
        while True:
            try:
                for _ in self._records():
                    pass
                break
            except UnreadableFile as stray:
                given_up = len(self.literal) >= _MOST_STRAY_QUOTES or stray.line in self.literal
                if stray.line is None or given_up:
                    raise
                self.literal.add(stray.line)
        return [
            gettext("Line {line}: {as_it_stands}").format(line=line, as_it_stands=_AS_IT_STANDS)
            for line in sorted(self.literal)
        ]

    def _find_header(self, has_header: bool | None, notes: list[str]) -> None:
        first: list[RawRow] = []
        try:
            first.extend(islice(self._records(), 60))
        except UnreadableFile:
            if not first:
                raise
        if first:
            first[0][1][0] = first[0][1][0].removeprefix("\ufeff")
        said = bool(first) and len(first[0][1]) <= 2 and "".join(first[0][1]).lower().startswith("sep=")
        preamble = 1 if said else 0  # Excel's "sep=;" line
        index, headed = find_header([cells for _, cells in first[preamble:]], has_header=has_header)
        index += preamble
        line, cells = first[index] if index < len(first) else (1, [])
        width = max((len(row) for _, row in first[index:]), default=len(cells))
        if max(width, len(cells)) > self.limits.columns:
            raise UnreadableFile(
                gettext("There are {width} columns; {columns} is the limit. Is the delimiter right?").format(
                    width=grouped(width), columns=grouped(self.limits.columns)
                ),
                line=line,
                column=self.limits.columns + 1,
            )
        if headed:
            cells = trim_header(cells, [row for _, row in first[index + 1 :]])
            self.original_header, self.header = cells, name_columns(cells)
        else:
            self.original_header = self.header = name_columns([""] * width)
            notes.append(gettext("The first row looks like data, so the columns are numbered."))
        self.skip_records = index + (1 if headed else 0)
        if index:
            notes.append(gettext("{index} line(s) above the table were left out.").format(index=grouped(index)))
        self.dialect = Dialect(
            "csv",
            encoding=self.dialect.encoding,
            delimiter=self.marks.delimiter,
            quote=self.marks.quote,
            escape=self.marks.escape,
            has_header=headed,
            header_line=line if headed else None,
            preamble=tuple(" ".join(filter(None, row)) for _, row in first[:index]),
            notes=tuple(notes),
        )


def _stray_quotes(text: str, delimiter: str) -> list[str]:
    """Where a file without quotation has a cell that begins with a mark and does not end with one."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.split(delimiter)]
        if any(cell.startswith('"') and (len(cell) == 1 or not cell.endswith('"')) for cell in cells):
            found.append(gettext("Line {number}: {as_it_stands}").format(number=number, as_it_stands=_AS_IT_STANDS))
        if len(found) == _MOST_STRAY_QUOTES:
            break
    return found


def _unclosed(line: int, column: int) -> UnreadableFile:
    return UnreadableFile(
        gettext("A quotation mark is opened here and never closed. Close or remove it, or name the right delimiter."),
        line=line,
        column=column,
    )


def _refuse_wrong_encoding(found: Scan, encoding: str, delimiter: str | None) -> None:
    """A named encoding that does not fit would turn names into nonsense: say where it fails."""
    if found.undecodable is None:
        return
    line, before = found.undecodable
    text = found.head.decode(encoding, "replace")
    mark = guess_marks(text, (), delimiter=delimiter).delimiter
    raise UnreadableFile(
        gettext("The file is not written in {encoding}. Choose another encoding, or let it be found out.").format(
            encoding=encoding
        ),
        line=line,
        column=before.decode(encoding, "replace").count(mark) + 1,
    )
