"""How the cells of the lists of sources, campaigns, spend and touchpoints are drawn."""

from __future__ import annotations

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from headwater.acquire.models import Source
from headwater.parties.cells import deleted_mark, opened, party_link
from headwater.web.drawn import NIL, Cell, format_html, format_html_join
from headwater.web.templatetags.headwater import label, source_mark


def marked(source: Source | None) -> SafeString:
    """Where something came from, that was asked: a source, or left blank."""
    return source_mark(source.channel, source.name) if source is not None else source_mark("", _("Left blank"))


def source_name(cell: Cell) -> SafeString:
    """A source's name with the mark of its channel."""
    row = cell.row
    shown = format_html('<a class="plain" data-open href="{}">{}</a>', cell.url, source_mark(row.channel, row.name))
    return format_html("{} {}", shown, label(_("Archived"), "line")) if row.archived_at else shown


def source(cell: Cell) -> SafeString:
    """Which source it belongs to."""
    found = cell.row.source
    return source_mark(found.channel, found.name) if found is not None else NIL


def campaign_name(cell: Cell) -> SafeString:
    """A campaign's name, and whom it is for."""
    shown = opened(cell, cell.row.name)
    return shown + format_html('<span class="sub">{}</span>', cell.row.segment) if cell.row.segment else shown


def campaign_sources(cell: Cell) -> SafeString:
    """The sources a campaign uses."""
    marks = ((source_mark(each.channel, each.name),) for each in cell.row.sources.all())
    return format_html_join("", "{} ", marks) or NIL


def touch(cell: Cell) -> SafeString:
    """What happened, and whether it was by us."""
    shown = format_html('<span class="b">{}</span>', cell.row.get_kind_display())
    return format_html("{} {}", shown, label(_("by us"), "line")) if cell.row.is_outbound else shown


def party(cell: Cell) -> SafeString:
    """Who was touched, and the company below."""
    row, shown = cell.row, party_link(cell.row.party, cell.actor)
    if not row.organisation_id or row.organisation_id == row.party_id:
        return shown
    organisation = row.organisation
    return shown + format_html('<span class="sub">{}{}</span>', organisation.name, deleted_mark(organisation))
