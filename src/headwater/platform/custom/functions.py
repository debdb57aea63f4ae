"""What formulas reckon with: their functions and signs, what each takes and gives, and what it does with values.

Values are ``Decimal``, ``str``, ``date`` and ``bool``; None stands for what is not filled in. What is reckoned from
nothing is nothing, but for the two functions that ask about it: ``EMPTY`` and ``FIRST``.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import wraps
from typing import Any

from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy

LONGEST_TEXT = 5_000


class Holds(StrEnum):
    """What a part of a formula is."""

    NUMBER = "NUMBER"
    TEXT = "TEXT"
    DATE = "DATE"
    YES_NO = "YES_NO"


WORDS: Mapping[Holds, Any] = {
    Holds.NUMBER: lazy("a number"), Holds.TEXT: lazy("a text"), Holds.DATE: lazy("a date"),
    Holds.YES_NO: lazy("yes or no"),
}  # fmt: skip


class Unreckoned(ValueError):
    """Why a formula has no result for a record, in words."""


@dataclass(frozen=True)
class Function:
    """A function: how it is written, what each argument may be (the last one stands for further ones if there can be
    ``several``), how many it needs, and what it gives: without ``gives`` what its arguments are, from ``alike`` on."""

    written: str
    about: Any
    takes: tuple[frozenset[Holds], ...]
    gives: Holds | None
    run: Callable[..., Any] | None = None
    least: int = 0
    several: bool = False
    alike: int = 0


# ---------------------------------------------------------------- what they do


def _whole(number: Decimal, least: int, most: int) -> int:
    if number != number.to_integral_value() or not least <= number <= most:
        told = _("A whole number from %(least)s to %(most)s is needed, not %(number)s.")
        raise Unreckoned(told % {"least": least, "most": most, "number": as_text(number)})
    return int(number)


def _rounded(number: Decimal, places: Decimal = Decimal(0), *, how: str = ROUND_HALF_UP) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-_whole(places, 0, 6)), rounding=how)


def as_text(value: Any) -> str:
    """A number or date as text: without noughts at the end, and as 2026-01-31."""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def _as_number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except ArithmeticError as error:
        raise Unreckoned(_("“%s” is not a number.") % text[:40]) from error
    if not number.is_finite():
        raise Unreckoned(_("“%s” is not a number.") % text[:40])
    return number


def _day(year: Decimal, month: Decimal, day: Decimal) -> date:
    try:
        return date(_whole(year, 1, 9999), _whole(month, 1, 12), _whole(day, 1, 31))
    except Unreckoned:
        raise
    except ValueError as error:
        raise Unreckoned(_("There is no such day.")) from error


def _days_later(day: date, days: Decimal) -> date:
    try:
        return day + timedelta(days=int(days))
    except OverflowError as error:
        raise Unreckoned(_("There is no such day.")) from error


def _plus(one: Any, other: Any) -> Any:
    if isinstance(one, str):
        if len(one) + len(other) > LONGEST_TEXT:
            raise Unreckoned(_("The text gets too long."))
        return one + other
    if isinstance(one, date):
        return _days_later(one, other)
    return _days_later(other, one) if isinstance(other, date) else one + other


def _minus(one: Any, other: Any) -> Any:
    if isinstance(one, date):
        return Decimal((one - other).days) if isinstance(other, date) else _days_later(one, -other)
    return one - other


def _divided(one: Decimal, other: Decimal) -> Decimal:
    if not other:
        raise Unreckoned(_("It divides by zero."))
    return one / other


def filled(reckon: Callable[..., Any]) -> Callable[..., Any]:
    """The same, with nothing as the result where anything it takes is nothing."""

    @wraps(reckon)
    def reckoned(*values: Any) -> Any:
        return None if None in values else reckon(*values)

    return reckoned


# ---------------------------------------------------------------- the functions

_NUMBER, _TEXT, _DATE = frozenset({Holds.NUMBER}), frozenset({Holds.TEXT}), frozenset({Holds.DATE})
_YES_NO, _ANY = frozenset({Holds.YES_NO}), frozenset(Holds)
_IN_ORDER = _NUMBER | _TEXT | _DATE

# IF, EMPTY and FIRST do not need all of their arguments: the reckoner looks at these itself.
FUNCTIONS: dict[str, Function] = {
    "IF": Function(
        "IF(amount > 1000, \"large\", \"small\")", lazy("one or the other; without a third part, nothing"),
        (_YES_NO, _ANY, _ANY), None, least=2, alike=1,
    ),
    "EMPTY": Function("EMPTY(amount)", lazy("whether nothing is filled in"), (_ANY,), Holds.YES_NO),
    "FIRST": Function(
        "FIRST(amount, 0)", lazy("the first that is filled in"), (_ANY,), None, several=True
    ),
    "MIN": Function("MIN(a, b)", lazy("the smallest, or the earliest"), (_IN_ORDER,), None, min, several=True),
    "MAX": Function("MAX(a, b)", lazy("the largest, or the latest"), (_IN_ORDER,), None, max, several=True),
    "ROUND": Function(
        "ROUND(a, 2)", lazy("rounded, to so many places"), (_NUMBER, _NUMBER), Holds.NUMBER, _rounded, least=1
    ),
    "FLOOR": Function(
        "FLOOR(a)", lazy("the whole number below"), (_NUMBER,), Holds.NUMBER, lambda a: _rounded(a, how=ROUND_FLOOR)
    ),
    "CEILING": Function(
        "CEILING(a)", lazy("the whole number above"), (_NUMBER,), Holds.NUMBER,
        lambda a: _rounded(a, how=ROUND_CEILING),
    ),
    "ABS": Function("ABS(a)", lazy("without its sign"), (_NUMBER,), Holds.NUMBER, abs),
    "DAYS": Function(
        "DAYS(from, to)", lazy("the days between"), (_DATE, _DATE), Holds.NUMBER, lambda a, b: Decimal((b - a).days)
    ),
    "DATE": Function("DATE(2026, 3, 1)", lazy("a day"), (_NUMBER,) * 3, Holds.DATE, _day),
    "YEAR": Function("YEAR(day)", lazy("its year"), (_DATE,), Holds.NUMBER, lambda day: Decimal(day.year)),
    "MONTH": Function("MONTH(day)", lazy("its month"), (_DATE,), Holds.NUMBER, lambda day: Decimal(day.month)),
    "DAY": Function("DAY(day)", lazy("its day of the month"), (_DATE,), Holds.NUMBER, lambda day: Decimal(day.day)),
    "TEXT": Function("TEXT(a)", lazy("a number or date as text"), (_NUMBER | _DATE,), Holds.TEXT, as_text),
    "NUMBER": Function("NUMBER(text)", lazy("a text as number"), (_TEXT,), Holds.NUMBER, _as_number),
    "LEN": Function("LEN(text)", lazy("how many characters"), (_TEXT,), Holds.NUMBER, lambda t: Decimal(len(t))),
    "UPPER": Function("UPPER(text)", lazy("in capitals"), (_TEXT,), Holds.TEXT, str.upper),
    "LOWER": Function("LOWER(text)", lazy("in small letters"), (_TEXT,), Holds.TEXT, str.lower),
    "TRIM": Function("TRIM(text)", lazy("without blanks around it"), (_TEXT,), Holds.TEXT, str.strip),
    "LEFT": Function(
        "LEFT(text, 3)", lazy("its first characters"), (_TEXT, _NUMBER), Holds.TEXT,
        lambda text, count: text[: _whole(count, 0, LONGEST_TEXT)],
    ),
    "RIGHT": Function(
        "RIGHT(text, 3)", lazy("its last characters"), (_TEXT, _NUMBER), Holds.TEXT,
        lambda text, count: text[max(0, len(text) - _whole(count, 0, LONGEST_TEXT)) :],
    ),
    "CONTAINS": Function(
        "CONTAINS(text, \"plan\")", lazy("whether it is in it, in capitals or not"), (_TEXT, _TEXT), Holds.YES_NO,
        lambda text, part: part.casefold() in text.casefold(),
    ),
}  # fmt: skip


# ---------------------------------------------------------------- the signs

_N, _T, _D = Holds.NUMBER, Holds.TEXT, Holds.DATE
# What two parts give with a sign between them; any other pair is refused.
BETWEEN: dict[type[ast.operator], Mapping[tuple[Holds, Holds], Holds]] = {
    ast.Add: {(_N, _N): _N, (_T, _T): _T, (_D, _N): _D, (_N, _D): _D},
    ast.Sub: {(_N, _N): _N, (_D, _D): _N, (_D, _N): _D},
    ast.Mult: {(_N, _N): _N},
    ast.Div: {(_N, _N): _N},
}
COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
BEFORE: dict[type[ast.unaryop], Holds] = {ast.USub: _N, ast.UAdd: _N, ast.Not: Holds.YES_NO}

_RUN: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: _plus, ast.Sub: _minus, ast.Mult: operator.mul, ast.Div: _divided,
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
SIGNS = {kind: filled(run) for kind, run in _RUN.items()}
