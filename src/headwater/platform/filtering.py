"""Filter trees as conditions of the database: what each comparison means for each kind of column.

What is not filled in is not anything: "is not", "is none of" and "does not contain" hold for it, every other
comparison does not. Bounds of days are worked out here, never in the database, so that indexes serve them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import (
    CharField,
    DecimalField,
    F,
    Field,
    IntegerField,
    Model,
    OuterRef,
    Q,
    TextField,
)
from django.db.models.constants import LOOKUP_SEP
from django.utils.dateparse import parse_date, parse_datetime

from headwater.platform.actor import Actor
from headwater.platform.clock import start_of_day
from headwater.platform.column import Column, Kind
from headwater.platform.custom.values import field_at, is_custom
from headwater.platform.days import read_days
from headwater.platform.errors import Invalid
from headwater.platform.few import RARE, Comparison, few, few_of, has_no_order, spread, unconditional
from headwater.platform.filter import MAX_VALUES, OPERATORS_OF, SEVERAL, Condition, Tree
from headwater.platform.installation import team_members
from headwater.platform.search.finding import narrowed
from headwater.platform.search.store import one_of, opaque, there_is
from headwater.platform.translated import gettext as _
from headwater.platform.values import LARGEST_NUMBER, LONGEST_TEXT, is_comparable, is_storable, row_id

if TYPE_CHECKING:
    from headwater.platform.resource import Resource, Rows

NOTHING = Q(pk__in=())
SAMPLE = 1_000  # of the newest rows, to see whether many meet a condition:
COMMON_SHARE = 50  # one in so many
ME, MY_TEAM = "me", "my_team"
_YES_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_NEGATED = {"not": "in", "not_in": "in", "lacks": "contains"}


@dataclass(frozen=True)
class Filtering:
    """A noun's list being narrowed down for somebody: their columns, and where and when they are."""

    resource: Resource
    actor: Actor
    rows: Rows
    zone: ZoneInfo
    at: datetime
    week_begins: int = 0

    def condition(self, tree: Tree) -> Q:
        """The tree as a condition on the rows.

        Raises:
            Invalid: a column that does not exist or cannot be filtered, or a value of the wrong type.
        """
        if isinstance(tree, Condition):
            return self._compare(tree)
        combined = Q()
        for part in tree.parts:
            condition = self.condition(part)
            combined = combined & condition if tree.join == "all" else combined | condition
        return combined

    def _compare(self, condition: Condition) -> Q:
        column, operator = self._column(condition), condition.operator
        if operator == "empty":
            return self._is_empty(column, wanted=_YES_NO.get(str(condition.value).lower(), True))
        raw = condition.value if operator in SEVERAL else [condition.value]
        if not isinstance(raw, list) or len(raw) > MAX_VALUES:
            raise Invalid(
                {column.key: [_("A list of at most {max_values} values is needed here.").format(max_values=MAX_VALUES)]}
            )
        values = [value for item in raw for value in self._typed(column, item)]
        if operator == "between":
            _check_order(column, raw, values)
        if operator not in _NEGATED:
            matching = self._reach(column, self._matching(column, operator, values))
            is_text = column.kind is Kind.TEXT and operator in ("is", "contains", "starts")
            held = narrowed(self.resource, column.orm_path, values[0]) if is_text else Q()
            if held:
                return held & matching
            return self._of_few(column, operator, values) or self._in_order(
                column, matching, is_looked_through=operator == "contains"
            )
        if rare := self._of_few(column, operator, values):
            return rare
        other = ~self._reach(column, self._matching(column, _NEGATED[operator], values))
        # Django minds what is not filled in where it knows the field: not where the query reckons the value, nor of a
        # row this one points at when another condition has reached for that before.
        is_reckoned = column.orm_path in self.rows.query.annotations or is_custom(column.orm_path)
        is_beyond = LOOKUP_SEP in column.orm_path and not self._is_many(column)
        is_minded = column.nullable and (is_reckoned or is_beyond)
        return self._in_order(column, other | Q(**{f"{column.orm_path}__isnull": True}) if is_minded else other)

    def _column(self, condition: Condition) -> Column:
        column = self.resource.by_key.get(condition.column)
        if column is None or not column.filterable:
            nouns = self.resource.label_plural
            raise Invalid(
                {
                    condition.column: [
                        _("{nouns} cannot be filtered by “{column}”.").format(nouns=nouns, column=condition.column)
                    ]
                }
            )
        if condition.operator not in OPERATORS_OF[column.kind]:
            offered = ", ".join(OPERATORS_OF[column.kind])
            raise Invalid(
                {
                    column.key: [
                        _("“{label}” cannot be compared that way. It takes {offered}.").format(
                            label=column.label, offered=offered
                        )
                    ]
                }
            )
        return column

    def _matching(self, column: Column, operator: str, values: list[Any], path: str = "") -> Q:
        path, field = path or column.orm_path, self._field(column)
        match operator:
            case "is" | "in" if column.kind is Kind.TEXT and isinstance(field, CharField | TextField):
                return reduce(or_, (Q(**{f"{path}__iexact": value}) for value in values), NOTHING)
            case "is" | "in":
                return _is_one_of(path, field, values)
            case "contains" | "starts":
                return Q(**{f"{path}__icontains" if operator == "contains" else f"{path}__istartswith": values[0]})
            case "between":
                return _ordered(path, field, "gte", values[0]) & _ordered(path, field, "lte", values[1])
            case _:
                return _ordered(path, field, operator, values[0])

    def _is_empty(self, column: Column, *, wanted: bool) -> Q:
        if self._is_many(column):
            linked = self._reach(column, Q(**{f"{column.orm_path}__isnull": False}))
            return ~linked if wanted else linked
        told = _empty if wanted else _known
        return self._of_few(column, "empty" if wanted else "known", []) or self._in_order(
            column, told(column, column.orm_path)
        )

    def _of_few(self, column: Column, operator: str, values: list[Any]) -> Q:
        """The rows that meet a comparison, by their ids, where an index tells that they are few; else nothing."""
        path = column.orm_path
        if path in self.rows.query.annotations:
            return self._few_known(column, operator, values) if operator not in ("empty", *_NEGATED) else Q()
        is_negated_span = operator in _NEGATED and any(isinstance(value, Days | Moments) for value in values)
        if self._is_many(column) or is_custom(path) or is_negated_span:
            return Q()

        def condition(path: str) -> Q:
            return _empty(column, path) if operator == "empty" else self._matching(column, operator, values, path)

        is_text = column.kind is Kind.TEXT or (column.kind is Kind.CHOICE and not values)
        ids = few_of(self.resource, path, Comparison(operator, values, condition, is_text, column.nullable))
        if ids is None and column.is_person and operator in ("is", "in"):
            ids = self._few_in_sight(condition(path))
        return Q() if ids is None else Q(pk__collected=ids)

    def _few_in_sight(self, asked: Q) -> list[int] | None:
        """The same among what the actor sees: whose rows they are decides of both, so PostgreSQL's index tells at once.

        SQLite would read all rows of somebody to see that none of them is nobody's.
        """
        reach = self.resource.reach(self.actor)
        if not reach or connection.vendor != "postgresql":
            return None
        return few(self.rows.model._base_manager.all(), [each & asked for each in reach], most=SAMPLE)

    def _few_known(self, column: Column, operator: str, values: list[Any]) -> Q:
        """The same of what the query reckons, where an index has it or few rows can have a value."""
        known = column.known_among()
        if not (known or column.has_index):
            return Q()
        path = column.orm_path
        asked = _known(column, path) if operator == "known" else self._matching(column, operator, values)
        every = unconditional(self.rows)
        if column.has_index:  # in its order: no database knows how many have a value, and might read the whole table
            ids = few(every.filter(_known(column, path)).order_by(path), [asked])
            return Q() if ids is None else Q(pk__collected=ids)
        ids = few(every, [known])
        return Q() if ids is None else Q(pk__collected=ids) & asked

    def _in_order(self, column: Column, condition: Q, *, is_looked_through: bool = False) -> Q:
        """A condition on a row this one points at, or one no index serves, asked row by row where many meet it.

        Else the database begins with those rows, all of them, and sorts what it finds; so it ends with the page.
        """
        is_own = len(self._fields(column)) < 2
        if column.has_index:
            return opaque(condition) if _is_common(unconditional(self.rows), condition) else condition
        if has_no_order(self.resource, column.orm_path):  # its index was asked: they are too many to sort
            return opaque(condition)
        if is_own and not (is_looked_through and connection.vendor == "postgresql"):  # SQLite does so by itself
            return condition
        if self._is_many(column) or column.orm_path in self.rows.query.annotations:
            return condition
        every = self.rows.model._base_manager.all()
        if not _is_common(every, condition):
            rare = _collected(every, condition) if not is_own and connection.vendor == "postgresql" else None
            if rare is None:
                return condition
            return Q(pk__collected=rare)
        if is_own:
            return opaque(condition)
        return there_is(every.filter(condition, pk=OuterRef("pk")))

    def _reach(self, column: Column, condition: Q) -> Q:
        """The condition on rows that may have several of it, such as tags: those that have one; each row once."""
        if not self._is_many(column):
            return condition
        return Q(pk__in=self.rows.model._base_manager.filter(condition).order_by().values("pk"))

    def _is_many(self, column: Column) -> bool:
        return any(field.many_to_many or field.one_to_many for field in self._fields(column))

    def _field(self, column: Column) -> Any:
        """The field the database compares, or what the query reckons by that name; None if that is not known."""
        reckoned = self.rows.query.annotations.get(column.orm_path)
        if reckoned is not None:
            return getattr(reckoned, "output_field", None)
        fields = self._fields(column)
        return fields[-1] if fields else None

    def _fields(self, column: Column) -> list[Any]:
        if is_custom(column.orm_path):
            return field_at(self.rows.model, column.orm_path)
        model: type[Model] | None = self.rows.model
        found: list[Any] = []
        for name in column.orm_path.split("__"):
            if model is None:
                break
            try:
                found.append(model._meta.get_field(name.removesuffix("_id")))
            except FieldDoesNotExist:
                try:
                    found.append(model._meta.get_field(name))
                except FieldDoesNotExist:
                    break
            model = found[-1].related_model
        return found

    # Values from outside ---------------------------------------------------------------------------------------

    def _typed(self, column: Column, value: Any) -> list[Any]:
        """The value as the database compares it; "my team" is several, "me" of nobody is none."""
        text = str(value).strip()
        try:
            if not is_storable(text) or len(text) > LONGEST_TEXT:
                raise ValueError(text)
            match column.kind:
                case Kind.NUMBER | Kind.MONEY:
                    return [self._number(column, text)]
                case Kind.DATE:
                    return [Days(*self._days(text))]
                case Kind.DATETIME:
                    return [self._moments(text)]
                case Kind.BOOL:
                    return [_YES_NO[text.lower()]]
                case Kind.RELATION:
                    return self._ids(column, text)
                case _:
                    return [text]
        except (ValueError, KeyError, InvalidOperation, OverflowError) as error:
            shown = text.replace("\x00", "").encode("utf-8", "replace").decode()[:100]
            hint = _hint(column)
            raise Invalid({column.key: [f"“{shown}” is not a value for “{column.label}”. {hint}".strip()]}) from error

    def _number(self, column: Column, text: str) -> Decimal:
        number = Decimal(text)
        field, largest = self._field(column), LARGEST_NUMBER
        if isinstance(field, DecimalField) and field.max_digits and field.decimal_places is not None:
            largest = min(largest, Decimal(10) ** (field.max_digits - field.decimal_places))
        if not is_comparable(number) or abs(number) >= largest:
            raise ValueError(text)
        return number

    def _days(self, text: str) -> tuple[date, date]:
        relative = read_days(text)
        if relative is not None:
            return relative.span(self.at.astimezone(self.zone).date(), week_begins=self.week_begins)
        day = parse_date(text)
        if day is None:
            raise ValueError(text)
        return day, day

    def _moments(self, text: str) -> Moments:
        moment = parse_datetime(text) if "T" in text or ":" in text else None
        if moment is not None:
            at = (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)
            return Moments(at, None)
        first, last = self._days(text)
        return Moments(start_of_day(first, self.zone), start_of_day(last + timedelta(days=1), self.zone))

    def _ids(self, column: Column, text: str) -> list[int]:
        if column.is_person and text == ME:
            return [self.actor.user_id] if self.actor.user_id is not None else []
        if column.is_person and text == MY_TEAM:
            own = {self.actor.user_id} if self.actor.user_id is not None else set()
            return sorted({*team_members(self.actor.team_ids), *own})
        if (pk := row_id(text)) is None:
            raise ValueError(text)
        return [pk]


@dataclass(frozen=True)
class Days:
    """From one day to another, both with it."""

    first: date
    last: date

    def compared(self, path: str, operator: str) -> Q:
        """Later, earlier or within, as one stretch."""
        match operator:
            case "gt":
                return Q(**{f"{path}__gt": self.last})
            case "gte":
                return Q(**{f"{path}__gte": self.first})
            case "lt":
                return Q(**{f"{path}__lt": self.first})
            case "lte":
                return Q(**{f"{path}__lte": self.last})
            case _ if self.first == self.last:
                return Q(**{path: self.first})
            case _:
                return Q(**{f"{path}__gte": self.first, f"{path}__lte": self.last})


@dataclass(frozen=True)
class Moments:
    """From the beginning of days to before the beginning of what follows; or one exact moment, without an end."""

    start: datetime
    end: datetime | None

    def compared(self, path: str, operator: str) -> Q:
        """Later, earlier or within, as one stretch."""
        if self.end is None:
            return Q(**{path if operator in ("is", "in") else f"{path}__{operator}": self.start})
        match operator:
            case "gt":
                return Q(**{f"{path}__gte": self.end})
            case "gte":
                return Q(**{f"{path}__gte": self.start})
            case "lt":
                return Q(**{f"{path}__lt": self.start})
            case "lte":
                return Q(**{f"{path}__lt": self.end})
            case _:
                return Q(**{f"{path}__gte": self.start, f"{path}__lt": self.end})


def _empty(column: Column, path: str) -> Q:
    empty = Q(**{f"{path}__isnull": True}) if column.nullable else NOTHING
    return empty | Q(**{path: ""}) if column.kind in (Kind.TEXT, Kind.CHOICE) else empty


def _known(column: Column, path: str) -> Q:
    return ~_empty(column, path) if column.kind in (Kind.TEXT, Kind.CHOICE) else Q(**{f"{path}__isnull": False})


def _is_common(every: Rows, condition: Q) -> bool:
    """Whether many rows meet a condition: of the newest, where lists begin, and of all, where they go on.

    Each is asked: the database would rather collect all that meet it, to see which of them are among those.
    """
    newest = list(every.order_by("-pk").values_list("pk", flat=True)[:SAMPLE])
    for ids in (newest, spread(every.model)):
        if ids and every.filter(opaque(condition), pk__in=one_of(ids)).count() * COMMON_SHARE < SAMPLE:
            return False
    return bool(newest)


def _collected(every: Rows, condition: Q) -> list[int] | None:
    """The rows that meet a condition on what they point at, if they are rare.

    Put in order by what no index has: PostgreSQL takes both tables for mixed alike, and would read the list for as long
    as it takes to fill a page.
    """
    found = every.filter(condition).order_by(F("pk") + 0).values_list("pk", flat=True)
    ids = list(found[: RARE + 1])
    return ids if len(ids) <= RARE else None


def names(tree: Tree, column: str) -> bool:
    """Whether the tree says anything about the column."""
    if isinstance(tree, Condition):
        return tree.column == column
    return any(names(part, column) for part in tree.parts)


def _check_order(column: Column, raw: list[Any], values: list[Any]) -> None:
    if len(values) != 2:
        raise Invalid(
            {column.key: [_("“{label}” needs two values to lie between: from and to.").format(label=column.label)]}
        )
    if any(read_days(str(item).strip()) for item in raw):  # what moves with today may pass the other end one day
        return
    low, high = values
    first = low.first if isinstance(low, Days) else low.start if isinstance(low, Moments) else low
    last = high.last if isinstance(high, Days) else (high.end or high.start) if isinstance(high, Moments) else high
    if first > last:
        raise Invalid(
            {
                column.key: [
                    _("“{label}” is between the smaller value and the larger: turn them round.").format(
                        label=column.label
                    )
                ]
            }
        )


def _is_one_of(path: str, field: Any, values: Sequence[Any]) -> Q:
    plain = [value for value in values if not isinstance(value, Days | Moments) and _is_exact(field, value)]
    conditions = [value.compared(path, "in") for value in values if isinstance(value, Days | Moments)]
    if plain:
        conditions.append(Q(**{path: plain[0]}) if len(plain) == 1 else Q(**{f"{path}__in": plain}))
    return reduce(or_, conditions, NOTHING) if conditions else NOTHING


def _ordered(path: str, field: Any, operator: str, value: Any) -> Q:
    if isinstance(value, Days | Moments):
        return value.compared(path, operator)
    if not _is_exact(field, value):  # 2.5 among whole numbers: more than it is from 3 on, less than it is up to 2
        is_more = operator in ("gt", "gte")
        step = _step(field)
        operator = "gte" if is_more else "lte"
        value = value.quantize(step, rounding=ROUND_CEILING if is_more else ROUND_FLOOR)
    return Q(**{f"{path}__{operator}": value})


def _is_exact(field: Any, value: Any) -> bool:
    """Whether the column can hold the value as it is: a whole number cannot be 2.5."""
    step = _step(field) if isinstance(value, Decimal) else None
    return step is None or value % step == 0


def _step(field: Field[Any, Any] | None) -> Decimal | None:
    if isinstance(field, IntegerField):
        return Decimal(1)
    if isinstance(field, DecimalField) and field.decimal_places is not None:
        return Decimal(1).scaleb(-field.decimal_places)
    return None


def _hint(column: Column) -> str:
    match column.kind:
        case Kind.NUMBER | Kind.MONEY:
            return _("Write a number such as 1234.50.")
        case Kind.DATE | Kind.DATETIME:
            return _("Write a day as 2026-01-31, or one such as today, last_month or last_30_days.")
        case Kind.BOOL:
            return _("Write true or false.")
        case Kind.RELATION:
            return _("Write an id, me or my_team.") if column.is_person else _("Write an id.")
        case _:
            return _("It is too long, or holds a character that cannot be stored.")
