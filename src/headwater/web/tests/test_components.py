"""The components of the design guide, as templates use them."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from headwater.platform.clock import now
from headwater.platform.money import Money
from headwater.web.widgets import DateInput


def _render(source: str, **context: Any) -> str:
    return Template("{% load headwater %}" + source).render(Context(context)).strip()


def test_an_icon_is_hidden_from_assistive_technology_unless_it_is_named() -> None:
    assert 'aria-hidden="true"' in _render('{% icon "phone" %}')
    named = _render('{% icon "phone" 14 label %}', label="Call & ask")
    assert 'role="img" aria-label="Call &amp; ask"' in named
    assert 'class="i i-14"' in named
    assert re.search(r'href="/static/vendor/tabler-icons/sprite[^"]*#i-phone"', named)


def test_a_source_mark_says_its_channel_without_colour_too() -> None:
    mark = _render('{% source_mark "TRADE_SHOW" name %}', name="Expo <1>")
    assert "ch-fair" in mark
    assert "i-building-carousel" in mark
    assert "Expo &lt;1&gt;" in mark
    assert '<span class="vh">Referral</span>' in _render('{% source_mark "REFERRAL" %}')


@pytest.mark.parametrize(("code", "css"), [("", "ch-none"), (None, "ch-none"), ("NEW_KIND", "ch-other")])
def test_a_source_left_blank_looks_different_from_an_unknown_channel(code: str | None, css: str) -> None:
    assert css in _render("{% source_mark code %}", code=code)


def test_an_avatar_carries_the_persons_name() -> None:
    assert 'aria-label="Marta Kowalska"' in _render('{% avatar "Marta Kowalska" %}')
    assert "c0" in _render("{% avatar nobody %}", nobody=None)


def test_the_answer_clock_fills_its_ring_by_the_time_used() -> None:
    clock = _render("{% answer_clock 480 1800 %}")
    assert 'class="sla bad"' in clock
    assert 'stroke-dasharray="73 100"' in clock
    assert "8 min left" in clock
    assert 'stroke-dasharray="100 100"' in _render("{% answer_clock late 1800 %}", late=-60)


@pytest.mark.parametrize(("count", "shown"), [(12, "12"), (999, "999"), (1_000, "999+")])
def test_what_waits_is_not_told_as_exact_where_counting_ended(count: int, shown: str) -> None:
    assert _render("{{ count|waiting }}", count=count) == shown
    assert shown + "<" in _render('{% include "web/rail_count.html" with link=link %}', link={"count": count})


def test_a_meter_shows_where_it_should_be_today() -> None:
    meter = _render('{% meter share expected=0.4 tone="good" name="31 of 45" %}', share=Decimal("0.69"))
    assert 'width="69%"' in meter
    assert 'x="40%"' in meter
    assert "tick" not in _render("{% meter 0.5 %}")


def test_an_interval_lies_on_its_scale() -> None:
    mark = _render("{% interval 0.1 0.2 0.3 end=0.4 reference=0.2 %}")
    assert 'x1="25%" x2="75%"' in mark
    assert 'cx="50%"' in mark
    assert "svg" not in _render("{% interval none none none %}", none=None)


def test_a_spark_line_draws_nothing_for_no_figures() -> None:
    assert "path" not in _render("{% spark values %}", values=[])
    assert 'd="M2.0 17.0 L62.0 3.0"' in _render("{% spark values %}", values=[1, 2])


def test_a_spark_line_is_drawn_where_decimals_have_a_comma_too() -> None:
    with override("de"):
        drawn = _render("{% spark values target=1.5 %}", values=[1, 2])
    assert 'cx="62.0" cy="3.0"' in drawn and 'y1="10.0"' in drawn


def test_money_takes_an_amount_with_or_without_its_currency() -> None:
    assert _render("{{ price|money }}", price=Money(Decimal(34000), "EUR")) == "€34,000"
    assert _render('{{ price|money_short:"EUR" }}', price=Decimal(34000)) == "€34k"


def test_what_was_typed_is_set_off_and_escaped() -> None:
    assert _render("{{ text|highlight:query }}", text="A&B Castle", query="cast") == ("A&amp;B <mark>Cast</mark>le")


def test_a_stage_that_can_be_chosen_is_a_form_that_posts() -> None:
    stages = [
        {"label": "New", "state": "done", "note": "2 h"},
        {"label": "Working", "state": "now"},
        {"label": "MQL", "state": "ahead", "url": "/leads/7/stage/MQL"},
    ]
    path = render_to_string("web/components/stage_path.html", {"stages": stages})
    assert path.count('aria-current="step"') == 1
    assert '<form method="post" action="/leads/7/stage/MQL">' in path


def test_a_pager_without_htmx_is_plain_links() -> None:
    pager = render_to_string("web/components/pager.html", {"summary": "14 of 38", "next_url": "?after=3"})
    assert 'href="?after=3"' in pager
    assert "hx-get" not in pager
    assert "Previous" not in pager


class LeadForm(forms.Form):
    """A form with one field of each look."""

    name = forms.CharField(help_text="As they write it.")
    due = forms.DateField(widget=DateInput, required=False)
    interest = forms.ChoiceField(choices=[("E", "Enquiry")], widget=forms.RadioSelect)
    consent = forms.BooleanField(required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_field_is_linked_to_its_help_and_its_error() -> None:
    html = LeadForm({"due": "nonsense"}).render()
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'id="id_due_error"' in html
    assert 'value="nonsense"' in html, "what was typed is kept"


def test_controls_carry_our_class_and_boxes_do_not() -> None:
    html = LeadForm().render()
    assert re.search(r'<input type="text" name="due"[^>]*class="inp"', html)
    assert not re.search(r'<input type="(?:checkbox|radio|hidden)"[^>]*class=', html)


def test_every_visible_field_has_a_label_or_a_legend() -> None:
    html = LeadForm().render()
    assert 'for="id_name"' in html
    assert 'for="id_consent"' in html
    assert re.search(r"<legend>\s*Interest", html)


def test_what_was_due_earlier_today_is_late_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    noon = timezone.localtime(now()).replace(hour=12, minute=30)
    monkeypatch.setattr("headwater.web.templatetags.headwater.now", lambda: noon)
    assert _render("{{ value|due }}", value=noon - timedelta(hours=1, minutes=12)) == "1 h 12 late"
    assert _render("{{ value|due }}", value=noon + timedelta(minutes=5)) == "today"
    assert _render("{{ value|due }}", value=noon.date()) == "today", "a day is late when it is over"
    assert _render("{{ value|due }}", value=noon - timedelta(days=1)) == "1 day late"
