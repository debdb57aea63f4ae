"""Exact amounts of money, each with its currency; nothing here formats them for a reader."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from headwater.platform.translated import gettext as _

# ISO 4217 codes in use, and the recently withdrawn ones (BGN, HRK…) that older orders still carry.
_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP
    BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR
    FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY
    KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR
    MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB
    RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD
    TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    ZWL
"""
CURRENCIES = frozenset(_CODES.split())
_CODES_BY_PLACES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_PLACES = {code: places for places, codes in _CODES_BY_PLACES.items() for code in codes.split()}


CENT = Decimal("0.01")  # what amounts are kept in, whatever their currency


class UnknownCurrency(ValueError):
    """The text is not a currency code of ISO 4217."""


class MixedCurrencies(ValueError):
    """Two amounts of different currencies were put together; convert one of them at a dated rate first."""


class FinerThanKept(ValueError):
    """An amount has more decimals than are kept: it is refused, as rounding it would say something else."""


def currency_code(text: str) -> str:
    """The ISO 4217 code that ``text`` names, in capitals.

    Raises:
        UnknownCurrency: no such code; symbols are not guessed, because "$" is many currencies.
    """
    code = text.strip().upper()
    if code not in CURRENCIES:
        raise UnknownCurrency(
            _("“{text}” is not a currency code of ISO 4217, such as EUR or USD.").format(text=text.strip())
        )
    return code


def decimal_places(currency: str) -> int:
    """How many digits the currency's smallest coin stands behind the point: 2 for EUR, 0 for JPY."""
    return _PLACES.get(currency_code(currency), 2)


def smallest_kept(currency: str) -> Decimal:
    """The smallest amount of a currency that is kept: one yen, a cent, and a cent of a dinar that has a thousand."""
    return max(Decimal(1).scaleb(-decimal_places(currency)), CENT)


def kept(amount: Decimal) -> Decimal:
    """An amount somebody gave, with the two decimals it is kept in.

    Raises:
        FinerThanKept: it has more; nobody's amount is rounded behind their back.
    """
    found = in_cents(amount)
    if found != amount:
        raise FinerThanKept(
            _("{amount} has more than two decimals, which amounts are kept in.").format(amount=f"{amount:f}")
        )
    return found


def in_cents(amount: Decimal) -> Decimal:
    """An amount that was worked out, to the cent, halves away from zero as on an invoice."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency; amounts of different currencies never meet by accident."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise TypeError("An amount of money is a finite Decimal.")
        if self.currency not in CURRENCIES:
            raise UnknownCurrency(_("“{currency}” is not a currency code of ISO 4217.").format(currency=self.currency))

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        if not isinstance(factor, (Decimal, int)):
            return NotImplemented  # a float would smuggle in an inexact amount
        return Money(self.amount * factor, self.currency)

    __rmul__ = __mul__

    def __bool__(self) -> bool:
        return self.amount != 0

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def rounded(self) -> Money:
        """The amount in whole smallest coins, halves away from zero as on an invoice."""
        unit = Decimal(1).scaleb(-decimal_places(self.currency))
        return Money(self.amount.quantize(unit, rounding=ROUND_HALF_UP), self.currency)

    def _same(self, other: Money) -> Decimal:
        if not isinstance(other, Money):
            raise TypeError("Money goes with money only.")
        if other.currency != self.currency:
            raise MixedCurrencies(f"{self.currency} and {other.currency} cannot be put together.")
        return other.amount


def total(amounts: Iterable[Money], *, currency: str) -> Money:
    """The sum of ``amounts``, zero of ``currency`` if there are none.

    Raises:
        MixedCurrencies: one of them is in another currency.
    """
    return sum(amounts, start=Money(Decimal(0), currency))


def split_exactly(amount: Decimal, weights: Sequence[Decimal | int], *, places: int = 2) -> list[Decimal]:
    """``amount`` cut up by ``weights`` so that the parts add up to it exactly.

    Largest remainder: everybody gets the whole coins that are due, and the coins left over go to those who
    lost most by rounding, the earlier first. An amount that is finer than ``places`` is split at its own
    fineness, so that nothing is lost.

    Raises:
        ValueError: no weight is above zero, or one is below.
    """
    shares = [Fraction(weight) for weight in weights]
    whole = sum(shares)
    if whole <= 0 or min(shares) < 0:
        raise ValueError("An amount is split by weights that are not negative, and not all zero.")
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int):
        raise TypeError("Only a finite amount can be split.")
    places = max(places, -exponent)
    sign = "-" if amount < 0 else ""
    coins = abs(int(Fraction(amount) * 10**places))
    due = [coins * share / whole for share in shares]
    parts = [int(share) for share in due]
    by_loss = sorted(range(len(due)), key=lambda at: (parts[at] - due[at], at))
    for at in by_loss[: coins - sum(parts)]:
        parts[at] += 1
    # Written out rather than computed: the constructor is exact whatever the decimal context.
    return [Decimal(f"{sign if part else ''}{part}E-{places}") for part in parts]
