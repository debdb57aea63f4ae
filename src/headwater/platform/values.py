"""Values from outside: what a database can hold and compare, whichever it is."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from headwater.platform.custom.values import field_at

LONGEST_TEXT = 1_000
LARGEST_NUMBER = Decimal(10) ** 15
MOST_PLACES = 100  # before or behind the point, written with an exponent
LARGEST_ID = 2**63 - 1


def is_storable(text: str) -> bool:
    """Whether every database takes these characters: no NUL, no half of a pair."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_comparable(number: Decimal) -> bool:
    """Whether every database compares it with what it holds: none that is too large, or as small as 1e-9999999."""
    return (
        number.is_finite()
        and number.copy_abs() < LARGEST_NUMBER  # abs() stumbles over 1e9999999
        and abs(int(number.as_tuple().exponent)) <= MOST_PLACES
    )


def row_id(text: str) -> int | None:
    """The id that a text from outside says; None where no row can have it."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_ID))
    return pk if is_number and (pk := int(text)) <= LARGEST_ID else None


def as_held(rows: QuerySet[Any], path: str, value: Any) -> Any:
    """A value of JSON as what the rows have at ``path`` holds such; an unknown one is None.

    Raises:
        ValueError, TypeError, ArithmeticError, ValidationError: it cannot be one.
    """
    if not isinstance(value, (str, int, float, type(None))) or isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, str) and not is_storable(value):
        raise ValueError(value)
    found = None if value is None else _field(rows, path).to_python(value)
    if isinstance(found, datetime):
        return found.astimezone(UTC)
    if isinstance(found, int) and abs(found) > LARGEST_ID:
        raise ValueError(value)
    if isinstance(found, Decimal) and not is_comparable(found):
        raise ValueError(value)
    if isinstance(found, float) and not abs(found) < LARGEST_ID:
        raise ValueError(value)
    return found


def _field(rows: QuerySet[Any], path: str) -> Any:
    """The column at a path, or the kind of what the query reckons by that name."""
    if path in rows.query.annotations:
        return rows.query.annotations[path].output_field
    return field_at(rows.model, path)[-1]
