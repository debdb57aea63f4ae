"""Handing rejected rows back: the columns as they came, with the line and all reasons in front.

The file is made to be mended and imported again. So the sender's own cells stay exactly as they were, even
where one begins with "=": changing it would change their data on the way back, and a spreadsheet that opens
the file opened the original too. Only what Headwater writes itself is made harmless: a reason quotes cells, so
one that begins like a formula gets an apostrophe. The two columns stand first, so that a row with too many
cells keeps its surplus where it was.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO

from headwater.platform.phrases import spoken, stored
from headwater.platform.translated import Wording

EXAMPLES = 6  # rows left out whose reasons a batch keeps for readers of any language
LINE, REASON = "headwater_line", "headwater_reason"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def harmless(text: str) -> str:
    """A text of our own as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


_QUOTED = re.compile(r'"[^"]*"|“[^”]*”|„[^“]*“|«[^»]*»')
_NAMES = re.compile(r"\{(\w+)")


def reason_group(reason: str) -> str:
    """What is wrong without the value it is wrong in, so that equal reasons can be counted; as it is stored."""
    return stored(_unquoted(reason)) if isinstance(reason, Wording) else _QUOTED.sub("…", reason)


def group_in_words(group: str) -> str:
    """What :func:`reason_group` stored, in the language of whoever reads it."""
    return _QUOTED.sub("…", spoken(group))


def _unquoted(reason: Wording) -> Wording:
    """The same of any value: those that stand in quotation marks, in the text or by themselves, are left open."""
    open_names = {name for quoted in _QUOTED.findall(reason.english) for name in _NAMES.findall(quoted)}
    of = {
        name: "…" if name in open_names
        else _unquoted(value) if isinstance(value, Wording)
        else _QUOTED.sub("…", value)
        for name, value in reason.of.items()
    }  # fmt: skip
    return Wording(reason, reason.english, of)


def read_rejects(path: Path, count: int) -> tuple[list[str], list[list[str]]]:
    """The header and the first rows of a file of rejects, to show why rows were left out."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream)
        return next(rows, []), list(islice(rows, count))


class RejectWriter:
    """Writes rejected rows one by one; nothing is kept in memory and no file appears where none is rejected.

    ``position`` after a row goes into the import's checkpoint; ``resume_at`` cuts off what a crash left behind
    it, so that every row is in the file once.
    """

    def __init__(self, path: str | Path, header: Sequence[str], *, delimiter: str = ",", resume_at: int = 0) -> None:
        self.path, self.count = Path(path), 0
        self._dropped = {place for place, name in enumerate(header) if name in (LINE, REASON)}
        self._header, self._delimiter, self._resume_at = list(header), delimiter, resume_at
        self._stream: IO[bytes] | None = None

    def write(self, line: int, cells: Sequence[str], reasons: Iterable[str]) -> None:
        """Put one row into the file, with every reason it was rejected for."""
        if self._stream is None:
            self._stream = self._opened()
        own = [str(line), harmless("; ".join(reasons))]
        self._put([*own, *self._without_own(cells)])
        self.count += 1

    @property
    def position(self) -> int:
        """How many bytes are written, to resume from; 0 as long as nothing is."""
        if self._stream is None:
            return self._resume_at
        self._stream.flush()
        return self._stream.tell()

    def close(self) -> None:
        """Finish the file; writing again starts where it ended."""
        if self._stream is not None:
            self._resume_at = self.position
            self._stream.close()
            self._stream = None

    def __enter__(self) -> RejectWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _opened(self) -> IO[bytes]:
        if self._resume_at and self.path.exists():
            stream = self.path.open("r+b")
            stream.truncate(self._resume_at)
            stream.seek(self._resume_at)
            self._stream = stream
            return stream
        self._stream = self.path.open("wb")
        self._stream.write(b"\xef\xbb\xbf")  # Excel takes a file without this mark for an old Windows one
        self._put([LINE, REASON, *self._without_own(self._header)])
        return self._stream

    def _without_own(self, cells: Sequence[str]) -> list[str]:
        """The sender's cells; a file of rejects that is rejected again does not collect our columns twice."""
        if not self._dropped:
            return list(cells)
        return [cell for place, cell in enumerate(cells) if place not in self._dropped]

    def _put(self, cells: Sequence[str]) -> None:
        assert self._stream is not None
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self._delimiter, lineterminator="\r\n").writerow(cells)
        self._stream.write(text.getvalue().encode("utf-8", "replace"))
