"""Where one is signed in, who tried to, and what one must know to change that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from headwater.platform.callers import address_of
from headwater.platform.clock import now
from headwater.platform.values import row_id
from headwater.team.actions import sessions
from headwater.team.actions import signing_in as tries
from headwater.team.queries.signing_in import sessions_of, sign_ins, sign_ins_of
from headwater.team.rules import SIGN_IN_LOG_DAYS
from headwater.team.views.signing_in import agent_of

if TYPE_CHECKING:
    from headwater.team.middleware import Request

PAGE = 50


def where_signed_in(request: Request) -> dict[str, Any]:
    """One's sessions for the page, this one marked."""
    here = request.session.session_key
    found = sessions_of(request.user.pk, at=now())
    return {"sessions": [(each, each.session_key == here) for each in found]}


@require_POST
def end_session(request: Request, handle: str) -> HttpResponse:
    """Sign out in one place."""
    sessions.end_session(handle=handle, by=request.actor, at=now())
    messages.success(request, _("You are signed out there."))
    return redirect("my_account")


@require_POST
def end_other_sessions(request: Request) -> HttpResponse:
    """Sign out everywhere but here."""
    here = request.session.session_key or ""
    sessions.end_sessions(user_id=request.user.pk, by=request.actor, at=now(), besides=here)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("my_account")


@never_cache
def my_sign_ins(request: Request) -> HttpResponse:
    """Who tried to sign in as oneself."""
    return _log(request, sign_ins_of(request.user), everybody=False)


@never_cache
def all_sign_ins(request: Request) -> HttpResponse:
    """Who tried to sign in here."""
    request.actor.require("team.user.change")
    return _log(request, sign_ins(request.actor), everybody=True)


def _log(request: Request, found: Any, *, everybody: bool) -> HttpResponse:
    before = row_id(request.GET.get("before", ""))
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: PAGE + 1])
    more = rows[PAGE - 1].pk if len(rows) > PAGE else None
    context = {"tries": rows[:PAGE], "older": more, "everybody": everybody, "days": SIGN_IN_LOG_DAYS}
    return render(request, "team/sign_ins.html", context)


def knows_password(request: Request, form: Form) -> bool:
    """Whether the present password in ``form`` is right; guessing it from an open session is slowed down as well."""
    user, at = request.user, now()
    try:
        attempt = tries.note_try(email=user.email, address=address_of(request), at=at, agent=agent_of(request))
    except tries.TooManyTries as refusal:
        form.add_error("current", refusal.text)
        return False
    if user.check_password(form.cleaned_data["current"]):
        tries.forget_try(attempt_id=attempt.pk)  # nobody signed in
        return True
    form.add_error("current", _("This is not your present password."))
    return False
