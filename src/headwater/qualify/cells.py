"""How the cells of the list of leads are drawn."""

from __future__ import annotations

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from headwater.acquire.cells import marked
from headwater.parties.cells import deleted_mark
from headwater.qualify.queries import clock_of
from headwater.team.queries import company as our_company
from headwater.web.drawn import NIL, Cell, format_html
from headwater.web.format import duration
from headwater.web.templatetags.headwater import answer_clock, avatar, day, due, icon, label, money_short


def name(cell: Cell) -> SafeString:
    """The person, and the company below."""
    row, below = cell.row, SafeString("")
    if row.organisation_id and row.organisation_id != row.party_id:
        organisation = row.organisation
        below = format_html('<span class="sub">{}{}</span>', organisation.name, deleted_mark(organisation))
    link = format_html('<a class="plain el" data-open href="{}">{}</a>', cell.url, row.party.name)
    return link + deleted_mark(row.party) + below


def interest(cell: Cell) -> SafeString:
    """What they ask for, what it may be worth, and in their words."""
    row = cell.row
    shown = label(row.get_interest_display(), "acc" if row.interest == "QUOTE_REQUEST" else "line")
    if row.amount is not None:
        shown += format_html(' <span class="num">{}</span>', money_short(row.amount, row.currency))
    if row.title:
        shown += format_html('<span class="sub">{}</span>', row.title)
    return shown


def source(cell: Cell) -> SafeString:
    """Where it came from."""
    return marked(cell.row.source)


def stage(cell: Cell) -> str:
    """The stage, how it left, or what it waits for."""
    row = cell.row
    if row.exit:
        return label(row.get_exit_display(), "good" if row.exit == "CONVERTED" else "line")
    if row.handed_over_at:
        return format_html('{}<span class="sub">{}</span>', row.get_stage_display(), _("waits for sales"))
    if row.sent_back_reason:
        return format_html('{}<span class="sub">{}</span>', row.get_stage_display(), _("sent back"))
    return str(row.get_stage_display())


def clock(cell: Cell) -> SafeString:
    """The answer clock; where none runs, since when it is as it is."""
    row = cell.row
    running = clock_of(row, cell.company or our_company(), at=cell.now)
    if running:
        return answer_clock(running.left, running.allowed)
    if row.exit == "RECYCLED":
        return format_html('<span class="mut">{}</span>', _("wakes up %(day)s") % {"day": day(row.wake_up_on)})
    if row.exit:
        return format_html('<span class="dim">{}</span>', day(row.exited_at))
    if row.stage_since:
        return format_html(
            '<span class="mut">{}</span>',
            _("%(duration)s in stage") % {"duration": duration(cell.now - row.stage_since)},
        )
    return NIL


def next_step(cell: Cell) -> SafeString:
    """What is to be done next, and by when."""
    row = cell.row
    if row.next_step:
        late = " bad" if row.next_step_due_at < cell.now else ""
        return format_html(
            '<span class="el">{}</span><span class="sub{}">{}</span>', row.next_step, late, due(row.next_step_due_at)
        )
    if row.exit:
        return NIL
    if not row.owner_id:
        return format_html('<span class="mut">{}</span>', _("In the pool"))
    return format_html('<span class="warn nw">{} {}</span>', icon("alert-triangle", 14), _("No next step"))


def owner(cell: Cell) -> SafeString:
    """Whose it is; what waits in the pool can be claimed."""
    row = cell.row
    if row.owner_id:
        return avatar(row.owner.name)
    if not row.in_pool:
        return NIL
    return format_html(
        '<button class="btn btn-s" type="submit" formaction="{0}" hx-post="{0}" hx-swap="none" hx-push-url="false">'
        "{1}{2}</button>",
        f"/leads/{row.pk}/do/claim", icon("hand-grab", 14), _("Claim"),
    )  # fmt: skip
