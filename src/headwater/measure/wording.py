"""How the report's figures are written in sentences, pictures and tables."""

from __future__ import annotations

from decimal import Decimal

from babel.core import Locale
from django.utils.translation import gettext

from headwater.measure.rules.intervals import Interval
from headwater.web import format as words
from headwater.web.notation import here


def locale() -> Locale:
    """The reader's locale."""
    return here()


def money(amount: Decimal | float | None, currency: str) -> str:
    """€34k."""
    return words.money_short(amount, currency, locale())


def number(value: float | Decimal | None, digits: int | None = 0) -> str:
    """1,986."""
    return words.number(value, locale(), digits=digits)


def share(value: float | None) -> str:
    """9 %, with a decimal where a whole per cent says too little."""
    if value is None:
        return words.NOT_KNOWN
    return words.percent(value, locale(), digits=1 if 0 < value < 0.1 else 0)


def between(ends: Interval | None) -> str:
    """24–33 %: where the true share lies 8 times out of 10."""
    if ends is None:
        return ""
    digits = 1 if ends.high < 0.1 else 0
    low = words.percent(ends.low, locale(), digits=digits).removesuffix("%").rstrip(words.THIN_GAP)
    return f"{low}–{words.percent(ends.high, locale(), digits=digits)}"


def amounts_between(ends: Interval | None, currency: str) -> str:
    """1,410–2,090: what one customer costs 8 times out of 10."""
    if ends is None:
        return ""
    return f"{words.money_short(ends.low, '', locale())}–{words.money_short(ends.high, '', locale())}"


def likely(ends: Interval | None) -> str:
    """The same for screen readers, in words."""
    if ends is None:
        return ""
    given = {"low": share(ends.low), "high": share(ends.high)}
    return gettext("8 times out of 10 between %(low)s and %(high)s") % given


def names(several: list[str]) -> str:
    """A, B and C."""
    if len(several) < 2:
        return "".join(several)
    return gettext("%(some)s and %(last)s") % {"some": ", ".join(several[:-1]), "last": several[-1]}
