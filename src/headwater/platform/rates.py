"""What amounts are worth in the company's currency on a day; pure: rates and amounts in, amounts out."""

from __future__ import annotations

import csv
import io
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from headwater.platform.money import CURRENCIES, smallest_kept
from headwater.platform.translated import gettext

DIGITS = 15  # that every database keeps exactly
PLACES = 12
HIGHEST = Decimal(10) ** 9
_EXACT = Context(prec=60)
_DAYS, _CURRENCIES, _RATES = ("date", "day"), ("currency", "code"), ("rate",)


class UnreadableRates(ValueError):
    """A file of rates that cannot be read: it says which line and why."""


@dataclass(frozen=True)
class Quote:
    """What one unit of a currency was worth in the company's currency on a day."""

    currency: str
    day: date
    rate: Decimal


def rounded(rate: Decimal) -> Decimal:
    """A rate as it is kept: 12 decimals, 15 digits at most.

    Raises:
        ValueError: it is not above zero, or too large.
    """
    if not rate.is_finite() or not 0 < rate < HIGHEST:
        raise ValueError(rate)
    kept = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN).plus(rate)
    kept = kept.quantize(Decimal(1).scaleb(-PLACES), ROUND_HALF_EVEN, _EXACT)
    if kept <= 0:
        raise ValueError(rate)
    return kept


def rated_day(moment: datetime | date | None, zone: ZoneInfo, today: date) -> date:
    """The day whose rate holds for what happened then, as the company counts days; today's where that is not known."""
    if moment is None:
        return today
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


@dataclass(frozen=True)
class Rates:
    """Rates into one currency. A day without one has that of the latest day before it; before the first is unknown."""

    own: str
    _days: dict[str, list[date]] = field(default_factory=dict)
    _rates: dict[str, list[Decimal]] = field(default_factory=dict)

    @classmethod
    def of(cls, own: str, quotes: Iterable[Quote]) -> Rates:
        """The rates into ``own``."""
        found = cls(own)
        for quote in sorted(quotes, key=lambda quote: (quote.currency, quote.day)):
            found._days.setdefault(quote.currency, []).append(quote.day)
            found._rates.setdefault(quote.currency, []).append(quote.rate)
        return found

    def rate(self, currency: str, day: date) -> Decimal | None:
        """The rate of a day; None if it is not known."""
        if currency in (self.own, ""):
            return Decimal(1)
        at = bisect_right(self._days.get(currency, ()), day)
        return self._rates[currency][at - 1] if at else None

    def convert(self, amount: Decimal, currency: str, day: date) -> Decimal | None:
        """An amount in the company's currency, in its smallest coins, halves to the even one; None without a rate.

        Each row is rounded by itself and sums are of rounded rows, so that what a page lists adds up.
        """
        if currency in (self.own, ""):
            return amount
        rate = self.rate(currency, day)
        if rate is None:
            return None
        return _EXACT.multiply(amount, rate).quantize(smallest_kept(self.own), ROUND_HALF_EVEN, _EXACT)


@dataclass(frozen=True)
class Converted:
    """A sum in the company's currency: of how many amounts, and how many it leaves out as no rate is known."""

    amount: Decimal
    unknown: int = 0
    known: int = 0


def total(rates: Rates, rows: Iterable[tuple[Decimal, str, date]]) -> Converted:
    """The sum of amounts, each at the rate of its day."""
    found = [rates.convert(amount, currency, day) for amount, currency, day in rows]
    known = [amount for amount in found if amount is not None]
    return Converted(sum(known, Decimal(0)), len(found) - len(known), len(known))


# Files ------------------------------------------------------------------------------------------------------


def read_rates(text: str, *, own: str, base: str = "EUR") -> list[Quote]:
    """The rates in a CSV file: the wide one of the European Central Bank, or one line per currency and day.

    The wide one has a column per currency and says how much of each one unit of ``base`` was. The long one has the
    columns currency, date and rate, and says how much of the company's currency one unit was.

    Raises:
        UnreadableRates: it is neither, or a line is wrong.
    """
    lines = text.lstrip("\ufeff").strip()
    mark = ";" if lines.partition("\n")[0].count(";") > lines.partition("\n")[0].count(",") else ","
    rows = list(csv.reader(io.StringIO(lines), delimiter=mark))
    heads = [cell.strip().lower() for cell in rows[0]] if rows else []
    if any(head in _DAYS for head in heads) and any(head in _CURRENCIES for head in heads):
        return list(_long(rows[1:], heads, own=own))
    if heads and heads[0] in _DAYS and any(head.upper() in CURRENCIES for head in heads[1:]):
        return list(_wide(rows[1:], [head.upper() for head in heads], own=own, base=base))
    raise UnreadableRates(
        gettext("The first line names neither currency, date and rate, nor a date and one currency a column.")
    )


def _long(rows: Sequence[Sequence[str]], heads: Sequence[str], *, own: str) -> Iterator[Quote]:
    places = {}
    for names in (_CURRENCIES, _DAYS, _RATES):
        place = next((at for at, head in enumerate(heads) if head in names), None)
        if place is None:
            raise UnreadableRates(gettext("The first line does not name the column “%(name)s”.") % {"name": names[0]})
        places[names[0]] = place
    for line, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            code, day, figure = (row[places[name]].strip() for name in ("currency", "date", "rate"))
            if code.upper() not in CURRENCIES or code.upper() == own:
                raise ValueError(code)
            yield Quote(code.upper(), date.fromisoformat(day), rounded(_figure(figure)))
        except (ValueError, IndexError, InvalidOperation) as error:
            why = gettext(
                "Line %(line)s: a currency other than %(own)s, a date such as 2026-12-31 and a rate above zero are "
                "needed."
            )
            raise UnreadableRates(why % {"line": line, "own": own}) from error


def _wide(rows: Sequence[Sequence[str]], heads: Sequence[str], *, own: str, base: str) -> Iterator[Quote]:
    if own != base and own not in heads:
        why = gettext("The file counts from %(base)s and has no column for %(own)s.")
        raise UnreadableRates(why % {"base": base, "own": own})
    for line, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            day = date.fromisoformat(row[0].strip())
            quoted = {base: Decimal(1), **_quoted(heads, row)}
            for code, figure in quoted.items():
                if code != own and own in quoted:
                    yield Quote(code, day, rounded(_EXACT.divide(quoted[own], figure)))
        except (ValueError, InvalidOperation, ZeroDivisionError) as error:
            why = gettext("Line %(line)s: a date such as 2026-12-31 and rates above zero are needed.")
            raise UnreadableRates(why % {"line": line}) from error


def _quoted(heads: Sequence[str], row: Sequence[str]) -> Mapping[str, Decimal]:
    cells = [(head, cell.strip()) for head, cell in zip(heads[1:], row[1:], strict=False) if head in CURRENCIES]
    return {head: rounded(_figure(cell)) for head, cell in cells if cell and cell.upper() != "N/A"}


def _figure(text: str) -> Decimal:
    return Decimal(text.replace(",", ".") if "." not in text else text)
