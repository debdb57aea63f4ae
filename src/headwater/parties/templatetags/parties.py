"""How a person or company is named on pages of other records: linked, or marked where it was deleted."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from headwater.parties import cells
from headwater.parties.models import Party

register = template.Library()
register.simple_tag(cells.deleted_mark)


@register.simple_tag(takes_context=True)
def party_link(context: template.Context, party: Party | None, words: str = "", css: str = "plain") -> SafeString:
    """The party's name as a link to its record, as the page's reader may follow it."""
    return cells.party_link(party, context.get("actor"), words, css)
