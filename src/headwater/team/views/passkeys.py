"""Passkeys: signing in with one, and one's own under My account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from headwater.platform.callers import address_of
from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.team import queries
from headwater.team.actions import passkeys as actions
from headwater.team.actions import second_factor
from headwater.team.actions import signing_in as tries
from headwater.team.forms import FullProofForm, PasskeyForm, ProofForm, SignInCodeForm, SignInForm, show_refusal
from headwater.team.models import SignInAttempt, User, Way
from headwater.team.queries.passkeys import adding_options, asking_options, has_passkey, passkeys_of, shown_passkey
from headwater.team.queries.second_factor import has_factor
from headwater.team.queries.single_sign_on import can_use_provider, has_working_password, provider_in_use
from headwater.team.views.proof import ask_challenge, is_proved, note_proof, prove_first, site_of, take_challenge
from headwater.team.views.second_factor import show_codes
from headwater.team.views.security import knows_password
from headwater.team.views.signing_in import (
    agent_of,
    code_page,
    let_in,
    local_path,
    second_step_done,
    sign_in_page,
    who_waits,
)

if TYPE_CHECKING:
    from headwater.team.middleware import Request

ADD, SIGN_IN, SECOND, PROVE = "add", "sign in", "second step", "prove"
STRANGERS_SESSION = timedelta(minutes=10)


def _not_accepted() -> str:
    return _("This passkey was not accepted. Try again, or sign in another way.")


# ---------------------------------------------------------------- signing in


@never_cache
@login_not_required
@require_POST
def sign_in_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to show any passkey it has for us."""
    options = asking_options(site=site_of(request), challenge=ask_challenge(request, SIGN_IN))
    if not request.user.is_authenticated:
        request.session.set_expiry(STRANGERS_SESSION)
    return _json(options)


@never_cache
@login_not_required
@require_POST
@sensitive_post_parameters("answer", "password")
def sign_in_with_passkey(request: HttpRequest) -> HttpResponse:
    """A passkey instead of e-mail and password. Its device asked for a finger or PIN, so it is both factors."""
    wanted = local_path(request.POST.get("next") or "")
    user, attempt, problem, status = _shown(request, SIGN_IN)
    if user is None or attempt is None:
        return sign_in_page(request, SignInForm(), wanted, problem=problem, status=status)
    return let_in(request, user, attempt, wanted=wanted, keep=bool(request.POST.get("keep")))


@never_cache
@login_not_required
@require_POST
def second_step_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to show one of the passkeys of who takes the second step."""
    user = who_waits(request)
    if user is None:
        return _refused(reverse("sign_in"))
    challenge = ask_challenge(request, SECOND)
    return _json(asking_options(site=site_of(request), challenge=challenge, among=passkeys_of(user.pk)))


@never_cache
@login_not_required
@require_POST
@sensitive_post_parameters("answer", "code")
def second_step_with_passkey(request: HttpRequest) -> HttpResponse:
    """A passkey after the password."""
    user = who_waits(request)
    if user is None:
        return redirect("sign_in")
    shown, attempt, problem, status = _shown(request, SECOND, of=user)
    if shown is None or attempt is None:
        return code_page(request, SignInCodeForm(), user, problem=problem, status=status)
    return second_step_done(request, shown, attempt)


def _shown(
    request: HttpRequest, purpose: str, *, of: User | None = None
) -> tuple[User | None, SignInAttempt | None, str, int]:
    """Whose passkey was shown, and the try in the log; or what to say, and the status."""
    answer, at = request.POST.get("answer", ""), now()
    challenge = take_challenge(request, purpose)
    if not answer:
        return None, None, _("Your browser did not send a passkey. It takes JavaScript to."), 422
    known = shown_passkey(answer)
    try:
        attempt = tries.note_arrival(
            way=Way.PASSKEY, address=address_of(request), at=at, agent=agent_of(request),
            user=known.user if known is not None else None,
        )  # fmt: skip
    except tries.TooManyTries as refusal:
        return None, None, refusal.text, refusal.status
    if known is None or challenge is None or (of is not None and known.user_id != of.pk):
        return None, None, _not_accepted(), 422
    used = actions.use_passkey(answer=answer, challenge=challenge, site=site_of(request), at=at)
    return (used.user, attempt, "", 200) if used is not None else (None, None, _not_accepted(), 422)


# ---------------------------------------------------------------- one's own


@never_cache
def my_passkeys(request: Request) -> HttpResponse:
    """One's own passkeys; adding one takes a sign-in of the last minutes."""
    return _page(request, PasskeyForm())


@never_cache
@require_POST
def add_options(request: Request) -> HttpResponse:
    """What the browser needs to make a passkey."""
    if not is_proved(request):
        return _refused(prove_first("my_passkeys"))
    options = adding_options(
        request.user, site=site_of(request), challenge=ask_challenge(request, ADD),
        title=f"Headwater {request.company.name}".strip(),
    )  # fmt: skip
    return _json(options)


@never_cache
@require_POST
@sensitive_post_parameters("answer")
def add(request: Request) -> HttpResponse:
    """Keep the passkey that the browser made; the first one comes with recovery codes."""
    if not is_proved(request):
        return redirect(prove_first("my_passkeys"))
    challenge, form = take_challenge(request, ADD), PasskeyForm(request.POST)
    if form.is_valid():
        answer = request.POST.get("answer", "")
        if not answer:
            form.add_error(None, _("Your browser did not make a passkey. It takes JavaScript to."))
            return _page(request, form, status=422)
        try:
            _passkey, codes = actions.add_passkey(
                answer=answer, name=form.cleaned_data["name"], challenge=challenge or "", site=site_of(request),
                by=request.actor, at=now(),
            )  # fmt: skip
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("You can sign in with this passkey now."))
            return show_codes(request, codes) if codes else redirect("my_passkeys")
    return _page(request, form, status=422)


@require_POST
def rename(request: Request, passkey_id: int) -> HttpResponse:
    """Call a passkey something else."""
    actions.rename_passkey(passkey_id=passkey_id, name=request.POST.get("name", ""), by=request.actor, at=now())
    return redirect("my_passkeys")


@require_POST
def remove(request: Request, passkey_id: int) -> HttpResponse:
    """Let a passkey sign in no more."""
    if not is_proved(request):
        return redirect(prove_first("my_passkeys"))
    actions.remove_passkey(passkey_id=passkey_id, by=request.actor, at=now())
    messages.success(request, _("The passkey is removed. You can delete it from its device, too."))
    return redirect("my_passkeys")


def _page(request: Request, form: PasskeyForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form, "passkeys": passkeys_of(request.user.pk), "proved": is_proved(request),
        "site": site_of(request), "prove": prove_first("my_passkeys"),
    }  # fmt: skip
    return render(request, "team/passkeys.html", context, status=status)


# ---------------------------------------------------------------- showing once more who one is


@never_cache
@sensitive_post_parameters("current", "code")
def prove(request: Request) -> HttpResponse:
    """Show once more that it is you: with all that signing in asks for."""
    wanted = local_path(request.POST.get("next") or request.GET.get("next") or "")
    asked = FullProofForm if has_factor(request.user.pk) else ProofForm
    form = asked(request.POST if request.method == "POST" else None)
    given = form.is_bound and form.is_valid() and has_working_password(request.user)
    if given and knows_password(request, form) and (asked is ProofForm or _knows_code(request, form)):
        note_proof(request)
        return redirect(wanted)
    return _prove_page(request, form, wanted, status=422 if form.is_bound else 200)


@never_cache
@require_POST
def prove_options(request: Request) -> HttpResponse:
    """What the browser needs to show one of one's own passkeys."""
    challenge = ask_challenge(request, PROVE)
    return _json(asking_options(site=site_of(request), challenge=challenge, among=passkeys_of(request.user.pk)))


@never_cache
@require_POST
@sensitive_post_parameters("answer", "current", "code")
def prove_with_passkey(request: Request) -> HttpResponse:
    """Show once more that it is you, with a passkey."""
    wanted = local_path(request.POST.get("next") or "")
    shown, attempt, problem, status = _shown(request, PROVE, of=request.user)
    if shown is None or attempt is None:
        return _prove_page(request, ProofForm(), wanted, problem=problem, status=status)
    tries.forget_try(attempt_id=attempt.pk)  # nobody signed in
    note_proof(request)
    return redirect(wanted)


def _prove_page(
    request: Request, form: ProofForm, wanted: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    user = request.user
    context = {
        "form": form, "next": wanted, "problem": problem, "has_password": has_working_password(user),
        "passkeys": has_passkey(user.pk) and site_of(request).can_have_passkeys,
        "provider": provider_in_use() if can_use_provider(user) else None,
    }  # fmt: skip
    return render(request, "team/prove.html", context, status=status)


def _knows_code(request: Request, form: ProofForm) -> bool:
    user, at = request.user, now()
    try:
        attempt = tries.note_code(user=user, address=address_of(request), at=at, agent=agent_of(request))
    except tries.TooManyTries as refusal:
        form.add_error("code", refusal.text)
        return False
    by = queries.actor_of(user)
    if second_factor.use_code(user_id=user.pk, code=form.cleaned_data["code"], by=by, at=at):
        tries.forget_try(attempt_id=attempt.pk)  # nobody signed in
        return True
    form.add_error("code", _("This code is not right, or was used already."))
    return False


def _json(options: str) -> HttpResponse:
    return HttpResponse(options, content_type="application/json")


def _refused(go_to: str) -> HttpResponse:
    return JsonResponse({"go_to": go_to}, status=403)
