"""The kinds of custom fields: what each holds, how it is compared, and which plain form its values are kept in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from headwater.platform.column import Kind
from headwater.platform.custom.functions import Unreckoned
from headwater.platform.errors import Invalid
from headwater.platform.money import FinerThanKept, in_cents, kept
from headwater.platform.translated import gettext_lazy as _
from headwater.platform.values import LARGEST_ID, is_storable

LONGEST_TEXT, LONGEST_LINK = 500, 500
LARGEST = Decimal(10) ** 13
MOST_DECIMALS = 6


class FieldKind(StrEnum):
    """What a custom field holds."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    MONEY = "MONEY"
    DATE = "DATE"
    CHOICE = "CHOICE"
    CHOICES = "CHOICES"
    PERSON = "PERSON"
    LINK = "LINK"
    FORMULA = "FORMULA"


class Result(StrEnum):
    """What a formula gives."""

    NUMBER = "NUMBER"
    MONEY = "MONEY"
    TEXT = "TEXT"
    DATE = "DATE"
    YES_NO = "YES_NO"


@dataclass(frozen=True)
class About:
    """A kind in words, and what lists and databases make of it."""

    label: Any
    icon: str
    column: Kind
    compared: str
    is_sorted: bool = True


ABOUT: dict[FieldKind, About] = {
    FieldKind.TEXT: About(_("Text"), "letter-case", Kind.TEXT, "text"),
    FieldKind.NUMBER: About(_("Number"), "hash", Kind.NUMBER, "number"),
    FieldKind.MONEY: About(_("Money"), "coin", Kind.MONEY, "money"),
    FieldKind.DATE: About(_("Date"), "calendar", Kind.DATE, "day"),
    FieldKind.CHOICE: About(_("One choice"), "list", Kind.CHOICE, "text", is_sorted=False),
    FieldKind.CHOICES: About(_("Several choices"), "checklist", Kind.CHOICE, "chosen", is_sorted=False),
    FieldKind.PERSON: About(_("Colleague"), "user", Kind.RELATION, "id", is_sorted=False),
    FieldKind.LINK: About(_("Link"), "link", Kind.TEXT, "text"),
    FieldKind.FORMULA: About(_("Formula"), "bolt", Kind.TEXT, "text"),
}
RESULTS: dict[Result, About] = {
    Result.NUMBER: ABOUT[FieldKind.NUMBER],
    Result.MONEY: ABOUT[FieldKind.MONEY],
    Result.TEXT: ABOUT[FieldKind.TEXT],
    Result.DATE: ABOUT[FieldKind.DATE],
    Result.YES_NO: About(_("Yes or no"), "toggle-left", Kind.BOOL, "flag", is_sorted=False),
}


# The colours of choices: those of the labels everywhere, which can be read in the light and in the dark.
TONES: dict[str, Any] = {"good": _("Green"), "warn": _("Amber"), "bad": _("Red"), "info": _("Blue"), "acc": _("Teal")}


@dataclass(frozen=True)
class Choice:
    """One of the choices of a field. A retired one is not on offer any more; rows that have it keep it. Its ``tone`` is
    the colour of its label."""

    code: str
    label: str
    is_retired: bool = False
    tone: str = ""


@dataclass(frozen=True)
class Field:
    """A custom field as the rest of the house reads it; a formula with its text and what it gives."""

    id: int
    noun: str
    key: str
    label: str
    kind: FieldKind
    help: str = ""
    choices: tuple[Choice, ...] = ()
    is_required: bool = False
    formula: str = ""
    result: Result | None = None
    seen_by: tuple[str, ...] | None = None
    changed_by: tuple[str, ...] | None = None

    @property
    def see_verb(self) -> str:
        """The right it takes to see it; empty where everybody may who sees the record."""
        return "" if self.seen_by is None else f"own.{self.id}.see"

    @property
    def change_verb(self) -> str:
        """The right it takes to fill it in besides; empty where whoever sees it may."""
        return "" if self.changed_by is None else f"own.{self.id}.change"

    @property
    def about(self) -> About:
        """What lists and databases make of what it holds."""
        return ABOUT[self.kind] if self.result is None else RESULTS[self.result]

    @property
    def holds(self) -> str:
        """What its values are: those of its kind, or those its formula gives."""
        return self.result or self.kind

    @property
    def on_offer(self) -> list[tuple[str, str]]:
        """The choices that can be made today."""
        return [(choice.code, choice.label) for choice in self.choices if not choice.is_retired]


def plain(field: Field, value: Any) -> Any:
    """A value as it is kept, None if nothing is filled in. What cannot be one is refused, whoever sends it.

    Raises:
        Invalid: it is no value of this field.
    """
    if value is None or value == "" or value == []:
        return None
    try:
        return _PLAIN[field.holds](field, value)
    except (ValueError, TypeError, ArithmeticError) as error:
        told = str(error) if isinstance(error, NoValue) else _("This is not a value for “%s”.") % field.label
        raise Invalid({field.key: [told]}) from error


class NoValue(ValueError):
    """Why something is no value of a field, in words."""


def kept_result(field: Field, value: Any) -> Any:
    """What a formula gave in the form it is kept, None for nothing.

    Raises:
        Unreckoned: it is more than such a field can hold.
    """
    if value is None or value == "":
        return None
    try:
        return _PLAIN[field.holds](field, value)
    except (NoValue, ArithmeticError) as error:
        raise Unreckoned(str(error) if isinstance(error, NoValue) else _("The number is too large.")) from error


def shown(field: Field, kept: Any) -> Any:
    """What was kept, as lists, files and the API have it."""
    if kept is None:
        return None
    if field.holds in (FieldKind.NUMBER, FieldKind.MONEY):
        return Decimal(kept)
    return date.fromisoformat(kept) if field.holds == FieldKind.DATE else kept


def _text(field: Field, value: Any) -> str | None:
    text = str(value).strip()
    if len(text) > LONGEST_TEXT or not is_storable(text):
        raise NoValue(_("At most %s characters.") % LONGEST_TEXT)
    return text or None


def _number(field: Field, value: Any) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise NoValue(_("Write it in figures, such as 1234.50.")) from error
    if not number.is_finite() or number.copy_abs() >= LARGEST:
        raise NoValue(_("The number is too large."))
    if field.holds == FieldKind.MONEY:
        return format(in_cents(number) if field.result else _kept(number), "f")
    rounded = format(number.quantize(Decimal(1).scaleb(-MOST_DECIMALS), ROUND_HALF_UP), "f").rstrip("0").rstrip(".")
    return "0" if rounded == "-0" else rounded


def _kept(amount: Decimal) -> Decimal:
    try:
        return kept(amount)
    except FinerThanKept as error:
        raise NoValue(str(error)) from error


def _day(field: Field, value: Any) -> str:
    return (value if type(value) is date else date.fromisoformat(str(value))).isoformat()


def _choice(field: Field, value: Any) -> str:
    if str(value) not in {choice.code for choice in field.choices}:
        raise NoValue(
            _("“%(value)s” is not among the choices of “%(field)s”.") % {"value": value, "field": field.label}
        )
    return str(value)


def _choices(field: Field, value: Any) -> list[str] | None:
    codes = {_choice(field, each) for each in (value if isinstance(value, list | tuple) else [value])}
    return [choice.code for choice in field.choices if choice.code in codes] or None


def _person(field: Field, value: Any) -> int:
    pk = int(value)
    if isinstance(value, bool) or not 0 < pk <= LARGEST_ID:
        raise ValueError(value)
    return pk


def _link(field: Field, value: Any) -> str:
    text = str(value).strip()
    if "://" not in text and not text.lower().startswith(("javascript:", "data:")):
        text = f"https://{text}"
    parts = urlsplit(text)
    is_address = parts.scheme in ("http", "https") and "." in parts.netloc and not any(c.isspace() for c in text)
    if not is_address or len(text) > LONGEST_LINK or not is_storable(text):
        raise NoValue(_("Write the address of a page, such as https://example.com."))
    return text


def _yes_no(field: Field, value: Any) -> bool:
    return bool(value)


_PLAIN: dict[str, Callable[[Field, Any], Any]] = {
    FieldKind.TEXT: _text, FieldKind.NUMBER: _number, FieldKind.MONEY: _number, FieldKind.DATE: _day,
    FieldKind.CHOICE: _choice, FieldKind.CHOICES: _choices, FieldKind.PERSON: _person, FieldKind.LINK: _link,
    Result.YES_NO: _yes_no,
}  # fmt: skip
