"""What cells put together is escaped as Django would escape it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy

from headwater.web.drawn import escaped, format_html, format_html_join

HOSTILE = "<script>alert('&\"')</script>"


class Named(str):
    """Text of a kind of its own, such as a choice."""


@pytest.mark.parametrize(
    "value", [HOSTILE, Named(HOSTILE), mark_safe("<b>bold</b>"), gettext_lazy("Leads"), 7, Decimal("1.50"), None]
)
def test_pieces_are_escaped_as_django_would(value: Any) -> None:
    assert escaped(value) == html.conditional_escape(value)
    assert format_html("<i>{}</i>{value}", value, value=value) == html.format_html(
        "<i>{}</i>{value}", value, value=value
    )
    lines = [(value, HOSTILE), (value, 1)]
    assert format_html_join(", ", "{} {}", lines) == html.format_html_join(", ", "{} {}", lines)


def test_what_was_escaped_once_is_not_escaped_again() -> None:
    once = escaped("Harrow & Pike")
    assert isinstance(once, SafeString) and escaped(once) == once == "Harrow &amp; Pike"
