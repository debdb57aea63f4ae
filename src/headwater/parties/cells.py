"""How the cells of the lists of people and companies are drawn, and how both are named on pages of other records."""

from __future__ import annotations

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from headwater.parties.models import Party
from headwater.platform.actor import Actor
from headwater.web.drawn import NIL, Cell, format_html, format_html_join
from headwater.web.templatetags.headwater import avatar, icon, label, moment, when
from headwater.web.templatetags.headwater import phone as in_groups

ICONS = {"CALL": "phone", "EMAIL": "mail", "MEETING": "users", "TODO": "checklist"}


def party_link(party: Party | None, actor: Actor | None, words: str = "", css: str = "plain") -> SafeString:
    """The party's name (or other ``words``) as a link to its record. One that was deleted is marked; its link is left
    out, but for those who may restore it: to them its page offers that."""
    if party is None:
        return SafeString("")
    noun, slug = ("person", "people") if party.is_person else ("organisation", "organisations")
    said = words or party.name
    link = format_html('<a class="{}" href="/{}/{}">{}</a>', css, slug, party.pk, said)
    if party.deleted_at is None:
        return link
    may_restore = actor is not None and actor.may(f"parties.{noun}.delete")
    name = link if may_restore else format_html('<span class="mut">{}</span>', said)
    return format_html("{}{}", name, deleted_mark(party))


def deleted_mark(party: Party | None) -> SafeString:
    """A label that says so, where a party was deleted."""
    if party is None or party.deleted_at is None:
        return SafeString("")
    return format_html(' <span class="lbl line">{}</span>', _("Deleted"))


def opened(cell: Cell, words: str) -> SafeString:
    """What a record is called, as the link that opens it."""
    return format_html('<a class="plain" data-open href="{}">{}</a>', cell.url, words)


def person(cell: Cell) -> SafeString:
    """A person's name, and what they are to us."""
    row, shown = cell.row, opened(cell, cell.row.name)
    if row.is_employee:
        shown = format_html("{} {}", shown, label(_("Colleague"), "line"))
    if row.is_influence:
        shown = format_html("{} {}", shown, label(_("Centre of influence"), "acc"))
    return shown


def company(cell: Cell) -> SafeString:
    """A company's name."""
    return opened(cell, cell.row.name)


def employer(cell: Cell) -> SafeString:
    """Whom a person works for."""
    return party_link(cell.row.employer, cell.actor) if cell.row.employer_id else NIL


def email(cell: Cell) -> SafeString:
    """An address to write to."""
    return format_html('<a class="plain" href="mailto:{0}">{0}</a>', cell.value) if cell.value else NIL


def phone(cell: Cell) -> SafeString:
    """A number to call."""
    if not cell.value:
        return NIL
    return format_html('<a class="plain num nw" href="tel:{}">{}</a>', cell.value, in_groups(cell.value))


def tags(cell: Cell) -> SafeString:
    """The tags somebody gave."""
    return format_html_join("", "{} ", ((label(link.tag.name, "line"),) for link in cell.row.party_tags.all()))


def owner(cell: Cell) -> SafeString:
    """Whose it is."""
    return avatar(cell.row.owner.name) if cell.row.owner_id else NIL


def subject(cell: Cell) -> SafeString:
    """What an activity is about, and whether it is done."""
    shown = opened(cell, cell.row.subject)
    return format_html("{} {}", shown, label(_("Done"), "good", "check")) if cell.row.done_at else shown


def activity_kind(cell: Cell) -> SafeString:
    """What kind of activity it is."""
    shown = icon(ICONS.get(cell.row.kind, "note"))
    return format_html('<span class="flex sm">{}{}</span>', shown, cell.row.get_kind_display())


def party(cell: Cell) -> SafeString:
    """With whom it was or is to be done."""
    return party_link(cell.row.party, cell.actor)


def due(cell: Cell) -> str:
    """When it is to be done."""
    row = cell.row
    if not row.due_at:
        return ""
    late = " bad" if not row.done_at and row.due_at < cell.now else ""
    return format_html('<span class="nw{}" title="{}">{}</span>', late, moment(row.due_at), when(row.due_at))
