"""What a list is sorted by: several columns, each way, and what stands beyond a row of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from django.db.models import F, Q
from django.db.models.expressions import OrderBy

from headwater.platform.errors import Invalid
from headwater.platform.resource import Resource
from headwater.platform.translated import gettext


class Step(NamedTuple):
    """One part of an order: the path it sorts by, which way, what every row with a value there meets, and whether an
    index has what is reckoned there.
    """

    path: str
    is_falling: bool
    known_among: Q = Q()
    has_index: bool = False


Order: TypeAlias = Sequence[Step]


def ordering(resource: Resource, sort: str) -> list[OrderBy]:
    """The order a list shows its rows in, as the database is told.

    Raises:
        Invalid: a sort that is not of this list.
    """
    return [order_by_step(step, backwards=False) for step in order_of(resource, sort)]


def order_of(resource: Resource, sort: str = "") -> Order:
    """What a list is sorted by, or else its default; in the end by id, so that the order is stable.

    Raises:
        Invalid: a sort that is not of this list.
    """
    order: dict[str, Step] = {}
    for key, is_falling in sorts_of(sort or resource.default_order):
        column = resource.by_key.get(key)
        if column is None or not column.sortable:
            told = gettext("{label_plural} cannot be sorted by “{key}”.")
            raise Invalid({"sort": [told.format(label_plural=resource.label_plural, key=key)]})
        step = Step(column.order_path, is_falling, column.known_among(), column.has_index)
        order.setdefault(step.path, step)
    return (*order.values(), Step("pk", [*order.values()][-1].is_falling))


def sorts_of(sort: str) -> list[tuple[str, bool]]:
    """What a sort says: each column's key, and whether it is descending. A column counts once, where it is first."""
    found: dict[str, bool] = {}
    for part in sort.split(","):
        found.setdefault(part.strip().removeprefix("-"), part.strip().startswith("-"))
    return list(found.items())


def sort_text(sorts: Sequence[tuple[str, bool]]) -> str:
    """The same as it stands in addresses."""
    return ",".join(f"-{key}" if descending else key for key, descending in sorts)


def order_by_step(step: Step, *, backwards: bool) -> OrderBy:
    """One part of an order as the database is told: the unknown stand last going forwards, first going backwards."""
    is_falling = step.is_falling != backwards
    if step.path == "pk":
        return OrderBy(F("pk"), descending=is_falling)
    if backwards:
        return OrderBy(F(step.path), descending=is_falling, nulls_first=True)
    return OrderBy(F(step.path), descending=is_falling, nulls_last=True)


def beyond(order: Order, position: Sequence[Any], backwards: bool) -> Q:
    """Rows after ``position`` in this order: later in the first column, or equal there and later in the rest."""
    condition, equal = Q(), Q()
    for (path, is_falling, *_), value in zip(order, position, strict=True):
        after = "lt" if is_falling != backwards else "gt"
        if value is None:
            # Nothing lies beyond unknown going forwards; everything known does going backwards.
            step = Q(**{f"{path}__isnull": False}) if backwards else Q(pk__in=())
        elif backwards or path == "pk":
            step = Q(**{f"{path}__{after}": value})
        else:
            step = Q(**{f"{path}__{after}": value}) | Q(**{f"{path}__isnull": True})
        condition |= equal & step
        equal &= Q(**{path: value}) if value is not None else Q(**{f"{path}__isnull": True})
    return condition
