"""A password that was forgotten: a link by mail, for whoever signs in with the e-mail that is typed in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from headwater.platform.callers import address_of
from headwater.platform.clock import now
from headwater.platform.job import enqueue
from headwater.team.actions import signing_in as tries
from headwater.team.actions.invitations import RESET_JOB
from headwater.team.forms import ForgottenForm
from headwater.team.queries.single_sign_on import do_passwords_work
from headwater.team.views.signing_in import agent_of
from headwater.tell.queries.settings import is_mail_on


@never_cache
@login_not_required
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link. The answer is the same, and takes the same time, whoever signs in here with that e-mail or not:
    only the worker looks."""
    if not (is_mail_on() and do_passwords_work()):
        return redirect("sign_in")
    form = ForgottenForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form, status=422 if form.errors else 200)
    at = now()
    try:
        attempt = tries.note_forgotten(
            email=form.cleaned_data["email"], address=address_of(request), at=at, agent=agent_of(request)
        )
    except tries.TooManyTries as refusal:
        form.add_error(None, refusal.text)
        response = _page(request, form, status=refusal.status)
        response["Retry-After"] = str(int(refusal.wait.total_seconds()))
        return response
    enqueue(RESET_JOB, args={"attempt_id": attempt.pk}, at=at)
    return _page(request, form, is_asked=True)


def _page(request: HttpRequest, form: ForgottenForm, *, is_asked: bool = False, status: int = 200) -> HttpResponse:
    return render(request, "team/forgotten.html", {"form": form, "is_asked": is_asked}, status=status)
