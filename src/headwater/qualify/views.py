"""The one page of leads that the generic pages cannot do: taking the next lead out of the pool."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.parties.queries.visible import names_of
from headwater.platform.clock import now
from headwater.qualify import actions
from headwater.web.http import Request, answer


@require_POST
def claim_next(request: Request) -> HttpResponse:
    """Take the lead of the pool that needs somebody most, and open it."""
    lead = actions.claim_next(by=request.actor, at=now())
    name = names_of([lead.party_id]).get(lead.party_id, "")
    return answer(request, f"/leads/{lead.pk}", _("%(name)s is yours") % {"name": name})
