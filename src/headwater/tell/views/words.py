"""Settings → Mail → Words: what mails say, and how that looks."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.installation import installation
from headwater.platform.models import Event
from headwater.tell.actions import words as actions
from headwater.tell.forms import WordsForm, show_refusal
from headwater.tell.models import MailKind
from headwater.tell.queries.settings import mail_settings, require_mail
from headwater.tell.queries.words import PLACEHOLDERS, Words, words_of
from headwater.web.http import Request, answer, render


@never_cache
def all_words(request: Request) -> HttpResponse:
    """The kinds of mails, and whose words each has."""
    require_mail(request.actor)
    return render(request, "tell/all_words.html", {"kinds": [words_of(kind) for kind in MailKind.values]})


@never_cache
def words(request: Request, kind: str) -> HttpResponse:
    """What one kind says, with a preview of what is typed in."""
    require_mail(request.actor)
    if kind not in PLACEHOLDERS:
        raise NotFound()
    said = words_of(kind)
    form = WordsForm(request.POST or None, initial={"subject": said.subject, "text": said.text})
    if request.method == "POST" and form.is_valid():
        subject, text = form.cleaned_data["subject"], form.cleaned_data["text"]
        try:
            actions.check_words(kind=kind, subject=subject, text=text, by=request.actor)
            if "preview" not in request.POST:
                actions.change_words(kind=kind, subject=subject, text=text, by=request.actor, at=now())
                return _done(request, kind, _("The mail says so from now on."))
            said = Words(MailKind(kind), subject, text, is_own=said.is_own)
        except Invalid as refusal:
            show_refusal(form, refusal)
    sample = _sample(request)
    context = {
        "form": form, "said": said, "placeholders": PLACEHOLDERS[kind].items(),
        "subject": said.subject_with(sample), "text": said.text_with(sample),
    }  # fmt: skip
    return render(request, "tell/words.html", context, status=422 if form.errors else 200)


@require_POST
def put_back(request: Request, kind: str) -> HttpResponse:
    """As delivered again."""
    actions.put_back_words(kind=kind, by=request.actor, at=now())
    return _done(request, kind, _("The mail says again what it was delivered with."))


def _done(request: Request, kind: str, message: str) -> HttpResponse:
    event = Event.objects.filter(verb="tell.words_changed", user_id=request.actor.user_id).order_by("-pk").first()
    undo = reverse("web:undo", args=[event.pk]) if event is not None else ""
    return answer(request, reverse("settings_words_of", args=[kind]), message, undo_url=undo)


def _sample(request: Request) -> dict[str, str]:
    """What stands in the preview."""
    return {
        "name": request.actor.name, "company": installation().name, "who": request.actor.name,
        "link": f"{mail_settings().address or 'https://crm.example.com'}/…",
        "news": _("%(who)s gave you %(what)s") % {"who": request.actor.name, "what": "Orla Keane"},
    }  # fmt: skip
