"""Credit: every order's value is split exactly, whatever the model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.measure.rules.credit import MODELS, Share, Touch, credit, qualifying

ORDER = datetime(2026, 3, 1, 12, tzinfo=UTC)


def days_before(days: float, *, touch_id: int) -> Touch:
    return Touch(touch_id, ORDER - timedelta(days=days))


def credited(touches: list[Touch], *, model: str, ordered_at: datetime | None = ORDER) -> dict[int, Decimal]:
    shares = credit(Decimal("99.99"), touches, ordered_at=ordered_at, model=model)
    assert shares is not None
    return {share.touch_id: share.amount for share in shares if share.amount}


def test_first_and_last_touch_get_all_of_it():
    touches = [days_before(1, touch_id=3), days_before(90, touch_id=1), days_before(30, touch_id=2)]
    assert credited(touches, model="first") == {1: Decimal("99.99")}
    assert credited(touches, model="last") == {3: Decimal("99.99")}


def test_the_window_holds_the_order_and_the_365th_day_before():
    touches = [
        days_before(366, touch_id=1),
        days_before(365, touch_id=2),
        days_before(0, touch_id=3),
        days_before(-0.01, touch_id=4),
    ]
    assert [touch.touch_id for touch in qualifying(touches, ordered_at=ORDER)] == [2, 3]
    assert [touch.touch_id for touch in qualifying(touches, ordered_at=ORDER, lookback_days=400)] == [1, 2, 3]


def test_a_touch_of_unknown_time_counts_as_the_earliest():
    touches = [days_before(300, touch_id=1), Touch(9, None)]
    assert credited(touches, model="first") == {9: Decimal("99.99")}
    assert credited(touches, model="last") == {1: Decimal("99.99")}


def test_before_an_order_of_unknown_time_all_touches_count():
    touches = [days_before(3000, touch_id=1), days_before(-500, touch_id=2)]
    assert credited(touches, model="first", ordered_at=None) == {1: Decimal("99.99")}
    assert credited(touches, model="last", ordered_at=None) == {2: Decimal("99.99")}


def test_an_order_without_a_known_touchpoint_is_nobodys():
    assert credit(Decimal(100), [], ordered_at=ORDER, model="first") is None
    assert credit(Decimal(100), [days_before(-1, touch_id=1)], ordered_at=ORDER, model="last") is None


def test_touches_of_the_same_moment_go_by_id():
    touches = [days_before(5, touch_id=2), days_before(5, touch_id=1), days_before(5, touch_id=3)]
    assert credited(touches, model="first") == {1: Decimal("99.99")}
    assert credited(touches, model="last") == {3: Decimal("99.99")}


def test_a_model_nobody_knows_is_refused():
    with pytest.raises(KeyError):
        credit(Decimal(1), [days_before(1, touch_id=1)], ordered_at=ORDER, model="psychic")


touch_times = st.none() | st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))


@pytest.mark.parametrize("model", sorted(MODELS))
@given(
    value=st.decimals(min_value=-(10**12), max_value=10**12, places=2),
    times=st.lists(touch_times, max_size=30),
    ordered_at=touch_times,
)
def test_shares_add_up_to_the_value_in_every_model(
    model: str, value: Decimal, times: list[datetime | None], ordered_at: datetime | None
):
    touches = [Touch(number, at) for number, at in enumerate(times)]
    shares = credit(value, touches, ordered_at=ordered_at, model=model)
    led_to_it = qualifying(touches, ordered_at=ordered_at)
    if shares is None:
        assert led_to_it == []
        return
    assert sum(share.amount for share in shares) == value
    assert [share.touch_id for share in shares] == [touch.touch_id for touch in led_to_it]
    assert credit(value, reversed(touches), ordered_at=ordered_at, model=model) == shares
    assert all(isinstance(share, Share) and share.amount * value >= 0 for share in shares)
