"""Values on their way from SQLite into PostgreSQL: what each becomes, and what no PostgreSQL can hold.

A row is carried as one line of ``COPY`` in exactly the form in which PostgreSQL gives it back: whether it arrived is
seen by reading its line again. The one exception is JSON, which PostgreSQL writes in its own way: of it the
meaning is compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, InvalidOperation
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any

NOTHING = b"\\N"
UNKNOWN_CHARACTER = "\ufffd"
CHECKSUM_BYTES = 16

_SPECIAL = re.compile(rb"[\\\n\r\t\b\f\v]")
_ESCAPES = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r", b"\t": b"\\t", b"\b": b"\\b", b"\f": b"\\f", b"\v": b"\\v"}
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_JSON_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|.)", re.DOTALL)
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_LARGEST_NUMBER = 4_000  # digits; Python itself reads no longer ones


class Unfit(Exception):
    """PostgreSQL cannot hold the value; the text says why."""


@dataclass(frozen=True)
class Column:
    """A column as PostgreSQL has it."""

    name: str
    kind: str
    length: int | None = None
    digits: int | None = None
    places: int | None = None


@dataclass
class Checksum:
    """Of any number of rows, in whatever order they come: equal if and only if the rows are."""

    rows: int = 0
    total: int = 0

    def add(self, line: bytes) -> None:
        """Count a row in."""
        self.rows += 1
        self.total += int.from_bytes(blake2b(line, digest_size=CHECKSUM_BYTES).digest(), "big")

    def __str__(self) -> str:
        return f"{self.total % (1 << 8 * CHECKSUM_BYTES):0{2 * CHECKSUM_BYTES}x}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Checksum) and (self.rows, str(self)) == (other.rows, str(other))


@dataclass
class Carrier:
    """Turns the rows of one table into lines; ``mends`` puts � in the place of characters that cannot be carried."""

    columns: Sequence[Column]
    mends: bool = False
    mended: int = 0
    _turns: list[Callable[[Any], bytes]] = field(init=False)
    _json: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._turns = [self._turn_of(column) for column in self.columns]
        self._json = [at for at, column in enumerate(self.columns) if column.kind == "jsonb"]

    def line(self, row: Sequence[Any]) -> bytes:
        """The row as a line of ``COPY``.

        Raises:
            Unfit: PostgreSQL cannot hold one of its values; the text begins with the column.
        """
        values = []
        for column, turn, value in zip(self.columns, self._turns, row, strict=True):
            try:
                values.append(NOTHING if value is None else turn(value))
            except Unfit as reason:
                raise Unfit(f"{column.name} {reason}") from None
        return b"\t".join(values)

    def compared(self, line: bytes) -> bytes:
        """The line as it is compared, here and there."""
        if not self._json:
            return line
        values = line.split(b"\t")
        for at in self._json:
            if values[at] != NOTHING:
                values[at] = _meaning(values[at])
        return b"\t".join(values)

    def _turn_of(self, column: Column) -> Callable[[Any], bytes]:
        if column.kind in _WHOLE:
            return partial(_whole, _WHOLE[column.kind])
        if column.kind == "numeric":
            return partial(_decimal, column.digits or 0, column.places or 0)
        if column.kind in ("text", "character varying"):
            return partial(self._text, column.length)
        if column.kind == "jsonb":
            return self._document
        if column.kind in _PLAIN:
            return _PLAIN[column.kind]
        raise Unfit(f"{column.name} is of the kind {column.kind}, which cannot be carried")

    def _text(self, length: int | None, value: Any) -> bytes:
        raw = value if isinstance(value, bytes) else str(value).encode()
        raw = self._whole_characters(raw)
        if length is not None and len(raw) > length and len(raw.decode()) > length:
            raise Unfit(f"is longer than {length} characters")
        return _SPECIAL.sub(_escape, raw)

    def _whole_characters(self, raw: bytes) -> bytes:
        reason = "holds the character NUL" if b"\0" in raw else ""
        try:
            raw.decode()
        except UnicodeDecodeError:
            reason = "holds bytes that are no text"
        if not reason:
            return raw
        if not self.mends:
            raise Unfit(reason)
        self.mended += 1
        return raw.decode(errors="replace").replace("\0", UNKNOWN_CHARACTER).encode()

    def _document(self, value: Any) -> bytes:
        if value == b"{}":
            return b"{}"
        raw = self._whole_characters(value if isinstance(value, bytes) else str(value).encode())
        if b"\\u" in raw and (whole := _JSON_ESCAPE.sub(_whole_character, raw)) != raw:
            if not self.mends:
                raise Unfit("holds a character that is none (\\u0000 or half of a pair)")
            self.mended += 1
            raw = whole
        document = _SPECIAL.sub(_escape, raw)
        try:
            _meaning(document)
        except (ValueError, ArithmeticError, RecursionError):
            raise Unfit("is no JSON that can be carried") from None
        return document


def lines_of(blocks: Iterable[Any]) -> Iterable[bytes]:
    """The rows that PostgreSQL gives out, however it cuts them into blocks."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + bytes(block)).split(b"\n")
        yield from lines


# ---------------------------------------------------------------- kinds of columns


_WHOLE = {"smallint": 15, "integer": 31, "bigint": 63}


def _whole(bits: int, value: Any) -> bytes:
    if not isinstance(value, int):
        raise Unfit(f"is no whole number ({_shown(value)})")
    if not -(1 << bits) <= value < 1 << bits:
        raise Unfit(f"is too large a number ({value})")
    return b"%d" % value


def _decimal(digits: int, places: int, value: Any) -> bytes:
    """As the product reads it: SQLite keeps amounts as floats, of which so many digits hold."""
    try:
        if isinstance(value, float):
            number = Context(prec=digits).create_decimal_from_float(value)
        else:
            number = Decimal(value.decode() if isinstance(value, bytes) else value)
        number = number.quantize(Decimal(1).scaleb(-places), context=Context(prec=max(digits, 1) + 30))
    except (InvalidOperation, UnicodeDecodeError):
        raise Unfit(f"is no number with {digits} digits ({_shown(value)})") from None
    if not number.is_finite() or abs(number) >= 10 ** (digits - places):
        raise Unfit(f"is no number with {digits} digits ({_shown(value)})")
    return f"{number if number else abs(number):f}".encode()


def _boolean(value: Any) -> bytes:
    if value not in (0, 1):
        raise Unfit(f"is neither yes nor no ({_shown(value)})")
    return b"t" if value else b"f"


@lru_cache(maxsize=4096)  # what came in together has the same moment
def _moment(value: Any) -> bytes:
    moment = _read(datetime.fromisoformat, value)
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
    except OverflowError:
        raise Unfit(f"is no moment ({_shown(value)})") from None
    return _without_zeros(moment.replace(tzinfo=None).isoformat(sep=" ")) + b"+00"


def _day(value: Any) -> bytes:
    return str(_read(date.fromisoformat, value)).encode()


def _time(value: Any) -> bytes:
    return _without_zeros(str(_read(time.fromisoformat, value)))


def _read(reader: Callable[[str], Any], value: Any) -> Any:
    try:
        return reader(value.decode())
    except (AttributeError, ValueError):
        raise Unfit(f"is no date or time ({_shown(value)})") from None


def _without_zeros(text: str) -> bytes:
    return (text.rstrip("0") if "." in text else text).encode()


def _float(value: Any) -> bytes:
    return repr(float(value)).removesuffix(".0").encode()


def _bytes(value: Any) -> bytes:
    return b"\\\\x" + bytes(value).hex().encode()


_PLAIN: dict[str, Callable[[Any], bytes]] = {
    "boolean": _boolean, "timestamp with time zone": _moment, "date": _day, "time without time zone": _time,
    "double precision": _float, "bytea": _bytes,
}  # fmt: skip


def _shown(value: Any) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _escape(found: re.Match[bytes]) -> bytes:
    return _ESCAPES[found.group()]


# ---------------------------------------------------------------- JSON


@lru_cache(maxsize=4096)
def _meaning(value: bytes) -> bytes:
    """A document as it is compared: its keys in order, its numbers exact, whatever way they are written in."""
    raw = _ESCAPED.sub(lambda found: _MEANT.get(found.group(1), found.group(1)), value)
    document = json.loads(raw, parse_float=_fraction, parse_constant=_refuse)
    return json.dumps(document, sort_keys=True, ensure_ascii=False).encode()


def _fraction(text: str) -> int | str:
    """A number with a point or an exponent; what is whole after all is the same as without them."""
    number = Decimal(text)
    if number and abs(number.adjusted()) > _LARGEST_NUMBER:
        raise ValueError(text)
    exact = _EXACT.normalize(number)
    # No text begins with this character: documents with it are not carried.
    return int(exact) if exact == exact.to_integral_value() else f"\0{exact}"


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _whole_character(found: re.Match[bytes]) -> bytes:
    """An escape of a document as it is, or � in the place of one that is no character."""
    code = found.group()[2:].lower()
    is_none = len(code) == 4 and (code == b"0000" or b"d800" <= code <= b"dfff")
    return UNKNOWN_CHARACTER.encode() if is_none else found.group()
