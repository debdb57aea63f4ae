"""How the cells of the lists of opportunities and orders are drawn."""

from __future__ import annotations

from functools import lru_cache

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from headwater.acquire.cells import marked
from headwater.parties.cells import deleted_mark, opened
from headwater.sell.models import Opportunity
from headwater.web.drawn import NIL, Cell, format_html, format_html_join
from headwater.web.templatetags.headwater import ago, avatar, day, icon, label
from headwater.web.templatetags.headwater import due as in_days

TONES = {"COMMIT": "acc", "BEST_CASE": "info"}


def opportunity(cell: Cell) -> SafeString:
    """Who may buy, and what below."""
    row, buyer = cell.row, cell.row.organisation if cell.row.organisation_id else cell.row.party
    shown = opened(cell, cell.value or row.name) + deleted_mark(buyer)
    if not cell.value or cell.value == row.name:
        return shown
    return shown + format_html('<span class="sub">{}</span>', row.name)


def order(cell: Cell) -> SafeString:
    """Who bought, and the opportunity it came from below."""
    row, buyer = cell.row, cell.row.organisation if cell.row.organisation_id else cell.row.party
    shown = opened(cell, cell.value or _("Not known")) + deleted_mark(buyer)
    return shown + format_html('<span class="sub">{}</span>', row.opportunity.name) if row.opportunity else shown


def number(cell: Cell) -> SafeString:
    """An order's number, in one piece."""
    return format_html('<span class="nw">{}</span>', cell.value) if cell.value else NIL


def source(cell: Cell) -> SafeString:
    """Where the sale came from."""
    if not cell.row.lead_id:
        return format_html('<span class="dim">{}</span>', _("No lead known"))
    return marked(cell.row.lead.source)


def stage(cell: Cell) -> str:
    """The stage, or how it ended."""
    row = cell.row
    if row.outcome == "WON":
        return label(row.get_outcome_display(), "good")
    if row.outcome == "LOST":
        why = format_html('<span class="sub">{}</span>', row.get_lost_reason_display())
        return label(row.get_outcome_display(), "line") + why
    return str(row.stage.name)


def category_label(row: Opportunity) -> SafeString:
    """How sure it is."""
    return _category(get_language(), row.forecast_category)


@lru_cache(maxsize=256)  # a board shows a hundred, of a few kinds
def _category(_language: str | None, code: str) -> SafeString:
    return label(Opportunity(forecast_category=code).get_forecast_category_display(), TONES.get(code, "line"))


def category(cell: Cell) -> SafeString:
    """How sure it is, while it is open."""
    return NIL if cell.row.outcome else category_label(cell.row)


def in_stage(cell: Cell) -> SafeString:
    """How long it stands in its stage."""
    row = cell.row
    if row.outcome or not row.stage_since:
        return NIL
    return format_html('<span class="nw">{}</span>', ago(row.stage_since))


def next_step(cell: Cell) -> SafeString:
    """What is to be done next, while it is open."""
    row = cell.row
    if row.outcome:
        return NIL
    if row.next_step:
        return format_html('<span class="el">{}</span>', row.next_step)
    return format_html('<span class="warn nw">{} {}</span>', icon("alert-triangle", 14), _("No next step"))


def close_date(cell: Cell) -> str:
    """When it is to close, or did."""
    row = cell.row
    if not row.close_date:
        return NIL
    if row.outcome:
        return day(row.close_date)
    if row.close_date < cell.now.date():
        late = in_days(row.close_date)
        return format_html('<span class="bad nw">{}<span class="sub">{}</span></span>', day(row.close_date), late)
    return format_html('<span class="nw">{}</span>', day(row.close_date))


def products(cell: Cell) -> SafeString:
    """What it is about; where a text still has to be decided for, that is said."""
    lines = [
        format_html("{} {}", line.label, label(_("to decide"), "warn")) if line.is_to_decide else line.label
        for line in cell.row.lines.all()
    ]
    return format_html_join(", ", "{}", ((line,) for line in lines)) or NIL


def owner(cell: Cell) -> SafeString:
    """Whose it is."""
    return avatar(cell.row.owner.name) if cell.row.owner_id else NIL
