"""Tags of the generic pages: cells, values, panels; how a column's value is written is decided here, once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.template.context import Context
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from headwater.platform.clock import now
from headwater.platform.resource import Column, Kind, Resource, by_slug
from headwater.web import format as words
from headwater.web.cells import fields_of, steps_of
from headwater.web.drawn import Cell, drawing, escaped, format_html, format_html_join
from headwater.web.notation import here
from headwater.web.templatetags.headwater import breakable, icon, label
from headwater.web.worth import worth_of_row

register = template.Library()


@dataclass(frozen=True)
class Frame:
    """What stands around the cells of a column, the same in every row of a list."""

    column: Column
    opening: str
    closing: str
    is_primary: bool


@dataclass(frozen=True)
class Around:
    """What every cell of a page is drawn with; ``query`` leads back from a record to the list it was opened from."""

    resource: Resource | None
    query: str
    actor: Any
    company: Any
    moment: datetime

    @classmethod
    def of(cls, context: Context) -> Around:
        """What the page knows of it."""
        query, company = context.get("record_query", ""), context.get("company")
        moment = context.get("now") or now()
        return cls(context.get("resource"), f"?{query}" if query else "", context.get("actor"), company, moment)


BOX = '<td class="col-select"><input type="checkbox" name="ids" value="{}" data-select-row aria-label="{}"></td>'
CARD_BOX = '<label class="deal-x"><input type="checkbox" name="ids" value="{}" data-select-row aria-label="{}"></label>'
COLUMN_BOX = '<label class="deal-x"><input type="checkbox"{} data-select-all aria-label="{}"></label>'
PLACES = ("primary", "second", "source", "action", "id", "clip", "extra")
UNNAMED = ("primary", "second", "source", "action")  # on a phone's card these places say what they hold


@register.simple_tag(takes_context=True)
def cell(context: Context, column: Column, row: Any) -> str:
    """One cell of a list: the column's own partial, or its value as its kind is written in lists."""
    return _drawn(Around.of(context), column, row)


@register.simple_tag(takes_context=True)
def primary(context: Context, column: Column, row: Any) -> SafeString:
    """A row's first cell: it names the record and opens it; how a column draws its own finds the address as ``url``."""
    return _first(Around.of(context), column, row)


@register.simple_tag
def card_box(pk: int, title: str) -> SafeString:
    """The box that chooses a card of a board."""
    return format_html(CARD_BOX, pk, _("Select %(name)s") % {"name": title})


@register.simple_tag
def column_box(name: str, query: str, more: int | None) -> SafeString:
    """The box that chooses a column of a board: its cards and, by its ``query``, the ``more`` there is no card for.

    None where nobody knows how many those are: then it chooses the cards.
    """
    rest = format_html(' name="parts" value="{}" data-more="{}"', query, more) if more else ""
    return format_html(COLUMN_BOX, rest, _("Select all in %(column)s") % {"column": name})


@register.simple_tag(takes_context=True)
def value(context: Context, column: Column, row: Any) -> str:
    """A column's value in full, as records show it."""
    shown = written(column, row, context.get("company"), short=False)
    if "\n" in shown and not isinstance(shown, SafeString):
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in shown.splitlines()))
    if "@" in shown and not isinstance(shown, SafeString):
        return breakable(shown)
    return shown or format_html('<span class="dim">{}</span>', words.NOT_KNOWN)


@register.simple_tag(takes_context=True)
def panel(context: Context, name: str, values: Mapping[str, Any]) -> str:
    """A room's piece of a page, with its own values on top of the page's."""
    with context.push(**values):
        return _partial(name, context)


@register.simple_tag(takes_context=True)
def cell_fields(context: Context) -> dict[str, str]:
    """Which columns of the list can be changed where they stand, and the field behind each."""
    return fields_of(context["resource"], context["actor"])


@register.simple_tag(takes_context=True)
def cell_frames(context: Context) -> list[Frame]:
    """What stands around the cells of the list's columns: told once, so that a row costs no more than what it says."""
    fields, steps = (find(context["resource"], context["actor"]) for find in (fields_of, steps_of))
    frames = []
    for column in context["columns"]:
        changed = format_html(' data-cell="{}"', fields[column.key]) if column.key in fields else ""
        if not changed and column.key in steps:
            changed = format_html(' data-step="{}"', steps[column.key])
        is_primary = column is context["primary_column"]
        if is_primary:
            opening, closing = format_html('<th{} scope="row" class="col-primary">', changed), "</th>"
        else:
            named = "" if column.place in UNNAMED else format_html(' data-label="{}"', column.label)
            opening, closing = format_html('<td{} class="{}"{}>', changed, place(column), named), "</td>"
        frames.append(Frame(column, opening, closing, is_primary))
    return frames


@register.simple_tag(takes_context=True)
def list_rows(context: Context, frames: list[Frame], rows: Iterable[Any]) -> SafeString:
    """The rows of a list. They are many and alike: what no row changes is found once, and no template runs for each."""
    around, resource, has_boxes = Around.of(context), context["resource"], bool(context["bulk"])
    parts: list[str] = []
    for row in rows:
        parts.append(format_html('<tr data-row data-record="/{}/{}">', resource.slug, row.pk))
        if has_boxes:
            parts.append(format_html(BOX, row.pk, selects(row, resource)))
        for frame in frames:
            shown = (_first if frame.is_primary else _drawn)(around, frame.column, row)
            parts += (frame.opening, escaped(shown), frame.closing)
        parts.append("</tr>")
    return mark_safe("".join(parts))  # noqa: S308  (each part is escaped)


@register.inclusion_tag("web/components/row_keys.html", takes_context=True)
def row_keys(context: Context, slug: str = "") -> dict[str, Any]:
    """What keys do with the row in focus, for ``?`` and keys.js: of the page's noun, or of the one at ``slug``."""
    noun = by_slug(slug) if slug else context["resource"]
    assert noun is not None
    actor, change = context["actor"], noun.change
    keys: list[tuple[str, Any, str, bool]] = []  # key, words, where below the row's address, whether it asks
    if change is not None and actor.may(change.verb):
        keys.append(("e", change.label, "edit", True))
    keys += [
        (command.hotkey, command.label, f"do/{command.key}", command.asks)
        for command in noun.commands
        if command.hotkey and actor.may(command.verb)
    ]
    return {"keys": keys, "slug": noun.slug}


@register.filter
def place(column: Column) -> str:
    """The classes of a column's cells: where it stands, and figures to the right."""
    where = f"col-{column.place}" if column.place in PLACES else "col-line"
    return f"{where} r num" if column.kind in (Kind.NUMBER, Kind.MONEY) else where


@register.filter
def title_of(row: Any, resource: Resource) -> str:
    """What a record is called."""
    return resource.title(row) or f"{resource.label} {row.pk}"


@register.filter
def subtitle_of(row: Any, resource: Resource) -> str:
    """What stands below a record's name."""
    return resource.subtitle(row)


def selects(row: Any, resource: Resource) -> str:
    """What ticking a row does, for who does not see it."""
    return _("Select %(name)s") % {"name": title_of(row, resource)}


@register.filter
def initials(name: str) -> str:
    """Two letters that stand for a record."""
    return words.initials(name)


@register.filter
def is_figure(column: Column) -> bool:
    """Whether a column's values stand to the right."""
    return column.kind in (Kind.NUMBER, Kind.MONEY)


def written(column: Column, row: Any, company: Any, *, short: bool) -> str:
    """The value of a column as a reader sees it; nothing known is an empty text."""
    found, locale = column.of(row), here()
    if found is None or found == "":
        return ""
    if isinstance(found, bool):
        return icon("check", 16, _("yes")) if found else ("" if short and not column.nullable else _("no"))
    if column.kind is Kind.MONEY:
        own = getattr(company, "currency", "")
        currency = getattr(row, "currency", "") or own
        if short:
            return words.money_short(found, currency, locale)
        worth = worth_of_row(row, column, found, currency) if own and currency and currency != own else ""
        return f"{words.money(found, currency, locale)} {worth}".strip()
    if isinstance(found, datetime):
        zone = timezone.get_current_timezone()
        full = words.moment(found, locale, now=now(), zone=zone)
        if not short:
            return full
        return format_html(
            '<span class="nw" title="{}">{}</span>', full, words.when(found, locale, now=now(), zone=zone)
        )
    if isinstance(found, date):
        return words.day(found, locale, today=timezone.localtime(now()).date())
    if isinstance(found, (int, float, Decimal)) and column.kind is Kind.NUMBER:
        return words.number(found, locale)
    return _toned(column, found) if column.tones else words.grouped(column.text(row))


def _toned(column: Column, found: Any) -> SafeString:
    """Choices as labels in their colours."""
    labels: dict[str, Any] = {} if callable(column.choices) else dict(column.choices)
    codes = found if isinstance(found, list) else [found]
    shown = ((label(str(labels.get(code, code)), column.tones.get(code, "")),) for code in codes)
    return format_html_join(" ", "{}", shown)


def _drawn(around: Around, column: Column, row: Any, url: str = "") -> str:
    if not column.cell:
        return written(column, row, around.company, short=True)
    cell = Cell(row, column.of(row), url, around.actor, around.company, around.moment)
    return drawing(column.cell)(cell)


def _first(around: Around, column: Column, row: Any) -> SafeString:
    resource = around.resource
    assert resource is not None  # the page is about its rows
    url = f"/{resource.slug}/{row.pk}{around.query}"
    shown = escaped(_drawn(around, column, row, url))
    if "data-open" in shown:
        return shown
    title = shown if column.cell or column.place == "primary" else resource.title(row)
    if not str(title).strip():
        title = resource.title(row) or f"#{row.pk}"
    below = format_html('<span class="sub">{}</span>', shown) if title is not shown and shown != title else ""
    return format_html('<a class="plain" data-open href="{}">{}</a>{}', url, title, below)


def _partial(name: str, context: Context) -> SafeString:
    # The engine's own template, not the backend's wrapper: it joins the page's context instead of making one.
    rendered: str = get_template(name).template.render(context)  # type: ignore[attr-defined]
    return SafeString(rendered)
