"""Finding out how a text file is written: encoding, delimiter, quotes, where the header stands."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from headwater.intake.errors import UnreadableFile
from headwater.platform.translated import gettext as _
from headwater.platform.translated import grouped

if TYPE_CHECKING:
    from _csv import Reader

CHUNK = 1 << 20
HEAD_BYTES = 1 << 18
FOREIGN_BYTES = 1 << 16
MIXED_UTF8 = "headwater_mixed_utf8"

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
USUAL_DELIMITERS = (",", ";", "\t", "|")
RARE_DELIMITERS = ("^", "~", "\x1f", "\x01", "¦", "§", "¬", "#", "*", "!", "$", "%", "&", ":", " ")


def _repair(error: UnicodeError) -> tuple[str, int]:
    """Read the odd byte in a UTF-8 file as Windows would: that is where such bytes come from."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stray = error.object[error.start : error.end]
    try:
        return stray.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return stray.decode("latin-1"), error.end


codecs.register_error(MIXED_UTF8, _repair)


@dataclass
class Scan:
    """What one pass over the bytes of a file tells about it."""

    head: bytes = b""
    size: int = 0
    newlines: int = 0
    returns: int = 0
    nuls: int = 0
    quotes: int = 0
    ends_open: bool = False  # no line end after the last line
    is_utf8: bool = True
    undecodable: tuple[int, bytes] | None = None  # line, and the bytes of the line before the first bad one
    foreign_lines: list[bytes] = field(default_factory=list)  # lines with bytes beyond ASCII
    escape_lines: list[bytes] = field(default_factory=list)  # lines with a backslash

    @property
    def lines(self) -> int:
        """Lines of the file, whichever system wrote it."""
        return (self.newlines or self.returns) + self.ends_open


class _Decoding:
    """Whether the bytes of a file are text: in the encoding that is known, else in UTF-8. ``found`` is told."""

    def __init__(self, found: Scan, encoding: str | None) -> None:
        self._found = found
        self._is_guess = not encoding
        self._decoder = codecs.getincrementaldecoder(encoding or "utf-8")()

    def take(self, chunk: bytes) -> None:
        """Go on with the next bytes; a letter may have begun in the ones before."""
        if self._found.undecodable is not None:
            return
        pending = len(self._decoder.getstate()[0])
        if self._is_guess and not pending and chunk.isascii():
            return  # the same in UTF-8, and most chunks are
        try:
            self._decoder.decode(chunk)
        except UnicodeDecodeError as error:
            good = chunk[: max(error.start - pending, 0)]
            self._fails(good.count(b"\n"), good[good.rfind(b"\n") + 1 :])

    def end(self) -> None:
        """The file ends here, maybe within a letter."""
        if self._found.undecodable is None and self._decoder.getstate()[0]:
            self._fails(0, b"")

    def _fails(self, lines: int, begun: bytes) -> None:
        self._found.is_utf8 = False
        self._found.undecodable = (self._found.newlines + lines + 1, begun)


def scan(stream: IO[bytes], *, encoding: str | None, max_bytes: int, max_line_bytes: int) -> Scan:
    """Read a file once, keeping nothing, to know its encoding for certain and refuse what would flood us.

    Raises:
        UnreadableFile: it is larger than ``max_bytes``, or a line of it is longer than ``max_line_bytes``.
    """
    found = Scan()
    decoding: _Decoding | None = None
    begun = 0  # bytes of the line that goes on in the next chunk
    while chunk := stream.read(CHUNK):
        if decoding is None:
            found.head = chunk[:HEAD_BYTES]
            decoding = _Decoding(found, encoding or encoding_by_bytes(chunk))
        found.size += len(chunk)
        if found.size > max_bytes:
            raise _too_large(max_bytes, line=found.newlines + 1)
        first = chunk.find(b"\n") if b"\n" in chunk else chunk.find(b"\r")
        if begun + (len(chunk) if first < 0 else first) > max_line_bytes:
            raise _too_long(max_line_bytes, line=(found.newlines or found.returns) + 1)
        last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        begun = begun + len(chunk) if last < 0 else len(chunk) - last - 1
        decoding.take(chunk)
        _keep_telling_lines(found, chunk)
        _count(found, chunk)
    if decoding is not None:
        decoding.end()
    return found


def _too_large(max_bytes: int, *, line: int) -> UnreadableFile:
    told = _("The file is larger than {max_bytes} bytes once unpacked. Split it, or raise the limit.")
    return UnreadableFile(told.format(max_bytes=grouped(max_bytes)), line=line, column=1)


def _too_long(max_line_bytes: int, *, line: int) -> UnreadableFile:
    told = _(
        "A line is longer than {max_line_bytes} bytes. A quotation mark that is never "
        "closed, or a file that is not a table, looks like this."
    )
    return UnreadableFile(told.format(max_line_bytes=grouped(max_line_bytes)), line=line, column=1)


def _keep_telling_lines(found: Scan, chunk: bytes) -> None:
    """Keep some lines that tell of the encoding and of how quotation marks are escaped; cut where a chunk ends."""
    kept = sum(map(len, found.foreign_lines))
    if kept < FOREIGN_BYTES and not chunk.isascii():
        for line in chunk.split(b"\n"):
            if not line.isascii() and kept < FOREIGN_BYTES:
                found.foreign_lines.append(line[:4096])
                kept += len(line[:4096])
    if b"\\" in chunk and len(found.escape_lines) < 100:
        found.escape_lines += [line for line in chunk.split(b"\n") if b"\\" in line][:100]


def _count(found: Scan, chunk: bytes) -> None:
    found.newlines += chunk.count(b"\n")
    found.returns += chunk.count(b"\r")
    found.nuls += chunk.count(b"\0")
    found.quotes += chunk.count(b'"')
    found.ends_open = not chunk.rstrip(b"\0").endswith((b"\n", b"\r"))


def encoding_by_bytes(head: bytes) -> str | None:
    """The encoding that a byte order mark, or the zero bytes of plain UTF-16, give away."""
    for mark, encoding in BOMS:
        if head.startswith(mark):
            return encoding
    sample = head[:4096]
    if sample.count(0) > len(sample) * 0.3:
        even, odd = sample[::2].count(0), sample[1::2].count(0)
        if odd > 4 * even:
            return "utf-16-le"
        if even > 4 * odd:
            return "utf-16-be"
    return None


def guess_encoding(found: Scan) -> tuple[str, str, str]:
    """Encoding, how to treat bad bytes, and a remark for the reader, for a file that does not say."""
    if marked := encoding_by_bytes(found.head):
        if found.undecodable is None:
            return marked, "strict", ""
        note = _("Line {undecodable} holds bytes that are not {marked}; they show as �.").format(
            undecodable=found.undecodable[0], marked=marked
        )
        return marked, "replace", note
    if found.is_utf8:
        return "utf-8", "strict", ""
    broken = [line for line in found.foreign_lines if not _decodes(line, "utf-8")]
    if len(found.foreign_lines) - len(broken) >= max(len(broken), 1):
        line = found.undecodable[0] if found.undecodable else 0
        note = _("Line {line} (and maybe more) is not UTF-8 like the rest; read as Windows-1252.").format(line=line)
        return "utf-8", MIXED_UTF8, note
    encoding = _guess_legacy(b"\n".join(broken or found.foreign_lines))
    return (
        encoding,
        "replace",
        _("Read as {encoding}; name another encoding if accents look wrong.").format(encoding=encoding),
    )


def _guess_legacy(lines: bytes) -> str:
    """Western files are the most; what reads oddly as Western is left to charset-normalizer."""
    for western in ("cp1252", "latin-1"):
        if _decodes(lines, western):
            break
    text = lines.decode(western)
    letters = re.findall(r"[^\W\d_]+", text)
    odd = sum(1 for word in letters if len(re.findall(r"[^\x00-\x7f]", word)) > max(2, len(word) / 2))
    marked = sum(1 for word in letters if not word.isascii())
    symbols = len(re.findall(r"[\x80-\xbf×÷]", text.replace("\xa0", "")))
    if odd * 2 < marked and symbols * 2 < max(marked, 1):
        return western
    from charset_normalizer import from_bytes  # slow to import, rarely needed

    best = from_bytes(lines).best()
    return str(best.encoding) if best is not None else western


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True)
class Marks:
    """The three characters that give a CSV file its shape."""

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    skips_space: bool = False  # as in: 1, "Ulm, Donau", 2

    def records(self, lines: Iterable[str]) -> Reader:
        """Split lines into cells; blank lines give empty lists."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            escapechar=self.escape,
            skipinitialspace=self.skips_space,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
        )


def guess_marks(text: str, escape_lines: Sequence[str], *, delimiter: str | None) -> Marks:
    """The delimiter, quote and escape that cut a sample into the most regular table.

    Regularity decides (rows of one width), then how many columns there are; rarer delimiters have to be
    perfect, so that a list of full names is not cut at the space.
    """
    lines = text.splitlines(keepends=True)[:400]
    if not delimiter and lines and (said := re.match(r"(?i)sep=(.)\r?\n?$", lines[0])):
        delimiter = said[1]
    if delimiter:
        return max(_variants(delimiter, lines, escape_lines), key=lambda pair: pair[1])[0]
    best, best_score = Marks(), 0.0
    for candidate in USUAL_DELIMITERS:
        if candidate in text:
            for marks, score in _variants(candidate, lines, escape_lines):
                if score > best_score:
                    best, best_score = marks, score
    if best_score >= 0.35:
        return best
    for candidate in RARE_DELIMITERS:
        if candidate in text:
            for marks, score in _variants(candidate, lines, ()):
                widths = {len(row) for row in marks.records(lines) if row}
                if len(widths) == 1 and len(lines) >= 3 and score > best_score:
                    best, best_score = marks, score
    return best


_JUDGED = 2_000
"""Letters of a line that patterns look at; on endless ones they would take for ever."""


def _variants(delimiter: str, lines: Sequence[str], escape_lines: Sequence[str]) -> Iterator[tuple[Marks, float]]:
    """A delimiter with the quotes and escapes that the sample gives reason to try; how regular each is."""
    d = re.escape(delimiter)
    text = "\n".join(line[:_JUDGED].rstrip("\r\n") for line in lines)
    yield Marks(delimiter), _regularity(Marks(delimiter), lines)
    single = len(re.findall(rf"(?m)(?:^|{d})'[^'\n]*'(?={d}|\r?$)", text))
    if single > len(lines) / 10 and single > len(re.findall(rf'(?m)(?:^|{d})"', text)):
        yield Marks(delimiter, "'"), _regularity(Marks(delimiter, "'"), lines) + 0.01
    if delimiter.strip() and re.search(rf'{d} +"', text):
        spaced = Marks(delimiter, skips_space=True)
        yield spaced, _regularity(spaced, lines) + 0.01
    if '"' in text and not re.search(rf'(?m)(?:^|{d})"[^"\n]*"(?={d}|\r?$)', text):
        yield Marks(delimiter, None), _regularity(Marks(delimiter, None), lines) - 0.05
    extra = [line for line in escape_lines if re.search(rf"\\[{d}\"]", line)]
    if extra:
        # Escapes are rare, so judge them on the lines that have them, beside an ordinary start of the file.
        judged = [*lines[:20], *extra]
        plain = _regularity(Marks(delimiter), judged)
        escaped = _regularity(Marks(delimiter, '"', "\\"), judged)
        if escaped > plain or (escaped == plain and re.search(r'[^\\]\\"[^\s",;\t|]', "".join(extra))):
            yield Marks(delimiter, '"', "\\"), max(escaped, _regularity(Marks(delimiter), lines)) + 0.02


def _regularity(marks: Marks, lines: Sequence[str]) -> float:
    """From 0 to 1: how much of a sample falls into rows of one width."""
    try:
        rows = [row for row in marks.records(lines) if any(row)]
    except csv.Error:
        return 0.0
    widths = Counter(len(row) for row in rows)
    wide = [(count, width) for width, count in widths.items() if width > 1]
    if not wide:
        return 0.0
    count, width = max(wide)
    others = set(USUAL_DELIMITERS) - {marks.delimiter}
    cells = [cell for row in rows for cell in row]
    untidy = sum(1 for cell in cells if any(other in cell for other in others) or "\n" in cell)
    share = count / len(rows)
    return float(share * share * (1 - 1 / (width + 1)) * (1 - 0.5 * untidy / len(cells)))


_VALUE = re.compile(
    r"""(?xi)
    [^@\s]+@[^@\s]+\.[a-z]{2,}             # an e-mail address
    | (?:https?://|www\.)\S+               # a web address
    | [+-]?\(?[\d.,'\s]*\d[\d.,'\s]*\)?\s?[%€$£]?  # a number
    | [+(]?\d[\d\s()/.-]{5,}               # a telephone number
    | \d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T\s].*)?  # a date
    | [0-9a-f]{16,} | [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}  # a key
    """
)
_STRONG = re.compile(r"(?i)[^@\s]+@[^@\s]+\.[a-z]{2,}|https?://\S+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T\s].*)?")


def looks_like_header(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether a row names columns rather than holding a record; in doubt it does."""
    votes = 0
    for index, cell in enumerate(first):
        text = cell[:200].strip()  # patterns on endless cells would take for ever
        if not text:
            continue
        below = [row[index][:200].strip() for row in rest if index < len(row)]
        below = [other for other in below if other]
        valued = sum(1 for other in below if _VALUE.fullmatch(other))
        if _STRONG.fullmatch(text):
            votes -= 3
        elif re.fullmatch(r"(19|20)\d\d", text):
            continue  # a year names a column as often as it is a value
        elif _VALUE.fullmatch(text):
            votes -= 1 if not below or valued * 2 > len(below) else 0
        elif text in below[:200]:
            votes -= 1
        elif below and valued * 2 > len(below):
            votes += 2
    return votes >= 0


def find_header(rows: Sequence[Sequence[str]], *, has_header: bool | None) -> tuple[int, bool]:
    """The index of the first row of the table proper, and whether that row is its header.

    Lines above the table (a title, "exported by ...") are far narrower than the table.
    """
    if not rows:
        return 0, bool(has_header)
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    widths = Counter(count for count in (len(row) for row in rows) if count > 1)
    usual = max(widths, key=lambda width: (widths[width], width)) if widths else 1
    typical = sorted(count for row, count in zip(rows, filled, strict=True) if len(row) >= usual) or [1]
    needed = max(2, min(0.6 * usual, typical[len(typical) // 2])) if usual > 1 else 1
    start = next((i for i, count in enumerate(filled) if count >= needed), 0)
    first_full = next((i for i, row in enumerate(rows) if len(row) == usual), start)
    if first_full < start and not looks_like_header(rows[start], rows[start + 1 :]):
        start = first_full  # a header with many blank names, not a title
    if has_header is not None:
        return start, has_header
    return start, looks_like_header(rows[start], rows[start + 1 :])


def trim_header(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The header without the blank names at its end that no row fills: spreadsheets leave such columns."""
    used = max((i for row in rows for i, cell in enumerate(row[: len(header)], 1) if cell.strip()), default=0)
    named = max((i for i, cell in enumerate(header, 1) if cell.strip()), default=0)
    return list(header[: max(used, named, 1)])


def name_columns(cells: Sequence[str]) -> list[str]:
    """Column names that can be told apart: blank ones get a number, repeated ones a counter."""
    names: list[str] = []
    seen: set[str] = set()
    for index, cell in enumerate(cells, 1):
        name = " ".join(cell.replace("\ufeff", "").split()) or f"Column {index}"
        unique, again = name, 2
        while unique in seen:
            unique, again = f"{name} ({again})", again + 1
        seen.add(unique)
        names.append(unique)
    return names
