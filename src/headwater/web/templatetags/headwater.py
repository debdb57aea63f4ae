"""Template tags and filters: the components of the design guide, and how figures and dates are written.

The pages of a room start with ``{% load headwater %}``. Each component's template in ``web/components/`` lists
its inputs; what is drawn from data is an SVG with attributes, because no inline style is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from babel.core import Locale
from django import template
from django.contrib.messages.storage.base import Message
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from headwater.platform.clock import now
from headwater.platform.money import Money
from headwater.platform.search.marking import spans_of
from headwater.platform.translated import inside
from headwater.platform.written import MOST_COUNTED
from headwater.web import format as words
from headwater.web.channels import channel_look
from headwater.web.notation import here
from headwater.web.widgets import DateInput

register = template.Library()

SPRITE = "vendor/tabler-icons/sprite.svg"
POINTING = ("arrow-left", "arrow-right", "arrow-back", "chevron-left", "chevron-right", "logout")


def _locale() -> Locale:
    return here()


# Marks ---------------------------------------------------------------------------------------------------


@register.simple_tag
@lru_cache(maxsize=4_096)  # a list shows hundreds, of a few kinds
def icon(name: str, size: int = 16, label: str = "") -> SafeString:
    """One icon of the sprite; hidden from assistive technology unless it has a ``label``. Sizes 14 to 28."""
    size_class = "i" if size == 16 else f"i i-{size}"
    if name.startswith(POINTING):
        size_class += " i-points"
    named = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="{}" {}><use href="{}#i-{}"/></svg>', size_class, named, static(SPRITE), name)


@lru_cache(maxsize=4_096, typed=True)  # typed: text that is safe as it stands is another one than text that is not
def _mark(_language: str | None, template_name: str, **values: Any) -> SafeString:
    """A small component; a list shows hundreds, of a few kinds."""
    return SafeString(get_template(template_name).render(values))


@cache
def _pieces(template_name: str) -> Callable[..., SafeString]:
    @lru_cache(maxsize=256, typed=True)
    def drawn(_language: str | None, **values: Any) -> SafeString:
        return SafeString(get_template(template_name).render(values))

    return drawn


@register.simple_tag
def piece(template_name: str, **values: Any) -> SafeString:
    """A larger part of a page that is made of nothing but these values: drawn once for each, in each language.

    They are compared as a whole, so nothing of it can be old; what knows the reader's form token does not belong in it.
    """
    return _pieces(template_name)(get_language(), **values)


@register.simple_tag
def source_mark(channel: str | None, text: str = "", *, name: str = "") -> SafeString:
    """The mark that stays with the record. Without ``text`` the icon stands alone, named for screen readers."""
    look = channel_look(channel)
    values = {"look": look, "text": text, "name": name or str(look.label)}
    return _mark(get_language(), "web/components/source.html", **values)


@register.simple_tag
def avatar(name: str | None, size: int = 22) -> SafeString:
    """A person's initials; nobody is a dashed circle."""
    values = {"name": name or gettext("Nobody yet"), "letters": "", "colour": 0, "size": size}
    if name:
        values |= {"letters": words.initials(name), "colour": words.avatar_colour(name)}
    return _mark(get_language(), "web/components/avatar.html", **values)


@register.simple_tag
def label(text: str, tone: str = "", icon: str = "") -> SafeString:
    """A small tag. Tones: good, warn, bad, info, acc, line."""
    return _mark(get_language(), "web/components/label.html", text=text, tone=tone, icon=icon)


@register.simple_tag
def answer_clock(seconds_left: float, seconds_allowed: float, text: str = "") -> SafeString:
    """The answer clock: a ring filled by the time used, and words."""
    used = 1 - seconds_left / seconds_allowed if seconds_allowed > 0 else 1
    values = {
        "tone": words.clock_tone(seconds_left, seconds_allowed),
        "used": f"{max(0.0, min(1.0, used)) * 100:.0f}",
        "text": text or words.clock_words(seconds_left),
    }
    return _mark(get_language(), "web/components/clock.html", **values)


@register.inclusion_tag("web/components/score.html")
def score(grade: str | None, fit: int | None = None, engagement: int | None = None) -> dict[str, Any]:
    """A lead's score: grade letter and digit, fit and engagement as two bars of 0 to 100."""
    tones = {"A": "a", "B": "bb", "C": "cc"}
    return {"grade": grade, "tone": tones.get((grade or "")[:1], "dd"), "fit": fit, "engagement": engagement}


@register.simple_tag
def column_line(key: str, label: str, is_shown: bool) -> SafeString:
    """A line of a list's column chooser: ticked where the column is shown."""
    return _mark(get_language(), "web/components/column.html", key=key, label=str(label), is_shown=is_shown)


# Drawn from data -----------------------------------------------------------------------------------------


@register.inclusion_tag("web/components/meter.html")
def meter(
    share: float | Decimal | None, *, expected: float | Decimal | None = None, tone: str = "", name: str = ""
) -> dict[str, Any]:
    """A bar of a share of one, with a tick where it should be today."""
    return {
        "value": words.svg_percent(float(share or 0)),
        "expected": None if expected is None else words.svg_percent(float(expected)),
        "tone": tone,
        "name": name,
    }


@register.inclusion_tag("web/components/quality.html")
def quality(good: int, fixable: int, left_out: int) -> dict[str, Any]:
    """How good a column of a file is, as three parts of one bar."""
    total = (good + fixable + left_out) or 1
    return {
        "good": words.svg_percent(good / total),
        "warn": words.svg_percent(fixable / total),
        "warn_x": words.svg_percent(good / total),
        "bad": words.svg_percent(left_out / total),
        "bad_x": words.svg_percent((good + fixable) / total),
        "name": gettext("%(good)s good, %(fixable)s can be fixed, %(left_out)s left out")
        % {"good": good, "fixable": fixable, "left_out": left_out},
    }


@register.inclusion_tag("web/components/interval.html")
def interval(
    low: float | Decimal | None,
    at: float | Decimal | None,
    high: float | Decimal | None,
    *,
    start: float = 0.0,
    end: float = 1.0,
    reference: float | None = None,
    tone: str = "",
    name: str = "",
) -> dict[str, Any]:
    """An estimate with its range on the scale from ``start`` to ``end``; ``tone`` few is grey: too few to judge."""
    spread = (end - start) or 1.0

    def place(value: float | Decimal) -> str:
        return words.svg_percent((float(value) - start) / spread)

    known = low is not None and at is not None and high is not None
    return {
        "low": place(low) if low is not None else None,
        "at": place(at) if at is not None else None,
        "high": place(high) if high is not None else None,
        "known": known,
        "reference": None if reference is None else place(reference),
        "tone": tone,
        "name": name,
    }


@register.inclusion_tag("web/components/spark.html")
def spark(
    values: Sequence[float | Decimal],
    *,
    channel: str = "",
    target: float | None = None,
    width: int = 64,
    height: int = 20,
    name: str = "",
) -> dict[str, Any]:
    """How something developed, as a line in a table row; ``target`` is dashed."""
    figures = [float(value) for value in values]
    with_target = [*figures, target] if target is not None else figures
    points = words.spark_points(with_target, width, height)
    target_y = points.pop()[1] if target is not None else None
    if target is not None and figures:  # the target is a level, not a point: spread the line over the width
        xs = [x for x, _ in words.spark_points(figures, width, height)]
        points = [(x, y) for x, (_, y) in zip(xs, points, strict=True)]
    return {
        "path": " ".join(f"{'L' if index else 'M'}{x} {y}" for index, (x, y) in enumerate(points)),
        "last": points[-1] if points else None,
        "target_y": target_y,
        "width": width,
        "height": height,
        "css": channel_look(channel).css if channel else "",
        "name": name,
    }


# Figures, money, dates -----------------------------------------------------------------------------------


@register.filter
def number(value: words.Figure | None, digits: int | None = None) -> str:
    """1,986. With an argument, that many decimals."""
    return words.number(value, _locale(), digits=digits)


@register.filter
def waiting(count: int) -> str:
    """12, or 999+ where counting ended (platform/written.py)."""
    return f"{words.number(MOST_COUNTED - 1, _locale())}+" if count >= MOST_COUNTED else words.number(count, _locale())


@register.filter
def rate(value: Decimal) -> str:
    """0.94858661: the rate of a currency, in eight digits."""
    shown = Decimal(f"{value:.8g}").normalize()
    exponent = shown.as_tuple().exponent
    return words.number(shown, _locale(), digits=max(0, -exponent) if isinstance(exponent, int) else 0)


@register.filter
def phone(number: str | None) -> str:
    """+353 1 555 0142: a number of the whole world, in the groups its country writes."""
    return words.phone(number or "")


@register.filter
def signed(value: words.Figure | None, digits: int | None = None) -> str:
    """+26 or −6."""
    return words.signed(value, _locale(), digits=digits)


@register.filter
def percent(share: words.Figure | None, digits: int = 0) -> str:
    """0.86 as 86 %, with a thin gap."""
    return words.percent(share, _locale(), digits=digits)


@register.filter
def signed_percent(share: words.Figure | None, digits: int = 0) -> str:
    """0.76 as +76 %."""
    return words.percent(share, _locale(), digits=digits, sign=True)


@register.filter
def money(amount: Money | words.Figure | None, currency: str = "") -> str:
    """€34,000, for records and customers. Takes ``Money``, or an amount and its currency."""
    if isinstance(amount, Money):
        return words.money(amount.amount, amount.currency, _locale())
    return words.money(amount, currency, _locale())


@register.filter
def money_short(amount: Money | words.Figure | None, currency: str = "") -> str:
    """€34k, for lists and charts."""
    if isinstance(amount, Money):
        return words.money_short(amount.amount, amount.currency, _locale())
    return words.money_short(amount, currency, _locale())


@register.simple_tag
def day_input(name: str, value: str, control: str) -> str:
    """A day to be typed or picked outside of a form; ``control`` is its id."""
    return DateInput({"class": "inp", "id": control}).render(name, value or None)


@register.filter
def about(amount: str, is_about: bool) -> str:
    """An amount in words, with ≈ where others were converted into it."""
    return f"≈ {amount}" if is_about else amount


@register.filter
def day(value: date | datetime | None) -> str:
    """12 Nov, with the year when it is not this one; a moment is taken in the reader's zone."""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return words.day(value, _locale(), today=timezone.localtime(now()).date())


@register.filter
def long_day(value: date) -> str:
    """Thursday 12 November."""
    return words.long_day(value, _locale())


@register.filter
def month(value: date) -> str:
    """Nov 2026."""
    return words.month(value, _locale())


@register.filter
def clock_time(value: datetime) -> str:
    """09:20 in the reader's zone."""
    return words.clock_time(value, _locale(), zone=timezone.get_current_timezone())


@register.filter
def when(value: datetime | None) -> str:
    """today 09:20, yesterday 17:05, Tue 10 Nov, 3 Feb 2025."""
    return words.when(value, _locale(), now=now(), zone=timezone.get_current_timezone())


@register.filter
def moment(value: datetime | None) -> str:
    """10 Nov 09:20."""
    return words.moment(value, _locale(), now=now(), zone=timezone.get_current_timezone())


@register.filter
def ago(value: datetime | None) -> str:
    """22 min ago, in 3 d."""
    return words.ago(value, now=now())


@register.filter
def due(value: date | datetime) -> str:
    """today, tomorrow, 1 h 12 late, 2 days late, in 5 days."""
    here = timezone.localtime(now())
    if isinstance(value, datetime):
        if value < here and timezone.localtime(value).date() == here.date():
            return words.clock_words((value - here).total_seconds())
        value = timezone.localtime(value).date()
    return words.days_late(value, today=here.date())


@register.filter
def highlight(text: str, query: str) -> SafeString:
    """``text`` with the parts that match what was typed set off, accents and case aside."""
    text, shown, end = str(text), escape(""), 0
    for start, stop in spans_of(text, query):
        shown += format_html("{}<mark>{}</mark>", text[end:start], text[start:stop])
        end = stop
    return shown + escape(text[end:])


@register.filter
def undo_url(message: Message) -> str:
    """Where a message's Undo posts to: views say ``messages.success(request, text, extra_tags="undo=/undo/7")``."""
    return _tagged(message, "undo")


@register.filter
def open_url(message: Message) -> str:
    """Where what a message tells of is found: ``extra_tags="open=/leads/7"``."""
    return _tagged(message, "open")


def _tagged(message: Message, name: str) -> str:
    tags = (message.extra_tags or "").split()
    return next((tag.removeprefix(f"{name}=") for tag in tags if tag.startswith(f"{name}=/")), "")


@register.filter
def breakable(address: str) -> SafeString:
    """An address that goes on in the next line behind its @, rather than within a word."""
    return mark_safe(escape(address).replace("@", "@<wbr>"))  # noqa: S308  (escaped)


register.filter("inside", inside)
