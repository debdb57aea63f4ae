"""Settings → Mail: through which server mails go, whether it works, and what became of the last ones."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import Invalid
from headwater.tell.actions import mails
from headwater.tell.actions import settings as actions
from headwater.tell.forms import MailForm, show_refusal
from headwater.tell.queries.mails import visible_mails
from headwater.tell.queries.settings import mail_settings, require_mail
from headwater.web.http import Request, render

PAGE = 25


@never_cache
@sensitive_post_parameters("password")
def mail(request: Request) -> HttpResponse:
    """The settings, a test, and the last mails."""
    require_mail(request.actor)
    ours = mail_settings()
    bound = request.POST if request.method == "POST" else None
    form = MailForm(bound, initial={name: getattr(ours, name) for name in actions.CHANGEABLE})
    if form.is_bound and form.is_valid():
        values, password = form.values()
        try:
            actions.change_mail_settings(values=values, password=password, by=request.actor, at=now())
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The settings of mail are saved."))
            return redirect("settings_mail")
    return _page(request, form, status=422 if form.errors else 200)


@never_cache
@require_POST
def test(request: Request) -> HttpResponse:
    """Send a mail to oneself and say what came of it."""
    user = request.user
    ours = mail_settings()
    said, worked = "", True
    try:
        said = actions.send_test(to_name=user.name, to_address=user.email, by=request.actor, at=now())
    except (actions.TestFailed, actions.MailNotSetUp) as problem:
        said, worked = problem.text, False
    form = MailForm(initial={name: getattr(ours, name) for name in actions.CHANGEABLE})
    return _page(request, form, said=said, worked=worked)


@require_POST
def try_again(request: Request, mail_id: int) -> HttpResponse:
    """Let a mail that waits be tried at once."""
    mails.try_again(mail_id=mail_id, by=request.actor, at=now())
    messages.success(request, _("It is tried again now."))
    return redirect("settings_mail")


def _page(request: Request, form: MailForm, *, said: str = "", worked: bool = True, status: int = 200) -> HttpResponse:
    ours = mail_settings()
    log = Paginator(visible_mails(request.actor), PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "ours": ours, "has_password": bool(ours.sealed), "said": said, "worked": worked}
    return render(request, "tell/mail.html", {**context, "log": log}, status=status)
