"""Values from outside."""

from __future__ import annotations

import pytest

from headwater.platform.values import LARGEST_ID, row_id


@pytest.mark.parametrize(("text", "pk"), [("7", 7), ("0", 0), ("007", 7), (str(LARGEST_ID), LARGEST_ID)])
def test_an_id_is_a_number_that_a_row_can_have(text: str, pk: int) -> None:
    assert row_id(text) == pk


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "+7", " 7", "1_0", "7.0", "²", "٣", str(LARGEST_ID + 1), "9" * 5_000, "0" * 5_000 + "1"]
)
def test_what_no_row_can_have_is_no_id(text: str) -> None:
    assert row_id(text) is None
