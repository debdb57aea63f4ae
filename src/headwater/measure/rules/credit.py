"""Who gets the credit for an order: its value split over the touchpoints that came before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from headwater.platform.money import split_exactly

LOOKBACK_DAYS = 365


@dataclass(frozen=True, slots=True)
class Touch:
    """One contact with the buyer or the organisation's other people; its time may be unknown."""

    touch_id: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Share:
    """What part of an order's value one touchpoint is credited with."""

    touch_id: int
    amount: Decimal


# A model weighs the touchpoints of one order, which it is given from the earliest to the latest.
Model = Callable[[Sequence[Touch]], Sequence[int | Decimal]]


def _first_touch(touches: Sequence[Touch]) -> Sequence[int]:
    return [1, *[0] * (len(touches) - 1)]


def _last_touch(touches: Sequence[Touch]) -> Sequence[int]:
    return [*[0] * (len(touches) - 1), 1]


MODELS: Mapping[str, Model] = {"first": _first_touch, "last": _last_touch}


def qualifying(
    touches: Iterable[Touch], *, ordered_at: datetime | None, lookback_days: int = LOOKBACK_DAYS
) -> list[Touch]:
    """The touchpoints that can have led to an order, from the earliest to the latest.

    Those at or before the order and inside the look-back window; one of unknown time counts as the earliest,
    and before an order of unknown time all of them count. Equal times go by id, so that the answer is stable.
    """
    earliest = None if ordered_at is None else ordered_at - timedelta(days=lookback_days)
    led_to_it = [
        touch
        for touch in touches
        if touch.at is None or ordered_at is None or earliest is None or earliest <= touch.at <= ordered_at
    ]
    unknown = datetime.min.replace(tzinfo=UTC)
    return sorted(led_to_it, key=lambda touch: (touch.at or unknown, touch.touch_id))


def credit(
    value: Decimal,
    touches: Iterable[Touch],
    *,
    ordered_at: datetime | None,
    model: str,
    lookback_days: int = LOOKBACK_DAYS,
    places: int = 2,
) -> list[Share] | None:
    """An order's value split over its touchpoints; the shares add up to it exactly in every model.

    Nothing at all if no touchpoint is known: such an order is a row of its own, never a source's.

    Raises:
        KeyError: there is no such model.
    """
    weigh = MODELS[model]
    led_to_it = qualifying(touches, ordered_at=ordered_at, lookback_days=lookback_days)
    if not led_to_it:
        return None
    parts = split_exactly(value, weigh(led_to_it), places=places)
    return [Share(touch.touch_id, part) for touch, part in zip(led_to_it, parts, strict=True)]
