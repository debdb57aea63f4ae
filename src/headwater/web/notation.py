"""How one reader writes figures, days and times: what pages show them and what their typing is read as are the same.

It follows from the language of the pages and the company's country, and what somebody chose for themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Any, Final, Literal, TypedDict
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError
from babel.languages import get_official_languages
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from headwater.platform.numbers import DecimalMark

# What is chosen: each is written the way it means. Empty is as the language and the country have it.
NUMBERS: Final = {"1,234.56": (",", "."), "1.234,56": (".", ","), "1 234,56": ("\u202f", ","), "1’234.56": ("’", ".")}
DAYS: Final = {"31.12.2026": "%d.%m.%Y", "12/31/2026": "%m/%d/%Y", "31/12/2026": "%d/%m/%Y", "2026-12-31": "%Y-%m-%d"}
CLOCKS: Final = ("24", "12")
WEEK_BEGINS: Final = {"1": 0, "7": 6, "6": 5}  # ISO weekdays, and how Python and Babel count them

Order = Literal["DMY", "MDY", "YMD"]
_ORDERS: Final[dict[str, Order]] = {"d": "DMY", "M": "MDY", "y": "YMD"}
_PARTS = re.compile(r"(\d{1,4})\s*[./\-\s]\s*(\d{1,2})\s*[./\-\s]\s*(\d{1,4})\.?")
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2})(?::(\d{2}))?)?\s*([ap])?\.?\s*(?:m\.?)?", re.IGNORECASE)
_FROM_TODAY = re.compile(r"([+-])\s?(\d{1,4})\s?([^\W\d_]?)")
_EXAMPLE = date(2026, 12, 31)
EXAMPLE_NUMBER = "1,234.50"


@dataclass(frozen=True)
class Notation:
    """What one reader chose, each empty if nothing, and the country (ISO 3166-1) whose habits hold otherwise."""

    country: str = ""
    numbers: str = ""
    days: str = ""
    clock: str = ""
    week: str = ""


class Writing(Locale):
    """A language's locale as one reader wants it: Babel writes with it, and we read what they type by it."""

    notation: Notation = Notation()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) and getattr(other, "notation", None) == self.notation

    def __hash__(self) -> int:
        return hash((super().__hash__(), self.notation))

    @cached_property
    def number_symbols(self) -> Any:
        """Babel's marks, with the group and decimal mark that were chosen."""
        found = super().number_symbols
        if not self.notation.numbers:
            return found
        group, decimal = NUMBERS[self.notation.numbers]
        return {system: {**marks, "group": group, "decimal": decimal} for system, marks in found.items()}

    @property
    def decimal_mark(self) -> DecimalMark:
        """What stands before the decimals."""
        return "," if self.number_symbols.get("latn", {}).get("decimal") == "," else "."

    @cached_property
    def day_pattern(self) -> str:
        """How a day is written in figures, as :func:`date.strftime` knows it."""
        if self.notation.days:
            return DAYS[self.notation.days]
        mark = next((mark for mark in "./-" if mark in self._short_day), "/")
        return mark.join(f"%{letter if letter != 'M' else 'm'}" for letter in self._letters).replace("%y", "%Y")

    @cached_property
    def order(self) -> Order:
        """Which part of a day comes first: it decides what 03/04/2026 is."""
        first = self.day_pattern[1].replace("m", "M").replace("Y", "y")
        return _ORDERS[first]

    @cached_property
    def has_noon(self) -> bool:
        """Whether the clock counts to twelve twice."""
        if self.notation.clock:
            return self.notation.clock == "12"
        return "a" in str(self.time_formats["short"].pattern)

    @cached_property
    def week_begins(self) -> int:
        """The first day of a week, Monday is 0."""
        return WEEK_BEGINS[self.notation.week] if self.notation.week else int(self.first_week_day)

    @property
    def is_in_figures(self) -> bool:
        """Whether days are shown in figures: somebody chose how. Else the month is a word."""
        return bool(self.notation.days)

    def day(self, value: date) -> str:
        """A day in figures: 31/12/2026."""
        return value.strftime(self.day_pattern)

    def time(self, value: time) -> str:
        """A time of day in figures: 09:20, or 9:20 am."""
        if not self.has_noon:
            return f"{value:%H:%M}"
        return f"{value.hour % 12 or 12}:{value:%M} {'am' if value.hour < 12 else 'pm'}"

    @property
    def example_day(self) -> str:
        """A day as they write it, to show how."""
        return self.day(_EXAMPLE)

    @property
    def example_moment(self) -> str:
        """A day and time as they write it, to show how."""
        return f"{self.example_day} {self.time(time(14, 30))}"

    @property
    def example_number(self) -> str:
        """A number as they write it, to show how."""
        group, decimal = (self.number_symbols["latn"][mark] for mark in ("group", "decimal"))
        return EXAMPLE_NUMBER.translate({ord(","): group, ord("."): decimal})

    @property
    def _short_day(self) -> str:
        return re.sub(r"[^dMy./-]", "", str(self.date_formats["short"].pattern))

    @property
    def _letters(self) -> str:
        found = dict.fromkeys(letter for letter in self._short_day if letter in "dMy")
        return "".join(found) if len(found) == 3 else "dMy"


_NOBODY: Final = Notation()
_reader: ContextVar[Notation] = ContextVar("reader", default=_NOBODY)


@contextmanager
def writing_for(notation: Notation) -> Iterator[None]:
    """Show and read everything inside as this reader does."""
    token = _reader.set(notation)
    try:
        yield
    finally:
        _reader.reset(token)


def here() -> Writing:
    """How the present reader reads and writes, in the language of the page."""
    return writing(get_language() or "en", _reader.get())


def reading_zone() -> ZoneInfo:
    """Where the present reader is: their calendar days begin and end there, the company's if they chose none."""
    found = timezone.get_current_timezone()
    return found if isinstance(found, ZoneInfo) else ZoneInfo(str(found))


class ReadingDays(TypedDict):
    """How days are counted for somebody."""

    zone: ZoneInfo
    week_begins: int


def reading_days() -> ReadingDays:
    """Where the days of the present reader begin, and on which day their weeks."""
    return {"zone": reading_zone(), "week_begins": here().week_begins}


def counted(count: int) -> str:
    """A number of rows as the present reader writes it: 1,986."""
    return f"{count:,}".replace(",", here().number_symbols["latn"]["group"])


@lru_cache(maxsize=256)
def writing(language: str, notation: Notation = _NOBODY) -> Writing:
    """The locale of a language such as ``en-gb`` for what somebody chose; British dates for English, unless the
    company is where English is spoken otherwise."""
    code, _mark, region = language.replace("_", "-").partition("-")
    spoken = notation.country in _spoken_where(code)
    wanted = [f"{code}-{notation.country}"] if spoken else []
    wanted += [] if (code, region.lower()) in (("en", ""), ("en", "us")) else [language.replace("_", "-"), code]
    for name in [*wanted, "en-GB"]:
        try:
            return _noted(Writing.parse(name, sep="-"), notation)
        except (UnknownLocaleError, ValueError):
            continue
    raise UnknownLocaleError("en-GB")


def _noted(locale: Any, notation: Notation) -> Writing:
    assert isinstance(locale, Writing)  # parsing makes what it is asked of
    locale.notation = notation
    return locale


@lru_cache(maxsize=64)
def _spoken_where(language: str) -> frozenset[str]:
    """The countries with this official language; where another is spoken, nobody's habits are mixed."""
    territories = map(str, Locale("en").territories)
    return frozenset(code for code in territories if language in get_official_languages(code, de_facto=True))


def read_day(text: str, locale: Writing) -> date | None:
    """The day somebody typed: the year first wherever it stands first, else in the reader's order; None if it is none.

    A day that only fits another order is none: guessing would make 12/13/2026 and 12/11/2026 mean different months.
    """
    found = _PARTS.fullmatch(text.strip())
    if found is None:
        return None
    first, second, third = found.groups()
    has_year_first = len(first) > 2 or (locale.order == "YMD" and len(third) <= 2)
    year, month, day = {
        "YMD": (first, second, third), "DMY": (third, second, first), "MDY": (third, first, second)
    }["YMD" if has_year_first else locale.order]  # fmt: skip
    if len(year) not in (2, 4) or len(day) > 2:
        return None
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return None


def read_near_day(text: str, today: date) -> date | None:
    """A day said by its distance: today, tomorrow, +3, +2w, in the reader's language or in English; None if none."""
    word = text.strip().casefold()
    named = {"today": 0, "tomorrow": 1, "yesterday": -1}
    named |= {_("today").casefold(): 0, _("tomorrow").casefold(): 1, _("yesterday").casefold(): -1}
    if word in named:
        return today + timedelta(days=named[word])
    found = _FROM_TODAY.fullmatch(word)
    units = {"": 1, "d": 1, "w": 7} | {_("days")[:1].casefold(): 1, _("weeks")[:1].casefold(): 7}
    if found is None or found[3] not in units:
        return None
    return today + timedelta(days=int(found[1] + found[2]) * units[found[3]])


def read_moment(text: str, locale: Writing, *, today: date | None = None) -> datetime | None:
    """The day and time somebody typed, on the clock of whoever typed it; None if it is none. With ``today``, the day
    may be said by its distance."""
    words = text.strip().replace("\u202f", " ").replace(",", " ")
    head, _gap, tail = words.partition("T") if re.match(r"\d{4}-\d\d-\d\dT", words) else words.partition(" ")
    day = read_day(head, locale) or (read_near_day(head, today) if today is not None else None)
    at = _read_time(tail.strip()) if tail.strip() else None
    return datetime.combine(day, at) if day is not None and at is not None else None


def _read_time(text: str) -> time | None:
    found = _TIME.fullmatch(text)
    if found is None or not (found[2] or found[4]):
        return None
    hour, half = int(found[1]), (found[4] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    try:
        return time(hour, int(found[2] or 0), int(found[3] or 0))
    except ValueError:
        return None
