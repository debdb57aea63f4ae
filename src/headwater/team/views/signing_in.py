"""In and out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from headwater.platform.actor import job_actor
from headwater.platform.callers import address_of
from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.team import queries
from headwater.team.actions import accounts, looking, second_factor
from headwater.team.actions import signing_in as tries
from headwater.team.forms import PasswordForm, SignInCodeForm, SignInForm, show_refusal
from headwater.team.models import SecondFactor, SignInAttempt, User
from headwater.team.queries.passkeys import are_there_passkeys, has_passkey
from headwater.team.queries.second_factor import factor_of, has_factor
from headwater.team.queries.signing_in import user_of_link
from headwater.team.queries.single_sign_on import do_passwords_work, provider_in_use
from headwater.team.rules import SEEN_AS, browser_in_words
from headwater.team.sessions import ADDRESS, AGENT, STARTED, VOUCHED
from headwater.team.views.proof import note_proof, site_of
from headwater.tell.queries.settings import is_mail_on
from headwater.web.http import refusal_page

KEPT_SIGNED_IN = timedelta(days=30)
CODE_WAITS = timedelta(minutes=10)
WAITING, DEVICE = "waiting_for_code", "headwater_device"


@never_cache
@login_not_required
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; right ones go on to where they wanted."""
    wanted = local_path(request.POST.get("next") or request.GET.get("next") or "")
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(wanted)
        if queries.waits_for_owner():
            return redirect("first_run")
        return sign_in_page(request, SignInForm(), wanted)
    form = SignInForm(request.POST)
    if not do_passwords_work():
        return sign_in_page(request, SignInForm(), wanted, problem=_("Passwords are switched off here."), status=403)
    if not form.is_valid():
        return sign_in_page(request, form, wanted, status=422)
    email, at = form.cleaned_data["email"], now()
    try:
        attempt = tries.note_try(email=email, address=address_of(request), at=at, agent=agent_of(request))
    except tries.TooManyTries as refusal:
        form.add_error(None, refusal.text)
        response = sign_in_page(request, form, wanted, status=refusal.status)
        response["Retry-After"] = str(int(refusal.wait.total_seconds()))
        return response
    user = authenticate(request, username=email, password=form.cleaned_data["password"])
    if user is None:
        left = tries.tries_left(attempt, at=at)
        form.add_error("password", _wrong(left))
        return sign_in_page(request, form, wanted, status=422)
    assert isinstance(user, User)
    return first_step_done(request, user, attempt, keep=form.cleaned_data["keep"], wanted=wanted)


def first_step_done(
    request: HttpRequest, user: User, attempt: SignInAttempt, *, wanted: str, keep: bool = False
) -> HttpResponse:
    """In, or to the second step for who has a second factor."""
    if has_factor(user.pk) and not _is_remembered(request, user, factor_of(user.pk)):
        tries.note_password(attempt_id=attempt.pk)
        return _ask_for_code(request, user, keep=keep, wanted=wanted)
    return let_in(request, user, attempt, keep=keep, wanted=wanted)


@never_cache
@login_not_required
@sensitive_post_parameters("code")
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step for who has a second factor: a code or a passkey, within ten minutes after the first."""
    at, user = now(), who_waits(request)
    if user is None:
        return redirect("sign_in")
    form = SignInCodeForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return code_page(request, form, user, status=422 if form.errors else 200)
    try:
        attempt = tries.note_code(user=user, address=address_of(request), at=at, agent=agent_of(request))
    except tries.TooManyTries as refusal:
        form.add_error(None, refusal.text)
        response = code_page(request, form, user, status=refusal.status)
        response["Retry-After"] = str(int(refusal.wait.total_seconds()))
        return response
    by = queries.actor_of(user)
    if not second_factor.use_code(user_id=user.pk, code=form.cleaned_data["code"], by=by, at=at):
        form.add_error("code", _("This code is not right, or was used already."))
        return code_page(request, form, user, status=422)
    response = second_step_done(request, user, attempt)
    factor = factor_of(user.pk)
    if form.cleaned_data["remember"] and factor is not None:
        response.set_cookie(
            DEVICE, signing.dumps(_device(user, factor), salt=DEVICE), max_age=KEPT_SIGNED_IN, httponly=True,
            secure=settings.SESSION_COOKIE_SECURE, samesite="Lax",
        )  # fmt: skip
    return response


def second_step_done(request: HttpRequest, user: User, attempt: SignInAttempt) -> HttpResponse:
    """In, to where they wanted when they took the first step."""
    waiting = request.session.pop(WAITING)
    return let_in(request, user, attempt, keep=waiting["keep"], wanted=waiting["wanted"])


def _ask_for_code(request: HttpRequest, user: User, *, keep: bool, wanted: str) -> HttpResponse:
    logout(request)  # whoever was signed in here is not any more, and the session gets a new key
    request.session[WAITING] = {
        "user": user.pk, "hash": user.get_session_auth_hash(), "keep": keep, "wanted": wanted,
        "since": now().isoformat(),
    }  # fmt: skip
    request.session.set_expiry(CODE_WAITS)
    return redirect("sign_in_code")


def who_waits(request: HttpRequest) -> User | None:
    """Who has taken the first step lately and not the second yet; nobody when the password changed meanwhile."""
    waiting: dict[str, Any] = request.session.get(WAITING, {})
    if not waiting or now() - datetime.fromisoformat(waiting["since"]) > CODE_WAITS:
        return None
    user = User.objects.filter(pk=waiting["user"], is_active=True).first()
    if user is None or not constant_time_compare(waiting["hash"], user.get_session_auth_hash()):
        return None
    return user


def _device(user: User, factor: SecondFactor) -> list[Any]:
    """What a remembered device shows; a new password or factor, and signing out everywhere, end it."""
    return [user.pk, factor.pk, factor.devices_forgotten, user.get_session_auth_hash()]


def _is_remembered(request: HttpRequest, user: User, factor: SecondFactor | None) -> bool:
    if factor is None:
        return False
    try:
        shown = signing.loads(request.COOKIES.get(DEVICE, ""), salt=DEVICE, max_age=KEPT_SIGNED_IN)
    except signing.BadSignature:
        return False
    return bool(shown == _device(user, factor))


def let_in(
    request: HttpRequest, user: User, attempt: SignInAttempt, *, wanted: str, keep: bool = False, vouched: bool = False
) -> HttpResponse:
    """Sign somebody in who has shown all that is asked for, and send them on; ``vouched``: elsewhere."""
    tries.note_success(attempt_id=attempt.pk)
    open_session(request, user, keep=keep)
    if vouched:
        request.session[VOUCHED] = True
    if queries.waits_for_company(queries.actor_of(user)):
        return redirect("first_run_company")
    return redirect(wanted)


@never_cache
@login_not_required
@sensitive_post_parameters("password")
def choose_password(request: HttpRequest, secret: str) -> HttpResponse:
    """Where a one-time link leads: a colleague chooses a password, then signs in with it."""
    user = user_of_link(secret, at=now())
    if user is None:
        return refusal_page(request, accounts.LinkOver())
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.use_password_link(
                secret=secret, password=form.cleaned_data["password"], by=job_actor("password link"), at=now()
            )
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Your password is set. Sign in with it."))
            return redirect("sign_in")
    context = {"form": form, "colleague": user}
    return render(request, "team/choose_password.html", context, status=422 if form.errors else 200)


def open_session(request: HttpRequest, user: User, *, keep: bool = False) -> None:
    """Sign somebody in who has shown all that is asked for, and keep from where for the list of their sessions."""
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")  # also gives the session a new key
    session = request.session
    session[ADDRESS], session[AGENT] = address_of(request), agent_of(request)
    session[STARTED] = now().isoformat()
    note_proof(request)
    session.set_expiry(KEPT_SIGNED_IN if keep else 0)


@never_cache
@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session and forgets what it held, pages that the browser kept included."""
    if SEEN_AS in request.session:
        looking.end_looking(by=request.actor, at=now())  # type: ignore[attr-defined]
    logout(request)
    response = redirect("sign_in")
    response["Clear-Site-Data"] = '"cache"'
    return response


def agent_of(request: HttpRequest) -> str:
    """The browser of a request in words."""
    return browser_in_words(request.headers.get("User-Agent", "")[:400])


def local_path(wanted: str) -> str:
    """Where somebody goes afterwards: a page of ours, whatever the address says."""
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return settings.LOGIN_REDIRECT_URL


def _wrong(left: int) -> str:
    if left == 0:
        return _("E-mail and password do not match.")
    return ngettext(
        "E-mail and password do not match. %(left)s try left.",
        "E-mail and password do not match. %(left)s tries left.",
        left,
    ) % {"left": left}


def code_page(
    request: HttpRequest, form: SignInCodeForm, user: User, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The second step, for who waits there."""
    has_app = factor_of(user.pk) is not None
    if not has_app:
        form.ask_for_recovery_code()
    context = {"form": form, "problem": problem, "has_app": has_app, "has_passkey": has_passkey(user.pk)}
    return render(request, "team/sign_in_code.html", context, status=status)


def sign_in_page(
    request: HttpRequest, form: SignInForm, wanted: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The first step: with a password, a passkey, or through the company's provider."""
    ours = provider_in_use()
    context = {
        "form": form, "next": wanted, "problem": problem, "provider": ours,
        "passwords": ours is None or ours.passwords_stay,
        "passkeys": site_of(request).can_have_passkeys and are_there_passkeys(), "mails": is_mail_on(),
    }  # fmt: skip
    return render(request, "team/sign_in.html", context, status=status)
