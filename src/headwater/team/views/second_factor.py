"""One's own second factor, and taking off that of a colleague who lost it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.team.actions import second_factor as actions
from headwater.team.forms import NewAppForm, ProofForm, show_refusal
from headwater.team.queries.passkeys import has_passkey
from headwater.team.queries.second_factor import codes_left, factor_of, pending_secret, picture
from headwater.team.queries.single_sign_on import has_working_password
from headwater.team.views.proof import is_proved, prove_first
from headwater.team.views.security import knows_password

if TYPE_CHECKING:
    from headwater.team.middleware import Request


@never_cache
@sensitive_post_parameters("current", "code")
def my_second_factor(request: Request) -> HttpResponse:
    """Set up, switched off, with new recovery codes; each after the present password, or who has none a sign-in."""
    asked = request.POST.get("form", "")
    if asked == "confirm":
        return _confirm(request)
    proof = ProofForm(request.POST if asked else None)
    if asked and not has_working_password(request.user):
        if not is_proved(request):
            return redirect(prove_first("my_second_factor"))
    elif not asked or not proof.is_valid() or not knows_password(request, proof):
        return _page(request, proof=proof, status=422 if asked else 200)
    # What is shown once is shown in this answer: a redirect would have to keep it somewhere.
    if asked == "codes":
        return show_codes(request, actions.renew_codes(by=request.actor, at=now()))
    if asked == "remove":
        actions.remove_app(by=request.actor, at=now())
        messages.success(request, _("Codes of your app are no longer asked for."))
        return redirect("my_account")
    secret = actions.begin(by=request.actor)
    return _page(request, secret=secret, picture=picture(request.user, secret), form=NewAppForm())


def show_codes(request: Request, codes: list[str]) -> HttpResponse:
    """New recovery codes, in this answer and nowhere else."""
    return _page(request, codes=codes)


@require_POST
def remove_second_factor(request: Request, user_id: int) -> HttpResponse:
    """Take it off a colleague who lost it; one's own goes with the password only, whatever rights one has."""
    if user_id == request.user.pk:
        return redirect("my_second_factor")
    actions.remove(user_id=user_id, by=request.actor, at=now())
    messages.success(request, _("The second factor is off. They sign in with the password alone now."))
    return redirect("settings_change_user", user_id)


def _confirm(request: Request) -> HttpResponse:
    form = NewAppForm(request.POST)
    if form.is_valid():
        try:
            return _page(request, codes=actions.confirm(code=form.cleaned_data["code"], by=request.actor, at=now()))
        except Invalid as refusal:
            show_refusal(form, refusal)
    secret = pending_secret(request.user.pk)
    if secret is None:
        return redirect("my_second_factor")
    return _page(request, secret=secret, picture=picture(request.user, secret), form=form, status=422)


def _page(request: Request, *, status: int = 200, **context: Any) -> HttpResponse:
    user_id = request.user.pk
    context.setdefault("proof", ProofForm())
    context |= {"factor": factor_of(user_id), "left": codes_left(user_id), "has_passkey": has_passkey(user_id)}
    context["has_password"] = has_working_password(request.user)
    context["required"] = request.company.needs_second_factor
    return render(request, "team/second_factor.html", context, status=status)
