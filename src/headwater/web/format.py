"""How figures, money, dates and spans of time are written for people. Pure: values in, words out.

A locale may be one reader's :class:`~headwater.web.notation.Writing`, with the marks, days and clock they chose.
"""

from __future__ import annotations

import re
import zlib
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache
from typing import Literal

import phonenumbers
from babel.core import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, get_currency_precision, get_currency_symbol
from django.utils.translation import gettext, ngettext, pgettext

from headwater.platform.money import in_cents
from headwater.web.notation import Writing

Tone = Literal["good", "warn", "bad", "info", "acc", "line", "quiet", ""]
Figure = int | float | Decimal

NOT_KNOWN = "–"
MINUS = "−"
THIN_GAP = "\u202f"
AVATAR_COLOURS = 5

_STEPS = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"), (Decimal(10) ** 3, "k"))


def number(value: Figure | None, locale: Locale, *, digits: int | None = None) -> str:
    """A figure with grouped thousands: 1,986. ``digits`` fixes the decimals."""
    if value is None:
        return NOT_KNOWN
    exact = 0 if digits is None and isinstance(value, int) else digits
    if exact is not None and -1e15 < value < 1e15:
        return _grouped(_decimal(value), exact, locale)
    pattern = "#,##0.###" if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return _minus(format_decimal(_decimal(value), format=pattern, locale=locale))


def _grouped(value: Decimal, digits: int, locale: Locale) -> str:
    """What Babel would write, many times as fast: a report has thousands of figures."""
    marks = _marks(locale)
    if marks is None:
        return _minus(format_decimal(value, format="#,##0" + ("." + "0" * digits if digits else ""), locale=locale))
    written = f"{abs(value):,.{digits}f}".translate(marks)
    return f"{MINUS}{written}" if value < 0 else written


@lru_cache(maxsize=256)
def _marks(locale: Locale) -> dict[int, str] | None:
    """The group and decimal marks of a locale, if it writes plain figures in groups of three as most do."""
    thousands, millions = (
        format_decimal(Decimal(n), format="#,##0.0", locale=locale) for n in ("1234.5", "-1234567.5")
    )
    found = re.fullmatch(r"[-\u2212]1(\D)234(\D)567(\D)5", millions)
    if found is None or found[1] != found[2] or thousands != f"1{found[1]}234{found[3]}5":
        return None
    return {ord(","): found[1], ord("."): found[3]}


def signed(value: Figure | None, locale: Locale, *, digits: int | None = None) -> str:
    """A difference, with its sign in front: +26, −6."""
    if value is None:
        return NOT_KNOWN
    return ("+" if value > 0 else "") + number(value, locale, digits=digits)


def percent(share: Figure | None, locale: Locale, *, digits: int = 0, sign: bool = False) -> str:
    """A share of one as a percentage, a thin gap before the sign: 0.86 is 86 %."""
    if share is None:
        return NOT_KNOWN
    write = signed if sign else number
    return f"{write(_rounded(_decimal(share) * 100, digits), locale, digits=digits)}{THIN_GAP}%"


@lru_cache(maxsize=4_096)
def money(amount: Figure | None, currency: str, locale: Locale) -> str:
    """An amount as records and customers see it: €34,000, cents only where there are some."""
    if amount is None:
        return NOT_KNOWN
    value = _decimal(amount)
    whole = value == value.to_integral_value()
    if not currency:
        return number(value, locale, digits=0 if whole else 2)
    pattern = locale.currency_formats["standard"].pattern
    if whole:
        pattern = pattern.replace("0.00", "0")
    else:
        pattern = pattern.replace("0.00", f"0.{'0' * _digits_kept(value, currency)}")
    written = format_currency(abs(value), currency, format=pattern, locale=locale, currency_digits=False)
    return (MINUS if value < 0 else "") + _apart(written)


def _digits_kept(value: Decimal, currency: str) -> int:
    """The decimals to show: those of the currency's coins, and of half a yen that somebody asks, what is kept of it."""
    exponent = in_cents(value).normalize().as_tuple().exponent
    return max(get_currency_precision(currency), -exponent if isinstance(exponent, int) else 0)


@lru_cache(maxsize=4_096)
def money_short(amount: Figure | None, currency: str, locale: Locale) -> str:
    """An amount for lists and charts: €950, €6.2k, €34k, €1.49m; 34.000 € and 1,49 Mio. € in German."""
    if amount is None:
        return NOT_KNOWN
    value = abs(_decimal(amount))
    sign = MINUS if amount < 0 else ""
    for step, suffix in _STEPS:
        pattern = _short_pattern(int(step), suffix, locale)
        # The next step down may round up to this one: 999,600 is 1m, not 1000k.
        if pattern and _rounded(value / (step / 1000), 0) >= 1000 and value >= step / 2:
            symbol = get_currency_symbol(currency, locale=locale) if currency else ""
            written = pattern.replace("0", _short_figure(value / step, suffix, locale)).replace("¤", symbol)
            return sign + _apart(written.strip())
    return sign + money(_rounded(value, 0), currency, locale)


@lru_cache(maxsize=256)
def _short_pattern(step: int, suffix: str, locale: Locale) -> str:
    """How an amount in thousands or millions is written: €0k, 0 Mio. €. Empty where a language has no word for the
    step, as German for thousands: such an amount stands in full."""
    if locale.language == "en":
        return f"¤0{suffix}"
    pattern = str(locale.compact_currency_formats["short"]["other"][str(step)].pattern).partition(";")[0]
    if pattern.count("0") != 1 or "¤" not in pattern:
        return ""
    return re.sub(r"(?<=[^\W\d])¤", "\u00a0¤", pattern.replace("'", ""))


def _short_figure(scaled: Decimal, suffix: str, locale: Locale) -> str:
    """Two or three digits are enough to compare; trailing zeros say nothing."""
    if scaled >= 100 or (suffix == "k" and scaled >= 10):
        digits = 0
    elif scaled >= 10 or suffix == "k":
        digits = 1
    else:
        digits = 2
    return format_decimal(_rounded(scaled, digits), format="#,##0.##", locale=locale)


def day(value: date | None, locale: Locale, *, today: date) -> str:
    """A calendar day: 12 Nov, with the year when it is not this one; in figures for who chose how."""
    if value is None:
        return NOT_KNOWN
    if isinstance(locale, Writing) and locale.is_in_figures:
        return locale.day(value)
    return _in_words("MMMd" if value.year == today.year else "yMMMd", value, locale)


@lru_cache(maxsize=4_096)  # a list shows the same few days over and over
def _in_words(skeleton: str, value: date, locale: Locale) -> str:
    return str(format_skeleton(skeleton, value, locale=locale))


def long_day(value: date, locale: Locale) -> str:
    """A day as a headline: Thursday 12 November."""
    return f"{format_date(value, 'EEEE', locale=locale)} {format_skeleton('MMMMd', value, locale=locale)}"


def month(value: date, locale: Locale) -> str:
    """A month of a year: Nov 2026."""
    return format_skeleton("yMMM", value, locale=locale)


def clock_time(value: datetime, locale: Locale, *, zone: tzinfo) -> str:
    """A time of day in the reader's zone: 09:20, or 9:20 am."""
    return time_of_day(value.astimezone(zone).time(), locale)


def time_of_day(value: time, locale: Locale) -> str:
    """A time on the clock: 09:20, or 9:20 am."""
    return locale.time(value) if isinstance(locale, Writing) else f"{value:%H:%M}"


def when(value: datetime | None, locale: Locale, *, now: datetime, zone: tzinfo) -> str:
    """A moment as a timeline says it: today 09:20, yesterday 17:05, Tue 10 Nov, 3 Feb 2025."""
    if value is None:
        return NOT_KNOWN
    local, today = value.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    said = {"time": clock_time(value, locale, zone=zone)}
    if days == 0:
        return gettext("today %(time)s") % said
    if days == -1:
        return gettext("yesterday %(time)s") % said
    if days == 1:
        return gettext("tomorrow %(time)s") % said
    if abs(days) < 7 and not (isinstance(locale, Writing) and locale.is_in_figures):
        return _in_words("MMMEd", local.date(), locale)
    return day(local.date(), locale, today=today)


def moment(value: datetime | None, locale: Locale, *, now: datetime, zone: tzinfo) -> str:
    """A moment in full, for records and tooltips: 10 Nov 09:20."""
    if value is None:
        return NOT_KNOWN
    today = now.astimezone(zone).date()
    return f"{day(value.astimezone(zone).date(), locale, today=today)} {clock_time(value, locale, zone=zone)}"


def duration(span: timedelta | float) -> str:
    """How long something takes, in at most two units: 22 min, 2 h 05, 3 d."""
    seconds = abs(span.total_seconds() if isinstance(span, timedelta) else span)
    minutes = int(seconds // 60)
    if minutes < 1:
        return pgettext("duration", "under 1 min")
    if minutes < 60:
        return pgettext("duration", "%(minutes)d min") % {"minutes": minutes}
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        if not rest:
            return pgettext("duration", "%(hours)d h") % {"hours": hours}
        return pgettext("duration", "%(hours)d h %(minutes)02d") % {"hours": hours, "minutes": rest}
    return pgettext("duration", "%(days)d d") % {"days": hours // 24}


def ago(value: datetime | None, *, now: datetime) -> str:
    """How far away a moment is: 22 min ago, in 3 d."""
    if value is None:
        return NOT_KNOWN
    seconds = (now - value).total_seconds()
    if abs(seconds) < 60:
        return gettext("just now")
    if seconds > 0:
        return gettext("%(duration)s ago") % {"duration": duration(seconds)}
    return gettext("in %(duration)s") % {"duration": duration(seconds)}


def days_late(due: date, *, today: date) -> str:
    """A due day in words: today, tomorrow, 2 days late, in 5 days."""
    days = (due - today).days
    if days == 0:
        return gettext("today")
    if days == 1:
        return gettext("tomorrow")
    if days < 0:
        return ngettext("%(days)d day late", "%(days)d days late", -days) % {"days": -days}
    return ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}


def clock_tone(seconds_left: float, seconds_allowed: float) -> Tone:
    """How the answer clock looks: good, warn under half of the time left, bad under 30 % or late."""
    if seconds_allowed <= 0 or seconds_left < 0.3 * seconds_allowed:
        return "bad"
    return "warn" if seconds_left < 0.5 * seconds_allowed else "good"


def clock_words(seconds_left: float) -> str:
    """What the answer clock says: 8 min left, 2 h 05 late."""
    words = {"duration": duration(seconds_left)}
    return gettext("%(duration)s late") % words if seconds_left < 0 else gettext("%(duration)s left") % words


def initials(name: str) -> str:
    """Two letters for an avatar: the first of the first and of the last word."""
    words = [word for word in name.split() if word[0].isalnum()] or name.split()
    if not words:
        return "?"
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2])
    return letters.upper()


def avatar_colour(name: str) -> int:
    """A number from 1 to 5 that stays the same for the same name, on every machine."""
    return zlib.crc32(name.strip().casefold().encode()) % AVATAR_COLOURS + 1


def svg_percent(share: float) -> str:
    """A share of one as a length for an SVG attribute, kept inside the drawing."""
    return f"{max(0.0, min(1.0, share)) * 100:.4g}%"


def spark_points(values: list[float], width: float, height: float, *, pad: float = 3.0) -> list[tuple[float, float]]:
    """Where a small line chart of ``values`` passes, from left to right, lowest value at the bottom."""
    if not values:
        return []
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    step = (width - 4) / max(1, len(values) - 1)
    return [
        (round(2 + index * step, 1), round(height - pad - (value - low) / spread * (height - 2 * pad), 1))
        for index, value in enumerate(values)
    ]


def _decimal(value: Figure) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _rounded(value: Decimal, digits: int) -> Decimal:
    with localcontext() as exact:
        exact.prec = 40
        return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _apart(written: str) -> str:
    """A currency written in letters stands apart from its figure: CHF 1,200."""
    return re.sub(r"(?<=[A-Za-z])(?=\d)", "\u00a0", written)


def _minus(text: str) -> str:
    return text.replace("-", MINUS)


_E164 = re.compile(r"\+[1-9]\d{6,14}")


def grouped(text: str) -> str:
    """A text as it is, but a telephone number (E.164) in the groups its country writes."""
    return phone(text) if _E164.fullmatch(text) else text


@lru_cache(maxsize=4_096)
def phone(number: str) -> str:
    """A telephone number (E.164) as people write it across borders; what is none stays as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
