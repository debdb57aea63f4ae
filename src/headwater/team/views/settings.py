"""Settings: the company, who works here, keys for programs, one's own account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.team import forms, queries
from headwater.team.actions import accounts, invitations, sessions, signing_in, tokens
from headwater.team.actions import company as company_actions
from headwater.team.actions.reading import change_reading
from headwater.team.models import User
from headwater.team.queries.leaving import still_held
from headwater.team.queries.looking import looks_as
from headwater.team.queries.passkeys import passkeys_of
from headwater.team.queries.roles import role_names
from headwater.team.queries.second_factor import factor_of, has_factor, who_has_factor
from headwater.team.queries.single_sign_on import is_linked
from headwater.team.reading_forms import ReadingForm
from headwater.team.views import demo
from headwater.team.views.leaving import after_leaving
from headwater.team.views.proof import is_proved, prove_first, proved_for_oneself
from headwater.team.views.security import knows_password, where_signed_in
from headwater.tell.actions.settings import MailNotSetUp
from headwater.tell.queries.settings import is_mail_on
from headwater.web.http import came_from
from headwater.web.notation import here

if TYPE_CHECKING:
    from headwater.team.middleware import Request


def company(request: Request) -> HttpResponse:
    """The company's settings."""
    request.actor.require("team.company.change")
    ours = queries.company()
    if request.method != "POST":
        initial = {field: getattr(ours, field) for field in forms.CompanyForm.base_fields}
        initial["office_days"] = list(ours.office_days)
        return _form_page(
            request, forms.CompanyForm(initial=initial), _("Company"), grid=True, demo=demo.is_removable()
        )
    form = forms.CompanyForm(request.POST)
    if form.is_valid():
        try:
            company_actions.change_company(values=form.cleaned_data, by=request.actor, at=now())
        except Invalid as refusal:
            forms.show_refusal(form, refusal)
        else:
            messages.success(request, _("The company's settings are saved."))
            return redirect("settings_company")
    return _form_page(request, form, _("Company"), grid=True, status=422)


def users(request: Request) -> HttpResponse:
    """Who works here, in which role and team."""
    request.actor.require("team.user.change")
    rows = list(queries.visible_users(request.actor).order_by("-is_active", "name", "pk"))
    shielded = who_has_factor([user.pk for user in rows])
    left = still_held([user.pk for user in rows if not user.is_active], request.actor)
    names = role_names()
    context = {
        "users": [(u, names.get(u.role, u.role), left.get(u.pk, 0), u.pk in shielded) for u in rows],
        "may_change": request.actor.may("team.user.change"),
    }
    return render(request, "team/users.html", context)


@sensitive_post_parameters("password")
def add_user(request: Request) -> HttpResponse:
    """A new colleague."""
    request.actor.require("team.user.create")
    form = forms.NewUserForm(request.POST or None)
    if is_mail_on():
        form.offer_invitation()
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        invite = values.pop("invite", False)
        try:
            user = accounts.add_user(**values, by=request.actor, at=now())
        except Invalid as refusal:
            forms.show_refusal(form, refusal)
        else:
            if values["password"] is None:
                return invite_user(request, user.pk) if invite else _link_page(request, user)
            messages.success(request, _("%(name)s can sign in now.") % {"name": user.name})
            return redirect("settings_users")
    return _form_page(request, form, _("Add a colleague"), back="settings_users", status=_status(form))


def change_user(request: Request, user_id: int) -> HttpResponse:
    """A colleague's account."""
    request.actor.require("team.user.change")
    user = queries.colleague(user_id)
    initial = {"name": user.name, "email": user.email, "role": user.role, "team_id": user.team_id}
    form = forms.UserForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.change_user(
                user_id=user.pk, time_zone=user.time_zone, **form.cleaned_data, by=request.actor, at=now()
            )
        except Invalid as refusal:
            forms.show_refusal(form, refusal)
        except accounts.LastOwner as refusal:
            form.add_error("role", refusal.text)
        else:
            messages.success(request, _("The account is saved."))
            return redirect("settings_users")
    waits = signing_in.is_waiting(user, at=now())
    return _form_page(
        request,
        form,
        user.name,
        back="settings_users",
        colleague=user,
        waits=waits,
        has_factor=has_factor(user.pk),
        is_linked=is_linked(user.pk),
        may_see_as=looks_as(request.actor, {"user_id": user.pk}) is not None,
        status=_status(form),
    )


@sensitive_post_parameters("password")
@proved_for_oneself
def set_password(request: Request, user_id: int) -> HttpResponse:
    """A new password for a colleague who lost theirs."""
    request.actor.require("team.user.change")
    user = queries.colleague(user_id)
    form = forms.PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.set_password(user_id=user.pk, password=form.cleaned_data["password"], by=request.actor, at=now())
        except Invalid as refusal:
            forms.show_refusal(form, refusal)
        else:
            messages.success(request, _("The password of %(name)s is changed.") % {"name": user.name})
            return redirect("settings_users")
    title = _("Password of %(name)s") % {"name": user.name}
    link_for = user if user.is_active else None
    return _form_page(
        request, form, title, back="settings_users", link_for=link_for, mails=is_mail_on(), status=_status(form)
    )


@never_cache
@require_POST
@proved_for_oneself
def make_link(request: Request, user_id: int) -> HttpResponse:
    """A one-time link with which a colleague chooses a password, to be handed over."""
    return _link_page(request, queries.colleague(user_id))


@never_cache
@require_POST
@proved_for_oneself
def invite_user(request: Request, user_id: int) -> HttpResponse:
    """A one-time link with which a colleague chooses a password, by mail; where it cannot go out, to be handed over."""
    user = queries.colleague(user_id)
    try:
        invitations.invite_user(user_id=user.pk, by=request.actor, at=now())
    except (invitations.NotForOwners, MailNotSetUp) as refusal:
        messages.warning(request, refusal.text)
        return _link_page(request, user)
    messages.success(request, _("An invitation is on its way to %(address)s.") % {"address": user.email})
    return redirect("settings_users")


@require_POST
def unlock_user(request: Request, user_id: int) -> HttpResponse:
    """Let a colleague try again at once."""
    signing_in.unlock_user(user_id=user_id, by=request.actor, at=now())
    messages.success(request, _("%(name)s can try again now.") % {"name": queries.colleague(user_id).name})
    return redirect("settings_change_user", user_id)


@require_POST
def sign_out_user(request: Request, user_id: int) -> HttpResponse:
    """Sign a colleague out everywhere."""
    user = queries.colleague(user_id)
    sessions.end_sessions(user_id=user.pk, by=request.actor, at=now())
    messages.success(request, _("%(name)s is signed out everywhere.") % {"name": user.name})
    return redirect("settings_change_user", user_id)


@require_POST
def switch_user(request: Request, user_id: int) -> HttpResponse:
    """Let a colleague go, or back in."""
    user = queries.colleague(user_id)
    if user.is_active:
        accounts.deactivate_user(user_id=user.pk, by=request.actor, at=now())
        messages.success(request, _switched(_("%(name)s can no longer sign in."), user))
        return after_leaving(request, user)
    accounts.reactivate_user(user_id=user.pk, by=request.actor, at=now())
    messages.success(request, _switched(_("%(name)s can sign in again."), user))
    return redirect("settings_users")


@never_cache
def token_list(request: Request) -> HttpResponse:
    """Keys for programs: one's own, and everybody's with the right to see them.

    Making one takes a sign-in of the last minutes: it outlives the session, and signing out everywhere.
    """
    proved = is_proved(request)
    if request.method == "POST" and not proved:
        return redirect(prove_first("settings_tokens"))
    form = forms.TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            _token, secret = tokens.create_token(
                user_id=request.actor.user_id or 0, name=values["name"], scopes=[values["scope"]], days=values["days"],
                by=request.actor, at=now(),
            )  # fmt: skip
        except Invalid as refusal:
            forms.show_refusal(form, refusal)
        else:
            form = forms.TokenForm()
    found = list(queries.tokens_of(request.actor))
    kept = queries.kept_since(found)
    rows = [(token, kept.get(token.pk)) for token in found]
    context = {
        "form": form, "tokens": rows, "secret": secret, "now": now(), "proved": proved,
        "prove": prove_first("settings_tokens"),
    }  # fmt: skip
    # The secret is shown in this answer and nowhere else: a redirect would have to keep it somewhere.
    return render(request, "team/tokens.html", context, status=_status(form))


@require_POST
def revoke_token(request: Request, token_id: int) -> HttpResponse:
    """Make a key worthless."""
    tokens.revoke_token(token_id=token_id, by=request.actor, at=now())
    messages.success(request, _("The token is revoked."))
    return redirect("settings_tokens")


@require_POST
def use_zone(request: Request) -> HttpResponse:
    """Read times where one's device is, as was offered."""
    change_reading(time_zone=request.POST.get("time_zone", ""), by=request.actor, at=now())
    messages.success(request, _("You see times where you are now. “My account” changes it."))
    return redirect(came_from(request, "/"))


@never_cache
@sensitive_post_parameters("current", "password")
def my_account(request: Request) -> HttpResponse:
    """One's own name, time zone, notation and password; each form is kept by itself."""
    user = request.user
    asked = request.POST.get("form", "")
    profile = forms.ProfileForm(request.POST if asked == "profile" else None, initial={"name": user.name})
    reading = ReadingForm(
        request.POST if asked == "reading" else None,
        initial={name: getattr(user, name) for name in ReadingForm.base_fields},
    )
    password = forms.OwnPasswordForm(request.POST if asked == "password" else None)
    if _profile_kept(request, profile) or _reading_kept(request, reading) or _password_kept(request, password):
        return redirect("my_account")
    context = {
        "profile": profile, "reading": reading, "writing": here(), "now": now(), "password": password,
        "factor": factor_of(user.pk), "role": role_names().get(user.role, ""),
        "passkeys": passkeys_of(user.pk).count(), **where_signed_in(request),
    }  # fmt: skip
    return render(request, "team/my_account.html", context, status=422 if asked else 200)


def _profile_kept(request: Request, form: forms.ProfileForm) -> bool:
    if not form.is_valid():
        return False
    try:
        accounts.change_profile(**form.cleaned_data, by=request.actor, at=now())
    except Invalid as refusal:
        forms.show_refusal(form, refusal)
        return False
    messages.success(request, _("Your account is saved."))
    return True


def _reading_kept(request: Request, form: ReadingForm) -> bool:
    if not form.is_valid():
        return False
    change_reading(**form.cleaned_data, by=request.actor, at=now())
    messages.success(request, _("Your time zone and notation are saved."))
    return True


def _password_kept(request: Request, form: forms.OwnPasswordForm) -> bool:
    if not (form.is_valid() and knows_password(request, form)):
        return False
    wanted = form.cleaned_data
    try:
        changed = accounts.set_password(
            user_id=request.user.pk, password=wanted["password"], keep_tokens=wanted["keep_tokens"],
            session_key=request.session.session_key or "", by=request.actor, at=now(),
        )  # fmt: skip
    except Invalid as refusal:
        forms.show_refusal(form, refusal)
        return False
    update_session_auth_hash(request, changed)  # everywhere else the person is signed out; here they stay
    said = _("Your password is changed.")
    of_tokens = _("Your tokens go on working.") if wanted["keep_tokens"] else _("Tokens made before no longer work.")
    messages.success(request, f"{said} {of_tokens}")
    return True


def _link_page(request: Request, user: User) -> HttpResponse:
    secret = accounts.make_password_link(user_id=user.pk, by=request.actor, at=now())
    link = request.build_absolute_uri(reverse("choose_password", args=[secret]))
    # The link is shown in this answer and nowhere else: only its signature's key is kept.
    return render(request, "team/password_link.html", {"colleague": user, "link": link})


def _switched(words: str, user: User) -> str:
    said = words % {"name": user.name}
    of_tokens = _("Their tokens are revoked for good.")
    return f"{said} {of_tokens}" if queries.who_lost_tokens([user.pk]) else said


def _status(form: Form) -> int:
    return 422 if form.errors else 200


def _form_page(request: Request, form: Form, title: str, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, "team/form.html", {"form": form, "title": title, **context}, status=status)
