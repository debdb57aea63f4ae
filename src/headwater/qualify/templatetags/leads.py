"""Tags of the pages that show leads."""

from __future__ import annotations

from django import template
from django.template.context import Context

from headwater.platform.clock import now
from headwater.qualify.models import Lead
from headwater.qualify.queries import LeadClock, clock_of
from headwater.team.queries import company as our_company

register = template.Library()


@register.simple_tag(takes_context=True)
def lead_clock(context: Context, lead: Lead) -> LeadClock | None:
    """The answer clock of a lead at the page's moment, by the office hours of the page's company."""
    company = context.get("company") or our_company()
    return clock_of(lead, company, at=context.get("now") or now())
