"""How a person or company is named on pages of other records: linked, or marked where it was deleted."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from headwater.parties.models import Party
from headwater.platform.actor import Actor

register = template.Library()


@register.simple_tag(takes_context=True)
def party_link(context: template.Context, party: Party | None, words: str = "", css: str = "plain") -> SafeString:
    """The party's name (or other ``words``) as a link to its record. One that was deleted is marked; its link is left
    out, but for those who may restore it: to them its page offers that."""
    if party is None:
        return SafeString("")
    actor: Actor | None = context.get("actor")
    noun, slug = ("person", "people") if party.is_person else ("organisation", "organisations")
    said = words or party.name
    link = format_html('<a class="{}" href="/{}/{}">{}</a>', css, slug, party.pk, said)
    if party.deleted_at is None:
        return link
    may_restore = actor is not None and actor.may(f"parties.{noun}.delete")
    name = link if may_restore else format_html('<span class="mut">{}</span>', said)
    return format_html("{}{}", name, deleted_mark(party))


@register.simple_tag
def deleted_mark(party: Party | None) -> SafeString:
    """A label that says so, where a party was deleted."""
    if party is None or party.deleted_at is None:
        return SafeString("")
    return format_html(' <span class="lbl line">{}</span>', _("Deleted"))
