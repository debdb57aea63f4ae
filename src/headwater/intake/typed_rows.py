"""Rows of a program: JSON values by the name of their column, turned into what a file's cells are turned into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from headwater.intake.dates import DateOrder
from headwater.intake.errors import OF_COLUMN, BadValue, quoted
from headwater.intake.values import (
    choice_parser,
    parse_amount,
    parse_bool,
    parse_date,
    parse_datetime,
    parse_decimal,
    parse_integer,
)
from headwater.platform.importer import CleanRow, Importer, Target, TargetKind
from headwater.platform.translated import gettext as _
from headwater.platform.typed import plain_text
from headwater.platform.values import LARGEST_ID, is_storable

ID, EXTERNAL_ID = "id", "external_id"
SEVERAL = "tag"
LARGEST = Decimal(10) ** 13  # what a column of money holds
MOST_FIGURES = 60  # of a number, with the noughts it is written out with


@dataclass(slots=True)
class TypedRow:
    """One row as it was sent: which record it names, its values, and everything that is wrong with it."""

    line: int
    pk: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    @property
    def external_id(self) -> str:
        """What the other system calls it, if it says so."""
        return str(self.values.get(EXTERNAL_ID, ""))

    def clean(self) -> CleanRow:
        """The row as a room takes it."""
        named = {EXTERNAL_ID: str(self.pk)} if self.pk is not None else {}
        return CleanRow(self.line, {**self.values, **named}, {})


class TypedReader:
    """Reads the rows of one request. ``choices`` are what fields like ``owner_id`` offer the caller, by their ids."""

    def __init__(
        self, importer: Importer, *, zone: ZoneInfo, choices: Mapping[str, tuple[str, Mapping[str, str]]]
    ) -> None:
        self._targets = {target.key: target for target in importer.targets}
        self._withheld = {target.key for target in importer.withheld}
        self._parsers = {target.key: _parser(target, zone) for target in importer.targets}
        self._choices = choices
        self.required = [target for target in importer.targets if target.required]

    def read(self, line: int, sent: Any) -> TypedRow:
        """The row, with every reason why it cannot be taken."""
        row = TypedRow(line)
        if not isinstance(sent, dict):
            row.reasons.append(_("A row is a JSON object."))
            return row
        for name, value in sent.items():
            try:
                self._take(row, name, value)
            except BadValue as bad:
                row.reasons.append(OF_COLUMN.format(column=name, why=bad))
        if row.pk is not None and row.external_id:
            row.reasons.append(_("Say either id or external_id."))
        return row

    def _take(self, row: TypedRow, name: str, value: Any) -> None:
        if name == ID:
            if type(value) is not int or not 0 < value <= LARGEST_ID:
                raise BadValue(_("A whole number above 0 is needed."))
            row.pk = value
        elif name in self._targets:
            if (text := _text(value, self._targets[name])) != "":
                row.values[name] = self._parsers[name](text)
        elif name in self._choices:
            target, offered = self._choices[name]
            if value is not None:
                row.values[target] = _offered(value, offered)
        elif name in self._withheld:
            raise BadValue(_("You may not fill this in."))
        else:
            raise BadValue(_("There is no such field."))


def _text(value: Any, target: Target) -> str:
    """A value as the text of a cell; nothing is nothing."""
    if (
        isinstance(value, list)
        and (target.several or target.key == SEVERAL)
        and all(isinstance(each, str) for each in value)
    ):
        value = "; ".join(value)
    match value:
        case None:
            return ""
        case bool():
            if target.kind is not TargetKind.BOOL:
                raise BadValue(_("True or false is no value of it."))
            return str(value).lower()
        case Decimal():
            return _in_figures(value)
        case int():
            return str(value)
        case str():
            if not is_storable(value):
                raise BadValue(_("The text holds characters that no text has."))
            return plain_text(value).strip()
    raise BadValue(_("One value is needed, not a list or an object."))


def _in_figures(number: Decimal) -> str:
    """A number written out; 1e999999999 is none: its figures would fill the memory."""
    _sign, figures, exponent = number.as_tuple()
    if len(figures) + abs(int(exponent)) > MOST_FIGURES:
        raise BadValue(_("{text} is not a number.").format(text=quoted(str(number))))
    return format(number, "f")


def _offered(value: Any, offered: Mapping[str, str]) -> str:
    found = offered.get(str(value)) if type(value) in (int, str) else None
    if found is None:
        raise BadValue(_("There is none of this id that you could choose."))
    return found


def _parser(target: Target, zone: ZoneInfo) -> Any:
    match target.kind:
        case TargetKind.DATE:
            return partial(parse_date, order=DateOrder.YMD)
        case TargetKind.DATETIME:
            return partial(parse_datetime, order=DateOrder.YMD, timezone=zone)
        case TargetKind.DECIMAL:
            return partial(_number, read=parse_decimal)
        case TargetKind.MONEY:
            return partial(_number, read=parse_amount)
        case TargetKind.INTEGER:
            return partial(parse_integer, decimal=".")
        case TargetKind.BOOL:
            return parse_bool
        case TargetKind.CHOICE:
            return choice_parser(target.choices, target.called)
    return partial(_short, longest=target.max_length)


def _number(text: str, *, read: Callable[..., Decimal]) -> Decimal:
    value = read(text, decimal=".")
    if not abs(value) < LARGEST:
        raise BadValue(_("The number is too large."))
    return value


def _short(text: str, *, longest: int) -> str:
    if len(text) > longest:
        raise BadValue(_("It has {text} characters, {longest} is the most.").format(text=len(text), longest=longest))
    return text
