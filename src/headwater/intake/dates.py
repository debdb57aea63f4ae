"""Dates and times as people and programs write them; which of day and month comes first is a column's choice."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from headwater.intake.errors import BadValue, quoted
from headwater.platform.translated import gettext as _

_MONTH_WORDS = """
january januar enero januari janeiro janvier jan ene jän janv
february februar febrero februari fevereiro février feb fev fév févr fevr fevrier
march märz marzo maart março mars mar mär mrz mrt marz marco
april april abril april abril avril apr abr avr
may mai mayo mei maio mai
june juni junio juni junho juin jun
july juli julio juli julho juillet jul juil
august august agosto augustus agosto août aug ago aout
september september septiembre september setembro septembre sep sept set setiembre
october oktober octubre oktober outubro octobre oct okt out
november november noviembre november novembro novembre nov
december dezember diciembre december dezembro décembre dec dez dic déc decembre
"""
MONTHS = {word: number for number, line in enumerate(_MONTH_WORDS.split("\n")[1:-1], 1) for word in line.split()}

_EXCEL_START = dt.datetime(1899, 12, 30)  # noqa: DTZ001  Excel has no time zone
_EXCEL_SERIALS = range(10_000, 80_000)  # 1927 to 2119; anything else is more likely a number than a day
_PARTS = re.compile(r"(\d{1,4})\s*([-/.\s])\s*(\d{1,2})\s*[-/.\s]\s*(\d{1,4})\.?")
_COMPACT = re.compile(r"(19|20)\d{6}")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")
_EPOCH = re.compile(r"\d{10}|\d{13}")
_WORD_DAY_FIRST = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?[\s\-/]*(?:de\s+)?([^\W\d_]+)\.?,?"
    r"[\s\-/]*(?:del?\s+)?(\d{4}|'?\d{2})"
)
_WORD_MONTH_FIRST = re.compile(r"([^\W\d_]+)\.?[\s\-/]+(\d{1,2})(?:st|nd|rd|th)?,?[\s\-/]+(\d{4})")
_WORD_YEAR_FIRST = re.compile(r"(\d{4})[\s\-/]+([^\W\d_]+)\.?[\s\-/]+(\d{1,2})")
_WEEKDAY = re.compile(r"^[^\W\d_]{2,10}\.?,\s+")
_TIME = re.compile(
    r"""(?ix)
    (?:[T\s,]\s*|\s+(?:at|um|a\slas|às|à|om)\s+)
    (\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?
    \s*(a\.?m\.?(?![a-z])|p\.?m\.?(?![a-z]))?
    \s*(Z|UTC|GMT|(?:UTC|GMT)?\s?[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]+/[A-Za-z_/]+)?
    (?:\s*(?:Uhr|h))?$
    """
)


class DateOrder(StrEnum):
    """Which part of 03/04/2024 is the day."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


@dataclass(frozen=True)
class OrderGuess:
    """What a column of dates gives away about its order, for the page to show and the profile to keep."""

    order: DateOrder
    certain: bool
    reason: str


def parse_date(text: str, *, order: DateOrder = DateOrder.DMY) -> dt.date:
    """A calendar day; a time behind it is dropped.

    Raises:
        BadValue: it is no date, or not in this order.
    """
    if len(text) == 10 and text[4] == "-":
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass
    return _moment(text.strip(), order)[0].date()


def parse_datetime(text: str, *, order: DateOrder = DateOrder.DMY, timezone: dt.tzinfo = dt.UTC) -> dt.datetime:
    """A moment in UTC. What names no zone is read in ``timezone``; a day alone is its first moment there.

    Raises:
        BadValue: it is no date, or not in this order.
    """
    try:
        found = dt.datetime.fromisoformat(text) if text[4:5] == "-" else None
    except ValueError:
        found = None
    if found is None:
        found, zone = _moment(text.strip(), order)
        if zone is not None:
            found = found.replace(tzinfo=zone)
    if found.tzinfo is None:
        found = found.replace(tzinfo=timezone)
    try:
        return found.astimezone(dt.UTC)
    except OverflowError:
        raise BadValue(_("{text} is too far away in time.").format(text=quoted(text))) from None


def _moment(text: str, order: DateOrder) -> tuple[dt.datetime, dt.tzinfo | None]:
    if len(text) > 60:
        raise BadValue(_("{text} is not a date.").format(text=quoted(text)))
    return _read_moment(text, order)


@lru_cache(maxsize=8192)
def _read_moment(text: str, order: DateOrder) -> tuple[dt.datetime, dt.tzinfo | None]:
    """Day and time without a zone, and the zone if one is named."""
    if _EPOCH.fullmatch(text):
        seconds = int(text) / (1000 if len(text) == 13 else 1)
        return dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None), dt.UTC
    if _SERIAL.fullmatch(text):
        serial = float(text.replace(",", "."))
        if int(serial) in _EXCEL_SERIALS:
            moment = _EXCEL_START + dt.timedelta(days=serial)
            return (moment + dt.timedelta(microseconds=500_000)).replace(microsecond=0), None
    time, zone, day = dt.time(), None, text
    if found := _TIME.search(text):
        time, zone = _time(found, text)
        day = text[: found.start()].strip()
    return dt.datetime.combine(_day(_WEEKDAY.sub("", day), order, text), time), zone


def _day(text: str, order: DateOrder, whole: str) -> dt.date:
    if parts := _PARTS.fullmatch(text):
        a, b, c = parts[1], parts[3], parts[4]
        if len(a) == 4:
            year, month, day = a, b, c
        elif order is DateOrder.MDY:
            month, day, year = a, b, c
        elif order is DateOrder.YMD and len(c) <= 2:
            year, month, day = a, b, c
        else:
            day, month, year = a, b, c
        if len(year) in (2, 4):
            try:
                return dt.date(_year(year), int(month), int(day))
            except ValueError:
                raise BadValue(_wrong_order(whole, order, int(day), int(month))) from None
    elif _COMPACT.fullmatch(text):
        parts_of = text[:4], text[4:6], text[6:]
        try:
            return dt.date(*map(int, parts_of))
        except ValueError:
            pass
    elif named := _named_month(text.casefold()):
        year, number, day = named
        try:
            return dt.date(_year(year), number, int(day))
        except ValueError:
            pass
    raise BadValue(_("{whole} is not a date.").format(whole=quoted(whole)))


def _named_month(text: str) -> tuple[str, int, str] | None:
    for pattern, y, m, d in ((_WORD_DAY_FIRST, 3, 2, 1), (_WORD_MONTH_FIRST, 3, 1, 2), (_WORD_YEAR_FIRST, 1, 2, 3)):
        if (found := pattern.fullmatch(text)) and (month := MONTHS.get(found[m])):
            return found[y].lstrip("'"), month, found[d]
    return None


def _wrong_order(text: str, order: DateOrder, day: int, month: int) -> str:
    if 12 < month <= 31 and 1 <= day <= 12 and order is not DateOrder.YMD:
        said, other = ("day", "month") if order is DateOrder.DMY else ("month", "day")
        return _("{text} is no date with the {said} first. If the column has the {other} first, say so.").format(
            text=quoted(text), said=said, other=other
        )
    return _("{text} is not a day that exists.").format(text=quoted(text))


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year < 69 else 1900)


def _time(found: re.Match[str], whole: str) -> tuple[dt.time, dt.tzinfo | None]:
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    half = (found[5] or "").replace(".", "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise BadValue(_("{whole} has no such time.").format(whole=quoted(whole)))
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        time = dt.time(hour, minute, second, int((found[4] or "0").ljust(9, "0")[:6]))
        return time, _zone(found[6] or "")
    except (ValueError, KeyError, OSError):
        raise BadValue(_("{whole} has no such time.").format(whole=quoted(whole))) from None


def _zone(text: str) -> dt.tzinfo | None:
    name = text.strip()
    if not name:
        return None
    if "/" in name:
        return ZoneInfo(name)
    offset = re.search(r"([+-])(\d{1,2}):?(\d{2})?$", name)
    if not offset:
        return dt.UTC
    size = dt.timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
    return dt.timezone(-size if offset[1] == "-" else size)


def infer_date_order(samples: Iterable[str], *, default: DateOrder = DateOrder.DMY) -> OrderGuess:
    """Which of day and month comes first in a column, from the days beyond the twelfth.

    Give it the whole column where that is possible: a sorted list may begin with days that decide nothing.
    """
    first = second = unclear = short_years = 0
    for text in samples:
        parts = _PARTS.match(text.strip()[:60])
        if parts is None or len(parts[1]) == 4:
            continue
        a, b = int(parts[1]), int(parts[3])
        if len(parts[4]) <= 2 and a > 31:
            short_years += 1
        elif 12 < a <= 31 and b <= 12:
            first += 1
        elif 12 < b <= 31 and a <= 12:
            second += 1
        elif a <= 12 and b <= 12:
            unclear += a != b
    if short_years and not first and not second:
        return OrderGuess(DateOrder.YMD, True, _("The first number is too large for a day."))
    if first and second:
        order = DateOrder.DMY if first > second else DateOrder.MDY if second > first else default
        return OrderGuess(
            order,
            False,
            _("{first} dates have the day first and {second} the month first: the column is mixed.").format(
                first=first, second=second
            ),
        )
    if first:
        return OrderGuess(DateOrder.DMY, True, _("{first} dates can only have the day first.").format(first=first))
    if second:
        return OrderGuess(DateOrder.MDY, True, _("{second} dates can only have the month first.").format(second=second))
    if unclear:
        said = {"dmy": "day", "mdy": "month", "ymd": "year"}[default]
        return OrderGuess(
            default,
            False,
            _("{unclear} dates fit both ways; read with the {said} first.").format(unclear=unclear, said=said),
        )
    return OrderGuess(default, True, _("No date depends on the order."))
