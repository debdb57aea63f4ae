"""What a file opened as a table offers, whatever format it came in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

RawRow = tuple[int, list[str]]
"""The line a row starts on, as an editor or Excel counts, and its cells."""


@dataclass(frozen=True)
class Limits:
    """How much of a file is too much; all of them guard the server against archives made to burst."""

    file_bytes: int = 2 << 30
    workbook_bytes: int = 512 << 20
    workbook_cells: int = 10_000_000
    hollow_cells: int = 500_000  # a span above this must hold cells, not emptiness
    line_bytes: int = 1 << 20
    columns: int = 2_000


@dataclass(frozen=True)
class Dialect:
    """How a file turned out to be written; the import page shows it and a profile can fix it."""

    kind: str  # "csv" or "xlsx"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    has_header: bool = True
    header_line: int | None = 1
    preamble: tuple[str, ...] = ()  # the lines above the table
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what was guessed or mended, in words for the person importing


class Table(Protocol):
    """A file opened as rows of text under named columns."""

    header: list[str]  # can be told apart: blank and repeated names are numbered
    original_header: list[str]  # as the file has them
    dialect: Dialect

    def rows(self, start: int = 0) -> Iterator[RawRow]:
        """All rows in the order of the file, leaving out the first ``start`` (to resume an import)."""

    def sample(self, n: int = 100) -> list[list[str]]:
        """The cells of the first ``n`` rows, to suggest a mapping from."""

    def row_count_estimate(self) -> int:
        """About how many rows there are; exact unless cells contain line breaks."""
