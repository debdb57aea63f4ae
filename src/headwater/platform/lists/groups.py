"""A list cut into groups by what a column holds: a stage, a person, a source, a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from headwater.platform.actor import Actor
from headwater.platform.clock import start_of_day
from headwater.platform.column import Choices, Column, Kind
from headwater.platform.errors import Invalid
from headwater.platform.resource import Resource, Rows

MOST_GROUPS = 60
MONTHS_AHEAD = 24
NONE, OTHER, EARLIER, LATER = "none", "other", "earlier", "later"


@dataclass(frozen=True)
class Group:
    """Rows that have something in common. ``key`` names it within its list; where ``label`` is blank the key says
    what it is. ``params`` are the conditions of an address whose list is the group, if there is one.
    """

    key: str
    condition: Q = field(compare=False)
    label: str = ""
    month: date | None = None
    params: Mapping[str, str] = field(default_factory=dict)


def grouped_by(resource: Resource, key: str) -> Column:
    """The column of that key, by which this list can be cut into groups.

    Raises:
        Invalid: there is none.
    """
    column = resource.by_key.get(key)
    if column is None or not column.groupable:
        told = _("{label_plural} cannot be grouped by “{key}”.")
        raise Invalid({"group": [told.format(label_plural=resource.label_plural, key=key)]})
    return column


def groups_of(column: Column, rows: Rows, actor: Actor, zone: ZoneInfo, today: date) -> list[Group]:
    """Every group a list may have, in their order; each row is in one of them. Empty ones are among them.

    Choices stand in their own order, months with the newest first, and what has no value last.
    """
    if column.kind in (Kind.DATE, Kind.DATETIME):
        groups = _months(column, rows, zone, today)
    else:
        groups = _values(column, actor)
    return [*groups, Group(NONE, _is_none(column), params={f"{column.key}__empty": "true"})]


def _values(column: Column, actor: Actor) -> list[Group]:
    path = column.orm_path
    choices = _flat(column.choices_for(actor))[:MOST_GROUPS]
    known: list[Any] = [int(code) if column.kind is Kind.RELATION else code for code, _label in choices]
    groups = [
        Group(str(code), Q(**{path: value}), str(label), params={column.key: str(code)})
        for (code, label), value in zip(choices, known, strict=True)
    ]
    rest = Q(**{f"{path}__isnull": False}) & ~Q(**{f"{path}__in": known})
    if column.kind is Kind.CHOICE:
        rest &= ~Q(**{path: ""})
    return [*groups, Group(OTHER, rest)]


def _months(column: Column, rows: Rows, zone: ZoneInfo, today: date) -> list[Group]:
    """Months from the newest value back; a date far ahead or long ago is most often a typing error."""
    path = column.orm_path
    held = rows.filter(**{f"{path}__isnull": False})
    newest = held.order_by(f"-{path}").values_list(path, flat=True).first()
    oldest = held.order_by(path).values_list(path, flat=True).first()
    if newest is None or oldest is None:
        return []
    month = min(_month_of(newest, zone), _later(today.replace(day=1), MONTHS_AHEAD))
    last = max(_month_of(oldest, zone), _later(month, 1 - MOST_GROUPS))

    def begin(day: date) -> Any:
        return day if column.kind is Kind.DATE else start_of_day(day, zone).astimezone(UTC)

    groups = [Group(LATER, Q(**{f"{path}__gte": begin(_later(month, 1))}))]
    while month >= last:
        following = _later(month, 1)
        bounds = {f"{column.key}__gte": month.isoformat(), f"{column.key}__lt": following.isoformat()}
        condition = Q(**{f"{path}__gte": begin(month), f"{path}__lt": begin(following)})
        groups.append(Group(f"{month:%Y-%m}", condition, month=month, params=bounds))
        month = _later(month, -1)
    return [*groups, Group(EARLIER, Q(**{f"{path}__lt": begin(last)}))]


def _month_of(value: date, zone: ZoneInfo) -> date:
    day = value.astimezone(zone).date() if isinstance(value, datetime) else value
    return day.replace(day=1)


def _later(month: date, count: int) -> date:
    """The first day of a month so many months on, as far as the calendar goes."""
    years, zero_based = divmod(month.month - 1 + count, 12)
    year = month.year + years
    if year > date.max.year:
        return date.max.replace(day=1)
    return date(max(year, 1), zero_based + 1, 1)


def _is_none(column: Column) -> Q:
    none = Q(**{f"{column.orm_path}__isnull": True})
    return none | Q(**{column.orm_path: ""}) if column.kind is Kind.CHOICE else none


def _flat(choices: Choices) -> Sequence[tuple[str, Any]]:
    """Choices without their headings, and without the blank one."""
    flat: list[tuple[str, Any]] = []
    for code, label in choices:
        flat += label if isinstance(label, (list, tuple)) else [(code, label)]
    return [(code, label) for code, label in flat if code != ""]
