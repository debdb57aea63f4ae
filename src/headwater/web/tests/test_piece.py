"""Pieces of pages that say nothing but their values are drawn once for each of them."""

import pytest
from django.template import Context, Template
from django.utils.translation import override

from headwater.web.templatetags.headwater import piece

BELL = "web/bell_count.html"


def test_a_piece_is_drawn_once_for_the_same_values() -> None:
    first = piece(BELL, number=12)
    assert piece(BELL, number=12) is first
    assert "12 new" in first
    assert "13 new" in piece(BELL, number=13)


def test_a_piece_is_another_one_in_another_language() -> None:
    with override("de"):
        german = piece(BELL, number=12)
    assert german != piece(BELL, number=12)


def test_what_a_piece_is_given_is_escaped_and_the_page_does_not_show_through() -> None:
    page = Template('{% load headwater %}{% piece "web/list_columns.html" offered=lines %}')
    line = {"key": "a", "label": "<b>", "is_shown": True}
    with pytest.raises(TypeError):  # what changes by itself is no value to compare
        page.render(Context({"lines": [line]}))
    assert "&lt;b&gt;" in piece("web/components/column.html", key="a", label="<b>", is_shown=True)
    assert "secret" not in Template('{% load headwater %}{% piece "web/bell_count.html" number=0 %}').render(
        Context({"number": "secret"})
    )
