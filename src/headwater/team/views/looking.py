"""See as: look at Headwater as a role or a colleague sees it, and leave that again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.team.actions import looking
from headwater.team.rules import SEEN_AS

if TYPE_CHECKING:
    from headwater.team.middleware import Request


@require_POST
def see_as_role(request: Request, key: str) -> HttpResponse:
    """Look as everybody of a role does."""
    looking.look_as(role=key, by=request.actor, at=now())
    request.session[SEEN_AS] = {"role": key}
    return redirect("/")


@require_POST
def see_as_user(request: Request, user_id: int) -> HttpResponse:
    """Look as one colleague does."""
    looking.look_as(user_id=user_id, by=request.actor, at=now())
    request.session[SEEN_AS] = {"user_id": user_id}
    return redirect("/")


@require_POST
def end_looking(request: Request) -> HttpResponse:
    """Be oneself again."""
    if request.session.pop(SEEN_AS, None) is not None:
        looking.end_looking(by=request.actor, at=now())
        messages.success(request, _("You are yourself again."))
    return redirect("/")
