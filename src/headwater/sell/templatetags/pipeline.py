"""The cards of the pipeline. A board shows a hundred: each is put together here, no template runs for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlencode

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from headwater.sell.cells import category_label
from headwater.sell.models import Opportunity
from headwater.sell.queries.board import Card, StageColumn
from headwater.sell.rules import Age
from headwater.web.drawn import format_html, format_html_join
from headwater.web.templatetags.headwater import avatar, day, icon, label, money, money_short, source_mark
from headwater.web.templatetags.workbench import card_box, column_box

register = template.Library()

NOTHING = SafeString("")
BUTTON = (
    '<button class="btn btn-s btn-i" type="button" data-move="{}" data-key="{}" aria-label="{}" title="{}">{}</button>'
)
DAYS_TONES = {Age.TWICE: "bad b", Age.OLDER: "warn b"}


@register.simple_tag(takes_context=True)
def deals(context: Context, cards: Sequence[Card]) -> SafeString:
    """The open opportunities of a stage, as who looks at the board may move them."""
    may_move, query, around = bool(context["may_move"]), context["move_query"], context["record_query"]
    has_box, unknown = bool(context["bulk"]), _("No value yet")
    keys = _keys() if may_move else NOTHING
    grip = format_html('<span class="grip" aria-hidden="true">{}</span>', icon("grip-vertical", 14))
    return format_html_join(
        "",
        '<article class="deal {}" id="card-{}" tabindex="0" data-row data-record="/opportunities/{}" data-card'
        ' data-move-url="/pipeline/{}/move?board=1{}" aria-label="{}">{}{}{}<div class="flex between">{}{}</div>{}'
        '<div class="flex between">{}<span class="flex gap-s">{}{}</span></div>{}</article>',
        (
            (
                card.age.value, card.row.pk, card.row.pk, card.row.pk, f"&{query}" if query else "", _spoken(card),
                _box(card) if has_box else NOTHING, grip if may_move else NOTHING, _title(card, around),
                _amount(card.row, unknown),
                category_label(card.row), _next(card, may_move=may_move), _source(card.row), _days(card),
                _owner(card.row), keys,
            )
            for card in cards
        ),
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def won_deals(context: Context, cards: Sequence[Card]) -> SafeString:
    """What was won this month."""
    has_box, around = bool(context["bulk"]), context["record_query"]
    booked, check = label(_("Booked"), "good"), icon("check", 14)
    return format_html_join(
        "",
        '<article class="deal" id="card-{}" tabindex="0" data-row aria-label="{}">{}{}'
        '<div class="flex between">{}{}</div><span class="flex mut gap-s">{}<span class="el">{}</span></span>'
        '<div class="flex between">{}<span class="flex gap-s">{}</span></div></article>',
        (
            (
                card.row.pk, ", ".join(filter(None, (card.title, card.what))), _box(card) if has_box else NOTHING,
                _title(card, around), _amount(card.row, _("Value not known")), booked, check, _won(card),
                _source(card.row), _owner(card.row),
            )
            for card in cards
        ),
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def stage_box(context: Context, column: StageColumn) -> SafeString:
    """The box that chooses all of a stage."""
    query = f"{context['query']}&{urlencode({'stage': column.stage.pk})}"
    return column_box(column.stage.name, query, column.more)


def _spoken(card: Card) -> str:
    """What a card is called for who does not see it."""
    row = card.row
    worth = money(row.amount, row.currency) if row.amount is not None else ""
    return ", ".join(filter(None, (card.title, card.what, worth)))


def _box(card: Card) -> SafeString:
    return card_box(card.row.pk, card.title)


def _title(card: Card, around: str) -> SafeString:
    """Who may buy, as the link to the record and from there to its neighbours on the board, and what."""
    link = format_html('<a class="ti" data-open href="/opportunities/{}?{}">{}</a>', card.row.pk, around, card.title)
    return link + format_html('<span class="mut el">{}</span>', card.what) if card.what else link


def _amount(row: Opportunity, unknown: str) -> SafeString:
    if row.amount is None:
        return format_html('<span class="mut">{}</span>', unknown)
    return format_html('<b class="num md">{}</b>', money_short(row.amount, row.currency))


def _next(card: Card, *, may_move: bool) -> SafeString:
    """What is to be done next, or what is wrong."""
    row, arrow, warning = card.row, icon("arrow-right", 14), icon("alert-triangle", 14)
    if card.is_overdue:
        words = _("Date passed %(day)s") % {"day": day(row.close_date)}
        return format_html('<span class="flex bad gap-s">{}<span class="el">{}</span></span>', arrow, words)
    if row.next_step:
        return format_html('<span class="flex mut gap-s">{}<span class="el">{}</span></span>', arrow, row.next_step)
    if not may_move:
        words = _("No next step")
        return format_html('<span class="flex warn gap-s">{}<span class="el">{}</span></span>', warning, words)
    return format_html(
        '<a class="flex warn gap-s" href="{0}" hx-get="{0}" hx-target="#dialog-place" hx-push-url="false" data-key="n">'
        '{1}<span class="el">{2}</span></a>',
        f"/opportunities/{row.pk}/do/next_step", warning, _("No next step: add one"),
    )  # fmt: skip


def _source(row: Opportunity) -> SafeString:
    """Where it came from, as a mark alone."""
    if row.lead is not None and row.lead.source is not None:
        return source_mark(row.lead.source.channel, "", name=row.lead.source.name)
    return source_mark("", "", name=_("No lead known") if row.lead_id is None else _("Left blank"))


def _days(card: Card) -> SafeString:
    """How long it stands in its stage, against what is usual."""
    return NOTHING if card.days is None else _stood(get_language(), card.days, card.usual, card.age)


@lru_cache(maxsize=4_096)
def _stood(_language: str | None, days: int, usual: int | None, age: Age) -> SafeString:
    told = {"days": days, "usual": usual}
    if usual:
        title = _("Days in this stage; usual is %(usual)s") % told
    else:
        title = _("Days in this stage; too few wins to say what is usual")
    words = _("%(days)s d / %(usual)s") if age.value else _("%(days)s d")
    tone = DAYS_TONES.get(age, "dim")
    return format_html('<span class="num {}" title="{}">{}</span>', tone, title, words % told)


def _owner(row: Opportunity) -> SafeString:
    return avatar(row.owner.name if row.owner is not None else None)


def _won(card: Card) -> str:
    """When it was won, and after how many days."""
    words = _("Won %(day)s") % {"day": day(card.row.closed_at)}
    if card.days_to_win is None:
        return words
    taken = ngettext("%(days)s day", "%(days)s days", card.days_to_win) % {"days": card.days_to_win}
    return f"{words} · {taken}"


def _keys() -> SafeString:
    """The buttons behind the keys that move a card."""
    back, forward = _("One stage back"), _("One stage forward")
    buttons = (
        format_html(BUTTON, -1, "<", back, back, icon("chevron-left", 14)),
        format_html(BUTTON, 1, ">", forward, forward, icon("chevron-right", 14)),
    )
    return format_html('<div class="deal-keys">{}{}</div>', *buttons)
