"""Turning the text of a cell into a value, or saying plainly why it is none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from headwater.intake.dates import (
    DateOrder,
    OrderGuess,
    infer_date_order,
    parse_date,
    parse_datetime,
)
from headwater.intake.errors import BadValue, quoted
from headwater.platform.money import FinerThanKept, kept
from headwater.platform.numbers import DecimalMark, is_grouped, plain_number
from headwater.platform.translated import gettext as _

__all__ = [
    "BLANK_WORDS",
    "BadValue",
    "Blanks",
    "DateOrder",
    "DecimalGuess",
    "OrderGuess",
    "infer_date_order",
    "infer_decimal_comma",
    "parse_amount",
    "parse_bool",
    "parse_choice",
    "parse_date",
    "parse_datetime",
    "parse_decimal",
    "parse_integer",
]

BLANK_WORDS = frozenset(
    {
        "", "-", "--", "---", "–", "—", "n/a", "N/A", "n.a.", "N.A.", "#N/A", "#n/a", "<NA>", "NULL", "null",
        "(null)", "\\N", "nan", "NaN", "NaT", "(blank)", "(empty)", "(leer)", "(vide)", "(vacío)",
    }
)  # fmt: skip
"""What programs write for nothing. "None", "NA" and "unknown" are not here: they can be an answer or a name."""


_GUARDED = ("=", "+", "-", "@")


class Blanks:
    """The cells that count as empty: the usual words and those of a profile ("Select" in a web form)."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self._words = BLANK_WORDS | {word.strip() for word in extra}

    def clean(self, text: str) -> str:
        """The text without surrounding space, or "" if it says nothing.

        The apostrophe that exports and spreadsheets put before what would run as a formula is not part of it.
        """
        text = text.strip()
        if text[:1] == "'" and text[1:2] in _GUARDED:
            text = text[1:]
        return "" if text in self._words else text


_FAST_DECIMAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,2})?")
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’`_]")
_CURRENCY = r"(?:R\$|US\$|[A-Z]{0,2}[$€£¥₹₽₺₩₫₴₦₱฿₪]|[A-Z]{3}|kr\.?|zł|Kč|Ft|Fr\.?|Rs\.?|lei|лв\.?|руб\.?|euros?|,-)"
_AMOUNT = re.compile(
    rf"(?P<open>\()?(?P<sign>[+-])?{_CURRENCY}?(?P<sign2>[+-])?(?P<open2>\()?"
    r"(?P<number>[0-9.,]*[0-9][0-9.,]*?)"
    r"(?:[eE](?P<power>[+-]?[0-9]{1,2}))?(?P<scale>k|K|m|M|mio\.?|Mio\.?|mln|Mln|bn|Mrd\.?|B)?"
    rf"{_CURRENCY}?(?P<percent>%)?(?P<close>\))?(?P<after>-)?"
)
_SCALES = {"k": 3, "m": 6, "mio": 6, "mln": 6, "bn": 9, "b": 9, "mrd": 9}


def parse_decimal(text: str, *, decimal: DecimalMark | None = None) -> Decimal:
    """An exact number out of an amount as people write it: "1.234,56 €", "$1,234.56", "(120)", "1.2k", "12 %".

    ``decimal`` is the column's decimal mark; it matters only for the likes of "1,234", which without it is
    one thousand two hundred thirty-four. A percentage becomes its fraction.

    Raises:
        BadValue: it is no number.
    """
    if decimal != "," and _FAST_DECIMAL.fullmatch(text):
        return Decimal(text)
    if len(text) > 60:
        raise BadValue(_("{text} is not a number.").format(text=quoted(text)))
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    squeezed = _SPACES.sub("", unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-"))
    found = _AMOUNT.fullmatch(squeezed)
    if found is None or len(found["number"]) > 40:
        raise BadValue(_("{text} is not a number.").format(text=quoted(text)))
    value = plain_number(found["number"], decimal)
    if value is None:
        raise BadValue(_("{text} is not a number.").format(text=quoted(text)))
    brackets = bool(found["open"] or found["open2"])
    signs = [sign for sign in (found["sign"], found["sign2"], found["after"]) if sign]
    if brackets != bool(found["close"]) or len(signs) + brackets > 1:
        raise BadValue(_("{text} is not a number.").format(text=quoted(text)))
    shift = int(found["power"] or 0) + _SCALES.get((found["scale"] or "").lower().rstrip("."), 0)
    shift -= 2 if found["percent"] else 0
    if shift:
        value = Decimal(format(value.scaleb(shift), "f"))
    return -value if brackets or "-" in signs else value


def parse_amount(text: str, *, decimal: DecimalMark | None = None) -> Decimal:
    """An amount of money with its two decimals; one that has more is refused, never rounded.

    Raises:
        BadValue: it is no number, or finer than amounts are kept.
    """
    try:
        return kept(parse_decimal(text, decimal=decimal))
    except (FinerThanKept, InvalidOperation) as error:
        told = str(error) if isinstance(error, FinerThanKept) else _("{text} is too large.").format(text=quoted(text))
        raise BadValue(told) from error


def parse_integer(text: str, *, decimal: DecimalMark | None = None) -> int:
    """A count, such as employees or pieces.

    Raises:
        BadValue: it is no whole number.
    """
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    value = parse_decimal(text, decimal=decimal)
    if value != value.to_integral_value():
        raise BadValue(_("{text} is not a whole number.").format(text=quoted(text)))
    return int(value)


@dataclass(frozen=True)
class DecimalGuess:
    """Which mark stands before the cents in a column, for the page to show and the profile to keep."""

    mark: DecimalMark
    certain: bool
    reason: str


def infer_decimal_comma(samples: Iterable[str], *, default: DecimalMark = ".") -> DecimalGuess:
    """Whether a column writes 1.234,56 or 1,234.56, from the numbers that can be read only one way."""
    votes: dict[DecimalMark, int] = {".": 0, ",": 0}
    unclear = 0
    for text in samples:
        digits = re.sub(r"[^0-9.,]", "", text[:60]).strip(".,")
        points, commas = digits.count("."), digits.count(",")
        if not points and not commas:
            continue
        if points and commas:
            votes["." if digits.rindex(".") > digits.rindex(",") else ","] += 1
        elif points + commas > 1:
            votes["," if points else "."] += 1  # the repeated mark separates thousands
        elif is_grouped(digits, "." if points else ","):
            unclear += 1
        else:
            votes["." if points else ","] += 1
    if votes["."] and votes[","]:
        mark: DecimalMark = "." if votes["."] >= votes[","] else ","
        return DecimalGuess(
            mark,
            False,
            _("{votes} numbers have a decimal point and {votes_2} a comma.").format(
                votes=votes["."], votes_2=votes[","]
            ),
        )
    for mark in (".", ","):
        if votes[mark]:
            return DecimalGuess(
                mark,
                True,
                _('{votes} numbers can only have "{mark}" before the decimals.').format(votes=votes[mark], mark=mark),
            )
    if unclear:
        return DecimalGuess(
            default,
            False,
            _('{unclear} numbers fit both ways; read with decimal "{default}".').format(
                unclear=unclear, default=default
            ),
        )
    return DecimalGuess(default, True, _("No number depends on the decimal mark."))


_YES = {"1", "1.0", "yes", "y", "true", "t", "on", "x", "✓", "✔", "ja", "j", "wahr", "si", "sí", "s", "sim"}
_YES |= {"verdadero", "verdadeiro", "oui", "o", "vrai", "waar"}
_NO = {"0", "0.0", "no", "n", "false", "f", "off", "nein", "falsch", "nee", "não", "nao", "falso", "non"}
_NO |= {"faux", "onwaar", "✗"}


def parse_bool(text: str) -> bool:
    """A yes or no in the languages of our users.

    Raises:
        BadValue: it is neither.
    """
    word = text.strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadValue(_("{text} is neither yes nor no.").format(text=quoted(text)))


_MOST_SPELLINGS = 500  # of the choices of a column are remembered


def parse_choice(text: str, choices: Mapping[str, str], called: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The stored value of a choice, found by its value or its label, whatever the case or punctuation.

    ``choices`` goes from what may be written to what is stored, ``called`` from that to what pages call it.

    Raises:
        BadValue: there is no such choice; the nearest is named, else some of those there are.
    """
    return choice_parser(choices, called)(text)


def choice_parser(choices: Mapping[str, str], called: Mapping[str, Any] = MappingProxyType({})) -> Callable[[str], str]:
    """:func:`parse_choice` for a whole column: the choices are folded once."""
    exact = {**{str(label): code for code, label in called.items()}, **choices}
    known = {choice_key(name): value for name, value in [*((v, v) for v in choices.values()), *exact.items()]}

    def parse(text: str) -> str:
        if text in exact:
            return exact[text]
        key = choice_key(text)
        if key in known:
            if len(exact) < _MOST_SPELLINGS:
                exact[text] = known[key]
            return known[key]
        raise BadValue(_no_choice(text, key, known, choices, called))

    return parse


def _no_choice(
    text: str, key: str, known: Mapping[str, str], choices: Mapping[str, str], called: Mapping[str, Any]
) -> str:
    from rapidfuzz import process  # only mistakes need it

    near = process.extractOne(key, list(known), score_cutoff=75)
    if near:
        words = (name for name in [*choices, *choices.values()] if choice_key(name) == near[0])
        label = called.get(known[near[0]]) or next(words)
        return _("{text} is not one of the choices. Did you mean “{label}”?").format(text=quoted(text), label=label)
    offered = [str(label) for label in called.values()] or list(choices)
    return _("{text} is not one of the choices: {some}{value}.").format(
        text=quoted(text), some=", ".join(offered[:6]), value=_(" and others") if len(offered) > 6 else ""
    )


def choice_key(text: str) -> str:
    """A word as it is compared: without case, accents, spaces and punctuation."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in folded if c.isalnum())
