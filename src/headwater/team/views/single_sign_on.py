"""Single sign-on: there and back again, and its settings."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from headwater.platform.actor import job_actor
from headwater.platform.callers import address_of
from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.team.actions import signing_in as tries
from headwater.team.actions import single_sign_on as actions
from headwater.team.actions.sessions import take_out
from headwater.team.forms import SignInForm, SingleSignOnForm, show_refusal
from headwater.team.models import Way
from headwater.team.queries import provider as asking
from headwater.team.queries import user_by_email
from headwater.team.queries.single_sign_on import provider_in_use, settings_of_provider, user_of_identity
from headwater.team.views.signing_in import agent_of, first_step_done, let_in, local_path, sign_in_page

if TYPE_CHECKING:
    from headwater.team.middleware import Request

JOURNEY, JOURNEY_LASTS = "single_sign_on", timedelta(minutes=10)


@never_cache
@login_not_required
@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """Off to the provider. A link, not a form: what a form may lead to is this site only."""
    wanted, ours = local_path(request.GET.get("next") or ""), provider_in_use()
    if ours is None:
        return redirect("sign_in")
    journey = asking.Journey.begin()
    anew = bool(request.GET.get("anew"))
    try:
        there = asking.way_there(ours, journey, back=_back(request), anew=anew)
    except asking.NotSignedIn as refusal:
        return sign_in_page(request, SignInForm(), wanted, problem=refusal.text, status=refusal.status)
    request.session[JOURNEY] = {
        **asdict(journey), "issuer": ours.issuer, "wanted": wanted, "since": now().isoformat(),
    }  # fmt: skip
    if not request.user.is_authenticated:
        request.session.set_expiry(JOURNEY_LASTS)
    return redirect(there)


@never_cache
@login_not_required
@require_GET
@sensitive_variables("code", "claims")
def back(request: HttpRequest) -> HttpResponse:
    """Back from the provider: in, or a sentence that says why not. What was begun is over either way."""
    kept: dict[str, Any] = take_out(request.session, JOURNEY) or {}
    ours, at = provider_in_use(), now()
    over = not kept or not timedelta() <= at - datetime.fromisoformat(kept["since"]) <= JOURNEY_LASTS
    wrong = over or not constant_time_compare(kept["state"], request.GET.get("state", ""))
    if wrong or ours is None or ours.issuer != kept["issuer"] or request.GET.get("iss", ours.issuer) != ours.issuer:
        problem = _("This sign-in is over, or was begun in another window. Begin again.")
        return sign_in_page(request, SignInForm(), local_path(kept.get("wanted", "")), problem=problem, status=403)
    wanted = local_path(kept["wanted"])
    try:
        attempt = tries.note_arrival(way=Way.PROVIDER, address=address_of(request), at=at, agent=agent_of(request))
        if "code" not in request.GET:
            raise asking.NotSignedIn(_("You were not signed in at the provider."))
        journey = asking.Journey(kept["state"], kept["nonce"], kept["verifier"])
        claims = asking.who_came(ours, journey, code=request.GET["code"], back=_back(request))
        email = str(claims.get("email") or "").replace("\x00", "")
        known = user_of_identity(ours.issuer, claims["sub"]) or user_by_email(email)
        tries.note_who(attempt_id=attempt.pk, email=email, user=known)
        user = actions.admit(ours=ours, claims=claims, by=job_actor("single sign-on"), at=at)
    except (asking.NotSignedIn, tries.TooManyTries, Invalid) as refusal:
        return sign_in_page(request, SignInForm(), wanted, problem=refusal.text, status=refusal.status)
    if known is None:
        tries.note_who(attempt_id=attempt.pk, email=user.email, user=user)
    if ours.vouches:
        return let_in(request, user, attempt, wanted=wanted, vouched=True)
    return first_step_done(request, user, attempt, wanted=wanted)


def _back(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("single_sign_on_back"))


@never_cache
@sensitive_post_parameters("secret")
def settings(request: Request) -> HttpResponse:
    """Where people sign in."""
    request.actor.require(actions.RIGHT)
    ours = settings_of_provider()
    initial = {name: getattr(ours, name) for name in actions.CHANGEABLE} | {"domains": " ".join(ours.domains)}
    form = SingleSignOnForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        values = dict(form.cleaned_data)
        secret = values.pop("secret") or None
        try:
            if values["is_on"] and asking.is_fit(values["issuer"]):
                asking.forget()
                asking.discover(values["issuer"])
            actions.change_single_sign_on(values=values, secret=secret, by=request.actor, at=now())
        except Invalid as refusal:
            show_refusal(form, refusal)
        except asking.ProviderAway:
            form.add_error("issuer", _("Nothing answers there as this issuer. Nothing was saved."))
        else:
            messages.success(request, _("Single sign-on is saved."))
            return redirect("settings_single_sign_on")
    context = {"form": form, "back": _back(request), "ours": ours, "has_secret": bool(ours.sealed)}
    return render(request, "team/single_sign_on.html", context, status=422 if form.errors else 200)


@require_POST
def unlink(request: Request, user_id: int) -> HttpResponse:
    """Forget who a colleague is at the provider."""
    actions.unlink(user_id=user_id, by=request.actor, at=now())
    messages.success(request, _("Unlinked. Their next sign-in at the provider links them anew, by their e-mail."))
    return redirect("settings_change_user", user_id)
