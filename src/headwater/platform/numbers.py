"""Numbers as people write them: points, commas and blanks read the one way that makes sense."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Literal

DecimalMark = Literal[".", ","]

_BLANKS = re.compile(r"[\s\u00a0\u202f\u2009'’]")
_TYPED = re.compile(r"[+-]?(?:[0-9]{1,3}(?:[ '][0-9]{3})+(?:[.,][0-9]*)?|[0-9][0-9.,]*|[.,][0-9]+)")


def plain_number(number: str, decimal: DecimalMark | None = None) -> Decimal | None:
    """Digits with points and commas as a number, None if they make no sense.

    ``decimal`` is the mark before the decimals; it matters only for the likes of "1,234", which without it is one
    thousand two hundred thirty-four.
    """
    points, commas = number.count("."), number.count(",")
    if points and commas:
        mark = "." if number.rindex(".") > number.rindex(",") else ","
        other = "," if mark == "." else "."
        head, _, tail = number.rpartition(mark)
        if mark in head or not is_grouped(head, other):
            return None
        number = f"{head.replace(other, '')}.{tail}"
    elif points or commas:
        mark = "." if points else ","
        if points + commas > 1:
            if not is_grouped(number, mark):
                return None
            number = number.replace(mark, "")
        else:
            thousands = is_grouped(number, mark) and mark != (decimal or ".")
            number = number.replace(mark, "" if thousands else ".")
    try:
        return Decimal(number)
    except InvalidOperation:
        return None


def is_grouped(number: str, mark: str) -> bool:
    """Thousands as in 1,234,567, also the Indian 12,34,567."""
    groups = number.split(mark)
    return (
        1 <= len(groups[0]) <= 3
        and groups[0] != "0"
        and (len(groups) == 1 or len(groups[-1]) == 3)
        and all(2 <= len(group) <= 3 for group in groups[1:])
    ) or len(groups) == 1


def typed_number(text: str, *, decimal: DecimalMark, besides: tuple[str, ...] = ()) -> Decimal | None:
    """The number somebody typed into a form ("12.345,67", "1 234,50", "€ 12"), None if it is none.

    ``besides`` may stand before or behind it: the currency. Powers, percent and "5k" are not understood: what is
    typed is figures.
    """
    found = re.sub(r"[\s\u00a0\u202f\u2009]+", " ", text.replace("’", "'").replace("−", "-")).strip()
    is_negative, found = found.startswith("-"), found.removeprefix("-").strip()
    for word in besides:
        found = found.removeprefix(word).removesuffix(word).strip()
    if len(found) > 40 or not _TYPED.fullmatch(found) or (is_negative and found[0] in "+-"):
        return None
    sign, figures = ("-", found[1:]) if found.startswith("-") else ("", found.removeprefix("+"))
    value = plain_number(_BLANKS.sub("", figures), decimal)
    return None if value is None else -value if sign or is_negative else value
